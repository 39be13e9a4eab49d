// SPDX-License-Identifier: GPL-3.0-or-later
// What leaving out channels does to the convolutions that read them (optimal brain surgeon): the error of their outputs on the calibration
// pictures after their other weights have made up for it as well as they can. After every removal weights and inverse covariance are those
// of the smaller layer, so channels that stand in for each other are not both taken for free.
//
// Owner:  sq_prune_damage_free
// Thread: one at a time
#pragma once

#include "channels.h"
#include "observe.h"

G_BEGIN_DECLS

typedef struct _SqPruneDamage SqPruneDamage;

// Measures the layers' inputs on `positions` places per picture. Channels of layers that are too large to measure become fixed.
// Errors: SQ_ERROR_CANCELLED, SQ_ERROR_OUT_OF_MEMORY, those of running the network.
SqPruneDamage *sq_prune_damage_new (const SqModel *model, SqChannels *channels, const SqCalibration *pictures, guint positions,
                                    const SqRecipeProgress *progress, GError **error);
void sq_prune_damage_free (SqPruneDamage *self);

// Of one group, as it is now: sum over all readers of the error as a share of the layer's output variance.
double sq_prune_damage_of (SqPruneDamage *self, int group);
void sq_prune_damage_remove (SqPruneDamage *self, int group);

// Between these two, removals are only tried: sq_prune_damage_undo takes all of them back.
void sq_prune_damage_try (SqPruneDamage *self);
void sq_prune_damage_undo (SqPruneDamage *self);

// What the weights have become, of the original's size; NULL for layers that nothing has changed.
SqTensor *sq_prune_damage_weights (const SqPruneDamage *self, guint node, SqTensor **bias);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqPruneDamage, sq_prune_damage_free)

G_END_DECLS
