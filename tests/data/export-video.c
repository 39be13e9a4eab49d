// SPDX-License-Identifier: GPL-3.0-or-later
// What is exported as a video is read again and compared with its source, frame by frame.
#include "make-data.h"

#include "data/aside.h"
#include "engine/media/video-writer.h"
#include "tests/common/data.h"
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK_NS (1000000000 / SQ_VIDEO_WRITER_TICKS + 1)
#define N 40
#define WIDTH 160
#define HEIGHT 120

static char *folder, *movie;
static gint64 pts_ns[N]; // irregular
static SqProject *project;

static void
prepare (void)
{
  g_autofree char *path = NULL;

  folder = make_folder ();
  path = g_build_filename (folder, "a.squint", NULL);
  project = sq_project_open (path, SQ_PROJECT_CREATE, NULL);
  for (int i = 0; i < N; i++)
    pts_ns[i] = i == 0 ? 0 : pts_ns[i - 1] + (i % 3 == 0 ? 100 : 40) * G_GINT64_CONSTANT (1000000);
  movie = make_video (folder, "movie.mp4", WIDTH, HEIGHT, N, pts_ns);
}

static char *
out_path (const char *name)
{
  char *path = g_build_filename (folder, name, NULL);

  g_unlink (path);
  return path;
}

static SqSource *
export_and_open (gint64 run, const char *name)
{
  g_autofree char *path = out_path (name), *part = g_strconcat (path, SQ_ASIDE_SUFFIX, NULL);
  const char *const paths[] = { path, NULL };
  g_autoptr (GError) error = NULL;
  SqSource *source;

  g_assert_true (sq_project_flush (project, NULL));
  g_assert_true (sq_export_run (project, run, SQ_EXPORT_VIDEO, NULL, path, NULL, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_false (g_file_test (part, G_FILE_TEST_EXISTS));
  source = sq_source_open (paths, NULL, &error);
  g_assert_no_error (error);
  return source;
}

// The difference from grey at a point.
static int
off_grey (const SqFrame *frame, int x, int y, int grey)
{
  const guint8 *p = sq_frame_load (frame) + (gsize) y * frame->stride + 3 * x;

  return MAX (abs (p[0] - grey), MAX (abs (p[1] - grey), abs (p[2] - grey)));
}

// The lower edge of a box from (x1, y) to (x2, y + 20) is there, and what is inside and outside is as it was.
static void
assert_drawn (const SqFrame *frame, int x1, int x2, int y, gint64 index, gboolean drawn)
{
  int grey = 60 + 2 * (int) index;

  if (drawn)
    g_assert_cmpint (off_grey (frame, (x1 + x2) / 2, y + 20 - 1, grey), >, 40);
  else
    g_assert_cmpint (off_grey (frame, (x1 + x2) / 2, y + 20 - 1, grey), <=, 6);
  g_assert_cmpint (off_grey (frame, (x1 + x2) / 2, y + 11, grey), <=, 12);
  g_assert_cmpint (off_grey (frame, 150, 110, grey), <=, 6);
}

// All frames from the first stored to the last, at their times; those without objects are as they were.
static void
test_frames (void)
{
  const guint first = 5, n = 30;
  const char *const paths[] = { movie, NULL };
  gint64 run = make_video_run (project, paths, WIDTH, HEIGHT, pts_ns + first, first, n);
  g_autoptr (SqSource) source = export_and_open (run, "frames.mp4");
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SqFrame) frame = sq_source_next (source, &error);

      g_assert_no_error (error);
      g_assert_nonnull (frame);
      g_assert_cmpint (frame->width, ==, WIDTH);
      g_assert_cmpint (frame->height, ==, HEIGHT);
      g_assert_cmpint (llabs (frame->pts_ns - (pts_ns[first + i] - pts_ns[first])), <=, 2 * TICK_NS); // both are rounded
      assert_drawn (frame, 10, 50, 20, first + i, (first + i) % 4 != 3);
    }
  g_assert_null (sq_source_next (source, &error));
  g_assert_no_error (error);
}

