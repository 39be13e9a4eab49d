// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu.h"

#if HAVE_CUDA
#include "cudnn.h"
#endif

static const SqGpuApi *test_api;

const SqGpuApi *
sq_gpu_api (GError **error)
{
  if (test_api != NULL)
    return test_api;
#if HAVE_CUDA
  return _sq_gpu_runtime (error);
#else
  g_set_error_literal (error, SQ_ERROR, SQ_ERROR_NO_DEVICE,
                       "This Squint was built without CUDA: build it where nvcc and cuDNN's headers are installed.");
  return NULL;
#endif
}

void
sq_gpu_set_api (const SqGpuApi *api)
{
  test_api = api;
}

int
sq_gpu_dnn_version (GError **error)
{
#if HAVE_CUDA
  return _sq_cudnn_load (error) ? _sq_cudnn_version () : 0;
#else
  g_set_error_literal (error, SQ_ERROR, SQ_ERROR_NO_DEVICE,
                       "This Squint was built without CUDA: build it where nvcc and cuDNN's headers are installed.");
  return 0;
#endif
}

gboolean
sq_gpu_set_error (GError **error, const SqGpuApi *api, int device, int code, const char *doing)
{
  SqGpuProperties p = { "" };
  g_autofree char *name = NULL;

  if (api->properties (device, &p) != SQ_GPU_OK || p.name[0] == '\0')
    name = g_strdup_printf ("%s:%d", api->name, device);
  else
    name = g_strdup_printf ("%s:%d (%s)", api->name, device, p.name);
  if (code == SQ_GPU_OUT_OF_MEMORY)
    g_set_error (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY,
                 "The memory of %s is full (%s): close other programs that use it, or choose a smaller "
                 "batch or input.",
                 name, doing);
  else if (code == SQ_GPU_NO_DEVICE || code == SQ_GPU_OLD_DRIVER)
    g_set_error (error, SQ_ERROR, SQ_ERROR_NO_DEVICE, "%s cannot be used (%s: %s): check the NVIDIA driver.", name, doing,
                 api->error_string (code));
  else
    g_set_error (error, SQ_ERROR, SQ_ERROR_DEVICE_LOST, "%s stopped working (%s: error %d, %s).", name, doing, code,
                 api->error_string (code));
  return FALSE;
}
