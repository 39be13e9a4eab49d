// SPDX-License-Identifier: GPL-3.0-or-later
// The CUDA backend's life on the simulated GPU: 8-bit layers, plans kept on disk, memory that runs out at every allocation, a device lost
// at many moments, batches that do not fit.
#include "engine/backends/backend.h"
#include "engine/backends/gpu.h"
#include "engine/ops/op.h"
#include "engine/run/detector.h"
#include "tests/common/data.h"
#include "tests/fake/gpu.h"

#include <glib/gstdio.h>
#include <math.h>

static char *folder;

static void
open_gpu (const SqFakeGpuConfig *config)
{
  sq_gpu_set_api (sq_fake_gpu_open (config));
}

static void
close_gpu (void)
{
  sq_gpu_set_api (NULL);
  g_assert_cmpint (sq_fake_gpu_close (), ==, 0);
}

static int
add (SqGraph *graph, const SqOp *op, SqParams params, const int *in, int n)
{
  g_autoptr (GError) error = NULL;
  int out[SQ_MAX_OUT];

  sq_graph_add (graph, op, &params, in, n, out, &error);
  g_assert_no_error (error);
  return out[0];
}

static int
quant (SqGraph *graph, int x, float scale, float zero)
{
  return add (graph, &sq_op_fake_quant, (SqParams){ .fake_quant = { scale, zero, 0, 255 } }, &x, 1);
}

// Weights as a quantised file leaves them: whole numbers times a scale per channel.
static int
weights (SqGraph *graph, gint64 k, gint64 c, gint64 side, guint seed)
{
  SqTensor *w = sq_tensor_new (SQ_F32, &SQ_SHAPE (k, c, side, side));
  gint64 per = c * side * side;

  sq_test_fill (w, seed, -127, 127);
  w->grid = g_malloc (sizeof *w->grid + (gsize) k * sizeof (float));
  w->grid->axis = 0;
  w->grid->n = k;
  for (gint64 i = 0; i < k; i++)
    w->grid->scale[i] = (float) (.004 + .001 * (double) (i % 5)) / sqrtf ((float) per);
  for (gint64 i = 0; i < w->n; i++)
    sq_tensor_f32 (w)[i] = nearbyintf (sq_tensor_f32 (w)[i]) * w->grid->scale[i / per];
  return sq_graph_add_constant (graph, NULL, w);
}

static int
conv (SqGraph *graph, int x, gint64 k, int side, int stride, int groups, SqActKind act, int residual, guint seed)
{
  gint64 c = sq_graph_value (graph, x)->shape.dim[1];
  SqTensor *bias = sq_tensor_new (SQ_F32, &SQ_SHAPE (k));
  SqParams p = { .conv = { { side, side }, { stride, stride }, { 1, 1 }, { side / 2, side / 2, side / 2, side / 2 }, .groups = groups } };
  int in[4] = { x, weights (graph, k, c / groups, side, seed), 0, residual };

  p.conv.act.kind = act;
  sq_test_fill (bias, seed + 1, -.5, .5);
  in[2] = sq_graph_add_constant (graph, NULL, bias);
  return add (graph, &sq_op_conv, p, in, residual == SQ_NO_VALUE ? 3 : 4);
}

