// SPDX-License-Identifier: GPL-3.0-or-later
// What is saved of a comparison: the view as a picture.
#include "config.h"

#include "compare-page-private.h"

#include "toast.h"
#include <glib/gi18n.h>

typedef struct
{
  GdkTexture *texture;
  char *path;
} Picture;

static void
picture_free (gpointer data)
{
  Picture *picture = data;

  g_object_unref (picture->texture);
  g_free (picture->path);
  g_free (picture);
}

static void
save_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Picture *picture = task_data;
  g_autoptr (GBytes) png = gdk_texture_save_to_png_bytes (picture->texture);
  GError *error = NULL;

  if (g_file_set_contents (picture->path, g_bytes_get_data (png, NULL), g_bytes_get_size (png), &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_saved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GtkWidget *widget = GTK_WIDGET (source);
  g_autoptr (GError) error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    sq_toast (widget, _("Picture saved"));
  else
    sq_toast_error (widget, error->message);
}

// The view as it would be drawn now, in the pixels of the display.
static GdkTexture *
render_view (SqComparePage *self)
{
  GtkWidget *view = GTK_WIDGET (self->view);
  GtkNative *native = gtk_widget_get_native (view);
  g_autoptr (GskRenderNode) node = NULL;
  int width = gtk_widget_get_width (view), height = gtk_widget_get_height (view), scale = gtk_widget_get_scale_factor (view);
  GtkSnapshot *snapshot = gtk_snapshot_new ();

  gtk_snapshot_scale (snapshot, scale, scale);
  GTK_WIDGET_GET_CLASS (view)->snapshot (view, snapshot);
  node = gtk_snapshot_free_to_node (snapshot);
  if (node == NULL || native == NULL)
    return NULL;
  return gsk_renderer_render_texture (gtk_native_get_renderer (native), node, &GRAPHENE_RECT_INIT (0, 0, width * scale, height * scale));
}

void
sq_compare_page_save_picture_to (SqComparePage *self, const char *path)
{
  g_autoptr (GdkTexture) texture = NULL;
  g_autoptr (GTask) task = NULL;
  Picture *picture;

  g_return_if_fail (SQ_IS_COMPARE_PAGE (self));

  texture = render_view (self);
  if (texture == NULL)
    return;
  picture = g_new (Picture, 1);
  *picture = (Picture){ g_steal_pointer (&texture), g_strdup (path) };
  task = g_task_new (self, NULL, on_saved, NULL);
  g_task_set_task_data (task, picture, picture_free);
  g_task_run_in_thread (task, save_thread);
}

static void
on_response (GtkNativeDialog *dialog, int response, SqComparePage *self)
{
  g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
  g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;
  const char *suffix = g_object_get_data (G_OBJECT (dialog), "suffix");
  SqCompareSave *save = g_object_get_data (G_OBJECT (dialog), "save");

  if (response == GTK_RESPONSE_ACCEPT && path != NULL)
    {
      g_autofree char *full = g_str_has_suffix (path, suffix) ? g_strdup (path) : g_strconcat (path, suffix, NULL);

      if (!g_str_equal (full, path) && g_file_test (full, G_FILE_TEST_EXISTS)) // not what the dialog asked about
        sq_toast_exists (GTK_WIDGET (self), full);
      else
        (*save) (self, full);
    }
  g_clear_object (&self->chooser);
}

void
_sq_compare_page_ask (SqComparePage *self, const char *title, const char *suffix, SqCompareSave save)
{
  g_autofree char *name = NULL;

  if (self->chooser != NULL)
    return;
  // Translators: name of a source
  name = g_strdup_printf (_("%s compared"), self->title != NULL ? self->title : "");
  self->chooser = gtk_file_chooser_native_new (title, GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), GTK_FILE_CHOOSER_ACTION_SAVE,
                                               _("_Save"), NULL);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  g_object_set_data (G_OBJECT (self->chooser), "suffix", (gpointer) suffix);
  g_object_set_data_full (G_OBJECT (self->chooser), "save", g_memdup2 (&save, sizeof save), g_free);
  {
    g_autofree char *full = g_strconcat (name, suffix, NULL);

    gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (self->chooser), full);
  }
  g_signal_connect_object (self->chooser, "response", G_CALLBACK (on_response), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

void
sq_compare_page_save_picture (SqComparePage *self)
{
  g_return_if_fail (SQ_IS_COMPARE_PAGE (self));

  if (sq_compare_view_get_result (self->view) != NULL)
    _sq_compare_page_ask (self, _("Save Picture"), ".png", sq_compare_page_save_picture_to);
}
