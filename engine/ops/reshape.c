// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

#include <string.h>

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  if (n_in < 1 || in[0] == NULL)
    return sq_op_fail (error, "reshape", "the input is missing");
  if (sq_shape_elements (&in[0]->shape) != sq_shape_elements (&params->reshape.shape))
    {
      g_autofree char *a = sq_shape_to_string (&in[0]->shape), *b = sq_shape_to_string (&params->reshape.shape);

      return sq_op_fail (error, "reshape", "%s does not fit into %s", a, b);
    }
  out[0].dtype = in[0]->dtype;
  out[0].shape = params->reshape.shape;
  return TRUE;
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  memcpy (out[0]->data, in[0]->data, in[0]->bytes);
}

// The same numbers under another shape.
const SqOp sq_op_reshape = { .name = "reshape", .n_out = 1, .infer = infer, .reference = reference };
