// SPDX-License-Identifier: GPL-3.0-or-later
// Who belongs to whom: the one-to-one assignment with the least total cost (Kuhn 1955; shortest augmenting paths after Jonker and Volgenant
// 1987).
//
// Thread: any
#pragma once

#include <glib.h>

G_BEGIN_DECLS

// `cost`: n x m, row by row, finite. `to[i]`: the column of row i, or -1 where its cost would not be below `most`. O(n^2 m).
void sq_assign (const double *cost, guint n, guint m, double most, int *to);

G_END_DECLS
