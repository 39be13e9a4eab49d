// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/error.h"
#include "make-media.h"
#include <string.h>

#define MS G_GINT64_CONSTANT (1000000)

static SqSource *
open_path (const char *path)
{
  const char *paths[] = { path, NULL };
  g_autoptr (GError) error = NULL;
  SqSource *source = sq_source_open (paths, NULL, &error);

  g_assert_no_error (error);
  return source;
}

static SqFrame *
next (SqSource *source)
{
  g_autoptr (GError) error = NULL;
  SqFrame *frame = sq_source_next (source, &error);

  g_assert_no_error (error);
  return frame;
}

static int
grey (const SqFrame *frame)
{
  return frame->pixels[(frame->height / 2) * frame->stride + 3 * (frame->width / 2)];
}

// A GPU asked to decode where there is none, or that does not know the codec: the processor does, with the same frames.
static void
test_no_gpu (void)
{
  char *folder = make_folder ();
  g_autofree char *path = make_video (folder, "a.mkv", "mpeg4", "yuv420p", 64, 48, 10, NULL, 10);
  const char *paths[] = { path, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (SqSource) source = sq_source_open_gpu (paths, 63, NULL, &error);

  g_assert_no_error (error);
  for (int i = 0; i < 10; i++)
    {
      g_autoptr (SqFrame) frame = next (source);

      g_assert_null (frame->gpu);
      g_assert_true (sq_frame_load (frame) == frame->pixels);
      g_assert_cmpint (ABS (grey (frame) - 8 * i), <=, 4);
    }
  g_assert_null (next (source));
  remove_folder (folder);
}

static void
test_constant_rate (void)
{
  char *folder = make_folder ();
  g_autofree char *path = make_video (folder, "a.mkv", "mpeg4", "yuv420p", 64, 48, 30, NULL, 10);
  g_autoptr (SqSource) source = open_path (path);
  const SqSourceInfo *info = sq_source_get_info (source);

  g_assert_cmpint (info->kind, ==, SQ_SOURCE_VIDEO);
  g_assert_cmpint (info->width, ==, 64);
  g_assert_cmpfloat_with_epsilon (info->fps, 25, .01);
  g_assert_true (info->seekable);
  for (int i = 0; i < 30; i++)
    {
      g_autoptr (SqFrame) frame = next (source);

      g_assert_cmpint (frame->index, ==, i);
      g_assert_cmpint (frame->pts_ns, ==, i * 40 * MS);
      g_assert_cmpint (ABS (grey (frame) - 8 * i), <=, 4);
    }
  g_assert_null (next (source));

  // every frame, exactly, in any order
  for (int k = 0; k < 30; k++)
    {
      int i = k * 17 % 30;
      g_autoptr (GError) error = NULL;

      g_assert_true (sq_source_seek (source, i * 40 * MS + 11 * MS, &error));
      for (int j = i; j < MIN (i + 3, 30); j++)
        {
          g_autoptr (SqFrame) frame = next (source);

          g_assert_cmpint (frame->pts_ns, ==, j * 40 * MS);
          g_assert_cmpint (frame->index, ==, j);
          g_assert_cmpint (ABS (grey (frame) - 8 * j), <=, 4);
        }
    }
  remove_folder (folder);
}

static void
test_variable_rate (void)
{
  static const int pts[] = { 0, 10, 200, 230, 1000, 1010, 1500, 1501, 1800, 2500 };
  char *folder = make_folder ();
  g_autofree char *path = make_video (folder, "v.mkv", "mpeg4", "yuv420p", 32, 32, G_N_ELEMENTS (pts), pts, 4);
  g_autoptr (SqSource) source = open_path (path);

  for (guint pass = 0; pass < 2; pass++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (pts); i++)
        {
          g_autoptr (SqFrame) frame = next (source);

          g_assert_cmpint (frame->pts_ns, ==, pts[i] * MS);
          g_assert_cmpint (frame->index, ==, i);
        }
      g_assert_null (next (source));
      g_assert_true (sq_source_seek (source, 0, NULL));
    }
  g_assert_true (sq_source_seek (source, 999 * MS, NULL));
  {
    g_autoptr (SqFrame) frame = next (source);

    g_assert_cmpint (frame->pts_ns, ==, 230 * MS);
    g_assert_cmpint (frame->index, ==, 3);
  }
  remove_folder (folder);
}

