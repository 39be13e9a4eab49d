// SPDX-License-Identifier: GPL-3.0-or-later
#include "make-data.h"

#include "data/store.h"
#include "engine/media/video-writer.h"
#include <glib/gstdio.h>
#include <string.h>

char *
make_folder (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("squint-data-XXXXXX", &error);

  g_assert_no_error (error);
  return folder;
}

void
remove_folder (char *folder)
{
  GDir *dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR) && !g_file_test (path, G_FILE_TEST_IS_SYMLINK))
        remove_folder (g_steal_pointer (&path));
      else
        g_unlink (path);
    }
  g_clear_pointer (&dir, g_dir_close);
  g_rmdir (folder);
  g_free (folder);
}

const SqModel *
make_model (void)
{
  static char *labels[] = { (char *) "person", (char *) "bicycle", (char *) "dog", NULL };
  static SqModel model = { .path = (char *) "/models/toy.onnx",
                           .name = (char *) "toy",
                           .sha256 = (char *) "00aa",
                           .file_size = 1234,
                           .format = "ONNX",
                           .family_id = "yolox",
                           .family_title = "YOLOX",
                           .labels = labels,
                           .n_classes = 3,
                           .precision = (char *) "float32" };

  return &model;
}

SqRunInfo
make_info (const char *const *paths, SqSourceKind kind, const char *name)
{
  static SqSourceInfo source;

  source = (SqSourceInfo){ .kind = kind,
                           .name = (char *) "toy.mp4",
                           .path = (char *) paths[0],
                           .width = 640,
                           .height = 480,
                           .n_frames = 100,
                           .duration_ns = 4000000000,
                           .fps = 25,
                           .seekable = TRUE };
  return (SqRunInfo){ .name = name, .source = &source, .paths = paths, .model = make_model (), .device = "cpu" };
}

SqResult *
make_result (const char *path, gint64 index, guint n, gboolean with_pixels)
{
  SqDetection *candidates = g_new (SqDetection, n);
  guint8 *pixels = NULL;
  SqFrame *frame;
  SqResult *result;

  if (with_pixels)
    {
      pixels = g_malloc (64 * 48 * 3);
      memset (pixels, (int) (index * 7 & 0xff), 64 * 48 * 3);
    }
  frame = sq_frame_new (with_pixels ? 64 : 640, with_pixels ? 48 : 480, 64 * 3, pixels, path, index, index * 40000000, g_free, pixels);
  frame->duration_ns = 40000000;
  for (guint i = 0; i < n; i++)
    {
      float x = (float) ((index * 31 + i * 97) % 600) + .123f, y = (float) ((index * 17 + i * 53) % 440) + .456f;

      candidates[i] = (SqDetection){
        .x1 = x, .y1 = y, .x2 = x + 20.789f, .y2 = y + 30.1f, .score = .95f - .9f * i / MAX (n, 1), .class_id = (int) ((index + i) % 3)
      };
    }
  result = sq_result_new (frame, candidates, n, FALSE);
  result->stage_ns[SQ_STAGE_INFER] = 1000000 + index;
  result->device = "cpu";
  return result;
}

gint64
make_run (SqProject *project, const char *name, guint n_frames, guint per_frame, gboolean pixels)
{
  const char *paths[] = { "/videos/toy.mp4", NULL };
  SqRunInfo info = make_info (paths, SQ_SOURCE_VIDEO, name);
  g_autoptr (SqRunWriter) writer = sq_run_writer_new (project, &info);

  for (guint i = 0; i < n_frames; i++)
    {
      g_autoptr (SqResult) result = make_result (paths[0], i, per_frame, pixels);

      sq_run_writer_push (writer, result);
    }
  sq_run_writer_finish (writer, SQ_RUN_FINISHED, NULL);
  return sq_run_writer_get_run (writer);
}

guint
count_files (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

char *
make_video (const char *folder, const char *name, int width, int height, guint n, const gint64 *pts_ns)
{
  char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqVideoWriter) writer = sq_video_writer_new (path, NULL, width, height, 25, NULL, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < n; i++)
    {
      gsize size = 3 * (gsize) width * height;
      guint8 *pixels = g_malloc (size);
      g_autoptr (SqFrame) frame = sq_frame_new (width, height, 3 * width, pixels, path, i, 0, g_free, pixels);

      memset (pixels, 60 + 2 * (int) i, size);
      g_assert_true (sq_video_writer_add (writer, frame, pts_ns != NULL ? pts_ns[i] : i * 40000000, 40000000, &error));
    }
  g_assert_true (sq_video_writer_finish (writer, &error));
  return path;
}

gint64
make_video_run (SqProject *project, const char *const *paths, int width, int height, const gint64 *pts_ns, gint64 first, guint n)
{
  SqRunInfo info = make_info (paths, SQ_SOURCE_VIDEO, "drawn");
  g_autoptr (SqRunWriter) writer = sq_run_writer_new (project, &info);

  for (guint i = 0; i < n; i++)
    {
      SqDetection *box = g_new0 (SqDetection, 1);
      g_autoptr (SqResult) result = NULL;

      *box = (SqDetection){ 10, 20, 50, 40, .9f, 1, 7 };
      result = sq_result_new (sq_frame_new (width, height, 0, NULL, paths[0], first + i, pts_ns[i], NULL, NULL), box, (first + i) % 4 != 3,
                              FALSE);
      sq_run_writer_push (writer, result);
    }
  sq_run_writer_finish (writer, SQ_RUN_FINISHED, NULL);
  return sq_run_writer_get_run (writer);
}

static gboolean
on_timeout (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

void
wait_for (gboolean *flag)
{
  gboolean late = FALSE;
  guint id = g_timeout_add (10000, on_timeout, &late);

  while (!*flag && !late)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (late);
  g_source_remove (id);
}

void
spin (guint ms)
{
  gboolean over = FALSE;

  g_timeout_add (ms, on_timeout, &over);
  while (!over)
    g_main_context_iteration (NULL, TRUE);
}

void
sqlite_exec (const char *path, const char *sql)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqStore) store = sq_store_open (path, SQ_STORE_CREATE, &error);

  g_assert_no_error (error);
  sq_store_exec (store, sql, &error);
  g_assert_no_error (error);
}

gint64
sqlite_int (const char *path, const char *sql)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqStore) store = sq_store_open (path, SQ_STORE_READ, &error);
  gint64 value;

  g_assert_no_error (error);
  sq_store_get_int (store, sql, &value, &error);
  g_assert_no_error (error);
  return value;
}
