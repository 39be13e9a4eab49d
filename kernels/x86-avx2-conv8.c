// SPDX-License-Identifier: GPL-3.0-or-later
#include "conv8.h"

#include <immintrin.h>

void _sq_k_conv8_run_avx2 (const SqConv8 *c, const uint8_t *x, int first, int rows, void *scratch, SqConv8Finish finish, const void *data);

#define NAME _sq_k_conv8_run_avx2
#define B 8
#define QUADS 0
#define DOT(acc, x, w) (VecI) _mm256_add_epi32 ((__m256i) (acc), _mm256_madd_epi16 ((__m256i) (x), (__m256i) (w)))
#include "conv8-template.h"
