// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "video-view-private.h"

#include "format.h"
#include <glib/gi18n.h>
#include <math.h>

#define MAX_SCALE 32.

G_DEFINE_FINAL_TYPE (SqVideoView, sq_video_view, GTK_TYPE_WIDGET)

enum
{
  PROP_0,
  PROP_FILTER,
  PROP_ZOOM,
  N_PROPS
};

enum
{
  DETECTIONS_CHANGED,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

void
_sq_video_view_get_geometry (SqVideoView *self, double *scale, double *left, double *top)
{
  double width = gtk_widget_get_width (GTK_WIDGET (self)), height = gtk_widget_get_height (GTK_WIDGET (self));
  const SqFrame *frame = self->result != NULL ? self->result->frame : NULL;
  double fit, w, h;

  *scale = 1;
  *left = *top = 0;
  if (frame == NULL || frame->width < 1 || frame->height < 1)
    return;

  fit = MIN (width / frame->width, height / frame->height);
  // A picture of a few pixels is not blown up beyond recognition.
  *scale = self->zoom > 0 ? self->zoom : MIN (fit, MAX_SCALE);
  w = frame->width * *scale;
  h = frame->height * *scale;
  *left = w <= width ? (width - w) / 2 : CLAMP (width / 2 - self->x * *scale, width - w, 0);
  *top = h <= height ? (height - h) / 2 : CLAMP (height / 2 - self->y * *scale, height - h, 0);
  *left = round (*left);
  *top = round (*top);
}

void
_sq_video_view_zoom_at (SqVideoView *self, double zoom, double x, double y)
{
  double scale, left, top, fit, px, py;
  double width = gtk_widget_get_width (GTK_WIDGET (self)), height = gtk_widget_get_height (GTK_WIDGET (self));

  if (self->result == NULL)
    return;
  _sq_video_view_get_geometry (self, &scale, &left, &top);
  px = (x - left) / scale;
  py = (y - top) / scale;

  fit = MIN (width / self->result->frame->width, height / self->result->frame->height);
  if (zoom <= fit)
    zoom = 0;
  zoom = MIN (zoom, MAX (MAX_SCALE, fit));
  if (zoom > 0)
    {
      // The picture point under the pointer stays under it.
      self->x = px + (width / 2 - x) / zoom;
      self->y = py + (height / 2 - y) / zoom;
    }
  sq_video_view_set_zoom (self, zoom);
}

int
_sq_video_view_pick (SqVideoView *self, double x, double y)
{
  double scale, left, top, best_area = G_MAXDOUBLE;
  int best = -1;

  _sq_video_view_get_geometry (self, &scale, &left, &top);
  x = (x - left) / scale;
  y = (y - top) / scale;
  for (guint i = 0; i < self->detections->len; i++)
    {
      const SqDetection *d = &g_array_index (self->detections, SqDetection, i);
      double margin = 3 / scale;
      double area = (d->x2 - d->x1) * (d->y2 - d->y1);

      if (x >= d->x1 - margin && x <= d->x2 + margin && y >= d->y1 - margin && y <= d->y2 + margin && area < best_area)
        {
          best = i;
          best_area = area;
        }
    }
  return best;
}

int
_sq_video_view_focus_index (SqVideoView *self)
{
  return self->pinned >= 0 ? self->pinned : self->selected >= 0 ? self->selected : self->hover;
}

char *
_sq_video_view_describe (SqVideoView *self, int index)
{
  const SqDetection *d = &g_array_index (self->detections, SqDetection, index);

  // Translators: class name, score, box width and height
  return g_strdup_printf (_("%s %.0f %%, %.0f × %.0f px"), sq_video_view_get_label (self, d->class_id), d->score * 100, d->x2 - d->x1,
                          d->y2 - d->y1);
}

char *
sq_video_view_describe_selected (SqVideoView *self)
{
  const SqDetection *d;
  int index;

  g_return_val_if_fail (SQ_IS_VIDEO_VIEW (self), NULL);

  index = _sq_video_view_focus_index (self);
  if (index < 0 || (guint) index >= self->detections->len)
    return NULL;
  d = &g_array_index (self->detections, SqDetection, index);
  return g_strdup_printf ("%s %.3f [%.1f, %.1f, %.1f, %.1f] %s", sq_video_view_get_label (self, d->class_id), d->score, d->x1, d->y1, d->x2,
                          d->y2, self->result->frame->path);
}

static float
overlap (const SqDetection *a, const SqDetection *b)
{
  float w = MIN (a->x2, b->x2) - MAX (a->x1, b->x1), h = MIN (a->y2, b->y2) - MAX (a->y1, b->y1);
  float both = w > 0 && h > 0 ? w * h : 0;
  float area = (a->x2 - a->x1) * (a->y2 - a->y1) + (b->x2 - b->x1) * (b->y2 - b->y1) - both;

  return area > 0 ? both / area : 0;
}

// A pin stays on the object, not on the list position, when the next frame or filter comes.
static int
follow (GArray *detections, const SqDetection *old)
{
  int best = -1;
  float best_overlap = .3f;

  for (guint i = 0; i < detections->len; i++)
    {
      const SqDetection *d = &g_array_index (detections, SqDetection, i);
      float o = d->class_id == old->class_id ? overlap (d, old) : 0;

      if (o > best_overlap)
        {
          best_overlap = o;
          best = i;
        }
    }
  return best;
}

static void
video_view_update_label (SqVideoView *self)
{
  g_autofree char *text = sq_format_objects (self->detections->len);

  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, self->result != NULL ? text : _("No picture"), -1);
}

