// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

#include <string.h>

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  int axis = params->axis.axis;

  if (n_in < 1 || in[0] == NULL || axis < 0 || axis >= in[0]->shape.rank)
    return sq_op_fail (error, "concat", "axis %d is outside the input", axis);
  out[0] = *in[0];
  for (int k = 1; k < n_in; k++)
    {
      if (in[k] == NULL || in[k]->dtype != out[0].dtype || in[k]->shape.rank != out[0].shape.rank)
        return sq_op_fail (error, "concat", "inputs differ in type or rank");
      for (int d = 0; d < out[0].shape.rank; d++)
        if (d != axis && in[k]->shape.dim[d] != out[0].shape.dim[d])
          {
            g_autofree char *a = sq_shape_to_string (&in[0]->shape), *b = sq_shape_to_string (&in[k]->shape);

            return sq_op_fail (error, "concat", "shapes %s and %s do not fit along axis %d", a, b, axis);
          }
      out[0].shape.dim[axis] += in[k]->shape.dim[axis];
    }
  return TRUE;
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  int axis = params->axis.axis;
  gsize size = sq_dtype_size (out[0]->dtype);
  gint64 outer = sq_shape_span (&out[0]->shape, 0, axis);
  gsize row = sq_shape_span (&out[0]->shape, axis, out[0]->shape.rank) * size, at = 0;

  for (int k = 0; k < n_in; k++)
    {
      gsize part = sq_shape_span (&in[k]->shape, axis, in[k]->shape.rank) * size;

      for (gint64 o = 0; o < outer; o++)
        memcpy ((char *) out[0]->data + o * row + at, (char *) in[k]->data + o * part, part);
      at += part;
    }
}

// Inputs one after another along params.axis.
const SqOp sq_op_concat = { .name = "concat", .n_out = 1, .infer = infer, .reference = reference };
