// SPDX-License-Identifier: GPL-3.0-or-later
// Who is taken for whom, in which pictures, and F1 over the score; names that mean the same class.
#include "engine/eval/classes.h"
#include "engine/eval/evaluation.h"

#include <math.h>

static SqTruth
truth (float x, float y, int class_id, gboolean crowd)
{
  return (SqTruth){ x, y, x + 50, y + 50, 2500, class_id, crowd };
}

static SqDetection
seen (float x, float y, int class_id, float score)
{
  return (SqDetection){ x, y, x + 50, y + 50, score, class_id, 0 };
}

// Picture 7: one right, one confused, one missed, one false, one too weak to count. Picture 9: all right.
static SqEvaluation *
make (void)
{
  SqEvaluation *e = sq_evaluation_new (3, .25f);
  const SqTruth a[] = { truth (0, 0, 0, FALSE), truth (100, 0, 1, FALSE), truth (200, 0, 2, FALSE) }, b[] = { truth (0, 0, 0, FALSE) };
  const SqDetection x[] = { seen (2, 0, 0, .9f), seen (101, 0, 2, .8f), seen (300, 300, 0, .7f), seen (200, 0, 2, .1f) },
                    y[] = { seen (0, 1, 0, .5f) };

  sq_evaluation_add (e, 7, a, 3, x, 4);
  sq_evaluation_add (e, 9, b, 1, y, 1);
  return e;
}

static void
test_confusion (void)
{
  g_autoptr (SqEvaluation) e = make ();
  g_autoptr (GArray) confused = sq_evaluation_find (e, 1, 2), of_0 = sq_evaluation_find (e, 0, -1), worst = sq_evaluation_worst (e, 10);
  const SqEvaluatedPicture *p = &g_array_index (sq_evaluation_get_pictures (e), SqEvaluatedPicture, 0);
  static const guint want[4][4] = { { 2, 0, 0, 0 }, { 0, 0, 1, 0 }, { 0, 0, 0, 1 }, { 1, 0, 0, 0 } };

  for (guint t = 0; t <= 3; t++)
    for (guint s = 0; s <= 3; s++)
      g_assert_cmpuint (sq_evaluation_get_count (e, t, s), ==, want[t][s]);
  g_assert_cmpuint (p->n_right, ==, 1);
  g_assert_cmpuint (p->n_confused, ==, 1);
  g_assert_cmpuint (p->n_missed, ==, 1);
  g_assert_cmpuint (p->n_false, ==, 1);
  g_assert_cmpuint (confused->len, ==, 1);
  g_assert_cmpfloat (g_array_index (confused, SqFinding, 0).x1, ==, 100); // where the labels have it
  g_assert_cmpfloat (g_array_index (confused, SqFinding, 0).score, ==, .8f);
  g_assert_cmpuint (of_0->len, ==, 2);
  g_assert_cmpuint (worst->len, ==, 1); // the other one is all right
  g_assert_cmpuint (g_array_index (worst, guint, 0), ==, 0);
}

// What lies in a crowd is neither right nor wrong.
static void
test_crowd (void)
{
  g_autoptr (SqEvaluation) e = sq_evaluation_new (1, .25f);
  const SqTruth crowd = { 0, 0, 400, 400, 160000, 0, TRUE };
  const SqDetection d[] = { seen (10, 10, 0, .9f), seen (500, 500, 0, .8f) };

  sq_evaluation_add (e, 1, &crowd, 1, d, 2);
  g_assert_cmpuint (sq_evaluation_get_count (e, 0, 1), ==, 0);
  g_assert_cmpuint (sq_evaluation_get_count (e, 1, 0), ==, 1);
}

// By hand: of class 0 two labels; seen at .9 (right), .7 (false) and .5 (right).
static void
test_f1 (void)
{
  g_autoptr (SqEvaluation) e = make ();
  float f1[SQ_AP_SCORES];
  float best = sq_evaluation_get_f1 (e, 0, f1);

  g_assert_cmpfloat_with_epsilon (f1[95], 0, 1e-6);
  g_assert_cmpfloat_with_epsilon (f1[80], 2. * 1 / (2 + 1 + 0), 1e-6);
  g_assert_cmpfloat_with_epsilon (f1[60], 2. * 1 / (2 + 1 + 1), 1e-6);
  g_assert_cmpfloat_with_epsilon (f1[30], 2. * 2 / (2 + 2 + 1), 1e-6);
  g_assert_cmpfloat_with_epsilon (best, 0, 1e-6); // the first of the best
  g_assert_cmpfloat_with_epsilon (f1[0], .8, 1e-6);
  sq_evaluation_get_f1 (e, 2, f1); // one label: found at .1; taken for it at .8
  g_assert_cmpfloat_with_epsilon (f1[5], 2. / (1 + 1 + 1), 1e-6);
  g_assert_cmpfloat_with_epsilon (f1[50], 0, 1e-6);
}

static void
test_names (void)
{
  const char *const from[] = { "Motorbike", "t-v monitor", "zebra", "Ärger", "#3" }, *const to[] = { "tv", "motorcycle", "ärger", "1",
                                                                                                     "2" };
  guint found;
  g_autofree int *map = sq_classes_map (from, 5, to, 5, &found);
  g_autofree char *broken = sq_class_plain_name ("\xff\xfe bus");

  g_assert_cmpint (map[0], ==, 1);
  g_assert_cmpint (map[1], ==, 0);
  g_assert_cmpint (map[2], ==, -1);
  g_assert_cmpint (map[3], ==, 2);
  g_assert_cmpint (map[4], ==, -1);
  g_assert_cmpuint (found, ==, 3);
  g_assert_cmpstr (broken, ==, "bus");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/evaluation/confusion", test_confusion);
  g_test_add_func ("/evaluation/crowd", test_crowd);
  g_test_add_func ("/evaluation/f1", test_f1);
  g_test_add_func ("/evaluation/names", test_names);
  return g_test_run ();
}
