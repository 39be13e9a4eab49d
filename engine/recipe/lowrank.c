// SPDX-License-Identifier: GPL-3.0-or-later
#include "lowrank.h"

#include "engine/ops/op.h"
#include "step.h"
#include "windows.h"
#include <math.h>
#include <string.h>

#define MAX_OUTPUTS 1024

typedef struct
{
  guint node;
  gint64 n, outputs, places; // numbers under the window; of the output
  float *sum;                // (outputs + 1)^2 while measuring: products, the last row sums
  guint64 count;
  double *vectors; // outputs x outputs: component by component, the one with most variance first
  double *damage;  // per number of components that stay: variance lost, as a share of the layer's
  double *mean;    // of the outputs before the activation
  gint64 rank;     // components that stay; `outputs`: in one
} Layer;

typedef struct
{
  const SqModel *model;
  const SqLowrankOptions *options;
  GArray *layers; // Layer
} Work;

static gboolean
out_of_memory (GError **error)
{
  g_set_error_literal (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY, "There is not enough memory to compress this network.");
  return FALSE;
}

static void
layer_clear (gpointer data)
{
  Layer *self = data;

  g_free (self->sum);
  g_free (self->vectors);
  g_free (self->damage);
  g_free (self->mean);
}

static double
flop_of (const Layer *l, gint64 rank)
{
  return 2. * (double) l->places * (rank < l->outputs ? (double) rank * (double) (l->n + l->outputs) : (double) l->n * (double) l->outputs);
}

// Most components with which two layers are cheaper than one; 0 none.
static gint64
most_components (gint64 n, gint64 outputs, guint block)
{
  gint64 most = (n * outputs - 1) / (n + outputs);

  return most / block * block;
}

gboolean
sq_lowrank_pays (const SqGraph *graph, guint node, guint block)
{
  const SqNode *n = sq_graph_node (graph, node);
  const SqTensor *w;

  if (n->op != &sq_op_conv || !sq_channels_is_dense (graph, n))
    return FALSE;
  w = sq_graph_value (graph, n->in[1])->constant;
  return w->shape.dim[0] <= MAX_OUTPUTS && most_components (w->n / w->shape.dim[0], w->shape.dim[0], block) > 0;
}

static void
find_layers (Work *self)
{
  const SqGraph *graph = self->model->graph;

  for (guint i = 0; i < graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (graph, i);
      const SqShape *y = &sq_graph_value (graph, node->out[0])->shape;
      Layer l = { .node = i };

      if (!sq_lowrank_pays (graph, i, self->options->block))
        continue;
      if (self->options->except != NULL)
        {
          g_autofree char *name = sq_layer_name (graph, i);

          if (g_strv_contains (self->options->except, name))
            continue;
        }
      l.outputs = l.rank = y->dim[1];
      l.n = sq_graph_value (graph, node->in[1])->constant->n / l.outputs;
      l.places = y->dim[2] * y->dim[3];
      g_array_append_val (self->layers, l);
    }
}

// --- copying the network
// ------------------------------------------------------------------------------------------------------------------------------------------

typedef struct
{
  SqGraph *to;
  int *map; // per value of the original
} Copy;

static void
copy_begin (Copy *self, const SqGraph *from)
{
  self->to = sq_graph_new ();
  self->map = g_new (int, from->values->len + 1);
  for (guint v = 0; v < from->values->len; v++)
    {
      const SqValue *value = sq_graph_value (from, (int) v);

      self->map[v] = value->constant != NULL ? sq_graph_add_constant (self->to, value->name, sq_tensor_ref (value->constant)) : SQ_NO_VALUE;
    }
  for (guint i = 0; i < from->inputs->len; i++)
    {
      int input = g_array_index (from->inputs, int, i);
      const SqValue *value = sq_graph_value (from, input);

      self->map[input] = sq_graph_add_input (self->to, value->name, value->dtype, &value->shape);
    }
}

// The node with its inputs mapped; where it is a convolution, `in` holds room for all four.
static void
copy_inputs (const Copy *self, const SqNode *node, int *in)
{
  for (int k = 0; k < node->n_in; k++)
    in[k] = node->in[k] == SQ_NO_VALUE ? SQ_NO_VALUE : self->map[node->in[k]];
}

