// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "recorder.h"

struct _SqRecorder
{
  GObject parent_instance;

  SqWorkspace *workspace;
  GPtrArray *active; // Recording, not yet known to have ended
};

G_DEFINE_FINAL_TYPE (SqRecorder, sq_recorder, G_TYPE_OBJECT)

#define N_SIDES 2 // of a pair of models; a single one is the first

typedef struct
{
  SqModel *model; // NULL: there is no such side
  char *device;
  SqFilter filter;
  SqRunWriter *writer;
} Side;

// One run being stored. The writers are made with the first result, when the source is known; results come on the pipeline's output thread,
// the end on the main thread.
typedef struct
{
  GMutex lock;
  SqProject *project;
  SqPipeline *pipeline; // borrowed: it owns this as a sink
  char **paths;
  Side side[N_SIDES];
  gboolean ended;
} Recording;

static void
recording_clear (gpointer data)
{
  Recording *self = data;

  for (int s = 0; s < N_SIDES; s++)
    {
      g_clear_pointer (&self->side[s].writer, sq_run_writer_unref);
      g_clear_pointer (&self->side[s].model, sq_model_unref);
      g_free (self->side[s].device);
      g_clear_pointer (&self->side[s].filter.region, sq_region_unref);
    }
  g_object_unref (self->project);
  g_strfreev (self->paths);
  g_mutex_clear (&self->lock);
}

static void
recording_unref (gpointer self)
{
  g_atomic_rc_box_release_full (self, recording_clear);
}

static void
recording_closure_unref (gpointer self, GClosure *closure)
{
  recording_unref (self);
}

// With the lock held.
static void
make_writers (Recording *self)
{
  const SqSourceInfo *source = sq_pipeline_get_source_info (self->pipeline);

  for (int s = 0; source != NULL && s < N_SIDES; s++)
    {
      Side *side = &self->side[s];
      SqRunInfo info = {
        .source = source,
        .paths = (const char *const *) self->paths,
        .model = side->model,
        .device = side->device,
        .filter = &side->filter,
      };

      if (side->model != NULL)
        side->writer = sq_run_writer_new (self->project, &info);
    }
  if (self->side[0].writer != NULL && self->side[1].writer != NULL)
    sq_run_writer_link (self->side[0].writer, self->side[1].writer);
}

static void
recording_sink (SqResult *result, gpointer data)
{
  Recording *self = data;
  SqResult *results[N_SIDES] = { result, result->other };
  SqRunWriter *writers[N_SIDES] = { NULL };

  g_mutex_lock (&self->lock);
  if (self->side[0].writer == NULL && !self->ended)
    make_writers (self);
  for (int s = 0; s < N_SIDES; s++)
    if (self->side[s].writer != NULL)
      writers[s] = sq_run_writer_ref (self->side[s].writer);
  g_mutex_unlock (&self->lock);

  for (int s = 0; s < N_SIDES; s++)
    if (writers[s] != NULL)
      {
        if (results[s] != NULL)
          sq_run_writer_push (writers[s], results[s]);
        sq_run_writer_unref (writers[s]);
      }
}

static void
recording_end (Recording *self, SqRunState state, const char *message)
{
  SqRunWriter *writers[N_SIDES];

  g_mutex_lock (&self->lock);
  self->ended = TRUE;
  for (int s = 0; s < N_SIDES; s++)
    writers[s] = g_steal_pointer (&self->side[s].writer);
  g_mutex_unlock (&self->lock);

  for (int s = 0; s < N_SIDES; s++)
    if (writers[s] != NULL)
      {
        sq_run_writer_finish (writers[s], state, message);
        sq_run_writer_unref (writers[s]);
      }
}

static void
on_finished (SqPipeline *pipeline, Recording *self)
{
  recording_end (self, SQ_RUN_FINISHED, NULL);
}

static void
on_failed (SqPipeline *pipeline, const char *message, Recording *self)
{
  recording_end (self, SQ_RUN_FAILED, message);
}

static void
on_state (SqPipeline *pipeline, GParamSpec *pspec, Recording *self)
{
  if (sq_pipeline_get_state (pipeline) == SQ_PIPELINE_STOPPED)
    recording_end (self, SQ_RUN_STOPPED, NULL);
}

