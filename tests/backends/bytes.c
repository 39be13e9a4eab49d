// SPDX-License-Identifier: GPL-3.0-or-later
// What the CPU does in 8 bits against the plain reference: every number within one quantum, nearly all the same, and really in 8 bits.
#include "quantised.h"

#include "engine/backends/backend.h"
#include "engine/backends/dnn.h"
#include "tests/common/data.h"

#include <math.h>
#include <string.h>

#define SCALE .02f

static SqTensor *
run (const char *backend, const SqGraph *graph, SqTensor *x, int threads, char **steps)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqExec) exec = sq_exec_new (sq_backend_find (backend), graph, &(SqExecOptions){ .threads = threads }, &error);
  SqTensor *out[4] = { NULL };

  g_assert_no_error (error);
  sq_exec_run (exec, &x, out, &error);
  g_assert_no_error (error);
  if (steps != NULL)
    *steps = sq_exec_describe (exec);
  for (guint k = 1; k < graph->outputs->len; k++)
    sq_tensor_unref (out[k]);
  return out[0];
}

// `quantum`: of the last rounding; 0: none, floats that only summation order may change.
static void
compare (const SqGraph *graph, float quantum, guint in_bytes)
{
  const SqShape *shape = &sq_graph_value (graph, g_array_index (graph->inputs, int, 0))->shape;
  g_autoptr (SqTensor) x = sq_tensor_new (SQ_F32, shape), want = NULL;

  sq_test_fill (x, 77, -1, 3);
  want = run ("ref", graph, x, 0, NULL);
  for (int threads = 1; threads <= 3; threads += 2)
    {
      g_autofree char *steps = NULL;
      g_autoptr (SqTensor) got = run ("cpu", graph, x, threads, &steps);
      gint64 n_off = 0;

      for (gint64 i = 0; i < got->n; i++)
        {
          float off = fabsf (sq_tensor_f32 (got)[i] - sq_tensor_f32 (want)[i]);

          g_assert_cmpfloat (off, <=, quantum * 1.01f + 1e-4f * (1 + fabsf (sq_tensor_f32 (want)[i])));
          n_off += off > quantum / 2 && quantum > 0;
        }
      g_assert_cmpint (n_off * 200, <=, got->n); // exactly between two whole numbers either is right
      g_assert_cmpuint (sq_test_count_word (steps, "conv8") + sq_test_count_word (steps, "depthwise8"), ==, in_bytes);
    }
}

static int
input (SqGraph *graph, gint64 c, gint64 h, gint64 w)
{
  return sq_graph_add_input (graph, "x", SQ_F32, &SQ_SHAPE (1, c, h, w));
}

// Per channel: a scale and a zero point each.
static int
round_channels (SqGraph *graph, int x)
{
  gint64 c = sq_graph_value (graph, x)->shape.dim[1];
  SqTensor *scale = sq_tensor_new (SQ_F32, &SQ_SHAPE (c)), *zero = sq_tensor_new (SQ_F32, &SQ_SHAPE (c));
  int in[3] = { x };

  for (gint64 i = 0; i < c; i++)
    {
      sq_tensor_f32 (scale)[i] = .01f + .001f * (float) i;
      sq_tensor_f32 (zero)[i] = (float) (100 + i);
    }
  in[1] = sq_graph_add_constant (graph, NULL, scale);
  in[2] = sq_graph_add_constant (graph, NULL, zero);
  return sq_test_add (graph, &sq_op_fake_quant, (SqParams){ .fake_quant = { 1, 0, 0, 255 } }, in, 3);
}

