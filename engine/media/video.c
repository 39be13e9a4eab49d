// SPDX-License-Identifier: GPL-3.0-or-later
// Seeking: jump to the key frame at or before the time, decode forward, keep the last frame that is not after it. Containers whose index
// lies (the first frame after the jump is already too late) get further jumps back.
//
// Indices: counted from the start; `seen` remembers the times of the frames counted so far, so that a seek into them is exact. Beyond, the
// mean rate tells.
#include "video.h"

#include "averror.h"
#include <errno.h>
#include <libavutil/display.h>
#include <string.h>

#define NS G_GINT64_CONSTANT (1000000000)
#define MAX_SEEN (4 << 20)    // frames
#define MAX_BAD_PACKETS 1000  // in a row
#define MAX_JUMP_NS (10 * NS) // forward; more is a broken clock

static const AVRational ns_base = { 1, 1000000000 };

typedef struct
{
  AVFrame *frame;
  SqVideoTime time;
} Ready;

struct _SqVideo
{
  AVFormatContext *format;
  AVStream *stream; // borrowed
  AVCodecContext *codec;
  AVPacket *packet;
  SqInterrupt *interrupt; // borrowed
  SqOrient orient;
  gboolean live;
  gboolean draining;
  gboolean ended;
  guint64 n_decoded;
  double fps;
  gint64 frame_ns;   // nominal
  gint64 start;      // stream time base; AV_NOPTS_VALUE until known
  gint64 offset_ns;  // corrects broken clocks
  gint64 last_ns;    // of the last frame, -1 none
  gint64 next_index; // -1: ask `seen`
  GArray *seen;      // gint64 ns
  Ready ready[2];    // decoded, not yet given
  guint n_ready;
};

static double
stream_fps (AVFormatContext *format, AVStream *stream)
{
  double fps = av_q2d (stream->avg_frame_rate);

  if (!(fps > 0 && fps <= 1000))
    fps = av_q2d (av_guess_frame_rate (format, stream, NULL));
  return fps > 0 && fps <= 1000 ? fps : 0;
}

