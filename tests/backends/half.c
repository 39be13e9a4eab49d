// SPDX-License-Identifier: GPL-3.0-or-later
// What the CPU does in bfloat16 against the plain reference in float32, and that nothing changes where the processor has none.
#include "quantised.h"

#include "engine/backends/backend.h"
#include "engine/backends/dnn.h"
#include "kernels/cpu.h"
#include "tests/common/data.h"

#include <math.h>
#include <string.h>

// Of the largest output. A rounding to 8 bits is off by .2 % of a number at most; the networks here do it up to eight times in a row, and
// in a sum of many such numbers most of it cancels.
#define TOLERANCE 1e-2

#define MAX_OUT 4

static void
run (const char *backend, const SqGraph *graph, const SqExecOptions *options, SqTensor *x, SqTensor **out, char **steps, char **note)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqExec) exec = sq_exec_new (sq_backend_find (backend), graph, options, &error);

  g_assert_no_error (error);
  sq_exec_run (exec, &x, out, &error);
  g_assert_no_error (error);
  if (steps != NULL)
    *steps = sq_exec_describe (exec);
  if (note != NULL)
    *note = g_strdup (exec->note);
}

static SqTensor *
picture (const SqGraph *graph)
{
  SqTensor *x = sq_tensor_new (SQ_F32, &sq_graph_value (graph, g_array_index (graph->inputs, int, 0))->shape);

  sq_test_fill (x, 77, -2, 2);
  return x;
}

// Takes the graph. `in_half`: steps that read bfloat16.
static void
compare (SqGraph *taken, guint in_half, const char *what)
{
  g_autoptr (SqGraph) graph = taken;
  g_autoptr (SqTensor) x = picture (graph);
  SqTensor *want[MAX_OUT] = { NULL }, *got[MAX_OUT] = { NULL };

  run ("ref", graph, NULL, x, want, NULL, NULL);
  for (int threads = 1; threads <= 2; threads++)
    {
      SqExecOptions options = { .threads = threads, .precision = SQ_PRECISION_HALF, .imitate_half = TRUE };
      g_autofree char *steps = NULL, *note = NULL;

      run ("cpu", graph, &options, x, got, &steps, &note);
      g_assert_null (note);
      if (threads == 1)
        g_test_message ("%s\n%s", what, steps);
      g_assert_cmpuint (sq_test_count_word (steps, " bf16 "), ==, in_half);
      for (guint i = 0; i < graph->outputs->len; i++)
        {
          double most = 0;

          for (gint64 k = 0; k < want[i]->n; k++)
            most = fmax (most, fabs (sq_tensor_get (want[i], k)));
          g_test_message ("%s, output %u: %.1e of the largest", what, i, sq_test_max_abs (got[i], want[i]) / most);
          g_assert_cmpfloat (sq_test_max_abs (got[i], want[i]), <=, TOLERANCE * most);
          sq_tensor_unref (got[i]);
        }
    }
  for (guint i = 0; i < graph->outputs->len; i++)
    sq_tensor_unref (want[i]);
}

static gboolean
is_here (void)
{
  if (sq_dnn_block () == 16)
    return TRUE;
  g_test_skip ("this processor has no AVX-512");
  return FALSE;
}

static int
input (SqGraph *graph, gint64 c, gint64 h, gint64 w)
{
  return sq_graph_add_input (graph, "x", SQ_F32, &SQ_SHAPE (1, c, h, w));
}

