// SPDX-License-Identifier: GPL-3.0-or-later
// A model in the list: download with progress and cancel, or a mark where it is in use.
#pragma once

#include "model-list.h"
#include <adwaita.h>

G_BEGIN_DECLS

#define SQ_TYPE_MODEL_ROW (sq_model_row_get_type ())
G_DECLARE_FINAL_TYPE (SqModelRow, sq_model_row, SQ, MODEL_ROW, AdwActionRow)

GtkWidget *sq_model_row_new (SqModelList *models, SqModelEntry *entry);
SqModelEntry *sq_model_row_get_entry (SqModelRow *self);

G_END_DECLS
