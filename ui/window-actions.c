// SPDX-License-Identifier: GPL-3.0-or-later
// The window's actions and their keys.
#include "config.h"

#include "window-private.h"

#include "compress-dialog.h"
#include "toast.h"
#include <glib/gi18n.h>

/* Opening */

void
_sq_window_open_here (SqWindow *self, const char *const *paths)
{
  if (g_strcmp0 (sq_window_get_page (self), "compare") == 0)
    sq_compare_page_open (self->compare, paths);
  else
    sq_window_open_paths (self, paths);
}

static void
open_files (SqWindow *self, GListModel *files, gboolean model)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < g_list_model_get_n_items (files); i++)
    {
      g_autoptr (GFile) file = g_list_model_get_item (files, i);
      char *path = g_file_get_path (file);

      if (path != NULL)
        g_ptr_array_add (paths, path);
    }
  if (paths->len == 0)
    return;
  g_ptr_array_add (paths, NULL);
  if (model)
    sq_models_page_add_files (self->models, (const char *const *) paths->pdata);
  else
    _sq_window_open_here (self, (const char *const *) paths->pdata);
}

static void
on_chooser_response (GtkNativeDialog *dialog, int response, SqWindow *self)
{
  g_autoptr (GListModel) files = gtk_file_chooser_get_files (GTK_FILE_CHOOSER (dialog));
  gboolean model = GPOINTER_TO_INT (g_object_get_data (G_OBJECT (dialog), "model"));

  if (response == GTK_RESPONSE_ACCEPT)
    open_files (self, files, model);
  g_clear_object (&self->chooser);
}

static GtkFileFilter *
make_filter (const char *name, const char *const *types, const char *const *suffixes)
{
  GtkFileFilter *filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, name);
  for (guint i = 0; types != NULL && types[i] != NULL; i++)
    gtk_file_filter_add_mime_type (filter, types[i]);
  for (guint i = 0; suffixes != NULL && suffixes[i] != NULL; i++)
    gtk_file_filter_add_suffix (filter, suffixes[i]);
  return filter;
}

static void
action_open (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqWindow *self = SQ_WINDOW (widget);
  gboolean model = g_str_equal (name, "win.add-model"), folder = g_str_equal (name, "win.open-folder");
  g_autoptr (GtkFileFilter) filter = NULL;
  g_autoptr (GtkFileFilter) all = make_filter (_("All Files"), (const char *const[]){ "application/octet-stream", NULL }, NULL);

  if (self->chooser != NULL)
    return;
  self->chooser =
      gtk_file_chooser_native_new (model    ? _("Add Model")
                                   : folder ? _("Open Folder")
                                            : _("Open"),
                                   GTK_WINDOW (self), folder ? GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER : GTK_FILE_CHOOSER_ACTION_OPEN,
                                   model ? _("_Add") : _("_Open"), NULL);
  if (model)
    filter = make_filter (_("Models"), NULL, (const char *const[]){ "onnx", "cfg", "weights", NULL });
  else
    filter = make_filter (_("Pictures and Videos"), (const char *const[]){ "image/*", "video/*", NULL }, NULL);
  gtk_file_filter_add_pattern (all, "*");
  if (!folder)
    {
      gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (self->chooser), filter);
      gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (self->chooser), all);
      gtk_file_chooser_set_select_multiple (GTK_FILE_CHOOSER (self->chooser), TRUE);
    }
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  g_object_set_data (G_OBJECT (self->chooser), "model", GINT_TO_POINTER (model));
  g_signal_connect_object (self->chooser, "response", G_CALLBACK (on_chooser_response), self, 0);
  if (model)
    sq_window_show_page (self, "models");
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
action_open_camera (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqWindow *self = SQ_WINDOW (widget);

  // /dev is kept in memory: looking there does not wait for a disk.
  for (int i = 0; i < 16; i++)
    {
      g_autofree char *path = g_strdup_printf ("/dev/video%d", i);

      if (g_file_test (path, G_FILE_TEST_EXISTS))
        {
          _sq_window_open_here (self, (const char *const[]){ path, NULL });
          return;
        }
    }
  sq_toast (widget, _("No camera found"));
}

