// SPDX-License-Identifier: GPL-3.0-or-later
// A network in parts gives what the whole gives: part by part, and as a pipeline over two cores.
#include "engine/backends/backend.h"
#include "engine/engine.h"
#include "engine/graph/cut.h"
#include "tests/common/data.h"

#include <math.h>
#include <string.h>

static const char *const networks[] = { "yolov8n", "yolov5nu", "yolov10n", "yolov9t", "yolo12n", "yolov7-tiny-raw", "yolox-nano" };

static SqModel *
load (const char *name)
{
  g_autofree char *relative = g_strdup_printf ("fixtures/onnx/%s.onnx", name);
  g_autofree char *path = sq_test_data (relative);
  g_autoptr (GError) error = NULL;
  SqModel *model;

  if (path == NULL)
    return NULL;
  model = sq_model_load (path, NULL, NULL, &error);
  g_assert_no_error (error);
  return model;
}

static void
run (const SqGraph *graph, SqTensor *const *in, SqTensor **out)
{
  g_autoptr (GError) error = NULL;
  SqExec *exec = sq_exec_new (sq_backend_find ("cpu"), graph, &(SqExecOptions){ .threads = 1 }, &error);

  g_assert_no_error (error);
  g_assert_true (sq_exec_run (exec, in, out, &error));
  sq_exec_free (exec);
}

static void
test_parts (gconstpointer name)
{
  g_autoptr (SqModel) model = load (name);
  g_autofree double *seconds = NULL;
  const SqGraph *graph;
  SqTensor *input, *whole[16];

  if (model == NULL)
    return;
  graph = model->graph;
  seconds = sq_graph_estimate (graph);
  input = sq_tensor_new (SQ_F32, &sq_graph_value (graph, g_array_index (graph->inputs, int, 0))->shape);
  sq_test_fill (input, 3, 0, 1);
  run (graph, &input, whole);
  for (guint n = 2; n <= 5; n++)
    {
      g_autoptr (GPtrArray) parts = sq_graph_cut (graph, seconds, NULL, n);
      g_autofree SqTensor **live = g_new0 (SqTensor *, graph->values->len);
      double most = 0, all = 0;
      guint nodes = 0;

      g_assert_cmpuint (parts->len, ==, n);
      live[g_array_index (graph->inputs, int, 0)] = sq_tensor_ref (input);
      for (guint i = 0; i < n; i++)
        {
          const SqGraphPart *part = g_ptr_array_index (parts, i);
          SqTensor *in[64], *out[64];

          g_assert_cmpuint (part->first, ==, nodes); // no node twice, none left out
          nodes = part->end;
          for (guint k = 0; k < part->in->len; k++)
            g_assert_nonnull (in[k] = live[g_array_index (part->in, int, k)]);
          run (part->graph, in, out);
          for (guint k = 0; k < part->out->len; k++)
            live[g_array_index (part->out, int, k)] = out[k];
          most = fmax (most, part->seconds);
          all += part->seconds;
        }
      g_assert_cmpuint (nodes, ==, graph->nodes->len);
      g_test_message ("%s in %u parts: the slowest takes %.2f of an even share", (const char *) name, n, most * n / all);
      for (guint i = 0; i < graph->outputs->len; i++)
        g_assert_cmpfloat (sq_test_relative_l2 (live[g_array_index (graph->outputs, int, i)], whole[i]), <=, 1e-5);
      for (guint v = 0; v < graph->values->len; v++)
        g_clear_pointer (&live[v], sq_tensor_unref);
    }
  for (guint i = 0; i < graph->outputs->len; i++)
    sq_tensor_unref (whole[i]);
  sq_tensor_unref (input);
}

static void
collect (SqResult *result, gpointer results)
{
  g_ptr_array_add (results, sq_result_ref (result));
}

static GPtrArray *
detect (SqModel *model, const char *folder, const char *devices, SqParallel mode)
{
  const char *const paths[] = { folder, NULL };
  SqPipelineOptions options = { .paths = paths, .devices = devices, .parallel = mode, .threads = 1 };
  SqPipeline *pipeline = sq_pipeline_new (model, &options);
  GPtrArray *results = g_ptr_array_new_with_free_func ((GDestroyNotify) sq_result_unref);

  sq_pipeline_add_sink (pipeline, collect, results, NULL);
  sq_pipeline_start (pipeline);
  g_assert_true (sq_pipeline_wait (pipeline, NULL));
  sq_pipeline_stop (pipeline);
  sq_pipeline_wait (pipeline, NULL);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_object_unref (pipeline);
  return results;
}

// Every mode, on real pictures: the same boxes in the same order.
static void
test_modes (void)
{
  g_autofree char *path = sq_test_data ("models/yolox-nano/yolox_nano.onnx"), *folder = sq_test_data ("images/demo");
  static const SqParallel modes[] = { SQ_PARALLEL_DATA, SQ_PARALLEL_PIPELINE, SQ_PARALLEL_AUTO };
  g_autoptr (SqModel) model = NULL;
  g_autoptr (GPtrArray) one = NULL;

  if (path == NULL || folder == NULL)
    return;
  if (g_get_num_processors () < 2)
    {
      g_test_skip ("one core");
      return;
    }
  model = sq_model_load (path, NULL, NULL, NULL);
  one = detect (model, folder, "cpu", SQ_PARALLEL_SINGLE);
  for (guint m = 0; m < G_N_ELEMENTS (modes); m++)
    {
      g_autoptr (GPtrArray) other = detect (model, folder, "cpu:0,cpu:1", modes[m]);

      g_assert_cmpuint (one->len, >, 3);
      g_assert_cmpuint (other->len, ==, one->len);
      for (guint i = 0; i < one->len; i++)
        {
          const SqResult *a = one->pdata[i], *b = other->pdata[i];

          g_assert_cmpstr (a->frame->path, ==, b->frame->path);
          g_assert_cmpuint (a->n_candidates, ==, b->n_candidates);
          for (guint k = 0; k < a->n_candidates; k++)
            g_assert_cmpfloat_with_epsilon (a->candidates[k].score, b->candidates[k].score, 1e-4);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (networks); i++)
    {
      g_autofree char *name = g_strdup_printf ("/cut/parts/%s", networks[i]);

      g_test_add_data_func (name, networks[i], test_parts);
    }
  g_test_add_func ("/cut/modes", test_modes);
  return g_test_run ();
}
