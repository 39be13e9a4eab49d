// SPDX-License-Identifier: GPL-3.0-or-later
#include "hardware.h"
#include "demux.h"

#include "averror.h"
#include "engine/error.h"
#include "frame.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <libavdevice/avdevice.h>
#include <libavutil/mem.h>
#include <string.h>

#define MAX_STILL_BYTES (1u << 30)
#define MIN_PROBE_SCORE 20 // below, FFmpeg is guessing from noise

gboolean
sq_interrupt_asked (SqInterrupt *self)
{
  return g_atomic_int_get (&self->stop) || (self->cancellable != NULL && g_cancellable_is_cancelled (self->cancellable));
}

static int
on_interrupt (void *data)
{
  return sq_interrupt_asked (data);
}

gboolean
sq_demux_is_camera (const char *path)
{
  return g_str_has_prefix (path, "/dev/video");
}

static gboolean
check_file (const char *path, GError **error)
{
  GStatBuf info;

  if (g_stat (path, &info) != 0)
    {
      sq_averror_set (error, AVERROR (errno), path);
      return FALSE;
    }
  if (S_ISREG (info.st_mode) && info.st_size == 0)
    {
      sq_media_error (error, SQ_ERROR_FORMAT, path, "is empty (0 bytes); copy or download it again.");
      return FALSE;
    }
  if (S_ISREG (info.st_mode) && g_access (path, R_OK) != 0)
    {
      sq_averror_set (error, AVERROR (errno), path);
      return FALSE;
    }
  if (!S_ISREG (info.st_mode) && !(S_ISCHR (info.st_mode) && sq_demux_is_camera (path)))
    {
      sq_media_error (error, SQ_ERROR_FORMAT, path, "is not a file; choose a picture or a video.");
      return FALSE;
    }
  return TRUE;
}

static void
register_devices (void)
{
  static gsize once = 0;

  if (g_once_init_enter (&once))
    {
      avdevice_register_all ();
      avformat_network_init ();
      g_once_init_leave (&once, 1);
    }
}

static gboolean
is_unwanted_format (const char *name)
{
  // Text shown as ANSI art, and play lists of other files.
  static const char *const unwanted[] = { "tty", "bin", "xbin", "adf", "idf", "concat", "ffmetadata", "lrc" };

  for (guint i = 0; i < G_N_ELEMENTS (unwanted); i++)
    if (strcmp (name, unwanted[i]) == 0)
      return TRUE;
  return FALSE;
}

AVFormatContext *
sq_demux_open (const char *path, SqInterrupt *interrupt, GError **error)
{
  AVFormatContext *format;
  AVDictionary *options = NULL;
  const AVInputFormat *input = NULL;
  g_autofree char *url = NULL;
  gboolean address = sq_media_is_address (path);
  int code;

  sq_averror_init ();
  register_devices ();
  if (!address && !check_file (path, error))
    return NULL;

  format = avformat_alloc_context ();
  format->interrupt_callback.callback = on_interrupt;
  format->interrupt_callback.opaque = interrupt;
  if (sq_demux_is_camera (path))
    {
      input = av_find_input_format ("v4l2");
      url = g_strdup (path);
      av_dict_set (&options, "framerate", "30", 0);
    }
  else if (address)
    {
      url = g_strdup (path);
      av_dict_set (&options, "protocol_whitelist", "http,https,httpproxy,tcp,tls,udp,rtp,rtsp,srtp,rtmp,crypto,data", 0);
      av_dict_set (&options, "rtsp_transport", "tcp", 0);
      av_dict_set (&options, "timeout", "10000000", 0); // us
      av_dict_set (&options, "rw_timeout", "10000000", 0);
      format->max_analyze_duration = 2 * AV_TIME_BASE;
    }
  else
    {
      url = g_strconcat ("file:", path, NULL); // a colon in a name is no protocol
      av_dict_set (&options, "protocol_whitelist", "file,crypto,data", 0);
      av_dict_set (&options, "pattern_type", "none", 0); // neither is "%03d" a sequence
    }

  sq_averror_clear ();
  code = avformat_open_input (&format, url, (AVInputFormat *) input, &options);
  av_dict_free (&options);
  if (code < 0)
    {
      sq_averror_set (error, sq_interrupt_asked (interrupt) ? AVERROR_EXIT : code, path);
      return NULL;
    }
  if (!address && input == NULL && (is_unwanted_format (format->iformat->name) || format->probe_score < MIN_PROBE_SCORE))
    {
      avformat_close_input (&format);
      sq_averror_clear ();
      sq_averror_set (error, AVERROR_INVALIDDATA, path);
      return NULL;
    }
  return format;
}

gboolean
sq_demux_is_still (AVFormatContext *format)
{
  const char *name = format->iformat->name;

  return g_str_has_suffix (name, "_pipe") || strcmp (name, "image2") == 0;
}

