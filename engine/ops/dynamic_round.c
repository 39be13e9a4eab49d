// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

#include <math.h>

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  if (n_in < 1 || in[0] == NULL || in[0]->dtype != SQ_F32)
    return sq_op_fail (error, "dynamic_round", "the input is not float32");
  out[0] = *in[0];
  out[1] = (SqType){ SQ_F32, { 0 } };
  return TRUE;
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  const float *x = sq_tensor_f32 (in[0]);
  float min = 0, max = 0, scale, zero;

  for (gint64 i = 0; i < in[0]->n; i++)
    {
      min = fminf (min, x[i]);
      max = fmaxf (max, x[i]);
    }
  scale = max == min ? 1 : (max - min) / 255;
  zero = fminf (fmaxf (nearbyintf (-min / scale), 0), 255);
  for (gint64 i = 0; i < in[0]->n; i++)
    sq_tensor_f32 (out[0])[i] = fminf (fmaxf (nearbyintf (x[i] / scale) + zero, 0), 255) - zero;
  sq_tensor_f32 (out[1])[0] = scale;
}

// The integers of DynamicQuantizeLinear-11 less their zero point, as floats, and the scale: what an integer convolution sees.
const SqOp sq_op_dynamic_round = { .name = "dynamic_round", .n_out = 2, .infer = infer, .reference = reference };
