// SPDX-License-Identifier: GPL-3.0-or-later
// Files dragged over the window and dropped on it.
#include "config.h"

#include "window-private.h"

#include "toast.h"
#include <glib/gi18n.h>

static gboolean
is_model_file (const char *path)
{
  return g_str_has_suffix (path, ".onnx") || g_str_has_suffix (path, ".weights") || g_str_has_suffix (path, ".cfg");
}

gboolean
sq_window_drop_files (SqWindow *self, GSList *files)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  gboolean models = TRUE;

  g_return_val_if_fail (SQ_IS_WINDOW (self), FALSE);

  for (GSList *l = files; l != NULL; l = l->next)
    {
      char *path = g_file_get_path (l->data);

      if (path == NULL)
        path = g_file_get_uri (l->data); // streams
      models &= is_model_file (path);
      g_ptr_array_add (paths, path);
    }
  if (paths->len == 0)
    return FALSE;
  g_ptr_array_add (paths, NULL);

  // A model is a model wherever it is dropped.
  if (models || g_strcmp0 (sq_window_get_page (self), "models") == 0)
    {
      sq_window_show_page (self, "models");
      sq_models_page_add_files (self->models, (const char *const *) paths->pdata);
    }
  else
    {
      _sq_window_open_here (self, (const char *const *) paths->pdata);
    }
  return TRUE;
}

static gboolean
on_drop (GtkDropTarget *target, const GValue *value, double x, double y, SqWindow *self)
{
  if (!G_VALUE_HOLDS (value, GDK_TYPE_FILE_LIST))
    return FALSE;
  sq_drop_overlay_set_active (self->drop_overlay, FALSE);
  return sq_window_drop_files (self, g_value_get_boxed (value));
}

static GdkDragAction
on_enter (GtkDropTarget *target, double x, double y, SqWindow *self)
{
  sq_drop_overlay_set_active (self->drop_overlay, TRUE);
  return GDK_ACTION_COPY;
}

static void
on_leave (GtkDropTarget *target, SqWindow *self)
{
  sq_drop_overlay_set_active (self->drop_overlay, FALSE);
}

void
_sq_window_init_dnd (SqWindow *self)
{
  self->drop_target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);
  g_signal_connect (self->drop_target, "drop", G_CALLBACK (on_drop), self);
  g_signal_connect (self->drop_target, "enter", G_CALLBACK (on_enter), self);
  g_signal_connect (self->drop_target, "leave", G_CALLBACK (on_leave), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (self->drop_target));
}
