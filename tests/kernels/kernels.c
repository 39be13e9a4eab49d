// SPDX-License-Identifier: GPL-3.0-or-later
// Every kernel of every instruction set this processor has against its plain C twin, over lengths around the vector widths, misaligned and
// with odd values.
#include "kernels/cpu.h"
#include "kernels/kernels.h"
#include "kernels/resample.h"
#include "kernels/winograd.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#define N 300

static const struct
{
  const char *name;
  unsigned mask;
} isas[] = { { "c", 0 }, { "avx2", SQ_CPU_AVX2 }, { "avx512", SQ_CPU_AVX2 | SQ_CPU_AVX512 } };

static SqKernels c, best;

static void
fill (float *x, int n, float low, float high, guint seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);

  for (int i = 0; i < n; i++)
    x[i] = (float) g_rand_double_range (rand, low, high);
}

static void
assert_near (const float *got, const float *want, int n, double relative)
{
  for (int i = 0; i < n; i++)
    if (!(fabs (got[i] - want[i]) <= relative * fabs (want[i]) + 1e-30) && !(isnan (got[i]) && isnan (want[i])) && got[i] != want[i])
      g_error ("element %d: %.9g instead of %.9g", i, got[i], want[i]);
}

static void
test_activations (void)
{
  float x[N + 1], add[N + 1], got[N + 1], want[N + 1];

  fill (x, N + 1, -20, 20, 1);
  fill (add, N + 1, -3, 3, 2);
  x[5] = 0;
  x[9] = 100;
  x[17] = -100;
  x[33] = 1e4f;
  x[34] = -1e4f;
  c.leaky_f32 (got, (float[]){ -INFINITY, INFINITY, -2, 3 }, NULL, 0, 4);
  g_assert_true (got[0] == 0 && got[1] == INFINITY && got[2] == 0 && got[3] == 3);
  best.leaky_f32 (got, (float[]){ -INFINITY, -INFINITY, -2, 3, -INFINITY, INFINITY, -2, 3 }, NULL, 0, 8);
  g_assert_true (got[0] == 0 && got[5] == INFINITY && got[2] == 0 && got[3] == 3);
  for (int offset = 0; offset < 2; offset++)
    for (int n = 0; n <= N; n += n < 70 ? 1 : 37)
      {
        got[n + offset < N + 1 ? n + offset : N] = 42;
        best.silu_f32 (got + offset, x + offset, NULL, n);
        c.silu_f32 (want + offset, x + offset, NULL, n);
        assert_near (got + offset, want + offset, n, 2e-6);
        if (n + offset <= N)
          g_assert_cmpfloat (got[n + offset], ==, 42); // nothing past the end
        best.sigmoid_f32 (got + offset, x + offset, n);
        c.sigmoid_f32 (want + offset, x + offset, n);
        for (int i = offset; i < n + offset; i++)
          g_assert_cmpfloat (fabs (got[i] - want[i]), <=, 1e-6 * want[i] + 1e-30);
        for (int k = 0; k < 6; k++) // with and without a sum
          {
            const float *sum = k % 2 == 0 ? NULL : add + offset;
            float slope = k < 2 ? 0 : .1f;

            if (k < 4)
              {
                best.leaky_f32 (got + offset, x + offset, sum, slope, n);
                c.leaky_f32 (want + offset, x + offset, sum, slope, n);
              }
            else
              {
                best.hardswish_f32 (got + offset, x + offset, sum, n);
                c.hardswish_f32 (want + offset, x + offset, sum, n);
              }
            for (int i = offset; i < n + offset; i++)
              g_assert_cmpfloat (fabs (got[i] - want[i]), <=, 2e-6 * (fabs (x[i]) + fabs (add[i]) + 1));
          }
        memcpy (got, x, sizeof got); // in place, with a sum
        best.silu_f32 (got + offset, got + offset, add + offset, n);
        c.silu_f32 (want + offset, x + offset, add + offset, n);
        for (int i = offset; i < n + offset; i++)
          g_assert_cmpfloat (fabs (got[i] - want[i]), <=, 2e-6 * (fabs (x[i]) + fabs (add[i]) + 1));
      }
}

