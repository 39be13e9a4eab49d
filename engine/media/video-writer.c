// SPDX-License-Identifier: GPL-3.0-or-later
// Colours are marked as they are coded, and coded as unmarked video of that size would be read (see convert.c): BT.709 from 720 rows on,
// BT.601 below; Motion JPEG is always BT.601 in full range.
#include "video-writer.h"

#include "averror.h"
#include "engine/error.h"
#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
#include <string.h>

#define NS G_GINT64_CONSTANT (1000000000)
#define LARGE (4096 * 2304) // px; of larger frames the encoder holds none back
#define MAX_THREADS 8       // each holds a frame

static const char *const encoders[] = { "libx264", "libopenh264", "mpeg4", "mjpeg", NULL };

struct _SqVideoWriter
{
  char *name;
  int width, height; // px, as given
  AVFormatContext *format;
  AVStream *stream; // borrowed
  AVCodecContext *codec;
  AVPacket *packet;
  AVFrame *picture, *fitted; // `fitted`: a frame of another size before it is put into `picture`
  struct SwsContext *sws;
  guint8 *even;    // RGB24, of a frame with odd sides
  gint64 last;     // ticks, -1 none
  gint64 duration; // of the last frame, ticks
};

const char *const *
sq_video_writer_encoders (void)
{
  return encoders;
}

static gboolean
fail (SqVideoWriter *self, int code, GError **error)
{
  char text[AV_ERROR_MAX_STRING_SIZE];

  if (code == AVERROR (ENOMEM))
    sq_media_error (error, SQ_ERROR_OUT_OF_MEMORY, self->name, "needs more memory than is free; close other programs and try again.");
  else if (code == AVERROR (ENOSPC) || code == AVERROR (EDQUOT))
    sq_media_error (error, SQ_ERROR_IO, self->name, "cannot be written because the disk is full; free some space and try again.");
  else if (code == AVERROR (EFBIG))
    sq_media_error (error, SQ_ERROR_IO, self->name, "has become larger than a file may be there; choose another folder.");
  else
    {
      av_strerror (code, text, sizeof text);
      sq_media_error (error, SQ_ERROR_IO, self->name, "cannot be written (%s); choose another folder.", text);
    }
  return FALSE;
}

static gboolean
is_jpeg (const SqVideoWriter *self)
{
  return self->codec->codec_id == AV_CODEC_ID_MJPEG;
}

static void
set_colours (AVCodecContext *codec)
{
  gboolean jpeg = codec->codec_id == AV_CODEC_ID_MJPEG, hd = codec->height >= 720 && !jpeg;

  codec->colorspace = hd ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
  codec->color_primaries = hd ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M;
  codec->color_trc = hd ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M;
  codec->color_range = jpeg ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  codec->chroma_sample_location = jpeg ? AVCHROMA_LOC_CENTER : AVCHROMA_LOC_LEFT;
}

// Each encoder's way to "hardly to be told from the original".
static void
set_quality (AVCodecContext *codec, const char *encoder, double fps)
{
  gboolean large = (gint64) codec->width * codec->height > LARGE;

  if (strcmp (encoder, "libx264") == 0)
    {
      av_opt_set (codec->priv_data, "preset", "veryfast", 0);
      av_opt_set (codec->priv_data, "crf", "18", 0);
      if (large)
        av_opt_set (codec->priv_data, "tune", "zerolatency", 0);
    }
  else if (strcmp (encoder, "libopenh264") == 0)
    codec->bit_rate = (gint64) (.2 * codec->width * codec->height * fps); // knows bit rates only
  else
    {
      codec->flags |= AV_CODEC_FLAG_QSCALE;
      codec->global_quality = 3 * FF_QP2LAMBDA; // of 1 to 31
    }
}

static int
open_codec (SqVideoWriter *self, const char *encoder, double fps)
{
  const AVCodec *found = avcodec_find_encoder_by_name (encoder);
  AVCodecContext *codec;
  int code;

  if (found == NULL)
    return AVERROR_ENCODER_NOT_FOUND;
  codec = avcodec_alloc_context3 (found);
  codec->width = (self->width + 1) & ~1;
  codec->height = (self->height + 1) & ~1;
  codec->pix_fmt = AV_PIX_FMT_YUV420P;
  codec->time_base = (AVRational){ 1, SQ_VIDEO_WRITER_TICKS };
  codec->framerate = av_d2q (fps, 100000);
  codec->sample_aspect_ratio = (AVRational){ 1, 1 };
  codec->thread_count = (int) MIN (MAX_THREADS, g_get_num_processors ());
  if ((gint64) codec->width * codec->height > LARGE)
    codec->thread_type = FF_THREAD_SLICE;
  if (self->format->oformat->flags & AVFMT_GLOBALHEADER)
    codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  set_colours (codec);
  set_quality (codec, encoder, fps);
  code = avcodec_open2 (codec, found, NULL);
  if (code < 0)
    avcodec_free_context (&codec);
  else
    self->codec = codec;
  return code;
}