static gboolean
copy_node (Copy *self, const SqGraph *from, const SqNode *node, const SqOp *op, const SqParams *params, const int *in, int n_in,
           GError **error)
{
  int out[SQ_MAX_OUT];

  if (!sq_graph_add (self->to, op, params, in, n_in, out, error))
    return FALSE;
  for (int k = 0; k < node->n_out; k++)
    {
      SqValue *now = sq_graph_value (self->to, out[k]);

      g_free (now->name);
      now->name = g_strdup (sq_graph_value (from, node->out[k])->name);
      self->map[node->out[k]] = out[k];
    }
  return TRUE;
}

static void
copy_end (Copy *self, const SqGraph *from)
{
  for (guint i = 0; i < from->outputs->len; i++)
    sq_graph_add_output (self->to, self->map[g_array_index (from->outputs, int, i)]);
}

static void
copy_clear (Copy *self)
{
  g_clear_pointer (&self->to, sq_graph_free);
  g_free (self->map);
}

// --- measuring
// ------------------------------------------------------------------------------------------------------------------------------------------

// The network with what the layers make before their activation and sum as values of their own, which `values` gets.
static SqGraph *
bare (const Work *self, int *values, GError **error)
{
  const SqGraph *graph = self->model->graph;
  Copy copy;
  SqGraph *to = NULL;
  guint at = 0;
  gboolean ok = TRUE;

  copy_begin (&copy, graph);
  for (guint i = 0; ok && i < graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (graph, i);
      SqParams params = node->params;
      int in[SQ_MAX_IN], plain;

      copy_inputs (&copy, node, in);
      if (at < self->layers->len && g_array_index (self->layers, Layer, at).node == i)
        {
          params.conv.act.kind = SQ_ACT_NONE;
          ok = sq_graph_add (copy.to, node->op, &params, in, MIN (node->n_in, 3), &plain, error);
          values[at++] = plain;
        }
      ok = ok && copy_node (&copy, graph, node, node->op, &node->params, in, node->n_in, error);
    }
  if (ok)
    {
      copy_end (&copy, graph);
      to = g_steal_pointer (&copy.to);
    }
  copy_clear (&copy);
  return to;
}

static void
add_picture (guint k, const SqTensor *y, guint picture, gpointer data)
{
  Work *self = data;
  Layer *l = &g_array_index (self->layers, Layer, k);
  gint64 m = l->outputs, row = m + 1, n = MIN (l->places, 512);
  guint rows = (guint) (n + 3) / 4 * 4;
  g_autofree float *seen = g_new0 (float, (gsize) rows *(gsize) row);

  for (gint64 i = 0; i < n; i++)
    {
      gint64 place = sq_window_place (i, n, l->places, picture);

      for (gint64 o = 0; o < m; o++)
        seen[i * row + o] = sq_tensor_f32 (y)[o * l->places + place];
      seen[i * row + m] = 1;
    }
  sq_add_products (l->sum, seen, row, 0, row, seen, row, rows, TRUE);
  l->count += (guint64) n;
}

// Sums -> components and what leaving them out costs.
static gboolean
layer_finish (Layer *l)
{
  gint64 m = l->outputs, row = m + 1;
  g_autofree double *a = g_try_malloc ((gsize) (m * m) * sizeof (double)), *variance = g_new (double, m);
  double total = 1e-30, lost = 0;

  l->vectors = g_try_malloc ((gsize) (m * m) * sizeof (double));
  if (a == NULL || l->vectors == NULL)
    return FALSE;
  l->mean = g_new (double, m);
  l->damage = g_new (double, m + 1);
  for (gint64 i = 0; i < m; i++)
    l->mean[i] = (double) l->sum[m * row + i] / (double) l->count;
  for (gint64 i = 0; i < m; i++)
    for (gint64 j = 0; j <= i; j++)
      a[i * m + j] = a[j * m + i] = (double) l->sum[i * row + j] / (double) l->count - l->mean[i] * l->mean[j];
  sq_eigen (a, m, variance, l->vectors);
  for (gint64 i = 0; i < m; i++)
    total += MAX (variance[i], 0);
  for (gint64 i = m; i >= 0; i--)
    {
      l->damage[i] = lost / total;
      lost += i > 0 ? MAX (variance[i - 1], 0) : 0;
    }
  g_clear_pointer (&l->sum, g_free);
  return TRUE;
}

