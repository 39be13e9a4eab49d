// SPDX-License-Identifier: GPL-3.0-or-later
// Every layer of real networks against the reference backend. argv[1] names the device (fake-f32, cuda-half ...): float32 within 1e-4 of
// the layer's size, float16 within 5e-3 for what one layer adds to what it was given; 8-bit floats, of 3 bits of mantissa on both sides of
// a product, within 5e-2 on average, and within 25e-2 where terms cancel.
#include "engine/media/source.h"
#include "engine/ops/op.h"
#include "engine/run/detector.h"
#include "tests/common/data.h"
#include "tests/common/device.h"

static SqTestDevice device;

// What the network sees of a real picture.
static SqTensor *
demo_input (const SqModel *model)
{
  g_autofree char *path = sq_test_data ("images/demo/dog.jpg");
  const char *const paths[] = { path, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (SqSource) source = sq_source_open (paths, NULL, &error);
  g_autoptr (SqDetectorJob) job = NULL;

  g_assert_no_error (error);
  job = sq_detector_job_new (sq_source_next (source, &error));
  g_assert_no_error (error);
  g_assert_true (sq_detector_job_preprocess (job, model, &error));
  return sq_tensor_ref (job->input);
}

// All computed values as outputs.
static SqGraph *
show_all (const SqGraph *graph)
{
  SqGraph *copy = sq_graph_copy (graph);

  g_array_set_size (copy->outputs, 0);
  for (guint i = 0; i < copy->nodes->len; i++)
    for (int k = 0; k < sq_graph_node (copy, i)->n_out; k++)
      sq_graph_add_output (copy, sq_graph_node (copy, i)->out[k]);
  return copy;
}

static SqTensor **
run (const SqBackend *backend, const SqExecOptions *options, const SqGraph *graph, SqTensor *const *in)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqExec) exec = sq_exec_new (backend, graph, options, &error);
  SqTensor **out = g_new0 (SqTensor *, graph->outputs->len);

  g_assert_no_error (error);
  sq_exec_run (exec, in, out, &error);
  g_assert_no_error (error);
  return out;
}

typedef struct
{
  double worst, sum;
  guint n, over;
} Score;

static void
count (Score *score, const SqTensor *got, const SqTensor *want, double limit)
{
  double off = got->dtype == SQ_F32 ? sq_test_relative_l2 (got, want) : 0;

  score->n++;
  score->sum += off;
  score->worst = MAX (score->worst, off);
  score->over += !(off <= limit);
}

// What it is given, by a convolution: 8-bit floats are for those with convolutions in front of and behind them.
static int
put_identity (SqGraph *graph, int value)
{
  gint64 c = sq_graph_value (graph, value)->shape.dim[1];
  SqParams params = { .conv = { { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1, 1, 1 }, .groups = (int) c } };
  SqTensor *weights = sq_tensor_new (SQ_F32, &SQ_SHAPE (c, 1, 3, 3));
  int out;

  for (gint64 i = 0; i < weights->n; i++)
    sq_tensor_f32 (weights)[i] = i % 9 == 4;
  g_assert_true (sq_graph_add (graph, &sq_op_conv, &params, (int[]){ value, sq_graph_add_constant (graph, NULL, weights) }, 2, &out, NULL));
  return out;
}

