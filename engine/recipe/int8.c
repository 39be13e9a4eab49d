// SPDX-License-Identifier: GPL-3.0-or-later
#include "int8.h"

#include "engine/ops/op.h"
#include "ranges.h"
#include "rounding.h"
#include <string.h>

typedef struct
{
  const SqModel *model;
  const SqGraph *graph;
  int *producer;
  gboolean *stored;    // per value: kept in 8 bits
  gboolean *shared;    // per value: somebody other than a depthwise convolution reads it
  gboolean *seen;      // per value, of one walk
  gboolean *quantised; // per node: a convolution in 8 bits
  GArray *ranges;      // SqRange
  GArray *convs;       // SqRoundedConv
} Plan;

static void
plan_init (Plan *self, const SqModel *model)
{
  const SqGraph *graph = model->graph;

  *self = (Plan){ .model = model, .graph = graph };
  self->producer = sq_graph_producers (graph);
  self->stored = g_new0 (gboolean, graph->values->len);
  self->shared = g_new0 (gboolean, graph->values->len);
  self->seen = g_new0 (gboolean, graph->values->len);
  self->quantised = g_new0 (gboolean, MAX (graph->nodes->len, 1));
  self->ranges = g_array_new (FALSE, FALSE, sizeof (SqRange));
  self->convs = g_array_new (FALSE, FALSE, sizeof (SqRoundedConv));
  g_array_set_clear_func (self->ranges, (GDestroyNotify) sq_range_clear);
  g_array_set_clear_func (self->convs, (GDestroyNotify) sq_rounded_conv_clear);
}

static void
plan_clear (Plan *self)
{
  g_array_unref (self->ranges);
  g_array_unref (self->convs);
  g_free (self->producer);
  g_free (self->stored);
  g_free (self->shared);
  g_free (self->seen);
  g_free (self->quantised);
}

// Hands on the numbers it gets.
static gboolean
moves (const SqNode *node)
{
  return node->op == &sq_op_concat || node->op == &sq_op_slice || node->op == &sq_op_reshape || node->op == &sq_op_transpose
         || (node->op == &sq_op_pool && !node->params.pool.average) || (node->op == &sq_op_resize && !node->params.resize.linear);
}

// Makes numbers of a network's body. A softmax before a convolution is a head that computes boxes; others are arithmetic of some kind.
static gboolean
makes_features (const SqNode *node)
{
  return node == NULL || node->op == &sq_op_conv || node->op == &sq_op_conv_transpose || node->op == &sq_op_binary || node->op == &sq_op_act
         || node->op == &sq_op_pool || node->op == &sq_op_resize || node->op == &sq_op_matmul;
}

// All values that flow into `value` without arithmetic: FALSE where one of them must stay float. With `mark`, they are stored.
static gboolean
walk (Plan *plan, int value, gboolean mark)
{
  const SqNode *node = plan->producer[value] < 0 ? NULL : sq_graph_node (plan->graph, (guint) plan->producer[value]);
  const SqValue *v = sq_graph_value (plan->graph, value);

  if (plan->seen[value]) // branchy networks have very many paths
    return TRUE;
  plan->seen[value] = TRUE;
  if (v->constant != NULL || v->dtype != SQ_F32)
    return FALSE;
  if (node == NULL || !moves (node))
    {
      plan->stored[value] = plan->stored[value] || mark;
      return makes_features (node);
    }
  for (int k = 0; k < node->n_in; k++)
    if (!walk (plan, node->in[k], mark))
      return FALSE;
  return TRUE;
}

static gboolean
is_depthwise (const Plan *plan, const SqNode *conv)
{
  return conv->params.conv.groups > 1 && conv->params.conv.groups == sq_graph_value (plan->graph, conv->in[0])->shape.dim[1];
}

