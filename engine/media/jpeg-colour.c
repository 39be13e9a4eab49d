// SPDX-License-Identifier: GPL-3.0-or-later
// JPEG's YCbCr to RGB as libjpeg (and so every reference pipeline) does it: chroma is enlarged with the triangle filter 3/4, 1/4 around centred
// samples, roundings alternate to avoid a bias, then ITU-R BT.601 full range in 16-bit fixed point. swscale differs by up to 36 levels on
// coloured edges, enough to move detections.
#include "convert.h"

#include <libavutil/pixfmt.h>

#define FIX(x) ((int) ((x) * 65536 + .5))

// One output row of chroma from its nearest and second nearest stored row.
static void
upsample_row (const guint8 *near, const guint8 *far, gboolean vertical, int bias, gboolean horizontal, int stored, int width, guint8 *out)
{
  if (!horizontal)
    {
      for (int x = 0; x < width; x++)
        out[x] = vertical ? (3 * near[x] + far[x] + bias) >> 2 : near[x];
      return;
    }
  for (int i = 0; i < stored; i++)
    {
      int before = MAX (i - 1, 0), after = MIN (i + 1, stored - 1);
      int left, right;

      if (vertical)
        {
          int here = 3 * near[i] + far[i];

          left = (3 * here + 3 * near[before] + far[before] + 8) >> 4;
          right = (3 * here + 3 * near[after] + far[after] + 7) >> 4;
        }
      else
        {
          left = i == 0 ? near[0] : (3 * near[i] + near[before] + 1) >> 2;
          right = i == stored - 1 ? near[i] : (3 * near[i] + near[after] + 2) >> 2;
        }
      out[2 * i] = left;
      if (2 * i + 1 < width)
        out[2 * i + 1] = right;
    }
}

static inline guint8
clamp (int value)
{
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

gboolean
sq_jpeg_to_rgb (const AVFrame *frame, guint8 *rgb, int stride)
{
  gboolean horizontal, vertical;
  g_autofree guint8 *rows = NULL;
  int width = frame->width, height = frame->height, stored_width, stored_height;

  switch (frame->format)
    {
    case AV_PIX_FMT_YUVJ444P:
      horizontal = vertical = FALSE;
      break;
    case AV_PIX_FMT_YUVJ422P:
      horizontal = TRUE, vertical = FALSE;
      break;
    case AV_PIX_FMT_YUVJ440P:
      horizontal = FALSE, vertical = TRUE;
      break;
    case AV_PIX_FMT_YUVJ420P:
      horizontal = vertical = TRUE;
      break;
    default:
      return FALSE;
    }
  stored_width = horizontal ? (width + 1) / 2 : width;
  stored_height = vertical ? (height + 1) / 2 : height;
  rows = g_malloc (2 * (gsize) (width + 1));

  for (int y = 0; y < height; y++)
    {
      const guint8 *luma = frame->data[0] + (gssize) y * frame->linesize[0];
      int near = vertical ? y / 2 : y;
      int far = vertical ? CLAMP (y % 2 == 0 ? near - 1 : near + 1, 0, stored_height - 1) : near;
      guint8 *out = rgb + (gsize) y * stride;
      const guint8 *cb = rows, *cr = rows + width + 1;

      for (int c = 0; c < 2; c++)
        upsample_row (frame->data[1 + c] + (gssize) near * frame->linesize[1 + c], frame->data[1 + c] + (gssize) far * frame->linesize[1 + c],
                      vertical, y % 2 == 0 ? 1 : 2, horizontal, stored_width, width, rows + c * (width + 1));
      for (int x = 0; x < width; x++, out += 3)
        {
          int b = cb[x] - 128, r = cr[x] - 128, base = luma[x];

          out[0] = clamp (base + ((FIX (1.402) * r + 32768) >> 16));
          out[1] = clamp (base + ((-FIX (.344136286) * b - FIX (.714136286) * r + 32768) >> 16));
          out[2] = clamp (base + ((FIX (1.772) * b + 32768) >> 16));
        }
    }
  return TRUE;
}
