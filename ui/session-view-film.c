// SPDX-License-Identifier: GPL-3.0-or-later
// The filmstrip over a session's stored pictures.
#include "config.h"

#include "session-view-private.h"

#include "film-cell.h"

static void
film_update (SqFrameItem *item, GParamSpec *pspec, SqFilmCell *cell)
{
  SqStoredFrame *frame = sq_frame_item_get_frame (item);
  g_autoptr (GBytes) thumbnail = NULL;
  g_autoptr (GdkTexture) texture = NULL;
  g_autofree char *name = frame != NULL ? g_path_get_basename (frame->path) : NULL;

  g_object_get (item, "thumbnail", &thumbnail, NULL);
  if (thumbnail != NULL)
    texture = gdk_texture_new_from_bytes (thumbnail, NULL);
  sq_film_cell_set_texture (cell, texture);
  sq_film_cell_set_text (cell, name, frame != NULL ? (int) frame->n_objects : -1);
}

static void
on_film_setup (GtkListItemFactory *factory, GtkListItem *list_item)
{
  gtk_list_item_set_child (list_item, sq_film_cell_new ());
}

static void
on_film_bind (GtkListItemFactory *factory, GtkListItem *list_item)
{
  SqFrameItem *item = gtk_list_item_get_item (list_item);
  SqFilmCell *cell = SQ_FILM_CELL (gtk_list_item_get_child (list_item));

  g_signal_connect (item, "notify::loaded", G_CALLBACK (film_update), cell);
  film_update (item, NULL, cell);
}

static void
on_film_unbind (GtkListItemFactory *factory, GtkListItem *list_item)
{
  g_signal_handlers_disconnect_by_data (gtk_list_item_get_item (list_item), gtk_list_item_get_child (list_item));
}

void
_sq_session_view_film_selected (SqSessionView *self)
{
  guint selected = gtk_single_selection_get_selected (self->selection);

  if (selected != GTK_INVALID_LIST_POSITION && (self->item == NULL || sq_frame_item_get_seq (self->item) != selected))
    {
      _sq_session_view_set_playing (self, FALSE);
      _sq_session_view_show_seq (self, selected);
    }
}

void
_sq_session_view_init_film (SqSessionView *self)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();

  g_signal_connect (factory, "setup", G_CALLBACK (on_film_setup), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (on_film_bind), NULL);
  g_signal_connect (factory, "unbind", G_CALLBACK (on_film_unbind), NULL);
  gtk_list_view_set_factory (self->film_list, factory);
}
