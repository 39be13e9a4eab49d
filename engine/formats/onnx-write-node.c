// SPDX-License-Identifier: GPL-3.0-or-later
// Operators of engine/ops as nodes of ONNX opset 17. What a pass has fused is taken apart again into standard nodes, in the order in which
// the passes look for them: read back, the same network comes out.
#include "onnx-write-private.h"

#include <math.h>

static const char *
in_name (SqOnnxWriter *self, const SqNode *node, int k)
{
  return _sq_onnx_write_value (self, k < node->n_in ? node->in[k] : SQ_NO_VALUE);
}

static SqDType
dtype_of (SqOnnxWriter *self, const SqNode *node)
{
  return sq_graph_value (self->graph, node->in[0])->dtype;
}

static const SqShape *
shape_of (SqOnnxWriter *self, int id)
{
  return &sq_graph_value (self->graph, id)->shape;
}

// All inputs, all outputs, no attributes yet.
static Onnx__NodeProto *
plain (SqOnnxWriter *self, const SqNode *node, const char *op_type)
{
  const char *in[SQ_MAX_IN], *out[SQ_MAX_OUT];

  for (int k = 0; k < node->n_in; k++)
    in[k] = in_name (self, node, k);
  for (int k = 0; k < node->n_out; k++)
    out[k] = self->names[node->out[k]];
  return _sq_onnx_write_node (self, op_type, in, node->n_in, out, node->n_out);
}

// Input 0 and one more that is made here.
static Onnx__NodeProto *
with_argument (SqOnnxWriter *self, const SqNode *node, const char *op_type, const char *argument)
{
  const char *in[2] = { in_name (self, node, 0), argument }, *out[SQ_MAX_OUT];

  for (int k = 0; k < node->n_out; k++)
    out[k] = self->names[node->out[k]];
  return _sq_onnx_write_node (self, op_type, in, 2, out, node->n_out);
}

static void
write_activation (SqOnnxWriter *self, const SqAct *act, SqDType dtype, const char *x, const char *y)
{
  static const char *const names[] = {
    [SQ_ACT_NONE] = "Identity",
    [SQ_ACT_RELU] = "Relu",
    [SQ_ACT_LEAKY] = "LeakyRelu",
    [SQ_ACT_SIGMOID] = "Sigmoid",
    [SQ_ACT_TANH] = "Tanh",
    [SQ_ACT_SOFTPLUS] = "Softplus",
    [SQ_ACT_EXP] = "Exp",
    [SQ_ACT_LOG] = "Log",
    [SQ_ACT_SQRT] = "Sqrt",
    [SQ_ACT_ABS] = "Abs",
    [SQ_ACT_NEG] = "Neg",
    [SQ_ACT_FLOOR] = "Floor",
    [SQ_ACT_CEIL] = "Ceil",
    [SQ_ACT_ROUND] = "Round",
    [SQ_ACT_RECIPROCAL] = "Reciprocal",
    [SQ_ACT_ERF] = "Erf",
    [SQ_ACT_SIN] = "Sin",
    [SQ_ACT_COS] = "Cos",
    [SQ_ACT_NOT] = "Not",
    [SQ_ACT_HARDSWISH] = "HardSwish",
    [SQ_ACT_CLIP] = "Clip",
    [SQ_ACT_HARDSIGMOID] = "HardSigmoid",
  };
  const char *in[3] = { x, "", "" };
  Onnx__NodeProto *node;

  switch (act->kind)
    {
    case SQ_ACT_SILU:
      in[1] = _sq_onnx_write_unary (self, "Sigmoid", x, NULL);
      _sq_onnx_write_node (self, "Mul", in, 2, &y, 1);
      return;
    case SQ_ACT_MISH: // an operator of its own only from opset 18 on
      in[1] = _sq_onnx_write_unary (self, "Tanh", _sq_onnx_write_unary (self, "Softplus", x, NULL), NULL);
      _sq_onnx_write_node (self, "Mul", in, 2, &y, 1);
      return;
    case SQ_ACT_CLIP:
      in[1] = _sq_onnx_write_scalar (self, dtype, act->a);
      in[2] = _sq_onnx_write_scalar (self, dtype, act->b);
      break;
    default:
      break;
    }
  node = _sq_onnx_write_node (self, names[act->kind], in, 3, &y, 1);
  if (act->kind == SQ_ACT_LEAKY || act->kind == SQ_ACT_HARDSIGMOID)
    _sq_onnx_write_float (self, node, "alpha", act->a);
  if (act->kind == SQ_ACT_HARDSIGMOID)
    _sq_onnx_write_float (self, node, "beta", act->b);
}

