// SPDX-License-Identifier: GPL-3.0-or-later
#include "int8.h"

#include "engine/ops/op.h"
#include "ranges.h"
#include "rounding.h"
#include "step.h"
#include <string.h>

struct _SqInt8
{
  const SqModel *model;
  const SqGraph *graph;
  int *producer;
  gboolean *shared; // per value: somebody other than a depthwise convolution reads it
  GArray *ranges;   // SqRange of all that may be stored in 8 bits
  GArray *convs;    // SqRoundedConv
};

// Which values are stored in 8 bits where which convolutions compute in them.
typedef struct
{
  const SqInt8 *owner;
  gboolean *stored; // per value
  gboolean *seen;   // per value, of one walk
} Stored;

static void
stored_init (Stored *self, const SqInt8 *owner)
{
  *self = (Stored){ owner, g_new0 (gboolean, owner->graph->values->len), g_new0 (gboolean, owner->graph->values->len) };
}

static void
stored_clear (Stored *self)
{
  g_free (self->stored);
  g_free (self->seen);
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
walk (Stored *self, int value, gboolean mark)
{
  const SqGraph *graph = self->owner->graph;
  int producer = self->owner->producer[value];
  const SqNode *node = producer < 0 ? NULL : sq_graph_node (graph, (guint) producer);
  const SqValue *v = sq_graph_value (graph, value);

  if (self->seen[value]) // branchy networks have very many paths
    return TRUE;
  self->seen[value] = TRUE;
  if (v->constant != NULL || v->dtype != SQ_F32)
    return FALSE;
  if (node == NULL || !moves (node))
    {
      self->stored[value] = self->stored[value] || mark;
      return makes_features (node);
    }
  for (int k = 0; k < node->n_in; k++)
    if (!walk (self, node->in[k], mark))
      return FALSE;
  return TRUE;
}

static gboolean
walk_input (Stored *self, const SqNode *conv, gboolean mark)
{
  memset (self->seen, 0, self->owner->graph->values->len * sizeof self->seen[0]);
  return walk (self, conv->in[0], mark);
}

static gboolean
is_depthwise (const SqGraph *graph, const SqNode *conv)
{
  return conv->params.conv.groups > 1 && conv->params.conv.groups == sq_graph_value (graph, conv->in[0])->shape.dim[1];
}

static gboolean
is_candidate (const SqGraph *graph, const SqNode *node)
{
  const SqShape *x, *y;

  if (node->op != &sq_op_conv)
    return FALSE;
  x = &sq_graph_value (graph, node->in[0])->shape;
  y = &sq_graph_value (graph, node->out[0])->shape;
  return sq_graph_value (graph, node->in[1])->constant != NULL && x->dim[0] == 1 && y->dim[2] * y->dim[3] > 1;
}

static gboolean
is_excepted (const SqGraph *graph, guint node, const char *const *except)
{
  g_autofree char *name = except != NULL ? sq_layer_name (graph, node) : NULL;

  return except != NULL && g_strv_contains (except, name);
}

static SqInt8 *
find_layers (const SqModel *model, const char *const *except)
{
  SqInt8 *self = g_new0 (SqInt8, 1);
  const SqGraph *graph = model->graph;
  g_autofree gboolean *chosen = g_new0 (gboolean, MAX (graph->nodes->len, 1));
  Stored stored;

  self->model = model;
  self->graph = graph;
  self->producer = sq_graph_producers (graph);
  self->shared = g_new0 (gboolean, graph->values->len);
  self->ranges = g_array_new (FALSE, FALSE, sizeof (SqRange));
  self->convs = g_array_new (FALSE, FALSE, sizeof (SqRoundedConv));
  g_array_set_clear_func (self->ranges, (GDestroyNotify) sq_range_clear);
  g_array_set_clear_func (self->convs, (GDestroyNotify) sq_rounded_conv_clear);
  stored_init (&stored, self);
  for (guint i = 0; i < graph->nodes->len; i++)
    {
      SqRoundedConv conv = { .node = i };

      if (!is_candidate (graph, sq_graph_node (graph, i)) || is_excepted (graph, i, except)
          || !walk_input (&stored, sq_graph_node (graph, i), FALSE))
        continue;
      chosen[i] = TRUE;
      g_array_append_val (self->convs, conv);
    }
  stored_clear (&stored);
  for (guint i = 0; i < graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (graph, i);

      for (int k = 0; k < node->n_in; k++)
        if (node->in[k] != SQ_NO_VALUE && !(k == 0 && chosen[i] && is_depthwise (graph, node)))
          self->shared[node->in[k]] = TRUE;
    }
  return self;
}

static void
mark_stored (Stored *stored, const gboolean *stays)
{
  const SqInt8 *self = stored->owner;

  for (guint i = 0; i < self->convs->len; i++)
    if (stays == NULL || !stays[i])
      walk_input (stored, sq_graph_node (self->graph, g_array_index (self->convs, SqRoundedConv, i).node), TRUE);
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
measure (SqInt8 *self, const SqCalibration *pictures, gboolean depthwise, const SqRecipeProgress *progress, GError **error)
{
  int input = g_array_index (self->graph->inputs, int, 0);
  SqRange pixels = { .value = input };
  gboolean known;
  Stored stored;

  stored_init (&stored, self);
  mark_stored (&stored, NULL);
  known = stored.stored[input] && range_of_pixels (self->model, &pixels);
  for (guint v = 0; v < self->graph->values->len; v++)
    {
      SqRange range = { .value = (int) v, .per_channel = depthwise && !self->shared[v] };

      if (stored.stored[v] && (!known || (int) v != input))
        g_array_append_val (self->ranges, range);
    }
  stored_clear (&stored);
  if (!sq_ranges_measure (self->model, pictures, (SqRange *) (gpointer) self->ranges->data, self->ranges->len, progress, error))
    {
      sq_range_clear (&pixels);
      return FALSE;
    }
  if (known)
    g_array_append_val (self->ranges, pixels);
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

// The graph again, with stored values rounded where they are made and the convolutions' weights on their grids. A convolution that stays
// float reads what was there before it was rounded for others.
SqGraph *
sq_int8_graph (const SqInt8 *self, const gboolean *stays, SqInt8Report *report)
{
  SqGraph *to = sq_graph_copy (self->graph);
  g_autoptr (GPtrArray) old = g_steal_pointer (&to->nodes);
  g_autofree int *alias = g_new (int, self->graph->values->len);
  g_autofree const SqRange **range_of = g_new0 (const SqRange *, self->graph->values->len);
  SqInt8Report count = { 0 };
  int input = g_array_index (self->graph->inputs, int, 0);
  guint next = 0;
  Stored stored;

  stored_init (&stored, self);
  mark_stored (&stored, stays);
  to->nodes = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < self->ranges->len; i++)
    {
      const SqRange *range = &g_array_index (self->ranges, SqRange, i);

      if (!stored.stored[range->value])
        continue;
      range_of[range->value] = range;
      count.n_values++;
      count.n_channelwise += range->per_channel;
    }
  stored_clear (&stored);
  for (guint i = 0; i < self->graph->values->len; i++)
    alias[i] = (int) i;
  if (range_of[input] != NULL)
    alias[input] = store (to, range_of[input], input);
  for (guint i = 0; i < old->len; i++)
    {
      SqNode *node = g_memdup2 (g_ptr_array_index (old, i), sizeof *node);
      const SqRoundedConv *conv = next < self->convs->len ? &g_array_index (self->convs, SqRoundedConv, next) : NULL;
      gboolean candidate = conv != NULL && conv->node == i, quantised = candidate && (stays == NULL || !stays[next]);

      next += candidate;
      count.n_convs += node->op == &sq_op_conv;
      count.n_quantised += quantised;
      for (int k = 0; k < node->n_in; k++)
        if (node->in[k] != SQ_NO_VALUE && (quantised || node->op != &sq_op_conv))
          node->in[k] = alias[node->in[k]];
      if (quantised)
        node->in[1] = sq_graph_add_constant (to, NULL, weights_of (sq_graph_value (to, node->in[1])->constant, conv));
      g_ptr_array_add (to->nodes, node);
      if (range_of[node->out[0]] != NULL)
        alias[node->out[0]] = store (to, range_of[node->out[0]], node->out[0]);
    }
  sq_graph_prune (to);
  if (report != NULL)
    *report = count;
  return to;
}

static gboolean
check_layers (const SqInt8 *self, GError **error)
{
  if (self->convs->len > 0)
    return TRUE;
  g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "%s has no convolutions that 8 bits could make smaller: use the level half.",
               self->model->name);
  return FALSE;
}

gboolean
sq_int8_check (const SqModel *model, GError **error)
{
  g_autoptr (SqInt8) self = NULL;

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
  self = find_layers (model, NULL);
  return check_layers (self, error);
}

SqInt8 *
sq_int8_new (const SqModel *model, const SqCalibration *pictures, const SqInt8Options *options, const SqRecipeProgress *progress,
             GError **error)
{
  SqRecipeProgress first = *progress, second = *progress;
  g_autoptr (SqInt8) self = NULL;

  if (!sq_int8_check (model, error))
    return NULL;
  first.to = second.from = progress->from + (progress->to - progress->from) * .6;
  self = find_layers (model, options->except);
  if (!check_layers (self, error) || !measure (self, pictures, options->depthwise, &first, error)
      || !sq_round_weights (model, pictures, options->positions, (SqRoundedConv *) (gpointer) self->convs->data, self->convs->len, &second,
                            error))
    return NULL;
  return g_steal_pointer (&self);
}

void
sq_int8_free (SqInt8 *self)
{
  g_array_unref (self->ranges);
  g_array_unref (self->convs);
  g_free (self->producer);
  g_free (self->shared);
  g_free (self);
}

guint
sq_int8_n_layers (const SqInt8 *self)
{
  return self->convs->len;
}

guint
sq_int8_layer (const SqInt8 *self, guint i)
{
  return g_array_index (self->convs, SqRoundedConv, i).node;
}
