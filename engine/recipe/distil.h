// SPDX-License-Identifier: GPL-3.0-or-later
// Fine-tuning of a smaller network towards its original, without labels: both see the same pictures, mirrored, moved and zoomed at random;
// where they differ in what their last convolutions say, all weights of the smaller one move. Steps are Adam's, of a size that fits each
// number's part in the network, falling as a cosine; weights are averaged, and the average that was best on pictures kept apart is taken.
//
// Thread: any; works with one thread per core
// Blocks: for the time it is given
#pragma once

#include "calibration.h"
#include "engine/graph/graph.h"

G_BEGIN_DECLS

typedef struct
{
  double minutes; // most time
  guint steps;    // most steps; 0: as many as the time allows. With steps alone the result is the same every time
  guint batch;    // pictures per step
  double rate;    // of a step, as a share of what the number is worth
} SqDistilOptions;

typedef struct
{
  guint steps;
  double before, after; // error on the pictures kept apart
} SqDistilReport;

// A new graph. `teacher` has the same heads at the same input size. Errors: SQ_ERROR_FORMAT (heads that differ or nothing to learn),
// SQ_ERROR_CANCELLED, SQ_ERROR_OUT_OF_MEMORY.
SqGraph *sq_distil (const SqModel *student, const SqGraph *teacher, const SqCalibration *pictures, const SqDistilOptions *options,
                    SqDistilReport *report, const SqRecipeProgress *progress, GError **error);

G_END_DECLS
