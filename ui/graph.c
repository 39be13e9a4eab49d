// SPDX-License-Identifier: GPL-3.0-or-later
// Named SqGraphWidget because SqGraph is the engine's network.
#include "config.h"

#include "graph.h"

#include "engine/engine.h"
#include <adwaita.h>
#include <glib/gi18n.h>
#include <math.h>

#define MIN_REDRAW_US 100000 // at most 10 Hz
#define LABELLED 64          // px high: lower ones have no room for a scale
#define SCALE_WIDTH 44       // px, of the scale's labels

typedef struct
{
  float value, second; // -1 none
} Sample;

struct _SqGraphWidget
{
  GtkWidget parent_instance;

  char *label, *unit, *names[2];
  double maximum;
  Sample *ring;
  guint capacity, head, n; // head: where the next sample goes
  int height;
  int shown; // samples before the newest; -1 none
  gint64 drawn_us;
};

G_DEFINE_FINAL_TYPE (SqGraphWidget, sq_graph_widget, GTK_TYPE_WIDGET)

enum
{
  PROP_0,
  PROP_LABEL,
  PROP_CAPACITY,
  PROP_HEIGHT,
  PROP_UNIT,
  PROP_MAXIMUM,
  PROP_FIRST_NAME,
  PROP_SECOND_NAME,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

// Blue and vermilion of Okabe and Ito's palette, which the common colour deficiencies tell apart; lighter on dark.
static const char *const colours[2][2] = { { "#0072b2", "#c04e00" }, { "#56b4e9", "#f0a030" } };

static const Sample *
sample_at (SqGraphWidget *self, guint i)
{
  return &self->ring[(self->head + self->capacity - self->n + i) % self->capacity];
}

// The scale's end: as set, or the next round number above all there is.
static double
scale_end (SqGraphWidget *self)
{
  static const double steps[] = { 1, 2, 5, 10 };
  double most = 0, power;

  if (self->maximum > 0)
    return self->maximum;
  for (guint i = 0; i < self->n; i++)
    most = fmax (most, fmax (sample_at (self, i)->value, sample_at (self, i)->second));
  power = pow (10, floor (log10 (fmax (most, 1))));
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    if (most <= steps[i] * power)
      return steps[i] * power;
  return 10 * power;
}

static char *
format_value (SqGraphWidget *self, double value)
{
  // Translators: a number and its unit
  return value < 0 ? g_strdup (_("not reported")) : g_strdup_printf (_("%.0f %s"), value, self->unit != NULL ? self->unit : "");
}

char *
sq_graph_widget_describe (SqGraphWidget *self, guint ago)
{
  const Sample *s;
  g_autofree char *first = NULL;
  GString *text = g_string_new (NULL);

  g_return_val_if_fail (SQ_IS_GRAPH_WIDGET (self), NULL);
  if (ago >= self->n)
    return g_string_free (text, FALSE);
  s = sample_at (self, self->n - 1 - ago);
  if (ago > 0)
    g_string_append_printf (text, _("%.1f s ago: "), ago * SQ_MONITOR_INTERVAL_MS / 1000.);
  first = format_value (self, s->value);
  if (self->names[0] != NULL)
    g_string_append_printf (text, "%s ", self->names[0]);
  g_string_append (text, first);
  if (s->second >= 0)
    {
      g_autofree char *second = format_value (self, s->second);

      g_string_append_printf (text, ", %s%s%s", self->names[1] != NULL ? self->names[1] : "", self->names[1] != NULL ? " " : "", second);
    }
  return g_string_free (text, FALSE);
}

/* Drawing */

typedef struct
{
  int width, height; // px, of the plot
  double end, step;  // scale; px per sample
} Plot;

static double
sample_x (SqGraphWidget *self, const Plot *plot, guint i)
{
  return plot->width - (self->n - 1 - i) * plot->step;
}

static double
value_y (const Plot *plot, double value)
{
  return 1 + (1 - CLAMP (value / plot->end, 0, 1)) * (plot->height - 2);
}

static void
draw_line (SqGraphWidget *self, cairo_t *cr, gboolean second, const Plot *plot, const GdkRGBA *colour)
{
  static const double dashes[] = { 4, 3 };
  guint i = 0;

  while (i < self->n)
    {
      guint from = i;

      while (i < self->n && (second ? sample_at (self, i)->second : sample_at (self, i)->value) >= 0)
        {
          const Sample *s = sample_at (self, i);

          cairo_line_to (cr, sample_x (self, plot, i), value_y (plot, second ? s->second : s->value));
          i++;
        }
      if (i > from)
        {
          gdk_cairo_set_source_rgba (cr, colour);
          cairo_set_line_width (cr, 1.5);
          cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
          cairo_set_dash (cr, dashes, second ? 2 : 0, 0);
          cairo_stroke_preserve (cr);
          if (!second)
            {
              cairo_line_to (cr, sample_x (self, plot, i - 1), plot->height);
              cairo_line_to (cr, sample_x (self, plot, from), plot->height);
              cairo_close_path (cr);
              cairo_set_source_rgba (cr, colour->red, colour->green, colour->blue, .2);
              cairo_fill (cr);
            }
          cairo_new_path (cr);
        }
      else
        i++;
    }
}

static void
draw_text (GtkWidget *widget, GtkSnapshot *snapshot, const char *text, double x, double y, double x_align, const GdkRGBA *colour,
           const GdkRGBA *box)
{
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (widget, text);
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();
  int width, height;

  pango_attr_list_insert (attributes, pango_attr_scale_new (PANGO_SCALE_SMALL));
  pango_attr_list_insert (attributes, pango_attr_font_features_new ("tnum"));
  pango_layout_set_attributes (layout, attributes);
  pango_layout_get_pixel_size (layout, &width, &height);
  x -= x_align * width;
  if (box != NULL)
    {
      x = CLAMP (x, 6, MAX (gtk_widget_get_width (widget) - width - 6, 6));
      gtk_snapshot_append_color (snapshot, box, &GRAPHENE_RECT_INIT ((float) x - 5, (float) y - 2, width + 10, height + 4));
    }
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT ((float) x, (float) y));
  gtk_snapshot_append_layout (snapshot, layout, colour);
  gtk_snapshot_restore (snapshot);
}

