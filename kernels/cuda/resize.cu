// SPDX-License-Identifier: GPL-3.0-or-later
// Nearest and bilinear under ONNX's coordinate rules: a thread makes V channels of one output.
#include "kernels/cuda/common.cuh"

namespace
{
SQ_DEVICE float
source_position (int coords, int o, float scale, int n_in, int n_out)
{
  switch (coords)
    {
    case 1: // asymmetric
      return (float) o / scale;
    case 2: // align_corners
      return n_out == 1 ? 0 : __fmul_rn ((float) o, (float) (n_in - 1)) / (float) (n_out - 1);
    case 3: // pytorch_half_pixel
      return n_out == 1 ? 0 : ((float) o + .5f) / scale - .5f;
    default:
      return ((float) o + .5f) / scale - .5f;
    }
}

SQ_DEVICE int
nearest (float x, int n, int floor)
{
  const float i = floor ? floorf (x) : ceilf (x - .5f); // round_prefer_floor

  return (int) fminf (fmaxf (i, 0.f), (float) (n - 1));
}

template <int V>
SQ_DEVICE void
read_pixel (const SqCudaMap &x, int64_t at, int iy, int ix, float (&v)[V])
{
  sq_read (x.data, x.type, at + iy * x.row + ix * x.pixel, x.scale, x.zero, v);
}

template <int V>
__global__ void
resize (SqCudaResize job)
{
  const SqCudaMap &x = job.x, &y = job.y;
  const int groups = y.c / V;
  const int64_t total = (int64_t) y.n * y.h * y.w * groups;

  for (int64_t i = (int64_t) blockIdx.x * blockDim.x + threadIdx.x; i < total; i += (int64_t) gridDim.x * blockDim.x)
    {
      const int c = (int) (i % groups) * V, ox = (int) (i / groups % y.w), oy = (int) (i / groups / y.w % y.h);
      const int n = (int) (i / groups / y.w / y.h);
      const int64_t image = n * x.image + c;
      float sy = source_position (job.coords, oy, job.scale_y, x.h, y.h), sx = source_position (job.coords, ox, job.scale_x, x.w, y.w);
      float v[V];

      if (!job.linear)
        read_pixel (x, image, nearest (sy, x.h, job.floor), nearest (sx, x.w, job.floor), v);
      else
        {
          float a[V], b[V], d[V], fy, fx;
          int y0, x0, y1, x1;

          sy = fminf (fmaxf (sy, 0.f), (float) (x.h - 1));
          sx = fminf (fmaxf (sx, 0.f), (float) (x.w - 1));
          y0 = (int) sy;
          x0 = (int) sx;
          y1 = y0 + 1 < x.h ? y0 + 1 : y0;
          x1 = x0 + 1 < x.w ? x0 + 1 : x0;
          fy = sy - (float) y0;
          fx = sx - (float) x0;
          read_pixel (x, image, y0, x0, v);
          read_pixel (x, image, y0, x1, a);
          read_pixel (x, image, y1, x0, b);
          read_pixel (x, image, y1, x1, d);
#pragma unroll
          for (int k = 0; k < V; k++)
            v[k] = (v[k] * (1 - fx) + a[k] * fx) * (1 - fy) + (b[k] * (1 - fx) + d[k] * fx) * fy;
        }
      sq_write (y.data, y.type, n * y.image + oy * y.row + ox * y.pixel + c, y.scale, y.zero, v);
    }
}

template <int V>
int
launch (const SqCudaResize &job, void *stream)
{
  const int64_t total = (int64_t) job.y.n * job.y.h * job.y.w * (job.y.c / V);

  return SQ_LAUNCH_PLAIN (resize<V>, dim3 (sq_blocks (total, 256)), dim3 (256), 0, stream, job);
}
}

int
SQ_ENTRY (resize) (const SqCudaResize *job, void *stream)
{
  if (!sq_map_valid (&job->x) || !sq_map_valid (&job->y) || job->x.n != job->y.n || job->x.c != job->y.c || job->coords < 0
      || job->coords > 3 || (job->coords != 2 && !(job->scale_y > 0 && job->scale_x > 0)))
    return 1;
  if (sq_map_empty (&job->y))
    return 0;
  if (sq_map_empty (&job->x))
    return 1;
  return sq_map_wide (&job->x, 4) && sq_map_wide (&job->y, 4) ? launch<4> (*job, stream) : launch<1> (*job, stream);
}
