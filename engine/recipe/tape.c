// SPDX-License-Identifier: GPL-3.0-or-later
#include "tape.h"

#include "engine/backends/dnn-train.h"
#include "kernels/kernels.h"
#include "tape-private.h"
#include <string.h>

typedef struct _Tape Tape;
struct _Tape
{
  SqDnnTrainer *trainer;
  SqDnnTrain **convs; // per node
  float *scratch, *slope;
};

static const SqTensor *
constant_of (const SqGraph *graph, const SqNode *node, int k)
{
  return node->n_in > k && node->in[k] != SQ_NO_VALUE ? sq_graph_value (graph, node->in[k])->constant : NULL;
}

static gboolean
is_learnt (const SqGraph *graph, const SqNode *node)
{
  const SqTensor *w = node->op == &sq_op_conv ? constant_of (graph, node, 1) : NULL;

  return w != NULL && w->dtype == SQ_F32 && w->grid == NULL
         && (node->n_in < 3 || node->in[2] == SQ_NO_VALUE || constant_of (graph, node, 2) != NULL);
}

// Values that everything before understands; then the convolutions behind which there is no other.
static void
find_heads (SqTapePlan *self, const gboolean *known)
{
  const SqGraph *graph = self->graph;
  g_autofree gboolean *leads = g_new0 (gboolean, graph->values->len); // to a convolution
  g_autofree gboolean *wanted = g_new0 (gboolean, graph->values->len);

  for (int i = (int) graph->nodes->len - 1; i >= 0; i--)
    {
      const SqNode *node = sq_graph_node (graph, (guint) i);
      gboolean on = FALSE;

      if (!known[node->out[0]])
        continue;
      if (is_learnt (graph, node) && !leads[node->out[0]])
        {
          guint head = (guint) i;

          g_array_prepend_val (self->heads, head);
          wanted[node->out[0]] = TRUE;
        }
      on = leads[node->out[0]] || node->op == &sq_op_conv;
      self->needed[i] = wanted[node->out[0]];
      for (int k = 0; k < node->n_in; k++)
        if (node->in[k] != SQ_NO_VALUE)
          {
            leads[node->in[k]] = leads[node->in[k]] || on;
            wanted[node->in[k]] = wanted[node->in[k]] || self->needed[i];
          }
    }
}

static void
lay_out (SqTapePlan *self)
{
  const SqGraph *graph = self->graph;

  for (guint i = 0; i < graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (graph, i);
      gsize bytes = (gsize) sq_shape_elements (&sq_graph_value (graph, node->out[0])->shape) * sizeof (float);

      self->weights[i] = SQ_TAPE_NOTHING;
      if (!self->needed[i])
        continue;
      self->bytes += 2 * bytes;
      for (int k = 0; k < node->n_in; k++)
        if (node->in[k] != SQ_NO_VALUE && self->flows[node->in[k]])
          self->flows[node->out[0]] = TRUE;
      if (node->op != &sq_op_conv)
        continue;
      self->bytes += 2 * bytes;
      self->flows[node->out[0]] = TRUE;
      self->weights[i] = self->n;
      self->n += (gsize) constant_of (graph, node, 1)->n + (gsize) constant_of (graph, node, 1)->shape.dim[0];
    }
}

SqTapePlan *
sq_tape_plan_new (const SqGraph *graph)
{
  SqTapePlan *self = g_new0 (SqTapePlan, 1);
  g_autofree gboolean *known = g_new0 (gboolean, graph->values->len);

  self->graph = graph;
  self->needed = g_new0 (gboolean, graph->nodes->len + 1);
  self->flows = g_new0 (gboolean, graph->values->len);
  self->weights = g_new0 (gsize, graph->nodes->len + 1);
  self->heads = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint i = 0; i < graph->inputs->len; i++)
    known[g_array_index (graph->inputs, int, i)] = TRUE;
  for (guint i = 0; i < graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (graph, i);
      gboolean all = _sq_slope_knows (graph, node) && (node->op != &sq_op_conv || is_learnt (graph, node));

      for (int k = 0; k < node->n_in; k++)
        all = all && (node->in[k] == SQ_NO_VALUE || known[node->in[k]] || sq_graph_value (graph, node->in[k])->constant != NULL);
      known[node->out[0]] = all;
    }
  find_heads (self, known);
  lay_out (self);
  return self;
}

void
sq_tape_plan_free (SqTapePlan *self)
{
  g_free (self->needed);
  g_free (self->flows);
  g_free (self->weights);
  g_array_unref (self->heads);
  g_free (self);
}

void
sq_tape_plan_read (const SqTapePlan *self, float *theta)
{
  for (guint i = 0; i < self->graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (self->graph, i);
      const SqTensor *w, *b;

      if (self->weights[i] == SQ_TAPE_NOTHING)
        continue;
      w = constant_of (self->graph, node, 1);
      b = constant_of (self->graph, node, 2);
      memcpy (theta + self->weights[i], w->data, w->bytes);
      memset (theta + self->weights[i] + w->n, 0, (gsize) w->shape.dim[0] * sizeof (float));
      if (b != NULL)
        memcpy (theta + self->weights[i] + w->n, b->data, (gsize) w->shape.dim[0] * sizeof (float));
    }
}

