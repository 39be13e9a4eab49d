// SPDX-License-Identifier: GPL-3.0-or-later
// Heads with three anchors per cell and the v5 box rule: centre (2 s - 1/2 + cell) stride, size (2 s)^2 anchor, s = sigmoid (t).
#pragma once

#include "family.h"

// One level. value (a, y, x, column) = data[a step_a + y step_y + x step_x + column step_c]. `squash`: the numbers are still before the
// sigmoid.
typedef struct
{
  const float *data;
  gint64 step_a, step_y, step_x, step_c;
  int height, width, stride, classes;
  const float (*anchors)[2]; // px of the input
  gboolean squash;
} SqAnchorLevel;

extern const float _sq_anchors_v5[3][3][2];

void _sq_anchor_decode (const SqAnchorLevel *level, float floor, GArray *candidates);

// The level as it lies in output `output` from element `at`; data is not looked at.
SqCudaOutputHead _sq_anchor_head (const SqAnchorLevel *level, int output, gint64 at);
