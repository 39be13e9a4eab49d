// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

#include <string.h>

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  int axis = params->axis.axis;

  if (n_in != 2 || in[0] == NULL || in[1] == NULL || axis < 0 || axis >= in[0]->shape.rank || in[1]->shape.rank != in[0]->shape.rank)
    return sq_op_fail (error, "gather_elements", "the indices do not fit the input");
  for (int d = 0; d < in[0]->shape.rank; d++)
    if (in[0]->shape.dim[d] == 0 || (d != axis && in[1]->shape.dim[d] > in[0]->shape.dim[d]))
      return sq_op_fail (error, "gather_elements", "the indices do not fit the input");
  out[0].dtype = in[0]->dtype;
  out[0].shape = in[1]->shape;
  return TRUE;
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  const SqShape *x = &in[0]->shape, *y = &out[0]->shape;
  int axis = params->axis.axis;
  gsize size = sq_dtype_size (out[0]->dtype);

  for (gint64 o = 0; o < out[0]->n; o++)
    {
      gint64 rest = o, at = 0, step = 1;

      for (int d = x->rank - 1; d >= 0; d--)
        {
          gint64 i = rest % y->dim[d];

          rest /= y->dim[d];
          if (d == axis)
            {
              i = (gint64) sq_tensor_get (in[1], o);
              i = CLAMP (i < 0 ? i + x->dim[d] : i, 0, x->dim[d] - 1);
            }
          at += i * step;
          step *= x->dim[d];
        }
      memcpy ((char *) out[0]->data + o * size, (char *) in[0]->data + at * size, size);
    }
}

// y[i][j] = x[index[i][j]][j] along params.axis; indices are clamped to the axis.
const SqOp sq_op_gather_elements = { .name = "gather_elements", .n_out = 1, .infer = infer, .reference = reference };
