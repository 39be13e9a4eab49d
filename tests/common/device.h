// SPDX-License-Identifier: GPL-3.0-or-later
// The backends that tests run on, by name: ref, cpu, cuda (a GPU must be here), fake (the simulated GPU). A GPU's name may carry a
// precision: fake-f32, fake-half, cuda-int8. cpu-half is bfloat16, imitated where there is AVX-512 alone.
#pragma once

#include "engine/backends/backend.h"

G_BEGIN_DECLS

typedef struct
{
  const SqBackend *backend;
  SqExecOptions options;
  char *device;        // for SqDetectorOptions: "fake:0"
  double tolerance;    // factor on what float32 may be wrong by
  const char *missing; // what this processor lacks for it, or NULL
} SqTestDevice;

// Aborts where there is none.
void sq_test_device_open (SqTestDevice *self, const char *name);
void sq_test_device_close (SqTestDevice *self); // fails the test where the simulated GPU has something left

G_END_DECLS