static gboolean
write_act (SqOnnxWriter *self, const SqNode *node, GError **error)
{
  write_activation (self, &node->params.act, dtype_of (self, node), in_name (self, node, 0), self->names[node->out[0]]);
  return TRUE;
}

static void
window (SqOnnxWriter *self, Onnx__NodeProto *proto, const int *kernel, const int *stride, const int *pad, const int *dilation)
{
  _sq_onnx_write_ints (self, proto, "kernel_shape", kernel, 2);
  _sq_onnx_write_ints (self, proto, "strides", stride, 2);
  _sq_onnx_write_ints (self, proto, "pads", pad, 4);
  if (dilation != NULL)
    _sq_onnx_write_ints (self, proto, "dilations", dilation, 2);
}

// Convolution, then its activation, then the sum.
static gboolean
write_conv (SqOnnxWriter *self, const SqNode *node, GError **error)
{
  const SqConvParams *p = &node->params.conv;
  gboolean transposed = node->op == &sq_op_conv_transpose, residual = !transposed && node->n_in > 3 && node->in[3] != SQ_NO_VALUE;
  gboolean act = p->act.kind != SQ_ACT_NONE;
  const char *in[3] = { in_name (self, node, 0), in_name (self, node, 1), in_name (self, node, 2) };
  const char *y = self->names[node->out[0]], *sum[2];
  const char *before_sum = residual ? _sq_onnx_write_name (self, "t") : y, *conv = act ? _sq_onnx_write_name (self, "t") : before_sum;
  Onnx__NodeProto *proto = _sq_onnx_write_node (self, transposed ? "ConvTranspose" : "Conv", in, 3, &conv, 1);

  window (self, proto, p->kernel, p->stride, p->pad, p->dilation);
  _sq_onnx_write_int (self, proto, "group", p->groups);
  if (transposed)
    _sq_onnx_write_ints (self, proto, "output_padding", p->out_pad, 2);
  if (act)
    write_activation (self, &p->act, SQ_F32, conv, before_sum);
  sum[0] = before_sum;
  sum[1] = in_name (self, node, 3);
  if (residual)
    _sq_onnx_write_node (self, "Add", sum, 2, &y, 1);
  return TRUE;
}

static gboolean
write_conv_integer (SqOnnxWriter *self, const SqNode *node, GError **error)
{
  const SqConvParams *p = &node->params.conv;
  Onnx__NodeProto *proto = plain (self, node, "ConvInteger");

  window (self, proto, p->kernel, p->stride, p->pad, p->dilation);
  _sq_onnx_write_int (self, proto, "group", p->groups);
  return TRUE;
}

static gboolean
write_pool (SqOnnxWriter *self, const SqNode *node, GError **error)
{
  const SqPoolParams *p = &node->params.pool;
  Onnx__NodeProto *proto;

  if (p->average && (p->dilation[0] != 1 || p->dilation[1] != 1))
    return sq_op_fail (error, "pool", "ONNX has no average over spread-out windows");
  proto = plain (self, node, p->average ? "AveragePool" : "MaxPool");
  window (self, proto, p->kernel, p->stride, p->pad, p->average ? NULL : p->dilation);
  _sq_onnx_write_int (self, proto, "ceil_mode", p->ceil);
  if (p->average)
    _sq_onnx_write_int (self, proto, "count_include_pad", p->count_pad);
  return TRUE;
}

static gboolean
write_binary (SqOnnxWriter *self, const SqNode *node, GError **error)
{
  static const char *const names[] = { "Add", "Sub", "Mul",   "Div",  "Pow",         "Min",     "Max",
                                       "Mod", "Mod", "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual",
                                       "And", "Or" };
  Onnx__NodeProto *proto = plain (self, node, names[node->params.binary]);

  if (node->params.binary == SQ_BINARY_FMOD)
    _sq_onnx_write_int (self, proto, "fmod", 1);
  return TRUE;
}

static gboolean
write_plain (SqOnnxWriter *self, const SqNode *node, GError **error)
{
  plain (self, node, node->op == &sq_op_matmul ? "MatMul" : node->op == &sq_op_where ? "Where" : "DynamicQuantizeLinear");
  return TRUE;
}