static gboolean
choose_codec (SqVideoWriter *self, const char *encoder, double fps, GError **error)
{
  for (guint i = 0; encoders[i] != NULL && self->codec == NULL; i++)
    if (encoder == NULL || strcmp (encoder, encoders[i]) == 0)
      if (open_codec (self, encoders[i], fps) == AVERROR (ENOMEM))
        return fail (self, AVERROR (ENOMEM), error);
  if (self->codec == NULL)
    sq_media_error (error, SQ_ERROR_IO, self->name,
                    "cannot be written: the installed FFmpeg cannot encode a video of %d × %d pixels; export pictures instead.",
                    self->width, self->height);
  return self->codec != NULL;
}

static AVFrame *
new_picture (const SqVideoWriter *self, int width, int height)
{
  AVFrame *picture = av_frame_alloc ();

  picture->width = width;
  picture->height = height;
  picture->format = AV_PIX_FMT_YUV420P;
  picture->colorspace = self->codec->colorspace;
  picture->color_range = self->codec->color_range;
  picture->color_primaries = self->codec->color_primaries;
  picture->color_trc = self->codec->color_trc;
  picture->chroma_location = self->codec->chroma_sample_location;
  if (av_frame_get_buffer (picture, 0) < 0)
    av_frame_free (&picture);
  return picture;
}

static int
open_file (SqVideoWriter *self, const char *url)
{
  AVDictionary *options = NULL;
  int code;

  self->stream = avformat_new_stream (self->format, NULL);
  self->packet = av_packet_alloc ();
  if (self->stream == NULL || self->packet == NULL)
    return AVERROR (ENOMEM);
  avcodec_parameters_from_context (self->stream->codecpar, self->codec);
  self->stream->time_base = self->codec->time_base;
  self->stream->avg_frame_rate = self->codec->framerate;
  code = avio_open (&self->format->pb, url, AVIO_FLAG_WRITE);
  if (code < 0)
    return code;
  av_dict_set (&options, "movflags", "+faststart", 0);
  code = avformat_write_header (self->format, &options);
  av_dict_free (&options);
  return code;
}

SqVideoWriter *
sq_video_writer_new (const char *path, const char *name, int width, int height, double fps, const char *encoder, GError **error)
{
  g_autoptr (SqVideoWriter) self = g_new0 (SqVideoWriter, 1);
  g_autofree char *url = g_strconcat ("file:", path, NULL); // a name may look like an address
  int code;

  g_return_val_if_fail (width > 0 && height > 0, NULL);

  sq_averror_init ();
  self->name = g_strdup (name != NULL ? name : path);
  self->width = width;
  self->height = height;
  self->last = -1;
  code = avformat_alloc_output_context2 (&self->format, NULL, "mp4", url);
  if (code >= 0)
    {
      if (!choose_codec (self, encoder, fps > 0 ? fps : 25, error))
        return NULL;
      code = open_file (self, url);
    }
  if (code >= 0 && (self->picture = new_picture (self, self->codec->width, self->codec->height)) == NULL)
    code = AVERROR (ENOMEM);
  if (code >= 0)
    return g_steal_pointer (&self);
  fail (self, code, error);
  return NULL;
}

void
sq_video_writer_free (SqVideoWriter *self)
{
  avcodec_free_context (&self->codec);
  av_packet_free (&self->packet);
  av_frame_free (&self->picture);
  av_frame_free (&self->fitted);
  sws_freeContext (self->sws);
  if (self->format != NULL && self->format->pb != NULL)
    avio_closep (&self->format->pb);
  avformat_free_context (self->format);
  av_free (self->even);
  g_free (self->name);
  g_free (self);
}

// RGB24 of `width` x `height` into a picture of its own size.
static int
convert (SqVideoWriter *self, const guint8 *pixels, int stride, int width, int height, AVFrame *to)
{
  const int *coefficients = sws_getCoefficients (self->codec->colorspace == AVCOL_SPC_BT709 ? SWS_CS_ITU709 : SWS_CS_ITU601);

  self->sws = sws_getCachedContext (self->sws, width, height, AV_PIX_FMT_RGB24, to->width, to->height, to->format,
                                    SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP, NULL, NULL, NULL);
  if (self->sws == NULL)
    return AVERROR (ENOMEM);
  sws_setColorspaceDetails (self->sws, coefficients, TRUE, coefficients, is_jpeg (self), 0, 1 << 16, 1 << 16);
  return sws_scale (self->sws, &pixels, &stride, 0, height, to->data, to->linesize);
}

