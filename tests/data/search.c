// SPDX-License-Identifier: GPL-3.0-or-later
// Finding things again: tags, what there is to choose from, and objects of a class over all sessions.
#include "make-data.h"

#include "data/object-list.h"
#include <string.h>

static SqProject *
open_new (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "a.squint", NULL);

  return sq_project_open (path, SQ_PROJECT_CREATE, NULL);
}

static gint64
store (SqProject *project, SqSourceKind kind, const char *name, const SqDetection *boxes, guint per_frame, guint n_frames, gint64 step_ns)
{
  g_autofree char *path = g_strdup_printf ("/x/%s", name);
  const char *paths[] = { path, NULL };
  SqRunInfo info = make_info (paths, kind, name);
  SqRunWriter *writer = sq_run_writer_new (project, &info);
  gint64 id;

  for (guint i = 0; i < n_frames; i++)
    {
      g_autoptr (SqResult) result = sq_result_new (sq_frame_new (640, 480, 1920, NULL, paths[0], i, i * step_ns, NULL, NULL),
                                                   g_memdup2 (boxes + i * per_frame, per_frame * sizeof *boxes), per_frame, FALSE);

      sq_run_writer_push (writer, result);
    }
  id = sq_run_writer_get_run (writer);
  sq_run_writer_finish (writer, SQ_RUN_FINISHED, NULL);
  sq_run_writer_unref (writer);
  g_assert_true (sq_project_flush (project, NULL));
  return id;
}

static guint
count (SqProject *project, const SqRunQuery *query)
{
  g_autoptr (GArray) ids = sq_project_list_run_ids (project, query, NULL);

  return ids->len;
}

static void
test_tags (void)
{
  char *folder = make_folder ();
  g_autoptr (SqProject) project = open_new (folder);
  gint64 a = make_run (project, "one", 3, 2, FALSE), b = make_run (project, "two", 3, 2, FALSE);
  g_autoptr (SqRun) run = NULL;
  g_autoptr (SqRunFacets) facets = NULL;
  g_autofree char *joined = NULL, *classes = NULL;

  sq_project_add_run_tag (project, a, "night");
  sq_project_add_run_tag (project, a, " Gate 3\n");
  sq_project_add_run_tag (project, a, "NIGHT"); // the same
  sq_project_add_run_tag (project, b, "night");
  sq_project_add_run_tag (project, b, "  "); // none
  sq_project_add_run_tag (project, 999, "lost");
  g_assert_true (sq_project_flush (project, NULL));
  run = sq_project_load_run (project, a, NULL);
  joined = g_strjoinv ("|", run->tags);
  g_assert_cmpstr (joined, ==, "Gate 3|night");
  g_assert_cmpuint (count (project, &(SqRunQuery){ .tag = "Night" }), ==, 2);
  g_assert_cmpuint (count (project, &(SqRunQuery){ .text = "gate" }), ==, 1);
  sq_project_remove_run_tag (project, b, "night");
  g_assert_true (sq_project_flush (project, NULL));
  g_assert_cmpuint (count (project, &(SqRunQuery){ .tag = "night" }), ==, 1);
  facets = sq_project_list_facets (project, NULL);
  g_assert_cmpuint (g_strv_length (facets->tags), ==, 2);
  g_assert_cmpuint (g_strv_length (facets->models), ==, 1);
  classes = g_strjoinv ("|", facets->classes);
  g_assert_nonnull (strstr (classes, "bicycle"));
  g_assert_true (sq_project_close (project, NULL));
  g_clear_object (&project);
  remove_folder (folder);
}

static GPtrArray *
find (SqProject *project, const char *class_name, float score, guint limit)
{
  g_autoptr (SqObjectSearch) search = sq_object_search_new (project, &(SqRunQuery){ .class_name = class_name, .min_score = score });
  g_autoptr (GError) error = NULL;
  GPtrArray *found = sq_object_search_next (search, limit, NULL, &error);

  g_assert_no_error (error);
  return found;
}

