// SPDX-License-Identifier: GPL-3.0-or-later
// After channels have gone, every convolution that feels it gets the weights and bias with which it comes nearest to what it made before,
// on what it sees now: ridge least squares against the original's outputs before the activation, in the network's order, so that later
// layers make up for what earlier ones could not.
//
// Thread: any; works with one thread per core
// Blocks: for one run of both networks per picture, and solving
#pragma once

#include "channels.h"
#include "observe.h"

G_BEGIN_DECLS

typedef struct
{
  guint pictures;  // at most
  guint positions; // places per picture
  double ridge;    // share of the mean variance that pulls towards the weights that are there
} SqRefitOptions;

// `small` is what sq_channels_remove left of `original`'s graph; its constants are replaced.
gboolean sq_refit (const SqModel *original, const SqChannels *channels, const gboolean *removed, SqGraph *small,
                   const SqCalibration *pictures, const SqRefitOptions *options, const SqRecipeProgress *progress, GError **error);

G_END_DECLS