static void
on_sample (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SqWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = sq_workspace_get_sample_finish (SQ_WORKSPACE (source), result, &error);

  if (self->workspace == NULL)
    return; // closed meanwhile
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.try-sample", TRUE);
  if (path != NULL)
    _sq_window_open_here (self, (const char *const[]){ path, NULL });
  else
    sq_toast_error (GTK_WIDGET (self), error->message);
}

static void
action_try_sample (GtkWidget *widget, const char *name, GVariant *parameter)
{
  gtk_widget_action_set_enabled (widget, "win.try-sample", FALSE); // until it is here
  sq_workspace_get_sample_async (SQ_WINDOW (widget)->workspace, NULL, on_sample, g_object_ref (SQ_WINDOW (widget)));
}

/* Navigation */

static void
action_show_page (GtkWidget *widget, const char *name, GVariant *parameter)
{
  sq_window_show_page (SQ_WINDOW (widget), g_variant_get_string (parameter, NULL));
}

static void
action_back (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqWindow *self = SQ_WINDOW (widget);
  const char *page = sq_window_get_page (self);

  if (g_strcmp0 (page, "sessions") == 0 && sq_sessions_page_get_can_go_back (self->sessions))
    sq_sessions_page_go_back (self->sessions);
  else if (g_strcmp0 (page, "models") == 0 && sq_models_page_get_can_go_back (self->models))
    sq_models_page_go_back (self->models);
  else if (adw_leaflet_get_folded (self->leaflet))
    adw_leaflet_navigate (self->leaflet, ADW_NAVIGATION_DIRECTION_BACK);
}

static void
action_search (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqWindow *self = SQ_WINDOW (widget);

  sq_window_show_page (self, "sessions");
  sq_sessions_page_toggle_search (self->sessions);
}

static void
action_fullscreen (GtkWidget *widget, const char *name, GVariant *parameter)
{
  if (gtk_window_is_fullscreen (GTK_WINDOW (widget)))
    gtk_window_unfullscreen (GTK_WINDOW (widget));
  else
    gtk_window_fullscreen (GTK_WINDOW (widget));
}

static void
action_escape (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqWindow *self = SQ_WINDOW (widget);

  // Full screen first, then what lies over the page, then a search.
  if (gtk_window_is_fullscreen (GTK_WINDOW (widget)))
    gtk_window_unfullscreen (GTK_WINDOW (widget));
  else if (g_strcmp0 (sq_window_get_page (self), "sessions") != 0 || !sq_sessions_page_escape (self->sessions))
    action_back (widget, name, parameter);
}

static void
action_undo (GtkWidget *widget, const char *name, GVariant *parameter)
{
  sq_toast_undo_last (widget);
}

static void
action_inspector (GtkWidget *widget, const char *name, GVariant *parameter)
{
  GSettings *settings = sq_workspace_get_settings (SQ_WINDOW (widget)->workspace);

  g_settings_set_boolean (settings, "inspector-visible", !g_settings_get_boolean (settings, "inspector-visible"));
}

/* What runs */

static gboolean
on_sessions (SqWindow *self)
{
  return g_strcmp0 (sq_window_get_page (self), "sessions") == 0;
}

static gboolean
on_compare (SqWindow *self)
{
  return g_strcmp0 (sq_window_get_page (self), "compare") == 0;
}

static void
action_play (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqWindow *self = SQ_WINDOW (widget);

  if (on_sessions (self))
    sq_sessions_page_toggle_play (self->sessions);
  else if (on_compare (self))
    sq_compare_page_toggle_play (self->compare);
  else
    sq_detect_page_toggle_play (self->detect);
}

static void
action_step (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqWindow *self = SQ_WINDOW (widget);
  int direction = g_variant_get_int32 (parameter);

  if (on_sessions (self))
    sq_sessions_page_step (self->sessions, direction);
  else if (on_compare (self))
    sq_compare_page_step (self->compare, direction);
  else
    sq_detect_page_step (self->detect, direction);
}

