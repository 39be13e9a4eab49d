// SPDX-License-Identifier: GPL-3.0-or-later
// Comparisons in a project: what was made together is one in the lists and goes and comes as one; any two runs over the same frames give
// the comparison that their results would have given.
#include "data/store.h"
#include "make-data.h"

#include <string.h>

// Frames of a run: which, in what order, seen how.
typedef struct
{
  const gint64 *indices;
  guint n;
  int seed;
} Frames;

static SqResult *
see (const char *path, gint64 index, int seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32) (index * 100));
  guint n = (guint) g_rand_int_range (rand, 1, 6);
  SqDetection *boxes = g_new (SqDetection, n);
  SqFrame *frame = sq_frame_new (640, 480, 0, NULL, path, index, index * 40000000, NULL, NULL);

  for (guint i = 0; i < n; i++)
    {
      float x = (float) (i * 100) + (float) (seed * (int) (index % 5) * 3), shift = (float) seed * (float) (index % 3);

      boxes[i] =
          (SqDetection){ x, 50 + shift, x + 60, 110 + shift, .9f - .1f * (float) i, (int) ((i + (guint) seed * (index % 7 == 0)) % 3), 0 };
    }
  {
    SqResult *result = sq_result_new (frame, boxes, n, FALSE);

    result->stage_ns[SQ_STAGE_INFER] = 1000 * (index + 1);
    result->device = "cpu";
    return result;
  }
}

// A finished run over `path`; its id.
static gint64
make (SqProject *project, const char *path, SqSourceKind kind, const Frames *frames)
{
  const char *paths[] = { path, NULL };
  SqRunInfo info = make_info (paths, kind, "r");
  g_autoptr (SqRunWriter) writer = sq_run_writer_new (project, &info);

  for (guint i = 0; i < frames->n; i++)
    {
      g_autoptr (SqResult) result = see (path, frames->indices[i], frames->seed);

      sq_run_writer_push (writer, result);
    }
  sq_run_writer_finish (writer, SQ_RUN_FINISHED, NULL);
  return sq_run_writer_get_run (writer);
}

static SqProject *
open_project (const char *folder, char **path)
{
  g_autoptr (GError) error = NULL;
  SqProject *project;

  *path = g_build_filename (folder, "c.squint", NULL);
  project = sq_project_open (*path, SQ_PROJECT_CREATE, &error);
  g_assert_no_error (error);
  return project;
}

static gint64 *
sequence (guint n, gint64 first, gint64 step)
{
  gint64 *indices = g_new (gint64, n);

  for (guint i = 0; i < n; i++)
    indices[i] = first + step * i;
  return indices;
}

// --- made together
// ----------------------------------------------------------------------------------------------------------------------------------

static void
make_pair (SqProject *project, gint64 ids[2])
{
  const char *paths[] = { "/videos/toy.mp4", NULL };
  SqRunInfo info = make_info (paths, SQ_SOURCE_VIDEO, "pair");
  g_autoptr (SqRunWriter) a = sq_run_writer_new (project, &info), b = sq_run_writer_new (project, &info);

  sq_run_writer_link (a, b);
  for (int i = 0; i < 30; i++)
    {
      g_autoptr (SqResult) result = make_result (paths[0], i, 3, TRUE);

      result->other = make_result (paths[0], i, 2, TRUE);
      sq_run_writer_push (a, result);
      sq_run_writer_push (b, result->other);
    }
  sq_run_writer_finish (a, SQ_RUN_FINISHED, NULL);
  sq_run_writer_finish (b, SQ_RUN_FINISHED, NULL);
  ids[0] = sq_run_writer_get_run (a);
  ids[1] = sq_run_writer_get_run (b);
  g_assert_true (sq_project_flush (project, NULL));
}

static guint
n_listed (SqProject *project)
{
  g_autoptr (GPtrArray) runs = sq_project_list_runs (project, NULL, 0, 100, NULL);
  g_autoptr (GArray) ids = sq_project_list_run_ids (project, &(SqRunQuery){ .text = "pair" }, NULL);

  g_assert_cmpuint (runs->len, ==, ids->len);
  return runs->len;
}

