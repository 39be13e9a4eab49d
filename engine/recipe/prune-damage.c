// SPDX-License-Identifier: GPL-3.0-or-later
#include "prune-damage.h"

#include "engine/ops/op.h"
#include "windows.h"
#include <math.h>
#include <string.h>

#define MATRIX_BYTES ((gsize) 768 << 20) // of all matrices together
#define MAX_NUMBERS 2400                 // under one window; larger layers keep their inputs
#define DAMPING .01                      // of the mean diagonal

typedef struct
{
  int group;
  int n, at;     // channels of the layer's input that belong to it: `n` from `at` in positions
  double damage; // < 0: not known
} Part;

typedef struct
{
  guint node;
  const SqConvParams *params;
  gint64 channels, window, n, outputs; // n: numbers under the window and the 1 of the bias
  float *sum, *rows;                   // while measuring: n x n, positions x n
  guint64 count;
  double *inverse; // n x n: of the covariance of what is left
  double *w;       // outputs x n
  double energy;   // variance of all outputs
  gboolean *alive; // per output
  gboolean changed;
  GArray *parts;  // Part
  int *positions; // channels sorted by part
} Layer;

typedef struct
{
  guint layer, part;
} Reader;

// A layer as it was before something was tried.
typedef struct
{
  guint layer;
  double *inverse, *w, *damage;
  gboolean *alive, changed;
} Saved;

struct _SqPruneDamage
{
  const SqModel *model;
  const SqChannels *channels;
  GArray *layers;   // Layer
  GArray **readers; // per group: Reader
  GArray **makers;  // per group: Reader; `part` is the output channel
  int *of_node;     // layer of each node, -1 none
  guint positions_per_picture;
  gboolean trying;
  GArray *saved; // Saved
};

static void
layer_clear (gpointer data)
{
  Layer *self = data;

  g_free (self->sum);
  g_free (self->rows);
  g_free (self->inverse);
  g_free (self->w);
  g_free (self->alive);
  g_free (self->positions);
  g_array_unref (self->parts);
}

static Layer *
layer (const SqPruneDamage *self, guint i)
{
  return &g_array_index (self->layers, Layer, i);
}

static void
add_reader (GArray **of_group, int group, guint layer, guint part)
{
  Reader reader = { layer, part };

  if (of_group[group] == NULL)
    of_group[group] = g_array_new (FALSE, FALSE, sizeof (Reader));
  g_array_append_val (of_group[group], reader);
}

// The layer's input channels by group, in order of their first.
static void
find_parts (SqPruneDamage *self, guint index, const int *ids)
{
  Layer *l = layer (self, index);
  g_autoptr (GHashTable) known = g_hash_table_new (NULL, NULL);
  int at = 0;

  for (gint64 c = 0; c < l->channels; c++)
    {
      gpointer found;
      Part part = { ids[c], 0, 0, -1 };

      if (!g_hash_table_lookup_extended (known, GINT_TO_POINTER (ids[c]), NULL, &found))
        {
          g_hash_table_insert (known, GINT_TO_POINTER (ids[c]), found = GUINT_TO_POINTER (l->parts->len));
          add_reader (self->readers, ids[c], index, l->parts->len);
          g_array_append_val (l->parts, part);
        }
      g_array_index (l->parts, Part, GPOINTER_TO_UINT (found)).n++;
    }
  for (guint p = 0; p < l->parts->len; p++)
    {
      Part *part = &g_array_index (l->parts, Part, p);

      part->at = at;
      for (gint64 c = 0; c < l->channels; c++)
        if (ids[c] == part->group)
          l->positions[at++] = (int) c;
    }
}

static void
fix_input (SqChannels *channels, const SqNode *node, gint64 n)
{
  for (gint64 c = 0; c < n; c++)
    channels->fixed[channels->of_value[node->in[0]][c]] = TRUE;
}

static gboolean
is_worth_it (const SqChannels *channels, const SqNode *node, gint64 n)
{
  for (gint64 c = 0; c < n; c++)
    if (!channels->fixed[channels->of_value[node->in[0]][c]])
      return TRUE;
  return FALSE;
}

