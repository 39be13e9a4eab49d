// SPDX-License-Identifier: GPL-3.0-or-later
// Lowering of convolutions, pooling, normalisation, resizing and matrix products.
#include "onnx-private.h"

#include <math.h>

// kernel, stride, dilation and padding of Conv, ConvTranspose and the pools; `kernel` may come from the weights.
static gboolean
window (SqOnnx *self, const SqShape *x, int kernel[2], int stride[2], int dilation[2], int pad[4], GError **error)
{
  gint64 ints[4];
  int n;
  struct
  {
    const char *name;
    int *out;
    int count;
    gboolean found;
  } attrs[] = { { "kernel_shape", kernel, 2 }, { "strides", stride, 2 }, { "dilations", dilation, 2 }, { "pads", pad, 4 } };

  stride[0] = stride[1] = dilation[0] = dilation[1] = 1;
  pad[0] = pad[1] = pad[2] = pad[3] = 0;
  if (x->rank != 4)
    return _sq_onnx_unsupported (error, "an input of %d dimensions", x->rank);
  for (guint a = 0; a < G_N_ELEMENTS (attrs); a++)
    {
      if (_sq_onnx_attr (self, attrs[a].name) == NULL)
        continue;
      if (!_sq_onnx_attr_ints (self, attrs[a].name, ints, 4, &n) || n != attrs[a].count)
        return _sq_onnx_bad (error, "'%s' does not have %d numbers", attrs[a].name, attrs[a].count);
      for (int i = 0; i < n; i++)
        {
          if (ints[i] < (a == 3 ? 0 : 1) || ints[i] > 1 << 20)
            return _sq_onnx_bad (error, "'%s' is out of range", attrs[a].name);
          attrs[a].out[i] = (int) ints[i];
        }
    }

  if (_sq_onnx_string_is (self, "auto_pad", "SAME_UPPER", FALSE) || _sq_onnx_string_is (self, "auto_pad", "SAME_LOWER", FALSE))
    for (int i = 0; i < 2; i++)
      {
        gint64 in = x->dim[2 + i], out = (in + stride[i] - 1) / stride[i];
        gint64 total = MAX ((out - 1) * stride[i] + (gint64) dilation[i] * (kernel[i] - 1) + 1 - in, 0);
        gboolean upper = _sq_onnx_string_is (self, "auto_pad", "SAME_UPPER", FALSE);

        pad[i] = (int) (upper ? total / 2 : total - total / 2);
        pad[2 + i] = (int) (total - pad[i]);
      }
  return TRUE;
}

static gboolean
conv_params (SqOnnx *self, SqConvParams *p, GError **error)
{
  const SqValue *x = _sq_onnx_in_value (self, 0), *w = _sq_onnx_in_value (self, 1);
  gint64 groups = _sq_onnx_int (self, "group", 1);

  if (x == NULL || w == NULL)
    return _sq_onnx_bad (error, "input or weights are missing");
  if (x->shape.rank != 4 || w->shape.rank != 4)
    return _sq_onnx_unsupported (error, "a convolution of %d dimensions", x->shape.rank - 2);
  if (groups < 1 || groups > 1 << 20)
    return _sq_onnx_bad (error, "'group' is out of range");
  if (w->shape.dim[2] > 1 << 20 || w->shape.dim[3] > 1 << 20)
    return _sq_onnx_bad (error, "the kernel is out of range");
  p->kernel[0] = (int) w->shape.dim[2];
  p->kernel[1] = (int) w->shape.dim[3];
  p->groups = (int) groups;
  return window (self, &x->shape, p->kernel, p->stride, p->dilation, p->pad, error);
}

static gboolean
lower_conv (SqOnnx *self, GError **error)
{
  SqParams params = { 0 };
  int in[3] = { _sq_onnx_in (self, 0), _sq_onnx_in (self, 1), _sq_onnx_in (self, 2) };

  return conv_params (self, &params.conv, error) && _sq_onnx_add_out (self, &sq_op_conv, &params, in, 3, error);
}

static gboolean
lower_conv_integer (SqOnnx *self, GError **error)
{
  SqParams params = { 0 };
  int in[4] = { _sq_onnx_in (self, 0), _sq_onnx_in (self, 1), _sq_onnx_in (self, 2), _sq_onnx_in (self, 3) };

  return conv_params (self, &params.conv, error) && _sq_onnx_add_out (self, &sq_op_conv_integer, &params, in, 4, error);
}