static gboolean
measure (Work *self, const SqCalibration *pictures, const SqRecipeProgress *progress, GError **error)
{
  g_autofree int *values = g_new (int, self->layers->len + 1);
  g_autoptr (SqGraph) graph = bare (self, values, error);
  SqModel plain = *self->model; // the same pictures, with more to look at
  gboolean ok = graph != NULL;

  for (guint i = 0; ok && i < self->layers->len; i++)
    {
      Layer *l = &g_array_index (self->layers, Layer, i);

      l->sum = g_try_malloc0 ((gsize) ((l->outputs + 1) * (l->outputs + 1)) * sizeof (float));
      ok = l->sum != NULL || out_of_memory (error);
    }
  plain.graph = graph;
  if (!ok || !sq_observe (&plain, pictures, values, self->layers->len, add_picture, self, progress, "Measuring layers", error))
    return FALSE;
  for (guint i = 0; i < self->layers->len; i++)
    if (!_sq_recipe_progress (progress, 1, "Measuring layers", error))
      return FALSE;
    else if (!layer_finish (&g_array_index (self->layers, Layer, i)))
      return out_of_memory (error);
  return TRUE;
}

// --- choosing
// ------------------------------------------------------------------------------------------------------------------------------------------

// The next number of components of a layer: the one with the least damage per operation saved from where it is; what is saved beyond
// `wanted` is worth nothing. 0: there is none.
static gint64
next_rank (const Layer *l, guint block, double wanted, double *price)
{
  gint64 best = 0;

  *price = INFINITY;
  for (gint64 r = MIN (most_components (l->n, l->outputs, block), l->rank - 1) / block * block; r > 0; r -= block)
    {
      double saved = flop_of (l, l->rank) - flop_of (l, r), p = (l->damage[r] - l->damage[l->rank]) / (MIN (saved, wanted) + 1);

      if (saved > 0 && p < *price)
        {
          *price = p;
          best = r;
        }
    }
  return best;
}

static gboolean
choose (Work *self, GError **error)
{
  double total = sq_graph_flop (self->model->graph), flop = total, wanted = self->options->keep * total;

  while (flop > wanted)
    {
      Layer *best = NULL;
      double least = INFINITY;
      gint64 rank = 0;

      for (guint i = 0; i < self->layers->len; i++)
        {
          Layer *l = &g_array_index (self->layers, Layer, i);
          double price;
          gint64 r = next_rank (l, self->options->block, flop - wanted, &price);

          if (r > 0 && price < least)
            {
              least = price;
              best = l;
              rank = r;
            }
        }
      if (best == NULL)
        {
          g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT,
                       "No more than %.0f %% of this network's operations can be left out by splitting layers: ask for fewer.",
                       100 * (total - flop) / total);
          return FALSE;
        }
      flop += flop_of (best, rank) - flop_of (best, best->rank);
      best->rank = rank;
    }
  return TRUE;
}

// --- in two
// ------------------------------------------------------------------------------------------------------------------------------------------