static void
test_objects (void)
{
  char *folder = make_folder ();
  g_autoptr (SqProject) project = open_new (folder);
  // a picture with two bicycles, one of them found twice; one with a weak one; one with a person
  const SqDetection pictures[] = {
    { 10, 10, 60, 60, .9f, 1, 0 },  { 12, 10, 62, 60, .8f, 1, 0 }, { 200, 10, 260, 60, .7f, 1, 0 },
    { 10, 10, 60, 60, .5f, 1, 0 },  { 1, 1, 2, 2, .06f, 1, 0 },    { 3, 3, 4, 4, .06f, 1, 0 },
    { 10, 10, 60, 60, .95f, 0, 0 }, { 1, 1, 2, 2, .06f, 0, 0 },    { 3, 3, 4, 4, .06f, 0, 0 },
  };
  SqDetection numbered[20], plain[20];
  g_autoptr (GPtrArray) all = NULL, strong = NULL, people = NULL, none = NULL;
  gint64 first, second, third;

  for (int i = 0; i < 20; i++)
    {
      numbered[i] = (SqDetection){ 10, 10, 60, 60, .8f, 1, i < 12 ? 1 : 2 };
      plain[i] = (SqDetection){ 10, 10, 60, 60, .85f, 1, 0 };
    }
  first = store (project, SQ_SOURCE_PICTURES, "pictures", pictures, 3, 3, 1);
  second = store (project, SQ_SOURCE_VIDEO, "numbered", numbered, 1, 20, 100000000);
  third = store (project, SQ_SOURCE_VIDEO, "plain", plain, 1, 20, 100000000);
  all = find (project, "bicycle", .3f, 100);
  g_assert_cmpuint (all->len, ==, 2 + 2 + 2); // two seconds, two numbers, two pictures
  g_assert_cmpint (((SqFoundFrame *) all->pdata[0])->run, ==, third);
  g_assert_cmpint (((SqFoundFrame *) all->pdata[2])->run, ==, second);
  g_assert_cmpint (((SqFoundFrame *) all->pdata[3])->seq, ==, 12);
  g_assert_cmpint (((SqFoundFrame *) all->pdata[3])->best.track, ==, 2);
  g_assert_cmpint (((SqFoundFrame *) all->pdata[4])->run, ==, first);
  g_assert_cmpuint (((SqFoundFrame *) all->pdata[4])->n, ==, 2);
  g_assert_cmpfloat (((SqFoundFrame *) all->pdata[4])->best.score, ==, .9f);
  strong = find (project, "Bicycle", .88f, 100);
  g_assert_cmpuint (strong->len, ==, 1);
  people = find (project, "person", .3f, 100);
  g_assert_cmpuint (people->len, ==, 1);
  none = find (project, "dog", .3f, 100);
  g_assert_cmpuint (none->len, ==, 0);
  g_assert_true (sq_project_close (project, NULL));
  g_clear_object (&project);
  remove_folder (folder);
}

// Whatever a file says: a class that no model has finds nothing, and what is deleted offers nothing to choose.
static void
test_hostile (void)
{
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "a.squint", NULL);
  g_autoptr (SqProject) project = open_new (folder);
  gint64 id = make_run (project, "one", 3, 4, FALSE), other;
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (SqRunFacets) facets = NULL;

  g_assert_true (sq_project_flush (project, NULL));
  sqlite_exec (path, "UPDATE run_class SET class = 2147483647 WHERE name = 'bicycle'");
  found = find (project, "bicycle", 0, 100);
  g_assert_cmpuint (found->len, ==, 0);
  other = make_run (project, "two", 3, 4, FALSE);
  sq_project_add_run_tag (project, id, "gone");
  sq_project_add_run_tag (project, other, "here");
  sq_project_delete_run (project, id);
  g_assert_true (sq_project_flush (project, NULL));
  facets = sq_project_list_facets (project, NULL);
  g_assert_cmpuint (g_strv_length (facets->tags), ==, 1);
  g_assert_cmpstr (facets->tags[0], ==, "here");
  g_assert_true (sq_project_close (project, NULL));
  g_clear_object (&project);
  remove_folder (folder);
}

// What is cut out is what is new, not what is strongest.
static void
test_newcomer (void)
{
  char *folder = make_folder ();
  g_autoptr (SqProject) project = open_new (folder);
  SqDetection boxes[20];
  g_autoptr (GPtrArray) found = NULL;

  for (int i = 0; i < 10; i++)
    {
      boxes[2 * i] = (SqDetection){ 10, 10, 60, 60, .9f, 1, 1 };
      boxes[2 * i + 1] = (SqDetection){ 200, 10, 260, 60, i < 5 ? .1f : .5f, 1, i < 5 ? 0 : 2 };
    }
  store (project, SQ_SOURCE_VIDEO, "two", boxes, 2, 10, 40000000);
  found = find (project, "bicycle", .3f, 100);
  g_assert_cmpuint (found->len, ==, 2);
  g_assert_cmpint (((SqFoundFrame *) found->pdata[0])->best.track, ==, 1);
  g_assert_cmpint (((SqFoundFrame *) found->pdata[1])->seq, ==, 5);
  g_assert_cmpint (((SqFoundFrame *) found->pdata[1])->best.track, ==, 2);
  g_assert_true (sq_project_close (project, NULL));
  g_clear_object (&project);
  remove_folder (folder);
}

