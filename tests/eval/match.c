// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/eval/match.h"

static SqDetection
box (float x, float y, float w, float h, int class_id)
{
  return (SqDetection){ .x1 = x, .y1 = y, .x2 = x + w, .y2 = y + h, .score = .5f, .class_id = class_id };
}

static void
check (const GArray *matches, guint i, SqMatchKind kind, int a, int b)
{
  const SqMatch *m = &g_array_index (matches, SqMatch, i);

  g_assert_cmpint (m->kind, ==, kind);
  g_assert_cmpint (m->a, ==, a);
  g_assert_cmpint (m->b, ==, b);
}

static void
test_kinds (void)
{
  const SqDetection a[] = { box (0, 0, 100, 100, 0), box (200, 0, 100, 100, 0), box (400, 0, 100, 100, 1), box (600, 0, 10, 10, 2) };
  const SqDetection b[] = { box (900, 0, 10, 10, 2), box (402, 0, 100, 100, 3), box (230, 0, 100, 100, 0), box (1, 0, 100, 100, 0) };
  g_autoptr (GArray) matches = sq_match (a, 4, b, 4);

  g_assert_cmpuint (matches->len, ==, 5);
  check (matches, 0, SQ_MATCH_AGREED, 0, 3);
  check (matches, 1, SQ_MATCH_MOVED, 1, 2); // 70 / 130
  check (matches, 2, SQ_MATCH_CLASS, 2, 1);
  check (matches, 3, SQ_MATCH_LOST, 3, -1);
  check (matches, 4, SQ_MATCH_NEW, -1, 0);
}

// The better overlap of another class must not take the box away from its own class.
static void
test_class_first (void)
{
  const SqDetection a[] = { box (0, 0, 100, 100, 0), box (10, 0, 100, 100, 1) };
  const SqDetection b[] = { box (10, 0, 100, 100, 0) };
  g_autoptr (GArray) matches = sq_match (a, 2, b, 1);

  check (matches, 0, SQ_MATCH_AGREED, 0, 0);
  check (matches, 1, SQ_MATCH_LOST, 1, -1);
}

// The best pair of all first, not the first box's best.
static void
test_greedy (void)
{
  const SqDetection a[] = { box (20, 0, 100, 100, 0), box (1, 0, 100, 100, 0) };
  const SqDetection b[] = { box (0, 0, 100, 100, 0) };
  g_autoptr (GArray) matches = sq_match (a, 2, b, 1);

  check (matches, 0, SQ_MATCH_LOST, 0, -1);
  check (matches, 1, SQ_MATCH_AGREED, 1, 0);
}

static void
test_sizes (void)
{
  const SqDetection small = box (0, 0, 31, 32, 0), medium = box (0, 0, 96, 96, 0), large = box (0, 0, 97, 96, 0), none = box (5, 5, 0, 0, 0);
  g_autoptr (GArray) nothing = sq_match (NULL, 0, NULL, 0);

  g_assert_cmpint (sq_detection_size (&small), ==, SQ_SIZE_SMALL);
  g_assert_cmpint (sq_detection_size (&medium), ==, SQ_SIZE_MEDIUM);
  g_assert_cmpint (sq_detection_size (&large), ==, SQ_SIZE_LARGE);
  g_assert_cmpfloat (sq_detection_iou (&none, &none), ==, 0);
  g_assert_cmpuint (nothing->len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/eval/match/kinds", test_kinds);
  g_test_add_func ("/eval/match/class-first", test_class_first);
  g_test_add_func ("/eval/match/greedy", test_greedy);
  g_test_add_func ("/eval/match/sizes", test_sizes);
  return g_test_run ();
}
