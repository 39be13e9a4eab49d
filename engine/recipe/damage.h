// SPDX-License-Identifier: GPL-3.0-or-later
// What a change does to what a network says in the end, without looking at boxes: the error of its outputs, each of their channels measured
// by how much it varies, so that pixels do not drown scores.
//
// Thread: any; works with one thread per core
// Blocks: for one run of the network per picture and change
#pragma once

#include "calibration.h"
#include "engine/graph/graph.h"

G_BEGIN_DECLS

// The network with change `i`, a new graph; from any thread.
typedef SqGraph *(*SqChangeFunc) (guint i, gconstpointer data);

// damage[i] = root mean square over output channels, 0 = no change, 1 = as wrong as a constant. On the first `n_pictures`.
gboolean sq_damage_measure (const SqModel *model, const SqCalibration *pictures, guint n_pictures, guint n_changes, SqChangeFunc change,
                            gconstpointer data, double *damage, const SqRecipeProgress *progress, GError **error);

G_END_DECLS
