// SPDX-License-Identifier: GPL-3.0-or-later
#include "lockstep.h"

#include "engine/backends/backend.h"
#include "engine/ops/op.h"

#define MAX_WORKERS 16

static gboolean
is_computed (const SqGraph *graph, int value)
{
  return value != SQ_NO_VALUE && sq_graph_value (graph, value)->constant == NULL;
}

gsize
sq_lockstep_bytes (const SqGraph *graph)
{
  g_autofree int *left = sq_graph_count_uses (graph);
  gsize live = 0, most = 0;

  for (guint i = 0; i < graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (graph, i);

      for (int k = 0; k < node->n_out; k++)
        live += (gsize) sq_shape_elements (&sq_graph_value (graph, node->out[k])->shape) * sizeof (float);
      most = MAX (most, live);
      for (int k = 0; k < node->n_in; k++)
        if (is_computed (graph, node->in[k]) && --left[node->in[k]] == 0)
          live -= MIN (live, (gsize) sq_shape_elements (&sq_graph_value (graph, node->in[k])->shape) * sizeof (float));
    }
  return most;
}

SqLockstep *
sq_lockstep_new (const SqGraph *graph, SqTensor *const *inputs, guint n)
{
  SqLockstep *self = g_new0 (SqLockstep, 1);

  self->graph = graph;
  self->n = n;
  self->n_values = graph->values->len;
  self->left = sq_graph_count_uses (graph);
  self->values = g_new0 (SqTensor **, n + 1);
  for (guint p = 0; p < n; p++)
    {
      self->values[p] = g_new0 (SqTensor *, graph->values->len);
      self->values[p][g_array_index (graph->inputs, int, 0)] = sq_tensor_ref (inputs[p]);
    }
  return self;
}

void
sq_lockstep_free (SqLockstep *self)
{
  for (guint p = 0; p < self->n; p++)
    {
      for (guint v = 0; v < self->n_values; v++)
        g_clear_pointer (&self->values[p][v], sq_tensor_unref);
      g_free (self->values[p]);
    }
  g_free (self->values);
  g_free (self->left);
  g_free (self);
}

// A network of one node. `inputs` gets the values it reads, each once.
static SqGraph *
graph_of (const SqGraph *graph, const SqNode *node, int *inputs, GError **error)
{
  g_autoptr (SqGraph) one = sq_graph_new ();
  int in[SQ_MAX_IN], out[SQ_MAX_OUT];
  guint n = 0;

  for (int k = 0; k < node->n_in; k++)
    {
      const SqValue *value = node->in[k] == SQ_NO_VALUE ? NULL : sq_graph_value (graph, node->in[k]);
      guint at = 0;

      in[k] = SQ_NO_VALUE;
      if (value == NULL)
        continue;
      if (value->constant != NULL)
        {
          in[k] = sq_graph_add_constant (one, NULL, sq_tensor_ref (value->constant));
          continue;
        }
      while (at < n && inputs[at] != node->in[k])
        at++;
      if (at == n)
        {
          inputs[n++] = node->in[k];
          sq_graph_add_input (one, NULL, value->dtype, &value->shape);
        }
      in[k] = g_array_index (one->inputs, int, at);
    }
  if (!sq_graph_add (one, node->op, &node->params, in, node->n_in, out, error))
    return NULL;
  for (int k = 0; k < node->n_out; k++)
    sq_graph_add_output (one, out[k]);
  return g_steal_pointer (&one);
}

typedef struct
{
  SqLockstep *self;
  const SqGraph *one;
  const SqNode *node;
  const int *inputs;
  int next; // atomic
  GMutex lock;
  GError *error; // the first
} Round;

static gboolean
run_picture (Round *round, SqExec *exec, guint p, GError **error)
{
  SqTensor **values = round->self->values[p], *in[SQ_MAX_IN], *out[SQ_MAX_OUT];

  for (guint k = 0; k < round->one->inputs->len; k++)
    in[k] = values[round->inputs[k]];
  if (!sq_exec_run (exec, in, out, error))
    return FALSE;
  for (int k = 0; k < round->node->n_out; k++)
    if (round->self->left[round->node->out[k]] > 0)
      values[round->node->out[k]] = out[k];
    else
      sq_tensor_unref (out[k]);
  return TRUE;
}

static gpointer
work (gpointer data)
{
  Round *round = data;
  SqExecOptions options = { .threads = 1 };
  GError *error = NULL;
  g_autoptr (SqExec) exec = sq_exec_new (sq_backend_find ("cpu"), round->one, &options, &error);
  guint p;

  while (error == NULL && (p = (guint) g_atomic_int_add (&round->next, 1)) < round->self->n)
    run_picture (round, exec, p, &error);
  if (error == NULL)
    return NULL;
  g_atomic_int_set (&round->next, (int) round->self->n);
  g_mutex_lock (&round->lock);
  if (round->error == NULL)
    round->error = g_steal_pointer (&error);
  g_mutex_unlock (&round->lock);
  g_clear_error (&error);
  return NULL;
}

gboolean
sq_lockstep_step (SqLockstep *self, guint i, GError **error)
{
  const SqNode *node = sq_graph_node (self->graph, i);
  int inputs[SQ_MAX_IN];
  g_autoptr (SqGraph) one = graph_of (self->graph, node, inputs, error);
  Round round = { .self = self, .one = one, .node = node, .inputs = inputs };
  guint n_workers = MIN (MIN (g_get_num_processors (), MAX_WORKERS), self->n);
  GThread *threads[MAX_WORKERS];

  if (one == NULL)
    return FALSE;
  g_mutex_init (&round.lock);
  for (guint w = 1; w < n_workers; w++)
    threads[w] = g_thread_new ("lockstep", work, &round);
  work (&round);
  for (guint w = 1; w < n_workers; w++)
    g_thread_join (threads[w]);
  g_mutex_clear (&round.lock);
  for (int k = 0; k < node->n_in; k++)
    if (is_computed (self->graph, node->in[k]) && --self->left[node->in[k]] == 0)
      for (guint p = 0; p < self->n; p++)
        g_clear_pointer (&self->values[p][node->in[k]], sq_tensor_unref);
  if (round.error == NULL)
    return TRUE;
  g_propagate_error (error, round.error);
  return FALSE;
}
