// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "fidelity-chart.h"

#include "format.h"
#include <adwaita.h>
#include <glib/gi18n.h>
#include <math.h>

#define HEIGHT 220
#define LEFT 46   // px for the scale of agreement
#define BOTTOM 40 // px for that of time
#define TOP 10
#define RIGHT 14
#define RADIUS 5
#define NEAR 24 // px: pointing at a dot

struct _SqFidelityChart
{
  GtkWidget parent_instance;

  GArray *points; // SqFidelityPoint
  int shown;      // -1 none
};

G_DEFINE_FINAL_TYPE (SqFidelityChart, sq_fidelity_chart, GTK_TYPE_WIDGET)

static void
point_clear (gpointer data)
{
  g_free (((SqFidelityPoint *) data)->name);
}

static const SqFidelityPoint *
get_point (SqFidelityChart *self, guint i)
{
  return &g_array_index (self->points, SqFidelityPoint, i);
}

static double
ratio_of (const SqFidelityPoint *point)
{
  return point->original ? 1 : point->ms / point->original_ms;
}

gboolean
sq_fidelity_chart_is_on_front (SqFidelityChart *self, guint i)
{
  const SqFidelityPoint *p = get_point (self, i);

  for (guint k = 0; k < self->points->len; k++)
    {
      const SqFidelityPoint *q = get_point (self, k);

      if (k != i && ratio_of (q) <= ratio_of (p) && q->agreement >= p->agreement
          && (ratio_of (q) < ratio_of (p) || q->agreement > p->agreement))
        return FALSE;
    }
  return TRUE;
}

char *
sq_fidelity_chart_describe (SqFidelityChart *self, guint i)
{
  const SqFidelityPoint *p = get_point (self, i);
  g_autofree char *ms = sq_format_ms ((gint64) (p->ms * 1e6));

  if (p->original)
    // Translators: name, time
    return g_strdup_printf (_("%s, the original: %s"), p->name, ms);
  // Translators: name, time, that time divided by the original's, agreement
  return g_strdup_printf (_("%s: %s, %.2f of the original’s time, agreement %.3f"), p->name, ms, ratio_of (p), p->agreement);
}

/* Drawing */

typedef struct
{
  double x0, y0, width, height; // px, of the plot
  double time_end;              // ratio at the right
  double low, step;             // agreement at the bottom and between lines
} Plot;

static Plot
make_plot (SqFidelityChart *self)
{
  static const double steps[] = { .01, .02, .05, .1, .2, .25 };
  Plot plot = { LEFT, TOP, MAX (gtk_widget_get_width (GTK_WIDGET (self)) - LEFT - RIGHT, 1),
                MAX (gtk_widget_get_height (GTK_WIDGET (self)) - TOP - BOTTOM, 1) };
  double lowest = 1, longest = 1;
  guint s = 0;

  for (guint i = 0; i < self->points->len; i++)
    {
      lowest = MIN (lowest, get_point (self, i)->agreement);
      longest = MAX (longest, ratio_of (get_point (self, i)));
    }
  while (s + 1 < G_N_ELEMENTS (steps) && (1 - lowest) / steps[s] > 4.5)
    s++;
  plot.step = steps[s];
  plot.low = MAX (1 - ceil ((1 - lowest) / plot.step + .3) * plot.step, 0);
  plot.time_end = ceil (longest * 1.04 / .25) * .25;
  return plot;
}

static double
place_x (const Plot *plot, double ratio)
{
  return plot->x0 + ratio / plot->time_end * plot->width;
}

static double
place_y (const Plot *plot, double agreement)
{
  return plot->y0 + (1 - agreement) / (1 - plot->low) * plot->height;
}

static void
draw_text (GtkWidget *widget, GtkSnapshot *snapshot, const char *text, double x, double y, double x_align, const GdkRGBA *colour,
           const GdkRGBA *box)
{
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (widget, text);
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();
  int width, height, room = gtk_widget_get_width (widget);

  pango_attr_list_insert (attributes, pango_attr_scale_new (PANGO_SCALE_SMALL));
  pango_attr_list_insert (attributes, pango_attr_font_features_new ("tnum"));
  pango_layout_set_attributes (layout, attributes);
  if (box != NULL)
    {
      pango_layout_set_width (layout, MAX (room - 24, 1) * PANGO_SCALE);
      pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);
    }
  pango_layout_get_pixel_size (layout, &width, &height);
  x -= x_align * width;
  if (box != NULL)
    {
      x = CLAMP (x, 6, MAX (room - width - 6, 6));
      y = y - height - 14 < 2 ? y + 14 : y - height - 14;
      gtk_snapshot_append_color (snapshot, box, &GRAPHENE_RECT_INIT ((float) x - 6, (float) y - 3, width + 12, height + 6));
    }
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT ((float) x, (float) y));
  gtk_snapshot_append_layout (snapshot, layout, colour);
  gtk_snapshot_restore (snapshot);
}