static void
test_live (void)
{
  char *folder = make_folder ();
  g_autofree char *path = NULL;
  g_autoptr (SqProject) project = open_project (folder, &path);
  SqStoredComparison found;
  gint64 ids[2], more[2];

  make_pair (project, ids);
  make_pair (project, more);
  for (int side = 0; side < 2; side++)
    {
      g_assert_true (sq_project_find_comparison (project, more[side], &found, NULL));
      g_assert_cmpint (found.a, ==, more[0]);
      g_assert_cmpint (found.b, ==, more[1]);
      g_assert_true (found.live);
      g_assert_cmpint (found.made_us, >, 0);
    }
  {
    g_autoptr (SqRun) a = sq_project_load_run (project, more[0], NULL), b = sq_project_load_run (project, more[1], NULL);

    g_assert_cmpint (a->partner, ==, more[1]);
    g_assert_cmpstr (a->partner_model, ==, b->model);
    g_assert_cmpint (b->partner, ==, 0);
  }
  g_assert_true (sq_project_find_comparison (project, 99, &found, NULL));
  g_assert_cmpint (found.id, ==, 0);
  g_assert_cmpuint (n_listed (project), ==, 2); // not four
  g_assert_cmpint (sqlite_int (path, "SELECT count(*) FROM thumbnail WHERE run = 1"), >, 0);
  g_assert_cmpint (sqlite_int (path, "SELECT count(*) FROM thumbnail WHERE run = 2"), ==, 0);
  g_assert_cmpint (sqlite_int (path, "SELECT n_frames FROM run WHERE id = 2"), ==, 30);
  g_clear_object (&project);
  remove_folder (folder);
}

typedef struct
{
  guint removed, restored;
} Changes;

static void
on_changed (SqProject *project, gint64 run, int change, Changes *changes)
{
  changes->removed += change == SQ_CHANGE_REMOVED;
  changes->restored += change == SQ_CHANGE_RESTORED;
}

static void
test_delete (void)
{
  char *folder = make_folder ();
  g_autofree char *path = NULL;
  g_autoptr (SqProject) project = open_project (folder, &path);
  Changes changes = { 0 };
  gint64 ids[2], last[2];

  make_pair (project, ids);
  make_pair (project, last);
  g_signal_connect (project, "changed", G_CALLBACK (on_changed), &changes);
  sq_project_delete_run (project, ids[1]);
  g_assert_true (sq_project_flush (project, NULL));
  spin (50);
  g_assert_cmpuint (changes.removed, ==, 2);
  g_assert_cmpint (sqlite_int (path, "SELECT count(*) FROM run WHERE deleted_us > 0"), ==, 2);
  sq_project_restore_run (project, ids[0]);
  g_assert_true (sq_project_flush (project, NULL));
  spin (50);
  g_assert_cmpuint (changes.restored, ==, 2);
  g_assert_cmpint (sqlite_int (path, "SELECT count(*) FROM run WHERE deleted_us > 0"), ==, 0);
  sq_project_delete_run (project, last[1]);
  g_assert_true (sq_project_close (project, NULL));
  g_assert_cmpint (sqlite_int (path, "SELECT count(*) FROM run"), ==, 2); // for good, both
  g_assert_cmpint (sqlite_int (path, "SELECT count(*) FROM comparison"), ==, 1);
  g_assert_cmpint (sqlite_int (path, "SELECT count(*) FROM detection WHERE run > 2"), ==, 0);
  g_signal_handlers_disconnect_by_data (project, &changes);
  g_clear_object (&project);
  remove_folder (folder);
}

