// SPDX-License-Identifier: GPL-3.0-or-later
// The first convolution: three or four channels in, many out. A thread makes OUT neighbours of a row for KV output channels, so that each
// weight read from shared memory serves OUT outputs; neighbours in a warp share the pixels and write neighbouring channels.
#include "kernels/cuda/epilogue.cuh"

namespace
{
const int OUT = 2, KV = 8, TILE = 32; // TILE: output channels of a block

struct Stem
{
  SqCudaMap x;
  SqEpilogue end;
  const void *weights;
  int kernel[2], stride[2], dilation[2], pad[2];
};

// Sums are floats; 8-bit ones stay below 49 x 4 x 255 x 127 < 2^24: exact.
// C: channels of x where a network's own start has them (RGB, padded RGB), 0 otherwise.
template <class T, int C>
__global__ void
stem (Stem job)
{
  const int channels = C > 0 ? C : job.x.c, most = C > 0 ? C : 4;
  SQ_DYNAMIC_SHARED (float, weights); // tap, channel, output channel
  const int taps = job.kernel[0] * job.kernel[1], first = blockIdx.y * TILE, mine = threadIdx.x * KV, k = first + mine;
  const int strips = (job.end.y.w + OUT - 1) / OUT;
  const int64_t places = (int64_t) job.end.y.n * job.end.y.h * strips;

  for (int i = threadIdx.y * blockDim.x + threadIdx.x; i < taps * channels * TILE; i += blockDim.x * blockDim.y)
    {
      int out = i / (taps * channels), at = i % (taps * channels);

      weights[at * TILE + out] =
          first + out < job.end.y.c ? sq_number (((const T *) job.weights)[(int64_t) (first + out) * taps * channels + at]) : 0;
    }
  __syncthreads ();
  if (k >= job.end.y.c)
    return;
  for (int64_t place = (int64_t) blockIdx.x * blockDim.y + threadIdx.y; place < places; place += (int64_t) gridDim.x * blockDim.y)
    {
      const int ox = (int) (place % strips) * OUT, oy = (int) (place / strips % job.end.y.h), n = (int) (place / strips / job.end.y.h);
      float sum[OUT][KV] = {};

      for (int r = 0; r < job.kernel[0]; r++)
        {
          const int iy = oy * job.stride[0] + r * job.dilation[0] - job.pad[0];
          const T *row = (const T *) job.x.data + n * job.x.image + iy * job.x.row;

          if (iy < 0 || iy >= job.x.h)
            continue;
          for (int s = 0; s < job.kernel[1]; s++)
            {
              float v[OUT][most];

#pragma unroll
              for (int o = 0; o < OUT; o++)
                {
                  const int ix = (ox + o) * job.stride[1] + s * job.dilation[1] - job.pad[1];
                  const bool inside = ix >= 0 && ix < job.x.w;

#pragma unroll
                  for (int c = 0; c < most; c++)
                    v[o][c] = inside && c < channels ? sq_number (row[ix * job.x.pixel + c]) - (float) job.x.zero : 0;
                }
#pragma unroll
              for (int c = 0; c < channels; c++)
                {
                  SqPack<float, 4> w[KV / 4];

#pragma unroll
                  for (int i = 0; i < KV / 4; i++)
                    w[i] = *reinterpret_cast<const SqPack<float, 4> *> (weights + ((r * job.kernel[1] + s) * channels + c) * TILE + mine
                                                                        + 4 * i);
#pragma unroll
                  for (int o = 0; o < OUT; o++)
#pragma unroll
                    for (int i = 0; i < KV; i++)
                      sum[o][i] += v[o][c] * w[i / 4].v[i % 4];
                }
            }
        }
      sq_finish_row (job.end, sum, n, oy, ox, k, job.end.y.c);
    }
}

template <class T>
int
launch (const Stem &job, void *stream)
{
  const int64_t places = (int64_t) job.end.y.n * job.end.y.h * ((job.end.y.w + OUT - 1) / OUT);
  const size_t shared = (size_t) job.kernel[0] * job.kernel[1] * job.x.c * TILE * sizeof (float);
  dim3 size (TILE / KV, 32), grid (sq_blocks (places, size.y), (job.end.y.c + TILE - 1) / TILE);

  switch (job.x.c)
    {
    case 3:
      return SQ_LAUNCH ((stem<T, 3>), grid, size, shared, stream, job);
    case 4:
      return SQ_LAUNCH ((stem<T, 4>), grid, size, shared, stream, job);
    default:
      return SQ_LAUNCH ((stem<T, 0>), grid, size, shared, stream, job);
    }
}
}

int
SQ_ENTRY (stem) (const SqCudaConv *job, void *stream)
{
  if (!sq_conv_valid (job) || job->groups != 1 || job->x.c > 4 || job->kernel[0] > 7 || job->kernel[1] > 7)
    return 1;
  if (sq_map_empty (&job->y))
    return 0;
  Stem s = { job->x,
             sq_epilogue (job, KV),
             job->weights,
             { job->kernel[0], job->kernel[1] },
             { job->stride[0], job->stride[1] },
             { job->dilation[0], job->dilation[1] },
             { job->pad[0], job->pad[1] } };

  s.x.zero = job->x.type == SQ_CUDA_S8 ? job->x.zero : 0;
  return job->x.type == SQ_CUDA_F32   ? launch<float> (s, stream)
         : job->x.type == SQ_CUDA_F16 ? launch<__half> (s, stream)
                                      : launch<int8_t> (s, stream);
}