static void
draw_scale (SqGraphWidget *self, GtkSnapshot *snapshot, const Plot *plot, const GdkRGBA *colour)
{
  gboolean mirrored = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
  double x = mirrored ? SCALE_WIDTH - 6 : plot->width + 6;

  for (int i = 0; i <= 2; i++)
    {
      double value = plot->end * (2 - i) / 2;
      g_autofree char *text = i == 0 ? g_strdup_printf (_("%.0f %s"), value, self->unit != NULL ? self->unit : "")
                                     : g_strdup_printf (value == floor (value) ? "%.0f" : "%.1f", value);

      draw_text (GTK_WIDGET (self), snapshot, text, x, i * (plot->height - 15) / 2., mirrored ? 1 : 0, colour, NULL);
    }
}

static void
draw_moment (SqGraphWidget *self, GtkSnapshot *snapshot, const Plot *plot, const GdkRGBA *text_colour, const GdkRGBA *lines, gboolean dark)
{
  g_autofree char *text = sq_graph_widget_describe (self, (guint) self->shown);
  gboolean mirrored = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
  const Sample *s = sample_at (self, self->n - 1 - (guint) self->shown);
  double at = sample_x (self, plot, self->n - 1 - (guint) self->shown);
  double x = mirrored ? gtk_widget_get_width (GTK_WIDGET (self)) - at : at;
  const double values[] = { s->value, s->second };
  const GdkRGBA box = dark ? (GdkRGBA){ .1f, .1f, .1f, .92f } : (GdkRGBA){ 1, 1, 1, .94f };

  gtk_snapshot_append_color (snapshot, text_colour, &GRAPHENE_RECT_INIT ((float) x, 0, 1, plot->height));
  for (int i = 0; i < 2; i++)
    if (values[i] >= 0)
      gtk_snapshot_append_color (snapshot, &lines[i], &GRAPHENE_RECT_INIT ((float) x - 3, (float) value_y (plot, values[i]) - 3, 7, 7));
  draw_text (GTK_WIDGET (self), snapshot, text, x, 4, .5, text_colour, &box);
}