// Read on in steps: the same as at once.
static void
test_steps (void)
{
  char *folder = make_folder ();
  g_autoptr (SqProject) project = open_new (folder);
  g_autofree SqDetection *boxes = g_new (SqDetection, 300);
  g_autoptr (GPtrArray) all = NULL;
  g_autoptr (SqObjectSearch) search = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  guint at = 0, got;

  for (int i = 0; i < 300; i++)
    boxes[i] = (SqDetection){ 10, 10, 60, 60, .5f + .001f * i, i % 3 == 0 ? 1 : 0, 0 };
  store (project, SQ_SOURCE_PICTURES, "a", boxes, 1, 300, 1);
  store (project, SQ_SOURCE_PICTURES, "b", boxes, 1, 300, 1);
  all = find (project, "bicycle", .3f, 1000);
  g_assert_cmpuint (all->len, ==, 200);
  search = sq_object_search_new (project, &(SqRunQuery){ .class_name = "bicycle", .min_score = .3f });
  do
    {
      g_autoptr (GPtrArray) part = sq_object_search_next (search, 7, NULL, NULL);

      got = part->len;
      for (guint i = 0; i < got; i++, at++)
        {
          const SqFoundFrame *x = part->pdata[i], *y = all->pdata[at];

          g_assert_true (x->run == y->run && x->seq == y->seq && x->best.score == y->best.score);
        }
    }
  while (got == 7);
  g_assert_cmpuint (at, ==, 200);
  g_cancellable_cancel (cancellable);
  g_clear_pointer (&search, sq_object_search_free);
  search = sq_object_search_new (project, &(SqRunQuery){ .class_name = "bicycle" });
  g_assert_null (sq_object_search_next (search, 7, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_pointer (&search, sq_object_search_free);
  g_assert_true (sq_project_close (project, NULL));
  g_clear_object (&project);
  remove_folder (folder);
}

static void
settle (SqObjectList *list)
{
  for (int i = 0; i < 300 && sq_object_list_get_loading (list); i++)
    spin (10);
  spin (10);
}

// Looks at the last item until nothing comes any more.
static guint
read_all (SqObjectList *list)
{
  GListModel *model = G_LIST_MODEL (list);
  guint before;

  settle (list);
  do
    {
      g_autoptr (SqFoundItem) last = g_list_model_get_item (model, g_list_model_get_n_items (model) - 1);

      before = g_list_model_get_n_items (model);
      g_assert_cmpfloat (sq_found_item_get_frame (last)->best.score, ==, .9f);
      spin (20);
      settle (list);
    }
  while (g_list_model_get_n_items (model) > before);
  return before;
}

static void
test_list (void)
{
  char *folder = make_folder ();
  g_autoptr (SqProject) project = open_new (folder);
  g_autofree SqDetection *boxes = g_new (SqDetection, 300);
  g_autoptr (SqObjectList) list = sq_object_list_new ();
  GListModel *model = G_LIST_MODEL (list);
  guint before;

  for (int i = 0; i < 300; i++)
    boxes[i] = (SqDetection){ 10, 10, 60, 60, .9f, i % 10 == 0 ? 0 : 1, 0 };
  store (project, SQ_SOURCE_PICTURES, "a", boxes, 1, 300, 1);
  sq_object_list_search (list, project, &(SqRunQuery){ .class_name = "bicycle" });
  settle (list);
  before = g_list_model_get_n_items (model);
  g_assert_cmpuint (before, >, 0);
  g_assert_cmpuint (before, <, 270); // not all at once
  g_assert_cmpuint (read_all (list), ==, 270);
  sq_object_list_search (list, project, &(SqRunQuery){ .class_name = "bicycle" });
  sq_object_list_search (list, project, &(SqRunQuery){ .class_name = "person" }); // the first one is dropped
  g_assert_cmpuint (read_all (list), ==, 30);
  sq_object_list_search (list, NULL, NULL);
  g_assert_cmpuint (g_list_model_get_n_items (model), ==, 0);
  g_assert_true (sq_project_close (project, NULL));
  g_clear_object (&project);
  remove_folder (folder);
}

// What lay at the old place, or below it, is looked for at the new one; what only begins alike is not.
static void
test_moved (void)
{
  char *folder = make_folder ();
  g_autoptr (SqProject) project = open_new (folder);
  const SqDetection boxes[] = { { 10, 10, 60, 60, .9f, 1, 0 } };
  gint64 first = store (project, SQ_SOURCE_PICTURES, "day/a.png", boxes, 1, 1, 1);
  gint64 other = store (project, SQ_SOURCE_PICTURES, "daylight/a.png", boxes, 1, 1, 1);
  g_autoptr (SqRun) run = NULL, same = NULL;
  g_autoptr (GPtrArray) frames = NULL;

  sq_project_move_run_source (project, first, "/x/day", "/y/night");
  sq_project_move_run_source (project, other, "/x/day", "/y/night");
  sq_project_move_run_source (project, 999, "/x", "/y");
  g_assert_true (sq_project_flush (project, NULL));
  run = sq_project_load_run (project, first, NULL);
  same = sq_project_load_run (project, other, NULL);
  frames = sq_project_load_frames (project, first, 0, 1, NULL);
  g_assert_cmpstr (run->paths[0], ==, "/y/night/a.png");
  g_assert_cmpstr (((SqStoredFrame *) frames->pdata[0])->path, ==, "/y/night/a.png");
  g_assert_cmpstr (same->paths[0], ==, "/x/daylight/a.png");
  g_assert_true (sq_project_close (project, NULL));
  g_clear_object (&project);
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/data/search/tags", test_tags);
  g_test_add_func ("/data/search/moved", test_moved);
  g_test_add_func ("/data/search/objects", test_objects);
  g_test_add_func ("/data/search/hostile", test_hostile);
  g_test_add_func ("/data/search/newcomer", test_newcomer);
  g_test_add_func ("/data/search/steps", test_steps);
  g_test_add_func ("/data/search/list", test_list);
  return g_test_run ();
}