static void
draw_scales (SqFidelityChart *self, GtkSnapshot *snapshot, const Plot *plot, const GdkRGBA *text, const GdkRGBA *grid)
{
  GtkWidget *widget = GTK_WIDGET (self);
  double bottom = plot->y0 + plot->height;
  double every = plot->time_end > 2 ? .5 : .25;

  for (double a = 1; a > plot->low - 1e-6; a -= plot->step)
    {
      g_autofree char *label = g_strdup_printf ("%.2f", fabs (a));
      double y = place_y (plot, a);

      gtk_snapshot_append_color (snapshot, grid, &GRAPHENE_RECT_INIT ((float) plot->x0, floorf ((float) y), (float) plot->width, 1));
      draw_text (widget, snapshot, label, plot->x0 - 8, y - 8, 1, text, NULL);
    }
  for (double r = 0; r < plot->time_end + 1e-6; r += every)
    {
      g_autofree char *label = g_strdup_printf (every < .5 ? "%.2f" : "%.1f", r);
      double x = place_x (plot, r);

      gtk_snapshot_append_color (snapshot, grid, &GRAPHENE_RECT_INIT (floorf ((float) x), (float) plot->y0, 1, (float) plot->height));
      if (r > 0 || plot->width > 300)
        draw_text (widget, snapshot, label, x, bottom + 3, .5, text, NULL);
    }
  draw_text (widget, snapshot, _("Time, original = 1"), plot->x0 + plot->width, bottom + 20, 1, text, NULL);
  draw_text (widget, snapshot, _("Agreement"), 4, bottom + 20, 0, text, NULL);
}

static int
compare_times (gconstpointer a, gconstpointer b, gpointer data)
{
  double x = ratio_of (get_point (data, *(const guint *) a)), y = ratio_of (get_point (data, *(const guint *) b));

  return (x > y) - (x < y);
}

static void
draw_front (SqFidelityChart *self, cairo_t *cr, const Plot *plot, const GdkRGBA *colour)
{
  g_autoptr (GArray) front = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < self->points->len; i++)
    if (sq_fidelity_chart_is_on_front (self, i))
      g_array_append_val (front, i);
  g_array_sort_with_data (front, compare_times, self);
  for (guint k = 0; k < front->len; k++)
    {
      const SqFidelityPoint *p = get_point (self, g_array_index (front, guint, k));

      cairo_line_to (cr, place_x (plot, ratio_of (p)), place_y (plot, p->agreement));
    }
  gdk_cairo_set_source_rgba (cr, colour);
  cairo_set_line_width (cr, 1.5);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  cairo_stroke (cr);
}

static void
draw_point (SqFidelityChart *self, cairo_t *cr, const Plot *plot, guint i, const GdkRGBA *colour, const GdkRGBA *back)
{
  const SqFidelityPoint *p = get_point (self, i);
  double x = place_x (plot, ratio_of (p)), y = place_y (plot, p->agreement), r = RADIUS;

  if (p->original)
    {
      r += 1.5;
      cairo_move_to (cr, x, y - r);
      cairo_line_to (cr, x + r, y);
      cairo_line_to (cr, x, y + r);
      cairo_line_to (cr, x - r, y);
      cairo_close_path (cr);
    }
  else
    {
      cairo_arc (cr, x, y, r, 0, 2 * G_PI);
    }
  gdk_cairo_set_source_rgba (cr, sq_fidelity_chart_is_on_front (self, i) ? colour : back);
  cairo_fill_preserve (cr);
  gdk_cairo_set_source_rgba (cr, colour);
  cairo_set_line_width (cr, 2);
  cairo_stroke (cr);
  if (p->selected || (int) i == self->shown)
    {
      cairo_arc (cr, x, y, RADIUS + 5, 0, 2 * G_PI);
      cairo_set_line_width (cr, p->selected ? 2 : 1);
      cairo_stroke (cr);
    }
}

static void
sq_fidelity_chart_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SqFidelityChart *self = SQ_FIDELITY_CHART (widget);
  gboolean dark = adw_style_manager_get_dark (adw_style_manager_get_default ());
  Plot plot = make_plot (self);
  GdkRGBA text, grid, colour, back = dark ? (GdkRGBA){ .14f, .14f, .14f, 1 } : (GdkRGBA){ 1, 1, 1, 1 };
  cairo_t *cr;

  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &text);
  grid = text;
  grid.alpha *= .15f;
  gdk_rgba_parse (&colour, dark ? "#78aeed" : "#1c71d8");
  draw_scales (self, snapshot, &plot, &text, &grid);
  cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, gtk_widget_get_width (widget), gtk_widget_get_height (widget)));
  draw_front (self, cr, &plot, &colour);
  for (guint i = 0; i < self->points->len; i++)
    draw_point (self, cr, &plot, i, &colour, &back);
  cairo_destroy (cr);
  if (self->shown >= 0 && (guint) self->shown < self->points->len)
    {
      const SqFidelityPoint *p = get_point (self, (guint) self->shown);
      g_autofree char *label = sq_fidelity_chart_describe (self, (guint) self->shown);
      const GdkRGBA box = dark ? (GdkRGBA){ .1f, .1f, .1f, .94f } : (GdkRGBA){ 1, 1, 1, .96f };

      text.alpha = 1;
      draw_text (widget, snapshot, label, place_x (&plot, ratio_of (p)), place_y (&plot, p->agreement), .5, &text, &box);
    }
}

