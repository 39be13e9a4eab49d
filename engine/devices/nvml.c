// SPDX-License-Identifier: GPL-3.0-or-later
// The ABI is that of the public header of version 12.2, written down here so that none of it is needed to build.
#include "nvml.h"

#include <dlfcn.h>
#include <string.h>

enum
{
  NVML_OK = 0,
  NVML_NOT_SUPPORTED = 3,
  NVML_LIBRARY_MISMATCH = 18,
};

enum
{
  NVML_TEMPERATURE_GPU = 0,
  NVML_CLOCK_SM = 1,
};

typedef struct
{
  unsigned gpu, memory; // % of the last moment something ran, or memory was read or written
} Utilization;

typedef struct
{
  guint64 total, free, used; // bytes
} Memory;

struct _SqNvml
{
  int (*init) (void);
  const char *(*error_string) (int code);
  int (*find) (const char *pci, gpointer *gpu);
  // The rest may be missing in old drivers: then nothing of it is known.
  int (*utilization) (gpointer gpu, Utilization *utilization);
  int (*memory) (gpointer gpu, Memory *memory);
  int (*encoder) (gpointer gpu, unsigned *percent, unsigned *period_us);
  int (*decoder) (gpointer gpu, unsigned *percent, unsigned *period_us);
  int (*temperature) (gpointer gpu, int sensor, unsigned *celsius);
  int (*power) (gpointer gpu, unsigned *milliwatt);
  int (*clock) (gpointer gpu, int which, unsigned *mhz);
};

static const struct
{
  const char *name;
  gsize offset;
  gboolean needed;
} symbols[] = {
  { "nvmlInit_v2", offsetof (SqNvml, init), TRUE },
  { "nvmlErrorString", offsetof (SqNvml, error_string), TRUE },
  { "nvmlDeviceGetHandleByPciBusId_v2", offsetof (SqNvml, find), TRUE },
  { "nvmlDeviceGetUtilizationRates", offsetof (SqNvml, utilization), FALSE },
  { "nvmlDeviceGetMemoryInfo", offsetof (SqNvml, memory), FALSE },
  { "nvmlDeviceGetEncoderUtilization", offsetof (SqNvml, encoder), FALSE },
  { "nvmlDeviceGetDecoderUtilization", offsetof (SqNvml, decoder), FALSE },
  { "nvmlDeviceGetTemperature", offsetof (SqNvml, temperature), FALSE },
  { "nvmlDeviceGetPowerUsage", offsetof (SqNvml, power), FALSE },
  { "nvmlDeviceGetClockInfo", offsetof (SqNvml, clock), FALSE },
};

static gboolean
load (SqNvml *self, GError **error)
{
  const char *path = g_getenv ("SQUINT_NVML");
  gpointer library = dlopen (path != NULL ? path : "libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
  int code;

  if (library == NULL)
    {
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_NO_DEVICE,
                           "The driver's libnvidia-ml.so.1 is missing: install it to see how busy the GPU is.");
      return FALSE;
    }
  for (guint i = 0; i < G_N_ELEMENTS (symbols); i++)
    {
      gpointer symbol = dlsym (library, symbols[i].name);

      if (symbol == NULL && symbols[i].needed)
        {
          g_set_error (error, SQ_ERROR, SQ_ERROR_NO_DEVICE, "The driver's libnvidia-ml.so.1 is too old (no %s): update the driver.",
                       symbols[i].name);
          return FALSE;
        }
      memcpy ((char *) self + symbols[i].offset, &symbol, sizeof symbol);
    }
  code = self->init ();
  if (code == NVML_OK)
    return TRUE;
  g_set_error (error, SQ_ERROR, SQ_ERROR_NO_DEVICE, "The driver does not say how busy the GPU is: %s%s.", self->error_string (code),
               code != NVML_LIBRARY_MISMATCH                        ? ""
               : g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS) ? "; update the Flatpak's NVIDIA extension (flatpak update)"
                                                                    : "; restart after the driver's update");
  return FALSE;
}

const SqNvml *
sq_nvml_open (GError **error)
{
  static GMutex lock;
  static SqNvml nvml;
  static gboolean open;
  const SqNvml *self;

  g_mutex_lock (&lock);
  if (!open)
    open = load (&nvml, error);
  self = open ? &nvml : NULL;
  g_mutex_unlock (&lock);
  return self;
}

gpointer
sq_nvml_find (const SqNvml *self, const char *pci, GError **error)
{
  gpointer gpu = NULL;
  int code = self->find (pci, &gpu);

  if (code == NVML_OK)
    return gpu;
  g_set_error (error, SQ_ERROR, SQ_ERROR_NO_DEVICE, "The driver does not say how busy the GPU at %s is: %s.", pci,
               self->error_string (code));
  return NULL;
}

// What a device does not have it does not report; any other refusal means that it does not answer.
static gboolean
has (int code, SqDeviceSample *sample)
{
  if (code != NVML_OK && code != NVML_NOT_SUPPORTED)
    sample->answering = FALSE;
  return code == NVML_OK;
}

void
sq_nvml_sample (const SqNvml *self, gpointer gpu, SqDeviceSample *sample)
{
  Utilization utilization;
  Memory memory;
  unsigned value, period;

  sq_device_sample_clear (sample);
  if (self->utilization != NULL && has (self->utilization (gpu, &utilization), sample))
    {
      sample->compute = utilization.gpu / 100.;
      sample->bandwidth = utilization.memory / 100.;
    }
  if (self->memory != NULL && has (self->memory (gpu, &memory), sample) && memory.total > 0)
    sample->memory = (double) memory.used / (double) memory.total;
  if (self->encoder != NULL && has (self->encoder (gpu, &value, &period), sample))
    sample->encoder = value / 100.;
  if (self->decoder != NULL && has (self->decoder (gpu, &value, &period), sample))
    sample->decoder = value / 100.;
  if (self->temperature != NULL && has (self->temperature (gpu, NVML_TEMPERATURE_GPU, &value), sample))
    sample->temperature = value;
  if (self->power != NULL && has (self->power (gpu, &value), sample))
    sample->power = value / 1000.;
  if (self->clock != NULL && has (self->clock (gpu, NVML_CLOCK_SM, &value), sample))
    sample->clock = value;
  if (!sample->answering)
    {
      sq_device_sample_clear (sample);
      sample->answering = FALSE;
    }
}
