// SPDX-License-Identifier: GPL-3.0-or-later
// A run: decode -> preprocess -> infer -> decode+NMS as stages with bounded queues, the middle on one device or several; results leave in
// frame order.
//
// Thread: create, control and dispose on one thread with a main context (or none for command-line use); signals are emitted in the
// thread-default
//         context of the creator; the sink is called on the pipeline's output thread
// Blocks: sq_pipeline_wait; everything else returns at once
#pragma once

#include "engine/backends/backend.h"
#include "engine/media/source.h"
#include "engine/model.h"
#include "result.h"
#include "schedule.h"
#include <glib-object.h>

G_BEGIN_DECLS

typedef enum
{
  SQ_PIPELINE_IDLE,
  SQ_PIPELINE_STARTING, // opening the source, building the network
  SQ_PIPELINE_RUNNING,
  SQ_PIPELINE_PAUSED,
  SQ_PIPELINE_FINISHED, // end of the source
  SQ_PIPELINE_STOPPED,  // by the user
  SQ_PIPELINE_FAILED,
} SqPipelineState;

typedef struct
{
  const char *const *paths; // what to open, NULL-terminated; see sq_source_open
  SqFrame *frame;           // instead of `paths`, for measuring: this one again and again; the caller keeps it until the run is gone
  const char *devices;      // comma list, see sq_device_parse_list; NULL = "cpu"
  SqParallel parallel;      // what several devices do
  int threads;              // of the CPU: so many frames at once; 0 = all cores
  int lanes;                // frames at once on each device, the CPU's `threads` shared among them; 0 = as suits the device
  float floor;              // 0 = SQ_SCORE_FLOOR
  const SqFilter *filter;   // see SqDetectorOptions; the caller keeps it until the run is gone
  SqPrecision precision;
  gboolean realtime; // pace video to its own clock and drop what comes late; otherwise every frame, as fast as it goes
  gboolean loop;     // start a video again at its end
  gboolean track;    // number the objects of a video, see SqDetection.track; pictures are left alone
  float track_score; // what counts as an object for the numbers; 0 = the filter's confidence, or the default's
  // A compare pair: a second model on the same frames. A result then carries the other's, and both leave together. Several `devices` share
  // the frames; a device that is lost is not replaced by the CPU: what is measured must be what was asked for.
  SqModel *other;           // NULL none
  const char *other_device; // one device; NULL = that of the first model
  SqPrecision other_precision;
} SqPipelineOptions;

typedef struct
{
  guint64 count;         // frames done by this stage
  gint64 busy_ns;        // total time spent
  gint64 p50_ns, p99_ns; // over the last 512 frames
  guint queued;          // frames waiting before this stage
} SqStageStats;

#define SQ_MAX_DEVICES 16

typedef struct
{
  const char *id;  // interned
  int lanes;       // frames at once, built and alive
  guint64 frames;  // that it did (in a pipeline of devices: its part of them)
  gint64 busy_ns;  // total, of all its lanes
  gint64 p50_ns;   // a frame, over the last ones; 0 unknown
  double built;    // fraction of its network that is built
  gboolean failed; // lost, or never got going
} SqDeviceStats;

typedef struct
{
  SqStageStats stage[SQ_N_STAGES];
  SqStageStats other_stage[SQ_N_STAGES]; // of a pair's second model; decode 0
  SqDeviceStats device[SQ_MAX_DEVICES];
  guint n_devices;
  SqParallel parallel;        // as it runs; SQ_PARALLEL_AUTO while that is being measured
  const char *reason;         // interned sentence: why so; NULL as asked for
  guint64 frames;             // results delivered
  guint64 dropped;            // late frames never run (realtime and live)
  int lanes, other_lanes;     // frames in the network at once, of all devices; in a pair: in the first model's, and in the second's
  double engine_fps;          // lanes / mean of preprocess + infer + post, in a pair of the first model
  double wall_fps;            // results per second of wall clock over the last 2 s
  gint64 elapsed_ns;          // running time, pauses left out
  gsize memory, other_memory; // bytes of one built network on its device, and of a pair's second; 0 unknown
} SqPipelineStats;

// Called on the output thread for every frame, in order. Must not block longer than a frame.
typedef void (*SqPipelineSink) (SqResult *result, gpointer user_data);

#define SQ_TYPE_PIPELINE (sq_pipeline_get_type ())
G_DECLARE_FINAL_TYPE (SqPipeline, sq_pipeline, SQ, PIPELINE, GObject)

// Properties: "state" (SqPipelineState as int, notify).
// Signals: "opened" (), the source's info is known; "item-failed" (const char *message), a file or frame was skipped;
//          "device-failed" (const char *message), the run goes on without it; "failed" (const char *message), the run ends; "finished" ().
SqPipeline *sq_pipeline_new (SqModel *model, const SqPipelineOptions *options);

// Adds a receiver of results before start; `notify (user_data)` when the pipeline lets go of it.
void sq_pipeline_add_sink (SqPipeline *self, SqPipelineSink sink, gpointer user_data, GDestroyNotify notify);

void sq_pipeline_start (SqPipeline *self);
void sq_pipeline_set_paused (SqPipeline *self, gboolean paused);
void sq_pipeline_seek (SqPipeline *self, gint64 pts_ns);   // also while paused: that one frame is shown; restarts a finished run
void sq_pipeline_step (SqPipeline *self, int direction);   // one frame on or back, while paused
void sq_pipeline_set_rate (SqPipeline *self, double rate); // 1 = real time, only with options.realtime
void sq_pipeline_stop (SqPipeline *self);                  // asks; answers within 100 ms
// Until finished, or until stopped or failed and every thread is gone; not on the main thread of a window.
gboolean sq_pipeline_wait (SqPipeline *self, GError **error);

SqPipelineState sq_pipeline_get_state (SqPipeline *self);
SqModel *sq_pipeline_get_model (SqPipeline *self);
const SqSourceInfo *sq_pipeline_get_source_info (SqPipeline *self); // NULL before "opened"
void sq_pipeline_get_stats (SqPipeline *self, SqPipelineStats *stats);

G_END_DECLS
