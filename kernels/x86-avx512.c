// SPDX-License-Identifier: GPL-3.0-or-later
// AVX-512 twins. Built with the flags of SQ_CPU_AVX512; entered only where the processor has them all.
#include "cpu.h"
#include "kernels.h"

#include <immintrin.h>

// See x86-avx2.c: the same series; scalef replaces the exponent trick.
static inline __m512
sigmoid16 (__m512 x)
{
  __m512 v = _mm512_min_ps (_mm512_max_ps (_mm512_sub_ps (_mm512_setzero_ps (), x), _mm512_set1_ps (-87.f)), _mm512_set1_ps (87.f)), n, r,
         p;

  n = _mm512_roundscale_ps (_mm512_mul_ps (v, _mm512_set1_ps (1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  r = _mm512_fnmadd_ps (n, _mm512_set1_ps (0.693359375f), v);
  r = _mm512_fnmadd_ps (n, _mm512_set1_ps (-2.12194440e-4f), r);
  p = _mm512_set1_ps (1 / 720.f);
  p = _mm512_fmadd_ps (p, r, _mm512_set1_ps (1 / 120.f));
  p = _mm512_fmadd_ps (p, r, _mm512_set1_ps (1 / 24.f));
  p = _mm512_fmadd_ps (p, r, _mm512_set1_ps (1 / 6.f));
  p = _mm512_fmadd_ps (p, r, _mm512_set1_ps (.5f));
  p = _mm512_fmadd_ps (p, r, _mm512_set1_ps (1.f));
  p = _mm512_fmadd_ps (p, r, _mm512_set1_ps (1.f));
  return _mm512_div_ps (_mm512_set1_ps (1.f), _mm512_add_ps (_mm512_scalef_ps (p, n), _mm512_set1_ps (1.f)));
}

static void
silu_f32_avx512 (float *y, const float *x, const float *add, size_t n)
{
  for (size_t i = 0; i < n; i += 16)
    {
      __mmask16 m = n - i >= 16 ? 0xffff : (__mmask16) ((1u << (n - i)) - 1);
      __m512 v = _mm512_maskz_loadu_ps (m, x + i), s = sigmoid16 (v);

      s = add != NULL ? _mm512_fmadd_ps (v, s, _mm512_maskz_loadu_ps (m, add + i)) : _mm512_mul_ps (v, s);
      _mm512_mask_storeu_ps (y + i, m, s);
    }
}

static void
sigmoid_f32_avx512 (float *y, const float *x, size_t n)
{
  for (size_t i = 0; i < n; i += 16)
    {
      __mmask16 m = n - i >= 16 ? 0xffff : (__mmask16) ((1u << (n - i)) - 1);

      _mm512_mask_storeu_ps (y + i, m, sigmoid16 (_mm512_maskz_loadu_ps (m, x + i)));
    }
}

static inline __m512
from_bf16 (__m256i x)
{
  return _mm512_castsi512_ps (_mm512_slli_epi32 (_mm512_cvtepu16_epi32 (x), 16));
}

// In whole numbers: vcvtneps2bf16, where a processor has it, makes denormals 0.
static inline __m256i
to_bf16 (__m512 x)
{
  __m512i bits = _mm512_castps_si512 (x), odd = _mm512_and_si512 (_mm512_srli_epi32 (bits, 16), _mm512_set1_epi32 (1));
  __m512i rounded = _mm512_add_epi32 (bits, _mm512_add_epi32 (odd, _mm512_set1_epi32 (0x7fff)));
  __mmask16 nan = _mm512_cmp_ps_mask (x, x, _CMP_UNORD_Q);

  rounded = _mm512_mask_or_epi32 (rounded, nan, bits, _mm512_set1_epi32 (0x400000));
  return _mm512_cvtepi32_epi16 (_mm512_srli_epi32 (rounded, 16));
}

static void
widen_bf16_avx512 (float *y, const uint16_t *x, size_t n)
{
  for (size_t i = 0; i < n; i += 16)
    {
      __mmask16 m = n - i >= 16 ? 0xffff : (__mmask16) ((1u << (n - i)) - 1);

      _mm512_mask_storeu_ps (y + i, m, from_bf16 (_mm256_maskz_loadu_epi16 (m, x + i)));
    }
}

static void
narrow_bf16_avx512 (uint16_t *y, const float *x, size_t n)
{
  for (size_t i = 0; i < n; i += 16)
    {
      __mmask16 m = n - i >= 16 ? 0xffff : (__mmask16) ((1u << (n - i)) - 1);

      _mm256_mask_storeu_epi16 (y + i, m, to_bf16 (_mm512_maskz_loadu_ps (m, x + i)));
    }
}

static void
silu_bf16_avx512 (uint16_t *y, const uint16_t *x, const uint16_t *add, size_t n)
{
  for (size_t i = 0; i < n; i += 16)
    {
      __mmask16 m = n - i >= 16 ? 0xffff : (__mmask16) ((1u << (n - i)) - 1);
      __m512 v = from_bf16 (_mm256_maskz_loadu_epi16 (m, x + i)), s = sigmoid16 (v);

      s = add != NULL ? _mm512_fmadd_ps (v, s, from_bf16 (_mm256_maskz_loadu_epi16 (m, add + i))) : _mm512_mul_ps (v, s);
      _mm256_mask_storeu_epi16 (y + i, m, to_bf16 (s));
    }
}

static size_t
find_above_f32_avx512 (uint32_t *index, const float *x, size_t n, float threshold)
{
  const __m512 limit = _mm512_set1_ps (threshold);
  const __m512i lane = _mm512_setr_epi32 (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  size_t count = 0;

  for (size_t i = 0; i < n; i += 16)
    {
      __mmask16 m = n - i >= 16 ? 0xffff : (__mmask16) ((1u << (n - i)) - 1);

      m = _mm512_mask_cmp_ps_mask (m, _mm512_maskz_loadu_ps (m, x + i), limit, _CMP_GE_OQ);
      if (m == 0)
        continue;
      _mm512_mask_compressstoreu_epi32 (index + count, m, _mm512_add_epi32 (lane, _mm512_set1_epi32 ((int) i)));
      count += (size_t) __builtin_popcount (m);
    }
  return count;
}

void
_sq_kernels_init_avx512 (SqKernels *kernels)
{
  if ((sq_cpu_flags () & SQ_CPU_AVX512) == 0)
    return;
  kernels->silu_f32 = silu_f32_avx512;
  kernels->sigmoid_f32 = sigmoid_f32_avx512;
  kernels->widen_bf16 = widen_bf16_avx512;
  kernels->narrow_bf16 = narrow_bf16_avx512;
  kernels->silu_bf16 = silu_bf16_avx512;
  kernels->find_above_f32 = find_above_f32_avx512;
}
