// SPDX-License-Identifier: GPL-3.0-or-later
// How busy the CPU, each of its cores and this process are, from /proc.
//
// Thread: the owner's
#pragma once

#include "device.h"

G_BEGIN_DECLS

#define SQ_MAX_CORES 256

typedef struct
{
  guint64 total, idle;
} SqCoreTimes;

// The reading before this one; zero-initialised.
typedef struct
{
  SqCoreTimes all, core[SQ_MAX_CORES];
  guint64 own;
  int n_cores;
} SqCpuTimes;

// `cores` (SQ_MAX_CORES floats, may be NULL) receives the load of each core, 0..1; their number is returned. Blocks for a moment.
int sq_cpu_load_read (SqCpuTimes *state, SqDeviceSample *sample, float *cores);

G_END_DECLS
