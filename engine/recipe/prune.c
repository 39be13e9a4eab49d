// SPDX-License-Identifier: GPL-3.0-or-later
#include "prune.h"

#include "engine/ops/op.h"
#include <math.h>

// A dense convolution that makes or reads a group, `times` of its channels.
typedef struct
{
  guint node;
  guint times;
} Touch;

typedef struct
{
  const SqChannels *channels;
  const SqPruneOptions *options;
  SqDamage *damage;
  gboolean *removed;
  GArray **makers, **readers; // per group: Touch
  double *own;                // per group: operations that go with it whatever else is there
  double *magnitude;          // per group
  gint64 *inputs, *outputs;   // per node: channels left of a dense convolution
  GArray **families;          // guint: groups left
  double flop;                // of what is left
} Prune;

static void
touch (GArray **list, guint node)
{
  Touch t = { node, 1 };

  if (*list == NULL)
    *list = g_array_new (FALSE, FALSE, sizeof (Touch));
  if ((*list)->len > 0 && g_array_index (*list, Touch, (*list)->len - 1).node == node)
    g_array_index (*list, Touch, (*list)->len - 1).times++;
  else
    g_array_append_val (*list, t);
}

static double
per_channel (const Prune *self, guint node)
{
  const SqGraph *graph = self->channels->graph;
  const SqNode *n = sq_graph_node (graph, node);
  const SqShape *y = &sq_graph_value (graph, n->out[0])->shape, *w = &sq_graph_value (graph, n->in[1])->constant->shape;

  return 2. * (double) (y->dim[2] * y->dim[3] * w->dim[2] * w->dim[3]);
}

// Squared size of a filter as a share of the layer's mean.
static void
add_magnitudes (Prune *self, const SqNode *node, const int *ids)
{
  const SqTensor *w = sq_graph_value (self->channels->graph, node->in[1])->constant;
  gint64 n = w->shape.dim[0], per = w->n / n;
  double total = 1e-30;

  for (gint64 i = 0; i < w->n; i++)
    total += (double) (sq_tensor_f32 (w)[i] * sq_tensor_f32 (w)[i]);
  for (gint64 o = 0; o < n; o++)
    for (gint64 i = 0; i < per; i++)
      self->magnitude[ids[o]] += (double) (sq_tensor_f32 (w)[o * per + i] * sq_tensor_f32 (w)[o * per + i]) / total * (double) n;
}

static void
add_node (Prune *self, guint i)
{
  const SqGraph *graph = self->channels->graph;
  const SqNode *node = sq_graph_node (graph, i);
  const int *in = node->in[0] == SQ_NO_VALUE ? NULL : self->channels->of_value[node->in[0]], *out = self->channels->of_value[node->out[0]];
  const SqShape *y = &sq_graph_value (graph, node->out[0])->shape;

  if (node->op == &sq_op_conv && sq_channels_is_dense (graph, node) && in != NULL && out != NULL)
    {
      self->inputs[i] = sq_graph_value (graph, node->in[0])->shape.dim[1];
      self->outputs[i] = y->dim[1];
      for (gint64 c = 0; c < self->inputs[i]; c++)
        touch (&self->readers[in[c]], i);
      for (gint64 c = 0; c < self->outputs[i]; c++)
        touch (&self->makers[out[c]], i);
      add_magnitudes (self, node, out);
      return;
    }
  for (gint64 c = 0; out != NULL && c < y->dim[1]; c++)
    self->own[out[c]] += node->op == &sq_op_conv && node->params.conv.groups > 1 ? per_channel (self, i) : (double) (y->dim[2] * y->dim[3]);
}

static void
prune_init (Prune *self, const SqChannels *channels, SqDamage *damage, const SqPruneOptions *options)
{
  const SqGraph *graph = channels->graph;

  *self = (Prune){ channels, options, damage };
  self->removed = g_new0 (gboolean, channels->n + 1);
  self->makers = g_new0 (GArray *, channels->n + 1);
  self->readers = g_new0 (GArray *, channels->n + 1);
  self->own = g_new0 (double, channels->n + 1);
  self->magnitude = g_new0 (double, channels->n + 1);
  self->inputs = g_new0 (gint64, graph->nodes->len + 1);
  self->outputs = g_new0 (gint64, graph->nodes->len + 1);
  self->families = g_new0 (GArray *, channels->n_families + 1);
  self->flop = sq_graph_flop (graph);
  for (guint i = 0; i < graph->nodes->len; i++)
    add_node (self, i);
  for (guint f = 0; f < channels->n_families; f++)
    self->families[f] = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint g = 0; g < channels->n; g++)
    if (!channels->fixed[g])
      g_array_append_val (self->families[channels->family[g]], g);
}

