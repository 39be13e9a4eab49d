// SPDX-License-Identifier: GPL-3.0-or-later
// Knows the machine's devices and samples their load on a thread of its own.
//
// Signals: "devices-changed" (): the list was read; "sample" (gpointer SqDeviceSample): a reading of the CPU, twice a second.
// Thread:  main (the sampling thread never touches GTK)
// Blocks:  dispose waits for one reading at most
#pragma once

#include "engine/engine.h"

G_BEGIN_DECLS

#define SQ_MONITOR_INTERVAL_MS 500
#define SQ_MONITOR_HISTORY (120 * 1000 / SQ_MONITOR_INTERVAL_MS) // two minutes

#define SQ_TYPE_DEVICE_MONITOR (sq_device_monitor_get_type ())
G_DECLARE_FINAL_TYPE (SqDeviceMonitor, sq_device_monitor, SQ, DEVICE_MONITOR, GObject)

SqDeviceMonitor *sq_device_monitor_new (void);

// SqDevice elements (transfer none); NULL until read.
GPtrArray *sq_device_monitor_get_devices (SqDeviceMonitor *self);

G_END_DECLS
