// SPDX-License-Identifier: GPL-3.0-or-later
#include "channels.h"

#include "engine/ops/op.h"
#include <string.h>

typedef struct
{
  const SqChannels *channels;
  const gboolean *removed;
  SqGraph *to;
  int *map; // per value of the original
} Cut;

// Rows and, where `columns` is not NULL, columns (dim 1) of a tensor; each element of them is `per` numbers.
static SqTensor *
cut (const SqTensor *t, const GArray *rows, const GArray *columns, GError **error)
{
  SqShape shape = t->shape;
  gint64 n_columns = columns != NULL ? t->shape.dim[1] : 1, per = t->n / MAX (t->shape.dim[0] * n_columns, 1);
  gsize bytes = (gsize) per * sizeof (float);
  SqTensor *out;
  char *at;

  shape.dim[0] = rows->len;
  if (columns != NULL)
    shape.dim[1] = columns->len;
  if ((out = sq_tensor_new (SQ_F32, &shape)) == NULL)
    {
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY, "There is not enough memory to compress this network.");
      return NULL;
    }
  at = out->data;
  for (guint r = 0; r < rows->len; r++)
    for (guint c = 0; c < (columns != NULL ? columns->len : 1); c++, at += bytes)
      {
        gint64 from = g_array_index (rows, gint64, r) * n_columns + (columns != NULL ? g_array_index (columns, gint64, c) : 0);

        memcpy (at, sq_tensor_f32 (t) + from * per, bytes);
      }
  return out;
}

static gboolean
cut_conv (const Cut *self, const SqNode *node, const SqTensor *weights, const SqTensor *bias, SqParams *params, int *in, GError **error)
{
  const SqGraph *graph = self->channels->graph;
  gboolean depthwise = sq_channels_is_depthwise (graph, node);
  g_autoptr (GArray) rows = NULL, columns = NULL;
  SqTensor *t;

  if (!depthwise && !sq_channels_is_dense (graph, node))
    return TRUE;
  rows = sq_channels_kept (self->channels, self->removed, node->out[0]);
  columns = depthwise ? NULL : sq_channels_kept (self->channels, self->removed, node->in[0]);
  weights = weights != NULL ? weights : sq_graph_value (graph, node->in[1])->constant;
  if ((t = cut (weights, rows, columns, error)) == NULL)
    return FALSE;
  in[1] = sq_graph_add_constant (self->to, NULL, t);
  if (depthwise)
    params->conv.groups = (int) rows->len;
  if (bias == NULL && node->n_in > 2 && node->in[2] != SQ_NO_VALUE)
    bias = sq_graph_value (graph, node->in[2])->constant;
  if (bias == NULL)
    return TRUE;
  if ((t = cut (bias, rows, NULL, error)) == NULL)
    return FALSE;
  in[2] = sq_graph_add_constant (self->to, NULL, t);
  return TRUE;
}

// One number per channel, where there are several.
static gboolean
cut_constant (const Cut *self, const SqNode *node, int k, int *in, GError **error)
{
  const SqTensor *constant = sq_graph_value (self->channels->graph, node->in[k])->constant;
  g_autoptr (GArray) rows = NULL;
  SqTensor *t, *flat;
  SqShape shape;

  if (self->channels->of_value[node->out[0]] == NULL || constant->n == 1)
    return TRUE;
  rows = sq_channels_kept (self->channels, self->removed, node->out[0]);
  shape = constant->shape;
  if (shape.rank < 3 || constant->n != shape.dim[shape.rank - 3] || rows->len >= constant->n) // nothing goes, or all of it is fixed
    return TRUE;
  shape.dim[shape.rank - 3] = rows->len;
  flat = sq_tensor_new (constant->dtype, &shape);
  if (flat == NULL)
    {
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY, "There is not enough memory to compress this network.");
      return FALSE;
    }
  t = flat;
  for (guint r = 0; r < rows->len; r++)
    sq_tensor_set (t, r, sq_tensor_get (constant, g_array_index (rows, gint64, r)));
  in[k] = sq_graph_add_constant (self->to, NULL, t);
  return TRUE;
}

static void
cut_slice (const Cut *self, const SqNode *node, SqParams *params)
{
  const int *ids = self->channels->of_value[node->in[0]];
  gint64 start = 0, size = 0;

  if (ids == NULL || self->channels->of_value[node->out[0]] == NULL || node->params.slice.step[1] != 1)
    return;
  for (gint64 c = 0; c < node->params.slice.start[1] + node->params.slice.size[1]; c++)
    if (!self->removed[ids[c]])
      {
        start += c < node->params.slice.start[1];
        size += c >= node->params.slice.start[1];
      }
  params->slice.start[1] = start;
  params->slice.size[1] = size;
}

static gboolean
copy_node (Cut *self, const SqNode *node, const SqTensor *weights, const SqTensor *bias, GError **error)
{
  SqParams params = node->params;
  int in[SQ_MAX_IN], out[SQ_MAX_OUT], n_in = node->n_in;

  for (int k = 0; k < node->n_in; k++)
    in[k] = node->in[k] == SQ_NO_VALUE ? SQ_NO_VALUE : self->map[node->in[k]];
  if (node->op == &sq_op_conv)
    {
      if (bias != NULL && n_in == 2)
        in[n_in++] = SQ_NO_VALUE;
      if (!cut_conv (self, node, weights, bias, &params, in, error))
        return FALSE;
    }
  else if (node->op == &sq_op_slice)
    cut_slice (self, node, &params);
  else if (node->op == &sq_op_binary)
    for (int k = 0; k < 2; k++)
      if (sq_graph_value (self->channels->graph, node->in[k])->constant != NULL && !cut_constant (self, node, k, in, error))
        return FALSE;
  if (!sq_graph_add (self->to, node->op, &params, in, n_in, out, error))
    return FALSE;
  for (int k = 0; k < node->n_out; k++)
    {
      SqValue *now = sq_graph_value (self->to, out[k]);

      g_free (now->name);
      now->name = g_strdup (sq_graph_value (self->channels->graph, node->out[k])->name);
      self->map[node->out[k]] = out[k];
    }
  return TRUE;
}

SqGraph *
sq_channels_remove (const SqChannels *self, const gboolean *removed, SqTensor *const *weights, SqTensor *const *biases, GError **error)
{
  const SqGraph *graph = self->graph;
  g_autoptr (SqGraph) to = sq_graph_new ();
  g_autofree int *map = g_new (int, graph->values->len);
  Cut state = { self, removed, to, map };

  for (guint v = 0; v < graph->values->len; v++)
    {
      const SqValue *value = sq_graph_value (graph, (int) v);

      map[v] = value->constant != NULL ? sq_graph_add_constant (to, value->name, sq_tensor_ref (value->constant)) : SQ_NO_VALUE;
    }
  for (guint i = 0; i < graph->inputs->len; i++)
    {
      int input = g_array_index (graph->inputs, int, i);
      const SqValue *value = sq_graph_value (graph, input);

      map[input] = sq_graph_add_input (to, value->name, value->dtype, &value->shape);
    }
  for (guint i = 0; i < graph->nodes->len; i++)
    if (!copy_node (&state, sq_graph_node (graph, i), weights != NULL ? weights[i] : NULL, biases != NULL ? biases[i] : NULL, error))
      return NULL;
  for (guint i = 0; i < graph->outputs->len; i++)
    sq_graph_add_output (to, map[g_array_index (graph->outputs, int, i)]);
  sq_graph_prune (to);
  return g_steal_pointer (&to);
}
