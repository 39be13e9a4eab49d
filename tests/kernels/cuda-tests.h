// SPDX-License-Identifier: GPL-3.0-or-later
// The two files of the CUDA kernels' test.
#pragma once

#include <glib.h>

G_BEGIN_DECLS

// Runs `test` once for every order of threads, with the same numbers.
void sq_cuda_test_add (const char *path, void (*test) (void));
void sq_cuda_test_add_boxes (void);

G_END_DECLS