static void
test_single (void)
{
  static const struct
  {
    gint64 ic, oc, h, w;
    int side, stride;
    SqActKind act;
  } cases[] = {
    { 3, 16, 20, 21, 3, 2, SQ_ACT_SILU },  { 16, 24, 13, 13, 1, 1, SQ_ACT_LEAKY },    { 12, 20, 9, 11, 3, 1, SQ_ACT_RELU },
    { 64, 8, 26, 26, 1, 1, SQ_ACT_NONE },  { 8, 40, 24, 24, 1, 1, SQ_ACT_HARDSWISH }, { 3, 8, 30, 30, 5, 1, SQ_ACT_SIGMOID },
    { 32, 32, 48, 50, 1, 1, SQ_ACT_SILU }, { 32, 48, 16, 17, 3, 2, SQ_ACT_NONE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (int rounded = 0; rounded < 2; rounded++)
      {
        g_autoptr (SqGraph) graph = sq_graph_new ();
        int x = sq_test_round (graph, input (graph, cases[i].ic, cases[i].h, cases[i].w), SCALE, 50);

        x = sq_test_conv8 (graph, x, cases[i].oc, cases[i].side, cases[i].stride, 1, cases[i].act, SQ_NO_VALUE, 3 * i);
        if (rounded) // so that somebody reads the bytes
          x = sq_test_conv8 (graph, sq_test_round (graph, x, SCALE, 60), 8, 1, 1, 1, SQ_ACT_NONE, SQ_NO_VALUE, 5);
        sq_graph_add_output (graph, x);
        compare (graph, rounded ? .01f : 0, rounded ? 2 : 1);
      }
}

static void
test_depthwise (void)
{
  for (int side = 3; side <= 5; side += 2)
    for (int stride = 1; stride <= 2; stride++)
      {
        g_autoptr (SqGraph) graph = sq_graph_new ();
        int x = round_channels (graph, input (graph, 20, 19, 23));

        x = sq_test_conv8 (graph, x, 20, side, stride, 20, SQ_ACT_SILU, SQ_NO_VALUE, 1);
        sq_graph_add_output (graph, x);
        compare (graph, 0, 1);
      }
}

// Parts of a concatenation keep their scales; bytes go through a pool, an upsampling and a slice; a sum in bytes and one in floats.
static void
test_moves (void)
{
  g_autoptr (SqGraph) graph = sq_graph_new ();
  int x = sq_test_round (graph, input (graph, 16, 12, 14), SCALE, 50), a, b, c, up;
  SqParams pool = { .pool = { .kernel = { 3, 3 }, .stride = { 2, 2 }, .dilation = { 1, 1 }, .pad = { 1, 1, 1, 1 } } };
  SqParams slice = { .slice = { .start = { 0, 16, 0, 0 }, .step = { 1, 1, 1, 1 }, .size = { 1, 16, 12, 14 } } };
  SqParams resize = { .resize = { .coords = 1, .floor = TRUE, .height = 12, .width = 14, .scale_y = 2, .scale_x = 2 } };

  a = sq_test_round (graph, sq_test_conv8 (graph, x, 16, 5, 1, 1, SQ_ACT_SILU, SQ_NO_VALUE, 1), .03f, 20);
  b = sq_test_round (graph, sq_test_conv8 (graph, a, 16, 1, 1, 1, SQ_ACT_LEAKY, x, 3), .05f, 90); // a sum in bytes
  up = sq_test_add (graph, &sq_op_resize, resize, (int[]){ sq_test_add (graph, &sq_op_pool, pool, &b, 1) }, 1);
  c = sq_test_add (graph, &sq_op_concat, (SqParams){ .axis = { 1 } }, (int[]){ a, b, up }, 3);
  c = sq_test_add (graph, &sq_op_slice, slice, &c, 1);
  c = sq_test_conv8 (graph, c, 16, 5, 1, 1, SQ_ACT_NONE, SQ_NO_VALUE, 5); // of b alone
  up = sq_test_conv8 (graph, sq_test_add (graph, &sq_op_concat, (SqParams){ .axis = { 1 } }, (int[]){ up, a, x }, 3), 24, 5, 1, 1,
                      SQ_ACT_SILU, SQ_NO_VALUE, 7); // three scales
  c = sq_test_add (graph, &sq_op_concat, (SqParams){ .axis = { 1 } }, (int[]){ c, up }, 2);
  sq_graph_add_output (graph, c);
  compare (graph, .15f, 4); // a quantum further up changes a sum by some of its weights
}

// Nothing a stranger's file says makes a byte of what is none.
static void
test_odd_grids (void)
{
  static const float odd[][4] = { { 0, 0, 0, 255 },   { 1e-38f, 0, 0, 255 },   { .02f, 300, 0, 255 }, { .02f, .5f, 0, 255 },
                                  { .02f, 0, 0, 15 }, { .02f, -5, -128, 127 }, { .02f, 3, -100, 155 } };

  for (guint i = 0; i < G_N_ELEMENTS (odd); i++)
    {
      g_autoptr (SqGraph) graph = sq_graph_new ();
      g_autoptr (SqTensor) x = sq_tensor_new (SQ_F32, &SQ_SHAPE (1, 8, 5, 5)), y = NULL;
      g_autofree char *steps = NULL;
      int v = input (graph, 8, 5, 5);
      SqParams p = { .fake_quant = { odd[i][0], odd[i][1], odd[i][2], odd[i][3] } };

      v = sq_test_conv8 (graph, sq_test_add (graph, &sq_op_fake_quant, p, &v, 1), 8, 1, 1, 1, SQ_ACT_NONE, SQ_NO_VALUE, 1);
      sq_graph_add_output (graph, v);
      sq_test_fill (x, 5, -1, 2);
      y = run ("cpu", graph, x, 1, &steps);
      g_assert_cmpuint (sq_test_count_word (steps, "conv8"), ==, i == 5 ? 1 : 0);
      if (i == 5)
        compare (graph, 0, 1);
    }
}

static void
test_network (void)
{
  g_autoptr (SqGraph) graph = sq_test_quantised_network ();

  compare (graph, .1f, sq_dnn_block () == 8 ? 4 : 5); // there is a faster way in floats
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/backends/bytes/single", test_single);
  g_test_add_func ("/backends/bytes/depthwise", test_depthwise);
  g_test_add_func ("/backends/bytes/moves", test_moves);
  g_test_add_func ("/backends/bytes/odd-grids", test_odd_grids);
  g_test_add_func ("/backends/bytes/network", test_network);
  return g_test_run ();
}
