// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "compare-view-private.h"

#include <glib/gi18n.h>
#include <math.h>

#define GAP 2 // px between two panes

G_DEFINE_FINAL_TYPE (SqCompareView, sq_compare_view, SQ_TYPE_PICTURE_VIEW)

enum
{
  PROP_0,
  PROP_MODE,
  PROP_SPLIT,
  N_PROPS
};

enum
{
  MATCHES_CHANGED,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

/* Where things are */

static gboolean
is_rtl (SqCompareView *self)
{
  return gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
}

static double
get_split (SqCompareView *self)
{
  return round (sq_split_handle_get_value (self->handle) * gtk_widget_get_width (GTK_WIDGET (self)));
}

// A comes first in reading order.
SqSide
sq_compare_view_get_side (SqCompareView *self, double x)
{
  double middle = gtk_widget_get_width (GTK_WIDGET (self)) / 2.;

  if (self->mode == SQ_COMPARE_ONLY_B)
    return SQ_SIDE_B;
  return (x < (self->mode == SQ_COMPARE_SPLIT ? get_split (self) : middle)) != is_rtl (self) ? SQ_SIDE_A : SQ_SIDE_B;
}

void
_sq_compare_view_get_part (SqCompareView *self, SqSide side, graphene_rect_t *part)
{
  double width = gtk_widget_get_width (GTK_WIDGET (self)), height = gtk_widget_get_height (GTK_WIDGET (self));
  gboolean left = (side == SQ_SIDE_A) != is_rtl (self);
  double end = self->mode == SQ_COMPARE_SPLIT ? get_split (self) : MAX (floor ((width - GAP) / 2), 0);

  if (self->mode == SQ_COMPARE_ONLY_B)
    graphene_rect_init (part, 0, 0, side == SQ_SIDE_B ? width : 0, height);
  else if (self->mode == SQ_COMPARE_SPLIT)
    graphene_rect_init (part, left ? 0 : end, 0, left ? end : width - end, height);
  else
    graphene_rect_init (part, left ? 0 : end + GAP, 0, end, height);
}

static void
sq_compare_view_get_pane (SqPictureView *view, double x, graphene_rect_t *pane)
{
  SqCompareView *self = SQ_COMPARE_VIEW (view);

  if (self->mode == SQ_COMPARE_PANES)
    _sq_compare_view_get_part (self, sq_compare_view_get_side (self, x), pane);
  else
    graphene_rect_init (pane, 0, 0, gtk_widget_get_width (GTK_WIDGET (self)), gtk_widget_get_height (GTK_WIDGET (self)));
}

static void
sq_compare_view_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  SqCompareView *self = SQ_COMPARE_VIEW (widget);
  GtkWidget *handle = GTK_WIDGET (self->handle);
  int least, natural;

  if (!gtk_widget_should_layout (handle))
    return;
  gtk_widget_measure (handle, GTK_ORIENTATION_HORIZONTAL, -1, &least, &natural, NULL, NULL);
  gtk_widget_size_allocate (handle, &(GtkAllocation){ get_split (self) - natural / 2, 0, natural, height }, -1);
}

/* What is seen */

const SqDetection *
_sq_compare_view_get_box (SqCompareView *self, const SqMatch *match, SqSide side)
{
  int index = side == SQ_SIDE_A ? match->a : match->b;

  return index >= 0 ? &g_array_index (self->boxes[side], SqDetection, index) : NULL;
}

const char *
_sq_compare_view_get_label (SqCompareView *self, SqSide side, const SqDetection *box)
{
  char **labels = self->labels[side];

  if (labels != NULL && box->class_id >= 0 && (guint) box->class_id < g_strv_length (labels))
    return labels[box->class_id];
  return _("object");
}

static guint
sq_compare_view_get_n_boxes (SqPictureView *view)
{
  return SQ_COMPARE_VIEW (view)->matches->len;
}

static int
sq_compare_view_pick (SqPictureView *view, double x, double y)
{
  SqCompareView *self = SQ_COMPARE_VIEW (view);
  SqSide side = sq_compare_view_get_side (self, x);
  double scale, left, top, best_area = G_MAXDOUBLE;
  graphene_rect_t pane;
  int best = -1;

  sq_compare_view_get_pane (view, x, &pane);
  _sq_picture_view_get_geometry (view, &pane, &scale, &left, &top);
  x = (x - left) / scale;
  y = (y - top) / scale;
  for (guint i = 0; i < self->matches->len; i++)
    {
      const SqMatch *match = &g_array_index (self->matches, SqMatch, i);

      for (int s = 0; s < SQ_N_SIDES; s++)
        {
          const SqDetection *d = _sq_compare_view_get_box (self, match, s);
          double area = d != NULL ? (d->x2 - d->x1) * (d->y2 - d->y1) : 0;
          // Of what both see in about the same place, only the side's own box is drawn.
          gboolean drawn = d != NULL && ((match->kind != SQ_MATCH_AGREED && match->kind != SQ_MATCH_CLASS) || s == (int) side);

          if (drawn && area < best_area && _sq_detection_contains (d, x, y, SQ_PICK_MARGIN / scale))
            {
              best = i;
              best_area = area;
            }
        }
    }
  return best;
}

