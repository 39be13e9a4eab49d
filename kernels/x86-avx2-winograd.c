// SPDX-License-Identifier: GPL-3.0-or-later
#include "winograd.h"

void _sq_k_winograd_run_avx2 (const SqWinograd *w, const float *x, float *y, int first, int count, float *scratch, SqWinogradFinish finish,
                              const void *data);

#define NAME _sq_k_winograd_run_avx2
#include "winograd-template.h"
