// SPDX-License-Identifier: GPL-3.0-or-later
// Quantised networks of other tools, as float networks that round where they do:
//   dequantize (quantize (x, s, z), s, z)                                        -> fake_quant (x)
//   cast (conv_integer (q, w, zx, zw)), q of x by dynamic_quantize               -> conv (dynamic_round (x), w - zw)
//   cast (q) - cast (z), both of x by dynamic_quantize                           -> dynamic_round (x)
// The sums of the second are integers, nearly always below 2^24, where float32 is exact: the same numbers as the integer network's.
#include "engine/ops/op.h"
#include "pass.h"

typedef struct
{
  SqGraph *graph;
  GPtrArray *old; // the nodes before
  int *producer;  // index into old
  int *alias;     // value -> value that replaces it
  int *rounded;   // per dynamic_quantize node of old: the dynamic_round's output, or SQ_NO_VALUE
} Context;

static const SqNode *
made_by (const Context *c, int value, const SqOp *op)
{
  const SqNode *node = value == SQ_NO_VALUE || c->producer[value] < 0 ? NULL : g_ptr_array_index (c->old, c->producer[value]);

  return node != NULL && node->op == op ? node : NULL;
}

static const SqTensor *
constant (const Context *c, int value)
{
  return value == SQ_NO_VALUE ? NULL : sq_graph_value (c->graph, value)->constant;
}

static int
current (const Context *c, int value)
{
  return value == SQ_NO_VALUE ? value : c->alias[value];
}

static gboolean
same_numbers (const SqTensor *a, const SqTensor *b)
{
  gboolean same = a != NULL && b != NULL && a->n == b->n;

  for (gint64 i = 0; same && i < a->n; i++)
    same = sq_tensor_get (a, i) == sq_tensor_get (b, i);
  return same;
}

static gboolean
has_zero (const SqTensor *t)
{
  for (gint64 i = 0; i < t->n; i++)
    if (sq_tensor_get (t, i) == 0)
      return TRUE;
  return FALSE;
}

// One number per channel, as a constant of its own.
static int
per_channel (Context *c, const SqTensor *t, gint64 n)
{
  SqTensor *real = sq_tensor_new (SQ_F32, &SQ_SHAPE (n));

  for (gint64 i = 0; t != NULL && i < n; i++)
    sq_tensor_f32 (real)[i] = (float) sq_tensor_get (t, i);
  return sq_graph_add_constant (c->graph, NULL, real);
}

static gboolean
rewrite_qdq (Context *c, const SqNode *node)
{
  const SqNode *q = node->op == &sq_op_dequantize ? made_by (c, node->in[0], &sq_op_quantize) : NULL;
  const SqTensor *zero, *scale;
  SqParams params = { 0 };
  gboolean is_signed;
  int in[3], y;

  if (q == NULL)
    return FALSE;
  scale = constant (c, node->in[1]);
  zero = node->n_in > 2 ? constant (c, node->in[2]) : NULL;
  if (!same_numbers (scale, constant (c, q->in[1])) || scale->n < 1 || has_zero (scale)
      || (zero != NULL && !same_numbers (zero, q->n_in > 2 ? constant (c, q->in[2]) : NULL))
      || (scale->n > 1 && (node->params.axis.axis != 1 || q->params.axis.axis != 1)))
    return FALSE;
  is_signed = sq_graph_value (c->graph, node->in[0])->dtype == SQ_I8;
  params.fake_quant.scale = (float) sq_tensor_get (scale, 0);
  params.fake_quant.zero = zero != NULL ? (float) sq_tensor_get (zero, 0) : 0;
  params.fake_quant.low = is_signed ? -128 : 0;
  params.fake_quant.high = is_signed ? 127 : 255;
  in[0] = current (c, q->in[0]);
  in[1] = scale->n > 1 ? per_channel (c, scale, scale->n) : SQ_NO_VALUE;
  in[2] = scale->n > 1 ? per_channel (c, zero, scale->n) : SQ_NO_VALUE;
  if (!sq_graph_add (c->graph, &sq_op_fake_quant, &params, in, scale->n > 1 ? 3 : 1, &y, NULL))
    return FALSE;
  c->alias[node->out[0]] = y;
  return TRUE;
}

// w - zero as float, one zero point for all or per output channel; NULL where they do not fit.
static SqTensor *
float_weights (const SqTensor *w, const SqTensor *zero)
{
  gint64 channels = w->shape.dim[0], per = w->n / MAX (channels, 1);
  SqTensor *real = zero != NULL && zero->n != 1 && zero->n != channels ? NULL : sq_tensor_new (SQ_F32, &w->shape);

  for (gint64 i = 0; real != NULL && i < w->n; i++)
    sq_tensor_f32 (real)[i] = (float) (sq_tensor_get (w, i) - (zero == NULL ? 0 : sq_tensor_get (zero, zero->n == 1 ? 0 : i / per)));
  return real;
}