static gboolean
write_cast (SqOnnxWriter *self, const SqNode *node, GError **error)
{
  _sq_onnx_write_int (self, plain (self, node, "Cast"), "to", _sq_onnx_data_type (node->params.cast.to));
  return TRUE;
}

// Operators whose only attribute is an axis.
static gboolean
write_along_axis (SqOnnxWriter *self, const SqNode *node, GError **error)
{
  const char *name = node->op == &sq_op_concat       ? "Concat"
                     : node->op == &sq_op_softmax    ? "Softmax"
                     : node->op == &sq_op_gather     ? "Gather"
                     : node->op == &sq_op_quantize   ? "QuantizeLinear"
                     : node->op == &sq_op_dequantize ? "DequantizeLinear"
                                                     : "GatherElements";

  _sq_onnx_write_int (self, plain (self, node, name), "axis", node->params.axis.axis);
  return TRUE;
}

static gboolean
write_shaped (SqOnnxWriter *self, const SqNode *node, GError **error)
{
  const SqShape *shape = &node->params.reshape.shape;
  gboolean reshape = node->op == &sq_op_reshape;
  Onnx__NodeProto *proto = with_argument (self, node, reshape ? "Reshape" : "Expand", _sq_onnx_write_list (self, shape->dim, shape->rank));

  if (reshape && sq_shape_elements (shape) == 0)
    _sq_onnx_write_int (self, proto, "allowzero", 1);
  return TRUE;
}

static gboolean
write_transpose (SqOnnxWriter *self, const SqNode *node, GError **error)
{
  _sq_onnx_write_ints (self, plain (self, node, "Transpose"), "perm", node->params.transpose.perm, shape_of (self, node->in[0])->rank);
  return TRUE;
}

static gboolean
write_slice (SqOnnxWriter *self, const SqNode *node, GError **error)
{
  const SqShape *x = shape_of (self, node->in[0]);
  gint64 lists[4][SQ_MAX_RANK]; // starts, ends, axes, steps
  const char *in[5] = { in_name (self, node, 0) }, *out = self->names[node->out[0]];
  int n = 0;

  for (int d = 0; d < x->rank; d++)
    {
      gint64 start = node->params.slice.start[d], step = node->params.slice.step[d], size = node->params.slice.size[d];
      gint64 end = start + size * step;

      if (start == 0 && step == 1 && size == x->dim[d])
        continue;
      lists[0][n] = start;
      lists[1][n] = end < 0 ? -x->dim[d] - 1 : end; // backwards past the first element
      lists[2][n] = d;
      lists[3][n++] = step;
    }
  if (n == 0)
    {
      _sq_onnx_write_unary (self, "Identity", in[0], out);
      return TRUE;
    }
  for (int i = 0; i < 4; i++)
    in[1 + i] = _sq_onnx_write_list (self, lists[i], n);
  _sq_onnx_write_node (self, "Slice", in, 5, &out, 1);
  return TRUE;
}

static gboolean
write_resize (SqOnnxWriter *self, const SqNode *node, GError **error)
{
  static const char *const coords[] = { "half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel" };
  const SqShape *x = shape_of (self, node->in[0]), *y = shape_of (self, node->out[0]);
  float scale[2] = { node->params.resize.scale_y, node->params.resize.scale_x }, scales[4] = { 1, 1, scale[0], scale[1] };
  const char *in[4] = { in_name (self, node, 0), "", "", "" }, *out = self->names[node->out[0]];
  gboolean by_size = TRUE;
  Onnx__NodeProto *proto;

  // a size says the same without rounding, wherever the scale is the quotient of the sizes
  for (int i = 0; i < 2; i++)
    by_size = by_size && (float) ((double) y->dim[2 + i] / (double) x->dim[2 + i]) == scale[i];
  if (by_size)
    in[3] = _sq_onnx_write_list (self, y->dim, 4);
  else
    in[2] = _sq_onnx_write_raw (self, _sq_onnx_write_name (self, "scales"), _SQ_ONNX_FLOAT, &SQ_SHAPE (4), scales, sizeof scales);
  proto = _sq_onnx_write_node (self, "Resize", in, 4, &out, 1);
  _sq_onnx_write_string (self, proto, "mode", node->params.resize.linear ? "linear" : "nearest");
  _sq_onnx_write_string (self, proto, "coordinate_transformation_mode", coords[node->params.resize.coords]);
  if (!node->params.resize.linear)
    _sq_onnx_write_string (self, proto, "nearest_mode", node->params.resize.floor ? "floor" : "round_prefer_floor");
  return TRUE;
}

