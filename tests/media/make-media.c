// SPDX-License-Identifier: GPL-3.0-or-later
#include "make-media.h"

#include "engine/media/encode.h"
#include <glib/gstdio.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <string.h>

char *
make_folder (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("squint-media-XXXXXX", &error);

  g_assert_no_error (error);
  return folder;
}

void
remove_folder (char *folder)
{
  GDir *dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        remove_folder (g_steal_pointer (&path));
      else
        g_unlink (path);
    }
  g_clear_pointer (&dir, g_dir_close);
  g_rmdir (folder);
  g_free (folder);
}

char *
make_file (const char *folder, const char *name, const void *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  char *path = g_build_filename (folder, name, NULL);

  g_file_set_contents_full (path, data, size, G_FILE_SET_CONTENTS_NONE, 0600, &error);
  g_assert_no_error (error);
  return path;
}

void
quarter_colour (int x, int y, int width, int height, guint8 rgb[3])
{
  static const guint8 colours[4][3] = { { 230, 20, 20 }, { 20, 230, 20 }, { 20, 20, 230 }, { 230, 230, 20 } };

  memcpy (rgb, colours[(x >= width / 2) + 2 * (y >= height / 2)], 3);
}

SqFrame *
make_quarters (int width, int height)
{
  guint8 *pixels = g_malloc (3 * (gsize) width * height);

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      quarter_colour (x, y, width, height, pixels + 3 * ((gsize) y * width + x));
  return sq_frame_new (width, height, 3 * width, pixels, "quarters", 0, 0, g_free, pixels);
}

char *
make_ppm (const char *folder, const char *name, int width, int height)
{
  g_autoptr (SqFrame) frame = make_quarters (width, height);
  g_autoptr (GByteArray) file = g_byte_array_new ();
  g_autofree char *header = g_strdup_printf ("P6\n%d %d\n255\n", width, height);

  g_byte_array_append (file, (const guint8 *) header, strlen (header));
  g_byte_array_append (file, frame->pixels, 3 * width * height);
  return make_file (folder, name, file->data, file->len);
}

char *
make_jpeg (const char *folder, const char *name, int width, int height, int orientation)
{
  // APP1 "Exif", big-endian TIFF with one entry: tag 0x0112, type short, count 1
  guint8 exif[] = { 0xff, 0xe1, 0, 34,   'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8,
                    0,    1,    1, 0x12, 0,   3,   0,   0,   0, 1, 0,   0,   0, 0,  0, 0, 0, 0 };
  g_autoptr (SqFrame) frame = make_quarters (width, height);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) jpeg = sq_frame_encode_jpeg (frame, 95, &error);
  g_autoptr (GByteArray) file = g_byte_array_new ();
  const guint8 *data = g_bytes_get_data (jpeg, NULL);
  gsize size = g_bytes_get_size (jpeg);

  g_assert_no_error (error);
  exif[29] = orientation;
  g_byte_array_append (file, data, 2);
  if (orientation != 0)
    g_byte_array_append (file, exif, sizeof exif);
  g_byte_array_append (file, data + 2, size - 2);
  return make_file (folder, name, file->data, file->len);
}

static AVFrame *
convert (const SqFrame *frame, enum AVPixelFormat format)
{
  AVFrame *picture = av_frame_alloc ();
  const guint8 *planes[4] = { frame->pixels };
  int strides[4] = { frame->stride };
  struct SwsContext *sws;

  picture->width = frame->width;
  picture->height = frame->height;
  picture->format = format;
  g_assert_cmpint (av_frame_get_buffer (picture, 0), >=, 0);
  sws = sws_getContext (frame->width, frame->height, AV_PIX_FMT_RGB24, frame->width, frame->height, format, SWS_BILINEAR, NULL, NULL, NULL);
  g_assert_nonnull (sws);
  sws_scale (sws, planes, strides, 0, frame->height, picture->data, picture->linesize);
  sws_freeContext (sws);
  return picture;
}

