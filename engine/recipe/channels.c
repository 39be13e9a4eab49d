// SPDX-License-Identifier: GPL-3.0-or-later
#include "channels.h"

#include "engine/ops/op.h"
#include <string.h>

#define MAX_CHANNELS (1 << 22) // of all values together; a larger network is left alone

typedef struct
{
  const SqGraph *graph;
  GArray *parent;    // int: union-find
  int **of_value;    // before joining
  GByteArray *fixed; // per number
} Walk;

static int
find (Walk *self, int id)
{
  int *parent = (int *) (gpointer) self->parent->data;

  while (parent[id] != id)
    id = parent[id] = parent[parent[id]];
  return id;
}

static void
join (Walk *self, int a, int b)
{
  int x = find (self, a), y = find (self, b);

  if (x == y)
    return;
  self->fixed->data[MIN (x, y)] |= self->fixed->data[MAX (x, y)];
  g_array_index (self->parent, int, MAX (x, y)) = MIN (x, y); // the same numbering whatever the order
}

static const SqShape *
shape_of (const SqGraph *graph, int value)
{
  return &sq_graph_value (graph, value)->shape;
}

static gint64
channels_of (const SqGraph *graph, int value)
{
  const SqShape *shape = shape_of (graph, value);

  return shape->rank == 4 ? shape->dim[1] : 0;
}

static void
fresh (Walk *self, int value, gboolean fixed)
{
  gint64 n = channels_of (self->graph, value);
  guint8 flag = fixed != FALSE;

  if (n < 1 || self->parent->len + n > MAX_CHANNELS)
    return;
  self->of_value[value] = g_new (int, n);
  for (gint64 c = 0; c < n; c++)
    {
      int id = (int) self->parent->len;

      self->of_value[value][c] = id;
      g_array_append_val (self->parent, id);
      g_byte_array_append (self->fixed, &flag, 1);
    }
}

static void
fix (Walk *self, int value)
{
  for (gint64 c = 0; self->of_value[value] != NULL && c < channels_of (self->graph, value); c++)
    self->fixed->data[find (self, self->of_value[value][c])] = TRUE;
}

static void
pass_on (Walk *self, int from, int to)
{
  gint64 n = channels_of (self->graph, to);

  if (self->of_value[from] != NULL && channels_of (self->graph, from) == n)
    self->of_value[to] = g_memdup2 (self->of_value[from], (gsize) n * sizeof (int));
}

static void
join_values (Walk *self, int a, int b)
{
  for (gint64 c = 0; c < channels_of (self->graph, a); c++)
    join (self, self->of_value[a][c], self->of_value[b][c]);
}

static gboolean
is_constant (const SqGraph *graph, const SqNode *node, int k)
{
  return node->n_in <= k || node->in[k] == SQ_NO_VALUE || sq_graph_value (graph, node->in[k])->constant != NULL;
}

static gboolean
has_own_weights (const SqGraph *graph, const SqNode *node)
{
  return node->op == &sq_op_conv && is_constant (graph, node, 1) && is_constant (graph, node, 2)
         && sq_graph_value (graph, node->in[1])->constant->dtype == SQ_F32 && sq_graph_value (graph, node->in[1])->constant->grid == NULL;
}

gboolean
sq_channels_is_dense (const SqGraph *graph, const SqNode *node)
{
  return has_own_weights (graph, node) && node->params.conv.groups == 1;
}

gboolean
sq_channels_is_depthwise (const SqGraph *graph, const SqNode *node)
{
  gint64 groups = node->params.conv.groups;

  return has_own_weights (graph, node) && groups > 1 && channels_of (graph, node->in[0]) == groups
         && channels_of (graph, node->out[0]) == groups;
}

// One number, or one per channel (C x 1 x 1 with leading ones).
static gboolean
is_per_channel (const SqTensor *t, gint64 channels)
{
  return t->n == 1 || (t->n == channels && t->shape.rank >= 3 && t->shape.rank <= 4 && t->shape.dim[t->shape.rank - 3] == channels);
}

static gboolean
binary (Walk *self, const SqNode *node)
{
  int a = node->in[0], b = node->in[1], y = node->out[0];
  gint64 n = channels_of (self->graph, y);

  for (int k = 0; k < 2; k++)
    {
      const SqTensor *constant = sq_graph_value (self->graph, node->in[k])->constant;
      int other = node->in[1 - k];

      if (constant != NULL && self->of_value[other] != NULL && channels_of (self->graph, other) == n && is_per_channel (constant, n))
        {
          pass_on (self, other, y);
          return TRUE;
        }
    }
  if (self->of_value[a] == NULL || self->of_value[b] == NULL || channels_of (self->graph, a) != n || channels_of (self->graph, b) != n)
    return FALSE;
  join_values (self, a, b);
  pass_on (self, a, y);
  return TRUE;
}

static gboolean
concat (Walk *self, const SqNode *node)
{
  int *ids, at = 0;

  for (int k = 0; k < node->n_in; k++)
    if (self->of_value[node->in[k]] == NULL)
      return FALSE;
  if (node->params.axis.axis != 1)
    return FALSE;
  ids = self->of_value[node->out[0]] = g_new (int, channels_of (self->graph, node->out[0]));
  for (int k = 0; k < node->n_in; k++)
    for (gint64 c = 0; c < channels_of (self->graph, node->in[k]); c++)
      ids[at++] = self->of_value[node->in[k]][c];
  return TRUE;
}

