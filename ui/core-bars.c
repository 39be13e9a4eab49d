// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "core-bars.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <string.h>

#define HEIGHT 40 // px
#define WIDEST 48 // px, a core

struct _SqCoreBars
{
  GtkWidget parent_instance;

  float *load;
  guint n;
};

G_DEFINE_FINAL_TYPE (SqCoreBars, sq_core_bars, GTK_TYPE_WIDGET)

static void
sq_core_bars_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SqCoreBars *self = SQ_CORE_BARS (widget);
  float width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget), slot = MIN (width / MAX (self->n, 1), WIDEST);
  float gap = slot > 12 ? 4 : slot > 5 ? 2 : 1;
  gboolean mirrored = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  GdkRGBA bar, back;

  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &back);
  back.alpha *= .1f;
  gdk_rgba_parse (&bar, adw_style_manager_get_dark (adw_style_manager_get_default ()) ? "#56b4e9" : "#0072b2");
  for (guint i = 0; i < self->n; i++)
    {
      float x = mirrored ? width - slot * (float) (i + 1) + gap : slot * (float) i, high = CLAMP (self->load[i], 0, 1) * height;

      gtk_snapshot_append_color (snapshot, &back, &GRAPHENE_RECT_INIT (x, 0, MAX (slot - gap, 1), height));
      gtk_snapshot_append_color (snapshot, &bar, &GRAPHENE_RECT_INIT (x, height - high, MAX (slot - gap, 1), high));
    }
}

static void
sq_core_bars_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
                      int *natural_baseline)
{
  *minimum = *natural = orientation == GTK_ORIENTATION_VERTICAL ? HEIGHT : 48;
}

static gboolean
on_query_tooltip (SqCoreBars *self, int x, int y, gboolean keyboard, GtkTooltip *tooltip)
{
  int width = gtk_widget_get_width (GTK_WIDGET (self));
  g_autofree char *text = NULL;
  guint i;

  if (self->n == 0 || keyboard || width <= 0)
    return FALSE;
  if (gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL)
    x = width - 1 - x;
  i = (guint) MAX (x / MIN ((double) width / self->n, WIDEST), 0);
  if (i >= self->n)
    return FALSE;
  // Translators: number of a processor core, its load
  text = g_strdup_printf (_("Core %u: %.0f %%"), i, self->load[i] * 100);
  gtk_tooltip_set_text (tooltip, text);
  return TRUE;
}

static void
sq_core_bars_finalize (GObject *object)
{
  g_free (SQ_CORE_BARS (object)->load);
  G_OBJECT_CLASS (sq_core_bars_parent_class)->finalize (object);
}

static void
sq_core_bars_class_init (SqCoreBarsClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = sq_core_bars_finalize;
  widget_class->snapshot = sq_core_bars_snapshot;
  widget_class->measure = sq_core_bars_measure;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
sq_core_bars_init (SqCoreBars *self)
{
  gtk_widget_set_has_tooltip (GTK_WIDGET (self), TRUE);
  g_signal_connect (self, "query-tooltip", G_CALLBACK (on_query_tooltip), NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Load of each core"), -1);
}

GtkWidget *
sq_core_bars_new (void)
{
  return g_object_new (SQ_TYPE_CORE_BARS, NULL);
}

void
sq_core_bars_set (SqCoreBars *self, const float *load, guint n)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_return_if_fail (SQ_IS_CORE_BARS (self));
  if (n != self->n)
    {
      g_free (self->load);
      self->load = g_new0 (float, n);
      self->n = n;
    }
  memcpy (self->load, load, n * sizeof load[0]);
  if (!gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, i > 0 ? ", %.0f %%" : "%.0f %%", load[i] * 100);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text->str, -1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
