// SPDX-License-Identifier: GPL-3.0-or-later
// The ONNX reader: file -> protobuf -> graph, node by node. See onnx-private.h for the lowerings.
#include "onnx-private.h"

#include <stdio.h>
#include <string.h>

#define MAX_FILE_BYTES (G_GUINT64_CONSTANT (2) << 30) // protobuf's own limit
#define MAX_CONSTANT_BYTES ((gsize) 4 << 30)
#define OLDEST_OPSET 11
#define NEWEST_OPSET 20

static const SqOnnxLowering *
find_lowering (const char *op_type)
{
  const SqOnnxLowering *const tables[] = { _sq_onnx_nn, _sq_onnx_elementwise, _sq_onnx_constant, _sq_onnx_shape, _sq_onnx_quant };

  for (guint t = 0; t < G_N_ELEMENTS (tables); t++)
    for (const SqOnnxLowering *l = tables[t]; l->op_type != NULL; l++)
      if (g_str_equal (l->op_type, op_type))
        return l;
  return NULL;
}

static void
remember (SqOnnx *self, const char *name, int value)
{
  g_hash_table_insert (self->values, g_strdup (name), GINT_TO_POINTER (value + 1));
}

static gboolean
read_opset (SqOnnx *self, const Onnx__ModelProto *model, GError **error)
{
  for (gsize i = 0; i < model->n_opset_import; i++)
    {
      const Onnx__OperatorSetIdProto *set = model->opset_import[i];

      if (set->domain == NULL || *set->domain == '\0' || g_str_equal (set->domain, "ai.onnx"))
        self->opset = set->version;
    }
  if (self->opset < OLDEST_OPSET || self->opset > NEWEST_OPSET)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_UNSUPPORTED_OP,
                   "it uses ONNX operator set %" G_GINT64_FORMAT ", Squint reads %d to %d: export it again with opset 17", self->opset,
                   OLDEST_OPSET, NEWEST_OPSET);
      return FALSE;
    }
  return TRUE;
}

static gboolean
add_input (SqOnnx *self, const Onnx__ValueInfoProto *info, int width, int height, gboolean *free_size, GError **error)
{
  const Onnx__TypeProto__Tensor *type = info->type != NULL ? info->type->tensor_type : NULL;
  SqShape shape = { 0 };
  SqDType dtype;

  if (info->name == NULL || type == NULL || type->shape == NULL || type->shape->n_dim > SQ_MAX_RANK)
    return _sq_onnx_bad (error, "an input has no shape");
  if (!_sq_onnx_dtype (type->elem_type, &dtype))
    return _sq_onnx_unsupported (error, "input '%s' has element type %d", info->name, type->elem_type);
  shape.rank = (int) type->shape->n_dim;
  for (int d = 0; d < shape.rank; d++)
    {
      const Onnx__TensorShapeProto__Dimension *dim = type->shape->dim[d];

      if (dim->has_dim_value && dim->dim_value > 0)
        shape.dim[d] = dim->dim_value;
      else if (dim->has_dim_value && dim->dim_value < 0 && dim->dim_value != -1)
        return _sq_onnx_bad (error, "input '%s' has a negative size", info->name);
      else
        {
          shape.dim[d] = d == 2 ? height : d == 3 ? width : d == 1 && shape.rank == 4 ? 3 : 1;
          *free_size = *free_size || d >= 2;
        }
    }
  if (sq_shape_elements (&shape) < 0 || sq_shape_elements (&shape) > 1 << 28)
    return _sq_onnx_bad (error, "input '%s' has an impossible size", info->name);
  remember (self, info->name, sq_graph_add_input (self->graph, info->name, dtype, &shape));
  return TRUE;
}

