// SPDX-License-Identifier: GPL-3.0-or-later
// Inside a pipeline: threads joined by three bounded queues under one lock:
//
//   decode -> [PREPROCESS] -> preprocess -> [INFER] -> infer, one lane per core -> [POST] -> post, pace, deliver
//
// A lane runs its network on one thread: for many frames that is faster than several threads on one frame, and nothing waits in a barrier
// for a thread that the system has put aside. Frames are numbered before the lanes and leave by number. A seek starts a new generation:
// whatever belongs to an older one is dropped wherever it is. While paused nothing new is decoded and nothing is delivered, but for
// `credits`: frames that a seek or a step asked for. The threads hold references; stop() lets them go.
#pragma once

#include "detector.h"
#include "pipeline.h"
#include "stats.h"

#define MAX_LANES 64

typedef struct
{
  SqDetectorJob *job; // NULL: end of the source
  guint generation;
  guint64 number; // within the generation, from the INFER queue on
} Item;

typedef struct
{
  SqPipelineSink func;
  gpointer data;
  GDestroyNotify notify;
} Sink;

struct _SqPipeline
{
  GObject parent_instance;

  // set before start
  SqModel *model;
  char **paths;
  char *device;
  SqPipelineOptions options;
  GArray *sinks;
  GMainContext *context;
  SqDetector *detector[MAX_LANES]; // each made by its lane; the first is there before any frame is
  int lanes;

  GMutex lock;
  GCond changed; // anything below
  SqPipelineState state;
  GError *failure;
  GQueue queue[SQ_N_STAGES]; // Item, waiting before each stage (none before decode)
  SqSource *source;
  guint generation;
  guint numbered_generation, delivered_generation; // what the two counters below belong to
  guint64 next_number, next_delivered;
  int threads; // alive
  gboolean stopping, paused, ended, seeking, ready;
  int credits; // frames that may pass while paused
  gint64 seek_ns;
  gint64 last_pts_ns;            // of the frame delivered last
  gint64 clock_us, clock_pts_ns; // pacing: wall clock of one frame; clock_us 0 = take the next
  double rate;
  SqMeter meter;
};

typedef enum
{
  SQ_PIPELINE_OPENED,
  SQ_PIPELINE_ITEM_FAILED,
  SQ_PIPELINE_FAILED_SIGNAL,
  SQ_PIPELINE_FINISHED_SIGNAL,
  SQ_PIPELINE_N_SIGNALS,
  SQ_PIPELINE_NOTIFY_STATE,
} SqPipelineEvent;

// pipeline.c: emits in the owner's context.
void _sq_pipeline_tell (SqPipeline *self, SqPipelineEvent event, const char *message);
void _sq_pipeline_set_state (SqPipeline *self, SqPipelineState state); // with the lock held
void _sq_pipeline_fail (SqPipeline *self, GError *error);              // takes the error

static inline gboolean
_sq_pipeline_over (const SqPipeline *self)
{
  return self->stopping || self->state == SQ_PIPELINE_FAILED;
}

// pipeline-queue.c
void _sq_pipeline_item_free (Item *item);
gboolean _sq_pipeline_push (SqPipeline *self, SqStage stage,
                            Item *item);                  // waits for room; FALSE (item freed): the run or the item's generation is over
Item *_sq_pipeline_pop (SqPipeline *self, SqStage stage); // NULL when the run is over
void _sq_pipeline_drop_oldest (SqPipeline *self);         // live sources: makes room before preprocessing

// pipeline-stages.c: what the threads do
void _sq_pipeline_decode (SqPipeline *self, int lane);
void _sq_pipeline_preprocess (SqPipeline *self, int lane);
void _sq_pipeline_infer (SqPipeline *self, int lane);
void _sq_pipeline_output (SqPipeline *self, int lane);
