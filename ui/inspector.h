// SPDX-License-Identifier: GPL-3.0-or-later
// The column beside the picture: what is seen, the filters that act at once, and how fast the run goes.
//
// Properties: "filter" (SqFilterState), "show-stats".
// Thread:     main
#pragma once

#include "filter-state.h"
#include <adwaita.h>

G_BEGIN_DECLS

#define SQ_TYPE_INSPECTOR (sq_inspector_get_type ())
G_DECLARE_FINAL_TYPE (SqInspector, sq_inspector, SQ, INSPECTOR, AdwBin)

GtkWidget *sq_inspector_new (void);
void sq_inspector_set_filter (SqInspector *self, SqFilterState *filter);
void sq_inspector_set_labels (SqInspector *self, const char *const *labels);

// SqDetection elements. While `moving`, classes keep their rows from frame to frame, so that nothing jumps about.
void sq_inspector_set_detections (SqInspector *self, GArray *detections, gboolean moving);
void sq_inspector_set_nms_done (SqInspector *self, gboolean nms_done);
void sq_inspector_set_stats (SqInspector *self, const SqPipelineStats *stats); // NULL: none
guint sq_inspector_get_n_objects (SqInspector *self);

G_END_DECLS
