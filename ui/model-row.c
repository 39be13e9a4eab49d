// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "model-row.h"

#include "reveal.h"
#include "toast.h"
#include <glib/gi18n.h>

struct _SqModelRow
{
  AdwActionRow parent_instance;

  /* Template widgets */
  GtkStack *stack;
  GtkProgressBar *progress;
  GtkWidget *indent, *menu;

  SqModelList *models;
  SqModelEntry *entry;
};

G_DEFINE_FINAL_TYPE (SqModelRow, sq_model_row, ADW_TYPE_ACTION_ROW)

static void
update (SqModelRow *self)
{
  gboolean current;

  g_object_get (self->entry, "current", &current, NULL);
  if (sq_model_entry_get_fetching (self->entry))
    gtk_stack_set_visible_child_name (self->stack, "fetching");
  else if (!sq_model_entry_get_installed (self->entry))
    gtk_stack_set_visible_child_name (self->stack, "download");
  else
    gtk_stack_set_visible_child_name (self->stack, current ? "current" : "none");
  gtk_widget_set_visible (self->indent, sq_model_entry_get_indented (self->entry));
  // a variant's numbers are what one compares: none is cut off
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (self), sq_model_entry_get_variant (self->entry) != NULL ? 2 : 1);
  gtk_widget_set_visible (self->menu, sq_model_entry_get_installed (self->entry));
  gtk_progress_bar_set_fraction (self->progress, sq_model_entry_get_progress (self->entry));
}

static void
on_fetched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SqModelRow) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!sq_model_list_fetch_finish (SQ_MODEL_LIST (source), result, &error) && !g_error_matches (error, SQ_ERROR, SQ_ERROR_CANCELLED)
      && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    sq_toast_error (GTK_WIDGET (self), error->message);
}

static void
on_download_clicked (SqModelRow *self)
{
  sq_model_list_fetch_async (self->models, self->entry, on_fetched, g_object_ref (self));
}

static void
on_cancel_clicked (SqModelRow *self)
{
  sq_model_list_cancel_fetch (self->models, self->entry);
}

static void
action_compress (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqModelRow *self = SQ_MODEL_ROW (widget);
  SqModelEntry *original = sq_model_list_get_original (self->models, self->entry);

  gtk_widget_activate_action (widget, "win.compress", "(ss)", sq_model_entry_get_id (original != NULL ? original : self->entry), "");
}

static void
action_use (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqModelRow *self = SQ_MODEL_ROW (widget);

  sq_model_list_set_current (self->models, self->entry);
}

static void
action_reveal (GtkWidget *widget, const char *name, GVariant *parameter)
{
  sq_reveal_file (widget, sq_model_entry_get_path (SQ_MODEL_ROW (widget)->entry));
}

static void
sq_model_row_dispose (GObject *object)
{
  SqModelRow *self = SQ_MODEL_ROW (object);

  if (self->entry != NULL)
    g_signal_handlers_disconnect_by_data (self->entry, self);
  g_clear_object (&self->entry);
  g_clear_object (&self->models);
  gtk_widget_dispose_template (GTK_WIDGET (self), SQ_TYPE_MODEL_ROW);
  G_OBJECT_CLASS (sq_model_row_parent_class)->dispose (object);
}

static void
sq_model_row_class_init (SqModelRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sq_model_row_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/model-row.ui");
  gtk_widget_class_bind_template_child (widget_class, SqModelRow, stack);
  gtk_widget_class_bind_template_child (widget_class, SqModelRow, progress);
  gtk_widget_class_bind_template_child (widget_class, SqModelRow, indent);
  gtk_widget_class_bind_template_child (widget_class, SqModelRow, menu);
  gtk_widget_class_install_action (widget_class, "row.use", NULL, action_use);
  gtk_widget_class_install_action (widget_class, "row.compress", NULL, action_compress);
  gtk_widget_class_install_action (widget_class, "row.reveal", NULL, action_reveal);
  gtk_widget_class_bind_template_callback (widget_class, on_download_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_cancel_clicked);
}

static void
sq_model_row_init (SqModelRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
sq_model_row_new (SqModelList *models, SqModelEntry *entry)
{
  SqModelRow *self = g_object_new (SQ_TYPE_MODEL_ROW, NULL);

  self->models = g_object_ref (models);
  self->entry = g_object_ref (entry);
  g_object_bind_property (entry, "row-title", self, "title", G_BINDING_SYNC_CREATE);
  g_object_bind_property (entry, "subtitle", self, "subtitle", G_BINDING_SYNC_CREATE);
  g_signal_connect_swapped (entry, "notify", G_CALLBACK (update), self);
  update (self);
  return GTK_WIDGET (self);
}

SqModelEntry *
sq_model_row_get_entry (SqModelRow *self)
{
  return self->entry;
}
