// SPDX-License-Identifier: GPL-3.0-or-later
// What is written is read again: times, sizes, colours, with every encoder that is there.
#include "engine/media/video-writer.h"

#include "engine/error.h"
#include "make-media.h"
#include <libavcodec/avcodec.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define TICK_NS (1000000000 / SQ_VIDEO_WRITER_TICKS + 1)

static SqSource *
open_video (const char *path)
{
  const char *paths[] = { path, NULL };
  g_autoptr (GError) error = NULL;
  SqSource *source = sq_source_open (paths, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpint (sq_source_get_info (source)->kind, ==, SQ_SOURCE_VIDEO);
  return source;
}

static int
worst_of (const SqFrame *frame, int x, int y, const guint8 wanted[3])
{
  const guint8 *p = sq_frame_load (frame) + (gsize) y * frame->stride + 3 * x;

  return MAX (abs (p[0] - wanted[0]), MAX (abs (p[1] - wanted[1]), abs (p[2] - wanted[2])));
}

// The middle of every quarter has its colour.
static void
assert_quarters (const SqFrame *frame, int width, int height)
{
  for (int i = 0; i < 4; i++)
    {
      int x = width / 4 + (i & 1) * width / 2, y = height / 4 + (i >> 1) * height / 2;
      guint8 rgb[3];

      quarter_colour (x, y, width, height, rgb);
      g_assert_cmpint (worst_of (frame, x, y, rgb), <=, 12);
    }
}

// Irregular times, large and small (BT.709 and BT.601), even and odd, and one above what an encoder may look ahead in.
static void
test_encoders (void)
{
  static const int sizes[][2] = { { 320, 240 }, { 161, 91 }, { 1280, 720 }, { 1, 3 }, { 4098, 2306 } };
  static const int pts_ms[] = { 0, 40, 80, 90, 200, 1000, 1033, 1067 };
  char *folder = make_folder ();

  for (const char *const *encoder = sq_video_writer_encoders (); *encoder != NULL; encoder++)
    for (guint i = 0; i < G_N_ELEMENTS (sizes) && avcodec_find_encoder_by_name (*encoder) != NULL; i++)
      {
        int width = sizes[i][0], height = sizes[i][1], n = width > 4000 ? 3 : (int) G_N_ELEMENTS (pts_ms);
        g_autofree char *name = g_strdup_printf ("%s %d: x.mp4", *encoder, width), *path = g_build_filename (folder, name, NULL);
        g_autoptr (GError) error = NULL;
        g_autoptr (SqFrame) quarters = make_quarters (width, height);
        g_autoptr (SqVideoWriter) writer = sq_video_writer_new (path, NULL, width, height, 0, *encoder, &error);
        g_autoptr (SqSource) source = NULL;

        if (writer == NULL && width == 1)
          continue; // too small for some
        g_assert_no_error (error);
        for (int k = 0; k < n; k++)
          g_assert_true (sq_video_writer_add (writer, quarters, pts_ms[k] * 1000000LL, 40000000, &error));
        g_assert_true (sq_video_writer_finish (writer, &error));
        g_assert_no_error (error);
        source = open_video (path);
        g_assert_cmpint (llabs (sq_source_get_info (source)->duration_ns - (pts_ms[n - 1] + 40) * 1000000LL), <=, 1000000);
        for (int k = 0; k < n; k++)
          {
            g_autoptr (SqFrame) frame = sq_source_next (source, &error);

            g_assert_no_error (error);
            g_assert_nonnull (frame);
            g_assert_cmpint (frame->width, ==, (width + 1) & ~1);
            g_assert_cmpint (frame->height, ==, (height + 1) & ~1);
            g_assert_cmpint (llabs (frame->pts_ns - pts_ms[k] * 1000000LL), <=, TICK_NS);
            if (width > 100)
              assert_quarters (frame, width, height);
          }
        g_assert_null (sq_source_next (source, &error));
        g_assert_no_error (error);
        g_test_message ("%s: %d x %d", *encoder, width, height);
      }
  remove_folder (folder);
}

// Frames of other sizes lie in the middle, on black.
static void
test_sizes (void)
{
  static const int sizes[][2] = { { 200, 100 }, { 100, 100 }, { 51, 17 }, { 3000, 4 }, { 200, 100 } };
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "a.mp4", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqVideoWriter) writer = sq_video_writer_new (path, NULL, 200, 100, 25, NULL, &error);
  g_autoptr (SqSource) source = NULL;
  static const guint8 black[3] = { 0 };

  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (SqFrame) frame = make_quarters (sizes[i][0], sizes[i][1]);

      g_assert_true (sq_video_writer_add (writer, frame, i, 0, &error)); // less than a tick apart
    }
  g_assert_true (sq_video_writer_finish (writer, &error));
  source = open_video (path);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (SqFrame) frame = sq_source_next (source, &error);
      guint8 red[3];

      g_assert_no_error (error);
      g_assert_cmpint (frame->width, ==, 200);
      quarter_colour (0, 0, 2, 2, red);
      if (i == 0 || i == 4)
        assert_quarters (frame, 200, 100);
      else if (i == 1)
        {
          g_assert_cmpint (worst_of (frame, 10, 50, black), <=, 12);
          g_assert_cmpint (worst_of (frame, 190, 50, black), <=, 12);
          g_assert_cmpint (worst_of (frame, 75, 25, red), <=, 12);
        }
      else if (i == 2)
        {
          g_assert_cmpint (worst_of (frame, 100, 6, black), <=, 12);
          g_assert_cmpint (worst_of (frame, 50, 35, red), <=, 12);
        }
      else
        g_assert_cmpint (worst_of (frame, 100, 20, black), <=, 12);
    }
  g_assert_null (sq_source_next (source, NULL));
  remove_folder (folder);
}

