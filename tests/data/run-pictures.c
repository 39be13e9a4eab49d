// SPDX-License-Identifier: GPL-3.0-or-later
// A run's pictures as a folder: links, or frames of a video spread over it.
#include "make-data.h"

#include "engine/error.h"
#include <glib/gstdio.h>
#include <string.h>

static int
by_name (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

static GPtrArray *
list (const char *folder)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, by_name);
  return names;
}

static SqProject *
open_project (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "run-pictures.squint", NULL);
  g_autoptr (GError) error = NULL;
  SqProject *project = sq_project_open (path, SQ_PROJECT_CREATE, &error);

  g_assert_no_error (error);
  return project;
}

// Frame 2 k of a video of 40 grey ones is 60 + 4 k.
static void
test_video (void)
{
  char *folder = make_folder ();
  g_autoptr (SqProject) project = open_project (folder);
  g_autofree char *video = make_video (folder, "grey.mkv", 160, 120, 40, NULL), *made = NULL;
  const char *const paths[] = { video, NULL };
  gint64 pts[40], run;
  g_autoptr (GPtrArray) names = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  for (guint i = 0; i < 40; i++)
    pts[i] = i * 40000000;
  run = make_video_run (project, paths, 160, 120, pts, 0, 40);
  g_assert_true (sq_project_flush (project, NULL));
  made = sq_run_pictures_make (project, run, 4096, 20, NULL, &error);
  g_assert_no_error (error);
  names = list (made);
  g_assert_cmpuint (names->len, ==, 20);
  for (guint k = 0; k < names->len; k++)
    {
      g_autofree char *path = g_build_filename (made, names->pdata[k], NULL);
      g_autoptr (SqSource) source = sq_source_open ((const char *const[]){ path, NULL }, NULL, &error);
      g_autoptr (SqFrame) frame = sq_source_next (source, &error);

      g_assert_no_error (error);
      g_assert_cmpint (frame->width, ==, 160);
      g_assert_cmpint (ABS (frame->pixels[frame->stride * 60 + 3 * 80] - (int) (60 + 4 * k)), <=, 3);
    }
  sq_remove_folder (made);
  g_assert_false (g_file_test (made, G_FILE_TEST_EXISTS));

  g_cancellable_cancel (cancellable);
  g_assert_null (sq_run_pictures_make (project, run, 4096, 20, cancellable, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_cmpint (g_unlink (video), ==, 0);
  g_assert_null (sq_run_pictures_make (project, run, 4096, 20, NULL, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
  g_assert_true (sq_project_close (project, NULL));
  remove_folder (folder);
}

static void
test_pictures (void)
{
  char *folder = make_folder ();
  g_autoptr (SqProject) project = open_project (folder);
  g_autofree char *there = g_build_filename (folder, "there.jpg", NULL), *gone = g_build_filename (folder, "gone.jpg", NULL), *made = NULL;
  const char *const paths[] = { there, gone, NULL };
  SqRunInfo info = make_info (paths, SQ_SOURCE_PICTURES, "two");
  g_autoptr (SqRunWriter) writer = sq_run_writer_new (project, &info);
  g_autoptr (GPtrArray) names = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (there, "a picture", -1, NULL));
  for (guint i = 0; paths[i] != NULL; i++)
    {
      g_autoptr (SqResult) result = make_result (paths[i], i, 1, FALSE);

      sq_run_writer_push (writer, result);
    }
  sq_run_writer_finish (writer, SQ_RUN_FINISHED, NULL);
  g_assert_true (sq_project_flush (project, NULL));
  made = sq_run_pictures_make (project, sq_run_writer_get_run (writer), 4096, 20, NULL, &error);
  g_assert_no_error (error);
  names = list (made);
  g_assert_cmpuint (names->len, ==, 1);
  g_assert_true (g_str_has_suffix (names->pdata[0], "there.jpg"));
  sq_remove_folder (made);
  g_assert_true (g_file_test (there, G_FILE_TEST_EXISTS)); // a link went, not the picture

  g_assert_cmpint (g_unlink (there), ==, 0);
  g_assert_null (sq_run_pictures_make (project, sq_run_writer_get_run (writer), 4096, 20, NULL, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
  g_assert_nonnull (strstr (error->message, "“two”"));
  g_assert_true (sq_project_close (project, NULL));
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/data/run-pictures/video", test_video);
  g_test_add_func ("/data/run-pictures/pictures", test_pictures);
  return g_test_run ();
}