// V W and V (b - mean) for the components; V' and mean for the outputs.
static gboolean
split_layer (const Layer *l, Copy *copy, const SqGraph *from, int *components, GError **error)
{
  const SqNode *node = sq_graph_node (from, l->node);
  const SqTensor *w = sq_graph_value (from, node->in[1])->constant;
  const SqTensor *b = node->n_in > 2 && node->in[2] != SQ_NO_VALUE ? sq_graph_value (from, node->in[2])->constant : NULL;
  gint64 m = l->outputs, n = l->n;
  SqTensor *turned = sq_tensor_new (SQ_F32, &w->shape), *shift = sq_tensor_new (SQ_F32, &SQ_SHAPE (m)),
           *back = sq_tensor_new (SQ_F32, &SQ_SHAPE (m, m, 1, 1)), *mean = sq_tensor_new (SQ_F32, &SQ_SHAPE (m));
  SqParams first = node->params, second = node->params;
  int in[SQ_MAX_IN];

  if (turned == NULL || shift == NULL || back == NULL || mean == NULL)
    {
      g_clear_pointer (&turned, sq_tensor_unref);
      g_clear_pointer (&shift, sq_tensor_unref);
      g_clear_pointer (&back, sq_tensor_unref);
      g_clear_pointer (&mean, sq_tensor_unref);
      return out_of_memory (error);
    }
  for (gint64 c = 0; c < m; c++)
    {
      const double *v = l->vectors + c * m;
      double moved = 0;

      for (gint64 i = 0; i < n; i++)
        {
          double sum = 0;

          for (gint64 o = 0; o < m; o++)
            sum += v[o] * (double) sq_tensor_f32 (w)[o * n + i];
          sq_tensor_f32 (turned)[c * n + i] = (float) sum;
        }
      for (gint64 o = 0; o < m; o++)
        {
          moved += v[o] * ((b != NULL ? (double) sq_tensor_f32 (b)[o] : 0) - l->mean[o]);
          sq_tensor_f32 (back)[o * m + c] = (float) v[o];
        }
      sq_tensor_f32 (shift)[c] = (float) moved;
      sq_tensor_f32 (mean)[c] = (float) l->mean[c];
    }
  first.conv.act = (SqAct){ SQ_ACT_NONE };
  copy_inputs (copy, node, in);
  in[1] = sq_graph_add_constant (copy->to, NULL, turned);
  in[2] = sq_graph_add_constant (copy->to, NULL, shift);
  if (!sq_graph_add (copy->to, node->op, &first, in, 3, components, error))
    return FALSE;
  second.conv = (SqConvParams){ .kernel = { 1, 1 }, .stride = { 1, 1 }, .dilation = { 1, 1 }, .groups = 1, .act = node->params.conv.act };
  copy_inputs (copy, node, in); // with what is added behind the activation
  in[0] = *components;
  in[1] = sq_graph_add_constant (copy->to, NULL, back);
  in[2] = sq_graph_add_constant (copy->to, NULL, mean);
  return copy_node (copy, from, node, node->op, &second, in, MAX (node->n_in, 3), error);
}

static gboolean
split (const Work *self, SqLowrank *result, GError **error)
{
  const SqGraph *graph = self->model->graph;
  g_autofree int *components = g_new (int, self->layers->len + 1);
  Copy copy;
  guint at = 0;
  gboolean ok = TRUE;

  copy_begin (&copy, graph);
  for (guint i = 0; ok && i < graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (graph, i);
      const Layer *l =
          at < self->layers->len && g_array_index (self->layers, Layer, at).node == i ? &g_array_index (self->layers, Layer, at) : NULL;
      int in[SQ_MAX_IN];

      if (l != NULL && l->rank < l->outputs)
        ok = split_layer (l, &copy, graph, &components[at], error);
      else
        {
          copy_inputs (&copy, node, in);
          ok = copy_node (&copy, graph, node, node->op, &node->params, in, node->n_in, error);
        }
      at += l != NULL;
    }
  if (ok)
    {
      copy_end (&copy, graph);
      result->graph = g_steal_pointer (&copy.to);
      result->channels = sq_channels_new (result->graph);
      result->removed = g_new0 (gboolean, result->channels->n + 1);
      for (guint i = 0; i < self->layers->len; i++)
        {
          const Layer *l = &g_array_index (self->layers, Layer, i);

          result->n_layers += l->rank < l->outputs;
          for (gint64 c = l->rank; c < l->outputs; c++)
            result->removed[result->channels->of_value[components[i]][c]] = TRUE;
        }
    }
  copy_clear (&copy);
  return ok;
}

SqLowrank *
sq_lowrank_new (const SqModel *model, const SqCalibration *pictures, const SqLowrankOptions *options, const SqRecipeProgress *progress,
                GError **error)
{
  Work work = { model, options, g_array_new (FALSE, FALSE, sizeof (Layer)) };
  SqLowrank *self = g_new0 (SqLowrank, 1);
  gboolean ok;

  g_array_set_clear_func (work.layers, layer_clear);
  find_layers (&work);
  ok = measure (&work, pictures, progress, error) && choose (&work, error) && split (&work, self, error);
  g_array_unref (work.layers);
  if (ok)
    return self;
  sq_lowrank_free (self);
  return NULL;
}

void
sq_lowrank_free (SqLowrank *self)
{
  g_clear_pointer (&self->channels, sq_channels_free);
  g_clear_pointer (&self->graph, sq_graph_free);
  g_free (self->removed);
  g_free (self);
}
