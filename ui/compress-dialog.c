// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "compress-dialog.h"

#include "compress-levels.h"
#include <glib/gi18n.h>

#define TICK_MS 100
#define MAX_SESSIONS 50
#define SESSION "session:"
#define FOLDER_KEY "calibration-folder"

struct _SqCompressDialog
{
  AdwWindow parent_instance;

  /* Template widgets */
  AdwWindowTitle *title;
  GtkStack *stack;
  GtkWidget *start, *cancel, *choose_folder;
  GtkLabel *problem;
  AdwPreferencesGroup *levels, *bound_group, *pictures_group;
  GtkSpinButton *bound;
  AdwActionRow *folder;
  AdwComboRow *session;
  GtkLabel *running_title, *step, *remaining;
  GtkProgressBar *progress;
  AdwStatusPage *failed, *done;

  SqWorkspace *workspace;
  SqModelEntry *original;
  GPtrArray *rows; // AdwActionRow of the levels; data "recipe": its text, "level": its id
  GtkCheckButton *group;
  char *recipe;       // text of what is chosen
  char *pictures;     // what is chosen, NULL none
  GPtrArray *runs;    // SqRun, of the session row's items but the first
  gboolean filling;   // widgets are being set, not chosen from
  gboolean running;   // this dialog's job is under way
  SqModelEntry *made; // of "done"
  GtkFileChooserNative *chooser;
  guint tick_id;
};

G_DEFINE_FINAL_TYPE (SqCompressDialog, sq_compress_dialog, ADW_TYPE_WINDOW)

/* What is chosen */

static SqRecipe *
get_recipe (SqCompressDialog *self)
{
  return self->recipe != NULL ? sq_recipe_parse (self->recipe, NULL) : NULL;
}

static void
show_page (SqCompressDialog *self, const char *page)
{
  gboolean choosing = g_str_equal (page, "choose"), running = g_str_equal (page, "running");

  gtk_stack_set_visible_child_name (self->stack, page);
  gtk_widget_set_visible (self->start, choosing);
  gtk_button_set_label (GTK_BUTTON (self->cancel), choosing || running ? _("_Cancel") : _("_Close"));
}

// What is missing still.
static void
update (SqCompressDialog *self)
{
  g_autoptr (SqRecipe) recipe = get_recipe (self);
  gboolean missing = recipe != NULL && sq_recipe_needs_pictures (recipe) && self->pictures == NULL;
  g_autofree char *text = NULL;

  if (missing)
    // Translators: a level
    text = g_strdup_printf (_("%s is measured on pictures: choose a folder of them."), recipe->title);
  else if (recipe != NULL && self->pictures == NULL)
    text = g_strdup (_("Without pictures, nothing will be known of how faithful the variant is."));
  gtk_label_set_label (self->problem, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->problem), text != NULL);
  gtk_widget_set_sensitive (self->start, recipe != NULL && !missing);
}

// Where the recipe has one.
static void
show_bound (SqCompressDialog *self)
{
  g_autoptr (SqRecipe) recipe = get_recipe (self);
  double keep = recipe != NULL ? sq_recipe_get_keep (recipe) : 0;
  gboolean was = self->filling;

  gtk_widget_set_visible (GTK_WIDGET (self->bound_group), keep > 0);
  self->filling = TRUE;
  gtk_spin_button_set_value (self->bound, keep * 100);
  self->filling = was;
}

static void
on_level_toggled (GtkCheckButton *check, AdwActionRow *row)
{
  SqCompressDialog *self = SQ_COMPRESS_DIALOG (gtk_widget_get_root (GTK_WIDGET (check)));

  if (self == NULL || !gtk_check_button_get_active (check))
    return;
  g_free (self->recipe);
  self->recipe = g_strdup (g_object_get_data (G_OBJECT (row), "recipe"));
  show_bound (self);
  update (self);
}

static void
on_bound_changed (SqCompressDialog *self)
{
  g_autoptr (SqRecipe) recipe = get_recipe (self);

  if (self->filling || recipe == NULL || !sq_recipe_set_keep (recipe, gtk_spin_button_get_value (self->bound) / 100))
    return;
  g_free (self->recipe);
  self->recipe = sq_recipe_to_text (recipe);
}

