// SPDX-License-Identifier: GPL-3.0-or-later
// Files with bytes changed, cut out or cut off: read or refused, never a crash, a hang or a huge allocation. The seed is printed; repeat
// with --seed.
#include "engine/error.h"
#include "make-media.h"
#include <string.h>

#define ROUNDS 150
#define LIMIT_US (4 * G_USEC_PER_SEC)

static void
damage (GByteArray *file)
{
  guint n = g_test_rand_int_range (1, 12);

  for (guint i = 0; i < n && file->len > 16; i++)
    {
      guint at = g_test_rand_int_range (0, file->len);

      switch (g_test_rand_int_range (0, 6))
        {
        case 0:
          g_byte_array_set_size (file, MAX (at, 1));
          break;
        case 1:
          {
            guint length = g_test_rand_int_range (1, 64);

            g_byte_array_remove_range (file, at, MIN (file->len - at, length));
          }
          break;
        case 2:
          file->data[at] = 0xff;
          break;
        case 3:
          file->data[MIN (at, 63)] ^= 1 << g_test_rand_int_range (0, 8); // headers break most
          break;
        default:
          file->data[at] = g_test_rand_int_range (0, 256);
          break;
        }
    }
}

static void
read_all (const char *path)
{
  const char *paths[] = { path, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (SqSource) source = sq_source_open (paths, NULL, &error);
  guint n_frames = 0, n_errors = 0;

  if (source == NULL)
    {
      g_assert_nonnull (error);
      g_assert_true (error->domain == SQ_ERROR);
      g_assert_nonnull (strstr (error->message, "damaged.")); // the file is named
      return;
    }
  while (n_frames < 200 && n_errors < 20)
    {
      g_autoptr (SqFrame) frame = sq_source_next (source, &error);

      if (frame == NULL && error == NULL)
        break;
      if (frame != NULL)
        {
          volatile guint8 last = frame->pixels[(gsize) (frame->height - 1) * frame->stride + 3 * frame->width - 1];

          (void) last;
          n_frames++;
        }
      n_errors += frame == NULL;
      g_clear_error (&error);
    }
  if (sq_source_get_info (source)->seekable)
    {
      gboolean sought = sq_source_seek (source, g_test_rand_int_range (0, 2000) * G_GINT64_CONSTANT (1000000), NULL);
      SqFrame *frame = sought ? sq_source_next (source, NULL) : NULL;

      g_clear_pointer (&frame, sq_frame_unref);
    }
}

static void
test_kind (gconstpointer name)
{
  char *folder = make_folder ();
  const char *suffix = strrchr (name, '.') + 1;
  g_autofree char *whole = NULL, *data = NULL, *damaged = NULL, *damaged_name = g_strdup_printf ("damaged.%s", suffix);
  gsize size;

  if (strcmp (suffix, "jpg") == 0)
    whole = make_jpeg (folder, "whole.jpg", 96, 64, 6);
  else if (strcmp (suffix, "ppm") == 0)
    whole = make_ppm (folder, "whole.ppm", 96, 64);
  else if (strcmp (suffix, "gif") == 0)
    whole = make_video (folder, "whole.gif", "gif", "gray", 48, 32, 6, NULL, 1);
  else if (strcmp (suffix, "mp4") == 0 || strcmp (suffix, "mkv") == 0)
    whole = make_video (folder, name, "mpeg4", "yuv420p", 64, 48, 12, NULL, 4);
  else if (strcmp (suffix, "avi") == 0)
    whole = make_video (folder, name, "mjpeg", "yuvj420p", 64, 48, 6, NULL, 1);
  else
    whole = make_still (folder, name, strcmp (suffix, "tga") == 0 ? "targa" : suffix, strcmp (suffix, "png") == 0 ? "rgb48be" : "bgr24", 96,
                        64);
  g_assert_true (g_file_get_contents (whole, &data, &size, NULL));
  for (guint i = 0; i < ROUNDS; i++)
    {
      g_autoptr (GByteArray) file = g_byte_array_new ();
      gint64 began = g_get_monotonic_time ();

      g_byte_array_append (file, (const guint8 *) data, size);
      damage (file);
      g_free (damaged);
      damaged = make_file (folder, damaged_name, file->data, file->len);
      read_all (damaged);
      g_assert_cmpint (g_get_monotonic_time () - began, <, LIMIT_US);
    }
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  static const char *const names[] = { "a.jpg", "a.png", "a.bmp", "a.tga", "a.ppm", "a.gif", "a.mp4", "a.mkv", "a.avi" };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_strdup_printf ("/media/damaged/%s", names[i] + 2);

      g_test_add_data_func (path, names[i], test_kind);
    }
  return g_test_run ();
}
