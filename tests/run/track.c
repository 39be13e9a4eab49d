// SPDX-License-Identifier: GPL-3.0-or-later
// Objects of a video keep their numbers: through crossings, gaps, low scores and other classes; and how many persons a real video shows.
#include "engine/run/assign.h"
#include "engine/run/pipeline.h"
#include "engine/run/track.h"
#include "tests/common/data.h"
#include "tests/media/make-media.h"
#include "tiny.h"

#include <math.h>

#define FRAME_NS (G_GINT64_CONSTANT (1000000000) / 25)

static void
test_assign (void)
{
  // greedily row 0 would take column 0 and leave row 1 the worst
  static const double cost[] = { .1, .2, .15, .9 };
  int to[3];

  sq_assign (cost, 2, 2, 1, to);
  g_assert_cmpint (to[0], ==, 1);
  g_assert_cmpint (to[1], ==, 0);
  sq_assign (cost, 2, 2, .12, to); // only one pair is cheap enough
  g_assert_cmpint (to[0], ==, 0);
  g_assert_cmpint (to[1], ==, -1);
  sq_assign (cost, 1, 2, 1, to);
  g_assert_cmpint (to[0], ==, 0);
  sq_assign ((double[]){ .5, .3, .4 }, 3, 1, 1, to); // one column
  g_assert_cmpint (to[0], ==, -1);
  g_assert_cmpint (to[1], ==, 0);
  g_assert_cmpint (to[2], ==, -1);
}

static double
total_of (const double *cost, guint n, guint m, double most, const int *to)
{
  double sum = 0;

  for (guint i = 0; i < n; i++)
    sum += to[i] >= 0 ? cost[i * m + (guint) to[i]] : most;
  return sum;
}

// The best of all permutations.
static double
best_of (const double *cost, guint n, guint m, double most, guint row, guint taken)
{
  double best;

  if (row == n)
    return 0;
  best = most + best_of (cost, n, m, most, row + 1, taken);
  for (guint j = 0; j < m; j++)
    if ((taken & 1u << j) == 0)
      best = MIN (best, cost[row * m + j] + best_of (cost, n, m, most, row + 1, taken | 1u << j));
  return best;
}

static void
test_assign_random (void)
{
  for (guint seed = 0; seed < 200; seed++)
    {
      guint n = 1 + seed % 5, m = 1 + seed / 5 % 6;
      g_autoptr (SqTensor) t = sq_tensor_new (SQ_F32, &SQ_SHAPE (n * m));
      double cost[30], most = .7;
      int to[5];

      sq_test_fill (t, seed + 1, 0, 1);
      for (guint i = 0; i < n * m; i++)
        cost[i] = (double) sq_tensor_f32 (t)[i];
      sq_assign (cost, n, m, most, to);
      for (guint i = 0; i < n; i++)
        for (guint k = 0; k < i; k++)
          g_assert_true (to[i] < 0 || to[i] != to[k]);
      g_assert_cmpfloat_with_epsilon (total_of (cost, n, m, most, to), best_of (cost, n, m, most, 0, 0), 1e-9);
    }
}

static SqDetection
box (double x, double y, double w, double h, float score, int class_id)
{
  return (SqDetection){ (float) x, (float) y, (float) (x + w), (float) (y + h), score, class_id, 0 };
}

static int
by_score (const void *a, const void *b)
{
  return ((const SqDetection *) a)->score < ((const SqDetection *) b)->score ? 1 : -1;
}

static SqResult *
step (SqTracker *tracker, gint64 frame, const SqDetection *boxes, guint n)
{
  SqDetection *candidates = g_memdup2 (boxes, n * sizeof *boxes);
  SqResult *result;

  qsort (candidates, n, sizeof *candidates, by_score);
  result = sq_result_new (sq_frame_new (640, 480, 640 * 3, NULL, "", frame, frame * FRAME_NS, NULL, NULL), candidates, n, FALSE);
  sq_tracker_update (tracker, result);
  return result;
}

// The number of the candidate with this score.
static int
number_of (const SqResult *result, float score)
{
  for (guint i = 0; i < result->n_candidates; i++)
    if (result->candidates[i].score == score)
      return result->candidates[i].track;
  g_assert_not_reached ();
}

// Two walk towards each other and pass, one hidden behind the other for some frames.
static void
test_crossing (void)
{
  g_autoptr (SqTracker) tracker = sq_tracker_new (NULL);
  int left = 0, right = 0;

  for (int i = 0; i < 60; i++)
    {
      SqDetection both[] = { box (20 + i * 8, 100, 60, 160, .9f, 0), box (500 - i * 8, 110, 60, 160, .8f, 0) };
      gboolean hidden = fabs (both[0].x1 - both[1].x1) < 24;
      g_autoptr (SqResult) result = step (tracker, i, both, hidden ? 1 : 2);

      if (i == 0)
        g_assert_cmpint (number_of (result, .9f), ==, 0); // seen once is not enough
      if (i == 1)
        {
          left = number_of (result, .9f);
          right = number_of (result, .8f);
          g_assert_cmpint (left, >, 0);
          g_assert_cmpint (right, >, 0);
          g_assert_cmpint (left, !=, right);
        }
      if (i > 1)
        g_assert_cmpint (number_of (result, .9f), ==, left);
      if (i > 1 && !hidden)
        g_assert_cmpint (number_of (result, .8f), ==, right);
    }
}

