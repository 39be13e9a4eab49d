// SPDX-License-Identifier: GPL-3.0-or-later
// Every fixture and model written and read again: the same outputs bit for bit, the same family, labels and input.
#include "engine/backends/backend.h"
#include "engine/formats/format.h"
#include "engine/model-metadata.h"
#include "engine/ops/op.h"
#include "engine/passes/pass.h"
#include "tests/common/data.h"

#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

static char *folder;

static const struct
{
  const char *file; // below the test data
} models[] = {
  { "fixtures/onnx/yolo11n.onnx" },
  { "fixtures/onnx/yolo12n.onnx" },
  { "fixtures/onnx/yolo26n.onnx" },
  { "fixtures/onnx/yolov10n.onnx" },
  { "fixtures/onnx/yolov3-tinyu.onnx" },
  { "fixtures/onnx/yolov5n-v7.0.onnx" },
  { "fixtures/onnx/yolov5nu.onnx" },
  { "fixtures/onnx/yolov6n.onnx" },
  { "fixtures/onnx/yolov7-tiny-grid.onnx" },
  { "fixtures/onnx/yolov7-tiny-raw.onnx" },
  { "fixtures/onnx/yolov8n-dyn.onnx" },
  { "fixtures/onnx/yolov8n-op12.onnx" },
  { "fixtures/onnx/yolov8n.onnx" },
  { "fixtures/onnx/yolov9t.onnx" },
  { "fixtures/onnx/yolox-nano-decoded.onnx" },
  { "fixtures/onnx/yolox-nano.onnx" },
  { "models/fastestdet/FastestDet.onnx" },
  { "models/nanodet-m/nanodet_m_320.onnx" },
  { "models/yolo-fastest-1.0/yolo-fastest.cfg" },
  { "models/yolo-fastest-1.1/yolo-fastest-1.1.cfg" },
  { "models/yolo-fastest-1.1-body/yolo-fastest-1.1_body.cfg" },
  { "models/yolo-fastest-1.1-xl/yolo-fastest-1.1-xl.cfg" },
  { "models/yolo-fastestv2/yolo-fastestv2.onnx" },
  { "models/yolo-fastestv2/yolo-fastestv2-raw6.onnx" },
  { "models/yolo-fastestv2/yolo-fastestv2-single-output.onnx" },
  { "models/yolov5-lite-e/v5Lite-e-sim-320.onnx" },
  { "models/yolox-nano/yolox_nano.onnx" },
  { "models/yolox-nano-3cls/yolox_nano.onnx" },
  { "models/yolov8n-int8-qdq-320/yolov8n_int8.onnx" },
  { "models/yolo11n-int8-dynamic/yolo11n_int8.onnx" },
};

static void
run_graph (const SqGraph *graph, SqTensor **out)
{
  g_autoptr (GError) error = NULL;
  const SqValue *input = sq_graph_value (graph, g_array_index (graph->inputs, int, 0));
  g_autoptr (SqTensor) x = sq_tensor_new (SQ_F32, &input->shape);
  g_autoptr (SqExec) exec = sq_exec_new (sq_backend_find ("ref"), graph, NULL, &error);

  g_assert_no_error (error);
  sq_test_fill (x, 7, 0, 1);
  g_assert_true (sq_exec_run (exec, &x, out, &error));
  g_assert_no_error (error);
}

static void
assert_same_model (const SqModel *a, const SqModel *b)
{
  g_assert_cmpstr (a->family_id, ==, b->family_id);
  g_assert_cmpmem (&a->input, sizeof a->input, &b->input, sizeof b->input);
  g_assert_cmpuint (a->n_classes, ==, b->n_classes);
  g_assert_cmpint (a->labels_known, ==, b->labels_known);
  for (guint i = 0; i < a->n_classes; i++)
    g_assert_cmpstr (a->labels[i], ==, b->labels[i]);
  g_assert_cmpuint (a->graph->outputs->len, ==, b->graph->outputs->len);
  for (guint i = 0; i < a->graph->outputs->len; i++)
    g_assert_cmpstr (sq_graph_value (a->graph, g_array_index (a->graph->outputs, int, i))->name, ==,
                     sq_graph_value (b->graph, g_array_index (b->graph->outputs, int, i))->name);
}

