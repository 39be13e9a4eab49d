// SPDX-License-Identifier: GPL-3.0-or-later
#include "conv8.h"

#include "conv8-private.h"
#include "cpu.h"

#define RUN(name) void name (const SqConv8 *c, const uint8_t *x, int first, int rows, void *scratch, SqConv8Finish finish, const void *data)

RUN (_sq_k_conv8_run_c8);
RUN (_sq_k_conv8_run_c16);
RUN (_sq_k_conv8_run_c16_quads);
RUN (_sq_k_conv8_run_avx2);
RUN (_sq_k_conv8_run_avx512);
RUN (_sq_k_conv8_run_vnni);

int
sq_k_conv8_quads (int block)
{
  return block == 16 && (sq_cpu_flags () & SQ_CPU_VNNI) != 0;
}

size_t
sq_k_conv8_weights_size (const SqConv8 *c)
{
  size_t vectors = c->depthwise ? (size_t) conv8_out_blocks (c) * (size_t) (c->kernel[0] * c->kernel[1])
                                : conv8_weights_at (c, conv8_out_blocks (c), c->quads);

  return (vectors + (size_t) (c->n_groups * conv8_out_blocks (c))) * (size_t) c->block * 4 + 64;
}

static int
group_of (const SqConv8 *c, int block)
{
  int g = 0;

  while (block >= c->group_end[g])
    g++;
  return g;
}

void
sq_k_conv8_weights (SqConv8 *c, void *to, const int8_t *from)
{
  int b = c->block, taps = c->kernel[0] * c->kernel[1], quads = c->quads, per = quads ? 4 : 2, blocks = conv8_out_blocks (c);
  size_t all = sq_k_conv8_weights_size (c) - 64, sums = (size_t) (c->n_groups * blocks) * (size_t) b * 4;
  int32_t *corrected = (int32_t *) ((char *) to + all - sums);

  memset (to, 0, all + 64);
  c->weights = to;
  c->corrected = corrected;
  if (c->depthwise)
    {
      for (int o = 0; o < c->out_channels; o++)
        for (int t = 0; t < taps; t++)
          ((float *) to)[((size_t) (o / b) * taps + t) * b + o % b] = from[(size_t) o * taps + t];
      return;
    }
  for (int o = 0; o < c->out_channels; o++)
    {
      int pair = o / b / 2 * 2, outs = blocks - pair >= 2 ? 2 : 1;
      size_t start = conv8_weights_at (c, pair, quads);

      for (int i = 0; i < c->in_channels; i++)
        for (int t = 0; t < taps; t++)
          {
            int g = group_of (c, i / b), first = g > 0 ? c->group_end[g - 1] : 0;
            int8_t w = from[((size_t) o * c->in_channels + i) * taps + t];
            size_t lane = (size_t) t * conv8_lanes (c, first, c->group_end[g], quads) + (i - first * b) / per;
            size_t vector = start + conv8_group_size (c, 0, first, outs, quads) + lane * outs + o / b - pair;
            size_t at = (vector * b + o % b) * per + i % b % per;

            if (!quads)
              ((int16_t *) to)[at] = w;
            else
              {
                ((int8_t *) to)[at] = w;
                corrected[g * blocks * b + o] += w * c->zero[i];
              }
          }
    }
}

size_t
sq_k_conv8_scratch (const SqConv8 *c, int rows)
{
  Band band = conv8_band (c, 0, rows);
  size_t numbers = (size_t) band.rows * band.width * c->block;
  size_t bytes = c->depthwise ? numbers * sizeof (float) : numbers * conv8_in_blocks (c) * sizeof (int16_t);

  return (conv8_rows_bytes (c) + bytes + 127) & ~(size_t) 63;
}

void
sq_k_conv8_run (const SqConv8 *c, const uint8_t *x, int first, int rows, void *scratch, SqConv8Finish finish, const void *data)
{
  unsigned flags = sq_cpu_flags ();

#if defined(__x86_64__)
  if (c->quads && (flags & SQ_CPU_VNNI) != 0)
    _sq_k_conv8_run_vnni (c, x, first, rows, scratch, finish, data);
  else if (c->block == 16 && !c->quads && (flags & SQ_CPU_AVX512) != 0)
    _sq_k_conv8_run_avx512 (c, x, first, rows, scratch, finish, data);
  else if (c->block == 8 && (flags & SQ_CPU_AVX2) != 0)
    _sq_k_conv8_run_avx2 (c, x, first, rows, scratch, finish, data);
  else
#endif
      if (c->quads)
    _sq_k_conv8_run_c16_quads (c, x, first, rows, scratch, finish, data);
  else if (c->block == 16)
    _sq_k_conv8_run_c16 (c, x, first, rows, scratch, finish, data);
  else
    _sq_k_conv8_run_c8 (c, x, first, rows, scratch, finish, data);
}
