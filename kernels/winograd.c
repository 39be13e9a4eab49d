// SPDX-License-Identifier: GPL-3.0-or-later
#include "winograd.h"

#include "cpu.h"

#include <string.h>

static void run_c (const SqWinograd *w, const float *x, float *y, int first, int count, float *scratch, SqWinogradFinish finish,
                   const void *data);
void _sq_k_winograd_run_avx2 (const SqWinograd *w, const float *x, float *y, int first, int count, float *scratch, SqWinogradFinish finish,
                              const void *data);

#define NAME run_c
#include "winograd-template.h"

size_t
sq_k_winograd_weights_size (int in_channels, int out_channels)
{
  return (size_t) 36 * ((in_channels + 7) & ~7) * ((out_channels + 7) & ~7);
}

// G g G^T for every pair of channels, laid out [36][pairs of output blocks][input channel][16 outputs] (a last single block: 8).
void
sq_k_winograd_weights (float *to, const float *from, int in_channels, int out_channels)
{
  static const float g[6][3] = { { 1 / 4.f, 0, 0 },
                                 { -1 / 6.f, -1 / 6.f, -1 / 6.f },
                                 { -1 / 6.f, 1 / 6.f, -1 / 6.f },
                                 { 1 / 24.f, 1 / 12.f, 1 / 6.f },
                                 { 1 / 24.f, -1 / 12.f, 1 / 6.f },
                                 { 0, 0, 1 } };
  int in_padded = (in_channels + 7) & ~7, out_padded = (out_channels + 7) & ~7;

  memset (to, 0, sq_k_winograd_weights_size (in_channels, out_channels) * sizeof (float));
  for (int o = 0; o < out_channels; o++)
    for (int c = 0; c < in_channels; c++)
      {
        const float *w = from + ((size_t) o * in_channels + c) * 9;
        int pair = o / 16, wide = out_padded - pair * 16 >= 16 ? 16 : 8;
        float *base = to + (size_t) pair * 16 * in_padded + (size_t) c * wide + o % 16;

        for (int i = 0; i < 6; i++)
          for (int k = 0; k < 6; k++)
            {
              float sum = 0;

              for (int a = 0; a < 3; a++)
                for (int b = 0; b < 3; b++)
                  sum += g[i][a] * w[a * 3 + b] * g[k][b];
              base[(size_t) (i * 6 + k) * in_padded * out_padded] = sum;
            }
      }
}

int
sq_k_winograd_tiles (const SqWinograd *w)
{
  return ((w->out_height + 3) / 4) * ((w->out_width + 3) / 4);
}

size_t
sq_k_winograd_scratch (const SqWinograd *w, int tiles)
{
  return (size_t) 36 * 8 * (w->in_blocks + w->out_blocks) * tiles;
}

void
sq_k_winograd_run (const SqWinograd *w, const float *x, float *y, int first, int count, float *scratch, SqWinogradFinish finish,
                   const void *data)
{
#if defined(__x86_64__)
  if ((sq_cpu_flags () & SQ_CPU_AVX2) != 0)
    {
      _sq_k_winograd_run_avx2 (w, x, y, first, count, scratch, finish, data);
      return;
    }
#endif
  run_c (w, x, y, first, count, scratch, finish, data);
}
