// SPDX-License-Identifier: GPL-3.0-or-later
// Small networks of every kind a backend treats specially, against the reference backend. argv[1] names the backend.
#include "engine/backends/backend.h"
#include "engine/ops/op.h"
#include "engine/passes/pass.h"
#include "tests/common/data.h"
#include "tests/common/device.h"

#include <math.h>

static SqTestDevice device;

typedef struct
{
  SqGraph *graph;
  guint seed;
} Build;

static int
input (Build *b, gint64 c, gint64 h, gint64 w)
{
  return sq_graph_add_input (b->graph, NULL, SQ_F32, &SQ_SHAPE (1, c, h, w));
}

static int
constant (Build *b, SqShape shape, double low, double high)
{
  SqTensor *t = sq_tensor_new (SQ_F32, &shape);

  sq_test_fill (t, b->seed++, low, high);
  return sq_graph_add_constant (b->graph, NULL, t);
}

static int
add (Build *b, const SqOp *op, SqParams params, const int *in, int n)
{
  g_autoptr (GError) error = NULL;
  int out[SQ_MAX_OUT];

  sq_graph_add (b->graph, op, &params, in, n, out, &error);
  g_assert_no_error (error);
  return out[0];
}

static int
conv (Build *b, int x, int oc, int k, int stride, int groups, SqAct act, int residual)
{
  gint64 ic = sq_graph_value (b->graph, x)->shape.dim[1];
  SqParams p = { .conv = { { k, k }, { stride, stride }, { 1, 1 }, { k / 2, k / 2, k / 2, k / 2 }, .groups = groups, .act = act } };
  double size = 1 / sqrt ((double) ic / groups * k * k);
  int in[4] = { x, constant (b, SQ_SHAPE (oc, ic / groups, k, k), -size, size), constant (b, SQ_SHAPE (oc), -1, 1), residual };

  return add (b, &sq_op_conv, p, in, residual == SQ_NO_VALUE ? 3 : 4);
}

static int
unary (Build *b, const SqOp *op, SqParams params, int x)
{
  return add (b, op, params, &x, 1);
}

static int
slice_channels (Build *b, int x, gint64 first, gint64 count)
{
  SqShape s = sq_graph_value (b->graph, x)->shape;
  SqParams p = { 0 };

  for (int d = 0; d < 4; d++)
    {
      p.slice.step[d] = 1;
      p.slice.start[d] = d == 1 ? first : 0;
      p.slice.size[d] = d == 1 ? count : s.dim[d];
    }
  return unary (b, &sq_op_slice, p, x);
}

static int
concat (Build *b, const int *in, int n)
{
  return add (b, &sq_op_concat, (SqParams){ .axis = { 1 } }, in, n);
}

// Takes the graph: runs it on both and compares all outputs.
static void
compare (Build *b, double tolerance)
{
  g_autoptr (SqGraph) graph = b->graph;
  g_autoptr (SqExec) reference = NULL;
  g_autoptr (SqExec) exec = NULL;
  g_autoptr (GError) error = NULL;
  SqTensor *in[4] = { NULL }, *want[8] = { NULL }, *got[8] = { NULL };

  reference = sq_exec_new (sq_backend_find ("ref"), graph, NULL, &error);
  g_assert_no_error (error);
  exec = sq_exec_new (device.backend, graph, &device.options, &error);
  g_assert_no_error (error);
  for (guint run = 0; run < 2; run++) // twice: nothing of the first run may be left in the second
    {
      for (guint i = 0; i < graph->inputs->len; i++)
        {
          in[i] = sq_tensor_new (SQ_F32, &sq_graph_value (graph, g_array_index (graph->inputs, int, i))->shape);
          sq_test_fill (in[i], 100 + i + 10 * run, -2, 2);
        }
      g_assert_true (sq_exec_run (reference, in, want, &error));
      g_assert_true (sq_exec_run (exec, in, got, &error));
      for (guint i = 0; i < graph->outputs->len; i++)
        {
          double most = 0;

          g_assert_true (sq_shape_equal (&want[i]->shape, &got[i]->shape));
          for (gint64 k = 0; k < want[i]->n; k++)
            most = fmax (most, fabs (sq_tensor_get (want[i], k)));
          g_assert_cmpfloat (sq_test_max_abs (got[i], want[i]), <=, tolerance * device.tolerance * fmax (most, 1));
          sq_tensor_unref (want[i]);
          sq_tensor_unref (got[i]);
        }
      for (guint i = 0; i < graph->inputs->len; i++)
        sq_tensor_unref (in[i]);
    }
}

