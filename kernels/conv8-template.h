// SPDX-License-Identifier: GPL-3.0-or-later
// One copy per instruction set. The includer defines
//   NAME            the function
//   B               channels of a block, the lanes of a vector of 32-bit numbers
//   QUADS           1: four bytes, 0: two 16-bit numbers to a lane
//   DOT(acc, x, w)  acc + the sum of a lane's products, vectors of B lanes; without it plain C, which the others are compared with
#include "conv8-private.h"

#define STRIP 6 // pixels at once: with two blocks of outputs twelve sums, what sixteen registers hold
#define UNIT (QUADS ? 1 : 2)

typedef int32_t VecI __attribute__ ((vector_size (4 * B), may_alias));
typedef uint8_t VecB __attribute__ ((vector_size (B), may_alias, aligned (1)));
typedef int16_t VecS __attribute__ ((vector_size (2 * B), may_alias, aligned (1)));
typedef float VecF __attribute__ ((vector_size (4 * B), may_alias));
typedef int32_t Lane __attribute__ ((may_alias, aligned (1)));

#ifdef DOT
#define PLAIN 0
#else
#define PLAIN 1
typedef uint8_t Byte __attribute__ ((may_alias));
typedef int8_t SignedByte __attribute__ ((may_alias));
typedef int16_t Short __attribute__ ((may_alias));

static __attribute__ ((noinline)) void // slow as it is, it need not be slow to compile
dot (VecI *acc, const VecI *x, const VecI *w)
{
  for (int i = 0; i < B; i++)
    for (int k = 0; k < 4 / UNIT; k++)
      (*acc)[i] += QUADS ? ((const Byte *) x)[4 * i + k] * ((const SignedByte *) w)[4 * i + k]
                         : ((const Short *) x)[2 * i + k] * ((const Short *) w)[2 * i + k];
}
#define DOT(acc, x, w) (dot (&(acc), &(x), &(w)), (acc))
#endif

// One row of a block of the band: pixels [from, end) are the picture's, the rest is its border. `step` bytes from pixel to pixel; where
// that is less than a vector, the next pixel overwrites what is too much.
static inline __attribute__ ((always_inline)) void
spread_row (char *to, const uint8_t *row, const uint8_t *zero, int width, int from, int end, size_t step, int as_float)
{
  VecB z = *(const VecB *) zero;
  VecS zs = __builtin_convertvector(z, VecS);

  for (int i = 0; i < width; i++)
    {
      VecB x = i >= from && i < end ? *(const VecB *) (row + (ptrdiff_t) i * B) : z;

      if (as_float)
        *(VecF *) (to + i * step) = __builtin_convertvector(__builtin_convertvector(x, VecS) - zs, VecF);
      else if (QUADS)
        *(VecB *) (to + i * step) = x;
      else
        *(VecS *) (to + i * step) = __builtin_convertvector(x, VecS) - zs;
    }
}

// The band's input rows, [row][pixel][block][b].
static void
spread (const SqConv8 *c, const Band *band, const uint8_t *x, int block_first, int blocks, char *to, int as_float)
{
  size_t vector = B * (as_float ? sizeof (float) : UNIT), step = as_float ? vector : conv8_deep (c, QUADS);

  for (int k = 0; k < blocks; k++)
    for (int r = 0; r < band->rows; r++)
      {
        int iy = band->top + r, outside = iy < 0 || iy >= c->height, from = -band->left < 0 ? 0 : -band->left;
        int end = outside ? 0 : c->width - band->left;
        const uint8_t *row =
            x + ((ptrdiff_t) (block_first + k) * c->height + (outside ? 0 : iy)) * c->width * B + (ptrdiff_t) band->left * B;
        const uint8_t *zero = c->zero + (block_first + k) * B;
        char *start = to + (size_t) (r * band->width) * step + k * vector;

        if (as_float)
          spread_row (start, row, zero, band->width, from, end, step, 1);
        else
          spread_row (start, row, zero, band->width, from, end, step, 0);
      }
}

