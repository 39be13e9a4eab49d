// SPDX-License-Identifier: GPL-3.0-or-later
// What can run a network: the CPU today; GPUs and servers behind the same table.
//
// Thread: any
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  char *id;       // "cpu"
  char *name;     // "AMD EPYC 7B13"
  char *detail;   // "2 cores, AVX2"
  int cores;      // physical concurrency available to this process
  guint64 memory; // bytes
  gboolean available;
  char *reason; // why not, or NULL; one sentence
} SqDevice;

typedef struct
{
  gint64 time_us;    // g_get_monotonic_time
  double compute;    // 0..1 of the whole device
  double own;        // 0..1, this process's share
  double memory;     // 0..1 of the device's memory in use
  guint64 own_bytes; // resident memory of this process
} SqDeviceSample;

// All devices, also unavailable ones with their reason (element: SqDevice *, freed with the array).
GPtrArray *sq_device_list (void);
void sq_device_free (SqDevice *device);

// Reads /proc: quick, but keep it off the main thread all the same. `state` remembers the previous reading (zero-initialised).
typedef struct
{
  guint64 total, idle, own;
} SqCpuTimes;
void sq_device_sample_cpu (SqCpuTimes *state, SqDeviceSample *sample);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqDevice, sq_device_free)

G_END_DECLS
