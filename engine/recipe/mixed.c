// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixed.h"

#include <math.h>

// Moving a number through memory costs about what so many operations do.
#define FLOP_PER_ELEMENT 32

typedef struct
{
  guint layer;
  double gain; // damage^2 undone per time
} Candidate;

static int
by_gain (gconstpointer x, gconstpointer y)
{
  const Candidate *a = x, *b = y;

  return a->gain < b->gain ? 1 : a->gain > b->gain ? -1 : (int) a->layer - (int) b->layer;
}

static double
time_of (const SqGraph *graph, guint node)
{
  const SqNode *n = sq_graph_node (graph, node);

  return sq_graph_node_flop (graph, node)
         + FLOP_PER_ELEMENT
               * (double) (sq_shape_elements (&sq_graph_value (graph, n->in[0])->shape)
                           + sq_shape_elements (&sq_graph_value (graph, n->out[0])->shape));
}

static void
set_first (gboolean *stays, guint n, const Candidate *order, guint first)
{
  for (guint i = 0; i < n; i++)
    stays[order[i].layer] = i < first;
}

static double
agreement (const SqInt8 *int8, SqRecipeJob *job, const SqModel *model, const gboolean *stays, const SqRecipeProgress *progress,
           GError **error)
{
  g_autoptr (SqGraph) graph = sq_int8_graph (int8, stays, NULL);
  g_autoptr (SqModel) variant = sq_model_derive (model, graph, error);

  return variant != NULL ? sq_recipe_job_agreement (job, variant, progress, error) : -1;
}

double
sq_mixed_choose (const SqInt8 *int8, SqRecipeJob *job, const SqModel *model, const double *damage, double keep, gboolean *stays,
                 const SqRecipeProgress *progress, GError **error)
{
  guint n = sq_int8_n_layers (int8), low = 0, high = n; // `low` layers are too few; `high` are enough, or all there are
  g_autofree Candidate *order = g_new (Candidate, n);
  double reached = -1, n_steps = 2 + ceil (log2 (n));

  for (guint i = 0; i < n; i++)
    order[i] = (Candidate){ i, damage[i] * damage[i] / time_of (model->graph, sq_int8_layer (int8, i)) };
  qsort (order, n, sizeof order[0], by_gain);
  for (guint step = 0; step == 0 || high - low > 1 || reached < 0; step++)
    {
      guint m = step == 0 ? 0 : high - low > 1 ? (low + high) / 2 : high; // often none need to go back
      SqRecipeProgress part = *progress;
      double a;

      part.from = progress->from + (progress->to - progress->from) * MIN (step / n_steps, 1);
      part.to = progress->from + (progress->to - progress->from) * MIN ((step + 1) / n_steps, 1);
      set_first (stays, n, order, m);
      if ((a = agreement (int8, job, model, stays, &part, error)) < 0)
        return -1;
      if (a < keep && m < n)
        {
          low = m;
          continue;
        }
      reached = a;
      high = m;
      if (m == 0)
        break;
    }
  set_first (stays, n, order, high);
  return reached;
}