static void
find_layers (SqPruneDamage *self, SqChannels *channels)
{
  const SqGraph *graph = channels->graph;
  gsize bytes = 0;

  for (guint i = 0; i < graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (graph, i);
      const SqTensor *w;
      Layer l = { .node = i };

      self->of_node[i] = -1;
      if (node->op != &sq_op_conv || !sq_channels_is_dense (graph, node) || channels->of_value[node->in[0]] == NULL)
        continue;
      w = sq_graph_value (graph, node->in[1])->constant;
      l.params = &node->params.conv;
      l.channels = w->shape.dim[1];
      l.window = w->shape.dim[2] * w->shape.dim[3];
      l.n = l.channels * l.window + 1;
      l.outputs = w->shape.dim[0];
      if (!is_worth_it (channels, node, l.channels))
        continue;
      if (l.n > MAX_NUMBERS || bytes + (gsize) (l.n * l.n) * 12 > MATRIX_BYTES)
        {
          fix_input (channels, node, l.channels);
          continue;
        }
      bytes += (gsize) (l.n * l.n) * 12;
      l.parts = g_array_new (FALSE, FALSE, sizeof (Part));
      l.positions = g_new (int, l.channels);
      l.alive = g_new (gboolean, l.outputs);
      for (gint64 o = 0; o < l.outputs; o++)
        l.alive[o] = TRUE;
      self->of_node[i] = (int) self->layers->len;
      g_array_append_val (self->layers, l);
      find_parts (self, self->layers->len - 1, channels->of_value[node->in[0]]);
      for (gint64 o = 0; channels->of_value[node->out[0]] != NULL && o < l.outputs; o++)
        add_reader (self->makers, channels->of_value[node->out[0]][o], self->layers->len - 1, (guint) o);
    }
}

static void
add_picture (guint index, const SqTensor *x, guint picture, gpointer data)
{
  SqPruneDamage *self = data;
  Layer *l = layer (self, index);
  const SqShape *y = &sq_graph_value (self->model->graph, sq_graph_node (self->model->graph, l->node)->out[0])->shape;
  gint64 places = y->dim[2] * y->dim[3], n = MIN ((gint64) self->positions_per_picture, places);
  guint rows = (guint) (n + 3) / 4 * 4;

  memset (l->rows, 0, rows * (gsize) l->n * sizeof (float));
  for (gint64 i = 0; i < n; i++)
    {
      gint64 place = sq_window_place (i, n, places, picture);
      float *row = l->rows + i * l->n;

      sq_window_gather (l->params, x, 0, l->channels, place / y->dim[3], place % y->dim[3], row);
      row[l->n - 1] = 1;
    }
  sq_add_products (l->sum, l->rows, l->n, 0, l->n, l->rows, l->n, rows, TRUE);
  l->count += (guint64) n;
}

static gboolean
out_of_memory (GError **error)
{
  g_set_error_literal (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY, "There is not enough memory to compress this network.");
  return FALSE;
}

// Sums -> inverse of the damped second moments; weights and the variance of what they make.
static gboolean
layer_finish (Layer *l, const SqGraph *graph, GError **error)
{
  const SqNode *node = sq_graph_node (graph, l->node);
  const SqTensor *w = sq_graph_value (graph, node->in[1])->constant;
  const SqTensor *bias = node->n_in > 2 && node->in[2] != SQ_NO_VALUE ? sq_graph_value (graph, node->in[2])->constant : NULL;
  gint64 n = l->n;
  double mean = 0;

  l->inverse = g_try_malloc ((gsize) (n * n) * sizeof (double));
  l->w = g_try_malloc ((gsize) (n * l->outputs) * sizeof (double));
  if (l->inverse == NULL || l->w == NULL)
    return out_of_memory (error);
  for (gint64 o = 0; o < l->outputs; o++)
    {
      for (gint64 i = 0; i < n - 1; i++)
        l->w[o * n + i] = (double) sq_tensor_f32 (w)[o * (n - 1) + i];
      l->w[o * n + n - 1] = bias != NULL ? (double) sq_tensor_f32 (bias)[o] : 0;
    }
  for (gint64 i = 0; i < n; i++)
    for (gint64 j = 0; j <= i; j++)
      l->inverse[i * n + j] = l->inverse[j * n + i] = (double) l->sum[i * n + j] / (double) l->count;
  for (gint64 i = 0; i < n - 1; i++)
    mean += l->inverse[i * n + i] / (double) (n - 1);
  for (gint64 o = 0; o < l->outputs; o++)
    {
      const double *v = l->w + o * n;
      double second = 0, first = 0;

      for (gint64 i = 0; i < n - 1; i++)
        {
          for (gint64 j = 0; j < n - 1; j++)
            second += v[i] * v[j] * l->inverse[i * n + j];
          first += v[i] * l->inverse[(n - 1) * n + i];
        }
      l->energy += MAX (second - first * first, 0);
    }
  l->energy += 1e-12;
  for (gint64 i = 0; i < n - 1; i++)
    l->inverse[i * n + i] += DAMPING * mean + 1e-12;
  l->inverse[n * n - 1] += 1e-6;
  return sq_invert (l->inverse, n) ? TRUE : out_of_memory (error);
}

