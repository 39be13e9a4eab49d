// SPDX-License-Identifier: GPL-3.0-or-later
// How alike two networks detect: average precision of a variant against what the original sees on the calibration pictures, without
// labels. For choosing between ways to the same size.
//
// Owner:  sq_agreement_free
// Thread: any; works with one thread per core
// Blocks: for one run of the network per picture
#pragma once

#include "calibration.h"

G_BEGIN_DECLS

typedef struct _SqAgreement SqAgreement;

// Looks at no more than `max` of the pictures. `pictures` is borrowed for as long as it lives.
SqAgreement *sq_agreement_new (SqModel *original, const SqCalibration *pictures, guint max, const SqRecipeProgress *progress,
                               GError **error);
void sq_agreement_free (SqAgreement *self);
guint sq_agreement_n_boxes (const SqAgreement *self); // what there is to agree on

// 0..1; -1 where the original saw nothing.
gboolean sq_agreement_measure (const SqAgreement *self, SqModel *variant, double *agreement, const SqRecipeProgress *progress,
                               GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqAgreement, sq_agreement_free)

G_END_DECLS
