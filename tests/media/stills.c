// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/error.h"
#include "engine/media/exif.h"
#include "make-media.h"
#include <stdlib.h>
#include <string.h>

static SqFrame *
read_one (const char *path)
{
  const char *paths[] = { path, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (SqSource) source = sq_source_open (paths, NULL, &error);
  SqFrame *frame, *after;

  g_assert_no_error (error);
  g_assert_cmpint (sq_source_get_info (source)->kind, ==, SQ_SOURCE_PICTURES);
  frame = sq_source_next (source, &error);
  g_assert_no_error (error);
  g_assert_nonnull (frame);
  g_assert_cmpstr (frame->path, ==, path);
  g_assert_cmpint (frame->index, ==, 0);
  g_assert_cmpint (sq_source_get_info (source)->width, ==, frame->width);
  after = sq_source_next (source, &error);
  g_assert_no_error (error);
  g_assert_null (after);
  return frame;
}

static void
assert_pixel (const SqFrame *frame, int x, int y, const guint8 rgb[3], int tolerance)
{
  const guint8 *pixel = frame->pixels + (gsize) y * frame->stride + 3 * x;

  for (int i = 0; i < 3; i++)
    if (abs (pixel[i] - rgb[i]) > tolerance)
      g_error ("pixel %d,%d of %s is %d %d %d, not %d %d %d", x, y, frame->path, pixel[0], pixel[1], pixel[2], rgb[0], rgb[1], rgb[2]);
}

static void
assert_quarters (const SqFrame *frame, int width, int height, int tolerance)
{
  g_assert_cmpint (frame->width, ==, width);
  g_assert_cmpint (frame->height, ==, height);
  for (int i = 0; i < 4; i++)
    {
      int x = width * (1 + 2 * (i % 2)) / 4, y = height * (1 + 2 * (i / 2)) / 4;
      guint8 rgb[3];

      quarter_colour (x, y, width, height, rgb);
      assert_pixel (frame, x, y, rgb, tolerance);
    }
}

static void
test_formats (void)
{
  static const struct
  {
    const char *name, *codec, *format;
    int tolerance;
  } cases[] = {
    { "a.png", "png", "rgb24", 0 },          { "b.png", "png", "rgba", 0 },         { "c.png", "png", "rgb48be", 1 },
    { "d.bmp", "bmp", "bgr24", 0 },          { "e.tiff", "tiff", "rgb24", 0 },      { "f.tga", "targa", "bgr24", 0 },
    { "g.jpg", "mjpeg", "yuvj420p", 8 },     { "h.jpg", "mjpeg", "yuvj444p", 8 },   { "i.ppm", "ppm", "rgb48be", 1 },
    { "a%03d [b]*.png", "png", "rgb24", 0 }, { "j:k.jpg", "mjpeg", "yuvj422p", 8 },
  };
  char *folder = make_folder ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = make_still (folder, cases[i].name, cases[i].codec, cases[i].format, 40, 24);
      g_autoptr (SqFrame) frame = read_one (path);

      assert_quarters (frame, 40, 24, cases[i].tolerance);
    }
  remove_folder (folder);
}

static void
test_grey (void)
{
  static const struct
  {
    const char *name, *codec, *format;
  } cases[] = { { "a.png", "png", "gray" },
                { "b.png", "png", "gray16be" },
                { "c.jpg", "mjpeg", "gray" },
                { "d.pgm", "pgm", "gray" },
                { "e.png", "png", "ya8" } };
  char *folder = make_folder ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = NULL;
      g_autoptr (SqFrame) frame = NULL;
      const guint8 *pixel;

      if (strcmp (cases[i].codec, "mjpeg") == 0) // FFmpeg has no grey JPEG encoder
        continue;
      path = make_still (folder, cases[i].name, cases[i].codec, cases[i].format, 40, 24);
      frame = read_one (path);
      pixel = frame->pixels + 6 * (gsize) frame->stride + 30;
      g_assert_cmpint (pixel[0], ==, pixel[1]);
      g_assert_cmpint (pixel[1], ==, pixel[2]);
      g_assert_cmpint (abs (pixel[0] - 83), <=, 6); // .299 * 230 + .587 * 20 + .114 * 20
    }
  remove_folder (folder);
}

