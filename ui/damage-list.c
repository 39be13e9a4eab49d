// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "damage-list.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <string.h>

#define FEW 10 // rows shown at first
#define BAR_HEIGHT 14
#define HATCH 5 // px between strokes

/* One bar */

#define SQ_TYPE_DAMAGE_BAR (sq_damage_bar_get_type ())
G_DECLARE_FINAL_TYPE (SqDamageBar, sq_damage_bar, SQ, DAMAGE_BAR, GtkWidget)

struct _SqDamageBar
{
  GtkWidget parent_instance;

  double fraction;       // of the worst
  const char *precision; // interned
};

G_DEFINE_FINAL_TYPE (SqDamageBar, sq_damage_bar, GTK_TYPE_WIDGET)

static void
draw_hatch (GtkSnapshot *snapshot, const graphene_rect_t *area, const GdkRGBA *colour)
{
  cairo_t *cr = gtk_snapshot_append_cairo (snapshot, area);

  cairo_rectangle (cr, area->origin.x, area->origin.y, area->size.width, area->size.height);
  cairo_clip (cr);
  gdk_cairo_set_source_rgba (cr, colour);
  cairo_set_line_width (cr, 1.5);
  for (double x = area->origin.x - area->size.height; x < area->origin.x + area->size.width; x += HATCH)
    {
      cairo_move_to (cr, x, area->origin.y + area->size.height);
      cairo_line_to (cr, x + area->size.height, area->origin.y);
    }
  cairo_stroke (cr);
  cairo_destroy (cr);
}

static void
sq_damage_bar_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SqDamageBar *self = SQ_DAMAGE_BAR (widget);
  gboolean dark = adw_style_manager_get_dark (adw_style_manager_get_default ());
  int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  float length = (float) MAX (self->fraction * width, 2);
  gboolean mirrored = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  graphene_rect_t area = GRAPHENE_RECT_INIT (mirrored ? width - length : 0, 0, length, height);
  GskRoundedRect outline;
  GdkRGBA colour;

  gdk_rgba_parse (&colour, g_str_equal (self->precision, "int8") ? (dark ? "#ffa348" : "#c64600") : (dark ? "#78aeed" : "#1c71d8"));
  gsk_rounded_rect_init_from_rect (&outline, &area, 2);
  gtk_snapshot_push_rounded_clip (snapshot, &outline);
  if (g_str_equal (self->precision, "int8"))
    gtk_snapshot_append_color (snapshot, &colour, &area);
  else if (g_str_equal (self->precision, "half"))
    draw_hatch (snapshot, &area, &colour);
  gtk_snapshot_pop (snapshot);
  gtk_snapshot_append_border (snapshot, &outline, (float[4]){ 1, 1, 1, 1 }, (GdkRGBA[4]){ colour, colour, colour, colour });
}

static void
sq_damage_bar_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
                       int *natural_baseline)
{
  *minimum = *natural = orientation == GTK_ORIENTATION_VERTICAL ? BAR_HEIGHT : 40;
}

static void
sq_damage_bar_class_init (SqDamageBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->snapshot = sq_damage_bar_snapshot;
  widget_class->measure = sq_damage_bar_measure;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
sq_damage_bar_init (SqDamageBar *self)
{
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
}

/* The list */

struct _SqDamageList
{
  GtkWidget parent_instance;

  GtkWidget *box, *more;
  GtkGrid *grid;
  GArray *layers; // SqLayerDamage, worst first, what was not measured last
  gboolean all;   // not the worst alone
};

G_DEFINE_FINAL_TYPE (SqDamageList, sq_damage_list, GTK_TYPE_WIDGET)

static guint keep_signal;

static const char *
precision_title (const char *precision)
{
  if (g_str_equal (precision, "int8"))
    return _("INT8");
  return g_str_equal (precision, "half") ? _("Half") : _("Float");
}

static char *
describe_damage (double damage)
{
  // Translators: error of the network's outputs
  return g_strdup_printf (damage < .0995 ? _("%.1f %%") : _("%.0f %%"), damage * 100);
}

static void
on_keep_clicked (SqDamageList *self, GtkButton *button)
{
  g_signal_emit (self, keep_signal, 0, g_object_get_data (G_OBJECT (button), "layer"));
}

static void
add_row (SqDamageList *self, const SqLayerDamage *layer, double worst, int y)
{
  GtkWidget *name = gtk_label_new (layer->name), *bar = g_object_new (SQ_TYPE_DAMAGE_BAR, NULL), *value, *precision, *keep;
  g_autofree char *damage = layer->damage >= 0 ? describe_damage (layer->damage) : g_strdup ("–");
  // Translators: a layer, its precision, how much it damages
  g_autofree char *spoken = g_strdup_printf (_("%s, %s, damage %s"), layer->name, precision_title (layer->precision), damage);

  gtk_label_set_xalign (GTK_LABEL (name), 0);
  gtk_label_set_ellipsize (GTK_LABEL (name), PANGO_ELLIPSIZE_MIDDLE);
  gtk_label_set_width_chars (GTK_LABEL (name), 12);
  gtk_label_set_max_width_chars (GTK_LABEL (name), 22);
  gtk_widget_set_tooltip_text (name, layer->name);
  SQ_DAMAGE_BAR (bar)->fraction = layer->damage > 0 && worst > 0 ? layer->damage / worst : 0;
  SQ_DAMAGE_BAR (bar)->precision = layer->precision;
  gtk_widget_set_hexpand (bar, TRUE);
  gtk_widget_set_valign (bar, GTK_ALIGN_CENTER);
  gtk_accessible_update_property (GTK_ACCESSIBLE (bar), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  value = gtk_label_new (damage);
  gtk_label_set_xalign (GTK_LABEL (value), 1);
  gtk_widget_add_css_class (value, "numeric");
  precision = gtk_label_new (precision_title (layer->precision));
  gtk_widget_add_css_class (precision, "caption");
  gtk_widget_add_css_class (precision, "dim-label");
  gtk_grid_attach (self->grid, name, 0, y, 1, 1);
  gtk_grid_attach (self->grid, bar, 1, y, 1, 1);
  gtk_grid_attach (self->grid, value, 2, y, 1, 1);
  gtk_grid_attach (self->grid, precision, 3, y, 1, 1);
  if (g_str_equal (layer->precision, "int8"))
    {
      g_autofree char *what = g_strdup_printf (_("Keep %s in half"), layer->name);

      keep = gtk_button_new_with_label (_("Keep in Half"));
      gtk_widget_add_css_class (keep, "flat");
      gtk_widget_set_tooltip_text (keep, _("Makes a new variant in which this layer stays in half"));
      gtk_accessible_update_property (GTK_ACCESSIBLE (keep), GTK_ACCESSIBLE_PROPERTY_LABEL, what, -1);
      g_object_set_data_full (G_OBJECT (keep), "layer", g_strdup (layer->name), g_free);
      g_signal_connect_object (keep, "clicked", G_CALLBACK (on_keep_clicked), self, G_CONNECT_SWAPPED);
      gtk_grid_attach (self->grid, keep, 4, y, 1, 1);
    }
}

static void
fill (SqDamageList *self)
{
  GtkWidget *child;
  guint n = self->all ? self->layers->len : MIN (self->layers->len, FEW);
  double worst = self->layers->len > 0 ? g_array_index (self->layers, SqLayerDamage, 0).damage : 0;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->grid))) != NULL)
    gtk_grid_remove (self->grid, child);
  for (guint i = 0; i < n; i++)
    add_row (self, &g_array_index (self->layers, SqLayerDamage, i), worst, (int) i);
  gtk_widget_set_visible (self->more, n < self->layers->len);
  if (n < self->layers->len)
    {
      g_autofree char *text =
          g_strdup_printf (ngettext ("Show _All %u Layer", "Show _All %u Layers", self->layers->len), self->layers->len);

      gtk_button_set_label (GTK_BUTTON (self->more), text);
    }
}

