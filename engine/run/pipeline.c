// SPDX-License-Identifier: GPL-3.0-or-later
// Four threads joined by three bounded queues under one lock:
//
//   decode -> [PREPROCESS] -> preprocess -> [INFER] -> infer, one lane per core -> [POST] -> post, pace, deliver
//
// A lane runs its network on one thread: for many frames that is faster than several threads on one frame, and nothing waits in a barrier for a thread that
// the system has put aside. Frames are numbered before the lanes and leave by number. A seek starts a new generation: whatever belongs to an older one is dropped wherever it is. While paused
// nothing new is decoded and nothing is delivered, but for `credits`: frames that a seek or a step asked for. The threads hold references; stop() lets them go.
#include "pipeline.h"

#include "detector.h"
#include "stats.h"

#define QUEUE_LENGTH 3
#define MAX_LANES 64

typedef struct
{
  SqDetectorJob *job; // NULL: end of the source
  guint generation;
  guint64 number;     // within the generation, from the INFER queue on
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
  int credits;        // frames that may pass while paused
  gint64 seek_ns;
  gint64 last_pts_ns; // of the frame delivered last
  gint64 clock_us, clock_pts_ns; // pacing: wall clock of one frame; clock_us 0 = take the next
  double rate;
  SqMeter meter;
};

G_DEFINE_FINAL_TYPE (SqPipeline, sq_pipeline, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_STATE,
  N_PROPS,
};

