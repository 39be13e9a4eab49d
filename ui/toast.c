// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "toast.h"

#include <glib/gi18n.h>

#define LAST_UNDO "sq-last-undo"

#define UNDO_SECONDS 10 // twice the usual: it has to be read, found and reached, perhaps by keyboard

typedef struct
{
  GFunc undo, done;
  gpointer user_data;
  GDestroyNotify destroy;
  gboolean undone;
} Undo;

static void
undo_free (gpointer data, GClosure *closure)
{
  Undo *undo = data;

  if (undo->destroy != NULL)
    undo->destroy (undo->user_data);
  g_free (undo);
}

static void
on_undo_clicked (AdwToast *toast, gpointer data)
{
  Undo *undo = data;

  undo->undone = TRUE;
  undo->undo (toast, undo->user_data);
}

static void
on_undo_dismissed (AdwToast *toast, gpointer data)
{
  Undo *undo = data;

  if (!undo->undone && undo->done != NULL)
    undo->done (toast, undo->user_data);
  g_signal_handlers_disconnect_by_data (toast, undo); // nothing is left to be taken back
}

static AdwToast *
toast_new (const char *text)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  return adw_toast_new (escaped);
}

static AdwToastOverlay *
find_overlay (GtkWidget *from)
{
  GtkRoot *root = gtk_widget_get_root (from);
  GtkWidget *overlay = gtk_widget_get_ancestor (from, ADW_TYPE_TOAST_OVERLAY);

  if (overlay == NULL && root != NULL)
    overlay = g_object_get_data (G_OBJECT (root), "sq-toast-overlay");
  return overlay != NULL ? ADW_TOAST_OVERLAY (overlay) : NULL;
}

static void
toast_show (GtkWidget *from, AdwToast *toast)
{
  AdwToastOverlay *overlay = find_overlay (from);

  if (overlay != NULL)
    adw_toast_overlay_add_toast (overlay, toast);
  else
    g_object_unref (toast);
}

void
sq_toast (GtkWidget *from, const char *text)
{
  toast_show (from, toast_new (text));
}

void
sq_toast_error (GtkWidget *from, const char *text)
{
  AdwToast *toast = toast_new (text);

  adw_toast_set_priority (toast, ADW_TOAST_PRIORITY_HIGH);
  adw_toast_set_timeout (toast, 0);
  toast_show (from, toast);
}

void
sq_toast_exists (GtkWidget *from, const char *path)
{
  g_autofree char *name = g_filename_display_basename (path);
  g_autofree char *text = g_strdup_printf (_("“%s” is there already; choose another name."), name);

  sq_toast_error (from, text);
}

void
sq_toast_undo (GtkWidget *from, const char *text, GFunc undo, GFunc done, gpointer user_data, GDestroyNotify destroy)
{
  AdwToast *toast = toast_new (text);
  Undo *state = g_new (Undo, 1);

  *state = (Undo){ undo, done, user_data, destroy, FALSE };
  adw_toast_set_button_label (toast, _("_Undo"));
  adw_toast_set_timeout (toast, UNDO_SECONDS);
  adw_toast_set_priority (toast, ADW_TOAST_PRIORITY_HIGH); // not behind one that only tells
  g_signal_connect (toast, "button-clicked", G_CALLBACK (on_undo_clicked), state);
  g_signal_connect_data (toast, "dismissed", G_CALLBACK (on_undo_dismissed), state, undo_free, 0);
  if (find_overlay (from) != NULL)
    g_object_set_data_full (G_OBJECT (find_overlay (from)), LAST_UNDO, g_object_ref (toast), g_object_unref);
  toast_show (from, toast);
}

void
sq_toast_undo_last (GtkWidget *from)
{
  AdwToastOverlay *overlay = find_overlay (from);
  g_autoptr (AdwToast) toast = overlay != NULL ? g_object_steal_data (G_OBJECT (overlay), LAST_UNDO) : NULL;

  if (toast == NULL || g_signal_handler_find (toast, G_SIGNAL_MATCH_FUNC, 0, 0, NULL, on_undo_dismissed, NULL) == 0)
    return;
  g_signal_emit_by_name (toast, "button-clicked");
  adw_toast_dismiss (toast);
}