static void
add_level (SqCompressDialog *self, const SqRecipe *recipe, const char *description)
{
  GtkWidget *row = adw_action_row_new (), *check = gtk_check_button_new ();
  SqModelList *models = sq_workspace_get_models (self->workspace);
  g_autofree char *device = sq_model_list_dup_device (models);
  const char *note = sq_level_speed_note (recipe, device);
  SqModelEntry *there = sq_model_list_find_level (models, self->original, recipe->id);
  GString *subtitle = g_string_new (description);

  if (note != NULL)
    g_string_append_printf (subtitle, "%s%s", subtitle->len > 0 ? "\n" : "", note);
  if (there != NULL && g_strcmp0 (sq_model_entry_get_variant (there)->title, recipe->title) == 0)
    g_string_append_printf (subtitle, "%s%s", subtitle->len > 0 ? "\n" : "", _("Made already."));
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), recipe->title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle->str);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 0);
  gtk_widget_set_valign (check, GTK_ALIGN_CENTER);
  gtk_accessible_update_property (GTK_ACCESSIBLE (check), GTK_ACCESSIBLE_PROPERTY_LABEL, recipe->title, -1);
  if (self->group != NULL)
    gtk_check_button_set_group (GTK_CHECK_BUTTON (check), self->group);
  self->group = GTK_CHECK_BUTTON (check);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), check);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row), check);
  g_object_set_data_full (G_OBJECT (row), "recipe", sq_recipe_to_text (recipe), g_free);
  g_object_set_data_full (G_OBJECT (row), "level", g_strdup (recipe->id), g_free);
  g_object_set_data (G_OBJECT (row), "check", check);
  adw_preferences_group_add (self->levels, row);
  g_ptr_array_add (self->rows, row);
  g_signal_connect_object (check, "toggled", G_CALLBACK (on_level_toggled), row, 0);
  g_string_free (subtitle, TRUE);
}

static void
clear_levels (SqCompressDialog *self)
{
  for (guint i = 0; i < self->rows->len; i++)
    adw_preferences_group_remove (self->levels, self->rows->pdata[i]);
  g_ptr_array_set_size (self->rows, 0);
  self->group = NULL;
}

static void
fill_levels (SqCompressDialog *self)
{
  const char *const *ids = sq_recipe_level_ids ();

  for (guint i = 0; ids[i] != NULL; i++)
    {
      g_autoptr (SqRecipe) recipe = sq_recipe_level (ids[i]);

      if (recipe->steps->len > 0) // the original is there
        add_level (self, recipe, sq_level_describe (ids[i]));
    }
}

void
sq_compress_dialog_set_level (SqCompressDialog *self, const char *level)
{
  g_return_if_fail (SQ_IS_COMPRESS_DIALOG (self));

  for (guint i = 0; i < self->rows->len; i++)
    if (g_strcmp0 (g_object_get_data (self->rows->pdata[i], "level"), level) == 0)
      gtk_check_button_set_active (g_object_get_data (self->rows->pdata[i], "check"), TRUE);
}

void
sq_compress_dialog_set_keep (SqCompressDialog *self, double keep)
{
  g_return_if_fail (SQ_IS_COMPRESS_DIALOG (self));

  gtk_spin_button_set_value (self->bound, keep * 100);
}

void
sq_compress_dialog_set_recipe (SqCompressDialog *self, const char *text)
{
  g_autoptr (SqRecipe) recipe = sq_recipe_parse (text, NULL);

  g_return_if_fail (SQ_IS_COMPRESS_DIALOG (self));
  g_return_if_fail (recipe != NULL);

  clear_levels (self);
  adw_preferences_group_set_title (self->levels, _("Recipe"));
  add_level (self, recipe, "");
  gtk_check_button_set_active (self->group, TRUE);
  gtk_widget_set_visible (GTK_WIDGET (self->group), FALSE); // the only one
}

/* Pictures */

static void
update_folder (SqCompressDialog *self)
{
  gboolean session = self->pictures != NULL && g_str_has_prefix (self->pictures, SESSION);

  adw_action_row_set_subtitle (self->folder, self->pictures == NULL ? _("None chosen")
                                             : session              ? _("None: those of a session are used")
                                                                    : self->pictures);
  if (!session)
    {
      self->filling = TRUE;
      adw_combo_row_set_selected (self->session, 0);
      self->filling = FALSE;
    }
  update (self);
}

void
sq_compress_dialog_set_pictures (SqCompressDialog *self, const char *pictures)
{
  g_return_if_fail (SQ_IS_COMPRESS_DIALOG (self));

  if (self->pictures != pictures)
    {
      g_free (self->pictures);
      self->pictures = g_strdup (pictures);
    }
  update_folder (self);
}