SqGraph *
sq_tape_plan_apply (const SqTapePlan *self, const float *theta)
{
  SqGraph *graph = sq_graph_copy (self->graph);

  for (guint i = 0; i < graph->nodes->len; i++)
    {
      SqNode *node = sq_graph_node (graph, i);
      const SqTensor *w;
      SqTensor *new_w, *new_b;

      if (self->weights[i] == SQ_TAPE_NOTHING)
        continue;
      w = constant_of (graph, node, 1);
      new_w = sq_tensor_new (SQ_F32, &w->shape);
      new_b = sq_tensor_new (SQ_F32, &SQ_SHAPE (w->shape.dim[0]));
      memcpy (new_w->data, theta + self->weights[i], new_w->bytes);
      memcpy (new_b->data, theta + self->weights[i] + w->n, new_b->bytes);
      node->n_in = MAX (node->n_in, 3);
      node->in[1] = sq_graph_add_constant (graph, NULL, new_w);
      node->in[2] = sq_graph_add_constant (graph, NULL, new_b);
    }
  sq_graph_prune (graph);
  return graph;
}

// --- a tape
// --------------------------------------------------------------------------------------------------------------------------------------------

static gboolean
add_node (SqTape *self, guint i, gboolean backward, gsize *largest, GError **error)
{
  const SqGraph *graph = self->plan->graph;
  const SqNode *node = sq_graph_node (graph, i);
  const SqShape *y = &sq_graph_value (graph, node->out[0])->shape;
  int x = node->in[0];

  *largest = MAX (*largest, (gsize) sq_shape_elements (y));
  self->values[node->out[0]] = sq_tensor_new (SQ_F32, y);
  if (backward)
    self->slopes[node->out[0]] = sq_tensor_new (SQ_F32, y);
  if (node->op == &sq_op_conv)
    self->before[i] = sq_tensor_new (SQ_F32, y);
  if (self->values[node->out[0]] == NULL || (backward && self->slopes[node->out[0]] == NULL)
      || (node->op == &sq_op_conv && self->before[i] == NULL))
    {
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY, "There is not enough memory to fine-tune this network.");
      return FALSE;
    }
  if (node->op != &sq_op_conv)
    return TRUE;
  *largest = MAX (*largest, (gsize) sq_shape_elements (&sq_graph_value (graph, x)->shape));
  self->own->convs[i] = sq_dnn_train_new (self->own->trainer, &sq_graph_value (graph, x)->shape, y, &node->params.conv,
                                          backward && self->plan->flows[x], error);
  return self->own->convs[i] != NULL;
}

SqTape *
sq_tape_new (const SqTapePlan *plan, gboolean backward, GError **error)
{
  g_autoptr (SqTape) self = g_new0 (SqTape, 1);
  const SqGraph *graph = plan->graph;
  gsize largest = 0;

  self->plan = plan;
  self->values = g_new0 (SqTensor *, graph->values->len);
  self->slopes = g_new0 (SqTensor *, graph->values->len);
  self->before = g_new0 (SqTensor *, graph->nodes->len + 1);
  self->hints = g_new0 (float *, graph->nodes->len + 1);
  self->own = g_new0 (Tape, 1);
  self->own->convs = g_new0 (SqDnnTrain *, graph->nodes->len + 1);
  if ((self->own->trainer = sq_dnn_trainer_new (error)) == NULL)
    return NULL;
  for (guint v = 0; v < graph->values->len; v++)
    if (sq_graph_value (graph, (int) v)->constant != NULL)
      self->values[v] = sq_tensor_ref (sq_graph_value (graph, (int) v)->constant);
  for (guint i = 0; i < graph->nodes->len; i++)
    if (plan->needed[i] && !add_node (self, i, backward, &largest, error))
      return NULL;
  self->own->scratch = g_new (float, largest + 16);
  self->own->slope = g_new (float, largest + 16);
  return g_steal_pointer (&self);
}

void
sq_tape_free (SqTape *self)
{
  const SqGraph *graph = self->plan->graph;

  for (guint i = 0; i < graph->nodes->len; i++)
    {
      g_clear_pointer (&self->before[i], sq_tensor_unref);
      g_clear_pointer (&self->own->convs[i], sq_dnn_train_free);
    }
  for (guint v = 0; v < graph->values->len; v++)
    {
      g_clear_pointer (&self->values[v], sq_tensor_unref);
      g_clear_pointer (&self->slopes[v], sq_tensor_unref);
    }
  g_clear_pointer (&self->own->trainer, sq_dnn_trainer_free);
  g_free (self->own->convs);
  g_free (self->own->scratch);
  g_free (self->own->slope);
  g_free (self->own);
  g_free (self->values);
  g_free (self->slopes);
  g_free (self->before);
  g_free (self->hints);
  g_free (self);
}

