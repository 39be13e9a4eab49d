// SPDX-License-Identifier: GPL-3.0-or-later
// Which boxes of a video are the same object: every class on its own, so that a number never jumps between classes that overlap.
//
// After ByteTrack (Zhang et al., ECCV 2022): each object's box is predicted (constant velocity, a Kalman filter per side); boxes with good
// scores are matched to the predictions first, by the assignment with the largest total overlap, then those with low scores to the objects
// that are left, which keeps half-hidden ones. An object is numbered when it has been seen twice, and keeps its number while it is out of
// sight for at most a second.
//
// Units:  px, ns
// Owner:  sq_tracker_free
// Thread: one at a time
#pragma once

#include "result.h"

G_BEGIN_DECLS

#define SQ_TRACK_LOW_SCORE .1f // below, nothing is looked at

typedef struct _SqTracker SqTracker;

// `filter`: what counts as an object; its confidence is the good score. NULL = SQ_FILTER_DEFAULT. Classes are not looked at.
SqTracker *sq_tracker_new (const SqFilter *filter);
void sq_tracker_free (SqTracker *self);

// After a jump in the video: nothing goes on, and no number comes again.
void sq_tracker_restart (SqTracker *self);

// The next frame, in the order of time: numbers its candidates, before anybody else sees the result.
void sq_tracker_update (SqTracker *self, SqResult *result);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqTracker, sq_tracker_free)

G_END_DECLS
