// SPDX-License-Identifier: GPL-3.0-or-later
// SqTensor -> TensorProto, in as few bytes as hold the same numbers.
#include "onnx-write-private.h"

#include <math.h>
#include <string.h>

#define WORTH_IT 64     // numbers; smaller tensors stay float32
#define MAX_HALF 65504. // beyond, float16 is infinite
#define MAX_WHOLE_HALF 2048

int
_sq_onnx_data_type (SqDType dtype)
{
  static const int types[] = { [SQ_F32] = _SQ_ONNX_FLOAT, [SQ_I64] = 7, [SQ_I32] = 6, [SQ_U8] = 2, [SQ_I8] = 3, [SQ_BOOL] = 9 };

  return types[dtype];
}

const char *
_sq_onnx_write_raw (SqOnnxWriter *self, const char *name, int data_type, const SqShape *shape, gconstpointer data, gsize bytes)
{
  Onnx__TensorProto *proto = g_new (Onnx__TensorProto, 1);

  onnx__tensor_proto__init (proto);
  g_ptr_array_add (self->owned, proto);
  g_ptr_array_add (self->initializers, proto);
  proto->name = (char *) name;
  proto->has_data_type = TRUE;
  proto->data_type = data_type;
  proto->n_dims = (gsize) shape->rank;
  proto->dims = g_memdup2 (shape->dim, (gsize) shape->rank * sizeof shape->dim[0]);
  proto->has_raw_data = TRUE;
  proto->raw_data.len = bytes;
  proto->raw_data.data = g_memdup2 (data, bytes);
  g_ptr_array_add (self->owned, proto->dims);
  g_ptr_array_add (self->owned, proto->raw_data.data);
  return name;
}

const char *
_sq_onnx_write_list (SqOnnxWriter *self, const gint64 *values, int n)
{
  return _sq_onnx_write_raw (self, _sq_onnx_write_name (self, "list"), 7, &SQ_SHAPE (n), values, (gsize) n * sizeof values[0]);
}

const char *
_sq_onnx_write_scalar (SqOnnxWriter *self, SqDType dtype, double value)
{
  g_autoptr (SqTensor) tensor = sq_tensor_new (dtype, &(SqShape){ 0 });

  sq_tensor_set (tensor, 0, value);
  return _sq_onnx_write_raw (self, _sq_onnx_write_name (self, "number"), _sq_onnx_data_type (dtype), &tensor->shape, tensor->data,
                             tensor->bytes);
}

// Round to nearest, ties to even; the caller knows that it fits.
static guint16
to_half (float value)
{
  double magnitude = fabs ((double) value);
  guint16 sign = signbit (value) ? 0x8000 : 0;
  int exponent;
  long bits;

  if (magnitude < 0x1p-14) // subnormal: multiples of 2^-24
    return sign | (guint16) lrint (magnitude * 0x1p24);
  frexp (magnitude, &exponent); // magnitude = .5..1 * 2^exponent
  bits = lrint (ldexp (magnitude, 11 - exponent)) - 1024;
  return sign | (guint16) (((exponent + 14) << 10) + bits); // a carry runs into the exponent, as it should
}

// scale (q - 0) in 8 bits, where that gives back every number exactly.
static gboolean
write_grid (SqOnnxWriter *self, const SqTensor *tensor, const char *name)
{
  const SqGrid *grid = tensor->grid;
  gint64 inner = grid->n == 1 ? tensor->n : sq_shape_span (&tensor->shape, grid->axis + 1, tensor->shape.rank);
  g_autofree gint8 *q = g_new (gint8, MAX (tensor->n, 1));
  const char *in[2];
  Onnx__NodeProto *node;

  for (gint64 i = 0; i < tensor->n; i++)
    {
      float scale = grid->scale[i / inner % grid->n], value = sq_tensor_f32 (tensor)[i], whole = nearbyintf (value / scale);

      if (!(whole >= -128 && whole <= 127) || scale * whole != value)
        return FALSE;
      q[i] = (gint8) whole;
    }
  in[0] = _sq_onnx_write_raw (self, _sq_onnx_write_name (self, "weight_q"), 3, &tensor->shape, q, (gsize) tensor->n);
  in[1] = _sq_onnx_write_raw (self, _sq_onnx_write_name (self, "weight_scale"), _SQ_ONNX_FLOAT,
                              grid->n == 1 ? &(SqShape){ 0 } : &SQ_SHAPE (grid->n), grid->scale, (gsize) grid->n * sizeof (float));
  node = _sq_onnx_write_node (self, "DequantizeLinear", in, 2, &name, 1);
  _sq_onnx_write_int (self, node, "axis", grid->axis);
  return TRUE;
}

// Whole numbers up to `limit`, none of them -0.
static gboolean
is_whole (const SqTensor *tensor, float limit)
{
  for (gint64 i = 0; i < tensor->n; i++)
    {
      float value = sq_tensor_f32 (tensor)[i];

      if (!(fabsf (value) <= limit) || truncf (value) != value || (value == 0 && signbit (value)))
        return FALSE;
    }
  return TRUE;
}

static gboolean
fits_half (const SqTensor *tensor)
{
  for (gint64 i = 0; i < tensor->n; i++)
    if (!(fabsf (sq_tensor_f32 (tensor)[i]) <= MAX_HALF))
      return FALSE;
  return TRUE;
}

// Smaller numbers behind a Cast to float.
static void
write_cast (SqOnnxWriter *self, const SqTensor *tensor, const char *name, int data_type)
{
  gsize size = data_type == _SQ_ONNX_FLOAT16 ? 2 : 1;
  g_autofree guint8 *data = g_malloc ((gsize) tensor->n * size);
  const char *stored = _sq_onnx_write_name (self, "weight_small");

  for (gint64 i = 0; i < tensor->n; i++)
    if (size == 2)
      ((guint16 *) data)[i] = to_half (sq_tensor_f32 (tensor)[i]);
    else
      ((gint8 *) data)[i] = (gint8) sq_tensor_f32 (tensor)[i];
  _sq_onnx_write_raw (self, stored, data_type, &tensor->shape, data, (gsize) tensor->n * size);
  _sq_onnx_write_int (self, _sq_onnx_write_node (self, "Cast", &stored, 1, &name, 1), "to", _SQ_ONNX_FLOAT);
}

const char *
_sq_onnx_write_constant (SqOnnxWriter *self, int id)
{
  const SqTensor *tensor = sq_graph_value (self->graph, id)->constant;
  gboolean weights = self->weights[id] && tensor->dtype == SQ_F32 && tensor->n >= WORTH_IT;
  const char *name = _sq_onnx_write_name (self, weights ? "weight" : "constant");

  if (tensor->grid != NULL && write_grid (self, tensor, name))
    return name;
  if (weights && is_whole (tensor, 127)) // what is left of a dynamically quantised convolution
    write_cast (self, tensor, name, 3);
  else if (weights && (is_whole (tensor, MAX_WHOLE_HALF) || (self->half && fits_half (tensor))))
    write_cast (self, tensor, name, _SQ_ONNX_FLOAT16);
  else
    _sq_onnx_write_raw (self, name, _sq_onnx_data_type (tensor->dtype), &tensor->shape, tensor->data, tensor->bytes);
  return name;
}
