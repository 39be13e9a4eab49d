// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

#include <string.h>

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  int axis = params->axis.axis, rank;

  if (n_in != 2 || in[0] == NULL || in[1] == NULL || axis < 0 || axis >= in[0]->shape.rank)
    return sq_op_fail (error, "gather", "axis %d is outside the input", axis);
  if (in[1]->dtype != SQ_I64 && in[1]->dtype != SQ_I32)
    return sq_op_fail (error, "gather", "the indices are not integers");
  rank = in[0]->shape.rank - 1 + in[1]->shape.rank;
  if (rank > SQ_MAX_RANK)
    return sq_op_fail (error, "gather", "more than %d dimensions", SQ_MAX_RANK);
  if (in[0]->shape.dim[axis] == 0)
    return sq_op_fail (error, "gather", "nothing to gather from");
  out[0].dtype = in[0]->dtype;
  out[0].shape.rank = 0;
  for (int i = 0; i < axis; i++)
    out[0].shape.dim[out[0].shape.rank++] = in[0]->shape.dim[i];
  for (int i = 0; i < in[1]->shape.rank; i++)
    out[0].shape.dim[out[0].shape.rank++] = in[1]->shape.dim[i];
  for (int i = axis + 1; i < in[0]->shape.rank; i++)
    out[0].shape.dim[out[0].shape.rank++] = in[0]->shape.dim[i];
  return TRUE;
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  int axis = params->axis.axis;
  gint64 n = in[0]->shape.dim[axis];
  gint64 outer = sq_shape_span (&in[0]->shape, 0, axis);
  gsize row = sq_shape_span (&in[0]->shape, axis + 1, in[0]->shape.rank) * sq_dtype_size (in[0]->dtype);

  for (gint64 o = 0; o < outer; o++)
    for (gint64 k = 0; k < in[1]->n; k++)
      {
        gint64 i = (gint64) sq_tensor_get (in[1], k);

        i = CLAMP (i < 0 ? i + n : i, 0, n - 1); // the file's indices are not to be trusted
        memcpy ((char *) out[0]->data + (o * in[1]->n + k) * row, (char *) in[0]->data + (o * n + i) * row, row);
      }
}

// Slices of the input picked by index along params.axis; indices are clamped to the axis.
const SqOp sq_op_gather = { .name = "gather", .n_out = 1, .infer = infer, .reference = reference };
