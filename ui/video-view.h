// SPDX-License-Identifier: GPL-3.0-or-later
// A picture with the detections of the same result drawn on it; zoom, pan, hover, pin, copy.
//
// Properties: "filter" (SqFilterState), "zoom" (0 = fit, else widget px per picture px).
// Signals:    "detections-changed" (): another result or another filter.
// Actions:    "view.zoom-in", "view.zoom-out", "view.zoom-fit", "view.zoom-original", "view.copy", "view.next", "view.previous",
// "view.pin". Thread:     main
#pragma once

#include "filter-state.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_VIDEO_VIEW (sq_video_view_get_type ())
G_DECLARE_FINAL_TYPE (SqVideoView, sq_video_view, SQ, VIDEO_VIEW, GtkWidget)

GtkWidget *sq_video_view_new (void);

void sq_video_view_set_result (SqVideoView *self, SqResult *result); // nullable
SqResult *sq_video_view_get_result (SqVideoView *self);              // transfer none
void sq_video_view_set_filter (SqVideoView *self, SqFilterState *filter);
void sq_video_view_set_labels (SqVideoView *self, const char *const *labels);
const char *sq_video_view_get_label (SqVideoView *self, int class_id);

// SqDetection elements under the filter (transfer none, may be empty).
GArray *sq_video_view_get_detections (SqVideoView *self);

void sq_video_view_set_zoom (SqVideoView *self, double zoom);
double sq_video_view_get_zoom (SqVideoView *self);
double sq_video_view_get_scale (SqVideoView *self); // as drawn

// The detection keyboard, pointer or pin points at, as one line of text (transfer full); NULL when none.
char *sq_video_view_describe_selected (SqVideoView *self);
void sq_video_view_select (SqVideoView *self, int index); // index into the detections, -1 none

G_END_DECLS