static gboolean
lower_conv_transpose (SqOnnx *self, GError **error)
{
  SqParams params = { 0 };
  gint64 ints[2];
  int in[3] = { _sq_onnx_in (self, 0), _sq_onnx_in (self, 1), _sq_onnx_in (self, 2) }, n;

  if (!conv_params (self, &params.conv, error))
    return FALSE;
  if (_sq_onnx_attr (self, "output_shape") != NULL || _sq_onnx_string_is (self, "auto_pad", "SAME_UPPER", FALSE)
      || _sq_onnx_string_is (self, "auto_pad", "SAME_LOWER", FALSE))
    return _sq_onnx_unsupported (error, "ConvTranspose with 'output_shape' or automatic padding");
  if (_sq_onnx_attr_ints (self, "output_padding", ints, 2, &n) && n == 2)
    for (int i = 0; i < 2; i++)
      params.conv.out_pad[i] = (int) CLAMP (ints[i], 0, 1 << 20);
  return _sq_onnx_add_out (self, &sq_op_conv_transpose, &params, in, 3, error);
}

static gboolean
lower_pool (SqOnnx *self, GError **error)
{
  const SqValue *x = _sq_onnx_in_value (self, 0);
  SqParams params = { 0 };
  int in = _sq_onnx_in (self, 0);
  SqPoolParams *p = &params.pool;

  if (x == NULL)
    return _sq_onnx_bad (error, "the input is missing");
  if (self->node->n_output > 1 && self->node->output[1][0] != '\0')
    return _sq_onnx_unsupported (error, "pooling that returns indices");
  if (_sq_onnx_attr (self, "kernel_shape") == NULL)
    return _sq_onnx_bad (error, "'kernel_shape' is missing");
  p->average = g_str_equal (self->node->op_type, "AveragePool");
  p->count_pad = _sq_onnx_int (self, "count_include_pad", 0) != 0;
  p->ceil = _sq_onnx_int (self, "ceil_mode", 0) != 0;
  return window (self, &x->shape, p->kernel, p->stride, p->dilation, p->pad, error)
         && _sq_onnx_add_out (self, &sq_op_pool, &params, &in, 1, error);
}

static gboolean
lower_global_pool (SqOnnx *self, GError **error)
{
  const SqValue *x = _sq_onnx_in_value (self, 0);
  SqParams params = { 0 };
  int in = _sq_onnx_in (self, 0);

  if (x == NULL || x->shape.rank < 3)
    return _sq_onnx_bad (error, "the input has no picture");
  params.reduce.kind = g_str_equal (self->node->op_type, "GlobalMaxPool") ? SQ_REDUCE_MAX : SQ_REDUCE_MEAN;
  params.reduce.keep = TRUE;
  for (int d = 2; d < x->shape.rank; d++)
    params.reduce.axes |= 1u << d;
  return _sq_onnx_add_out (self, &sq_op_reduce, &params, &in, 1, error);
}

// Batch normalisation of an inference network is a scale and a shift per channel; passes/fold_bn puts them into the convolution before.
static gboolean
lower_batch_norm (SqOnnx *self, GError **error)
{
  const SqValue *x = _sq_onnx_in_value (self, 0);
  const SqTensor *t[4];
  SqParams mul = { .binary = SQ_BINARY_MUL }, add = { .binary = SQ_BINARY_ADD };
  SqTensor *scale, *shift;
  SqShape shape;
  float epsilon = _sq_onnx_float (self, "epsilon", 1e-5f);
  int in[2];

  if (x == NULL || x->shape.rank < 2)
    return _sq_onnx_bad (error, "the input is missing");
  for (int i = 0; i < 4; i++)
    {
      t[i] = _sq_onnx_in_constant (self, 1 + i);
      if (t[i] == NULL || t[i]->dtype != SQ_F32 || t[i]->n != x->shape.dim[1])
        return _sq_onnx_bad (error, "scale, bias, mean and variance must be constants, one per channel");
    }
  shape.rank = x->shape.rank - 1;
  for (int i = 0; i < shape.rank; i++)
    shape.dim[i] = i == 0 ? x->shape.dim[1] : 1;
  scale = sq_tensor_new (SQ_F32, &shape);
  shift = sq_tensor_new (SQ_F32, &shape);
  for (gint64 c = 0; c < scale->n; c++)
    {
      double s = sq_tensor_f32 (t[0])[c] / sqrt (sq_tensor_f32 (t[3])[c] + (double) epsilon);

      sq_tensor_f32 (scale)[c] = (float) s;
      sq_tensor_f32 (shift)[c] = (float) (sq_tensor_f32 (t[1])[c] - sq_tensor_f32 (t[2])[c] * s);
    }
  in[0] = _sq_onnx_in (self, 0);
  in[1] = sq_graph_add_constant (self->graph, NULL, scale);
  if (!_sq_onnx_add (self, &sq_op_binary, &mul, in, 2, &in[0], error))
    {
      sq_tensor_unref (shift);
      return FALSE;
    }
  in[1] = sq_graph_add_constant (self->graph, NULL, shift);
  return _sq_onnx_add_out (self, &sq_op_binary, &add, in, 2, error);
}

