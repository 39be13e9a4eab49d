// SPDX-License-Identifier: GPL-3.0-or-later
// Networks with an NMS of their own: a fixture of the family with such a tail added here, as its exporters write them. What is read must be
// the network in front of the tail.
#include "engine/backends/backend.h"
#include "engine/families/family.h"
#include "engine/formats/onnx.pb-c.h"
#include "tests/common/data.h"

#include <glib/gstdio.h>
#include <string.h>

static char *folder;

typedef struct
{
  Onnx__ModelProto *model;
  GMappedFile *map;
} Network;

static gboolean
open_network (Network *self, const char *fixture)
{
  g_autofree char *path = sq_test_data (fixture);

  if (path == NULL)
    return FALSE;
  self->map = g_mapped_file_new (path, FALSE, NULL);
  g_assert_nonnull (self->map);
  self->model = onnx__model_proto__unpack (NULL, g_mapped_file_get_length (self->map), (guint8 *) g_mapped_file_get_contents (self->map));
  g_assert_nonnull (self->model);
  return TRUE;
}

// Onto the heap as protobuf-c frees it: malloc's, not GLib's.
static char **
names (const char *text, size_t *n)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  char **out;

  *n = g_strv_length (words);
  out = calloc (*n, sizeof *out);
  for (size_t i = 0; i < *n; i++)
    out[i] = strdup (g_str_equal (words[i], "-") ? "" : words[i]);
  return out;
}

static Onnx__NodeProto *
add (Network *self, const char *op_type, const char *in, const char *out)
{
  Onnx__GraphProto *graph = self->model->graph;
  Onnx__NodeProto *node = calloc (1, sizeof *node);

  onnx__node_proto__init (node);
  node->op_type = strdup (op_type);
  node->input = names (in, &node->n_input);
  node->output = names (out, &node->n_output);
  graph->node = realloc (graph->node, (graph->n_node + 1) * sizeof *graph->node);
  graph->node[graph->n_node++] = node;
  return node;
}

static void
add_ints (Onnx__NodeProto *node, const char *name, const gint64 *ints, gsize n)
{
  Onnx__AttributeProto *attribute = calloc (1, sizeof *attribute);

  onnx__attribute_proto__init (attribute);
  attribute->name = strdup (name);
  attribute->n_ints = n;
  attribute->ints = calloc (n, sizeof *attribute->ints);
  memcpy (attribute->ints, ints, n * sizeof *ints);
  node->attribute = realloc (node->attribute, (node->n_attribute + 1) * sizeof *node->attribute);
  node->attribute[node->n_attribute++] = attribute;
}

static void
add_constant (Network *self, const char *name, int data_type, const gint64 *values, gsize n)
{
  Onnx__GraphProto *graph = self->model->graph;
  Onnx__TensorProto *tensor = calloc (1, sizeof *tensor);

  onnx__tensor_proto__init (tensor);
  tensor->name = strdup (name);
  tensor->has_data_type = TRUE;
  tensor->data_type = data_type;
  tensor->n_dims = 1;
  tensor->dims = calloc (1, sizeof *tensor->dims);
  tensor->dims[0] = (gint64) n;
  if (data_type == 1)
    {
      tensor->n_float_data = n;
      tensor->float_data = calloc (n, sizeof (float));
      for (gsize i = 0; i < n; i++)
        tensor->float_data[i] = (float) values[i] / 100;
    }
  else
    {
      tensor->n_int64_data = n;
      tensor->int64_data = calloc (n, sizeof (gint64));
      memcpy (tensor->int64_data, values, n * sizeof *values);
    }
  graph->initializer = realloc (graph->initializer, (graph->n_initializer + 1) * sizeof *graph->initializer);
  graph->initializer[graph->n_initializer++] = tensor;
}

static char *
close_network (Network *self, const char *output, const char *name)
{
  char *path = g_build_filename (folder, name, NULL);
  g_autofree guint8 *bytes = NULL;
  gsize size;

  free (self->model->graph->output[0]->name);
  self->model->graph->output[0]->name = strdup (output);
  size = onnx__model_proto__get_packed_size (self->model);
  bytes = g_malloc (size);
  onnx__model_proto__pack (self->model, bytes);
  g_assert_true (g_file_set_contents (path, (char *) bytes, (gssize) size, NULL));
  onnx__model_proto__free_unpacked (self->model, NULL);
  g_mapped_file_unref (self->map);
  return path;
}

static void
run (const char *path, SqTensor **out)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqModel) model = sq_model_load (path, NULL, NULL, &error);
  g_autoptr (SqTensor) x = NULL;
  g_autoptr (SqExec) exec = NULL;

  g_assert_no_error (error);
  x = sq_tensor_new (SQ_F32, &SQ_SHAPE (1, 3, model->input.height, model->input.width));
  sq_test_fill (x, 7, 0, 1);
  exec = sq_exec_new (sq_backend_find ("cpu"), model->graph, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (sq_exec_run (exec, &x, out, &error));
}

