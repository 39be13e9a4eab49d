// SPDX-License-Identifier: GPL-3.0-or-later
// A picture with the detections of the same result drawn on it.
//
// Properties: "filter" (SqFilterState).
// Signals:    "detections-changed" (): another result or another filter.
// Thread:     main
#pragma once

#include "filter-state.h"
#include "picture-view.h"

G_BEGIN_DECLS

#define SQ_TYPE_VIDEO_VIEW (sq_video_view_get_type ())
G_DECLARE_FINAL_TYPE (SqVideoView, sq_video_view, SQ, VIDEO_VIEW, SqPictureView)

GtkWidget *sq_video_view_new (void);

void sq_video_view_set_result (SqVideoView *self, SqResult *result); // nullable
SqResult *sq_video_view_get_result (SqVideoView *self);              // transfer none
void sq_video_view_set_filter (SqVideoView *self, SqFilterState *filter);
void sq_video_view_set_labels (SqVideoView *self, const char *const *labels);
const char *sq_video_view_get_label (SqVideoView *self, int class_id);

// SqDetection elements under the filter (transfer none, may be empty).
GArray *sq_video_view_get_detections (SqVideoView *self);

// A polygon is being drawn: actions "view.region-include", "view.region-exclude", "view.region-clear".
gboolean sq_video_view_get_drawing (SqVideoView *self);

G_END_DECLS