static gboolean
lower_resize (SqOnnx *self, GError **error)
{
  const SqValue *x = _sq_onnx_in_value (self, 0);
  const SqTensor *scales = _sq_onnx_in_constant (self, 2);
  SqParams params = { 0 };
  gint64 sizes[SQ_MAX_RANK], axes[SQ_MAX_RANK];
  double scale[SQ_MAX_RANK];
  int in = _sq_onnx_in (self, 0), n, n_axes;
  gboolean has_sizes = _sq_onnx_in (self, 3) != SQ_NO_VALUE;

  if (x == NULL || x->shape.rank != 4)
    return _sq_onnx_unsupported (error, "an input that is not a picture");
  if (!_sq_onnx_attr_ints (self, "axes", axes, SQ_MAX_RANK, &n_axes))
    for (n_axes = 0; n_axes < 4; n_axes++)
      axes[n_axes] = n_axes;
  for (int d = 0; d < 4; d++)
    scale[d] = 1;
  if (has_sizes)
    {
      if (!_sq_onnx_in_ints (self, 3, "the output size", sizes, SQ_MAX_RANK, &n, error))
        return FALSE;
      if (!_sq_onnx_string_is (self, "keep_aspect_ratio_policy", "stretch", TRUE))
        return _sq_onnx_unsupported (error, "Resize that keeps the aspect ratio");
    }
  else if (scales == NULL || scales->dtype != SQ_F32)
    return _sq_onnx_unsupported (error, "a scale that is only known while the network runs");
  else
    n = (int) MIN (scales->n, SQ_MAX_RANK);
  if (n != n_axes)
    return _sq_onnx_bad (error, "sizes or scales do not fit the axes");
  for (int i = 0; i < n; i++)
    {
      int axis;

      if (!_sq_onnx_axis (self, axes[i], 4, &axis, error))
        return FALSE;
      if (x->shape.dim[axis] < 1)
        return _sq_onnx_bad (error, "the input is empty");
      scale[axis] = has_sizes ? (double) sizes[i] / (double) x->shape.dim[axis] : sq_tensor_f32 (scales)[i];
    }
  if (scale[0] != 1 || scale[1] != 1)
    return _sq_onnx_unsupported (error, "resizing across pictures or channels");
  for (int d = 2; d < 4; d++)
    if (!(scale[d] > 0) || scale[d] * x->shape.dim[d] > 1 << 20)
      return _sq_onnx_bad (error, "the scale is out of range");

  params.resize.height = (int) floor (scale[2] * x->shape.dim[2] + (has_sizes ? .5 : 1e-6));
  params.resize.width = (int) floor (scale[3] * x->shape.dim[3] + (has_sizes ? .5 : 1e-6));
  params.resize.scale_y = (float) scale[2];
  params.resize.scale_x = (float) scale[3];
  params.resize.linear = _sq_onnx_string_is (self, "mode", "linear", FALSE);
  if (!params.resize.linear && !_sq_onnx_string_is (self, "mode", "nearest", TRUE))
    return _sq_onnx_unsupported (error, "this kind of interpolation");
  if (_sq_onnx_int (self, "antialias", 0) != 0)
    return _sq_onnx_unsupported (error, "antialiasing");
  if (_sq_onnx_string_is (self, "coordinate_transformation_mode", "asymmetric", FALSE))
    params.resize.coords = 1;
  else if (_sq_onnx_string_is (self, "coordinate_transformation_mode", "align_corners", FALSE))
    params.resize.coords = 2;
  else if (_sq_onnx_string_is (self, "coordinate_transformation_mode", "pytorch_half_pixel", FALSE))
    params.resize.coords = 3;
  else if (!_sq_onnx_string_is (self, "coordinate_transformation_mode", "half_pixel", TRUE))
    return _sq_onnx_unsupported (error, "this coordinate transformation");
  params.resize.floor = _sq_onnx_string_is (self, "nearest_mode", "floor", FALSE);
  if (!params.resize.linear && !params.resize.floor && !_sq_onnx_string_is (self, "nearest_mode", "round_prefer_floor", TRUE))
    return _sq_onnx_unsupported (error, "this rounding of coordinates");
  return _sq_onnx_add_out (self, &sq_op_resize, &params, &in, 1, error);
}

