// SPDX-License-Identifier: GPL-3.0-or-later
// One model chosen from the list: the one the program detects with, or one of a comparison's two.
//
// Signals: "changed" (): another model.
// Thread:  main
#pragma once

#include "model-list.h"

G_BEGIN_DECLS

#define SQ_TYPE_MODEL_CHOICE (sq_model_choice_get_type ())
G_DECLARE_FINAL_TYPE (SqModelChoice, sq_model_choice, SQ, MODEL_CHOICE, GObject)

// `key` of `settings` holds the id; NULL: the list's current one.
SqModelChoice *sq_model_choice_new (SqModelList *models, GSettings *settings, const char *key);

SqModelList *sq_model_choice_get_models (SqModelChoice *self);
SqModelEntry *sq_model_choice_get_entry (SqModelChoice *self); // transfer none; the current one where none was chosen; NULL: none (yet)
void sq_model_choice_set_entry (SqModelChoice *self, SqModelEntry *entry);

G_END_DECLS
