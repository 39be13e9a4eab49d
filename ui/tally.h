// SPDX-License-Identifier: GPL-3.0-or-later
// Counts a run of two models while it happens, and all of it anew when the user changes a filter. Keeps what both saw, so that any frame
// can be shown again without running a model.
//
// Owner:  refcounted; its worker goes with sq_tally_stop
// Thread: add from any; the rest on the main thread
// Blocks: never
#pragma once

#include "engine/engine.h"

G_BEGIN_DECLS

// Refcounted, immutable.
typedef struct
{
  GArray *frames; // SqComparedFrame, by index
  SqMatchTotals total;
  double agreement, at50; // -1 not known
  guint64 serial;         // another one, other numbers
} SqTallyState;

SqTallyState *sq_tally_state_ref (SqTallyState *self);
void sq_tally_state_unref (SqTallyState *self);

// Position of the next (`direction` 1) or previous (-1) frame with a disagreement after / before `index`, or the worst (0); -1 none.
int sq_tally_state_find (const SqTallyState *self, gint64 index, int direction);

typedef struct _SqTally SqTally;

SqTally *sq_tally_new (const char *const *labels_a, const char *const *labels_b, const SqFilter *a, const SqFilter *b);
SqTally *sq_tally_ref (SqTally *self);
void sq_tally_unref (SqTally *self);
void sq_tally_stop (SqTally *self); // nothing is counted any more

void sq_tally_add (SqTally *self, SqResult *pair); // transfer none; a frame that comes again takes its own place
void sq_tally_set_filters (SqTally *self, const SqFilter *a, const SqFilter *b);

SqTallyState *sq_tally_get_state (SqTally *self); // transfer full
gboolean sq_tally_get_settled (SqTally *self);    // the state holds all that was added, under the filters of now

// What both saw in a frame, without pixels; NULL where it was not kept.
SqResult *sq_tally_get_pair (SqTally *self, gint64 index); // transfer full

GPtrArray *sq_tally_list_pairs (SqTally *self); // of all frames that were kept, by index (transfer full)

// The same with `frame`'s pixels.
SqResult *sq_tally_make_pair (SqResult *pair, SqFrame *frame); // transfer full

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqTally, sq_tally_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqTallyState, sq_tally_state_unref)

G_END_DECLS
