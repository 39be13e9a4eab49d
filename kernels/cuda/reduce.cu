// SPDX-License-Identifier: GPL-3.0-or-later
// Reduction over the middle dim: a block takes 32 neighbouring columns and SPLIT shares of the middle (a mean over a picture's places has
// few columns and a long middle); where columns are single numbers, a warp takes a row.
#include "kernels/cuda/warp.cuh"

namespace
{
const int SPLIT = 8;

enum
{
  SUM,
  MEAN,
  MAX,
  MIN,
};

SQ_DEVICE float
start_of (int kind)
{
  return kind == MAX ? -INFINITY : kind == MIN ? INFINITY : 0;
}

SQ_DEVICE float
join (int kind, float a, float b)
{
  return kind == MAX ? fmaxf (a, b) : kind == MIN ? fminf (a, b) : a + b;
}

template <class T>
SQ_DEVICE void
put (T *y, int64_t at, int kind, float v, int64_t n)
{
  const float one[1] = { kind == MEAN ? v / (float) n : v };

  sq_write (y, SqTypeOf<T>::type, at, 1, 0, one);
}

template <class T>
__global__ void
by_column (SqCudaReduce job)
{
  __shared__ float share[SPLIT][32];
  const int64_t strips = (job.inner + 31) / 32;

  for (int64_t s = blockIdx.x; s < job.outer * strips; s += gridDim.x)
    {
      const int64_t outer = s / strips, column = s % strips * 32 + threadIdx.x;
      const T *x = (const T *) job.x + outer * job.n * job.inner + column;
      float v = start_of (job.kind);

      if (column < job.inner)
        for (int64_t k = threadIdx.y; k < job.n; k += SPLIT)
          v = join (job.kind, v, sq_number (x[k * job.inner]));
      share[threadIdx.y][threadIdx.x] = v;
      __syncthreads ();
      if (threadIdx.y == 0 && column < job.inner)
        {
          for (int k = 1; k < SPLIT; k++)
            v = join (job.kind, v, share[k][threadIdx.x]);
          put ((T *) job.y, outer * job.inner + column, job.kind, v, job.n);
        }
      __syncthreads ();
    }
}

template <class T>
__global__ void
by_row (SqCudaReduce job)
{
  for (int64_t row = (int64_t) blockIdx.x * SPLIT + threadIdx.y; row < job.outer; row += (int64_t) gridDim.x * SPLIT)
    {
      const T *x = (const T *) job.x + row * job.n;
      float v = start_of (job.kind);

      for (int64_t k = threadIdx.x; k < job.n; k += 32)
        v = join (job.kind, v, sq_number (x[k]));
      v = job.kind == MAX ? sq_warp_max (v) : job.kind == MIN ? sq_warp_min (v) : sq_warp_sum (v);
      if (threadIdx.x == 0)
        put ((T *) job.y, row, job.kind, v, job.n);
    }
}

template <class T>
int
launch (const SqCudaReduce &job, void *stream)
{
  if (job.inner == 1)
    return SQ_LAUNCH (by_row<T>, dim3 (sq_blocks (job.outer, SPLIT)), dim3 (32, SPLIT), 0, stream, job);
  return SQ_LAUNCH (by_column<T>, dim3 (sq_blocks (job.outer * ((job.inner + 31) / 32), 1)), dim3 (32, SPLIT), 0, stream, job);
}
}

int
SQ_ENTRY (reduce) (const SqCudaReduce *job, void *stream)
{
  if (job->outer < 0 || job->n < 1 || job->inner < 0 || job->x == nullptr || job->y == nullptr || !sq_is_float (job->type) || job->kind < 0
      || job->kind > MIN || (job->outer > 0 && job->inner > INT64_MAX / job->outer))
    return 1;
  if (job->outer == 0 || job->inner == 0)
    return 0;
  return job->type == SQ_CUDA_F32 ? launch<float> (*job, stream) : launch<__half> (*job, stream);
}
