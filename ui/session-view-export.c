// SPDX-License-Identifier: GPL-3.0-or-later
// Export of the session on show, with the filters as they are set.
#include "config.h"

#include "session-view-private.h"

#include "toast.h"
#include <glib/gi18n.h>
#include <string.h>

#define MOST_SUFFIX 5 // of a media file, with its dot

static void
on_progress (double fraction, gpointer user_data)
{
  SqSessionView *self = user_data;

  if (self->export_bar != NULL)
    sq_busy_bar_set_fraction (self->export_bar, fraction);
}

static void
on_exported (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SqSessionView) self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean good = sq_export_run_finish (SQ_PROJECT (source), result, &error);

  g_clear_object (&self->exporting);
  if (self->export_bar == NULL)
    return; // the window is gone
  sq_busy_bar_set_text (self->export_bar, NULL);
  if (good)
    sq_toast (GTK_WIDGET (self), _ ("Session exported"));
  else if (!g_error_matches (error, SQ_ERROR, SQ_ERROR_CANCELLED))
    sq_toast_error (GTK_WIDGET (self), error->message);
}

static void
on_cancel (SqSessionView *self)
{
  if (self->exporting != NULL)
    g_cancellable_cancel (self->exporting);
}

void
sq_session_view_set_export_bar (SqSessionView *self, SqBusyBar *bar)
{
  g_return_if_fail (SQ_IS_SESSION_VIEW (self));

  self->export_bar = bar;
  g_signal_connect_object (bar, "cancel", G_CALLBACK (on_cancel), self, G_CONNECT_SWAPPED);
}

gboolean
sq_session_view_get_exporting (SqSessionView *self)
{
  g_return_val_if_fail (SQ_IS_SESSION_VIEW (self), FALSE);
  return self->exporting != NULL;
}

void
sq_session_view_export_to (SqSessionView *self, SqExportFormat format, const char *path)
{
  SqProject *project = sq_workspace_get_project (self->workspace);
  SqFilter filter = sq_filter_state_get_filter (self->filter);
  g_autofree char *text = NULL;

  g_return_if_fail (SQ_IS_SESSION_VIEW (self));
  g_return_if_fail (self->run != NULL && project != NULL);

  if (self->exporting != NULL)
    {
      sq_toast (GTK_WIDGET (self), _ ("Another session is being exported"));
      return;
    }
  // Translators: name of a session
  text = g_strdup_printf (_ ("Exporting “%s”…"), self->run->name);
  self->exporting = g_cancellable_new ();
  sq_busy_bar_set_text (self->export_bar, text);
  sq_export_run_async (project, self->run->id, format, &filter, path, self->exporting, on_progress, self, on_exported, g_object_ref (self));
}

static void
on_response (GtkNativeDialog *dialog, int response, SqSessionView *self)
{
  GtkFileChooser *chooser = GTK_FILE_CHOOSER (dialog);
  g_autoptr (GFile) file = gtk_file_chooser_get_file (chooser);
  const char *id = gtk_file_chooser_get_choice (chooser, "format");
  g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;
  SqExportFormat format = SQ_EXPORT_COCO;

  if (response == GTK_RESPONSE_ACCEPT && path != NULL && self->run != NULL && sq_workspace_get_project (self->workspace) != NULL)
    {
      const char *suffix;
      g_autofree char *full = NULL;

      sq_export_format_from_id (id != NULL ? id : "coco", &format);
      format = sq_export_format_for_name (path, format);
      suffix = sq_export_format_suffix (format);
      full = g_str_has_suffix (path, suffix) ? g_strdup (path) : g_strconcat (path, suffix, NULL);
      if (!g_str_equal (full, path) && g_file_test (full, G_FILE_TEST_EXISTS)) // not what the dialog asked about
        sq_toast_exists (GTK_WIDGET (self), full);
      else
        sq_session_view_export_to (self, format, full);
    }
  g_object_unref (dialog);
}

void
sq_session_view_export (SqSessionView *self)
{
  GtkFileChooserNative *dialog;
  const char *ids[SQ_N_EXPORTS + 1] = { NULL }, *titles[SQ_N_EXPORTS + 1] = { NULL };
  SqExportFormat formats[SQ_N_EXPORTS];
  g_autofree char *stem = NULL;
  char *dot;
  guint n_formats;

  g_return_if_fail (SQ_IS_SESSION_VIEW (self));

  if (self->run == NULL)
    return;
  n_formats = sq_export_formats_for (self->run->source_kind, formats);
  for (guint i = 0; i < n_formats; i++)
    {
      ids[i] = sq_export_format_id (formats[i]);
      titles[i] = sq_export_format_title (formats[i]);
    }
  dialog = gtk_file_chooser_native_new (_ ("Export Session"), GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                                        GTK_FILE_CHOOSER_ACTION_SAVE, _ ("_Export"), NULL);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  gtk_file_chooser_add_choice (GTK_FILE_CHOOSER (dialog), "format", _ ("Format"), ids, titles);
  gtk_file_chooser_set_choice (GTK_FILE_CHOOSER (dialog), "format", ids[0]);
  stem = g_strdup (self->run->name);
  dot = strrchr (stem, '.');
  if (dot != NULL && dot != stem && strlen (dot) <= MOST_SUFFIX) // of the source: what is written ends otherwise
    *dot = '\0';
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), stem);
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_response), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}
