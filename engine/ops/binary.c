// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

#include <math.h>

static gboolean
is_comparison (SqBinaryKind kind)
{
  return kind >= SQ_BINARY_EQUAL;
}

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  if (n_in != 2 || in[0] == NULL || in[1] == NULL)
    return sq_op_fail (error, "binary", "two inputs are needed");
  if (in[0]->dtype != in[1]->dtype)
    return sq_op_fail (error, "binary", "%s and %s do not go together", sq_dtype_name (in[0]->dtype), sq_dtype_name (in[1]->dtype));
  if (!sq_shape_broadcast (&in[0]->shape, &in[1]->shape, &out[0].shape))
    {
      g_autofree char *a = sq_shape_to_string (&in[0]->shape), *b = sq_shape_to_string (&in[1]->shape);

      return sq_op_fail (error, "binary", "shapes %s and %s do not fit", a, b);
    }
  out[0].dtype = is_comparison (params->binary) ? SQ_BOOL : in[0]->dtype;
  return TRUE;
}

static inline float
apply_f32 (SqBinaryKind kind, float a, float b)
{
  switch (kind)
    {
    case SQ_BINARY_ADD:
      return a + b;
    case SQ_BINARY_SUB:
      return a - b;
    case SQ_BINARY_MUL:
      return a * b;
    case SQ_BINARY_DIV:
      return a / b;
    case SQ_BINARY_POW:
      return b == 2 ? a * a : powf (a, b);
    case SQ_BINARY_MIN:
      return fminf (a, b);
    case SQ_BINARY_MAX:
      return fmaxf (a, b);
    case SQ_BINARY_MOD:
      return a - floorf (a / b) * b;
    case SQ_BINARY_FMOD:
      return fmodf (a, b);
    default:
      g_assert_not_reached ();
    }
}

static double
apply (SqBinaryKind kind, gboolean integer, double a, double b)
{
  switch (kind)
    {
    case SQ_BINARY_ADD:
      return a + b;
    case SQ_BINARY_SUB:
      return a - b;
    case SQ_BINARY_MUL:
      return a * b;
    case SQ_BINARY_DIV:
      return !integer ? a / b : b == 0 ? 0 : trunc (a / b);
    case SQ_BINARY_POW:
      return pow (a, b);
    case SQ_BINARY_MIN:
      return fmin (a, b);
    case SQ_BINARY_MAX:
      return fmax (a, b);
    case SQ_BINARY_MOD:
      return b == 0 ? 0 : a - floor (a / b) * b;
    case SQ_BINARY_FMOD:
      return b == 0 ? 0 : fmod (a, b);
    case SQ_BINARY_EQUAL:
      return a == b;
    case SQ_BINARY_LESS:
      return a < b;
    case SQ_BINARY_LESS_EQUAL:
      return a <= b;
    case SQ_BINARY_GREATER:
      return a > b;
    case SQ_BINARY_GREATER_EQUAL:
      return a >= b;
    case SQ_BINARY_AND:
      return a != 0 && b != 0;
    case SQ_BINARY_OR:
      return a != 0 || b != 0;
    }
  g_assert_not_reached ();
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  const SqShape *shape = &out[0]->shape;
  gint64 sa[SQ_MAX_RANK], sb[SQ_MAX_RANK], index[SQ_MAX_RANK] = { 0 }, a = 0, b = 0;
  gint64 row = shape->rank > 0 ? shape->dim[shape->rank - 1] : 1;
  gint64 step_a, step_b;
  gboolean f32 = in[0]->dtype == SQ_F32 && out[0]->dtype == SQ_F32;

  if (out[0]->n == 0)
    return;
  sq_shape_broadcast_strides (&in[0]->shape, shape, sa);
  sq_shape_broadcast_strides (&in[1]->shape, shape, sb);
  step_a = shape->rank > 0 ? sa[shape->rank - 1] : 0;
  step_b = shape->rank > 0 ? sb[shape->rank - 1] : 0;

  // row by row along the last dim, an odometer over the others
  for (gint64 o = 0; o < out[0]->n; o += row)
    {
      if (f32)
        for (gint64 i = 0; i < row; i++)
          sq_tensor_f32 (out[0])[o + i] =
              apply_f32 (params->binary, sq_tensor_f32 (in[0])[a + i * step_a], sq_tensor_f32 (in[1])[b + i * step_b]);
      else
        for (gint64 i = 0; i < row; i++)
          sq_tensor_set (
              out[0], o + i,
              apply (params->binary, in[0]->dtype != SQ_F32, sq_tensor_get (in[0], a + i * step_a), sq_tensor_get (in[1], b + i * step_b)));
      for (int d = shape->rank - 2; d >= 0; d--)
        {
          a += sa[d];
          b += sb[d];
          if (++index[d] < shape->dim[d])
            break;
          a -= sa[d] * shape->dim[d];
          b -= sb[d] * shape->dim[d];
          index[d] = 0;
        }
    }
}

// Two-operand arithmetic and comparison with NumPy broadcasting; integers divide towards zero, x / 0 is 0 there.
const SqOp sq_op_binary = { .name = "binary", .n_out = 1, .infer = infer, .reference = reference };
