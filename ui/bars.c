// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "bars.h"

#include <math.h>

#define MARK 7 // px

static gboolean
is_rtl (GtkWidget *widget)
{
  return gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
}

// One column per bin, or per pixel where bins are narrower: that one shows the highest of its bins, so a lone one in an hour stays visible.
static double
n_columns (const SqBars *self, int width)
{
  return MIN (self->n, width);
}

static void
column_bins (const SqBars *self, int width, int column, guint *from, guint *to)
{
  *from = self->n <= width ? column : column * self->n / width;
  *to = self->n <= width ? *from + 1 : MAX ((column + 1) * self->n / width, *from + 1);
}

static void
draw_mark (const SqBars *self, GtkWidget *widget, GtkSnapshot *snapshot)
{
  int width = gtk_widget_get_width (widget);
  double at = (self->marked + .5) / self->n * width;
  GdkRGBA colour;

  gtk_style_context_lookup_color (gtk_widget_get_style_context (widget), "window_fg_color", &colour);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot,
                          &GRAPHENE_POINT_INIT (CLAMP (is_rtl (widget) ? width - at : at, MARK / 2., width - MARK / 2.), MARK / 2.f));
  gtk_snapshot_rotate (snapshot, 45);
  gtk_snapshot_append_color (snapshot, &colour, &GRAPHENE_RECT_INIT (-MARK / 3.f, -MARK / 3.f, MARK / 1.5f, MARK / 1.5f));
  gtk_snapshot_restore (snapshot);
}

void
sq_bars_snapshot (const SqBars *self, GtkWidget *widget, GtkSnapshot *snapshot)
{
  int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget), top = self->marked >= 0 ? MARK + 1 : 2;
  gboolean rtl = is_rtl (widget);
  double columns = n_columns (self, width), max = 1;
  GdkRGBA colour, quiet;

  if (self->n < 1 || width < 1)
    return;

  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &colour);
  quiet = colour;
  quiet.alpha *= .15;
  for (guint i = 0; i < self->n_values; i++)
    max = MAX (max, self->values[i]);

  for (int column = 0; column < (int) ceil (columns); column++)
    {
      int left = floor (column * width / columns), right = MIN (floor ((column + 1) * width / columns), width);
      guint from, to;
      float value = -1;

      column_bins (self, width, column, &from, &to);
      for (guint i = from; i < to && i < self->n_values; i++)
        value = MAX (value, self->values[i]);
      if (value >= 0)
        {
          double h = value > 0 ? MAX (value / max * (height - top), 2) : 1;
          double w = MAX (right - left - (right - left > 3 ? 1 : 0), 1);

          gtk_snapshot_append_color (snapshot, value > 0 ? &colour : &quiet,
                                     &GRAPHENE_RECT_INIT (rtl ? width - left - w : left, height - h, w, h));
        }
    }

  if (self->marked >= 0)
    draw_mark (self, widget, snapshot);
  if (self->position >= 0 && self->position <= 1)
    {
      double at = rtl ? 1 - self->position : self->position;

      gtk_style_context_lookup_color (gtk_widget_get_style_context (widget), "window_fg_color", &colour);
      gtk_snapshot_append_color (snapshot, &colour, &GRAPHENE_RECT_INIT (MIN ((int) (at * width), width - 2), 0, 2, height));
    }
}

double
sq_bars_fraction (GtkWidget *widget, double x)
{
  int width = gtk_widget_get_width (widget);

  return CLAMP ((is_rtl (widget) ? width - x : x) / MAX (width, 1), 0, 1);
}

gboolean
sq_bars_find (const SqBars *self, GtkWidget *widget, double x, guint *from, guint *to)
{
  int width = gtk_widget_get_width (widget), columns = ceil (n_columns (self, width));

  if (self->n < 1 || columns < 1)
    return FALSE;
  column_bins (self, width, MIN ((int) (sq_bars_fraction (widget, x) * n_columns (self, width)), columns - 1), from, to);
  *to = MIN (*to, self->n_values);
  return *from < *to;
}
