// SPDX-License-Identifier: GPL-3.0-or-later
// What can run a network: the CPU, its cores, GPUs.
//
// Thread: any
#pragma once

#include "engine/error.h"

G_BEGIN_DECLS

typedef struct
{
  char *id;       // "cpu", "cpu:1", "cuda:0"
  char *parent;   // of a part of a device: "cpu" for "cpu:1"; NULL else
  char *name;     // "AMD EPYC 7B13"
  char *detail;   // "2 cores, AVX2"
  char *pci;      // "0000:65:00.0" of a GPU, NULL else
  int cores;      // available to this process; of a GPU its multiprocessors
  guint64 memory; // bytes
  gboolean available;
  char *reason; // why not, or NULL; one sentence
  char *unread; // why the monitor cannot say how busy it is, or NULL; one sentence
} SqDevice;

// One reading. What a device does not report is -1.
typedef struct
{
  gint64 time_us;          // g_get_monotonic_time
  gboolean answering;      // FALSE: it stopped; everything else is -1
  double compute;          // 0..1 of the whole device
  double own;              // 0..1, this process's share of the CPU
  double busy;             // 0..1, how long the engine had work on it
  double memory;           // 0..1 of the device's memory in use
  double bandwidth;        // 0..1, how long its memory was read or written
  double encoder, decoder; // 0..1, of video
  double temperature;      // degrees Celsius
  double power;            // W
  double clock;            // MHz
  guint64 own_bytes;       // resident memory of this process; 0 where that is not the device's
} SqDeviceSample;

void sq_device_sample_clear (SqDeviceSample *sample); // answering, now, and nothing known

// All devices, also unavailable ones with their reason (element: SqDevice *, freed with the array). Blocks: drivers are asked.
GPtrArray *sq_device_list (void);
void sq_device_free (SqDevice *device);

// "cuda:0,cpu:1" -> ids, NULL-terminated (g_strfreev); NULL = "cpu". NULL and one sentence for a device of an unknown kind, one named
// twice, a core this process may not use.
char **sq_device_parse_list (const char *text, GError **error);

// The core, as the system numbers it, that the slice "cpu:1" means; -1 for everything else.
int sq_device_core (const char *id);

// Whether the device multiplies 8-bit numbers faster than floats (a CPU: with AVX-512 VNNI).
gboolean sq_device_has_fast_int8 (const char *id);

// Whether it multiplies 16-bit floats faster than those of 32 bits (a CPU: with AVX-512 BF16).
gboolean sq_device_has_fast_half (const char *id);

// Binds the calling thread to the core of a slice; other devices leave it where it is.
void sq_device_pin (const char *id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqDevice, sq_device_free)

G_END_DECLS
