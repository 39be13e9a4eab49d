// SPDX-License-Identifier: GPL-3.0-or-later
// Stands in for libnvidia-ml.so.1: the part of its ABI that Squint uses, over a table the test writes.
#include "fake-nvml.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__ ((visibility ("default")))

enum
{
  OK = 0,
  INVALID = 2,
  NOT_SUPPORTED = 3,
};

EXPORT volatile FakeNvml fake_nvml;

EXPORT int nvmlInit_v2 (void);
EXPORT const char *nvmlErrorString (int code);
EXPORT int nvmlDeviceGetHandleByPciBusId_v2 (const char *pci, void **gpu);
EXPORT int nvmlDeviceGetUtilizationRates (void *gpu, unsigned *rates);
EXPORT int nvmlDeviceGetMemoryInfo (void *gpu, unsigned long long *memory);
EXPORT int nvmlDeviceGetEncoderUtilization (void *gpu, unsigned *percent, unsigned *period);
EXPORT int nvmlDeviceGetDecoderUtilization (void *gpu, unsigned *percent, unsigned *period);
EXPORT int nvmlDeviceGetTemperature (void *gpu, int sensor, unsigned *celsius);
EXPORT int nvmlDeviceGetPowerUsage (void *gpu, unsigned *milliwatt);
EXPORT int nvmlDeviceGetClockInfo (void *gpu, int which, unsigned *mhz);

static int
answer (volatile FakeNvmlGpu *gpu, unsigned value, unsigned *out, unsigned scale)
{
  while (gpu->hangs)
    usleep (10000);
  if (gpu->code != OK)
    return gpu->code;
  if (value == FAKE_NVML_NO)
    return NOT_SUPPORTED;
  *out = value * scale;
  return OK;
}

int
nvmlInit_v2 (void)
{
  return fake_nvml.init_code;
}

const char *
nvmlErrorString (int code)
{
  return code == 15 ? "GPU is lost" : code == 18 ? "Driver/library version mismatch" : "Unknown Error";
}

int
nvmlDeviceGetHandleByPciBusId_v2 (const char *pci, void **gpu)
{
  for (int i = 0; i < FAKE_NVML_MAX; i++)
    if (fake_nvml.gpu[i].pci != NULL && strcmp (fake_nvml.gpu[i].pci, pci) == 0)
      {
        *gpu = (void *) &fake_nvml.gpu[i];
        return OK;
      }
  return INVALID;
}

int
nvmlDeviceGetUtilizationRates (void *gpu, unsigned *rates)
{
  volatile FakeNvmlGpu *g = gpu;

  rates[1] = g->bandwidth;
  return answer (g, g->compute, rates, 1);
}

int
nvmlDeviceGetMemoryInfo (void *gpu, unsigned long long *memory)
{
  volatile FakeNvmlGpu *g = gpu;
  unsigned percent = 0;
  int code = answer (g, g->memory, &percent, 1);

  memory[0] = 100ull << 28;
  memory[2] = (unsigned long long) percent << 28;
  memory[1] = memory[0] - memory[2];
  return code;
}

int
nvmlDeviceGetEncoderUtilization (void *gpu, unsigned *percent, unsigned *period)
{
  *period = 1000;
  return answer (gpu, ((volatile FakeNvmlGpu *) gpu)->encoder, percent, 1);
}

int
nvmlDeviceGetDecoderUtilization (void *gpu, unsigned *percent, unsigned *period)
{
  *period = 1000;
  return answer (gpu, ((volatile FakeNvmlGpu *) gpu)->decoder, percent, 1);
}

int
nvmlDeviceGetTemperature (void *gpu, int sensor, unsigned *celsius)
{
  return sensor == 0 ? answer (gpu, ((volatile FakeNvmlGpu *) gpu)->celsius, celsius, 1) : INVALID;
}

int
nvmlDeviceGetPowerUsage (void *gpu, unsigned *milliwatt)
{
  return answer (gpu, ((volatile FakeNvmlGpu *) gpu)->watt, milliwatt, 1000);
}

int
nvmlDeviceGetClockInfo (void *gpu, int which, unsigned *mhz)
{
  return which == 1 ? answer (gpu, ((volatile FakeNvmlGpu *) gpu)->mhz, mhz, 1) : INVALID;
}