AVStream *
sq_demux_video_stream (AVFormatContext *format, const char *path, GError **error)
{
  AVStream *best = NULL;
  gint64 best_pixels = -1;

  for (guint i = 0; i < format->nb_streams; i++)
    {
      AVStream *stream = format->streams[i];
      gint64 pixels = (gint64) stream->codecpar->width * stream->codecpar->height;

      if (stream->codecpar->codec_type != AVMEDIA_TYPE_VIDEO || (stream->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0)
        continue;
      if (stream->disposition & AV_DISPOSITION_DEFAULT)
        pixels += G_GINT64_CONSTANT (1) << 40;
      if (pixels > best_pixels)
        {
          best_pixels = pixels;
          best = stream;
        }
    }
  if (best == NULL)
    sq_averror_set (error, AVERROR_STREAM_NOT_FOUND, path);
  return best;
}

gboolean
sq_demux_check_size (int width, int height, const char *path, GError **error)
{
  if (width <= SQ_FRAME_MAX_SIDE && height <= SQ_FRAME_MAX_SIDE && (gint64) width * height <= SQ_FRAME_MAX_PIXELS)
    return TRUE;
  sq_media_error (error, SQ_ERROR_OUT_OF_MEMORY, path, "is too large (%d × %d pixels); the limit is %d pixels a side, shrink it first.",
                  width, height, SQ_FRAME_MAX_SIDE);
  return FALSE;
}

AVCodecContext *
sq_demux_open_codec (const AVCodecParameters *parameters, int threads, gboolean low_delay, int gpu, const char *path, GError **error)
{
  const AVCodec *decoder = avcodec_find_decoder (parameters->codec_id);
  AVCodecContext *codec;
  int code;

  if (!sq_demux_check_size (parameters->width, parameters->height, path, error))
    return NULL;
  if (decoder == NULL)
    {
      sq_averror_set (error, AVERROR_DECODER_NOT_FOUND, path);
      return NULL;
    }
  codec = avcodec_alloc_context3 (decoder);
  code = avcodec_parameters_to_context (codec, parameters);
  codec->max_pixels = SQ_FRAME_MAX_PIXELS;
  codec->thread_count = threads;
  codec->thread_type = low_delay ? FF_THREAD_SLICE : FF_THREAD_FRAME | FF_THREAD_SLICE;
  if (low_delay)
    codec->flags |= AV_CODEC_FLAG_LOW_DELAY;
  if (gpu >= 0)
    sq_hardware_attach (codec, decoder, gpu);
  if (code >= 0)
    code = avcodec_open2 (codec, decoder, NULL);
  if (code < 0)
    {
      avcodec_free_context (&codec);
      sq_averror_set (error, code, path);
      return NULL;
    }
  return codec;
}

guint8 *
sq_demux_read_all (const char *path, SqInterrupt *interrupt, gsize *size, GError **error)
{
  AVIOInterruptCB callback = { on_interrupt, interrupt };
  AVIOContext *io = NULL;
  AVDictionary *options = NULL;
  gboolean address = sq_media_is_address (path);
  g_autofree char *url = address ? g_strdup (path) : g_strconcat ("file:", path, NULL);
  gsize room = 1 << 20, used = 0;
  gint64 total;
  guint8 *data;
  int code;

  if (address)
    av_dict_set (&options, "protocol_whitelist", "http,https,httpproxy,tcp,tls", 0);
  code = avio_open2 (&io, url, AVIO_FLAG_READ, &callback, &options);
  av_dict_free (&options);
  if (code < 0)
    {
      sq_averror_set (error, code, path);
      return NULL;
    }
  total = avio_size (io);
  if (total > MAX_STILL_BYTES)
    {
      avio_closep (&io);
      sq_media_error (error, SQ_ERROR_OUT_OF_MEMORY, path,
                      "is too large (%" G_GINT64_FORMAT " MiB) for one picture; choose a smaller file.", total >> 20);
      return NULL;
    }
  if (total > 0)
    room = total + 1; // one more, to see the end
  data = av_malloc (room + AV_INPUT_BUFFER_PADDING_SIZE);
  while (data != NULL && (code = avio_read (io, data + used, room - used)) > 0)
    {
      used += code;
      if (used == room)
        {
          guint8 *grown = room < MAX_STILL_BYTES ? av_realloc (data, 2 * room + AV_INPUT_BUFFER_PADDING_SIZE) : NULL;

          if (grown == NULL)
            av_freep (&data);
          else
            data = grown;
          room *= 2;
        }
    }
  avio_closep (&io);
  if (data == NULL)
    code = AVERROR (ENOMEM);
  else if (code == AVERROR_EOF)
    code = 0;
  if (sq_interrupt_asked (interrupt))
    code = AVERROR_EXIT;
  if (code < 0)
    {
      av_free (data);
      sq_averror_set (error, code, path);
      return NULL;
    }
  memset (data + used, 0, AV_INPUT_BUFFER_PADDING_SIZE);
  *size = used;
  return data;
}