static void
video_view_update_detections (SqVideoView *self)
{
  GArray *old = g_steal_pointer (&self->detections);
  SqFilter filter = SQ_FILTER_DEFAULT;

  if (self->filter != NULL)
    filter = sq_filter_state_get_filter (self->filter);
  if (self->result != NULL)
    self->detections = sq_result_detections (self->result, &filter);
  else
    self->detections = g_array_new (FALSE, FALSE, sizeof (SqDetection));

  self->pinned = self->pinned >= 0 ? follow (self->detections, &g_array_index (old, SqDetection, self->pinned)) : -1;
  self->selected = self->selected >= 0 ? follow (self->detections, &g_array_index (old, SqDetection, self->selected)) : -1;
  g_array_unref (old);
  self->hover = self->pointer_x >= 0 ? _sq_video_view_pick (self, self->pointer_x, self->pointer_y) : -1;

  video_view_update_label (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_signal_emit (self, signals[DETECTIONS_CHANGED], 0);
}

static void
sq_video_view_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
                       int *natural_baseline)
{
  *minimum = 160;
  *natural = 320;
}

static void
sq_video_view_css_changed (GtkWidget *widget, GtkCssStyleChange *change)
{
  SqVideoView *self = SQ_VIDEO_VIEW (widget);

  GTK_WIDGET_CLASS (sq_video_view_parent_class)->css_changed (widget, change);
  g_hash_table_remove_all (self->layouts);
}

