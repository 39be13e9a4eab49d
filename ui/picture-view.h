// SPDX-License-Identifier: GPL-3.0-or-later
// A view of a picture with boxes on it: zoom, pan, and pointing at one of the boxes by pointer, keyboard or pin. What the boxes are is the
// derived view's: SqVideoView, SqCompareView.
//
// Properties: "zoom" (0 = fit, else widget px per picture px).
// Actions:    "view.zoom-in", "view.zoom-out", "view.zoom-fit", "view.zoom-original", "view.copy", "view.next", "view.previous",
//             "view.pin".
// Thread:     main
#pragma once

#include "engine/engine.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_PICTURE_VIEW (sq_picture_view_get_type ())
G_DECLARE_DERIVABLE_TYPE (SqPictureView, sq_picture_view, SQ, PICTURE_VIEW, GtkWidget)

struct _SqPictureViewClass
{
  GtkWidgetClass parent_class;

  // Where the picture may be drawn around `x`: a view may show it several times, each time as large. NULL: all of the widget.
  void (*get_pane) (SqPictureView *self, double x, graphene_rect_t *pane);
  guint (*get_n_boxes) (SqPictureView *self);
  int (*pick) (SqPictureView *self, double x, double y);     // index of the box there, widget px; -1 none
  char *(*describe) (SqPictureView *self, guint index);      // for people
  char *(*describe_copy) (SqPictureView *self, guint index); // with all digits, for the clipboard
};


void sq_picture_view_set_zoom (SqPictureView *self, double zoom);
double sq_picture_view_get_zoom (SqPictureView *self);
double sq_picture_view_get_scale (SqPictureView *self); // as drawn

// The box keyboard, pointer or pin points at, as one line of text (transfer full); NULL when none.
char *sq_picture_view_describe_selected (SqPictureView *self);
void sq_picture_view_select (SqPictureView *self, int index); // -1 none
int sq_picture_view_get_focus_index (SqPictureView *self);    // pinned, else selected, else hovered; -1 none

G_END_DECLS
