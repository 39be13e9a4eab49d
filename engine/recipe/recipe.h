// SPDX-License-Identifier: GPL-3.0-or-later
// What is done to a network to make it smaller, as text that can be kept, compared and changed: ordered steps with parameters.
//
//   [recipe]
//   id=int8
//   title=INT8
//   pictures=512
//   steps=int8;
//
//   [int8]
//   positions=256
//   except=/head/conv;
//
// A level is a recipe that is shipped.
//
// Owner:  sq_recipe_free
// Thread: any
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _SqRecipeKind SqRecipeKind; // step.h

#define SQ_STEP_MAX_PARAMS 8

typedef struct
{
  const SqRecipeKind *kind;
  double params[SQ_STEP_MAX_PARAMS]; // in the order of the kind's list
  char **except;                     // layers that the step leaves alone; NULL none
} SqRecipeStep;

typedef struct
{
  char *id, *title;
  char *device;   // whose time counts, "cpu"
  guint pictures; // at most so many of the calibration folder
  GArray *steps;  // SqRecipeStep
} SqRecipe;

// Errors: SQ_ERROR_FORMAT, one sentence.
SqRecipe *sq_recipe_parse (const char *text, GError **error);
char *sq_recipe_to_text (const SqRecipe *self); // parses to the same recipe
void sq_recipe_free (SqRecipe *self);

const char *const *sq_recipe_level_ids (void); // NULL-terminated
SqRecipe *sq_recipe_level (const char *id);    // NULL where there is no such level

gboolean sq_recipe_needs_pictures (const SqRecipe *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqRecipe, sq_recipe_free)

G_END_DECLS
