// SPDX-License-Identifier: GPL-3.0-or-later
#include "make-data.h"
#include <string.h>

static gboolean
is_loaded (GObject *item)
{
  gboolean loaded;

  g_object_get (item, "loaded", &loaded, NULL);
  return loaded;
}

static void
wait_loaded (GObject *item)
{
  gint64 began = g_get_monotonic_time ();

  while (!is_loaded (item))
    {
      g_assert_cmpint (g_get_monotonic_time () - began, <, 5 * G_USEC_PER_SEC);
      g_main_context_iteration (NULL, TRUE);
    }
}

static void
wait_n_items (GListModel *model, guint n)
{
  gint64 began = g_get_monotonic_time ();

  while (g_list_model_get_n_items (model) != n)
    {
      g_assert_cmpint (g_get_monotonic_time () - began, <, 5 * G_USEC_PER_SEC);
      g_main_context_iteration (NULL, FALSE);
      g_usleep (500);
    }
}

typedef struct
{
  guint position, removed, added, n;
} Change;

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, gpointer data)
{
  Change *change = data;

  *change = (Change){ position, removed, added, change->n + 1 };
}

static void
test_runs (void)
{
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "a.squint", NULL);
  g_autoptr (SqProject) project = sq_project_open (path, SQ_PROJECT_CREATE, NULL);
  SqRunList *list;
  Change change = { 0 };
  gint64 ids[5];
  guint position;

  for (int i = 0; i < 3; i++)
    {
      g_autofree char *name = g_strdup_printf ("run %d", i);

      ids[i] = make_run (project, name, 30, 4, TRUE);
    }
  sq_project_flush (project, NULL);
  spin (20);
  list = sq_run_list_new (project);
  g_assert_cmpint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 0);
  g_assert_true (sq_run_list_get_loading (list));
  g_signal_connect (list, "items-changed", G_CALLBACK (on_items_changed), &change);
  wait_n_items (G_LIST_MODEL (list), 3);
  {
    g_autoptr (SqRunItem) item = g_list_model_get_item (G_LIST_MODEL (list), 0);
    g_autoptr (SqRunItem) same = g_list_model_get_item (G_LIST_MODEL (list), 0);
    g_autofree char *name = NULL, *counts = NULL;
    g_autoptr (GDateTime) when = NULL;
    g_autoptr (GBytes) thumbnail = NULL;

    g_assert_true (item == same);
    g_assert_cmpint (sq_run_item_get_id (item), ==, ids[2]);
    wait_loaded (G_OBJECT (item));
    g_object_get (item, "name", &name, "counts", &counts, "when", &when, "thumbnail", &thumbnail, NULL);
    g_assert_cmpstr (name, ==, "run 2");
    g_assert_nonnull (strstr (counts, "person"));
    g_assert_nonnull (when);
    g_assert_nonnull (thumbnail);

    // a new run comes first and leaves the others alone
    ids[3] = make_run (project, "run 3", 5, 1, FALSE);
    wait_n_items (G_LIST_MODEL (list), 4);
    g_assert_cmpint (change.position, ==, 0);
    g_assert_cmpint (change.removed, ==, 0);
    g_assert_cmpint (change.added, ==, 1);

    sq_project_rename_run (project, ids[2], "renamed");
    spin (600);
    g_clear_pointer (&name, g_free);
    g_object_get (item, "name", &name, NULL);
    g_assert_cmpstr (name, ==, "renamed");
  }
  sq_project_delete_run (project, ids[1]);
  wait_n_items (G_LIST_MODEL (list), 3);
  g_assert_cmpint (change.position, ==, 2);
  g_assert_cmpint (change.removed, ==, 1);
  g_assert_cmpint (change.added, ==, 0);
  sq_project_restore_run (project, ids[1]);
  wait_n_items (G_LIST_MODEL (list), 4);
  g_assert_true (sq_run_list_find (list, ids[1], &position));
  g_assert_cmpint (position, ==, 2);

  sq_run_list_set_query (list, &(SqRunQuery){ .text = "renamed" });
  wait_n_items (G_LIST_MODEL (list), 1);
  sq_project_rename_run (project, ids[0], "renamed too");
  wait_n_items (G_LIST_MODEL (list), 2);
  sq_run_list_set_query (list, NULL);
  sq_run_list_set_query (list, &(SqRunQuery){ .text = "nothing" });
  sq_run_list_set_query (list, NULL);
  wait_n_items (G_LIST_MODEL (list), 4);
  sq_run_list_set_project (list, NULL);
  g_assert_cmpint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 0);
  spin (20);
  g_assert_finalize_object (list);
  sq_project_close (project, NULL);
  spin (500);
  remove_folder (folder);
}

static void
test_frames (void)
{
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "a.squint", NULL);
  g_autoptr (SqProject) project = sq_project_open (path, SQ_PROJECT_CREATE, NULL);
  const char *paths[] = { "/videos/toy.mp4", NULL };
  SqRunInfo info = make_info (paths, SQ_SOURCE_VIDEO, "growing");
  g_autoptr (SqRunWriter) writer = sq_run_writer_new (project, &info);
  SqFrameList *list;

  for (guint i = 0; i < 1000; i++)
    {
      g_autoptr (SqResult) result = make_result (paths[0], i, 3, FALSE);

      sq_run_writer_push (writer, result);
    }
  sq_project_flush (project, NULL);
  list = sq_frame_list_new (project, sq_run_writer_get_run (writer));
  wait_n_items (G_LIST_MODEL (list), 1000);
  for (guint i = 0; i < 1000; i += 37)
    {
      g_autoptr (SqFrameItem) item = g_list_model_get_item (G_LIST_MODEL (list), i);
      g_autofree char *name = NULL;

      wait_loaded (G_OBJECT (item));
      g_assert_cmpint (sq_frame_item_get_frame (item)->index, ==, i);
      g_assert_cmpint (sq_frame_item_get_frame (item)->n_candidates, ==, 3);
      g_object_get (item, "name", &name, NULL);
      if (i == 37)
        g_assert_cmpstr (name, ==, "00:01.480");
    }
  // the run goes on, the list with it
  for (guint i = 1000; i < 1500; i++)
    {
      g_autoptr (SqResult) result = make_result (paths[0], i, 3, FALSE);

      sq_run_writer_push (writer, result);
    }
  wait_n_items (G_LIST_MODEL (list), 1500);
  g_assert_null (g_list_model_get_item (G_LIST_MODEL (list), 1500));
  // items that nobody waits for do not outlive the list
  for (guint i = 0; i < 1500; i += 3)
    g_object_unref (g_list_model_get_item (G_LIST_MODEL (list), i));
  spin (20);
  while (sq_frame_list_get_loading (list))
    g_main_context_iteration (NULL, TRUE);
  g_assert_finalize_object (list);
  spin (50);
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/data/lists/runs", test_runs);
  g_test_add_func ("/data/lists/frames", test_frames);
  return g_test_run ();
}
