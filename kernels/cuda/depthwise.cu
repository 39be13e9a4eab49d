// SPDX-License-Identifier: GPL-3.0-or-later
// One filter per channel. A thread makes OUT neighbours of a row for V channels: every column it reads serves all outputs that it touches.
// Weights of the block's channels wait in shared memory, as float. A block is `blockDim.x` groups of V channels by `blockDim.y` places.
#include "kernels/cuda/epilogue.cuh"

namespace
{
const int OUT = 4;

struct Depthwise
{
  SqCudaMap x;
  SqEpilogue end;
  const void *weights;
  int kernel[2], stride[2], dilation[2], pad[2];
};

// Numbers as they are summed: S8 as q - zero.
template <class T, int V>
SQ_DEVICE void
read_column (const T *p, int zero, float (&v)[V])
{
  SqPack<T, V> pack = *reinterpret_cast<const SqPack<T, V> *> (p);

#pragma unroll
  for (int i = 0; i < V; i++)
    v[i] = sq_number (pack.v[i]) - (float) zero;
}

// K, S: kernel and stride where they are known (dilation 1), 0 otherwise. Sums of 8-bit products stay far below 2^24: float holds them all.
template <class T, int V, int K, int S>
__global__ void
depthwise (Depthwise job)
{
  SQ_DYNAMIC_SHARED (float, weights);
  const int kh = K > 0 ? K : job.kernel[0], kw = K > 0 ? K : job.kernel[1], taps = kh * kw;
  const int sy = K > 0 ? S : job.stride[0], sx = K > 0 ? S : job.stride[1];
  const int dy = K > 0 ? 1 : job.dilation[0], dx = K > 0 ? 1 : job.dilation[1];
  const int channels = blockDim.x * V, first = blockIdx.y * channels, mine = threadIdx.x * V, k = first + mine;
  const int strips = (job.end.y.w + OUT - 1) / OUT;
  const int64_t places = (int64_t) job.end.y.n * job.end.y.h * strips;

  for (int i = threadIdx.y * blockDim.x + threadIdx.x; i < taps * channels; i += blockDim.x * blockDim.y)
    {
      int c = i / taps, t = i % taps;

      weights[t * channels + c] = first + c < job.x.c ? sq_number (((const T *) job.weights)[(int64_t) (first + c) * taps + t]) : 0;
    }
  __syncthreads ();
  if (k >= job.x.c)
    return;
  for (int64_t place = (int64_t) blockIdx.x * blockDim.y + threadIdx.y; place < places; place += (int64_t) gridDim.x * blockDim.y)
    {
      const int strip = (int) (place % strips), oy = (int) (place / strips % job.end.y.h), n = (int) (place / strips / job.end.y.h);
      const int ox = strip * OUT, left = ox * sx - job.pad[1];
      const T *image = (const T *) job.x.data + n * job.x.image + k;
      float sum[OUT][V] = {};

      for (int r = 0; r < kh; r++)
        {
          const int iy = oy * sy + r * dy - job.pad[0];

          if (iy < 0 || iy >= job.x.h)
            continue;
          if (K > 0)
            {
#pragma unroll
              for (int column = 0; column < (OUT - 1) * S + K; column++)
                {
                  float v[V];

                  if (left + column < 0 || left + column >= job.x.w)
                    continue;
                  read_column (image + iy * job.x.row + (left + column) * job.x.pixel, job.x.zero, v);
#pragma unroll
                  for (int o = 0; o < OUT; o++)
                    if (column - o * S >= 0 && column - o * S < K)
                      {
#pragma unroll
                        for (int i = 0; i < V; i++)
                          sum[o][i] += v[i] * weights[(r * K + column - o * S) * channels + mine + i];
                      }
                }
            }
          else
            for (int o = 0; o < OUT; o++)
              for (int s = 0; s < kw; s++)
                {
                  const int ix = left + o * sx + s * dx;
                  float v[V];

                  if (ix < 0 || ix >= job.x.w)
                    continue;
                  read_column (image + iy * job.x.row + ix * job.x.pixel, job.x.zero, v);
#pragma unroll
                  for (int i = 0; i < V; i++)
                    sum[o][i] += v[i] * weights[(r * kw + s) * channels + mine + i];
                }
        }
      sq_finish_row (job.end, sum, n, oy, ox, k, job.x.c);
    }
}

template <class T, int V, int K, int S>
int
launch (const Depthwise &job, void *stream)
{
  const int groups = (job.x.c + V - 1) / V, taps = job.kernel[0] * job.kernel[1];
  const int64_t places = (int64_t) job.end.y.n * job.end.y.h * ((job.end.y.w + OUT - 1) / OUT);
  int x = 1;

  while (x < 32 && x < groups)
    x *= 2;
  while (x > 1 && taps * x * V * (int) sizeof (float) > 48 << 10)
    x /= 2;
  if (taps * x * V * (int) sizeof (float) > 48 << 10)
    return 1;
  dim3 size (x, 128 / x), grid (sq_blocks (places, size.y), (groups + x - 1) / x);

  return SQ_LAUNCH ((depthwise<T, V, K, S>), grid, size, taps * x * V * sizeof (float), stream, job);
}

template <class T>
int
launch_type (const Depthwise &job, void *stream)
{
  const int k = job.kernel[0] == job.kernel[1] && job.dilation[0] == 1 && job.dilation[1] == 1 ? job.kernel[0] : 0;
  const int s = job.stride[0] == job.stride[1] ? job.stride[0] : 0;

  if (!sq_map_wide (&job.x, 4))
    return launch<T, 1, 0, 0> (job, stream);
  if (k == 3 && s == 1)
    return launch<T, 4, 3, 1> (job, stream);
  if (k == 3 && s == 2)
    return launch<T, 4, 3, 2> (job, stream);
  if (k == 5 && s == 1)
    return launch<T, 4, 5, 1> (job, stream);
  if (k == 5 && s == 2)
    return launch<T, 4, 5, 2> (job, stream);
  return launch<T, 4, 0, 0> (job, stream);
}
}

int
SQ_ENTRY (depthwise) (const SqCudaConv *job, void *stream)
{
  if (!sq_conv_valid (job) || job->groups != job->x.c || job->groups != job->y.c)
    return 1;
  if (sq_map_empty (&job->y))
    return 0;
  Depthwise d = { job->x,
                  sq_epilogue (job, 4),
                  job->weights,
                  { job->kernel[0], job->kernel[1] },
                  { job->stride[0], job->stride[1] },
                  { job->dilation[0], job->dilation[1] },
                  { job->pad[0], job->pad[1] } };

  d.x.zero = job->x.type == SQ_CUDA_S8 ? job->x.zero : 0;
  return job->x.type == SQ_CUDA_F32   ? launch_type<float> (d, stream)
         : job->x.type == SQ_CUDA_F16 ? launch_type<__half> (d, stream)
                                      : launch_type<int8_t> (d, stream);
}
