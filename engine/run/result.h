// SPDX-License-Identifier: GPL-3.0-or-later
// What the engine knows about one frame; the only thing that leaves it.
//
// Units:  boxes in px of the source frame, scores 0..1, times in ns
// Owner:  refcounted, immutable
// Thread: any
#pragma once

#include "engine/media/frame.h"
#include "region.h"

G_BEGIN_DECLS

typedef struct
{
  float x1, y1, x2, y2; // px of the source frame, clipped to it
  float score;          // 0..1
  int class_id;         // index into the model's labels
  int track;            // which object of a video this is, from 1; 0 not tracked
} SqDetection;

typedef enum
{
  SQ_STAGE_DECODE,
  SQ_STAGE_PREPROCESS,
  SQ_STAGE_INFER,
  SQ_STAGE_POST,
  SQ_N_STAGES,
} SqStage;

// What the user wants to see of the candidates.
typedef struct
{
  float confidence;        // keep score >= this
  float iou;               // NMS overlap, 0..1; 1 keeps everything
  gboolean class_agnostic; // NMS across classes
  guint max_detections;    // 0 = no limit
  const guint8 *classes;   // per class 0/1, NULL = all
  guint n_classes;
  SqRegion *region; // where objects count, NULL everywhere
} SqFilter;

#define SQ_FILTER_DEFAULT ((SqFilter){ .confidence = .25f, .iou = .45f, .max_detections = 300 })
#define SQ_SCORE_FLOOR .05f // candidates below are dropped by default; everything above can be filtered again without running the model

typedef struct _SqResult SqResult;

struct _SqResult
{
  SqFrame *frame;
  const SqDetection *candidates; // before NMS (unless nms_done), score descending
  guint n_candidates;
  gboolean nms_done; // the network did it (end-to-end heads), or the device: the IoU filter does not apply
  gint64 stage_ns[SQ_N_STAGES];
  const char *device; // interned: "cpu", "cuda:0"
  SqResult *other;    // what a pair's second model says about the same frame; NULL outside a comparison
};

SqResult *sq_result_new (SqFrame *frame, SqDetection *candidates, guint n_candidates, gboolean nms_done); // takes both over
SqResult *sq_result_ref (SqResult *self);
void sq_result_unref (SqResult *self);

// Greedy NMS (score descending) under `filter`; returns SqDetection elements (transfer full).
GArray *sq_result_detections (const SqResult *self, const SqFilter *filter);

// Stable class colour 0xRRGGBB from one palette of 20 hues told apart under the common colour deficiencies.
guint32 sq_class_colour (int class_id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqResult, sq_result_unref)

G_END_DECLS
