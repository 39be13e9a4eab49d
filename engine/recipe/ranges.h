// SPDX-License-Identifier: GPL-3.0-or-later
// How values are best stored in 8 bits without a sign: x = scale (q - zero), q = 0..255, 0 exact, the squared error over the calibration
// pictures least. Clipping what is rare lets everything else be finer.
#pragma once

#include "observe.h"

G_BEGIN_DECLS

typedef struct
{
  int value;            // id in the model's graph
  gboolean per_channel; // one pair per channel (dim 1) instead of one for all
  gint64 n;             // pairs; filled by sq_ranges_measure, as are
  float *scale, *zero;
} SqRange;

void sq_range_clear (SqRange *self);

// Two passes over the pictures.
gboolean sq_ranges_measure (const SqModel *model, const SqCalibration *pictures, SqRange *ranges, guint n, const SqRecipeProgress *progress,
                            GError **error);

G_END_DECLS
