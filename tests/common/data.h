// SPDX-License-Identifier: GPL-3.0-or-later
// Where tests find models, pictures and expected numbers (SQUINT_TEST_DATA, default ../shared beside the checkout), and the .npy files there.
#pragma once

#include "engine/graph/tensor.h"

G_BEGIN_DECLS

// Absolute path inside the test data (caller frees); NULL after g_test_skip where there is none.
char *sq_test_data (const char *relative);

SqTensor *sq_test_npy (const char *path); // float32 and int64 only; aborts on anything else

// || a - b || / || b ||
double sq_test_relative_l2 (const SqTensor *a, const SqTensor *b);
double sq_test_max_abs (const SqTensor *a, const SqTensor *b);

// Same numbers every time: xorshift, uniform in [low, high).
void sq_test_fill (SqTensor *tensor, guint seed, double low, double high);

G_END_DECLS
