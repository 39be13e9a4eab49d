// SPDX-License-Identifier: GPL-3.0-or-later
// A convolution for tests to run whole networks with: input unpacked into a frame of zeros, weights packed in eights of output channels,
// four output pixels at a time. Sums in float, 8-bit ones in int32.
#include "gpu-private.h"

#include "engine/ops/op.h"
#include "kernels/cuda/e4m3.h"
#include "tests/common/half.h"

#include <math.h>

typedef float F8 __attribute__ ((vector_size (32)));
typedef gint32 I8 __attribute__ ((vector_size (32)));

#define PIXELS 4

// One group of one image: `x` is height x width x c with the border in it, `w` is taps x c of eights, `out` room for y.w eights.
#define DEFINE_ROW(name, Number, Eight)                                                                                                    \
  static void name (const SqCudaConv *job, const Number *x, int width, int c, const Eight *w, int oy, Eight *out)                          \
  {                                                                                                                                        \
    for (int ox = 0; ox < job->y.w; ox += PIXELS)                                                                                          \
      {                                                                                                                                    \
        int pixels = MIN (PIXELS, job->y.w - ox);                                                                                          \
        Eight sum[PIXELS] = { { 0 } };                                                                                                     \
        const Eight *at = w;                                                                                                               \
                                                                                                                                           \
        for (int r = 0; r < job->kernel[0]; r++)                                                                                           \
          for (int s = 0; s < job->kernel[1]; s++)                                                                                         \
            {                                                                                                                              \
              const Number *p[PIXELS];                                                                                                     \
                                                                                                                                           \
              for (int i = 0; i < PIXELS; i++)                                                                                             \
                p[i] = x                                                                                                                   \
                       + ((gsize) (oy * job->stride[0] + r * job->dilation[0]) * width + (ox + MIN (i, pixels - 1)) * job->stride[1]       \
                          + s * job->dilation[1])                                                                                          \
                             * c;                                                                                                          \
              for (int k = 0; k < c; k++, at++)                                                                                            \
                for (int i = 0; i < PIXELS; i++)                                                                                           \
                  sum[i] += p[i][k] * *at;                                                                                                 \
            }                                                                                                                              \
        for (int i = 0; i < pixels; i++)                                                                                                   \
          out[ox + i] = sum[i];                                                                                                            \
      }                                                                                                                                    \
  }

DEFINE_ROW (row_f32, float, F8)
DEFINE_ROW (row_s8, gint32, I8)

static float
load (gconstpointer data, SqCudaType type, gint64 i)
{
  return type == SQ_CUDA_F32    ? ((const float *) data)[i]
         : type == SQ_CUDA_F16  ? sq_test_from_half (((const guint16 *) data)[i])
         : type == SQ_CUDA_E4M3 ? sq_e4m3_to_float (((const guint8 *) data)[i])
                                : ((const gint8 *) data)[i];
}

static float
load_map (const SqCudaMap *map, gint64 i)
{
  float v = load (map->data, map->type, i);

  return map->type == SQ_CUDA_S8 ? map->scale * (v - (float) map->zero) : map->type == SQ_CUDA_E4M3 ? map->scale * v : v;
}

static void
store_map (const SqCudaMap *map, gint64 i, float v)
{
  if (map->type == SQ_CUDA_F32)
    ((float *) map->data)[i] = v;
  else if (map->type == SQ_CUDA_F16)
    ((guint16 *) map->data)[i] = sq_test_to_half (v);
  else if (map->type == SQ_CUDA_E4M3)
    ((guint8 *) map->data)[i] = sq_e4m3_from_float (v / map->scale);
  else
    ((gint8 *) map->data)[i] = (gint8) fminf (fmaxf (rintf (v / map->scale) + (float) map->zero, -128), 127);
}

static void
finish (const SqCudaConv *job, int n, int oy, int k0, int ks, const float *sums)
{
  const SqCudaMap *y = &job->y, *r = &job->residual;
  SqAct act = { (SqActKind) job->act.kind, job->act.a, job->act.b };

  for (int ox = 0; ox < y->w; ox++)
    for (int k = 0; k < ks; k++)
      {
        float bias = job->bias != NULL ? job->bias[k0 + k] : 0, v = sums[8 * ox + k];

        v = job->weight_scale != NULL ? fmaf (v, job->x.scale * job->weight_scale[k0 + k], bias) : v + bias;
        v = sq_act_apply (&act, v);
        if (r->data != NULL)
          v += load_map (r, n * r->image + oy * r->row + ox * r->pixel + k0 + k);
        store_map (y, n * y->image + oy * y->row + ox * y->pixel + k0 + k, v);
      }
}

void
_sq_fake_convolve (const SqCudaConv *job)
{
  const SqCudaMap *x = &job->x;
  gboolean integer = x->type == SQ_CUDA_S8;
  int c = x->c / job->groups, out = job->y.c / job->groups, taps = job->kernel[0] * job->kernel[1];
  int height = (job->y.h - 1) * job->stride[0] + (job->kernel[0] - 1) * job->dilation[0] + 1;
  int width = (job->y.w - 1) * job->stride[1] + (job->kernel[1] - 1) * job->dilation[1] + 1;
  // either as float or as int32: both have four bytes
  gint32 *frame = g_new (gint32, (gsize) height * width * c);
  F8 *weights = g_aligned_alloc ((gsize) taps * c, sizeof (F8), 32), *row = g_aligned_alloc ((gsize) job->y.w, sizeof (F8), 32);

  for (int n = 0; n < job->y.n; n++)
    for (int g = 0; g < job->groups; g++)
      {
        for (int iy = 0; iy < height; iy++)
          for (int ix = 0; ix < width; ix++)
            for (int k = 0; k < c; k++)
              {
                int sy = iy - job->pad[0], sx = ix - job->pad[1];
                gsize at = ((gsize) iy * width + ix) * c + k;
                float v = 0;

                if (sy >= 0 && sy < x->h && sx >= 0 && sx < x->w)
                  v = load (x->data, x->type, n * x->image + sy * x->row + sx * x->pixel + g * c + k) - (integer ? (float) x->zero : 0);
                if (integer)
                  frame[at] = (gint32) v;
                else
                  ((float *) frame)[at] = v;
              }
        for (int k0 = 0; k0 < out; k0 += 8)
          {
            int ks = MIN (8, out - k0);

            for (int t = 0; t < taps * c; t++)
              for (int k = 0; k < 8; k++)
                {
                  float v = k < ks ? load (job->weights, x->type, (gint64) (g * out + k0 + k) * taps * c + t) : 0;

                  if (integer)
                    ((gint32 *) weights)[8 * t + k] = (gint32) v;
                  else
                    ((float *) weights)[8 * t + k] = v;
                }
            for (int oy = 0; oy < job->y.h; oy++)
              {
                if (integer)
                  {
                    row_s8 (job, frame, width, c, (const I8 *) weights, oy, (I8 *) row);
                    for (int i = 0; i < 8 * job->y.w; i++)
                      ((float *) row)[i] = (float) ((gint32 *) row)[i];
                  }
                else
                  row_f32 (job, (const float *) frame, width, c, weights, oy, row);
                finish (job, n, oy, g * out + k0, ks, (const float *) row);
              }
          }
      }
  g_free (frame);
  g_aligned_free (weights);
  g_aligned_free (row);
}
