// SPDX-License-Identifier: GPL-3.0-or-later
// The plain C twins and the table.
#include "kernels.h"

#include "cpu.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

static void
silu_f32_c (float *y, const float *x, const float *add, size_t n)
{
  for (size_t i = 0; i < n; i++)
    y[i] = x[i] / (1 + expf (-x[i])) + (add != NULL ? add[i] : 0);
}

static void
sigmoid_f32_c (float *y, const float *x, size_t n)
{
  for (size_t i = 0; i < n; i++)
    y[i] = 1 / (1 + expf (-x[i]));
}

static void
leaky_f32_c (float *y, const float *x, const float *add, float slope, size_t n)
{
  for (size_t i = 0; i < n; i++)
    y[i] = (x[i] >= 0 ? x[i] : slope != 0 ? slope * x[i] : 0) + (add != NULL ? add[i] : 0);
}

static void
hardswish_f32_c (float *y, const float *x, const float *add, size_t n)
{
  for (size_t i = 0; i < n; i++)
    y[i] = x[i] * fminf (fmaxf (x[i] * (1 / 6.f) + .5f, 0), 1) + (add != NULL ? add[i] : 0);
}

static inline float
from_bf16 (uint16_t x)
{
  uint32_t bits = (uint32_t) x << 16;
  float f;

  memcpy (&f, &bits, sizeof f);
  return f;
}

static inline uint16_t
to_bf16 (float f)
{
  uint32_t bits;

  memcpy (&bits, &f, sizeof bits);
  if ((bits & 0x7fffffff) > 0x7f800000) // rounding up could carry a NaN into infinity
    return (uint16_t) (bits >> 16 | 0x40);
  return (uint16_t) ((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static void
widen_bf16_c (float *y, const uint16_t *x, size_t n)
{
  for (size_t i = 0; i < n; i++)
    y[i] = from_bf16 (x[i]);
}

static void
narrow_bf16_c (uint16_t *y, const float *x, size_t n)
{
  for (size_t i = 0; i < n; i++)
    y[i] = to_bf16 (x[i]);
}

static void
silu_bf16_c (uint16_t *y, const uint16_t *x, const uint16_t *add, size_t n)
{
  for (size_t i = 0; i < n; i++)
    {
      float v = from_bf16 (x[i]);

      y[i] = to_bf16 (v / (1 + expf (-v)) + (add != NULL ? from_bf16 (add[i]) : 0));
    }
}

static void
blend_rows_c (float *const plane[3], const int16_t *row0, const int16_t *row1, int w0, int w1, size_t n, const float mean[3],
              const float scale[3])
{
  for (size_t i = 0; i < n; i++)
    for (int c = 0; c < 3; c++)
      {
        int v = ((row0[3 * i + c] * w0 >> 16) + (row1[3 * i + c] * w1 >> 16) + 2) >> 2;

        plane[c][i] = ((float) v - mean[c]) * scale[c];
      }
}

static void
fake_quant_f32_c (float *y, const float *x, size_t n, float scale, float zero, float low, float high)
{
  for (size_t i = 0; i < n; i++)
    y[i] = scale * (fminf (fmaxf (nearbyintf (x[i] / scale) + zero, low), high) - zero);
}

static void
fake_quant_columns_f32_c (float *y, const float *x, size_t rows, int block, const float *scale, const float *zero, float low, float high)
{
  for (size_t r = 0; r < rows; r++)
    for (int c = 0; c < block; c++)
      y[r * block + c] = scale[c] * (fminf (fmaxf (nearbyintf (x[r * block + c] / scale[c]) + zero[c], low), high) - zero[c]);
}

static void
quantize_columns_c (uint8_t *y, const float *x, size_t rows, int block, const float *inverse, const float *zero)
{
  for (size_t r = 0; r < rows; r++)
    for (int c = 0; c < block; c++)
      y[r * block + c] = (uint8_t) fminf (fmaxf (nearbyintf (x[r * block + c] * inverse[c]) + zero[c], 0), 255);
}

static void
dequantize_columns_c (float *y, const uint8_t *x, size_t rows, int block, const float *scale, const float *zero, const float *add)
{
  for (size_t r = 0; r < rows; r++)
    for (int c = 0; c < block; c++)
      y[r * block + c] = scale[c] * ((float) x[r * block + c] - zero[c]) + (add != NULL ? add[r * block + c] : 0);
}

static void
max_u8_c (uint8_t *y, const uint8_t *x, size_t n)
{
  for (size_t i = 0; i < n; i++)
    y[i] = y[i] > x[i] ? y[i] : x[i];
}

static void
add_rows_f32_c (float *y, const float *const x[4], const float w[4], size_t n)
{
  for (size_t i = 0; i < n; i++)
    y[i] += w[0] * x[0][i] + w[1] * x[1][i] + w[2] * x[2][i] + w[3] * x[3][i];
}

static void
round_f32_c (float *y, const float *x, size_t n, float scale, float zero)
{
  for (size_t i = 0; i < n; i++)
    y[i] = fminf (fmaxf (nearbyintf (x[i] / scale) + zero, 0), 255) - zero;
}

static void
range_f32_c (const float *x, size_t n, float *low, float *high)
{
  *low = *high = 0;
  for (size_t i = 0; i < n; i++)
    {
      *low = fminf (*low, x[i]);
      *high = fmaxf (*high, x[i]);
    }
}

static size_t
find_above_f32_c (uint32_t *index, const float *x, size_t n, float threshold)
{
  size_t count = 0;

  for (size_t i = 0; i < n; i++)
    if (x[i] >= threshold)
      index[count++] = (uint32_t) i;
  return count;
}

void
sq_kernels_init_c (SqKernels *kernels)
{
  *kernels = (SqKernels){ silu_f32_c,  sigmoid_f32_c, leaky_f32_c,      hardswish_f32_c,          widen_bf16_c,       narrow_bf16_c,
                          silu_bf16_c, blend_rows_c,  fake_quant_f32_c, fake_quant_columns_f32_c, quantize_columns_c, dequantize_columns_c,
                          max_u8_c,    round_f32_c,   range_f32_c,      add_rows_f32_c,           find_above_f32_c };
}

void
sq_kernels_init (SqKernels *kernels)
{
  sq_kernels_init_c (kernels);
#if defined(__x86_64__)
  _sq_kernels_init_avx2 (kernels);
  _sq_kernels_init_avx512 (kernels);
#endif
}

static SqKernels shared;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
init_shared (void)
{
  sq_kernels_init (&shared);
}

const SqKernels *
sq_kernels (void)
{
  pthread_once (&once, init_shared);
  return &shared;
}
