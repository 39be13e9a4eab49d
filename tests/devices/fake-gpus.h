// SPDX-License-Identifier: GPL-3.0-or-later
// GPUs that are listed and watched but run nothing: a table of CUDA calls that knows their properties, and the fake NVML library.
#pragma once

#include "engine/backends/gpu.h"
#include "fake-nvml.h"

G_BEGIN_DECLS

// Before anything asks for devices: so many GPUs, cuda:0 to cuda:n-1. NVML numbers them the other way round. 0: none, as without a driver.
// Their readings are the returned table's, which is the library's own.
volatile FakeNvml *fake_gpus_install (int n);
volatile FakeNvmlGpu *fake_gpu (int device); // the readings of cuda:`device`

G_END_DECLS