// Distance in steps of bfloat16, 0 for two NaNs.
static int
bf16_steps (guint16 a, guint16 b)
{
  int x = a & 0x8000 ? -(a & 0x7fff) : a, y = b & 0x8000 ? -(b & 0x7fff) : b;

  return (a & 0x7fff) > 0x7f80 && (b & 0x7fff) > 0x7f80 ? 0 : abs (x - y);
}

// Everything bfloat16 can be, and float32 around the ties between two of them; exactly the twin's bits but for what a SiLU may round.
static void
test_bf16 (void)
{
  static const struct
  {
    guint32 from;
    guint16 to;
  } known[] = {
    { 0x3f800000, 0x3f80 }, { 0x3f808000, 0x3f80 }, { 0x3f808001, 0x3f81 }, { 0x3f818000, 0x3f82 }, // ties go to the even one
    { 0xbf818000, 0xbf82 }, { 0x7f7fffff, 0x7f80 }, { 0x7f800000, 0x7f80 }, { 0xff800000, 0xff80 }, // too large: infinity
    { 0x7f800001, 0x7fc0 }, { 0x7fffffff, 0x7fff }, { 0xffc00000, 0xffc0 },                         // NaN, quiet from now on
    { 0x00000001, 0x0000 }, { 0x00008001, 0x0001 }, { 0x007fffff, 0x0080 }, { 0x80018000, 0x8002 }, // denormals
  };
  g_autofree guint16 *all = g_new (guint16, 65536), *add = g_new (guint16, 65536), *got = g_new (guint16, 65537);
  g_autofree guint16 *want = g_new (guint16, 65536);
  g_autofree float *wide = g_new (float, 65537), *expected = g_new (float, 65536), *x = g_new (float, 65536);

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    {
      memcpy (x, &known[i].from, sizeof *x);
      best.narrow_bf16 (got, x, 1);
      g_assert_cmphex (got[0], ==, known[i].to);
      c.narrow_bf16 (got, x, 1);
      g_assert_cmphex (got[0], ==, known[i].to);
    }
  for (int i = 0; i < 65536; i++)
    {
      all[i] = (guint16) i;
      add[i] = (guint16) (i * 40503);
    }
  best.widen_bf16 (wide, all, 65536);
  c.widen_bf16 (expected, all, 65536);
  g_assert_cmpmem (wide, 65536 * sizeof *wide, expected, 65536 * sizeof *expected);
  best.narrow_bf16 (got, wide, 65536); // and back: nothing changes but signalling NaN
  for (int i = 0; i < 65536; i++)
    g_assert_true (got[i] == all[i] || got[i] == (all[i] | 0x40));
  for (int k = 0; k < 3; k++) // just below, on and just above every tie
    {
      for (guint32 i = 0; i < 65536; i++)
        {
          guint32 bits = i << 16 | (0x7fff + (guint32) k);

          memcpy (&x[i], &bits, sizeof bits);
        }
      best.narrow_bf16 (got, x, 65536);
      c.narrow_bf16 (want, x, 65536);
      g_assert_cmpmem (got, 65536 * sizeof *got, want, 65536 * sizeof *want);
    }
  for (int k = 0; k < 2; k++)
    {
      best.silu_bf16 (got, all, k > 0 ? add : NULL, 65536);
      c.silu_bf16 (want, all, k > 0 ? add : NULL, 65536);
      for (int i = 0; i < 65536; i++)
        {
          float v = expected[i];

          if (isnan (v))
            g_assert_cmphex (got[i] & 0x7fff, >, 0x7f80);
          else if (v < -80) // the sigmoid's series ends there: next to nothing of x is left
            g_assert_true (k > 0 || v < -1e36f || (got[i] & 0x7fff) < 0x4000);
          else if (k == 0)
            g_assert_cmpint (bf16_steps (got[i], want[i]), <=, 1);
          else // what x and the sum cancel may be any number of steps
            {
              guint16 pair[2] = { got[i], want[i] };
              float values[2], size = fabsf (v) + fabsf (expected[add[i]]);

              c.widen_bf16 (values, pair, 2);
              g_assert_true ((isnan (values[0]) && isnan (values[1])) || values[0] == values[1]
                             || fabsf (values[0] - values[1]) <= 1e-5f * size + fabsf (values[1]) / 128);
            }
        }
    }
  for (int n = 0; n <= N; n += n < 70 ? 1 : 37) // nothing past the end, in place
    {
      guint16 *at = got + 1, *from = all + 16000;

      at[n] = 42;
      wide[n] = 42;
      best.widen_bf16 (wide, from, n);
      best.narrow_bf16 (at, wide, n);
      g_assert_cmpmem (at, n * sizeof *at, from, n * sizeof *from);
      best.silu_bf16 (at, at, NULL, n);
      c.silu_bf16 (want, from, NULL, n);
      for (int i = 0; i < n; i++)
        g_assert_cmpint (bf16_steps (at[i], want[i]), <=, 1);
      g_assert_cmphex (at[n], ==, 42);
      g_assert_cmpfloat (wide[n], ==, 42);
    }
}

