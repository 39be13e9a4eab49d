// SPDX-License-Identifier: GPL-3.0-or-later
#include "anchors.h"

#include <string.h>

const float _sq_anchors_v5[3][3][2] = {
  { { 10, 13 }, { 16, 30 }, { 33, 23 } },
  { { 30, 61 }, { 62, 45 }, { 59, 119 } },
  { { 116, 90 }, { 156, 198 }, { 373, 326 } },
};

void
_sq_anchor_decode (const SqAnchorLevel *level, float floor, GArray *candidates)
{
  for (int a = 0; a < 3; a++)
    for (int y = 0; y < level->height; y++)
      for (int x = 0; x < level->width; x++)
        {
          const float *r = level->data + a * level->step_a + y * level->step_y + x * level->step_x;
          float t[5];

          t[4] = r[4 * level->step_c];
          t[4] = level->squash ? _sq_sigmoid (t[4]) : t[4];
          if (!(t[4] >= floor))
            continue;
          for (int k = 0; k < 4; k++)
            t[k] = level->squash ? _sq_sigmoid (r[k * level->step_c]) : r[k * level->step_c];
          for (int c = 0; c < level->classes; c++)
            {
              float s = r[(5 + c) * level->step_c];

              s = t[4] * (level->squash ? _sq_sigmoid (s) : s);
              if (s >= floor)
                _sq_family_add (candidates, (t[0] * 2 - .5f + x) * level->stride, (t[1] * 2 - .5f + y) * level->stride,
                                4 * t[2] * t[2] * level->anchors[a][0], 4 * t[3] * t[3] * level->anchors[a][1], s, c);
            }
        }
}

SqCudaOutputHead
_sq_anchor_head (const SqAnchorLevel *level, int output, gint64 at)
{
  SqCudaHead head = { .box_cell = level->step_x,
                      .box_anchor = level->step_a,
                      .box_field = level->step_c,
                      .objectness_cell = level->step_x,
                      .objectness_anchor = level->step_a,
                      .class_cell = level->step_x,
                      .class_anchor = level->step_a,
                      .class_field = level->step_c,
                      .cells = level->width * level->height,
                      .grid_width = level->width,
                      .anchors = 3,
                      .n_classes = level->classes,
                      .kind = SQ_CUDA_BOX_ANCHOR_2,
                      .box_squashed = !level->squash,
                      .objectness_squashed = !level->squash,
                      .classes_squashed = !level->squash,
                      .stride_x = (float) level->stride,
                      .stride_y = (float) level->stride,
                      .scale_xy = 2 };

  g_assert (level->step_y == level->step_x * level->width);
  memcpy (head.anchor_size, level->anchors, 3 * sizeof head.anchor_size[0]);
  return (SqCudaOutputHead){ head, output, output, output, at, at + 4 * level->step_c, at + 5 * level->step_c };
}
