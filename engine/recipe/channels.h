// SPDX-License-Identifier: GPL-3.0-or-later
// Which channels of a network can only go together: found by following every channel through what hands it on. The output of a depthwise
// convolution is its input's channel, a sum joins the channels of both sides, a concatenation puts channels beside each other, a slice
// takes some of them, pooling and resizing leave them. Whatever is not understood keeps all channels that it touches.
//
// Owner:  sq_channels_free
// Thread: any, once built
#pragma once

#include "engine/graph/graph.h"

G_BEGIN_DECLS

typedef struct
{
  const SqGraph *graph;
  guint n;         // groups of channels: each is removed as a whole or stays
  int **of_value;  // per value: NULL, or the group of each channel; one may come several times
  gboolean *fixed; // per group: has to stay
  int *family;     // per group: groups of one family occur in the same values
  guint n_families;
} SqChannels;

SqChannels *sq_channels_new (const SqGraph *graph); // `graph` is borrowed
void sq_channels_free (SqChannels *self);

// A convolution whose output channels can be told apart from its input's: not grouped, weights and bias constant.
gboolean sq_channels_is_dense (const SqGraph *graph, const SqNode *node);
gboolean sq_channels_is_depthwise (const SqGraph *graph, const SqNode *node);

// Channels of a value that stay, ascending (gint64).
GArray *sq_channels_kept (const SqChannels *self, const gboolean *removed, int value);

// The network without some groups, node by node the same. `weights`, `biases`: per node NULL or what to cut from instead of the node's own,
// of the original's size; may be NULL. Errors: SQ_ERROR_OUT_OF_MEMORY, SQ_ERROR_BAD_MODEL.
SqGraph *sq_channels_remove (const SqChannels *self, const gboolean *removed, SqTensor *const *weights, SqTensor *const *biases,
                             GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqChannels, sq_channels_free)

G_END_DECLS
