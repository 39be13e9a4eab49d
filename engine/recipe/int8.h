// SPDX-License-Identifier: GPL-3.0-or-later
// Convolutions in 8 bits: weights per output channel, symmetric; their inputs without a sign, asymmetric.
//
// - Stored once, where it is made: behind the activation and the sum, never before. What only moves numbers (concat, slice, reshape,
//   maximum, nearest neighbour) passes 8 bits on, so the inputs of a concatenation keep their own scales.
// - A value that only depthwise convolutions read has a range per channel: there it costs nothing, and it is where ranges differ most.
// - Everything else, the head's arithmetic and the last convolutions' outputs among it, stays float.
//
// Everything is measured once; any choice of layers in 8 bits is then a graph.
//
// Owner:  sq_int8_free
// Thread: any; sq_int8_graph from several at once
#pragma once

#include "observe.h"

G_BEGIN_DECLS

typedef struct
{
  guint positions;           // per picture that rounding looks at; 0: rounded to the nearest
  gboolean depthwise;        // a range per channel where only depthwise convolutions read
  const char *const *except; // layers that stay float, see sq_layer_name; NULL none
} SqInt8Options;

typedef struct
{
  guint n_convs, n_quantised;    // convolutions
  guint n_values, n_channelwise; // stored in 8 bits; of these with a range per channel
} SqInt8Report;

typedef struct _SqInt8 SqInt8;

// Borrows `model`. Errors: SQ_ERROR_FORMAT (quantised already, nothing to quantise), SQ_ERROR_CANCELLED, those of running it.
SqInt8 *sq_int8_new (const SqModel *model, const SqCalibration *pictures, const SqInt8Options *options, const SqRecipeProgress *progress,
                     GError **error);
void sq_int8_free (SqInt8 *self);

// The layers that can be in 8 bits: how many, and which node of the model's graph is the i-th.
guint sq_int8_n_layers (const SqInt8 *self);
guint sq_int8_layer (const SqInt8 *self, guint i);

// `stays`: per layer, whether it stays float; NULL: none does. `report` may be NULL. A new graph.
SqGraph *sq_int8_graph (const SqInt8 *self, const gboolean *stays, SqInt8Report *report);

// Whether there would be something to do; before anything is measured.
gboolean sq_int8_check (const SqModel *model, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqInt8, sq_int8_free)

G_END_DECLS