static void
test_model (gconstpointer data)
{
  guint m = GPOINTER_TO_UINT (data);
  g_autofree char *path = sq_test_data (models[m].file), *copy = g_build_filename (folder, "copy.onnx", NULL);

  g_autoptr (GError) error = NULL;
  g_autoptr (SqModel) a = NULL, b = NULL;
  g_autoptr (GHashTable) metadata = NULL;
  SqTensor *want[16], *got[16];

  if (path == NULL)
    return;
  a = sq_model_load (path, &(SqModelOptions){ .width = 160, .height = 160 }, NULL, &error);
  g_assert_no_error (error);
  metadata = sq_model_describe (a);
  g_assert_true (sq_onnx_write (a->graph, &(SqOnnxWriteOptions){ .metadata = metadata }, copy, &error));
  g_assert_no_error (error);
  b = sq_model_load (copy, NULL, NULL, &error);
  g_assert_no_error (error);
  assert_same_model (a, b);
  g_assert_cmpuint (a->graph->nodes->len, ==, b->graph->nodes->len);
  run_graph (a->graph, want);
  run_graph (b->graph, got);
  for (guint i = 0; i < a->graph->outputs->len; i++)
    {
      g_assert_true (sq_shape_equal (&want[i]->shape, &got[i]->shape));
      g_assert_cmpmem (want[i]->data, want[i]->bytes, got[i]->data, got[i]->bytes);
      sq_tensor_unref (want[i]);
      sq_tensor_unref (got[i]);
    }
}

