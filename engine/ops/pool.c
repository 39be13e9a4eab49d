// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

#include <math.h>

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  const SqPoolParams *p = &params->pool;

  if (n_in < 1 || in[0] == NULL || in[0]->dtype != SQ_F32 || in[0]->shape.rank != 4)
    return sq_op_fail (error, "pool", "a float32 input of four dimensions is needed");
  out[0] = *in[0];
  for (int i = 0; i < 2; i++)
    {
      gint64 n = in[0]->shape.dim[2 + i], reach, room, count;

      if (p->stride[i] < 1 || p->dilation[i] < 1 || p->kernel[i] < 1 || p->pad[i] < 0 || p->pad[2 + i] < 0)
        return sq_op_fail (error, "pool", "stride, kernel or padding is out of range");
      reach = (gint64) p->dilation[i] * (p->kernel[i] - 1) + 1;
      room = n + p->pad[i] + p->pad[2 + i] - reach;
      if (room < 0)
        return sq_op_fail (error, "pool", "the window is larger than the padded input");
      count = (p->ceil ? (room + p->stride[i] - 1) / p->stride[i] : room / p->stride[i]) + 1;
      if (p->ceil && (count - 1) * p->stride[i] >= n + p->pad[i])
        count--; // a window must start inside the input or its leading padding
      out[0].shape.dim[2 + i] = count;
    }
  return TRUE;
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  const SqPoolParams *p = &params->pool;
  const gint64 *x = in[0]->shape.dim, *y = out[0]->shape.dim;

  for (gint64 c = 0; c < y[0] * y[1]; c++)
    for (gint64 oy = 0; oy < y[2]; oy++)
      for (gint64 ox = 0; ox < y[3]; ox++)
        {
          const float *src = sq_tensor_f32 (in[0]) + c * x[2] * x[3];
          float best = -INFINITY, sum = 0;
          int inside = 0, padded = 0;

          for (int ky = 0; ky < p->kernel[0]; ky++)
            for (int kx = 0; kx < p->kernel[1]; kx++)
              {
                gint64 iy = oy * p->stride[0] + ky * p->dilation[0] - p->pad[0];
                gint64 ix = ox * p->stride[1] + kx * p->dilation[1] - p->pad[1];

                if (iy >= 0 && iy < x[2] && ix >= 0 && ix < x[3])
                  {
                    float v = src[iy * x[3] + ix];

                    best = fmaxf (best, v);
                    sum += v;
                    inside++;
                  }
                if (iy < x[2] + p->pad[2] && ix < x[3] + p->pad[3])
                  padded++;
              }
          sq_tensor_f32 (out[0])[(c * y[2] + oy) * y[3] + ox] = !p->average ? best : sum / (float) MAX (p->count_pad ? padded : inside, 1);
        }
}

// Maximum or average over windows, NCHW; padding never wins a maximum.
const SqOp sq_op_pool = { .name = "pool", .n_out = 1, .infer = infer, .reference = reference };
