// SPDX-License-Identifier: GPL-3.0-or-later
// Changes to a recipe that leave everything else as it is, under a title that tells it from what it was.
//
// Owner:  texts are the caller's
// Thread: any
#pragma once

#include "recipe.h"

G_BEGIN_DECLS

// The agreement to be kept, 0..1; 0 where no step has such a bound.
double sq_recipe_get_keep (const SqRecipe *self);
gboolean sq_recipe_set_keep (SqRecipe *self, double keep); // FALSE: no step has one

// The recipe's text with `layer` left alone by its 8-bit step. NULL with one sentence where it has no such step, or leaves that layer alone
// already.
char *sq_recipe_text_keep_in_half (const char *text, const char *layer, GError **error);

// The recipe's text, under a title of its own where it would be called as the one it was changed from.
char *sq_recipe_text_set_apart (const char *text, const char *from);

G_END_DECLS
