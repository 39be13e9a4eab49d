// SPDX-License-Identifier: GPL-3.0-or-later
#include "conv8.h"

#include <immintrin.h>

void _sq_k_conv8_run_vnni (const SqConv8 *c, const uint8_t *x, int first, int rows, void *scratch, SqConv8Finish finish, const void *data);

#define NAME _sq_k_conv8_run_vnni
#define B 16
#define QUADS 1
#define DOT(acc, x, w) (VecI) _mm512_dpbusd_epi32 ((__m512i) (acc), (__m512i) (x), (__m512i) (w))
#include "conv8-template.h"
