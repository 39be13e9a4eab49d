// SPDX-License-Identifier: GPL-3.0-or-later
// The CUDA backend's life on the simulated GPU: plans kept on disk, memory that runs out at every allocation, a device lost
// at many moments, batches that do not fit.
#include "engine/backends/backend.h"
#include "engine/backends/gpu.h"
#include "engine/ops/op.h"
#include "tests/common/data.h"
#include "tests/backends/quantised.h"
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
  g_autoptr (SqGraph) graph = sq_test_quantised_network ();
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
  g_autoptr (SqGraph) graph = sq_test_quantised_network ();
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
  g_autoptr (SqGraph) graph = sq_test_quantised_network ();
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
  g_autoptr (SqGraph) graph = sq_test_quantised_network ();
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
  g_autoptr (SqGraph) graph = sq_test_quantised_network ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  SqExecOptions options = { .cancellable = cancellable, .progress = cancel_at_half, .progress_data = cancellable };

  open_gpu (&(SqFakeGpuConfig){ .n_devices = 1 });
  g_assert_null (sq_exec_new (sq_backend_find ("cuda"), graph, &options, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_CANCELLED);
  close_gpu ();
}

// A batch that the memory does not hold is halved until it does, and the user is told.
static void
test_batch (void)
{
  g_autoptr (SqGraph) graph = sq_test_quantised_network ();
  SqCudaOutputHead head = { .head = { .cells = 4, .grid_width = 2, .anchors = 1, .n_classes = 1, .box_field = 1, .box_cell = 4 },
                            .objectness = -1 };
  SqExecDetect detect = { &head, 1, .05f, 100 };
  SqExecOptions options = { .batch = 64, .detect = &detect };
  g_autoptr (GError) error = NULL;
  SqFakeGpuStats stats;
  SqExec *exec;

  for (int round = 0; round < 2; round++)
    {
      open_gpu (&(SqFakeGpuConfig){ .n_devices = 1, .memory = round == 0 ? 0 : 16 << 20 });
      exec = sq_exec_new (sq_backend_find ("cuda"), graph, &options, &error);
      g_assert_no_error (error);
      sq_fake_gpu_stats (0, &stats);
      g_test_message ("batch %u in %" G_GSIZE_FORMAT " bytes: %s", exec->batch, stats.used, exec->note != NULL ? exec->note : "all of it");
      if (round == 0)
        g_assert_cmpuint (exec->batch, ==, 64);
      else
        {
          g_assert_cmpuint (exec->batch, >, 0);
          g_assert_cmpuint (exec->batch, <, 64);
          g_assert_nonnull (strstr (exec->note, "fake:0"));
        }
      g_assert_cmpint (exec->note == NULL, ==, round == 0);
      sq_exec_free (exec);
      close_gpu ();
    }
}

