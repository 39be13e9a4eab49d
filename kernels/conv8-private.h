// SPDX-License-Identifier: GPL-3.0-or-later
// What conv8.c and the copies of its template agree on: where things lie.
#pragma once

#include "conv8.h"

#include <string.h>

// The part of the input that a band of output rows reads, border and all.
typedef struct
{
  int top, left;   // px of the input, may be negative
  int rows, width; // px
} Band;

static inline Band
conv8_band (const SqConv8 *c, int first, int rows)
{
  return (Band){ .top = first * c->stride[0] - c->pad[0],
                 .left = -c->pad[1],
                 .rows = (rows - 1) * c->stride[0] + (c->kernel[0] - 1) * c->dilation[0] + 1,
                 .width = (c->out_width - 1) * c->stride[1] + (c->kernel[1] - 1) * c->dilation[1] + 1 };
}

static inline int
conv8_in_blocks (const SqConv8 *c)
{
  return (c->in_channels + c->block - 1) / c->block;
}

static inline int
conv8_out_blocks (const SqConv8 *c)
{
  return (c->out_channels + c->block - 1) / c->block;
}

// Lanes with numbers in them of input blocks [first, end).
static inline int
conv8_lanes (const SqConv8 *c, int first, int end, int quads)
{
  int left = c->in_channels - first * c->block, all = (end - first) * c->block, n = left < all ? left : all, per = quads ? 4 : 2;

  return (n + per - 1) / per;
}

// Vectors of weights of a group, input blocks [first, end), for `outs` blocks of outputs: [tap][lane][out][b].
static inline size_t
conv8_group_size (const SqConv8 *c, int first, int end, int outs, int quads)
{
  return (size_t) conv8_lanes (c, first, end, quads) * (size_t) (c->kernel[0] * c->kernel[1] * outs);
}

// Vectors before those of output block `out`, which is even.
static inline size_t
conv8_weights_at (const SqConv8 *c, int out, int quads)
{
  size_t vectors = 0;

  for (int g = 0; g < c->n_groups; g++)
    vectors += conv8_group_size (c, g > 0 ? c->group_end[g - 1] : 0, c->group_end[g], out, quads);
  return vectors;
}

// Bytes from pixel to pixel of what is spread out: where one block has room to spare the pixels lie closer.
static inline size_t
conv8_deep (const SqConv8 *c, int quads)
{
  int blocks = conv8_in_blocks (c);

  return blocks == 1 ? (size_t) conv8_lanes (c, 0, 1, quads) * 4 : (size_t) (blocks * c->block * (quads ? 1 : 2));
}

// Of the two rows of sums.
static inline size_t
conv8_rows_bytes (const SqConv8 *c)
{
  return 2 * (size_t) c->out_width * (size_t) c->block * sizeof (float);
}
