// SPDX-License-Identifier: GPL-3.0-or-later
// Two stored runs over the same frames, compared by their stored detections: nothing is run again.
//
// Frames are the same where their picture's path is, or their place in the same video. Runs that were made together share theirs anyway.
//
// Thread: any
// Blocks: file I/O, a second for some 10,000 frames; not on a window's main thread (use the _async call)
// Errors: as SqProject; SQ_ERROR_FORMAT with one sentence where two runs share no frames
#pragma once

#include "comparison-report.h"
#include "queries.h"

G_BEGIN_DECLS

typedef struct
{
  gint64 id; // 0: there is none
  gint64 a, b;
  gint64 made_us; // since the epoch
  gboolean live;  // both runs were made together, see sq_run_writer_link
} SqStoredComparison;

// The comparison that `run` is a side of, the one made together with it first. FALSE: reading failed.
gboolean sq_project_find_comparison (SqProject *project, gint64 run, SqStoredComparison *found, GError **error);

typedef struct
{
  gint64 index;        // in the comparison
  gint64 seq_a, seq_b; // of the runs' frames, see sq_project_load_frames
} SqFramePair;

// Owner: sq_compared_runs_free; immutable
typedef struct
{
  SqRun *a, *b;
  SqFilter filter_a, filter_b; // the same but for the classes' ids
  SqComparison *comparison;
  GArray *pairs;         // SqFramePair, by index
  gint64 only_a, only_b; // frames that the other run has not
  GHashTable *paths;     // see SqComparisonReport
  SqComparedModel side_a, side_b;
  guint8 *classes_a, *classes_b;
  char *precision_a, *precision_b;
} SqComparedRuns;

// `filter`: NULL = that of `a`, with its classes by A's ids.
SqComparedRuns *sq_project_compare_runs (SqProject *project, gint64 a, gint64 b, const SqFilter *filter, GCancellable *cancellable,
                                         GError **error);
void sq_project_compare_runs_async (SqProject *project, gint64 a, gint64 b, const SqFilter *filter, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer user_data);
SqComparedRuns *sq_project_compare_runs_finish (SqProject *project, GAsyncResult *result, GError **error);
void sq_compared_runs_free (SqComparedRuns *self);

// All but the pictures; everything stays the runs'.
SqComparisonReport sq_compared_runs_report (const SqComparedRuns *self);

// Reads the worst frames' pictures again. FALSE with one sentence where the source is no longer there or was changed.
gboolean sq_compared_runs_add_pictures (const SqComparedRuns *self, SqProject *project, SqWorstFrames *worst, GCancellable *cancellable,
                                        GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqComparedRuns, sq_compared_runs_free)

G_END_DECLS
