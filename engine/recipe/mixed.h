// SPDX-License-Identifier: GPL-3.0-or-later
// Which layers go back to half so that the rest may stay in 8 bits: those that do the most damage for the time they take.
//
// Thread: any
// Blocks: for a few runs of the network over all pictures
#pragma once

#include "int8.h"
#include "step.h"

G_BEGIN_DECLS

// `damage`: of each layer alone in 8 bits. Sets `stays` per layer so that agreement is at least `keep` with the least time lost; where
// nothing reaches it, all of them are set. Returns the agreement reached, -1 with an error.
double sq_mixed_choose (const SqInt8 *int8, SqRecipeJob *job, const SqModel *model, const double *damage, double keep, gboolean *stays,
                        const SqRecipeProgress *progress, GError **error);

G_END_DECLS