static void
sq_graph_widget_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SqGraphWidget *self = SQ_GRAPH_WIDGET (widget);
  int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  gboolean labelled = height >= LABELLED, dark = adw_style_manager_get_dark (adw_style_manager_get_default ());
  Plot plot = { MAX (width - (labelled ? SCALE_WIDTH : 0), 1), height, scale_end (self), 0 };
  gboolean mirrored = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  GdkRGBA text, grid, lines[2];
  cairo_t *cr;

  plot.step = (double) plot.width / MAX (self->capacity - 1, 1);
  self->drawn_us = g_get_monotonic_time ();
  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &text);
  grid = text;
  grid.alpha *= .15f;
  for (int i = 0; i < 2; i++)
    gdk_rgba_parse (&lines[i], colours[dark][i]);

  if (labelled)
    {
      for (int i = 0; i <= 4; i++)
        gtk_snapshot_append_color (
            snapshot, &grid,
            &GRAPHENE_RECT_INIT (mirrored ? width - plot.width : 0, floorf ((float) i * (plot.height - 1) / 4), plot.width, 1));
      draw_scale (self, snapshot, &plot, &text);
    }
  if (self->n < 2)
    return;
  cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, width, height));
  if (mirrored)
    {
      cairo_translate (cr, width, 0);
      cairo_scale (cr, -1, 1);
    }
  cairo_rectangle (cr, 0, 0, plot.width, plot.height);
  cairo_clip (cr);
  draw_line (self, cr, FALSE, &plot, &lines[0]);
  draw_line (self, cr, TRUE, &plot, &lines[1]);
  cairo_destroy (cr);
  if (self->shown >= 0 && (guint) self->shown < self->n)
    draw_moment (self, snapshot, &plot, &text, lines, dark);
}

static void
sq_graph_widget_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
                         int *natural_baseline)
{
  SqGraphWidget *self = SQ_GRAPH_WIDGET (widget);

  *minimum = *natural = orientation == GTK_ORIENTATION_VERTICAL ? self->height : 48;
}

/* A moment */

static void
show_moment (SqGraphWidget *self, int ago)
{
  ago = CLAMP (ago, -1, (int) self->n - 1);
  if (ago == self->shown)
    return;
  self->shown = ago;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
on_motion (SqGraphWidget *self, double x, double y)
{
  int width = gtk_widget_get_width (GTK_WIDGET (self)), plot = MAX (width - (self->height >= LABELLED ? SCALE_WIDTH : 0), 1);

  if (gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL)
    x = width - x;
  show_moment (self, (int) round ((plot - MIN (x, plot)) * MAX (self->capacity - 1, 1) / plot));
}

static void
on_leave (SqGraphWidget *self)
{
  show_moment (self, -1);
}

static gboolean
on_key (SqGraphWidget *self, guint key, guint code, GdkModifierType state)
{
  int older = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL ? GDK_KEY_Right : GDK_KEY_Left;

  if (key == GDK_KEY_Escape && self->shown >= 0)
    show_moment (self, -1);
  else if ((key == GDK_KEY_Left || key == GDK_KEY_Right) && (state & (GDK_CONTROL_MASK | GDK_ALT_MASK)) == 0)
    {
      g_autofree char *text = NULL;

      show_moment (self, self->shown < 0 ? 0 : MAX (self->shown + ((int) key == older ? 4 : -4), 0));
      text = sq_graph_widget_describe (self, (guint) MAX (self->shown, 0));
      gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
    }
  else
    return FALSE;
  return TRUE;
}

/* Object */

static void
set_string (char **field, const GValue *value)
{
  g_free (*field);
  *field = g_value_dup_string (value);
}

static void
sq_graph_widget_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  SqGraphWidget *self = SQ_GRAPH_WIDGET (object);

  switch (prop_id)
    {
    case PROP_LABEL:
      set_string (&self->label, value);
      gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, self->label != NULL ? self->label : "", -1);
      break;
    case PROP_CAPACITY:
      self->capacity = MAX (g_value_get_uint (value), 2);
      self->ring = g_new0 (Sample, self->capacity);
      break;
    case PROP_HEIGHT:
      self->height = g_value_get_int (value);
      gtk_widget_set_focusable (GTK_WIDGET (self), self->height >= LABELLED);
      gtk_widget_queue_resize (GTK_WIDGET (self));
      break;
    case PROP_UNIT:
      set_string (&self->unit, value);
      break;
    case PROP_MAXIMUM:
      self->maximum = g_value_get_double (value);
      break;
    case PROP_FIRST_NAME:
    case PROP_SECOND_NAME:
      set_string (&self->names[prop_id - PROP_FIRST_NAME], value);
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
  g_free (self->unit);
  g_free (self->names[0]);
  g_free (self->names[1]);
  G_OBJECT_CLASS (sq_graph_widget_parent_class)->finalize (object);
}

