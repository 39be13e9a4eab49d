// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "picture-view-private.h"
#include "video-view.h"

G_BEGIN_DECLS

typedef struct _SqRegionDrawing SqRegionDrawing;

struct _SqVideoView
{
  SqPictureView parent_instance;

  /* Owned references */
  SqResult *result;
  GArray *detections; // SqDetection under the filter
  SqFilterState *filter;
  char **labels;

  SqRegionDrawing *drawing; // while a polygon is being drawn
};

char *_sq_video_view_name (SqVideoView *self, const SqDetection *d); // "person", of a video "person 3" (transfer full)

/* video-view-region.c */
void _sq_video_view_class_init_region (GtkWidgetClass *widget_class);
void _sq_video_view_snapshot_region (SqVideoView *self, GtkSnapshot *snapshot, const graphene_rect_t *pane);
void _sq_video_view_stop_drawing (SqVideoView *self);

/* video-view-snapshot.c */
void _sq_video_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot);

G_END_DECLS
