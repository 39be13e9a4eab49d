// SPDX-License-Identifier: GPL-3.0-or-later
// Running totals of two models over frames, and that whatever order the frames came in the numbers are those of a fresh count.
#include "engine/eval/comparison.h"

#include "engine/eval/coco-ap.h"

static const char *const labels_a[] = { "person", "Dog", "cat", NULL };
static const char *const labels_b[] = { "bird", " PERSON ", "dog", NULL };

static SqDetection
box (float x, float y, float w, float h, int class_id)
{
  return (SqDetection){ .x1 = x, .y1 = y, .x2 = x + w, .y2 = y + h, .score = .5f, .class_id = class_id };
}

static GArray *
boxes (const SqDetection *all, guint n)
{
  GArray *array = g_array_new (FALSE, FALSE, sizeof (SqDetection));

  return n > 0 ? g_array_append_vals (array, all, n) : array;
}

static void
add (SqComparison *c, gint64 index, const SqDetection *a, guint n_a, const SqDetection *b, guint n_b)
{
  g_autoptr (GArray) left = boxes (a, n_a), right = boxes (b, n_b);

  sq_comparison_add (c, index, index * 1000, left, right);
}

static void
check (SqMatchTotals t, guint agreed, guint moved, guint class, guint lost, guint new)
{
  const guint want[SQ_N_MATCHES] = { agreed, moved, class, lost, new };

  for (guint k = 0; k < SQ_N_MATCHES; k++)
    g_assert_cmpuint (t.n[k], ==, want[k]);
}

static SqMatchTotals
class_totals (const SqComparison *c, const char *name)
{
  SqMatchTotals totals = { 0 };

  for (guint i = 0; i < sq_comparison_n_classes (c); i++)
    if (g_str_equal (sq_comparison_get_class (c, i, &totals), name))
      return totals;
  g_assert_not_reached ();
}

// One of each kind: a person agreed on, a dog moved, a cat that B calls a bird, a person lost, a dog new.
static const SqDetection frame_a[] = {
  { 0, 0, 20, 20, .9f, 0, 0 }, { 100, 0, 150, 50, .8f, 1, 0 }, { 200, 0, 300, 100, .7f, 2, 0 }, { 400, 0, 420, 20, .6f, 0, 0 }
};
static const SqDetection frame_b[] = {
  { 200, 0, 300, 100, .9f, 0, 0 }, { 0, 0, 20, 21, .8f, 1, 0 }, { 115, 0, 165, 50, .7f, 2, 0 }, { 600, 0, 700, 100, .6f, 2, 0 }
};

static void
test_classes (void)
{
  g_autoptr (SqComparison) c = sq_comparison_new (labels_a, labels_b);
  g_autoptr (GArray) left = boxes (frame_a, 4), right = boxes (frame_b, 4), matches = sq_comparison_match (c, left, right);
  g_autofree guint8 *mapped = NULL;
  guint n_b;
  static const SqMatchKind want[] = { SQ_MATCH_AGREED, SQ_MATCH_MOVED, SQ_MATCH_CLASS, SQ_MATCH_LOST, SQ_MATCH_NEW };

  g_assert_cmpuint (sq_comparison_n_classes (c), ==, 4); // person, Dog, cat, bird
  g_assert_cmpstr (sq_comparison_get_class (c, 3, NULL), ==, "bird");
  g_assert_cmpuint (matches->len, ==, 5);
  for (guint i = 0; i < 5; i++)
    g_assert_cmpint (g_array_index (matches, SqMatch, i).kind, ==, want[i]);
  check (sq_comparison_get_total (c), 0, 0, 0, 0, 0);                           // matching alone counts nothing
  mapped = sq_comparison_map_classes (c, (const guint8[]){ 1, 0, 1 }, 3, &n_b); // person and cat
  g_assert_cmpuint (n_b, ==, 3);
  g_assert_cmpmem (mapped, 3, ((const guint8[]){ 0, 1, 0 }), 3);
  g_assert_null (sq_comparison_map_classes (c, NULL, 0, &n_b));
}

