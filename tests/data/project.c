// SPDX-License-Identifier: GPL-3.0-or-later
#include "make-data.h"
#include <string.h>

static SqProject *
open_new (const char *folder, char **path)
{
  g_autoptr (GError) error = NULL;
  SqProject *project;

  *path = g_build_filename (folder, "a.squint", NULL);
  project = sq_project_open (*path, SQ_PROJECT_CREATE, &error);
  g_assert_no_error (error);
  return project;
}

static void
assert_same (const SqStoredFrame *frame, gint64 index, guint n)
{
  g_autoptr (SqResult) result = make_result ("/videos/toy.mp4", index, n, FALSE);

  g_assert_cmpint (frame->index, ==, index);
  g_assert_cmpint (frame->pts_ns, ==, index * 40000000);
  g_assert_cmpint (frame->width, ==, 640);
  g_assert_cmpstr (frame->path, ==, "/videos/toy.mp4");
  g_assert_cmpstr (frame->device, ==, "cpu");
  g_assert_cmpint (frame->stage_ns[SQ_STAGE_INFER], ==, 1000000 + index);
  g_assert_cmpint (frame->n_candidates, ==, result->n_candidates);
  for (guint i = 0; i < n; i++)
    g_assert_cmpint (memcmp (&frame->candidates[i], &result->candidates[i], sizeof (SqDetection)), ==, 0); // bit for bit
}

