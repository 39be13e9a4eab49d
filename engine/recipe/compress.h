// SPDX-License-Identifier: GPL-3.0-or-later
// A model and a recipe -> a smaller model, as a file that runs here and in other engines.
//
// Owner:  sq_compressed_free
// Thread: any
// Blocks: up to minutes
#pragma once

#include "engine/model.h"
#include "fidelity.h"
#include "progress.h"
#include "recipe.h"

G_BEGIN_DECLS

typedef struct
{
  SqModel *model;       // as it runs
  gboolean half;        // weights are to be written as float16
  GHashTable *metadata; // what the file will say
  char *warning;        // one sentence on why the result may be poor, or NULL
  char *report;         // what was done, a few lines for people, or NULL
  SqFidelity *fidelity; // how faithful it is; NULL where there were no pictures
} SqCompressed;

// `pictures`: a folder; needed where sq_recipe_needs_pictures says so, else may be NULL: there is no report on fidelity then. The same
// model, recipe and pictures give the same result.
// Errors: SQ_ERROR_FORMAT (what cannot be compressed, no pictures), SQ_ERROR_IO, SQ_ERROR_CANCELLED, SQ_ERROR_OUT_OF_MEMORY.
SqCompressed *sq_compress (SqModel *model, const SqRecipe *recipe, const char *pictures, const SqRecipeProgress *progress, GError **error);
gboolean sq_compressed_write (const SqCompressed *self, const char *path, GError **error);
void sq_compressed_free (SqCompressed *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqCompressed, sq_compressed_free)

G_END_DECLS