static gboolean
lower_softmax (SqOnnx *self, GError **error)
{
  const SqValue *x = _sq_onnx_in_value (self, 0);
  SqParams params = { 0 };
  int in = _sq_onnx_in (self, 0), axis, out;
  SqShape shape;

  if (x == NULL)
    return _sq_onnx_bad (error, "the input is missing");
  if (!_sq_onnx_axis (self, _sq_onnx_int (self, "axis", self->opset < 13 ? 1 : -1), x->shape.rank, &axis, error))
    return FALSE;
  shape = x->shape;
  if (self->opset >= 13 || axis == shape.rank - 1)
    {
      params.axis.axis = axis;
      return _sq_onnx_add_out (self, &sq_op_softmax, &params, &in, 1, error);
    }
  // before opset 13: everything from the axis on is one dim
  params.axis.axis = 1;
  if (!_sq_onnx_reshape (self, in, &SQ_SHAPE (sq_shape_span (&shape, 0, axis), sq_shape_span (&shape, axis, shape.rank)), &in, error)
      || !_sq_onnx_add (self, &sq_op_softmax, &params, &in, 1, &out, error) || !_sq_onnx_reshape (self, out, &shape, &out, error))
    return FALSE;
  _sq_onnx_set_out (self, 0, out);
  return TRUE;
}

static gboolean
lower_matmul (SqOnnx *self, GError **error)
{
  int in[2] = { _sq_onnx_in (self, 0), _sq_onnx_in (self, 1) };

  return _sq_onnx_add_out (self, &sq_op_matmul, NULL, in, 2, error);
}

static gboolean
lower_gemm (SqOnnx *self, GError **error)
{
  const char *const names[] = { "transA", "transB" };
  SqParams swap = { 0 }, add = { .binary = SQ_BINARY_ADD }, mul = { .binary = SQ_BINARY_MUL };
  int in[2] = { _sq_onnx_in (self, 0), _sq_onnx_in (self, 1) }, c = _sq_onnx_in (self, 2), y;
  float scale[2] = { _sq_onnx_float (self, "alpha", 1), _sq_onnx_float (self, "beta", 1) };

  swap.transpose.perm[0] = 1;
  for (int i = 0; i < 2; i++)
    {
      if (in[i] == SQ_NO_VALUE || sq_graph_value (self->graph, in[i])->shape.rank != 2)
        return _sq_onnx_bad (error, "two matrices are needed");
      if (_sq_onnx_int (self, names[i], 0) != 0 && !_sq_onnx_add (self, &sq_op_transpose, &swap, &in[i], 1, &in[i], error))
        return FALSE;
    }
  if (!_sq_onnx_add (self, &sq_op_matmul, NULL, in, 2, &y, error))
    return FALSE;
  if (scale[0] != 1 && !_sq_onnx_add (self, &sq_op_binary, &mul, (int[]){ y, _sq_onnx_scalar (self, SQ_F32, scale[0]) }, 2, &y, error))
    return FALSE;
  if (c != SQ_NO_VALUE)
    {
      if (scale[1] != 1 && !_sq_onnx_add (self, &sq_op_binary, &mul, (int[]){ c, _sq_onnx_scalar (self, SQ_F32, scale[1]) }, 2, &c, error))
        return FALSE;
      if (!_sq_onnx_add (self, &sq_op_binary, &add, (int[]){ y, c }, 2, &y, error))
        return FALSE;
    }
  _sq_onnx_set_out (self, 0, y);
  return TRUE;
}

const SqOnnxLowering _sq_onnx_nn[] = {
  { "AveragePool", lower_pool },
  { "BatchNormalization", lower_batch_norm },
  { "Conv", lower_conv },
  { "ConvInteger", lower_conv_integer },
  { "ConvTranspose", lower_conv_transpose },
  { "Gemm", lower_gemm },
  { "GlobalAveragePool", lower_global_pool },
  { "GlobalMaxPool", lower_global_pool },
  { "MatMul", lower_matmul },
  { "MaxPool", lower_pool },
  { "Resize", lower_resize },
  { "Softmax", lower_softmax },
  { NULL, NULL },
};
