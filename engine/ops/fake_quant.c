// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

#include <math.h>

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  if (n_in < 1 || in[0] == NULL || in[0]->dtype != SQ_F32)
    return sq_op_fail (error, "fake_quant", "the input is not float32");
  if (n_in > 1)
    for (int k = 1; k < 3; k++)
      if (n_in != 3 || in[k] == NULL || in[k]->dtype != SQ_F32 || in[0]->shape.rank < 2 || in[k]->shape.rank != 1
          || in[k]->shape.dim[0] != in[0]->shape.dim[1])
        return sq_op_fail (error, "fake_quant", "the scales or zero points do not fit the channels");
  out[0] = *in[0];
  return TRUE;
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  gint64 channels = n_in > 1 ? in[0]->shape.dim[1] : 1;
  gint64 plane = n_in > 1 ? sq_shape_span (&in[0]->shape, 2, in[0]->shape.rank) : MAX (in[0]->n, 1);
  float low = params->fake_quant.low, high = params->fake_quant.high;

  for (gint64 i = 0; i < in[0]->n; i++)
    {
      gint64 c = i / plane % channels;
      float scale = n_in > 1 ? sq_tensor_f32 (in[1])[c] : params->fake_quant.scale;
      float zero = n_in > 1 ? sq_tensor_f32 (in[2])[c] : params->fake_quant.zero;

      sq_tensor_f32 (out[0])[i] = scale * (fminf (fmaxf (nearbyintf (sq_tensor_f32 (in[0])[i] / scale) + zero, low), high) - zero);
    }
}

// Storing is no work of the network's.
static double
flop (const SqParams *params, const SqType *const *in, const SqType *out)
{
  return 0;
}

// What is left of x after it was stored in 8 bits: quantize and dequantize in one (QDQ). Inputs: x; or x, scale and zero point per channel
// (dim 1).
const SqOp sq_op_fake_quant = { .name = "fake_quant", .n_out = 1, .infer = infer, .reference = reference, .flop = flop };