static void
assert_same (const char *with_nms, const char *without, const char *family)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqModel) model = sq_model_load (with_nms, NULL, NULL, &error);
  g_autoptr (SqTensor) a = NULL, b = NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (model->family_id, ==, family);
  run (with_nms, &a);
  run (without, &b);
  g_assert_true (sq_shape_equal (&a->shape, &b->shape));
  g_assert_cmpfloat (sq_test_max_abs (a, b), ==, 0);
  g_unlink (with_nms);
}

// Ultralytics nms=True: boxes turned into rows, a mask of what passes, boxes moved apart by class, sizes that nobody knows before it runs.
static void
test_ultralytics (void)
{
  g_autofree char *plain = sq_test_data ("fixtures/onnx/yolov8n.onnx"), *path = NULL;
  Network net;

  if (plain == NULL || !open_network (&net, "fixtures/onnx/yolov8n.onnx"))
    return;
  add_ints (add (&net, "Transpose", "output0", "rows"), "perm", (gint64[]){ 0, 2, 1 }, 3);
  add_constant (&net, "parts", 7, (gint64[]){ 4, 80 }, 2);
  add_ints (add (&net, "Split", "rows parts", "boxes classes"), "axis", (gint64[]){ 2 }, 1);
  add (&net, "ReduceMax", "classes", "best");
  add_constant (&net, "threshold", 1, (gint64[]){ 25 }, 1);
  add (&net, "Greater", "best threshold", "mask");
  add (&net, "NonZero", "mask", "where");
  add (&net, "GatherND", "boxes where", "some_boxes");
  add (&net, "GatherND", "best where", "some_scores");
  add (&net, "Shape", "images", "size");
  add (&net, "Cast", "size", "size_f");
  add (&net, "Div", "some_boxes size_f", "small");
  add (&net, "Unsqueeze", "small", "nms_boxes");
  add (&net, "Unsqueeze", "some_scores", "nms_scores");
  add_constant (&net, "most", 7, (gint64[]){ 300 }, 1);
  add (&net, "NonMaxSuppression", "nms_boxes nms_scores most threshold", "kept");
  add (&net, "GatherND", "some_boxes kept", "final");
  path = close_network (&net, "final", "ultralytics.onnx");
  assert_same (path, plain, "ultralytics");
}

// YOLOv5/v7 rows into TensorRT's operator: boxes and scores cut out of the same rows.
static void
test_tensorrt (void)
{
  g_autofree char *plain = sq_test_data ("fixtures/onnx/yolov7-tiny-grid.onnx"), *path = NULL;
  Network net;

  if (plain == NULL || !open_network (&net, "fixtures/onnx/yolov7-tiny-grid.onnx"))
    return;
  add (&net, "Slice", "output", "boxes");
  add (&net, "Slice", "output", "objectness");
  add (&net, "Slice", "output", "classes");
  add (&net, "Mul", "objectness classes", "scores");
  add (&net, "EfficientNMS_TRT", "boxes scores", "num_dets det_boxes det_scores det_classes")->domain = strdup ("TRT");
  path = close_network (&net, "num_dets", "tensorrt.onnx");
  assert_same (path, plain, "yolov5");
}

// Boxes and scores that share nothing but the network's beginning: nobody knows what they mean.
static void
test_unknown (void)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SqModel) model = NULL;
  Network net;

  if (!open_network (&net, "fixtures/onnx/yolov8n.onnx"))
    return;
  add (&net, "Sigmoid", "images", "boxes");
  add (&net, "NonMaxSuppression", "boxes output0", "kept");
  path = close_network (&net, "kept", "unknown.onnx");
  model = sq_model_load (path, NULL, NULL, &error);
  g_assert_error (error, SQ_ERROR, SQ_ERROR_UNSUPPORTED_OP);
  g_assert_nonnull (strstr (error->message, "unknown.onnx"));
  g_assert_nonnull (strstr (error->message, "export it again without NMS"));
  g_unlink (path);
}

// A tail that waits for itself ends.
static void
test_circle (void)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SqModel) model = NULL;
  Network net;

  if (!open_network (&net, "fixtures/onnx/yolov8n.onnx"))
    return;
  add (&net, "Add", "output0 b", "a");
  add (&net, "Add", "a output0", "b");
  add (&net, "NonMaxSuppression", "a b", "kept");
  path = close_network (&net, "kept", "circle.onnx");
  model = sq_model_load (path, NULL, NULL, &error);
  g_assert_null (model);
  g_assert_nonnull (error);
  g_unlink (path);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("squint-nms-XXXXXX", NULL);
  g_test_add_func ("/formats/nms/ultralytics", test_ultralytics);
  g_test_add_func ("/formats/nms/tensorrt", test_tensorrt);
  g_test_add_func ("/formats/nms/unknown", test_unknown);
  g_test_add_func ("/formats/nms/circle", test_circle);
  result = g_test_run ();
  g_rmdir (folder);
  g_free (folder);
  return result;
}