static guint32
be32 (const char *p)
{
  return (guint32) (guint8) p[0] << 24 | (guint32) (guint8) p[1] << 16 | (guint32) (guint8) p[2] << 8 | (guint8) p[3];
}

// Common players: the index comes before the pictures, the colours are named.
static void
test_layout (void)
{
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "a.mp4", NULL), *data = NULL;
  g_autoptr (SqFrame) frame = make_quarters (1280, 720);
  g_autoptr (SqVideoWriter) writer = sq_video_writer_new (path, NULL, 1280, 720, 25, NULL, NULL);
  g_autoptr (GString) boxes = g_string_new (NULL);
  gsize size;

  g_assert_true (sq_video_writer_add (writer, frame, 0, 40000000, NULL));
  g_assert_true (sq_video_writer_finish (writer, NULL));
  g_assert_true (g_file_get_contents (path, &data, &size, NULL));
  for (gsize at = 0; at + 8 <= size && be32 (data + at) >= 8; at += be32 (data + at))
    g_string_append_printf (boxes, "%.4s ", data + at + 4);
  g_test_message ("%s", boxes->str);
  g_assert_nonnull (strstr (boxes->str, "moov"));
  g_assert_true (strstr (boxes->str, "moov") < strstr (boxes->str, "mdat"));
  {
    const char *colours = memmem (data, size, "colrnclx", 8);

    g_assert_nonnull (colours);
    g_assert_cmpint (colours[9], ==, 1);  // BT.709 primaries,
    g_assert_cmpint (colours[11], ==, 1); // curve
    g_assert_cmpint (colours[13], ==, 1); // and matrix
  }
  remove_folder (folder);
}

// A disk that takes no more, and places where nothing can be written.
static void
test_failures (void)
{
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "a.mp4", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqVideoWriter) writer = NULL;
  struct rlimit old, small;
  gboolean good = TRUE;

  g_assert_null (sq_video_writer_new ("/nonexistent/a.mp4", "the name", 64, 48, 25, NULL, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
  g_assert_nonnull (strstr (error->message, "“the name”"));
  g_clear_error (&error);
  g_assert_null (sq_video_writer_new (path, NULL, 64, 48, 25, "no such encoder", &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
  g_clear_error (&error);

  writer = sq_video_writer_new (path, NULL, 640, 480, 25, NULL, &error);
  signal (SIGXFSZ, SIG_IGN);
  getrlimit (RLIMIT_FSIZE, &old);
  small = old;
  small.rlim_cur = 100000;
  setrlimit (RLIMIT_FSIZE, &small);
  for (int i = 0; good && i < 400; i++)
    {
      guint8 *pixels = g_malloc (640 * 480 * 3);
      g_autoptr (SqFrame) frame = sq_frame_new (640, 480, 640 * 3, pixels, "noise", i, 0, g_free, pixels);

      for (guint k = 0; k < 640 * 480 * 3; k++)
        pixels[k] = (guint8) ((k * 2654435761u + (guint) i * 40503u) >> 13);
      good = sq_video_writer_add (writer, frame, i * 40000000LL, 40000000, &error);
    }
  setrlimit (RLIMIT_FSIZE, &old);
  g_assert_false (good);
  g_test_message ("%s", error->message);
  g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
  g_assert_nonnull (strstr (error->message, "a.mp4"));
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/media/video-writer/encoders", test_encoders);
  g_test_add_func ("/media/video-writer/sizes", test_sizes);
  g_test_add_func ("/media/video-writer/layout", test_layout);
  g_test_add_func ("/media/video-writer/failures", test_failures);
  return g_test_run ();
}