// The filter says what is drawn, also of what is stored.
static void
test_filter (void)
{
  const char *const paths[] = { movie, NULL };
  gint64 run = make_video_run (project, paths, WIDTH, HEIGHT, pts_ns, 0, N);
  g_autofree char *path = out_path ("filter.mp4");
  const char *const out[] = { path, NULL };
  SqFilter strict = SQ_FILTER_DEFAULT;
  g_autoptr (SqSource) source = NULL;

  strict.confidence = .95f;
  g_assert_true (sq_project_flush (project, NULL));
  g_assert_true (sq_export_run (project, run, SQ_EXPORT_VIDEO, &strict, path, NULL, NULL, NULL, NULL));
  source = sq_source_open (out, NULL, NULL);
  for (guint i = 0; i < N; i++)
    {
      g_autoptr (SqFrame) frame = sq_source_next (source, NULL);

      assert_drawn (frame, 10, 50, 20, i, FALSE);
    }
}

static void
push (SqRunWriter *writer, gint64 index, float x)
{
  SqDetection *box = g_new0 (SqDetection, 1);
  g_autoptr (SqResult) result = NULL;

  *box = (SqDetection){ x, 60, x + 30, 80, .9f, 0, 0 };
  result = sq_result_new (sq_frame_new (WIDTH, HEIGHT, 0, NULL, movie, index, pts_ns[index], NULL, NULL), box, 1, FALSE);
  sq_run_writer_push (writer, result);
}

// Watched with jumps: from 20 to 25, back to 5. What was not looked at is there without objects.
static void
test_jumps (void)
{
  const char *const paths[] = { movie, NULL };
  SqRunInfo info = make_info (paths, SQ_SOURCE_VIDEO, "jumps");
  g_autoptr (SqRunWriter) writer = sq_run_writer_new (project, &info);
  g_autoptr (SqSource) source = NULL;

  for (gint64 i = 20; i <= 25; i++)
    push (writer, i, 10);
  for (gint64 i = 5; i <= 9; i++)
    push (writer, i, 10);
  push (writer, 12, 100);
  sq_run_writer_finish (writer, SQ_RUN_STOPPED, NULL);
  source = export_and_open (sq_run_writer_get_run (writer), "jumps.mp4");
  for (gint64 i = 5; i <= 25; i++)
    {
      g_autoptr (SqFrame) frame = sq_source_next (source, NULL);

      g_assert_nonnull (frame);
      assert_drawn (frame, 10, 40, 60, i, i <= 9 || i >= 20);
      assert_drawn (frame, 100, 130, 60, i, i == 12);
    }
  g_assert_null (sq_source_next (source, NULL));
}

// Two videos of different sizes after another: the second is fitted into the first's, and its times run on.
static void
test_several (void)
{
  g_autofree char *tall = make_video (folder, "tall.mp4", 60, 120, 5, NULL);
  const char *const paths[] = { movie, tall, NULL };
  SqRunInfo info = make_info (paths, SQ_SOURCE_VIDEO, "several");
  g_autoptr (SqRunWriter) writer = sq_run_writer_new (project, &info);
  g_autoptr (SqSource) played = sq_source_open (paths, NULL, NULL), source = NULL;
  gint64 times[N + 5];
  guint n = 0;

  for (;; n++)
    {
      g_autoptr (SqFrame) frame = sq_source_next (played, NULL);
      g_autoptr (SqResult) result = NULL;

      if (frame == NULL)
        break;
      g_assert_cmpuint (n, <, N + 5);
      times[n] = frame->pts_ns;
      result = sq_result_new (sq_frame_new (frame->width, frame->height, 0, NULL, frame->path, frame->index, frame->pts_ns, NULL, NULL),
                              NULL, 0, FALSE);
      sq_run_writer_push (writer, result);
    }
  g_assert_cmpuint (n, ==, N + 5);
  sq_run_writer_finish (writer, SQ_RUN_FINISHED, NULL);
  source = export_and_open (sq_run_writer_get_run (writer), "several.mp4");
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SqFrame) frame = sq_source_next (source, NULL);

      g_assert_cmpint (llabs (frame->pts_ns - times[i]), <=, 2 * TICK_NS);
      g_assert_cmpint (frame->width, ==, WIDTH);
      g_assert_cmpint (off_grey (frame, 80, 60, 60 + 2 * (int) (i < N ? i : i - N)), <=, 6);
      if (i >= N)
        g_assert_cmpint (off_grey (frame, 10, 60, 0), <=, 6);
    }
}

