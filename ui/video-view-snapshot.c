// SPDX-License-Identifier: GPL-3.0-or-later
// Drawing of SqVideoView: the texture, then boxes and tags as snapshot nodes of the same result.
#include "config.h"

#include "video-view-private.h"

static void
class_rgba (int class_id, GdkRGBA *rgba)
{
  guint32 c = sq_class_colour (class_id);

  *rgba = (GdkRGBA){ (c >> 16 & 0xff) / 255.f, (c >> 8 & 0xff) / 255.f, (c & 0xff) / 255.f, 1.f };
}

static void
draw_detection (SqVideoView *self, GtkSnapshot *snapshot, int index, const graphene_rect_t *pane, double scale, double left, double top,
                gboolean focus)
{
  const SqDetection *d = &g_array_index (self->detections, SqDetection, index);
  SqPictureView *view = SQ_PICTURE_VIEW (self);
  graphene_rect_t box = _sq_detection_to_rect (d, scale, left, top);
  gboolean small = MIN (box.size.width, box.size.height) < SQ_BOX_SMALL;
  float width = focus ? SQ_BOX_WIDTH + 1 : small ? 1 : SQ_BOX_WIDTH;
  GdkRGBA colour;

  if (!_sq_picture_view_is_in (pane, &box))
    return;

  class_rgba (d->class_id, &colour);
  graphene_rect_inset (&box, -width / 2, -width / 2);
  _sq_picture_view_draw_box (snapshot, &box, width, !small, &colour);

  if (focus)
    {
      g_autofree char *text = _sq_picture_view_describe (view, index);
      GdkRGBA fill = colour;

      fill.alpha = .12f;
      gtk_snapshot_append_color (snapshot, &fill, &box);
      _sq_picture_view_draw_tag (view, snapshot, text, &colour, &box, pane);
    }
  else if (!small)
    {
      g_autofree char *name = _sq_video_view_name (self, d);

      _sq_picture_view_draw_tag (view, snapshot, name, &colour, &box, pane);
    }
}

void
_sq_video_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SqVideoView *self = SQ_VIDEO_VIEW (widget);
  SqPictureView *view = SQ_PICTURE_VIEW (widget);
  int focus = sq_picture_view_get_focus_index (view);
  double scale, left, top;
  graphene_rect_t pane;

  if (self->result == NULL)
    return;

  _sq_picture_view_get_pane (view, 0, &pane);
  _sq_picture_view_get_geometry (view, &pane, &scale, &left, &top);
  _sq_picture_view_draw_picture (view, snapshot, scale, left, top);
  _sq_video_view_snapshot_region (self, snapshot, &pane);

  // Best scores last, so that their tags lie on top.
  for (int i = (int) self->detections->len - 1; i >= 0; i--)
    if (i != focus)
      draw_detection (self, snapshot, i, &pane, scale, left, top, FALSE);
  if (focus >= 0 && (guint) focus < self->detections->len)
    draw_detection (self, snapshot, focus, &pane, scale, left, top, TRUE);
}
