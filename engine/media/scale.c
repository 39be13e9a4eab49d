// SPDX-License-Identifier: GPL-3.0-or-later
#include "averror.h"
#include "encode.h"
#include "engine/error.h"
#include <libavutil/mem.h>
#include <libswscale/swscale.h>
#include <string.h>

static void
free_aligned (gpointer data)
{
  av_free (data);
}

static SqFrame *
like (const SqFrame *frame, int width, int height, guint8 **pixels)
{
  int stride = (3 * width + 63) & ~63;
  SqFrame *made;

  *pixels = av_malloc ((gsize) stride * height + 64);
  if (*pixels == NULL)
    return NULL;
  made = sq_frame_new (width, height, stride, *pixels, frame->path, frame->index, frame->pts_ns, free_aligned, *pixels);
  made->duration_ns = frame->duration_ns;
  made->decode_ns = frame->decode_ns;
  return made;
}

SqFrame *
sq_frame_scale (const SqFrame *frame, int max_width, int max_height, GError **error)
{
  double ratio = MIN (1., MIN ((double) max_width / frame->width, (double) max_height / frame->height));
  int width = CLAMP ((int) (frame->width * ratio + .5), 1, max_width), height = CLAMP ((int) (frame->height * ratio + .5), 1, max_height);
  const guint8 *from[4] = { sq_frame_load (frame) };
  int from_stride[4] = { frame->stride }, to_stride[4] = { 0 };
  guint8 *to[4] = { NULL };
  struct SwsContext *sws;
  SqFrame *made;

  sq_averror_init ();
  // swscale's area filter stumbles over extreme ratios; go down in steps of at most 16.
  if (width * 16 < frame->width || height * 16 < frame->height)
    {
      g_autoptr (SqFrame) middle =
          sq_frame_scale (frame, MAX (width, (frame->width + 7) / 8), MAX (height, (frame->height + 7) / 8), error);

      if (middle == NULL)
        return NULL;
      if (middle->width < frame->width || middle->height < frame->height)
        return sq_frame_scale (middle, max_width, max_height, error);
    }
  made = like (frame, width, height, &to[0]);
  sws = sws_getContext (frame->width, frame->height, AV_PIX_FMT_RGB24, width, height, AV_PIX_FMT_RGB24, SWS_AREA, NULL, NULL, NULL);
  if (made == NULL || sws == NULL || from[0] == NULL)
    {
      g_clear_pointer (&made, sq_frame_unref);
      sws_freeContext (sws);
      sq_averror_set (error, AVERROR (ENOMEM), frame->path);
      return NULL;
    }
  to_stride[0] = made->stride;
  sws_scale (sws, from, from_stride, 0, frame->height, to, to_stride);
  sws_freeContext (sws);
  return made;
}

SqFrame *
sq_frame_copy (const SqFrame *frame, guint8 **pixels)
{
  SqFrame *made = like (frame, frame->width, frame->height, pixels);

  const guint8 *from = sq_frame_load (frame);

  if (from == NULL)
    g_clear_pointer (&made, sq_frame_unref);
  for (int y = 0; made != NULL && y < frame->height; y++)
    memcpy (*pixels + (gsize) y * made->stride, from + (gsize) y * frame->stride, 3 * (gsize) frame->width);
  return made;
}
