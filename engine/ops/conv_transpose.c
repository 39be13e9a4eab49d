// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  const SqConvParams *p = &params->conv;
  const SqShape *x, *w;

  if (n_in < 2 || in[0] == NULL || in[1] == NULL)
    return sq_op_fail (error, "conv_transpose", "input or weights are missing");
  x = &in[0]->shape;
  w = &in[1]->shape;
  if (x->rank != 4 || w->rank != 4 || p->groups < 1 || x->dim[1] != w->dim[0] || x->dim[1] % p->groups != 0)
    return sq_op_fail (error, "conv_transpose", "the weights do not fit the input");
  if (w->dim[2] != p->kernel[0] || w->dim[3] != p->kernel[1])
    return sq_op_fail (error, "conv_transpose", "the kernel's size differs from its weights");
  if (n_in > 2 && in[2] != NULL && sq_shape_elements (&in[2]->shape) != w->dim[1] * p->groups)
    return sq_op_fail (error, "conv_transpose", "the bias does not fit the output channels");
  out[0].dtype = SQ_F32;
  out[0].shape = SQ_SHAPE (x->dim[0], w->dim[1] * p->groups, 0, 0);
  for (int i = 0; i < 2; i++)
    {
      if (p->stride[i] < 1 || p->dilation[i] < 1 || p->kernel[i] < 1 || p->pad[i] < 0 || p->pad[2 + i] < 0 || p->out_pad[i] < 0)
        return sq_op_fail (error, "conv_transpose", "stride, dilation, kernel or padding is out of range");
      out[0].shape.dim[2 + i] =
          (x->dim[2 + i] - 1) * p->stride[i] + (gint64) p->dilation[i] * (p->kernel[i] - 1) + 1 + p->out_pad[i] - p->pad[i] - p->pad[2 + i];
      if (out[0].shape.dim[2 + i] < 1)
        return sq_op_fail (error, "conv_transpose", "nothing is left of the output");
    }
  return TRUE;
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  const SqConvParams *p = &params->conv;
  const gint64 *x = in[0]->shape.dim, *y = out[0]->shape.dim;
  gint64 ic_group = x[1] / p->groups, oc_group = y[1] / p->groups;
  const float *bias = n_in > 2 && in[2] != NULL ? sq_tensor_f32 (in[2]) : NULL;

  for (gint64 n = 0; n < y[0]; n++)
    for (gint64 oc = 0; oc < y[1]; oc++)
      {
        float *plane = sq_tensor_f32 (out[0]) + (n * y[1] + oc) * y[2] * y[3];
        gint64 first = oc / oc_group * ic_group;

        for (gint64 i = 0; i < y[2] * y[3]; i++)
          plane[i] = bias != NULL ? bias[oc] : 0;
        for (gint64 c = first; c < first + ic_group; c++)
          for (int ky = 0; ky < p->kernel[0]; ky++)
            for (int kx = 0; kx < p->kernel[1]; kx++)
              {
                float w = sq_tensor_f32 (in[1])[((c * oc_group + oc % oc_group) * p->kernel[0] + ky) * p->kernel[1] + kx];
                const float *src = sq_tensor_f32 (in[0]) + (n * x[1] + c) * x[2] * x[3];

                for (gint64 iy = 0; iy < x[2]; iy++)
                  {
                    gint64 oy = iy * p->stride[0] + ky * p->dilation[0] - p->pad[0];

                    if (oy < 0 || oy >= y[2])
                      continue;
                    for (gint64 ix = 0; ix < x[3]; ix++)
                      {
                        gint64 ox = ix * p->stride[1] + kx * p->dilation[1] - p->pad[1];

                        if (ox >= 0 && ox < y[3])
                          plane[oy * y[3] + ox] += w * src[iy * x[3] + ix];
                      }
                  }
              }
        for (gint64 i = 0; i < y[2] * y[3]; i++)
          plane[i] = sq_act_apply (&p->act, plane[i]);
      }
}

static double
flop (const SqParams *params, const SqType *const *in, const SqType *out)
{
  return 2. * sq_shape_elements (&in[0]->shape) * sq_shape_span (&in[1]->shape, 1, 4);
}

// Transposed convolution. Inputs: x NCHW, w [in][out / groups][h][w], bias [out] or none.
const SqOp sq_op_conv_transpose = { .name = "conv_transpose", .n_out = 1, .infer = infer, .reference = reference, .flop = flop };
