// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  SqType x, w;
  const SqType *plain[2] = { &x, &w };

  if (n_in < 2 || in[0] == NULL || in[1] == NULL)
    return sq_op_fail (error, "conv_integer", "input or weights are missing");
  if ((in[0]->dtype != SQ_U8 && in[0]->dtype != SQ_I8) || (in[1]->dtype != SQ_U8 && in[1]->dtype != SQ_I8))
    return sq_op_fail (error, "conv_integer", "input and weights must be 8-bit integers");
  if (n_in > 2 && in[2] != NULL && sq_shape_elements (&in[2]->shape) != 1)
    return sq_op_fail (error, "conv_integer", "the input's zero point must be one number");
  x = *in[0];
  w = *in[1];
  if (!sq_op_conv.infer (params, plain, 2, out, error))
    return FALSE;
  if (n_in > 3 && in[3] != NULL && sq_shape_elements (&in[3]->shape) != 1 && sq_shape_elements (&in[3]->shape) != w.shape.dim[0])
    return sq_op_fail (error, "conv_integer", "the weights' zero points do not fit the output channels");
  out[0].dtype = SQ_I32;
  return TRUE;
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  const SqConvParams *p = &params->conv;
  const gint64 *x = in[0]->shape.dim, *y = out[0]->shape.dim;
  gint64 ic = in[1]->shape.dim[1], oc_group = y[1] / p->groups;
  gint32 zx = n_in > 2 && in[2] != NULL ? (gint32) sq_tensor_get (in[2], 0) : 0;

  for (gint64 n = 0; n < y[0]; n++)
    for (gint64 oc = 0; oc < y[1]; oc++)
      {
        gint32 *plane = (gint32 *) out[0]->data + (n * y[1] + oc) * y[2] * y[3];
        gint32 zw = n_in > 3 && in[3] != NULL ? (gint32) sq_tensor_get (in[3], in[3]->n == 1 ? 0 : oc) : 0;

        for (gint64 c = 0; c < ic; c++)
          for (int ky = 0; ky < p->kernel[0]; ky++)
            for (int kx = 0; kx < p->kernel[1]; kx++)
              {
                gint32 w = (gint32) sq_tensor_get (in[1], ((oc * ic + c) * p->kernel[0] + ky) * p->kernel[1] + kx) - zw;
                gint64 base = (n * x[1] + oc / oc_group * ic + c) * x[2] * x[3];

                for (gint64 oy = 0; oy < y[2]; oy++)
                  {
                    gint64 iy = oy * p->stride[0] + ky * p->dilation[0] - p->pad[0];

                    if (iy < 0 || iy >= x[2])
                      continue;
                    for (gint64 ox = 0; ox < y[3]; ox++)
                      {
                        gint64 ix = ox * p->stride[1] + kx * p->dilation[1] - p->pad[1], at = base + iy * x[3] + ix;

                        if (ix < 0 || ix >= x[3])
                          continue;
                        plane[oy * y[3] + ox] +=
                            w * ((in[0]->dtype == SQ_U8 ? ((guint8 *) in[0]->data)[at] : ((gint8 *) in[0]->data)[at]) - zx);
                      }
                  }
              }
      }
}

static double
flop (const SqParams *params, const SqType *const *in, const SqType *out)
{
  return sq_op_conv.flop (params, in, out);
}

// y = (x - zx) * (w - zw) in int32; padding stands for zx. Inputs: x u8/i8 NCHW, w u8/i8, zx scalar or none, zw scalar or [out] or none.
const SqOp sq_op_conv_integer = { .name = "conv_integer", .n_out = 1, .infer = infer, .reference = reference, .flop = flop };
