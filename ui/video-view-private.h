// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "video-view.h"

G_BEGIN_DECLS

struct _SqVideoView
{
  GtkWidget parent_instance;

  /* Owned references */
  SqResult *result;
  GdkTexture *texture; // zero-copy over result->frame
  GArray *detections;  // SqDetection under the filter
  SqFilterState *filter;
  char **labels;
  GHashTable *layouts; // label text -> PangoLayout

  /* State */
  double zoom;  // 0 = fit
  double x, y;  // picture point in the middle of the widget, while zoomed
  int hover;    // index into detections, -1
  int selected; // by keyboard, -1
  int pinned;   // by click, -1
  double drag_x, drag_y;
  double pinch_zoom;
  double pointer_x, pointer_y;
};

// Where the picture lies in the widget: x_widget = left + x_picture * scale.
void _sq_video_view_get_geometry (SqVideoView *self, double *scale, double *left, double *top);
void _sq_video_view_zoom_at (SqVideoView *self, double zoom, double x, double y);
int _sq_video_view_pick (SqVideoView *self, double x, double y);
int _sq_video_view_focus_index (SqVideoView *self); // pinned, else selected, else hovered; -1 none
void _sq_video_view_init_input (SqVideoView *self);
void _sq_video_view_class_init_input (GtkWidgetClass *widget_class);
void _sq_video_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot);
char *_sq_video_view_describe (SqVideoView *self, int index);

G_END_DECLS
