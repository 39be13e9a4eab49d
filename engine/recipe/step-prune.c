// SPDX-License-Identifier: GPL-3.0-or-later
#include "prune.h"
#include "refit.h"
#include "step.h"

enum
{
  KEEP,      // share of the operations
  SCORING,   // 0 by the filters' size, 1 by the damage that leaving out does
  REFIT,     // 0 no, 1 the remaining weights are fitted to the original's outputs
  BLOCK,     // kept channels are multiples of it
  POSITIONS, // places per picture
  PICTURES,  // for the refit
  RIDGE,     // of the refit
};

static gboolean
check (const SqModel *model, GError **error)
{
  g_autoptr (SqChannels) channels = sq_channels_new (model->graph);

  for (guint g = 0; g < channels->n; g++)
    if (!channels->fixed[g])
      return TRUE;
  g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT,
               "%s has no channels that could be left out: compress the float model, or use the level int8.", model->name);
  return FALSE;
}

// What is left of the network, with the weights that made up for it where damage was measured.
static SqGraph *
remove_channels (const SqChannels *channels, const gboolean *removed, const SqPruneDamage *damage, GError **error)
{
  guint n = channels->graph->nodes->len;
  g_autofree SqTensor **weights = g_new0 (SqTensor *, n + 1), **biases = g_new0 (SqTensor *, n + 1);
  SqGraph *graph;

  for (guint i = 0; damage != NULL && i < n; i++)
    weights[i] = sq_prune_damage_weights (damage, i, &biases[i]);
  graph = sq_channels_remove (channels, removed, weights, biases, error);
  for (guint i = 0; i < n; i++)
    {
      g_clear_pointer (&weights[i], sq_tensor_unref);
      g_clear_pointer (&biases[i], sq_tensor_unref);
    }
  return graph;
}

static SqModel *
apply (SqRecipeJob *job, SqModel *model, const double *params, const SqRecipeProgress *progress, GError **error)
{
  SqPruneOptions options = { params[KEEP], params[SCORING] == 0, (guint) params[BLOCK], (guint) params[POSITIONS] };
  SqRefitOptions refit = { (guint) params[PICTURES], (guint) params[POSITIONS], params[RIDGE] };
  SqRecipeProgress part = *progress;
  double span = progress->to - progress->from;
  g_autoptr (SqChannels) channels = NULL;
  g_autoptr (SqPruneDamage) damage = NULL;
  g_autoptr (SqGraph) graph = NULL;
  g_autofree gboolean *removed = NULL;
  SqModel *result;

  if (!check (model, error))
    return NULL;
  channels = sq_channels_new (model->graph);
  part.to = progress->from + .3 * span;
  if (!options.magnitude && (damage = sq_prune_damage_new (model, channels, job->pictures, options.positions, &part, error)) == NULL)
    return NULL;
  part.from = part.to;
  part.to = progress->from + .5 * span;
  if ((removed = sq_prune_choose (channels, damage, &options, &part, error)) == NULL
      || (graph = remove_channels (channels, removed, damage, error)) == NULL)
    return NULL;
  g_clear_pointer (&damage, sq_prune_damage_free);
  part.from = part.to;
  part.to = progress->to;
  if (params[REFIT] != 0 && !sq_refit (model, channels, removed, graph, job->pictures, &refit, &part, error))
    return NULL;
  sq_graph_prune (graph);
  if ((result = sq_model_derive (model, graph, error)) != NULL)
    g_string_append_printf (job->report, "channels    %.1f %% of the operations left, %.1f %% of the weights\n",
                            100 * result->flop / model->flop, 100. * (double) result->n_params / (double) MAX (model->n_params, 1));
  return result;
}

const SqRecipeKind sq_recipe_kind_prune = {
  .id = "prune",
  .needs_pictures = TRUE,
  .params = { [KEEP] = { "keep", .9, .05, 1 },
              [SCORING] = { "scoring", 1, 0, 1 },
              [REFIT] = { "refit", 1, 0, 1 },
              [BLOCK] = { "block", 8, 1, 64 },
              [POSITIONS] = { "positions", 256, 4, 65536 },
              [PICTURES] = { "pictures", 64, 1, 512 },
              [RIDGE] = { "ridge", .03, 0, 10 } },
  .check = check,
  .apply = apply,
};
