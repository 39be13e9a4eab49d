// SPDX-License-Identifier: GPL-3.0-or-later
#include "quantised.h"

#include "engine/ops/op.h"
#include "tests/common/data.h"

#include <math.h>

#include <string.h>

int
sq_test_add (SqGraph *graph, const SqOp *op, SqParams params, const int *in, int n)
{
  g_autoptr (GError) error = NULL;
  int out[SQ_MAX_OUT];

  sq_graph_add (graph, op, &params, in, n, out, &error);
  g_assert_no_error (error);
  return out[0];
}

int
sq_test_round (SqGraph *graph, int x, float scale, float zero)
{
  return sq_test_add (graph, &sq_op_fake_quant, (SqParams){ .fake_quant = { scale, zero, 0, 255 } }, &x, 1);
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

int
sq_test_conv8 (SqGraph *graph, int x, gint64 k, int side, int stride, int groups, SqActKind act, int residual, guint seed)
{
  gint64 c = sq_graph_value (graph, x)->shape.dim[1];
  SqTensor *bias = sq_tensor_new (SQ_F32, &SQ_SHAPE (k));
  SqParams p = { .conv = { { side, side }, { stride, stride }, { 1, 1 }, { side / 2, side / 2, side / 2, side / 2 }, .groups = groups } };
  int in[4] = { x, weights (graph, k, c / groups, side, seed), 0, residual };

  p.conv.act.kind = act;
  sq_test_fill (bias, seed + 1, -.5, .5);
  in[2] = sq_graph_add_constant (graph, NULL, bias);
  return sq_test_add (graph, &sq_op_conv, p, in, residual == SQ_NO_VALUE ? 3 : 4);
}

SqGraph *
sq_test_quantised_network (void)
{
  SqGraph *graph = sq_graph_new ();
  int x = sq_graph_add_input (graph, "x", SQ_F32, &SQ_SHAPE (1, 3, 24, 32)), a, b, c, d;
  SqParams pool = { .pool = { .kernel = { 5, 5 }, .stride = { 1, 1 }, .dilation = { 1, 1 }, .pad = { 2, 2, 2, 2 } } };

  x = sq_test_round (graph, x, 1 / 64.f, 0);
  a = sq_test_round (graph, sq_test_conv8 (graph, x, 16, 3, 2, 1, SQ_ACT_SILU, SQ_NO_VALUE, 1), .02f, 14);
  b = sq_test_round (graph, sq_test_conv8 (graph, a, 16, 3, 1, 1, SQ_ACT_SILU, SQ_NO_VALUE, 3), .015f, 19);
  b = sq_test_round (graph, sq_test_conv8 (graph, b, 16, 1, 1, 1, SQ_ACT_HARDSWISH, a, 5), .03f, 20);
  c = sq_test_round (graph, sq_test_conv8 (graph, b, 16, 5, 1, 16, SQ_ACT_RELU, SQ_NO_VALUE, 7), .02f, 0);
  d = sq_test_round (graph, sq_test_add (graph, &sq_op_pool, pool, &b, 1), .03f, 20);
  c = sq_test_round (graph, sq_test_add (graph, &sq_op_concat, (SqParams){ .axis = { 1 } }, (int[]){ c, d, a }, 3), .03f, 25);
  c = sq_test_conv8 (graph, c, 20, 3, 2, 1, SQ_ACT_LEAKY, SQ_NO_VALUE, 9);
  sq_graph_add_output (graph, c);
  sq_graph_add_output (graph, b);
  return graph;
}

guint
sq_test_count_word (const char *text, const char *word)
{
  guint n = 0;

  for (const char *at = text; (at = strstr (at, word)) != NULL; at++)
    n++;
  return n;
}
