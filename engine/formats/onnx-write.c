// SPDX-License-Identifier: GPL-3.0-or-later
// The ONNX writer: graph -> protobuf -> file. See onnx-write-node.c for the operators.
#include "onnx-write-private.h"

#include "config.h"
#include <string.h>

#define IR_VERSION 8
#define OPSET 17

const char *
_sq_onnx_write_name (SqOnnxWriter *self, const char *wanted)
{
  char *name = g_strdup (wanted);

  for (guint i = 1; *name == '\0' || g_hash_table_contains (self->taken, name); i++)
    {
      g_free (name);
      name = g_strdup_printf ("%s_%u", wanted, i);
    }
  g_hash_table_add (self->taken, name);
  g_ptr_array_add (self->owned, name);
  return name;
}

const char *
_sq_onnx_write_value (SqOnnxWriter *self, int id)
{
  if (id == SQ_NO_VALUE)
    return "";
  if (self->names[id] == NULL)
    self->names[id] = _sq_onnx_write_constant (self, id);
  return self->names[id];
}

Onnx__NodeProto *
_sq_onnx_write_node (SqOnnxWriter *self, const char *op_type, const char *const *in, int n_in, const char *const *out, int n_out)
{
  Onnx__NodeProto *node = g_new (Onnx__NodeProto, 1);

  onnx__node_proto__init (node);
  while (n_in > 0 && *in[n_in - 1] == '\0')
    n_in--;
  node->op_type = (char *) op_type;
  node->name = g_strdup_printf ("n%u", self->nodes->len);
  node->n_input = (gsize) n_in;
  node->input = g_memdup2 (in, (gsize) n_in * sizeof in[0]);
  node->n_output = (gsize) n_out;
  node->output = g_memdup2 (out, (gsize) n_out * sizeof out[0]);
  g_ptr_array_add (self->owned, node);
  g_ptr_array_add (self->owned, node->name);
  g_ptr_array_add (self->owned, node->input);
  g_ptr_array_add (self->owned, node->output);
  g_ptr_array_add (self->nodes, node);
  return node;
}

const char *
_sq_onnx_write_unary (SqOnnxWriter *self, const char *op_type, const char *in, const char *out)
{
  out = out != NULL ? out : _sq_onnx_write_name (self, "t");
  _sq_onnx_write_node (self, op_type, &in, 1, &out, 1);
  return out;
}

static Onnx__AttributeProto *
add_attribute (SqOnnxWriter *self, Onnx__NodeProto *node, const char *name, int type)
{
  Onnx__AttributeProto *attr = g_new (Onnx__AttributeProto, 1), **list = g_new (Onnx__AttributeProto *, node->n_attribute + 1);

  onnx__attribute_proto__init (attr);
  attr->name = (char *) name;
  attr->has_type = TRUE;
  attr->type = type;
  if (node->n_attribute > 0)
    memcpy (list, node->attribute, node->n_attribute * sizeof list[0]);
  list[node->n_attribute++] = attr;
  node->attribute = list;
  g_ptr_array_add (self->owned, attr);
  g_ptr_array_add (self->owned, list);
  return attr;
}

void
_sq_onnx_write_int (SqOnnxWriter *self, Onnx__NodeProto *node, const char *name, gint64 value)
{
  Onnx__AttributeProto *attr = add_attribute (self, node, name, 2);

  attr->has_i = TRUE;
  attr->i = value;
}

void
_sq_onnx_write_ints (SqOnnxWriter *self, Onnx__NodeProto *node, const char *name, const int *values, int n)
{
  Onnx__AttributeProto *attr = add_attribute (self, node, name, 7);

  attr->n_ints = (gsize) n;
  attr->ints = g_new (gint64, MAX (n, 1));
  for (int i = 0; i < n; i++)
    attr->ints[i] = values[i];
  g_ptr_array_add (self->owned, attr->ints);
}

void
_sq_onnx_write_float (SqOnnxWriter *self, Onnx__NodeProto *node, const char *name, float value)
{
  Onnx__AttributeProto *attr = add_attribute (self, node, name, 1);

  attr->has_f = TRUE;
  attr->f = value;
}

void
_sq_onnx_write_string (SqOnnxWriter *self, Onnx__NodeProto *node, const char *name, const char *value)
{
  Onnx__AttributeProto *attr = add_attribute (self, node, name, 3);

  attr->has_s = TRUE;
  attr->s.data = (uint8_t *) value;
  attr->s.len = strlen (value);
}

