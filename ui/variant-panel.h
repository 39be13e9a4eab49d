// SPDX-License-Identifier: GPL-3.0-or-later
// What compressing came to: of a variant where it comes from, how faithful and how fast it is, what each layer costs and the recipe; of a
// variant and an original, the chart of all that were made.
#pragma once

#include "damage-list.h"
#include "fidelity-chart.h"
#include "recipe-editor.h"
#include "workspace.h"
#include <adwaita.h>

G_BEGIN_DECLS

#define SQ_TYPE_VARIANT_PANEL (sq_variant_panel_get_type ())
G_DECLARE_FINAL_TYPE (SqVariantPanel, sq_variant_panel, SQ, VARIANT_PANEL, AdwBin)

GtkWidget *sq_variant_panel_new (void);
void sq_variant_panel_set_workspace (SqVariantPanel *self, SqWorkspace *workspace);
void sq_variant_panel_set (SqVariantPanel *self, SqModelEntry *entry, SqModel *model); // `model` NULL until it is read

SqDamageList *sq_variant_panel_get_damage (SqVariantPanel *self);
SqFidelityChart *sq_variant_panel_get_chart (SqVariantPanel *self);
SqRecipeEditor *sq_variant_panel_get_editor (SqVariantPanel *self);
gboolean sq_variant_panel_get_has_report (SqVariantPanel *self); // how faithful it is was measured, and is on show
void sq_variant_panel_measure (SqVariantPanel *self);            // the time, as a click on the button

G_END_DECLS
