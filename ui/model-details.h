// SPDX-License-Identifier: GPL-3.0-or-later
// What is known of one model; family and preprocessing can be corrected.
#pragma once

#include "model-list.h"
#include <adwaita.h>

G_BEGIN_DECLS

#define SQ_TYPE_MODEL_DETAILS (sq_model_details_get_type ())
G_DECLARE_FINAL_TYPE (SqModelDetails, sq_model_details, SQ, MODEL_DETAILS, AdwBin)

GtkWidget *sq_model_details_new (void);
void sq_model_details_set_models (SqModelDetails *self, SqModelList *models);
void sq_model_details_set_entry (SqModelDetails *self, SqModelEntry *entry); // nullable
SqModelEntry *sq_model_details_get_entry (SqModelDetails *self);

G_END_DECLS
