// SPDX-License-Identifier: GPL-3.0-or-later
#include "device.h"

#include "engine/backends/backend.h"
#include "engine/backends/gpu.h"
#include "kernels/cpu.h"
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void
sq_device_free (SqDevice *device)
{
  g_free (device->id);
  g_free (device->parent);
  g_free (device->name);
  g_free (device->detail);
  g_free (device->pci);
  g_free (device->reason);
  g_free (device->unread);
  g_free (device);
}

static char *
cpu_name (void)
{
  g_autofree char *text = NULL;
  const char *at;

  if (g_file_get_contents ("/proc/cpuinfo", &text, NULL, NULL) && (at = strstr (text, "model name")) != NULL
      && (at = strchr (at, ':')) != NULL)
    return g_strstrip (g_strndup (at + 1, strcspn (at + 1, "\n")));
  return g_strdup ("CPU");
}

// What this process may use, not what the machine has. Read once, before any thread is bound to a part of it.
static const cpu_set_t *
usable_cores (void)
{
  static cpu_set_t set;
  static gsize once;

  if (g_once_init_enter (&once))
    {
      if (sched_getaffinity (getpid (), sizeof set, &set) != 0)
        for (guint i = 0; i < MIN (g_get_num_processors (), CPU_SETSIZE); i++)
          CPU_SET (i, &set);
      g_once_init_leave (&once, 1);
    }
  return &set;
}

// "cpu:1" -> 1, -1 for everything else.
static int
slice_index (const char *id)
{
  guint64 index;

  return g_str_has_prefix (id, "cpu:") && g_ascii_string_to_unsigned (id + 4, 10, 0, CPU_SETSIZE - 1, &index, NULL) ? (int) index : -1;
}

int
sq_device_core (const char *id)
{
  int left = slice_index (id);

  for (int core = 0; left >= 0 && core < CPU_SETSIZE; core++)
    if (CPU_ISSET (core, usable_cores ()) && left-- == 0)
      return core;
  return -1;
}

void
sq_device_pin (const char *id)
{
  int core = sq_device_core (id);
  cpu_set_t set;

  if (core < 0)
    return;
  CPU_ZERO (&set);
  CPU_SET (core, &set);
  sched_setaffinity (0, sizeof set, &set); // where it is refused the slice shares its core
}

char **
sq_device_parse_list (const char *text, GError **error)
{
  g_auto (GStrv) ids = g_strsplit (text != NULL ? text : "cpu", ",", -1);

  for (guint i = 0; ids[i] != NULL; i++)
    {
      const SqBackend *backend;
      int index;

      g_strstrip (ids[i]);
      if (!sq_backend_parse (ids[i], &backend, &index, error))
        return NULL;
      if (g_str_has_prefix (ids[i], "cpu:") && sq_device_core (ids[i]) < 0)
        {
          int n = CPU_COUNT (usable_cores ());

          g_set_error (error, SQ_ERROR, SQ_ERROR_NO_DEVICE, "There is no device '%s': the cores of this machine are cpu:0 to cpu:%d.",
                       ids[i], n - 1);
          return NULL;
        }
      for (guint k = 0; k < i; k++)
        if (g_str_equal (ids[i], ids[k]))
          {
            g_set_error (error, SQ_ERROR, SQ_ERROR_NO_DEVICE, "The device '%s' is named twice: name it once.", ids[i]);
            return NULL;
          }
    }
  if (ids[0] == NULL)
    return g_strsplit ("cpu", ",", -1);
  return g_steal_pointer (&ids);
}

static void
add_cpu (GPtrArray *devices)
{
  SqDevice *cpu = g_new0 (SqDevice, 1);
  unsigned flags = sq_cpu_flags ();

  cpu->id = g_strdup ("cpu");
  cpu->name = cpu_name ();
  cpu->cores = CPU_COUNT (usable_cores ());
  cpu->memory = (guint64) sysconf (_SC_PHYS_PAGES) * (guint64) sysconf (_SC_PAGESIZE);
  cpu->detail = g_strdup_printf ("%d %s, %s", cpu->cores, cpu->cores == 1 ? "core" : "cores",
                                 flags & SQ_CPU_AVX512 ? "AVX-512"
                                 : flags & SQ_CPU_AVX2 ? "AVX2"
                                                       : "no AVX2");
  cpu->available = TRUE;
  g_ptr_array_add (devices, cpu);
  for (int i = 0; i < cpu->cores && cpu->cores > 1; i++)
    {
      SqDevice *slice = g_new0 (SqDevice, 1);

      slice->id = g_strdup_printf ("cpu:%d", i);
      slice->parent = g_strdup ("cpu");
      slice->name = g_strdup_printf ("Core %d", i);
      slice->detail = g_strdup ("one thread, bound to this core");
      slice->cores = 1;
      slice->memory = cpu->memory;
      slice->available = TRUE;
      g_ptr_array_add (devices, slice);
    }
}

