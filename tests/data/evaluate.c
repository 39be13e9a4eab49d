// SPDX-License-Identifier: GPL-3.0-or-later
// A stored run against labels: what was right, what cannot be judged, and what fits nothing.
#include "make-data.h"

#include "data/evaluate.h"
#include "engine/error.h"
#include <string.h>

static const char labels[] = "{\"images\":[{\"id\":1,\"file_name\":\"a.jpg\",\"width\":640,\"height\":480},"
                             "{\"id\":2,\"file_name\":\"b.jpg\",\"width\":640,\"height\":480}],"
                             "\"categories\":[{\"id\":4,\"name\":\"Person\"},{\"id\":9,\"name\":\"zebra\"}],"
                             "\"annotations\":["
                             "{\"id\":1,\"image_id\":1,\"category_id\":4,\"bbox\":[10,10,100,100],\"area\":10000,\"iscrowd\":0},"
                             "{\"id\":2,\"image_id\":2,\"category_id\":4,\"bbox\":[200,10,100,100],\"area\":10000,\"iscrowd\":0},"
                             "{\"id\":3,\"image_id\":2,\"category_id\":9,\"bbox\":[400,10,100,100],\"area\":10000,\"iscrowd\":0}]}";

static gint64
make_pictures_run (SqProject *project)
{
  const char *paths[] = { "/pictures/a.jpg", "/pictures/b.jpg", "/pictures/c.jpg", NULL };
  SqRunInfo info = make_info (paths, SQ_SOURCE_PICTURES, "pictures");
  SqRunWriter *writer = sq_run_writer_new (project, &info);
  gint64 id;

  for (int i = 0; i < 4; i++)
    {
      // the person of a.jpg, seen; of b.jpg, missed, and a dog that nobody labelled; c.jpg has no labels; a.jpg comes twice
      SqDetection box = { 10, 10, 110, 110, .8f, i == 1 ? 2 : 0, 0 };
      g_autoptr (SqResult) result =
          sq_result_new (sq_frame_new (640, 480, 1920, NULL, paths[i % 3], i, i, NULL, NULL), g_memdup2 (&box, sizeof box), 1, FALSE);

      sq_run_writer_push (writer, result);
    }
  id = sq_run_writer_get_run (writer);
  sq_run_writer_finish (writer, SQ_RUN_FINISHED, NULL);
  sq_run_writer_unref (writer);
  g_assert_true (sq_project_flush (project, NULL));
  return id;
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  SqJudge **judge = data;
  g_autoptr (GError) error = NULL;

  *judge = sq_project_evaluate_finish (SQ_PROJECT (source), result, &error);
  g_assert_no_error (error);
}

static void
test_run (void)
{
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "a.squint", NULL), *file = g_build_filename (folder, "labels.json", NULL);
  g_autoptr (SqProject) project = sq_project_open (path, SQ_PROJECT_CREATE, NULL);
  gint64 id = make_pictures_run (project);
  g_autoptr (SqJudge) judge = NULL;

  g_file_set_contents (file, labels, -1, NULL);
  sq_project_evaluate_async (project, id, file, NULL, .25f, NULL, on_done, &judge);
  for (int i = 0; i < 200 && judge == NULL; i++)
    spin (50);
  g_assert_nonnull (judge);
  g_assert_cmpuint (judge->n_judged, ==, 2);
  g_assert_cmpuint (judge->n_common, ==, 1);
  g_assert_cmpuint (sq_evaluation_get_count (judge->result, 0, 0), ==, 1); // right
  g_assert_cmpuint (sq_evaluation_get_count (judge->result, 0, 2), ==, 1); // missed
  g_assert_cmpuint (sq_evaluation_get_count (judge->result, 1, 2), ==, 0); // the model knows no zebras: that is no miss
  g_assert_cmpuint (sq_evaluation_get_count (judge->result, 2, 0), ==, 0); // a dog is none of the labels' classes
  g_assert_cmpfloat_with_epsilon (sq_evaluation_get_ap (judge->result)->ap50, 51. / 101, 1e-9);
  g_assert_true (sq_project_close (project, NULL));
  g_clear_object (&project);
  remove_folder (folder);
}

// One stray line of a label file must not ask for all of the memory.
static void
test_too_many_classes (void)
{
  SqAnnotations many = { .n_classes = SQ_EVALUATE_MAX_CLASSES + 1 };
  const char *names[] = { "person", NULL };
  g_autoptr (GError) error = NULL;

  g_assert_null (sq_judge_new (&many, names, FALSE, .25f, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_FORMAT);
}

static void
test_unfit (void)
{
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "a.squint", NULL), *file = g_build_filename (folder, "labels.json", NULL);
  g_autoptr (SqProject) project = sq_project_open (path, SQ_PROJECT_CREATE, NULL);
  gint64 id = make_pictures_run (project);
  g_autofree char *others = g_strdup (labels), *names = g_strdup (labels);
  const char *texts[] = { others, names };

  memcpy (strstr (others, "a.jpg"), "x.jpg", 5);
  memcpy (strstr (others, "b.jpg"), "y.jpg", 5);
  memcpy (strstr (names, "Person"), "Goblin", 6);
  for (int i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SqAnnotations) annotations = NULL;

      g_file_set_contents (file, texts[i], -1, NULL);
      annotations = sq_annotations_load (file, NULL, NULL, &error);
      g_assert_no_error (error);
      g_assert_null (sq_project_evaluate (project, id, annotations, .25f, NULL, &error));
      g_assert_error (error, SQ_ERROR, SQ_ERROR_FORMAT);
    }
  g_assert_true (sq_project_close (project, NULL));
  g_clear_object (&project);
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/data/evaluate/run", test_run);
  g_test_add_func ("/data/evaluate/too-many-classes", test_too_many_classes);
  g_test_add_func ("/data/evaluate/unfit", test_unfit);
  return g_test_run ();
}
