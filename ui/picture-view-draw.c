// SPDX-License-Identifier: GPL-3.0-or-later
// What SqVideoView and SqCompareView draw in the same way: picture, boxes, tags.
#include "config.h"

#include "picture-view-private.h"

#include <glib/gi18n.h>
#include <math.h>

#define TAG_PAD_X 6
#define TAG_PAD_Y 2
#define MAX_LAYOUTS 512 // cached texts

// Black or white, whichever stands out more against the tag (WCAG relative luminance).
static void
text_rgba (const GdkRGBA *tag, GdkRGBA *text)
{
  float r = powf (tag->red, 2.2f), g = powf (tag->green, 2.2f), b = powf (tag->blue, 2.2f);
  float v = .2126f * r + .7152f * g + .0722f * b > .18f ? 0.f : 1.f;

  *text = (GdkRGBA){ v, v, v, 1.f };
}

PangoLayout *
_sq_picture_view_get_layout (SqPictureView *self, const char *text)
{
  SqPictureViewPrivate *priv = _sq_picture_view_get_private (self);
  PangoLayout *layout = g_hash_table_lookup (priv->layouts, text);

  if (layout == NULL)
    {
      PangoAttrList *attrs = pango_attr_list_new ();

      if (g_hash_table_size (priv->layouts) >= MAX_LAYOUTS)
        g_hash_table_remove_all (priv->layouts);
      layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), text);
      pango_attr_list_insert (attrs, pango_attr_scale_new (PANGO_SCALE_SMALL));
      pango_attr_list_insert (attrs, pango_attr_weight_new (PANGO_WEIGHT_SEMIBOLD));
      pango_attr_list_insert (attrs, pango_attr_font_features_new ("tnum=1"));
      pango_layout_set_attributes (layout, attrs);
      pango_attr_list_unref (attrs);
      g_hash_table_insert (priv->layouts, g_strdup (text), layout);
    }
  return layout;
}

void
_sq_picture_view_draw_tag (SqPictureView *self, GtkSnapshot *snapshot, const char *text, const GdkRGBA *colour, const graphene_rect_t *box,
                           const graphene_rect_t *pane)
{
  PangoLayout *layout = _sq_picture_view_get_layout (self, text);
  int w, h;
  GdkRGBA fg;
  GskRoundedRect tag;
  float x = box->origin.x, y;

  pango_layout_get_pixel_size (layout, &w, &h);
  w += 2 * TAG_PAD_X;
  h += 2 * TAG_PAD_Y;
  y = box->origin.y - h;
  if (y < pane->origin.y)
    y = MAX (box->origin.y, pane->origin.y);
  x = CLAMP (x, pane->origin.x, MAX (pane->origin.x + pane->size.width - w, pane->origin.x));

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

gboolean
_sq_detection_contains (const SqDetection *d, double x, double y, double margin)
{
  return x >= d->x1 - margin && x <= d->x2 + margin && y >= d->y1 - margin && y <= d->y2 + margin;
}

graphene_rect_t
_sq_detection_to_rect (const SqDetection *d, double scale, double left, double top)
{
  return GRAPHENE_RECT_INIT (left + d->x1 * scale, top + d->y1 * scale, (d->x2 - d->x1) * scale, (d->y2 - d->y1) * scale);
}

gboolean
_sq_picture_view_is_in (const graphene_rect_t *pane, const graphene_rect_t *box)
{
  return box->origin.x <= pane->origin.x + pane->size.width && box->origin.y <= pane->origin.y + pane->size.height
         && box->origin.x + box->size.width >= pane->origin.x && box->origin.y + box->size.height >= pane->origin.y;
}

void
_sq_picture_view_draw_box (GtkSnapshot *snapshot, const graphene_rect_t *box, float width, gboolean shadow, const GdkRGBA *colour)
{
  GdkRGBA dark = { 0, 0, 0, .45f };
  GskRoundedRect outline;

  if (shadow)
    {
      gsk_rounded_rect_init_from_rect (&outline, box, 3);
      gsk_rounded_rect_shrink (&outline, -1, -1, -1, -1);
      gtk_snapshot_append_border (snapshot, &outline, (float[4]){ 1, 1, 1, 1 }, (GdkRGBA[4]){ dark, dark, dark, dark });
    }
  gsk_rounded_rect_init_from_rect (&outline, box, shadow ? 2 : 0);
  gtk_snapshot_append_border (snapshot, &outline, (float[4]){ width, width, width, width },
                              (GdkRGBA[4]){ *colour, *colour, *colour, *colour });
}

void
_sq_picture_view_draw_picture (SqPictureView *self, GtkSnapshot *snapshot, double scale, double left, double top)
{
  SqPictureViewPrivate *priv = _sq_picture_view_get_private (self);
  graphene_rect_t picture = GRAPHENE_RECT_INIT (left, top, priv->frame->width * scale, priv->frame->height * scale);

  if (priv->texture != NULL)
    {
      gtk_snapshot_append_texture (snapshot, priv->texture, &picture);
    }
  else
    {
      GtkWidget *widget = GTK_WIDGET (self);
      GdkRGBA ground = { .5f, .5f, .5f, .2f };
      PangoLayout *layout = _sq_picture_view_get_layout (self, _("The picture is gone; its detections are still here"));
      GdkRGBA fg;
      int w, h;

      gtk_snapshot_append_color (snapshot, &ground, &picture);
      pango_layout_get_pixel_size (layout, &w, &h);
      gtk_style_context_get_color (gtk_widget_get_style_context (widget), &fg);
      gtk_snapshot_save (snapshot);
      gtk_snapshot_translate (
          snapshot, &GRAPHENE_POINT_INIT (MAX ((gtk_widget_get_width (widget) - w) / 2, 0), gtk_widget_get_height (widget) / 2 - h / 2));
      gtk_snapshot_append_layout (snapshot, layout, &fg);
      gtk_snapshot_restore (snapshot);
    }
}