static Onnx__ValueInfoProto *
describe_value (SqOnnxWriter *self, const char *name, const SqValue *v)
{
  Onnx__ValueInfoProto *info = g_new (Onnx__ValueInfoProto, 1);
  Onnx__TypeProto *type = g_new (Onnx__TypeProto, 1);
  Onnx__TypeProto__Tensor *tensor = g_new (Onnx__TypeProto__Tensor, 1);
  Onnx__TensorShapeProto *shape = g_new (Onnx__TensorShapeProto, 1);

  onnx__value_info_proto__init (info);
  onnx__type_proto__init (type);
  onnx__type_proto__tensor__init (tensor);
  onnx__tensor_shape_proto__init (shape);
  info->name = (char *) name;
  info->type = type;
  type->tensor_type = tensor;
  tensor->has_elem_type = TRUE;
  tensor->elem_type = _sq_onnx_data_type (v->dtype);
  tensor->shape = shape;
  shape->n_dim = (gsize) v->shape.rank;
  shape->dim = g_new (Onnx__TensorShapeProto__Dimension *, SQ_MAX_RANK);
  g_ptr_array_add (self->owned, info);
  g_ptr_array_add (self->owned, type);
  g_ptr_array_add (self->owned, tensor);
  g_ptr_array_add (self->owned, shape);
  g_ptr_array_add (self->owned, shape->dim);
  for (int d = 0; d < v->shape.rank; d++)
    {
      shape->dim[d] = g_new (Onnx__TensorShapeProto__Dimension, 1);
      onnx__tensor_shape_proto__dimension__init (shape->dim[d]);
      shape->dim[d]->has_dim_value = TRUE;
      shape->dim[d]->dim_value = v->shape.dim[d];
      g_ptr_array_add (self->owned, shape->dim[d]);
    }
  return info;
}

// Inputs and outputs keep their names; everything computed is called after its number.
static void
name_values (SqOnnxWriter *self, const char **outputs)
{
  const SqGraph *graph = self->graph;

  for (guint i = 0; i < graph->inputs->len; i++)
    {
      int id = g_array_index (graph->inputs, int, i);

      self->names[id] = _sq_onnx_write_name (self, sq_graph_value (graph, id)->name);
    }
  for (guint i = 0; i < graph->outputs->len; i++)
    {
      int id = g_array_index (graph->outputs, int, i);

      outputs[i] = _sq_onnx_write_name (self, sq_graph_value (graph, id)->name);
      if (self->names[id] == NULL && sq_graph_value (graph, id)->constant == NULL)
        self->names[id] = outputs[i];
    }
  for (guint i = 0; i < graph->nodes->len; i++)
    for (int k = 0; k < sq_graph_node (graph, i)->n_out; k++)
      {
        int id = sq_graph_node (graph, i)->out[k];
        g_autofree char *name = g_strdup_printf ("v%d", id);

        if (self->names[id] == NULL)
          self->names[id] = _sq_onnx_write_name (self, name);
      }
}

static void
find_weights (SqOnnxWriter *self)
{
  for (guint i = 0; i < self->graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (self->graph, i);

      if (node->op == &sq_op_conv || node->op == &sq_op_conv_transpose || node->op == &sq_op_matmul)
        self->weights[node->in[1]] = TRUE;
    }
}

static void
add_metadata (SqOnnxWriter *self, Onnx__ModelProto *model, GHashTable *metadata)
{
  g_autoptr (GList) keys = g_list_sort (g_hash_table_get_keys (metadata), (GCompareFunc) strcmp);

  model->metadata_props = g_new (Onnx__StringStringEntryProto *, g_hash_table_size (metadata) + 1);
  g_ptr_array_add (self->owned, model->metadata_props);
  for (GList *l = keys; l != NULL; l = l->next)
    {
      Onnx__StringStringEntryProto *entry = g_new (Onnx__StringStringEntryProto, 1);

      onnx__string_string_entry_proto__init (entry);
      entry->key = l->data;
      entry->value = g_hash_table_lookup (metadata, l->data);
      g_ptr_array_add (self->owned, entry);
      model->metadata_props[model->n_metadata_props++] = entry;
    }
}

