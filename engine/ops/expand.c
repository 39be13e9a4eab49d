// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

#include <string.h>

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  if (n_in < 1 || in[0] == NULL || !sq_shape_broadcast (&in[0]->shape, &params->reshape.shape, &out[0].shape))
    return sq_op_fail (error, "expand", "the input cannot grow to that shape");
  out[0].dtype = in[0]->dtype;
  return TRUE;
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  const SqShape *shape = &out[0]->shape;
  gint64 strides[SQ_MAX_RANK], index[SQ_MAX_RANK] = { 0 }, at = 0;
  gsize size = sq_dtype_size (out[0]->dtype);

  sq_shape_broadcast_strides (&in[0]->shape, shape, strides);
  for (gint64 o = 0; o < out[0]->n; o++)
    {
      memcpy ((char *) out[0]->data + o * size, (char *) in[0]->data + at * size, size);
      for (int d = shape->rank - 1; d >= 0; d--)
        {
          at += strides[d];
          if (++index[d] < shape->dim[d])
            break;
          at -= strides[d] * shape->dim[d];
          index[d] = 0;
        }
    }
}

// Repeats dims of size 1 (NumPy broadcasting) up to params.reshape.shape.
const SqOp sq_op_expand = { .name = "expand", .n_out = 1, .infer = infer, .reference = reference };
