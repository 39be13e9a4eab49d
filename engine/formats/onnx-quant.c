// SPDX-License-Identifier: GPL-3.0-or-later
// Lowering of quantisation nodes (QDQ and dynamic quantisation).
#include "onnx-private.h"

static gboolean
lower_qdq (SqOnnx *self, const SqOp *op, GError **error)
{
  const SqValue *x = _sq_onnx_in_value (self, 0);
  SqParams params = { 0 };
  int in[3] = { _sq_onnx_in (self, 0), _sq_onnx_in (self, 1), _sq_onnx_in (self, 2) };

  if (x == NULL)
    return _sq_onnx_bad (error, "the input is missing");
  if (_sq_onnx_int (self, "block_size", 0) != 0)
    return _sq_onnx_unsupported (error, "blocked quantisation");
  // with one scale the axis means nothing and may lie outside the input
  if (!_sq_onnx_axis (self, _sq_onnx_int (self, "axis", 1), x->shape.rank, &params.axis.axis, NULL))
    params.axis.axis = 0;
  return _sq_onnx_add_out (self, op, &params, in, 3, error);
}

static gboolean
lower_quantize (SqOnnx *self, GError **error)
{
  return lower_qdq (self, &sq_op_quantize, error);
}

static gboolean
lower_dequantize (SqOnnx *self, GError **error)
{
  return lower_qdq (self, &sq_op_dequantize, error);
}

static gboolean
lower_dynamic_quantize (SqOnnx *self, GError **error)
{
  int in = _sq_onnx_in (self, 0);

  return _sq_onnx_add_out (self, &sq_op_dynamic_quantize, NULL, &in, 1, error);
}

const SqOnnxLowering _sq_onnx_quant[] = {
  { "DequantizeLinear", lower_dequantize },
  { "DynamicQuantizeLinear", lower_dynamic_quantize },
  { "QuantizeLinear", lower_quantize },
  { NULL, NULL },
};