static void
test_round_trip (void)
{
  char *folder = make_folder ();
  g_autofree char *path = NULL;
  g_autoptr (SqProject) project = open_new (folder, &path);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqRun) run = NULL;
  g_autoptr (GPtrArray) frames = NULL;
  g_autoptr (GArray) density = NULL;
  gint64 id = make_run (project, "toy.mp4", 300, 20, FALSE), objects = 0, per_class[3] = { 0 };
  guint sum = 0;

  g_assert_cmpint (id, >, 0);
  g_assert_true (sq_project_flush (project, &error));
  run = sq_project_load_run (project, id, &error);
  g_assert_no_error (error);
  g_assert_cmpint (run->state, ==, SQ_RUN_FINISHED);
  g_assert_cmpint (run->n_frames, ==, 300);
  g_assert_cmpint (run->n_detections, ==, 6000);
  g_assert_cmpstr (run->model, ==, "toy");
  g_assert_cmpstr (run->level, ==, "original");
  g_assert_cmpstr (run->paths[0], ==, "/videos/toy.mp4");
  g_assert_cmpstr (run->labels[1], ==, "bicycle");
  g_assert_cmpint (run->finished_us, >=, run->started_us);

  frames = sq_project_load_frames (project, id, 0, 1000, &error);
  g_assert_cmpint (frames->len, ==, 300);
  for (guint i = 0; i < frames->len; i++)
    {
      SqStoredFrame *frame = g_ptr_array_index (frames, i);
      g_autoptr (SqResult) result = sq_stored_frame_to_result (frame, NULL);
      g_autoptr (GArray) kept = sq_result_detections (result, &SQ_FILTER_DEFAULT);

      assert_same (frame, i, 20);
      g_assert_cmpint (kept->len, ==, frame->n_objects);
      objects += kept->len;
      for (guint j = 0; j < kept->len; j++)
        per_class[g_array_index (kept, SqDetection, j).class_id]++;
    }
  g_assert_cmpint (run->n_objects, ==, objects);
  g_assert_cmpint (run->counts->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    {
      SqClassCount *count = &g_array_index (run->counts, SqClassCount, i);

      g_assert_cmpint (count->n, ==, per_class[count->class_id]);
      g_assert_cmpstr (count->name, ==, make_model ()->labels[count->class_id]);
    }

  g_assert_cmpint (sq_project_find_frame (project, id, G_GINT64_CONSTANT (4000000005), &error), ==, 100);
  g_assert_cmpint (sq_project_find_frame (project, id, -5, &error), ==, 0);
  g_assert_cmpint (sq_project_find_frame (project, id + 1, 0, &error), ==, -1);
  density = sq_project_run_density (project, id, 10, &error);
  for (guint i = 0; i < 10; i++)
    sum += g_array_index (density, guint32, i);
  g_assert_cmpint (sum, ==, objects);
  {
    g_autoptr (GArray) found = sq_project_search_frames (project, id, 2, .94f, -1, 5, &error);

    g_assert_cmpint (found->len, ==, 5);
    for (guint i = 0; i < 5; i++)
      g_assert_cmpint (g_array_index (found, gint64, i) % 3, ==, 2);
  }
  g_assert_null (sq_project_load_run (project, id + 1, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
  g_clear_error (&error);
  g_assert_true (sq_project_close (project, &error));
  g_assert_null (sq_project_load_run (project, id, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
  remove_folder (folder);
}

// Numbers of a video's objects and where they count come back; different objects are counted once.
static void
test_tracks_and_region (void)
{
  char *folder = make_folder ();
  const char *paths[] = { "/videos/toy.mp4", NULL };
  g_autofree char *path = NULL, *region = NULL, *counts = NULL;
  g_autoptr (SqProject) project = open_new (folder, &path);
  SqRunInfo info = make_info (paths, SQ_SOURCE_VIDEO, "toy");
  SqFilter filter = SQ_FILTER_DEFAULT;
  g_autoptr (SqRegion) left = sq_region_from_text ("include 0,0 0.5,0 0.5,1 0,1", NULL);
  g_autoptr (SqRun) run = NULL;
  g_autoptr (GPtrArray) frames = NULL;
  SqRunWriter *writer;
  gint64 id;

  filter.region = left;
  info.filter = &filter;
  writer = sq_run_writer_new (project, &info);
  for (int i = 0; i < 10; i++)
    {
      SqDetection boxes[] = { { 10, 10, 50, 90, .9f, 0, i < 5 ? 1 : 2 }, { 100, 10, 150, 90, .8f, 1, 3 }, { 500, 10, 560, 90, .7f, 0, 4 } };
      g_autoptr (SqResult) result = sq_result_new (sq_frame_new (640, 480, 1920, NULL, paths[0], i, i * 40000000, NULL, NULL),
                                                   g_memdup2 (boxes, sizeof boxes), G_N_ELEMENTS (boxes), FALSE);

      sq_run_writer_push (writer, result);
    }
  id = sq_run_writer_get_run (writer);
  sq_run_writer_finish (writer, SQ_RUN_FINISHED, NULL);
  sq_run_writer_unref (writer);
  g_assert_true (sq_project_flush (project, NULL));
  run = sq_project_load_run (project, id, NULL);
  g_assert_cmpint (run->n_objects, ==, 20); // the one on the right does not count
  g_assert_cmpint (run->n_detections, ==, 30);
  g_assert_nonnull (run->filter.region);
  region = sq_region_to_text (run->filter.region);
  g_assert_cmpstr (region, ==, "include 0,0 0.5,0 0.5,1 0,1\n");
  counts = sq_run_describe_counts (run, 0);
  g_assert_cmpstr (counts, ==, "2 person, 1 bicycle");
  frames = sq_project_load_frames (project, id, 0, 10, NULL);
  g_assert_cmpint (((SqStoredFrame *) frames->pdata[7])->candidates[0].track, ==, 2);
  g_assert_cmpint (((SqStoredFrame *) frames->pdata[7])->candidates[2].track, ==, 4);
  g_assert_true (sq_project_close (project, NULL));
  g_clear_object (&project);
  remove_folder (folder);
}

static void
test_seen_once (void)
{
  char *folder = make_folder ();
  g_autofree char *path = NULL;
  g_autoptr (SqProject) project = open_new (folder, &path);
  const char *paths[] = { "/videos/toy.mp4", NULL };
  SqRunInfo info = make_info (paths, SQ_SOURCE_VIDEO, "seek");
  g_autoptr (SqRunWriter) writer = sq_run_writer_new (project, &info);
  static const int order[] = { 0, 1, 2, 50, 51, 1, 2, 3, 51, 10000 };
  g_autoptr (SqRun) run = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    {
      g_autoptr (SqResult) result = make_result (paths[0], order[i], 2, FALSE);

      sq_run_writer_sink (result, writer);
    }
  sq_run_writer_finish (writer, SQ_RUN_STOPPED, NULL);
  g_assert_true (sq_project_flush (project, NULL));
  run = sq_project_load_run (project, sq_run_writer_get_run (writer), NULL);
  g_assert_cmpint (run->n_frames, ==, 7);
  g_assert_cmpint (run->state, ==, SQ_RUN_STOPPED);
  remove_folder (folder);
}

static void
test_thumbnails (void)
{
  char *folder = make_folder ();
  g_autofree char *path = NULL;
  g_autoptr (SqProject) project = open_new (folder, &path);
  const char *paths[] = { "/pictures", NULL };
  SqRunInfo info = make_info (paths, SQ_SOURCE_PICTURES, "pictures");
  g_autoptr (SqRunWriter) writer = sq_run_writer_new (project, &info);
  g_autoptr (SqRun) run = NULL, video = NULL;
  gint64 id;

  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *name = g_strdup_printf ("/pictures/%u.jpg", i);
      g_autoptr (SqResult) result = make_result (name, i, i == 7 ? 9 : 1, TRUE);

      sq_run_writer_push (writer, result);
    }
  sq_run_writer_finish (writer, SQ_RUN_FINISHED, NULL);
  id = make_run (project, "video", 300, 3, TRUE);
  g_assert_true (sq_project_flush (project, NULL));
  run = sq_project_load_run (project, sq_run_writer_get_run (writer), NULL);
  video = sq_project_load_run (project, id, NULL);
  g_assert_nonnull (run->thumbnail);
  g_assert_nonnull (video->thumbnail);
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (GBytes) thumbnail = sq_project_load_thumbnail (project, run->id, i, NULL);
      const guint8 *data = thumbnail != NULL ? g_bytes_get_data (thumbnail, NULL) : NULL;

      g_assert_nonnull (thumbnail);
      g_assert_cmpint (data[0] << 8 | data[1], ==, 0xffd8);
      if (i == 7) // the one with the most objects is the cover
        g_assert_true (g_bytes_equal (thumbnail, run->thumbnail));
    }
  g_assert_cmpint (sqlite_int (path, "SELECT count(*) FROM thumbnail WHERE run = 2"), ==, 3); // 12 s of video, one every 5 s
  remove_folder (folder);
}

typedef struct
{
  int added, updated, removed, restored;
} Changes;

static void
on_changed (SqProject *project, gint64 run, int change, gpointer data)
{
  Changes *changes = data;

  changes->added += change == SQ_CHANGE_ADDED;
  changes->updated += change == SQ_CHANGE_UPDATED;
  changes->removed += change == SQ_CHANGE_REMOVED;
  changes->restored += change == SQ_CHANGE_RESTORED;
}

static void
test_edit (void)
{
  char *folder = make_folder ();
  g_autofree char *path = NULL;
  g_autoptr (SqProject) project = open_new (folder, &path);
  g_autoptr (GPtrArray) runs = NULL;
  Changes changes = { 0 };
  gint64 a = make_run (project, "a", 10, 2, FALSE), b = make_run (project, "b", 10, 2, FALSE);

  g_signal_connect (project, "changed", G_CALLBACK (on_changed), &changes);
  sq_project_rename_run (project, a, "Ärger im Hof");
  sq_project_set_run_note (project, a, "look again at 0:12");
  sq_project_set_run_note (project, a, "look again at 0:13");
  sq_project_set_run_note (project, 9999, "nobody");
  sq_project_set_run_position (project, a, 12345);
  sq_project_delete_run (project, b);
  sq_project_delete_run (project, b);
  g_assert_true (sq_project_flush (project, NULL));
  spin (500);
  g_assert_cmpint (changes.added, ==, 2);
  g_assert_cmpint (changes.removed, ==, 1);
  g_assert_cmpint (changes.updated, >=, 1);

  runs = sq_project_list_runs (project, NULL, 0, 10, NULL);
  g_assert_cmpint (runs->len, ==, 1);
  {
    SqRun *run = g_ptr_array_index (runs, 0);

    g_assert_cmpstr (run->name, ==, "Ärger im Hof");
    g_assert_cmpstr (run->note, ==, "look again at 0:13");
    g_assert_cmpint (run->position_ns, ==, 12345);
  }
  sq_project_restore_run (project, b);
  g_assert_true (sq_project_flush (project, NULL));
  g_clear_pointer (&runs, g_ptr_array_unref);
  runs = sq_project_list_runs (project, NULL, 0, 10, NULL);
  g_assert_cmpint (runs->len, ==, 2);
  spin (50);
  g_assert_cmpint (changes.restored, ==, 1);

  // gone for good with closing, and only that one
  sq_project_delete_run (project, a);
  g_assert_true (sq_project_close (project, NULL));
  g_assert_cmpint (sqlite_int (path, "SELECT count(*) FROM run"), ==, 1);
  g_assert_cmpint (sqlite_int (path, "SELECT count(*) FROM frame"), ==, 10);
  g_assert_cmpint (sqlite_int (path, "SELECT count(*) FROM detection"), ==, 20);
  g_assert_cmpint (sqlite_int (path, "SELECT count(*) FROM note"), ==, 0);
  g_assert_cmpint (sqlite_int (path, "SELECT count(*) FROM run_class"), ==, 3);
  remove_folder (folder);
}

static void
test_queries (void)
{
  char *folder = make_folder ();
  g_autofree char *path = NULL;
  g_autoptr (SqProject) project = open_new (folder, &path);
  static const struct
  {
    SqRunQuery query;
    int n;
  } cases[] = {
    { { .text = "night" }, 2 },
    { { .text = "NIGHT 2" }, 1 },
    { { .text = "bicyc" }, 3 },
    { { .text = "100%" }, 0 },
    { { .text = "  " }, 3 },
    { { .text = "toy person" }, 3 },
    { { .class_name = "Dog", .min_score = .9f }, 3 },
    { { .class_name = "dog", .min_score = .96f }, 0 },
    { { .class_name = "cat" }, 0 },
    { { .model = "toy" }, 3 },
    { { .model = "other" }, 0 },
    { { .device = "cpu" }, 3 },
    { { .from_us = G_MAXINT64 }, 0 },
    { { .to_us = 1 }, 0 },
  };

  make_run (project, "night 1", 10, 5, FALSE);
  make_run (project, "night 2", 10, 5, FALSE);
  make_run (project, "day", 10, 5, FALSE);
  g_assert_true (sq_project_flush (project, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GArray) ids = sq_project_list_run_ids (project, &cases[i].query, &error);
      g_autoptr (GPtrArray) runs = sq_project_list_runs (project, &cases[i].query, 0, 100, &error);

      g_assert_no_error (error);
      g_test_message ("query %u", i);
      g_assert_cmpint (ids->len, ==, cases[i].n);
      g_assert_cmpint (runs->len, ==, cases[i].n);
    }
  {
    g_autoptr (GPtrArray) first = sq_project_list_runs (project, NULL, 0, 2, NULL);
    g_autoptr (GPtrArray) second = sq_project_list_runs (project, NULL, ((SqRun *) g_ptr_array_index (first, 1))->id, 2, NULL);

    g_assert_cmpint (first->len, ==, 2);
    g_assert_cmpint (second->len, ==, 1);
    g_assert_cmpstr (((SqRun *) g_ptr_array_index (second, 0))->name, ==, "night 1");
  }
  remove_folder (folder);
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  *(SqProject **) data = sq_project_open_finish (result, &error);
  g_assert_no_error (error);
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (sq_project_close_finish (SQ_PROJECT (source), result, &error));
  *(gboolean *) data = TRUE;
}

static void
test_async (void)
{
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "sub", "b.squint", NULL);
  SqProject *project = NULL;
  Changes changes = { 0 };
  gboolean closed = FALSE;

  sq_project_open_async (path, SQ_PROJECT_CREATE, NULL, on_opened, &project);
  while (project == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_signal_connect (project, "changed", G_CALLBACK (on_changed), &changes);
  make_run (project, "a", 5, 1, FALSE);
  spin (700);
  g_assert_cmpint (changes.added, ==, 1);
  g_assert_cmpint (changes.updated, ==, 1);
  sq_project_close_async (project, NULL, on_closed, &closed);
  wait_for (&closed);
  g_assert_finalize_object (project);
  remove_folder (folder);
}

// A window may be gone before the writer is done.
static void
test_dispose_while_writing (void)
{
  char *folder = make_folder ();
  g_autofree char *path = NULL;
  SqProject *project = open_new (folder, &path);

  make_run (project, "a", 500, 20, FALSE);
  g_object_unref (project);
  g_assert_cmpint (sqlite_int (path, "SELECT n_frames FROM run"), ==, 500);
  g_assert_cmpint (sqlite_int (path, "SELECT state FROM run"), ==, SQ_RUN_FINISHED);
  spin (500); // late news of a project that is gone
  remove_folder (folder);
}

static gpointer
push_for_ever (gpointer data)
{
  SqRunWriter *writer = data;

  for (gint64 i = 0; i < 3000; i++)
    {
      g_autoptr (SqResult) result = make_result ("/videos/toy.mp4", i, 5, FALSE);

      sq_run_writer_push (writer, result);
    }
  sq_run_writer_finish (writer, SQ_RUN_FINISHED, NULL);
  return NULL;
}

// Closing while a pipeline still pushes: what comes later is refused, nobody waits for ever.
static void
test_close_while_pushing (void)
{
  char *folder = make_folder ();
  g_autofree char *path = NULL;
  g_autoptr (SqProject) project = open_new (folder, &path);
  const char *paths[] = { "/videos/toy.mp4", NULL };
  SqRunInfo info = make_info (paths, SQ_SOURCE_VIDEO, "late");
  SqRunWriter *writer = sq_run_writer_new (project, &info), *late;
  GThread *thread = g_thread_new ("push", push_for_ever, writer);

  g_usleep (20000);
  g_assert_true (sq_project_close (project, NULL));
  late = sq_run_writer_new (project, &info);
  g_assert_cmpint (sq_run_writer_get_run (late), ==, 0);
  sq_project_rename_run (project, 1, "too late");
  g_thread_join (thread);
  sq_run_writer_unref (writer);
  sq_run_writer_unref (late);
  g_assert_cmpint (sqlite_int (path, "SELECT count(*) FROM run"), ==, 1);
  g_assert_cmpint (sqlite_int (path, "SELECT n_frames FROM run"), ==, sqlite_int (path, "SELECT count(*) FROM frame"));
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/data/project/round-trip", test_round_trip);
  g_test_add_func ("/data/project/tracks-and-region", test_tracks_and_region);
  g_test_add_func ("/data/project/seen-once", test_seen_once);
  g_test_add_func ("/data/project/thumbnails", test_thumbnails);
  g_test_add_func ("/data/project/edit", test_edit);
  g_test_add_func ("/data/project/queries", test_queries);
  g_test_add_func ("/data/project/async", test_async);
  g_test_add_func ("/data/project/dispose-while-writing", test_dispose_while_writing);
  g_test_add_func ("/data/project/close-while-pushing", test_close_while_pushing);
  return g_test_run ();
}
