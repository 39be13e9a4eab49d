// SPDX-License-Identifier: GPL-3.0-or-later
// What a convolution sees, as rows of a matrix: the numbers under its window at places spread over a picture; and sums of their products.
//
// Thread: any
#pragma once

#include "engine/graph/graph.h"

G_BEGIN_DECLS

// Place i of n in a picture of `places`: evenly spread, elsewhere in every picture.
static inline gint64
sq_window_place (gint64 i, gint64 n, gint64 places, guint picture)
{
  return (i * places / n + (gint64) picture * 7919) % places;
}

// The window of channels [first, first + channels) at output place (oy, ox): channels x kernel numbers; 0 outside the picture.
void sq_window_gather (const SqConvParams *params, const SqTensor *x, gint64 first, gint64 channels, gint64 oy, gint64 ox, float *row);

// sum[i][j] += a[r][i] b[r][j] over `rows` rows (a multiple of 4) of n_a and n_b numbers, for i in [from, to). With `lower`, j <= i only.
void sq_add_products (float *sum, const float *a, gint64 n_a, gint64 from, gint64 to, const float *b, gint64 n_b, guint rows,
                      gboolean lower);

// In place: the lower triangle L of A = L L' (n x n, row by row); FALSE where A is not positive definite.
gboolean sq_cholesky (double *a, gint64 n);
void sq_cholesky_solve (const double *l, gint64 n, double *x); // A x = b, b in x
gboolean sq_invert (double *a, gint64 n);                      // symmetric positive definite, in place

// Eigenvalues, the largest first, and orthonormal eigenvectors (row by row, n x n) of a symmetric matrix without negative ones. Destroys a.
void sq_eigen (double *a, gint64 n, double *values, double *vectors);

G_END_DECLS