// Outputs as large as inputs.
static int
conv (SqGraph *graph, int x, gint64 oc, int side, int stride, int groups, SqActKind act, int residual)
{
  gint64 ic = sq_graph_value (graph, x)->shape.dim[1] / groups;
  SqTensor *w = sq_tensor_new (SQ_F32, &SQ_SHAPE (oc, ic, side, side)), *bias = sq_tensor_new (SQ_F32, &SQ_SHAPE (oc));
  SqParams p = { .conv = { { side, side }, { stride, stride }, { 1, 1 }, { side / 2, side / 2, side / 2, side / 2 }, .groups = groups } };
  int in[4] = { x, SQ_NO_VALUE, SQ_NO_VALUE, residual };

  p.conv.act = (SqAct){ act, act == SQ_ACT_LEAKY ? .1f : -1, 1 };
  sq_test_fill (w, graph->nodes->len + 1, -1.7 / sqrt ((double) (ic * side * side)), 1.7 / sqrt ((double) (ic * side * side)));
  sq_test_fill (bias, graph->nodes->len + 2, -.5, .5);
  in[1] = sq_graph_add_constant (graph, NULL, w);
  in[2] = sq_graph_add_constant (graph, NULL, bias);
  return sq_test_add (graph, &sq_op_conv, p, in, residual == SQ_NO_VALUE ? 3 : 4);
}

static int
head (SqGraph *graph, int x)
{
  return conv (graph, x, 12, 1, 1, 1, SQ_ACT_NONE, SQ_NO_VALUE);
}

// Between two others, so that it reads, adds and writes bfloat16. The first reads the plain input in floats.
static void
test_convolutions (void)
{
  static const struct
  {
    gint64 ic, oc;
    int side, stride, groups;
    gboolean floats; // groups of parts of blocks: nobody has code for it
  } cases[] = {
    { 16, 16, 3, 1, 1 },  { 24, 40, 3, 1, 1 },  { 20, 12, 3, 1, 1 },  { 32, 17, 1, 1, 1 }, { 40, 24, 3, 2, 1 },       { 16, 16, 5, 1, 1 },
    { 16, 16, 3, 1, 16 }, { 24, 24, 5, 2, 24 }, { 10, 10, 3, 1, 10 }, { 64, 32, 3, 1, 2 }, { 12, 18, 3, 1, 6, TRUE },
  };
  static const SqActKind acts[] = { SQ_ACT_NONE, SQ_ACT_RELU, SQ_ACT_LEAKY, SQ_ACT_SILU, SQ_ACT_SIGMOID, SQ_ACT_HARDSWISH, SQ_ACT_CLIP };

  if (!is_here ())
    return;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint a = 0; a < G_N_ELEMENTS (acts); a++)
      {
        SqGraph *graph = sq_graph_new ();
        g_autofree char *what = g_strdup_printf ("convolution %u, activation %u", i, a);
        int x = conv (graph, input (graph, 3, 11, 13), cases[i].ic, 3, 1, 1, SQ_ACT_SILU, SQ_NO_VALUE), y;
        int sum = conv (graph, x, cases[i].oc, 1, cases[i].stride, 1, SQ_ACT_NONE, SQ_NO_VALUE);

        y = conv (graph, x, cases[i].oc, cases[i].side, cases[i].stride, cases[i].groups, acts[a], SQ_NO_VALUE);
        y = conv (graph, y, cases[i].oc, 1, 1, 1, acts[a], sum);
        sq_graph_add_output (graph, head (graph, y));
        compare (graph, cases[i].floats ? 3 : 4, what);
      }
}

