// SPDX-License-Identifier: GPL-3.0-or-later
// From a picture to the network's input in one go: scale, pad, reorder channels, normalise.
//
// Shape:  src: height rows of RGB24; dst: 3 x out_height x out_width float32 (planar)
// Thread: any; no allocation: the caller lends scratch
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct
{
  int src_width, src_height; // px
  ptrdiff_t src_stride;      // bytes
  int out_width, out_height; // px of the network's input
  int left, top;             // px: where the scaled picture lies in it
  int width, height;         // px of the scaled picture
  int area;                  // box average (shrinking only) instead of half-pixel bilinear
  int bgr;                   // channel order of dst
  uint8_t pad;               // around the picture, 0..255
  float mean[3], scale[3];   // dst = (value - mean) scale, in dst's channel order
} SqResampleJob;

size_t sq_k_resample_scratch (const SqResampleJob *job); // bytes
void sq_k_resample (float *dst, const uint8_t *src, const SqResampleJob *job, void *scratch);
