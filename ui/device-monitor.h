// SPDX-License-Identifier: GPL-3.0-or-later
// The engine's monitor on the main thread.
//
// Signals: "devices-changed" (): the list was read; "sample" (gpointer SqDeviceSample[], guint n): a reading of every watched device, four
//          times a second.
// Thread:  main (the sampling threads never touch GTK)
// Blocks:  dispose waits for one reading at most
#pragma once

#include "engine/engine.h"

G_BEGIN_DECLS

#define SQ_TYPE_DEVICE_MONITOR (sq_device_monitor_get_type ())
G_DECLARE_FINAL_TYPE (SqDeviceMonitor, sq_device_monitor, SQ, DEVICE_MONITOR, GObject)

SqDeviceMonitor *sq_device_monitor_new (void);

// SqDevice elements (transfer none); NULL until read.
GPtrArray *sq_device_monitor_get_devices (SqDeviceMonitor *self);

// Those of them that have samples, in the samples' order: no parts of others, nothing that cannot be used (transfer none; NULL until read).
GPtrArray *sq_device_monitor_get_watched (SqDeviceMonitor *self);

// As sq_monitor_get_history and sq_monitor_get_cores.
guint sq_device_monitor_get_history (SqDeviceMonitor *self, const char *id, SqDeviceSample *samples, guint max);
guint sq_device_monitor_get_cores (SqDeviceMonitor *self, float *load, guint max);

G_END_DECLS