enum
{
  OPENED,
  ITEM_FAILED,
  FAILED,
  FINISHED,
  N_SIGNALS,
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

// --- telling the owner --------------------------------------------------------------------------------------------------------------------------------

typedef struct
{
  SqPipeline *self;
  int signal; // -1: notify::state
  char *message;
} Event;

static gboolean
event_emit (gpointer data)
{
  Event *event = data;

  if (event->signal < 0)
    g_object_notify_by_pspec (G_OBJECT (event->self), properties[PROP_STATE]);
  else if (event->message != NULL)
    g_signal_emit (event->self, signals[event->signal], 0, event->message);
  else
    g_signal_emit (event->self, signals[event->signal], 0);
  return G_SOURCE_REMOVE;
}

static void
event_free (gpointer data)
{
  Event *event = data;

  g_object_unref (event->self);
  g_free (event->message);
  g_free (event);
}

static void
tell (SqPipeline *self, int signal, const char *message)
{
  Event *event = g_new0 (Event, 1);
  g_autoptr (GSource) idle = g_idle_source_new ();

  event->self = g_object_ref (self);
  event->signal = signal;
  event->message = g_strdup (message);
  g_source_set_priority (idle, G_PRIORITY_DEFAULT);
  g_source_set_callback (idle, event_emit, event, event_free);
  g_source_attach (idle, self->context);
}

// Called with the lock held.
static void
set_state (SqPipeline *self, SqPipelineState state)
{
  if (self->state == state)
    return;
  self->state = state;
  sq_meter_set_running (&self->meter, state == SQ_PIPELINE_RUNNING, g_get_monotonic_time ());
  g_cond_broadcast (&self->changed);
  tell (self, -1, NULL);
}

static gboolean
over (const SqPipeline *self)
{
  return self->stopping || self->state == SQ_PIPELINE_FAILED;
}

static void
fail (SqPipeline *self, GError *error) // takes the error
{
  g_mutex_lock (&self->lock);
  if (self->stopping || self->failure != NULL)
    g_error_free (error);
  else
    {
      self->failure = error;
      set_state (self, SQ_PIPELINE_FAILED);
      tell (self, FAILED, error->message);
    }
  g_mutex_unlock (&self->lock);
}

// --- queues -------------------------------------------------------------------------------------------------------------------------------------------

static void
item_free (Item *item)
{
  g_clear_pointer (&item->job, sq_detector_job_free);
  g_free (item);
}

// Called with the lock held.
static gboolean
is_next_delivered (const SqPipeline *self, const Item *item)
{
  return item->number == (self->delivered_generation == self->generation ? self->next_delivered : 0);
}

static gboolean
has_room (const SqPipeline *self, SqStage stage, const Item *item)
{
  if (stage != SQ_STAGE_POST)
    return self->queue[stage].length < QUEUE_LENGTH;
  return self->queue[stage].length < (guint) (QUEUE_LENGTH + self->lanes) || is_next_delivered (self, item); // others wait for that one
}

// Waits for room; FALSE (item freed) when the run is over or the item's generation is.
static gboolean
push (SqPipeline *self, SqStage stage, Item *item)
{
  gboolean ok;

  g_mutex_lock (&self->lock);
  while (!over (self) && item->generation == self->generation && !has_room (self, stage, item))
    g_cond_wait (&self->changed, &self->lock);
  ok = !over (self) && item->generation == self->generation;
  if (ok)
    {
      if (stage == SQ_STAGE_INFER)
        {
          if (self->numbered_generation != item->generation)
            {
              self->numbered_generation = item->generation;
              self->next_number = 0;
            }
          item->number = self->next_number++;
        }
      g_queue_push_tail (&self->queue[stage], item);
      g_cond_broadcast (&self->changed);
    }
  g_mutex_unlock (&self->lock);
  if (!ok)
    item_free (item);
  return ok;
}

// Called with the lock held: the item whose turn it is, NULL where it is not there yet. Frees what belongs to an older generation.
static Item *
take (SqPipeline *self, SqStage stage)
{
  for (GList *l = self->queue[stage].head, *next; l != NULL; l = next)
    {
      Item *item = l->data;

      next = l->next;
      if (item->generation == self->generation && stage == SQ_STAGE_POST && !is_next_delivered (self, item))
        continue;
      g_queue_delete_link (&self->queue[stage], l);
      if (item->generation != self->generation)
        {
          item_free (item);
          continue;
        }
      if (stage == SQ_STAGE_POST)
        {
          self->delivered_generation = self->generation;
          self->next_delivered = item->number + 1;
        }
      return item;
    }
  return NULL;
}

// NULL when the run is over.
static Item *
pop (SqPipeline *self, SqStage stage)
{
  Item *item = NULL;

  g_mutex_lock (&self->lock);
  while (!over (self) && (item = take (self, stage)) == NULL)
    g_cond_wait (&self->changed, &self->lock);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return item;
}

static void
meter (SqPipeline *self, SqStage stage, const SqDetectorJob *job)
{
  g_mutex_lock (&self->lock);
  sq_meter_add_stage (&self->meter, stage, job->stage_ns[stage]);
  g_mutex_unlock (&self->lock);
}

// --- stages -------------------------------------------------------------------------------------------------------------------------------------------

// Waits until a frame may be decoded; does a pending seek first. FALSE when the run is over.
static gboolean
decode_gate (SqPipeline *self, guint *generation)
{
  gboolean seek, go;
  gint64 to;

  g_mutex_lock (&self->lock);
  while (!over (self) && !self->seeking && (self->ended || (self->paused && self->credits == 0)))
    g_cond_wait (&self->changed, &self->lock);
  seek = self->seeking;
  to = self->seek_ns;
  self->seeking = FALSE;
  if (seek)
    self->ended = FALSE;
  *generation = self->generation;
  go = !over (self);
  g_mutex_unlock (&self->lock);

  if (go && seek && sq_source_get_info (self->source)->kind != SQ_SOURCE_LIVE)
    {
      g_autoptr (GError) error = NULL;

      if (!sq_source_seek (self->source, to, &error) && !g_error_matches (error, SQ_ERROR, SQ_ERROR_CANCELLED))
        tell (self, ITEM_FAILED, error->message);
    }
  return go;
}

// A live source never waits: the oldest frame nobody has looked at makes room.
static void
drop_oldest (SqPipeline *self)
{
  g_mutex_lock (&self->lock);
  while (self->queue[SQ_STAGE_PREPROCESS].length >= QUEUE_LENGTH)
    {
      item_free (g_queue_pop_head (&self->queue[SQ_STAGE_PREPROCESS]));
      self->meter.dropped++;
    }
  g_mutex_unlock (&self->lock);
}

static void
decode_loop (SqPipeline *self)
{
  gboolean live = sq_source_get_info (self->source)->kind == SQ_SOURCE_LIVE;
  guint generation;

  while (decode_gate (self, &generation))
    {
      g_autoptr (GError) error = NULL;
      SqFrame *frame = sq_source_next (self->source, &error);
      Item *item;

      if (frame == NULL && error != NULL)
        {
          if (!g_error_matches (error, SQ_ERROR, SQ_ERROR_CANCELLED))
            tell (self, ITEM_FAILED, error->message);
          continue;
        }
      item = g_new0 (Item, 1);
      item->generation = generation;
      if (frame != NULL)
        {
          item->job = sq_detector_job_new (frame);
          meter (self, SQ_STAGE_DECODE, item->job);
          if (live)
            drop_oldest (self);
        }
      else
        {
          g_mutex_lock (&self->lock);
          if (self->options.loop && generation == self->generation)
            {
              self->seeking = TRUE;
              self->seek_ns = 0;
              self->clock_us = 0;
            }
          else
            self->ended = generation == self->generation;
          g_mutex_unlock (&self->lock);
          if (self->options.loop)
            {
              g_free (item);
              continue;
            }
        }
      push (self, SQ_STAGE_PREPROCESS, item);
    }
}

static void
decode_thread (SqPipeline *self, int lane)
{
  GError *error = NULL;
  SqSource *source = sq_source_open ((const char *const *) self->paths, NULL, &error);

  if (source == NULL)
    {
      fail (self, error);
      return;
    }
  g_mutex_lock (&self->lock);
  self->source = source;
  g_mutex_unlock (&self->lock);
  tell (self, OPENED, NULL);
  decode_loop (self);
}

// When is this frame due? Called with the lock held; the first frame after a start, seek or pause sets the clock.
static gint64
due_us (SqPipeline *self, const SqFrame *frame)
{
  return self->clock_us == 0 ? 0 : self->clock_us + (gint64) ((frame->pts_ns - self->clock_pts_ns) / 1000 / self->rate);
}

static void
preprocess_thread (SqPipeline *self, int lane)
{
  Item *item;

  g_mutex_lock (&self->lock);
  while (!over (self) && !self->ready)
    g_cond_wait (&self->changed, &self->lock);
  g_mutex_unlock (&self->lock);

  while ((item = pop (self, SQ_STAGE_PREPROCESS)) != NULL)
    {
      GError *error = NULL;
      gboolean late;

      if (item->job == NULL)
        {
          push (self, SQ_STAGE_INFER, item);
          continue;
        }
      // playing in real time: a frame that is late already makes way for the one behind it
      g_mutex_lock (&self->lock);
      late = self->options.realtime && self->source != NULL && sq_source_get_info (self->source)->kind == SQ_SOURCE_VIDEO && self->credits == 0
             && self->clock_us != 0 && due_us (self, item->job->frame) < g_get_monotonic_time ()
             && self->queue[SQ_STAGE_PREPROCESS].length > 0;
      if (late)
        self->meter.dropped++;
      g_mutex_unlock (&self->lock);
      if (late)
        {
          item_free (item);
          continue;
        }
      if (!sq_detector_preprocess (self->detector[0], item->job, &error))
        {
          item_free (item);
          fail (self, error);
          break;
        }
      meter (self, SQ_STAGE_PREPROCESS, item->job);
      push (self, SQ_STAGE_INFER, item);
    }
}

static void
infer_lane (SqPipeline *self, int lane)
{
  SqDetectorOptions options = { self->device, 1, self->options.floor };
  GError *error = NULL;
  SqDetector *detector = sq_detector_new (self->model, &options, &error);
  Item *item;

  if (detector == NULL)
    {
      fail (self, error);
      return;
    }
  g_mutex_lock (&self->lock);
  self->detector[lane] = detector;
  if (lane == 0)
    {
      self->ready = TRUE;
      if (!over (self))
        set_state (self, self->paused ? SQ_PIPELINE_PAUSED : SQ_PIPELINE_RUNNING);
      g_cond_broadcast (&self->changed);
    }
  g_mutex_unlock (&self->lock);

  while ((item = pop (self, SQ_STAGE_INFER)) != NULL)
    {
      if (item->job != NULL)
        {
          if (!sq_detector_infer (detector, item->job, &error))
            {
              item_free (item);
              fail (self, error);
              break;
            }
          meter (self, SQ_STAGE_INFER, item->job);
        }
      push (self, SQ_STAGE_POST, item);
    }
}

// Holds a result back while paused and until it is due. FALSE: do not deliver (stale, or over).
static gboolean
output_gate (SqPipeline *self, const Item *item, const SqFrame *frame)
{
  gboolean deliver;

  g_mutex_lock (&self->lock);
  for (;;)
    {
      gint64 due = self->options.realtime && sq_source_get_info (self->source)->kind == SQ_SOURCE_VIDEO ? due_us (self, frame) : 0;

      if (over (self) || item->generation != self->generation || (self->credits > 0))
        break;
      if (self->paused)
        g_cond_wait (&self->changed, &self->lock);
      else if (due <= g_get_monotonic_time () || !g_cond_wait_until (&self->changed, &self->lock, due))
        break;
    }
  deliver = !over (self) && item->generation == self->generation;
  if (deliver)
    {
      if (self->clock_us == 0 && !self->paused)
        {
          self->clock_us = g_get_monotonic_time ();
          self->clock_pts_ns = frame->pts_ns;
        }
      self->last_pts_ns = frame->pts_ns;
      self->credits = MAX (self->credits - 1, 0);
      sq_meter_add_frame (&self->meter, g_get_monotonic_time ());
    }
  g_mutex_unlock (&self->lock);
  return deliver;
}

static void
output_thread (SqPipeline *self, int lane)
{
  Item *item;

  while ((item = pop (self, SQ_STAGE_POST)) != NULL)
    {
      if (item->job == NULL)
        {
          g_mutex_lock (&self->lock);
          if (item->generation == self->generation && !over (self))
            {
              set_state (self, SQ_PIPELINE_FINISHED);
              tell (self, FINISHED, NULL);
            }
          g_mutex_unlock (&self->lock);
        }
      else
        {
          g_autoptr (SqResult) result = sq_detector_postprocess (self->detector[0], item->job);

          g_mutex_lock (&self->lock);
          sq_meter_add_stage (&self->meter, SQ_STAGE_POST, item->job->stage_ns[SQ_STAGE_POST]);
          g_mutex_unlock (&self->lock);
          if (output_gate (self, item, result->frame))
            for (guint i = 0; i < self->sinks->len; i++)
              g_array_index (self->sinks, Sink, i).func (result, g_array_index (self->sinks, Sink, i).data);
        }
      item_free (item);
    }
}

// --- control ------------------------------------------------------------------------------------------------------------------------------------------

SqPipeline *
sq_pipeline_new (SqModel *model, const SqPipelineOptions *options)
{
  SqPipeline *self = g_object_new (SQ_TYPE_PIPELINE, NULL);

  self->model = sq_model_ref (model);
  self->options = *options;
  self->paths = g_strdupv ((char **) options->paths);
  self->options.paths = (const char *const *) self->paths;
  self->device = g_strdup (options->device);
  self->options.device = self->device;
  return self;
}

void
sq_pipeline_add_sink (SqPipeline *self, SqPipelineSink func, gpointer user_data, GDestroyNotify notify)
{
  Sink sink = { func, user_data, notify };

  g_return_if_fail (self->state == SQ_PIPELINE_IDLE);
  g_array_append_val (self->sinks, sink);
}

typedef struct
{
  SqPipeline *self;
  void (*run) (SqPipeline *self, int lane);
  int lane;
} Worker;

static gpointer
worker_main (gpointer data)
{
  Worker *worker = data;
  SqPipeline *self = worker->self;

  worker->run (self, worker->lane);
  g_free (worker);
  g_mutex_lock (&self->lock);
  self->threads--;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  g_object_unref (self);
  return NULL;
}

static void
start_worker (SqPipeline *self, const char *name, void (*run) (SqPipeline *, int), int lane)
{
  Worker *worker = g_new (Worker, 1);

  *worker = (Worker){ g_object_ref (self), run, lane };
  self->threads++;
  g_thread_unref (g_thread_new (name, worker_main, worker));
}

void
sq_pipeline_start (SqPipeline *self)
{
  g_return_if_fail (self->state == SQ_PIPELINE_IDLE);
  g_mutex_lock (&self->lock);
  set_state (self, SQ_PIPELINE_STARTING);
  self->lanes = CLAMP (self->options.threads > 0 ? self->options.threads : (int) g_get_num_processors (), 1, MAX_LANES);
  start_worker (self, "sq-decode", decode_thread, 0);
  start_worker (self, "sq-preprocess", preprocess_thread, 0);
  for (int lane = 0; lane < self->lanes; lane++)
    start_worker (self, "sq-infer", infer_lane, lane);
  start_worker (self, "sq-output", output_thread, 0);
  g_mutex_unlock (&self->lock);
}

void
sq_pipeline_set_paused (SqPipeline *self, gboolean paused)
{
  g_mutex_lock (&self->lock);
  self->paused = paused;
  self->credits = 0;
  self->clock_us = 0;
  if (self->state == SQ_PIPELINE_RUNNING || self->state == SQ_PIPELINE_PAUSED)
    set_state (self, paused ? SQ_PIPELINE_PAUSED : SQ_PIPELINE_RUNNING);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

// Called with the lock held.
static void
seek_locked (SqPipeline *self, gint64 pts_ns)
{
  self->generation++;
  self->seeking = TRUE;
  self->seek_ns = MAX (pts_ns, 0);
  self->clock_us = 0;
  self->credits = self->paused ? 1 : 0;
  if (self->state == SQ_PIPELINE_FINISHED)
    set_state (self, self->paused ? SQ_PIPELINE_PAUSED : SQ_PIPELINE_RUNNING);
  g_cond_broadcast (&self->changed);
}

void
sq_pipeline_seek (SqPipeline *self, gint64 pts_ns)
{
  g_mutex_lock (&self->lock);
  seek_locked (self, pts_ns);
  g_mutex_unlock (&self->lock);
}

void
sq_pipeline_step (SqPipeline *self, int direction)
{
  g_mutex_lock (&self->lock);
  if (direction < 0)
    seek_locked (self, self->last_pts_ns - 1); // the frame shown a moment before this one began
  else if (self->paused)
    {
      self->credits++;
      g_cond_broadcast (&self->changed);
    }
  g_mutex_unlock (&self->lock);
}

void
sq_pipeline_set_rate (SqPipeline *self, double rate)
{
  g_mutex_lock (&self->lock);
  self->rate = CLAMP (rate, 1 / 16., 16);
  self->clock_us = 0;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
sq_pipeline_stop (SqPipeline *self)
{
  g_mutex_lock (&self->lock);
  self->stopping = TRUE;
  if (self->source != NULL)
    sq_source_interrupt (self->source);
  if (self->state != SQ_PIPELINE_FAILED && self->state != SQ_PIPELINE_FINISHED)
    set_state (self, SQ_PIPELINE_STOPPED);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

gboolean
sq_pipeline_wait (SqPipeline *self, GError **error)
{
  gboolean ok;

  g_mutex_lock (&self->lock);
  while (self->state < SQ_PIPELINE_FINISHED || (over (self) && self->threads > 0))
    g_cond_wait (&self->changed, &self->lock);
  ok = self->state != SQ_PIPELINE_FAILED;
  if (!ok && error != NULL)
    *error = g_error_copy (self->failure);
  g_mutex_unlock (&self->lock);
  return ok;
}

SqPipelineState
sq_pipeline_get_state (SqPipeline *self)
{
  SqPipelineState state;

  g_mutex_lock (&self->lock);
  state = self->state;
  g_mutex_unlock (&self->lock);
  return state;
}

SqModel *
sq_pipeline_get_model (SqPipeline *self)
{
  return self->model;
}

const SqSourceInfo *
sq_pipeline_get_source_info (SqPipeline *self)
{
  const SqSourceInfo *info;

  g_mutex_lock (&self->lock);
  info = self->source != NULL ? sq_source_get_info (self->source) : NULL;
  g_mutex_unlock (&self->lock);
  return info;
}

void
sq_pipeline_get_stats (SqPipeline *self, SqPipelineStats *stats)
{
  g_mutex_lock (&self->lock);
  sq_meter_read (&self->meter, MAX (self->lanes, 1), g_get_monotonic_time (), stats);
  for (int s = 0; s < SQ_N_STAGES; s++)
    stats->stage[s].queued = self->queue[s].length;
  g_mutex_unlock (&self->lock);
}

// --- GObject ------------------------------------------------------------------------------------------------------------------------------------------

static void
sq_pipeline_finalize (GObject *object)
{
  SqPipeline *self = SQ_PIPELINE (object);

  for (int s = 0; s < SQ_N_STAGES; s++)
    g_queue_clear_full (&self->queue[s], (GDestroyNotify) item_free);
  for (guint i = 0; i < self->sinks->len; i++)
    if (g_array_index (self->sinks, Sink, i).notify != NULL)
      g_array_index (self->sinks, Sink, i).notify (g_array_index (self->sinks, Sink, i).data);
  g_array_unref (self->sinks);
  for (int lane = 0; lane < MAX_LANES; lane++)
    g_clear_pointer (&self->detector[lane], sq_detector_free);
  g_clear_pointer (&self->source, sq_source_free);
  g_clear_pointer (&self->model, sq_model_unref);
  g_clear_error (&self->failure);
  g_strfreev (self->paths);
  g_free (self->device);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  G_OBJECT_CLASS (sq_pipeline_parent_class)->finalize (object);
}

static void
sq_pipeline_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_STATE)
    g_value_set_int (value, (int) sq_pipeline_get_state (SQ_PIPELINE (object)));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
sq_pipeline_class_init (SqPipelineClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = sq_pipeline_finalize;
  object_class->get_property = sq_pipeline_get_property;
  properties[PROP_STATE] = g_param_spec_int ("state", NULL, NULL, SQ_PIPELINE_IDLE, SQ_PIPELINE_FAILED, SQ_PIPELINE_IDLE,
                                             G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  signals[OPENED] = g_signal_new ("opened", SQ_TYPE_PIPELINE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[ITEM_FAILED] = g_signal_new ("item-failed", SQ_TYPE_PIPELINE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[FAILED] = g_signal_new ("failed", SQ_TYPE_PIPELINE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[FINISHED] = g_signal_new ("finished", SQ_TYPE_PIPELINE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
sq_pipeline_init (SqPipeline *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->sinks = g_array_new (FALSE, FALSE, sizeof (Sink));
  self->context = g_main_context_ref_thread_default ();
  self->rate = 1;
}
