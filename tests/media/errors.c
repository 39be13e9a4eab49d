// SPDX-License-Identifier: GPL-3.0-or-later
// Bad input: one sentence that names the file, and the rest of the batch goes on.
#include "engine/error.h"
#include "make-media.h"
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static void
assert_refused (const char *path, int code, const char *words)
{
  const char *paths[] = { path, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (SqSource) source = sq_source_open (paths, NULL, &error);
  g_autofree char *base = g_path_get_basename (path);

  if (source != NULL) // videos may fail with their first frame
    {
      g_autoptr (SqFrame) frame = sq_source_next (source, &error);

      g_assert_null (frame);
    }
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  g_assert_error (error, SQ_ERROR, code);
  g_assert_nonnull (strstr (error->message, base));
  g_assert_nonnull (strstr (error->message, words));
  g_assert_null (strchr (error->message, '\n'));
  g_assert_true (g_str_has_suffix (error->message, "."));
}

static void
test_refused (void)
{
  char *folder = make_folder ();
  g_autofree char *missing = g_build_filename (folder, "missing.jpg", NULL);
  g_autofree char *empty = make_file (folder, "empty.png", "", 0);
  g_autofree char *text = make_file (folder, "text.txt", "hello, I am text and no picture\n", 32);
  g_autofree char *garbage_data = g_malloc (70000);
  g_autofree char *garbage = NULL;
  g_autofree char *fake = make_file (folder, "fake.jpg", "hello", 5);
  g_autofree char *empty_folder = g_build_filename (folder, "nothing", NULL);

  for (guint i = 0; i < 70000; i++)
    garbage_data[i] = (char) (i * 2654435761u >> 13);
  garbage = make_file (folder, "garbage.bin", garbage_data, 70000);
  g_mkdir (empty_folder, 0700);
  assert_refused (missing, SQ_ERROR_IO, "does not exist");
  assert_refused (empty, SQ_ERROR_FORMAT, "empty");
  assert_refused (text, SQ_ERROR_FORMAT, "not a picture");
  assert_refused (garbage, SQ_ERROR_FORMAT, "not a picture");
  assert_refused (fake, SQ_ERROR_FORMAT, "not a picture");
  assert_refused (empty_folder, SQ_ERROR_FORMAT, "no pictures");
  assert_refused ("/dev/video97", SQ_ERROR_IO, "not exist");
  if (geteuid () != 0)
    {
      g_autofree char *secret = make_ppm (folder, "secret.ppm", 4, 4);

      g_chmod (secret, 0);
      assert_refused (secret, SQ_ERROR_IO, "permission");
    }
  remove_folder (folder);
}

static void
cut (const char *path, double part)
{
  g_autofree char *data = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (path, &data, &size, NULL));
  g_assert_true (g_file_set_contents (path, data, (gssize) (size * part), NULL));
}

static void
test_truncated (void)
{
  char *folder = make_folder ();
  g_autofree char *jpeg = make_jpeg (folder, "a.jpg", 200, 200, 1);
  g_autofree char *png = make_still (folder, "b.png", "png", "rgb24", 200, 200);
  g_autofree char *bmp = make_still (folder, "c.bmp", "bmp", "bgr24", 200, 200);
  g_autofree char *mp4 = make_video (folder, "d.mp4", "mpeg4", "yuv420p", 64, 48, 30, NULL, 10);

  cut (jpeg, .6);
  cut (png, .6);
  cut (bmp, .6);
  cut (mp4, .6);
  assert_refused (jpeg, SQ_ERROR_FORMAT, "truncated");
  assert_refused (png, SQ_ERROR_FORMAT, "truncated");
  assert_refused (bmp, SQ_ERROR_FORMAT, "damaged");
  assert_refused (mp4, SQ_ERROR_FORMAT, "damaged");
  cut (jpeg, .1);
  assert_refused (jpeg, SQ_ERROR_FORMAT, "");
  remove_folder (folder);
}