// `pixels` and `outs` are constants where this is inlined.
static inline __attribute__ ((always_inline)) void
strip (const SqConv8 *c, const Band *band, int pixels, int outs, const char *x, const VecI *w, int lanes, const int32_t *corrected,
       const float *multiplier, const float *base, float *const *y)
{
  size_t deep = conv8_deep (c, QUADS), pixel = c->stride[1] * deep, row = band->width * deep;
  int taps = c->kernel[1];
  VecI acc[2][STRIP] = { 0 };

  if (c->dilation[1] == 1 && deep == (size_t) lanes * 4) // neighbouring taps lie behind one another
    {
      lanes *= taps;
      taps = 1;
    }
  for (int ky = 0; ky < c->kernel[0]; ky++)
    for (int kx = 0; kx < taps; kx++)
      {
        const char *at = x + ky * c->dilation[0] * row + kx * c->dilation[1] * deep;

#pragma GCC unroll 2
        for (int l = 0; l < lanes; l++, at += 4, w += outs)
#pragma GCC unroll 6
          for (int p = 0; p < pixels; p++)
            {
              VecI v = *(const Lane *) (at + p * pixel) - (VecI){ 0 };

              acc[0][p] = DOT (acc[0][p], v, w[0]);
              if (outs > 1)
                acc[1][p] = DOT (acc[1][p], v, w[1]);
            }
      }
#pragma GCC unroll 2
  for (int o = 0; o < outs; o++)
#pragma GCC unroll 6
    for (int p = 0; p < pixels; p++)
      {
        VecF sum = __builtin_convertvector(acc[o][p] - ((const VecI *) corrected)[o], VecF) * ((const VecF *) multiplier)[o];

        ((VecF *) y[o])[p] = sum + (base != NULL ? ((const VecF *) base)[o] : ((const VecF *) y[o])[p]);
      }
}

static inline __attribute__ ((always_inline)) void
strip_of (const SqConv8 *c, const Band *band, int pixels, int outs, const char *x, const VecI *w, int lanes, const int32_t *corrected,
          const float *multiplier, const float *base, float *const *y)
{
  if (PLAIN) // one copy is enough
    {
      strip (c, band, pixels, outs, x, w, lanes, corrected, multiplier, base, y);
      return;
    }
#define CASE(n)                                                                                                                            \
  case n:                                                                                                                                  \
    strip (c, band, n, outs, x, w, lanes, corrected, multiplier, base, y);                                                                 \
    break;
  switch (pixels)
    {
      CASE (1)
      CASE (2)
      CASE (3)
      CASE (4)
      CASE (5)
      CASE (6)
    }
#undef CASE
}

// All groups of one row, for one or two blocks of outputs.
static void
row_of (const SqConv8 *c, const Band *band, int r, int out, int outs, const char *x, float *const *rows)
{
  int n_strips = (c->out_width + STRIP - 1) / STRIP, padded = conv8_out_blocks (c) * B, first = 0;
  const VecI *w = (const VecI *) c->weights + conv8_weights_at (c, out, QUADS);
  size_t deep = conv8_deep (c, QUADS);

  for (int g = 0; g < c->n_groups; g++)
    {
      int lanes = conv8_lanes (c, first, c->group_end[g], QUADS);
      const char *start = x + (size_t) r * c->stride[0] * band->width * deep + (size_t) first * B * UNIT;

      for (int s = 0, at = 0; s < n_strips; s++)
        {
          int pixels = (c->out_width - at + n_strips - s - 1) / (n_strips - s); // strips as even as can be
          float *y[2] = { rows[0] + (size_t) at * B, rows[1] + (size_t) at * B };
          const int32_t *corrected = c->corrected + g * padded + out * B;
          const float *multiplier = c->multiplier + g * padded + out * B, *base = g == 0 ? c->bias + out * B : NULL;

          if (outs == 2 && !PLAIN)
            strip_of (c, band, pixels, 2, start, w, lanes, corrected, multiplier, base, y);
          else
            strip_of (c, band, pixels, PLAIN ? outs : 1, start, w, lanes, corrected, multiplier, base, y);
          at += pixels;
          start += (size_t) (pixels * c->stride[1]) * deep;
        }
      w += conv8_group_size (c, first, c->group_end[g], outs, QUADS);
      first = c->group_end[g];
    }
}

