// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake-gpus.h"

#include <dlfcn.h>
#include <string.h>

static int n_gpus;
static volatile FakeNvml *nvml;
static char pci[FAKE_NVML_MAX][20];

static int
device_count (int *n)
{
  *n = n_gpus;
  return SQ_GPU_OK;
}

static int
properties (int device, SqGpuProperties *p)
{
  *p = (SqGpuProperties){ .major = 8, .minor = 9, .multiprocessors = 128, .memory = (gsize) 24 << 30, .driver = 13000, .runtime = 13000 };
  g_strlcpy (p->name, "NVIDIA GeForce RTX 4090", sizeof p->name);
  g_strlcpy (p->pci, pci[device], sizeof p->pci);
  return SQ_GPU_OK;
}

static const char *
error_string (int error)
{
  return "something is wrong";
}

volatile FakeNvml *
fake_gpus_install (int n)
{
  static const SqGpuApi api = { .name = "cuda", .device_count = device_count, .properties = properties, .error_string = error_string };
  gpointer library = dlopen (FAKE_NVML_PATH, RTLD_NOW);

  g_assert_nonnull (library);
  nvml = dlsym (library, "fake_nvml");
  g_assert_nonnull ((gpointer) nvml);
  g_setenv ("SQUINT_NVML", FAKE_NVML_PATH, TRUE);
  n_gpus = n;
  sq_gpu_set_api (n > 0 ? &api : NULL);
  memset ((gpointer) nvml, 0, sizeof *nvml);
  for (int i = 0; i < n; i++)
    {
      g_snprintf (pci[i], sizeof pci[i], "00000000:%02X:00.0", 0x65 + i);
      *fake_gpu (i) = (FakeNvmlGpu){ .pci = pci[i],
                                     .compute = 10 + i,
                                     .bandwidth = 20 + i,
                                     .memory = 30 + i,
                                     .encoder = 1,
                                     .decoder = 2,
                                     .celsius = 50 + i,
                                     .watt = 200 + i,
                                     .mhz = 2000 + i };
    }
  return nvml;
}

volatile FakeNvmlGpu *
fake_gpu (int device)
{
  return &nvml->gpu[n_gpus - 1 - device];
}
