// SPDX-License-Identifier: GPL-3.0-or-later
#include "int8.h"
#include "step.h"

enum
{
  POSITIONS, // places per picture that rounding looks at
  ROUNDING,  // 0 nearest, 1 driven by the layer's output error
  DEPTHWISE, // 1: a range per channel where only depthwise convolutions read
};

static SqModel *
apply (SqRecipeJob *job, SqModel *model, const double *params, const SqRecipeProgress *progress, GError **error)
{
  SqInt8Options options = { .positions = params[ROUNDING] != 0 ? (guint) params[POSITIONS] : 0, .depthwise = params[DEPTHWISE] != 0 };
  SqInt8Report report;
  g_autoptr (SqGraph) graph = sq_int8_apply (model, job->pictures, &options, progress, &report, error);

  if (graph == NULL)
    return NULL;
  g_string_append_printf (job->report, "8 bits      %u of %u convolutions; %u values, %u of them by channel\n", report.n_quantised,
                          report.n_convs, report.n_values, report.n_channelwise);
  return sq_model_derive (model, graph, error);
}

const SqRecipeKind sq_recipe_kind_int8 = {
  .id = "int8",
  .needs_pictures = TRUE,
  .params = { [POSITIONS] = { "positions", 256, 1, 65536 }, [ROUNDING] = { "rounding", 1, 0, 1 }, [DEPTHWISE] = { "depthwise", 1, 0, 1 } },
  .check = sq_int8_check,
  .apply = apply,
};
