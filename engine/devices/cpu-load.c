// SPDX-License-Identifier: GPL-3.0-or-later
#include "cpu-load.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

// "cpu  user nice system idle iowait irq softirq steal" -> times; guests are counted in user already.
static gboolean
parse_times (const char *line, SqCoreTimes *times)
{
  unsigned long long t[8] = { 0 };

  if (sscanf (line, "%*s %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]) != 8)
    return FALSE;
  *times = (SqCoreTimes){ 0, t[3] + t[4] };
  for (int i = 0; i < 8; i++)
    times->total += t[i];
  return TRUE;
}

static double
load (const SqCoreTimes *before, const SqCoreTimes *now)
{
  if (before->total == 0 || now->total <= before->total)
    return 0;
  return CLAMP (1 - ((double) now->idle - (double) before->idle) / (double) (now->total - before->total), 0, 1);
}

static void
read_memory (SqDeviceSample *sample)
{
  g_autofree char *memory = NULL, *own = NULL;
  unsigned long long total = 0, left = 0, resident = 0;
  const char *at;

  if (g_file_get_contents ("/proc/meminfo", &memory, NULL, NULL) && (at = strstr (memory, "MemTotal:")) != NULL
      && sscanf (at, "MemTotal: %llu", &total) == 1 && (at = strstr (memory, "MemAvailable:")) != NULL
      && sscanf (at, "MemAvailable: %llu", &left) == 1 && total > 0)
    sample->memory = 1 - (double) left / (double) total;
  if (g_file_get_contents ("/proc/self/statm", &own, NULL, NULL) && sscanf (own, "%*u %llu", &resident) == 1)
    sample->own_bytes = resident * (guint64) sysconf (_SC_PAGESIZE);
}

static guint64
read_own (void)
{
  g_autofree char *own = NULL;
  unsigned long long user = 0, system = 0;
  const char *at;

  if (g_file_get_contents ("/proc/self/stat", &own, NULL, NULL) && (at = strrchr (own, ')')) != NULL) // the name may hold anything
    sscanf (at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system);
  return user + system;
}

int
sq_cpu_load_read (SqCpuTimes *state, SqDeviceSample *sample, float *cores)
{
  g_autofree SqCpuTimes *now = g_new0 (SqCpuTimes, 1);
  g_autofree char *stat = NULL;

  sq_device_sample_clear (sample);
  if (g_file_get_contents ("/proc/stat", &stat, NULL, NULL) && parse_times (stat, &now->all))
    for (const char *line = strchr (stat, '\n'); line != NULL && g_str_has_prefix (line + 1, "cpu") && now->n_cores < SQ_MAX_CORES;
         line = strchr (line + 1, '\n'))
      now->n_cores += parse_times (line + 1, &now->core[now->n_cores]);
  now->own = read_own ();
  if (state->all.total != 0 && now->all.total > state->all.total)
    {
      sample->compute = load (&state->all, &now->all);
      sample->own = CLAMP ((double) (now->own - state->own) / (double) (now->all.total - state->all.total), 0, 1);
    }
  else // too soon after the reading before
    sample->compute = sample->own = 0;
  for (int i = 0; i < now->n_cores && cores != NULL; i++)
    cores[i] = (float) load (&state->core[i], &now->core[i]);
  *state = *now;
  read_memory (sample);
  return state->n_cores;
}