static void
test_quantisation (void)
{
  float x[N], got[N], want[N], low[2], high[2];

  fill (x, N, -4, 6, 3);
  for (int i = 0; i < 40; i++)
    x[i] = (float) (i - 20) * .05f; // exact halves of the scale
  for (int n = 0; n <= N; n += n < 40 ? 1 : 53)
    {
      best.fake_quant_f32 (got, x, n, .1f, 12, 0, 255);
      c.fake_quant_f32 (want, x, n, .1f, 12, 0, 255);
      assert_near (got, want, n, 0);
      best.fake_quant_f32 (got, x, n, .01f, 0, -128, 127); // saturates
      c.fake_quant_f32 (want, x, n, .01f, 0, -128, 127);
      assert_near (got, want, n, 0);
      best.round_f32 (got, x, n, .04f, 100);
      c.round_f32 (want, x, n, .04f, 100);
      assert_near (got, want, n, 0);
      best.range_f32 (x, n, &low[0], &high[0]);
      c.range_f32 (x, n, &low[1], &high[1]);
      g_assert_cmpfloat (low[0], ==, low[1]);
      g_assert_cmpfloat (high[0], ==, high[1]);
    }
}

// Into bytes and back; a rounding may go the other way where the quotient lies between two.
static void
check_bytes (const SqKernels *a, const SqKernels *b, const float *x, gsize n, int block, const float *scale, const float *zero)
{
  guint8 got[N + 1], want[N + 1];
  float inverse[16], back[N], expected[N];

  for (int k = 0; k < 16; k++)
    inverse[k] = 1 / scale[k];
  got[n * (gsize) block] = 42;
  a->quantize_columns (got, x, n, block, inverse, zero);
  b->quantize_columns (want, x, n, block, inverse, zero);
  g_assert_cmpmem (got, n * (gsize) block, want, n * (gsize) block);
  g_assert_cmpint (got[n * (gsize) block], ==, 42);
  for (int with_sum = 0; with_sum < 2; with_sum++)
    {
      a->dequantize_columns (back, got, n, block, scale, zero, with_sum ? x : NULL);
      b->dequantize_columns (expected, want, n, block, scale, zero, with_sum ? x : NULL);
      assert_near (back, expected, n * (gsize) block, 1e-6);
      for (gsize i = 0; i < n * (gsize) block; i++)
        g_assert_cmpfloat (fabsf (back[i] - scale[i % (gsize) block] * ((float) got[i] - zero[i % (gsize) block]) - (with_sum ? x[i] : 0)),
                           <, 1e-4f);
    }
}

static void
test_columns (void)
{
  float x[N], got[N + 1], want[N + 1], scale[16], zero[16], y[N];
  const float *rows[4] = { x, x + 1, x + 2, x + 3 };
  const float w[4] = { .5f, -1, 2, .25f };

  fill (x, N, -4, 6, 5);
  fill (y, N, -1, 1, 6);
  fill (scale, 16, .01, .1, 7);
  for (int k = 0; k < 16; k++)
    zero[k] = (float) (k * 16);
  for (int block = 8; block <= 16; block += 8)
    for (int n = 0; n <= N / block; n += n < 4 ? 1 : 7)
      {
        got[n * block] = 42;
        best.fake_quant_columns_f32 (got, x, n, block, scale, zero, 0, 255);
        c.fake_quant_columns_f32 (want, x, n, block, scale, zero, 0, 255);
        check_bytes (&best, &c, x, n, block, scale, zero);
        assert_near (got, want, n * block, 0);
        g_assert_cmpfloat (got[n * block], ==, 42);
      }
  for (int n = 0; n <= N - 3; n += n < 40 ? 1 : 53)
    {
      memcpy (got, y, sizeof y);
      memcpy (want, y, sizeof y);
      best.add_rows_f32 (got, rows, w, n);
      c.add_rows_f32 (want, rows, w, n);
      assert_near (got, want, N, 1e-5);
    }
}

