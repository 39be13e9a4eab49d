// SPDX-License-Identifier: GPL-3.0-or-later
#include "cut.h"

#include <math.h>
#include <string.h>

#define FLOP_PER_SECOND 100e9
#define BYTES_PER_SECOND 20e9
#define HAND_ON_BYTES_PER_SECOND 8e9 // out of one device and into the next

void
sq_graph_part_free (SqGraphPart *self)
{
  g_clear_pointer (&self->graph, sq_graph_free);
  g_array_unref (self->in);
  g_array_unref (self->out);
  g_free (self);
}

static gsize
value_bytes (const SqGraph *self, int id)
{
  const SqValue *v = sq_graph_value (self, id);

  return (gsize) sq_shape_elements (&v->shape) * sq_dtype_size (v->dtype);
}

double *
sq_graph_estimate (const SqGraph *self)
{
  double *seconds = g_new (double, self->nodes->len);

  for (guint i = 0; i < self->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (self, i);
      gsize bytes = 0;

      for (int k = 0; k < node->n_in; k++)
        bytes += node->in[k] != SQ_NO_VALUE ? value_bytes (self, node->in[k]) : 0;
      for (int k = 0; k < node->n_out; k++)
        bytes += value_bytes (self, node->out[k]);
      seconds[i] = fmax (sq_graph_node_flop (self, i) / FLOP_PER_SECOND, (double) bytes / BYTES_PER_SECOND);
    }
  return seconds;
}

// Per value: the first node that may read it (inputs: 0), and one past the last that does; the graph's end for its outputs.
typedef struct
{
  int born, dead;
} Span;

static Span *
spans (const SqGraph *self)
{
  Span *span = g_new (Span, self->values->len);

  for (guint i = 0; i < self->values->len; i++)
    span[i] = (Span){ 0, -1 };
  for (guint i = 0; i < self->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (self, i);

      for (int k = 0; k < node->n_in; k++)
        if (node->in[k] != SQ_NO_VALUE)
          span[node->in[k]].dead = (int) i + 1;
      for (int k = 0; k < node->n_out; k++)
        span[node->out[k]].born = (int) i + 1;
    }
  return span;
}

// Bytes that cross a cut before each node (nodes->len + 1 elements).
static gsize *
crossing (const SqGraph *self, const Span *span)
{
  gsize *bytes = g_new0 (gsize, self->nodes->len + 1);

  for (guint v = 0; v < self->values->len; v++)
    if (sq_graph_value (self, v)->constant == NULL)
      for (int p = span[v].born; p < span[v].dead; p++)
        bytes[p] += value_bytes (self, v);
  return bytes;
}

// Where the parts begin (n + 1 elements, caller frees): dynamic programming over (parts, nodes), the slowest part as short as can be.
static guint *
choose (const double *seconds, const gsize *bytes, const double *speed, guint n_nodes, guint n)
{
  g_autofree double *sum = g_new0 (double, n_nodes + 1), *best = g_new (double, (n + 1) * (n_nodes + 1));
  g_autofree guint *from = g_new0 (guint, (n + 1) * (n_nodes + 1));
  guint *cuts = g_new (guint, n + 1), at = n_nodes;

  for (guint i = 0; i < n_nodes; i++)
    sum[i + 1] = sum[i] + seconds[i];
  for (guint i = 0; i < (n + 1) * (n_nodes + 1); i++)
    best[i] = INFINITY;
  best[0] = 0;
  for (guint k = 1; k <= n; k++)
    for (guint end = k; end <= n_nodes; end++)
      for (guint first = k - 1; first < end; first++)
        {
          double own = (sum[end] - sum[first]) / (speed != NULL ? speed[k - 1] : 1)
                       + (double) ((first > 0 ? bytes[first] : 0) + (end < n_nodes ? bytes[end] : 0)) / HAND_ON_BYTES_PER_SECOND;
          double slowest = fmax (best[(k - 1) * (n_nodes + 1) + first], own);

          if (slowest < best[k * (n_nodes + 1) + end])
            {
              best[k * (n_nodes + 1) + end] = slowest;
              from[k * (n_nodes + 1) + end] = first;
            }
        }
  for (guint k = n; k > 0; k--)
    {
      cuts[k] = at;
      at = from[k * (n_nodes + 1) + at];
    }
  cuts[0] = 0;
  return cuts;
}

static gboolean
is_output (const SqGraph *self, int value)
{
  for (guint i = 0; i < self->outputs->len; i++)
    if (g_array_index (self->outputs, int, i) == value)
      return TRUE;
  return FALSE;
}

static SqGraphPart *
make_part (const SqGraph *self, const Span *span, const double *seconds, guint first, guint end)
{
  SqGraphPart *part = g_new0 (SqGraphPart, 1);

  part->in = g_array_new (FALSE, FALSE, sizeof (int));
  part->out = g_array_new (FALSE, FALSE, sizeof (int));
  part->first = first;
  part->end = end;
  for (guint i = first; i < end; i++)
    part->seconds += seconds[i];
  part->graph = sq_graph_copy (self);
  g_ptr_array_remove_range (part->graph->nodes, end, part->graph->nodes->len - end);
  if (first > 0)
    g_ptr_array_remove_range (part->graph->nodes, 0, first);

  for (int v = 0; v < (int) self->values->len; v++)
    {
      gboolean read_here = FALSE, made_here = span[v].born > (int) first && span[v].born <= (int) end;

      if (sq_graph_value (self, v)->constant != NULL)
        continue;
      for (guint i = first; i < end && !read_here; i++)
        for (int k = 0; k < sq_graph_node (self, i)->n_in && !read_here; k++)
          read_here = sq_graph_node (self, i)->in[k] == v;
      if (read_here && !made_here)
        {
          g_array_append_val (part->in, v);
          part->in_bytes += value_bytes (self, v);
        }
      if (made_here && (span[v].dead > (int) end || is_output (self, v)))
        g_array_append_val (part->out, v);
    }
  g_array_set_size (part->graph->inputs, 0);
  g_array_set_size (part->graph->outputs, 0);
  g_array_append_vals (part->graph->inputs, part->in->data, part->in->len);
  g_array_append_vals (part->graph->outputs, part->out->data, part->out->len);
  sq_graph_prune (part->graph);
  return part;
}

GPtrArray *
sq_graph_cut (const SqGraph *self, const double *seconds, const double *speed, guint n)
{
  GPtrArray *parts = g_ptr_array_new_with_free_func ((GDestroyNotify) sq_graph_part_free);
  g_autofree Span *span = spans (self);
  g_autofree gsize *bytes = crossing (self, span);
  g_autofree guint *cuts = NULL;

  n = MIN (n, self->nodes->len);
  cuts = choose (seconds, bytes, speed, self->nodes->len, n);
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (parts, make_part (self, span, seconds, cuts[i], cuts[i + 1]));
  return parts;
}
