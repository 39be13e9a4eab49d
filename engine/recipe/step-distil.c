// SPDX-License-Identifier: GPL-3.0-or-later
#include "distil.h"
#include "resize.h"
#include "step.h"

enum
{
  MINUTES, // at most; 0: as long as the steps take
  STEPS,   // at most; 0: as many as the time allows
  BATCH,   // pictures per step
  RATE,    // of a step
};

static SqModel *
apply (SqRecipeJob *job, SqModel *model, const double *params, const SqRecipeProgress *progress, GError **error)
{
  SqDistilOptions options = { params[MINUTES], (guint) params[STEPS], (guint) params[BATCH], params[RATE] };
  g_autoptr (SqGraph) teacher = NULL, graph = NULL;
  SqDistilReport report;

  if (options.minutes <= 0 && options.steps == 0)
    return sq_model_ref (model);
  teacher = sq_graph_resize (job->original->graph, job->original->name, model->input.height, model->input.width, error);
  if (teacher == NULL || (graph = sq_distil (model, teacher, job->pictures, &options, &report, progress, error)) == NULL)
    return NULL;
  g_string_append_printf (job->report, "fine-tuned  %u steps; error on pictures kept apart %.4g, before %.4g\n", report.steps, report.after,
                          report.before);
  return sq_model_derive (model, graph, error);
}

const SqRecipeKind sq_recipe_kind_distil = {
  .id = "distil",
  .needs_pictures = TRUE,
  .params = { [MINUTES] = { "minutes", 5, 0, 1440 },
              [STEPS] = { "steps", 0, 0, 1e6 },
              [BATCH] = { "batch", 4, 1, 32 },
              [RATE] = { "rate", .002, 1e-6, .1 } },
  .apply = apply,
};