static gboolean
save (const Onnx__ModelProto *model, const char *path, GError **error)
{
  gsize size = onnx__model_proto__get_packed_size (model);
  g_autofree char *display = g_filename_display_basename (path);
  g_autofree guint8 *bytes = NULL;
  g_autoptr (GError) cause = NULL;

  if (size > G_MAXINT32 || (bytes = g_try_malloc (size)) == NULL)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY, "%s would be larger than an ONNX file may be (2 GiB).", display);
      return FALSE;
    }
  onnx__model_proto__pack (model, bytes);
  // beside its place, to the disk, then renamed
  if (g_file_set_contents_full (path, (char *) bytes, (gssize) size, G_FILE_SET_CONTENTS_CONSISTENT, 0666, &cause))
    return TRUE;
  g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "%s cannot be written (%s): free space on the disk or choose another folder.", display,
               cause->message);
  return FALSE;
}

static gboolean
build (SqOnnxWriter *self, const SqOnnxWriteOptions *options, const char *path, GError **error)
{
  const SqGraph *graph = self->graph;
  g_autofree char *display = g_filename_display_basename (path);
  g_autofree const char **outputs = g_new0 (const char *, MAX (graph->outputs->len, 1));
  g_autoptr (GPtrArray) in = g_ptr_array_new (), out = g_ptr_array_new ();
  g_autoptr (GError) cause = NULL;
  Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
  Onnx__GraphProto proto = ONNX__GRAPH_PROTO__INIT;
  Onnx__OperatorSetIdProto set = ONNX__OPERATOR_SET_ID_PROTO__INIT, *sets[] = { &set };

  name_values (self, outputs);
  find_weights (self);
  for (guint i = 0; i < graph->nodes->len; i++)
    if (!_sq_onnx_write_op (self, sq_graph_node (graph, i), &cause))
      {
        g_set_error (error, SQ_ERROR, cause->code, "%s cannot be written: %s.", display, cause->message);
        return FALSE;
      }
  for (guint i = 0; i < graph->inputs->len; i++)
    {
      int id = g_array_index (graph->inputs, int, i);

      g_ptr_array_add (in, describe_value (self, self->names[id], sq_graph_value (graph, id)));
    }
  for (guint i = 0; i < graph->outputs->len; i++)
    {
      int id = g_array_index (graph->outputs, int, i);

      if (self->names[id] != outputs[i]) // an input, a constant, or an output twice
        _sq_onnx_write_unary (self, "Identity", _sq_onnx_write_value (self, id), outputs[i]);
      g_ptr_array_add (out, describe_value (self, outputs[i], sq_graph_value (graph, id)));
    }

  proto.name = (char *) "squint";
  proto.n_node = self->nodes->len;
  proto.node = (Onnx__NodeProto **) self->nodes->pdata;
  proto.n_initializer = self->initializers->len;
  proto.initializer = (Onnx__TensorProto **) self->initializers->pdata;
  proto.n_input = in->len;
  proto.input = (Onnx__ValueInfoProto **) in->pdata;
  proto.n_output = out->len;
  proto.output = (Onnx__ValueInfoProto **) out->pdata;
  set.domain = (char *) "";
  set.has_version = TRUE;
  set.version = OPSET;
  model.has_ir_version = TRUE;
  model.ir_version = IR_VERSION;
  model.producer_name = (char *) "squint";
  model.producer_version = (char *) SQ_VERSION;
  model.n_opset_import = 1;
  model.opset_import = sets;
  model.graph = &proto;
  if (options->metadata != NULL)
    add_metadata (self, &model, options->metadata);
  return save (&model, path, error);
}

gboolean
sq_onnx_write (const SqGraph *graph, const SqOnnxWriteOptions *options, const char *path, GError **error)
{
  static const SqOnnxWriteOptions defaults;
  SqOnnxWriter self = { .graph = graph };
  gboolean ok;

  options = options != NULL ? options : &defaults;
  self.half = options->half;
  self.owned = g_ptr_array_new_with_free_func (g_free);
  self.nodes = g_ptr_array_new ();
  self.initializers = g_ptr_array_new ();
  self.taken = g_hash_table_new (g_str_hash, g_str_equal);
  self.names = g_new0 (const char *, MAX (graph->values->len, 1));
  self.weights = g_new0 (gboolean, MAX (graph->values->len, 1));
  ok = build (&self, options, path, error);
  g_free (self.weights);
  g_free (self.names);
  g_hash_table_unref (self.taken);
  g_ptr_array_unref (self.initializers);
  g_ptr_array_unref (self.nodes);
  g_ptr_array_unref (self.owned);
  return ok;
}
