// SPDX-License-Identifier: GPL-3.0-or-later
// Convolutions in 8 bits against their definition, sum by sum. Argument: the instruction set (see main).
#include "kernels/conv8.h"
#include "kernels/cpu.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static guint32 seed;

static int
next (int n)
{
  seed ^= seed << 13;
  seed ^= seed >> 17;
  seed ^= seed << 5;
  return (int) (seed % (guint32) n);
}

typedef struct
{
  int ic, oc, h, w, kernel, stride, dilation, pad;
  gboolean depthwise;
  int groups; // runs of input blocks
} Case;

typedef struct
{
  const char *name;
  unsigned mask, needs;
  int block;
  gboolean quads;
} Set;

typedef struct
{
  float *y;
  guint8 *seen;
} Output;

static void
keep (float *row, size_t offset, size_t n, const void *data)
{
  const Output *out = data;

  memcpy (out->y + offset, row, n * sizeof *row);
  for (size_t i = 0; i < n; i++)
    out->seen[offset + i]++;
}

static gpointer
aligned (gsize bytes)
{
  return aligned_alloc (64, (bytes + 63) & ~(gsize) 63);
}

static void
check (const Case *t, int block, gboolean quads)
{
  int in_blocks = (t->ic + block - 1) / block, out_blocks = (t->oc + block - 1) / block, taps = t->kernel * t->kernel;
  int per = t->depthwise ? 1 : t->ic, groups = MIN (t->groups, in_blocks);
  SqConv8 c = { .block = block,
                .quads = quads,
                .in_channels = t->ic,
                .out_channels = t->oc,
                .depthwise = t->depthwise,
                .height = t->h,
                .width = t->w,
                .kernel = { t->kernel, t->kernel },
                .stride = { t->stride, t->stride },
                .dilation = { t->dilation, t->dilation },
                .pad = { t->pad, t->pad },
                .n_groups = groups };
  g_autofree guint8 *x = g_malloc (in_blocks * block * t->h * t->w), *zero = g_malloc (in_blocks * block), *seen = NULL;
  g_autofree gint8 *q = g_malloc (t->oc * per * taps);
  g_autofree int *ends = g_new (int, groups);
  float *multiplier = aligned (groups * out_blocks * block * sizeof (float)), *bias = aligned (out_blocks * block * sizeof (float));
  g_autofree float *y = NULL;
  gpointer weights, scratch;
  gsize n_out;
  int bands = 1 + next (3);

  c.out_height = (t->h + 2 * t->pad - (t->kernel - 1) * t->dilation - 1) / t->stride + 1;
  c.out_width = (t->w + 2 * t->pad - (t->kernel - 1) * t->dilation - 1) / t->stride + 1;
  for (int g = 0; g < groups; g++)
    ends[g] = in_blocks * (g + 1) / groups;
  for (int i = 0; i < in_blocks * block; i++)
    zero[i] = (guint8) next (256);
  for (int i = 0; i < in_blocks * block * t->h * t->w; i++)
    x[i] = (guint8) next (256);
  for (int i = 0; i < t->oc * per * taps; i++)
    q[i] = (gint8) (next (255) - 127);
  for (int i = 0; i < groups * out_blocks * block; i++)
    multiplier[i] = (float) (1 + next (100)) * 1e-4f;
  for (int i = 0; i < out_blocks * block; i++)
    bias[i] = (float) next (100) - 50;
  c.group_end = ends;
  c.zero = zero;
  c.multiplier = multiplier;
  c.bias = bias;
  weights = aligned (sq_k_conv8_weights_size (&c));
  sq_k_conv8_weights (&c, weights, q);
  n_out = (gsize) out_blocks * block * c.out_height * c.out_width;
  y = g_new0 (float, n_out);
  seen = g_malloc0 (n_out);
  for (int b = 0; b < bands; b++)
    {
      int first = c.out_height * b / bands, rows = c.out_height * (b + 1) / bands - first;

      if (rows == 0)
        continue;
      scratch = aligned (sq_k_conv8_scratch (&c, rows));
      sq_k_conv8_run (&c, x, first, rows, scratch, keep, &(Output){ y, seen });
      free (scratch);
    }
  for (int o = 0; o < t->oc; o++)
    for (int oy = 0; oy < c.out_height; oy++)
      for (int ox = 0; ox < c.out_width; ox++)
        {
          double want = (double) bias[o];
          gsize at = (((gsize) (o / block) * c.out_height + oy) * c.out_width + ox) * block + o % block;

          for (int i = 0; i < per; i++)
            {
              int channel = t->depthwise ? o : i, k = channel / block, g = 0;
              gint64 sum = 0;

              while (k >= ends[g])
                g++;
              for (int ky = 0; ky < t->kernel; ky++)
                for (int kx = 0; kx < t->kernel; kx++)
                  {
                    int iy = oy * t->stride - t->pad + ky * t->dilation, ix = ox * t->stride - t->pad + kx * t->dilation;

                    if (iy >= 0 && iy < t->h && ix >= 0 && ix < t->w)
                      sum += (x[(((gsize) k * t->h + iy) * t->w + ix) * block + channel % block] - zero[channel])
                             * q[(o * per + i) * taps + ky * t->kernel + kx];
                  }
              want += (double) sum * (double) multiplier[(t->depthwise ? 0 : g) * out_blocks * block + o];
            }
          g_assert_cmpint (seen[at], ==, 1);
          g_assert_cmpfloat_with_epsilon ((double) y[at], want, 1e-5 * (1 + fabs (want)) + 1e-2);
        }
  free (weights);
  free (multiplier);
  free (bias);
}