// A file that an older Squint wrote and that is only read: no comparisons, and lists work.
static void
test_old_file (void)
{
  char *folder = make_folder ();
  g_autofree char *path = NULL;
  g_autoptr (SqProject) project = open_project (folder, &path), reader = NULL;
  g_autoptr (GPtrArray) runs = NULL, frames = NULL;
  SqStoredComparison found;

  make_run (project, "old", 5, 2, FALSE);
  g_assert_true (sq_project_close (project, NULL));
  sqlite_exec (path, "ALTER TABLE comparison DROP COLUMN live; ALTER TABLE detection DROP COLUMN track; ALTER TABLE run DROP COLUMN region;"
                     "ALTER TABLE run_class DROP COLUMN n_tracks; DROP TABLE tag; PRAGMA user_version=2");
  reader = sq_project_open (path, SQ_PROJECT_READ_ONLY, NULL);
  runs = sq_project_list_runs (reader, NULL, 0, 10, NULL);
  g_assert_nonnull (runs);
  g_assert_cmpuint (runs->len, ==, 1);
  g_assert_true (sq_project_find_comparison (reader, 1, &found, NULL));
  g_assert_cmpint (found.id, ==, 0);
  frames = sq_project_load_frames (reader, 1, 0, 10, NULL);
  g_assert_cmpuint (frames->len, ==, 5);
  g_assert_cmpint (((SqStoredFrame *) frames->pdata[0])->candidates[0].track, ==, 0);
  g_clear_object (&reader);
  g_clear_object (&project);
  remove_folder (folder);
}

static void
on_compared (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

// --- past runs
// --------------------------------------------------------------------------------------------------------------------------------------

static void
check_same (const SqComparison *x, const SqComparison *y)
{
  const GArray *f = sq_comparison_get_frames (x), *g = sq_comparison_get_frames (y);

  g_assert_cmpuint (f->len, ==, g->len);
  for (guint i = 0; i < f->len; i++)
    {
      const SqComparedFrame *p = &g_array_index (f, SqComparedFrame, i), *q = &g_array_index (g, SqComparedFrame, i);

      g_assert_cmpint (p->index, ==, q->index);
      g_assert_cmpint (p->pts_ns, ==, q->pts_ns);
      g_assert_cmpmem (p->n, sizeof p->n, q->n, sizeof q->n);
    }
  for (int k = 0; k < SQ_N_MATCHES; k++)
    g_assert_cmpuint (sq_comparison_get_total (x).n[k], ==, sq_comparison_get_total (y).n[k]);
  g_assert_cmpfloat (sq_comparison_agreement (x, NULL), ==, sq_comparison_agreement (y, NULL));
}

// What the results themselves give.
static SqComparison *
expect (const char *path, const gint64 *indices, guint n, int seed_a, int seed_b, const SqFilter *filter)
{
  const char *const *labels = (const char *const *) make_model ()->labels;
  SqComparison *c = sq_comparison_new (labels, labels);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SqResult) a = see (path, indices[i], seed_a), b = see (path, indices[i], seed_b);
      g_autoptr (GArray) left = sq_result_detections (a, filter), right = sq_result_detections (b, filter);

      sq_comparison_add (c, indices[i], a->frame->pts_ns, left, right);
    }
  return c;
}

