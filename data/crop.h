// SPDX-License-Identifier: GPL-3.0-or-later
// An object cut out of a frame, with some of what is around it.
#pragma once

#include "engine/run/result.h"

G_BEGIN_DECLS

typedef struct
{
  int x, y, width, height; // px
} SqCropRect;

// The part of a `width` x `height` frame that shows the box: a margin of a quarter of its size, not too little of the picture, in the shape
// `max_width` : `max_height` where the frame allows. An empty box: the whole frame.
SqCropRect sq_crop_rect (int width, int height, float x1, float y1, float x2, float y2, int max_width, int max_height);

// The same as pixels of their own, at most `max_width` x `max_height` (transfer full).
SqFrame *sq_frame_crop (const SqFrame *frame, float x1, float y1, float x2, float y2, int max_width, int max_height, GError **error);

G_END_DECLS
