// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

#include <string.h>

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  SqShape shape;

  if (n_in != 3 || in[0] == NULL || in[1] == NULL || in[2] == NULL || in[0]->dtype != SQ_BOOL || in[1]->dtype != in[2]->dtype)
    return sq_op_fail (error, "where", "a condition and two values of one type are needed");
  if (!sq_shape_broadcast (&in[0]->shape, &in[1]->shape, &shape) || !sq_shape_broadcast (&shape, &in[2]->shape, &out[0].shape))
    return sq_op_fail (error, "where", "the shapes do not fit");
  out[0].dtype = in[1]->dtype;
  return TRUE;
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  const SqShape *y = &out[0]->shape;
  gint64 strides[3][SQ_MAX_RANK], index[SQ_MAX_RANK] = { 0 }, at[3] = { 0 };
  gsize size = sq_dtype_size (out[0]->dtype);

  for (int k = 0; k < 3; k++)
    sq_shape_broadcast_strides (&in[k]->shape, y, strides[k]);
  for (gint64 o = 0; o < out[0]->n; o++)
    {
      int from = ((guint8 *) in[0]->data)[at[0]] ? 1 : 2;

      memcpy ((char *) out[0]->data + o * size, (char *) in[from]->data + at[from] * size, size);
      for (int d = y->rank - 1; d >= 0; d--)
        {
          for (int k = 0; k < 3; k++)
            at[k] += strides[k][d];
          if (++index[d] < y->dim[d])
            break;
          for (int k = 0; k < 3; k++)
            at[k] -= strides[k][d] * y->dim[d];
          index[d] = 0;
        }
    }
}

// condition ? a : b, broadcast.
const SqOp sq_op_where = { .name = "where", .n_out = 1, .infer = infer, .reference = reference };
