// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

#include <math.h>
#include <stdlib.h>

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  int axis = params->topk.axis;

  if (n_in < 1 || in[0] == NULL || axis < 0 || axis >= in[0]->shape.rank)
    return sq_op_fail (error, "topk", "axis %d is outside the input", axis);
  if (params->topk.k < 0 || params->topk.k > in[0]->shape.dim[axis])
    return sq_op_fail (error, "topk", "k is larger than the axis");
  out[0] = *in[0];
  out[0].shape.dim[axis] = params->topk.k;
  out[1] = (SqType){ SQ_I64, out[0].shape };
  return TRUE;
}

typedef struct
{
  double value;
  gint64 index;
} Item;

static int
compare (const void *a, const void *b)
{
  const Item *x = a, *y = b;

  if (x->value != y->value)
    return x->value > y->value ? -1 : 1;
  return x->index < y->index ? -1 : x->index > y->index;
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  int axis = params->topk.axis;
  gint64 n = in[0]->shape.dim[axis], inner = sq_shape_span (&in[0]->shape, axis + 1, in[0]->shape.rank);
  gint64 outer = sq_shape_span (&in[0]->shape, 0, axis);
  g_autofree Item *items = g_new (Item, MAX (n, 1));

  for (gint64 o = 0; o < outer; o++)
    for (gint64 i = 0; i < inner; i++)
      {
        for (gint64 k = 0; k < n; k++)
          {
            double v = sq_tensor_get (in[0], (o * n + k) * inner + i);

            if (isnan (v))
              v = -INFINITY; // an order must exist whatever the network says
            items[k] = (Item){ params->topk.largest ? v : -v, k };
          }
        qsort (items, n, sizeof items[0], compare);
        for (gint64 k = 0; k < params->topk.k; k++)
          {
            gint64 at = (o * params->topk.k + k) * inner + i;

            sq_tensor_set (out[0], at, params->topk.largest ? items[k].value : -items[k].value);
            ((gint64 *) out[1]->data)[at] = items[k].index;
          }
      }
}

// The k largest (or smallest) along an axis, sorted, ties by index; values and int64 indices.
const SqOp sq_op_topk = { .name = "topk", .n_out = 2, .infer = infer, .reference = reference };
