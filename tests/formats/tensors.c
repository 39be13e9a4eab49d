// SPDX-License-Identifier: GPL-3.0-or-later
// Networks written here, byte for byte, in every way ONNX may store numbers: y = x + c.
#include "engine/backends/backend.h"
#include "engine/formats/format.h"
#include "engine/formats/onnx.pb-c.h"
#include "tests/common/data.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static char *folder;

static const float wanted[4] = { 1, -2, .5f, 1024 };

typedef struct
{
  Onnx__TensorProto tensor;
  Onnx__StringStringEntryProto entries[3], *entry_list[3];
} Constant;

static void
constant_init (Constant *c, gint64 *dims, int data_type)
{
  onnx__tensor_proto__init (&c->tensor);
  c->tensor.n_dims = 1;
  c->tensor.dims = dims;
  c->tensor.has_data_type = TRUE;
  c->tensor.data_type = data_type;
  c->tensor.name = (char *) "c";
}

static void
set_raw (Constant *c, const void *data, gsize size)
{
  c->tensor.has_raw_data = TRUE;
  c->tensor.raw_data.data = (uint8_t *) data;
  c->tensor.raw_data.len = size;
}

static void
set_external (Constant *c, const char *location, const char *offset, const char *length)
{
  const char *pairs[3][2] = { { "location", location }, { "offset", offset }, { "length", length } };

  for (int i = 0; i < 3; i++)
    {
      onnx__string_string_entry_proto__init (&c->entries[i]);
      c->entries[i].key = (char *) pairs[i][0];
      c->entries[i].value = (char *) pairs[i][1];
      c->entry_list[i] = &c->entries[i];
    }
  c->tensor.n_external_data = 3;
  c->tensor.external_data = c->entry_list;
  c->tensor.has_data_location = TRUE;
  c->tensor.data_location = 1;
}

// Cast (c) to float, then Add to the input.
static char *
write_model (Constant *c, gint64 opset)
{
  Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
  Onnx__GraphProto graph = ONNX__GRAPH_PROTO__INIT;
  Onnx__NodeProto cast = ONNX__NODE_PROTO__INIT, add = ONNX__NODE_PROTO__INIT, *nodes[] = { &add, &cast }; // out of order on purpose
  Onnx__AttributeProto to = ONNX__ATTRIBUTE_PROTO__INIT, *attributes[] = { &to };
  Onnx__ValueInfoProto x = ONNX__VALUE_INFO_PROTO__INIT, y = ONNX__VALUE_INFO_PROTO__INIT, *inputs[] = { &x }, *outputs[] = { &y };
  Onnx__TypeProto type = ONNX__TYPE_PROTO__INIT;
  Onnx__TypeProto__Tensor tensor_type = ONNX__TYPE_PROTO__TENSOR__INIT;
  Onnx__TensorShapeProto shape = ONNX__TENSOR_SHAPE_PROTO__INIT;
  Onnx__TensorShapeProto__Dimension dim = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__INIT, *dims[] = { &dim };
  Onnx__OperatorSetIdProto set = ONNX__OPERATOR_SET_ID_PROTO__INIT, *sets[] = { &set };
  Onnx__TensorProto *initializers[] = { &c->tensor };
  char *cast_in[] = { (char *) "c" }, *cast_out[] = { (char *) "cf" }, *add_in[] = { (char *) "x", (char *) "cf" },
       *add_out[] = { (char *) "y" };
  g_autofree guint8 *bytes = NULL;
  char *path = g_build_filename (folder, "model.onnx", NULL);
  gsize size;

  dim.has_dim_value = TRUE;
  dim.dim_value = 4;
  shape.n_dim = 1;
  shape.dim = dims;
  tensor_type.has_elem_type = TRUE;
  tensor_type.elem_type = 1;
  tensor_type.shape = &shape;
  type.tensor_type = &tensor_type;
  x.name = (char *) "x";
  x.type = &type;
  y.name = (char *) "y";
  to.name = (char *) "to";
  to.has_i = TRUE;
  to.i = 1;
  cast.op_type = (char *) "Cast";
  cast.n_attribute = 1;
  cast.attribute = attributes;
  cast.n_input = cast.n_output = 1;
  cast.input = cast_in;
  cast.output = cast_out;
  add.op_type = (char *) "Add";
  add.n_input = 2;
  add.input = add_in;
  add.n_output = 1;
  add.output = add_out;
  graph.n_node = 2;
  graph.node = nodes;
  graph.n_initializer = 1;
  graph.initializer = initializers;
  graph.n_input = graph.n_output = 1;
  graph.input = inputs;
  graph.output = outputs;
  set.has_version = TRUE;
  set.version = opset;
  model.n_opset_import = 1;
  model.opset_import = sets;
  model.graph = &graph;
  size = onnx__model_proto__get_packed_size (&model);
  bytes = g_malloc (size);
  onnx__model_proto__pack (&model, bytes);
  g_assert_true (g_file_set_contents (path, (char *) bytes, (gssize) size, NULL));
  return path;
}

