// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

#include <math.h>

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  if (n_in < 1 || in[0] == NULL || in[0]->dtype != SQ_F32 || params->axis.axis < 0 || params->axis.axis >= in[0]->shape.rank)
    return sq_op_fail (error, "softmax", "axis %d is outside the input", params->axis.axis);
  out[0] = *in[0];
  return TRUE;
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  int axis = params->axis.axis;
  gint64 n = in[0]->shape.dim[axis], inner = sq_shape_span (&in[0]->shape, axis + 1, in[0]->shape.rank);
  gint64 outer = sq_shape_span (&in[0]->shape, 0, axis);

  for (gint64 o = 0; o < outer; o++)
    for (gint64 i = 0; i < inner; i++)
      {
        const float *x = sq_tensor_f32 (in[0]) + o * n * inner + i;
        float *y = sq_tensor_f32 (out[0]) + o * n * inner + i;
        float top = -INFINITY, sum = 0;

        for (gint64 k = 0; k < n; k++)
          top = fmaxf (top, x[k * inner]);
        for (gint64 k = 0; k < n; k++)
          sum += y[k * inner] = expf (x[k * inner] - top);
        for (gint64 k = 0; k < n; k++)
          y[k * inner] /= sum;
      }
}

// e^x normalised along params.axis.
const SqOp sq_op_softmax = { .name = "softmax", .n_out = 1, .infer = infer, .reference = reference };
