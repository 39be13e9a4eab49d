// SPDX-License-Identifier: GPL-3.0-or-later
// How busy the devices were during a run.
//
// Thread: any
// Blocks: reads the project
#pragma once

#include "engine/devices/device.h"
#include "project.h"

G_BEGIN_DECLS

typedef struct
{
  const char *device; // interned
  gint64 at_us;       // wall clock, like SqRun's times
  SqDeviceSample sample;
} SqStoredSample;

// SqStoredSample elements, by time; NULL with an error.
GArray *sq_project_load_samples (SqProject *project, gint64 run, GError **error);

typedef struct
{
  const char *device; // interned
  gint64 frames;
  gint64 busy_ns;
} SqRunDevice;

// SqRunDevice elements: how much each device did.
GArray *sq_project_load_run_devices (SqProject *project, gint64 run, GError **error);

G_END_DECLS
