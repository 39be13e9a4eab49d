// SPDX-License-Identifier: GPL-3.0-or-later
// Convolutions in two: one that makes the principal components of a layer's outputs, one by one that makes the outputs of them. With all
// components both compute what the layer did; a convolution that can do with few is cheaper in two (Zhang et al., "Accelerating Very Deep
// Convolutional Networks for Classification and Detection", 2015). Components are ranked by the variance that they carry on the
// calibration pictures, as a share of their layer's.
//
// Owner:  sq_lowrank_free
// Thread: any
// Blocks: for a few runs of the network per picture
#pragma once

#include "channels.h"
#include "observe.h"

G_BEGIN_DECLS

typedef struct
{
  double keep;               // share of the operations
  guint block;               // channels that the kernels compute at once: numbers of components are multiples of it
  const char *const *except; // layers left alone, see sq_layer_name; NULL none
} SqLowrankOptions;

typedef struct
{
  SqGraph *graph;       // the same network, the chosen layers in two with all their components
  SqChannels *channels; // of it
  gboolean *removed;    // per group of these: the components that go
  guint n_layers;       // in two
} SqLowrank;

// Errors: SQ_ERROR_FORMAT where the share cannot be reached, SQ_ERROR_CANCELLED, SQ_ERROR_OUT_OF_MEMORY, those of running the network.
SqLowrank *sq_lowrank_new (const SqModel *model, const SqCalibration *pictures, const SqLowrankOptions *options,
                           const SqRecipeProgress *progress, GError **error);
void sq_lowrank_free (SqLowrank *self);

// Whether a layer in two can be cheaper than in one.
gboolean sq_lowrank_pays (const SqGraph *graph, guint node, guint block);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqLowrank, sq_lowrank_free)

G_END_DECLS
