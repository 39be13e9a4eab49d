// SPDX-License-Identifier: GPL-3.0-or-later
// Where objects count: polygons of any shape, as text and back, and that only those inside are counted.
#include "engine/error.h"
#include "engine/run/region.h"
#include "engine/run/result.h"

static SqRegion *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  SqRegion *region = sq_region_from_text (text, &error);

  g_assert_no_error (error);
  return region;
}

static void
test_contains (void)
{
  g_autoptr (SqRegion) all = parse (""), left = parse ("include 0,0 0.5,0 0.5,1 0,1"),
                       but = parse ("exclude 0.4,0.4 0.6,0.4 0.6,0.6 0.4,0.6");
  // a U: its notch is outside
  g_autoptr (SqRegion) u = parse ("include 0.1,0.1 0.3,0.1 0.3,0.7 0.7,0.7 0.7,0.1 0.9,0.1 0.9,0.9 0.1,0.9\n");
  g_autoptr (SqRegion) both = parse ("include 0,0 0.5,0 0.5,1 0,1\ninclude 0.8,0 1,0 1,1 0.8,1\nexclude 0,0 1,0 1,0.2 0,0.2");

  g_assert_true (sq_region_contains (all, .5f, .5f));
  g_assert_true (sq_region_contains (left, .25f, .5f));
  g_assert_false (sq_region_contains (left, .75f, .5f));
  g_assert_false (sq_region_contains (but, .5f, .5f));
  g_assert_true (sq_region_contains (but, .3f, .5f));
  g_assert_true (sq_region_contains (u, .2f, .3f));
  g_assert_true (sq_region_contains (u, .5f, .8f));
  g_assert_false (sq_region_contains (u, .5f, .3f));
  g_assert_true (sq_region_contains (both, .9f, .5f));
  g_assert_false (sq_region_contains (both, .6f, .5f));
  g_assert_false (sq_region_contains (both, .9f, .1f));
}

static void
test_text (void)
{
  static const char text[] = "include 0.125,0.25 0.5,0.25 0.5,0.75\nexclude 0,0 1,0 1,1 0,1\n";
  static const char *const bad[] = { "include 0.1,0.1 0.2,0.2",
                                     "polygon 0,0 1,0 1,1",
                                     "include 0,0 1,0 1;1",
                                     "include 0,0 1,0 nan,1",
                                     "include 0,0 1,0 1,1x",
                                     "include",
                                     "include 0,0 1,0 1,1\nexclude 0,0",
                                     "include 0,0 1,0 inf,1" };
  g_autoptr (SqRegion) region = parse (text), copy = sq_region_copy (region), outside = parse ("include -1,0.5 2,0.5 0.5,1");
  g_autofree char *again = sq_region_to_text (region), *third = sq_region_to_text (copy), *clamped = sq_region_to_text (outside);

  g_assert_cmpstr (again, ==, text);
  g_assert_cmpstr (third, ==, text);
  g_assert_cmpstr (clamped, ==, "include 0,0.5 1,0.5 0.5,1\n");
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (sq_region_from_text (bad[i], &error));
      g_assert_error (error, SQ_ERROR, SQ_ERROR_FORMAT);
    }
}

static void
test_limits (void)
{
  g_autoptr (SqRegion) region = sq_region_new ();
  SqCorner corners[SQ_REGION_MAX_CORNERS + 1] = { { 0, 0 }, { 1, 0 }, { 1, 1 } };

  g_assert_false (sq_region_add (region, FALSE, corners, 2));
  g_assert_false (sq_region_add (region, FALSE, corners, SQ_REGION_MAX_CORNERS + 1));
  for (guint i = 0; i < SQ_REGION_MAX_POLYGONS; i++)
    g_assert_true (sq_region_add (region, FALSE, corners, 3));
  g_assert_false (sq_region_add (region, FALSE, corners, 3));
}

// A box counts where its middle is, and one that does not count takes nothing from one that does.
static void
test_filter (void)
{
  g_autoptr (SqRegion) left = parse ("include 0,0 0.5,0 0.5,1 0,1");
  SqFilter filter = SQ_FILTER_DEFAULT;
  SqDetection boxes[] = { { 40, 0, 80, 50, .9f, 0, 0 }, { 30, 0, 68, 50, .8f, 0, 0 }, { 120, 0, 160, 50, .7f, 0, 0 } };
  g_autoptr (SqResult) result =
      sq_result_new (sq_frame_new (100, 50, 300, NULL, "", 0, 0, NULL, NULL), g_memdup2 (boxes, sizeof boxes), G_N_ELEMENTS (boxes), FALSE);
  g_autoptr (GArray) everywhere = sq_result_detections (result, &filter), inside = NULL;

  filter.region = left;
  inside = sq_result_detections (result, &filter);
  g_assert_cmpuint (everywhere->len, ==, 2);
  g_assert_cmpuint (inside->len, ==, 1);
  g_assert_cmpfloat (g_array_index (inside, SqDetection, 0).score, ==, .8f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/region/contains", test_contains);
  g_test_add_func ("/region/text", test_text);
  g_test_add_func ("/region/limits", test_limits);
  g_test_add_func ("/region/filter", test_filter);
  return g_test_run ();
}
