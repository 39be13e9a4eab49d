// SPDX-License-Identifier: GPL-3.0-or-later
// Named SqGraphWidget because SqGraph is the engine's network.
#include "config.h"

#include "graph.h"

#include <glib/gi18n.h>
#include <math.h>

#define MIN_REDRAW_US 100000 // at most 10 Hz

typedef struct
{
  float value, second; // 0..1, second -1 none
} Sample;

struct _SqGraphWidget
{
  GtkWidget parent_instance;

  char *label;
  Sample *ring;
  guint capacity, head, n; // head: where the next sample goes
  int height;
  gint64 drawn_us;
};

G_DEFINE_FINAL_TYPE (SqGraphWidget, sq_graph_widget, GTK_TYPE_WIDGET)

enum
{
  PROP_0,
  PROP_LABEL,
  PROP_CAPACITY,
  PROP_HEIGHT,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static const Sample *
sample_at (SqGraphWidget *self, guint i)
{
  return &self->ring[(self->head + self->capacity - self->n + i) % self->capacity];
}

static void
draw_line (SqGraphWidget *self, cairo_t *cr, gboolean second, int width, int height, const GdkRGBA *colour, gboolean fill)
{
  double step = (double) width / MAX (self->capacity - 1, 1), first = width - (self->n - 1) * step, x = first;

  cairo_new_path (cr);
  for (guint i = 0; i < self->n; i++)
    {
      const Sample *s = sample_at (self, i);
      double v = second ? MAX (s->second, 0) : s->value;

      x = first + i * step;
      cairo_line_to (cr, x, 1 + (1 - CLAMP (v, 0, 1)) * (height - 2));
    }
  gdk_cairo_set_source_rgba (cr, colour);
  cairo_set_line_width (cr, 1.5);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  cairo_stroke_preserve (cr);
  if (fill)
    {
      cairo_line_to (cr, x, height);
      cairo_line_to (cr, first, height);
      cairo_close_path (cr);
      cairo_set_source_rgba (cr, colour->red, colour->green, colour->blue, colour->alpha * .2);
      cairo_fill (cr);
    }
  cairo_new_path (cr);
}

static void
sq_graph_widget_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SqGraphWidget *self = SQ_GRAPH_WIDGET (widget);
  GtkStyleContext *context = gtk_widget_get_style_context (widget);
  int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  GdkRGBA colour, accent, grid;
  gboolean two = FALSE;
  cairo_t *cr;

  self->drawn_us = g_get_monotonic_time ();
  gtk_style_context_get_color (context, &colour);
  if (!gtk_style_context_lookup_color (context, "accent_color", &accent))
    accent = colour;
  grid = colour;
  grid.alpha *= .12f;

  if (height >= 40)
    for (int i = 1; i < 4; i++)
      gtk_snapshot_append_color (snapshot, &grid, &GRAPHENE_RECT_INIT (0, floor (height * i / 4.), width, 1));
  if (self->n < 2)
    return;

  cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, width, height));
  if (gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL)
    {
      cairo_translate (cr, width, 0);
      cairo_scale (cr, -1, 1);
    }
  for (guint i = 0; i < self->n && !two; i++)
    two = sample_at (self, i)->second >= 0;
  draw_line (self, cr, FALSE, width, height, &colour, TRUE);
  if (two)
    draw_line (self, cr, TRUE, width, height, &accent, TRUE);
  cairo_destroy (cr);
}

static void
sq_graph_widget_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
                         int *natural_baseline)
{
  SqGraphWidget *self = SQ_GRAPH_WIDGET (widget);

  *minimum = *natural = orientation == GTK_ORIENTATION_VERTICAL ? self->height : 48;
}

static void
sq_graph_widget_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  SqGraphWidget *self = SQ_GRAPH_WIDGET (object);

  switch (prop_id)
    {
    case PROP_LABEL:
      g_free (self->label);
      self->label = g_value_dup_string (value);
      gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, self->label != NULL ? self->label : "", -1);
      break;
    case PROP_CAPACITY:
      self->capacity = MAX (g_value_get_uint (value), 2);
      self->ring = g_new0 (Sample, self->capacity);
      break;
    case PROP_HEIGHT:
      self->height = g_value_get_int (value);
      gtk_widget_queue_resize (GTK_WIDGET (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_graph_widget_finalize (GObject *object)
{
  SqGraphWidget *self = SQ_GRAPH_WIDGET (object);

  g_free (self->ring);
  g_free (self->label);
  G_OBJECT_CLASS (sq_graph_widget_parent_class)->finalize (object);
}

static void
sq_graph_widget_class_init (SqGraphWidgetClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->set_property = sq_graph_widget_set_property;
  object_class->finalize = sq_graph_widget_finalize;
  widget_class->snapshot = sq_graph_widget_snapshot;
  widget_class->measure = sq_graph_widget_measure;

  props[PROP_LABEL] = g_param_spec_string ("label", NULL, NULL, NULL, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_CAPACITY] =
      g_param_spec_uint ("capacity", NULL, NULL, 2, 100000, 120, G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  props[PROP_HEIGHT] = g_param_spec_int ("height", NULL, NULL, 8, 4096, 64, G_PARAM_WRITABLE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  gtk_widget_class_set_css_name (widget_class, "graph");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
sq_graph_widget_init (SqGraphWidget *self)
{
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
}

GtkWidget *
sq_graph_widget_new (const char *label, guint capacity, int height)
{
  return g_object_new (SQ_TYPE_GRAPH_WIDGET, "label", label, "capacity", capacity, "height", height, NULL);
}

void
sq_graph_widget_push (SqGraphWidget *self, double value, double second)
{
  g_autofree char *text = NULL;

  g_return_if_fail (SQ_IS_GRAPH_WIDGET (self));

  self->ring[self->head] = (Sample){ value, second };
  self->head = (self->head + 1) % self->capacity;
  self->n = MIN (self->n + 1, self->capacity);
  if (!gtk_widget_get_mapped (GTK_WIDGET (self)) || g_get_monotonic_time () - self->drawn_us < MIN_REDRAW_US)
    return;
  text = g_strdup_printf (_("%.0f %%"), value * 100);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
sq_graph_widget_clear (SqGraphWidget *self)
{
  g_return_if_fail (SQ_IS_GRAPH_WIDGET (self));

  self->n = self->head = 0;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

guint
sq_graph_widget_get_n_samples (SqGraphWidget *self)
{
  g_return_val_if_fail (SQ_IS_GRAPH_WIDGET (self), 0);
  return self->n;
}
