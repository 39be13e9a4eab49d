// SPDX-License-Identifier: GPL-3.0-or-later
// How the work is shared and what that is worth; one card per device with live graphs over two minutes; one quiet line on what a GPU would
// need here.
#pragma once

#include "device-card.h"
#include "speedup-panel.h"
#include <adwaita.h>

G_BEGIN_DECLS

#define SQ_TYPE_DEVICES_PAGE (sq_devices_page_get_type ())
G_DECLARE_FINAL_TYPE (SqDevicesPage, sq_devices_page, SQ, DEVICES_PAGE, AdwBin)

GtkWidget *sq_devices_page_new (void);
void sq_devices_page_set_workspace (SqDevicesPage *self, SqWorkspace *workspace);

// What the running detection does; NULL = none runs. To be told twice a second: rates are between two calls.
void sq_devices_page_set_stats (SqDevicesPage *self, const SqPipelineStats *stats);

SqSpeedupPanel *sq_devices_page_get_panel (SqDevicesPage *self);
SqDeviceCard *sq_devices_page_get_card (SqDevicesPage *self, const char *id); // NULL: no such device
void sq_devices_page_scroll_to (SqDevicesPage *self, double fraction);        // of the page; for tests

G_END_DECLS