// Everything an 8-bit layer can meet: padding that is not 0, depthwise, a residual, a concatenation, a pool, floats beside it.
static SqGraph *
quantised_network (void)
{
  SqGraph *graph = sq_graph_new ();
  int x = sq_graph_add_input (graph, "x", SQ_F32, &SQ_SHAPE (1, 3, 24, 32)), a, b, c, d;
  SqParams pool = { .pool = { .kernel = { 5, 5 }, .stride = { 1, 1 }, .dilation = { 1, 1 }, .pad = { 2, 2, 2, 2 } } };

  x = quant (graph, x, 1 / 64.f, 0);
  a = quant (graph, conv (graph, x, 16, 3, 2, 1, SQ_ACT_SILU, SQ_NO_VALUE, 1), .02f, 14);
  b = quant (graph, conv (graph, a, 16, 3, 1, 1, SQ_ACT_SILU, SQ_NO_VALUE, 3), .015f, 19);
  b = quant (graph, conv (graph, b, 16, 1, 1, 1, SQ_ACT_HARDSWISH, a, 5), .03f, 20);
  c = quant (graph, conv (graph, b, 16, 5, 1, 16, SQ_ACT_RELU, SQ_NO_VALUE, 7), .02f, 0);
  d = quant (graph, add (graph, &sq_op_pool, pool, &b, 1), .03f, 20);
  c = quant (graph, add (graph, &sq_op_concat, (SqParams){ .axis = { 1 } }, (int[]){ c, d, a }, 3), .03f, 25);
  c = conv (graph, c, 20, 3, 2, 1, SQ_ACT_LEAKY, SQ_NO_VALUE, 9);
  sq_graph_add_output (graph, c);
  sq_graph_add_output (graph, b);
  return graph;
}

static SqTensor *
some_input (const SqGraph *graph)
{
  SqTensor *x = sq_tensor_new (SQ_F32, &sq_graph_value (graph, g_array_index (graph->inputs, int, 0))->shape);

  sq_test_fill (x, 42, 0, 3);
  return x;
}

static SqExec *
build (const SqGraph *graph, SqPrecision precision, GError **error)
{
  return sq_exec_new (sq_backend_find ("cuda"), graph, &(SqExecOptions){ .precision = precision, .cache_folder = folder }, error);
}

// Every layer's value an output: within one quantum where it is 8 bits, and never more off in between than that makes it.
static void
test_whole (void)
{
  g_autoptr (SqGraph) graph = quantised_network ();
  g_autoptr (SqExec) reference = NULL, exec = NULL;
  g_autoptr (SqTensor) x = some_input (graph);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_autofree SqTensor **want = NULL, **got = NULL;

  open_gpu (&(SqFakeGpuConfig){ .n_devices = 1, .major = 8 });
  for (guint i = 0; i < graph->nodes->len; i++)
    if (sq_graph_node (graph, i)->op == &sq_op_fake_quant)
      sq_graph_add_output (graph, sq_graph_node (graph, i)->out[0]);
  reference = sq_exec_new (sq_backend_find ("ref"), graph, NULL, &error);
  g_assert_no_error (error);
  exec = build (graph, SQ_PRECISION_INT8, &error);
  g_assert_no_error (error);
  text = sq_exec_describe (exec);
  g_test_message ("%s", text);
  want = g_new0 (SqTensor *, graph->outputs->len);
  got = g_new0 (SqTensor *, graph->outputs->len);
  g_assert_true (sq_exec_run (reference, &x, want, &error));
  g_assert_true (sq_exec_run (exec, &x, got, &error));
  for (guint i = 2; i < graph->outputs->len; i++)
    {
      const SqNode *node = NULL;
      guint different = 0;

      for (guint k = 0, n = 2; k < graph->nodes->len; k++)
        if (sq_graph_node (graph, k)->op == &sq_op_fake_quant && n++ == i)
          node = sq_graph_node (graph, k);
      for (gint64 k = 0; k < want[i]->n; k++)
        different += sq_tensor_f32 (want[i])[k] != sq_tensor_f32 (got[i])[k];
      g_test_message ("layer %u: %u of %" G_GINT64_FORMAT " values differ, by %.3f quanta at most", i - 2, different, want[i]->n,
                      sq_test_max_abs (want[i], got[i]) / (double) node->params.fake_quant.scale);
      g_assert_cmpfloat (sq_test_max_abs (want[i], got[i]) / (double) node->params.fake_quant.scale, <=, 1.001);
      g_assert_cmpuint (different * 50, <, want[i]->n);
    }
  g_assert_cmpfloat (sq_test_relative_l2 (got[0], want[0]), <=, .02);
  for (guint i = 0; i < graph->outputs->len; i++)
    {
      sq_tensor_unref (want[i]);
      sq_tensor_unref (got[i]);
    }
  g_clear_pointer (&exec, sq_exec_free);
  close_gpu ();
}

