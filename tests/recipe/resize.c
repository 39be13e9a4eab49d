// SPDX-License-Identifier: GPL-3.0-or-later
// Another input size: a small network with everything that depends on the size equals the one built at that size; what cannot be followed
// is refused; the written file is the same network; a level chooses a size by measuring.
#include "engine/backends/backend.h"
#include "engine/formats/format.h"
#include "engine/ops/op.h"
#include "engine/recipe/compress.h"
#include "engine/recipe/dims.h"
#include "engine/recipe/resize.h"
#include "tests/common/data.h"

#include <glib/gstdio.h>
#include <string.h>

static int
add (SqGraph *graph, const SqOp *op, const SqParams *params, const int *in, int n_in)
{
  g_autoptr (GError) error = NULL;
  int out[SQ_MAX_OUT];

  sq_graph_add (graph, op, params, in, n_in, out, &error);
  g_assert_no_error (error);
  return out[0];
}

static int
conv (SqGraph *graph, int x, gint64 channels, int kernel, int stride, guint seed)
{
  gint64 c = sq_graph_value (graph, x)->shape.dim[1];
  SqTensor *w = sq_tensor_new (SQ_F32, &SQ_SHAPE (channels, c, kernel, kernel));
  SqParams params = { .conv = { .kernel = { kernel, kernel }, .stride = { stride, stride }, .dilation = { 1, 1 }, .groups = 1 } };
  int in[2] = { x };

  for (int i = 0; i < 4; i++)
    params.conv.pad[i] = kernel / 2;
  sq_test_fill (w, seed, -.5, .5);
  in[1] = sq_graph_add_constant (graph, NULL, w);
  return add (graph, &sq_op_conv, &params, in, 2);
}

// 1 x c x h x w -> 1 x c x boxes
static int
flatten (SqGraph *graph, int x)
{
  SqShape s = sq_graph_value (graph, x)->shape;
  SqParams params = { .reshape.shape = SQ_SHAPE (1, s.dim[1], s.dim[2] * s.dim[3]) };

  return add (graph, &sq_op_reshape, &params, &x, 1);
}

// Two levels of stride 8 and 16; grid 2 x boxes of cell centres, strides 1 x boxes.
static void
cells (int height, int width, SqTensor **grid, SqTensor **strides)
{
  gint64 n = height / 8 * (width / 8) + height / 16 * (width / 16), i = 0;

  *grid = sq_tensor_new (SQ_F32, &SQ_SHAPE (1, 2, n));
  *strides = sq_tensor_new (SQ_F32, &SQ_SHAPE (1, n));
  for (int stride = 8; stride <= 16; stride *= 2)
    for (int y = 0; y < height / stride; y++)
      for (int x = 0; x < width / stride; x++, i++)
        {
          sq_tensor_f32 (*grid)[i] = (float) x + .5f;
          sq_tensor_f32 (*grid)[n + i] = (float) y + .5f;
          sq_tensor_f32 (*strides)[i] = (float) stride;
        }
}

// Space to depth by slices, a shuffle of channels through five dimensions, a resampled sum, two levels, boxes at their cells.
static SqGraph *
build (int height, int width)
{
  SqGraph *graph = sq_graph_new ();
  int x = sq_graph_add_input (graph, "x", SQ_F32, &SQ_SHAPE (1, 3, height, width)), halves[2], a, b, parts[2], boxes[2];
  SqParams p;
  SqTensor *grid, *strides;

  for (int i = 0; i < 2; i++)
    {
      p = (SqParams){ .slice = { .start = { 0, 0, i, 0 }, .step = { 1, 1, 2, 2 }, .size = { 1, 3, height / 2, width / 2 } } };
      halves[i] = add (graph, &sq_op_slice, &p, &x, 1);
    }
  p = (SqParams){ .axis.axis = 1 };
  x = add (graph, &sq_op_concat, &p, halves, 2);
  x = conv (graph, x, 8, 3, 2, 1);
  p = (SqParams){ .reshape.shape = SQ_SHAPE (4, 2, height / 4 * (width / 4)) };
  x = add (graph, &sq_op_reshape, &p, &x, 1);
  p = (SqParams){ .transpose.perm = { 1, 0, 2 } };
  x = add (graph, &sq_op_transpose, &p, &x, 1);
  p = (SqParams){ .reshape.shape = SQ_SHAPE (1, 8, height / 4, width / 4) };
  x = add (graph, &sq_op_reshape, &p, &x, 1);
  a = conv (graph, x, 6, 3, 2, 2);
  b = conv (graph, a, 6, 3, 2, 3);
  p = (SqParams){ .resize = { .height = height / 8, .width = width / 8, .scale_y = 2, .scale_x = 2, .coords = 1, .floor = TRUE } };
  parts[0] = add (graph, &sq_op_resize, &p, &b, 1);
  parts[1] = a;
  p = (SqParams){ .binary = SQ_BINARY_ADD };
  a = add (graph, &sq_op_binary, &p, parts, 2);
  parts[0] = flatten (graph, a);
  parts[1] = flatten (graph, b);
  p = (SqParams){ .axis.axis = 2 };
  x = add (graph, &sq_op_concat, &p, parts, 2);
  cells (height, width, &grid, &strides);
  p = (SqParams){ .slice = { .step = { 1, 1, 1 }, .size = { 1, 2, grid->shape.dim[2] } } };
  boxes[0] = add (graph, &sq_op_slice, &p, &x, 1);
  boxes[1] = sq_graph_add_constant (graph, NULL, grid);
  p = (SqParams){ .binary = SQ_BINARY_ADD };
  boxes[0] = add (graph, &sq_op_binary, &p, boxes, 2);
  boxes[1] = sq_graph_add_constant (graph, NULL, strides);
  p = (SqParams){ .binary = SQ_BINARY_MUL };
  sq_graph_add_output (graph, add (graph, &sq_op_binary, &p, boxes, 2));
  p = (SqParams){ .slice = {
                      .start = { 0, 0, height / 8 * (width / 8) }, .step = { 1, 1, 1 }, .size = { 1, 6, height / 16 * (width / 16) } } };
  sq_graph_add_output (graph, add (graph, &sq_op_slice, &p, &x, 1)); // the second level alone
  return graph;
}

