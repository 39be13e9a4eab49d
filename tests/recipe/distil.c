// SPDX-License-Identifier: GPL-3.0-or-later
// Fine-tuning: gradients against differences, a network that finds back what was taken from it, the same with the same number of steps.
#include "engine/ops/op.h"
#include "engine/recipe/compress.h"
#include "engine/recipe/distil.h"
#include "engine/recipe/tape.h"
#include "tests/common/data.h"

#include <math.h>
#include <string.h>

static const SqRecipeProgress silent = { .to = 1 };

static int
add (SqGraph *graph, const SqOp *op, SqParams params, const int *in, int n_in)
{
  g_autoptr (GError) error = NULL;
  int out[SQ_MAX_OUT];

  sq_graph_add (graph, op, &params, in, n_in, out, &error);
  g_assert_no_error (error);
  return out[0];
}

static int
conv (SqGraph *graph, int x, gint64 channels, int kernel, int stride, int groups, SqActKind act, int residual, guint seed)
{
  gint64 c = sq_graph_value (graph, x)->shape.dim[1];
  SqTensor *w = sq_tensor_new (SQ_F32, &SQ_SHAPE (channels, c / groups, kernel, kernel)), *b = sq_tensor_new (SQ_F32, &SQ_SHAPE (channels));
  SqParams params = { .conv = { .kernel = { kernel, kernel }, .stride = { stride, stride }, .dilation = { 1, 1 }, .groups = groups } };
  int in[4] = { x, 0, 0, residual };

  for (int i = 0; i < 4; i++)
    params.conv.pad[i] = kernel / 2;
  params.conv.act = (SqAct){ act, .1f, 0 };
  sq_test_fill (w, seed, -.5, .5);
  sq_test_fill (b, seed + 100, -.3, .3);
  in[1] = sq_graph_add_constant (graph, NULL, w);
  in[2] = sq_graph_add_constant (graph, NULL, b);
  return add (graph, &sq_op_conv, params, in, residual != SQ_NO_VALUE ? 4 : 3);
}

static int
two (SqGraph *graph, const SqOp *op, SqParams params, int a, int b)
{
  int in[2] = { a, b };

  return add (graph, op, params, in, 2);
}

// Everything that hands on gradients, two heads of different sizes.
static SqGraph *
build (SqActKind act)
{
  SqGraph *graph = sq_graph_new ();
  int x = sq_graph_add_input (graph, "x", SQ_F32, &SQ_SHAPE (1, 3, 16, 16)), a, b, c;
  SqParams p = { .pool = { .kernel = { 3, 3 }, .stride = { 1, 1 }, .dilation = { 1, 1 }, .pad = { 1, 1, 1, 1 } } };
  SqTensor *scale = sq_tensor_new (SQ_F32, &SQ_SHAPE (1, 8, 1, 1));

  sq_test_fill (scale, 3, .5, 1.5);
  a = conv (graph, x, 8, 3, 2, 1, act, SQ_NO_VALUE, 1);
  b = conv (graph, a, 8, 3, 1, 8, act, SQ_NO_VALUE, 2);
  a = conv (graph, b, 8, 1, 1, 1, act, a, 3); // with a sum
  a = two (graph, &sq_op_binary, (SqParams){ .binary = SQ_BINARY_MUL }, a, sq_graph_add_constant (graph, NULL, scale));
  b = add (graph, &sq_op_pool, p, &a, 1);
  p.pool.average = TRUE;
  c = add (graph, &sq_op_pool, p, &a, 1);
  b = two (graph, &sq_op_binary, (SqParams){ .binary = SQ_BINARY_SUB }, b, c);
  b = two (graph, &sq_op_concat, (SqParams){ .axis.axis = 1 }, a, b);
  p = (SqParams){ .reshape.shape = SQ_SHAPE (2, 8, 64) };
  b = add (graph, &sq_op_reshape, p, &b, 1);
  p = (SqParams){ .transpose.perm = { 1, 0, 2 } };
  b = add (graph, &sq_op_transpose, p, &b, 1);
  p = (SqParams){ .reshape.shape = SQ_SHAPE (1, 16, 8, 8) };
  b = add (graph, &sq_op_reshape, p, &b, 1);
  p = (SqParams){ .slice = { .start = { 0, 3, 0, 0 }, .step = { 1, 1, 1, 1 }, .size = { 1, 10, 8, 8 } } };
  b = add (graph, &sq_op_slice, p, &b, 1);
  c = conv (graph, b, 6, 3, 2, 2, act, SQ_NO_VALUE, 4);
  sq_graph_add_output (graph, conv (graph, c, 4, 1, 1, 1, SQ_ACT_SIGMOID, SQ_NO_VALUE, 5));
  p = (SqParams){ .resize = { .height = 8, .width = 8, .scale_y = 2, .scale_x = 2, .coords = 1, .floor = TRUE } };
  c = add (graph, &sq_op_resize, p, &c, 1);
  c = two (graph, &sq_op_concat, (SqParams){ .axis.axis = 1 }, c, b);
  sq_graph_add_output (graph, conv (graph, c, 5, 1, 1, 1, SQ_ACT_NONE, SQ_NO_VALUE, 6));
  return graph;
}

