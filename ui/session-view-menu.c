// SPDX-License-Identifier: GPL-3.0-or-later
// What can be done with the session on show.
#include "config.h"

#include "session-view-private.h"

#include "sessions-page.h"
#include <glib/gi18n.h>

/* Evaluating */

static void
on_labels_chosen (GtkNativeDialog *dialog, int response, SqSessionView *self)
{
  g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
  g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;
  GtkWidget *page = gtk_widget_get_ancestor (GTK_WIDGET (self), SQ_TYPE_SESSIONS_PAGE);

  if (response == GTK_RESPONSE_ACCEPT && path != NULL && self->run != NULL && page != NULL)
    {
      gboolean folder = self->run->source_hash[0] == '\0';
      g_autofree char *pictures = folder ? g_strdup (self->run->paths[0]) : g_path_get_dirname (self->run->paths[0]);
      gint64 a = self->run->id, b = 0;

      if (gtk_widget_get_visible (self->compare)) // both sides of the comparison it is part of
        g_variant_get (gtk_actionable_get_action_target_value (GTK_ACTIONABLE (self->compare)), "(xx)", &a, &b);
      sq_sessions_page_evaluate (SQ_SESSIONS_PAGE (page), a, b, path, pictures);
    }
  g_object_unref (dialog);
}

static void
action_evaluate (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqSessionView *self = SQ_SESSION_VIEW (widget);
  gboolean folder = g_str_has_suffix (name, "folder");
  GtkFileChooserNative *dialog;

  if (self->run == NULL || self->run->paths[0] == NULL)
    return;
  dialog =
      gtk_file_chooser_native_new (folder ? _("Folder of YOLO Labels") : _("COCO Labels"), GTK_WINDOW (gtk_widget_get_root (widget)),
                                   folder ? GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER : GTK_FILE_CHOOSER_ACTION_OPEN, _("_Evaluate"), NULL);
  if (!folder)
    {
      g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();

      gtk_file_filter_set_name (filter, _("COCO JSON"));
      gtk_file_filter_add_suffix (filter, "json");
      gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (dialog), filter);
    }
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_labels_chosen), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
action_session (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqSessionView *self = SQ_SESSION_VIEW (widget);
  SqSessionsPage *page = SQ_SESSIONS_PAGE (gtk_widget_get_ancestor (widget, SQ_TYPE_SESSIONS_PAGE));

  if (self->run == NULL || page == NULL)
    return;
  if (g_str_equal (name, "session.run-again"))
    sq_sessions_page_run_again (page, self->run);
  else if (g_str_equal (name, "session.compare-with"))
    sq_sessions_page_compare_with (page, self->run);
  else if (g_str_equal (name, "session.rename"))
    sq_sessions_page_rename (page, self->run);
  else if (g_str_equal (name, "session.delete"))
    sq_sessions_page_delete (page, self->run);
  else
    _sq_session_view_ask_origin (self);
}

void
_sq_session_view_class_init_actions (GtkWidgetClass *widget_class)
{
  static const char *const names[] = { "session.run-again", "session.rename", "session.delete", "session.locate", "session.compare-with" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    gtk_widget_class_install_action (widget_class, names[i], NULL, action_session);
  gtk_widget_class_install_action (widget_class, "session.evaluate", NULL, action_evaluate);
  gtk_widget_class_install_action (widget_class, "session.evaluate-folder", NULL, action_evaluate);
}
