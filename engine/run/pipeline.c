// SPDX-License-Identifier: GPL-3.0-or-later
// The object and its controls; pipeline-private.h has the idea.
#include "pipeline-private.h"

G_DEFINE_FINAL_TYPE (SqPipeline, sq_pipeline, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_STATE,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];
static guint signals[SQ_PIPELINE_N_SIGNALS];

typedef struct
{
  SqPipeline *self;
  SqPipelineEvent event;
  char *message;
} Event;

static gboolean
event_emit (gpointer data)
{
  Event *event = data;

  if (event->event == SQ_PIPELINE_NOTIFY_STATE)
    g_object_notify_by_pspec (G_OBJECT (event->self), properties[PROP_STATE]);
  else if (event->message != NULL)
    g_signal_emit (event->self, signals[event->event], 0, event->message);
  else
    g_signal_emit (event->self, signals[event->event], 0);
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

void
_sq_pipeline_tell (SqPipeline *self, SqPipelineEvent kind, const char *message)
{
  Event *event = g_new0 (Event, 1);
  g_autoptr (GSource) idle = g_idle_source_new ();

  event->self = g_object_ref (self);
  event->event = kind;
  event->message = g_strdup (message);
  g_source_set_priority (idle, G_PRIORITY_DEFAULT);
  g_source_set_callback (idle, event_emit, event, event_free);
  g_source_attach (idle, self->context);
}

// Called with the lock held.
void
_sq_pipeline_set_state (SqPipeline *self, SqPipelineState state)
{
  if (self->state == state)
    return;
  self->state = state;
  sq_meter_set_running (&self->meter, state == SQ_PIPELINE_RUNNING, g_get_monotonic_time ());
  g_cond_broadcast (&self->changed);
  _sq_pipeline_tell (self, SQ_PIPELINE_NOTIFY_STATE, NULL);
}

void
_sq_pipeline_fail_locked (SqPipeline *self, GError *error)
{
  if (self->stopping || self->failure != NULL)
    g_error_free (error);
  else
    {
      self->failure = error;
      _sq_pipeline_set_state (self, SQ_PIPELINE_FAILED);
      _sq_pipeline_tell (self, SQ_PIPELINE_FAILED_SIGNAL, error->message);
    }
}

void
_sq_pipeline_fail (SqPipeline *self, GError *error)
{
  g_mutex_lock (&self->lock);
  _sq_pipeline_fail_locked (self, error);
  g_mutex_unlock (&self->lock);
}

SqPipeline *
sq_pipeline_new (SqModel *model, const SqPipelineOptions *options)
{
  SqPipeline *self = g_object_new (SQ_TYPE_PIPELINE, NULL);

  self->model = sq_model_ref (model);
  self->options = *options;
  self->paths = g_strdupv ((char **) options->paths);
  self->options.paths = (const char *const *) self->paths;
  self->options.floor = options->floor > 0 ? options->floor : SQ_SCORE_FLOOR;
  self->options.devices = g_strdup (options->devices);
  self->options.other = options->other != NULL ? sq_model_ref (options->other) : NULL;
  self->options.other_device = g_strdup (options->other_device);
  self->options.frame = options->frame != NULL ? sq_frame_ref (options->frame) : NULL;
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

void
_sq_pipeline_start_worker (SqPipeline *self, const char *name, void (*run) (SqPipeline *, int), int lane)
{
  Worker *worker = g_new (Worker, 1);

  *worker = (Worker){ g_object_ref (self), run, lane };
  self->threads++;
  g_thread_unref (g_thread_new (name, worker_main, worker));
}

void
sq_pipeline_start (SqPipeline *self)
{
  GError *error = NULL;

  g_return_if_fail (self->state == SQ_PIPELINE_IDLE);
  g_mutex_lock (&self->lock);
  _sq_pipeline_set_state (self, SQ_PIPELINE_STARTING);
  if (!_sq_pipeline_add_devices (self, &error))
    _sq_pipeline_fail_locked (self, error);
  else
    {
      _sq_pipeline_start_worker (self, "sq-decode", _sq_pipeline_decode, 0);
      _sq_pipeline_start_worker (self, "sq-preprocess", _sq_pipeline_preprocess, 0);
      _sq_pipeline_start_worker (self, "sq-output", _sq_pipeline_output, 0);
      if (self->parallel == SQ_PARALLEL_PIPELINE)
        _sq_pipeline_start_chain (self);
      else
        _sq_pipeline_start_lanes (self);
    }
  g_mutex_unlock (&self->lock);
}

void
sq_pipeline_set_paused (SqPipeline *self, gboolean paused)
{
  g_mutex_lock (&self->lock);
  self->paused = paused;
  self->credits = 0;
  self->clock_us = 0;
  self->trial.since_us = 0;
  if (self->state == SQ_PIPELINE_RUNNING || self->state == SQ_PIPELINE_PAUSED)
    _sq_pipeline_set_state (self, paused ? SQ_PIPELINE_PAUSED : SQ_PIPELINE_RUNNING);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

// Called with the lock held.
static void
seek_locked (SqPipeline *self, gint64 pts_ns)
{
  self->generation++;
  for (int s = 0; s < SQ_N_STAGES; s++) // so that whoever waits for room finds it
    g_queue_clear_full (&self->queue[s], (GDestroyNotify) _sq_pipeline_item_free);
  for (int i = 0; i < SQ_MAX_DEVICES; i++)
    g_queue_clear_full (&self->chain_queue[i], (GDestroyNotify) _sq_pipeline_item_free);
  self->trial.since_us = 0;
  self->seeking = TRUE;
  self->seek_ns = MAX (pts_ns, 0);
  self->clock_us = 0;
  self->credits = self->paused ? 1 : 0;
  if (self->state == SQ_PIPELINE_FINISHED)
    _sq_pipeline_set_state (self, self->paused ? SQ_PIPELINE_PAUSED : SQ_PIPELINE_RUNNING);
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
  g_cancellable_cancel (self->cancellable);
  if (self->source != NULL)
    sq_source_interrupt (self->source);
  if (self->state != SQ_PIPELINE_FAILED && self->state != SQ_PIPELINE_FINISHED)
    _sq_pipeline_set_state (self, SQ_PIPELINE_STOPPED);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

gboolean
sq_pipeline_wait (SqPipeline *self, GError **error)
{
  gboolean ok;

  g_mutex_lock (&self->lock);
  while (self->state < SQ_PIPELINE_FINISHED || (_sq_pipeline_over (self) && self->threads > 0))
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

SqSourceKind
_sq_pipeline_source_kind (SqPipeline *self)
{
  return self->options.frame != NULL ? SQ_SOURCE_PICTURES : sq_source_get_info (self->source)->kind;
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
  int lanes = 0, others = 0;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->lanes->len; i++)
    *(pipeline_lane (self, i)->device->second ? &others : &lanes) += !pipeline_lane (self, i)->ended;
  sq_meter_read (&self->meter, MAX (lanes, 1), g_get_monotonic_time (), stats);
  stats->other_lanes = MAX (others > 0 || _sq_pipeline_has_second (self) ? others : lanes, 1);
  for (guint i = 0; i < MIN (self->devices->len, SQ_MAX_DEVICES); i++)
    {
      const Device *device = pipeline_device (self, i);

      stats->device[stats->n_devices++] = (SqDeviceStats){ .id = device->id,
                                                           .lanes = device->ready,
                                                           .frames = device->frames,
                                                           .busy_ns = device->busy_ns,
                                                           .p50_ns = device->pace.median,
                                                           .built = device->ready > 0 ? 1 : device->built,
                                                           .failed = device->failed };
    }
  stats->parallel = self->parallel;
  stats->reason = self->reason;
  stats->memory = self->memory[0];
  stats->other_memory = self->memory[1];
  for (int s = 0; s < SQ_N_STAGES; s++)
    stats->stage[s].queued = self->queue[s].length;
  g_mutex_unlock (&self->lock);
}

static void
sq_pipeline_finalize (GObject *object)
{
  SqPipeline *self = SQ_PIPELINE (object);

  for (int s = 0; s < SQ_N_STAGES; s++)
    g_queue_clear_full (&self->queue[s], (GDestroyNotify) _sq_pipeline_item_free);
  for (guint i = 0; i < self->sinks->len; i++)
    if (g_array_index (self->sinks, Sink, i).notify != NULL)
      g_array_index (self->sinks, Sink, i).notify (g_array_index (self->sinks, Sink, i).data);
  g_array_unref (self->sinks);
  for (int i = 0; i < SQ_MAX_DEVICES; i++)
    g_queue_clear_full (&self->chain_queue[i], (GDestroyNotify) _sq_pipeline_item_free);
  g_clear_pointer (&self->chain, g_ptr_array_unref);
  g_ptr_array_unref (self->lanes);
  g_ptr_array_unref (self->devices);
  g_clear_pointer (&self->source, sq_source_free);
  g_clear_pointer (&self->tracker, sq_tracker_free);
  g_clear_pointer (&self->other_tracker, sq_tracker_free);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->model, sq_model_unref);
  g_clear_error (&self->failure);
  g_strfreev (self->paths);
  g_free ((char *) self->options.devices);
  g_clear_pointer (&self->options.other, sq_model_unref);
  g_free ((char *) self->options.other_device);
  g_clear_pointer (&self->options.frame, sq_frame_unref);
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
  signals[SQ_PIPELINE_OPENED] = g_signal_new ("opened", SQ_TYPE_PIPELINE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SQ_PIPELINE_ITEM_FAILED] =
      g_signal_new ("item-failed", SQ_TYPE_PIPELINE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[SQ_PIPELINE_DEVICE_FAILED] =
      g_signal_new ("device-failed", SQ_TYPE_PIPELINE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[SQ_PIPELINE_FAILED_SIGNAL] =
      g_signal_new ("failed", SQ_TYPE_PIPELINE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[SQ_PIPELINE_FINISHED_SIGNAL] =
      g_signal_new ("finished", SQ_TYPE_PIPELINE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
sq_pipeline_init (SqPipeline *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->sinks = g_array_new (FALSE, FALSE, sizeof (Sink));
  self->devices = g_ptr_array_new_with_free_func (g_free);
  self->lanes = g_ptr_array_new_with_free_func (g_free);
  self->context = g_main_context_ref_thread_default ();
  self->cancellable = g_cancellable_new ();
  self->rate = 1;
}
