// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "application.h"

#include "recorder.h"
#include "ui/about.h"
#include "ui/preferences.h"
#include "ui/retired.h"
#include "ui/toast.h"
#include "ui/window.h"
#include <glib/gi18n.h>
#include <libavutil/avutil.h>

struct _SqApplication
{
  AdwApplication parent_instance;

  SqWorkspace *workspace;
  SqRecorder *recorder;
};

G_DEFINE_FINAL_TYPE (SqApplication, sq_application, ADW_TYPE_APPLICATION)

static const GOptionEntry options[] = {
  { "model", 'm', 0, G_OPTION_ARG_STRING, NULL, N_ ("Detect with this model: a name of the Models page, or a file"), N_ ("MODEL") },
  { "version", 'v', 0, G_OPTION_ARG_NONE, NULL, N_ ("Print the version and exit"), NULL },
  { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, NULL, NULL, N_ ("[FILE…]") },
  { NULL },
};

static SqWindow *
get_window (SqApplication *self)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (self));

  while (window != NULL && !SQ_IS_WINDOW (window))
    window = gtk_window_get_transient_for (window);
  if (window == NULL)
    window = GTK_WINDOW (sq_window_new (GTK_APPLICATION (self), self->workspace));
  return SQ_WINDOW (window);
}

/* Actions */

static void
action_preferences (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SqApplication *self = user_data;

  gtk_window_present (GTK_WINDOW (sq_preferences_new (GTK_WINDOW (get_window (self)), self->workspace)));
}

static void
action_about (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SqApplication *self = user_data;
  g_autofree char *ffmpeg = g_strdup_printf ("FFmpeg: %s\n", av_version_info ());

  sq_about_present (GTK_WINDOW (get_window (self)), sq_workspace_get_monitor (self->workspace), ffmpeg);
}

static void
action_quit (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  GList *windows = g_list_copy (gtk_application_get_windows (user_data));

  // Each window stops its run and remembers its size; the last one ends the program.
  for (GList *l = windows; l != NULL; l = l->next)
    gtk_window_close (l->data);
  g_list_free (windows);
}

/* Settings */

static void
on_theme_changed (SqApplication *self)
{
  static const AdwColorScheme schemes[] = { ADW_COLOR_SCHEME_DEFAULT, ADW_COLOR_SCHEME_FORCE_LIGHT, ADW_COLOR_SCHEME_FORCE_DARK };
  int theme = g_settings_get_enum (sq_workspace_get_settings (self->workspace), "theme");

  adw_style_manager_set_color_scheme (adw_style_manager_get_default (), schemes[CLAMP (theme, 0, 2)]);
}

/* Command line */

typedef struct
{
  SqApplication *app;
  char **paths;
} Start;

static void
open_paths (SqApplication *self, char **paths)
{
  SqWindow *window = get_window (self);

  gtk_window_present (GTK_WINDOW (window));
  if (paths != NULL && paths[0] != NULL)
    sq_window_open_paths (window, (const char *const *) paths);
}

static void
on_model_chosen (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Start *start = user_data;
  g_autoptr (GError) error = NULL;

  if (!sq_model_list_choose_finish (SQ_MODEL_LIST (source), result, &error))
    {
      g_printerr ("squint: %s\n", error->message);
      sq_toast_error (GTK_WIDGET (get_window (start->app)), error->message);
    }
  else
    {
      open_paths (start->app, start->paths);
    }
  g_application_release (G_APPLICATION (start->app));
  g_object_unref (start->app);
  g_strfreev (start->paths);
  g_free (start);
}