// Parts of concatenations in place, slices as pointers, pools, an upsampling, sums and products; at the end a number of channels that is
// no whole block.
static void
test_moves (void)
{
  static const SqParams pool = { .pool = { .kernel = { 5, 5 }, .stride = { 1, 1 }, .dilation = { 1, 1 }, .pad = { 2, 2, 2, 2 } } };
  static const SqParams half = { .pool = { TRUE, FALSE, FALSE, { 2, 2 }, { 2, 2 }, { 1, 1 } } };
  static const SqParams up = { .resize = { .coords = 1, .floor = TRUE, .height = 12, .width = 14, .scale_y = 2, .scale_x = 2 } };
  static const SqParams second = { .slice = { .start = { 0, 16 }, .step = { 1, 1, 1, 1 }, .size = { 1, 16, 12, 14 } } };
  static const SqParams add = { .binary = SQ_BINARY_ADD }, mul = { .binary = SQ_BINARY_MUL }, joined = { .axis = { 1 } };
  static const SqParams swish = { .act = { SQ_ACT_HARDSWISH } };
  SqGraph *graph;
  int x, a, b, c, d, two;
  SqTensor *number;

  if (!is_here ())
    return;
  graph = sq_graph_new ();
  number = sq_tensor_new (SQ_F32, &(SqShape){ 0 });
  sq_tensor_set (number, 0, .5);
  two = sq_graph_add_constant (graph, NULL, number);
  x = conv (graph, input (graph, 3, 12, 14), 32, 3, 1, 1, SQ_ACT_LEAKY, SQ_NO_VALUE);
  a = conv (graph, x, 32, 1, 1, 1, SQ_ACT_SILU, SQ_NO_VALUE);
  b = sq_test_add (graph, &sq_op_slice, second, &a, 1);
  c = conv (graph, b, 16, 3, 1, 1, SQ_ACT_SILU, b); // the sum behind the pass
  d = sq_test_add (graph, &sq_op_concat, joined, (int[]){ a, c, sq_test_add (graph, &sq_op_pool, pool, &b, 1) }, 3);
  d = conv (graph, d, 16, 1, 1, 1, SQ_ACT_LEAKY, SQ_NO_VALUE);
  d = sq_test_add (graph, &sq_op_resize, up, (int[]){ sq_test_add (graph, &sq_op_pool, half, &d, 1) }, 1);
  d = sq_test_add (graph, &sq_op_binary, add, (int[]){ d, c }, 2);
  d = sq_test_add (graph, &sq_op_binary, mul, (int[]){ sq_test_add (graph, &sq_op_act, swish, &d, 1), two }, 2);
  c = conv (graph, x, 20, 3, 1, 1, SQ_ACT_SILU, SQ_NO_VALUE);
  d = sq_test_add (graph, &sq_op_concat, joined, (int[]){ d, c }, 2);
  sq_graph_add_output (graph, head (graph, d));
  sq_graph_add_output (graph, c); // an output that others read in bfloat16
  compare (graph, 14, "moves");
}

// The last convolution's sums are not rounded, and what comes behind is floats.
static void
test_outputs (void)
{
  static const SqParams add = { .binary = SQ_BINARY_ADD };
  static const SqParams sigmoid = { .act = { SQ_ACT_SIGMOID } };
  g_autoptr (SqGraph) graph = NULL;
  g_autoptr (SqTensor) x = NULL, y = NULL;
  int a, b;
  guint more = 0;

  if (!is_here ())
    return;
  graph = sq_graph_new ();
  a = conv (graph, input (graph, 3, 12, 14), 32, 3, 1, 1, SQ_ACT_SILU, SQ_NO_VALUE);
  b = head (graph, conv (graph, a, 32, 3, 1, 1, SQ_ACT_SILU, SQ_NO_VALUE));
  b = sq_test_add (graph, &sq_op_binary, add, (int[]){ b, sq_test_add (graph, &sq_op_act, sigmoid, &b, 1) }, 2);
  sq_graph_add_output (graph, b);
  x = picture (graph);
  run ("cpu", graph, &(SqExecOptions){ .precision = SQ_PRECISION_HALF, .imitate_half = TRUE }, x, &y, NULL, NULL);
  for (gint64 i = 0; i < y->n; i++)
    {
      guint32 bits;

      memcpy (&bits, sq_tensor_f32 (y) + i, sizeof bits);
      more += (bits & 0xffff) != 0;
    }
  g_assert_cmpuint (more * 2, >, y->n);
  compare (sq_graph_copy (graph), 2, "outputs");
}

