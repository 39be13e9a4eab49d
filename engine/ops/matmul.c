// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  SqShape a, b, batch;

  if (n_in != 2 || in[0] == NULL || in[1] == NULL || in[0]->shape.rank < 2 || in[1]->shape.rank < 2)
    return sq_op_fail (error, "matmul", "two matrices are needed");
  a = in[0]->shape;
  b = in[1]->shape;
  if (in[0]->dtype != SQ_F32 || in[1]->dtype != SQ_F32 || a.dim[a.rank - 1] != b.dim[b.rank - 2])
    return sq_op_fail (error, "matmul", "the matrices do not fit");
  out[0].dtype = SQ_F32;
  out[0].shape.dim[0] = a.dim[a.rank - 2];
  out[0].shape.dim[1] = b.dim[b.rank - 1];
  a.rank -= 2;
  b.rank -= 2;
  if (!sq_shape_broadcast (&a, &b, &batch) || batch.rank + 2 > SQ_MAX_RANK)
    return sq_op_fail (error, "matmul", "the batches do not fit");
  batch.dim[batch.rank++] = out[0].shape.dim[0];
  batch.dim[batch.rank++] = out[0].shape.dim[1];
  out[0].shape = batch;
  return TRUE;
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  SqShape a = in[0]->shape, b = in[1]->shape, y = out[0]->shape;
  gint64 m = a.dim[a.rank - 2], k = a.dim[a.rank - 1], n = b.dim[b.rank - 1];
  gint64 sa[SQ_MAX_RANK], sb[SQ_MAX_RANK], batches;

  a.rank -= 2;
  b.rank -= 2;
  y.rank -= 2;
  batches = sq_shape_span (&y, 0, y.rank);
  sq_shape_broadcast_strides (&a, &y, sa);
  sq_shape_broadcast_strides (&b, &y, sb);
  for (gint64 t = 0; t < batches; t++)
    {
      gint64 rest = t, ia = 0, ib = 0;
      const float *pa, *pb;
      float *py = sq_tensor_f32 (out[0]) + t * m * n;

      for (int d = y.rank - 1; d >= 0; d--)
        {
          ia += rest % y.dim[d] * sa[d];
          ib += rest % y.dim[d] * sb[d];
          rest /= y.dim[d];
        }
      pa = sq_tensor_f32 (in[0]) + ia * m * k;
      pb = sq_tensor_f32 (in[1]) + ib * k * n;
      for (gint64 i = 0; i < m; i++)
        for (gint64 l = 0; l < k; l++)
          for (gint64 j = 0; j < n; j++)
            py[i * n + j] += pa[i * k + l] * pb[l * n + j];
    }
}

static double
flop (const SqParams *params, const SqType *const *in, const SqType *out)
{
  return 2. * sq_shape_elements (&out[0].shape) * in[0]->shape.dim[in[0]->shape.rank - 1];
}

// Matrix product over the last two dims, the others broadcast.
const SqOp sq_op_matmul = { .name = "matmul", .n_out = 1, .infer = infer, .reference = reference, .flop = flop };