// What to do about an operator that is not there, where there is something to do.
static const char *
advice (const char *op_type)
{
  static const struct
  {
    const char *op_type, *text;
  } known[] = {
    { "NonMaxSuppression", ": export it again without NMS, Squint does that itself" },
    { "NonZero", ": export it again without NMS, Squint does that itself" },
    { "EfficientNMS_TRT", ": export it again without NMS, Squint does that itself" },
    { "TRT_NonMaxSuppression", ": export it again without NMS, Squint does that itself" },
    { "LayerNormalization", ": it is a transformer (RT-DETR), use a YOLO network" },
    { "GridSample", ": it is a transformer (RT-DETR), use a YOLO network" },
    { "If", ": export it again with fixed sizes, or simplify it" },
    { "Loop", ": export it again with fixed sizes, or simplify it" },
    { "QLinearConv", ": quantise it again in the QDQ form" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_str_equal (known[i].op_type, op_type))
      return known[i].text;
  return "";
}

static gboolean
lower_node (SqOnnx *self, const Onnx__NodeProto *node, GError **error)
{
  const char *op_type = node->op_type != NULL ? node->op_type : "";
  const SqOnnxLowering *lowering;

  if (node->domain != NULL && *node->domain != '\0' && !g_str_equal (node->domain, "ai.onnx"))
    return _sq_onnx_unsupported (error, "it needs the operator %s of %s%s", op_type, node->domain, advice (op_type));
  if ((lowering = find_lowering (op_type)) == NULL)
    return _sq_onnx_unsupported (error, "it needs the operator %s%s", op_type, advice (op_type));
  for (gsize i = 0; i < node->n_output; i++)
    if (node->output[i][0] != '\0' && g_hash_table_contains (self->values, node->output[i]))
      return _sq_onnx_bad (error, "'%s' is made twice", node->output[i]);
  self->node = node;
  if (!lowering->lower (self, error))
    {
      if (error != NULL && *error != NULL)
        g_prefix_error (error, "node '%s' (%s): ",
                        node->name != NULL && *node->name != '\0' ? node->name
                        : node->n_output > 0                      ? node->output[0]
                                                                  : "",
                        op_type);
      return FALSE;
    }
  return TRUE;
}

// Nodes should come sorted; some writers do not, so take whatever is ready until nothing moves. What is left then waits for itself or for
// nothing. `needed`: the set of nodes to take, NULL = all.
static gboolean
lower_nodes (SqOnnx *self, const Onnx__GraphProto *graph, GHashTable *needed, GError **error)
{
  g_autofree gboolean *done = g_new0 (gboolean, MAX (graph->n_node, 1));
  gsize left = graph->n_node;
  gboolean moved = TRUE;

  for (gsize i = 0; needed != NULL && i < graph->n_node; i++)
    if (!g_hash_table_contains (needed, graph->node[i]))
      {
        done[i] = TRUE;
        left--;
      }

  while (left > 0 && moved)
    {
      moved = FALSE;
      for (gsize i = 0; i < graph->n_node; i++)
        {
          const Onnx__NodeProto *node = graph->node[i];
          gboolean ready = !done[i];

          for (gsize k = 0; ready && k < node->n_input; k++)
            ready = node->input[k][0] == '\0' || g_hash_table_contains (self->values, node->input[k]);
          if (!ready)
            continue;
          if (!lower_node (self, node, error))
            return FALSE;
          done[i] = TRUE;
          moved = TRUE;
          left--;
        }
    }
  for (gsize i = 0; left > 0 && i < graph->n_node; i++)
    for (gsize k = 0; !done[i] && k < graph->node[i]->n_input; k++)
      if (graph->node[i]->input[k][0] != '\0' && !g_hash_table_contains (self->values, graph->node[i]->input[k]))
        return _sq_onnx_bad (error, "'%s' is used but never made, or its nodes form a circle", graph->node[i]->input[k]);
  return TRUE;
}

static char *
find_precision (const Onnx__GraphProto *graph)
{
  double half = 0, floats = 0; // numbers

  for (gsize i = 0; i < graph->n_node; i++)
    if (g_strcmp0 (graph->node[i]->op_type, "ConvInteger") == 0 || g_strcmp0 (graph->node[i]->op_type, "DynamicQuantizeLinear") == 0)
      return g_strdup ("int8 (dynamic)");
    else if (g_strcmp0 (graph->node[i]->op_type, "QuantizeLinear") == 0)
      return g_strdup ("int8 (QDQ)");
  for (gsize i = 0; i < graph->n_initializer; i++)
    {
      const Onnx__TensorProto *proto = graph->initializer[i];
      double n = 1;

      for (gsize d = 0; d < proto->n_dims; d++)
        n *= (double) proto->dims[d];
      half += proto->data_type == 10 ? n : 0;
      floats += proto->data_type == 1 ? n : 0;
    }
  return g_strdup (half > floats ? "float16" : "float32");
}

// "[640, 480]" of the metadata: height, width.
static void
size_from_metadata (GHashTable *metadata, int *width, int *height)
{
  const char *text = g_hash_table_lookup (metadata, "imgsz");
  int h = 0, w = 0;

  if (text != NULL && sscanf (text, "[%d, %d]", &h, &w) >= 1 && h > 0 && h <= 8192)
    {
      *height = *height > 0 ? *height : h;
      *width = *width > 0 ? *width : w > 0 && w <= 8192 ? w : h;
    }
}

static gboolean
add_output (SqOnnx *self, const char *name, GError **error)
{
  int id = GPOINTER_TO_INT (g_hash_table_lookup (self->values, name)) - 1;
  SqValue *value;

  if (id < 0)
    return _sq_onnx_bad (error, "nothing makes its output '%s'", name);
  value = sq_graph_value (self->graph, id);
  g_free (value->name);
  value->name = g_strdup (name);
  sq_graph_add_output (self->graph, id);
  return TRUE;
}

static gboolean
build (SqOnnx *self, SqImport *import, const Onnx__ModelProto *model, int width, int height, GError **error)
{
  const Onnx__GraphProto *graph = model->graph;
  g_autoptr (GHashTable) needed = NULL;
  const char *end;

  if (graph == NULL || graph->n_node == 0)
    return _sq_onnx_bad (error, "it holds no network");
  if (!read_opset (self, model, error))
    return FALSE;
  for (gsize i = 0; i < model->n_metadata_props; i++)
    if (model->metadata_props[i]->key != NULL && model->metadata_props[i]->value != NULL)
      g_hash_table_insert (import->metadata, g_strdup (model->metadata_props[i]->key), g_strdup (model->metadata_props[i]->value));
  size_from_metadata (import->metadata, &width, &height);

  for (gsize i = 0; i < graph->n_initializer; i++)
    {
      const Onnx__TensorProto *proto = graph->initializer[i];
      SqTensor *tensor;

      if (proto->name == NULL)
        return _sq_onnx_bad (error, "a constant has no name");
      if ((tensor = _sq_onnx_tensor (self, proto, error)) == NULL)
        return FALSE;
      remember (self, proto->name, sq_graph_add_constant (self->graph, proto->name, tensor));
    }
  for (gsize i = 0; i < graph->n_input; i++) // older files list constants among the inputs
    if (graph->input[i]->name == NULL || !g_hash_table_contains (self->values, graph->input[i]->name))
      if (!add_input (self, graph->input[i], width > 0 ? width : 640, height > 0 ? height : 640, &import->free_size, error))
        return FALSE;
  end = _sq_onnx_before_nms (graph, &needed);
  import->nms_left_out = end != NULL;
  if (!lower_nodes (self, graph, needed, error))
    return FALSE;
  if (graph->n_output == 0)
    return _sq_onnx_bad (error, "it has no output");
  if (end != NULL && !add_output (self, end, error))
    return FALSE;
  for (gsize i = 0; end == NULL && i < graph->n_output; i++)
    if (!add_output (self, graph->output[i]->name != NULL ? graph->output[i]->name : "", error))
      return FALSE;
  sq_graph_prune (self->graph);
  import->precision = find_precision (graph);
  return TRUE;
}

SqImport *
sq_onnx_import (const char *path, int width, int height, GError **error)
{
  g_autoptr (SqImport) import = g_new0 (SqImport, 1);
  g_autoptr (GMappedFile) map = NULL;
  g_autoptr (GError) cause = NULL;
  g_autofree char *display = g_filename_display_basename (path);
  SqOnnx self = { .path = path, .budget = MAX_CONSTANT_BYTES };
  Onnx__ModelProto *model;
  gboolean ok;

  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR) || (map = g_mapped_file_new (path, FALSE, &cause)) == NULL)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "%s cannot be read: check that it exists and that you may open it.", display);
      return NULL;
    }
  if (g_mapped_file_get_length (map) == 0 || g_mapped_file_get_length (map) >= MAX_FILE_BYTES
      || (model = onnx__model_proto__unpack (NULL, g_mapped_file_get_length (map), (const guint8 *) g_mapped_file_get_contents (map)))
             == NULL)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_BAD_MODEL,
                   "%s is not a readable ONNX model: it is empty, cut off or something else; get the file again.", display);
      return NULL;
    }

  import->graph = self.graph = sq_graph_new ();
  import->format = "ONNX";
  import->metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self.values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  ok = build (&self, import, model, width, height, &cause);
  g_hash_table_unref (self.values);
  onnx__model_proto__free_unpacked (model, NULL);
  if (!ok)
    {
      g_set_error (error, SQ_ERROR, cause->code, "%s cannot be used: %s.", display, cause->message);
      return NULL;
    }
  return g_steal_pointer (&import);
}