static void
prune_clear (Prune *self)
{
  for (guint g = 0; g < self->channels->n; g++)
    {
      g_clear_pointer (&self->makers[g], g_array_unref);
      g_clear_pointer (&self->readers[g], g_array_unref);
    }
  for (guint f = 0; f < self->channels->n_families; f++)
    g_array_unref (self->families[f]);
  g_free (self->makers);
  g_free (self->readers);
  g_free (self->own);
  g_free (self->magnitude);
  g_free (self->inputs);
  g_free (self->outputs);
  g_free (self->families);
  g_free (self->removed);
}

// Operations that go with a group as the network is now.
static double
saved (const Prune *self, guint group)
{
  double sum = self->own[group];

  for (guint t = 0; self->makers[group] != NULL && t < self->makers[group]->len; t++)
    {
      const Touch *m = &g_array_index (self->makers[group], Touch, t);

      sum += m->times * per_channel (self, m->node) * (double) self->inputs[m->node];
    }
  for (guint t = 0; self->readers[group] != NULL && t < self->readers[group]->len; t++)
    {
      const Touch *r = &g_array_index (self->readers[group], Touch, t);

      sum += r->times * per_channel (self, r->node) * (double) self->outputs[r->node];
    }
  return sum;
}

static double
score (const Prune *self, guint group)
{
  return self->damage != NULL ? sq_damage_of (self->damage, (int) group) : self->magnitude[group];
}

static void
remove_group (Prune *self, guint group)
{
  self->flop -= saved (self, group);
  self->removed[group] = TRUE;
  for (guint t = 0; self->makers[group] != NULL && t < self->makers[group]->len; t++)
    self->outputs[g_array_index (self->makers[group], Touch, t).node] -= g_array_index (self->makers[group], Touch, t).times;
  for (guint t = 0; self->readers[group] != NULL && t < self->readers[group]->len; t++)
    self->inputs[g_array_index (self->readers[group], Touch, t).node] -= g_array_index (self->readers[group], Touch, t).times;
  if (self->damage != NULL)
    sq_damage_remove (self->damage, (int) group);
}

// How many of a family go next: down to the next multiple of the block; 0 where too few would be left.
static guint
next_block (const Prune *self, guint family)
{
  guint n = self->families[family]->len, block = self->options->block, part = n % block != 0 ? n % block : block;

  return n >= part + block ? part : 0;
}

static int
by_number (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

// Damage per operation saved of a family's cheapest block.
static double
price (const Prune *self, guint family)
{
  const GArray *groups = self->families[family];
  guint n = next_block (self, family);
  g_autofree double *prices = NULL;
  double damage = 0;

  if (n == 0)
    return INFINITY;
  prices = g_new (double, groups->len);
  for (guint i = 0; i < groups->len; i++)
    prices[i] = score (self, g_array_index (groups, guint, i));
  qsort (prices, groups->len, sizeof (double), by_number);
  for (guint i = 0; i < n; i++)
    damage += prices[i];
  return damage / (n * saved (self, g_array_index (groups, guint, 0)) + 1);
}

static void
remove_block (Prune *self, guint family)
{
  GArray *groups = self->families[family];

  for (guint left = next_block (self, family); left > 0; left--)
    {
      guint best = 0;
      double least = INFINITY;

      for (guint i = 0; i < groups->len; i++)
        {
          double s = score (self, g_array_index (groups, guint, i));

          if (s < least)
            {
              least = s;
              best = i;
            }
        }
      remove_group (self, g_array_index (groups, guint, best));
      g_array_remove_index (groups, best);
    }
}

gboolean *
sq_prune_choose (const SqChannels *channels, SqDamage *damage, const SqPruneOptions *options, const SqRecipeProgress *progress,
                 GError **error)
{
  double total = sq_graph_flop (channels->graph);
  gboolean *removed = NULL;
  Prune self;

  prune_init (&self, channels, damage, options);
  while (self.flop > options->keep * total)
    {
      guint best = channels->n_families;
      double least = INFINITY;

      if (!_sq_recipe_progress (progress, (total - self.flop) / MAX (total * (1 - options->keep), 1), "Choosing channels", error))
        break;
      for (guint f = 0; f < channels->n_families; f++)
        {
          double p = price (&self, f);

          if (p < least)
            {
              least = p;
              best = f;
            }
        }
      if (best == channels->n_families)
        {
          g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT,
                       "No more than %.0f %% of this network's operations can be left out by removing channels: ask for fewer.",
                       100 * (total - self.flop) / total);
          break;
        }
      remove_block (&self, best);
    }
  if (self.flop <= options->keep * total)
    removed = g_steal_pointer (&self.removed);
  prune_clear (&self);
  return removed;
}