// Raw MPEG-4 has no clock of its own: times must still grow.
static void
test_no_timestamps (void)
{
  char *folder = make_folder ();
  g_autofree char *path = make_video (folder, "raw.m4v", "mpeg4", "yuv420p", 64, 48, 20, NULL, 10);
  g_autoptr (SqSource) source = open_path (path);
  gint64 last = -1;
  int n = 0;

  for (;;)
    {
      g_autoptr (SqFrame) frame = next (source);

      if (frame == NULL)
        break;
      g_assert_cmpint (frame->pts_ns, >, last);
      g_assert_cmpint (frame->pts_ns, <, 3000 * MS);
      last = frame->pts_ns;
      n++;
    }
  g_assert_cmpint (n, >=, 19); // FFmpeg's raw parser may swallow the last one
  remove_folder (folder);
}

// A phone held upright: the frames lie on their side and the track says so.
static void
test_rotated (void)
{
  static const guint8 quarter[36] = { 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0,   0,
                                      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0,    0, 0x40 };
  char *folder = make_folder ();
  g_autofree char *path = make_video (folder, "r.mp4", "mpeg4", "yuv420p", 64, 48, 6, NULL, 3);
  g_autofree char *data = NULL;
  gsize size;
  char *box;

  g_assert_true (g_file_get_contents (path, &data, &size, NULL));
  box = memmem (data, size, "tkhd", 4);
  g_assert_nonnull (box);
  memcpy (box + 44, quarter, sizeof quarter);
  g_assert_true (g_file_set_contents (path, data, size, NULL));
  {
    g_autoptr (SqSource) source = open_path (path);

    g_assert_cmpint (sq_source_get_info (source)->width, ==, 48);
    g_assert_cmpint (sq_source_get_info (source)->height, ==, 64);
    for (int i = 0; i < 6; i++)
      {
        g_autoptr (SqFrame) frame = next (source);

        g_assert_nonnull (frame);
        g_assert_cmpint (frame->width, ==, 48);
        g_assert_cmpint (frame->height, ==, 64);
        g_assert_cmpint (ABS (grey (frame) - 8 * i), <=, 4);
      }
  }
  remove_folder (folder);
}

static void
test_gif (void)
{
  static const int pts[] = { 0, 100, 500, 600 };
  char *folder = make_folder ();
  g_autofree char *moving = make_video (folder, "moving.gif", "gif", "gray", 32, 32, 4, pts, 1);
  g_autofree char *still = make_video (folder, "still.gif", "gif", "gray", 32, 32, 1, pts, 1);
  const char *both[] = { still, moving, NULL };

  {
    g_autoptr (SqSource) source = open_path (moving);

    g_assert_cmpint (sq_source_get_info (source)->kind, ==, SQ_SOURCE_VIDEO);
    for (guint i = 0; i < 4; i++)
      {
        g_autoptr (SqFrame) frame = next (source);

        g_assert_nonnull (frame);
        g_assert_cmpint (frame->pts_ns, ==, pts[i] * MS);
        g_assert_cmpint (ABS (grey (frame) - 8 * (int) i), <=, 4);
      }
    g_assert_null (next (source));
    g_assert_true (sq_source_seek (source, 500 * MS, NULL));
    {
      g_autoptr (SqFrame) frame = next (source);

      g_assert_cmpint (frame->pts_ns, ==, 500 * MS);
    }
  }
  {
    g_autoptr (SqSource) source = open_path (still);
    g_autoptr (SqFrame) frame = next (source);

    g_assert_cmpint (sq_source_get_info (source)->kind, ==, SQ_SOURCE_PICTURES);
    g_assert_nonnull (frame);
    g_assert_null (next (source));
  }
  {
    g_autoptr (SqSource) source = sq_source_open (both, NULL, NULL);
    g_autoptr (SqFrame) first = next (source), second = next (source);

    g_assert_cmpint (second->index, ==, 1);
    g_assert_cmpstr (second->path, ==, moving);
    g_assert_null (next (source));
  }
  remove_folder (folder);
}

static void
test_list (void)
{
  char *folder = make_folder ();
  g_autofree char *a = make_video (folder, "a.mkv", "mpeg4", "yuv420p", 64, 48, 10, NULL, 5);
  g_autofree char *b = make_video (folder, "b.avi", "mjpeg", "yuvj420p", 32, 32, 5, NULL, 1);
  const char *paths[] = { a, b, NULL };
  g_autoptr (SqSource) source = sq_source_open (paths, NULL, NULL);

  g_assert_cmpint (ABS (sq_source_get_info (source)->n_frames - 15), <=, 1); // Matroska leaves the last frame's length out
  for (int i = 0; i < 15; i++)
    {
      g_autoptr (SqFrame) frame = next (source);

      g_assert_cmpint (frame->index, ==, i);
      g_assert_cmpint (frame->pts_ns, ==, i * 40 * MS);
      g_assert_cmpstr (frame->path, ==, i < 10 ? a : b);
    }
  g_assert_null (next (source));
  for (int k = 0; k < 15; k++)
    {
      int i = k * 7 % 15;

      g_assert_true (sq_source_seek (source, i * 40 * MS, NULL));
      {
        g_autoptr (SqFrame) frame = next (source);

        g_assert_cmpint (frame->index, ==, i);
        g_assert_cmpint (frame->pts_ns, ==, i * 40 * MS);
      }
    }
  remove_folder (folder);
}

