// SPDX-License-Identifier: GPL-3.0-or-later
// The frames on which two models disagree most, with their pictures: kept while a comparison goes, never more than a dozen. Of neighbours
// in a video, which look alike, only the worst.
//
// Units:  boxes in px of the source frame
// Owner:  sq_worst_frames_free
// Thread: one at a time
// Blocks: add, for the 10 to 30 ms of a JPEG where the frame is among the worst so far; not on a window's main thread
#pragma once

#include "engine/eval/comparison.h"

G_BEGIN_DECLS

#define SQ_WORST_FRAMES_MAX 12
#define SQ_WORST_FRAMES_SIDE 1280 // px: larger pictures are scaled down

typedef struct
{
  gint64 index, pts_ns; // as the comparison knows it
  int width, height;    // px of the source frame
  char *path;
  GBytes *jpeg;
  GArray *a, *b;   // SqDetection, each side's own class ids
  GArray *matches; // SqMatch
  guint n;         // boxes that are not agreed on
} SqWorstFrame;

typedef struct _SqWorstFrames SqWorstFrames;

SqWorstFrames *sq_worst_frames_new (guint max); // at most SQ_WORST_FRAMES_MAX
void sq_worst_frames_free (SqWorstFrames *self);

// Whether a frame would be kept, that is, whether its picture is needed.
gboolean sq_worst_frames_wants (const SqWorstFrames *self, gint64 index, gint64 pts_ns, guint disagreements);

// `comparison` matches the boxes and may be any one of the two models; `index` and `pts_ns` are the comparison's, not always the picture's.
// FALSE with an error where the picture cannot be had or coded; the frame is left out then.
gboolean sq_worst_frames_add (SqWorstFrames *self, const SqComparison *comparison, gint64 index, gint64 pts_ns, const SqFrame *frame,
                              const GArray *a, const GArray *b, GError **error);

const GPtrArray *sq_worst_frames_get (const SqWorstFrames *self); // SqWorstFrame, worst first; borrowed until the next add

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqWorstFrames, sq_worst_frames_free)

G_END_DECLS
