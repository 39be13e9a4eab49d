// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  const SqConvParams *p = &params->conv;
  const SqShape *x, *w;

  if (n_in < 2 || in[0] == NULL || in[1] == NULL)
    return sq_op_fail (error, "conv", "input or weights are missing");
  x = &in[0]->shape;
  w = &in[1]->shape;
  if (x->rank != 4 || w->rank != 4)
    return sq_op_fail (error, "conv", "only two-dimensional convolutions are supported");
  if (p->groups < 1 || w->dim[0] % p->groups != 0 || x->dim[1] != w->dim[1] * p->groups)
    return sq_op_fail (error, "conv", "%" G_GINT64_FORMAT " input channels do not fit weights for %" G_GINT64_FORMAT " in %d groups",
                       x->dim[1], w->dim[1], p->groups);
  if (w->dim[2] != p->kernel[0] || w->dim[3] != p->kernel[1])
    return sq_op_fail (error, "conv", "the kernel's size differs from its weights");
  if (n_in > 2 && in[2] != NULL && sq_shape_elements (&in[2]->shape) != w->dim[0])
    return sq_op_fail (error, "conv", "the bias does not fit the output channels");

  out[0].dtype = SQ_F32;
  out[0].shape = SQ_SHAPE (x->dim[0], w->dim[0], 0, 0);
  for (int i = 0; i < 2; i++)
    {
      gint64 reach = (gint64) p->dilation[i] * (p->kernel[i] - 1) + 1;
      gint64 padded = x->dim[2 + i] + p->pad[i] + p->pad[2 + i];

      if (p->stride[i] < 1 || p->dilation[i] < 1 || p->kernel[i] < 1 || p->pad[i] < 0 || p->pad[2 + i] < 0)
        return sq_op_fail (error, "conv", "stride, dilation, kernel or padding is out of range");
      if (padded < reach)
        return sq_op_fail (error, "conv", "the kernel is larger than the padded input");
      out[0].shape.dim[2 + i] = (padded - reach) / p->stride[i] + 1;
    }
  if (n_in > 3 && in[3] != NULL && !sq_shape_equal (&in[3]->shape, &out[0].shape))
    return sq_op_fail (error, "conv", "the residual's shape differs from the output's");
  return TRUE;
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  const SqConvParams *p = &params->conv;
  const gint64 *x = in[0]->shape.dim, *y = out[0]->shape.dim;
  gint64 ic = in[1]->shape.dim[1], oc_group = y[1] / p->groups;
  const float *bias = n_in > 2 && in[2] != NULL ? sq_tensor_f32 (in[2]) : NULL;
  const float *residual = n_in > 3 && in[3] != NULL ? sq_tensor_f32 (in[3]) : NULL;

  for (gint64 n = 0; n < y[0]; n++)
    for (gint64 oc = 0; oc < y[1]; oc++)
      {
        float *plane = sq_tensor_f32 (out[0]) + (n * y[1] + oc) * y[2] * y[3];

        for (gint64 i = 0; i < y[2] * y[3]; i++)
          plane[i] = bias != NULL ? bias[oc] : 0;
        for (gint64 c = 0; c < ic; c++)
          for (int ky = 0; ky < p->kernel[0]; ky++)
            for (int kx = 0; kx < p->kernel[1]; kx++)
              {
                float w = sq_tensor_f32 (in[1])[((oc * ic + c) * p->kernel[0] + ky) * p->kernel[1] + kx];
                const float *src = sq_tensor_f32 (in[0]) + (n * x[1] + oc / oc_group * ic + c) * x[2] * x[3];
                gint64 dx = kx * p->dilation[1] - p->pad[1];

                for (gint64 oy = 0; oy < y[2]; oy++)
                  {
                    gint64 iy = oy * p->stride[0] + ky * p->dilation[0] - p->pad[0];

                    if (iy < 0 || iy >= x[2])
                      continue;
                    for (gint64 ox = 0; ox < y[3]; ox++)
                      {
                        gint64 ix = ox * p->stride[1] + dx;

                        if (ix >= 0 && ix < x[3])
                          plane[oy * y[3] + ox] += w * src[iy * x[3] + ix];
                      }
                  }
              }
        for (gint64 i = 0; i < y[2] * y[3]; i++)
          plane[i] = sq_act_apply (&p->act, plane[i]);
        if (residual != NULL)
          for (gint64 i = 0; i < y[2] * y[3]; i++)
            plane[i] += residual[(n * y[1] + oc) * y[2] * y[3] + i];
      }
}

static double
flop (const SqParams *params, const SqType *const *in, const SqType *out)
{
  return 2. * sq_shape_elements (&out[0].shape) * sq_shape_span (&in[1]->shape, 1, 4);
}

// y = act (x * w + bias) + residual. Inputs: x NCHW, w [out][in / groups][h][w], bias [out] or none, residual like y or none.
const SqOp sq_op_conv = { .name = "conv", .n_out = 1, .infer = infer, .reference = reference, .flop = flop };
