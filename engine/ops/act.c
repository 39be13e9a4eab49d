// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

#include <math.h>

static const char *const names[] = {
  [SQ_ACT_NONE] = "none",
  [SQ_ACT_RELU] = "relu",
  [SQ_ACT_LEAKY] = "leaky",
  [SQ_ACT_CLIP] = "clip",
  [SQ_ACT_SIGMOID] = "sigmoid",
  [SQ_ACT_SILU] = "silu",
  [SQ_ACT_HARDSIGMOID] = "hardsigmoid",
  [SQ_ACT_HARDSWISH] = "hardswish",
  [SQ_ACT_MISH] = "mish",
  [SQ_ACT_TANH] = "tanh",
  [SQ_ACT_SOFTPLUS] = "softplus",
  [SQ_ACT_EXP] = "exp",
  [SQ_ACT_LOG] = "log",
  [SQ_ACT_SQRT] = "sqrt",
  [SQ_ACT_ABS] = "abs",
  [SQ_ACT_NEG] = "neg",
  [SQ_ACT_FLOOR] = "floor",
  [SQ_ACT_CEIL] = "ceil",
  [SQ_ACT_ROUND] = "round",
  [SQ_ACT_RECIPROCAL] = "reciprocal",
  [SQ_ACT_ERF] = "erf",
  [SQ_ACT_SIN] = "sin",
  [SQ_ACT_COS] = "cos",
  [SQ_ACT_NOT] = "not",
};

const char *
sq_act_name (SqActKind kind)
{
  return names[kind];
}

static float
softplus (float x)
{
  return x > 20 ? x : log1pf (expf (x));
}

float
sq_act_apply (const SqAct *act, float x)
{
  switch (act->kind)
    {
    case SQ_ACT_NONE:
      return x;
    case SQ_ACT_RELU:
      return x > 0 ? x : 0;
    case SQ_ACT_LEAKY:
      return x < 0 ? act->a * x : x;
    case SQ_ACT_CLIP:
      return fminf (fmaxf (x, act->a), act->b);
    case SQ_ACT_SIGMOID:
      return 1 / (1 + expf (-x));
    case SQ_ACT_SILU:
      return x / (1 + expf (-x));
    case SQ_ACT_HARDSIGMOID:
      return fminf (fmaxf (act->a * x + act->b, 0), 1);
    case SQ_ACT_HARDSWISH:
      return x * fminf (fmaxf (x / 6 + .5f, 0), 1);
    case SQ_ACT_MISH:
      return x * tanhf (softplus (x));
    case SQ_ACT_TANH:
      return tanhf (x);
    case SQ_ACT_SOFTPLUS:
      return softplus (x);
    case SQ_ACT_EXP:
      return expf (x);
    case SQ_ACT_LOG:
      return logf (x);
    case SQ_ACT_SQRT:
      return sqrtf (x);
    case SQ_ACT_ABS:
      return fabsf (x);
    case SQ_ACT_NEG:
      return -x;
    case SQ_ACT_FLOOR:
      return floorf (x);
    case SQ_ACT_CEIL:
      return ceilf (x);
    case SQ_ACT_ROUND:
      return nearbyintf (x);
    case SQ_ACT_RECIPROCAL:
      return 1 / x;
    case SQ_ACT_ERF:
      return erff (x);
    case SQ_ACT_SIN:
      return sinf (x);
    case SQ_ACT_COS:
      return cosf (x);
    case SQ_ACT_NOT:
      return x == 0;
    }
  g_assert_not_reached ();
}

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  if (n_in < 1 || in[0] == NULL)
    return sq_op_fail (error, names[params->act.kind], "the input is missing");
  out[0] = *in[0];
  return TRUE;
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  if (in[0]->dtype == SQ_F32)
    for (gint64 i = 0; i < in[0]->n; i++)
      sq_tensor_f32 (out[0])[i] = sq_act_apply (&params->act, sq_tensor_f32 (in[0])[i]);
  else
    for (gint64 i = 0; i < in[0]->n; i++)
      {
        double x = sq_tensor_get (in[0], i);

        // integers beyond a float's 24 bits survive the signs
        if (params->act.kind == SQ_ACT_NEG)
          x = -x;
        else if (params->act.kind == SQ_ACT_ABS)
          x = fabs (x);
        else
          x = sq_act_apply (&params->act, (float) x);
        sq_tensor_set (out[0], i, x);
      }
}

// y = act (x), element by element.
const SqOp sq_op_act = { .name = "act", .n_out = 1, .infer = infer, .reference = reference };
