// SPDX-License-Identifier: GPL-3.0-or-later
// Convolutions in 8 bits: weights per output channel, symmetric; their inputs without a sign, asymmetric.
//
// - Stored once, where it is made: behind the activation and the sum, never before. What only moves numbers (concat, slice, reshape,
//   maximum, nearest neighbour) passes 8 bits on, so the inputs of a concatenation keep their own scales.
// - A value that only depthwise convolutions read has a range per channel: there it costs nothing, and it is where ranges differ most.
// - Everything else, the head's arithmetic and the last convolutions' outputs among it, stays float.
#pragma once

#include "observe.h"

G_BEGIN_DECLS

typedef struct
{
  guint positions;    // per picture that rounding looks at; 0: rounded to the nearest
  gboolean depthwise; // a range per channel where only depthwise convolutions read
} SqInt8Options;

typedef struct
{
  guint n_convs, n_quantised;    // convolutions
  guint n_values, n_channelwise; // stored in 8 bits; of these with a range per channel
} SqInt8Report;

// A new graph. Errors: SQ_ERROR_FORMAT (quantised already, nothing to quantise), SQ_ERROR_CANCELLED, those of running it.
SqGraph *sq_int8_apply (const SqModel *model, const SqCalibration *pictures, const SqInt8Options *options, const SqRecipeProgress *progress,
                        SqInt8Report *report, GError **error);

// Whether sq_int8_apply would find something to do; before anything is measured.
gboolean sq_int8_check (const SqModel *model, GError **error);

G_END_DECLS
