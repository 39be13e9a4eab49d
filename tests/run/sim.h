// SPDX-License-Identifier: GPL-3.0-or-later
// Simulated devices "sim:0" ... behind the backend table: each takes its time over a frame, may refuse to build, and may die.
#pragma once

#include "engine/backends/backend.h"

G_BEGIN_DECLS

#define SIM_MAX 8

typedef struct
{
  int frame_us;   // time for a frame
  int build_us;   // to compile
  int dies_at;    // the run at which it dies, from 1; 0 never
  int fails_with; // building fails with this SqError; -1 works
} SimDevice;

void sim_install (void);
void sim_set (int device, SimDevice settings); // before a run uses it; its count of runs begins anew
int sim_runs (int device);                     // frames it was given, the one it died of included

G_END_DECLS
