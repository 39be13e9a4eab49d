// SPDX-License-Identifier: GPL-3.0-or-later
// For the views derived from SqPictureView.
#pragma once

#include "picture-view.h"

G_BEGIN_DECLS

typedef struct
{
  SqFrame *frame;
  GdkTexture *texture; // zero-copy over the frame
  GHashTable *layouts; // text -> PangoLayout

  double zoom;  // 0 = fit
  double x, y;  // picture point in the middle of a pane, while zoomed
  int hover;    // index of a box, -1
  int selected; // by keyboard, -1
  int pinned;   // by click, -1
  double drag_x, drag_y;
  double pinch_zoom;
  double pointer_x, pointer_y; // -1 out of the view
} SqPictureViewPrivate;

SqPictureViewPrivate *_sq_picture_view_get_private (SqPictureView *self);

void _sq_picture_view_set_frame (SqPictureView *self, SqFrame *frame); // nullable; another size: back to fit
void _sq_picture_view_get_pane (SqPictureView *self, double x, graphene_rect_t *pane);

// Where the picture lies in a pane: x_widget = left + x_picture * scale.
void _sq_picture_view_get_geometry (SqPictureView *self, const graphene_rect_t *pane, double *scale, double *left, double *top);
void _sq_picture_view_zoom_at (SqPictureView *self, double zoom, double x, double y); // widget px

// The boxes are others: `follow` says which of them the one at `index` of those before has become, -1 none.
typedef int (*SqPictureViewFollow) (SqPictureView *self, int index, gpointer data);
void _sq_picture_view_boxes_changed (SqPictureView *self, SqPictureViewFollow follow, gpointer data);

char *_sq_picture_view_describe (SqPictureView *self, guint index);

/* picture-view-input.c */
void _sq_picture_view_class_init_input (GtkWidgetClass *widget_class);
void _sq_picture_view_init_input (SqPictureView *self);

/* picture-view-draw.c */
#define SQ_BOX_WIDTH 2  // px
#define SQ_BOX_SMALL 24 // px: thinner, no tag below

PangoLayout *_sq_picture_view_get_layout (SqPictureView *self, const char *text);
void _sq_picture_view_draw_picture (SqPictureView *self, GtkSnapshot *snapshot, double scale, double left, double top);
#define SQ_PICK_MARGIN 3                                                                           // px around a box that count as it
gboolean _sq_detection_contains (const SqDetection *detection, double x, double y, double margin); // px of the picture
graphene_rect_t _sq_detection_to_rect (const SqDetection *detection, double scale, double left, double top);
gboolean _sq_picture_view_is_in (const graphene_rect_t *pane, const graphene_rect_t *box);

// A tag above the box; inside where there is no room above; never out of the pane.
void _sq_picture_view_draw_tag (SqPictureView *self, GtkSnapshot *snapshot, const char *text, const GdkRGBA *colour,
                                const graphene_rect_t *box, const graphene_rect_t *pane);

// A solid box whose line lies around `box`; `shadow`: readable on a ground of its own colour.
void _sq_picture_view_draw_box (GtkSnapshot *snapshot, const graphene_rect_t *box, float width, gboolean shadow, const GdkRGBA *colour);

G_END_DECLS