static void
on_folder_response (GtkNativeDialog *dialog, int response, SqCompressDialog *self)
{
  if (response == GTK_RESPONSE_ACCEPT)
    {
      g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
      g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;

      if (path != NULL)
        {
          g_settings_set_string (sq_workspace_get_settings (self->workspace), FOLDER_KEY, path);
          sq_compress_dialog_set_pictures (self, path);
        }
    }
  g_clear_object (&self->chooser);
}

static void
on_choose_folder (SqCompressDialog *self)
{
  if (self->chooser != NULL)
    return;
  self->chooser =
      gtk_file_chooser_native_new (_("Choose Pictures"), GTK_WINDOW (self), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, _("_Choose"), NULL);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  if (self->pictures != NULL && !g_str_has_prefix (self->pictures, SESSION))
    {
      g_autoptr (GFile) now = g_file_new_for_path (self->pictures);

      gtk_file_chooser_set_file (GTK_FILE_CHOOSER (self->chooser), now, NULL);
    }
  g_signal_connect_object (self->chooser, "response", G_CALLBACK (on_folder_response), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
on_session_selected (SqCompressDialog *self)
{
  guint selected = adw_combo_row_get_selected (self->session);
  g_autofree char *folder = NULL, *pictures = NULL;

  if (self->filling || self->runs == NULL)
    return;
  if (selected > 0 && selected <= self->runs->len)
    {
      pictures = g_strdup_printf (SESSION "%" G_GINT64_FORMAT, ((SqRun *) self->runs->pdata[selected - 1])->id);
      sq_compress_dialog_set_pictures (self, pictures);
      return;
    }
  folder = g_settings_get_string (sq_workspace_get_settings (self->workspace), FOLDER_KEY);
  sq_compress_dialog_set_pictures (self, *folder != '\0' ? folder : NULL);
}

static void
list_sessions_thread (GTask *task, gpointer source, gpointer project, GCancellable *cancellable)
{
  GError *error = NULL;
  SqRunQuery query = { 0 };
  GPtrArray *runs = sq_project_list_runs (project, &query, 0, MAX_SESSIONS, &error);

  if (runs == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  for (guint i = runs->len; i-- > 0;)
    if (((SqRun *) runs->pdata[i])->source_kind == SQ_SOURCE_LIVE) // nothing is left of it
      g_ptr_array_remove_index (runs, i);
  g_task_return_pointer (task, runs, (GDestroyNotify) g_ptr_array_unref);
}

static void
on_sessions (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqCompressDialog *self = SQ_COMPRESS_DIALOG (source);
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);
  GPtrArray *runs = g_task_propagate_pointer (G_TASK (result), NULL);

  if (self->workspace == NULL || runs == NULL || runs->len == 0)
    {
      g_clear_pointer (&runs, g_ptr_array_unref);
      return;
    }
  self->runs = runs;
  gtk_string_list_append (names, _("None"));
  for (guint i = 0; i < runs->len; i++)
    {
      const SqRun *run = runs->pdata[i];
      // Translators: name of a session, its number of pictures or frames
      g_autofree char *name = g_strdup_printf (_("%s (%d)"), run->name, (int) run->n_frames);

      gtk_string_list_append (names, name);
    }
  self->filling = TRUE;
  adw_combo_row_set_model (self->session, G_LIST_MODEL (names));
  self->filling = FALSE;
  gtk_widget_set_visible (GTK_WIDGET (self->session), TRUE);
}

static void
list_sessions (SqCompressDialog *self)
{
  SqProject *project = sq_workspace_get_project (self->workspace);
  g_autoptr (GTask) task = NULL;

  if (project == NULL)
    return;
  task = g_task_new (self, NULL, on_sessions, NULL);
  g_task_set_task_data (task, g_object_ref (project), g_object_unref);
  g_task_run_in_thread (task, list_sessions_thread);
}

/* The job */

static char *
describe_remaining (double seconds)
{
  guint n;

  if (seconds < 0)
    return g_strdup (_("Estimating…"));
  if (seconds < 60)
    {
      n = MAX ((guint) (seconds / 5 + .5) * 5, 5); // a digit that jumps helps nobody
      return g_strdup_printf (ngettext ("About %u second left", "About %u seconds left", n), n);
    }
  n = (guint) (seconds / 60 + .5);
  return g_strdup_printf (ngettext ("About %u minute left", "About %u minutes left", n), n);
}

static gboolean
on_tick (gpointer data)
{
  SqCompressDialog *self = data;
  SqCompressor *compressor = sq_workspace_get_compressor (self->workspace);
  g_autofree char *remaining = describe_remaining (sq_compressor_get_remaining (compressor));

  gtk_progress_bar_set_fraction (self->progress, sq_compressor_get_fraction (compressor));
  gtk_label_set_label (self->step, sq_compressor_get_step (compressor));
  gtk_label_set_label (self->remaining, remaining);
  return G_SOURCE_CONTINUE;
}

static void
on_show (SqCompressDialog *self)
{
  GtkWindow *parent = gtk_window_get_transient_for (GTK_WINDOW (self));

  if (parent != NULL && self->made != NULL)
    gtk_widget_activate_action (GTK_WIDGET (parent), "win.show-model", "s", sq_model_entry_get_id (self->made));
  gtk_window_destroy (GTK_WINDOW (self));
}

static void
leave_for (SqCompressDialog *self, const char *action)
{
  GtkWindow *parent = gtk_window_get_transient_for (GTK_WINDOW (self));

  if (parent != NULL && self->made != NULL)
    gtk_widget_activate_action (GTK_WIDGET (parent), action, "(ss)", sq_model_entry_get_id (self->original),
                                sq_model_entry_get_id (self->made));
  gtk_window_destroy (GTK_WINDOW (self));
}

static void
on_compare (SqCompressDialog *self)
{
  leave_for (self, "win.compare");
}

static void
on_made (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SqCompressDialog) self = user_data;
  g_autoptr (GError) error = NULL;
  SqModelEntry *entry = sq_compressor_run_finish (SQ_COMPRESSOR (source), result, &error);
  const SqVariant *variant = entry != NULL ? sq_model_entry_get_variant (entry) : NULL;
  g_autofree char *numbers = NULL, *text = NULL;

  self->running = FALSE;
  if (self->workspace == NULL)
    return; // closed meanwhile
  g_clear_handle_id (&self->tick_id, g_source_remove);
  if (entry == NULL)
    {
      adw_status_page_set_description (self->failed, error->message);
      show_page (self, g_error_matches (error, SQ_ERROR, SQ_ERROR_CANCELLED) ? "choose" : "failed");
      return;
    }
  g_set_object (&self->made, entry);
  if (variant == NULL || variant->warning == NULL)
    {
      leave_for (self, "win.made");
      return;
    }
  g_object_get (entry, "subtitle", &numbers, NULL);
  text = g_strdup_printf ("%s\n\n%s", numbers, variant->warning);
  adw_status_page_set_title (self->done, sq_model_entry_get_title (entry));
  adw_status_page_set_description (self->done, text);
  show_page (self, "done");
}

void
sq_compress_dialog_start (SqCompressDialog *self)
{
  g_autoptr (SqRecipe) recipe = NULL;
  SqCompressJob job;

  g_return_if_fail (SQ_IS_COMPRESS_DIALOG (self));

  update (self);
  if (self->running || !gtk_widget_get_sensitive (self->start))
    return;
  recipe = get_recipe (self);
  job = (SqCompressJob){ self->original, self->recipe, self->pictures, sq_workspace_get_project (self->workspace) };
  gtk_label_set_label (self->running_title, recipe->title);
  show_page (self, "running");
  self->running = TRUE;
  sq_compressor_run_async (sq_workspace_get_compressor (self->workspace), &job, on_made, g_object_ref (self));
  on_tick (self);
  self->tick_id = g_timeout_add (TICK_MS, on_tick, self);
}

static void
on_back (SqCompressDialog *self)
{
  show_page (self, "choose");
}

/* Object */

static gboolean
sq_compress_dialog_close_request (GtkWindow *window)
{
  SqCompressDialog *self = SQ_COMPRESS_DIALOG (window);

  if (self->running)
    sq_compressor_cancel (sq_workspace_get_compressor (self->workspace));
  return GTK_WINDOW_CLASS (sq_compress_dialog_parent_class)->close_request (window);
}

static void
sq_compress_dialog_dispose (GObject *object)
{
  SqCompressDialog *self = SQ_COMPRESS_DIALOG (object);

  if (self->running && self->workspace != NULL)
    sq_compressor_cancel (sq_workspace_get_compressor (self->workspace));
  g_clear_handle_id (&self->tick_id, g_source_remove);
  g_clear_object (&self->chooser);
  g_clear_object (&self->workspace);
  g_clear_object (&self->original);
  g_clear_object (&self->made);
  gtk_widget_dispose_template (GTK_WIDGET (self), SQ_TYPE_COMPRESS_DIALOG);
  G_OBJECT_CLASS (sq_compress_dialog_parent_class)->dispose (object);
}

static void
sq_compress_dialog_finalize (GObject *object)
{
  SqCompressDialog *self = SQ_COMPRESS_DIALOG (object);

  g_ptr_array_unref (self->rows);
  g_clear_pointer (&self->runs, g_ptr_array_unref);
  g_free (self->recipe);
  g_free (self->pictures);
  G_OBJECT_CLASS (sq_compress_dialog_parent_class)->finalize (object);
}

static void
sq_compress_dialog_class_init (SqCompressDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sq_compress_dialog_dispose;
  G_OBJECT_CLASS (klass)->finalize = sq_compress_dialog_finalize;
  GTK_WINDOW_CLASS (klass)->close_request = sq_compress_dialog_close_request;
  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/compress-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, SqCompressDialog, title);
  gtk_widget_class_bind_template_child (widget_class, SqCompressDialog, stack);
  gtk_widget_class_bind_template_child (widget_class, SqCompressDialog, start);
  gtk_widget_class_bind_template_child (widget_class, SqCompressDialog, cancel);
  gtk_widget_class_bind_template_child (widget_class, SqCompressDialog, choose_folder);
  gtk_widget_class_bind_template_child (widget_class, SqCompressDialog, problem);
  gtk_widget_class_bind_template_child (widget_class, SqCompressDialog, levels);
  gtk_widget_class_bind_template_child (widget_class, SqCompressDialog, bound_group);
  gtk_widget_class_bind_template_child (widget_class, SqCompressDialog, bound);
  gtk_widget_class_bind_template_child (widget_class, SqCompressDialog, pictures_group);
  gtk_widget_class_bind_template_child (widget_class, SqCompressDialog, folder);
  gtk_widget_class_bind_template_child (widget_class, SqCompressDialog, session);
  gtk_widget_class_bind_template_child (widget_class, SqCompressDialog, running_title);
  gtk_widget_class_bind_template_child (widget_class, SqCompressDialog, step);
  gtk_widget_class_bind_template_child (widget_class, SqCompressDialog, remaining);
  gtk_widget_class_bind_template_child (widget_class, SqCompressDialog, progress);
  gtk_widget_class_bind_template_child (widget_class, SqCompressDialog, failed);
  gtk_widget_class_bind_template_child (widget_class, SqCompressDialog, done);
  gtk_widget_class_bind_template_callback (widget_class, gtk_window_close);
  gtk_widget_class_bind_template_callback (widget_class, sq_compress_dialog_start);
  gtk_widget_class_bind_template_callback (widget_class, on_bound_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_choose_folder);
  gtk_widget_class_bind_template_callback (widget_class, on_session_selected);
  gtk_widget_class_bind_template_callback (widget_class, on_back);
  gtk_widget_class_bind_template_callback (widget_class, on_compare);
  gtk_widget_class_bind_template_callback (widget_class, on_show);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
sq_compress_dialog_init (SqCompressDialog *self)
{
  self->rows = g_ptr_array_new ();
  self->filling = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
  self->filling = FALSE;
  gtk_widget_set_visible (GTK_WIDGET (self->session), FALSE);
}

GtkWidget *
sq_compress_dialog_new (GtkWindow *parent, SqWorkspace *workspace, SqModelEntry *original)
{
  SqCompressDialog *self = g_object_new (SQ_TYPE_COMPRESS_DIALOG, "transient-for", parent, NULL);
  g_autofree char *folder = g_settings_get_string (sq_workspace_get_settings (workspace), FOLDER_KEY);

  self->workspace = g_object_ref (workspace);
  self->original = g_object_ref (original);
  adw_window_title_set_subtitle (self->title, sq_model_entry_get_title (original));
  fill_levels (self);
  list_sessions (self);
  show_page (self, "choose");
  sq_compress_dialog_set_pictures (self, *folder != '\0' ? folder : NULL);
  return GTK_WIDGET (self);
}

const char *
sq_compress_dialog_get_recipe (SqCompressDialog *self)
{
  return self->recipe;
}

const char *
sq_compress_dialog_get_page (SqCompressDialog *self)
{
  return gtk_stack_get_visible_child_name (self->stack);
}

const char *
sq_compress_dialog_get_message (SqCompressDialog *self)
{
  const char *page = sq_compress_dialog_get_page (self);

  if (g_strcmp0 (page, "failed") == 0)
    return adw_status_page_get_description (self->failed);
  if (g_strcmp0 (page, "done") == 0)
    return adw_status_page_get_description (self->done);
  return gtk_label_get_label (self->problem);
}