static gboolean
is_candidate (const Plan *plan, const SqNode *node)
{
  const SqShape *x, *y;

  if (node->op != &sq_op_conv)
    return FALSE;
  x = &sq_graph_value (plan->graph, node->in[0])->shape;
  y = &sq_graph_value (plan->graph, node->out[0])->shape;
  return sq_graph_value (plan->graph, node->in[1])->constant != NULL && x->dim[0] == 1 && y->dim[2] * y->dim[3] > 1;
}

static void
find_convs (Plan *plan, SqInt8Report *report)
{
  gsize bytes = plan->graph->values->len * sizeof plan->seen[0];

  for (guint i = 0; i < plan->graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (plan->graph, i);
      SqRoundedConv conv = { .node = i };

      report->n_convs += node->op == &sq_op_conv;
      if (!is_candidate (plan, node))
        continue;
      memset (plan->seen, 0, bytes);
      if (!walk (plan, node->in[0], FALSE))
        continue;
      memset (plan->seen, 0, bytes);
      walk (plan, node->in[0], TRUE);
      plan->quantised[i] = TRUE;
      g_array_append_val (plan->convs, conv);
    }
  for (guint i = 0; i < plan->graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (plan->graph, i);

      for (int k = 0; k < node->n_in; k++)
        if (node->in[k] != SQ_NO_VALUE && !(k == 0 && plan->quantised[i] && is_depthwise (plan, node)))
          plan->shared[node->in[k]] = TRUE;
    }
  report->n_quantised = plan->convs->len;
}

// Pixels of the network's input are whole numbers already where all channels are scaled alike.
static gboolean
range_of_pixels (const SqModel *model, SqRange *range)
{
  const SqInputSpec *spec = &model->input;

  for (int c = 0; c < 3; c++)
    if (spec->mean[c] != 0 || spec->scale[c] != spec->scale[0] || !(spec->scale[c] > 0))
      return FALSE;
  range->n = 1;
  range->scale = g_memdup2 (spec->scale, sizeof spec->scale[0]);
  range->zero = g_new0 (float, 1);
  return TRUE;
}

static gboolean
measure (Plan *plan, const SqCalibration *pictures, gboolean depthwise, const SqRecipeProgress *progress, SqInt8Report *report,
         GError **error)
{
  int input = g_array_index (plan->graph->inputs, int, 0);
  SqRange pixels = { .value = input };
  gboolean known = plan->stored[input] && range_of_pixels (plan->model, &pixels);

  for (guint v = 0; v < plan->graph->values->len; v++)
    {
      SqRange range = { .value = (int) v, .per_channel = depthwise && !plan->shared[v] };

      if (!plan->stored[v])
        continue;
      report->n_values++;
      report->n_channelwise += range.per_channel;
      if (!known || (int) v != input)
        g_array_append_val (plan->ranges, range);
    }
  if (!sq_ranges_measure (plan->model, pictures, (SqRange *) (gpointer) plan->ranges->data, plan->ranges->len, progress, error))
    {
      sq_range_clear (&pixels);
      return FALSE;
    }
  if (known)
    g_array_append_val (plan->ranges, pixels);
  return TRUE;
}

// Inserts the rounding of `value`; returns what its readers read from now on.
static int
store (SqGraph *to, const SqRange *range, int value)
{
  SqParams params = { .fake_quant = { range->scale[0], range->zero[0], 0, 255 } };
  int in[3] = { value, SQ_NO_VALUE, SQ_NO_VALUE }, out;
  const float *numbers[2] = { range->scale, range->zero };

  for (int k = 0; range->per_channel && k < 2; k++)
    {
      SqTensor *tensor = sq_tensor_new (SQ_F32, &SQ_SHAPE (range->n));

      memcpy (tensor->data, numbers[k], tensor->bytes);
      in[1 + k] = sq_graph_add_constant (to, NULL, tensor);
    }
  return sq_graph_add (to, &sq_op_fake_quant, &params, in, range->per_channel ? 3 : 1, &out, NULL) ? out : value;
}

