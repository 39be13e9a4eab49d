// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/encode.h"

#include "engine/error.h"
#include "engine/media/fingerprint.h"
#include "engine/media/paths.h"
#include "make-media.h"
#include <stdlib.h>
#include <string.h>

static void
test_round_trip (void)
{
  static const char *const names[] = { "a.png", "a.jpg" };
  char *folder = make_folder ();
  g_autoptr (SqFrame) made = make_quarters (57, 33); // odd sides, tight rows

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *path = g_build_filename (folder, names[i], NULL);
      const char *paths[] = { path, NULL };
      g_autoptr (GError) error = NULL;
      g_autoptr (SqSource) source = NULL;
      g_autoptr (SqFrame) frame = NULL;
      int worst = 0;

      g_assert_true (sq_frame_save (made, path, &error));
      source = sq_source_open (paths, NULL, &error);
      g_assert_no_error (error);
      frame = sq_source_next (source, &error);
      g_assert_cmpint (frame->width, ==, 57);
      g_assert_cmpint (frame->height, ==, 33);
      for (int y = 0; y < 33; y++)
        for (int x = 0; x < 57 * 3; x++)
          worst = MAX (worst, abs (frame->pixels[y * frame->stride + x] - made->pixels[y * made->stride + x]));
      g_test_message ("%s: worst difference %d", names[i], worst);
      g_assert_cmpint (worst, <=, i == 0 ? 0 : 60);
    }
  {
    g_autoptr (GError) error = NULL;

    g_assert_false (sq_frame_save (made, "/nonexistent/a.png", &error));
    g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
  }
  remove_folder (folder);
}

static void
test_scale (void)
{
  static const int cases[][6] = { { 640, 480, 256, 256, 256, 192 },
                                  { 100, 50, 256, 256, 100, 50 },
                                  { 8000, 10, 256, 256, 256, 1 },
                                  { 1, 1, 10, 10, 1, 1 },
                                  { 5000, 5000, 16, 16, 16, 16 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (SqFrame) frame = make_quarters (cases[i][0], cases[i][1]);
      g_autoptr (GError) error = NULL;
      g_autoptr (SqFrame) small = sq_frame_scale (frame, cases[i][2], cases[i][3], &error);
      guint8 rgb[3];

      g_assert_no_error (error);
      g_assert_cmpint (small->width, ==, cases[i][4]);
      g_assert_cmpint (small->height, ==, cases[i][5]);
      if (small->height < 2)
        continue;
      quarter_colour (0, 0, 2, 2, rgb);
      g_assert_cmpint (abs (small->pixels[small->stride + 3] - rgb[0]), <=, 2);
    }
}

static void
test_copy (void)
{
  g_autoptr (SqFrame) frame = make_quarters (9, 9);
  guint8 *pixels;
  g_autoptr (SqFrame) copy = sq_frame_copy (frame, &pixels);

  g_assert_cmpint (memcmp (copy->pixels, frame->pixels, 27), ==, 0);
  pixels[0] ^= 1;
  g_assert_cmpint (copy->pixels[0], !=, frame->pixels[0]);
}

static void
test_fingerprint (void)
{
  char *folder = make_folder ();
  g_autofree char *data = g_malloc0 (300000);
  g_autofree char *a = make_file (folder, "a", data, 300000);
  g_autofree char *b = NULL, *c = NULL, *of_a = NULL, *of_b = NULL, *of_c = NULL;
  guint64 size = 0;

  data[299999] = 1;
  b = make_file (folder, "b", data, 300000);
  c = make_file (folder, "c", data, 10);
  of_a = sq_fingerprint_file (a, &size, NULL);
  of_b = sq_fingerprint_file (b, NULL, NULL);
  of_c = sq_fingerprint_file (c, NULL, NULL);
  g_assert_cmpint (size, ==, 300000);
  g_assert_cmpstr (of_a, !=, of_b);
  g_assert_cmpstr (of_b, !=, of_c);
  g_assert_null (sq_fingerprint_file (folder, NULL, NULL));
  remove_folder (folder);
}

static void
test_natural_order (void)
{
  static const char *const sorted[] = { "1.jpg", "01.jpg", "2.jpg", "10.jpg", "a2b", "a10", "A11", "b" };

  for (guint i = 0; i < G_N_ELEMENTS (sorted); i++)
    for (guint j = 0; j < G_N_ELEMENTS (sorted); j++)
      {
        int order = sq_natural_compare (sorted[i], sorted[j]);

        if (i == 0 && j == 1) // equal numbers: any order, but a total one
          g_assert_cmpint (order, ==, -sq_natural_compare (sorted[j], sorted[i]));
        else if (i >= 2 || j >= 2)
          g_assert_cmpint ((order > 0) - (order < 0), ==, (i > j) - (i < j));
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/media/encode/round-trip", test_round_trip);
  g_test_add_func ("/media/encode/scale", test_scale);
  g_test_add_func ("/media/encode/copy", test_copy);
  g_test_add_func ("/media/encode/fingerprint", test_fingerprint);
  g_test_add_func ("/media/encode/natural-order", test_natural_order);
  return g_test_run ();
}
