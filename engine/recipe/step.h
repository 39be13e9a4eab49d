// SPDX-License-Identifier: GPL-3.0-or-later
// The kinds of steps that recipes are made of: model -> smaller model. One `const SqRecipeKind sq_recipe_kind_NAME` per file step-NAME.c
// in this folder.
//
// To add one: a file here and its word in meson.build.
//
// Thread: any
// Blocks: up to minutes
#pragma once

#include "calibration.h"
#include "engine/model.h"
#include "progress.h"
#include "recipe.h"

G_BEGIN_DECLS

typedef struct
{
  const char *key; // NULL ends the list
  double fallback, low, high;
} SqRecipeParam;

// One run of a recipe, as its steps see it.
typedef struct
{
  const SqModel *original;       // what the result is to be faithful to
  const SqCalibration *pictures; // NULL where no step needs them
  gboolean half;                 // weights are to be written as float16
  GString *report;               // what was done, lines for people
} SqRecipeJob;

struct _SqRecipeKind
{
  const char *id;
  gboolean needs_pictures;
  SqRecipeParam params[SQ_STEP_MAX_PARAMS + 1];

  // NULL, or whether there is something to do, before anything is measured; FALSE with one sentence.
  gboolean (*check) (const SqModel *model, GError **error);

  // A new model made of `model`, which is what the steps before have left. The same model, numbers and pictures give the same result.
  SqModel *(*apply) (SqRecipeJob *job, SqModel *model, const double *params, const SqRecipeProgress *progress, GError **error);
};

#define SQ_RECIPE_KIND(name) extern const SqRecipeKind sq_recipe_kind_##name;
#include "engine/recipe/step-list.h"
#undef SQ_RECIPE_KIND

G_END_DECLS
