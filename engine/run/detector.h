// SPDX-License-Identifier: GPL-3.0-or-later
// A model on a device, its steps apart so that a pipeline can run them on different threads. For one picture at a time: sq_detector_detect.
//
// Thread: a job's steps that need no detector any; infer and detect one at a time
// Blocks: new (builds the network), infer, detect
#pragma once

#include "engine/backends/backend.h"
#include "engine/model.h"
#include "preprocess.h"
#include "result.h"

G_BEGIN_DECLS

typedef struct
{
  const char *device; // NULL = "cpu"; "cpu:1" one core, to which the caller binds its thread (sq_device_pin); "ref" the reference backend
  int threads;        // 0 = all cores
  float floor;        // 0 = SQ_SCORE_FLOOR
} SqDetectorOptions;

// One frame's way through the detector.
typedef struct
{
  SqFrame *frame;
  SqTransform transform;
  SqTensor *input;
  SqTensor *outputs[16];
  guint n_outputs;
  const char *device; // interned: where it ran
  gint64 stage_ns[SQ_N_STAGES];
} SqDetectorJob;

typedef struct _SqDetector SqDetector;

SqDetector *sq_detector_new (SqModel *model, const SqDetectorOptions *options, GError **error);
void sq_detector_free (SqDetector *self);
const char *sq_detector_get_device (SqDetector *self); // interned
char *sq_detector_describe (SqDetector *self);         // what runs where, for people; may be NULL

SqDetectorJob *sq_detector_job_new (SqFrame *frame); // takes the reference
void sq_detector_job_free (SqDetectorJob *job);
void sq_detector_job_reset (SqDetectorJob *job); // back to the bare frame, to be done again elsewhere
gboolean sq_detector_job_preprocess (SqDetectorJob *job, const SqModel *model, GError **error);
gboolean sq_detector_infer (SqDetector *self, SqDetectorJob *job, GError **error);
SqResult *sq_detector_job_postprocess (SqDetectorJob *job, const SqModel *model, float floor); // transfer full

// All of a job's steps on the calling thread.
SqResult *sq_detector_run (SqDetector *self, SqDetectorJob *job, GError **error);

// The same for one picture. Takes the frame's reference.
SqResult *sq_detector_detect (SqDetector *self, SqFrame *frame, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqDetector, sq_detector_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqDetectorJob, sq_detector_job_free)

G_END_DECLS