static char *
sq_compare_view_describe (SqPictureView *view, guint index)
{
  SqCompareView *self = SQ_COMPARE_VIEW (view);
  const SqMatch *match = &g_array_index (self->matches, SqMatch, index);
  const SqDetection *a = _sq_compare_view_get_box (self, match, SQ_SIDE_A), *b = _sq_compare_view_get_box (self, match, SQ_SIDE_B);
  const char *name_a = a != NULL ? _sq_compare_view_get_label (self, SQ_SIDE_A, a) : NULL;
  const char *name_b = b != NULL ? _sq_compare_view_get_label (self, SQ_SIDE_B, b) : NULL;

  switch (match->kind)
    {
    case SQ_MATCH_LOST:
      // Translators: class name, score; only the first model sees it
      return g_strdup_printf (_("lost: %s, A %.0f %%, B nothing"), name_a, a->score * 100);
    case SQ_MATCH_NEW:
      // Translators: class name, score; only the second model sees it
      return g_strdup_printf (_("new: %s, A nothing, B %.0f %%"), name_b, b->score * 100);
    case SQ_MATCH_MOVED:
      // Translators: class name, two scores, overlap of the two boxes
      return g_strdup_printf (_("moved: %s, A %.0f %%, B %.0f %%, overlap %.0f %%"), name_a, a->score * 100, b->score * 100,
                              match->iou * 100);
    case SQ_MATCH_CLASS:
      // Translators: class name and score by the first model, by the second
      return g_strdup_printf (_("class: A %s %.0f %%, B %s %.0f %%"), name_a, a->score * 100, name_b, b->score * 100);
    default:
      // Translators: class name, two scores
      return g_strdup_printf (_("%s, A %.0f %%, B %.0f %%"), name_a, a->score * 100, b->score * 100);
    }
}

static char *
sq_compare_view_describe_copy (SqPictureView *view, guint index)
{
  static const char *const kinds[SQ_N_MATCHES] = { "agreed", "moved", "class", "lost", "new" };
  SqCompareView *self = SQ_COMPARE_VIEW (view);
  const SqMatch *match = &g_array_index (self->matches, SqMatch, index);
  GString *text = g_string_new (kinds[match->kind]);

  for (int s = 0; s < SQ_N_SIDES; s++)
    {
      const SqDetection *d = _sq_compare_view_get_box (self, match, s);

      if (d != NULL)
        g_string_append_printf (text, " %c %s %.3f [%.1f, %.1f, %.1f, %.1f]", 'A' + s, _sq_compare_view_get_label (self, s, d), d->score,
                                d->x1, d->y1, d->x2, d->y2);
    }
  g_string_append_printf (text, " %s", self->result->frame->path);
  return g_string_free (text, FALSE);
}

typedef struct
{
  GArray *matches;
  GArray *boxes[SQ_N_SIDES];
} Before;

// The same object in the boxes of now: by the box that either side had.
static int
follow (SqPictureView *view, int index, gpointer data)
{
  SqCompareView *self = SQ_COMPARE_VIEW (view);
  Before *before = data;
  const SqMatch *old = &g_array_index (before->matches, SqMatch, index);
  int best = -1;
  float best_overlap = .3f;

  for (guint i = 0; i < self->matches->len; i++)
    for (int s = 0; s < SQ_N_SIDES; s++)
      {
        int was = s == SQ_SIDE_A ? old->a : old->b;
        const SqDetection *d = _sq_compare_view_get_box (self, &g_array_index (self->matches, SqMatch, i), s);
        float o = was >= 0 && d != NULL ? sq_detection_iou (d, &g_array_index (before->boxes[s], SqDetection, was)) : 0;

        if (o > best_overlap)
          {
            best_overlap = o;
            best = i;
          }
      }
  return best;
}

// Disagreements first: the keyboard comes to them before it walks through what is agreed on.
static GArray *
match_boxes (SqCompareView *self)
{
  g_autoptr (GArray) found = sq_comparison_match (self->comparison, self->boxes[SQ_SIDE_A], self->boxes[SQ_SIDE_B]);
  GArray *sorted = g_array_sized_new (FALSE, FALSE, sizeof (SqMatch), found->len);

  for (int agreed = 0; agreed < 2; agreed++)
    for (guint i = 0; i < found->len; i++)
      if ((g_array_index (found, SqMatch, i).kind == SQ_MATCH_AGREED) == (agreed == 1))
        g_array_append_val (sorted, g_array_index (found, SqMatch, i));
  return sorted;
}