static void
assert_reads (Constant *c, gint64 opset)
{
  g_autofree char *path = write_model (c, opset);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqImport) import = sq_onnx_import (path, 0, 0, &error);
  g_autoptr (SqExec) exec = NULL;
  g_autoptr (SqTensor) x = sq_tensor_new (SQ_F32, &SQ_SHAPE (4));
  SqTensor *out;

  g_assert_no_error (error);
  g_assert_cmpuint (import->graph->nodes->len, ==, 1); // the cast is folded
  exec = sq_exec_new (sq_backend_find ("ref"), import->graph, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (sq_exec_run (exec, &x, &out, &error));
  for (int i = 0; i < 4; i++)
    g_assert_cmpfloat (sq_tensor_f32 (out)[i], ==, wanted[i]);
  sq_tensor_unref (out);
}

static void
assert_refused (Constant *c, const char *word)
{
  g_autofree char *path = write_model (c, 17);
  g_autoptr (GError) error = NULL;

  g_assert_null (sq_onnx_import (path, 0, 0, &error));
  g_assert_nonnull (strstr (error->message, word));
}

static void
test_types (void)
{
  static const guint16 half[4] = { 0x3c00, 0xc000, 0x3800, 0x6400 }, bfloat[4] = { 0x3f80, 0xc000, 0x3f00, 0x4480 };
  static const double f64[4] = { 1, -2, .5, 1024 };
  static float f32[4] = { 1, -2, .5f, 1024 };
  static int32_t halves[4] = { 0x3c00, 0xc000, 0x3800, 0x6400 };
  gint64 dims[1] = { 4 };
  Constant c;

  for (gint64 opset = 11; opset <= 20; opset++)
    {
      constant_init (&c, dims, 1);
      set_raw (&c, f32, sizeof f32);
      assert_reads (&c, opset);
    }
  constant_init (&c, dims, 10);
  set_raw (&c, half, sizeof half);
  assert_reads (&c, 17);
  constant_init (&c, dims, 10);
  c.tensor.n_int32_data = 4;
  c.tensor.int32_data = halves;
  assert_reads (&c, 17);
  constant_init (&c, dims, 16);
  set_raw (&c, bfloat, sizeof bfloat);
  assert_reads (&c, 17);
  constant_init (&c, dims, 11);
  set_raw (&c, f64, sizeof f64);
  assert_reads (&c, 17);
  constant_init (&c, dims, 11);
  c.tensor.n_double_data = 4;
  c.tensor.double_data = (double *) f64;
  assert_reads (&c, 17);
  constant_init (&c, dims, 1);
  c.tensor.n_float_data = 4;
  c.tensor.float_data = f32;
  assert_reads (&c, 17);
  constant_init (&c, dims, 8); // strings
  set_raw (&c, f32, sizeof f32);
  assert_refused (&c, "element type");
}

static void
test_external (void)
{
  g_autofree char *path = g_build_filename (folder, "weights.bin", NULL), *link = g_build_filename (folder, "link.bin", NULL);
  g_autofree char *outside = NULL;
  float data[6] = { 0, 1, -2, .5f, 1024, 0 };
  gint64 dims[1] = { 4 };
  Constant c;
  int fd = g_file_open_tmp ("squint-outside-XXXXXX", &outside, NULL);

  close (fd);
  g_assert_true (g_file_set_contents (path, (char *) data, sizeof data, NULL));
  g_assert_true (g_file_set_contents (outside, (char *) data, sizeof data, NULL));
  constant_init (&c, dims, 1);
  set_external (&c, "weights.bin", "4", "16");
  assert_reads (&c, 17);
  set_external (&c, "weights.bin", "12", "16");
  assert_refused (&c, "too short");
  set_external (&c, "weights.bin", "18446744073709551612", "16");
  assert_refused (&c, "too short");
  set_external (&c, "../weights.bin", "4", "16");
  assert_refused (&c, "outside");
  set_external (&c, path, "4", "16");
  assert_refused (&c, "outside");
  g_assert_cmpint (symlink (outside, link), ==, 0); // a link out of the folder is a path out of the folder
  set_external (&c, "link.bin", "4", "16");
  assert_refused (&c, "outside");
  g_remove (path);
  g_remove (link);
  g_remove (outside);
}

int
main (int argc, char **argv)
{
  g_autofree char *model = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("squint-XXXXXX", NULL);
  g_test_add_func ("/formats/onnx/types", test_types);
  g_test_add_func ("/formats/onnx/external", test_external);
  status = g_test_run ();
  model = g_build_filename (folder, "model.onnx", NULL);
  g_remove (model);
  g_rmdir (folder);
  g_free (folder);
  return status;
}
