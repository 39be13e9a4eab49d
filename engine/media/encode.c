// SPDX-License-Identifier: GPL-3.0-or-later
#include "encode.h"

#include "averror.h"
#include "engine/error.h"
#include <libavcodec/avcodec.h>
#include <libswscale/swscale.h>
#include <string.h>

static AVFrame *
to_format (const SqFrame *frame, enum AVPixelFormat format)
{
  const guint8 *planes[4] = { sq_frame_load (frame) };
  int strides[4] = { frame->stride };
  struct SwsContext *sws;
  AVFrame *picture = av_frame_alloc ();

  picture->width = frame->width;
  picture->height = frame->height;
  picture->format = format;
  if (av_frame_get_buffer (picture, 0) < 0)
    {
      av_frame_free (&picture);
      return NULL;
    }
  sws = sws_getContext (frame->width, frame->height, AV_PIX_FMT_RGB24, frame->width, frame->height, format, SWS_BILINEAR | SWS_ACCURATE_RND,
                        NULL, NULL, NULL);
  if (sws != NULL && format == AV_PIX_FMT_YUV444P)
    {
      const int *coefficients = sws_getCoefficients (SWS_CS_ITU601);

      sws_setColorspaceDetails (sws, coefficients, TRUE, coefficients, TRUE, 0, 1 << 16, 1 << 16);
      picture->color_range = AVCOL_RANGE_JPEG;
    }
  if (sws != NULL && planes[0] != NULL)
    sws_scale (sws, planes, strides, 0, frame->height, picture->data, picture->linesize);
  else
    av_frame_free (&picture);
  sws_freeContext (sws);
  return picture;
}

static void
free_packet (gpointer data)
{
  AVPacket *packet = data;

  av_packet_free (&packet);
}

static GBytes *
encode (const SqFrame *frame, enum AVCodecID id, enum AVPixelFormat format, int qscale, GError **error)
{
  const AVCodec *encoder = avcodec_find_encoder (id);
  AVCodecContext *codec;
  AVPacket *packet = NULL;
  AVFrame *picture;
  int code = AVERROR (ENOMEM);

  sq_averror_init ();
  if (encoder == NULL)
    {
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_IO, "The installed FFmpeg cannot write this picture format; install a full FFmpeg.");
      return NULL;
    }
  codec = avcodec_alloc_context3 (encoder);
  codec->width = frame->width;
  codec->height = frame->height;
  codec->pix_fmt = format;
  codec->time_base = (AVRational){ 1, 25 };
  codec->thread_count = 1;
  if (id == AV_CODEC_ID_MJPEG)
    {
      codec->color_range = AVCOL_RANGE_JPEG;
      codec->flags |= AV_CODEC_FLAG_QSCALE;
      codec->global_quality = FF_QP2LAMBDA * qscale;
    }
  picture = to_format (frame, format);
  if (picture != NULL)
    {
      packet = av_packet_alloc ();
      picture->quality = codec->global_quality;
      picture->pts = 0;
      code = avcodec_open2 (codec, encoder, NULL);
      if (code >= 0)
        code = avcodec_send_frame (codec, picture);
      if (code >= 0)
        code = avcodec_send_frame (codec, NULL);
      if (code >= 0)
        code = avcodec_receive_packet (codec, packet);
    }
  av_frame_free (&picture);
  avcodec_free_context (&codec);
  if (code < 0)
    {
      av_packet_free (&packet);
      sq_averror_set (error, code == AVERROR (ENOMEM) ? code : AVERROR_EXTERNAL, frame->path);
      return NULL;
    }
  return g_bytes_new_with_free_func (packet->data, packet->size, free_packet, packet);
}

GBytes *
sq_frame_encode_jpeg (const SqFrame *frame, int quality, GError **error)
{
  // FFmpeg's scale runs from 2 (best) to 31.
  int qscale = 2 + (100 - CLAMP (quality, 1, 100)) * 29 / 99;

  return encode (frame, AV_CODEC_ID_MJPEG, AV_PIX_FMT_YUV444P, qscale, error);
}

GBytes *
sq_frame_encode_png (const SqFrame *frame, GError **error)
{
  return encode (frame, AV_CODEC_ID_PNG, AV_PIX_FMT_RGB24, 0, error);
}

gboolean
sq_frame_save (const SqFrame *frame, const char *path, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  gboolean png = g_str_has_suffix (path, ".png") || g_str_has_suffix (path, ".PNG");

  bytes = png ? sq_frame_encode_png (frame, error) : sq_frame_encode_jpeg (frame, 92, error);
  if (bytes == NULL)
    return FALSE;
  if (!g_file_set_contents (path, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &local_error))
    {
      sq_media_error (error, SQ_ERROR_IO, path, "cannot be written (%s); choose another folder.", local_error->message);
      return FALSE;
    }
  return TRUE;
}
