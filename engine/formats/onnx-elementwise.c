// SPDX-License-Identifier: GPL-3.0-or-later
// Lowering of everything that works number by number.
#include "onnx-private.h"

#include <float.h>
#include <string.h>

static gboolean
lower_act (SqOnnx *self, SqAct act, GError **error)
{
  SqParams params = { .act = act };
  int in = _sq_onnx_in (self, 0);

  return _sq_onnx_add_out (self, &sq_op_act, &params, &in, 1, error);
}

static gboolean
lower_plain_act (SqOnnx *self, GError **error)
{
  static const struct
  {
    const char *op_type;
    SqActKind kind;
  } acts[] = {
    { "Relu", SQ_ACT_RELU }, { "Sigmoid", SQ_ACT_SIGMOID }, { "HardSwish", SQ_ACT_HARDSWISH },
    { "Mish", SQ_ACT_MISH }, { "Tanh", SQ_ACT_TANH },       { "Softplus", SQ_ACT_SOFTPLUS },
    { "Exp", SQ_ACT_EXP },   { "Log", SQ_ACT_LOG },         { "Sqrt", SQ_ACT_SQRT },
    { "Abs", SQ_ACT_ABS },   { "Neg", SQ_ACT_NEG },         { "Floor", SQ_ACT_FLOOR },
    { "Ceil", SQ_ACT_CEIL }, { "Round", SQ_ACT_ROUND },     { "Reciprocal", SQ_ACT_RECIPROCAL },
    { "Erf", SQ_ACT_ERF },   { "Sin", SQ_ACT_SIN },         { "Cos", SQ_ACT_COS },
    { "Not", SQ_ACT_NOT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (acts); i++)
    if (g_str_equal (acts[i].op_type, self->node->op_type))
      return lower_act (self, (SqAct){ acts[i].kind }, error);
  g_assert_not_reached ();
}

static gboolean
lower_leaky (SqOnnx *self, GError **error)
{
  return lower_act (self, (SqAct){ SQ_ACT_LEAKY, _sq_onnx_float (self, "alpha", .01f) }, error);
}

static gboolean
lower_hardsigmoid (SqOnnx *self, GError **error)
{
  return lower_act (self, (SqAct){ SQ_ACT_HARDSIGMOID, _sq_onnx_float (self, "alpha", .2f), _sq_onnx_float (self, "beta", .5f) }, error);
}

static gboolean
lower_clip (SqOnnx *self, GError **error)
{
  float limit[2] = { -FLT_MAX, FLT_MAX };

  for (int i = 0; i < 2; i++)
    {
      const SqTensor *t = _sq_onnx_in_constant (self, 1 + i);

      if (t != NULL && t->n == 1)
        limit[i] = (float) sq_tensor_get (t, 0);
      else if (_sq_onnx_in (self, 1 + i) != SQ_NO_VALUE)
        return _sq_onnx_unsupported (error, "its limits are only known while the network runs");
    }
  limit[0] = _sq_onnx_float (self, "min", limit[0]);
  limit[1] = _sq_onnx_float (self, "max", limit[1]);
  return lower_act (self, (SqAct){ SQ_ACT_CLIP, limit[0], limit[1] }, error);
}

static gboolean
lower_silu (SqOnnx *self, GError **error) // Swish-24 and the com.microsoft one
{
  if (_sq_onnx_float (self, "alpha", 1) != 1)
    return _sq_onnx_unsupported (error, "Swish with alpha other than 1");
  return lower_act (self, (SqAct){ SQ_ACT_SILU }, error);
}

static gboolean
binary_kind (const char *op_type, SqBinaryKind *kind)
{
  static const struct
  {
    const char *op_type;
    SqBinaryKind kind;
  } kinds[] = {
    { "Add", SQ_BINARY_ADD },         { "Sum", SQ_BINARY_ADD },
    { "Sub", SQ_BINARY_SUB },         { "Mul", SQ_BINARY_MUL },
    { "Div", SQ_BINARY_DIV },         { "Pow", SQ_BINARY_POW },
    { "Min", SQ_BINARY_MIN },         { "Max", SQ_BINARY_MAX },
    { "Mod", SQ_BINARY_MOD },         { "Equal", SQ_BINARY_EQUAL },
    { "Less", SQ_BINARY_LESS },       { "LessOrEqual", SQ_BINARY_LESS_EQUAL },
    { "Greater", SQ_BINARY_GREATER }, { "GreaterOrEqual", SQ_BINARY_GREATER_EQUAL },
    { "And", SQ_BINARY_AND },         { "Or", SQ_BINARY_OR },
  };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_str_equal (kinds[i].op_type, op_type))
      {
        *kind = kinds[i].kind;
        return TRUE;
      }
  return FALSE;
}

