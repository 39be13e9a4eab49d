// SPDX-License-Identifier: GPL-3.0-or-later
// Numeric kernels: one table, filled for this processor. Every entry has a plain C twin (suffix _c) that tests compare it with.
//
// Thread: any
// Blocks: no
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct
{
  // y = x sigmoid (x) + add; `add` may be NULL, `y` may be `x`. Relative error below 2e-6.
  void (*silu_f32) (float *y, const float *x, const float *add, size_t n);

  // y = sigmoid (x); `y` may be `x`.
  void (*sigmoid_f32) (float *y, const float *x, size_t n);

  // y = x < 0 ? slope x : x, + add, which may be NULL; `y` may be `x`. Slope 0: infinities too become 0.
  void (*leaky_f32) (float *y, const float *x, const float *add, float slope, size_t n);

  // y = x clamp (x / 6 + 1/2, 0, 1) + add, which may be NULL; `y` may be `x`.
  void (*hardswish_f32) (float *y, const float *x, const float *add, size_t n);

  // bfloat16, the upper half of a float32, into float32 and back: round half to even, NaN stays NaN (and becomes quiet).
  void (*widen_bf16) (float *y, const uint16_t *x, size_t n);
  void (*narrow_bf16) (uint16_t *y, const float *x, size_t n);

  // y = x sigmoid (x) + add in bfloat16, rounded once; `add` may be NULL, `y` may be `x`. The float32 before the rounding is silu_f32's.
  void (*silu_bf16) (uint16_t *y, const uint16_t *x, const uint16_t *add, size_t n);

  // One row of the network's input from two resampled rows of `n` interleaved RGB pixels (value << 7), weights with 11 fractional bits:
  // v = ((row0 w0 >> 16) + (row1 w1 >> 16) + 2) >> 2, plane[c][i] = (v - mean[c]) scale[c].
  void (*blend_rows) (float *const plane[3], const int16_t *row0, const int16_t *row1, int w0, int w1, size_t n, const float mean[3],
                      const float scale[3]);

  // y = scale (clamp (round (x / scale) + zero, low, high) - zero), round half to even: what is left of x after 8-bit storage.
  void (*fake_quant_f32) (float *y, const float *x, size_t n, float scale, float zero, float low, float high);

  // The same for `rows` rows of `block` numbers, each column with its own scale and zero point. `block` is 8 or 16.
  void (*fake_quant_columns_f32) (float *y, const float *x, size_t rows, int block, const float *scale, const float *zero, float low,
                                  float high);

  // `rows` rows of `block` numbers into 8 bits and back, each column with its own scale and zero point: y = clamp (round (x inverse) +
  // zero, 0, 255); y = scale (x - zero) + add, where `add` may be NULL or y. `block` is 8 or 16, zero points are whole numbers.
  void (*quantize_columns) (uint8_t *y, const float *x, size_t rows, int block, const float *inverse, const float *zero);
  void (*dequantize_columns) (float *y, const uint8_t *x, size_t rows, int block, const float *scale, const float *zero, const float *add);

  // y = max (y, x)
  void (*max_u8) (uint8_t *y, const uint8_t *x, size_t n);

  // y = clamp (round (x / scale) + zero, 0, 255) - zero.
  void (*round_f32) (float *y, const float *x, size_t n, float scale, float zero);

  // Smallest and largest of x and 0.
  void (*range_f32) (const float *x, size_t n, float *low, float *high);

  // y += w[0] x[0] + w[1] x[1] + w[2] x[2] + w[3] x[3]
  void (*add_rows_f32) (float *y, const float *const x[4], const float w[4], size_t n);

  // Indices of x[i] >= threshold, ascending, into `index` (room for n); returns how many. NaN is never found.
  size_t (*find_above_f32) (uint32_t *index, const float *x, size_t n, float threshold);
} SqKernels;

// The best for this processor; see sq_cpu_set_mask for tests.
void sq_kernels_init (SqKernels *kernels);
const SqKernels *sq_kernels (void); // initialised once

// Internal: each overrides what it does better and its processor has.
void _sq_kernels_init_avx2 (SqKernels *kernels);
void _sq_kernels_init_avx512 (SqKernels *kernels);
void sq_kernels_init_c (SqKernels *kernels);