static void
test_past (void)
{
  char *folder = make_folder ();
  g_autofree char *path = NULL;
  g_autoptr (SqProject) project = open_project (folder, &path);
  g_autofree gint64 *all = sequence (600, 0, 1), *backwards = sequence (500, 549, -1), *common = sequence (500, 50, 1);
  Frames first = { all, 600, 1 }, second = { backwards, 500, 2 };
  gint64 a = make (project, "/videos/x.mp4", SQ_SOURCE_VIDEO, &first), b = make (project, "/videos/x.mp4", SQ_SOURCE_VIDEO, &second);
  SqFilter filter = { .confidence = .6f, .iou = .45f };
  const guint8 person[] = { 1, 0, 0 };
  g_autoptr (SqComparedRuns) runs = NULL, strict = NULL;
  g_autoptr (SqComparison) want = NULL, want_strict = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *json = NULL;
  SqComparisonReport report;

  g_assert_true (sq_project_flush (project, NULL));
  runs = sq_project_compare_runs (project, a, b, NULL, NULL, &error);
  g_assert_no_error (error);
  want = expect ("/videos/x.mp4", common, 500, 1, 2, &SQ_FILTER_DEFAULT);
  check_same (runs->comparison, want);
  g_assert_cmpuint (sq_comparison_get_total (want).n[SQ_MATCH_MOVED] + sq_comparison_get_total (want).n[SQ_MATCH_LOST], >, 0);
  g_assert_cmpint (runs->only_a, ==, 100);
  g_assert_cmpint (runs->only_b, ==, 0);
  g_assert_cmpuint (runs->pairs->len, ==, 500);
  for (guint i = 0; i < 500; i++)
    {
      const SqFramePair *pair = &g_array_index (runs->pairs, SqFramePair, i);

      g_assert_cmpint (pair->index, ==, 50 + i);
      g_assert_cmpint (pair->seq_a, ==, 50 + i);
      g_assert_cmpint (pair->seq_b, ==, 499 - (gint64) i);
    }
  report = sq_compared_runs_report (runs);
  g_assert_cmpuint (report.a.stage[SQ_STAGE_INFER].count, ==, 500);
  g_assert_cmpint (report.b.stage[SQ_STAGE_INFER].p50_ns, ==, 1000 * (50 + 250 + 1));
  g_assert_cmpuint (report.a.file_size, ==, make_model ()->file_size);
  json = sq_comparison_report_to_json (&report);
  g_assert_nonnull (strstr (json, "\"toy\""));

  filter.classes = person;
  filter.n_classes = 3;
  strict = sq_project_compare_runs (project, a, b, &filter, NULL, &error);
  g_assert_no_error (error);
  want_strict = expect ("/videos/x.mp4", common, 500, 1, 2, &filter);
  check_same (strict->comparison, want_strict);
  g_clear_object (&project);
  remove_folder (folder);
}

// A region of the first run's own filter holds for both sides.
static void
test_region (void)
{
  char *folder = make_folder ();
  g_autofree char *path = NULL;
  g_autoptr (SqProject) project = open_project (folder, &path);
  g_autoptr (SqRegion) region = sq_region_new ();
  g_autofree gint64 *all = sequence (20, 0, 1);
  const char *paths[] = { "/videos/x.mp4", NULL };
  SqFilter filter = SQ_FILTER_DEFAULT;
  g_autoptr (SqComparison) everywhere = expect (paths[0], all, 20, 0, 1, &filter), want = NULL;
  gint64 ids[2];
  GAsyncResult *result = NULL;

  g_assert_true (sq_region_add (region, FALSE, (const SqCorner[]){ { 0, 0 }, { .3f, 0 }, { .3f, 1 }, { 0, 1 } }, 4));
  filter.region = region;
  want = expect (paths[0], all, 20, 0, 1, &filter);
  g_assert_cmpuint (sq_comparison_get_total (want).n[SQ_MATCH_AGREED], <, sq_comparison_get_total (everywhere).n[SQ_MATCH_AGREED]);
  for (int side = 0; side < 2; side++)
    {
      SqRunInfo info = make_info (paths, SQ_SOURCE_VIDEO, "r");
      g_autoptr (SqRunWriter) writer = NULL;

      info.filter = side == 0 ? &filter : NULL;
      writer = sq_run_writer_new (project, &info);
      for (gint64 i = 0; i < 20; i++)
        {
          g_autoptr (SqResult) seen = see (paths[0], i, side);

          sq_run_writer_push (writer, seen);
        }
      ids[side] = sq_run_writer_get_run (writer);
    }
  g_assert_true (sq_project_flush (project, NULL));
  {
    g_autoptr (SqComparedRuns) stored = sq_project_compare_runs (project, ids[0], ids[1], NULL, NULL, NULL), given = NULL;

    check_same (stored->comparison, want);
    sq_project_compare_runs_async (project, ids[1], ids[0], &filter, NULL, on_compared, &result);
    g_clear_pointer (&region, sq_region_unref); // the call has its own
    while (result == NULL)
      g_main_context_iteration (NULL, TRUE);
    given = sq_project_compare_runs_finish (project, result, NULL);
    for (int k = SQ_MATCH_AGREED; k <= SQ_MATCH_MOVED; k++)
      g_assert_cmpuint (sq_comparison_get_total (given->comparison).n[k], ==, sq_comparison_get_total (want).n[k]);
    g_object_unref (result);
  }
  g_clear_object (&project);
  remove_folder (folder);
}

