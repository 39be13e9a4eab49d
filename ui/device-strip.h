// SPDX-License-Identifier: GPL-3.0-or-later
// One 48 px sparkline per device at the foot of the sidebar; a click leads to the Devices page.
#pragma once

#include "device-monitor.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_DEVICE_STRIP (sq_device_strip_get_type ())
G_DECLARE_FINAL_TYPE (SqDeviceStrip, sq_device_strip, SQ, DEVICE_STRIP, GtkButton)

GtkWidget *sq_device_strip_new (void);
void sq_device_strip_set_monitor (SqDeviceStrip *self, SqDeviceMonitor *monitor);

G_END_DECLS
