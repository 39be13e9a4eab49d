// SPDX-License-Identifier: GPL-3.0-or-later
// Drawing of SqVideoView: the texture, then boxes and tags as snapshot nodes of the same result.
#include "config.h"

#include "video-view-private.h"

#include <glib/gi18n.h>
#include <math.h>

#define BOX_WIDTH 2  // px
#define SMALL_BOX 24 // px: thinner, no tag below
#define TAG_PAD_X 6
#define TAG_PAD_Y 2
#define MAX_LAYOUTS 512 // cached texts

static void
class_rgba (int class_id, GdkRGBA *rgba)
{
  guint32 c = sq_class_colour (class_id);

  *rgba = (GdkRGBA){ (c >> 16 & 0xff) / 255.f, (c >> 8 & 0xff) / 255.f, (c & 0xff) / 255.f, 1.f };
}

// Black or white, whichever stands out more against the tag (WCAG relative luminance).
static void
text_rgba (const GdkRGBA *tag, GdkRGBA *text)
{
  float r = powf (tag->red, 2.2f), g = powf (tag->green, 2.2f), b = powf (tag->blue, 2.2f);
  float v = .2126f * r + .7152f * g + .0722f * b > .18f ? 0.f : 1.f;

  *text = (GdkRGBA){ v, v, v, 1.f };
}

static PangoLayout *
get_layout (SqVideoView *self, const char *text)
{
  PangoLayout *layout = g_hash_table_lookup (self->layouts, text);

  if (layout == NULL)
    {
      PangoAttrList *attrs = pango_attr_list_new ();

      if (g_hash_table_size (self->layouts) >= MAX_LAYOUTS)
        g_hash_table_remove_all (self->layouts);
      layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), text);
      pango_attr_list_insert (attrs, pango_attr_scale_new (PANGO_SCALE_SMALL));
      pango_attr_list_insert (attrs, pango_attr_weight_new (PANGO_WEIGHT_SEMIBOLD));
      pango_attr_list_insert (attrs, pango_attr_font_features_new ("tnum=1"));
      pango_layout_set_attributes (layout, attrs);
      pango_attr_list_unref (attrs);
      g_hash_table_insert (self->layouts, g_strdup (text), layout);
    }
  return layout;
}

static void
draw_tag (SqVideoView *self, GtkSnapshot *snapshot, const char *text, const GdkRGBA *colour, const graphene_rect_t *box)
{
  PangoLayout *layout = get_layout (self, text);
  int view_width = gtk_widget_get_width (GTK_WIDGET (self)), w, h;
  GdkRGBA fg;
  GskRoundedRect tag;
  float x = box->origin.x, y;

  pango_layout_get_pixel_size (layout, &w, &h);
  w += 2 * TAG_PAD_X;
  h += 2 * TAG_PAD_Y;
  // Above the box; inside where there is no room above; never out of the view.
  y = box->origin.y - h;
  if (y < 0)
    y = MAX (box->origin.y, 0);
  x = CLAMP (x, 0, MAX (view_width - w, 0));

  gsk_rounded_rect_init_from_rect (&tag, &GRAPHENE_RECT_INIT (x, y, w, h), 3);
  gtk_snapshot_push_rounded_clip (snapshot, &tag);
  gtk_snapshot_append_color (snapshot, colour, &tag.bounds);
  gtk_snapshot_pop (snapshot);

  text_rgba (colour, &fg);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (x + TAG_PAD_X, y + TAG_PAD_Y));
  gtk_snapshot_append_layout (snapshot, layout, &fg);
  gtk_snapshot_restore (snapshot);
}

static void
draw_detection (SqVideoView *self, GtkSnapshot *snapshot, int index, double scale, double left, double top, gboolean focus)
{
  const SqDetection *d = &g_array_index (self->detections, SqDetection, index);
  graphene_rect_t box = GRAPHENE_RECT_INIT (left + d->x1 * scale, top + d->y1 * scale, (d->x2 - d->x1) * scale, (d->y2 - d->y1) * scale);
  gboolean small = MIN (box.size.width, box.size.height) < SMALL_BOX;
  float width = focus ? BOX_WIDTH + 1 : small ? 1 : BOX_WIDTH;
  GskRoundedRect outline;
  GdkRGBA colour, dark = { 0, 0, 0, .45f };

  if (box.origin.x > gtk_widget_get_width (GTK_WIDGET (self)) || box.origin.y > gtk_widget_get_height (GTK_WIDGET (self))
      || box.origin.x + box.size.width < 0 || box.origin.y + box.size.height < 0)
    return;

  class_rgba (d->class_id, &colour);
  graphene_rect_inset (&box, -width / 2, -width / 2);

  // A hair of shadow keeps the line readable on a ground of its own colour.
  if (!small)
    {
      gsk_rounded_rect_init_from_rect (&outline, &box, 3);
      gsk_rounded_rect_shrink (&outline, -1, -1, -1, -1);
      gtk_snapshot_append_border (snapshot, &outline, (float[4]){ 1, 1, 1, 1 }, (GdkRGBA[4]){ dark, dark, dark, dark });
    }
  gsk_rounded_rect_init_from_rect (&outline, &box, small ? 0 : 2);
  gtk_snapshot_append_border (snapshot, &outline, (float[4]){ width, width, width, width }, (GdkRGBA[4]){ colour, colour, colour, colour });

  if (focus)
    {
      g_autofree char *text = _sq_video_view_describe (self, index);
      GdkRGBA fill = colour;

      fill.alpha = .12f;
      gtk_snapshot_append_color (snapshot, &fill, &box);
      draw_tag (self, snapshot, text, &colour, &box);
    }
  else if (!small)
    {
      draw_tag (self, snapshot, sq_video_view_get_label (self, d->class_id), &colour, &box);
    }
}

void
_sq_video_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SqVideoView *self = SQ_VIDEO_VIEW (widget);
  int focus = _sq_video_view_focus_index (self);
  double scale, left, top;

  if (self->result == NULL)
    return;

  _sq_video_view_get_geometry (self, &scale, &left, &top);
  if (self->texture != NULL)
    {
      gtk_snapshot_append_texture (
          snapshot, self->texture,
          &GRAPHENE_RECT_INIT (left, top, self->result->frame->width * scale, self->result->frame->height * scale));
    }
  else
    {
      GdkRGBA ground = { .5f, .5f, .5f, .2f };
      PangoLayout *layout = get_layout (self, _("The picture is no longer there; its detections are"));
      GdkRGBA fg;
      int w, h;

      gtk_snapshot_append_color (snapshot, &ground,
                                 &GRAPHENE_RECT_INIT (left, top, self->result->frame->width * scale, self->result->frame->height * scale));
      pango_layout_get_pixel_size (layout, &w, &h);
      gtk_style_context_get_color (gtk_widget_get_style_context (widget), &fg);
      gtk_snapshot_save (snapshot);
      gtk_snapshot_translate (
          snapshot, &GRAPHENE_POINT_INIT (MAX ((gtk_widget_get_width (widget) - w) / 2, 0), gtk_widget_get_height (widget) / 2 - h / 2));
      gtk_snapshot_append_layout (snapshot, layout, &fg);
      gtk_snapshot_restore (snapshot);
    }

  // Best scores last, so that their tags lie on top.
  for (int i = (int) self->detections->len - 1; i >= 0; i--)
    if (i != focus)
      draw_detection (self, snapshot, i, scale, left, top, FALSE);
  if (focus >= 0 && (guint) focus < self->detections->len)
    draw_detection (self, snapshot, focus, scale, left, top, TRUE);
}