static gboolean
slice (Walk *self, const SqNode *node)
{
  const int *from = self->of_value[node->in[0]];
  gint64 n = node->params.slice.size[1];

  if (from == NULL || node->params.slice.step[1] != 1 || n < 1)
    return FALSE;
  self->of_value[node->out[0]] = g_memdup2 (from + node->params.slice.start[1], (gsize) n * sizeof (int));
  return TRUE;
}

static gboolean
conv (Walk *self, const SqNode *node)
{
  gboolean residual = node->n_in > 3 && node->in[3] != SQ_NO_VALUE;

  if (self->of_value[node->in[0]] == NULL || (residual && self->of_value[node->in[3]] == NULL))
    return FALSE;
  if (sq_channels_is_depthwise (self->graph, node))
    pass_on (self, node->in[0], node->out[0]);
  else if (sq_channels_is_dense (self->graph, node))
    fresh (self, node->out[0], FALSE);
  else
    return FALSE;
  if (self->of_value[node->out[0]] == NULL)
    return FALSE;
  if (residual)
    join_values (self, node->in[3], node->out[0]);
  return TRUE;
}

static gboolean
hands_on (const Walk *self, const SqNode *node)
{
  if (self->of_value[node->in[0]] == NULL)
    return FALSE;
  if (node->op == &sq_op_reduce)
    return node->params.reduce.keep && !(node->params.reduce.axes & 3u);
  if (node->op == &sq_op_pad)
    return node->params.pad.before[1] == 0 && node->params.pad.after[1] == 0;
  return node->op == &sq_op_act || node->op == &sq_op_pool || node->op == &sq_op_resize;
}

static gboolean
follow (Walk *self, const SqNode *node)
{
  if (node->op == &sq_op_conv)
    return conv (self, node);
  if (node->op == &sq_op_binary)
    return binary (self, node);
  if (node->op == &sq_op_concat)
    return concat (self, node);
  if (node->op == &sq_op_slice)
    return slice (self, node);
  if (!hands_on (self, node))
    return FALSE;
  pass_on (self, node->in[0], node->out[0]);
  return TRUE;
}

// Groups of the same values have the same number; two that differ in one value do not.
static void
find_families (SqChannels *self)
{
  g_autofree guint64 *signature = g_new0 (guint64, MAX (self->n, 1));
  g_autoptr (GHashTable) known = g_hash_table_new (g_int64_hash, g_int64_equal);

  self->family = g_new (int, MAX (self->n, 1));
  for (guint v = 0; v < self->graph->values->len; v++)
    for (gint64 c = 0; self->of_value[v] != NULL && c < channels_of (self->graph, (int) v); c++)
      {
        guint64 *s = &signature[self->of_value[v][c]];

        *s = (*s ^ (v + 1)) * G_GUINT64_CONSTANT (0x9E3779B97F4A7C15);
        *s ^= *s >> 29;
      }
  for (guint g = 0; g < self->n; g++)
    {
      gpointer found;

      if (!g_hash_table_lookup_extended (known, &signature[g], NULL, &found))
        g_hash_table_insert (known, &signature[g], found = GUINT_TO_POINTER (self->n_families++));
      self->family[g] = (int) GPOINTER_TO_UINT (found);
    }
}

SqChannels *
sq_channels_new (const SqGraph *graph)
{
  SqChannels *self = g_new0 (SqChannels, 1);
  Walk walk = { graph, g_array_new (FALSE, FALSE, sizeof (int)), g_new0 (int *, graph->values->len), g_byte_array_new () };
  g_autofree int *number = NULL;

  for (guint i = 0; i < graph->inputs->len; i++)
    fresh (&walk, g_array_index (graph->inputs, int, i), TRUE);
  for (guint i = 0; i < graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (graph, i);

      if (follow (&walk, node))
        continue;
      for (int k = 0; k < node->n_in; k++)
        if (node->in[k] != SQ_NO_VALUE)
          fix (&walk, node->in[k]);
      for (int k = 0; k < node->n_out; k++)
        fresh (&walk, node->out[k], TRUE);
    }
  for (guint i = 0; i < graph->outputs->len; i++)
    fix (&walk, g_array_index (graph->outputs, int, i));

  self->graph = graph;
  self->of_value = walk.of_value;
  self->fixed = g_new0 (gboolean, walk.parent->len + 1);
  number = g_new (int, walk.parent->len + 1);
  for (guint i = 0; i < walk.parent->len; i++)
    if (find (&walk, (int) i) == (int) i)
      {
        self->fixed[self->n] = walk.fixed->data[i] != 0;
        number[i] = (int) self->n++;
      }
  for (guint v = 0; v < graph->values->len; v++)
    for (gint64 c = 0; self->of_value[v] != NULL && c < channels_of (graph, (int) v); c++)
      self->of_value[v][c] = number[find (&walk, self->of_value[v][c])];
  find_families (self);
  g_array_unref (walk.parent);
  g_byte_array_unref (walk.fixed);
  return self;
}

void
sq_channels_free (SqChannels *self)
{
  for (guint v = 0; v < self->graph->values->len; v++)
    g_free (self->of_value[v]);
  g_free (self->of_value);
  g_free (self->fixed);
  g_free (self->family);
  g_free (self);
}

GArray *
sq_channels_kept (const SqChannels *self, const gboolean *removed, int value)
{
  GArray *kept = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (gint64 c = 0; c < channels_of (self->graph, value); c++)
    if (self->of_value[value] == NULL || !removed[self->of_value[value][c]])
      g_array_append_val (kept, c);
  return kept;
}
