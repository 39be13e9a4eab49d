// SPDX-License-Identifier: GPL-3.0-or-later
// Lowering of everything that makes constants: shapes are known while reading, so shape arithmetic is a constant too.
#include "onnx-private.h"

#include <math.h>

static gboolean
publish_constant (SqOnnx *self, SqTensor *tensor, GError **error)
{
  if (tensor == NULL || tensor->bytes > self->budget)
    {
      g_clear_pointer (&tensor, sq_tensor_unref);
      g_set_error (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY, "the constant it makes is too large");
      return FALSE;
    }
  self->budget -= tensor->bytes;
  _sq_onnx_set_out (self, 0, sq_graph_add_constant (self->graph, NULL, tensor));
  return TRUE;
}

static gboolean
lower_constant (SqOnnx *self, GError **error)
{
  const Onnx__AttributeProto *attr;
  SqTensor *tensor = NULL;

  if ((attr = _sq_onnx_attr (self, "value")) != NULL && attr->t != NULL)
    {
      tensor = _sq_onnx_tensor (self, attr->t, error);
      if (tensor == NULL)
        return FALSE;
      _sq_onnx_set_out (self, 0, sq_graph_add_constant (self->graph, NULL, tensor));
      return TRUE;
    }
  if ((attr = _sq_onnx_attr (self, "value_float")) != NULL)
    {
      tensor = sq_tensor_new (SQ_F32, &(SqShape){ 0 });
      sq_tensor_set (tensor, 0, attr->f);
    }
  else if ((attr = _sq_onnx_attr (self, "value_int")) != NULL)
    {
      tensor = sq_tensor_new (SQ_I64, &(SqShape){ 0 });
      ((gint64 *) tensor->data)[0] = attr->i;
    }
  else if ((attr = _sq_onnx_attr (self, "value_floats")) != NULL)
    {
      tensor = sq_tensor_new (SQ_F32, &SQ_SHAPE ((gint64) attr->n_floats));
      for (gsize i = 0; tensor != NULL && i < attr->n_floats; i++)
        sq_tensor_f32 (tensor)[i] = attr->floats[i];
    }
  else if ((attr = _sq_onnx_attr (self, "value_ints")) != NULL)
    {
      tensor = sq_tensor_new (SQ_I64, &SQ_SHAPE ((gint64) attr->n_ints));
      for (gsize i = 0; tensor != NULL && i < attr->n_ints; i++)
        ((gint64 *) tensor->data)[i] = attr->ints[i];
    }
  else
    return _sq_onnx_unsupported (error, "this kind of constant");
  return publish_constant (self, tensor, error);
}

static gboolean
lower_shape (SqOnnx *self, GError **error)
{
  SqTensor *tensor;
  const SqValue *x = _sq_onnx_in_value (self, 0);
  gint64 start = _sq_onnx_int (self, "start", 0), end;

  if (x == NULL)
    return _sq_onnx_bad (error, "the input is missing");
  end = _sq_onnx_int (self, "end", x->shape.rank);
  start = CLAMP (start < 0 ? start + x->shape.rank : start, 0, x->shape.rank);
  end = CLAMP (end < 0 ? end + x->shape.rank : end, start, x->shape.rank);
  tensor = sq_tensor_new (SQ_I64, &SQ_SHAPE (end - start));
  for (gint64 i = start; i < end; i++)
    ((gint64 *) tensor->data)[i - start] = x->shape.dim[i];
  return publish_constant (self, tensor, error);
}

static gboolean
lower_size (SqOnnx *self, GError **error)
{
  const SqValue *x = _sq_onnx_in_value (self, 0);
  SqTensor *tensor;

  if (x == NULL)
    return _sq_onnx_bad (error, "the input is missing");
  tensor = sq_tensor_new (SQ_I64, &(SqShape){ 0 });
  ((gint64 *) tensor->data)[0] = sq_shape_elements (&x->shape);
  return publish_constant (self, tensor, error);
}

static gboolean
lower_constant_of_shape (SqOnnx *self, GError **error)
{
  const Onnx__AttributeProto *attr = _sq_onnx_attr (self, "value");
  g_autoptr (SqTensor) value = NULL;
  SqTensor *tensor;
  SqShape shape;

  if (!_sq_onnx_in_ints (self, 0, "the shape", shape.dim, SQ_MAX_RANK, &shape.rank, error))
    return FALSE;
  if (attr != NULL && attr->t != NULL && (value = _sq_onnx_tensor (self, attr->t, error)) == NULL)
    return FALSE;
  if (sq_shape_elements (&shape) < 0 || (gsize) sq_shape_elements (&shape) * 4 > self->budget)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY, "the constant it makes is too large");
      return FALSE;
    }
  tensor = sq_tensor_new (value != NULL ? value->dtype : SQ_F32, &shape);
  if (tensor != NULL && value != NULL && value->n == 1)
    for (gint64 i = 0; i < tensor->n; i++)
      sq_tensor_set (tensor, i, sq_tensor_get (value, 0));
  return publish_constant (self, tensor, error);
}

static gboolean
lower_range (SqOnnx *self, GError **error)
{
  const SqTensor *t[3] = { _sq_onnx_in_constant (self, 0), _sq_onnx_in_constant (self, 1), _sq_onnx_in_constant (self, 2) };
  SqTensor *tensor;
  double start, limit, delta, n;

  if (t[0] == NULL || t[1] == NULL || t[2] == NULL || t[0]->n != 1 || t[1]->n != 1 || t[2]->n != 1)
    return _sq_onnx_unsupported (error, "a range that is only known while the network runs");
  start = sq_tensor_get (t[0], 0);
  limit = sq_tensor_get (t[1], 0);
  delta = sq_tensor_get (t[2], 0);
  n = delta == 0 ? NAN : MAX (ceil ((limit - start) / delta), 0);
  if (!(n <= 1 << 28) || n * 8 > self->budget)
    return _sq_onnx_bad (error, "the range is endless");
  tensor = sq_tensor_new (t[0]->dtype, &SQ_SHAPE ((gint64) n));
  for (gint64 i = 0; tensor != NULL && i < tensor->n; i++)
    sq_tensor_set (tensor, i, start + i * delta);
  return publish_constant (self, tensor, error);
}

const SqOnnxLowering _sq_onnx_constant[] = {
  { "Constant", lower_constant }, { "ConstantOfShape", lower_constant_of_shape },
  { "Range", lower_range },       { "Shape", lower_shape },
  { "Size", lower_size },         { NULL, NULL },
};
