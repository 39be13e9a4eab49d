// SPDX-License-Identifier: GPL-3.0-or-later
#include "networks.h"

#include "engine/backends/backend.h"
#include "engine/ops/op.h"
#include "tests/common/data.h"

int
sq_test_add (SqGraph *graph, const SqOp *op, const SqParams *params, const int *in, int n_in)
{
  g_autoptr (GError) error = NULL;
  int out[SQ_MAX_OUT];

  sq_graph_add (graph, op, params, in, n_in, out, &error);
  g_assert_no_error (error);
  return out[0];
}

int
sq_test_conv (SqGraph *graph, int x, gint64 channels, int kernel, int groups, SqActKind act, guint seed)
{
  gint64 c = sq_graph_value (graph, x)->shape.dim[1];
  SqTensor *w = sq_tensor_new (SQ_F32, &SQ_SHAPE (channels, c / groups, kernel, kernel)), *b = sq_tensor_new (SQ_F32, &SQ_SHAPE (channels));
  SqParams params = { .conv = {
                          .kernel = { kernel, kernel }, .stride = { 1, 1 }, .dilation = { 1, 1 }, .groups = groups, .act = { act } } };
  int in[3] = { x };

  for (int i = 0; i < 4; i++)
    params.conv.pad[i] = kernel / 2;
  sq_test_fill (w, seed, -.5, .5);
  sq_test_fill (b, seed + 100, -.1, .1);
  in[1] = sq_graph_add_constant (graph, NULL, w);
  in[2] = sq_graph_add_constant (graph, NULL, b);
  return sq_test_add (graph, &sq_op_conv, &params, in, 3);
}

int
sq_test_two (SqGraph *graph, const SqOp *op, SqParams params, int a, int b)
{
  int in[2] = { a, b };

  return sq_test_add (graph, op, &params, in, 2);
}

int
sq_test_slice_channels (SqGraph *graph, int x, gint64 start, gint64 size)
{
  const SqShape *s = &sq_graph_value (graph, x)->shape;
  SqParams p = { .slice = { .start = { 0, start, 0, 0 }, .step = { 1, 1, 1, 1 }, .size = { 1, size, s->dim[2], s->dim[3] } } };

  return sq_test_add (graph, &sq_op_slice, &p, &x, 1);
}

SqTensor *
sq_test_run (const SqGraph *graph, SqTensor *x)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqExec) exec = sq_exec_new (sq_backend_find ("ref"), graph, NULL, &error);
  SqTensor *out;

  g_assert_no_error (error);
  g_assert_true (sq_exec_run (exec, &x, &out, &error));
  return out;
}

float *
sq_test_weights_of (SqGraph *graph, int value, int k)
{
  g_autofree int *producer = sq_graph_producers (graph);

  return sq_tensor_f32 (sq_graph_value (graph, sq_graph_node (graph, (guint) producer[value])->in[k])->constant);
}
