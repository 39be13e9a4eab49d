// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

#include <string.h>

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  if (n_in < 1 || in[0] == NULL)
    return sq_op_fail (error, "pad", "the input is missing");
  out[0] = *in[0];
  for (int d = 0; d < in[0]->shape.rank; d++)
    {
      gint64 before = params->pad.before[d], after = params->pad.after[d], n = in[0]->shape.dim[d];

      if (before < -n || after < -n || before > G_MAXINT32 || after > G_MAXINT32 || n + before + after < 0)
        return sq_op_fail (error, "pad", "the padding is out of range");
      if ((params->pad.mode == 1 && (before >= n || after >= n)) || (params->pad.mode != 0 && n == 0))
        return sq_op_fail (error, "pad", "the padding is wider than the picture it mirrors");
      out[0].shape.dim[d] = n + before + after;
    }
  return TRUE;
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  const SqShape *x = &in[0]->shape, *y = &out[0]->shape;
  gsize size = sq_dtype_size (out[0]->dtype);

  for (gint64 o = 0; o < out[0]->n; o++)
    {
      gint64 rest = o, at = 0, step = 1;
      gboolean outside = FALSE;

      for (int d = x->rank - 1; d >= 0; d--)
        {
          gint64 i = rest % y->dim[d] - params->pad.before[d];

          rest /= y->dim[d];
          if (i < 0 || i >= x->dim[d])
            {
              if (params->pad.mode == 0)
                outside = TRUE;
              else if (params->pad.mode == 1)
                i = i < 0 ? -i : 2 * (x->dim[d] - 1) - i;
              else
                i = CLAMP (i, 0, x->dim[d] - 1);
            }
          at += i * step;
          step *= x->dim[d];
        }
      if (outside)
        sq_tensor_set (out[0], o, params->pad.value);
      else
        memcpy ((char *) out[0]->data + o * size, (char *) in[0]->data + at * size, size);
    }
}

// Grows (or, negative, crops) every dim; constant, reflect or edge.
const SqOp sq_op_pad = { .name = "pad", .n_out = 1, .infer = infer, .reference = reference };