static void
action_confidence (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqWindow *self = SQ_WINDOW (widget);
  SqFilterState *filter = on_sessions (self) ? sq_sessions_page_get_filter (self->sessions) : sq_detect_page_get_filter (self->detect);
  float by = g_variant_get_double (parameter);

  if (on_compare (self))
    sq_compare_page_nudge_confidence (self->compare, by);
  else
    sq_filter_state_set_confidence (filter, CLAMP (sq_filter_state_get_confidence (filter) + by, SQ_SCORE_FLOOR, 1.f));
}

static void
action_zoom (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqPictureView *view = _sq_window_get_view (SQ_WINDOW (widget));
  g_autofree char *action = g_strconcat ("view.", name + strlen ("win."), NULL);

  if (view != NULL)
    gtk_widget_activate_action (GTK_WIDGET (view), action, NULL);
}

static void
action_close_run (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqWindow *self = SQ_WINDOW (widget);

  if (g_strcmp0 (sq_window_get_page (self), "detect") == 0)
    sq_detect_page_close (self->detect);
  else if (on_compare (self))
    sq_compare_page_close (self->compare);
}

static void
action_walk (GtkWidget *widget, const char *name, GVariant *parameter)
{
  sq_compare_page_walk (SQ_WINDOW (widget)->compare, g_variant_get_int32 (parameter));
}

static void
action_save_picture (GtkWidget *widget, const char *name, GVariant *parameter)
{
  sq_compare_page_save_picture (SQ_WINDOW (widget)->compare);
}

static void
action_export (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqWindow *self = SQ_WINDOW (widget);

  if (on_compare (self))
    sq_compare_page_save_report (self->compare);
  else
    sq_sessions_page_export (self->sessions);
}

static void
action_run_again (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqWindow *self = SQ_WINDOW (widget);
  SqRun *run = sq_sessions_page_get_run (self->sessions);

  if (run != NULL)
    sq_sessions_page_run_again (self->sessions, run);
}

/* Models */

// NULL where there is no such model any more.
static SqCompressDialog *
make_compress_dialog (SqWindow *self, const char *id)
{
  SqModelEntry *entry = sq_model_list_find (sq_workspace_get_models (self->workspace), id);
  SqCompressDialog *dialog;

  if (entry == NULL)
    return NULL;
  if (self->compress_dialog != NULL)
    gtk_window_destroy (self->compress_dialog);
  dialog = SQ_COMPRESS_DIALOG (sq_compress_dialog_new (GTK_WINDOW (self), self->workspace, entry));
  g_set_weak_pointer (&self->compress_dialog, GTK_WINDOW (dialog));
  return dialog;
}