// A weighted sum of all heads: its slopes are the weights.
static double
value_of (SqTape *tape, const SqTensor *x, const float *theta, float *const *weights)
{
  double sum = 0;

  g_assert_true (sq_tape_forward (tape, x, theta));
  for (guint h = 0; h < tape->plan->heads->len; h++)
    {
      const SqTensor *head = tape->before[g_array_index (tape->plan->heads, guint, h)];

      for (gint64 i = 0; i < head->n; i++)
        sum += (double) weights[h][i] * (double) sq_tensor_f32 (head)[i];
    }
  return sum;
}

static void
test_gradients (void)
{
  static const SqActKind acts[] = { SQ_ACT_SILU, SQ_ACT_LEAKY, SQ_ACT_HARDSWISH, SQ_ACT_MISH, SQ_ACT_TANH, SQ_ACT_SIGMOID };

  for (guint k = 0; k < G_N_ELEMENTS (acts); k++)
    {
      g_autoptr (SqGraph) graph = build (acts[k]);
      g_autoptr (SqTapePlan) plan = sq_tape_plan_new (graph);
      g_autoptr (GError) error = NULL;
      g_autoptr (SqTape) tape = sq_tape_new (plan, TRUE, &error);
      g_autoptr (SqTensor) x = sq_tensor_new (SQ_F32, &SQ_SHAPE (1, 3, 16, 16)), weights = sq_tensor_new (SQ_F32, &SQ_SHAPE (2, 400));
      g_autoptr (SqTensor) way = sq_tensor_new (SQ_F32, &SQ_SHAPE ((gint64) plan->n));
      g_autofree float *theta = g_new (float, plan->n), *moved = g_new (float, plan->n), *gradient = g_new0 (float, plan->n);
      float *heads[2] = { sq_tensor_f32 (weights), sq_tensor_f32 (weights) + 400 };

      g_assert_no_error (error);
      g_assert_cmpuint (plan->heads->len, ==, 2);
      sq_test_fill (x, 1, -1, 1);
      sq_test_fill (weights, 2, -1, 1);
      sq_tape_plan_read (plan, theta);
      value_of (tape, x, theta, heads);
      g_assert_true (sq_tape_backward (tape, theta, heads, gradient));
      for (guint seed = 10; seed < 14; seed++) // along random ways
        {
          double up, down, want = 0, step = 2e-3;

          sq_test_fill (way, seed, -1, 1);
          for (int sign = -1; sign <= 1; sign += 2)
            {
              for (gsize i = 0; i < plan->n; i++)
                moved[i] = theta[i] + (float) (sign * step) * sq_tensor_f32 (way)[i];
              *(sign < 0 ? &down : &up) = value_of (tape, x, moved, heads);
            }
          for (gsize i = 0; i < plan->n; i++)
            want += (double) gradient[i] * (double) sq_tensor_f32 (way)[i];
          g_test_message ("act %d: slope %g, by difference %g", (int) acts[k], want, (up - down) / (2 * step));
          g_assert_cmpfloat (fabs (want - (up - down) / (2 * step)), <, .02 * fabs (want) + .05);
        }
    }
}

