// SPDX-License-Identifier: GPL-3.0-or-later
#include "quant.h"

gboolean
_sq_quant_infer (const char *op, int axis, const SqType *const *in, int n_in, GError **error)
{
  gint64 n;

  if (n_in < 2 || in[0] == NULL || in[1] == NULL || in[1]->dtype != SQ_F32)
    return sq_op_fail (error, op, "input or scale is missing");
  n = sq_shape_elements (&in[1]->shape);
  if (n != 1 && (axis < 0 || axis >= in[0]->shape.rank || n != in[0]->shape.dim[axis]))
    return sq_op_fail (error, op, "the scales do not fit axis %d", axis);
  if (n_in > 2 && in[2] != NULL && sq_shape_elements (&in[2]->shape) != n)
    return sq_op_fail (error, op, "there are more or fewer zero points than scales");
  return TRUE;
}

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  if (!_sq_quant_infer ("dequantize", params->axis.axis, in, n_in, error))
    return FALSE;
  if (in[0]->dtype == SQ_F32)
    return sq_op_fail (error, "dequantize", "the input is not an integer");
  out[0].dtype = SQ_F32;
  out[0].shape = in[0]->shape;
  return TRUE;
}

// Weights: symmetric whole numbers of 8 bits. Kept so that a backend can compute with them.
static SqGrid *
grid_of (const SqTensor *q, const SqTensor *scale, const SqTensor *zero, int axis)
{
  SqGrid *grid;

  if (q->dtype != SQ_I8 || q->shape.rank < 2)
    return NULL;
  for (gint64 k = 0; zero != NULL && k < zero->n; k++)
    if (sq_tensor_get (zero, k) != 0)
      return NULL;
  grid = g_malloc (sizeof *grid + (gsize) scale->n * sizeof (float));
  grid->axis = scale->n == 1 ? 0 : axis;
  grid->n = scale->n;
  for (gint64 k = 0; k < scale->n; k++)
    grid->scale[k] = sq_tensor_f32 (scale)[k];
  return grid;
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  for (gint64 i = 0; i < in[0]->n; i++)
    {
      gint64 k = _sq_quant_index (in[0], in[1], params->axis.axis, i);
      double zero = n_in > 2 && in[2] != NULL ? sq_tensor_get (in[2], k) : 0;

      sq_tensor_f32 (out[0])[i] = sq_tensor_f32 (in[1])[k] * (float) (sq_tensor_get (in[0], i) - zero);
    }
  g_free (out[0]->grid);
  out[0]->grid = grid_of (in[0], in[1], n_in > 2 ? in[2] : NULL, params->axis.axis);
}

// y = scale (q - zero point). Inputs: q, scale, zero point or none.
const SqOp sq_op_dequantize = { .name = "dequantize", .n_out = 1, .infer = infer, .reference = reference };
