// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "picture-view-private.h"

#include <math.h>

#define MAX_SCALE 32.

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (SqPictureView, sq_picture_view, GTK_TYPE_WIDGET)

enum
{
  PROP_0,
  PROP_ZOOM,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

SqPictureViewPrivate *
_sq_picture_view_get_private (SqPictureView *self)
{
  return sq_picture_view_get_instance_private (self);
}

void
_sq_picture_view_get_pane (SqPictureView *self, double x, graphene_rect_t *pane)
{
  SqPictureViewClass *klass = SQ_PICTURE_VIEW_GET_CLASS (self);

  if (klass->get_pane != NULL)
    klass->get_pane (self, x, pane);
  else
    graphene_rect_init (pane, 0, 0, gtk_widget_get_width (GTK_WIDGET (self)), gtk_widget_get_height (GTK_WIDGET (self)));
}

void
_sq_picture_view_get_geometry (SqPictureView *self, const graphene_rect_t *pane, double *scale, double *left, double *top)
{
  SqPictureViewPrivate *priv = sq_picture_view_get_instance_private (self);
  double width = pane->size.width, height = pane->size.height, fit, w, h;
  const SqFrame *frame = priv->frame;

  *scale = 1;
  *left = pane->origin.x;
  *top = pane->origin.y;
  if (frame == NULL || frame->width < 1 || frame->height < 1)
    return;

  fit = MIN (width / frame->width, height / frame->height);
  // A picture of a few pixels is not blown up beyond recognition.
  *scale = priv->zoom > 0 ? priv->zoom : MIN (fit, MAX_SCALE);
  w = frame->width * *scale;
  h = frame->height * *scale;
  *left = pane->origin.x + round (w <= width ? (width - w) / 2 : CLAMP (width / 2 - priv->x * *scale, width - w, 0));
  *top = pane->origin.y + round (h <= height ? (height - h) / 2 : CLAMP (height / 2 - priv->y * *scale, height - h, 0));
}

void
_sq_picture_view_zoom_at (SqPictureView *self, double zoom, double x, double y)
{
  SqPictureViewPrivate *priv = sq_picture_view_get_instance_private (self);
  double scale, left, top, fit, px, py;
  graphene_rect_t pane;

  if (priv->frame == NULL)
    return;
  _sq_picture_view_get_pane (self, x, &pane);
  _sq_picture_view_get_geometry (self, &pane, &scale, &left, &top);
  px = (x - left) / scale;
  py = (y - top) / scale;

  fit = MIN (pane.size.width / priv->frame->width, pane.size.height / priv->frame->height);
  if (zoom <= fit)
    zoom = 0;
  zoom = MIN (zoom, MAX (MAX_SCALE, fit));
  if (zoom > 0)
    {
      // The picture point under the pointer stays under it.
      priv->x = px + (pane.origin.x + pane.size.width / 2 - x) / zoom;
      priv->y = py + (pane.origin.y + pane.size.height / 2 - y) / zoom;
    }
  sq_picture_view_set_zoom (self, zoom);
}

void
_sq_picture_view_set_frame (SqPictureView *self, SqFrame *frame)
{
  SqPictureViewPrivate *priv = sq_picture_view_get_instance_private (self);

  // Another picture size or file of its own: what was zoomed into is gone.
  if (priv->zoom > 0 && frame != NULL && priv->frame != NULL
      && (frame->width != priv->frame->width || frame->height != priv->frame->height))
    sq_picture_view_set_zoom (self, 0);

  if (frame != NULL)
    sq_frame_ref (frame);
  g_clear_pointer (&priv->frame, sq_frame_unref);
  priv->frame = frame;
  g_clear_object (&priv->texture);
  if (frame != NULL && sq_frame_load (frame) != NULL)
    {
      g_autoptr (GBytes) bytes =
          g_bytes_new_with_free_func (frame->pixels, (gsize) frame->stride * (frame->height - 1) + (gsize) frame->width * 3,
                                      (GDestroyNotify) sq_frame_unref, sq_frame_ref (frame));

      priv->texture = gdk_memory_texture_new (frame->width, frame->height, GDK_MEMORY_R8G8B8, bytes, frame->stride);
    }
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
_sq_picture_view_boxes_changed (SqPictureView *self, SqPictureViewFollow follow, gpointer data)
{
  SqPictureViewPrivate *priv = sq_picture_view_get_instance_private (self);

  priv->pinned = priv->pinned >= 0 ? follow (self, priv->pinned, data) : -1;
  priv->selected = priv->selected >= 0 ? follow (self, priv->selected, data) : -1;
  priv->hover = priv->pointer_x >= 0 ? SQ_PICTURE_VIEW_GET_CLASS (self)->pick (self, priv->pointer_x, priv->pointer_y) : -1;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

char *
_sq_picture_view_describe (SqPictureView *self, guint index)
{
  return SQ_PICTURE_VIEW_GET_CLASS (self)->describe (self, index);
}

static void
sq_picture_view_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
                         int *natural_baseline)
{
  *minimum = 160;
  *natural = 320;
}

static void
sq_picture_view_css_changed (GtkWidget *widget, GtkCssStyleChange *change)
{
  SqPictureViewPrivate *priv = sq_picture_view_get_instance_private (SQ_PICTURE_VIEW (widget));

  GTK_WIDGET_CLASS (sq_picture_view_parent_class)->css_changed (widget, change);
  g_hash_table_remove_all (priv->layouts);
}

static void
sq_picture_view_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_ZOOM:
      g_value_set_double (value, sq_picture_view_get_zoom (SQ_PICTURE_VIEW (object)));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_picture_view_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_ZOOM:
      sq_picture_view_set_zoom (SQ_PICTURE_VIEW (object), g_value_get_double (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_picture_view_dispose (GObject *object)
{
  SqPictureViewPrivate *priv = sq_picture_view_get_instance_private (SQ_PICTURE_VIEW (object));

  g_clear_object (&priv->texture);
  g_clear_pointer (&priv->frame, sq_frame_unref);
  G_OBJECT_CLASS (sq_picture_view_parent_class)->dispose (object);
}

static void
sq_picture_view_finalize (GObject *object)
{
  SqPictureViewPrivate *priv = sq_picture_view_get_instance_private (SQ_PICTURE_VIEW (object));

  g_hash_table_unref (priv->layouts);
  G_OBJECT_CLASS (sq_picture_view_parent_class)->finalize (object);
}

static void
sq_picture_view_class_init (SqPictureViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = sq_picture_view_get_property;
  object_class->set_property = sq_picture_view_set_property;
  object_class->dispose = sq_picture_view_dispose;
  object_class->finalize = sq_picture_view_finalize;
  widget_class->measure = sq_picture_view_measure;
  widget_class->css_changed = sq_picture_view_css_changed;

  props[PROP_ZOOM] =
      g_param_spec_double ("zoom", NULL, NULL, 0, G_MAXDOUBLE, 0, G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  gtk_widget_class_set_css_name (widget_class, "videoview");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  _sq_picture_view_class_init_input (widget_class);
}

static void
sq_picture_view_init (SqPictureView *self)
{
  SqPictureViewPrivate *priv = sq_picture_view_get_instance_private (self);

  priv->layouts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  priv->hover = priv->selected = priv->pinned = -1;
  priv->pointer_x = priv->pointer_y = -1;
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  _sq_picture_view_init_input (self);
}

void
sq_picture_view_set_zoom (SqPictureView *self, double zoom)
{
  SqPictureViewPrivate *priv = sq_picture_view_get_instance_private (self);

  g_return_if_fail (SQ_IS_PICTURE_VIEW (self));

  gtk_widget_queue_draw (GTK_WIDGET (self));
  if (priv->zoom == zoom)
    return;
  priv->zoom = zoom;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ZOOM]);
}

double
sq_picture_view_get_zoom (SqPictureView *self)
{
  SqPictureViewPrivate *priv = sq_picture_view_get_instance_private (self);

  g_return_val_if_fail (SQ_IS_PICTURE_VIEW (self), 0);
  return priv->zoom;
}

double
sq_picture_view_get_scale (SqPictureView *self)
{
  double scale, left, top;
  graphene_rect_t pane;

  g_return_val_if_fail (SQ_IS_PICTURE_VIEW (self), 1);
  _sq_picture_view_get_pane (self, 0, &pane);
  _sq_picture_view_get_geometry (self, &pane, &scale, &left, &top);
  return scale;
}

int
sq_picture_view_get_focus_index (SqPictureView *self)
{
  SqPictureViewPrivate *priv = sq_picture_view_get_instance_private (self);

  g_return_val_if_fail (SQ_IS_PICTURE_VIEW (self), -1);
  return priv->pinned >= 0 ? priv->pinned : priv->selected >= 0 ? priv->selected : priv->hover;
}

char *
sq_picture_view_describe_selected (SqPictureView *self)
{
  SqPictureViewClass *klass = SQ_PICTURE_VIEW_GET_CLASS (self);
  int index;

  g_return_val_if_fail (SQ_IS_PICTURE_VIEW (self), NULL);

  index = sq_picture_view_get_focus_index (self);
  return index >= 0 && (guint) index < klass->get_n_boxes (self) ? klass->describe_copy (self, index) : NULL;
}

void
sq_picture_view_select (SqPictureView *self, int index)
{
  SqPictureViewPrivate *priv = sq_picture_view_get_instance_private (self);
  g_autofree char *text = NULL;

  g_return_if_fail (SQ_IS_PICTURE_VIEW (self));

  if (index >= (int) SQ_PICTURE_VIEW_GET_CLASS (self)->get_n_boxes (self))
    index = -1;
  priv->selected = index;
  priv->pinned = -1;
  text = index >= 0 ? _sq_picture_view_describe (self, index) : NULL;
  // Spoken by a screen reader while the arrow keys walk through the boxes.
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text != NULL ? text : "", -1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