static void
sq_graph_widget_class_init (SqGraphWidgetClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS;

  object_class->set_property = sq_graph_widget_set_property;
  object_class->finalize = sq_graph_widget_finalize;
  widget_class->snapshot = sq_graph_widget_snapshot;
  widget_class->measure = sq_graph_widget_measure;

  props[PROP_LABEL] = g_param_spec_string ("label", NULL, NULL, NULL, flags);
  props[PROP_CAPACITY] = g_param_spec_uint ("capacity", NULL, NULL, 2, 100000, 120, flags | G_PARAM_CONSTRUCT_ONLY);
  props[PROP_HEIGHT] = g_param_spec_int ("height", NULL, NULL, 8, 4096, 64, flags | G_PARAM_CONSTRUCT);
  props[PROP_UNIT] = g_param_spec_string ("unit", NULL, NULL, "%", flags | G_PARAM_CONSTRUCT);
  props[PROP_MAXIMUM] = g_param_spec_double ("maximum", NULL, NULL, 0, G_MAXDOUBLE, 100, flags | G_PARAM_CONSTRUCT);
  props[PROP_FIRST_NAME] = g_param_spec_string ("first-name", NULL, NULL, NULL, flags);
  props[PROP_SECOND_NAME] = g_param_spec_string ("second-name", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);

  gtk_widget_class_set_css_name (widget_class, "graph");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
sq_graph_widget_init (SqGraphWidget *self)
{
  GtkEventController *motion = gtk_event_controller_motion_new (), *key = gtk_event_controller_key_new ();
  GtkEventController *focus = gtk_event_controller_focus_new ();

  self->shown = -1;
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  g_signal_connect_swapped (motion, "motion", G_CALLBACK (on_motion), self);
  g_signal_connect_swapped (motion, "leave", G_CALLBACK (on_leave), self);
  g_signal_connect_swapped (key, "key-pressed", G_CALLBACK (on_key), self);
  g_signal_connect_swapped (focus, "leave", G_CALLBACK (on_leave), self);
  gtk_widget_add_controller (GTK_WIDGET (self), motion);
  gtk_widget_add_controller (GTK_WIDGET (self), key);
  gtk_widget_add_controller (GTK_WIDGET (self), focus);
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

  self->ring[self->head] = (Sample){ (float) value, (float) second };
  self->head = (self->head + 1) % self->capacity;
  self->n = MIN (self->n + 1, self->capacity);
  if (!gtk_widget_get_mapped (GTK_WIDGET (self)) || g_get_monotonic_time () - self->drawn_us < MIN_REDRAW_US)
    return;
  text = sq_graph_widget_describe (self, 0);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
sq_graph_widget_clear (SqGraphWidget *self)
{
  g_return_if_fail (SQ_IS_GRAPH_WIDGET (self));

  self->n = self->head = 0;
  self->shown = -1;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

guint
sq_graph_widget_get_n_samples (SqGraphWidget *self)
{
  g_return_val_if_fail (SQ_IS_GRAPH_WIDGET (self), 0);
  return self->n;
}