static void
test_same (void)
{
  static const int sizes[][2] = { { 32, 96 }, { 64, 32 }, { 128, 160 } };
  g_autoptr (SqGraph) graph = build (64, 96);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      int h = sizes[i][0], w = sizes[i][1];
      g_autoptr (SqGraph) want = build (h, w), got = sq_graph_resize (graph, "it", h, w, &error);
      g_autofree char *want_dump = NULL, *got_dump = NULL;
      g_autoptr (SqTensor) x = sq_tensor_new (SQ_F32, &SQ_SHAPE (1, 3, h, w));
      SqTensor *a[2], *b[2];

      g_assert_no_error (error);
      g_assert_cmpint (want->nodes->len, ==, got->nodes->len);
      g_assert_cmpfloat (sq_graph_flop (want), ==, sq_graph_flop (got));
      sq_test_fill (x, 5, -1, 1);
      for (int k = 0; k < 2; k++)
        {
          g_autoptr (SqExec) exec = sq_exec_new (sq_backend_find ("ref"), k == 0 ? want : got, NULL, &error);

          g_assert_no_error (error);
          g_assert_true (sq_exec_run (exec, &x, k == 0 ? a : b, &error));
        }
      for (int k = 0; k < 2; k++)
        {
          g_assert_cmpmem (a[k]->data, a[k]->bytes, b[k]->data, b[k]->bytes);
          sq_tensor_unref (a[k]);
          sq_tensor_unref (b[k]);
        }
    }
}

static void
refuse (SqGraph *graph)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (sq_graph_resize (graph, "net", 32, 64, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_FORMAT);
  g_assert_true (g_str_has_prefix (error->message, "net keeps its input size"));
  g_assert_true (strchr (error->message, '.') == error->message + strlen (error->message) - 1); // one sentence
  sq_graph_free (graph);
}

static void
test_refused (void)
{
  SqGraph *graph = sq_graph_new ();
  SqParams p = { .reshape.shape = SQ_SHAPE (1, 3 * 64 * 64) };
  int x = sq_graph_add_input (graph, "x", SQ_F32, &SQ_SHAPE (1, 3, 64, 64)), in[2];
  SqTensor *odd = sq_tensor_new (SQ_F32, &SQ_SHAPE (1, 1, 64, 64));

  // a fully connected layer
  in[0] = add (graph, &sq_op_reshape, &p, &x, 1);
  in[1] = sq_graph_add_constant (graph, NULL, sq_tensor_new (SQ_F32, &SQ_SHAPE (3 * 64 * 64, 5)));
  sq_graph_add_output (graph, add (graph, &sq_op_matmul, &p, in, 2));
  refuse (graph);

  // numbers per place that follow no rule
  graph = sq_graph_new ();
  in[0] = sq_graph_add_input (graph, "x", SQ_F32, &SQ_SHAPE (1, 3, 64, 64));
  sq_test_fill (odd, 3, -1, 1);
  in[1] = sq_graph_add_constant (graph, NULL, odd);
  p = (SqParams){ .binary = SQ_BINARY_MUL };
  sq_graph_add_output (graph, add (graph, &sq_op_binary, &p, in, 2));
  refuse (graph);

  // positions as shares of the picture: the same step would be wrong elsewhere
  graph = sq_graph_new ();
  in[0] = sq_graph_add_input (graph, "x", SQ_F32, &SQ_SHAPE (1, 3, 64, 64));
  odd = sq_tensor_new (SQ_F32, &SQ_SHAPE (1, 1, 64, 1));
  for (int y = 0; y < 64; y++)
    sq_tensor_f32 (odd)[y] = (float) y / 64;
  in[1] = sq_graph_add_constant (graph, NULL, odd);
  sq_graph_add_output (graph, add (graph, &sq_op_binary, &p, in, 2));
  refuse (graph);

  // sums over the picture
  graph = sq_graph_new ();
  x = sq_graph_add_input (graph, "x", SQ_F32, &SQ_SHAPE (1, 3, 64, 64));
  p = (SqParams){ .reduce = { .kind = SQ_REDUCE_SUM, .axes = 1 << 2 | 1 << 3, .keep = TRUE } };
  sq_graph_add_output (graph, add (graph, &sq_op_reduce, &p, &x, 1));
  refuse (graph);
}

