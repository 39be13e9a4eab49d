// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

#include <string.h>

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  guint seen = 0;

  if (n_in < 1 || in[0] == NULL)
    return sq_op_fail (error, "transpose", "the input is missing");
  out[0] = *in[0];
  for (int d = 0; d < in[0]->shape.rank; d++)
    {
      int from = params->transpose.perm[d];

      if (from < 0 || from >= in[0]->shape.rank || (seen >> from & 1) != 0)
        return sq_op_fail (error, "transpose", "the permutation is not one");
      seen |= 1u << from;
      out[0].shape.dim[d] = in[0]->shape.dim[from];
    }
  return TRUE;
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  const SqShape *y = &out[0]->shape;
  gint64 in_step[SQ_MAX_RANK], strides[SQ_MAX_RANK], index[SQ_MAX_RANK] = { 0 }, at = 0, step = 1, row;
  gsize size = sq_dtype_size (out[0]->dtype);
  int last = y->rank - 1;

  if (y->rank == 0 || out[0]->n == 0)
    {
      memcpy (out[0]->data, in[0]->data, in[0]->bytes);
      return;
    }
  for (int d = last; d >= 0; d--)
    {
      in_step[d] = step;
      step *= in[0]->shape.dim[d];
    }
  for (int d = 0; d <= last; d++)
    strides[d] = in_step[params->transpose.perm[d]];
  row = y->dim[last];
  for (gint64 o = 0; o < out[0]->n; o += row)
    {
      if (size == 4)
        for (gint64 i = 0; i < row; i++)
          ((guint32 *) out[0]->data)[o + i] = ((guint32 *) in[0]->data)[at + i * strides[last]];
      else
        for (gint64 i = 0; i < row; i++)
          memcpy ((char *) out[0]->data + (o + i) * size, (char *) in[0]->data + (at + i * strides[last]) * size, size);
      for (int d = last - 1; d >= 0; d--)
        {
          at += strides[d];
          if (++index[d] < y->dim[d])
            break;
          at -= strides[d] * y->dim[d];
          index[d] = 0;
        }
    }
}

// Dims in another order: dim d of the output is dim perm[d] of the input.
const SqOp sq_op_transpose = { .name = "transpose", .n_out = 1, .infer = infer, .reference = reference };
