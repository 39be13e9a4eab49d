// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "density-strip.h"

#include "bars.h"
#include <glib/gi18n.h>

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

static SqBars
get_bars (SqDensityStrip *self)
{
  double n = strip_n_bins (self);

  return (SqBars){
    .values = self->values != NULL ? (const float *) self->values->data : NULL,
    .n_values = self->values != NULL ? self->values->len : 0,
    .n = n,
    .position =
        self->position_ns >= 0 && self->density != NULL && n >= 1 ? self->position_ns / (n * sq_density_get_bin_ns (self->density)) : -1,
    .marked = -1,
  };
}

static void
sq_density_strip_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SqBars bars = get_bars (SQ_DENSITY_STRIP (widget));

  sq_bars_snapshot (&bars, widget, snapshot);
}

static void
sq_density_strip_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
                          int *natural_baseline)
{
  *minimum = *natural = orientation == GTK_ORIENTATION_VERTICAL ? SQ_BARS_HEIGHT : 32;
}

static void
on_pressed (GtkGestureClick *gesture, int n_press, double x, double y, SqDensityStrip *self)
{
  double n = strip_n_bins (self);

  if (n < 1 || self->density == NULL)
    return;
  g_signal_emit (self, signals[SEEK], 0, (gint64) (sq_bars_fraction (GTK_WIDGET (self), x) * n * sq_density_get_bin_ns (self->density)));
}

static gboolean
on_query_tooltip (SqDensityStrip *self, int x, int y, gboolean keyboard, GtkTooltip *tooltip)
{
  SqBars bars = get_bars (self);
  g_autofree char *text = NULL;
  float value = -1;
  guint from, to;

  if (keyboard || !sq_bars_find (&bars, GTK_WIDGET (self), x, &from, &to))
    return FALSE;
  for (guint i = from; i < to; i++)
    value = MAX (value, bars.values[i]);
  if (value < 0)
    return FALSE;
  text = g_strdup_printf (_("%.1f detections per frame"), value);
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