static void
run_once (SqExec *exec, SqTensor *x)
{
  g_autoptr (GError) error = NULL;
  SqTensor *out[2];

  sq_exec_run (exec, &x, out, &error);
  g_assert_no_error (error);
  sq_tensor_unref (out[0]);
  sq_tensor_unref (out[1]);
}

static char *
cache_file (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name = g_dir_read_name (dir);

  return name != NULL ? g_build_filename (folder, name, NULL) : NULL;
}

static void
empty_folder (void)
{
  g_autofree char *path = NULL;

  while ((path = cache_file ()) != NULL)
    {
      g_unlink (path);
      g_clear_pointer (&path, g_free);
    }
}

// Plans are built once: a second process (here: a folder read anew) finds them; another driver or a damaged file does not.
static void
test_cache (void)
{
  g_autoptr (SqGraph) graph = quantised_network ();
  g_autoptr (SqTensor) x = some_input (graph);
  g_autofree char *bytes = NULL, *path = NULL;
  SqFakeGpuConfig config = { .n_devices = 1, .major = 9, .minor = 0 };
  SqFakeGpuStats stats;
  guint built = 0;
  gsize length;

  empty_folder ();
  for (int time = 0; time < 4; time++)
    {
      g_autoptr (GError) error = NULL;
      SqExec *exec;

      _sq_cuda_cache_forget (); // as a new process would
      if (time == 2)            // damaged
        {
          bytes[length / 2] ^= 1;
          g_assert_true (g_file_set_contents (path, bytes, (gssize) length, NULL));
        }
      config.minor = time == 3 ? 5 : 0; // another GPU
      open_gpu (&config);
      exec = build (graph, SQ_PRECISION_INT8, &error);
      g_assert_no_error (error);
      run_once (exec, x);
      sq_exec_free (exec);
      sq_fake_gpu_stats (0, &stats);
      g_test_message ("%u plans built, %u taken from the cache", stats.plans_built, stats.plans_restored);
      if (time == 0)
        {
          built = stats.plans_built;
          g_assert_cmpuint (built, >, 0);
          path = cache_file ();
          g_assert_nonnull (path);
          g_assert_true (g_file_get_contents (path, &bytes, &length, NULL));
        }
      else
        g_assert_cmpuint (stats.plans_built, ==, time == 1 ? 0 : built);
      close_gpu ();
    }
  empty_folder ();
}

static void
test_out_of_memory (void)
{
  g_autoptr (SqGraph) graph = quantised_network ();
  g_autoptr (SqTensor) x = some_input (graph);
  guint failed = 0;

  for (guint host = 0; host < 2; host++)
    for (guint k = 1;; k++)
      {
        g_autoptr (GError) error = NULL;
        SqFakeGpuConfig config = { .n_devices = 1, .major = 8 };
        SqExec *exec;

        *(host ? &config.fail_host_alloc : &config.fail_alloc) = k;
        open_gpu (&config);
        exec = build (graph, SQ_PRECISION_HALF, &error);
        if (exec != NULL)
          {
            run_once (exec, x);
            sq_exec_free (exec);
            close_gpu ();
            break;
          }
        g_assert_error (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY);
        failed++;
        close_gpu ();
      }
  g_test_message ("%u allocations failed, one at a time", failed);
  g_assert_cmpuint (failed, >=, 5);
}

static void
test_lost (void)
{
  g_autoptr (SqGraph) graph = quantised_network ();
  g_autoptr (SqTensor) x = some_input (graph);
  guint lost = 0;

  for (guint k = 1;; k += 1 + k / 20)
    {
      g_autoptr (GError) error = NULL;
      SqFakeGpuConfig config = { .n_devices = 1, .major = 8, .lose_at = { k } };
      SqExec *exec;
      gboolean ok = TRUE;

      open_gpu (&config);
      exec = build (graph, SQ_PRECISION_HALF, &error);
      for (int run = 0; exec != NULL && ok && run < 3; run++)
        {
          SqTensor *out[2] = { NULL };

          ok = sq_exec_run (exec, &x, out, &error);
          if (ok)
            {
              sq_tensor_unref (out[0]);
              sq_tensor_unref (out[1]);
            }
        }
      g_clear_pointer (&exec, sq_exec_free);
      close_gpu ();
      if (error == NULL)
        break;
      g_assert_error (error, SQ_ERROR, SQ_ERROR_DEVICE_LOST);
      g_assert_nonnull (strstr (error->message, "fake:0"));
      lost++;
    }
  g_test_message ("lost at %u moments", lost);
  g_assert_cmpuint (lost, >=, 20);
}