// The dynamic_round that replaces a dynamic_quantize, made at its first use.
static int
rounded (Context *c, const SqNode *quantize)
{
  static const SqParams none;
  int *known = &c->rounded[c->producer[quantize->out[0]]], x = current (c, quantize->in[0]), out[2];

  if (*known == SQ_NO_VALUE && sq_graph_add (c->graph, &sq_op_dynamic_round, &none, &x, 1, out, NULL))
    {
      *known = out[0];
      c->alias[quantize->out[1]] = out[1];
    }
  return *known;
}

static gboolean
rewrite_dynamic (Context *c, const SqNode *node)
{
  const SqNode *conv = node->op == &sq_op_cast && node->params.cast.to == SQ_F32 ? made_by (c, node->in[0], &sq_op_conv_integer) : NULL;
  const SqNode *quantize = conv != NULL ? made_by (c, conv->in[0], &sq_op_dynamic_quantize) : NULL;
  const SqTensor *w = conv != NULL ? constant (c, conv->in[1]) : NULL;
  SqTensor *real;
  int in[2], y;

  if (quantize == NULL || w == NULL || conv->in[0] != quantize->out[0] || conv->n_in < 3 || conv->in[2] != quantize->out[2]
      || (conv->n_in > 3 && conv->in[3] != SQ_NO_VALUE && constant (c, conv->in[3]) == NULL)
      || (real = float_weights (w, conv->n_in > 3 ? constant (c, conv->in[3]) : NULL)) == NULL)
    return FALSE;
  in[1] = sq_graph_add_constant (c->graph, NULL, real);
  in[0] = rounded (c, quantize);
  if (in[0] == SQ_NO_VALUE || !sq_graph_add (c->graph, &sq_op_conv, &conv->params, in, 2, &y, NULL))
    return FALSE;
  c->alias[node->out[0]] = y;
  return TRUE;
}

// cast (q) - cast (zero point), as files written here have it: the integers that an integer convolution sees.
static gboolean
rewrite_rounded (Context *c, const SqNode *node)
{
  const SqNode *part[2] = { NULL }, *quantize = NULL;

  if (node->op != &sq_op_binary || node->params.binary != SQ_BINARY_SUB)
    return FALSE;
  for (int i = 0; i < 2; i++)
    {
      part[i] = made_by (c, node->in[i], &sq_op_cast);
      quantize = part[i] != NULL && part[i]->params.cast.to == SQ_F32 ? made_by (c, part[i]->in[0], &sq_op_dynamic_quantize) : NULL;
      if (quantize == NULL || quantize->out[2 * i] != part[i]->in[0])
        return FALSE;
    }
  if (made_by (c, part[0]->in[0], &sq_op_dynamic_quantize) != quantize)
    return FALSE;
  c->alias[node->out[0]] = rounded (c, quantize);
  return c->alias[node->out[0]] != SQ_NO_VALUE;
}

static guint
run (SqGraph *graph)
{
  guint n_values = graph->values->len, changed = 0;
  g_autofree int *producer = sq_graph_producers (graph), *alias = g_new (int, n_values), *rounded = g_new (int, MAX (graph->nodes->len, 1));
  g_autoptr (GPtrArray) old = g_steal_pointer (&graph->nodes);
  Context c = { graph, old, producer, alias, rounded };

  graph->nodes = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < n_values; i++)
    alias[i] = (int) i;
  for (guint i = 0; i < old->len; i++)
    rounded[i] = SQ_NO_VALUE;
  for (guint i = 0; i < old->len; i++)
    {
      const SqNode *node = g_ptr_array_index (old, i);
      SqNode *copy;

      if (rewrite_qdq (&c, node) || rewrite_dynamic (&c, node) || rewrite_rounded (&c, node))
        {
          changed++;
          continue;
        }
      copy = g_memdup2 (node, sizeof *node);
      for (int k = 0; k < copy->n_in; k++)
        copy->in[k] = current (&c, copy->in[k]);
      g_ptr_array_add (graph->nodes, copy);
    }
  for (guint i = 0; i < graph->outputs->len; i++)
    {
      int id = g_array_index (graph->outputs, int, i);
      SqValue *value = sq_graph_value (graph, current (&c, id));

      if (current (&c, id) == id)
        continue;
      g_free (value->name);
      value->name = g_strdup (sq_graph_value (graph, id)->name);
      g_array_index (graph->outputs, int, i) = current (&c, id);
    }
  return changed;
}

const SqPass sq_pass_fuse_fake_quant = { "fuse_fake_quant", "quantised layers read as rounding float layers", run };