static void
test_recovers (void)
{
  g_autofree char *file = sq_test_data ("fixtures/onnx/yolox-nano.onnx"), *folder = sq_test_data ("images/demo");
  g_autoptr (GError) error = NULL;
  g_autoptr (SqModel) model = NULL, damaged = NULL;
  g_autoptr (SqGraph) graph = NULL;
  g_autoptr (SqCalibration) pictures = NULL;
  g_autoptr (SqTapePlan) plan = NULL;
  g_autofree float *theta = NULL, *results[2] = { NULL };
  SqDistilOptions options = { 0, 24, 2, .002 };
  SqDistilReport report;

  if (file == NULL || folder == NULL)
    return;
  model = sq_model_load (file, NULL, NULL, &error);
  pictures = sq_calibration_open (folder, 8, &silent, &error);
  g_assert_no_error (error);
  plan = sq_tape_plan_new (model->graph);
  theta = g_new (float, plan->n);
  sq_tape_plan_read (plan, theta);
  for (gsize i = 0; i < plan->n; i++)
    theta[i] *= i % 3 == 0 ? .97f : 1.02f;
  graph = sq_tape_plan_apply (plan, theta);
  damaged = sq_model_derive (model, graph, &error);
  g_assert_no_error (error);
  for (int i = 0; i < 2; i++)
    {
      g_autoptr (SqGraph) better = sq_distil (damaged, model->graph, pictures, &options, &report, &silent, &error);
      g_autoptr (SqTapePlan) again = NULL;

      g_assert_no_error (error);
      again = sq_tape_plan_new (better);
      results[i] = g_new (float, again->n);
      sq_tape_plan_read (again, results[i]);
      g_assert_cmpuint (again->n, ==, plan->n);
      g_test_message ("error %g -> %g in %u steps", report.before, report.after, report.steps);
      g_assert_cmpfloat (report.after, <, .9 * report.before);
    }
  g_assert_cmpmem (results[0], plan->n * sizeof (float), results[1], plan->n * sizeof (float));
  g_free (results[1]);
}

static void
test_refused (void)
{
  g_autofree char *file = sq_test_data ("fixtures/onnx/yolox-nano.onnx"), *folder = sq_test_data ("images/demo");
  g_autoptr (GError) error = NULL;
  g_autoptr (SqModel) model = NULL;
  g_autoptr (SqGraph) other = build (SQ_ACT_SILU);
  g_autoptr (SqCalibration) pictures = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  SqRecipeProgress stopped = { .cancellable = cancellable, .to = 1 };
  SqDistilOptions options = { 0, 4, 1, .002 };
  SqDistilReport report;

  if (file == NULL || folder == NULL)
    return;
  model = sq_model_load (file, NULL, NULL, &error);
  pictures = sq_calibration_open (folder, 2, &silent, &error);
  g_assert_null (sq_distil (model, other, pictures, &options, &report, &silent, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_FORMAT);
  g_clear_error (&error);
  g_cancellable_cancel (cancellable);
  g_assert_null (sq_distil (model, model->graph, pictures, &options, &report, &stopped, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/distil/gradients", test_gradients);
  g_test_add_func ("/distil/recovers", test_recovers);
  g_test_add_func ("/distil/refused", test_refused);
  return g_test_run ();
}
