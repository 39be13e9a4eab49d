// SPDX-License-Identifier: GPL-3.0-or-later
// One stored session, or the two of a comparison, beside labels made by people: average precision, curves, who is taken for whom, and the
// pictures behind every number.
//
// Signals: "activate" (gint64 run, gint64 seq): open the session at that frame.
// Thread:  main; reading and judging happen on a worker
#pragma once

#include "class-table.h"
#include "curve-chart.h"

G_BEGIN_DECLS

#define SQ_TYPE_EVALUATION_VIEW (sq_evaluation_view_get_type ())
G_DECLARE_FINAL_TYPE (SqEvaluationView, sq_evaluation_view, SQ, EVALUATION_VIEW, AdwBin)

GtkWidget *sq_evaluation_view_new (void);

// `b` 0: one session. `labels`, `pictures`: as sq_project_evaluate_async.
void sq_evaluation_view_open (SqEvaluationView *self, SqProject *project, gint64 a, gint64 b, const char *labels, const char *pictures);
void sq_evaluation_view_close (SqEvaluationView *self);
gboolean sq_evaluation_view_get_open (SqEvaluationView *self);

void sq_evaluation_view_show_cell (SqEvaluationView *self, int truth, int seen); // the pictures of one number
void sq_evaluation_view_show_class (SqEvaluationView *self, int class_id);       // those where it was missed, or seen without being there
void sq_evaluation_view_show_worst (SqEvaluationView *self);                     // those with most mistakes

const char *sq_evaluation_view_get_state_name (SqEvaluationView *self); // "busy", "result" or "error"
const char *sq_evaluation_view_get_summary (SqEvaluationView *self, const char *row,
                                            guint side);                    // "ap", "ap50", "ap75"; side 2: difference
SqJudge *sq_evaluation_view_get_judge (SqEvaluationView *self, guint side); // borrowed, nullable
SqClassTable *sq_evaluation_view_get_table (SqEvaluationView *self);
SqCurveChart *sq_evaluation_view_get_f1 (SqEvaluationView *self);
guint sq_evaluation_view_get_n_pictures (SqEvaluationView *self);

G_END_DECLS
