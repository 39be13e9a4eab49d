// SPDX-License-Identifier: GPL-3.0-or-later
#include "convert.h"

#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

struct _SqConverter
{
  struct SwsContext *sws;
  gboolean accurate;
};

SqConverter *
sq_converter_new (gboolean accurate)
{
  SqConverter *self = g_new0 (SqConverter, 1);

  self->accurate = accurate;
  return self;
}

void
sq_converter_free (SqConverter *self)
{
  sws_freeContext (self->sws);
  g_free (self);
}

// The "J" formats are deprecated spellings of full range.
static enum AVPixelFormat
plain_format (enum AVPixelFormat format, gboolean *full_range)
{
  switch (format)
    {
    case AV_PIX_FMT_YUVJ420P:
      *full_range = TRUE;
      return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
      *full_range = TRUE;
      return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P:
      *full_range = TRUE;
      return AV_PIX_FMT_YUV444P;
    case AV_PIX_FMT_YUVJ440P:
      *full_range = TRUE;
      return AV_PIX_FMT_YUV440P;
    case AV_PIX_FMT_YUVJ411P:
      *full_range = TRUE;
      return AV_PIX_FMT_YUV411P;
    default:
      return format;
    }
}

static int
colour_space (const AVFrame *frame, gboolean still)
{
  switch (frame->colorspace)
    {
    case AVCOL_SPC_BT709:
      return SWS_CS_ITU709;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return SWS_CS_BT2020;
    case AVCOL_SPC_FCC:
      return SWS_CS_FCC;
    case AVCOL_SPC_SMPTE240M:
      return SWS_CS_SMPTE240M;
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
      return SWS_CS_ITU601;
    default: // JPEG is BT.601; unmarked HD video is BT.709 by custom
      return !still && frame->height >= 720 ? SWS_CS_ITU709 : SWS_CS_ITU601;
    }
}

int
sq_colour_matrix (const AVFrame *frame)
{
  switch (colour_space (frame, FALSE))
    {
    case SWS_CS_ITU709:
      return 709;
    case SWS_CS_BT2020:
      return 2020;
    case SWS_CS_ITU601:
      return 601;
    default:
      return 0;
    }
}

static gboolean
prepare (SqConverter *self, const AVFrame *frame)
{
  gboolean full_range = frame->color_range == AVCOL_RANGE_JPEG;
  enum AVPixelFormat format = plain_format (frame->format, &full_range);
  const AVPixFmtDescriptor *descriptor = av_pix_fmt_desc_get (format);
  int flags = self->accurate ? SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP : SWS_FAST_BILINEAR;
  const int *coefficients;

  if (descriptor == NULL || !sws_isSupportedInput (format))
    return FALSE;
  self->sws = sws_getCachedContext (self->sws, frame->width, frame->height, format, frame->width, frame->height, AV_PIX_FMT_RGB24, flags,
                                    NULL, NULL, NULL);
  if (self->sws == NULL)
    return FALSE;
  if ((descriptor->flags & AV_PIX_FMT_FLAG_RGB) == 0)
    {
      gboolean grey = descriptor->nb_components <= 2;

      // Grey pictures are full range; grey in a video follows the video.
      if (grey && self->accurate)
        full_range = TRUE;
      coefficients = sws_getCoefficients (colour_space (frame, self->accurate));
      sws_setColorspaceDetails (self->sws, coefficients, full_range, coefficients, TRUE, 0, 1 << 16, 1 << 16);
    }
  return TRUE;
}

int
sq_converter_run (SqConverter *self, SqPool *pool, const AVFrame *frame, SqOrient orient, int *width, int *height, int *stride,
                  guint8 **pixels, gpointer *loan)
{
  gboolean swaps = sq_orient_swaps (orient);
  int row = (3 * frame->width + 63) & ~63, turned_row = (3 * (swaps ? frame->height : frame->width) + 63) & ~63;
  // One size for both pictures of a turned frame: the pool keeps buffers of one size.
  gsize size = 64 + MAX ((gsize) row * frame->height, (gsize) turned_row * (swaps ? frame->width : frame->height));
  gpointer first_loan;
  guint8 *rgb = sq_pool_take (pool, size, &first_loan);
  guint8 *planes[4] = { rgb };
  int strides[4] = { row };

  if (rgb == NULL)
    return AVERROR (ENOMEM);
  if (frame->format == AV_PIX_FMT_RGB24)
    av_image_copy_plane (rgb, row, frame->data[0], frame->linesize[0], 3 * frame->width, frame->height);
  else if (prepare (self, frame))
    sws_scale (self->sws, (const guint8 *const *) frame->data, frame->linesize, 0, frame->height, planes, strides);
  else
    {
      sq_pool_return (first_loan);
      return AVERROR (ENOSYS);
    }
  *width = frame->width;
  *height = frame->height;
  *stride = row;
  *pixels = rgb;
  *loan = first_loan;

  if (orient != SQ_ORIENT_NONE)
    {
      guint8 *turned = sq_pool_take (pool, size, loan);

      if (turned == NULL)
        {
          sq_pool_return (first_loan);
          return AVERROR (ENOMEM);
        }
      sq_orient_rgb (orient, rgb, row, frame->width, frame->height, turned, turned_row);
      sq_pool_return (first_loan);
      *width = swaps ? frame->height : frame->width;
      *height = swaps ? frame->width : frame->height;
      *stride = turned_row;
      *pixels = turned;
    }
  return 0;
}