static void
test_find_above (void)
{
  float x[N];
  guint32 got[N], want[N];

  fill (x, N, 0, 1, 4);
  x[7] = NAN;
  x[40] = .9f; // exactly the threshold
  for (int n = 0; n <= N; n += n < 70 ? 1 : 41)
    {
      gsize a = best.find_above_f32 (got, x, n, .9f), b = c.find_above_f32 (want, x, n, .9f);

      g_assert_cmpmem (got, a * sizeof got[0], want, b * sizeof want[0]);
    }
}

static void
test_blend_rows (void)
{
  gint16 row0[3 * N + 16], row1[3 * N + 16];
  float got[3][N], want[3][N], *got_planes[3] = { got[0], got[1], got[2] }, *want_planes[3] = { want[0], want[1], want[2] };
  const float mean[3] = { 103.5f, 0, 3 }, scale[3] = { 1 / 255.f, 1, .5f };

  for (int i = 0; i < 3 * N + 16; i++)
    {
      row0[i] = (gint16) (i * 977 % 32641);
      row1[i] = (gint16) (i * 31337 % 32641);
    }
  for (int n = 1; n <= N; n += n < 40 ? 1 : 61)
    for (int w = 0; w <= 2048; w += 512)
      {
        best.blend_rows (got_planes, row0, row1, 2048 - w, w, n, mean, scale);
        c.blend_rows (want_planes, row0, row1, 2048 - w, w, n, mean, scale);
        for (int k = 0; k < 3; k++)
          g_assert_cmpmem (got[k], n * sizeof (float), want[k], n * sizeof (float));
      }
}

// A picture of one colour stays it; growing by two puts the corners' own values at the corners; shrinking by area is the mean.
static void
test_resample (void)
{
  guint8 src[4 * 4 * 3];
  float dst[3 * 8 * 8];
  SqResampleJob job = { 4, 4, 12, 8, 8, 0, 0, 8, 8, 0, 0, 114, { 0 }, { 1, 1, 1 } };
  g_autofree gpointer scratch = g_malloc (sq_k_resample_scratch (&job));

  memset (src, 77, sizeof src);
  sq_k_resample (dst, src, &job, scratch);
  for (int i = 0; i < 3 * 64; i++)
    g_assert_cmpfloat (dst[i], ==, 77);

  for (int i = 0; i < 16; i++)
    for (int k = 0; k < 3; k++)
      src[3 * i + k] = (guint8) (10 * i + k);
  sq_k_resample (dst, src, &job, scratch);
  g_assert_cmpfloat (dst[0], ==, 0);
  g_assert_cmpfloat (dst[63], ==, 150);
  g_assert_cmpfloat (dst[64 + 63], ==, 151);
  g_assert_cmpfloat (dst[1], ==, 2); // a quarter of the way from 0 to 10; OpenCV truncates on the way
  job.bgr = 1;
  sq_k_resample (dst, src, &job, scratch);
  g_assert_cmpfloat (dst[63], ==, 152);

  job = (SqResampleJob){ 4, 4, 12, 4, 4, 1, 1, 2, 2, 1, 0, 114, { 0 }, { 1, 1, 1 } };
  sq_k_resample (dst, src, &job, scratch);
  g_assert_cmpfloat (dst[0], ==, 114);        // padding
  g_assert_cmpfloat (dst[1 * 4 + 1], ==, 25); // the mean of 0, 10, 40, 50
  g_assert_cmpfloat (dst[2 * 4 + 2], ==, 125);
}

