// SPDX-License-Identifier: GPL-3.0-or-later
#include "quant.h"

#include <math.h>

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  if (!_sq_quant_infer ("quantize", params->axis.axis, in, n_in, error))
    return FALSE;
  if (in[0]->dtype != SQ_F32)
    return sq_op_fail (error, "quantize", "the input is not float32");
  out[0].dtype = n_in > 2 && in[2] != NULL ? in[2]->dtype : SQ_U8;
  out[0].shape = in[0]->shape;
  if (out[0].dtype != SQ_U8 && out[0].dtype != SQ_I8)
    return sq_op_fail (error, "quantize", "%s is not a supported target", sq_dtype_name (out[0].dtype));
  return TRUE;
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  for (gint64 i = 0; i < in[0]->n; i++)
    {
      gint64 k = _sq_quant_index (in[0], in[1], params->axis.axis, i);
      double zero = n_in > 2 && in[2] != NULL ? sq_tensor_get (in[2], k) : 0;

      sq_tensor_set (out[0], i, nearbyintf (sq_tensor_f32 (in[0])[i] / sq_tensor_f32 (in[1])[k]) + zero);
    }
}

// q = saturate (round half to even (x / scale) + zero point). Inputs: x, scale, zero point or none; the zero point's type is the output's.
const SqOp sq_op_quantize = { .name = "quantize", .n_out = 1, .infer = infer, .reference = reference };
