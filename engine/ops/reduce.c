// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

#include <math.h>

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  if (n_in < 1 || in[0] == NULL)
    return sq_op_fail (error, "reduce", "the input is missing");
  out[0].dtype = in[0]->dtype;
  out[0].shape.rank = 0;
  for (int d = 0; d < in[0]->shape.rank; d++)
    {
      gboolean gone = (params->reduce.axes >> d & 1) != 0;

      if (gone && in[0]->shape.dim[d] == 0)
        return sq_op_fail (error, "reduce", "nothing to reduce");
      if (!gone || params->reduce.keep)
        out[0].shape.dim[out[0].shape.rank++] = gone ? 1 : in[0]->shape.dim[d];
    }
  return TRUE;
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  const SqShape *x = &in[0]->shape;
  SqReduceKind kind = params->reduce.kind;
  g_autofree double *sum = g_new (double, MAX (out[0]->n, 1));
  gint64 step[SQ_MAX_RANK], at = 1;
  double count = 1;

  for (int d = x->rank - 1; d >= 0; d--)
    {
      gboolean gone = (params->reduce.axes >> d & 1) != 0;

      step[d] = gone ? 0 : at;
      at *= gone ? 1 : x->dim[d];
      count *= gone ? (double) x->dim[d] : 1;
    }
  for (gint64 i = 0; i < out[0]->n; i++)
    sum[i] = kind == SQ_REDUCE_MAX ? -INFINITY : kind == SQ_REDUCE_MIN ? INFINITY : 0;
  for (gint64 i = 0; i < in[0]->n; i++)
    {
      gint64 rest = i, o = 0;
      double v = sq_tensor_get (in[0], i);

      for (int d = x->rank - 1; d >= 0; d--)
        {
          o += rest % x->dim[d] * step[d];
          rest /= x->dim[d];
        }
      sum[o] = kind == SQ_REDUCE_MAX ? fmax (sum[o], v) : kind == SQ_REDUCE_MIN ? fmin (sum[o], v) : sum[o] + v;
    }
  for (gint64 i = 0; i < out[0]->n; i++)
    sq_tensor_set (out[0], i, kind == SQ_REDUCE_MEAN ? sum[i] / count : sum[i]);
}

// Sum, mean, maximum or minimum over a set of axes.
const SqOp sq_op_reduce = { .name = "reduce", .n_out = 1, .infer = infer, .reference = reference };
