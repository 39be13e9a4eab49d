// SPDX-License-Identifier: GPL-3.0-or-later
// The end of every convolution: y = requantise (act (sum + bias) + residual), V neighbouring channels at once.
#pragma once

#include "kernels/cuda/activation.cuh"

struct SqEpilogue
{
  SqCudaMap y, residual;
  const float *bias, *weight_scale;
  float x_scale;
  SqCudaAct act;
  int wide; // y and residual may be moved V channels at once
};

static inline bool
sq_conv_valid (const SqCudaConv *job)
{
  const SqCudaMap *r = &job->residual;

  if (!sq_map_valid (&job->x) || job->x.type == SQ_CUDA_E4M3 || !sq_map_valid (&job->y) || job->weights == nullptr || job->x.n != job->y.n
      || job->groups < 1 || job->x.c % job->groups != 0 || job->y.c % job->groups != 0 || !sq_act_valid (&job->act)
      || !sq_window_valid (job->kernel, job->stride, job->dilation, job->pad))
    return false;
  if (job->x.type == SQ_CUDA_S8 && job->weight_scale == nullptr)
    return false;
  return r->data == nullptr || (sq_map_valid (r) && r->n == job->y.n && r->h == job->y.h && r->w == job->y.w && r->c == job->y.c);
}

static inline SqEpilogue
sq_epilogue (const SqCudaConv *job, int v)
{
  SqEpilogue e = { job->y, job->residual, job->bias, nullptr, 1, job->act, 0 };

  if (job->x.type == SQ_CUDA_S8)
    {
      e.weight_scale = job->weight_scale;
      e.x_scale = job->x.scale;
    }
  e.wide = sq_map_wide (&e.y, v) && (e.residual.data == nullptr || sq_map_wide (&e.residual, v));
  return e;
}

// Channels [k, min (k + V, end)) of one output pixel.
template <int V>
static __device__ inline void
sq_finish (const SqEpilogue &e, float (&v)[V], int n, int oy, int ox, int k, int end)
{
  int64_t at = n * e.y.image + oy * e.y.row + ox * e.y.pixel + k;
  int64_t from = n * e.residual.image + oy * e.residual.row + ox * e.residual.pixel + k;
  bool whole = e.wide && k % V == 0 && k + V <= end;

#pragma unroll
  for (int i = 0; i < V; i++)
    if (k + i < end)
      {
        float bias = e.bias != nullptr ? e.bias[k + i] : 0;

        v[i] = sq_activate (e.act, e.weight_scale != nullptr ? fmaf (v[i], e.x_scale * e.weight_scale[k + i], bias) : v[i] + bias);
      }
  if (whole)
    {
      if (e.residual.data != nullptr)
        {
          float add[V];

          sq_read (e.residual.data, e.residual.type, from, e.residual.scale, e.residual.zero, add);
#pragma unroll
          for (int i = 0; i < V; i++)
            v[i] += add[i];
        }
      sq_write (e.y.data, e.y.type, at, e.y.scale, e.y.zero, v);
      return;
    }
  for (int i = 0; i < V && k + i < end; i++)
    {
      float one[1] = { v[i] };

      if (e.residual.data != nullptr)
        {
          float add[1];

          sq_read (e.residual.data, e.residual.type, from + i, e.residual.scale, e.residual.zero, add);
          one[0] += add[0];
        }
      sq_write (e.y.data, e.y.type, at + i, e.y.scale, e.y.zero, one);
    }
}

// The same for OUT neighbours of a row. Kept a loop, with a choice in place of an index (registers have none): unrolled, the ends of the
// convolutions are most of the program's size.
template <int OUT, int V>
SQ_DEVICE void
sq_finish_row (const SqEpilogue &e, const float (&sum)[OUT][V], int n, int oy, int ox, int k, int end)
{
#pragma unroll 1
  for (int o = 0; o < OUT && ox + o < e.y.w; o++)
    {
      float v[V];

#pragma unroll
      for (int i = 0; i < V; i++)
        {
          v[i] = sum[0][i];
#pragma unroll
          for (int p = 1; p < OUT; p++)
            v[i] = o == p ? sum[p][i] : v[i];
        }
      sq_finish (e, v, n, oy, ox + o, k, end);
    }
}