static void
test_hostile_shapes (void)
{
  g_autoptr (SqSums) sums = sq_sums_new ();
  SqDims x = sq_dims_fixed (&SQ_SHAPE (5, 0)), out;

  g_assert_false (sq_dims_reshape (&x, &SQ_SHAPE (0, 5), &out));
  x = sq_dims_fixed (&SQ_SHAPE (6));
  x.dim[0] = sq_dim_new (6, 12);
  g_assert_false (sq_dims_reshape (&x, &SQ_SHAPE (3, 2), &out)); // rows or columns?
  g_assert_false (sq_dims_reshape (&x, &SQ_SHAPE (4), &out));
}

static SqModel *
load (const char *path)
{
  g_autoptr (GError) error = NULL;
  SqModel *model = sq_model_load (path, NULL, NULL, &error);

  g_assert_no_error (error);
  return model;
}

static void
expect_same (const SqGraph *a, const SqGraph *b)
{
  const SqGraph *const graphs[2] = { a, b };
  g_autoptr (SqTensor) x = sq_tensor_new (SQ_F32, &SQ_SHAPE (1, 3, 192, 256));
  g_autoptr (GError) error = NULL;
  SqTensor *out[2][16];

  sq_test_fill (x, 9, 0, 1);
  g_assert_cmpuint (a->outputs->len, ==, b->outputs->len);
  for (int k = 0; k < 2; k++)
    {
      g_autoptr (SqExec) exec = sq_exec_new (sq_backend_find ("cpu"), graphs[k], NULL, &error);

      g_assert_no_error (error);
      g_assert_true (sq_exec_run (exec, &x, out[k], &error));
    }
  for (guint o = 0; o < a->outputs->len; o++)
    {
      g_assert_cmpmem (out[0][o]->data, out[0][o]->bytes, out[1][o]->data, out[1][o]->bytes);
      sq_tensor_unref (out[0][o]);
      sq_tensor_unref (out[1][o]);
    }
}

// Every family's file at another size is that family again, and its file the same network.
static void
test_families (void)
{
  static const char *const files[] = { "yolox-nano",       "yolox-nano-decoded", "yolov8n",         "yolov5n-v7.0", "yolov6n",
                                       "yolov7-tiny-grid", "yolov10n",           "yolov7-tiny-raw", "yolo26n",      "yolo11n" };
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "squint-resize-test.onnx", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *name = g_strdup_printf ("fixtures/onnx/%s.onnx", files[i]), *file = sq_test_data (name);
      g_autoptr (SqModel) model = NULL, small = NULL, again = NULL;
      g_autoptr (SqRecipe) recipe = NULL;
      g_autoptr (SqCompressed) result = NULL;
      g_autoptr (GError) error = NULL;
      g_autofree char *folder = sq_test_data ("images/demo");

      if (file == NULL || folder == NULL)
        return;
      recipe = sq_recipe_parse ("[recipe]\nid=x\nsteps=resize;\n[resize]\nwidth=256\nheight=192\n", &error);
      model = load (file);
      result = sq_compress (model, recipe, folder, NULL, &error);
      g_assert_no_error (error);
      sq_compressed_write (result, path, &error);
      g_assert_no_error (error);
      again = load (path);
      g_assert_cmpstr (again->family_id, ==, model->family_id);
      g_assert_cmpint (again->input.width, ==, 256);
      g_assert_cmpint (again->input.height, ==, 192);
      g_assert_cmpfloat (result->model->flop, ==, again->flop);
      expect_same (result->model->graph, again->graph);
      g_remove (path);
    }
}

static void
test_level (void)
{
  g_autofree char *file = sq_test_data ("models/yolo-fastest-1.1/yolo-fastest-1.1.cfg"), *folder = sq_test_data ("images/demo");
  g_autoptr (SqModel) model = NULL;
  g_autoptr (GError) error = NULL;

  if (file == NULL || folder == NULL)
    return;
  model = load (file);
  for (int i = 0; i < 2; i++)
    {
      g_autoptr (SqRecipe) recipe = sq_recipe_level (i == 0 ? "slim25" : "slim50");
      g_autoptr (SqCompressed) result = sq_compress (model, recipe, folder, NULL, &error);

      g_assert_no_error (error);
      g_assert_cmpfloat (result->model->flop, <=, (i == 0 ? .75 : .5) * model->flop);
      g_assert_cmpfloat (result->model->flop, >=, (i == 0 ? .55 : .35) * model->flop);
      g_assert_nonnull (strstr (result->report, "agrees to"));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/resize/same", test_same);
  g_test_add_func ("/resize/refused", test_refused);
  g_test_add_func ("/resize/hostile-shapes", test_hostile_shapes);
  g_test_add_func ("/resize/families", test_families);
  g_test_add_func ("/resize/level", test_level);
  return g_test_run ();
}