static SqOrient
stream_orient (AVStream *stream)
{
  const guint8 *data = NULL;
  gint32 matrix[9];

#if LIBAVFORMAT_VERSION_MAJOR >= 61
  const AVPacketSideData *side =
      av_packet_side_data_get (stream->codecpar->coded_side_data, stream->codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);

  if (side != NULL && side->size >= sizeof matrix)
    data = side->data;
#else
  size_t size = 0;

  data = av_stream_get_side_data (stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
  if (size < sizeof matrix)
    data = NULL;
#endif
  if (data == NULL)
    return SQ_ORIENT_NONE;
  memcpy (matrix, data, sizeof matrix);
  return sq_orient_from_matrix (matrix);
}

SqVideo *
sq_video_new (AVFormatContext *format, const char *path, SqInterrupt *interrupt, gboolean live, int gpu, GError **error)
{
  SqVideo *self = g_new0 (SqVideo, 1);
  int code;

  self->format = format;
  self->interrupt = interrupt;
  self->live = live;
  self->packet = av_packet_alloc ();
  self->seen = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->last_ns = -1;
  sq_averror_clear ();
  code = avformat_find_stream_info (format, NULL);
  if (sq_interrupt_asked (interrupt))
    code = AVERROR_EXIT;
  if (code < 0)
    {
      sq_averror_set (error, code, path);
      sq_video_free (self);
      return NULL;
    }
  self->stream = sq_demux_video_stream (format, path, error);
  if (self->stream != NULL)
    self->codec = sq_demux_open_codec (self->stream->codecpar, live ? 1 : (int) MIN (2, g_get_num_processors ()), live, gpu, path, error);
  if (self->codec == NULL)
    {
      sq_video_free (self);
      return NULL;
    }
  for (guint i = 0; i < format->nb_streams; i++)
    if (format->streams[i] != self->stream)
      format->streams[i]->discard = AVDISCARD_ALL;
  self->codec->pkt_timebase = self->stream->time_base;
  self->orient = stream_orient (self->stream);
  self->start = self->stream->start_time;
  self->fps = stream_fps (format, self->stream);
  self->frame_ns = self->fps > 0 ? (gint64) (NS / self->fps) : NS / 25;
  return self;
}

void
sq_video_free (SqVideo *self)
{
  for (guint i = 0; i < self->n_ready; i++)
    av_frame_free (&self->ready[i].frame);
  avcodec_free_context (&self->codec);
  av_packet_free (&self->packet);
  avformat_close_input (&self->format);
  g_array_unref (self->seen);
  g_free (self);
}

int
sq_video_get_width (SqVideo *self)
{
  return sq_orient_swaps (self->orient) ? self->stream->codecpar->height : self->stream->codecpar->width;
}

int
sq_video_get_height (SqVideo *self)
{
  return sq_orient_swaps (self->orient) ? self->stream->codecpar->width : self->stream->codecpar->height;
}

double
sq_video_get_fps (SqVideo *self)
{
  return self->fps;
}

gint64
sq_video_get_duration_ns (SqVideo *self)
{
  if (self->live)
    return -1;
  if (self->stream->duration > 0)
    return av_rescale_q (self->stream->duration, self->stream->time_base, ns_base);
  if (self->format->duration > 0)
    return self->format->duration * (NS / AV_TIME_BASE);
  return -1;
}

gint64
sq_video_get_n_frames (SqVideo *self)
{
  gint64 duration = sq_video_get_duration_ns (self);

  if (self->live)
    return -1;
  if (self->stream->nb_frames > 0)
    return self->stream->nb_frames;
  return duration > 0 && self->fps > 0 ? (gint64) (duration / 1e9 * self->fps + .5) : -1;
}

gboolean
sq_video_get_seekable (SqVideo *self)
{
  return !self->live && self->format->pb != NULL && (self->format->pb->seekable & AVIO_SEEKABLE_NORMAL) != 0;
}

SqOrient
sq_video_get_orient (SqVideo *self)
{
  return self->orient;
}

// One packet of our stream into the decoder, or the end of the file.
static int
feed (SqVideo *self)
{
  int bad = 0;

  for (;;)
    {
      int code = av_read_frame (self->format, self->packet);

      if (sq_interrupt_asked (self->interrupt))
        {
          av_packet_unref (self->packet);
          return AVERROR_EXIT;
        }
      if (code == AVERROR (EAGAIN)) // cameras
        {
          g_usleep (2000);
          continue;
        }
      if (code == AVERROR_INVALIDDATA && ++bad < MAX_BAD_PACKETS)
        continue;
      if (code < 0)
        {
          if (self->live && code != AVERROR_EOF)
            return code;
          self->draining = TRUE;
          return avcodec_send_packet (self->codec, NULL);
        }
      if (self->packet->stream_index == self->stream->index)
        {
          code = avcodec_send_packet (self->codec, self->packet);
          av_packet_unref (self->packet);
          // A damaged packet costs its frames, not the video.
          if (code >= 0 || code == AVERROR (ENOMEM) || ++bad >= MAX_BAD_PACKETS)
            return code;
        }
      else
        av_packet_unref (self->packet);
    }
}

static void
set_time (SqVideo *self, const AVFrame *frame, SqVideoTime *time)
{
  gint64 ts = frame->best_effort_timestamp;
  gint64 duration = self->frame_ns, total = sq_video_get_duration_ns (self);
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
  gint64 stated = frame->duration;
#else
  gint64 stated = frame->pkt_duration;
#endif

  if (stated > 0)
    duration = av_rescale_q (stated, self->stream->time_base, ns_base);
  if (duration <= 0 || duration > MAX_JUMP_NS)
    duration = self->frame_ns;
  if (ts != AV_NOPTS_VALUE && self->start == AV_NOPTS_VALUE)
    self->start = ts;

  time->pts_ns = ts == AV_NOPTS_VALUE ? -1 : av_rescale_q (ts - self->start, self->stream->time_base, ns_base) + self->offset_ns;
  if (self->last_ns >= 0)
    {
      gint64 next = self->last_ns + self->frame_ns;

      if (ts != AV_NOPTS_VALUE && time->pts_ns > self->last_ns + MAX_JUMP_NS && (total < 0 || time->pts_ns > total + NS))
        {
          self->offset_ns += next - time->pts_ns;
          time->pts_ns = next;
        }
      else if (ts != AV_NOPTS_VALUE && time->pts_ns < self->last_ns - NS)
        {
          self->offset_ns += next - time->pts_ns;
          time->pts_ns = next;
        }
      else if (time->pts_ns <= self->last_ns)
        time->pts_ns = next;
    }
  time->pts_ns = MAX (time->pts_ns, 0);
  time->duration_ns = duration;
  self->last_ns = time->pts_ns;
}

static void
set_index (SqVideo *self, SqVideoTime *time)
{
  if (self->next_index < 0)
    {
      guint low = 0, high = self->seen->len;

      while (low < high)
        {
          guint middle = low + (high - low) / 2;

          if (g_array_index (self->seen, gint64, middle) < time->pts_ns)
            low = middle + 1;
          else
            high = middle;
        }
      if (low < self->seen->len)
        self->next_index = low;
      else
        self->next_index = MAX ((gint64) (time->pts_ns / 1e9 * self->fps + .5), self->seen->len);
    }
  time->index = self->next_index++;
  if (time->index == self->seen->len && self->seen->len < MAX_SEEN)
    g_array_append_val (self->seen, time->pts_ns);
}

static int
decode (SqVideo *self, AVFrame *frame, SqVideoTime *time)
{
  int code;

  if (self->ended)
    return AVERROR_EOF;
  while ((code = avcodec_receive_frame (self->codec, frame)) < 0)
    {
      if (sq_interrupt_asked (self->interrupt))
        return AVERROR_EXIT;
      if (code == AVERROR_EOF)
        {
          self->ended = TRUE;
          return self->n_decoded > 0 ? AVERROR_EOF : AVERROR_INVALIDDATA;
        }
      if (code == AVERROR (ENOMEM))
        return code;
      if (self->draining && code != AVERROR (EAGAIN))
        continue; // a damaged frame while emptying the decoder
      code = feed (self);
      if (code < 0 && code != AVERROR_EOF)
        {
          self->ended = code != AVERROR_EXIT;
          return code;
        }
    }
  self->n_decoded++;
  set_time (self, frame, time);
  return 0;
}

int
sq_video_next (SqVideo *self, AVFrame *frame, SqVideoTime *time)
{
  if (self->n_ready > 0)
    {
      av_frame_move_ref (frame, self->ready[0].frame);
      *time = self->ready[0].time;
      av_frame_free (&self->ready[0].frame);
      self->ready[0] = self->ready[1];
      self->n_ready--;
    }
  else
    {
      int code = decode (self, frame, time);

      if (code < 0)
        return code;
    }
  set_index (self, time);
  return 0;
}

static void
push_ready (SqVideo *self, AVFrame **frame, const SqVideoTime *time)
{
  self->ready[self->n_ready++] = (Ready){ *frame, *time };
  *frame = NULL;
}

// Decodes from `from_ns` up to the frame shown at `target_ns`. 1 when the container put us too late.
static int
seek_from (SqVideo *self, gint64 from_ns, gint64 target_ns)
{
  gint64 start = self->start != AV_NOPTS_VALUE ? self->start : 0;
  gint64 ts = start + av_rescale_q (from_ns, ns_base, self->stream->time_base);
  AVFrame *frame, *previous = NULL;
  SqVideoTime time, previous_time = { 0 };
  int code = avformat_seek_file (self->format, self->stream->index, G_MININT64, ts, ts, 0);

  if (code < 0)
    code = av_seek_frame (self->format, self->stream->index, ts, AVSEEK_FLAG_BACKWARD);
  if (code < 0 && from_ns == 0)
    code = av_seek_frame (self->format, -1, 0, AVSEEK_FLAG_BYTE);
  if (code < 0)
    return from_ns == 0 ? code : 1;
  avcodec_flush_buffers (self->codec);
  self->draining = self->ended = FALSE;
  self->last_ns = -1;
  self->offset_ns = 0;

  frame = av_frame_alloc ();
  while ((code = decode (self, frame, &time)) == 0 && time.pts_ns <= target_ns)
    {
      if (previous == NULL)
        previous = av_frame_alloc ();
      av_frame_unref (previous);
      av_frame_move_ref (previous, frame);
      previous_time = time;
    }
  if (code == 0 && previous == NULL && from_ns > 0)
    code = 1;
  if (code >= 0 || code == AVERROR_EOF)
    {
      gboolean at_end = code == AVERROR_EOF;

      if (previous != NULL)
        push_ready (self, &previous, &previous_time);
      if (code == 0)
        push_ready (self, &frame, &time);
      if (at_end)
        code = self->n_ready == 0 && from_ns > 0 ? 1 : 0;
    }
  av_frame_free (&previous);
  av_frame_free (&frame);
  return code;
}

int
sq_video_seek (SqVideo *self, gint64 target_ns)
{
  static const gint64 back_ns[] = { 0, NS, 5 * NS, 30 * NS };
  int code = 1;

  target_ns = MAX (target_ns, 0);
  for (guint i = 0; i < self->n_ready; i++)
    av_frame_free (&self->ready[i].frame);
  self->n_ready = 0;
  self->next_index = -1;
  for (guint i = 0; i < G_N_ELEMENTS (back_ns) && code == 1; i++)
    code = seek_from (self, MAX (target_ns - back_ns[i], 0), target_ns);
  if (code == 1)
    code = seek_from (self, 0, target_ns);
  return code == 1 ? 0 : code;
}