static gboolean
write_reduce (SqOnnxWriter *self, const SqNode *node, GError **error)
{
  static const char *const names[] = { "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin" };
  const char *name = names[node->params.reduce.kind];
  gint64 list[SQ_MAX_RANK];
  int axes[SQ_MAX_RANK], n = 0;
  Onnx__NodeProto *proto;

  for (int d = 0; d < shape_of (self, node->in[0])->rank; d++)
    if ((node->params.reduce.axes >> d & 1) != 0)
      {
        list[n] = d;
        axes[n++] = d;
      }
  if (n == 0)
    {
      _sq_onnx_write_unary (self, "Identity", in_name (self, node, 0), self->names[node->out[0]]);
      return TRUE;
    }
  if (node->params.reduce.kind == SQ_REDUCE_SUM) // the first to take its axes as an input
    proto = with_argument (self, node, name, _sq_onnx_write_list (self, list, n));
  else
    {
      proto = plain (self, node, name);
      _sq_onnx_write_ints (self, proto, "axes", axes, n);
    }
  _sq_onnx_write_int (self, proto, "keepdims", node->params.reduce.keep);
  return TRUE;
}

static gboolean
write_topk (SqOnnxWriter *self, const SqNode *node, GError **error)
{
  Onnx__NodeProto *proto = with_argument (self, node, "TopK", _sq_onnx_write_list (self, &node->params.topk.k, 1));

  _sq_onnx_write_int (self, proto, "axis", node->params.topk.axis);
  _sq_onnx_write_int (self, proto, "largest", node->params.topk.largest);
  return TRUE;
}

static gboolean
write_pad (SqOnnxWriter *self, const SqNode *node, GError **error)
{
  static const char *const modes[] = { "constant", "reflect", "edge" };
  int rank = shape_of (self, node->in[0])->rank;
  gint64 pads[2 * SQ_MAX_RANK];
  const char *in[3] = { in_name (self, node, 0) }, *out = self->names[node->out[0]];

  for (int d = 0; d < rank; d++)
    {
      pads[d] = node->params.pad.before[d];
      pads[rank + d] = node->params.pad.after[d];
    }
  in[1] = _sq_onnx_write_list (self, pads, 2 * rank);
  in[2] = node->params.pad.mode == 0 ? _sq_onnx_write_scalar (self, dtype_of (self, node), node->params.pad.value) : "";
  _sq_onnx_write_string (self, _sq_onnx_write_node (self, "Pad", in, 3, &out, 1), "mode", modes[node->params.pad.mode]);
  return TRUE;
}

// One scale and zero point for all.
static void
write_rounding (SqOnnxWriter *self, const SqNode *node, SqDType dtype)
{
  const char *in[3] = { in_name (self, node, 0) }, *out = self->names[node->out[0]], *stored = _sq_onnx_write_name (self, "q");

  in[1] = _sq_onnx_write_scalar (self, SQ_F32, node->params.fake_quant.scale);
  in[2] = _sq_onnx_write_scalar (self, dtype, node->params.fake_quant.zero);
  _sq_onnx_write_node (self, "QuantizeLinear", in, 3, &stored, 1);
  in[0] = stored;
  _sq_onnx_write_node (self, "DequantizeLinear", in, 3, &out, 1);
}

