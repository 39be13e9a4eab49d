// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "level-picker.h"

#include "compress-levels.h"
#include <glib/gi18n.h>

struct _SqLevelPicker
{
  GtkWidget parent_instance;

  /* Template widgets */
  GtkWidget *button;
  GtkPopover *popover;
  GtkLabel *label;
  GtkListBox *list;

  SqModelChoice *choice;
  SqModelList *models;
};

G_DEFINE_FINAL_TYPE (SqLevelPicker, sq_level_picker, GTK_TYPE_WIDGET)

static GtkWidget *
make_label (const char *text, gboolean caption)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 44);
  if (caption)
    {
      gtk_widget_add_css_class (label, "caption");
      gtk_widget_add_css_class (label, "dim-label");
    }
  return label;
}

// `entry` NULL: not made yet.
static void
add_row (SqLevelPicker *self, const char *title, const char *subtitle, SqModelEntry *entry, const char *level)
{
  GtkWidget *row = gtk_list_box_row_new (), *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *text = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0), *mark = gtk_image_new_from_icon_name ("object-select-symbolic");

  gtk_widget_set_hexpand (text, TRUE);
  gtk_box_append (GTK_BOX (text), make_label (title, FALSE));
  gtk_box_append (GTK_BOX (text), make_label (subtitle, TRUE));
  gtk_box_append (GTK_BOX (box), text);
  gtk_box_append (GTK_BOX (box), mark);
  gtk_widget_set_visible (mark, entry != NULL && entry == sq_model_choice_get_entry (self->choice));
  gtk_widget_set_margin_top (box, 6);
  gtk_widget_set_margin_bottom (box, 6);
  gtk_widget_set_margin_start (box, 6);
  gtk_widget_set_margin_end (box, 6);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  if (entry != NULL)
    g_object_set_data_full (G_OBJECT (row), "entry", g_object_ref (entry), g_object_unref);
  g_object_set_data_full (G_OBJECT (row), "level", g_strdup (level), g_free);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1); // GTK takes none from what is inside
  gtk_list_box_append (self->list, row);
}

static void
add_made (SqLevelPicker *self, SqModelEntry *original)
{
  GListModel *list = G_LIST_MODEL (self->models);

  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (SqModelEntry) entry = g_list_model_get_item (list, i);
      const SqVariant *variant = sq_model_entry_get_variant (entry);
      g_autofree char *subtitle = NULL;

      if (variant == NULL || sq_model_list_get_original (self->models, entry) != original)
        continue;
      g_object_get (entry, "subtitle", &subtitle, NULL);
      add_row (self, variant->title, subtitle, entry, variant->level);
    }
}

static void
fill (SqLevelPicker *self)
{
  SqModelEntry *current = sq_model_choice_get_entry (self->choice);
  SqModelEntry *original = current != NULL ? sq_model_list_get_original (self->models, current) : NULL;
  const char *const *levels = sq_recipe_level_ids ();
  GtkWidget *row;

  while ((row = gtk_widget_get_first_child (GTK_WIDGET (self->list))) != NULL)
    gtk_list_box_remove (self->list, row);
  if (original == NULL)
    return;
  add_row (self, _("Original"), sq_level_describe ("original"), original, "original");
  add_made (self, original);
  for (guint i = 0; levels[i] != NULL; i++)
    if (sq_model_list_find_level (self->models, original, levels[i]) == NULL)
      {
        g_autofree char *level = sq_level_title (levels[i]);
        // Translators: a level that no variant was made of yet
        g_autofree char *title = g_strdup_printf (_("Make %s…"), level);

        add_row (self, title, sq_level_describe (levels[i]), NULL, levels[i]);
      }
}

static void
choose (SqLevelPicker *self, GtkListBoxRow *row)
{
  SqModelEntry *entry = g_object_get_data (G_OBJECT (row), "entry");
  SqModelEntry *current = sq_model_choice_get_entry (self->choice);
  SqModelEntry *original = current != NULL ? sq_model_list_get_original (self->models, current) : NULL;

  if (entry != NULL)
    sq_model_choice_set_entry (self->choice, entry);
  else if (original != NULL)
    gtk_widget_activate_action (GTK_WIDGET (self), "win.compress", "(ss)", sq_model_entry_get_id (original),
                                (const char *) g_object_get_data (G_OBJECT (row), "level"));
}

static void
on_row_activated (SqLevelPicker *self, GtkListBoxRow *row)
{
  gtk_popover_popdown (self->popover);
  choose (self, row);
}

static void
update (SqLevelPicker *self)
{
  SqModelEntry *current = sq_model_choice_get_entry (self->choice);
  const SqVariant *variant = current != NULL ? sq_model_entry_get_variant (current) : NULL;
  const char *title = variant != NULL ? variant->title : _("Original");
  g_autofree char *name = g_strdup_printf (_("Level: %s"), title);

  gtk_label_set_label (self->label, title);
  gtk_widget_set_tooltip_text (self->button, name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  // a variant whose original has gone has no other levels
  gtk_widget_set_sensitive (self->button, current != NULL && sq_model_list_get_original (self->models, current) != NULL);
  if (gtk_widget_get_mapped (GTK_WIDGET (self->popover)))
    fill (self);
}

static void
sq_level_picker_dispose (GObject *object)
{
  SqLevelPicker *self = SQ_LEVEL_PICKER (object);
  GtkWidget *child;

  if (self->choice != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->choice, self);
      g_signal_handlers_disconnect_by_data (self->models, self);
    }
  g_clear_object (&self->models);
  g_clear_object (&self->choice);
  gtk_widget_dispose_template (GTK_WIDGET (self), SQ_TYPE_LEVEL_PICKER);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (sq_level_picker_parent_class)->dispose (object);
}

static void
sq_level_picker_class_init (SqLevelPickerClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sq_level_picker_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/level-picker.ui");
  gtk_widget_class_bind_template_child (widget_class, SqLevelPicker, button);
  gtk_widget_class_bind_template_child (widget_class, SqLevelPicker, popover);
  gtk_widget_class_bind_template_child (widget_class, SqLevelPicker, label);
  gtk_widget_class_bind_template_child (widget_class, SqLevelPicker, list);
  gtk_widget_class_bind_template_callback (widget_class, on_row_activated);
}

static void
sq_level_picker_init (SqLevelPicker *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
sq_level_picker_new (void)
{
  return g_object_new (SQ_TYPE_LEVEL_PICKER, NULL);
}

void
sq_level_picker_set_choice (SqLevelPicker *self, SqModelChoice *choice)
{
  SqModelList *models = sq_model_choice_get_models (choice);

  g_return_if_fail (SQ_IS_LEVEL_PICKER (self));
  g_return_if_fail (self->choice == NULL);

  self->choice = g_object_ref (choice);
  self->models = g_object_ref (models);
  g_signal_connect_swapped (choice, "changed", G_CALLBACK (update), self);
  g_signal_connect_swapped (models, "items-changed", G_CALLBACK (update), self);
  g_signal_connect_object (self->popover, "map", G_CALLBACK (fill), self, G_CONNECT_SWAPPED);
  update (self);
}

void
sq_level_picker_choose (SqLevelPicker *self, guint n)
{
  GtkListBoxRow *row;

  g_return_if_fail (SQ_IS_LEVEL_PICKER (self));
  fill (self);
  row = gtk_list_box_get_row_at_index (self->list, (int) n);
  if (row != NULL)
    choose (self, row);
}