static void
expect_refusal (SqProject *project, gint64 a, gint64 b, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (sq_project_compare_runs (project, a, b, NULL, NULL, &error));
  g_assert_nonnull (error);
  if (strstr (error->message, words) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, words);
}

static void
test_refused (void)
{
  char *folder = make_folder ();
  g_autofree char *path = NULL, *film = g_build_filename (folder, "film.mp4", NULL), *copy = g_build_filename (folder, "copy.mp4", NULL);
  g_autoptr (SqProject) project = open_project (folder, &path);
  g_autofree gint64 *early = sequence (5, 0, 1), *late = sequence (5, 100, 1);
  Frames first = { early, 5, 1 }, second = { late, 5, 1 };
  g_autoptr (SqComparedRuns) moved = NULL;
  gint64 x = make (project, "/videos/x.mp4", SQ_SOURCE_VIDEO, &first), y = make (project, "/videos/y.mp4", SQ_SOURCE_VIDEO, &first);
  gint64 picture = make (project, "/p.jpg", SQ_SOURCE_PICTURES, &first), camera = make (project, "/dev/video0", SQ_SOURCE_LIVE, &first);
  gint64 again = make (project, "/dev/video0", SQ_SOURCE_LIVE, &first), x_late = make (project, "/videos/x.mp4", SQ_SOURCE_VIDEO, &second);
  gint64 before, after, elsewhere;

  g_assert_true (g_file_set_contents (film, "one", -1, NULL));
  g_assert_true (g_file_set_contents (copy, "two", -1, NULL));
  before = make (project, film, SQ_SOURCE_VIDEO, &first);
  elsewhere = make (project, copy, SQ_SOURCE_VIDEO, &first);
  g_assert_true (sq_project_flush (project, NULL));
  g_assert_true (g_file_set_contents (film, "two", -1, NULL));
  after = make (project, film, SQ_SOURCE_VIDEO, &first);
  g_assert_true (sq_project_flush (project, NULL));
  expect_refusal (project, x, y, "different videos");
  expect_refusal (project, x, picture, "pictures");
  expect_refusal (project, camera, again, "live");
  expect_refusal (project, x, x_late, "no frame in common");
  expect_refusal (project, before, after, "changed");
  expect_refusal (project, x, 99, "no run number 99");
  moved = sq_project_compare_runs (project, elsewhere, after, NULL, NULL, NULL); // another name for the same bytes
  g_assert_nonnull (moved);
  g_assert_cmpuint (moved->pairs->len, ==, 5);
  g_clear_object (&project);
  remove_folder (folder);
}

static void
test_async (void)
{
  char *folder = make_folder ();
  g_autofree char *path = NULL;
  g_autoptr (SqProject) project = open_project (folder, &path);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SqComparedRuns) runs = NULL;
  g_autofree guint8 *classes = g_new0 (guint8, 3);
  SqFilter filter = SQ_FILTER_DEFAULT;
  gint64 ids[2];

  make_pair (project, ids);
  filter.classes = classes;
  filter.n_classes = 3;
  classes[0] = 1;
  for (int i = 0; i < 2; i++)
    {
      GAsyncResult *result = NULL;

      if (i == 1)
        g_cancellable_cancel (cancellable);
      sq_project_compare_runs_async (project, ids[0], ids[1], &filter, cancellable, on_compared, &result);
      memset (classes, i, 3); // its own copy is what counts
      while (result == NULL)
        g_main_context_iteration (NULL, TRUE);
      if (i == 0)
        runs = sq_project_compare_runs_finish (project, result, &error);
      else
        g_assert_null (sq_project_compare_runs_finish (project, result, &error));
      g_object_unref (result);
    }
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (runs->pairs->len, ==, 30);
  for (guint i = 0; i < 3; i++)
    {
      SqMatchTotals totals;

      sq_comparison_get_class (runs->comparison, i, &totals);
      g_assert_cmpint (totals.n[SQ_MATCH_AGREED] > 0, ==, i == 0);
    }
  g_clear_object (&project);
  remove_folder (folder);
}

