// SPDX-License-Identifier: GPL-3.0-or-later
#include "device.h"

#include "kernels/cpu.h"
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void
sq_device_free (SqDevice *device)
{
  g_free (device->id);
  g_free (device->name);
  g_free (device->detail);
  g_free (device->reason);
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

// What this process may use, not what the machine has.
static int
usable_cores (void)
{
  cpu_set_t set;

  return sched_getaffinity (0, sizeof set, &set) == 0 ? CPU_COUNT (&set) : (int) g_get_num_processors ();
}

GPtrArray *
sq_device_list (void)
{
  GPtrArray *devices = g_ptr_array_new_with_free_func ((GDestroyNotify) sq_device_free);
  SqDevice *cpu = g_new0 (SqDevice, 1), *gpu = g_new0 (SqDevice, 1);
  unsigned flags = sq_cpu_flags ();

  cpu->id = g_strdup ("cpu");
  cpu->name = cpu_name ();
  cpu->cores = usable_cores ();
  cpu->memory = (guint64) sysconf (_SC_PHYS_PAGES) * (guint64) sysconf (_SC_PAGESIZE);
  cpu->detail = g_strdup_printf ("%d %s, %s", cpu->cores, cpu->cores == 1 ? "core" : "cores",
                                 flags & SQ_CPU_AVX512 ? "AVX-512"
                                 : flags & SQ_CPU_AVX2 ? "AVX2"
                                                       : "no AVX2");
  cpu->available = TRUE;
  g_ptr_array_add (devices, cpu);

  gpu->id = g_strdup ("cuda");
  gpu->name = g_strdup ("NVIDIA GPU");
  gpu->reason = g_strdup ("This version of Squint detects on the CPU only.");
  g_ptr_array_add (devices, gpu);
  return devices;
}

void
sq_device_sample_cpu (SqCpuTimes *state, SqDeviceSample *sample)
{
  g_autofree char *stat = NULL, *own = NULL, *memory = NULL;
  unsigned long long t[8] = { 0 }, user = 0, system = 0, total_kb = 0, free_kb = 0, resident = 0;
  SqCpuTimes now = { 0 };
  const char *at;

  *sample = (SqDeviceSample){ .time_us = g_get_monotonic_time () };
  if (g_file_get_contents ("/proc/stat", &stat, NULL, NULL)
      && sscanf (stat, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]) == 8)
    {
      for (int i = 0; i < 8; i++)
        now.total += t[i];
      now.idle = t[3] + t[4];
    }
  if (g_file_get_contents ("/proc/self/stat", &own, NULL, NULL) && (at = strrchr (own, ')')) != NULL // the name may hold anything
      && sscanf (at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system) == 2)
    now.own = user + system;
  if (state->total != 0 && now.total > state->total)
    {
      double span = (double) (now.total - state->total);

      sample->compute = CLAMP (1 - (double) (now.idle - state->idle) / span, 0, 1);
      sample->own = CLAMP ((double) (now.own - state->own) / span, 0, 1);
    }
  *state = now;
  if (g_file_get_contents ("/proc/meminfo", &memory, NULL, NULL) && (at = strstr (memory, "MemTotal:")) != NULL
      && sscanf (at, "MemTotal: %llu", &total_kb) == 1 && (at = strstr (memory, "MemAvailable:")) != NULL
      && sscanf (at, "MemAvailable: %llu", &free_kb) == 1 && total_kb > 0)
    sample->memory = 1 - (double) free_kb / (double) total_kb;
  g_clear_pointer (&own, g_free);
  if (g_file_get_contents ("/proc/self/statm", &own, NULL, NULL) && sscanf (own, "%*u %llu", &resident) == 1)
    sample->own_bytes = resident * (guint64) sysconf (_SC_PAGESIZE);
}