static void
on_more_clicked (SqDamageList *self)
{
  self->all = TRUE;
  fill (self);
}

static void
sq_damage_list_dispose (GObject *object)
{
  g_clear_pointer (&SQ_DAMAGE_LIST (object)->box, gtk_widget_unparent);
  G_OBJECT_CLASS (sq_damage_list_parent_class)->dispose (object);
}

static void
sq_damage_list_finalize (GObject *object)
{
  g_array_unref (SQ_DAMAGE_LIST (object)->layers);
  G_OBJECT_CLASS (sq_damage_list_parent_class)->finalize (object);
}

static void
sq_damage_list_class_init (SqDamageListClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sq_damage_list_dispose;
  G_OBJECT_CLASS (klass)->finalize = sq_damage_list_finalize;
  keep_signal = g_signal_new ("keep", SQ_TYPE_DAMAGE_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static void
sq_damage_list_init (SqDamageList *self)
{
  self->layers = g_array_new (FALSE, FALSE, sizeof (SqLayerDamage));
  g_array_set_clear_func (self->layers, sq_layer_damage_clear);
  self->box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  self->grid = GTK_GRID (gtk_grid_new ());
  gtk_grid_set_column_spacing (self->grid, 12);
  gtk_grid_set_row_spacing (self->grid, 2);
  self->more = gtk_button_new ();
  gtk_button_set_use_underline (GTK_BUTTON (self->more), TRUE);
  gtk_widget_add_css_class (self->more, "flat");
  gtk_widget_set_halign (self->more, GTK_ALIGN_CENTER);
  g_signal_connect_object (self->more, "clicked", G_CALLBACK (on_more_clicked), self, G_CONNECT_SWAPPED);
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->grid));
  gtk_box_append (GTK_BOX (self->box), self->more);
  gtk_widget_set_parent (self->box, GTK_WIDGET (self));
}

GtkWidget *
sq_damage_list_new (void)
{
  return g_object_new (SQ_TYPE_DAMAGE_LIST, NULL);
}

static int
compare_damages (gconstpointer a, gconstpointer b)
{
  const SqLayerDamage *x = a, *y = b;

  if (x->damage != y->damage)
    return x->damage < y->damage ? 1 : -1;
  return strcmp (x->name, y->name);
}

void
sq_damage_list_set_layers (SqDamageList *self, const GArray *layers)
{
  g_return_if_fail (SQ_IS_DAMAGE_LIST (self));

  g_array_set_size (self->layers, 0);
  for (guint i = 0; layers != NULL && i < layers->len; i++)
    {
      SqLayerDamage layer = g_array_index (layers, SqLayerDamage, i);

      layer.name = g_strdup (layer.name);
      g_array_append_val (self->layers, layer);
    }
  g_array_sort (self->layers, compare_damages);
  self->all = FALSE;
  fill (self);
}

guint
sq_damage_list_get_n_layers (SqDamageList *self)
{
  guint n = 0;

  while (n < self->layers->len && g_array_index (self->layers, SqLayerDamage, n).damage >= 0)
    n++;
  return n;
}

const char *
sq_damage_list_get_name (SqDamageList *self, guint i)
{
  return i < self->layers->len ? g_array_index (self->layers, SqLayerDamage, i).name : NULL;
}

void
sq_damage_list_keep (SqDamageList *self, guint i)
{
  g_return_if_fail (i < self->layers->len);
  g_signal_emit (self, keep_signal, 0, g_array_index (self->layers, SqLayerDamage, i).name);
}