static void
activate (const SqAct *act, const float *x, const float *add, float *y, gint64 n)
{
  if (act->kind == SQ_ACT_SILU)
    {
      sq_kernels ()->silu_f32 (y, x, add, (gsize) n);
      return;
    }
  if (act->kind == SQ_ACT_SIGMOID)
    sq_kernels ()->sigmoid_f32 (y, x, (gsize) n);
  else
    for (gint64 i = 0; i < n; i++)
      y[i] = act->kind == SQ_ACT_NONE ? x[i] : sq_act_apply (act, x[i]);
  for (gint64 i = 0; add != NULL && i < n; i++)
    y[i] += add[i];
}

gboolean
sq_tape_forward (SqTape *self, const SqTensor *input, const float *theta)
{
  const SqGraph *graph = self->plan->graph;
  int first = g_array_index (graph->inputs, int, 0);

  g_clear_pointer (&self->values[first], sq_tensor_unref);
  self->values[first] = sq_tensor_ref ((SqTensor *) input);
  for (guint i = 0; i < graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (graph, i);
      SqTensor *in[SQ_MAX_IN], *out = self->values[node->out[0]];

      if (!self->plan->needed[i])
        continue;
      for (int k = 0; k < node->n_in; k++)
        in[k] = node->in[k] == SQ_NO_VALUE ? NULL : self->values[node->in[k]];
      if (node->op != &sq_op_conv)
        {
          node->op->reference (&node->params, in, node->n_in, &out);
          continue;
        }
      if (!sq_dnn_train_forward (self->own->convs[i], sq_tensor_f32 (in[0]), theta + self->plan->weights[i],
                                 theta + self->plan->weights[i] + in[1]->n, sq_tensor_f32 (self->before[i])))
        return FALSE;
      activate (&node->params.conv.act, sq_tensor_f32 (self->before[i]), node->n_in > 3 && in[3] != NULL ? sq_tensor_f32 (in[3]) : NULL,
                sq_tensor_f32 (out), out->n);
    }
  return TRUE;
}

static gboolean
conv_backward (SqTape *self, guint i, const float *theta, const float *head, float *gradient)
{
  const SqNode *node = sq_graph_node (self->plan->graph, i);
  const SqTensor *dy = self->slopes[node->out[0]], *w = self->values[node->in[1]], *x = self->values[node->in[0]];
  SqTensor *dx = self->plan->flows[node->in[0]] ? self->slopes[node->in[0]] : NULL;
  float *before = self->own->slope;

  memset (before, 0, dy->bytes);
  if (head != NULL)
    memcpy (before, head, dy->bytes);
  else
    _sq_slope_act (&node->params.conv.act, sq_tensor_f32 (self->before[i]), sq_tensor_f32 (dy), before, dy->n, self->own->scratch);
  for (gint64 k = 0; self->hints[i] != NULL && k < dy->n; k++)
    before[k] += self->hints[i][k];
  if (!sq_dnn_train_backward (self->own->convs[i], sq_tensor_f32 (x), theta + self->plan->weights[i], before,
                              dx != NULL ? self->own->scratch : NULL, gradient + self->plan->weights[i],
                              gradient + self->plan->weights[i] + w->n))
    return FALSE;
  for (gint64 k = 0; dx != NULL && k < dx->n; k++)
    sq_tensor_f32 (dx)[k] += self->own->scratch[k];
  if (node->n_in > 3 && node->in[3] != SQ_NO_VALUE && self->plan->flows[node->in[3]])
    for (gint64 k = 0; k < dy->n; k++)
      sq_tensor_f32 (self->slopes[node->in[3]])[k] += sq_tensor_f32 (dy)[k];
  return TRUE;
}

gboolean
sq_tape_backward (SqTape *self, const float *theta, float *const *heads, float *gradient)
{
  const SqGraph *graph = self->plan->graph;
  int head = (int) self->plan->heads->len - 1;

  for (guint v = 0; v < graph->values->len; v++)
    if (self->slopes[v] != NULL)
      memset (self->slopes[v]->data, 0, self->slopes[v]->bytes);
  for (int i = (int) graph->nodes->len - 1; i >= 0; i--)
    {
      const SqNode *node = sq_graph_node (graph, (guint) i);
      gboolean is_head = head >= 0 && g_array_index (self->plan->heads, guint, head) == (guint) i;
      SqTensor *in[SQ_MAX_IN], *dx[SQ_MAX_IN];

      if (!self->plan->needed[i])
        continue;
      if (node->op == &sq_op_conv)
        {
          if (!conv_backward (self, (guint) i, theta, is_head ? heads[head] : NULL, gradient))
            return FALSE;
          head -= is_head;
          continue;
        }
      for (int k = 0; k < node->n_in; k++)
        {
          in[k] = node->in[k] == SQ_NO_VALUE ? NULL : self->values[node->in[k]];
          dx[k] = node->in[k] != SQ_NO_VALUE && self->plan->flows[node->in[k]] ? self->slopes[node->in[k]] : NULL;
        }
      if (self->plan->flows[node->out[0]])
        _sq_slope_node (node, in, self->values[node->out[0]], self->slopes[node->out[0]], dx, self->own->scratch);
    }
  return TRUE;
}