static void
test_orientation (void)
{
  // Where the red, green, blue and yellow quarters (0..3) are seen, by EXIF number.
  static const int seen[9][4] = { { 0, 1, 2, 3 }, { 0, 1, 2, 3 }, { 1, 0, 3, 2 }, { 3, 2, 1, 0 }, { 2, 3, 0, 1 },
                                  { 0, 2, 1, 3 }, { 2, 0, 3, 1 }, { 3, 1, 2, 0 }, { 1, 3, 0, 2 } };
  char *folder = make_folder ();

  for (int o = 0; o <= 8; o++)
    {
      g_autofree char *name = g_strdup_printf ("o%d.jpg", o);
      g_autofree char *path = make_jpeg (folder, name, 48, 32, o);
      g_autoptr (SqFrame) frame = read_one (path);

      g_test_message ("orientation %d", o);
      g_assert_cmpint (frame->width, ==, o >= 5 ? 32 : 48);
      g_assert_cmpint (frame->height, ==, o >= 5 ? 48 : 32);
      for (int i = 0; i < 4; i++)
        {
          int x = frame->width * (1 + 2 * (i % 2)) / 4, y = frame->height * (1 + 2 * (i / 2)) / 4;
          guint8 rgb[3];

          quarter_colour (seen[o][i] % 2, seen[o][i] / 2, 2, 2, rgb);
          assert_pixel (frame, x, y, rgb, 10);
        }
    }
  remove_folder (folder);
}

