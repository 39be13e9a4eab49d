// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "session-edit.h"

#include "toast.h"
#include <glib/gi18n.h>

typedef struct
{
  SqProject *project;
  gint64 run;
} RunRef;

static RunRef *
run_ref_new (SqProject *project, gint64 run)
{
  RunRef *ref = g_new (RunRef, 1);

  *ref = (RunRef){ g_object_ref (project), run };
  return ref;
}

static void
run_ref_free (gpointer data)
{
  RunRef *ref = data;

  g_object_unref (ref->project);
  g_free (ref);
}

static void
run_ref_closure_free (gpointer data, GClosure *closure)
{
  run_ref_free (data);
}

static void
on_rename_response (AdwMessageDialog *dialog, const char *response, RunRef *ref)
{
  GtkEditable *entry = GTK_EDITABLE (adw_message_dialog_get_extra_child (dialog));
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (entry)));

  if (g_strcmp0 (response, "rename") == 0 && *name != '\0')
    sq_project_rename_run (ref->project, ref->run, name);
}

static void
on_rename_text (GtkEditable *entry, AdwMessageDialog *dialog)
{
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (entry)));

  adw_message_dialog_set_response_enabled (dialog, "rename", *name != '\0');
}

void
sq_session_edit_rename (GtkWidget *from, SqProject *project, SqRun *run)
{
  GtkWidget *dialog, *entry;

  dialog = adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (from)), _("Rename Session"), NULL);
  entry = gtk_entry_new ();
  gtk_editable_set_text (GTK_EDITABLE (entry), run->name);
  gtk_entry_set_activates_default (GTK_ENTRY (entry), TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (entry), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Name"), -1);
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), entry);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _("_Cancel"), "rename", _("_Rename"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "rename", ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "rename");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect (entry, "changed", G_CALLBACK (on_rename_text), dialog);
  g_signal_connect_data (dialog, "response", G_CALLBACK (on_rename_response), run_ref_new (project, run->id), run_ref_closure_free, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
undo_delete (gpointer toast, gpointer user_data)
{
  RunRef *ref = user_data;

  sq_project_restore_run (ref->project, ref->run);
}

void
sq_session_edit_delete (GtkWidget *from, SqProject *project, SqRun *run)
{
  g_autofree char *text = g_strdup_printf (_("“%s” deleted"), run->name);

  sq_project_delete_run (project, run->id);
  sq_toast_undo (from, text, undo_delete, NULL, run_ref_new (project, run->id), run_ref_free);
}
