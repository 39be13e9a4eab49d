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
  // NULL, or where nobody will look through another one (no slider, no project): the only filter that results are read through. A device
  // that goes from pictures to boxes then applies it itself, and its results hold detections alone. Not with classes or a region.
  // Lent for the call.
  const SqFilter *filter;
  SqPrecision precision;                             // AUTO: HALF where the weights are float16 and that is fast
  int batch;                                         // pictures at once where the device takes them, see sq_detector_get_batch; 0 = 1
  GCancellable *cancellable;                         // of the build, or NULL
  void (*progress) (double fraction, gpointer data); // of the build, on its thread, or NULL
  gpointer progress_data;
} SqDetectorOptions;

#define SQ_MAX_OUTPUTS 16

// One frame's way through the detector.
typedef struct
{
  SqFrame *frame;
  SqTransform transform;
  SqTensor *input;
  SqTensor *outputs[SQ_MAX_OUTPUTS];
  guint n_outputs;
  GArray *boxes;      // SqCudaBox, where the device has decoded them
  gboolean nms_done;  // and filtered them: px of the frame
  const char *device; // interned: where it ran
  gint64 stage_ns[SQ_N_STAGES];
} SqDetectorJob;

typedef struct _SqDetector SqDetector;

SqDetector *sq_detector_new (SqModel *model, const SqDetectorOptions *options, GError **error);
void sq_detector_free (SqDetector *self);
const char *sq_detector_get_device (SqDetector *self); // interned
char *sq_detector_describe (SqDetector *self);         // what runs where, for people; may be NULL
const char *sq_detector_get_note (SqDetector *self);   // one sentence on how it was built that the user should know, or NULL
guint sq_detector_get_batch (SqDetector *self);        // at least 1
gsize sq_detector_get_memory (SqDetector *self);       // bytes of its network on the device; 0 unknown

SqDetectorJob *sq_detector_job_new (SqFrame *frame); // takes the reference
void sq_detector_job_free (SqDetectorJob *job);
void sq_detector_job_reset (SqDetectorJob *job); // back to the bare frame, to be done again elsewhere
gboolean sq_detector_job_preprocess (SqDetectorJob *job, const SqModel *model, GError **error);
gboolean sq_detector_infer (SqDetector *self, SqDetectorJob *job, GError **error);
SqResult *sq_detector_job_postprocess (SqDetectorJob *job, const SqModel *model, float floor); // transfer full

// All of a job's steps on the calling thread.
SqResult *sq_detector_run (SqDetector *self, SqDetectorJob *job, GError **error);

// `n` jobs at once, at most the batch, on a device that takes pictures; one after another elsewhere. FALSE: none of `results` is set.
gboolean sq_detector_run_batch (SqDetector *self, SqDetectorJob *const *jobs, guint n, SqResult **results, GError **error);

// All of a job's steps for one picture. Takes the frame's reference.
SqResult *sq_detector_detect (SqDetector *self, SqFrame *frame, GError **error);

// The network alone by the device's own clock; FALSE without an error where it has none.
gboolean sq_detector_forward_ms (SqDetector *self, double *ms, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqDetector, sq_detector_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqDetectorJob, sq_detector_job_free)

G_END_DECLS