static void
test_shared_video (gconstpointer data)
{
  g_autofree char *path = test_data (data);
  g_autoptr (SqSource) source = NULL;
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));
  gint64 last = -1, began = g_get_monotonic_time ();
  guint n = 0;

  if (path == NULL)
    return;
  source = open_path (path);
  g_test_message ("open %.1f ms", (g_get_monotonic_time () - began) / 1e3);
  began = g_get_monotonic_time ();
  for (;;)
    {
      g_autoptr (SqFrame) frame = next (source);

      if (frame == NULL)
        break;
      g_assert_cmpint (frame->pts_ns, >, last);
      g_assert_cmpint (frame->index, ==, n);
      last = frame->pts_ns;
      g_array_append_val (times, last);
      n++;
    }
  g_test_message ("%u frames, stated %" G_GINT64_FORMAT ", %.2f ms each", n, sq_source_get_info (source)->n_frames,
                  (g_get_monotonic_time () - began) / 1e3 / n);
  g_assert_cmpint (ABS (sq_source_get_info (source)->n_frames - (gint64) n), <=, 2);

  // a fresh source, which has seen nothing, must give the same frames
  g_clear_pointer (&source, sq_source_free);
  source = open_path (path);
  for (guint k = 0; k < 6; k++)
    {
      guint i = (k * 104729 + 37) % n;
      g_autoptr (SqFrame) frame = NULL;

      g_assert_true (sq_source_seek (source, g_array_index (times, gint64, i), NULL));
      frame = next (source);
      g_assert_cmpint (frame->pts_ns, ==, g_array_index (times, gint64, i));
      g_assert_cmpint (frame->index, ==, i);
    }
}

static void
test_interrupt (void)
{
  char *folder = make_folder ();
  g_autofree char *path = make_video (folder, "a.avi", "mjpeg", "yuvj420p", 64, 48, 25, NULL, 1);
  g_autoptr (SqSource) source = open_path (path);
  g_autoptr (GError) error = NULL;

  sq_source_interrupt (source);
  g_assert_null (sq_source_next (source, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_CANCELLED);
  g_assert_true (sq_source_seek (source, 400 * MS, NULL));
  {
    g_autoptr (SqFrame) frame = next (source);

    g_assert_cmpint (frame->index, ==, 10);
  }
  remove_folder (folder);
}

static gpointer
cancel_later (gpointer cancellable)
{
  g_usleep (50000);
  g_cancellable_cancel (cancellable);
  return NULL;
}

// A server that accepts and never answers must not hold anyone.
static void
test_silent_server (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, &error);
  g_autofree char *address = g_strdup_printf ("http://127.0.0.1:%u/video.mp4", port);
  const char *paths[] = { address, NULL };
  gint64 began = g_get_monotonic_time ();
  GThread *thread;

  g_assert_no_error (error);
  thread = g_thread_new ("cancel", cancel_later, cancellable);
  g_assert_null (sq_source_open (paths, cancellable, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_CANCELLED);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 400000);
  g_thread_join (thread);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/media/video/constant-rate", test_constant_rate);
  g_test_add_func ("/media/video/no-gpu", test_no_gpu);
  g_test_add_func ("/media/video/variable-rate", test_variable_rate);
  g_test_add_func ("/media/video/no-timestamps", test_no_timestamps);
  g_test_add_func ("/media/video/rotated", test_rotated);
  g_test_add_func ("/media/video/gif", test_gif);
  g_test_add_func ("/media/video/list", test_list);
  g_test_add_func ("/media/video/interrupt", test_interrupt);
  g_test_add_func ("/media/video/silent-server", test_silent_server);
  g_test_add_data_func ("/media/video/people", "videos/people.mp4", test_shared_video);
  g_test_add_data_func ("/media/video/vtest", "videos/vtest.avi", test_shared_video);
  g_test_add_data_func ("/media/video/bottle", "videos/bottle-detection.mp4", test_shared_video);
  return g_test_run ();
}