// One node alone, given what the reference has in front of it.
static void
check_node (const SqGraph *graph, const SqNode *node, SqTensor *const *values, Score *score, Score *rough)
{
  g_autoptr (SqGraph) alone = sq_graph_new ();
  SqTensor *in[SQ_MAX_IN], **out;
  int ids[SQ_MAX_IN], made[SQ_MAX_OUT];
  gboolean fp8 = device.options.precision == SQ_PRECISION_FP8 && node->op == &sq_op_conv;
  guint n_in = 0;

  for (int k = 0; k < node->n_in; k++)
    {
      const SqValue *v = node->in[k] == SQ_NO_VALUE ? NULL : sq_graph_value (graph, node->in[k]);

      ids[k] = v == NULL             ? SQ_NO_VALUE
               : v->constant != NULL ? sq_graph_add_constant (alone, NULL, sq_tensor_ref (v->constant))
                                     : sq_graph_add_input (alone, NULL, v->dtype, &v->shape);
      if (v != NULL && v->constant == NULL)
        in[n_in++] = values[node->in[k]];
    }
  if (fp8)
    ids[0] = put_identity (alone, ids[0]);
  g_assert_true (sq_graph_add (alone, node->op, &node->params, ids, node->n_in, made, NULL));
  if (fp8)
    made[0] = put_identity (alone, made[0]);
  for (int k = 0; k < node->n_out; k++)
    sq_graph_add_output (alone, made[k]);
  out = run (device.backend, &device.options, alone, in);
  for (int k = 0; k < node->n_out; k++)
    {
      count (fp8 ? rough : score, out[k], values[node->out[k]], fp8 ? 25e-2 : 5e-3);
      sq_tensor_unref (out[k]);
    }
  g_free (out);
}

static void
test_model (gconstpointer data)
{
  g_autofree char *path = sq_test_data (data);
  g_autoptr (SqModel) model = NULL;
  g_autoptr (SqGraph) graph = NULL;
  g_autoptr (SqTensor) x = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree SqTensor **want = NULL, **values = NULL;
  Score score = { 0 }, rough = { 0 };

  if (path == NULL)
    return;
  model = sq_model_load (path, NULL, NULL, &error);
  g_assert_no_error (error);
  graph = show_all (model->graph);
  x = demo_input (model);
  want = run (sq_backend_find ("cpu"), NULL, graph, &x); // itself held to the reference, and quicker
  if (device.options.precision == SQ_PRECISION_F32)
    {
      g_autofree SqTensor **got = run (device.backend, &device.options, graph, &x);

      for (guint i = 0; i < graph->outputs->len; i++)
        {
          count (&score, got[i], want[i], 1e-4);
          sq_tensor_unref (got[i]);
        }
    }
  else
    {
      values = g_new0 (SqTensor *, graph->values->len);
      values[g_array_index (graph->inputs, int, 0)] = x;
      for (guint i = 0; i < graph->outputs->len; i++)
        values[g_array_index (graph->outputs, int, i)] = want[i];
      for (guint i = 0; i < graph->nodes->len; i++)
        check_node (graph, sq_graph_node (graph, i), values, &score, &rough);
    }
  for (guint i = 0; i < graph->outputs->len; i++)
    sq_tensor_unref (want[i]);
  g_test_message ("%s: %u values, relative L2 %.2e at most, %u over the limit", model->name, score.n, score.worst, score.over);
  g_assert_cmpuint (score.over, ==, 0);
  if (device.options.precision != SQ_PRECISION_FP8)
    return;
  g_test_message ("in 8-bit floats: %u convolutions, relative L2 %.2e on average, %.2e at most", rough.n, rough.sum / rough.n, rough.worst);
  g_assert_cmpuint (rough.over, ==, 0);
  g_assert_cmpfloat (rough.sum, <, 5e-2 * rough.n);
  g_assert_cmpfloat (rough.worst, >, 1e-2); // they were
}

int
main (int argc, char **argv)
{
  static const char *const models[] = { "models/yolox-nano/yolox_nano.onnx", "models/yolo-fastest-1.1-xl/yolo-fastest-1.1-xl.cfg",
                                        "models/yolov5-lite-e/v5Lite-e-sim-320.onnx" };
  int result;

  g_test_init (&argc, &argv, NULL);
  sq_test_device_open (&device, argc > 1 ? argv[1] : "fake-f32");
  for (guint i = 0; i < G_N_ELEMENTS (models); i++)
    {
      g_autofree char *base = g_path_get_basename (models[i]), *name = g_strdup_printf ("/backends/layers/%s", base);

      g_test_add_data_func (name, models[i], test_model);
    }
  result = g_test_run ();
  sq_test_device_close (&device);
  return result;
}