static void
connect_recording (SqPipeline *pipeline, const char *signal, GCallback callback, Recording *recording)
{
  g_signal_connect_data (pipeline, signal, callback, g_atomic_rc_box_acquire (recording), recording_closure_unref, 0);
}

static void
set_side (Side *self, SqModel *model, const char *device, SqFilterState *filter)
{
  if (model == NULL)
    return;
  self->model = sq_model_ref (model);
  self->device = g_strdup (device);
  self->filter = sq_filter_state_get_filter (filter);
  self->filter.classes = NULL; // belongs to the filter state; what a run stores is all classes
  self->filter.n_classes = 0;
  if (self->filter.region != NULL)
    sq_region_ref (self->filter.region);
}

static void
on_run_starting (SqRecorder *self, SqPipeline *pipeline, const SqRunStart *start)
{
  GSettings *settings = sq_workspace_get_settings (self->workspace);
  SqProject *project = sq_workspace_get_project (self->workspace);
  Recording *recording;

  if (project == NULL || sq_project_get_read_only (project) || !g_settings_get_boolean (settings, "store-sessions"))
    return;
  recording = g_atomic_rc_box_new0 (Recording);
  g_mutex_init (&recording->lock);
  recording->project = g_object_ref (project);
  recording->pipeline = pipeline;
  recording->paths = g_strdupv ((char **) start->paths);
  set_side (&recording->side[0], sq_pipeline_get_model (pipeline), start->device, start->filter);
  set_side (&recording->side[1], start->other, start->other_device, start->other_filter);

  g_ptr_array_add (self->active, g_atomic_rc_box_acquire (recording));
  connect_recording (pipeline, "finished", G_CALLBACK (on_finished), recording);
  connect_recording (pipeline, "failed", G_CALLBACK (on_failed), recording);
  connect_recording (pipeline, "notify::state", G_CALLBACK (on_state), recording);
  sq_pipeline_add_sink (pipeline, recording_sink, recording, recording_unref);
}

// How busy the devices were belongs to the run.
static void
on_sample (SqRecorder *self, const SqDeviceSample *samples, guint n)
{
  GPtrArray *watched = sq_device_monitor_get_watched (sq_workspace_get_monitor (self->workspace));

  for (guint i = self->active->len; i-- > 0;)
    {
      Recording *recording = self->active->pdata[i];
      g_autoptr (SqRunWriter) writer = NULL;
      gboolean ended;

      g_mutex_lock (&recording->lock);
      ended = recording->ended;
      if (recording->side[0].writer != NULL)
        writer = sq_run_writer_ref (recording->side[0].writer);
      g_mutex_unlock (&recording->lock);
      if (ended)
        g_ptr_array_remove_index (self->active, i);
      else if (writer != NULL)
        for (guint k = 0; k < n; k++)
          sq_run_writer_add_sample (writer, ((SqDevice *) watched->pdata[k])->id, &samples[k]);
    }
}

static void
sq_recorder_dispose (GObject *object)
{
  SqRecorder *self = SQ_RECORDER (object);

  if (self->workspace != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->workspace, self);
      g_signal_handlers_disconnect_by_data (sq_workspace_get_monitor (self->workspace), self);
    }
  g_clear_pointer (&self->active, g_ptr_array_unref);
  g_clear_object (&self->workspace);
  G_OBJECT_CLASS (sq_recorder_parent_class)->dispose (object);
}

static void
sq_recorder_class_init (SqRecorderClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sq_recorder_dispose;
}

static void
sq_recorder_init (SqRecorder *self)
{
  self->active = g_ptr_array_new_with_free_func (recording_unref);
}

SqRecorder *
sq_recorder_new (SqWorkspace *workspace)
{
  SqRecorder *self = g_object_new (SQ_TYPE_RECORDER, NULL);

  self->workspace = g_object_ref (workspace);
  g_signal_connect_swapped (workspace, "run-starting", G_CALLBACK (on_run_starting), self);
  g_signal_connect_swapped (sq_workspace_get_monitor (workspace), "sample", G_CALLBACK (on_sample), self);
  return self;
}
