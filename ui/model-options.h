// SPDX-License-Identifier: GPL-3.0-or-later
// The user's corrections of a model, as they lie in the settings key "model-options": a{sa{sv}}, by model id.
#pragma once

#include "engine/engine.h"

G_BEGIN_DECLS

typedef struct
{
  char *family; // NULL = as the file says
  gboolean has_input;
  SqInputSpec input;
} SqModelCorrection;

SqModelCorrection *sq_model_correction_load (GSettings *settings, const char *id); // never NULL
void sq_model_correction_save (const SqModelCorrection *self, GSettings *settings, const char *id);
gboolean sq_model_correction_is_empty (const SqModelCorrection *self);
void sq_model_correction_free (SqModelCorrection *self);

// Points into `self`.
SqModelOptions sq_model_correction_get_options (const SqModelCorrection *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqModelCorrection, sq_model_correction_free)

G_END_DECLS