static void
test_totals (void)
{
  g_autoptr (SqComparison) c = sq_comparison_new (labels_a, labels_b);

  add (c, 0, frame_a, 4, frame_b, 4);
  add (c, 1, frame_a, 1, NULL, 0);
  check (sq_comparison_get_total (c), 1, 1, 1, 2, 1);
  check (sq_comparison_get_size (c, SQ_SIZE_SMALL), 1, 0, 0, 2, 0);
  check (sq_comparison_get_size (c, SQ_SIZE_MEDIUM), 0, 1, 0, 0, 0);
  check (sq_comparison_get_size (c, SQ_SIZE_LARGE), 0, 0, 1, 0, 1);
  check (class_totals (c, "person"), 1, 0, 0, 2, 0);
  check (class_totals (c, "Dog"), 0, 1, 0, 0, 1);
  check (class_totals (c, "cat"), 0, 0, 1, 0, 0);
  check (class_totals (c, "bird"), 0, 0, 0, 0, 0);
  sq_comparison_reset (c);
  check (sq_comparison_get_total (c), 0, 0, 0, 0, 0);
  check (class_totals (c, "person"), 0, 0, 0, 0, 0);
  g_assert_cmpuint (sq_comparison_get_frames (c)->len, ==, 0);
}

// Frames in any order, some of them twice with other boxes, count as each once with its last boxes.
static void
test_replace (void)
{
  static const gint64 order[] = { 5, 6, 2, 6, 0, 5, 9, 2 };
  g_autoptr (SqComparison) c = sq_comparison_new (labels_a, labels_b), fresh = sq_comparison_new (labels_a, labels_b);
  const GArray *frames;

  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    add (c, order[i], frame_a, i % 5, frame_b, (i + 2) % 5);
  add (fresh, 0, frame_a, 4, frame_b, 1);
  add (fresh, 2, frame_a, 2, frame_b, 4);
  add (fresh, 5, frame_a, 0, frame_b, 2);
  add (fresh, 6, frame_a, 3, frame_b, 0);
  add (fresh, 9, frame_a, 1, frame_b, 3);
  frames = sq_comparison_get_frames (c);
  g_assert_cmpuint (frames->len, ==, 5);
  for (guint i = 0; i < 5; i++)
    {
      const SqComparedFrame *x = &g_array_index (frames, SqComparedFrame, i);
      const SqComparedFrame *y = &g_array_index (sq_comparison_get_frames (fresh), SqComparedFrame, i);

      g_assert_cmpint (x->index, ==, y->index);
      g_assert_cmpint (x->pts_ns, ==, y->pts_ns);
      g_assert_cmpmem (x->n, sizeof x->n, y->n, sizeof y->n);
    }
  for (guint k = 0; k < SQ_N_MATCHES; k++)
    {
      g_assert_cmpuint (sq_comparison_get_total (c).n[k], ==, sq_comparison_get_total (fresh).n[k]);
      g_assert_cmpuint (class_totals (c, "Dog").n[k], ==, class_totals (fresh, "Dog").n[k]);
      for (guint s = 0; s < SQ_N_SIZES; s++)
        g_assert_cmpuint (sq_comparison_get_size (c, s).n[k], ==, sq_comparison_get_size (fresh, s).n[k]);
    }
  g_assert_cmpfloat (sq_comparison_agreement (c, NULL), ==, sq_comparison_agreement (fresh, NULL));
}

static void
test_find (void)
{
  g_autoptr (SqComparison) c = sq_comparison_new (labels_a, labels_b);

  g_assert_cmpint (sq_comparison_find (c, 0, 1), ==, -1);
  g_assert_cmpint (sq_comparison_find_worst (c), ==, -1);
  add (c, 10, frame_a, 1, NULL, 0);
  add (c, 20, NULL, 0, NULL, 0);
  add (c, 30, frame_a, 4, NULL, 0);
  add (c, 40, frame_a, 1, &frame_b[1], 1); // agreed
  add (c, 50, frame_a, 2, NULL, 0);
  g_assert_cmpint (sq_comparison_find (c, 10, 1), ==, 2);
  g_assert_cmpint (sq_comparison_find (c, 9, 1), ==, 0);
  g_assert_cmpint (sq_comparison_find (c, 30, 1), ==, 4);
  g_assert_cmpint (sq_comparison_find (c, 50, 1), ==, -1);
  g_assert_cmpint (sq_comparison_find (c, 50, -1), ==, 2);
  g_assert_cmpint (sq_comparison_find (c, 25, -1), ==, 0);
  g_assert_cmpint (sq_comparison_find (c, 10, -1), ==, -1);
  g_assert_cmpint (sq_comparison_find_worst (c), ==, 2);
}

