// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "filter-panel.h"

#include "class-filter.h"
#include <glib/gi18n.h>

struct _SqFilterPanel
{
  AdwBin parent_instance;

  /* Template widgets */
  GtkWidget *confidence, *overlap;
  GtkLabel *confidence_value, *overlap_value;
  GtkAdjustment *confidence_adjustment, *overlap_adjustment;
  GtkMenuButton *classes, *region;
  GtkWidget *region_label;
  SqClassFilter *class_filter;

  SqFilterState *filter;
  GBindingGroup *bindings;
};

G_DEFINE_FINAL_TYPE (SqFilterPanel, sq_filter_panel, ADW_TYPE_BIN)

static void
set_percent (GtkLabel *label, double value)
{
  g_autofree char *text = g_strdup_printf (_("%.0f %%"), value * 100);

  if (g_strcmp0 (gtk_label_get_label (label), text) != 0)
    gtk_label_set_label (label, text);
}

static void
on_filter_changed (SqFilterPanel *self)
{
  guint shown = sq_filter_state_get_n_shown (self->filter), all = sq_filter_state_get_n_classes (self->filter);
  g_autofree char *text = NULL;

  set_percent (self->confidence_value, sq_filter_state_get_confidence (self->filter));
  set_percent (self->overlap_value, sq_filter_state_get_overlap (self->filter));
  if (shown == all)
    text = g_strdup (_("All"));
  else
    // Translators: so many of so many classes are shown
    text = g_strdup_printf (_("%u of %u"), shown, all);
  gtk_menu_button_set_label (self->classes, text);
  gtk_menu_button_set_label (self->region, sq_filter_state_get_region (self->filter) != NULL ? _("Drawn") : _("Everywhere"));
}

static void
sq_filter_panel_dispose (GObject *object)
{
  SqFilterPanel *self = SQ_FILTER_PANEL (object);

  if (self->class_filter != NULL)
    sq_filter_panel_set_filter (self, NULL);
  adw_bin_set_child (ADW_BIN (self), NULL); // before the template unparents it behind the bin's back
  gtk_widget_dispose_template (GTK_WIDGET (self), SQ_TYPE_FILTER_PANEL);
  G_OBJECT_CLASS (sq_filter_panel_parent_class)->dispose (object);
}

static void
sq_filter_panel_finalize (GObject *object)
{
  g_clear_object (&SQ_FILTER_PANEL (object)->bindings);
  G_OBJECT_CLASS (sq_filter_panel_parent_class)->finalize (object);
}

static void
sq_filter_panel_class_init (SqFilterPanelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = sq_filter_panel_dispose;
  object_class->finalize = sq_filter_panel_finalize;

  g_type_ensure (SQ_TYPE_CLASS_FILTER);
  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/filter-panel.ui");
  gtk_widget_class_bind_template_child (widget_class, SqFilterPanel, confidence);
  gtk_widget_class_bind_template_child (widget_class, SqFilterPanel, confidence_value);
  gtk_widget_class_bind_template_child (widget_class, SqFilterPanel, confidence_adjustment);
  gtk_widget_class_bind_template_child (widget_class, SqFilterPanel, overlap);
  gtk_widget_class_bind_template_child (widget_class, SqFilterPanel, overlap_value);
  gtk_widget_class_bind_template_child (widget_class, SqFilterPanel, overlap_adjustment);
  gtk_widget_class_bind_template_child (widget_class, SqFilterPanel, classes);
  gtk_widget_class_bind_template_child (widget_class, SqFilterPanel, region_label);
  gtk_widget_class_bind_template_child (widget_class, SqFilterPanel, region);
  gtk_widget_class_bind_template_child (widget_class, SqFilterPanel, class_filter);
}

static void
sq_filter_panel_init (SqFilterPanel *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->bindings = g_binding_group_new ();
  g_binding_group_bind (self->bindings, "confidence", self->confidence_adjustment, "value",
                        G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE);
  g_binding_group_bind (self->bindings, "overlap", self->overlap_adjustment, "value", G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE);
}

GtkWidget *
sq_filter_panel_new (void)
{
  return g_object_new (SQ_TYPE_FILTER_PANEL, NULL);
}

void
sq_filter_panel_set_filter (SqFilterPanel *self, SqFilterState *filter)
{
  g_return_if_fail (SQ_IS_FILTER_PANEL (self));

  if (self->filter == filter)
    return;
  if (self->filter != NULL)
    g_signal_handlers_disconnect_by_data (self->filter, self);
  g_set_object (&self->filter, filter);
  g_binding_group_set_source (self->bindings, filter);
  sq_class_filter_set_filter (self->class_filter, filter);
  if (filter != NULL)
    {
      g_signal_connect_swapped (filter, "changed", G_CALLBACK (on_filter_changed), self);
      on_filter_changed (self);
    }
}

void
sq_filter_panel_set_labels (SqFilterPanel *self, const char *const *labels)
{
  g_return_if_fail (SQ_IS_FILTER_PANEL (self));
  sq_class_filter_set_labels (self->class_filter, labels);
}

void
sq_filter_panel_set_nms_done (SqFilterPanel *self, gboolean nms_done)
{
  if (gtk_widget_get_sensitive (self->overlap) == !nms_done)
    return;
  gtk_widget_set_sensitive (self->overlap, !nms_done);
  gtk_widget_set_tooltip_text (self->overlap, nms_done ? _("This network removes overlapping boxes itself")
                                                       : _("Boxes of one class that overlap more than this count as one object"));
}

void
sq_filter_panel_show_region (SqFilterPanel *self)
{
  g_return_if_fail (SQ_IS_FILTER_PANEL (self));

  gtk_widget_set_visible (self->region_label, TRUE);
  gtk_widget_set_visible (GTK_WIDGET (self->region), TRUE);
}
