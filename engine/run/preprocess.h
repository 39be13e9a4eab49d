// SPDX-License-Identifier: GPL-3.0-or-later
// Frame -> the network's input, and boxes back: one transform, both ways.
//
// Thread: any
#pragma once

#include "engine/graph/tensor.h"
#include "engine/media/frame.h"
#include "engine/model.h"

G_BEGIN_DECLS

// network = source * scale + offset (px)
typedef struct
{
  float scale_x, scale_y, offset_x, offset_y;
  int left, top, width, height; // px: where the picture lies in the network's input
} SqTransform;

void sq_transform_init (SqTransform *self, const SqInputSpec *spec, int width, int height);

// `input` is 1 x 3 x spec->height x spec->width float32.
void sq_preprocess (const SqFrame *frame, const SqInputSpec *spec, const SqTransform *transform, SqTensor *input);

G_END_DECLS
