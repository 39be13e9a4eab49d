// SPDX-License-Identifier: GPL-3.0-or-later
// One device on the Devices page: what it is, what it does for the run, its graphs over two minutes.
#pragma once

#include "device-monitor.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_DEVICE_CARD (sq_device_card_get_type ())
G_DECLARE_FINAL_TYPE (SqDeviceCard, sq_device_card, SQ, DEVICE_CARD, GtkBox)

// With what the monitor knows of the last two minutes.
GtkWidget *sq_device_card_new (SqDeviceMonitor *monitor, const SqDevice *device);
const char *sq_device_card_get_id (SqDeviceCard *self);
const char *sq_device_card_get_note (SqDeviceCard *self); // what is wrong or not reported; "" nothing

const char *sq_device_card_get_work (SqDeviceCard *self); // "47 fps, 100 % of the frames"; "" nothing runs

void sq_device_card_push (SqDeviceCard *self, const SqDeviceSample *sample);

// What the device contributes to the run; `fps` < 0: nothing runs on it. `parts` says the same of its parts ("cpu:0 54 %, cpu:1 46 %").
void sq_device_card_set_work (SqDeviceCard *self, double fps, double share, const char *parts);

G_END_DECLS
