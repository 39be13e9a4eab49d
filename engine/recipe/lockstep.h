// SPDX-License-Identifier: GPL-3.0-or-later
// Networks run node by node on several pictures at once, all values that are still needed kept.
//
// Owner:  sq_lockstep_free
// Thread: the caller's and one per core
#pragma once

#include "calibration.h"
#include "engine/graph/graph.h"

G_BEGIN_DECLS

typedef struct
{
  const SqGraph *graph;
  guint n;            // pictures
  guint n_values;     // of the graph when it was begun: constants may be added to it on the way
  SqTensor ***values; // [picture][value]: NULL where not made yet or not needed any more
  int *left;          // per value: readers to come
} SqLockstep;

gsize sq_lockstep_bytes (const SqGraph *graph); // most that one picture's values take

// `inputs`: one per picture; references are taken.
SqLockstep *sq_lockstep_new (const SqGraph *graph, SqTensor *const *inputs, guint n);
void sq_lockstep_free (SqLockstep *self);

// Runs node i on all pictures and drops what nobody reads any more.
gboolean sq_lockstep_step (SqLockstep *self, guint i, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqLockstep, sq_lockstep_free)

G_END_DECLS
