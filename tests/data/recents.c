// SPDX-License-Identifier: GPL-3.0-or-later
#include "make-data.h"
#include <glib/gstdio.h>
#include <string.h>

static const char *
uri_at (SqRecents *recents, guint i)
{
  g_autoptr (SqRecentItem) item = g_list_model_get_item (G_LIST_MODEL (recents), i);

  return sq_recent_item_get_uri (item); // the list keeps it
}

static void
test_keep (void)
{
  char *folder = make_folder ();
  g_autofree char *file = g_build_filename (folder, "sub", "recent.xbel", NULL), *video = g_build_filename (folder, "a b.mp4", NULL);
  g_autofree char *gone = g_build_filename (folder, "gone.jpg", NULL);
  SqRecents *recents = sq_recents_new (file);

  g_file_set_contents (video, "x", 1, NULL);
  g_file_set_contents (gone, "x", 1, NULL);
  sq_recents_add (recents, SQ_RECENT_SOURCE, gone);
  sq_recents_add (recents, SQ_RECENT_SOURCE, video);
  sq_recents_add (recents, SQ_RECENT_SOURCE, "rtsp://anna:secret@camera.local/live");
  sq_recents_add (recents, SQ_RECENT_PROJECT, video);
  g_assert_cmpint (g_list_model_get_n_items (G_LIST_MODEL (recents)), ==, 3);
  g_assert_true (g_str_has_suffix (uri_at (recents, 0), "/a%20b.mp4"));
  g_assert_cmpstr (uri_at (recents, 1), ==, "rtsp://camera.local/live");
  sq_recents_flush (recents);
  spin (20); // the worker lets go
  g_assert_finalize_object (recents);

  g_unlink (gone);
  recents = sq_recents_new (file);
  sq_recents_flush (recents);
  g_assert_cmpint (g_list_model_get_n_items (G_LIST_MODEL (recents)), ==, 2);
  {
    g_autoptr (SqRecentItem) item = g_list_model_get_item (G_LIST_MODEL (recents), 0);

    g_assert_cmpstr (sq_recent_item_get_name (item), ==, "a b.mp4");
    g_assert_cmpint (sq_recent_item_get_kind (item), ==, SQ_RECENT_PROJECT);
  }
  sq_recents_remove (recents, "rtsp://camera.local/live");
  g_assert_cmpint (g_list_model_get_n_items (G_LIST_MODEL (recents)), ==, 1);
  sq_recents_clear (recents);
  sq_recents_flush (recents);
  spin (20); // the worker lets go
  g_assert_finalize_object (recents);
  recents = sq_recents_new (file);
  sq_recents_flush (recents);
  g_assert_cmpint (g_list_model_get_n_items (G_LIST_MODEL (recents)), ==, 0);
  spin (20); // the worker lets go
  g_assert_finalize_object (recents);
  remove_folder (folder);
}

static void
test_many (void)
{
  char *folder = make_folder ();
  g_autofree char *file = g_build_filename (folder, "recent.xbel", NULL);
  SqRecents *recents = sq_recents_new (file);

  for (guint i = 0; i < 150; i++)
    {
      g_autofree char *uri = g_strdup_printf ("rtsp://camera/%u", i);

      sq_recents_add (recents, SQ_RECENT_SOURCE, uri);
    }
  g_assert_cmpint (g_list_model_get_n_items (G_LIST_MODEL (recents)), ==, 100);
  g_assert_cmpstr (uri_at (recents, 0), ==, "rtsp://camera/149");
  sq_recents_flush (recents);
  spin (20); // the worker lets go
  g_assert_finalize_object (recents);
  g_file_set_contents (file, "damaged", -1, NULL);
  recents = sq_recents_new (file);
  sq_recents_flush (recents);
  g_assert_cmpint (g_list_model_get_n_items (G_LIST_MODEL (recents)), ==, 0);
  spin (20); // the worker lets go
  g_assert_finalize_object (recents);
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/data/recents/keep", test_keep);
  g_test_add_func ("/data/recents/many", test_many);
  return g_test_run ();
}
