// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "family-dialog.h"

#include "engine/engine.h"
#include <glib/gi18n.h>

typedef struct
{
  SqFamilyFunc func;
  gpointer user_data;
  GtkDropDown *drop_down;
} Ask;

static void
on_response (AdwMessageDialog *dialog, const char *response, Ask *ask)
{
  guint selected = gtk_drop_down_get_selected (ask->drop_down);
  const char *const *ids = sq_model_family_ids ();
  gboolean use = g_strcmp0 (response, "use") == 0 && selected < g_strv_length ((char **) ids);

  ask->func (use ? ids[selected] : NULL, ask->user_data);
  g_free (ask);
}

void
sq_family_dialog_ask (GtkWidget *from, const char *model, SqFamilyFunc func, gpointer user_data)
{
  GtkRoot *root = gtk_widget_get_root (from);
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (root), _("Which Family Is This Model?"), NULL);
  GtkStringList *titles = gtk_string_list_new (NULL);
  const char *const *ids = sq_model_family_ids ();
  Ask *ask = g_new (Ask, 1);

  for (guint i = 0; ids[i] != NULL; i++)
    gtk_string_list_append (titles, sq_model_family_title (ids[i]));
  *ask = (Ask){ func, user_data, GTK_DROP_DOWN (gtk_drop_down_new (G_LIST_MODEL (titles), NULL)) };
  gtk_drop_down_set_enable_search (ask->drop_down, FALSE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (ask->drop_down), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Family"), -1);

  adw_message_dialog_format_body (ADW_MESSAGE_DIALOG (dialog),
                                  _("The outputs of “%s” have a layout that several families use or none is known to. "
                                     "The family decides how they are read."),
                                  model);
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), GTK_WIDGET (ask->drop_down));
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _("_Cancel"), "use", _("_Use"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "use", ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "use");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect (dialog, "response", G_CALLBACK (on_response), ask);
  gtk_window_present (GTK_WINDOW (dialog));
}
