// SPDX-License-Identifier: GPL-3.0-or-later
// Which devices detect, how they share the work, and what that is worth: measured on request.
#pragma once

#include "workspace.h"
#include <adwaita.h>

G_BEGIN_DECLS

#define SQ_TYPE_SPEEDUP_PANEL (sq_speedup_panel_get_type ())
G_DECLARE_FINAL_TYPE (SqSpeedupPanel, sq_speedup_panel, SQ, SPEEDUP_PANEL, AdwPreferencesGroup)

GtkWidget *sq_speedup_panel_new (void);
void sq_speedup_panel_set_workspace (SqSpeedupPanel *self, SqWorkspace *workspace); // NULL: let go, a measurement stops

// A detection runs: what it would be measured against is not the machine. `reason` (nullable) is why it uses the devices as it does.
void sq_speedup_panel_set_running (SqSpeedupPanel *self, gboolean running, const char *reason);

void sq_speedup_panel_measure (SqSpeedupPanel *self); // again while one is under way: cancels it
gboolean sq_speedup_panel_get_measuring (SqSpeedupPanel *self);
void sq_speedup_panel_set_seconds (SqSpeedupPanel *self, double seconds); // per row of the chart
void sq_speedup_panel_show_result (SqSpeedupPanel *self, const SqSpeedup *speedup);

G_END_DECLS