// A low score keeps an object but begins none; a box that flickers gets no number.
static void
test_scores (void)
{
  g_autoptr (SqTracker) tracker = sq_tracker_new (NULL);

  for (int i = 0; i < 20; i++)
    {
      SqDetection boxes[] = { box (100 + i, 100, 80, 80, i > 8 ? .15f : .7f, 0), box (400, 300, 50, 50, .12f, 0),
                              box (300, 50, 50, 50, .6f, 0) };
      g_autoptr (SqResult) result = step (tracker, i, boxes, i % 2 == 0 ? 3 : 2);

      if (i > 0)
        g_assert_cmpint (number_of (result, i > 8 ? .15f : .7f), ==, 1);
      g_assert_cmpint (number_of (result, .12f), ==, 0);
      if (i % 2 == 0)
        g_assert_cmpint (number_of (result, .6f), ==, 0);
    }
}

// Out of sight for less than a second: the same; for longer: another one. After a jump nothing goes on.
static void
test_gaps (void)
{
  g_autoptr (SqTracker) tracker = sq_tracker_new (NULL);
  static const int frames[] = { 0, 1, 2, 20, 21, 60, 61, 62, 10, 11 }, numbers[] = { 0, 1, 1, 1, 1, 0, 2, 2, 0, 3 };

  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
    {
      SqDetection one = box (100, 100, 80, 80, .7f, 0);
      g_autoptr (SqResult) result = step (tracker, frames[i], &one, 1);

      g_assert_cmpint (number_of (result, .7f), ==, numbers[i]);
    }
}

// Where two classes overlap, each keeps its own number, also when they are seen by turns.
static void
test_classes (void)
{
  g_autoptr (SqTracker) tracker = sq_tracker_new (NULL);
  int person = 0, bicycle = 0;

  for (int i = 0; i < 30; i++)
    {
      SqDetection boxes[] = { box (100 + 3 * i, 100, 80, 120, .9f, 0), box (102 + 3 * i, 104, 82, 118, .8f, 1) };
      gboolean alone = i % 7 == 6;
      g_autoptr (SqResult) result = step (tracker, i, boxes + (alone ? 1 : 0), alone ? 1 : 2);

      if (i == 1)
        {
          person = number_of (result, .9f);
          bicycle = number_of (result, .8f);
          g_assert_cmpint (person, !=, bicycle);
        }
      if (i > 1 && !alone)
        g_assert_cmpint (number_of (result, .9f), ==, person);
      if (i > 1)
        g_assert_cmpint (number_of (result, .8f), ==, bicycle);
    }
}

#define PERSON 0
#define MAX_NUMBER 4096

typedef struct
{
  int class_of[MAX_NUMBER]; // -1: not seen
  guint frames[MAX_NUMBER];
  gint64 first_ns[MAX_NUMBER], last_ns[MAX_NUMBER];
} Seen;

static void
on_result (SqResult *result, gpointer data)
{
  Seen *seen = data;
  g_autoptr (GArray) objects = sq_result_detections (result, &SQ_FILTER_DEFAULT);

  for (guint i = 0; i < objects->len; i++)
    {
      const SqDetection *d = &g_array_index (objects, SqDetection, i);

      g_assert_cmpint (d->track, >=, 0);
      g_assert_cmpint (d->track, <, MAX_NUMBER);
      if (d->track == 0)
        continue;
      g_assert_true (seen->frames[d->track] == 0 || seen->class_of[d->track] == d->class_id);
      if (seen->frames[d->track]++ == 0)
        seen->first_ns[d->track] = result->frame->pts_ns;
      seen->class_of[d->track] = d->class_id;
      seen->last_ns[d->track] = result->frame->pts_ns;
    }
}

// Counted by hand, watching the video: six persons, one after another. Seconds from when each is in the picture, and until when.
static const struct
{
  int from, to;
} persons[] = { { 6, 20 }, { 23, 45 }, { 51, 70 }, { 75, 87 }, { 93, 120 }, { 124, 136 } };

