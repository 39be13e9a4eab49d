// SPDX-License-Identifier: GPL-3.0-or-later
// Detections against labels: those of a model that runs, and those that a project has stored.
//
// Labels of classes that the model does not know do not count.
//
// Thread: any, one at a time per judge
// Blocks: sq_project_evaluate: reads a run
#pragma once

#include "annotations.h"
#include "engine/eval/evaluation.h"
#include "queries.h"

G_BEGIN_DECLS

#define SQ_EVALUATE_MAX_CLASSES 4096 // who is taken for whom is a table of their square
#define SQ_EVALUATE_SCORE .25f       // of who is taken for whom

typedef struct
{
  SqAnnotations *labels;
  guint n_common;       // classes of the model that are among the labels
  SqEvaluation *result; // owned
  guint n_judged;       // pictures
  SqRun *run;           // what was judged; NULL: a model that runs
  GArray *seqs;         // gint64: where a run was judged, its frame of each picture, in the evaluation's order

  /*< private >*/
  int *class_map; // the model's class -> the labels'
  guint n_map;
  gboolean *known; // per class of the labels
} SqJudge;

// Errors: SQ_ERROR_FORMAT, no class in common or too many. `by_number`: where names say nothing, the model's classes are the labels', one
// by one.
SqJudge *sq_judge_new (SqAnnotations *labels, const char *const *class_names, gboolean by_number, float score, GError **error);
void sq_judge_free (SqJudge *self);

// SqDetection elements of one labelled picture; their classes are changed to the labels'.
void sq_judge_add (SqJudge *self, const SqLabelledImage *image, GArray *detections);

// A stored run, as far as its pictures have labels. Low scores were not stored (SQ_SCORE_FLOOR), so its average precision is a little lower
// than that of a model that runs anew. Errors: SQ_ERROR_FORMAT (no picture of it is labelled), SQ_ERROR_CANCELLED.
SqJudge *sq_project_evaluate (SqProject *project, gint64 run, SqAnnotations *labels, float score, GCancellable *cancellable,
                              GError **error);
void sq_project_evaluate_async (SqProject *project, gint64 run, const char *labels_path, const char *pictures, float score,
                                GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
SqJudge *sq_project_evaluate_finish (SqProject *project, GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqJudge, sq_judge_free)

G_END_DECLS