static void
test_cases (gconstpointer data)
{
  const Set *set = data;
  static const Case cases[] = {
    { 16, 16, 7, 9, 1, 1, 1, 0, FALSE, 1 },   { 24, 40, 5, 13, 3, 1, 1, 1, FALSE, 1 }, { 3, 16, 12, 12, 3, 2, 1, 1, FALSE, 1 },
    { 12, 32, 9, 9, 3, 1, 1, 1, FALSE, 1 },   { 3, 24, 13, 11, 6, 2, 1, 2, FALSE, 1 }, { 64, 16, 4, 4, 1, 1, 1, 0, FALSE, 3 },
    { 48, 24, 6, 7, 3, 1, 1, 1, FALSE, 2 },   { 16, 8, 8, 8, 3, 1, 2, 2, FALSE, 1 },   { 16, 16, 6, 14, 3, 1, 1, 1, TRUE, 1 },
    { 40, 40, 9, 9, 5, 2, 1, 2, TRUE, 1 },    { 8, 8, 3, 3, 7, 1, 1, 3, TRUE, 1 },     { 1, 1, 1, 1, 1, 1, 1, 0, FALSE, 1 },
    { 130, 70, 3, 20, 1, 1, 1, 0, FALSE, 4 }, { 32, 32, 2, 2, 3, 1, 1, 1, FALSE, 1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    check (&cases[i], set->block, set->quads);
}

static void
test_random (gconstpointer data)
{
  const Set *set = data;

  for (guint i = 0; i < 60; i++)
    {
      Case t = { 1 + next (70), 1 + next (70), 1 + next (14), 1 + next (14), 1 + next (5), 1 + next (2), 1 + next (2), 0,
                 next (3) == 0, 1 + next (4) };

      t.pad = next (t.kernel);
      if (t.depthwise)
        {
          t.oc = t.ic;
          t.groups = 1;
        }
      if (t.h + 2 * t.pad > (t.kernel - 1) * t.dilation && t.w + 2 * t.pad > (t.kernel - 1) * t.dilation)
        check (&t, set->block, set->quads);
    }
}

int
main (int argc, char **argv)
{
  static const Set sets[] = { { "c", 0, 0, 8, FALSE },
                              { "c16", 0, 0, 16, FALSE },
                              { "c16-quads", 0, 0, 16, TRUE },
                              { "avx2", SQ_CPU_AVX2, SQ_CPU_AVX2, 8, FALSE },
                              { "avx512", SQ_CPU_AVX2 | SQ_CPU_AVX512, SQ_CPU_AVX512, 16, FALSE },
                              { "vnni", ~0u, SQ_CPU_VNNI, 16, TRUE } };

  g_test_init (&argc, &argv, NULL);
  seed = 2463534242u;
  for (guint i = 0; argc > 1 && i < G_N_ELEMENTS (sets); i++)
    if (g_str_equal (argv[1], sets[i].name))
      {
        if ((sq_cpu_flags () & sets[i].needs) != sets[i].needs)
          {
            g_print ("1..0 # SKIP this processor has no %s\n", sets[i].name);
            return 0;
          }
        sq_cpu_set_mask (sets[i].mask);
        g_test_add_data_func ("/kernels/conv8/cases", &sets[i], test_cases);
        g_test_add_data_func ("/kernels/conv8/random", &sets[i], test_random);
      }
  return g_test_run ();
}
