// SPDX-License-Identifier: GPL-3.0-or-later
// Any convolution, as a product of matrices that are gathered on the way: a block makes PIXELS x TILE outputs of one group; each step
// brings DEPTH terms (tap and channel) of its pixels and its filters to shared memory, and each thread sums a 4 x 2 corner of the product.
// 8-bit terms come four to a word, for dp4a. The transposed one is a plain gather: nothing that matters uses it.
#include "kernels/cuda/epilogue.cuh"

namespace
{
const int PIXELS = 64, TILE = 32, DEPTH = 16, THREADS = 256;

struct Conv
{
  SqCudaMap x;
  SqEpilogue end;
  const void *weights;
  int kernel[2], stride[2], dilation[2], pad[2];
  int in, out; // channels of a group
  int tiles;   // blocks in a group's output channels
};

struct Place
{
  int n, oy, ox;
};

SQ_DEVICE Place
place_of (const SqCudaMap &y, int64_t pixel)
{
  return { (int) (pixel / y.w / y.h), (int) (pixel / y.w % y.h), (int) (pixel % y.w) };
}

// Element `term` of the row that makes `place`: where it lies in x; -1 in the border.
SQ_DEVICE int64_t
find (const Conv &job, const Place &place, int term, int group)
{
  const int c = term % job.in, s = term / job.in % job.kernel[1], r = term / job.in / job.kernel[1];
  const int iy = place.oy * job.stride[0] + r * job.dilation[0] - job.pad[0],
            ix = place.ox * job.stride[1] + s * job.dilation[1] - job.pad[1];

  if (iy < 0 || iy >= job.x.h || ix < 0 || ix >= job.x.w)
    return -1;
  return place.n * job.x.image + iy * job.x.row + ix * job.x.pixel + group * job.in + c;
}

// One word of the product: a number, or four 8-bit ones.
template <class T> struct Word
{
  typedef float type;
  typedef float sum;
  static const int terms = 1;
};
template <> struct Word<int8_t>
{
  typedef int type;
  typedef int sum;
  static const int terms = 4;
};

SQ_DEVICE float
multiply (float a, float b, float sum)
{
  return sum + a * b;
}

SQ_DEVICE int
multiply (int a, int b, int sum)
{
  return __dp4a (a, b, sum);
}

template <class T>
SQ_DEVICE float
gather (const Conv &job, const T *x, const Place &place, int term, int group, int terms)
{
  const int64_t at = term < terms ? find (job, place, term, group) : -1;

  return at >= 0 ? sq_number (x[at]) : 0;
}

// Outside of x lies x.zero, so that the same correction holds everywhere.
SQ_DEVICE int
gather (const Conv &job, const int8_t *x, const Place &place, int term, int group, int terms)
{
  unsigned word = 0;

  if (job.in % 4 == 0 && term + 4 <= terms)
    {
      const int64_t at = find (job, place, term, group);

      if (at >= 0 && ((uintptr_t) (x + at) & 3) == 0)
        return *reinterpret_cast<const int *> (x + at);
    }
  for (int i = 0; i < 4; i++)
    {
      const int64_t at = term + i < terms ? find (job, place, term + i, group) : -1;

      word |= (unsigned) (uint8_t) (at >= 0 ? x[at] : (int8_t) job.x.zero) << 8 * i;
    }
  return (int) word;
}

template <class T>
SQ_DEVICE float
filter (const T *row, int term, int terms)
{
  return term < terms ? sq_number (row[term]) : 0;
}

SQ_DEVICE int
filter (const int8_t *row, int term, int terms)
{
  unsigned word = 0;

  for (int i = 0; i < 4; i++)
    word |= (unsigned) (uint8_t) (term + i < terms ? row[term + i] : 0) << 8 * i;
  return (int) word;
}

template <class T>
__global__ void
__launch_bounds__ (THREADS) conv (Conv job)
{
  typedef typename Word<T>::type W;
  typedef typename Word<T>::sum Sum;
  __shared__ W x_tile[DEPTH][PIXELS + 1], w_tile[DEPTH][TILE + 1];
  const int thread = threadIdx.x, group = blockIdx.y / job.tiles, first = blockIdx.y % job.tiles * TILE;
  const int terms = job.kernel[0] * job.kernel[1] * job.in;
  const int px = thread % 16 * 4, kx = thread / 16 * 2;
  const int64_t pixels = (int64_t) job.end.y.n * job.end.y.h * job.end.y.w;
  const T *weights = (const T *) job.weights + (int64_t) group * job.out * terms;

  for (int64_t base = (int64_t) blockIdx.x * PIXELS; base < pixels; base += (int64_t) gridDim.x * PIXELS)
    {
      Sum sum[4][2] = {};
      int weight_sum[2] = {};

      for (int step = 0; step < terms; step += DEPTH * Word<T>::terms)
        {
          // neighbours in a warp bring neighbouring channels
          for (int i = thread; i < DEPTH * PIXELS; i += THREADS)
            {
              const int64_t pixel = base + i / DEPTH;
              const Place place = place_of (job.end.y, pixel < pixels ? pixel : pixels - 1);

              x_tile[i % DEPTH][i / DEPTH] = gather (job, (const T *) job.x.data, place, step + i % DEPTH * Word<T>::terms, group, terms);
            }
          for (int i = thread; i < DEPTH * TILE; i += THREADS)
            {
              const int k = first + i / DEPTH;

              w_tile[i % DEPTH][i / DEPTH] =
                  k < job.out ? filter (weights + (int64_t) k * terms, step + i % DEPTH * Word<T>::terms, terms) : 0;
            }
          __syncthreads ();
          for (int d = 0; d < DEPTH; d++)
            {
#pragma unroll
              for (int k = 0; k < 2; k++)
                {
                  const W w = w_tile[d][kx + k];

                  if (Word<T>::terms == 4)
                    weight_sum[k] = __dp4a (0x01010101, (int) w, weight_sum[k]);
#pragma unroll
                  for (int p = 0; p < 4; p++)
                    sum[p][k] = multiply (x_tile[d][px + p], w, sum[p][k]);
                }
            }
          __syncthreads ();
        }
      for (int p = 0; p < 4; p++)
        if (base + px + p < pixels && first + kx < job.out)
          {
            const Place place = place_of (job.end.y, base + px + p);
            float v[2];

            for (int k = 0; k < 2; k++)
              v[k] = (float) (sum[p][k] - (Sum) (job.x.zero * weight_sum[k]));
            sq_finish (job.end, v, place.n, place.oy, place.ox, group * job.out + first + kx, group * job.out + job.out);
          }
    }
}

// Weights C R S K / groups: neighbours in a warp make neighbouring channels of one pixel.
template <class T>
__global__ void
conv_transpose (Conv job)
{
  const SqCudaMap &y = job.end.y;
  const int64_t total = (int64_t) y.n * y.h * y.w * y.c;

  for (int64_t i = (int64_t) blockIdx.x * blockDim.x + threadIdx.x; i < total; i += (int64_t) gridDim.x * blockDim.x)
    {
      const int k = (int) (i % y.c), group = k / job.out;
      const Place place = place_of (y, i / y.c);
      float sum[1] = {};

      for (int r = 0; r < job.kernel[0]; r++)
        {
          const int ty = place.oy + job.pad[0] - r * job.dilation[0], iy = ty / job.stride[0];

          if (ty < 0 || ty % job.stride[0] != 0 || iy >= job.x.h)
            continue;
          for (int s = 0; s < job.kernel[1]; s++)
            {
              const int tx = place.ox + job.pad[1] - s * job.dilation[1], ix = tx / job.stride[1];
              const T *x = (const T *) job.x.data + place.n * job.x.image + iy * job.x.row + ix * job.x.pixel + group * job.in;

              if (tx < 0 || tx % job.stride[1] != 0 || ix >= job.x.w)
                continue;
              for (int c = 0; c < job.in; c++)
                {
                  const int64_t w = (((int64_t) (group * job.in + c) * job.kernel[0] + r) * job.kernel[1] + s) * job.out + k % job.out;

                  sum[0] += sq_number (x[c]) * sq_number (((const T *) job.weights)[w]);
                }
            }
        }
      sq_finish (job.end, sum, place.n, place.oy, place.ox, k, y.c);
    }
}

Conv
prepare (const SqCudaConv *job, int v)
{
  Conv c = { job->x,
             sq_epilogue (job, v),
             job->weights,
             { job->kernel[0], job->kernel[1] },
             { job->stride[0], job->stride[1] },
             { job->dilation[0], job->dilation[1] },
             { job->pad[0], job->pad[1] },
             job->x.c / job->groups,
             job->y.c / job->groups,
             0 };

  c.x.zero = c.x.type == SQ_CUDA_S8 ? c.x.zero : 0;
  c.tiles = (c.out + TILE - 1) / TILE;
  return c;
}
}

