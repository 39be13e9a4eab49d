// SPDX-License-Identifier: GPL-3.0-or-later
// Activations that exporters write as several operators become one again:
//   x * sigmoid (x)                       -> silu
//   x * hardsigmoid (x; 1/6, 1/2)         -> hardswish
//   x * clip (x + 3, 0, 6) / 6            -> hardswish
//   x * tanh (softplus (x))               -> mish
#include "engine/ops/op.h"
#include "pass.h"

#include <math.h>

typedef struct
{
  SqGraph *graph;
  int *producer;
} Context;

static const SqNode *
producer_of (const Context *c, int value, const SqOp *op)
{
  const SqNode *node;

  if (value == SQ_NO_VALUE || c->producer[value] < 0)
    return NULL;
  node = sq_graph_node (c->graph, c->producer[value]);
  return node->op == op ? node : NULL;
}

static gboolean
scalar_is (const Context *c, int value, float wanted)
{
  const SqTensor *t = value != SQ_NO_VALUE ? sq_graph_value (c->graph, value)->constant : NULL;

  return t != NULL && t->n == 1 && fabs (sq_tensor_get (t, 0) - wanted) <= 1e-4 * fabs (wanted);
}

// Is `gate` g (x) for one of the gates above?
static SqActKind
gate_of (const Context *c, int gate, int x)
{
  const SqNode *act = producer_of (c, gate, &sq_op_act);

  if (act == NULL)
    return SQ_ACT_NONE;
  if (act->params.act.kind == SQ_ACT_SIGMOID && act->in[0] == x)
    return SQ_ACT_SILU;
  if (act->params.act.kind == SQ_ACT_HARDSIGMOID && act->in[0] == x && fabsf (act->params.act.a - 1 / 6.f) < 1e-4f
      && fabsf (act->params.act.b - .5f) < 1e-4f)
    return SQ_ACT_HARDSWISH;
  if (act->params.act.kind == SQ_ACT_TANH)
    {
      const SqNode *inner = producer_of (c, act->in[0], &sq_op_act);

      if (inner != NULL && inner->params.act.kind == SQ_ACT_SOFTPLUS && inner->in[0] == x)
        return SQ_ACT_MISH;
    }
  return SQ_ACT_NONE;
}

// (x * clip (x + 3, 0, 6)) / 6, the division written as Div or as Mul by 1/6; returns x or SQ_NO_VALUE.
static int
split_hardswish (const Context *c, const SqNode *node)
{
  const SqNode *mul;

  if (!((node->params.binary == SQ_BINARY_DIV && scalar_is (c, node->in[1], 6))
        || (node->params.binary == SQ_BINARY_MUL && scalar_is (c, node->in[1], 1 / 6.f))))
    return SQ_NO_VALUE;
  mul = producer_of (c, node->in[0], &sq_op_binary);
  if (mul == NULL || mul->params.binary != SQ_BINARY_MUL)
    return SQ_NO_VALUE;
  for (int side = 0; side < 2; side++)
    {
      const SqNode *clip = producer_of (c, mul->in[side], &sq_op_act);
      const SqNode *plus = clip != NULL ? producer_of (c, clip->in[0], &sq_op_binary) : NULL;
      int x = mul->in[1 - side];

      if (plus != NULL && clip->params.act.kind == SQ_ACT_CLIP && clip->params.act.a == 0 && clip->params.act.b == 6
          && plus->params.binary == SQ_BINARY_ADD
          && ((plus->in[0] == x && scalar_is (c, plus->in[1], 3)) || (plus->in[1] == x && scalar_is (c, plus->in[0], 3))))
        return x;
    }
  return SQ_NO_VALUE;
}

static guint
run (SqGraph *graph)
{
  g_autofree int *producer = sq_graph_producers (graph);
  Context c = { graph, producer };
  guint changed = 0;

  for (guint i = 0; i < graph->nodes->len; i++)
    {
      SqNode *node = sq_graph_node (graph, i);
      SqActKind kind = SQ_ACT_NONE;
      int x = SQ_NO_VALUE;

      if (node->op != &sq_op_binary || sq_graph_value (graph, node->out[0])->dtype != SQ_F32)
        continue;
      if (node->params.binary == SQ_BINARY_MUL)
        for (int side = 0; side < 2 && kind == SQ_ACT_NONE; side++)
          {
            x = node->in[1 - side];
            kind = gate_of (&c, node->in[side], x);
          }
      if (kind == SQ_ACT_NONE && (x = split_hardswish (&c, node)) != SQ_NO_VALUE)
        kind = SQ_ACT_HARDSWISH;
      if (kind == SQ_ACT_NONE)
        continue;
      node->op = &sq_op_act;
      node->n_in = 1;
      node->in[0] = x;
      node->params = (SqParams){ .act = { kind } };
      changed++;
    }
  return changed;
}

const SqPass sq_pass_fuse_act = { "fuse_act", "activations recognised", run };
