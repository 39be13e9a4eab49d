// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "preferences.h"

#include "format.h"
#include "retention.h"
#include <glib/gi18n.h>

struct _SqPreferences
{
  AdwPreferencesWindow parent_instance;

  /* Template widgets */
  AdwComboRow *theme, *device, *playback, *keep;
  GtkWidget *threads, *number, *store, *reset_project;
  GtkAdjustment *confidence_adjustment, *overlap_adjustment;
  AdwActionRow *project;

  SqWorkspace *workspace;
  GPtrArray *device_ids; // char *, in the order of the row
  GtkFileChooserNative *chooser;
};

G_DEFINE_FINAL_TYPE (SqPreferences, sq_preferences, ADW_TYPE_PREFERENCES_WINDOW)

static const char *const theme_ids[] = { "follow", "light", "dark", NULL };
static const char *const playback_ids[] = { "every-frame", "realtime", NULL };

/* A combo row shows one of a list of ids */

static gboolean
id_to_index (GValue *value, GVariant *variant, gpointer user_data)
{
  const char *const *ids = user_data;
  const char *id = g_variant_get_string (variant, NULL);

  for (guint i = 0; ids[i] != NULL; i++)
    if (g_str_equal (ids[i], id))
      {
        g_value_set_uint (value, i);
        return TRUE;
      }
  g_value_set_uint (value, 0);
  return TRUE;
}

static GVariant *
index_to_id (const GValue *value, const GVariantType *type, gpointer user_data)
{
  const char *const *ids = user_data;
  guint index = g_value_get_uint (value);

  return index < g_strv_length ((char **) ids) ? g_variant_new_string (ids[index]) : NULL;
}

static void
update_project (SqPreferences *self)
{
  g_autofree char *chosen = g_settings_get_string (sq_workspace_get_settings (self->workspace), "project-file");
  g_autofree char *path = *chosen != '\0' ? g_strdup (chosen) : sq_project_default_path ();
  g_autofree char *escaped = g_markup_escape_text (path, -1);

  adw_action_row_set_subtitle (self->project, escaped);
  gtk_widget_set_visible (self->reset_project, *chosen != '\0');
}

static void
on_reset_project (SqPreferences *self)
{
  g_settings_reset (sq_workspace_get_settings (self->workspace), "project-file");
}

static void
on_chooser_response (GtkNativeDialog *dialog, int response, SqPreferences *self)
{
  g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
  g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;

  if (response == GTK_RESPONSE_ACCEPT && path != NULL)
    g_settings_set_string (sq_workspace_get_settings (self->workspace), "project-file", path);
  g_clear_object (&self->chooser);
}

static void
on_choose_project (SqPreferences *self)
{
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();

  if (self->chooser != NULL)
    return;
  gtk_file_filter_set_name (filter, _("Squint Projects"));
  gtk_file_filter_add_suffix (filter, "squint");
  // A save dialog, because the file may be a new one; an existing project is opened, never overwritten.
  self->chooser = gtk_file_chooser_native_new (_("Project File"), GTK_WINDOW (self), GTK_FILE_CHOOSER_ACTION_SAVE, _("_Choose"), NULL);
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (self->chooser), filter);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (self->chooser), "sessions.squint");
  g_signal_connect_object (self->chooser, "response", G_CALLBACK (on_chooser_response), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
fill_devices (SqPreferences *self)
{
  GPtrArray *devices = sq_device_monitor_get_devices (sq_workspace_get_monitor (self->workspace));
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);
  g_autofree char *chosen = g_settings_get_string (sq_workspace_get_settings (self->workspace), "device");

  for (guint i = 0; devices != NULL && i < devices->len; i++)
    {
      const SqDevice *device = devices->pdata[i];

      if (!device->available || device->parent != NULL)
        continue;
      gtk_string_list_append (names, device->name);
      g_ptr_array_add (self->device_ids, g_strdup (device->id));
    }
  if (self->device_ids->len == 0)
    {
      gtk_string_list_append (names, _("CPU"));
      g_ptr_array_add (self->device_ids, g_strdup ("cpu"));
    }
  if (!g_ptr_array_find_with_equal_func (self->device_ids, chosen, g_str_equal, NULL)) // several, chosen on the Devices page
    {
      g_autofree char *name = sq_format_devices (chosen);

      gtk_string_list_append (names, name);
      g_ptr_array_add (self->device_ids, g_strdup (chosen));
    }
  g_ptr_array_add (self->device_ids, NULL);
  adw_combo_row_set_model (self->device, G_LIST_MODEL (names));
}

