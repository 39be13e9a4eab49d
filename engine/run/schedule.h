// SPDX-License-Identifier: GPL-3.0-or-later
// Who takes the next frame. Plain arithmetic on what the pipeline has measured, so that it can be tested without threads.
//
// Thread: the owner locks
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  SQ_PARALLEL_AUTO,     // measures one device against all, then says which and why
  SQ_PARALLEL_SINGLE,   // the first device alone
  SQ_PARALLEL_DATA,     // a replica on every device, each takes whole frames
  SQ_PARALLEL_PIPELINE, // the network in parts, one per device, each does its part of every frame
} SqParallel;

// "single", "data" ...; FALSE for anything else.
gboolean sq_parallel_from_id (const char *id, SqParallel *mode);
const char *sq_parallel_id (SqParallel mode);

// How long a lane takes for a frame: the median of its last ones.
#define SQ_PACE_WINDOW 15
typedef struct
{
  guint64 n;
  gint64 recent[SQ_PACE_WINDOW]; // ns, ring
  gint64 median;                 // ns; 0 unknown
} SqPace;

void sq_pace_add (SqPace *self, gint64 ns);

typedef struct
{
  gint64 cost;  // ns for a frame; 0 unknown
  gint64 since; // ns: when it began the frame it has; 0 = it is free
} SqLaneLoad;

// Deals `n_frames` waiting frames, in order, each to the lane that would complete it first, ties to `lane`. The first that is dealt to
// `lane`, -1 where the others do them all sooner. A lane nobody has measured takes what there is; one that is overdue is trusted less the
// longer it is.
int sq_schedule_deal (const SqLaneLoad *loads, guint n, guint lane, guint n_frames, gint64 now);

// Frames the others complete while lane i is at one: what has to be kept until its turn comes.
double sq_schedule_ahead (const SqLaneLoad *loads, guint n, guint lane);

G_END_DECLS
