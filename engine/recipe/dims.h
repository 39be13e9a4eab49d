// SPDX-License-Identifier: GPL-3.0-or-later
// Dimensions of one network at two input sizes: what each was and what it becomes.
//
// A dimension is a product of atoms (1600 boxes are 40 rows x 40 columns), an atom may be a sum of dimensions (8400 boxes are those of
// three levels, one after another). So a reshape, a slice between levels and a constant that counts cells can be followed.
//
// Thread: one at a time
#pragma once

#include "engine/graph/tensor.h"

G_BEGIN_DECLS

#define SQ_MAX_ATOMS 8

typedef struct
{
  gint64 was, now;
  int sum; // which sum of the context, -1: a plain number
} SqAtom;

typedef struct
{
  int n; // a product, the outermost first
  SqAtom atom[SQ_MAX_ATOMS];
} SqDim;

typedef struct
{
  int rank;
  SqDim dim[SQ_MAX_RANK];
} SqDims;

typedef struct _SqSums SqSums; // of one network

SqSums *sq_sums_new (void);
void sq_sums_free (SqSums *self);

SqDim sq_dim_new (gint64 was, gint64 now);
gint64 sq_dim_was (const SqDim *self);
gint64 sq_dim_now (const SqDim *self);
gboolean sq_dim_changed (const SqDim *self);
SqDims sq_dims_fixed (const SqShape *shape); // of what has one size only

// `n` dimensions one after another.
SqDim sq_dim_concat (SqSums *sums, const SqDim *parts, int n);

// Numbers [first, first + size) of `self`, where these are whole parts of a sum; `*start` becomes where they begin now. FALSE elsewhere.
gboolean sq_dim_slice (SqSums *sums, const SqDim *self, gint64 first, gint64 size, gint64 *start, SqDim *out);

// The same numbers under a shape that was `shape`. FALSE where its new numbers cannot be told.
gboolean sq_dims_reshape (const SqDims *self, const SqShape *shape, SqDims *out);

// A constant whose dimensions are `along`, at their new size, where it counts cells: per level a whole or half number plus whole or half
// steps per row and column. NULL where it does anything else.
SqTensor *sq_dims_regrow (const SqSums *sums, const SqDims *along, const SqTensor *constant);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqSums, sq_sums_free)

G_END_DECLS