static SqTensor *
weights_of (const SqTensor *w, const SqRoundedConv *conv)
{
  SqTensor *tensor = sq_tensor_new (SQ_F32, &w->shape);
  gint64 channels = w->shape.dim[0], per = w->n / channels;

  tensor->grid = g_malloc (sizeof *tensor->grid + (gsize) channels * sizeof (float));
  tensor->grid->axis = 0;
  tensor->grid->n = channels;
  memcpy (tensor->grid->scale, conv->scale, (gsize) channels * sizeof (float));
  for (gint64 i = 0; i < w->n; i++)
    sq_tensor_f32 (tensor)[i] = conv->scale[i / per] * (float) conv->q[i];
  return tensor;
}

// The graph again, with stored values rounded where they are made and the convolutions' weights on their grids.
static SqGraph *
rewrite (const Plan *plan)
{
  SqGraph *to = sq_graph_copy (plan->graph);
  g_autoptr (GPtrArray) old = g_steal_pointer (&to->nodes);
  g_autofree int *alias = g_new (int, plan->graph->values->len);
  g_autofree const SqRange **range_of = g_new0 (const SqRange *, plan->graph->values->len);
  int input = g_array_index (plan->graph->inputs, int, 0);
  guint next = 0;

  to->nodes = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < plan->ranges->len; i++)
    range_of[g_array_index (plan->ranges, SqRange, i).value] = &g_array_index (plan->ranges, SqRange, i);
  for (guint i = 0; i < plan->graph->values->len; i++)
    alias[i] = (int) i;
  if (range_of[input] != NULL)
    alias[input] = store (to, range_of[input], input);
  for (guint i = 0; i < old->len; i++)
    {
      SqNode *node = g_memdup2 (g_ptr_array_index (old, i), sizeof *node);

      for (int k = 0; k < node->n_in; k++)
        if (node->in[k] != SQ_NO_VALUE)
          node->in[k] = alias[node->in[k]];
      if (plan->quantised[i])
        {
          const SqTensor *w = sq_graph_value (to, node->in[1])->constant;

          node->in[1] = sq_graph_add_constant (to, NULL, weights_of (w, &g_array_index (plan->convs, SqRoundedConv, next++)));
        }
      g_ptr_array_add (to->nodes, node);
      if (range_of[node->out[0]] != NULL)
        alias[node->out[0]] = store (to, range_of[node->out[0]], node->out[0]);
    }
  sq_graph_prune (to);
  return to;
}

gboolean
sq_int8_check (const SqModel *model, GError **error)
{
  SqInt8Report report = { 0 };
  Plan plan;

  for (guint i = 0; i < model->graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (model->graph, i);

      if (node->op == &sq_op_fake_quant || node->op == &sq_op_dynamic_round || node->op == &sq_op_conv_integer
          || node->op == &sq_op_quantize || node->op == &sq_op_dynamic_quantize)
        {
          g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "%s is quantised already (%s): compress the float model it was made from.",
                       model->name, model->precision);
          return FALSE;
        }
    }
  plan_init (&plan, model);
  find_convs (&plan, &report);
  plan_clear (&plan);
  if (report.n_quantised > 0)
    return TRUE;
  g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "%s has no convolutions that 8 bits could make smaller: use the level half.", model->name);
  return FALSE;
}

SqGraph *
sq_int8_apply (const SqModel *model, const SqCalibration *pictures, const SqInt8Options *options, const SqRecipeProgress *progress,
               SqInt8Report *report, GError **error)
{
  SqRecipeProgress first = *progress, second = *progress;
  SqGraph *result = NULL;
  Plan plan;

  if (!sq_int8_check (model, error))
    return NULL;
  *report = (SqInt8Report){ 0 };
  first.to = second.from = progress->from + (progress->to - progress->from) * .6;
  plan_init (&plan, model);
  find_convs (&plan, report);
  if (measure (&plan, pictures, options->depthwise, &first, report, error)
      && sq_round_weights (model, pictures, options->positions, (SqRoundedConv *) (gpointer) plan.convs->data, plan.convs->len, &second,
                           error))
    result = rewrite (&plan);
  plan_clear (&plan);
  return result;
}
