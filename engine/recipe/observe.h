// SPDX-License-Identifier: GPL-3.0-or-later
// What flows through a network: chosen values of its graph on every calibration picture.
//
// Thread: the caller's works too, with one thread per core; observers of different values are called at once, one value's one after another
//         in the pictures' order
// Blocks: for one run of the network per picture and group of values that fit into memory
#pragma once

#include "calibration.h"
#include "engine/graph/graph.h"

G_BEGIN_DECLS

// `k`: which of the values. The tensor is borrowed.
typedef void (*SqObserveFunc) (guint k, const SqTensor *tensor, guint picture, gpointer data);

// Values are ids of model->graph, float32, none of them constant.
gboolean sq_observe (const SqModel *model, const SqCalibration *pictures, const int *values, guint n, SqObserveFunc func, gpointer data,
                     const SqRecipeProgress *progress, const char *what, GError **error);

G_END_DECLS
