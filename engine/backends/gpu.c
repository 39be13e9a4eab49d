// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu.h"

static const SqGpuApi *test_api;

const SqGpuApi *
sq_gpu_api (GError **error)
{
  if (test_api == NULL)
    g_set_error_literal (error, SQ_ERROR, SQ_ERROR_NO_DEVICE, "This build has no CUDA.");
  return test_api;
}

void
sq_gpu_set_api (const SqGpuApi *api)
{
  test_api = api;
}
