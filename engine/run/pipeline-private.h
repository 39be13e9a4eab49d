// SPDX-License-Identifier: GPL-3.0-or-later
// Inside a pipeline: threads joined by three bounded queues under one lock:
//
//   decode -> [PREPROCESS] -> preprocess -> [INFER] -> infer, the lanes of all devices -> [POST] -> post, pace, deliver
//
// A lane is a thread with a network on a device. The CPU has one per core, each on one thread: for many frames that is faster than several
// threads on one frame, and nothing waits in a barrier for a thread that the system has put aside. Frames are numbered before the lanes and
// leave by number: a lane takes none further than `window` from the next to leave, and hands what it took back when its device is lost.
// With several devices, or one that takes whole frames, the lanes preprocess and decode boxes as well.
//
// The network in parts (pipeline-chain.c): lane k takes from chain_queue[k - 1], the first from INFER, the last gives to POST.
//
// A pair of models (pipeline-pair.c): a lane runs both, or, where the second has a device of its own, hands on through chain_queue[0].
//
// A seek starts a new generation: whatever belongs to an older one is dropped wherever it is. While paused nothing new is decoded and
// nothing is delivered, but for `credits`: frames that a seek or a step asked for. The threads hold references; stop() lets them go.
#pragma once

#include "detector.h"
#include "engine/graph/cut.h"
#include "pipeline.h"
#include "stats.h"
#include "track.h"

#define QUEUE_LENGTH 3
#define MAX_LANES 64 // per device

typedef struct
{
  SqDetectorJob *job; // NULL: end of the source
  SqResult *result;   // where a lane has made it already
  GPtrArray *live;    // in a chain: SqTensor by value id, NULL holes
  guint generation;
  guint64 number; // within the generation, from the INFER queue on
} Item;

typedef struct
{
  SqPipelineSink func;
  gpointer data;
  GDestroyNotify notify;
} Sink;

typedef struct
{
  const char *id; // interned
  int lanes;      // threads alive
  int ready;      // of them, built
  gboolean failed;
  gboolean stand_in; // the CPU, until a device that was asked for is built
  gboolean unasked;  // nobody named it: it helps out, in whatever precision it has
  gboolean second;   // of a pair: it runs the second model, and only that
  double built;      // fraction of its network
  gboolean building; // one of its lanes is
  guint64 frames;
  gint64 busy_ns;
  SqPace pace;
} Device;

typedef struct
{
  Device *device;
  int part;        // of the chain, or 1 = a pair's second model on its own device; -1 whole frames
  int threads;     // of the CPU, for this lane
  gboolean ended;  // its thread takes no more
  gint64 since_ns; // when it began the frame it has, 0 none
  guint pressed;   // see below, as it was when it took its last frame
} Lane;

struct _SqPipeline
{
  GObject parent_instance;

  // set before start
  SqModel *model;
  char **paths;
  SqPipelineOptions options;
  GArray *sinks;
  GMainContext *context;
  gboolean frames_to_lanes; // they do a frame's whole way

  GMutex lock;
  GCond changed; // anything below
  SqPipelineState state;
  GError *failure;
  GPtrArray *devices, *lanes; // Device, Lane; only added to
  Device *solo;               // the only one to take frames; NULL all
  SqParallel parallel;        // as it runs
  const char *reason;         // interned
  GPtrArray *chain;           // SqGraphPart, once cut; NULL no chain
  GQueue chain_queue[SQ_MAX_DEVICES];
  gboolean chain_broken;
  gboolean relieved;         // the stand-in has nothing more to do
  GCancellable *cancellable; // of building networks
  GQueue queue[SQ_N_STAGES]; // Item, waiting before each stage (none before decode)
  guint pressed;             // times somebody had to wait for room in INFER: there is more work than the lanes take
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
  gsize memory[2];                    // bytes of a network that was built last, the other of a pair's second
  guint tracked_generation;           // the output thread's, as what follows
  SqTracker *tracker, *other_tracker; // the output thread's; NULL none

  struct // pipeline-auto.c
  {
    int phase;
    gint64 since_us; // 0: begins with the next frame
    guint frames;
    double alone; // frames per second
  } trial;
};

typedef enum
{
  SQ_PIPELINE_OPENED,
  SQ_PIPELINE_ITEM_FAILED,
  SQ_PIPELINE_DEVICE_FAILED,
  SQ_PIPELINE_FAILED_SIGNAL,
  SQ_PIPELINE_FINISHED_SIGNAL,
  SQ_PIPELINE_N_SIGNALS,
  SQ_PIPELINE_NOTIFY_STATE,
} SqPipelineEvent;

