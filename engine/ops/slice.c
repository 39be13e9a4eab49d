// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

#include <string.h>

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  if (n_in < 1 || in[0] == NULL)
    return sq_op_fail (error, "slice", "the input is missing");
  out[0] = *in[0];
  for (int d = 0; d < in[0]->shape.rank; d++)
    {
      gint64 n = params->slice.size[d], first = params->slice.start[d], last = first + (n - 1) * params->slice.step[d];

      if (n < 0 || (n > 0 && (first < 0 || last < 0 || first >= in[0]->shape.dim[d] || last >= in[0]->shape.dim[d])))
        return sq_op_fail (error, "slice", "dimension %d is cut outside the input", d);
      out[0].shape.dim[d] = n;
    }
  return TRUE;
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  const SqShape *y = &out[0]->shape;
  gint64 strides[SQ_MAX_RANK], index[SQ_MAX_RANK] = { 0 }, at = 0, step = 1, row;
  gsize size = sq_dtype_size (out[0]->dtype);
  int last = y->rank - 1;

  if (out[0]->n == 0)
    return;
  for (int d = last; d >= 0; d--)
    {
      strides[d] = step * params->slice.step[d];
      at += step * params->slice.start[d];
      step *= in[0]->shape.dim[d];
    }
  row = y->rank > 0 ? y->dim[last] : 1;
  for (gint64 o = 0; o < out[0]->n; o += row)
    {
      if (y->rank == 0 || strides[last] == 1)
        memcpy ((char *) out[0]->data + o * size, (char *) in[0]->data + at * size, row * size);
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

// A box of the input: start, step and size per dim (ONNX Slice and Split after resolving ends and signs).
const SqOp sq_op_slice = { .name = "slice", .n_out = 1, .infer = infer, .reference = reference };
