// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

static const SqOp *const ops[] = {
#define SQ_OP(name) &sq_op_##name,
#include "engine/ops/op-list.h"
#undef SQ_OP
  NULL,
};

const SqOp *const *
sq_op_list (void)
{
  return ops;
}

gboolean
sq_op_fail (GError **error, const char *op, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, SQ_ERROR, SQ_ERROR_BAD_MODEL, "%s: %s", op, text);
  return FALSE;
}

gboolean
sq_shape_broadcast (const SqShape *a, const SqShape *b, SqShape *out)
{
  SqShape result = { .rank = MAX (a->rank, b->rank) };

  for (int i = 0; i < result.rank; i++)
    {
      int ia = i - (result.rank - a->rank), ib = i - (result.rank - b->rank);
      gint64 da = ia < 0 ? 1 : a->dim[ia], db = ib < 0 ? 1 : b->dim[ib];

      if (da != db && da != 1 && db != 1)
        return FALSE;
      result.dim[i] = da == 1 ? db : da;
    }
  *out = result;
  return TRUE;
}

void
sq_shape_broadcast_strides (const SqShape *in, const SqShape *out, gint64 *strides)
{
  gint64 step = 1;

  for (int i = out->rank - 1; i >= 0; i--)
    {
      int k = i - (out->rank - in->rank);

      strides[i] = k < 0 || in->dim[k] == 1 ? 0 : step;
      if (k >= 0)
        step *= in->dim[k];
    }
}
