// SPDX-License-Identifier: GPL-3.0-or-later
// Installed models and the catalogue, with the details of one beside them.
//
// Properties: "can-go-back": folded, and the details are on show.
#pragma once

#include "model-details.h"
#include "workspace.h"
#include <adwaita.h>

G_BEGIN_DECLS

#define SQ_TYPE_MODELS_PAGE (sq_models_page_get_type ())
G_DECLARE_FINAL_TYPE (SqModelsPage, sq_models_page, SQ, MODELS_PAGE, AdwBin)

GtkWidget *sq_models_page_new (void);
void sq_models_page_set_workspace (SqModelsPage *self, SqWorkspace *workspace);
void sq_models_page_add_files (SqModelsPage *self, const char *const *paths); // dropped or chosen
void sq_models_page_show (SqModelsPage *self, SqModelEntry *entry);
gboolean sq_models_page_get_can_go_back (SqModelsPage *self);
void sq_models_page_go_back (SqModelsPage *self);
SqModelDetails *sq_models_page_get_details (SqModelsPage *self);

G_END_DECLS
