// SPDX-License-Identifier: GPL-3.0-or-later
// 3x3 convolution of stride 1 by Winograd's minimal filtering F(4x4, 3x3): 36 products where the direct way has 144 (Lavin & Gray 2015,
// arXiv:1509.09308).
//
// Shape:  x and y are blocked N C/8 H W 8, channels padded to 8; weights [out][in][3][3]
// Thread: any; ranges of tiles are independent. No allocation: the caller lends scratch
#pragma once

#include <stddef.h>

typedef struct
{
  int in_blocks, out_blocks; // of 8 channels
  int height, width;         // px of the input
  int out_height, out_width; // px of the output
  int pad_top, pad_left;
  const float *weights; // of sq_k_winograd_weights
  const float *bias;    // out_blocks * 8, zero-padded
} SqWinograd;

#define SQ_WINOGRAD_MAX_TILES 48 // a call's most; more do not fit the second cache

size_t sq_k_winograd_weights_size (int in_channels, int out_channels); // floats
void sq_k_winograd_weights (float *to, const float *from, int in_channels, int out_channels);

int sq_k_winograd_tiles (const SqWinograd *w);                 // of the whole picture
size_t sq_k_winograd_scratch (const SqWinograd *w, int tiles); // floats, for one call of so many tiles

// Tiles [first, first + count): y = x * weights + bias. What follows (activation, sum) is done by `finish` on each finished row of a tile:
// n floats at y, offset floats from the picture's start; NULL = nothing.
typedef void (*SqWinogradFinish) (float *y, size_t offset, size_t n, const void *data);
void sq_k_winograd_run (const SqWinograd *w, const float *x, float *y, int first, int count, float *scratch, SqWinogradFinish finish,
                        const void *data);
