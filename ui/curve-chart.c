// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "curve-chart.h"

#define HEIGHT 200 // px
#define LEFT 40
#define RIGHT 12
#define TOP 10
#define BOTTOM 40
#define CURVES 2

struct _SqCurveChart
{
  GtkWidget parent_instance;

  char *x_title, *y_title;
  GArray *values[CURVES]; // float
};

G_DEFINE_FINAL_TYPE (SqCurveChart, sq_curve_chart, GTK_TYPE_WIDGET)

static void
draw_text (GtkWidget *widget, GtkSnapshot *snapshot, const char *text, double x, double y, double x_align, const GdkRGBA *colour)
{
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (widget, text);
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();
  int width;

  pango_attr_list_insert (attributes, pango_attr_scale_new (PANGO_SCALE_SMALL));
  pango_attr_list_insert (attributes, pango_attr_font_features_new ("tnum"));
  pango_layout_set_attributes (layout, attributes);
  pango_layout_get_pixel_size (layout, &width, NULL);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT ((float) (x - x_align * width), (float) y));
  gtk_snapshot_append_layout (snapshot, layout, colour);
  gtk_snapshot_restore (snapshot);
}

static void
draw_curve (cairo_t *cr, const GArray *values, double width, double height)
{
  for (guint i = 0; i < values->len; i++)
    {
      float value = g_array_index (values, float, i);

      if (value >= 0)
        cairo_line_to (cr, LEFT + width * i / MAX (values->len - 1, 1), TOP + (1 - MIN (value, 1)) * height);
    }
  cairo_stroke (cr);
}

static void
sq_curve_chart_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SqCurveChart *self = SQ_CURVE_CHART (widget);
  gboolean dark = adw_style_manager_get_dark (adw_style_manager_get_default ());
  double width = MAX (gtk_widget_get_width (widget) - LEFT - RIGHT, 1), height = MAX (gtk_widget_get_height (widget) - TOP - BOTTOM, 1);
  const char *const colours[CURVES] = { dark ? "#78aeed" : "#1c71d8", dark ? "#ffbe6f" : "#c64600" };
  GdkRGBA text, grid, colour;
  cairo_t *cr;

  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &text);
  grid = text;
  grid.alpha *= .15f;
  for (int i = 0; i <= 4; i++)
    {
      g_autofree char *label = g_strdup_printf ("%.2f", i / 4.);
      float x = floorf ((float) (LEFT + width * i / 4)), y = floorf ((float) (TOP + height * (4 - i) / 4));

      gtk_snapshot_append_color (snapshot, &grid, &GRAPHENE_RECT_INIT (LEFT, y, (float) width, 1));
      gtk_snapshot_append_color (snapshot, &grid, &GRAPHENE_RECT_INIT (x, TOP, 1, (float) height));
      draw_text (widget, snapshot, label, LEFT - 6, y - 8, 1, &text);
      draw_text (widget, snapshot, label, x, TOP + height + 3, i == 0 ? 0 : i == 4 ? 1 : .5, &text);
    }
  draw_text (widget, snapshot, self->x_title, LEFT + width, TOP + height + 19, 1, &text);
  draw_text (widget, snapshot, self->y_title, 4, TOP + height + 19, 0, &text);

  cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, gtk_widget_get_width (widget), gtk_widget_get_height (widget)));
  cairo_set_line_width (cr, 2);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  for (guint c = 0; c < CURVES; c++)
    {
      const double dashes[] = { 6, 3 };

      gdk_rgba_parse (&colour, colours[c]);
      gdk_cairo_set_source_rgba (cr, &colour);
      cairo_set_dash (cr, dashes, c == 1 ? 2 : 0, 0); // not by colour alone
      draw_curve (cr, self->values[c], width, height);
    }
  cairo_destroy (cr);
}

static void
sq_curve_chart_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
                        int *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_VERTICAL ? HEIGHT : 200;
  *natural = orientation == GTK_ORIENTATION_VERTICAL ? HEIGHT : 340;
}

static void
sq_curve_chart_finalize (GObject *object)
{
  SqCurveChart *self = SQ_CURVE_CHART (object);

  g_free (self->x_title);
  g_free (self->y_title);
  for (guint c = 0; c < CURVES; c++)
    g_array_unref (self->values[c]);
  G_OBJECT_CLASS (sq_curve_chart_parent_class)->finalize (object);
}

static void
sq_curve_chart_class_init (SqCurveChartClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = sq_curve_chart_finalize;
  widget_class->snapshot = sq_curve_chart_snapshot;
  widget_class->measure = sq_curve_chart_measure;
  gtk_widget_class_set_css_name (widget_class, "fidelitychart");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
sq_curve_chart_init (SqCurveChart *self)
{
  for (guint c = 0; c < CURVES; c++)
    self->values[c] = g_array_new (FALSE, FALSE, sizeof (float));
}

GtkWidget *
sq_curve_chart_new (const char *x_title, const char *y_title)
{
  SqCurveChart *self = g_object_new (SQ_TYPE_CURVE_CHART, NULL);
  g_autofree char *label = g_strdup_printf ("%s / %s", y_title, x_title);

  self->x_title = g_strdup (x_title);
  self->y_title = g_strdup (y_title);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  return GTK_WIDGET (self);
}

void
sq_curve_chart_set_curve (SqCurveChart *self, guint curve, const float *values, guint n)
{
  g_return_if_fail (SQ_IS_CURVE_CHART (self));
  g_return_if_fail (curve < CURVES);

  g_array_set_size (self->values[curve], 0);
  if (values != NULL)
    g_array_append_vals (self->values[curve], values, n);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

float
sq_curve_chart_get_value (SqCurveChart *self, guint curve, guint i)
{
  g_return_val_if_fail (SQ_IS_CURVE_CHART (self), -1);
  return i < self->values[curve]->len ? g_array_index (self->values[curve], float, i) : -1;
}