// Half: weights take half the room and lose at most their last bits.
static void
test_half (void)
{
  g_autofree char *path = sq_test_data ("fixtures/onnx/yolov8n.onnx"), *copy = g_build_filename (folder, "copy.onnx", NULL);
  g_autofree char *whole = g_build_filename (folder, "whole.onnx", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqModel) a = NULL, b = NULL;
  GStatBuf small, large;
  SqTensor *want[16], *got[16];

  if (path == NULL)
    return;
  a = sq_model_load (path, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (sq_onnx_write (a->graph, &(SqOnnxWriteOptions){ .half = TRUE }, copy, &error));
  g_assert_true (sq_onnx_write (a->graph, NULL, whole, &error));
  g_assert_no_error (error);
  g_assert_cmpint (g_stat (copy, &small) + g_stat (whole, &large), ==, 0);
  g_assert_cmpint (small.st_size, <, large.st_size * 6 / 10);
  b = sq_model_load (copy, &(SqModelOptions){ .family = "ultralytics" }, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (b->precision, ==, "float16");
  run_graph (a->graph, want);
  run_graph (b->graph, got);
  g_assert_cmpfloat (sq_test_relative_l2 (got[0], want[0]), <, 1e-2);
  g_assert_cmpfloat (sq_test_relative_l2 (got[0], want[0]), >, 0);
  sq_tensor_unref (want[0]);
  sq_tensor_unref (got[0]);
  g_remove (whole);
}

// y = conv (x, 1 x 1), weights of 8 bits.
static SqGraph *
small_graph (gint64 side)
{
  SqGraph *graph = sq_graph_new ();
  SqParams params = { .conv = { .kernel = { 1, 1 }, .stride = { 1, 1 }, .dilation = { 1, 1 }, .groups = 1, .act = { SQ_ACT_SILU } } };
  SqTensor *w = sq_tensor_new (SQ_F32, &SQ_SHAPE (side, side, 1, 1));
  SqParams fake = { .fake_quant = { .03f, 7, 0, 255 } };
  SqTensor *scales, *zeros;
  int in[3], y;

  w->grid = g_malloc (sizeof *w->grid + (gsize) side * sizeof (float));
  w->grid->axis = 0;
  w->grid->n = side;
  for (gint64 k = 0; k < side; k++)
    w->grid->scale[k] = .01f * (float) (k + 1);
  scales = sq_tensor_new (SQ_F32, &SQ_SHAPE (side));
  zeros = sq_tensor_new (SQ_F32, &SQ_SHAPE (side));
  sq_test_fill (scales, 3, .01, .02);
  for (gint64 k = 0; k < side; k++)
    sq_tensor_f32 (zeros)[k] = (float) (k % 256);
  for (gint64 i = 0; i < w->n; i++)
    sq_tensor_f32 (w)[i] = w->grid->scale[i / side] * (float) (i % 255 - 127);
  in[0] = sq_graph_add_input (graph, "x", SQ_F32, &SQ_SHAPE (1, side, 2, 2));
  g_assert_true (sq_graph_add (graph, &sq_op_fake_quant, &fake, in, 1, &in[0], NULL));
  in[1] = sq_graph_add_constant (graph, NULL, scales);
  in[2] = sq_graph_add_constant (graph, NULL, zeros);
  g_assert_true (sq_graph_add (graph, &sq_op_fake_quant, &fake, in, 3, &in[0], NULL));
  in[1] = sq_graph_add_constant (graph, NULL, w);
  g_assert_true (sq_graph_add (graph, &sq_op_conv, &params, in, 2, &y, NULL));
  sq_graph_add_output (graph, y);
  return graph;
}

// Weights of 8 bits and rounding with one scale or one per channel come back as what they were.
static void
test_grid (void)
{
  g_autofree char *copy = g_build_filename (folder, "copy.onnx", NULL);
  g_autoptr (SqGraph) graph = small_graph (16), back = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SqImport) import = NULL;
  const SqTensor *a, *b;
  SqTensor *want, *got;

  g_assert_true (sq_onnx_write (graph, NULL, copy, &error));
  import = sq_onnx_import (copy, 0, 0, &error);
  g_assert_no_error (error);
  back = sq_passes_apply_default (import->graph, NULL);
  g_assert_cmpuint (back->nodes->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_true (sq_graph_node (back, i)->op == sq_graph_node (graph, i)->op);
      if (i < 2)
        g_assert_cmpint (sq_graph_node (back, i)->n_in, ==, i == 0 ? 1 : 3);
    }
  a = sq_graph_value (graph, sq_graph_node (graph, 2)->in[1])->constant;
  b = sq_graph_value (back, sq_graph_node (back, 2)->in[1])->constant;
  g_assert_cmpmem (a->data, a->bytes, b->data, b->bytes);
  g_assert_nonnull (b->grid);
  g_assert_cmpint (b->grid->n, ==, 16);
  g_assert_cmpmem (a->grid->scale, 16 * sizeof (float), b->grid->scale, 16 * sizeof (float));
  run_graph (graph, &want);
  run_graph (back, &got);
  g_assert_cmpmem (want->data, want->bytes, got->data, got->bytes);
  sq_tensor_unref (want);
  sq_tensor_unref (got);
}

static guint
files_in (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

// A full disk, as far as a process can have one to itself.
static void
test_full_disk (void)
{
  g_autofree char *place = g_build_filename (folder, "full", NULL), *copy = g_build_filename (place, "copy.onnx", NULL);
  g_autofree char *nowhere = g_build_filename (folder, "nowhere", "copy.onnx", NULL);
  g_autoptr (SqGraph) graph = small_graph (256);
  g_autoptr (GError) error = NULL;
  struct rlimit old, tight;

  g_assert_cmpint (g_mkdir (place, 0700), ==, 0);
  getrlimit (RLIMIT_FSIZE, &old);
  tight = old;
  tight.rlim_cur = 20000;
  signal (SIGXFSZ, SIG_IGN);
  setrlimit (RLIMIT_FSIZE, &tight);
  g_assert_false (sq_onnx_write (graph, NULL, copy, &error));
  setrlimit (RLIMIT_FSIZE, &old);
  signal (SIGXFSZ, SIG_DFL);
  g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
  g_assert_nonnull (strstr (error->message, "copy.onnx cannot be written"));
  g_assert_cmpuint (files_in (place), ==, 0);
  g_clear_error (&error);
  g_assert_false (sq_onnx_write (graph, NULL, nowhere, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
  g_rmdir (place);
}

int
main (int argc, char **argv)
{
  g_autofree char *copy = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("squint-XXXXXX", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (models); i++)
    {
      g_autofree char *path = g_strdup_printf ("/formats/write/%s", models[i].file);

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_model);
    }
  g_test_add_func ("/formats/write/half", test_half);
  g_test_add_func ("/formats/write/grid", test_grid);
  g_test_add_func ("/formats/write/full-disk", test_full_disk);
  status = g_test_run ();
  copy = g_build_filename (folder, "copy.onnx", NULL);
  g_remove (copy);
  g_rmdir (folder);
  g_free (folder);
  return status;
}
