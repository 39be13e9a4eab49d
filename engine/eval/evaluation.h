// SPDX-License-Identifier: GPL-3.0-or-later
// A detector against labels: average precision as COCO has it, F1 over the score, and, for one score, who is taken for whom and in which
// pictures.
//
// Units:  px; scores and rates 0..1
// Owner:  sq_evaluation_free; what it gives is borrowed from it
// Thread: one at a time
#pragma once

#include "coco-ap.h"

G_BEGIN_DECLS

// One box that is not right, or is: what the labels say and what was seen. The class n_classes is "nothing".
typedef struct
{
  guint picture;   // index into the pictures
  int truth, seen; // classes
  float score;     // 0 where nothing was seen
  float x1, y1, x2, y2;
} SqFinding;

typedef struct
{
  gint64 id;
  guint n_right, n_missed, n_false, n_confused; // at the score; crowds and what lies in them left out
} SqEvaluatedPicture;

typedef struct _SqEvaluation SqEvaluation;

// `score`: of everything but the average precision and the curves.
SqEvaluation *sq_evaluation_new (guint n_classes, float score);
void sq_evaluation_free (SqEvaluation *self);

// One picture, each once: labels and what was seen, in the labels' classes (others are ignored). Low scores belong to it, for the curves.
void sq_evaluation_add (SqEvaluation *self, gint64 picture, const SqTruth *truths, guint n_truths, const SqDetection *seen, guint n_seen);

const SqApReport *sq_evaluation_get_ap (SqEvaluation *self); // sorts all boxes when something was added
guint sq_evaluation_get_n_classes (const SqEvaluation *self);
const GArray *sq_evaluation_get_pictures (const SqEvaluation *self); // SqEvaluatedPicture, as added
GArray *sq_evaluation_worst (const SqEvaluation *self, guint most);  // guint: pictures with most boxes that are not right (transfer full)

// How often the labels' `truth` was seen as `seen`; n_classes: nothing. Equal classes: right.
guint sq_evaluation_get_count (const SqEvaluation *self, guint truth, guint seen);

// SqFinding of one cell, or with -1 of a row or column (transfer full).
GArray *sq_evaluation_find (const SqEvaluation *self, int truth, int seen);

// F1 of a class (-1: mean over those with labels) at the scores 0, .01 ... 1, at IoU .50; the score of the best.
float sq_evaluation_get_f1 (SqEvaluation *self, int class_id, float f1[SQ_AP_SCORES]);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqEvaluation, sq_evaluation_free)

G_END_DECLS