static void
test_no_dnn (void)
{
  g_autoptr (SqGraph) graph = quantised_network ();
  g_autoptr (GError) error = NULL;

  open_gpu (&(SqFakeGpuConfig){ .n_devices = 1, .no_dnn = TRUE });
  g_assert_null (build (graph, SQ_PRECISION_HALF, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_NO_DEVICE);
  g_clear_error (&error);
  g_assert_null (sq_exec_new (sq_backend_find ("cuda"), graph, &(SqExecOptions){ .device = 3 }, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_NO_DEVICE);
  g_assert_nonnull (strstr (error->message, "fake:3"));
  close_gpu ();
}

static void
cancel_at_half (double fraction, gpointer data)
{
  if (fraction >= .5)
    g_cancellable_cancel (data);
}

static void
test_cancel (void)
{
  g_autoptr (SqGraph) graph = quantised_network ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  SqExecOptions options = { .cancellable = cancellable, .progress = cancel_at_half, .progress_data = cancellable };

  open_gpu (&(SqFakeGpuConfig){ .n_devices = 1 });
  g_assert_null (sq_exec_new (sq_backend_find ("cuda"), graph, &options, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_CANCELLED);
  close_gpu ();
}

// A convolution that cuDNN has no plan for is done by the plain kernel, with the same numbers.
static gboolean
refuse_all (const SqGpuConv *job)
{
  return TRUE;
}

static gboolean
refuse_acts (const SqGpuConv *job)
{
  return job->conv.act.kind != SQ_ACT_NONE;
}

static void
test_refused (void)
{
  g_autoptr (SqGraph) graph = quantised_network ();
  g_autoptr (SqTensor) x = some_input (graph);
  SqTensor *out[3][2];

  for (int i = 0; i < 3; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *text = NULL;
      guint plain = 0;
      SqExec *exec;

      open_gpu (&(SqFakeGpuConfig){ .n_devices = 1, .refuse_plan = i == 0 ? NULL : i == 1 ? refuse_acts : refuse_all });
      exec = build (graph, SQ_PRECISION_F32, &error);
      g_assert_no_error (error);
      text = sq_exec_describe (exec);
      for (const char *at = text; (at = strstr (at, "plain kernel")) != NULL; at++)
        plain++;
      g_assert_cmpuint (plain, ==, i == 0 ? 0 : i == 1 ? 1 : 3); // the sum behind an activation cannot wait for a pass
      g_assert_true (sq_exec_run (exec, &x, out[i], &error));
      sq_exec_free (exec);
      close_gpu ();
    }
  for (int i = 0; i < 3; i++)
    for (int k = 0; k < 2; k++)
      {
        g_assert_cmpfloat (sq_test_relative_l2 (out[i][k], out[0][k]), <=, 1e-2); // one number may round the other way and be 8 bits on
        if (i > 0)
          sq_tensor_unref (out[i][k]);
      }
  sq_tensor_unref (out[0][0]);
  sq_tensor_unref (out[0][1]);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    void (*test) (void);
  } tests[] = {
    { "whole-numbers", test_whole }, { "cache", test_cache },   { "out-of-memory", test_out_of_memory },
    { "lost", test_lost },           { "no-dnn", test_no_dnn }, { "cancel", test_cancel },
    { "refused", test_refused },
  };
  int result;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("squint-cuda-XXXXXX", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *name = g_strdup_printf ("/backends/cuda/%s", tests[i].name);

      g_test_add_func (name, tests[i].test);
    }
  result = g_test_run ();
  empty_folder ();
  g_rmdir (folder);
  g_free (folder);
  return result;
}
