// SPDX-License-Identifier: GPL-3.0-or-later
// Confidence, overlap and classes of one SqFilterState.
#pragma once

#include "filter-state.h"
#include <adwaita.h>

G_BEGIN_DECLS

#define SQ_TYPE_FILTER_PANEL (sq_filter_panel_get_type ())
G_DECLARE_FINAL_TYPE (SqFilterPanel, sq_filter_panel, SQ, FILTER_PANEL, AdwBin)

GtkWidget *sq_filter_panel_new (void);
void sq_filter_panel_set_filter (SqFilterPanel *self, SqFilterState *filter); // nullable
void sq_filter_panel_set_labels (SqFilterPanel *self, const char *const *labels);
void sq_filter_panel_set_nms_done (SqFilterPanel *self, gboolean nms_done); // TRUE: overlap is not the user's to choose

void sq_filter_panel_show_region (SqFilterPanel *self);                      // where polygons can be drawn

G_END_DECLS