int
SQ_ENTRY (conv) (const SqCudaConv *job, void *stream)
{
  if (!sq_conv_valid (job))
    return 1;
  if (sq_map_empty (&job->y))
    return 0;
  Conv c = prepare (job, 2);
  const int64_t pixels = (int64_t) c.end.y.n * c.end.y.h * c.end.y.w, rows = (int64_t) job->groups * c.tiles;

  if (rows > 65535)
    return 1;
  dim3 grid (sq_blocks (pixels, PIXELS), (unsigned) rows);

  return job->x.type == SQ_CUDA_F32   ? SQ_LAUNCH (conv<float>, grid, dim3 (THREADS), 0, stream, c)
         : job->x.type == SQ_CUDA_F16 ? SQ_LAUNCH (conv<__half>, grid, dim3 (THREADS), 0, stream, c)
                                      : SQ_LAUNCH (conv<int8_t>, grid, dim3 (THREADS), 0, stream, c);
}

int
SQ_ENTRY (conv_transpose) (const SqCudaConv *job, void *stream)
{
  if (!sq_conv_valid (job) || !sq_is_float (job->x.type))
    return 1;
  if (sq_map_empty (&job->y))
    return 0;
  Conv c = prepare (job, 1);
  dim3 grid (sq_blocks ((int64_t) c.end.y.n * c.end.y.h * c.end.y.w * c.end.y.c, 256));

  return job->x.type == SQ_CUDA_F32 ? SQ_LAUNCH_PLAIN (conv_transpose<float>, grid, dim3 (256), 0, stream, c)
                                    : SQ_LAUNCH_PLAIN (conv_transpose<__half>, grid, dim3 (256), 0, stream, c);
}