static void
test_winograd (void)
{
  static const int shapes[][6] = {
    { 8, 8, 4, 4, 1, 1 }, { 16, 24, 13, 9, 1, 1 }, { 20, 8, 7, 22, 0, 0 }, { 24, 40, 16, 16, 1, 1 }, { 8, 16, 5, 6, 2, 2 }
  };

  for (guint s = 0; s < G_N_ELEMENTS (shapes); s++)
    {
      int ic = shapes[s][0], oc = shapes[s][1], h = shapes[s][2], w = shapes[s][3], pad = shapes[s][4];
      int oh = h + 2 * pad - 2, ow = w + 2 * pad - 2, icb = (ic + 7) / 8, ocb = (oc + 7) / 8, tiles;
      g_autofree float *x = g_new0 (float, icb * 8 * h * w), *weights = g_new (float, oc *ic * 9), *bias = g_new0 (float, ocb * 8);
      g_autofree float *y = g_new0 (float, ocb * 8 * oh * ow), *u = NULL, *scratch = NULL;
      SqWinograd job = { icb, ocb, h, w, oh, ow, pad, pad, NULL, bias };
      gsize bytes = sq_k_winograd_weights_size (ic, oc) * sizeof (float);

      u = g_aligned_alloc (1, bytes, 64);
      fill (weights, oc * ic * 9, -1, 1, s);
      fill (bias, oc, -1, 1, s + 100);
      for (int k = 0; k < ic; k++)
        for (int i = 0; i < h * w; i++)
          x[(k / 8 * h * w + i) * 8 + k % 8] = (float) ((k * 31 + i * 7) % 17 - 8) / 8;
      sq_k_winograd_weights (u, weights, ic, oc);
      job.weights = u;
      tiles = sq_k_winograd_tiles (&job);
      scratch = g_aligned_alloc (1, sq_k_winograd_scratch (&job, 5) * sizeof (float), 64);
      for (int first = 0; first < tiles; first += 5)
        sq_k_winograd_run (&job, x, y, first, MIN (5, tiles - first), scratch, NULL, NULL);
      for (int o = 0; o < oc; o++)
        for (int oy = 0; oy < oh; oy++)
          for (int ox = 0; ox < ow; ox++)
            {
              double sum = bias[o], size = 1;
              float got = y[((o / 8 * oh + oy) * ow + ox) * 8 + o % 8];

              for (int k = 0; k < ic; k++)
                for (int a = 0; a < 3; a++)
                  for (int b = 0; b < 3; b++)
                    {
                      int iy = oy + a - pad, ix = ox + b - pad;

                      if (iy >= 0 && iy < h && ix >= 0 && ix < w)
                        {
                          double p = x[((k / 8 * h + iy) * w + ix) * 8 + k % 8] * weights[(o * ic + k) * 9 + a * 3 + b];

                          sum += p;
                          size += fabs (p);
                        }
                    }
              g_assert_cmpfloat (fabs (got - sum), <=, 4e-6 * size);
            }
      g_aligned_free (g_steal_pointer (&u));
      g_aligned_free (g_steal_pointer (&scratch));
    }
}

int
main (int argc, char **argv)
{
  int status = 0;

  g_test_init (&argc, &argv, NULL);
  sq_kernels_init_c (&c);
  for (guint i = 0; i < G_N_ELEMENTS (isas); i++)
    if (g_strcmp0 (argv[1], isas[i].name) == 0)
      {
        sq_cpu_set_mask (isas[i].mask);
        if (sq_cpu_flags () != isas[i].mask)
          {
            g_print ("1..0 # SKIP this processor has no %s\n", isas[i].name);
            return 0;
          }
        sq_kernels_init (&best);
      }
  g_assert_nonnull (best.silu_f32);
  g_test_add_func ("/kernels/activations", test_activations);
  g_test_add_func ("/kernels/bf16", test_bf16);
  g_test_add_func ("/kernels/quantisation", test_quantisation);
  g_test_add_func ("/kernels/columns", test_columns);
  g_test_add_func ("/kernels/find-above", test_find_above);
  g_test_add_func ("/kernels/blend-rows", test_blend_rows);
  g_test_add_func ("/kernels/resample", test_resample);
  g_test_add_func ("/kernels/winograd", test_winograd);
  status = g_test_run ();
  return status;
}
