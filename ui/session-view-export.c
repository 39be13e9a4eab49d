// SPDX-License-Identifier: GPL-3.0-or-later
// Export of the session on show, with the filters as they are set.
#include "config.h"

#include "session-view-private.h"

#include "toast.h"
#include <glib/gi18n.h>

static void
on_exported (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SqSessionView) self = user_data;
  g_autoptr (GError) error = NULL;

  if (sq_export_run_finish (SQ_PROJECT (source), result, &error))
    sq_toast (GTK_WIDGET (self), _("Session exported"));
  else if (!g_error_matches (error, SQ_ERROR, SQ_ERROR_CANCELLED))
    sq_toast_error (GTK_WIDGET (self), error->message);
}

static void
on_response (GtkNativeDialog *dialog, int response, SqSessionView *self)
{
  GtkFileChooser *chooser = GTK_FILE_CHOOSER (dialog);
  g_autoptr (GFile) file = gtk_file_chooser_get_file (chooser);
  const char *id = gtk_file_chooser_get_choice (chooser, "format");
  SqProject *project = sq_workspace_get_project (self->workspace);
  SqExportFormat format = SQ_EXPORT_COCO;

  if (response == GTK_RESPONSE_ACCEPT && file != NULL && project != NULL && self->run != NULL)
    {
      SqFilter filter = sq_filter_state_get_filter (self->filter);
      g_autofree char *path = g_file_get_path (file);
      const char *suffix;

      sq_export_format_from_id (id != NULL ? id : "coco", &format);
      suffix = sq_export_format_suffix (format);
      if (path != NULL && *suffix != '\0' && !g_str_has_suffix (path, suffix))
        {
          char *full = g_strconcat (path, suffix, NULL);

          g_free (path);
          path = full;
        }
      if (path != NULL)
        sq_export_run_async (project, self->run->id, format, &filter, path, NULL, NULL, NULL, on_exported, g_object_ref (self));
    }
  g_object_unref (dialog);
}

void
sq_session_view_export (SqSessionView *self)
{
  GtkFileChooserNative *dialog;
  const char *ids[SQ_N_EXPORTS + 1] = { NULL }, *titles[SQ_N_EXPORTS + 1] = { NULL };

  g_return_if_fail (SQ_IS_SESSION_VIEW (self));

  if (self->run == NULL)
    return;
  for (int i = 0; i < SQ_N_EXPORTS; i++)
    {
      ids[i] = sq_export_format_id (i);
      titles[i] = sq_export_format_title (i);
    }
  dialog = gtk_file_chooser_native_new (_("Export Session"), GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                                        GTK_FILE_CHOOSER_ACTION_SAVE, _("_Export"), NULL);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  gtk_file_chooser_add_choice (GTK_FILE_CHOOSER (dialog), "format", _("Format"), ids, titles);
  gtk_file_chooser_set_choice (GTK_FILE_CHOOSER (dialog), "format", ids[0]);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), self->run->name);
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_response), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}