// Real ones, with B-frames, sound and whatever else: the frames of the stretch, at their times.
static void
test_real (void)
{
  static const char *const names[] = { "videos/people.mp4", "videos/vtest.avi" };

  for (guint k = 0; k < G_N_ELEMENTS (names); k++)
    {
      g_autofree char *path = sq_test_data (names[k]), *name = g_strdup_printf ("real%u.mp4", k);
      const char *const paths[] = { path, NULL };
      g_autoptr (SqSource) played = NULL, source = NULL;
      gint64 times[25];
      int width = 0, height = 0;

      if (path == NULL)
        return;
      played = sq_source_open (paths, NULL, NULL);
      for (int i = -40; i < 25; i++)
        {
          g_autoptr (SqFrame) frame = sq_source_next (played, NULL);

          g_assert_nonnull (frame);
          if (i >= 0)
            times[i] = frame->pts_ns;
          width = frame->width;
          height = frame->height;
        }
      source = export_and_open (make_video_run (project, paths, width, height, times, 40, 25), name);
      for (guint i = 0; i < 25; i++)
        {
          g_autoptr (SqFrame) frame = sq_source_next (source, NULL);

          g_assert_nonnull (frame);
          g_assert_cmpint (frame->width, ==, width);
          g_assert_cmpint (frame->height, ==, height);
          g_assert_cmpint (llabs (frame->pts_ns - (times[i] - times[0])), <=, TICK_NS);
        }
      g_assert_null (sq_source_next (source, NULL));
    }
}

static void
on_progress (double fraction, gpointer data)
{
  g_assert_cmpfloat (fraction, >=, 0);
  g_assert_cmpfloat (fraction, <=, 1);
  g_cancellable_cancel (data);
}