static gboolean
observe (SqPruneDamage *self, const SqCalibration *pictures, const SqRecipeProgress *progress, GError **error)
{
  g_autofree int *values = g_new (int, self->layers->len + 1);
  gboolean ok = TRUE;

  for (guint i = 0; ok && i < self->layers->len; i++)
    {
      Layer *l = layer (self, i);

      values[i] = sq_graph_node (self->model->graph, l->node)->in[0];
      l->sum = g_try_malloc0 ((gsize) (l->n * l->n) * sizeof (float));
      l->rows = g_try_malloc ((gsize) (self->positions_per_picture + 4) * (gsize) l->n * sizeof (float));
      ok = l->sum != NULL && l->rows != NULL;
    }
  if (!ok)
    return out_of_memory (error);
  if (!sq_observe (self->model, pictures, values, self->layers->len, add_picture, self, progress, "Measuring layers", error))
    return FALSE;
  for (guint i = 0; i < self->layers->len; i++)
    {
      Layer *l = layer (self, i);

      if (!_sq_recipe_progress (progress, 1, "Measuring layers", error) || !layer_finish (l, self->model->graph, error))
        return FALSE;
      g_clear_pointer (&l->sum, g_free);
      g_clear_pointer (&l->rows, g_free);
    }
  return TRUE;
}

