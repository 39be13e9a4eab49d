// SPDX-License-Identifier: GPL-3.0-or-later
// Rows are resampled sideways once, kept while needed, then blended in pairs. Weights have 11 fractional bits; a row keeps 7 of them (value
// << 7 fits 16 bits), and the blend truncates each product and rounds the sum to whole levels. That is the arithmetic of OpenCV's 8-bit
// bilinear resize, bit for bit, which the reference code of every family uses: quantised networks notice a difference of one level.
#include "resample.h"

#include "kernels.h"

#include <math.h>
#include <string.h>

typedef struct
{
  int32_t offset;      // bytes into the row: left pixel
  int16_t left, right; // weights, 2048 together
  int32_t next;        // bytes from left to right pixel (0 at the edge)
} Tap;

size_t
sq_k_resample_scratch (const SqResampleJob *job)
{
  // taps, two int16 rows (+ slack for vector loads), one float row for areas
  return (size_t) job->width * (sizeof (Tap) + 2 * 3 * sizeof (int16_t) + 3 * sizeof (float)) + 3 * 64;
}

static void
resample_row (int16_t *out, const uint8_t *row, const Tap *taps, int n)
{
  for (int i = 0; i < n; i++)
    {
      const uint8_t *p = row + taps[i].offset, *q = p + taps[i].next;
      int v = taps[i].left, w = taps[i].right;

      out[3 * i] = (int16_t) ((p[0] * v + q[0] * w) >> 4);
      out[3 * i + 1] = (int16_t) ((p[1] * v + q[1] * w) >> 4);
      out[3 * i + 2] = (int16_t) ((p[2] * v + q[2] * w) >> 4);
    }
}

static int
clamp (int i, int last)
{
  return i < 0 ? 0 : i > last ? last : i;
}

static void
bilinear (float *const plane[3], const uint8_t *src, const SqResampleJob *job, const float mean[3], const float scale[3], void *scratch)
{
  const SqKernels *k = sq_kernels ();
  Tap *taps = scratch;
  int16_t *rows[2] = { (int16_t *) (taps + job->width), NULL };
  int have[2] = { -1, -1 };
  double sx = (double) job->src_width / job->width, sy = (double) job->src_height / job->height;

  rows[1] = rows[0] + 3 * (size_t) job->width + 16;
  for (int i = 0; i < job->width; i++)
    {
      float x = (float) ((i + .5) * sx - .5), share;
      int left = (int) floorf (x);

      share = x - (float) left;
      if (left < 0 || left >= job->src_width - 1)
        {
          left = clamp (left, job->src_width - 1);
          share = 0;
        }
      taps[i].offset = 3 * left;
      taps[i].next = left + 1 < job->src_width ? 3 : 0;
      taps[i].left = (int16_t) lrintf ((1 - share) * 2048);
      taps[i].right = (int16_t) lrintf (share * 2048);
    }
  for (int y = 0; y < job->height; y++)
    {
      float at = (float) ((y + .5) * sy - .5), share;
      int need[2], weight[2];
      const int16_t *use[2];
      float *out[3];

      need[0] = (int) floorf (at);
      share = at - (float) need[0];
      weight[0] = (int) lrintf ((1 - share) * 2048);
      weight[1] = (int) lrintf (share * 2048);
      need[1] = clamp (need[0] + 1, job->src_height - 1);
      need[0] = clamp (need[0], job->src_height - 1);
      for (int r = 0; r < 2; r++)
        {
          int slot = have[0] == need[r] ? 0 : have[1] == need[r] ? 1 : -1;

          if (slot < 0)
            {
              slot = have[0] != need[0] ? 0 : 1; // never the row just found
              resample_row (rows[slot], src + need[r] * job->src_stride, taps, job->width);
              have[slot] = need[r];
            }
          use[r] = rows[slot];
        }
      for (int c = 0; c < 3; c++)
        out[c] = plane[c] + (size_t) (job->top + y) * job->out_width + job->left;
      k->blend_rows (out, use[0], use[1], weight[0], weight[1], job->width, mean, scale);
    }
}

// Each output pixel is the mean of the source area under it (partial pixels count partly).
static void
area (float *const plane[3], const uint8_t *src, const SqResampleJob *job, const float mean[3], const float scale[3], void *scratch)
{
  float *sum = scratch;
  double sx = (double) job->src_width / job->width, sy = (double) job->src_height / job->height;

  for (int y = 0; y < job->height; y++)
    {
      double y0 = y * sy, y1 = (y + 1) * sy;
      int first = (int) y0, last = (int) ceil (y1);

      memset (sum, 0, 3 * (size_t) job->width * sizeof (float));
      last = last > job->src_height ? job->src_height : last;
      for (int sy_row = first; sy_row < last; sy_row++)
        {
          const uint8_t *row = src + sy_row * job->src_stride;
          double from = sy_row > y0 ? sy_row : y0, to = sy_row + 1 < y1 ? sy_row + 1 : y1;
          float wy = (float) ((to - from) / sy);

          if (wy <= 0)
            continue;
          for (int x = 0; x < job->width; x++)
            {
              double x0 = x * sx, x1 = (x + 1) * sx;
              int right = (int) ceil (x1);
              float v[3] = { 0 };

              right = right > job->src_width ? job->src_width : right;
              for (int p = (int) x0; p < right; p++)
                {
                  double a = p > x0 ? p : x0, b = p + 1 < x1 ? p + 1 : x1;
                  float wx = (float) ((b - a) / sx);

                  v[0] += wx * row[3 * p];
                  v[1] += wx * row[3 * p + 1];
                  v[2] += wx * row[3 * p + 2];
                }
              for (int c = 0; c < 3; c++)
                sum[3 * x + c] += wy * v[c];
            }
        }
      for (int c = 0; c < 3; c++)
        {
          float *out = plane[c] + (size_t) (job->top + y) * job->out_width + job->left;

          for (int x = 0; x < job->width; x++)
            out[x] = (rintf (sum[3 * x + c]) - mean[c]) * scale[c];
        }
    }
}

void
sq_k_resample (float *dst, const uint8_t *src, const SqResampleJob *job, void *scratch)
{
  size_t pixels = (size_t) job->out_width * job->out_height;
  float *plane[3], mean[3], scale[3]; // in the source's channel order

  for (int c = 0; c < 3; c++)
    {
      int to = job->bgr ? 2 - c : c;

      plane[c] = dst + to * pixels;
      mean[c] = job->mean[to];
      scale[c] = job->scale[to];
    }
  for (int c = 0; c < 3; c++)
    {
      float value = ((float) job->pad - mean[c]) * scale[c];

      for (int y = 0; y < job->out_height; y++)
        {
          float *row = plane[c] + (size_t) y * job->out_width;
          int inside = y >= job->top && y < job->top + job->height;
          int stop = inside ? job->left : job->out_width;

          for (int x = 0; x < stop; x++)
            row[x] = value;
          for (int x = inside ? job->left + job->width : job->out_width; x < job->out_width; x++)
            row[x] = value;
        }
    }
  if (job->area && job->src_width >= job->width && job->src_height >= job->height)
    area (plane, src, job, mean, scale, scratch);
  else
    bilinear (plane, src, job, mean, scale, scratch);
}
