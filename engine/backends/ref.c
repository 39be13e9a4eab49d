// SPDX-License-Identifier: GPL-3.0-or-later
// The oracle: every node by its operator's reference, one after another, nothing reused that could hide a mistake.
#include "backend.h"

#include "engine/ops/op.h"

typedef struct
{
  SqExec parent;
  SqGraph *graph;
  int *uses;
} RefExec;

static SqExec *
ref_compile (const SqGraph *graph, const SqExecOptions *options, GError **error)
{
  RefExec *self = g_new0 (RefExec, 1);

  self->graph = sq_graph_copy (graph);
  self->uses = sq_graph_count_uses (graph);
  return &self->parent;
}

static void
release (RefExec *self, SqTensor **values, int *left, int id)
{
  if (id != SQ_NO_VALUE && --left[id] <= 0 && sq_graph_value (self->graph, id)->constant == NULL)
    g_clear_pointer (&values[id], sq_tensor_unref);
}

static gboolean
ref_run (SqExec *exec, SqTensor *const *in, SqTensor **out, GError **error)
{
  RefExec *self = (RefExec *) exec;
  const SqGraph *graph = self->graph;
  g_autofree SqTensor **values = g_new0 (SqTensor *, graph->values->len);
  g_autofree int *left = g_memdup2 (self->uses, graph->values->len * sizeof (int));
  gboolean ok = TRUE;

  for (guint i = 0; i < graph->values->len; i++)
    values[i] = sq_graph_value (graph, i)->constant;
  for (guint i = 0; i < graph->inputs->len; i++)
    values[g_array_index (graph->inputs, int, i)] = sq_tensor_ref (in[i]);

  for (guint i = 0; ok && i < graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (graph, i);
      SqTensor *node_in[SQ_MAX_IN], *node_out[SQ_MAX_OUT];

      for (int k = 0; k < node->n_in; k++)
        node_in[k] = node->in[k] == SQ_NO_VALUE ? NULL : values[node->in[k]];
      for (int k = 0; k < node->n_out; k++)
        {
          const SqValue *v = sq_graph_value (graph, node->out[k]);

          values[node->out[k]] = node_out[k] = sq_tensor_new (v->dtype, &v->shape);
          ok = ok && node_out[k] != NULL;
        }
      if (!ok)
        {
          g_set_error_literal (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY,
                               "There is not enough memory to run this network: use a smaller input size.");
          break;
        }
      node->op->reference (&node->params, node_in, node->n_in, node_out);
      for (int k = 0; k < node->n_in; k++)
        release (self, values, left, node->in[k]);
    }

  if (ok)
    for (guint i = 0; i < graph->outputs->len; i++)
      out[i] = sq_tensor_ref (values[g_array_index (graph->outputs, int, i)]);
  for (guint i = 0; i < graph->values->len; i++)
    if (values[i] != NULL && sq_graph_value (graph, i)->constant == NULL)
      sq_tensor_unref (values[i]);
  return ok;
}

static void
ref_free (SqExec *exec)
{
  RefExec *self = (RefExec *) exec;

  sq_graph_free (self->graph);
  g_free (self->uses);
  g_free (self);
}

const SqBackend sq_backend_ref = { .id = "ref", .compile = ref_compile, .run = ref_run, .free = ref_free };
