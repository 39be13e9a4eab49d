// SPDX-License-Identifier: GPL-3.0-or-later
// Says when what a session was made from is no longer there, or is something else now, and takes a new place for it.
#include "config.h"

#include "session-view-private.h"

#include "toast.h"
#include <glib/gi18n.h>

static void
check_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_task_return_int (task, (gssize) sq_run_check_origin (data));
}

static void
show_origin (SqSessionView *self, SqOrigin origin)
{
  g_autofree char *text = NULL, *name = self->run->paths[0] != NULL ? g_filename_display_basename (self->run->paths[0]) : NULL;

  self->origin = origin;
  gtk_info_bar_set_revealed (self->origin_bar, origin != SQ_ORIGIN_SAME);
  if (origin == SQ_ORIGIN_SAME)
    return;
  // Translators: a file or folder
  text = g_strdup_printf (origin == SQ_ORIGIN_GONE ? _("“%s” is no longer where it was; its detections are shown without pictures.")
                                                   : _("“%s” was changed since; its detections are shown without pictures."),
                          name);
  gtk_label_set_label (self->origin_text, text);
}

static void
on_checked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqSessionView *self = SQ_SESSION_VIEW (source);
  SqOrigin origin = (SqOrigin) g_task_propagate_int (G_TASK (result), NULL);

  if (g_task_get_cancellable (G_TASK (result)) != self->cancellable || self->run == NULL)
    return;
  show_origin (self, origin);
  _sq_session_view_refresh (self); // without the pixels of another picture, or with those found again
}

void
_sq_session_view_check_origin (SqSessionView *self)
{
  g_autoptr (GTask) task = g_task_new (self, self->cancellable, on_checked, NULL);

  show_origin (self, SQ_ORIGIN_SAME);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, sq_run_ref (self->run), (GDestroyNotify) sq_run_unref);
  g_task_run_in_thread (task, check_thread);
}

/* Locating */

typedef struct
{
  SqRun *run;
  SqProject *project;
  char *from, *to; // what is replaced by what in paths
  char *path;      // chosen
} Locate;

static void
locate_free (gpointer data)
{
  Locate *locate = data;

  sq_run_unref (locate->run);
  g_object_unref (locate->project);
  g_free (locate->from);
  g_free (locate->to);
  g_free (locate->path);
  g_free (locate);
}

// The run as it will be, where the file chosen is the one it was made from.
static void
locate_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Locate *locate = data;
  char *paths[] = { locate->path, NULL };
  SqRun there = *locate->run;
  GError *error = NULL;
  SqRun *run;

  there.paths = paths;
  if (sq_run_check_origin (&there) != SQ_ORIGIN_SAME)
    {
      g_autofree char *name = g_filename_display_basename (locate->path);

      // Translators: a file
      g_task_return_new_error (task, SQ_ERROR, SQ_ERROR_FORMAT, _("“%s” is not what this session was made from."), name);
      return;
    }
  sq_project_move_run_source (locate->project, locate->run->id, locate->from, locate->to);
  sq_project_flush (locate->project, NULL); // a failure to write is told by the project
  run = sq_project_load_run (locate->project, locate->run->id, &error);
  if (run == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, run, (GDestroyNotify) sq_run_unref);
}

static void
on_located (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqSessionView *self = SQ_SESSION_VIEW (source);
  SqStoredFrame *frame = self->item != NULL ? sq_frame_item_get_frame (self->item) : NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SqRun) run = g_task_propagate_pointer (G_TASK (result), &error);

  if (run == NULL)
    sq_toast_error (GTK_WIDGET (self), error->message);
  else if (self->run != NULL && self->run->id == run->id)
    sq_session_view_open_at (self, run, frame != NULL ? frame->seq : -1);
}

void
sq_session_view_locate (SqSessionView *self, const char *path)
{
  g_autoptr (GTask) task = NULL;
  g_autofree char *old_base = NULL, *new_base = NULL;
  Locate *locate;

  g_return_if_fail (SQ_IS_SESSION_VIEW (self));
  g_return_if_fail (self->run != NULL);

  locate = g_new0 (Locate, 1);
  old_base = g_path_get_basename (self->run->paths[0]);
  new_base = g_path_get_basename (path);
  locate->run = sq_run_ref (self->run);
  locate->project = g_object_ref (sq_workspace_get_project (self->workspace));
  locate->path = g_strdup (path);
  // What lay beside it was moved along, where its name is still the same.
  locate->from = g_str_equal (old_base, new_base) ? g_path_get_dirname (self->run->paths[0]) : g_strdup (self->run->paths[0]);
  locate->to = g_str_equal (old_base, new_base) ? g_path_get_dirname (path) : g_strdup (path);
  task = g_task_new (self, NULL, on_located, NULL);
  g_task_set_task_data (task, locate, locate_free);
  g_task_run_in_thread (task, locate_thread);
}

static void
on_response (GtkNativeDialog *dialog, int response, SqSessionView *self)
{
  g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
  g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;

  if (response == GTK_RESPONSE_ACCEPT && path != NULL && self->run != NULL)
    sq_session_view_locate (self, path);
  g_object_unref (dialog);
}

void
_sq_session_view_ask_origin (SqSessionView *self)
{
  gboolean folder = self->run->source_hash[0] == '\0';
  GtkFileChooserNative *dialog =
      gtk_file_chooser_native_new (folder ? _("Locate Folder") : _("Locate File"), GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                                   folder ? GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER : GTK_FILE_CHOOSER_ACTION_OPEN, _("_Locate"), NULL);

  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_response), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}