// Weights that no batch makes fit: one sentence, at once.
static void
test_large_weights (void)
{
  g_autoptr (SqGraph) graph = sq_test_quantised_network ();
  SqExecOptions options = { .batch = 64, .precision = SQ_PRECISION_HALF };
  g_autoptr (GError) error = NULL;
  SqFakeGpuStats stats;

  open_gpu (&(SqFakeGpuConfig){ .n_devices = 1, .memory = 4000 });
  g_assert_null (sq_exec_new (sq_backend_find ("cuda"), graph, &options, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY);
  g_assert_true (g_str_has_prefix (error->message, "The weights of this network"));
  g_assert_nonnull (strstr (error->message, "fake:0"));
  sq_fake_gpu_stats (0, &stats);
  g_assert_cmpuint (stats.allocations, ==, 0);
  g_assert_cmpuint (stats.plans_built, <=, 2); // not again for every smaller batch
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
  g_autoptr (SqGraph) graph = sq_test_quantised_network ();
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

// A scale and a zero point per channel, as our own 8-bit files have in front of depthwise convolutions: on the device, the CPU's numbers.
static void
test_round_per_channel (void)
{
  g_autoptr (SqGraph) graph = sq_graph_new ();
  g_autoptr (SqTensor) x = sq_tensor_new (SQ_F32, &SQ_SHAPE (1, 24, 5, 7));
  SqTensor *scale = sq_tensor_new (SQ_F32, &SQ_SHAPE (24)), *zero = sq_tensor_new (SQ_F32, &SQ_SHAPE (24));
  SqParams silu = { .act = { SQ_ACT_SILU } }, grid = { .fake_quant = { 1, 0, 0, 255 } };
  int in[3] = { sq_graph_add_input (graph, "x", SQ_F32, &x->shape), 0, 0 };

  sq_test_fill (x, 5, -4, 4);
  sq_test_fill (scale, 6, .001, .05); // some channels leave their grid
  for (int i = 0; i < 24; i++)
    sq_tensor_f32 (zero)[i] = (float) (i * 11 % 256);
  g_assert_true (sq_graph_add (graph, &sq_op_act, &silu, in, 1, &in[0], NULL));
  in[1] = sq_graph_add_constant (graph, NULL, scale);
  in[2] = sq_graph_add_constant (graph, NULL, zero);
  g_assert_true (sq_graph_add (graph, &sq_op_fake_quant, &grid, in, 3, &in[0], NULL));
  sq_graph_add_output (graph, in[0]);
  for (int half = 0; half < 2; half++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SqExec) reference = sq_exec_new (sq_backend_find ("ref"), graph, NULL, &error);
      g_autofree char *text = NULL;
      SqTensor *want, *got;
      SqExec *exec;

      open_gpu (&(SqFakeGpuConfig){ .n_devices = 1 });
      exec = build (graph, half ? SQ_PRECISION_HALF : SQ_PRECISION_F32, &error);
      g_assert_no_error (error);
      text = sq_exec_describe (exec);
      g_assert_nonnull (strstr (text, "round "));
      g_assert_null (strstr (text, "host"));
      g_assert_true (sq_exec_run (exec, &x, &got, &error));
      g_assert_true (sq_exec_run (reference, &x, &want, &error));
      g_assert_cmpfloat (sq_test_relative_l2 (got, want), <=, half ? 2e-2 : 1e-4); // the odd one rounds to the neighbour
      sq_tensor_unref (got);
      sq_tensor_unref (want);
      sq_exec_free (exec);
      close_gpu ();
    }
}

static gboolean
refuse_fp8 (const SqGpuConv *job)
{
  return job->conv.x.type == SQ_CUDA_E4M3;
}

static void
expect_no_fp8 (const char *backend, const SqFakeGpuConfig *config, SqError code, const char *words)
{
  g_autoptr (SqGraph) graph = sq_test_quantised_network ();
  g_autoptr (GError) error = NULL;

  open_gpu (config);
  g_assert_null (sq_exec_new (sq_backend_find (backend), graph, &(SqExecOptions){ .precision = SQ_PRECISION_FP8 }, &error));
  g_assert_error (error, SQ_ERROR, code);
  g_assert_nonnull (strstr (error->message, words));
  close_gpu ();
}

// With one more convolution behind it: the last ones read no 8-bit floats.
static SqGraph *
longer_network (void)
{
  SqGraph *graph = sq_test_quantised_network ();
  SqParams params = { .conv = { .kernel = { 1, 1 }, .stride = { 1, 1 }, .dilation = { 1, 1 }, .groups = 1 } };
  SqTensor *weights = sq_tensor_new (SQ_F32, &SQ_SHAPE (24, 20, 1, 1));
  int in[2] = { g_array_index (graph->outputs, int, 0), sq_graph_add_constant (graph, NULL, weights) }, out;

  sq_test_fill (weights, 11, -.3, .3);
  g_assert_true (sq_graph_add (graph, &sq_op_conv, &params, in, 2, &out, NULL));
  g_array_index (graph->outputs, int, 0) = out;
  return graph;
}

// 8-bit floats: refused with a sentence by what has none, or used, without a pass of their own where a convolution can write them.
static void
test_fp8 (void)
{
  g_autoptr (SqGraph) graph = longer_network ();
  g_autoptr (SqTensor) x = some_input (graph);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  SqTensor *want[2], *got[2];
  SqExec *exec;

  expect_no_fp8 ("cpu", &(SqFakeGpuConfig){ .n_devices = 1, .major = 9 }, SQ_ERROR_NO_DEVICE, "'cpu'");
  expect_no_fp8 ("cuda", &(SqFakeGpuConfig){ .n_devices = 1, .major = 8, .minor = 6 }, SQ_ERROR_NO_DEVICE, "half or int8");
  expect_no_fp8 ("cuda", &(SqFakeGpuConfig){ .n_devices = 1, .major = 9, .refuse_plan = refuse_fp8 }, SQ_ERROR_UNSUPPORTED_OP, "fake:0");

  open_gpu (&(SqFakeGpuConfig){ .n_devices = 1, .major = 8, .minor = 9 });
  exec = build (graph, SQ_PRECISION_FP8, &error);
  g_assert_no_error (error);
  text = sq_exec_describe (exec);
  g_test_message ("%s", text);
  g_assert_null (strstr (text, " s8 "));
  g_assert_true (g_regex_match_simple ("conv +1x16x12x16 +e4m3 +own kernel for few channels", text, 0, 0));
  g_assert_true (g_regex_match_simple ("conv +1x16x12x16 +e4m3 +own depthwise", text, 0, 0));
  g_assert_true (g_regex_match_simple ("conv +1x16x12x16 +e4m3 +simulated", text, 0, 0));
  g_assert_null (strstr (text, "quantise"));
  g_assert_true (sq_exec_run (exec, &x, got, &error));
  sq_exec_free (exec);
  exec = build (graph, SQ_PRECISION_F32, &error);
  g_assert_true (sq_exec_run (exec, &x, want, &error));
  for (int i = 0; i < 2; i++)
    {
      g_test_message ("relative L2 %.3e", sq_test_relative_l2 (got[i], want[i]));
      g_assert_cmpfloat (sq_test_relative_l2 (got[i], want[i]), <=, .1);
      sq_tensor_unref (got[i]);
      sq_tensor_unref (want[i]);
    }
  sq_exec_free (exec);
  close_gpu ();
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    void (*test) (void);
  } tests[] = {
    { "cache", test_cache },   { "out-of-memory", test_out_of_memory },
    { "lost", test_lost },     { "no-dnn", test_no_dnn },
    { "cancel", test_cancel }, { "refused", test_refused },
    { "batch", test_batch },   { "large-weights", test_large_weights },
    { "fp8", test_fp8 },       { "round-per-channel", test_round_per_channel },
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