static void
test_cancel (void)
{
  const char *const paths[] = { movie, NULL };
  gint64 run = make_video_run (project, paths, WIDTH, HEIGHT, pts_ns, 0, N);
  g_autofree char *path = out_path ("cancelled.mp4"), *part = g_strconcat (path, SQ_ASIDE_SUFFIX, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_assert_true (sq_project_flush (project, NULL));
  for (int i = 0; i < 2; i++) // after the first frame, and before
    {
      g_assert_false (sq_export_run (project, run, SQ_EXPORT_VIDEO, NULL, path, cancellable, on_progress, cancellable, &error));
      g_assert_error (error, SQ_ERROR, SQ_ERROR_CANCELLED);
      g_clear_error (&error);
      g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
      g_assert_false (g_file_test (part, G_FILE_TEST_EXISTS));
    }
}

// What is said when it cannot be done; nothing is left. Interned.
static const char *
refused (gint64 run, int code)
{
  g_autofree char *path = out_path ("refused.mp4"), *part = g_strconcat (path, SQ_ASIDE_SUFFIX, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (sq_project_flush (project, NULL));
  g_assert_false (sq_export_run (project, run, SQ_EXPORT_VIDEO, NULL, path, NULL, NULL, NULL, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, SQ_ERROR, code);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (part, G_FILE_TEST_EXISTS));
  return g_intern_string (error->message);
}

static gint64
make_plain_run (SqSourceKind kind, const char *const *paths, gint64 last_ns)
{
  SqRunInfo info = make_info (paths, kind, "plain");
  g_autoptr (SqRunWriter) writer = sq_run_writer_new (project, &info);

  for (int i = 0; i < 2; i++)
    {
      g_autoptr (SqResult) result =
          sq_result_new (sq_frame_new (WIDTH, HEIGHT, 0, NULL, paths[0], i, i * last_ns, NULL, NULL), NULL, 0, FALSE);

      sq_run_writer_push (writer, result);
    }
  sq_run_writer_finish (writer, SQ_RUN_FINISHED, NULL);
  return sq_run_writer_get_run (writer);
}

static void
test_refused (void)
{
  g_autofree char *other = make_video (folder, "other.mp4", 64, 48, 10, NULL), *moved = g_build_filename (folder, "moved.mp4", NULL);
  const char *const pictures[] = { "/pictures/a.png", "/pictures/b.png", NULL }, *const camera[] = { "/dev/video9", NULL };
  const char *const paths[] = { movie, NULL }, *const others[] = { other, NULL };
  gint64 run = make_plain_run (SQ_SOURCE_VIDEO, others, pts_ns[N - 1]);

  g_assert_cmpstr (refused (make_plain_run (SQ_SOURCE_PICTURES, pictures, 1), SQ_ERROR_FORMAT), ==,
                   "“plain” is of pictures: export annotated pictures instead.");
  g_assert_nonnull (strstr (refused (make_plain_run (SQ_SOURCE_LIVE, camera, 1), SQ_ERROR_IO), "camera"));
  // of another size than what was stored; shorter
  g_assert_nonnull (strstr (refused (run, SQ_ERROR_IO), "64 × 48"));
  g_assert_nonnull (strstr (refused (make_plain_run (SQ_SOURCE_VIDEO, paths, pts_ns[N - 1] + 1000000000), SQ_ERROR_IO), "ends before"));
  {
    SqRunInfo info = make_info (paths, SQ_SOURCE_VIDEO, "empty");
    g_autoptr (SqRunWriter) writer = sq_run_writer_new (project, &info);

    sq_run_writer_finish (writer, SQ_RUN_FINISHED, NULL);
    g_assert_nonnull (strstr (refused (sq_run_writer_get_run (writer), SQ_ERROR_IO), "no frames"));
  }
  // gone, then another file in its place
  g_assert_cmpint (g_rename (other, moved), ==, 0);
  g_assert_cmpstr (refused (run, SQ_ERROR_IO), ==, "“other.mp4” is no longer where it was.");
  {
    g_autofree char *new = make_video (folder, "other.mp4", 64, 48, 11, NULL);

    g_assert_cmpstr (refused (run, SQ_ERROR_IO), ==, "“other.mp4” was changed since this session.");
  }
}

// Its own source is not written over.
static void
test_spared (void)
{
  const char *const paths[] = { movie, NULL };
  gint64 run = make_video_run (project, paths, WIDTH, HEIGHT, pts_ns, 0, N);
  g_autofree char *before = NULL, *after = NULL;
  gsize n_before, n_after;
  g_autoptr (GError) error = NULL;

  g_assert_true (sq_project_flush (project, NULL));
  g_assert_true (g_file_get_contents (movie, &before, &n_before, NULL));
  g_assert_false (sq_export_run (project, run, SQ_EXPORT_VIDEO, NULL, movie, NULL, NULL, NULL, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
  g_assert_nonnull (strstr (error->message, "choose another name"));
  g_assert_true (g_file_get_contents (movie, &after, &n_after, NULL));
  g_assert_cmpmem (before, n_before, after, n_after);
}

int
main (int argc, char **argv)
{
  int failed;

  g_test_init (&argc, &argv, NULL);
  prepare ();
  g_test_add_func ("/data/export-video/spared", test_spared);
  g_test_add_func ("/data/export-video/frames", test_frames);
  g_test_add_func ("/data/export-video/filter", test_filter);
  g_test_add_func ("/data/export-video/jumps", test_jumps);
  g_test_add_func ("/data/export-video/several", test_several);
  g_test_add_func ("/data/export-video/real", test_real);
  g_test_add_func ("/data/export-video/cancel", test_cancel);
  g_test_add_func ("/data/export-video/refused", test_refused);
  failed = g_test_run ();
  g_object_unref (project);
  g_free (movie);
  remove_folder (folder);
  return failed;
}