static const guint8 turned[] = { 'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0 };

static void
test_png_orientation (void)
{
  char *folder = make_folder ();
  g_autofree char *plain = make_still (folder, "plain.png", "png", "rgb24", 40, 24);
  g_autofree char *path = g_build_filename (folder, "turned.png", NULL);
  g_autofree char *data = NULL;
  g_autoptr (GByteArray) file = g_byte_array_new ();
  g_autoptr (SqFrame) frame = NULL;
  gsize size;
  guint8 rgb[3];

  g_assert_true (g_file_get_contents (plain, &data, &size, NULL));
  g_byte_array_append (file, (const guint8 *) data, 33); // signature and IHDR
  g_byte_array_append (file, (const guint8[]){ 0, 0, 0, sizeof turned, 'e', 'X', 'I', 'f' }, 8);
  g_byte_array_append (file, turned, sizeof turned);
  g_byte_array_append (file, (const guint8[]){ 0, 0, 0, 0 }, 4);
  g_byte_array_append (file, (const guint8 *) data + 33, size - 33);
  g_assert_true (g_file_set_contents (path, (const char *) file->data, file->len, NULL));
  frame = read_one (path);
  g_assert_cmpint (frame->width, ==, 24);
  g_assert_cmpint (frame->height, ==, 40);
  quarter_colour (0, 1, 2, 2, rgb); // the lower left quarter has come to the top left
  assert_pixel (frame, 6, 10, rgb, 0);
  remove_folder (folder);
}

static void
test_exif_block (void)
{
  guint8 noise[64];

  g_assert_cmpint (sq_exif_orientation (turned, sizeof turned), ==, 6);
  for (gsize size = 0; size < sizeof turned; size++)
    {
      g_autofree guint8 *cut = g_memdup2 (turned, size + 1); // exactly as long, for the address sanitizer

      g_assert_cmpint (sq_exif_orientation (cut, size), ==, 0);
    }
  for (guint i = 0; i < 20000; i++)
    {
      for (guint j = 0; j < sizeof noise; j++)
        noise[j] = g_test_rand_int_range (0, j < 12 ? 16 : 256);
      memcpy (noise, i % 2 ? "II*" : "MM\0*", 4);
      g_assert_cmpint (sq_exif_orientation (noise, g_test_rand_int_range (0, sizeof noise)), <=, 8);
    }
}

// One 8x8 block of four components, DC only: Adobe CMYK is stored inverted.
static void
test_cmyk (void)
{
  static const guint8 head[] = { 0xff, 0xd8, 0xff, 0xee, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0, 0xff, 0xdb, 0, 67, 0 };
  static const guint8 frame_header[] = { 0xff, 0xc0, 0, 20, 8, 0, 8, 0, 8, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0 };
  // DC: category 7 as "0", category 0 as "10"; AC: end of block as "0"
  static const guint8 tables[] = { 0xff, 0xc4, 0, 21, 0x00, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0,
                                   0xff, 0xc4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
  static const guint8 scan[] = { 0xff, 0xda, 0, 14, 4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0 };
  g_autoptr (GByteArray) file = g_byte_array_new ();
  char *folder = make_folder ();
  g_autofree char *path = NULL;
  g_autoptr (SqFrame) frame = NULL;
  // DC difference +127 or -127 of a quantiser of 8: 128 +- 127. Stored C=1, M=Y=K=255 (inverted): full cyan
  static const int plus[4] = { 0, 1, 1, 1 };
  guint32 bits = 0, n_bits = 0;

  g_byte_array_append (file, head, sizeof head);
  for (int i = 0; i < 64; i++)
    g_byte_array_append (file, (const guint8[]){ 8 }, 1);
  g_byte_array_append (file, frame_header, sizeof frame_header);
  g_byte_array_append (file, tables, sizeof tables);
  g_byte_array_append (file, scan, sizeof scan);
  for (int i = 0; i < 4; i++)
    {
      guint32 code = plus[i] ? 127 : 0; // 7 bits: positive as is, negative one's complement

      bits = bits << 9 | (code << 1); // "0", 7 bits, "0"
      n_bits += 9;
      while (n_bits >= 8)
        {
          guint8 byte = bits >> (n_bits - 8);

          g_byte_array_append (file, &byte, 1);
          if (byte == 0xff)
            g_byte_array_append (file, (const guint8[]){ 0 }, 1);
          n_bits -= 8;
        }
    }
  if (n_bits > 0)
    {
      guint8 byte = bits << (8 - n_bits) | ((1u << (8 - n_bits)) - 1);

      g_byte_array_append (file, &byte, 1);
    }
  g_byte_array_append (file, (const guint8[]){ 0xff, 0xd9 }, 2);
  path = make_file (folder, "cmyk.jpg", file->data, file->len);
  frame = read_one (path);
  g_assert_cmpint (frame->width, ==, 8);
  assert_pixel (frame, 4, 4, (const guint8[]){ 1, 255, 255 }, 4);
  remove_folder (folder);
}

static void
test_tiny (void)
{
  char *folder = make_folder ();
  g_autofree char *ppm = make_ppm (folder, "a.ppm", 1, 1);
  g_autofree char *png = make_still (folder, "b.png", "png", "rgb24", 1, 1);
  g_autofree char *jpeg = make_jpeg (folder, "c.jpg", 1, 1, 6);
  const char *paths[] = { ppm, png, jpeg };

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (SqFrame) frame = read_one (paths[i]);

      g_assert_cmpint (frame->width, ==, 1);
      g_assert_cmpint (frame->height, ==, 1);
    }
  remove_folder (folder);
}

static void
test_folder (void)
{
  char *folder = make_folder ();
  g_autofree char *a = make_ppm (folder, "10.ppm", 8, 8);
  g_autofree char *b = make_jpeg (folder, "2.JPG", 12, 8, 0);
  g_autofree char *c = make_still (folder, "1.png", "png", "rgb24", 16, 8);
  g_autofree char *bad = make_file (folder, "3.jpg", "not a picture", 13);
  g_autofree char *text = make_file (folder, "readme.txt", "no", 2);
  const char *paths[] = { folder, NULL };
  const int widths[] = { 16, 12, 0, 8 };
  g_autoptr (GError) error = NULL;
  g_autoptr (SqSource) source = sq_source_open (paths, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpint (sq_source_get_info (source)->n_frames, ==, 4);
  for (guint pass = 0; pass < 2; pass++)
    {
      for (guint i = 0; i < 4; i++)
        {
          g_autoptr (SqFrame) frame = sq_source_next (source, &error);

          if (widths[i] == 0)
            {
              g_assert_error (error, SQ_ERROR, SQ_ERROR_FORMAT);
              g_assert_nonnull (strstr (error->message, "3.jpg"));
              g_clear_error (&error);
              continue;
            }
          g_assert_no_error (error);
          g_assert_cmpint (frame->width, ==, widths[i]);
          g_assert_cmpint (frame->index, ==, i);
          g_assert_cmpint (frame->pts_ns, ==, i * 1000000000LL);
        }
      g_assert_null (sq_source_next (source, &error));
      g_assert_no_error (error);
      g_assert_true (sq_source_seek (source, 0, &error));
    }
  g_assert_true (sq_source_seek (source, 3000000000LL, &error));
  {
    g_autoptr (SqFrame) frame = sq_source_next (source, &error);

    g_assert_cmpint (frame->width, ==, 8);
    g_assert_cmpint (frame->index, ==, 3);
  }
  remove_folder (folder);
}

static void
test_demo_pictures (void)
{
  g_autofree char *folder = test_data ("images/demo");
  const char *paths[] = { folder, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (SqSource) source = NULL;
  guint n = 0;

  if (folder == NULL)
    return;
  source = sq_source_open (paths, NULL, &error);
  g_assert_no_error (error);
  for (;;)
    {
      g_autoptr (SqFrame) frame = sq_source_next (source, &error);

      g_assert_no_error (error);
      if (frame == NULL)
        break;
      g_test_message ("%s %d x %d, %.1f ms", frame->path, frame->width, frame->height, frame->decode_ns / 1e6);
      n++;
    }
  g_assert_cmpint (n, ==, 8);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/media/stills/formats", test_formats);
  g_test_add_func ("/media/stills/grey", test_grey);
  g_test_add_func ("/media/stills/orientation", test_orientation);
  g_test_add_func ("/media/stills/png-orientation", test_png_orientation);
  g_test_add_func ("/media/stills/exif-block", test_exif_block);
  g_test_add_func ("/media/stills/cmyk", test_cmyk);
  g_test_add_func ("/media/stills/tiny", test_tiny);
  g_test_add_func ("/media/stills/folder", test_folder);
  g_test_add_func ("/media/stills/demo-pictures", test_demo_pictures);
  return g_test_run ();
}