// A quantised network's rounding and 8-bit convolutions stay what they are; floats among them become bfloat16, also behind a rounding.
static void
test_quantised (void)
{
  static const SqExecOptions half = { .threads = 1, .precision = SQ_PRECISION_HALF, .imitate_half = TRUE }, floats = { .threads = 1 };
  g_autoptr (SqGraph) graph = NULL;
  g_autoptr (SqTensor) x = NULL;
  g_autofree char *steps = NULL, *usual = NULL;
  SqTensor *want[MAX_OUT] = { NULL }, *got[MAX_OUT] = { NULL };
  int y;

  if (!is_here ())
    return;
  graph = sq_test_quantised_network ();
  y = sq_test_round (graph, g_array_index (graph->outputs, int, 1), .03f, 20);
  y = conv (graph, y, 16, 3, 1, 1, SQ_ACT_SILU, SQ_NO_VALUE);
  sq_graph_add_output (graph, head (graph, sq_test_round (graph, y, .03f, 20)));
  x = picture (graph);
  run ("cpu", graph, &floats, x, want, &usual, NULL);
  run ("cpu", graph, &half, x, got, &steps, NULL);
  g_test_message ("%s", steps);
  g_assert_cmpuint (sq_test_count_word (steps, "conv8"), ==, sq_test_count_word (usual, "conv8"));
  g_assert_cmpuint (sq_test_count_word (steps, " bf16 "), ==, 2);
  for (guint i = 0; i < graph->outputs->len; i++)
    {
      // what is in 8 bits is the same; else a rounding may go the other way and reach the output through a weight
      g_assert_cmpfloat (sq_test_max_abs (got[i], want[i]), <=, i < 2 ? 0 : .05);
      sq_tensor_unref (want[i]);
      sq_tensor_unref (got[i]);
    }
}

// Without the instructions: the very numbers of float32, and a sentence about it.
static void
test_elsewhere (void)
{
  g_autoptr (SqGraph) graph = sq_graph_new ();
  g_autoptr (SqTensor) x = NULL, half = NULL, floats = NULL;
  g_autofree char *steps = NULL, *note = NULL, *none = NULL;
  int y = conv (graph, input (graph, 3, 12, 14), 32, 3, 1, 1, SQ_ACT_SILU, SQ_NO_VALUE);

  sq_graph_add_output (graph, head (graph, conv (graph, y, 32, 3, 1, 32, SQ_ACT_LEAKY, y)));
  x = picture (graph);
  sq_cpu_set_mask (~SQ_CPU_BF16);
  run ("cpu", graph, &(SqExecOptions){ .precision = SQ_PRECISION_HALF }, x, &half, &steps, &note);
  run ("cpu", graph, &(SqExecOptions){ .precision = SQ_PRECISION_F32 }, x, &floats, NULL, &none);
  sq_cpu_set_mask (~0u);
  g_assert_cmpmem (half->data, half->bytes, floats->data, floats->bytes);
  g_assert_null (strstr (steps, "bf16"));
  g_assert_nonnull (note);
  g_assert_nonnull (strstr (note, "bfloat16"));
  g_assert_null (none);
}

// With them, nobody has to ask the library to imitate anything.
static void
test_real (void)
{
  g_autoptr (SqGraph) graph = sq_graph_new ();
  g_autoptr (SqTensor) x = NULL, y = NULL;
  g_autofree char *steps = NULL, *note = NULL;

  sq_graph_add_output (graph, head (graph, conv (graph, input (graph, 3, 12, 14), 32, 3, 1, 1, SQ_ACT_SILU, SQ_NO_VALUE)));
  if ((sq_cpu_flags () & SQ_CPU_BF16) == 0)
    {
      g_test_skip ("this processor has no AVX-512 BF16");
      return;
    }
  x = picture (graph);
  run ("cpu", graph, &(SqExecOptions){ .precision = SQ_PRECISION_HALF }, x, &y, &steps, &note);
  g_test_message ("%s", steps);
  g_assert_cmpuint (sq_test_count_word (steps, " bf16 "), ==, 1);
  g_assert_null (note);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/backends/half/convolutions", test_convolutions);
  g_test_add_func ("/backends/half/moves", test_moves);
  g_test_add_func ("/backends/half/outputs", test_outputs);
  g_test_add_func ("/backends/half/quantised", test_quantised);
  g_test_add_func ("/backends/half/elsewhere", test_elsewhere);
  g_test_add_func ("/backends/half/real", test_real);
  return g_test_run ();
}
