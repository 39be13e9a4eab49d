// SPDX-License-Identifier: GPL-3.0-or-later
// What a comparison of two models came to: a table for people, JSON, or one HTML page that needs nothing else.
//
// Units:  ns, bytes, px; agreement 0..1
// Owner:  all fields are borrowed; texts are (transfer full)
// Thread: any, while nobody changes the comparison
// Blocks: for the agreement, tens of ms for thousands of frames; save writes a file
#pragma once

#include "engine/model.h"
#include "engine/run/pipeline.h"
#include "worst-frames.h"

G_BEGIN_DECLS

// One side. Zero or NULL is unknown, and left out.
typedef struct
{
  const char *name;          // for people
  const char *level;         // id of a recipe
  const char *device;        // id
  const char *precision;     // of the file
  const char *const *labels; // by class id, NULL-terminated
  int input_width, input_height;
  guint64 file_size;
  double flop;  // per picture
  gsize memory; // bytes of the network on its device
  SqStageStats stage[SQ_N_STAGES];
  double fps; // of its device with this model alone: frames at once / mean of preprocess + infer + post
} SqComparedModel;

typedef struct
{
  const char *source; // what was looked at, for people
  SqComparedModel a, b;
  SqFilter filter; // the thresholds; classes are not looked at
  const SqComparison *comparison;
  double wall_fps;            // frames of both per second of wall clock; 0 unknown
  GHashTable *paths;          // gint64 * (a frame's index) -> path, where frames are pictures; NULL else
  const SqWorstFrames *worst; // NULL: no pictures
} SqComparisonReport;

void sq_compared_model_set_model (SqComparedModel *self, const SqModel *model);
void sq_compared_model_set_stages (SqComparedModel *self, const SqStageStats *stage, int lanes); // `stage` [SQ_N_STAGES], of a pipeline

char *sq_comparison_report_to_text (const SqComparisonReport *self);
char *sq_comparison_report_to_json (const SqComparisonReport *self);
char *sq_comparison_report_to_html (const SqComparisonReport *self);

// The page is whole or not there. Errors: SQ_ERROR_IO.
gboolean sq_comparison_report_save_html (const SqComparisonReport *self, const char *path, GError **error);

G_END_DECLS
