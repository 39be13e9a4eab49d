// SPDX-License-Identifier: GPL-3.0-or-later
// Windows: a thread makes V channels of one output, neighbours in a warp the channels beside.
#include "kernels/cuda/common.cuh"

namespace
{
template <int V>
__global__ void
pool (SqCudaPool job)
{
  const int groups = job.y.c / V;
  int64_t total = (int64_t) job.y.n * job.y.h * job.y.w * groups;

#ifdef PLANT_OUT_OF_BOUNDS
  total++;
#endif
  for (int64_t i = (int64_t) blockIdx.x * blockDim.x + threadIdx.x; i < total; i += (int64_t) gridDim.x * blockDim.x)
    {
      const int c = (int) (i % groups) * V, ox = (int) (i / groups % job.y.w), oy = (int) (i / groups / job.y.w % job.y.h);
      const int n = (int) (i / groups / job.y.w / job.y.h);
      int inside = 0, padded = 0;
      float result[V];

#pragma unroll
      for (int k = 0; k < V; k++)
        result[k] = job.average ? 0 : -INFINITY;
      for (int r = 0; r < job.kernel[0]; r++)
        for (int s = 0; s < job.kernel[1]; s++)
          {
            const int iy = oy * job.stride[0] + r * job.dilation[0] - job.pad[0],
                      ix = ox * job.stride[1] + s * job.dilation[1] - job.pad[1];
            float v[V];

            padded += iy < job.x.h + job.pad[2] && ix < job.x.w + job.pad[3];
            if (iy < 0 || iy >= job.x.h || ix < 0 || ix >= job.x.w)
              continue;
            inside++;
            sq_read (job.x.data, job.x.type, n * job.x.image + iy * job.x.row + ix * job.x.pixel + c, job.x.scale, job.x.zero, v);
#pragma unroll
            for (int k = 0; k < V; k++)
              result[k] = job.average ? result[k] + v[k] : fmaxf (result[k], v[k]);
          }
      if (job.average)
        {
          const int count = job.count_pad ? padded : inside;

#pragma unroll
          for (int k = 0; k < V; k++)
            result[k] /= (float) (count > 1 ? count : 1);
        }
      sq_write (job.y.data, job.y.type, n * job.y.image + oy * job.y.row + ox * job.y.pixel + c, job.y.scale, job.y.zero, result);
    }
}

template <int V>
int
launch (const SqCudaPool &job, void *stream)
{
  const int64_t total = (int64_t) job.y.n * job.y.h * job.y.w * (job.y.c / V);

  return SQ_LAUNCH_PLAIN (pool<V>, dim3 (sq_blocks (total, 256)), dim3 (256), 0, stream, job);
}
}

int
SQ_ENTRY (pool) (const SqCudaPool *job, void *stream)
{
  if (!sq_map_valid (&job->x) || !sq_map_valid (&job->y) || job->x.n != job->y.n || job->x.c != job->y.c
      || !sq_window_valid (job->kernel, job->stride, job->dilation, job->pad))
    return 1;
  if (sq_map_empty (&job->y))
    return 0;
  return sq_map_wide (&job->x, 4) && sq_map_wide (&job->y, 4) ? launch<4> (*job, stream) : launch<1> (*job, stream);
}
