// SPDX-License-Identifier: GPL-3.0-or-later
// How far a network's heads are from another's, and which way is nearer. Scores count where there may be something, boxes where the teacher
// sees an object.
#pragma once

#include "tape.h"

G_BEGIN_DECLS

typedef struct
{
  guint n_classes;
  GArray *scales;      // float per head channel, heads one after another: 1 / variance of what is there
  GArray *hints;       // guint: nodes before the heads that are as wide in both networks, so that their channels mean the same
  float **hint_scales; // per node: 1 / variance of its channels
} SqDistilLoss;

// Also fills `slopes` (one array per head) where it is not NULL, and the student's hints.
double sq_distil_loss (const SqDistilLoss *self, const SqTape *student, const SqTape *teacher, float *const *slopes);

G_END_DECLS
