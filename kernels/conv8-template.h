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
typedef float VecF __attribute__ ((vector_size (4 * B), may_alias));
typedef int32_t Lane __attribute__ ((may_alias, aligned (1)));

#ifndef DOT
typedef uint8_t Byte __attribute__ ((may_alias));
typedef int8_t SignedByte __attribute__ ((may_alias));
typedef int16_t Short __attribute__ ((may_alias));

static inline __attribute__ ((always_inline)) void
dot (VecI *acc, const VecI *x, const VecI *w)
{
  for (int i = 0; i < B; i++)
    for (int k = 0; k < 4 / UNIT; k++)
      (*acc)[i] += QUADS ? ((const Byte *) x)[4 * i + k] * ((const SignedByte *) w)[4 * i + k]
                         : ((const Short *) x)[2 * i + k] * ((const Short *) w)[2 * i + k];
}
#define DOT(acc, x, w) (dot (&(acc), &(x), &(w)), (acc))
#endif

// The band's input rows with their borders, [block][row][pixel][b].
static void
spread (const SqConv8 *c, const Band *band, const uint8_t *x, int block_first, int blocks, void *to, int as_float)
{
  for (int k = 0; k < blocks; k++)
    for (int r = 0; r < band->rows; r++)
      {
        int iy = band->top + r;
        size_t at = ((size_t) k * band->rows + r) * band->width * B;
        const uint8_t *row = x + ((size_t) (block_first + k) * c->height + (iy < 0 ? 0 : iy)) * c->width * B;
        const uint8_t *zero = c->zero + (block_first + k) * B;
        int from = -band->left < 0 ? 0 : -band->left, end = c->width - band->left; // columns of the band that lie in the picture

        if (iy < 0 || iy >= c->height)
          from = end = band->width;
        end = end > band->width ? band->width : end;
        from = from > end ? end : from;
        row += (ptrdiff_t) band->left * B; // the band's column 0; `from` makes up for what lies outside
        if (as_float)
          {
            float *f = (float *) to + at;

            for (int i = 0; i < band->width * B; i++)
              if (i < from * B || i >= end * B)
                f[i] = 0;
            for (int i = from; i < end; i++)
              for (int b = 0; b < B; b++)
                f[(size_t) i * B + b] = (float) (row[(ptrdiff_t) i * B + b] - zero[b]);
          }
        else if (QUADS)
          {
            uint8_t *q = (uint8_t *) to + at;

            for (int i = 0; i < band->width; i++)
              for (int b = 0; b < B; b++)
                q[(size_t) i * B + b] = i < from || i >= end ? zero[b] : row[(ptrdiff_t) i * B + b];
          }
        else
          {
            int16_t *s = (int16_t *) to + at;

            for (int i = 0; i < from * B; i++)
              s[i] = 0;
            for (int i = end * B; i < band->width * B; i++)
              s[i] = 0;
            for (int i = from; i < end; i++)
              for (int b = 0; b < B; b++)
                s[(size_t) i * B + b] = (int16_t) (row[(ptrdiff_t) i * B + b] - zero[b]);
          }
      }
}