static void
add_gpus (GPtrArray *devices)
{
  g_autoptr (GError) error = NULL, dnn_error = NULL;
  const SqGpuApi *api = sq_gpu_api (&error);
  int dnn = api == NULL || g_str_equal (api->name, "cuda") ? sq_gpu_dnn_version (&dnn_error) : api->dnn_version ();
  int n = 0, code = api != NULL ? api->device_count (&n) : SQ_GPU_OK;

  for (int i = 0; i < n && code == SQ_GPU_OK; i++)
    {
      SqDevice *gpu = g_new0 (SqDevice, 1);
      SqGpuProperties p = { 0 };

      gpu->id = g_strdup_printf ("%s:%d", api->name, i);
      if (api->properties (i, &p) == SQ_GPU_OK)
        {
          g_autofree char *memory = g_format_size_full (p.memory, G_FORMAT_SIZE_IEC_UNITS);

          gpu->name = g_strdup (p.name);
          gpu->pci = g_strdup (p.pci);
          gpu->memory = p.memory;
          gpu->cores = p.multiprocessors;
          gpu->detail =
              g_strdup_printf ("compute capability %d.%d, %d multiprocessors, %s, CUDA driver %d.%d, cuDNN %d.%d.%d", p.major, p.minor,
                               p.multiprocessors, memory, p.driver / 1000, p.driver % 1000 / 10, dnn / 10000, dnn / 100 % 100, dnn % 100);
          gpu->available = dnn_error == NULL;
          gpu->reason = dnn_error != NULL ? g_strdup (dnn_error->message) : NULL;
        }
      else
        {
          gpu->name = g_strdup_printf ("GPU %d", i);
          gpu->reason = g_strdup ("It does not answer: restart the machine or look at the driver's log.");
        }
      g_ptr_array_add (devices, gpu);
    }
  if (n == 0 || code != SQ_GPU_OK)
    {
      SqDevice *none = g_new0 (SqDevice, 1);

      none->id = g_strdup ("cuda");
      none->name = g_strdup ("NVIDIA GPU");
      none->reason = g_strdup_printf (
          "%s%s%s",
          error != NULL       ? error->message
          : code != SQ_GPU_OK ? "The driver does not answer."
                              : "There is no NVIDIA GPU in this machine.",
          dnn_error != NULL && error != NULL ? " " : "",
          dnn_error != NULL && error != NULL && !g_str_equal (dnn_error->message, error->message) ? dnn_error->message : "");
      g_ptr_array_add (devices, none);
    }
}

GPtrArray *
sq_device_list (void)
{
  GPtrArray *devices = g_ptr_array_new_with_free_func ((GDestroyNotify) sq_device_free);

  add_cpu (devices);
  add_gpus (devices);
  return devices;
}

gboolean
sq_device_has_fast_int8 (const char *id)
{
  return g_str_has_prefix (id, "cpu") ? (sq_cpu_flags () & SQ_CPU_VNNI) != 0 : !g_str_equal (id, "ref");
}

gboolean
sq_device_has_fast_half (const char *id)
{
  return g_str_has_prefix (id, "cpu") ? (sq_cpu_flags () & SQ_CPU_BF16) != 0 : !g_str_equal (id, "ref");
}

void
sq_device_sample_clear (SqDeviceSample *sample)
{
  *sample = (SqDeviceSample){ .time_us = g_get_monotonic_time (),
                              .answering = TRUE,
                              .compute = -1,
                              .own = -1,
                              .busy = -1,
                              .memory = -1,
                              .bandwidth = -1,
                              .encoder = -1,
                              .decoder = -1,
                              .temperature = -1,
                              .power = -1,
                              .clock = -1 };
}