char *
make_still (const char *folder, const char *name, const char *codec_name, const char *pixel_format, int width, int height)
{
  const AVCodec *encoder = avcodec_find_encoder_by_name (codec_name);
  g_autoptr (SqFrame) frame = make_quarters (width, height);
  AVCodecContext *codec;
  AVPacket *packet = av_packet_alloc ();
  AVFrame *picture;
  char *path;

  g_assert_nonnull (encoder);
  codec = avcodec_alloc_context3 (encoder);
  codec->width = width;
  codec->height = height;
  codec->time_base = (AVRational){ 1, 25 };
  codec->pix_fmt = av_get_pix_fmt (pixel_format);
  g_assert_cmpint (avcodec_open2 (codec, encoder, NULL), >=, 0);
  picture = convert (frame, codec->pix_fmt);
  g_assert_cmpint (avcodec_send_frame (codec, picture), >=, 0);
  avcodec_send_frame (codec, NULL);
  g_assert_cmpint (avcodec_receive_packet (codec, packet), >=, 0);
  path = make_file (folder, name, packet->data, packet->size);
  av_packet_free (&packet);
  av_frame_free (&picture);
  avcodec_free_context (&codec);
  return path;
}

static void
drain (AVFormatContext *format, AVCodecContext *codec, AVStream *stream)
{
  AVPacket *packet = av_packet_alloc ();

  while (avcodec_receive_packet (codec, packet) >= 0)
    {
      if (packet->duration == 0) // else the last frame has no length and MP4's edit list cuts it off
        packet->duration = MAX (1, codec->time_base.den / (25 * codec->time_base.num));
      av_packet_rescale_ts (packet, codec->time_base, stream->time_base);
      packet->stream_index = stream->index;
      g_assert_cmpint (av_interleaved_write_frame (format, packet), >=, 0);
    }
  av_packet_free (&packet);
}

char *
make_video (const char *folder, const char *name, const char *codec_name, const char *pixel_format, int width, int height, int n,
            const int *pts_ms, int key_interval)
{
  char *path = g_build_filename (folder, name, NULL);
  const AVCodec *encoder = avcodec_find_encoder_by_name (codec_name);
  AVFormatContext *format = NULL;
  AVCodecContext *codec;
  AVStream *stream;

  g_assert_nonnull (encoder);
  g_assert_cmpint (avformat_alloc_output_context2 (&format, NULL, NULL, path), >=, 0);
  stream = avformat_new_stream (format, NULL);
  codec = avcodec_alloc_context3 (encoder);
  codec->width = width;
  codec->height = height;
  codec->pix_fmt = av_get_pix_fmt (pixel_format);
  codec->time_base = pts_ms != NULL ? (AVRational){ 1, 1000 } : (AVRational){ 1, 25 };
  codec->framerate = (AVRational){ 25, 1 };
  codec->gop_size = key_interval;
  codec->bit_rate = 4000000;
  if (format->oformat->flags & AVFMT_GLOBALHEADER)
    codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  g_assert_cmpint (avcodec_open2 (codec, encoder, NULL), >=, 0);
  avcodec_parameters_from_context (stream->codecpar, codec);
  stream->time_base = codec->time_base;
  g_assert_cmpint (avio_open (&format->pb, path, AVIO_FLAG_WRITE), >=, 0);
  g_assert_cmpint (avformat_write_header (format, NULL), >=, 0);
  for (int i = 0; i < n; i++)
    {
      guint8 *pixels = g_malloc (3 * width * height);
      g_autoptr (SqFrame) frame = sq_frame_new (width, height, 3 * width, pixels, "grey", i, 0, g_free, pixels);
      AVFrame *picture;

      memset (pixels, 8 * i, 3 * width * height);
      picture = convert (frame, codec->pix_fmt);
      picture->pts = pts_ms != NULL ? pts_ms[i] : i;
      g_assert_cmpint (avcodec_send_frame (codec, picture), >=, 0);
      drain (format, codec, stream);
      av_frame_free (&picture);
    }
  avcodec_send_frame (codec, NULL);
  drain (format, codec, stream);
  g_assert_cmpint (av_write_trailer (format), >=, 0);
  avio_closep (&format->pb);
  avcodec_free_context (&codec);
  avformat_free_context (format);
  return path;
}

char *
test_data (const char *relative)
{
  const char *root = g_getenv ("SQUINT_TEST_DATA");
  g_autofree char *fallback = g_build_filename (g_getenv ("SQUINT_SOURCE_ROOT"), "..", "shared", NULL);
  char *path = g_build_filename (root != NULL ? root : fallback, relative, NULL);

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("no test data (SQUINT_TEST_DATA)");
      g_clear_pointer (&path, g_free);
    }
  return path;
}