static gboolean
lower_binary (SqOnnx *self, GError **error)
{
  SqParams params = { 0 };
  int left = _sq_onnx_in (self, 0);

  binary_kind (self->node->op_type, &params.binary);
  if (params.binary == SQ_BINARY_MOD && _sq_onnx_int (self, "fmod", 0) != 0)
    params.binary = SQ_BINARY_FMOD;
  if (left == SQ_NO_VALUE)
    return _sq_onnx_bad (error, "an input is missing");
  for (guint i = 1; i < self->node->n_input; i++) // Sum, Min and Max take any number
    {
      int in[2] = { left, _sq_onnx_in (self, i) };

      if (in[1] == SQ_NO_VALUE)
        return _sq_onnx_bad (error, "an input is missing");
      if (params.binary == SQ_BINARY_POW && sq_graph_value (self->graph, in[0])->dtype != sq_graph_value (self->graph, in[1])->dtype)
        {
          SqParams cast = { 0 };

          cast.cast.to = sq_graph_value (self->graph, in[0])->dtype;
          if (!_sq_onnx_add (self, &sq_op_cast, &cast, &in[1], 1, &in[1], error))
            return FALSE;
        }
      if (!_sq_onnx_add (self, &sq_op_binary, &params, in, 2, &left, error))
        return FALSE;
    }
  _sq_onnx_set_out (self, 0, left);
  return TRUE;
}

// PRelu: leaky where the slope is one number, max (x, 0) + slope min (x, 0) otherwise.
static gboolean
lower_prelu (SqOnnx *self, GError **error)
{
  const SqTensor *slope = _sq_onnx_in_constant (self, 1);
  SqParams max = { .binary = SQ_BINARY_MAX }, min = { .binary = SQ_BINARY_MIN }, mul = { .binary = SQ_BINARY_MUL },
           add = { .binary = SQ_BINARY_ADD };
  int zero, x = _sq_onnx_in (self, 0), positive, negative, in[2];

  if (x == SQ_NO_VALUE || _sq_onnx_in (self, 1) == SQ_NO_VALUE)
    return _sq_onnx_bad (error, "an input is missing");
  if (slope != NULL && slope->n == 1)
    return lower_act (self, (SqAct){ SQ_ACT_LEAKY, (float) sq_tensor_get (slope, 0) }, error);
  zero = _sq_onnx_scalar (self, SQ_F32, 0);
  if (!_sq_onnx_add (self, &sq_op_binary, &max, (int[]){ x, zero }, 2, &positive, error)
      || !_sq_onnx_add (self, &sq_op_binary, &min, (int[]){ x, zero }, 2, &negative, error)
      || !_sq_onnx_add (self, &sq_op_binary, &mul, (int[]){ negative, _sq_onnx_in (self, 1) }, 2, &negative, error))
    return FALSE;
  in[0] = positive;
  in[1] = negative;
  return _sq_onnx_add_out (self, &sq_op_binary, &add, in, 2, error);
}

static gboolean
lower_where (SqOnnx *self, GError **error)
{
  int in[3] = { _sq_onnx_in (self, 0), _sq_onnx_in (self, 1), _sq_onnx_in (self, 2) };

  return _sq_onnx_add_out (self, &sq_op_where, NULL, in, 3, error);
}

static gboolean
lower_cast (SqOnnx *self, GError **error)
{
  SqParams params = { 0 };
  int in = _sq_onnx_in (self, 0);

  if (in == SQ_NO_VALUE)
    return _sq_onnx_bad (error, "the input is missing");
  if (!_sq_onnx_dtype ((int) _sq_onnx_int (self, "to", 0), &params.cast.to))
    return _sq_onnx_unsupported (error, "a cast to element type %d", (int) _sq_onnx_int (self, "to", 0));
  if (sq_graph_value (self->graph, in)->dtype == params.cast.to)
    {
      _sq_onnx_set_out (self, 0, in);
      return TRUE;
    }
  return _sq_onnx_add_out (self, &sq_op_cast, &params, &in, 1, error);
}

const SqOnnxLowering _sq_onnx_elementwise[] = {
  { "Abs", lower_plain_act },
  { "Add", lower_binary },
  { "And", lower_binary },
  { "Cast", lower_cast },
  { "Ceil", lower_plain_act },
  { "Clip", lower_clip },
  { "Cos", lower_plain_act },
  { "Div", lower_binary },
  { "Equal", lower_binary },
  { "Erf", lower_plain_act },
  { "Exp", lower_plain_act },
  { "Floor", lower_plain_act },
  { "Greater", lower_binary },
  { "GreaterOrEqual", lower_binary },
  { "HardSigmoid", lower_hardsigmoid },
  { "HardSwish", lower_plain_act },
  { "LeakyRelu", lower_leaky },
  { "Less", lower_binary },
  { "LessOrEqual", lower_binary },
  { "Log", lower_plain_act },
  { "Max", lower_binary },
  { "Min", lower_binary },
  { "Mish", lower_plain_act },
  { "Mod", lower_binary },
  { "Mul", lower_binary },
  { "Neg", lower_plain_act },
  { "Not", lower_plain_act },
  { "Or", lower_binary },
  { "PRelu", lower_prelu },
  { "Pow", lower_binary },
  { "Reciprocal", lower_plain_act },
  { "Relu", lower_plain_act },
  { "Round", lower_plain_act },
  { "Sigmoid", lower_plain_act },
  { "Sin", lower_plain_act },
  { "Softplus", lower_plain_act },
  { "Sqrt", lower_plain_act },
  { "Sub", lower_binary },
  { "Sum", lower_binary },
  { "Swish", lower_silu },
  { "Tanh", lower_plain_act },
  { "Where", lower_where },
  { NULL, NULL },
};