static void
sq_video_view_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SqVideoView *self = SQ_VIDEO_VIEW (object);

  switch (prop_id)
    {
    case PROP_FILTER:
      g_value_set_object (value, self->filter);
      break;
    case PROP_ZOOM:
      g_value_set_double (value, self->zoom);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_video_view_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  SqVideoView *self = SQ_VIDEO_VIEW (object);

  switch (prop_id)
    {
    case PROP_FILTER:
      sq_video_view_set_filter (self, g_value_get_object (value));
      break;
    case PROP_ZOOM:
      sq_video_view_set_zoom (self, g_value_get_double (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_video_view_dispose (GObject *object)
{
  SqVideoView *self = SQ_VIDEO_VIEW (object);

  if (self->filter != NULL)
    g_signal_handlers_disconnect_by_data (self->filter, self);
  g_clear_object (&self->filter);
  g_clear_object (&self->texture);
  g_clear_pointer (&self->result, sq_result_unref);
  G_OBJECT_CLASS (sq_video_view_parent_class)->dispose (object);
}

static void
sq_video_view_finalize (GObject *object)
{
  SqVideoView *self = SQ_VIDEO_VIEW (object);

  g_array_unref (self->detections);
  g_hash_table_unref (self->layouts);
  g_strfreev (self->labels);
  G_OBJECT_CLASS (sq_video_view_parent_class)->finalize (object);
}

static void
sq_video_view_class_init (SqVideoViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = sq_video_view_get_property;
  object_class->set_property = sq_video_view_set_property;
  object_class->dispose = sq_video_view_dispose;
  object_class->finalize = sq_video_view_finalize;
  widget_class->measure = sq_video_view_measure;
  widget_class->snapshot = _sq_video_view_snapshot;
  widget_class->css_changed = sq_video_view_css_changed;

  props[PROP_FILTER] = g_param_spec_object ("filter", NULL, NULL, SQ_TYPE_FILTER_STATE,
                                            G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  props[PROP_ZOOM] =
      g_param_spec_double ("zoom", NULL, NULL, 0, G_MAXDOUBLE, 0, G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  signals[DETECTIONS_CHANGED] =
      g_signal_new ("detections-changed", SQ_TYPE_VIDEO_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_css_name (widget_class, "videoview");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  _sq_video_view_class_init_input (widget_class);
}

static void
sq_video_view_init (SqVideoView *self)
{
  self->detections = g_array_new (FALSE, FALSE, sizeof (SqDetection));
  self->layouts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->hover = self->selected = self->pinned = -1;
  self->pointer_x = self->pointer_y = -1;
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  _sq_video_view_init_input (self);
  video_view_update_label (self);
}

GtkWidget *
sq_video_view_new (void)
{
  return g_object_new (SQ_TYPE_VIDEO_VIEW, NULL);
}

void
sq_video_view_set_result (SqVideoView *self, SqResult *result)
{
  const SqFrame *frame = result != NULL ? result->frame : NULL;

  g_return_if_fail (SQ_IS_VIDEO_VIEW (self));

  if (result == self->result)
    return;
  // Another picture size or file of its own: what was zoomed into is gone.
  if (self->zoom > 0 && frame != NULL && self->result != NULL
      && (frame->width != self->result->frame->width || frame->height != self->result->frame->height))
    sq_video_view_set_zoom (self, 0);

  if (result != NULL)
    sq_result_ref (result);
  g_clear_pointer (&self->result, sq_result_unref);
  self->result = result;
  g_clear_object (&self->texture);
  if (frame != NULL && sq_frame_load (frame) != NULL)
    {
      g_autoptr (GBytes) bytes =
          g_bytes_new_with_free_func (frame->pixels, (gsize) frame->stride * (frame->height - 1) + (gsize) frame->width * 3,
                                      (GDestroyNotify) sq_frame_unref, sq_frame_ref (result->frame));

      self->texture = gdk_memory_texture_new (frame->width, frame->height, GDK_MEMORY_R8G8B8, bytes, frame->stride);
    }
  video_view_update_detections (self);
}

SqResult *
sq_video_view_get_result (SqVideoView *self)
{
  g_return_val_if_fail (SQ_IS_VIDEO_VIEW (self), NULL);
  return self->result;
}

void
sq_video_view_set_filter (SqVideoView *self, SqFilterState *filter)
{
  g_return_if_fail (SQ_IS_VIDEO_VIEW (self));

  if (self->filter == filter)
    return;
  if (self->filter != NULL)
    g_signal_handlers_disconnect_by_data (self->filter, self);
  g_set_object (&self->filter, filter);
  if (filter != NULL)
    g_signal_connect_swapped (filter, "changed", G_CALLBACK (video_view_update_detections), self);
  video_view_update_detections (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_FILTER]);
}

void
sq_video_view_set_labels (SqVideoView *self, const char *const *labels)
{
  g_return_if_fail (SQ_IS_VIDEO_VIEW (self));

  g_strfreev (self->labels);
  self->labels = g_strdupv ((char **) labels);
  g_hash_table_remove_all (self->layouts);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

const char *
sq_video_view_get_label (SqVideoView *self, int class_id)
{
  g_return_val_if_fail (SQ_IS_VIDEO_VIEW (self), NULL);

  if (self->labels != NULL && class_id >= 0 && (guint) class_id < g_strv_length (self->labels))
    return self->labels[class_id];
  return _("object");
}

GArray *
sq_video_view_get_detections (SqVideoView *self)
{
  g_return_val_if_fail (SQ_IS_VIDEO_VIEW (self), NULL);
  return self->detections;
}

void
sq_video_view_set_zoom (SqVideoView *self, double zoom)
{
  g_return_if_fail (SQ_IS_VIDEO_VIEW (self));

  gtk_widget_queue_draw (GTK_WIDGET (self));
  if (self->zoom == zoom)
    return;
  self->zoom = zoom;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ZOOM]);
}

double
sq_video_view_get_zoom (SqVideoView *self)
{
  g_return_val_if_fail (SQ_IS_VIDEO_VIEW (self), 0);
  return self->zoom;
}

double
sq_video_view_get_scale (SqVideoView *self)
{
  double scale, left, top;

  g_return_val_if_fail (SQ_IS_VIDEO_VIEW (self), 1);
  _sq_video_view_get_geometry (self, &scale, &left, &top);
  return scale;
}

void
sq_video_view_select (SqVideoView *self, int index)
{
  g_autofree char *text = NULL;

  g_return_if_fail (SQ_IS_VIDEO_VIEW (self));

  if (index >= (int) self->detections->len)
    index = -1;
  self->selected = index;
  self->pinned = -1;
  text = index >= 0 ? _sq_video_view_describe (self, index) : NULL;
  // Spoken by a screen reader while the arrow keys walk through the detections.
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text != NULL ? text : "", -1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