static void
update_label (SqCompareView *self)
{
  guint agreed = sq_compare_view_count (self, SQ_MATCH_AGREED), n = self->matches->len - agreed;
  g_autofree char *loud = g_strdup_printf (ngettext ("%u disagreement", "%u disagreements", n), n);
  // Translators: "3 disagreements", number of objects
  g_autofree char *text = g_strdup_printf (_("%s, %u agreed"), loud, agreed);

  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, self->result != NULL ? text : _("No picture"), -1);
}

static void
update_matches (SqCompareView *self)
{
  Before before = { g_steal_pointer (&self->matches), { NULL } };
  gboolean pair = self->result != NULL && self->result->other != NULL;

  for (int s = 0; s < SQ_N_SIDES; s++)
    {
      SqFilter filter = self->filter[s] != NULL ? sq_filter_state_get_filter (self->filter[s]) : SQ_FILTER_DEFAULT;

      before.boxes[s] = self->boxes[s];
      if (pair)
        self->boxes[s] = sq_result_detections (s == SQ_SIDE_A ? self->result : self->result->other, &filter);
      else
        self->boxes[s] = g_array_new (FALSE, FALSE, sizeof (SqDetection));
    }
  self->matches = match_boxes (self);
  _sq_picture_view_boxes_changed (SQ_PICTURE_VIEW (self), follow, &before);
  g_array_unref (before.matches);
  for (int s = 0; s < SQ_N_SIDES; s++)
    g_array_unref (before.boxes[s]);
  update_label (self);
  g_signal_emit (self, signals[MATCHES_CHANGED], 0);
}

static void
on_split (SqCompareView *self)
{
  gtk_widget_queue_allocate (GTK_WIDGET (self));
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SPLIT]);
}

/* Object */

