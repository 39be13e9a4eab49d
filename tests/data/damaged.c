// SPDX-License-Identifier: GPL-3.0-or-later
// Project files with bytes changed, and label files that lie: opened or refused, never a crash.
#include "make-data.h"
#include <string.h>

#define ROUNDS 60

static void
use (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqProject) project = sq_project_open (path, SQ_PROJECT_DEFAULT, &error);
  g_autoptr (GPtrArray) runs = NULL;

  if (project == NULL)
    {
      g_assert_nonnull (error);
      g_assert_true (error->domain == SQ_ERROR);
      return;
    }
  runs = sq_project_list_runs (project, NULL, 0, 10, NULL);
  for (guint i = 0; runs != NULL && i < runs->len; i++)
    {
      SqRun *run = g_ptr_array_index (runs, i);
      g_autofree char *counts = sq_run_describe_counts (run, 0);
      g_autoptr (GPtrArray) frames = sq_project_load_frames (project, run->id, 0, 50, NULL);
      g_autoptr (GArray) density = sq_project_run_density (project, run->id, 10, NULL);
      g_autoptr (GArray) found = sq_project_search_frames (project, run->id, 1, .5f, -1, 10, NULL);

      for (guint j = 0; frames != NULL && j < frames->len; j++)
        {
          g_autoptr (SqResult) result = sq_stored_frame_to_result (g_ptr_array_index (frames, j), NULL);
          g_autoptr (GArray) kept = sq_result_detections (result, &run->filter);
        }
    }
  make_run (project, "after", 5, 2, FALSE);
  sq_project_close (project, NULL);
}

static void
test_project (void)
{
  char *folder = make_folder ();
  g_autofree char *whole = g_build_filename (folder, "whole.squint", NULL), *path = g_build_filename (folder, "damaged.squint", NULL);
  g_autofree char *data = NULL;
  gsize size;

  {
    g_autoptr (SqProject) project = sq_project_open (whole, SQ_PROJECT_CREATE, NULL);

    make_run (project, "one", 60, 5, TRUE);
    make_run (project, "two", 60, 5, FALSE);
  }
  g_assert_true (g_file_get_contents (whole, &data, &size, NULL));
  for (guint i = 0; i < ROUNDS; i++)
    {
      g_autofree char *copy = g_memdup2 (data, size);
      gsize length = i % 5 == 0 ? (gsize) g_test_rand_int_range (1, size) : size;

      for (guint j = 0; j < 40; j++)
        copy[g_test_rand_int_range (j < 4 ? 100 : 0, j < 4 ? 4096 : (gint32) size)] = g_test_rand_int_range (0, 256);
      g_assert_true (g_file_set_contents_full (path, copy, length, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
      use (path);
    }
  remove_folder (folder);
}

static void
test_labels (void)
{
  static const char text[] =
      "{\"images\":[{\"id\":7,\"file_name\":\"sub/a.jpg\",\"width\":100,\"height\":50}],"
      "\"categories\":[{\"id\":18,\"name\":\"dog\"},{\"id\":1,\"name\":\"person\"}],"
      "\"annotations\":[{\"id\":1,\"image_id\":7,\"category_id\":18,\"bbox\":[10,20,30.5,10],\"area\":200.5,\"iscrowd\":0}]}";
  static const char values[] = "0123456789-.,:{}[]\"eE nulltrue\\";
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "a.json", NULL);

  for (guint i = 0; i < 1500; i++)
    {
      g_autofree char *copy = g_strdup (text);
      g_autoptr (GError) error = NULL;
      g_autoptr (SqAnnotations) labels = NULL;

      for (int j = g_test_rand_int_range (1, 5); j > 0; j--)
        copy[g_test_rand_int_range (0, sizeof text - 1)] = values[g_test_rand_int_range (0, sizeof values - 1)];
      g_assert_true (g_file_set_contents_full (path, copy, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
      labels = sq_annotations_load (path, NULL, NULL, &error);
      g_assert_true ((labels != NULL) != (error != NULL));
      if (labels != NULL)
        sq_annotations_find (labels, "a.jpg");
    }
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/data/damaged/project", test_project);
  g_test_add_func ("/data/damaged/labels", test_labels);
  return g_test_run ();
}
