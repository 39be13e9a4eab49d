// SPDX-License-Identifier: GPL-3.0-or-later
// Weights of a convolution as whole numbers that change its output least, not themselves: of (w - scale q) only what the layer's inputs
// show matters. Integer coordinate descent on (w - s q)^T H (w - s q), H = X^T X over windows of the float network's inputs.
#pragma once

#include "observe.h"

G_BEGIN_DECLS

typedef struct
{
  guint node;   // a convolution of the model's graph with constant weights
  gint8 *q;     // filled by sq_round_weights, as is
  float *scale; // per output channel
} SqRoundedConv;

void sq_rounded_conv_clear (SqRoundedConv *self);

// `positions`: windows per picture, 0 = round to the nearest without looking at anything.
gboolean sq_round_weights (const SqModel *model, const SqCalibration *pictures, guint positions, SqRoundedConv *convs, guint n,
                           const SqRecipeProgress *progress, GError **error);

G_END_DECLS
