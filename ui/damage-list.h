// SPDX-License-Identifier: GPL-3.0-or-later
// What each layer of a variant costs, worst first: a bar whose pattern says the precision (solid 8 bits, hatched half, outlined float), and
// a button that leaves the layer in half.
//
// Signal: "keep" (const char *layer).
#pragma once

#include "engine/engine.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_DAMAGE_LIST (sq_damage_list_get_type ())
G_DECLARE_FINAL_TYPE (SqDamageList, sq_damage_list, SQ, DAMAGE_LIST, GtkWidget)

GtkWidget *sq_damage_list_new (void);
void sq_damage_list_set_layers (SqDamageList *self, const GArray *layers); // SqLayerDamage; copied

guint sq_damage_list_get_n_layers (SqDamageList *self);            // with a measured damage
const char *sq_damage_list_get_name (SqDamageList *self, guint i); // of the i-th worst
void sq_damage_list_keep (SqDamageList *self, guint i);            // as a click on its button

G_END_DECLS
