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
#include "engine/graph/graph.h"
#include "engine/model.h"
#include "fidelity.h"
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
  SqModel *original;             // what the result is to be faithful to
  const SqCalibration *pictures; // NULL where no step needs them
  const char *device;            // whose time counts
  const char *const *except;     // layers that the step leaves alone, see sq_layer_name; NULL none
  gboolean half;                 // weights are to be written as float16
  GString *report;               // what was done, lines for people
  GArray *layers;                // SqLayerDamage, of the last step that changed layers
  SqReference *reference;        // made by the first who asks
} SqRecipeJob;

// What the original sees; borrowed.
const SqReference *sq_recipe_job_reference (SqRecipeJob *self, const SqRecipeProgress *progress, GError **error);

// How faithful a graph made of the original's is: agreement 0..1, or -1 with an error.
double sq_recipe_job_agreement (SqRecipeJob *self, SqModel *variant, const SqRecipeProgress *progress, GError **error);

// What a file of `model` would say, which is not always what was meant: numbers become halves. Transfer full.
SqModel *sq_recipe_job_written (const SqRecipeJob *self, SqModel *model, GCancellable *cancellable, GError **error);

// What people and recipes call a node of a graph: the name of what it makes, or its number. The caller frees.
char *sq_layer_name (const SqGraph *graph, guint node);

struct _SqRecipeKind
{
  const char *id;
  gboolean needs_pictures;
  gboolean bound; // its parameter `keep` is the agreement to be kept
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
