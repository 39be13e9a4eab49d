// SPDX-License-Identifier: GPL-3.0-or-later
// Two detectors over the same frames, A | B: what each frame's boxes have in common, running totals, and agreement over the whole run.
// A is the reference; agreement is not accuracy.
//
// Classes of two models are the same where their plain names are, see sq_class_plain_name.
//
// Units:  px, ns; agreement 0..1, -1 where A saw nothing
// Owner:  sq_comparison_free
// Thread: one at a time
#pragma once

#include "match.h"

G_BEGIN_DECLS

typedef struct
{
  guint64 n[SQ_N_MATCHES]; // by SqMatchKind
} SqMatchTotals;

// One frame. Ordered by index, each once: a frame that comes again (a seek) replaces what was known of it.
typedef struct
{
  gint64 index; // position in the source, or the frame's place in a stored run
  gint64 pts_ns;
  guint16 n[SQ_N_MATCHES];
} SqComparedFrame;

typedef struct _SqComparison SqComparison;

// `labels_a`, `labels_b`: names by class id, NULL-terminated.
SqComparison *sq_comparison_new (const char *const *labels_a, const char *const *labels_b);
void sq_comparison_free (SqComparison *self);
void sq_comparison_reset (SqComparison *self); // nothing compared, same labels

// SqMatch (transfer full) of one frame without counting it; SqDetection elements, each side's own class ids.
GArray *sq_comparison_match (const SqComparison *self, const GArray *a, const GArray *b);

// Matches and counts one frame. Score order does not matter. A negative index (live) is the one after the last.
void sq_comparison_add (SqComparison *self, gint64 index, gint64 pts_ns, const GArray *a, const GArray *b);

// A filter's classes (0/1 by A's ids, NULL all) as B's ids say them: transfer full, with `n_b` entries; NULL for NULL.
guint8 *sq_comparison_map_classes (const SqComparison *self, const guint8 *classes, guint n, guint *n_b);

// Boxes that are not agreed on; what n / N jump between and the strip shows.
guint sq_compared_frame_disagreements (const SqComparedFrame *frame);

const GArray *sq_comparison_get_frames (const SqComparison *self); // SqComparedFrame, borrowed until the next add
SqMatchTotals sq_comparison_get_total (const SqComparison *self);
SqMatchTotals sq_comparison_get_size (const SqComparison *self, SqSize size); // by A's box, new ones by B's
guint sq_comparison_n_classes (const SqComparison *self);                     // A's, then those only B has
const char *sq_comparison_get_class (const SqComparison *self, guint i, SqMatchTotals *totals);

// Position in frames of the next (`direction` 1) or previous (-1) one with a disagreement after / before `index`, or of the worst; -1 none.
int sq_comparison_find (const SqComparison *self, gint64 index, int direction);
int sq_comparison_find_worst (const SqComparison *self);

// COCO AP of B's boxes against A's over all frames added, and at IoU .50. Sorts all boxes: tens of ms for thousands of frames.
double sq_comparison_agreement (const SqComparison *self, double *at50);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqComparison, sq_comparison_free)

G_END_DECLS
