// SPDX-License-Identifier: GPL-3.0-or-later
// What every lowering needs: attributes and inputs of the current node in, operators out.
#include "onnx-private.h"

#include <string.h>

gboolean
_sq_onnx_unsupported (GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  // "it needs X, which Squint does not support: do Y"
  g_set_error (error, SQ_ERROR, SQ_ERROR_UNSUPPORTED_OP, "%.*s, which Squint does not support%s", (int) strcspn (text, ":"), text,
               text + strcspn (text, ":"));
  return FALSE;
}

gboolean
_sq_onnx_bad (GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (error, SQ_ERROR, SQ_ERROR_BAD_MODEL, text);
  return FALSE;
}

int
_sq_onnx_in (SqOnnx *self, guint i)
{
  if (i >= self->node->n_input || self->node->input[i][0] == '\0')
    return SQ_NO_VALUE;
  return GPOINTER_TO_INT (g_hash_table_lookup (self->values, self->node->input[i])) - 1; // the reader has checked that it exists
}

const SqValue *
_sq_onnx_in_value (SqOnnx *self, guint i)
{
  int id = _sq_onnx_in (self, i);

  return id == SQ_NO_VALUE ? NULL : sq_graph_value (self->graph, id);
}

const SqTensor *
_sq_onnx_in_constant (SqOnnx *self, guint i)
{
  const SqValue *value = _sq_onnx_in_value (self, i);

  return value != NULL ? value->constant : NULL;
}

gboolean
_sq_onnx_in_ints (SqOnnx *self, guint i, const char *what, gint64 *out, int max, int *n, GError **error)
{
  const SqTensor *tensor = _sq_onnx_in_constant (self, i);

  if (tensor == NULL)
    return _sq_onnx_in (self, i) == SQ_NO_VALUE ? _sq_onnx_bad (error, "%s is missing", what)
                                                : _sq_onnx_unsupported (error, "%s is only known while the network runs", what);
  if (tensor->n > max)
    return _sq_onnx_bad (error, "%s has %" G_GINT64_FORMAT " numbers, at most %d make sense", what, tensor->n, max);
  for (gint64 k = 0; k < tensor->n; k++)
    out[k] = tensor->dtype == SQ_I64 ? ((const gint64 *) tensor->data)[k] : (gint64) sq_tensor_get (tensor, k);
  *n = (int) tensor->n;
  return TRUE;
}

const Onnx__AttributeProto *
_sq_onnx_attr (SqOnnx *self, const char *name)
{
  for (gsize i = 0; i < self->node->n_attribute; i++)
    if (g_strcmp0 (self->node->attribute[i]->name, name) == 0)
      return self->node->attribute[i];
  return NULL;
}

gint64
_sq_onnx_int (SqOnnx *self, const char *name, gint64 fallback)
{
  const Onnx__AttributeProto *attr = _sq_onnx_attr (self, name);

  return attr != NULL && attr->has_i ? attr->i : fallback;
}

float
_sq_onnx_float (SqOnnx *self, const char *name, float fallback)
{
  const Onnx__AttributeProto *attr = _sq_onnx_attr (self, name);

  return attr != NULL && attr->has_f ? attr->f : fallback;
}

gboolean
_sq_onnx_string_is (SqOnnx *self, const char *name, const char *value, gboolean fallback)
{
  const Onnx__AttributeProto *attr = _sq_onnx_attr (self, name);

  if (attr == NULL || !attr->has_s)
    return fallback;
  return attr->s.len == strlen (value) && memcmp (attr->s.data, value, attr->s.len) == 0;
}

gboolean
_sq_onnx_attr_ints (SqOnnx *self, const char *name, gint64 *out, int max, int *n)
{
  const Onnx__AttributeProto *attr = _sq_onnx_attr (self, name);

  if (attr == NULL || attr->n_ints > (gsize) max)
    return FALSE;
  for (gsize i = 0; i < attr->n_ints; i++)
    out[i] = attr->ints[i];
  *n = (int) attr->n_ints;
  return TRUE;
}

gboolean
_sq_onnx_axis (SqOnnx *self, gint64 axis, int rank, int *out, GError **error)
{
  if (axis < 0)
    axis += rank;
  if (axis < 0 || axis >= MAX (rank, 1))
    return _sq_onnx_bad (error, "axis is outside the input's %d dimensions", rank);
  *out = (int) axis;
  return TRUE;
}

gboolean
_sq_onnx_add (SqOnnx *self, const SqOp *op, const SqParams *params, const int *in, int n_in, int *out, GError **error)
{
  static const SqParams none;
  guint before = self->graph->values->len;

  if (!sq_graph_add (self->graph, op, params != NULL ? params : &none, in, n_in, out, error))
    return FALSE;
  for (guint i = before; i < self->graph->values->len; i++)
    {
      const SqTensor *constant = sq_graph_value (self->graph, i)->constant;

      if (constant == NULL)
        continue;
      if (constant->bytes > self->budget)
        {
          g_set_error (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY, "the network's constants grow too large");
          return FALSE;
        }
      self->budget -= constant->bytes;
    }
  return TRUE;
}

void
_sq_onnx_set_out (SqOnnx *self, guint i, int value)
{
  if (i < self->node->n_output && self->node->output[i][0] != '\0')
    g_hash_table_insert (self->values, g_strdup (self->node->output[i]), GINT_TO_POINTER (value + 1));
}

gboolean
_sq_onnx_add_out (SqOnnx *self, const SqOp *op, const SqParams *params, const int *in, int n_in, GError **error)
{
  int out[SQ_MAX_OUT];

  if (!_sq_onnx_add (self, op, params, in, n_in, out, error))
    return FALSE;
  for (int i = 0; i < op->n_out; i++)
    _sq_onnx_set_out (self, i, out[i]);
  return TRUE;
}

gboolean
_sq_onnx_reshape (SqOnnx *self, int in, const SqShape *shape, int *out, GError **error)
{
  SqParams params = { 0 };

  if (sq_shape_equal (&sq_graph_value (self->graph, in)->shape, shape))
    {
      *out = in;
      return TRUE;
    }
  params.reshape.shape = *shape;
  return _sq_onnx_add (self, &sq_op_reshape, &params, &in, 1, out, error);
}

int
_sq_onnx_scalar (SqOnnx *self, SqDType dtype, double value)
{
  SqTensor *tensor = sq_tensor_new (dtype, &(SqShape){ 0 });

  sq_tensor_set (tensor, 0, value);
  return sq_graph_add_constant (self->graph, NULL, tensor);
}