static void
test_convolutions (void)
{
  static const SqActKind acts[] = { SQ_ACT_NONE,    SQ_ACT_RELU,      SQ_ACT_LEAKY, SQ_ACT_SILU,
                                    SQ_ACT_SIGMOID, SQ_ACT_HARDSWISH, SQ_ACT_MISH,  SQ_ACT_CLIP };
  static const int shapes[][6] = {
    // ic, oc, kernel, stride, groups, side
    { 3, 16, 3, 2, 1, 21 },  { 3, 8, 6, 2, 1, 20 },   { 16, 16, 3, 1, 1, 19 },  { 24, 40, 3, 1, 1, 17 },  { 20, 12, 3, 1, 1, 16 },
    { 16, 85, 1, 1, 1, 13 }, { 32, 24, 1, 1, 1, 9 },  { 16, 16, 3, 1, 16, 15 }, { 24, 24, 5, 2, 24, 17 }, { 10, 10, 3, 1, 10, 9 },
    { 32, 32, 3, 1, 4, 11 }, { 12, 18, 3, 1, 6, 11 }, { 8, 1, 1, 1, 1, 5 },     { 64, 32, 3, 2, 1, 8 },   { 16, 16, 5, 1, 1, 12 },
  };

  for (guint s = 0; s < G_N_ELEMENTS (shapes); s++)
    for (guint a = 0; a < G_N_ELEMENTS (acts); a++)
      for (int with_residual = 0; with_residual < 2; with_residual++)
        {
          const int *t = shapes[s];
          Build b = { sq_graph_new (), s * 100 + a };
          int x = input (&b, t[0], t[5], t[5] + 2), side = (t[5] - 1) / t[3] + 1, r = SQ_NO_VALUE, y;

          if (t[2] % 2 == 0 && with_residual)
            {
              sq_graph_free (b.graph);
              continue;
            }
          if (with_residual)
            r = input (&b, t[1], side, (t[5] + 1) / t[3] + 1);
          y = conv (&b, x, t[1], t[2], t[3], t[4], (SqAct){ acts[a], acts[a] == SQ_ACT_LEAKY ? .1f : -1, 1 }, r);
          sq_graph_add_output (b.graph, y);
          compare (&b, 1e-4);
        }
}

// Chains keep the backend's own layout; odd channel counts and shared values force it out of it.
static void
test_concats (void)
{
  SqAct silu = { SQ_ACT_SILU };
  static const int widths[][3] = { { 16, 16, 16 }, { 8, 24, 16 }, { 16, 12, 4 }, { 5, 8, 3 }, { 16, 16, 5 } };

  for (guint i = 0; i < G_N_ELEMENTS (widths); i++)
    {
      Build b = { sq_graph_new (), i };
      int x = input (&b, 16, 11, 9), parts[4], y;

      for (int k = 0; k < 3; k++)
        parts[k] = conv (&b, x, widths[i][k], k == 1 ? 3 : 1, 1, 1, silu, SQ_NO_VALUE);
      parts[3] = parts[0]; // once more
      y = concat (&b, parts, 4);
      sq_graph_add_output (b.graph, conv (&b, y, 16, 3, 1, 1, silu, SQ_NO_VALUE));
      sq_graph_add_output (b.graph, parts[1]);                                      // an input of the concatenation that is an output too
      sq_graph_add_output (b.graph, concat (&b, (int[]){ parts[2], parts[0] }, 2)); // and inputs of a second one
      compare (&b, 1e-4);
    }
}

// The CSP block of YOLOv8: halves of one convolution and what grows from the second half, side by side.
static void
test_split_and_grow (void)
{
  SqAct silu = { SQ_ACT_SILU };

  for (int half = 8; half <= 20; half += 4)
    {
      Build b = { sq_graph_new (), (guint) half };
      int x = input (&b, 16, 12, 12), stem = conv (&b, x, 2 * half, 1, 1, 1, silu, SQ_NO_VALUE), parts[4];

      parts[0] = slice_channels (&b, stem, 0, half);
      parts[1] = slice_channels (&b, stem, half, half);
      parts[2] = conv (&b, conv (&b, parts[1], half, 3, 1, 1, silu, SQ_NO_VALUE), half, 3, 1, 1, silu, parts[1]);
      parts[3] = conv (&b, conv (&b, parts[2], half, 3, 1, 1, silu, SQ_NO_VALUE), half, 3, 1, 1, silu, parts[2]);
      sq_graph_add_output (b.graph, conv (&b, concat (&b, parts, 4), 24, 1, 1, 1, silu, SQ_NO_VALUE));
      compare (&b, 1e-4);
    }
}

