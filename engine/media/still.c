// SPDX-License-Identifier: GPL-3.0-or-later
// FFmpeg's picture demuxers cut a file into packets with parsers that stumble over embedded thumbnails and trailers; a picture is therefore
// handed to its decoder whole.
#include "still.h"

#include "averror.h"
#include "engine/error.h"
#include "exif.h"
#include "jpeg.h"
#include <libavutil/mem.h>
#include <string.h>

// FFmpeg fills what a truncated JPEG or PNG lacks with grey; tell by the end marker.
static gboolean
is_truncated (enum AVCodecID codec, const guint8 *data, gsize size)
{
  if (codec == AV_CODEC_ID_MJPEG)
    {
      gssize scan = -1, end = -1;

      for (gssize i = (gssize) size - 2; i >= 0 && (scan < 0 || end < 0); i--)
        if (data[i] == 0xff)
          {
            if (data[i + 1] == 0xd9 && end < 0)
              end = i;
            else if (data[i + 1] == 0xda)
              {
                scan = i;
                break;
              }
          }
      return scan >= 0 && end < scan;
    }
  if (codec == AV_CODEC_ID_PNG || codec == AV_CODEC_ID_APNG)
    {
      // Walk the chunks: length, name, data, checksum.
      for (gsize at = 8; at + 12 <= size;)
        {
          guint32 length = (guint32) data[at] << 24 | data[at + 1] << 16 | data[at + 2] << 8 | data[at + 3];

          if (memcmp (data + at + 4, "IEND", 4) == 0)
            return FALSE;
          if (length > size - at - 12)
            return TRUE;
          at += 12 + (gsize) length;
        }
      return TRUE;
    }
  return FALSE;
}

static AVFrame *
decode_packet (AVCodecContext *codec, AVPacket *packet, int *code)
{
  AVFrame *frame = av_frame_alloc ();

  *code = avcodec_send_packet (codec, packet);
  if (*code >= 0)
    *code = avcodec_send_packet (codec, NULL);
  if (*code >= 0)
    *code = avcodec_receive_frame (codec, frame);
  if (*code < 0)
    av_frame_free (&frame);
  return frame;
}

// FFmpeg tells the orientation of JPEG and WebP only.
static void
note_orientation (AVFrame *frame, enum AVCodecID codec, const guint8 *data, gsize size)
{
  int orientation = 0;

  if (codec == AV_CODEC_ID_PNG || codec == AV_CODEC_ID_APNG)
    orientation = sq_exif_orientation_of_png (data, size);
  else if (codec == AV_CODEC_ID_TIFF)
    orientation = sq_exif_orientation (data, size);
  if (orientation != 0 && av_frame_get_side_data (frame, AV_FRAME_DATA_DISPLAYMATRIX) == NULL)
    av_dict_set_int (&frame->metadata, "Orientation", orientation, 0);
}

static gboolean
is_animated_webp (enum AVCodecID codec, const guint8 *data, gsize size)
{
  return codec == AV_CODEC_ID_WEBP && size > 21 && memcmp (data + 12, "VP8X", 4) == 0 && (data[20] & 2) != 0;
}

static AVFrame *
decode_whole (AVFormatContext *format, AVStream *stream, const char *path, SqInterrupt *interrupt, GError **error)
{
  AVCodecContext *codec;
  AVPacket *packet;
  AVFrame *frame;
  gsize size;
  guint8 *data = sq_demux_read_all (path, interrupt, &size, error);
  int code;

  if (data == NULL)
    return NULL;
  if (stream->codecpar->codec_id == AV_CODEC_ID_MJPEG && !is_truncated (AV_CODEC_ID_MJPEG, data, size)
      && (frame = sq_jpeg_decode (data, size)) != NULL)
    {
      av_free (data);
      return frame;
    }
  codec = sq_demux_open_codec (stream->codecpar, 1, TRUE, -1, path, error);
  if (codec == NULL)
    {
      av_free (data);
      return NULL;
    }
  packet = av_packet_alloc ();
  av_packet_from_data (packet, data, (int) size);
  sq_averror_clear ();
  frame = decode_packet (codec, packet, &code);
  if (frame != NULL && is_truncated (codec->codec_id, data, size))
    av_frame_free (&frame);
  if (frame == NULL)
    {
      int width, height;

      if (!sq_averror_size_refused (&width, &height) && is_truncated (codec->codec_id, data, size))
        code = AVERROR_EOF;
      else if (code == AVERROR_EOF)
        code = AVERROR_INVALIDDATA;
      if (is_animated_webp (codec->codec_id, data, size))
        code = AVERROR_PATCHWELCOME;
      sq_averror_set (error, code, path);
    }
  else
    note_orientation (frame, codec->codec_id, data, size);
  av_packet_free (&packet);
  avcodec_free_context (&codec);
  return frame;
}

static AVFrame *
decode_first (AVFormatContext *format, AVStream *stream, const char *path, SqInterrupt *interrupt, GError **error)
{
  AVCodecContext *codec = sq_demux_open_codec (stream->codecpar, 1, TRUE, -1, path, error);
  AVPacket *packet;
  AVFrame *frame;
  int code = 0;

  if (codec == NULL)
    return NULL;
  packet = av_packet_alloc ();
  frame = av_frame_alloc ();
  sq_averror_clear ();
  while ((code = avcodec_receive_frame (codec, frame)) == AVERROR (EAGAIN))
    {
      code = av_read_frame (format, packet);
      if (sq_interrupt_asked (interrupt))
        code = AVERROR_EXIT;
      if (code == AVERROR_EOF)
        code = avcodec_send_packet (codec, NULL);
      else if (code >= 0 && packet->stream_index == stream->index)
        code = avcodec_send_packet (codec, packet);
      av_packet_unref (packet);
      if (code < 0)
        break;
    }
  if (code < 0)
    {
      av_frame_free (&frame);
      sq_averror_set (error, code == AVERROR_EOF ? AVERROR_INVALIDDATA : code, path);
    }
  av_packet_free (&packet);
  avcodec_free_context (&codec);
  return frame;
}

AVFrame *
sq_still_decode (AVFormatContext *format, const char *path, SqInterrupt *interrupt, GError **error)
{
  AVStream *stream = sq_demux_video_stream (format, path, error);
  AVFrame *frame;

  if (stream == NULL)
    return NULL;
  if (sq_demux_is_still (format))
    frame = decode_whole (format, stream, path, interrupt, error);
  else
    frame = decode_first (format, stream, path, interrupt, error);
  if (frame != NULL && !sq_demux_check_size (frame->width, frame->height, path, error))
    av_frame_free (&frame);
  return frame;
}
