// SPDX-License-Identifier: GPL-3.0-or-later
// Picture to network input, one thread per place of the input. The steps and their roundings are kernels/resample.c's: weights of 11 bits,
// rows kept with 7 fractional bits, each product cut before the sum; areas in float, in the same order of sums. Where the compiler could
// join a product and a sum, intrinsics keep them apart.
#include "kernels/cuda/common.cuh"

namespace
{
struct Axis
{
  double step; // source px per px
  int n, last; // px of the scaled picture; last of the source
};

struct Tap
{
  int first, second, v, w; // px and weights, 2048 together
};

SQ_DEVICE int
clamp (int i, int last)
{
  return i < 0 ? 0 : i > last ? last : i;
}

SQ_DEVICE float
source_position (const Axis &axis, int i)
{
  return (float) __dadd_rn (__dmul_rn (i + .5, axis.step), -.5);
}

// Sideways, the edge's pixel counts alone outside of the centres ...
SQ_DEVICE Tap
column_tap (const Axis &axis, int i)
{
  const float x = source_position (axis, i);
  int left = (int) floorf (x);
  float share = x - (float) left;

  if (left < 0 || left >= axis.last)
    {
      left = clamp (left, axis.last);
      share = 0;
    }
  return { left, left < axis.last ? left + 1 : left, __float2int_rn ((1 - share) * 2048), __float2int_rn (share * 2048) };
}

// ... downwards both rows are the edge's.
SQ_DEVICE Tap
row_tap (const Axis &axis, int i)
{
  const float y = source_position (axis, i);
  const int top = (int) floorf (y);
  const float share = y - (float) top;

  return { clamp (top, axis.last), clamp (top + 1, axis.last), __float2int_rn ((1 - share) * 2048), __float2int_rn (share * 2048) };
}

struct Colour
{
  int v[3];
};

SQ_DEVICE int
level (float v)
{
  return (int) rintf (fminf (fmaxf (v, 0.f), 255.f));
}

SQ_DEVICE Colour
pixel_of (const SqCudaLetterbox &job, int x, int y)
{
  if (job.format == SQ_CUDA_RGB24)
    {
      const uint8_t *p = job.pixels + y * job.src_stride + 3 * (int64_t) x;

      return { { p[0], p[1], p[2] } };
    }
  const uint8_t *c = job.chroma + (y >> 1) * job.chroma_stride + (x & ~1);
  const float kr = job.matrix == 709 ? .2126f : job.matrix == 2020 ? .2627f : .299f;
  const float kb = job.matrix == 709 ? .0722f : job.matrix == 2020 ? .0593f : .114f, kg = 1 - kr - kb;
  const float luma =
      job.full_range ? job.pixels[y * job.src_stride + x] : ((float) job.pixels[y * job.src_stride + x] - 16) * (255 / 219.f);
  const float gain = job.full_range ? 1 : 255 / 224.f;
  const float u = ((float) c[0] - 128) * gain * 2 * (1 - kb), v = ((float) c[1] - 128) * gain * 2 * (1 - kr);

  return { { level (luma + v), level (luma - (kb * u + kr * v) / kg), level (luma + u) } };
}

SQ_DEVICE void
bilinear (const SqCudaLetterbox &job, const Axis &ax, const Axis &ay, int ix, int iy, float (&out)[3])
{
  const Tap tx = column_tap (ax, ix), ty = row_tap (ay, iy);
  const Colour a = pixel_of (job, tx.first, ty.first), b = pixel_of (job, tx.second, ty.first);
  const Colour c = pixel_of (job, tx.first, ty.second), d = pixel_of (job, tx.second, ty.second);

#pragma unroll
  for (int k = 0; k < 3; k++)
    {
      const int row0 = (a.v[k] * tx.v + b.v[k] * tx.w) >> 4, row1 = (c.v[k] * tx.v + d.v[k] * tx.w) >> 4;

      out[k] = (float) (((row0 * ty.v >> 16) + (row1 * ty.w >> 16) + 2) >> 2);
    }
}

// The share of source px p in the output px that spans [from, to).
SQ_DEVICE float
share_of (int p, double from, double to, double step)
{
  const double a = p > from ? p : from, b = p + 1 < to ? p + 1 : to;

  return (float) ((b - a) / step);
}

SQ_DEVICE void
area (const SqCudaLetterbox &job, const Axis &ax, const Axis &ay, int ix, int iy, float (&out)[3])
{
  const double x0 = ix * ax.step, x1 = (ix + 1) * ax.step, y0 = iy * ay.step, y1 = (iy + 1) * ay.step;
  const int right = clamp ((int) ceil (x1), ax.last + 1), bottom = clamp ((int) ceil (y1), ay.last + 1);
  float sum[3] = {};

  for (int y = (int) y0; y < bottom; y++)
    {
      const float wy = share_of (y, y0, y1, ay.step);
      float row[3] = {};

      if (wy <= 0)
        continue;
      for (int x = (int) x0; x < right; x++)
        {
          const float wx = share_of (x, x0, x1, ax.step);
          const Colour p = pixel_of (job, x, y);

#pragma unroll
          for (int k = 0; k < 3; k++)
            row[k] = __fadd_rn (row[k], __fmul_rn (wx, (float) p.v[k]));
        }
#pragma unroll
      for (int k = 0; k < 3; k++)
        sum[k] = __fadd_rn (sum[k], __fmul_rn (wy, row[k]));
    }
#pragma unroll
  for (int k = 0; k < 3; k++)
    out[k] = rintf (sum[k]);
}

__global__ void
letterbox (SqCudaLetterbox job, Axis ax, Axis ay, bool average)
{
  const int64_t total = (int64_t) job.out_width * job.out_height;

  for (int64_t i = (int64_t) blockIdx.x * blockDim.x + threadIdx.x; i < total; i += (int64_t) gridDim.x * blockDim.x)
    {
      const int x = (int) (i % job.out_width), y = (int) (i / job.out_width), ix = x - job.left, iy = y - job.top;
      float v[3] = { (float) job.pad, (float) job.pad, (float) job.pad };

      if (ix >= 0 && ix < ax.n && iy >= 0 && iy < ay.n)
        {
          if (average)
            area (job, ax, ay, ix, iy, v);
          else
            bilinear (job, ax, ay, ix, iy, v);
        }
#pragma unroll
      for (int k = 0; k < 3; k++)
        {
          const int to = job.bgr ? 2 - k : k;
          const float one[1] = { __fmul_rn (v[k] - job.mean[to], job.scale[to]) };

          sq_write (job.out, job.type, to * job.channel + y * job.row + x * job.pixel, job.out_scale, job.out_zero, one);
        }
    }
}
}

int
SQ_ENTRY (letterbox) (const SqCudaLetterbox *job, void *stream)
{
  const bool nv12 = job->format == SQ_CUDA_NV12;

  if (job->pixels == nullptr || job->out == nullptr || (nv12 && job->chroma == nullptr) || (!nv12 && job->format != SQ_CUDA_RGB24)
      || job->src_width < 1 || job->src_height < 1 || job->width < 1 || job->height < 1 || job->out_width < 1 || job->out_height < 1
      || !(sq_is_picture (job->type) && (sq_is_float (job->type) || job->out_scale > 0)))
    return 1;
  Axis ax = { (double) job->src_width / job->width, job->width, job->src_width - 1 };
  Axis ay = { (double) job->src_height / job->height, job->height, job->src_height - 1 };
  const bool average = job->area && job->src_width >= job->width && job->src_height >= job->height;

  return SQ_LAUNCH_PLAIN (letterbox, dim3 (sq_blocks ((int64_t) job->out_width * job->out_height, 256)), dim3 (256), 0, stream, *job, ax,
                          ay, average);
}
