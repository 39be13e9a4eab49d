// SPDX-License-Identifier: GPL-3.0-or-later
#include "conv8.h"

void _sq_k_conv8_run_c16 (const SqConv8 *c, const uint8_t *x, int first, int rows, void *scratch, SqConv8Finish finish, const void *data);

#define NAME _sq_k_conv8_run_c16
#define B 16
#define QUADS 0
#include "conv8-template.h"
