// SPDX-License-Identifier: GPL-3.0-or-later
// Which channels a network can do without: one block of channels after another, always the one whose removal does the least damage for the
// operations that it saves now.
//
// Thread: any
// Blocks: up to minutes
#pragma once

#include "prune-damage.h"

G_BEGIN_DECLS

typedef struct
{
  double keep;        // share of the operations
  gboolean magnitude; // score by the filters' own size instead of by damage: what others do, for comparison
  guint block;        // channels that the kernels compute at once: kept numbers are multiples of it
  guint positions;    // places per picture where layers are measured
} SqPruneOptions;

// Per group of `channels` whether it goes (the caller frees); `damage` is NULL for magnitude. NULL where the share cannot be reached.
gboolean *sq_prune_choose (const SqChannels *channels, SqPruneDamage *damage, const SqPruneOptions *options,
                           const SqRecipeProgress *progress, GError **error);

G_END_DECLS