// With the last column and row once more where a side is odd.
static int
convert_odd (SqVideoWriter *self, const guint8 *pixels, int stride)
{
  gsize width = self->width, row = 3 * (gsize) self->codec->width;

  if (self->even == NULL && (self->even = av_malloc (row * self->codec->height + 64)) == NULL)
    return AVERROR (ENOMEM);
  for (int y = 0; y < self->codec->height; y++)
    {
      const guint8 *from = pixels + (gsize) MIN (y, self->height - 1) * stride;

      memcpy (self->even + y * row, from, 3 * width);
      memcpy (self->even + (y + 1) * row - 3, from + 3 * (width - 1), 3);
    }
  return convert (self, self->even, (int) row, self->codec->width, self->codec->height, self->picture);
}

// Rounds to an even number in [2, most].
static int
even_side (double side, int most)
{
  return CLAMP ((int) (side / 2 + .5) * 2, 2, most);
}

static int
convert_fitted (SqVideoWriter *self, const SqFrame *frame, const guint8 *pixels)
{
  AVFrame *to = self->picture;
  double scale = MIN ((double) to->width / frame->width, (double) to->height / frame->height);
  int width = even_side (frame->width * scale, to->width), height = even_side (frame->height * scale, to->height), code;
  int x = (to->width - width) / 4 * 2, y = (to->height - height) / 4 * 2;
  guint8 *planes[4] = { to->data[0] + (gsize) y * to->linesize[0] + x, to->data[1] + (gsize) (y / 2) * to->linesize[1] + x / 2,
                        to->data[2] + (gsize) (y / 2) * to->linesize[2] + x / 2 };
  ptrdiff_t strides[4] = { to->linesize[0], to->linesize[1], to->linesize[2] };

  if (self->fitted == NULL || self->fitted->width != width || self->fitted->height != height)
    {
      av_frame_free (&self->fitted);
      if ((self->fitted = new_picture (self, width, height)) == NULL)
        return AVERROR (ENOMEM);
    }
  // Not straight into its place: the scaler writes beyond the ends of rows.
  code = convert (self, pixels, frame->stride, frame->width, frame->height, self->fitted);
  if (code < 0)
    return code;
  av_image_fill_black (to->data, strides, to->format, to->color_range, to->width, to->height);
  av_image_copy (planes, to->linesize, (const guint8 **) self->fitted->data, self->fitted->linesize, to->format, width, height);
  return 0;
}

// What the encoder has ready goes into the file.
static int
drain (SqVideoWriter *self)
{
  int code;

  while ((code = avcodec_receive_packet (self->codec, self->packet)) >= 0)
    {
      if (self->packet->duration == 0) // the last one's counts: without it players cut that frame off
        self->packet->duration = self->duration;
      av_packet_rescale_ts (self->packet, self->codec->time_base, self->stream->time_base);
      self->packet->stream_index = self->stream->index;
      code = av_interleaved_write_frame (self->format, self->packet);
      if (code >= 0)
        code = self->format->pb->error; // a full disk is noticed late
      if (code < 0)
        return code;
    }
  return code == AVERROR (EAGAIN) || code == AVERROR_EOF ? 0 : code;
}

static gint64
to_ticks (gint64 ns)
{
  return av_rescale (ns, SQ_VIDEO_WRITER_TICKS, NS);
}

gboolean
sq_video_writer_add (SqVideoWriter *self, const SqFrame *frame, gint64 pts_ns, gint64 duration_ns, GError **error)
{
  const guint8 *pixels = sq_frame_load (frame);
  int code = pixels != NULL ? av_frame_make_writable (self->picture) : AVERROR (ENOMEM);

  if (code >= 0)
    {
      if (frame->width != self->width || frame->height != self->height)
        code = convert_fitted (self, frame, pixels);
      else if (((frame->width | frame->height) & 1) != 0)
        code = convert_odd (self, pixels, frame->stride);
      else
        code = convert (self, pixels, frame->stride, frame->width, frame->height, self->picture);
    }
  if (code >= 0)
    {
      self->last = MAX (to_ticks (pts_ns), self->last + 1);
      self->duration = MAX (to_ticks (duration_ns), 1);
      self->picture->pts = self->last;
      self->picture->quality = self->codec->global_quality;
      code = avcodec_send_frame (self->codec, self->picture);
    }
  if (code >= 0)
    code = drain (self);
  return code >= 0 || fail (self, code, error);
}

gboolean
sq_video_writer_finish (SqVideoWriter *self, GError **error)
{
  int code = avcodec_send_frame (self->codec, NULL);

  if (code >= 0)
    code = drain (self);
  if (code >= 0)
    code = av_write_trailer (self->format);
  if (code >= 0)
    code = self->format->pb->error;
  if (code >= 0)
    code = avio_closep (&self->format->pb);
  return code >= 0 || fail (self, code, error);
}
