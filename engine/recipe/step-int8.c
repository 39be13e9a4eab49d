// SPDX-License-Identifier: GPL-3.0-or-later
#include "damage.h"
#include "engine/ops/op.h"
#include "int8.h"
#include "mixed.h"
#include "step.h"

#define PICTURES_OF_DAMAGE 8

enum
{
  KEEP,      // agreement to be kept, 0: all layers in 8 bits whatever it costs
  POSITIONS, // places per picture that rounding looks at
  ROUNDING,  // 0 nearest, 1 driven by the layer's output error
  DEPTHWISE, // 1: a range per channel where only depthwise convolutions read
};

// The network with layer `i` alone in 8 bits.
static SqGraph *
change_layer (guint i, gconstpointer data)
{
  guint n = sq_int8_n_layers (data);
  g_autofree gboolean *stays = g_new (gboolean, n);

  for (guint k = 0; k < n; k++)
    stays[k] = k != i;
  return sq_int8_graph (data, stays, NULL);
}

static void
tell_layers (SqRecipeJob *job, const SqModel *model, const SqInt8 *int8, const double *damage, const gboolean *stays)
{
  guint next = 0, n = sq_int8_n_layers (int8);

  g_clear_pointer (&job->layers, g_array_unref);
  job->layers = g_array_new (FALSE, FALSE, sizeof (SqLayerDamage));
  g_array_set_clear_func (job->layers, sq_layer_damage_clear);
  for (guint i = 0; i < model->graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (model->graph, i);
      gboolean candidate = next < n && sq_int8_layer (int8, next) == i;
      SqLayerDamage layer = { NULL, candidate && !stays[next] ? "int8" : job->half ? "half" : "float32", candidate ? damage[next] : -1 };

      next += candidate;
      if (node->op != &sq_op_conv)
        continue;
      layer.name = sq_layer_name (model->graph, i);
      g_array_append_val (job->layers, layer);
    }
}

static SqModel *
apply (SqRecipeJob *job, SqModel *model, const double *params, const SqRecipeProgress *progress, GError **error)
{
  SqRecipeProgress first = _sq_recipe_part (progress, 0, .5), second = _sq_recipe_part (progress, .5, .8),
                   third = _sq_recipe_part (progress, .8, 1);
  SqInt8Options options = {
    .positions = params[ROUNDING] != 0 ? (guint) params[POSITIONS] : 0,
    .depthwise = params[DEPTHWISE] != 0,
    .except = job->except,
  };
  g_autoptr (SqInt8) int8 = sq_int8_new (model, job->pictures, &options, &first, error);
  g_autofree gboolean *stays = NULL;
  g_autofree double *damage = NULL;
  g_autoptr (SqGraph) graph = NULL;
  SqInt8Report report;
  guint n;

  if (int8 == NULL)
    return NULL;
  // what is not in 8 bits goes to half: the file shrinks, next to nothing is lost by it
  job->half = job->half || params[KEEP] > 0 || job->except != NULL;
  n = sq_int8_n_layers (int8);
  damage = g_new0 (double, n);
  stays = g_new0 (gboolean, n);
  if (!sq_damage_measure (model, job->pictures, PICTURES_OF_DAMAGE, n, change_layer, int8, damage, &second, error)
      || (params[KEEP] > 0 && sq_mixed_choose (int8, job, model, damage, params[KEEP], stays, &third, error) < 0))
    return NULL;
  graph = sq_int8_graph (int8, stays, &report);
  tell_layers (job, model, int8, damage, stays);
  g_string_append_printf (job->report, "8 bits      %u of %u convolutions; %u values, %u of them by channel\n", report.n_quantised,
                          report.n_convs, report.n_values, report.n_channelwise);
  return sq_model_derive (model, graph, error);
}

const SqRecipeKind sq_recipe_kind_int8 = {
  .id = "int8",
  .needs_pictures = TRUE,
  .bound = TRUE,
  .params = { [KEEP] = { "keep", 0, 0, 1 },
              [POSITIONS] = { "positions", 256, 1, 65536 },
              [ROUNDING] = { "rounding", 1, 0, 1 },
              [DEPTHWISE] = { "depthwise", 1, 0, 1 } },
  .check = sq_int8_check,
  .apply = apply,
};