static void
sq_preferences_dispose (GObject *object)
{
  SqPreferences *self = SQ_PREFERENCES (object);

  g_clear_object (&self->chooser);
  g_clear_object (&self->workspace);
  gtk_widget_dispose_template (GTK_WIDGET (self), SQ_TYPE_PREFERENCES);
  G_OBJECT_CLASS (sq_preferences_parent_class)->dispose (object);
}

static void
sq_preferences_finalize (GObject *object)
{
  g_ptr_array_unref (SQ_PREFERENCES (object)->device_ids);
  G_OBJECT_CLASS (sq_preferences_parent_class)->finalize (object);
}

static void
sq_preferences_class_init (SqPreferencesClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sq_preferences_dispose;
  G_OBJECT_CLASS (klass)->finalize = sq_preferences_finalize;
  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/preferences.ui");
  gtk_widget_class_bind_template_child (widget_class, SqPreferences, theme);
  gtk_widget_class_bind_template_child (widget_class, SqPreferences, device);
  gtk_widget_class_bind_template_child (widget_class, SqPreferences, playback);
  gtk_widget_class_bind_template_child (widget_class, SqPreferences, keep);
  gtk_widget_class_bind_template_child (widget_class, SqPreferences, threads);
  gtk_widget_class_bind_template_child (widget_class, SqPreferences, number);
  gtk_widget_class_bind_template_child (widget_class, SqPreferences, store);
  gtk_widget_class_bind_template_child (widget_class, SqPreferences, reset_project);
  gtk_widget_class_bind_template_child (widget_class, SqPreferences, confidence_adjustment);
  gtk_widget_class_bind_template_child (widget_class, SqPreferences, overlap_adjustment);
  gtk_widget_class_bind_template_child (widget_class, SqPreferences, project);
  gtk_widget_class_bind_template_callback (widget_class, on_reset_project);
  gtk_widget_class_bind_template_callback (widget_class, on_choose_project);
}

static void
sq_preferences_init (SqPreferences *self)
{
  self->device_ids = g_ptr_array_new_with_free_func (g_free);
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
sq_preferences_new (GtkWindow *parent, SqWorkspace *workspace)
{
  SqPreferences *self = g_object_new (SQ_TYPE_PREFERENCES, "transient-for", parent, "modal", parent != NULL, NULL);
  GSettings *settings = sq_workspace_get_settings (workspace);
  GSettingsBindFlags flags = G_SETTINGS_BIND_DEFAULT;

  self->workspace = g_object_ref (workspace);
  fill_devices (self);
  g_settings_bind_with_mapping (settings, "theme", self->theme, "selected", flags, id_to_index, index_to_id, (gpointer) theme_ids, NULL);
  g_settings_bind_with_mapping (settings, "playback", self->playback, "selected", flags, id_to_index, index_to_id, (gpointer) playback_ids,
                                NULL);
  g_settings_bind_with_mapping (settings, "device", self->device, "selected", flags, id_to_index, index_to_id, self->device_ids->pdata,
                                NULL);
  g_settings_bind_with_mapping (settings, "keep-sessions", self->keep, "selected", flags, id_to_index, index_to_id,
                                (gpointer) sq_retention_ids, NULL);
  g_settings_bind (settings, "threads", self->threads, "value", flags);
  g_settings_bind (settings, "confidence", self->confidence_adjustment, "value", flags);
  g_settings_bind (settings, "overlap", self->overlap_adjustment, "value", flags);
  g_settings_bind (settings, "number-objects", self->number, "active", flags);
  g_settings_bind (settings, "store-sessions", self->store, "active", flags);
  g_signal_connect_object (settings, "changed::project-file", G_CALLBACK (update_project), self, G_CONNECT_SWAPPED);
  update_project (self);
  return GTK_WIDGET (self);
}
