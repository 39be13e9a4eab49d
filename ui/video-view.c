// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "video-view-private.h"

#include "format.h"
#include <glib/gi18n.h>

G_DEFINE_FINAL_TYPE (SqVideoView, sq_video_view, SQ_TYPE_PICTURE_VIEW)

enum
{
  PROP_0,
  PROP_FILTER,
  N_PROPS
};

enum
{
  DETECTIONS_CHANGED,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

static guint
sq_video_view_get_n_boxes (SqPictureView *view)
{
  return SQ_VIDEO_VIEW (view)->detections->len;
}

static int
sq_video_view_pick (SqPictureView *view, double x, double y)
{
  SqVideoView *self = SQ_VIDEO_VIEW (view);
  double scale, left, top, best_area = G_MAXDOUBLE;
  graphene_rect_t pane;
  int best = -1;

  _sq_picture_view_get_pane (view, x, &pane);
  _sq_picture_view_get_geometry (view, &pane, &scale, &left, &top);
  x = (x - left) / scale;
  y = (y - top) / scale;
  for (guint i = 0; i < self->detections->len; i++)
    {
      const SqDetection *d = &g_array_index (self->detections, SqDetection, i);
      double area = (d->x2 - d->x1) * (d->y2 - d->y1);

      if (_sq_detection_contains (d, x, y, SQ_PICK_MARGIN / scale) && area < best_area)
        {
          best = i;
          best_area = area;
        }
    }
  return best;
}

char *
_sq_video_view_name (SqVideoView *self, const SqDetection *d)
{
  const char *label = sq_video_view_get_label (self, d->class_id);

  // Translators: class name, which one of them in a video
  return d->track > 0 ? g_strdup_printf (_("%s %d"), label, d->track) : g_strdup (label);
}

static char *
sq_video_view_describe (SqPictureView *view, guint index)
{
  SqVideoView *self = SQ_VIDEO_VIEW (view);
  const SqDetection *d = &g_array_index (self->detections, SqDetection, index);
  g_autofree char *name = _sq_video_view_name (self, d);

  // Translators: class name, score, box width and height
  return g_strdup_printf (_("%s %.0f %%, %.0f × %.0f px"), name, d->score * 100, d->x2 - d->x1, d->y2 - d->y1);
}

static char *
sq_video_view_describe_copy (SqPictureView *view, guint index)
{
  SqVideoView *self = SQ_VIDEO_VIEW (view);
  const SqDetection *d = &g_array_index (self->detections, SqDetection, index);

  return g_strdup_printf ("%s %.3f [%.1f, %.1f, %.1f, %.1f] %s", sq_video_view_get_label (self, d->class_id), d->score, d->x1, d->y1, d->x2,
                          d->y2, self->result->frame->path);
}

// A pin stays on the object, not on the list position, when the next frame or filter comes.
static int
follow (SqPictureView *view, int index, gpointer before)
{
  GArray *detections = SQ_VIDEO_VIEW (view)->detections;
  const SqDetection *old = &g_array_index ((GArray *) before, SqDetection, index);
  int best = -1;
  float best_overlap = .3f;

  for (guint i = 0; i < detections->len; i++)
    {
      const SqDetection *d = &g_array_index (detections, SqDetection, i);
      float o = d->class_id == old->class_id ? sq_detection_iou (d, old) : 0;

      if (d->track > 0 && d->track == old->track && d->class_id == old->class_id)
        return (int) i;

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

  _sq_picture_view_boxes_changed (SQ_PICTURE_VIEW (self), follow, old);
  g_array_unref (old);

  video_view_update_label (self);
  g_signal_emit (self, signals[DETECTIONS_CHANGED], 0);
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
  _sq_video_view_stop_drawing (self);
  g_clear_object (&self->filter);
  g_clear_pointer (&self->result, sq_result_unref);
  G_OBJECT_CLASS (sq_video_view_parent_class)->dispose (object);
}

static void
sq_video_view_finalize (GObject *object)
{
  SqVideoView *self = SQ_VIDEO_VIEW (object);

  g_array_unref (self->detections);
  g_strfreev (self->labels);
  G_OBJECT_CLASS (sq_video_view_parent_class)->finalize (object);
}

static void
sq_video_view_class_init (SqVideoViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  SqPictureViewClass *view_class = SQ_PICTURE_VIEW_CLASS (klass);

  object_class->get_property = sq_video_view_get_property;
  object_class->set_property = sq_video_view_set_property;
  object_class->dispose = sq_video_view_dispose;
  object_class->finalize = sq_video_view_finalize;
  GTK_WIDGET_CLASS (klass)->snapshot = _sq_video_view_snapshot;
  _sq_video_view_class_init_region (GTK_WIDGET_CLASS (klass));
  view_class->get_n_boxes = sq_video_view_get_n_boxes;
  view_class->pick = sq_video_view_pick;
  view_class->describe = sq_video_view_describe;
  view_class->describe_copy = sq_video_view_describe_copy;

  props[PROP_FILTER] = g_param_spec_object ("filter", NULL, NULL, SQ_TYPE_FILTER_STATE,
                                            G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  signals[DETECTIONS_CHANGED] =
      g_signal_new ("detections-changed", SQ_TYPE_VIDEO_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
sq_video_view_init (SqVideoView *self)
{
  self->detections = g_array_new (FALSE, FALSE, sizeof (SqDetection));
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
  g_return_if_fail (SQ_IS_VIDEO_VIEW (self));

  if (result == self->result)
    return;
  if (result != NULL)
    sq_result_ref (result);
  g_clear_pointer (&self->result, sq_result_unref);
  self->result = result;
  _sq_picture_view_set_frame (SQ_PICTURE_VIEW (self), result != NULL ? result->frame : NULL);
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
