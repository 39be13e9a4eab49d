// SPDX-License-Identifier: GPL-3.0-or-later
// e^x normalised along the middle dim. Where that dim is packed and long, a warp takes a row; otherwise a thread does, and neighbours take
// neighbouring rows.
#include "kernels/cuda/warp.cuh"

namespace
{
const int WARPS = 4;

template <class T>
SQ_DEVICE void
put (T *p, float v)
{
  const float one[1] = { v };

  sq_write (p, SqTypeOf<T>::type, 0, 1, 0, one);
}

template <class T>
__global__ void
by_thread (SqCudaSoftmax job)
{
  for (int64_t i = (int64_t) blockIdx.x * blockDim.x + threadIdx.x; i < job.outer * job.inner; i += (int64_t) gridDim.x * blockDim.x)
    {
      const int64_t at = i / job.inner * job.outer_stride + i % job.inner * job.inner_stride;
      const T *x = (const T *) job.x + at;
      T *y = (T *) job.y + at;
      float top = -INFINITY, sum = 0;

      for (int64_t k = 0; k < job.n; k++)
        top = fmaxf (top, sq_number (x[k * job.n_stride]));
      for (int64_t k = 0; k < job.n; k++)
        sum += expf (sq_number (x[k * job.n_stride]) - top);
      for (int64_t k = 0; k < job.n; k++)
        put (y + k * job.n_stride, expf (sq_number (x[k * job.n_stride]) - top) / sum);
    }
}

template <class T>
__global__ void
by_warp (SqCudaSoftmax job)
{
  for (int64_t i = (int64_t) blockIdx.x * WARPS + threadIdx.y; i < job.outer * job.inner; i += (int64_t) gridDim.x * WARPS)
    {
      const int64_t at = i / job.inner * job.outer_stride + i % job.inner * job.inner_stride;
      const T *x = (const T *) job.x + at;
      T *y = (T *) job.y + at;
      float top = -INFINITY, sum = 0;

      for (int64_t k = threadIdx.x; k < job.n; k += 32)
        top = fmaxf (top, sq_number (x[k]));
      top = sq_warp_max (top);
      for (int64_t k = threadIdx.x; k < job.n; k += 32)
        sum += expf (sq_number (x[k]) - top);
      sum = sq_warp_sum (sum);
      for (int64_t k = threadIdx.x; k < job.n; k += 32)
        put (y + k, expf (sq_number (x[k]) - top) / sum);
    }
}

template <class T>
int
launch (const SqCudaSoftmax &job, void *stream)
{
  const int64_t rows = job.outer * job.inner;

  if (job.n_stride == 1 && job.n >= 32)
    return SQ_LAUNCH (by_warp<T>, dim3 (sq_blocks (rows, WARPS)), dim3 (32, WARPS), 0, stream, job);
  return SQ_LAUNCH_PLAIN (by_thread<T>, dim3 (sq_blocks (rows, 128)), dim3 (128), 0, stream, job);
}
}

int
SQ_ENTRY (softmax) (const SqCudaSoftmax *job, void *stream)
{
  if (job->outer < 0 || job->n < 0 || job->inner < 0 || job->x == nullptr || job->y == nullptr || !sq_is_float (job->type)
      || (job->outer > 0 && job->inner > INT64_MAX / job->outer))
    return 1;
  if (job->outer == 0 || job->n == 0 || job->inner == 0)
    return 0;
  return job->type == SQ_CUDA_F32 ? launch<float> (*job, stream) : launch<__half> (*job, stream);
}
