// SPDX-License-Identifier: GPL-3.0-or-later
// What is known of one model; family and preprocessing can be corrected, and what compressing came to.
#pragma once

#include "variant-panel.h"
#include <adwaita.h>

G_BEGIN_DECLS

#define SQ_TYPE_MODEL_DETAILS (sq_model_details_get_type ())
G_DECLARE_FINAL_TYPE (SqModelDetails, sq_model_details, SQ, MODEL_DETAILS, AdwBin)

GtkWidget *sq_model_details_new (void);
void sq_model_details_set_workspace (SqModelDetails *self, SqWorkspace *workspace);
void sq_model_details_set_entry (SqModelDetails *self, SqModelEntry *entry); // nullable
SqModelEntry *sq_model_details_get_entry (SqModelDetails *self);
SqVariantPanel *sq_model_details_get_panel (SqModelDetails *self);

G_END_DECLS
