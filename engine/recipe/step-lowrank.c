// SPDX-License-Identifier: GPL-3.0-or-later
// Layers in two with few numbers between them, then every layer that feels it refitted to the original's outputs.
#include "lowrank.h"
#include "refit.h"
#include "step.h"

enum
{
  KEEP,      // share of the operations
  REFIT,     // 0 no, 1 the weights are fitted to the original's outputs
  BLOCK,     // numbers of components are multiples of it
  POSITIONS, // places per picture, of the refit
  PICTURES,
  RIDGE,
};

static gboolean
pays (const SqModel *model, guint block, GError **error)
{
  for (guint i = 0; i < model->graph->nodes->len; i++)
    if (sq_lowrank_pays (model->graph, i, block))
      return TRUE;
  g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT,
               "%s has no layers that would be cheaper in two: compress the float model, or use the level int8.", model->name);
  return FALSE;
}

// Before the recipe's numbers are looked at.
static gboolean
check (const SqModel *model, GError **error)
{
  return pays (model, 1, error);
}

static SqModel *
apply (SqRecipeJob *job, SqModel *model, const double *params, const SqRecipeProgress *progress, GError **error)
{
  SqLowrankOptions options = { params[KEEP], (guint) params[BLOCK], job->except };
  SqRefitOptions refit = { (guint) params[PICTURES], (guint) params[POSITIONS], params[RIDGE] };
  SqRecipeProgress part = *progress;
  g_autoptr (SqLowrank) lowrank = NULL;
  g_autoptr (SqGraph) graph = NULL;
  SqModel *result;

  if (!pays (model, options.block, error))
    return NULL;
  part.to = progress->from + .5 * (progress->to - progress->from);
  if ((lowrank = sq_lowrank_new (model, job->pictures, &options, &part, error)) == NULL
      || (graph = sq_channels_remove (lowrank->channels, lowrank->removed, NULL, NULL, error)) == NULL)
    return NULL;
  part.from = part.to;
  part.to = progress->to;
  if (params[REFIT] != 0 && !sq_refit (model, lowrank->channels, lowrank->removed, graph, job->pictures, &refit, &part, error))
    return NULL;
  sq_graph_prune (graph);
  if ((result = sq_model_derive (model, graph, error)) != NULL)
    g_string_append_printf (job->report, "low rank    %u layers in two, %.1f %% of the operations left, %.1f %% of the weights\n",
                            lowrank->n_layers, 100 * result->flop / model->flop,
                            100. * (double) result->n_params / (double) MAX (model->n_params, 1));
  return result;
}

const SqRecipeKind sq_recipe_kind_lowrank = {
  .id = "lowrank",
  .needs_pictures = TRUE,
  .params = { [KEEP] = { "keep", .9, .05, 1 },
              [REFIT] = { "refit", 1, 0, 1 },
              [BLOCK] = { "block", 8, 1, 64 },
              [POSITIONS] = { "positions", 256, 4, 65536 },
              [PICTURES] = { "pictures", 64, 1, 512 },
              [RIDGE] = { "ridge", .03, 0, 10 } },
  .check = check,
  .apply = apply,
};