// pipeline.c: emits in the owner's context.
void _sq_pipeline_tell (SqPipeline *self, SqPipelineEvent event, const char *message);
void _sq_pipeline_set_state (SqPipeline *self, SqPipelineState state); // with the lock held
void _sq_pipeline_fail (SqPipeline *self, GError *error);              // takes the error
void _sq_pipeline_fail_locked (SqPipeline *self, GError *error);
void _sq_pipeline_start_worker (SqPipeline *self, const char *name, void (*run) (SqPipeline *, int), int lane); // with the lock held
SqSourceKind _sq_pipeline_source_kind (SqPipeline *self);                                                       // once it is open

static inline gboolean
_sq_pipeline_over (const SqPipeline *self)
{
  return self->stopping || self->state == SQ_PIPELINE_FAILED;
}

static inline Lane *
pipeline_lane (const SqPipeline *self, guint i)
{
  return g_ptr_array_index (self->lanes, i);
}

static inline Device *
pipeline_device (const SqPipeline *self, guint i)
{
  return g_ptr_array_index (self->devices, i);
}

// Whether a pair's second model has a device of its own. Devices of pairs are known before the first thread is started.
static inline gboolean
_sq_pipeline_has_second (const SqPipeline *self)
{
  guint n = self->devices->len; // none where the list of devices was no good

  return self->options.other != NULL && n > 0 && pipeline_device (self, n - 1)->second;
}

// pipeline-queue.c
void _sq_pipeline_item_free (Item *item);
gboolean _sq_pipeline_push (SqPipeline *self, SqStage stage,
                            Item *item);                    // waits for room; FALSE (item freed): the run or the item's generation is over
Item *_sq_pipeline_pop (SqPipeline *self, SqStage stage);   // NULL when the run is over
Item *_sq_pipeline_take (SqPipeline *self, Lane *lane);     // from INFER; NULL when the run, or the lane's device or chain, is over
void _sq_pipeline_give_back (SqPipeline *self, Item *item); // with the lock held: into INFER again, by its number
gboolean _sq_pipeline_hand_on (SqPipeline *self, int part, Item *item); // to the next part; FALSE (item gone): it is not there any more
Item *_sq_pipeline_take_part (SqPipeline *self, int part);
void _sq_pipeline_drop_oldest (SqPipeline *self); // live sources: makes room before preprocessing

// pipeline-stages.c: what the threads do
void _sq_pipeline_decode (SqPipeline *self, int lane);
void _sq_pipeline_preprocess (SqPipeline *self, int lane);
void _sq_pipeline_output (SqPipeline *self, int lane);
void _sq_pipeline_meter (SqPipeline *self, SqStage stage, const SqDetectorJob *job);

// pipeline-lanes.c: the devices
gboolean _sq_pipeline_add_devices (SqPipeline *self, GError **error); // those of the options, without threads
Device *_sq_pipeline_add_device (SqPipeline *self, const char *id);
void _sq_pipeline_start_lanes (SqPipeline *self); // with the lock held: of every device that has not failed
void _sq_pipeline_lane_begin (const Lane *lane);  // on its thread
SqDetector *_sq_pipeline_build (SqPipeline *self, const Lane *lane, gboolean other, GError **error); // other: a pair's second model
void _sq_pipeline_lane_ready (SqPipeline *self, Lane *lane);
void _sq_pipeline_lane_done (SqPipeline *self, Lane *lane, gint64 ns);                // a frame, or its part
void _sq_pipeline_lane_end (SqPipeline *self, Lane *lane, Item *item, GError *error); // takes both; error NULL: the run is over

// pipeline-chain.c: the network in parts
void _sq_pipeline_start_chain (SqPipeline *self); // with the lock held

// pipeline-pair.c: two models on the same frames
gboolean _sq_pipeline_pair_add_devices (SqPipeline *self, char *const *ids, GError **error); // `ids`: the first model's
gboolean _sq_pipeline_pair_is_ready (const SqPipeline *self);                                // with the lock held: both models are built
void _sq_pipeline_pair (SqPipeline *self, int lane);                                         // what the threads do
void _sq_pipeline_pair_lost (SqPipeline *self, const Device *device, const GError *error);   // with the lock held

// pipeline-auto.c: with the lock held
void _sq_pipeline_trial (SqPipeline *self, const Device *device); // a frame of the device is done
void _sq_pipeline_settle (SqPipeline *self, SqParallel mode, Device *solo, const char *format, ...) G_GNUC_PRINTF (4, 5);
