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
  SqPruneDamage *damage;
  gboolean *removed;
  GArray **makers, **readers; // per group: Touch
  double *own;                // per group: operations that go with it whatever else is there
  double *magnitude;          // per group
  gint64 *inputs, *outputs;   // per node: channels left of a dense convolution
  GArray **families;          // guint: groups left
  double *damages, *savings;  // per family: damage (< 0: to be found out) and operations of its next block
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
prune_init (Prune *self, const SqChannels *channels, SqPruneDamage *damage, const SqPruneOptions *options)
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
  self->damages = g_new (double, channels->n_families + 1);
  self->savings = g_new (double, channels->n_families + 1);
  self->flop = sq_graph_flop (graph);
  for (guint i = 0; i < graph->nodes->len; i++)
    add_node (self, i);
  for (guint f = 0; f < channels->n_families; f++)
    {
      self->families[f] = g_array_new (FALSE, FALSE, sizeof (guint));
      self->damages[f] = -1;
    }
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
  g_free (self->damages);
  g_free (self->savings);
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
  return self->damage != NULL ? sq_prune_damage_of (self->damage, (int) group) : self->magnitude[group];
}

// Counts a group's channels out (sign -1) or in again.
static void
count (Prune *self, guint group, int sign)
{
  self->removed[group] = sign < 0;
  for (guint t = 0; self->makers[group] != NULL && t < self->makers[group]->len; t++)
    self->outputs[g_array_index (self->makers[group], Touch, t).node] += sign * (int) g_array_index (self->makers[group], Touch, t).times;
  for (guint t = 0; self->readers[group] != NULL && t < self->readers[group]->len; t++)
    self->inputs[g_array_index (self->readers[group], Touch, t).node] += sign * (int) g_array_index (self->readers[group], Touch, t).times;
}

// How many of a family go next: down to the next multiple of the block; 0 where too few would be left.
static guint
next_block (const Prune *self, guint family)
{
  guint n = self->families[family]->len, block = self->options->block, part = n % block != 0 ? n % block : block;

  return n >= part + block ? part : 0;
}

// Takes a family's next block, the cheapest group first. Returns the damage that all of it does together: more than the sum of what each
// would do alone, since they can no longer stand in for each other.
static double
take_block (Prune *self, guint family)
{
  GArray *groups = self->families[family];
  double damage = 0;

  for (guint left = next_block (self, family); left > 0; left--)
    {
      guint best = 0, group;
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
      group = g_array_index (groups, guint, best);
      damage += least;
      self->flop -= saved (self, group);
      count (self, group, -1);
      if (self->damage != NULL)
        sq_prune_damage_remove (self->damage, (int) group);
      g_array_remove_index (groups, best);
    }
  return damage;
}

// What a family's next block does and saves; everything is as it was afterwards.
static void
try_block (Prune *self, guint family)
{
  g_autoptr (GArray) before = g_array_copy (self->families[family]);
  double flop = self->flop, damage;

  if (self->damage != NULL)
    sq_prune_damage_try (self->damage);
  damage = take_block (self, family);
  self->damages[family] = MAX (damage, 0);
  self->savings[family] = flop - self->flop;
  if (self->damage != NULL)
    sq_prune_damage_undo (self->damage);
  for (guint i = 0; i < before->len; i++)
    if (self->removed[g_array_index (before, guint, i)])
      count (self, g_array_index (before, guint, i), 1);
  self->flop = flop;
  g_array_unref (self->families[family]);
  self->families[family] = g_steal_pointer (&before);
}

// Damage per operation saved; what goes beyond `wanted` is worth nothing.
static double
price (Prune *self, guint family, double wanted)
{
  if (next_block (self, family) == 0)
    return INFINITY;
  if (self->damages[family] < 0)
    try_block (self, family);
  return self->damages[family] / (MIN (self->savings[family], wanted) + 1);
}

static gboolean
shares (const GArray *a, const GArray *b)
{
  for (guint i = 0; a != NULL && b != NULL && i < a->len; i++)
    for (guint k = 0; k < b->len; k++)
      if (g_array_index (a, Touch, i).node == g_array_index (b, Touch, k).node)
        return TRUE;
  return FALSE;
}

// What touches a layer of `group` costs something else now.
static void
forget_prices (Prune *self, guint group)
{
  for (guint f = 0; f < self->channels->n_families; f++)
    {
      guint other;

      if (self->families[f]->len == 0)
        continue;
      other = g_array_index (self->families[f], guint, 0);
      if (shares (self->makers[group], self->makers[other]) || shares (self->makers[group], self->readers[other])
          || shares (self->readers[group], self->makers[other]) || shares (self->readers[group], self->readers[other]))
        self->damages[f] = -1;
    }
}

gboolean *
sq_prune_choose (const SqChannels *channels, SqPruneDamage *damage, const SqPruneOptions *options, const SqRecipeProgress *progress,
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
          double p = price (&self, f, self.flop - options->keep * total);

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
      forget_prices (&self, g_array_index (self.families[best], guint, 0));
      take_block (&self, best);
    }
  if (self.flop <= options->keep * total)
    removed = g_steal_pointer (&self.removed);
  prune_clear (&self);
  return removed;
}