// One of each per channel, with a Reshape that changes nothing on either side: ONNX Runtime would put the pair into the convolution before
// or behind it, and its integer convolution knows one scale only.
static gboolean
write_rounding_of_channels (SqOnnxWriter *self, const SqNode *node, SqDType dtype, GError **error)
{
  const SqTensor *zeros = sq_graph_value (self->graph, node->in[2])->constant;
  g_autoptr (SqTensor) whole = zeros != NULL ? sq_tensor_new (dtype, &zeros->shape) : NULL;
  const SqShape *shape = shape_of (self, node->in[0]);
  const char *apart[2] = { in_name (self, node, 0), _sq_onnx_write_list (self, shape->dim, shape->rank) };
  const char *in[3] = { _sq_onnx_write_name (self, "t") }, *out = self->names[node->out[0]];
  const char *names[2] = { _sq_onnx_write_name (self, "q"), _sq_onnx_write_name (self, "t") };

  if (whole == NULL)
    return sq_op_fail (error, "fake_quant", "its zero points are only known while the network runs");
  for (gint64 i = 0; i < whole->n; i++)
    sq_tensor_set (whole, i, sq_tensor_get (zeros, i));
  in[1] = in_name (self, node, 1);
  in[2] =
      _sq_onnx_write_raw (self, _sq_onnx_write_name (self, "zeros"), _sq_onnx_data_type (dtype), &whole->shape, whole->data, whole->bytes);
  _sq_onnx_write_node (self, "Reshape", apart, 2, &in[0], 1);
  _sq_onnx_write_int (self, _sq_onnx_write_node (self, "QuantizeLinear", in, 3, &names[0], 1), "axis", 1);
  in[0] = names[0];
  _sq_onnx_write_int (self, _sq_onnx_write_node (self, "DequantizeLinear", in, 3, &names[1], 1), "axis", 1);
  apart[0] = names[1];
  _sq_onnx_write_node (self, "Reshape", apart, 2, &out, 1);
  return TRUE;
}

static gboolean
write_fake_quant (SqOnnxWriter *self, const SqNode *node, GError **error)
{
  float low = node->params.fake_quant.low, high = node->params.fake_quant.high;
  SqDType dtype = low == 0 ? SQ_U8 : SQ_I8;

  if (!(low == 0 && high == 255) && !(low == -128 && high == 127))
    return sq_op_fail (error, "fake_quant", "it rounds to %g ... %g, which are not 8 bits", (double) low, (double) high);
  if (node->n_in > 1)
    return write_rounding_of_channels (self, node, dtype, error);
  write_rounding (self, node, dtype);
  return TRUE;
}

static gboolean
write_dynamic_round (SqOnnxWriter *self, const SqNode *node, GError **error)
{
  const char *q[3] = { _sq_onnx_write_name (self, "q"), self->names[node->out[1]], _sq_onnx_write_name (self, "zero") };
  const char *x = in_name (self, node, 0), *y = self->names[node->out[0]];
  const char *real[2] = { _sq_onnx_write_name (self, "t"), _sq_onnx_write_name (self, "t") };

  _sq_onnx_write_node (self, "DynamicQuantizeLinear", &x, 1, q, 3);
  for (int i = 0; i < 2; i++)
    _sq_onnx_write_int (self, _sq_onnx_write_node (self, "Cast", &q[2 * i], 1, &real[i], 1), "to", _SQ_ONNX_FLOAT);
  _sq_onnx_write_node (self, "Sub", real, 2, &y, 1);
  return TRUE;
}

static const struct
{
  const SqOp *op;
  gboolean (*write) (SqOnnxWriter *self, const SqNode *node, GError **error);
} table[] = {
  { &sq_op_act, write_act },
  { &sq_op_binary, write_binary },
  { &sq_op_cast, write_cast },
  { &sq_op_concat, write_along_axis },
  { &sq_op_conv, write_conv },
  { &sq_op_conv_integer, write_conv_integer },
  { &sq_op_conv_transpose, write_conv },
  { &sq_op_dequantize, write_along_axis },
  { &sq_op_dynamic_quantize, write_plain },
  { &sq_op_dynamic_round, write_dynamic_round },
  { &sq_op_expand, write_shaped },
  { &sq_op_fake_quant, write_fake_quant },
  { &sq_op_gather, write_along_axis },
  { &sq_op_gather_elements, write_along_axis },
  { &sq_op_matmul, write_plain },
  { &sq_op_pad, write_pad },
  { &sq_op_pool, write_pool },
  { &sq_op_quantize, write_along_axis },
  { &sq_op_reduce, write_reduce },
  { &sq_op_reshape, write_shaped },
  { &sq_op_resize, write_resize },
  { &sq_op_slice, write_slice },
  { &sq_op_softmax, write_along_axis },
  { &sq_op_topk, write_topk },
  { &sq_op_transpose, write_transpose },
  { &sq_op_where, write_plain },
};

gboolean
_sq_onnx_write_op (SqOnnxWriter *self, const SqNode *node, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    if (table[i].op == node->op)
      return table[i].write (self, node, error);
  return sq_op_fail (error, node->op->name, "there is no ONNX operator for it");
}