// --- pictures
// -----------------------------------------------------------------------------------------------------------------------------------------

static void
write_ppm (const char *path, int width)
{
  GString *s = g_string_new (NULL);

  g_string_printf (s, "P6\n%d 20\n255\n", width);
  for (int i = 0; i < width * 20 * 3; i++)
    g_string_append_c (s, (char) (i * 7));
  g_assert_true (g_file_set_contents (path, s->str, (gssize) s->len, NULL));
  g_string_free (s, TRUE);
}

// Runs over the same pictures in another order; one picture only A has.
static void
test_pictures (void)
{
  char *folder = make_folder ();
  g_autofree char *path = NULL;
  g_autoptr (SqProject) project = open_project (folder, &path);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (SqComparedRuns) runs = NULL;
  g_autoptr (SqWorstFrames) worst = sq_worst_frames_new (3), none = sq_worst_frames_new (3);
  g_autoptr (GError) error = NULL;
  gint64 ids[2];

  for (int i = 0; i < 5; i++)
    {
      g_ptr_array_add (names, g_strdup_printf ("%s/p%d.ppm", folder, i));
      write_ppm (g_ptr_array_index (names, i), 30);
    }
  for (int side = 0; side < 2; side++)
    {
      const char *paths[] = { folder, NULL };
      SqRunInfo info = make_info (paths, SQ_SOURCE_PICTURES, "p");
      g_autoptr (SqRunWriter) writer = sq_run_writer_new (project, &info);

      for (gint64 i = 0; i < 5 - side; i++)
        {
          gint64 at = side == 0 ? i : 3 - i;
          SqFrame *frame = sq_frame_new (30, 20, 0, NULL, g_ptr_array_index (names, at), i, i * 1000000000, NULL, NULL);
          SqDetection *boxes = g_new0 (SqDetection, 4);
          g_autoptr (SqResult) result = NULL;

          for (int k = 0; k < 4; k++)
            boxes[k] = (SqDetection){ (float) k * 7, 0, (float) k * 7 + 5, 10, .9f, 0, 0 };
          result = sq_result_new (frame, boxes, side == 0 ? 4 : 4 - (guint) at, FALSE); // B loses as many as the picture's number
          sq_run_writer_push (writer, result);
        }
      sq_run_writer_finish (writer, SQ_RUN_FINISHED, NULL);
      ids[side] = sq_run_writer_get_run (writer);
    }
  g_assert_true (sq_project_flush (project, NULL));
  runs = sq_project_compare_runs (project, ids[0], ids[1], NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (runs->pairs->len, ==, 4);
  g_assert_cmpint (runs->only_a, ==, 1);
  for (guint i = 0; i < 4; i++)
    {
      const SqComparedFrame *frame = &g_array_index (sq_comparison_get_frames (runs->comparison), SqComparedFrame, i);

      g_assert_cmpuint (frame->n[SQ_MATCH_LOST], ==, i);
      g_assert_cmpstr (g_hash_table_lookup (runs->paths, &frame->index), ==, g_ptr_array_index (names, i));
    }
  g_assert_true (sq_compared_runs_add_pictures (runs, project, worst, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (sq_worst_frames_get (worst)->len, ==, 3);
  g_assert_cmpint (((SqWorstFrame *) g_ptr_array_index (sq_worst_frames_get (worst), 0))->index, ==, 3);
  write_ppm (g_ptr_array_index (names, 3), 31); // changed
  g_assert_false (sq_compared_runs_add_pictures (runs, project, none, NULL, &error));
  g_assert_nonnull (strstr (error->message, "p3.ppm"));
  g_clear_object (&project);
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/data/comparison/live", test_live);
  g_test_add_func ("/data/comparison/delete", test_delete);
  g_test_add_func ("/data/comparison/old-file", test_old_file);
  g_test_add_func ("/data/comparison/past", test_past);
  g_test_add_func ("/data/comparison/region", test_region);
  g_test_add_func ("/data/comparison/refused", test_refused);
  g_test_add_func ("/data/comparison/async", test_async);
  g_test_add_func ("/data/comparison/pictures", test_pictures);
  return g_test_run ();
}