// `pixels` and `outs` are constants where this is inlined.
static inline __attribute__ ((always_inline)) void
strip (const SqConv8 *c, const Band *band, int pixels, int outs, const char *x, const VecI *w, int first, int end, const int32_t *corrected,
       const float *multiplier, const float *base, float *const *y)
{
  size_t pixel = (size_t) c->stride[1] * B * UNIT, row = (size_t) band->width * B * UNIT, plane = row * band->rows;
  VecI acc[2][STRIP] = { 0 };

  for (int k = first; k < end; k++)
    {
      int lanes = conv8_lanes (c, k, QUADS);

      for (int ky = 0; ky < c->kernel[0]; ky++)
        for (int kx = 0; kx < c->kernel[1]; kx++)
          {
            const char *at = x + k * plane + ky * c->dilation[0] * row + (size_t) kx * c->dilation[1] * B * UNIT;

            for (int l = 0; l < lanes; l++, at += 4, w += outs)
              for (int p = 0; p < pixels; p++)
                {
                  VecI v = *(const Lane *) (at + p * pixel) - (VecI){ 0 };

                  acc[0][p] = DOT (acc[0][p], v, w[0]);
                  if (outs > 1)
                    acc[1][p] = DOT (acc[1][p], v, w[1]);
                }
          }
    }
  for (int o = 0; o < outs; o++)
    for (int p = 0; p < pixels; p++)
      {
        VecF sum = __builtin_convertvector(acc[o][p] - ((const VecI *) corrected)[o], VecF) * ((const VecF *) multiplier)[o];

        ((VecF *) y[o])[p] = sum + (base != NULL ? ((const VecF *) base)[o] : ((const VecF *) y[o])[p]);
      }
}

static inline __attribute__ ((always_inline)) void
strip_of (const SqConv8 *c, const Band *band, int pixels, int outs, const char *x, const VecI *w, int first, int end,
          const int32_t *corrected, const float *multiplier, const float *base, float *const *y)
{
#define CASE(n)                                                                                                                            \
  case n:                                                                                                                                  \
    strip (c, band, n, outs, x, w, first, end, corrected, multiplier, base, y);                                                            \
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
  const char *from = x + (size_t) r * c->stride[0] * band->width * B * UNIT;

  for (int g = 0; g < c->n_groups; g++)
    {
      for (int s = 0, at = 0; s < n_strips; s++)
        {
          int pixels = (c->out_width - at + n_strips - s - 1) / (n_strips - s); // strips as even as can be
          float *y[2] = { rows[0] + (size_t) at * B, rows[1] + (size_t) at * B };
          const char *start = from + (size_t) at * c->stride[1] * B * UNIT;
          const int32_t *corrected = c->corrected + g * padded + out * B;
          const float *multiplier = c->multiplier + g * padded + out * B, *base = g == 0 ? c->bias + out * B : NULL;

          if (outs == 2)
            strip_of (c, band, pixels, 2, start, w, first, c->group_end[g], corrected, multiplier, base, y);
          else
            strip_of (c, band, pixels, 1, start, w, first, c->group_end[g], corrected, multiplier, base, y);
          at += pixels;
        }
      w += conv8_group_size (c, first, c->group_end[g], outs, QUADS);
      first = c->group_end[g];
    }
}

static void
depthwise_row (const SqConv8 *c, const Band *band, int r, int block, const float *x, float *y)
{
  int taps = c->kernel[0] * c->kernel[1];
  const VecF *w = (const VecF *) c->weights + (size_t) block * taps;
  VecF m = ((const VecF *) c->multiplier)[block], bias = ((const VecF *) c->bias)[block];

  for (int at = 0; at < c->out_width; at += STRIP)
    {
      VecF acc[STRIP] = { 0 };
      int pixels = c->out_width - at < STRIP ? c->out_width - at : STRIP;
      const VecF *start = (const VecF *) x + (size_t) r * c->stride[0] * band->width + (size_t) at * c->stride[1];

      for (int ky = 0; ky < c->kernel[0]; ky++)
        for (int kx = 0; kx < c->kernel[1]; kx++)
          {
            const VecF *v = start + (size_t) ky * c->dilation[0] * band->width + (size_t) kx * c->dilation[1];
            VecF weight = w[ky * c->kernel[1] + kx];

            if (pixels == STRIP)
              for (int p = 0; p < STRIP; p++)
                acc[p] += v[p * c->stride[1]] * weight;
            else
              for (int p = 0; p < pixels; p++)
                acc[p] += v[p * c->stride[1]] * weight;
          }
      for (int p = 0; p < pixels; p++)
        ((VecF *) y)[at + p] = acc[p] * m + bias;
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