static void
test_pools_and_resizes (void)
{
  for (int channels = 8; channels <= 20; channels += 6)
    {
      Build b = { sq_graph_new (), (guint) channels };
      int x = conv (&b, input (&b, 8, 13, 10), channels, 1, 1, 1, (SqAct){ SQ_ACT_LEAKY, .1f }, SQ_NO_VALUE), spp[4];
      SqParams pool = { .pool = { .kernel = { 5, 5 }, .stride = { 1, 1 }, .dilation = { 1, 1 }, .pad = { 2, 2, 2, 2 } } };
      SqParams up = { .resize = { FALSE, TRUE, 1, 26, 20, 2, 2 } }, linear = { .resize = { TRUE, FALSE, 0, 26, 20, 2, 2 } };
      SqParams average = { .pool = { TRUE, FALSE, FALSE, { 3, 3 }, { 2, 2 }, { 1, 1 }, { 1, 1, 1, 1 } } };

      spp[0] = x;
      for (int k = 1; k < 4; k++)
        spp[k] = unary (&b, &sq_op_pool, pool, spp[k - 1]);
      sq_graph_add_output (b.graph, concat (&b, spp, 4));
      sq_graph_add_output (b.graph, conv (&b, unary (&b, &sq_op_resize, up, x), 8, 3, 1, 1, (SqAct){ SQ_ACT_RELU }, SQ_NO_VALUE));
      sq_graph_add_output (b.graph, unary (&b, &sq_op_resize, linear, x));
      sq_graph_add_output (b.graph, unary (&b, &sq_op_pool, average, x));
      average.pool.count_pad = TRUE;
      sq_graph_add_output (b.graph, unary (&b, &sq_op_pool, average, x));
      pool.pool = (SqPoolParams){ .kernel = { 2, 2 }, .stride = { 2, 2 }, .dilation = { 1, 1 }, .pad = { 0, 0, 1, 1 } };
      sq_graph_add_output (b.graph, unary (&b, &sq_op_pool, pool, x));
      compare (&b, 1e-4);
    }
}

static void
test_elementwise (void)
{
  static const SqBinaryKind kinds[] = { SQ_BINARY_ADD, SQ_BINARY_SUB, SQ_BINARY_MUL, SQ_BINARY_DIV, SQ_BINARY_MAX };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      Build b = { sq_graph_new (), i };
      int x = conv (&b, input (&b, 8, 9, 7), 20, 1, 1, 1, (SqAct){ SQ_ACT_NONE }, SQ_NO_VALUE), y = input (&b, 20, 9, 7);
      SqParams kind = { .binary = kinds[i] };
      int channels = constant (&b, SQ_SHAPE (1, 20, 1, 1), 1, 2), one = constant (&b, (SqShape){ 0 }, 1, 2);
      int whole = constant (&b, SQ_SHAPE (1, 20, 9, 7), 1, 2), gate;
      SqParams mean = { .reduce = { SQ_REDUCE_MEAN, 1u << 2 | 1u << 3, TRUE } };

      y = unary (&b, &sq_op_act, (SqParams){ .act = { SQ_ACT_EXP } }, y); // nothing to divide by zero with
      sq_graph_add_output (b.graph, add (&b, &sq_op_binary, kind, (int[]){ x, y }, 2));
      sq_graph_add_output (b.graph, add (&b, &sq_op_binary, kind, (int[]){ x, channels }, 2));
      sq_graph_add_output (b.graph, add (&b, &sq_op_binary, kind, (int[]){ x, one }, 2));
      sq_graph_add_output (b.graph, add (&b, &sq_op_binary, kind, (int[]){ x, whole }, 2));
      gate = unary (&b, &sq_op_act, (SqParams){ .act = { SQ_ACT_SIGMOID } }, unary (&b, &sq_op_reduce, mean, x));
      sq_graph_add_output (b.graph, add (&b, &sq_op_binary, kind, (int[]){ x, gate }, 2)); // squeeze and excite
      compare (&b, 1e-4);
    }
}

static void
test_rounding (void)
{
  Build b = { sq_graph_new (), 5 };
  int x = conv (&b, input (&b, 8, 9, 7), 20, 1, 1, 1, (SqAct){ SQ_ACT_NONE }, SQ_NO_VALUE), y, scales[3];
  SqParams fake = { .fake_quant = { .04f, 120, 0, 255 } };

  y = unary (&b, &sq_op_fake_quant, fake, x);
  sq_graph_add_output (b.graph, y);
  sq_graph_add_output (b.graph, unary (&b, &sq_op_dynamic_round, (SqParams){ 0 }, x));
  scales[0] = x;
  for (int k = 0; k < 2; k++) // a scale and a zero point per channel, in whatever layout x has
    {
      scales[1] = constant (&b, SQ_SHAPE (20), .01, .05);
      scales[2] = constant (&b, SQ_SHAPE (20), 100, 100);
      sq_graph_add_output (b.graph, add (&b, &sq_op_fake_quant, fake, scales, 3));
      scales[0] = input (&b, 20, 9, 7);
    }
  compare (&b, .05); // a sum in another order may round to the neighbour
}

