// SPDX-License-Identifier: GPL-3.0-or-later
// The recent sources on the empty Detect page.
#include "config.h"

#include "detect-page-private.h"

#define MAX_RECENTS 5

static char *
path_of (const char *uri)
{
  return g_str_has_prefix (uri, "file://") ? g_filename_from_uri (uri, NULL, NULL) : g_strdup (uri);
}

void
_sq_detect_page_on_recent_activated (SqDetectPage *self, GtkListBoxRow *row)
{
  const char *uri = g_object_get_data (G_OBJECT (row), "uri");
  g_autofree char *path = path_of (uri);

  if (path != NULL)
    sq_detect_page_open (self, (const char *const[]){ path, NULL });
}

static const char *
icon_for (const char *uri)
{
  g_autofree char *type = g_content_type_guess (uri, NULL, 0, NULL);

  if (g_str_has_prefix (uri, "/dev/") || g_str_has_prefix (uri, "rtsp:"))
    return "camera-video-symbolic";
  if (g_content_type_is_a (type, "video/*") || g_content_type_is_mime_type (type, "video/mp4"))
    return "video-x-generic-symbolic";
  if (g_content_type_is_a (type, "image/*"))
    return "image-x-generic-symbolic";
  return g_content_type_is_unknown (type) ? "folder-symbolic" : "image-x-generic-symbolic";
}

/* Thumbnails: the first frame of each, decoded by a worker */

typedef struct
{
  char *uri;
  GtkPicture *picture;
} Thumbnail;

static void
thumbnail_free (gpointer data)
{
  Thumbnail *thumbnail = data;

  g_free (thumbnail->uri);
  g_object_unref (thumbnail->picture);
  g_free (thumbnail);
}

static void
thumbnail_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Thumbnail *thumbnail = task_data;
  g_autofree char *path = path_of (thumbnail->uri);
  g_autoptr (SqSource) media = path != NULL ? sq_source_open ((const char *const[]){ path, NULL }, cancellable, NULL) : NULL;
  g_autoptr (SqFrame) frame = media != NULL ? sq_source_next (media, NULL) : NULL;

  if (frame != NULL)
    g_task_return_pointer (task, sq_film_make_thumbnail (frame), g_object_unref);
  else
    g_task_return_pointer (task, NULL, NULL);
}

static void
show_thumbnail (GtkPicture *picture, GdkTexture *texture)
{
  gtk_picture_set_paintable (picture, GDK_PAINTABLE (texture));
  gtk_widget_set_visible (GTK_WIDGET (picture), TRUE);
}

static void
on_thumbnail (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqDetectPage *self = SQ_DETECT_PAGE (source);
  Thumbnail *thumbnail = g_task_get_task_data (G_TASK (result));
  g_autoptr (GdkTexture) texture = g_task_propagate_pointer (G_TASK (result), NULL);

  if (texture == NULL || self->thumbnails == NULL)
    return;
  show_thumbnail (thumbnail->picture, texture);
  g_hash_table_insert (self->thumbnails, g_strdup (thumbnail->uri), g_steal_pointer (&texture));
}

static void
add_picture (SqDetectPage *self, AdwActionRow *row, const char *uri)
{
  GtkWidget *overlay = gtk_overlay_new (), *picture = gtk_picture_new (), *icon = gtk_image_new_from_icon_name (icon_for (uri));
  GdkTexture *known = g_hash_table_lookup (self->thumbnails, uri);

  // The picture lies over the icon and is not measured, so all rows begin alike.
  gtk_widget_set_size_request (icon, 56, 40);
  gtk_widget_set_valign (overlay, GTK_ALIGN_CENTER);
  gtk_widget_set_overflow (overlay, GTK_OVERFLOW_HIDDEN);
  gtk_widget_add_css_class (overlay, "film");
  gtk_picture_set_content_fit (GTK_PICTURE (picture), GTK_CONTENT_FIT_COVER);
  gtk_widget_set_visible (picture, FALSE);
  gtk_overlay_set_child (GTK_OVERLAY (overlay), icon);
  gtk_overlay_add_overlay (GTK_OVERLAY (overlay), picture);
  adw_action_row_add_prefix (row, overlay);
  if (known != NULL)
    {
      show_thumbnail (GTK_PICTURE (picture), known);
    }
  else if (g_str_has_prefix (uri, "file://")) // a camera is not opened to see what it sees
    {
      g_autoptr (GTask) task = g_task_new (self, NULL, on_thumbnail, NULL);
      Thumbnail *thumbnail = g_new (Thumbnail, 1);

      *thumbnail = (Thumbnail){ g_strdup (uri), g_object_ref (GTK_PICTURE (picture)) };
      g_task_set_task_data (task, thumbnail, thumbnail_free);
      g_task_run_in_thread (task, thumbnail_thread);
    }
}

void
_sq_detect_page_fill_recents (SqDetectPage *self)
{
  GListModel *recents = G_LIST_MODEL (sq_workspace_get_recents (self->workspace));
  GtkWidget *child;
  guint shown = 0;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->recents))) != NULL)
    gtk_list_box_remove (self->recents, child);
  for (guint i = 0; i < g_list_model_get_n_items (recents) && shown < MAX_RECENTS; i++)
    {
      g_autoptr (SqRecentItem) item = g_list_model_get_item (recents, i);
      const char *uri = sq_recent_item_get_uri (item);
      GtkWidget *row;
      g_autofree char *folder = NULL;
      g_autofree char *path = NULL;

      if (sq_recent_item_get_kind (item) != SQ_RECENT_SOURCE)
        continue;
      row = adw_action_row_new ();
      path = g_str_has_prefix (uri, "file://") ? g_filename_from_uri (uri, NULL, NULL) : NULL;
      folder = path != NULL ? g_path_get_dirname (path) : g_strdup (uri);
      adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
      adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), sq_recent_item_get_name (item));
      adw_action_row_set_subtitle (ADW_ACTION_ROW (row), folder);
      adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 1);
      adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 1);
      add_picture (self, ADW_ACTION_ROW (row), uri);
      gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
      g_object_set_data_full (G_OBJECT (row), "uri", g_strdup (uri), g_free);
      gtk_list_box_append (self->recents, row);
      shown++;
    }
  gtk_widget_set_visible (self->recents_box, shown > 0);
}