static int
sq_application_command_line (GApplication *app, GApplicationCommandLine *command_line)
{
  SqApplication *self = SQ_APPLICATION (app);
  GVariantDict *dict = g_application_command_line_get_options_dict (command_line);
  g_autofree const char **args = NULL;
  g_autofree char *model = NULL;
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

  g_variant_dict_lookup (dict, "model", "s", &model);
  g_variant_dict_lookup (dict, G_OPTION_REMAINING, "^a&ay", &args);
  for (guint i = 0; args != NULL && args[i] != NULL; i++)
    {
      g_autoptr (GFile) file = g_application_command_line_create_file_for_arg (command_line, args[i]);
      char *path = g_file_get_path (file);

      g_ptr_array_add (paths, path != NULL ? path : g_strdup (args[i]));
    }
  g_ptr_array_add (paths, NULL);

  if (model != NULL)
    {
      Start *start = g_new (Start, 1);

      *start = (Start){ g_object_ref (self), g_strdupv ((char **) paths->pdata) };
      g_application_hold (app);
      open_paths (self, NULL);
      sq_model_list_choose_async (sq_workspace_get_models (self->workspace), model, on_model_chosen, start);
    }
  else
    {
      open_paths (self, (char **) paths->pdata);
    }
  return 0;
}

static int
sq_application_handle_local_options (GApplication *app, GVariantDict *dict)
{
  if (g_variant_dict_contains (dict, "version"))
    {
      g_print ("squint %s\n", SQ_VERSION);
      return 0;
    }
  return -1;
}

static void
sq_application_activate (GApplication *app)
{
  open_paths (SQ_APPLICATION (app), NULL);
}

static void
sq_application_startup (GApplication *app)
{
  SqApplication *self = SQ_APPLICATION (app);
  GSettings *settings;
  static const GActionEntry actions[] = {
    { .name = "preferences", .activate = action_preferences },
    { .name = "about", .activate = action_about },
    { .name = "quit", .activate = action_quit },
  };

  G_APPLICATION_CLASS (sq_application_parent_class)->startup (app);

  self->workspace = sq_workspace_new (NULL);
  self->recorder = sq_recorder_new (self->workspace);
  settings = sq_workspace_get_settings (self->workspace);
  g_signal_connect_object (settings, "changed::theme", G_CALLBACK (on_theme_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "changed::project-file", G_CALLBACK (sq_workspace_open_project), self->workspace, G_CONNECT_SWAPPED);
  on_theme_changed (self);
  sq_workspace_open_project (self->workspace);

  g_action_map_add_action_entries (G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions), self);
  gtk_application_set_accels_for_action (GTK_APPLICATION (self), "app.preferences", (const char *const[]){ "<Control>comma", NULL });
  gtk_application_set_accels_for_action (GTK_APPLICATION (self), "app.quit", (const char *const[]){ "<Control>q", NULL });
  gtk_application_set_accels_for_action (GTK_APPLICATION (self), "window.close", (const char *const[]){ "<Control>w", NULL });
  gtk_application_set_accels_for_action (GTK_APPLICATION (self), "win.show-help-overlay",
                                         (const char *const[]){ "<Control>question", NULL });
  gtk_window_set_default_icon_name (APP_ID);
}

static void
sq_application_shutdown (GApplication *app)
{
  SqApplication *self = SQ_APPLICATION (app);

  // The last results go to disk before the program ends.
  sq_retired_wait ();
  g_clear_object (&self->recorder);
  if (self->workspace != NULL)
    sq_workspace_close (self->workspace);
  G_APPLICATION_CLASS (sq_application_parent_class)->shutdown (app);
  g_clear_object (&self->workspace);
}

static void
sq_application_class_init (SqApplicationClass *klass)
{
  GApplicationClass *app_class = G_APPLICATION_CLASS (klass);

  app_class->startup = sq_application_startup;
  app_class->shutdown = sq_application_shutdown;
  app_class->activate = sq_application_activate;
  app_class->command_line = sq_application_command_line;
  app_class->handle_local_options = sq_application_handle_local_options;
}

static void
sq_application_init (SqApplication *self)
{
  g_application_add_main_option_entries (G_APPLICATION (self), options);
  g_application_set_option_context_summary (G_APPLICATION (self), _ ("Watch an object detector work on pictures, videos and cameras."));
}

GApplication *
sq_application_new (void)
{
  return g_object_new (SQ_TYPE_APPLICATION, "application-id", APP_ID, "flags", G_APPLICATION_HANDLES_COMMAND_LINE, "resource-base-path",
                       RESOURCE_BASE, NULL);
}
