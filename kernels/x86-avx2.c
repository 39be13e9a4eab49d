// SPDX-License-Identifier: GPL-3.0-or-later
// AVX2 + FMA twins. Built with -mavx2 -mfma; entered only where the processor has both.
#include "cpu.h"
#include "kernels.h"

#include <immintrin.h>
#include <math.h>

// 1 / (1 + e^-x): -x = n ln 2 + r with ln 2 in two parts, e^r by its series to r^6 (|r| < .35: error below 1e-8), then one division.
static inline __m256
sigmoid8 (__m256 x)
{
  __m256 v = _mm256_min_ps (_mm256_max_ps (_mm256_sub_ps (_mm256_setzero_ps (), x), _mm256_set1_ps (-87.f)), _mm256_set1_ps (87.f)), n, r,
         p;
  __m256i e;

  n = _mm256_round_ps (_mm256_mul_ps (v, _mm256_set1_ps (1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  r = _mm256_fnmadd_ps (n, _mm256_set1_ps (0.693359375f), v);
  r = _mm256_fnmadd_ps (n, _mm256_set1_ps (-2.12194440e-4f), r);
  p = _mm256_set1_ps (1 / 720.f);
  p = _mm256_fmadd_ps (p, r, _mm256_set1_ps (1 / 120.f));
  p = _mm256_fmadd_ps (p, r, _mm256_set1_ps (1 / 24.f));
  p = _mm256_fmadd_ps (p, r, _mm256_set1_ps (1 / 6.f));
  p = _mm256_fmadd_ps (p, r, _mm256_set1_ps (.5f));
  p = _mm256_fmadd_ps (p, r, _mm256_set1_ps (1.f));
  p = _mm256_fmadd_ps (p, r, _mm256_set1_ps (1.f));
  e = _mm256_slli_epi32 (_mm256_cvtps_epi32 (n), 23);
  p = _mm256_castsi256_ps (_mm256_add_epi32 (_mm256_castps_si256 (p), e));
  return _mm256_div_ps (_mm256_set1_ps (1.f), _mm256_add_ps (p, _mm256_set1_ps (1.f)));
}

static void
silu_f32_avx2 (float *y, const float *x, const float *add, size_t n)
{
  size_t i = 0;

  if (add != NULL)
    for (; i + 8 <= n; i += 8)
      {
        __m256 v = _mm256_loadu_ps (x + i);

        _mm256_storeu_ps (y + i, _mm256_fmadd_ps (v, sigmoid8 (v), _mm256_loadu_ps (add + i)));
      }
  else
    for (; i + 8 <= n; i += 8)
      {
        __m256 v = _mm256_loadu_ps (x + i);

        _mm256_storeu_ps (y + i, _mm256_mul_ps (v, sigmoid8 (v)));
      }
  for (; i < n; i++)
    y[i] = x[i] / (1 + expf (-x[i])) + (add != NULL ? add[i] : 0);
}

static void
sigmoid_f32_avx2 (float *y, const float *x, size_t n)
{
  size_t i = 0;

  for (; i + 8 <= n; i += 8)
    _mm256_storeu_ps (y + i, sigmoid8 (_mm256_loadu_ps (x + i)));
  for (; i < n; i++)
    y[i] = 1 / (1 + expf (-x[i]));
}

static void
leaky_f32_avx2 (float *y, const float *x, const float *add, float slope, size_t n)
{
  __m256 s = _mm256_set1_ps (slope);
  size_t i = 0;

  for (; i + 8 <= n; i += 8)
    {
      __m256 v = _mm256_loadu_ps (x + i), negative = slope != 0 ? _mm256_mul_ps (v, s) : s;

      v = _mm256_blendv_ps (negative, v, _mm256_cmp_ps (v, _mm256_setzero_ps (), _CMP_GE_OQ));
      _mm256_storeu_ps (y + i, add != NULL ? _mm256_add_ps (v, _mm256_loadu_ps (add + i)) : v);
    }
  for (; i < n; i++)
    y[i] = (x[i] >= 0 ? x[i] : slope != 0 ? slope * x[i] : 0) + (add != NULL ? add[i] : 0);
}

static void
hardswish_f32_avx2 (float *y, const float *x, const float *add, size_t n)
{
  size_t i = 0;

  for (; i + 8 <= n; i += 8)
    {
      __m256 v = _mm256_loadu_ps (x + i), t = _mm256_fmadd_ps (v, _mm256_set1_ps (1 / 6.f), _mm256_set1_ps (.5f));

      v = _mm256_mul_ps (v, _mm256_min_ps (_mm256_max_ps (t, _mm256_setzero_ps ()), _mm256_set1_ps (1)));
      _mm256_storeu_ps (y + i, add != NULL ? _mm256_add_ps (v, _mm256_loadu_ps (add + i)) : v);
    }
  for (; i < n; i++)
    y[i] = x[i] * fminf (fmaxf (x[i] * (1 / 6.f) + .5f, 0), 1) + (add != NULL ? add[i] : 0);
}

static void
blend_rows_avx2 (float *const plane[3], const int16_t *row0, const int16_t *row1, int w0, int w1, size_t n, const float mean[3],
                 const float scale[3])
{
  // eight pixels are three vectors of eight interleaved values; the permutation pulls one channel out of each
  const __m256i pick[3] = { _mm256_setr_epi32 (0, 3, 6, 1, 4, 7, 2, 5), _mm256_setr_epi32 (1, 4, 7, 2, 5, 0, 3, 6),
                            _mm256_setr_epi32 (2, 5, 0, 3, 6, 1, 4, 7) };
  const __m128i weight0 = _mm_set1_epi16 ((int16_t) w0), weight1 = _mm_set1_epi16 ((int16_t) w1);
  size_t i = 0;

  for (; i + 8 <= n; i += 8)
    {
      __m256 v[3];

      for (int k = 0; k < 3; k++)
        {
          __m128i a = _mm_mulhi_epi16 (_mm_loadu_si128 ((const __m128i *) (row0 + 3 * i + 8 * k)), weight0);
          __m128i b = _mm_mulhi_epi16 (_mm_loadu_si128 ((const __m128i *) (row1 + 3 * i + 8 * k)), weight1);
          __m128i sum = _mm_srai_epi16 (_mm_add_epi16 (_mm_add_epi16 (a, b), _mm_set1_epi16 (2)), 2);

          v[k] = _mm256_cvtepi32_ps (_mm256_cvtepi16_epi32 (sum));
        }
      for (int c = 0; c < 3; c++)
        {
          // channel c sits at 3 j + c of the 24 values; per vector k that is a fixed set of lanes
          __m256 p0 = _mm256_permutevar8x32_ps (v[0], pick[c]),
                 p1 = _mm256_permutevar8x32_ps (v[1], pick[c == 0   ? 1
                                                           : c == 1 ? 2
                                                                    : 0]),
                 p2 = _mm256_permutevar8x32_ps (v[2], pick[c == 0   ? 2
                                                           : c == 1 ? 0
                                                                    : 1]);
          __m256 out;

          if (c == 0)
            { // 0 3 6 | 9 12 15 | 18 21: lanes 0 3 6, 1 4 7, 2 5
              out = _mm256_blend_ps (p0, _mm256_permutevar8x32_ps (p1, _mm256_setr_epi32 (7, 7, 7, 0, 1, 2, 7, 7)), 0x38);
              out = _mm256_blend_ps (out, _mm256_permutevar8x32_ps (p2, _mm256_setr_epi32 (7, 7, 7, 7, 7, 7, 0, 1)), 0xc0);
            }
          else if (c == 1)
            { // lanes 1 4 7, 2 5, 0 3 6
              out = _mm256_blend_ps (p0, _mm256_permutevar8x32_ps (p1, _mm256_setr_epi32 (7, 7, 7, 0, 1, 7, 7, 7)), 0x18);
              out = _mm256_blend_ps (out, _mm256_permutevar8x32_ps (p2, _mm256_setr_epi32 (7, 7, 7, 7, 7, 0, 1, 2)), 0xe0);
            }
          else
            { // lanes 2 5, 0 3 6, 1 4 7
              out = _mm256_blend_ps (p0, _mm256_permutevar8x32_ps (p1, _mm256_setr_epi32 (7, 7, 0, 1, 2, 7, 7, 7)), 0x1c);
              out = _mm256_blend_ps (out, _mm256_permutevar8x32_ps (p2, _mm256_setr_epi32 (7, 7, 7, 7, 7, 0, 1, 2)), 0xe0);
            }
          out = _mm256_mul_ps (_mm256_sub_ps (out, _mm256_set1_ps (mean[c])), _mm256_set1_ps (scale[c]));
          _mm256_storeu_ps (plane[c] + i, out);
        }
    }
  for (; i < n; i++)
    for (int c = 0; c < 3; c++)
      {
        int v = ((row0[3 * i + c] * w0 >> 16) + (row1[3 * i + c] * w1 >> 16) + 2) >> 2;

        plane[c][i] = ((float) v - mean[c]) * scale[c];
      }
}

static void
fake_quant_f32_avx2 (float *y, const float *x, size_t n, float scale, float zero, float low, float high)
{
  const __m256 s = _mm256_set1_ps (scale), z = _mm256_set1_ps (zero), lo = _mm256_set1_ps (low), hi = _mm256_set1_ps (high);
  size_t i = 0;

  for (; i + 8 <= n; i += 8)
    {
      __m256 q = _mm256_round_ps (_mm256_div_ps (_mm256_loadu_ps (x + i), s), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);

      q = _mm256_min_ps (_mm256_max_ps (_mm256_add_ps (q, z), lo), hi);
      _mm256_storeu_ps (y + i, _mm256_mul_ps (s, _mm256_sub_ps (q, z)));
    }
  for (; i < n; i++)
    y[i] = scale * (fminf (fmaxf (nearbyintf (x[i] / scale) + zero, low), high) - zero);
}

// Far beyond 8 bits either way the rounding instruction says the same number: cut before.
static inline __m128i
quantize8 (const float *x, __m256 inverse, __m256 zero)
{
  __m256 v = _mm256_mul_ps (_mm256_loadu_ps (x), inverse);
  __m256i q;

  v = _mm256_min_ps (_mm256_max_ps (v, _mm256_set1_ps (-1024)), _mm256_set1_ps (1024));
  q = _mm256_add_epi32 (_mm256_cvtps_epi32 (v), _mm256_cvtps_epi32 (zero));
  return _mm_packs_epi32 (_mm256_castsi256_si128 (q), _mm256_extracti128_si256 (q, 1));
}

static void
quantize_columns_avx2 (uint8_t *y, const float *x, size_t rows, int block, const float *inverse, const float *zero)
{
  size_t n = rows * (size_t) block;
  __m256 inverses[2] = { _mm256_loadu_ps (inverse), _mm256_loadu_ps (inverse + block - 8) };
  __m256 zeros[2] = { _mm256_loadu_ps (zero), _mm256_loadu_ps (zero + block - 8) };
  size_t i = 0;

  for (; i + 16 <= n; i += 16)
    _mm_storeu_si128 ((__m128i *) (y + i),
                      _mm_packus_epi16 (quantize8 (x + i, inverses[0], zeros[0]), quantize8 (x + i + 8, inverses[1], zeros[1])));
  if (i < n)
    _mm_storel_epi64 ((__m128i *) (y + i), _mm_packus_epi16 (quantize8 (x + i, inverses[0], zeros[0]), _mm_setzero_si128 ()));
}

static void
dequantize_columns_avx2 (float *y, const uint8_t *x, size_t rows, int block, const float *scale, const float *zero, const float *add)
{
  size_t n = rows * (size_t) block;
  __m256 scales[2] = { _mm256_loadu_ps (scale), _mm256_loadu_ps (scale + block - 8) };
  __m256 zeros[2] = { _mm256_loadu_ps (zero), _mm256_loadu_ps (zero + block - 8) };

  for (size_t i = 0; i < n; i += 8)
    {
      __m256 v = _mm256_cvtepi32_ps (_mm256_cvtepu8_epi32 (_mm_loadl_epi64 ((const __m128i *) (x + i))));
      __m256 s = scales[i / 8 % 2], z = zeros[i / 8 % 2];

      v = _mm256_mul_ps (_mm256_sub_ps (v, z), s);
      _mm256_storeu_ps (y + i, add != NULL ? _mm256_add_ps (v, _mm256_loadu_ps (add + i)) : v);
    }
}

static void
fake_quant_columns_f32_avx2 (float *y, const float *x, size_t rows, int block, const float *scale, const float *zero, float low, float high)
{
  const __m256 lo = _mm256_set1_ps (low), hi = _mm256_set1_ps (high);

  for (int c = 0; c < block; c += 8)
    {
      const __m256 s = _mm256_loadu_ps (scale + c), z = _mm256_loadu_ps (zero + c);

      for (size_t at = (size_t) c; at < rows * (size_t) block; at += (size_t) block)
        {
          __m256 q = _mm256_round_ps (_mm256_div_ps (_mm256_loadu_ps (x + at), s), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);

          q = _mm256_min_ps (_mm256_max_ps (_mm256_add_ps (q, z), lo), hi);
          _mm256_storeu_ps (y + at, _mm256_mul_ps (s, _mm256_sub_ps (q, z)));
        }
    }
}

static void
add_rows_f32_avx2 (float *y, const float *const x[4], const float w[4], size_t n)
{
  const __m256 w0 = _mm256_set1_ps (w[0]), w1 = _mm256_set1_ps (w[1]), w2 = _mm256_set1_ps (w[2]), w3 = _mm256_set1_ps (w[3]);
  size_t i = 0;

  for (; i + 8 <= n; i += 8)
    {
      __m256 sum = _mm256_fmadd_ps (w0, _mm256_loadu_ps (x[0] + i), _mm256_loadu_ps (y + i));

      sum = _mm256_fmadd_ps (w1, _mm256_loadu_ps (x[1] + i), sum);
      sum = _mm256_fmadd_ps (w2, _mm256_loadu_ps (x[2] + i), sum);
      _mm256_storeu_ps (y + i, _mm256_fmadd_ps (w3, _mm256_loadu_ps (x[3] + i), sum));
    }
  for (; i < n; i++)
    y[i] += w[0] * x[0][i] + w[1] * x[1][i] + w[2] * x[2][i] + w[3] * x[3][i];
}

static void
round_f32_avx2 (float *y, const float *x, size_t n, float scale, float zero)
{
  const __m256 s = _mm256_set1_ps (scale), z = _mm256_set1_ps (zero), hi = _mm256_set1_ps (255);
  size_t i = 0;

  for (; i + 8 <= n; i += 8)
    {
      __m256 q = _mm256_round_ps (_mm256_div_ps (_mm256_loadu_ps (x + i), s), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);

      q = _mm256_min_ps (_mm256_max_ps (_mm256_add_ps (q, z), _mm256_setzero_ps ()), hi);
      _mm256_storeu_ps (y + i, _mm256_sub_ps (q, z));
    }
  for (; i < n; i++)
    y[i] = fminf (fmaxf (nearbyintf (x[i] / scale) + zero, 0), 255) - zero;
}

static void
range_f32_avx2 (const float *x, size_t n, float *low, float *high)
{
  __m256 lo = _mm256_setzero_ps (), hi = _mm256_setzero_ps ();
  float l[8], h[8];
  size_t i = 0;

  for (; i + 8 <= n; i += 8)
    {
      __m256 v = _mm256_loadu_ps (x + i);

      lo = _mm256_min_ps (v, lo); // in this order a NaN is passed over
      hi = _mm256_max_ps (v, hi);
    }
  _mm256_storeu_ps (l, lo);
  _mm256_storeu_ps (h, hi);
  *low = *high = 0;
  for (int k = 0; k < 8; k++)
    {
      *low = fminf (*low, l[k]);
      *high = fmaxf (*high, h[k]);
    }
  for (; i < n; i++)
    {
      *low = fminf (*low, x[i]);
      *high = fmaxf (*high, x[i]);
    }
}

static size_t
find_above_f32_avx2 (uint32_t *index, const float *x, size_t n, float threshold)
{
  const __m256 limit = _mm256_set1_ps (threshold);
  size_t count = 0, i = 0;

  // candidates are rare: look at 32 at once, take apart only blocks that have one
  for (; i + 32 <= n; i += 32)
    {
      __m256 a = _mm256_cmp_ps (_mm256_loadu_ps (x + i), limit, _CMP_GE_OQ),
             b = _mm256_cmp_ps (_mm256_loadu_ps (x + i + 8), limit, _CMP_GE_OQ);
      __m256 c = _mm256_cmp_ps (_mm256_loadu_ps (x + i + 16), limit, _CMP_GE_OQ),
             d = _mm256_cmp_ps (_mm256_loadu_ps (x + i + 24), limit, _CMP_GE_OQ);
      uint32_t mask;

      if (_mm256_movemask_ps (_mm256_or_ps (_mm256_or_ps (a, b), _mm256_or_ps (c, d))) == 0)
        continue;
      mask = (uint32_t) _mm256_movemask_ps (a) | (uint32_t) _mm256_movemask_ps (b) << 8 | (uint32_t) _mm256_movemask_ps (c) << 16
             | (uint32_t) _mm256_movemask_ps (d) << 24;
      for (; mask != 0; mask &= mask - 1)
        index[count++] = (uint32_t) i + (uint32_t) __builtin_ctz (mask);
    }
  for (; i < n; i++)
    if (x[i] >= threshold)
      index[count++] = (uint32_t) i;
  return count;
}

static void
max_u8_avx2 (uint8_t *y, const uint8_t *x, size_t n)
{
  size_t i = 0;

  for (; i + 32 <= n; i += 32)
    _mm256_storeu_si256 ((__m256i *) (y + i),
                         _mm256_max_epu8 (_mm256_loadu_si256 ((const __m256i *) (y + i)), _mm256_loadu_si256 ((const __m256i *) (x + i))));
  for (; i < n; i++)
    y[i] = y[i] > x[i] ? y[i] : x[i];
}

void
_sq_kernels_init_avx2 (SqKernels *kernels)
{
  if ((sq_cpu_flags () & SQ_CPU_AVX2) == 0)
    return;
  kernels->silu_f32 = silu_f32_avx2;
  kernels->sigmoid_f32 = sigmoid_f32_avx2;
  kernels->leaky_f32 = leaky_f32_avx2;
  kernels->hardswish_f32 = hardswish_f32_avx2;
  kernels->blend_rows = blend_rows_avx2;
  kernels->fake_quant_f32 = fake_quant_f32_avx2;
  kernels->fake_quant_columns_f32 = fake_quant_columns_f32_avx2;
  kernels->quantize_columns = quantize_columns_avx2;
  kernels->dequantize_columns = dequantize_columns_avx2;
  kernels->max_u8 = max_u8_avx2;
  kernels->add_rows_f32 = add_rows_f32_avx2;
  kernels->round_f32 = round_f32_avx2;
  kernels->range_f32 = range_f32_avx2;
  kernels->find_above_f32 = find_above_f32_avx2;
}