static void
sq_fidelity_chart_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
                           int *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_VERTICAL ? HEIGHT : 200;
  *natural = orientation == GTK_ORIENTATION_VERTICAL ? HEIGHT : 400;
}

/* Pointing */

void
sq_fidelity_chart_show (SqFidelityChart *self, int i)
{
  g_return_if_fail (SQ_IS_FIDELITY_CHART (self));
  g_return_if_fail (i < (int) self->points->len);

  if (self->shown == i)
    return;
  self->shown = i;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  if (i >= 0)
    {
      g_autofree char *text = sq_fidelity_chart_describe (self, (guint) i);

      gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
    }
}

static void
on_motion (SqFidelityChart *self, double x, double y)
{
  Plot plot = make_plot (self);
  double nearest = NEAR;
  int found = -1;

  for (guint i = 0; i < self->points->len; i++)
    {
      const SqFidelityPoint *p = get_point (self, i);
      double d = hypot (place_x (&plot, ratio_of (p)) - x, place_y (&plot, p->agreement) - y);

      if (d < nearest)
        {
          nearest = d;
          found = (int) i;
        }
    }
  sq_fidelity_chart_show (self, found);
}

static void
on_leave (SqFidelityChart *self)
{
  sq_fidelity_chart_show (self, -1);
}

// From dot to dot by time.
static gboolean
on_key (SqFidelityChart *self, guint key, guint code, GdkModifierType state)
{
  g_autoptr (GArray) order = g_array_new (FALSE, FALSE, sizeof (guint));
  int at = -1, step = key == GDK_KEY_Left ? -1 : 1;

  if ((key != GDK_KEY_Left && key != GDK_KEY_Right) || (state & (GDK_CONTROL_MASK | GDK_ALT_MASK)) != 0 || self->points->len == 0)
    return GDK_EVENT_PROPAGATE;
  for (guint i = 0; i < self->points->len; i++)
    g_array_append_val (order, i);
  g_array_sort_with_data (order, compare_times, self);
  for (guint k = 0; k < order->len; k++)
    if ((int) g_array_index (order, guint, k) == self->shown)
      at = (int) k;
  at = at < 0 ? 0 : CLAMP (at + step, 0, (int) order->len - 1);
  sq_fidelity_chart_show (self, (int) g_array_index (order, guint, (guint) at));
  return GDK_EVENT_STOP;
}

/* Object */

static void
sq_fidelity_chart_finalize (GObject *object)
{
  g_array_unref (SQ_FIDELITY_CHART (object)->points);
  G_OBJECT_CLASS (sq_fidelity_chart_parent_class)->finalize (object);
}

static void
sq_fidelity_chart_class_init (SqFidelityChartClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = sq_fidelity_chart_finalize;
  widget_class->snapshot = sq_fidelity_chart_snapshot;
  widget_class->measure = sq_fidelity_chart_measure;
  gtk_widget_class_set_css_name (widget_class, "fidelitychart");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
sq_fidelity_chart_init (SqFidelityChart *self)
{
  GtkEventController *motion = gtk_event_controller_motion_new (), *key = gtk_event_controller_key_new ();
  GtkEventController *focus = gtk_event_controller_focus_new ();

  self->points = g_array_new (FALSE, FALSE, sizeof (SqFidelityPoint));
  g_array_set_clear_func (self->points, point_clear);
  self->shown = -1;
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Time against agreement of each variant"), -1);
  g_signal_connect_swapped (motion, "motion", G_CALLBACK (on_motion), self);
  g_signal_connect_swapped (motion, "leave", G_CALLBACK (on_leave), self);
  g_signal_connect_swapped (key, "key-pressed", G_CALLBACK (on_key), self);
  g_signal_connect_swapped (focus, "leave", G_CALLBACK (on_leave), self);
  gtk_widget_add_controller (GTK_WIDGET (self), motion);
  gtk_widget_add_controller (GTK_WIDGET (self), key);
  gtk_widget_add_controller (GTK_WIDGET (self), focus);
}

GtkWidget *
sq_fidelity_chart_new (void)
{
  return g_object_new (SQ_TYPE_FIDELITY_CHART, NULL);
}

void
sq_fidelity_chart_clear (SqFidelityChart *self)
{
  g_return_if_fail (SQ_IS_FIDELITY_CHART (self));

  g_array_set_size (self->points, 0);
  self->shown = -1;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
sq_fidelity_chart_add (SqFidelityChart *self, const SqFidelityPoint *point)
{
  SqFidelityPoint copy = *point;

  g_return_if_fail (SQ_IS_FIDELITY_CHART (self));

  copy.name = g_strdup (point->name);
  g_array_append_val (self->points, copy);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

guint
sq_fidelity_chart_get_n_points (SqFidelityChart *self)
{
  return self->points->len;
}
