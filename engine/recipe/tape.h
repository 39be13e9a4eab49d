// SPDX-License-Identifier: GPL-3.0-or-later
// A network that can be learnt: from its input to its last convolutions (the heads, before their activation), forwards and backwards. What
// comes behind, the head's arithmetic, is left out; what cannot be differentiated passes no gradient.
//
// Owner:  each has its own free
// Thread: a plan any; a tape one at a time
#pragma once

#include "engine/graph/graph.h"

G_BEGIN_DECLS

#define SQ_TAPE_NOTHING G_MAXSIZE

typedef struct
{
  const SqGraph *graph; // borrowed
  gboolean *needed;     // per node: on the way to a head
  gboolean *flows;      // per value: depends on something learnt
  GArray *heads;        // guint, nodes
  gsize *weights;       // per node: where its weights begin among what is learnt, SQ_TAPE_NOTHING for none; its bias is behind them
  gsize n;              // numbers to learn
  gsize bytes;          // that a tape takes
} SqTapePlan;

SqTapePlan *sq_tape_plan_new (const SqGraph *graph);
void sq_tape_plan_free (SqTapePlan *self);
void sq_tape_plan_read (const SqTapePlan *self, float *theta);            // the graph's own numbers
SqGraph *sq_tape_plan_apply (const SqTapePlan *self, const float *theta); // a copy of the graph with these

typedef struct
{
  const SqTapePlan *plan;
  SqTensor **values; // per value of the graph; NULL where not needed
  SqTensor **before; // per node: a convolution's output before activation and sum
  SqTensor **slopes; // per value: gradient
  float **hints;     // per node: NULL, or what is added to the gradient of `before`; the caller's
  struct _Tape *own;
} SqTape;

SqTape *sq_tape_new (const SqTapePlan *plan, gboolean backward, GError **error);
void sq_tape_free (SqTape *self);
gboolean sq_tape_forward (SqTape *self, const SqTensor *input, const float *theta);

// `heads`: gradient of each head before its activation. Overwrites `gradient` (plan->n).
gboolean sq_tape_backward (SqTape *self, const float *theta, float *const *heads, float *gradient);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqTapePlan, sq_tape_plan_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqTape, sq_tape_free)

G_END_DECLS