// What leaves the network: reshapes, transposes and slices of the last maps.
static void
test_heads (void)
{
  Build b = { sq_graph_new (), 9 };
  int x = conv (&b, input (&b, 16, 10, 10), 22, 1, 1, 1, (SqAct){ SQ_ACT_NONE }, SQ_NO_VALUE), flat, rows, top[2];
  SqParams p = { 0 };

  p.reshape.shape = SQ_SHAPE (1, 22, 100);
  flat = unary (&b, &sq_op_reshape, p, x);
  sq_graph_add_output (b.graph, flat);
  sq_graph_add_output (b.graph, x);
  p = (SqParams){ .transpose = { { 0, 2, 1 } } };
  rows = unary (&b, &sq_op_transpose, p, flat);
  sq_graph_add_output (b.graph, rows);
  p = (SqParams){ .slice = { { 0, 4, 0 }, { 1, 1, 1 }, { 1, 18, 100 } } };
  sq_graph_add_output (b.graph, unary (&b, &sq_op_act, (SqParams){ .act = { SQ_ACT_SIGMOID } }, unary (&b, &sq_op_slice, p, flat)));
  p = (SqParams){ .axis = { 1 } };
  sq_graph_add_output (b.graph, unary (&b, &sq_op_softmax, p, flat));
  p = (SqParams){ .topk = { 7, 1, TRUE } };
  g_assert_true (sq_graph_add (b.graph, &sq_op_topk, &p, &rows, 1, top, NULL));
  sq_graph_add_output (b.graph, top[0]);
  compare (&b, 1e-4);
}

// The default passes change nothing but the work.
static void
test_passes (void)
{
  Build b = { sq_graph_new (), 3 };
  int x = conv (&b, input (&b, 12, 14, 14), 16, 3, 1, 1, (SqAct){ SQ_ACT_NONE }, SQ_NO_VALUE), gate, y;
  SqParams mul = { .binary = SQ_BINARY_MUL }, plus = { .binary = SQ_BINARY_ADD };
  g_autoptr (GString) report = g_string_new (NULL);
  SqGraph *fused;

  y = add (&b, &sq_op_binary, mul, (int[]){ x, constant (&b, SQ_SHAPE (16, 1, 1), .5, 2) }, 2);
  y = add (&b, &sq_op_binary, plus, (int[]){ y, constant (&b, SQ_SHAPE (16, 1, 1), -1, 1) }, 2);
  gate = unary (&b, &sq_op_act, (SqParams){ .act = { SQ_ACT_SIGMOID } }, y);
  y = add (&b, &sq_op_binary, mul, (int[]){ y, gate }, 2);
  y = add (&b, &sq_op_binary, plus, (int[]){ conv (&b, y, 16, 3, 1, 1, (SqAct){ SQ_ACT_NONE }, SQ_NO_VALUE), y }, 2);
  sq_graph_add_output (b.graph, y);
  fused = sq_passes_apply_default (b.graph, report);
  g_test_message ("%s", report->str);
  g_assert_cmpuint (fused->nodes->len, ==, 2); // conv + silu, conv + sum
  {
    g_autoptr (SqExec) before = sq_exec_new (sq_backend_find ("ref"), b.graph, NULL, NULL);
    g_autoptr (SqExec) after = sq_exec_new (device.backend, fused, &device.options, NULL);
    g_autoptr (SqTensor) in = sq_tensor_new (SQ_F32, &SQ_SHAPE (1, 12, 14, 14));
    SqTensor *want, *got;

    sq_test_fill (in, 1, -2, 2);
    g_assert_true (sq_exec_run (before, &in, &want, NULL));
    g_assert_true (sq_exec_run (after, &in, &got, NULL));
    g_assert_cmpfloat (sq_test_max_abs (got, want), <=, 1e-4 * device.tolerance);
    sq_tensor_unref (want);
    sq_tensor_unref (got);
  }
  sq_graph_free (fused);
  sq_graph_free (b.graph);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    void (*test) (void);
  } tests[] = {
    { "convolutions", test_convolutions },
    { "concats", test_concats },
    { "split-and-grow", test_split_and_grow },
    { "pools", test_pools_and_resizes },
    { "elementwise", test_elementwise },
    { "rounding", test_rounding },
    { "heads", test_heads },
    { "passes", test_passes },
  };

  const char *id = argc > 1 ? argv[1] : "cpu";
  int result;

  g_test_init (&argc, &argv, NULL);
  sq_test_device_open (&device, id);
  if (device.missing != NULL)
    {
      g_print ("1..0 # SKIP this processor has no %s\n", device.missing);
      return 0;
    }
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *name = g_strdup_printf ("/backends/%s/%s", id, tests[i].name);

      g_test_add_func (name, tests[i].test);
    }
  result = g_test_run ();
  sq_test_device_close (&device);
  return result;
}
