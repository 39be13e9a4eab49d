// SPDX-License-Identifier: GPL-3.0-or-later
#include "step.h"

static SqModel *
apply (SqRecipeJob *job, SqModel *model, const double *params, const SqRecipeProgress *progress, GError **error)
{
  job->half = TRUE;
  return sq_model_ref (model);
}

const SqRecipeKind sq_recipe_kind_half = { .id = "half", .apply = apply };
