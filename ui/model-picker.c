// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "model-picker.h"

#include <glib/gi18n.h>

struct _SqModelPicker
{
  GtkWidget parent_instance;

  /* Template widgets */
  GtkWidget *button;
  GtkPopover *popover;
  GtkLabel *label;
  GtkListBox *list;

  SqModelChoice *choice;
  SqModelList *models;
  GtkFilterListModel *shown; // originals; what was made of them is the level picker's
};

G_DEFINE_FINAL_TYPE (SqModelPicker, sq_model_picker, GTK_TYPE_WIDGET)

// A variant whose original has gone stands for itself.
static gboolean
stands_alone (gpointer item, gpointer models)
{
  return !sq_model_entry_get_indented (item);
}

// Also where the chosen one was made of it.
static gboolean
is_current (SqModelPicker *self, SqModelEntry *entry)
{
  SqModelEntry *current = sq_model_choice_get_entry (self->choice);

  return current == entry
         || (current != NULL && sq_model_entry_get_indented (current) && sq_model_list_get_original (self->models, current) == entry);
}

static void
update_marks (SqModelPicker *self)
{
  GtkListBoxRow *row;

  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->list, i)) != NULL; i++)
    gtk_widget_set_visible (g_object_get_data (G_OBJECT (row), "mark"), is_current (self, g_object_get_data (G_OBJECT (row), "entry")));
}

static GtkWidget *
create_row (gpointer item, gpointer user_data)
{
  SqModelEntry *entry = item;
  GtkWidget *row = gtk_list_box_row_new (), *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *text = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0), *title = gtk_label_new (NULL), *subtitle = gtk_label_new (NULL);
  GtkWidget *mark = gtk_image_new_from_icon_name ("object-select-symbolic");

  gtk_label_set_xalign (GTK_LABEL (title), 0);
  gtk_label_set_ellipsize (GTK_LABEL (title), PANGO_ELLIPSIZE_END);
  gtk_label_set_xalign (GTK_LABEL (subtitle), 0);
  gtk_widget_add_css_class (subtitle, "caption");
  gtk_widget_add_css_class (subtitle, "dim-label");
  gtk_widget_set_hexpand (text, TRUE);
  gtk_box_append (GTK_BOX (text), title);
  gtk_box_append (GTK_BOX (text), subtitle);
  gtk_box_append (GTK_BOX (box), text);
  gtk_box_append (GTK_BOX (box), mark);
  gtk_widget_set_margin_top (box, 6);
  gtk_widget_set_margin_bottom (box, 6);
  gtk_widget_set_margin_start (box, 6);
  gtk_widget_set_margin_end (box, 6);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  g_object_bind_property (entry, "title", title, "label", G_BINDING_SYNC_CREATE);
  g_object_bind_property (entry, "subtitle", subtitle, "label", G_BINDING_SYNC_CREATE);
  // GTK takes no name from what is inside a row
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, sq_model_entry_get_title (entry), -1);
  gtk_widget_set_visible (mark, is_current (user_data, entry));
  g_object_set_data (G_OBJECT (row), "mark", mark);
  g_object_set_data_full (G_OBJECT (row), "entry", g_object_ref (entry), g_object_unref);
  return row;
}

static void
on_row_activated (SqModelPicker *self, GtkListBoxRow *row)
{
  sq_model_choice_set_entry (self->choice, g_object_get_data (G_OBJECT (row), "entry"));
  gtk_popover_popdown (self->popover);
}

static void
update (SqModelPicker *self)
{
  SqModelEntry *current = sq_model_choice_get_entry (self->choice);
  SqModelEntry *original =
      current != NULL && sq_model_entry_get_indented (current) ? sq_model_list_get_original (self->models, current) : NULL;
  const char *title = original != NULL  ? sq_model_entry_get_title (original)
                      : current != NULL ? sq_model_entry_get_title (current)
                                        : _("Model");
  g_autofree char *name = g_strdup_printf (_("Model: %s"), title);

  update_marks (self);
  gtk_label_set_label (self->label, title);
  gtk_widget_set_tooltip_text (self->button, name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

static void
sq_model_picker_dispose (GObject *object)
{
  SqModelPicker *self = SQ_MODEL_PICKER (object);
  GtkWidget *child;

  if (self->choice != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->choice, self);
      g_signal_handlers_disconnect_by_data (self->models, self);
    }
  if (self->list != NULL)
    gtk_list_box_bind_model (self->list, NULL, NULL, NULL, NULL);
  g_clear_object (&self->shown);
  g_clear_object (&self->models);
  g_clear_object (&self->choice);
  gtk_widget_dispose_template (GTK_WIDGET (self), SQ_TYPE_MODEL_PICKER);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (sq_model_picker_parent_class)->dispose (object);
}

static void
sq_model_picker_class_init (SqModelPickerClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sq_model_picker_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/model-picker.ui");
  gtk_widget_class_bind_template_child (widget_class, SqModelPicker, button);
  gtk_widget_class_bind_template_child (widget_class, SqModelPicker, popover);
  gtk_widget_class_bind_template_child (widget_class, SqModelPicker, label);
  gtk_widget_class_bind_template_child (widget_class, SqModelPicker, list);
  gtk_widget_class_bind_template_callback (widget_class, on_row_activated);
  gtk_widget_class_bind_template_callback (widget_class, gtk_popover_popdown);
}

static void
sq_model_picker_init (SqModelPicker *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
sq_model_picker_new (void)
{
  return g_object_new (SQ_TYPE_MODEL_PICKER, NULL);
}

void
sq_model_picker_set_choice (SqModelPicker *self, SqModelChoice *choice)
{
  SqModelList *models = sq_model_choice_get_models (choice);

  g_return_if_fail (SQ_IS_MODEL_PICKER (self));
  g_return_if_fail (self->choice == NULL);

  self->choice = g_object_ref (choice);
  self->models = g_object_ref (models);
  self->shown =
      gtk_filter_list_model_new (g_object_ref (G_LIST_MODEL (models)), GTK_FILTER (gtk_custom_filter_new (stands_alone, models, NULL)));
  gtk_list_box_bind_model (self->list, G_LIST_MODEL (self->shown), create_row, self, NULL);
  g_signal_connect_swapped (choice, "changed", G_CALLBACK (update), self);
  g_signal_connect_swapped (models, "items-changed", G_CALLBACK (update), self);
  update (self);
}