static void
test_huge (void)
{
  static const guint8 png[] = { 0x89, 'P',  'N',  'G', 13, 10, 26, 10, 0, 0, 0, 13,  'I', 'H', 'D', 'R',  0,    0,    0xea, 0x60, 0,
                                0,    0xea, 0x60, 8,   2,  0,  0,  0,  0, 0, 0, 0,   0,   0,   0,   4,    'I',  'D',  'A',  'T',  0,
                                0,    0,    0,    0,   0,  0,  0,  0,  0, 0, 0, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82 };
  static const char ppm[] = "P6\n60000 60000\n255\nxxxxxxxxxxxxxxxxxxxx";
  static const char wide[] = "P5\n40000 2\n255\n";
  g_autofree char *wide_data = g_malloc0 (sizeof wide - 1 + 80000);
  char *folder = make_folder ();
  g_autofree char *a = make_file (folder, "huge.png", png, sizeof png);
  g_autofree char *b = make_file (folder, "huge.ppm", ppm, sizeof ppm - 1);
  g_autofree char *c = NULL;

  memcpy (wide_data, wide, sizeof wide - 1);
  c = make_file (folder, "wide.pgm", wide_data, sizeof wide - 1 + 80000);
  assert_refused (a, SQ_ERROR_OUT_OF_MEMORY, "60000 × 60000");
  assert_refused (b, SQ_ERROR_OUT_OF_MEMORY, "60000 × 60000");
  assert_refused (c, SQ_ERROR_OUT_OF_MEMORY, "40000 × 2");
  remove_folder (folder);
}

static void
test_no_video_stream (void)
{
  // 0.1 s of silence as WAV
  guint8 wav[44 + 1600] = "RIFF\0\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\x40\6\0\0";
  char *folder = make_folder ();
  g_autofree char *path = NULL;

  wav[4] = 0x64;
  wav[5] = 0x06;
  path = make_file (folder, "sound.wav", wav, sizeof wav);
  assert_refused (path, SQ_ERROR_FORMAT, "no video stream");
  remove_folder (folder);
}

static void
test_batch_goes_on (void)
{
  char *folder = make_folder ();
  g_autofree char *bad = make_file (folder, "bad.jpg", "", 0);
  g_autofree char *good = make_ppm (folder, "good.ppm", 8, 8);
  g_autofree char *missing = g_build_filename (folder, "missing.png", NULL);
  const char *paths[] = { bad, good, missing, good, NULL };
  g_autoptr (SqSource) source = sq_source_open (paths, NULL, NULL);
  guint n_good = 0, n_bad = 0;

  g_assert_nonnull (source);
  for (;;)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SqFrame) frame = sq_source_next (source, &error);

      if (frame == NULL && error == NULL)
        break;
      n_good += frame != NULL;
      n_bad += frame == NULL;
      if (frame != NULL)
        g_assert_cmpint (frame->index, ==, n_good == 1 ? 1 : 3);
    }
  g_assert_cmpint (n_good, ==, 2);
  g_assert_cmpint (n_bad, ==, 2);
  remove_folder (folder);
}

static void
test_cancel (void)
{
  char *folder = make_folder ();
  g_autofree char *path = make_video (folder, "a.mkv", "mpeg4", "yuv420p", 64, 48, 10, NULL, 5);
  const char *paths[] = { path, NULL };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (sq_source_open (paths, cancellable, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_CANCELLED);
  remove_folder (folder);
}

static void
test_hidden_credentials (void)
{
  const char *paths[] = { "rtsp://anna:secret@127.0.0.1:1/live", NULL };
  g_autoptr (GError) error = NULL;

  g_assert_null (sq_source_open (paths, NULL, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
  g_test_message ("%s", error->message);
  g_assert_null (strstr (error->message, "secret"));
  g_assert_nonnull (strstr (error->message, "rtsp://127.0.0.1:1/live"));
}

// What is no medium at all: models, labels, anything a user may drop.
static void
test_hostile (void)
{
  g_autofree char *folder = test_data ("fixtures/hostile");
  GDir *dir;
  const char *name;

  if (folder == NULL)
    return;
  dir = g_dir_open (folder, 0, NULL);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      assert_refused (path, SQ_ERROR_FORMAT, "");
    }
  g_dir_close (dir);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/media/errors/refused", test_refused);
  g_test_add_func ("/media/errors/truncated", test_truncated);
  g_test_add_func ("/media/errors/huge", test_huge);
  g_test_add_func ("/media/errors/no-video-stream", test_no_video_stream);
  g_test_add_func ("/media/errors/batch-goes-on", test_batch_goes_on);
  g_test_add_func ("/media/errors/cancel", test_cancel);
  g_test_add_func ("/media/errors/hidden-credentials", test_hidden_credentials);
  g_test_add_func ("/media/errors/hostile", test_hostile);
  return g_test_run ();
}