// Stride and kernel are constants where this is inlined for the usual ones.
static inline __attribute__ ((always_inline)) void
depthwise_strip (const VecF *x, const VecF *w, size_t row, int tap, int kernel_y, int kernel_x, int stride, int pixels, VecF m, VecF bias,
                 VecF *y)
{
  VecF acc[STRIP] = { 0 };

  for (int ky = 0; ky < kernel_y; ky++, x += row)
    for (int kx = 0; kx < kernel_x; kx++)
      {
        VecF weight = *w++;

#pragma GCC unroll 6
        for (int p = 0; p < pixels; p++)
          acc[p] += x[kx * tap + p * stride] * weight;
      }
#pragma GCC unroll 6
  for (int p = 0; p < pixels; p++)
    y[p] = acc[p] * m + bias;
}

static void
depthwise_row (const SqConv8 *c, const Band *band, int r, int block, const float *x, float *y)
{
  const VecF *w = (const VecF *) c->weights + (size_t) block * c->kernel[0] * c->kernel[1];
  VecF m = ((const VecF *) c->multiplier)[block], bias = ((const VecF *) c->bias)[block];
  size_t row = (size_t) c->dilation[0] * band->width;
  int ky = c->kernel[0], kx = c->kernel[1], tap = c->dilation[1], stride = c->stride[1], usual = ky == 3 && kx == 3 && tap == 1;

  for (int at = 0; at < c->out_width; at += STRIP)
    {
      const VecF *start = (const VecF *) x + (size_t) r * c->stride[0] * band->width + (size_t) at * stride;
      VecF *to = (VecF *) y + at;

      if (c->out_width - at < STRIP)
        for (int p = 0; p < c->out_width - at; p++)
          depthwise_strip (start + p * stride, w, row, tap, ky, kx, stride, 1, m, bias, to + p);
      else if (usual && stride == 1)
        depthwise_strip (start, w, row, 1, 3, 3, 1, STRIP, m, bias, to);
      else if (usual && stride == 2)
        depthwise_strip (start, w, row, 1, 3, 3, 2, STRIP, m, bias, to);
      else
        depthwise_strip (start, w, row, tap, ky, kx, stride, STRIP, m, bias, to);
    }
}

void
NAME (const SqConv8 *c, const uint8_t *x, int first, int rows, void *scratch, SqConv8Finish finish, const void *data)
{
  Band band = conv8_band (c, first, rows);
  size_t n = (size_t) c->out_width * B, plane = n * c->out_height;
  float *y[2] = { scratch, (float *) scratch + n };
  char *spread_out = (char *) scratch + conv8_rows_bytes (c);
  int out_blocks = conv8_out_blocks (c);

  if (c->depthwise)
    {
      for (int k = 0; k < out_blocks; k++)
        {
          spread (c, &band, x, k, 1, spread_out, 1);
          for (int r = 0; r < rows; r++)
            {
              depthwise_row (c, &band, r, k, (const float *) spread_out, y[0]);
              finish (y[0], k * plane + (first + r) * n, n, data);
            }
        }
      return;
    }
  spread (c, &band, x, 0, conv8_in_blocks (c), spread_out, 0);
  for (int k = 0; k < out_blocks; k += 2)
    for (int r = 0; r < rows; r++)
      {
        int outs = out_blocks - k >= 2 ? 2 : 1;

        row_of (c, &band, r, k, outs, spread_out, y);
        for (int o = 0; o < outs; o++)
          finish (y[o], (k + o) * plane + (first + r) * n, n, data);
      }
}

#undef STRIP
#undef UNIT
