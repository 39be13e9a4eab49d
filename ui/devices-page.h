// SPDX-License-Identifier: GPL-3.0-or-later
// One card per device with live graphs over two minutes, and one quiet line on what a GPU would need here.
#pragma once

#include "device-monitor.h"
#include <adwaita.h>

G_BEGIN_DECLS

#define SQ_TYPE_DEVICES_PAGE (sq_devices_page_get_type ())
G_DECLARE_FINAL_TYPE (SqDevicesPage, sq_devices_page, SQ, DEVICES_PAGE, AdwBin)

GtkWidget *sq_devices_page_new (void);
void sq_devices_page_set_monitor (SqDevicesPage *self, SqDeviceMonitor *monitor);

// Frames per second the running detection gets from the CPU; 0 = none runs.
void sq_devices_page_set_fps (SqDevicesPage *self, double fps);

G_END_DECLS