SqPruneDamage *
sq_prune_damage_new (const SqModel *model, SqChannels *channels, const SqCalibration *pictures, guint positions,
                     const SqRecipeProgress *progress, GError **error)
{
  g_autoptr (SqPruneDamage) self = g_new0 (SqPruneDamage, 1);

  self->model = model;
  self->channels = channels;
  self->positions_per_picture = positions;
  self->layers = g_array_new (FALSE, FALSE, sizeof (Layer));
  g_array_set_clear_func (self->layers, layer_clear);
  self->readers = g_new0 (GArray *, channels->n + 1);
  self->makers = g_new0 (GArray *, channels->n + 1);
  self->of_node = g_new (int, channels->graph->nodes->len + 1);
  self->saved = g_array_new (FALSE, FALSE, sizeof (Saved));
  find_layers (self, channels);
  if (!observe (self, pictures, progress, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
sq_prune_damage_free (SqPruneDamage *self)
{
  for (guint g = 0; g < self->channels->n; g++)
    {
      g_clear_pointer (&self->readers[g], g_array_unref);
      g_clear_pointer (&self->makers[g], g_array_unref);
    }
  g_free (self->readers);
  g_free (self->makers);
  g_free (self->of_node);
  g_array_unref (self->saved);
  g_array_unref (self->layers);
  g_free (self);
}

// --- removing
// ------------------------------------------------------------------------------------------------------------------------------------------

// The numbers under the window that belong to a part; the caller frees.
static gint64 *
numbers_of (const Layer *l, const Part *part, gint64 *n)
{
  gint64 *numbers = g_new (gint64, (gint64) part->n * l->window);

  *n = 0;
  for (int k = 0; k < part->n; k++)
    for (gint64 i = 0; i < l->window; i++)
      numbers[(*n)++] = l->positions[part->at + k] * l->window + i;
  return numbers;
}

// The inverse's block of a part, factorised.
static double *
block_of (const Layer *l, const gint64 *numbers, gint64 n)
{
  double *block = g_new (double, n *n);

  for (gint64 i = 0; i < n; i++)
    for (gint64 j = 0; j < n; j++)
      block[i * n + j] = l->inverse[numbers[i] * l->n + numbers[j]];
  if (sq_cholesky (block, n))
    return block;
  g_free (block);
  return NULL;
}

// sum over outputs of w_S' (H^-1_SS)^-1 w_S, as a share of the layer's variance.
static double
part_damage (const Layer *l, const Part *part)
{
  gint64 n;
  g_autofree gint64 *numbers = numbers_of (l, part, &n);
  g_autofree double *block = block_of (l, numbers, n), *x = g_new (double, n);
  double damage = 0;

  if (block == NULL)
    return 0;
  for (gint64 o = 0; o < l->outputs; o++)
    {
      if (!l->alive[o])
        continue;
      for (gint64 i = 0; i < n; i++) // L x = w_S; its square is what is asked for
        {
          double v = l->w[o * l->n + numbers[i]];

          for (gint64 j = 0; j < i; j++)
            v -= block[i * n + j] * x[j];
          x[i] = v / block[i * n + i];
          damage += x[i] * x[i];
        }
    }
  return damage / l->energy;
}

double
sq_prune_damage_of (SqPruneDamage *self, int group)
{
  double sum = 0;

  for (guint r = 0; self->readers[group] != NULL && r < self->readers[group]->len; r++)
    {
      const Reader *reader = &g_array_index (self->readers[group], Reader, r);
      const Layer *l = layer (self, reader->layer);
      Part *part = &g_array_index (l->parts, Part, reader->part);

      if (part->damage < 0)
        part->damage = part_damage (l, part);
      sum += part->damage;
    }
  return sum;
}

static void
forget (Layer *l)
{
  for (guint p = 0; p < l->parts->len; p++)
    g_array_index (l->parts, Part, p).damage = -1;
}

// (H^-1_SS)^-1 H^-1_S., n rows.
static double *
gain_of (const Layer *l, const double *block, const gint64 *numbers, gint64 n)
{
  double *gain = g_new (double, n * l->n);

  for (gint64 i = 0; i < n; i++)
    memcpy (gain + i * l->n, l->inverse + numbers[i] * l->n, (gsize) l->n * sizeof (double));
  for (gint64 i = 0; i < n; i++) // forwards and backwards through the factor, all columns at once
    {
      for (gint64 j = 0; j < i; j++)
        for (gint64 c = 0; c < l->n; c++)
          gain[i * l->n + c] -= block[i * n + j] * gain[j * l->n + c];
      for (gint64 c = 0; c < l->n; c++)
        gain[i * l->n + c] /= block[i * n + i];
    }
  for (gint64 i = n - 1; i >= 0; i--)
    {
      for (gint64 j = i + 1; j < n; j++)
        for (gint64 c = 0; c < l->n; c++)
          gain[i * l->n + c] -= block[j * n + i] * gain[j * l->n + c];
      for (gint64 c = 0; c < l->n; c++)
        gain[i * l->n + c] /= block[i * n + i];
    }
  return gain;
}

// W -= W_S (H^-1_SS)^-1 H^-1_S., H^-1 -= H^-1_.S (H^-1_SS)^-1 H^-1_S.; what is removed becomes 0.
static void
remove_part (Layer *l, const Part *part)
{
  gint64 n, total = l->n;
  g_autofree gint64 *numbers = numbers_of (l, part, &n);
  g_autofree double *block = block_of (l, numbers, n), *gain = NULL, *rows = NULL;

  l->changed = TRUE;
  forget (l);
  if (block == NULL)
    return;
  gain = gain_of (l, block, numbers, n);
  rows = g_new (double, n *total);
  for (gint64 i = 0; i < n; i++)
    memcpy (rows + i * total, l->inverse + numbers[i] * total, (gsize) total * sizeof (double));
#pragma omp parallel for if (total > 256)
  for (gint64 r = 0; r < l->outputs + total; r++)
    {
      double *row = r < l->outputs ? l->w + r * total : l->inverse + (r - l->outputs) * total;
      g_autofree double *at = g_new (double, n); // the row's own numbers, before they change

      for (gint64 i = 0; i < n; i++)
        at[i] = r < l->outputs ? row[numbers[i]] : rows[i * total + r - l->outputs];
      for (gint64 i = 0; i < n; i++)
        for (gint64 c = 0; at[i] != 0 && c < total; c++)
          row[c] -= at[i] * gain[i * total + c];
      for (gint64 i = 0; i < n; i++)
        row[numbers[i]] = 0;
    }
  for (gint64 i = 0; i < n; i++)
    {
      memset (l->inverse + numbers[i] * total, 0, (gsize) total * sizeof (double));
      l->inverse[numbers[i] * total + numbers[i]] = 1;
    }
}

void
sq_prune_damage_try (SqPruneDamage *self)
{
  self->trying = TRUE;
}

// Once per layer and try.
static void
save (SqPruneDamage *self, guint index)
{
  const Layer *l = layer (self, index);
  Saved s = { .layer = index, .changed = l->changed };

  if (!self->trying)
    return;
  for (guint i = 0; i < self->saved->len; i++)
    if (g_array_index (self->saved, Saved, i).layer == index)
      return;
  s.inverse = g_memdup2 (l->inverse, (gsize) (l->n * l->n) * sizeof (double));
  s.w = g_memdup2 (l->w, (gsize) (l->outputs * l->n) * sizeof (double));
  s.alive = g_memdup2 (l->alive, (gsize) l->outputs * sizeof (gboolean));
  s.damage = g_new (double, l->parts->len);
  for (guint p = 0; p < l->parts->len; p++)
    s.damage[p] = g_array_index (l->parts, Part, p).damage;
  g_array_append_val (self->saved, s);
}

void
sq_prune_damage_undo (SqPruneDamage *self)
{
  for (guint i = 0; i < self->saved->len; i++)
    {
      Saved *s = &g_array_index (self->saved, Saved, i);
      Layer *l = layer (self, s->layer);

      g_free (l->inverse);
      g_free (l->w);
      g_free (l->alive);
      l->inverse = s->inverse;
      l->w = s->w;
      l->alive = s->alive;
      l->changed = s->changed;
      for (guint p = 0; p < l->parts->len; p++)
        g_array_index (l->parts, Part, p).damage = s->damage[p];
      g_free (s->damage);
    }
  g_array_set_size (self->saved, 0);
  self->trying = FALSE;
}

void
sq_prune_damage_remove (SqPruneDamage *self, int group)
{
  for (guint r = 0; self->readers[group] != NULL && r < self->readers[group]->len; r++)
    {
      const Reader *reader = &g_array_index (self->readers[group], Reader, r);

      save (self, reader->layer);
      remove_part (layer (self, reader->layer), &g_array_index (layer (self, reader->layer)->parts, Part, reader->part));
    }
  for (guint r = 0; self->makers[group] != NULL && r < self->makers[group]->len; r++)
    {
      const Reader *maker = &g_array_index (self->makers[group], Reader, r);

      save (self, maker->layer);
      layer (self, maker->layer)->alive[maker->part] = FALSE; // its error hurts nobody any more
      forget (layer (self, maker->layer));
    }
}

SqTensor *
sq_prune_damage_weights (const SqPruneDamage *self, guint node, SqTensor **bias)
{
  const Layer *l = self->of_node[node] >= 0 ? layer (self, (guint) self->of_node[node]) : NULL;
  SqTensor *w;

  *bias = NULL;
  if (l == NULL || !l->changed)
    return NULL;
  w = sq_tensor_new (SQ_F32, &sq_graph_value (self->model->graph, sq_graph_node (self->model->graph, node)->in[1])->constant->shape);
  *bias = sq_tensor_new (SQ_F32, &SQ_SHAPE (l->outputs));
  for (gint64 o = 0; o < l->outputs; o++)
    {
      for (gint64 i = 0; i < l->n - 1; i++)
        sq_tensor_f32 (w)[o * (l->n - 1) + i] = (float) l->w[o * l->n + i];
      sq_tensor_f32 (*bias)[o] = (float) l->w[o * l->n + l->n - 1];
    }
  return w;
}
