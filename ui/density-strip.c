// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "density-strip.h"

#include <glib/gi18n.h>
#include <math.h>

#define STRIP_HEIGHT 24

struct _SqDensityStrip
{
  GtkWidget parent_instance;

  SqDensity *density;
  GArray *values; // float per bin, -1 not run
  gint64 duration_ns;
  gint64 position_ns;
  float confidence;
};

G_DEFINE_FINAL_TYPE (SqDensityStrip, sq_density_strip, GTK_TYPE_WIDGET)

enum
{
  SEEK,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static double
strip_n_bins (SqDensityStrip *self)
{
  double seen = self->values != NULL ? self->values->len : 0;

  if (self->density != NULL && self->duration_ns > 0)
    return MAX (seen, (double) self->duration_ns / sq_density_get_bin_ns (self->density));
  return seen;
}

static void
sq_density_strip_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SqDensityStrip *self = SQ_DENSITY_STRIP (widget);
  int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  gboolean rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  double n = strip_n_bins (self), max = 1;
  int n_columns;
  GdkRGBA colour, quiet;

  if (n < 1 || width < 1 || self->values == NULL)
    return;

  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &colour);
  quiet = colour;
  quiet.alpha *= .15;
  for (guint i = 0; i < self->values->len; i++)
    max = MAX (max, g_array_index (self->values, float, i));

  // One column per bin, or per pixel where bins are narrower: that one shows the busiest of its bins, so a lone detection in an hour
  // stays visible.
  n_columns = MIN ((int) ceil (n), width);
  for (int column = 0; column < n_columns; column++)
    {
      int left = floor (column * width / MIN (n, width)), right = MIN (floor ((column + 1) * width / MIN (n, width)), width);
      guint from = n <= width ? column : column * n / width, to = n <= width ? from + 1 : MAX ((column + 1) * n / width, from + 1);
      float value = -1;

      for (guint i = from; i < to && i < self->values->len; i++)
        value = MAX (value, g_array_index (self->values, float, i));
      if (value >= 0)
        {
          double h = value > 0 ? MAX (value / max * (height - 2), 2) : 1;
          double w = MAX (right - left - (right - left > 3 ? 1 : 0), 1);

          gtk_snapshot_append_color (snapshot, value > 0 ? &colour : &quiet,
                                     &GRAPHENE_RECT_INIT (rtl ? width - left - w : left, height - h, w, h));
        }
    }

  if (self->position_ns >= 0 && self->density != NULL)
    {
      double at = self->position_ns / (n * sq_density_get_bin_ns (self->density));

      if (at <= 1)
        {
          at = rtl ? 1 - at : at;
          gtk_style_context_lookup_color (gtk_widget_get_style_context (widget), "window_fg_color", &colour);
          gtk_snapshot_append_color (snapshot, &colour, &GRAPHENE_RECT_INIT (MIN ((int) (at * width), width - 2), 0, 2, height));
        }
    }
}

static void
sq_density_strip_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
                          int *natural_baseline)
{
  *minimum = *natural = orientation == GTK_ORIENTATION_VERTICAL ? STRIP_HEIGHT : 32;
}

static void
on_pressed (GtkGestureClick *gesture, int n_press, double x, double y, SqDensityStrip *self)
{
  double n = strip_n_bins (self);
  int width = gtk_widget_get_width (GTK_WIDGET (self));

  if (n < 1 || self->density == NULL)
    return;
  if (gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL)
    x = width - x;
  g_signal_emit (self, signals[SEEK], 0, (gint64) (CLAMP (x / width, 0, 1) * n * sq_density_get_bin_ns (self->density)));
}

static gboolean
on_query_tooltip (SqDensityStrip *self, int x, int y, gboolean keyboard, GtkTooltip *tooltip)
{
  double n = strip_n_bins (self);
  g_autofree char *text = NULL;
  guint bin;

  if (n < 1 || keyboard || self->values == NULL)
    return FALSE;
  if (gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL)
    x = gtk_widget_get_width (GTK_WIDGET (self)) - x;
  bin = x * n / MAX (gtk_widget_get_width (GTK_WIDGET (self)), 1);
  if (bin >= self->values->len || g_array_index (self->values, float, bin) < 0)
    return FALSE;
  text = g_strdup_printf (_("%.1f detections per frame"), g_array_index (self->values, float, bin));
  gtk_tooltip_set_text (tooltip, text);
  return TRUE;
}

static void
sq_density_strip_finalize (GObject *object)
{
  SqDensityStrip *self = SQ_DENSITY_STRIP (object);

  g_clear_pointer (&self->density, sq_density_unref);
  g_clear_pointer (&self->values, g_array_unref);
  G_OBJECT_CLASS (sq_density_strip_parent_class)->finalize (object);
}

static void
sq_density_strip_class_init (SqDensityStripClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->finalize = sq_density_strip_finalize;
  widget_class->snapshot = sq_density_strip_snapshot;
  widget_class->measure = sq_density_strip_measure;
  gtk_widget_class_set_css_name (widget_class, "density");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);

  signals[SEEK] = g_signal_new ("seek", SQ_TYPE_DENSITY_STRIP, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT64);
}

static void
sq_density_strip_init (SqDensityStrip *self)
{
  GtkGesture *click = gtk_gesture_click_new ();

  self->position_ns = -1;
  self->confidence = .25f;
  g_signal_connect (click, "pressed", G_CALLBACK (on_pressed), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));
  gtk_widget_set_has_tooltip (GTK_WIDGET (self), TRUE);
  g_signal_connect (self, "query-tooltip", G_CALLBACK (on_query_tooltip), NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Detections over time"), -1);
}

GtkWidget *
sq_density_strip_new (void)
{
  return g_object_new (SQ_TYPE_DENSITY_STRIP, NULL);
}

void
sq_density_strip_set_density (SqDensityStrip *self, SqDensity *density)
{
  g_return_if_fail (SQ_IS_DENSITY_STRIP (self));

  if (density != NULL)
    sq_density_ref (density);
  g_clear_pointer (&self->density, sq_density_unref);
  self->density = density;
  sq_density_strip_refresh (self);
}

void
sq_density_strip_set_duration (SqDensityStrip *self, gint64 duration_ns)
{
  self->duration_ns = duration_ns;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
sq_density_strip_set_position (SqDensityStrip *self, gint64 pts_ns)
{
  if (self->position_ns == pts_ns)
    return;
  self->position_ns = pts_ns;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
sq_density_strip_set_confidence (SqDensityStrip *self, float confidence)
{
  if (self->confidence == confidence)
    return;
  self->confidence = confidence;
  sq_density_strip_refresh (self);
}

void
sq_density_strip_refresh (SqDensityStrip *self)
{
  g_return_if_fail (SQ_IS_DENSITY_STRIP (self));

  g_clear_pointer (&self->values, g_array_unref);
  if (self->density != NULL)
    self->values = sq_density_get (self->density, self->confidence);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