static void
sq_compare_view_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SqCompareView *self = SQ_COMPARE_VIEW (object);

  switch (prop_id)
    {
    case PROP_MODE:
      g_value_set_int (value, self->mode);
      break;
    case PROP_SPLIT:
      g_value_set_double (value, sq_split_handle_get_value (self->handle));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_compare_view_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  SqCompareView *self = SQ_COMPARE_VIEW (object);

  switch (prop_id)
    {
    case PROP_MODE:
      sq_compare_view_set_mode (self, g_value_get_int (value));
      break;
    case PROP_SPLIT:
      sq_split_handle_set_value (self->handle, g_value_get_double (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_compare_view_dispose (GObject *object)
{
  SqCompareView *self = SQ_COMPARE_VIEW (object);

  for (int s = 0; s < SQ_N_SIDES; s++)
    {
      if (self->filter[s] != NULL)
        g_signal_handlers_disconnect_by_data (self->filter[s], self);
      g_clear_object (&self->filter[s]);
    }
  if (self->handle != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->handle, self);
      gtk_widget_unparent (GTK_WIDGET (g_steal_pointer (&self->handle)));
    }
  g_clear_pointer (&self->result, sq_result_unref);
  G_OBJECT_CLASS (sq_compare_view_parent_class)->dispose (object);
}

static void
sq_compare_view_finalize (GObject *object)
{
  SqCompareView *self = SQ_COMPARE_VIEW (object);

  g_array_unref (self->matches);
  sq_comparison_free (self->comparison);
  for (int s = 0; s < SQ_N_SIDES; s++)
    {
      g_array_unref (self->boxes[s]);
      g_strfreev (self->labels[s]);
      g_free (self->badge[s]);
    }
  G_OBJECT_CLASS (sq_compare_view_parent_class)->finalize (object);
}

static void
sq_compare_view_class_init (SqCompareViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  SqPictureViewClass *view_class = SQ_PICTURE_VIEW_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = sq_compare_view_get_property;
  object_class->set_property = sq_compare_view_set_property;
  object_class->dispose = sq_compare_view_dispose;
  object_class->finalize = sq_compare_view_finalize;
  widget_class->snapshot = _sq_compare_view_snapshot;
  widget_class->size_allocate = sq_compare_view_size_allocate;
  view_class->get_pane = sq_compare_view_get_pane;
  view_class->get_n_boxes = sq_compare_view_get_n_boxes;
  view_class->pick = sq_compare_view_pick;
  view_class->describe = sq_compare_view_describe;
  view_class->describe_copy = sq_compare_view_describe_copy;

  props[PROP_MODE] = g_param_spec_int ("mode", NULL, NULL, 0, SQ_N_COMPARE_MODES - 1, SQ_COMPARE_SPLIT, flags);
  props[PROP_SPLIT] = g_param_spec_double ("split", NULL, NULL, 0, 1, .5, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
  signals[MATCHES_CHANGED] = g_signal_new ("matches-changed", SQ_TYPE_COMPARE_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
sq_compare_view_init (SqCompareView *self)
{
  self->comparison = sq_comparison_new (NULL, NULL);
  self->matches = g_array_new (FALSE, FALSE, sizeof (SqMatch));
  for (int s = 0; s < SQ_N_SIDES; s++)
    self->boxes[s] = g_array_new (FALSE, FALSE, sizeof (SqDetection));
  self->handle = SQ_SPLIT_HANDLE (sq_split_handle_new ());
  gtk_widget_set_parent (GTK_WIDGET (self->handle), GTK_WIDGET (self));
  g_signal_connect_swapped (self->handle, "notify::value", G_CALLBACK (on_split), self);
  update_label (self);
}

GtkWidget *
sq_compare_view_new (void)
{
  return g_object_new (SQ_TYPE_COMPARE_VIEW, NULL);
}

void
sq_compare_view_set_result (SqCompareView *self, SqResult *result)
{
  g_return_if_fail (SQ_IS_COMPARE_VIEW (self));

  if (result == self->result)
    return;
  if (result != NULL)
    sq_result_ref (result);
  g_clear_pointer (&self->result, sq_result_unref);
  self->result = result;
  _sq_picture_view_set_frame (SQ_PICTURE_VIEW (self), result != NULL ? result->frame : NULL);
  update_matches (self);
}

SqResult *
sq_compare_view_get_result (SqCompareView *self)
{
  g_return_val_if_fail (SQ_IS_COMPARE_VIEW (self), NULL);
  return self->result;
}

void
sq_compare_view_set_filters (SqCompareView *self, SqFilterState *a, SqFilterState *b)
{
  SqFilterState *filters[SQ_N_SIDES] = { a, b };

  g_return_if_fail (SQ_IS_COMPARE_VIEW (self));

  for (int s = 0; s < SQ_N_SIDES; s++)
    {
      if (self->filter[s] != NULL)
        g_signal_handlers_disconnect_by_data (self->filter[s], self);
      g_set_object (&self->filter[s], filters[s]);
    }
  for (int s = 0; s < SQ_N_SIDES; s++)
    if (filters[s] != NULL && (s == 0 || filters[0] != filters[1]))
      g_signal_connect_swapped (filters[s], "changed", G_CALLBACK (update_matches), self);
  update_matches (self);
}

void
sq_compare_view_set_labels (SqCompareView *self, const char *const *a, const char *const *b)
{
  const char *const *labels[SQ_N_SIDES] = { a, b };

  g_return_if_fail (SQ_IS_COMPARE_VIEW (self));

  for (int s = 0; s < SQ_N_SIDES; s++)
    {
      g_strfreev (self->labels[s]);
      self->labels[s] = g_strdupv ((char **) labels[s]);
    }
  sq_comparison_free (self->comparison);
  self->comparison = sq_comparison_new (a, b);
  update_matches (self);
}

void
sq_compare_view_set_names (SqCompareView *self, const char *a, const char *b)
{
  const char *names[SQ_N_SIDES] = { a, b };

  g_return_if_fail (SQ_IS_COMPARE_VIEW (self));

  for (int s = 0; s < SQ_N_SIDES; s++)
    {
      g_free (self->badge[s]);
      self->badge[s] = g_strdup_printf (names[s] != NULL ? "%c  %s" : "%c", 'A' + s, names[s]);
    }
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
sq_compare_view_set_mode (SqCompareView *self, SqCompareMode mode)
{
  g_return_if_fail (SQ_IS_COMPARE_VIEW (self));
  g_return_if_fail (mode < SQ_N_COMPARE_MODES);

  if (mode == self->mode)
    return;
  self->mode = mode;
  gtk_widget_set_visible (GTK_WIDGET (self->handle), mode == SQ_COMPARE_SPLIT);
  gtk_widget_queue_resize (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_MODE]);
}

GtkWidget *
sq_compare_view_get_handle (SqCompareView *self)
{
  return GTK_WIDGET (self->handle);
}

GArray *
sq_compare_view_get_matches (SqCompareView *self)
{
  g_return_val_if_fail (SQ_IS_COMPARE_VIEW (self), NULL);
  return self->matches;
}

guint
sq_compare_view_count (SqCompareView *self, SqMatchKind kind)
{
  guint n = 0;

  for (guint i = 0; i < self->matches->len; i++)
    n += g_array_index (self->matches, SqMatch, i).kind == kind;
  return n;
}
