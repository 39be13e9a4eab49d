// SPDX-License-Identifier: GPL-3.0-or-later
// COCO average precision of boxes, number for number what pycocotools' COCOeval gives: IoU .50:.05:.95, 101 recall points, at most 100
// detections per picture and class, crowds and boxes outside the size range ignored.
//
// Units:  px; scores and results 0..1, -1 where a class has no labels
// Owner:  the evaluator is freed by sq_coco_ap_free, a report by sq_ap_report_free
// Thread: one at a time
#pragma once

#include "engine/run/result.h"

G_BEGIN_DECLS

#define SQ_AP_THRESHOLDS 10 // .50, .55 ... .95
#define SQ_AP_RECALLS 101   // 0, .01 ... 1
#define SQ_AP_SCORES 101    // 0, .01 ... 1

typedef struct
{
  float x1, y1, x2, y2; // px
  double area;          // px^2, decides small, medium and large; COCO: of the mask
  int class_id;
  gboolean crowd;
} SqTruth;

typedef struct
{
  double ap, ap50, ap75;
  double ap_small, ap_medium, ap_large; // area under 32^2, up to 96^2, above
  double recall;                        // mean over thresholds, at most 100 detections
  guint n_truths;                       // without crowds
  guint n_detections;
  float precision50[SQ_AP_RECALLS]; // at IoU .50 over recall; all -1 without labels
  float f1[SQ_AP_SCORES];           // of what scores at least so much, at IoU .50; 0 without labels
  float score50[SQ_AP_RECALLS];     // the score threshold that reaches that recall; 0 where none does
} SqClassAp;

typedef struct
{
  double ap, ap50, ap75, ap_small, ap_medium, ap_large, recall;
  guint n_images;
  guint n_present; // classes with labels: the mean is over these
  guint n_classes;
  SqClassAp *classes; // n_classes
} SqApReport;

typedef struct _SqCocoAp SqCocoAp;

SqCocoAp *sq_coco_ap_new (guint n_classes);
void sq_coco_ap_free (SqCocoAp *self);

// Pictures without labels count too: their detections are false. Classes outside 0 .. n_classes - 1 are ignored.
void sq_coco_ap_add_truths (SqCocoAp *self, gint64 image, const SqTruth *truths, guint n);
void sq_coco_ap_add_detections (SqCocoAp *self, gint64 image, const SqDetection *detections, guint n);

// Of what was added so far.
SqApReport *sq_coco_ap_evaluate (SqCocoAp *self);
void sq_ap_report_free (SqApReport *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqCocoAp, sq_coco_ap_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqApReport, sq_ap_report_free)

G_END_DECLS