static void
test_video (void)
{
  g_autofree char *video = sq_test_data ("videos/one-by-one-person-detection.mp4"), *file = sq_test_data ("models/yolox-nano");
  g_autofree Seen *seen = g_new0 (Seen, 1);
  const char *paths[] = { video, NULL };
  SqPipelineOptions options = { .paths = paths, .track = TRUE };
  g_autoptr (SqPipeline) pipeline = NULL;
  g_autoptr (SqModel) model = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) folder = NULL;
  const char *name;
  g_autofree char *path = NULL;
  guint n = 0, n_right = 0;

  if (video == NULL || file == NULL)
    return;
  folder = g_dir_open (file, 0, &error);
  g_assert_no_error (error);
  while ((name = g_dir_read_name (folder)) != NULL && path == NULL)
    if (g_str_has_suffix (name, ".onnx"))
      path = g_build_filename (file, name, NULL);
  model = sq_model_load (path, NULL, NULL, &error);
  g_assert_no_error (error);
  pipeline = sq_pipeline_new (model, &options);
  sq_pipeline_add_sink (pipeline, on_result, seen, NULL);
  sq_pipeline_start (pipeline);
  g_assert_true (sq_pipeline_wait (pipeline, &error));
  sq_pipeline_stop (pipeline);
  sq_pipeline_wait (pipeline, NULL);
  for (int i = 1; i < MAX_NUMBER; i++)
    if (seen->frames[i] > 0 && seen->class_of[i] == PERSON)
      {
        gboolean in_one = FALSE;

        n++;
        for (guint p = 0; p < G_N_ELEMENTS (persons); p++)
          in_one = in_one
                   || (seen->first_ns[i] >= (gint64) (persons[p].from - 1) * 1000000000
                       && seen->last_ns[i] <= (gint64) (persons[p].to + 1) * 1000000000);
        n_right += in_one;
        g_test_message ("person %d: %.1f s to %.1f s, %u frames", i, (double) seen->first_ns[i] / 1e9, (double) seen->last_ns[i] / 1e9,
                        seen->frames[i]);
      }
  g_assert_cmpuint (n_right, ==, n); // no number goes from one to the next
  g_assert_cmpfloat (fabs ((double) n - (double) G_N_ELEMENTS (persons)), <=, .2 * (double) G_N_ELEMENTS (persons));
}

typedef struct
{
  SqPipeline *pipeline;
  GHashTable *before, *after; // numbers
  gboolean jumped;
} Jump;

static void
note_number (SqResult *result, gpointer data)
{
  Jump *jump = data;
  g_autoptr (GArray) objects = sq_result_detections (result, &(SqFilter){ .confidence = .1f, .iou = .45f, .max_detections = 300 });

  for (guint i = 0; i < objects->len; i++)
    if (g_array_index (objects, SqDetection, i).track > 0)
      g_hash_table_add (jump->jumped ? jump->after : jump->before, GINT_TO_POINTER (g_array_index (objects, SqDetection, i).track));
  if (result->frame->index == 3)
    {
      jump->jumped = TRUE;
      sq_pipeline_seek (jump->pipeline, 5 * 40000000);
    }
}

// After a jump, be it a short one forward, nobody knows what became of the objects: they get new numbers.
static void
test_jump (void)
{
  char *folder = make_folder ();
  g_autofree char *video = make_video (folder, "grey.mkv", "mpeg4", "yuv420p", 64, 48, 24, NULL, 1);
  const char *const paths[] = { video, NULL };
  SqPipelineOptions options = { .paths = paths, .threads = 1, .track = TRUE, .track_score = .1f };
  g_autoptr (SqModel) model = make_tiny_model (folder);
  g_autoptr (SqPipeline) pipeline = sq_pipeline_new (model, &options);
  g_autoptr (GHashTable) before = g_hash_table_new (NULL, NULL), after = g_hash_table_new (NULL, NULL);
  Jump jump = { pipeline, before, after };
  g_autoptr (GError) error = NULL;
  GHashTableIter iter;
  gpointer number;

  sq_pipeline_add_sink (pipeline, note_number, &jump, NULL);
  sq_pipeline_start (pipeline);
  g_assert_true (sq_pipeline_wait (pipeline, &error));
  g_assert_true (jump.jumped);
  g_assert_cmpuint (g_hash_table_size (before), >, 0);
  g_assert_cmpuint (g_hash_table_size (after), >, 0);
  g_hash_table_iter_init (&iter, after);
  while (g_hash_table_iter_next (&iter, &number, NULL))
    g_assert_false (g_hash_table_contains (before, number));
  sq_pipeline_stop (pipeline);
  sq_pipeline_wait (pipeline, NULL);
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/track/assign", test_assign);
  g_test_add_func ("/track/assign-random", test_assign_random);
  g_test_add_func ("/track/crossing", test_crossing);
  g_test_add_func ("/track/scores", test_scores);
  g_test_add_func ("/track/gaps", test_gaps);
  g_test_add_func ("/track/classes", test_classes);
  g_test_add_func ("/track/video", test_video);
  g_test_add_func ("/track/jump", test_jump);
  return g_test_run ();
}
