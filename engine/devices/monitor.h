// SPDX-License-Identifier: GPL-3.0-or-later
// Reads every device four times a second on threads of its own and keeps the last two minutes.
//
// Each GPU is asked on a thread of its own: one that hangs in its driver is said not to answer, and holds up neither the others nor the end
// of the program.
// Owner:  the caller
// Thread: any
// Blocks: free waits for one reading of the CPU
#pragma once

#include "device.h"

G_BEGIN_DECLS

#define SQ_MONITOR_INTERVAL_MS 250
#define SQ_MONITOR_HISTORY (120 * 1000 / SQ_MONITOR_INTERVAL_MS)

typedef struct _SqMonitor SqMonitor;

// On the monitor's thread, one sample per device of sq_monitor_get_devices. The first call has no samples: the devices are known.
typedef void (*SqMonitorFunc) (const SqDeviceSample *samples, guint n, gpointer user_data);

SqMonitor *sq_monitor_new (SqMonitorFunc func, gpointer user_data, GDestroyNotify notify);
void sq_monitor_free (SqMonitor *self);

// Everything sq_device_list knows (SqDevice elements, transfer full reference, not to be changed); NULL until it was read.
GPtrArray *sq_monitor_ref_devices (SqMonitor *self);

// The last readings of a device, oldest first, at most `max`; how many. Parts of devices ("cpu:1") have none of their own.
guint sq_monitor_get_history (SqMonitor *self, const char *id, SqDeviceSample *samples, guint max);

// Load of each core, 0..1, at most `max`; how many.
guint sq_monitor_get_cores (SqMonitor *self, float *load, guint max);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqMonitor, sq_monitor_free)

G_END_DECLS
