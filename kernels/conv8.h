// SPDX-License-Identifier: GPL-3.0-or-later
// Convolutions of pictures in 8 bits, exact: products are summed in 32 bits (depthwise in float32, where whole numbers below 2^24 are
// exact), scaled once. A band of rows is first spread out as the instructions want it, with its border: pairs of 16-bit numbers (x - zero)
// for multiply-add, or groups of four bytes where the processor has VNNI.
//
// Shape:  x is blocked N C/b H W b, one byte a number, b = 8 or 16, channels padded to b; weights [out][in / groups][height][width]
// Thread: any; bands are independent. No allocation: the caller lends scratch
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct
{
  int block;                     // b
  int in_channels, out_channels; // equal where depthwise
  int quads;                     // four bytes to a lane instead of two 16-bit numbers; see sq_k_conv8_quads
  int depthwise;                 // one weight kernel per channel; else every output reads all inputs
  int height, width;             // px of the input
  int out_height, out_width;
  int kernel[2], stride[2], dilation[2], pad[2]; // height, width; pad: top, left
  int n_groups;             // runs of input blocks with scales of their own (a concatenation's parts); 1 where depthwise
  const int *group_end;     // [n_groups], in blocks
  const uint8_t *zero;      // [in blocks * b]: what is 0
  const float *multiplier;  // [n_groups][out blocks * b]: scale of x times scale of the weights; aligned to 64
  const float *bias;        // [out blocks * b]; aligned to 64
  const void *weights;      // of sq_k_conv8_weights, aligned to 64
  const int32_t *corrected; // what sq_k_conv8_weights left behind the weights
} SqConv8;

// Whether this processor is better with quads; blocks of 16 only.
int sq_k_conv8_quads (int block);

// Bytes for weights and what is known beforehand of the sums; `to` aligned to 64. Sets c->weights and c->corrected.
size_t sq_k_conv8_weights_size (const SqConv8 *c);
void sq_k_conv8_weights (SqConv8 *c, void *to, const int8_t *from);

size_t sq_k_conv8_scratch (const SqConv8 *c, int rows); // bytes, for a band of so many output rows; aligned to 64

// One row of a block of output channels: n = out_width * b floats, `offset` numbers from the picture's start. May change `row`.
typedef void (*SqConv8Finish) (float *row, size_t offset, size_t n, const void *data);

// Output rows [first, first + rows).
void sq_k_conv8_run (const SqConv8 *c, const uint8_t *x, int first, int rows, void *scratch, SqConv8Finish finish, const void *data);