static void
action_compress (GtkWidget *widget, const char *name, GVariant *parameter)
{
  const char *id, *level;
  SqCompressDialog *dialog;

  g_variant_get (parameter, "(&s&s)", &id, &level);
  dialog = make_compress_dialog (SQ_WINDOW (widget), id);
  if (dialog == NULL)
    return;
  sq_compress_dialog_set_level (dialog, *level != '\0' ? level : "int8");
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
action_compress_recipe (GtkWidget *widget, const char *name, GVariant *parameter)
{
  const char *id, *recipe, *pictures;
  gboolean now;
  SqCompressDialog *dialog;

  g_variant_get (parameter, "(&s&s&sb)", &id, &recipe, &pictures, &now);
  dialog = make_compress_dialog (SQ_WINDOW (widget), id);
  if (dialog == NULL)
    return;
  sq_compress_dialog_set_recipe (dialog, recipe);
  if (*pictures != '\0')
    sq_compress_dialog_set_pictures (dialog, pictures);
  gtk_window_present (GTK_WINDOW (dialog));
  if (now && *pictures != '\0')
    sq_compress_dialog_start (dialog);
}

static void
action_show_model (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqWindow *self = SQ_WINDOW (widget);
  SqModelEntry *entry = sq_model_list_find (sq_workspace_get_models (self->workspace), g_variant_get_string (parameter, NULL));

  if (entry == NULL)
    return;
  sq_window_show_page (self, "models");
  sq_models_page_show (self->models, entry);
}

static void
action_compare (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqWindow *self = SQ_WINDOW (widget);
  SqModelList *models = sq_workspace_get_models (self->workspace);
  const char *a, *b;

  g_variant_get (parameter, "(&s&s)", &a, &b);
  if (sq_model_list_find (models, a) != NULL && sq_model_list_find (models, b) != NULL)
    _sq_window_compare (self, sq_model_list_find (models, a), sq_model_list_find (models, b));
}

// A variant is there: beside its original on what is at hand, or else where it is listed.
static void
action_made (GtkWidget *widget, const char *name, GVariant *parameter)
{
  const char *original, *made;

  g_variant_get (parameter, "(&s&s)", &original, &made);
  if (_sq_window_can_compare (SQ_WINDOW (widget)))
    gtk_widget_activate_action (widget, "win.compare", "(ss)", original, made);
  else
    gtk_widget_activate_action (widget, "win.show-model", "s", made);
}

static void
action_compare_runs (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqWindow *self = SQ_WINDOW (widget);
  gint64 a, b;

  g_variant_get (parameter, "(xx)", &a, &b);
  sq_window_show_page (self, "compare");
  sq_compare_page_open_runs (self->compare, a, b);
}

static void
action_level (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqWindow *self = SQ_WINDOW (widget);
  guint n = g_variant_get_int32 (parameter);

  if (on_compare (self))
    sq_compare_page_choose_level (self->compare, n);
  else
    sq_level_picker_choose (self->level_picker, n);
}

void
_sq_window_update_actions (SqWindow *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  gboolean view = _sq_window_get_view (self) != NULL;
  gboolean session = on_sessions (self) && sq_sessions_page_get_can_go_back (self->sessions);
  static const char *const on_view[] = { "win.play",     "win.step",     "win.confidence", "win.zoom-in",
                                         "win.zoom-out", "win.zoom-fit", "win.copy",       "win.inspector" };

  static const char *const on_region[] = { "win.region-include", "win.region-exclude", "win.region-clear" };

  for (guint i = 0; i < G_N_ELEMENTS (on_view); i++)
    gtk_widget_action_set_enabled (widget, on_view[i], view);
  for (guint i = 0; i < G_N_ELEMENTS (on_region); i++)
    gtk_widget_action_set_enabled (widget, on_region[i], view && !on_compare (self));
  gtk_widget_action_set_enabled (widget, "win.export", session || (on_compare (self) && view));
  gtk_widget_action_set_enabled (widget, "win.run-again", session);
  gtk_widget_action_set_enabled (widget, "win.level", on_compare (self) || g_strcmp0 (sq_window_get_page (self), "detect") == 0);
  gtk_widget_action_set_enabled (widget, "win.walk", on_compare (self) && view);
  gtk_widget_action_set_enabled (widget, "win.save-picture", on_compare (self) && view);
}

void
_sq_window_class_init_actions (GtkWidgetClass *widget_class)
{
  static const struct
  {
    const char *name, *type;
    GtkWidgetActionActivateFunc activate;
  } actions[] = {
    { "win.open", NULL, action_open },
    { "win.open-folder", NULL, action_open },
    { "win.add-model", NULL, action_open },
    { "win.open-camera", NULL, action_open_camera },
    { "win.try-sample", NULL, action_try_sample },
    { "win.show-page", "s", action_show_page },
    { "win.back", NULL, action_back },
    { "win.undo", NULL, action_undo },
    { "win.escape", NULL, action_escape },
    { "win.search", NULL, action_search },
    { "win.fullscreen", NULL, action_fullscreen },
    { "win.inspector", NULL, action_inspector },
    { "win.play", NULL, action_play },
    { "win.step", "i", action_step },
    { "win.confidence", "d", action_confidence },
    { "win.zoom-in", NULL, action_zoom },
    { "win.zoom-out", NULL, action_zoom },
    { "win.zoom-fit", NULL, action_zoom },
    { "win.copy", NULL, action_zoom },
    { "win.region-include", NULL, action_zoom },
    { "win.region-exclude", NULL, action_zoom },
    { "win.region-clear", NULL, action_zoom },
    { "win.close-run", NULL, action_close_run },
    { "win.export", NULL, action_export },
    { "win.run-again", NULL, action_run_again },
    { "win.compress", "(ss)", action_compress },                 // a model's id, a level or ""
    { "win.compress-recipe", "(sssb)", action_compress_recipe }, // a model's id, a recipe, pictures or "", at once
    { "win.show-model", "s", action_show_model },
    { "win.level", "i", action_level },
    { "win.compare", "(ss)", action_compare },           // the ids of two models
    { "win.made", "(ss)", action_made },                 // of an original and its new variant
    { "win.compare-runs", "(xx)", action_compare_runs }, // of two runs of the project
    { "win.walk", "i", action_walk },          // as sq_compare_page_walk
    { "win.save-picture", NULL, action_save_picture },
  };
  static const struct
  {
    guint key;
    GdkModifierType modifiers;
    const char *action;
  } keys[] = {
    { GDK_KEY_o, GDK_CONTROL_MASK, "win.open" },
    { GDK_KEY_o, GDK_CONTROL_MASK | GDK_SHIFT_MASK, "win.open-folder" },
    { GDK_KEY_f, GDK_CONTROL_MASK, "win.search" },
    { GDK_KEY_z, GDK_CONTROL_MASK, "win.undo" },
    { GDK_KEY_e, GDK_CONTROL_MASK, "win.export" },
    { GDK_KEY_d, GDK_CONTROL_MASK, "win.run-again" },
    { GDK_KEY_s, GDK_CONTROL_MASK, "win.save-picture" },
    { GDK_KEY_c, GDK_CONTROL_MASK, "win.copy" },
    { GDK_KEY_F9, 0, "win.inspector" },
    { GDK_KEY_F11, 0, "win.fullscreen" },
    { GDK_KEY_Escape, 0, "win.escape" },
    { GDK_KEY_plus, 0, "win.zoom-in" },
    { GDK_KEY_equal, 0, "win.zoom-in" },
    { GDK_KEY_KP_Add, 0, "win.zoom-in" },
    { GDK_KEY_minus, 0, "win.zoom-out" },
    { GDK_KEY_KP_Subtract, 0, "win.zoom-out" },
    { GDK_KEY_0, 0, "win.zoom-fit" },
    { GDK_KEY_KP_0, 0, "win.zoom-fit" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    gtk_widget_class_install_action (widget_class, actions[i].name, actions[i].type, actions[i].activate);
  // On the window, in the bubble phase: an entry or a focused button has the key first.
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    gtk_widget_class_add_binding_action (widget_class, keys[i].key, keys[i].modifiers, keys[i].action, NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_comma, 0, "win.step", "i", -1);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_period, 0, "win.step", "i", 1);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_n, 0, "win.walk", "i", 1);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_n, GDK_SHIFT_MASK, "win.walk", "i", -1);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_w, 0, "win.walk", "i", 0);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_bracketleft, 0, "win.confidence", "d", -.05);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_bracketright, 0, "win.confidence", "d", .05);
  for (guint i = 0; i < 9; i++)
    gtk_widget_class_add_binding_action (widget_class, GDK_KEY_1 + i, 0, "win.level", "i", (int) i);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_1, GDK_ALT_MASK, "win.show-page", "s", "detect");
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_2, GDK_ALT_MASK, "win.show-page", "s", "compare");
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_3, GDK_ALT_MASK, "win.show-page", "s", "models");
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_4, GDK_ALT_MASK, "win.show-page", "s", "sessions");
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_5, GDK_ALT_MASK, "win.show-page", "s", "devices");
}