static void
test_live (void)
{
  g_autoptr (SqComparison) c = sq_comparison_new (labels_a, labels_b);

  add (c, -1, frame_a, 1, NULL, 0);
  add (c, -1, frame_a, 1, NULL, 0);
  g_assert_cmpuint (sq_comparison_get_frames (c)->len, ==, 2);
  g_assert_cmpint (g_array_index (sq_comparison_get_frames (c), SqComparedFrame, 1).index, ==, 1);
}

// Class ids that no label belongs to agree with nothing, and are no place in an array.
static void
test_strange_classes (void)
{
  g_autoptr (SqComparison) c = sq_comparison_new (NULL, labels_b);
  const SqDetection wild[] = { box (0, 0, 50, 50, 7), box (100, 0, 50, 50, -3), box (200, 0, 50, 50, G_MAXINT),
                               box (300, 0, 50, 50, G_MININT) };

  add (c, 0, wild, 4, wild, 4);
  check (sq_comparison_get_total (c), 0, 0, 4, 0, 0);
  g_assert_cmpuint (sq_comparison_n_classes (c), ==, 3);
}

// Random boxes: the agreement is what the evaluator says when it is asked directly.
static void
test_agreement (void)
{
  static const char *const labels[] = { "a", "b", "c", "d", NULL };
  static const int b_to_a[] = { 3, 2, 1, 0 };
  static const char *const reversed[] = { "d", "c", "b", "a", NULL };
  g_autoptr (SqComparison) c = sq_comparison_new (labels, reversed);
  g_autoptr (SqCocoAp) ap = sq_coco_ap_new (4);
  g_autoptr (SqApReport) report = NULL;
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);
  double at50;

  g_assert_cmpfloat (sq_comparison_agreement (c, &at50), ==, -1);
  g_assert_cmpfloat (at50, ==, -1);
  for (int i = 0; i < 40; i++)
    {
      SqDetection a[6], b[6];

      for (int k = 0; k < 6; k++)
        {
          SqTruth truth;

          // class "b" is one that A never sees
          a[k] = box ((float) g_rand_double_range (rand, 0, 500), 10, 50, (float) g_rand_double_range (rand, 10, 200),
                      k % 2 == 0 ? 0 : 2 + k % 3 / 2);
          b[k] = a[k];
          b[k].x1 += (float) g_rand_double_range (rand, -20, 20);
          b[k].score = (float) g_rand_double (rand);
          b[k].class_id = k == 5 ? 2 : 3 - a[k].class_id;
          truth = (SqTruth){ a[k].x1,       a[k].y1, a[k].x2, a[k].y2, (double) (a[k].x2 - a[k].x1) * (double) (a[k].y2 - a[k].y1),
                             a[k].class_id, FALSE };
          sq_coco_ap_add_truths (ap, i, &truth, 1);
        }
      add (c, i, a, 6, b, 5 + i % 2);
      for (int k = 0; k < 5 + i % 2; k++)
        {
          b[k].class_id = b_to_a[b[k].class_id];
          sq_coco_ap_add_detections (ap, i, &b[k], 1);
        }
    }
  report = sq_coco_ap_evaluate (ap);
  g_assert_cmpfloat (report->ap, >, 0);
  g_assert_cmpfloat (report->ap, <, report->ap50);
  g_assert_cmpfloat (sq_comparison_agreement (c, &at50), ==, report->ap);
  g_assert_cmpfloat (at50, ==, report->ap50);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/eval/comparison/classes", test_classes);
  g_test_add_func ("/eval/comparison/totals", test_totals);
  g_test_add_func ("/eval/comparison/replace", test_replace);
  g_test_add_func ("/eval/comparison/find", test_find);
  g_test_add_func ("/eval/comparison/live", test_live);
  g_test_add_func ("/eval/comparison/strange-classes", test_strange_classes);
  g_test_add_func ("/eval/comparison/agreement", test_agreement);
  return g_test_run ();
}
