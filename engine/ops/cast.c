// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

#include <math.h>

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  if (n_in < 1 || in[0] == NULL)
    return sq_op_fail (error, "cast", "the input is missing");
  out[0].dtype = params->cast.to;
  out[0].shape = in[0]->shape;
  return TRUE;
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  for (gint64 i = 0; i < in[0]->n; i++)
    {
      double x = sq_tensor_get (in[0], i);

      sq_tensor_set (out[0], i, params->cast.to == SQ_F32 || params->cast.to == SQ_BOOL ? x : trunc (x));
    }
}

// Element type conversion; floats to integers cut towards zero and saturate.
const SqOp sq_op_cast = { .name = "cast", .n_out = 1, .infer = infer, .reference = reference };
