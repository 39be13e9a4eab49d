// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline-private.h"

void
_sq_pipeline_meter (SqPipeline *self, SqStage stage, const SqDetectorJob *job)
{
  g_mutex_lock (&self->lock);
  sq_meter_add_stage (&self->meter, stage, job->stage_ns[stage]);
  g_mutex_unlock (&self->lock);
}

// --- stages
// -------------------------------------------------------------------------------------------------------------------------------------------

// Waits until a frame may be decoded; does a pending seek first. FALSE when the run is over.
static gboolean
decode_gate (SqPipeline *self, guint *generation)
{
  gboolean seek, go;
  gint64 to;

  g_mutex_lock (&self->lock);
  while (!_sq_pipeline_over (self) && !self->seeking && (self->ended || (self->paused && self->credits == 0)))
    g_cond_wait (&self->changed, &self->lock);
  seek = self->seeking;
  to = self->seek_ns;
  self->seeking = FALSE;
  if (seek)
    self->ended = FALSE;
  *generation = self->generation;
  go = !_sq_pipeline_over (self);
  g_mutex_unlock (&self->lock);

  if (go && seek && self->source != NULL && _sq_pipeline_source_kind (self) != SQ_SOURCE_LIVE)
    {
      g_autoptr (GError) error = NULL;

      if (!sq_source_seek (self->source, to, &error) && !g_error_matches (error, SQ_ERROR, SQ_ERROR_CANCELLED))
        _sq_pipeline_tell (self, SQ_PIPELINE_ITEM_FAILED, error->message);
    }
  return go;
}

static void
let_go (gpointer frame)
{
  sq_frame_unref (frame);
}

// The next of the source, or the one frame of a measurement once more.
static SqFrame *
next_frame (SqPipeline *self, gint64 index, GError **error)
{
  SqFrame *frame = self->options.frame;

  if (frame == NULL)
    return sq_source_next (self->source, error);
  return sq_frame_new (frame->width, frame->height, frame->stride, frame->pixels, frame->path, index, index * G_GINT64_CONSTANT (1000000),
                       let_go, sq_frame_ref (frame));
}

static void
decode_loop (SqPipeline *self)
{
  gboolean live = _sq_pipeline_source_kind (self) == SQ_SOURCE_LIVE;
  gint64 index = 0;
  guint generation;

  while (decode_gate (self, &generation))
    {
      g_autoptr (GError) error = NULL;
      SqFrame *frame = next_frame (self, index++, &error);
      Item *item;

      if (frame == NULL && error != NULL)
        {
          if (!g_error_matches (error, SQ_ERROR, SQ_ERROR_CANCELLED))
            _sq_pipeline_tell (self, SQ_PIPELINE_ITEM_FAILED, error->message);
          continue;
        }
      item = g_new0 (Item, 1);
      item->generation = generation;
      if (frame != NULL)
        {
          item->job = sq_detector_job_new (frame);
          _sq_pipeline_meter (self, SQ_STAGE_DECODE, item->job);
          if (live)
            _sq_pipeline_drop_oldest (self);
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
      _sq_pipeline_push (self, SQ_STAGE_PREPROCESS, item);
    }
}

// The first CUDA device of the run decodes videos, so that frames need not go there; -1 where there is none. (Other devices fetch them.)
static int
decoder_gpu (SqPipeline *self)
{
  int gpu = -1;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->devices->len && gpu < 0; i++)
    if (g_str_has_prefix (pipeline_device (self, i)->id, "cuda:"))
      gpu = (int) g_ascii_strtoll (pipeline_device (self, i)->id + strlen ("cuda:"), NULL, 10);
  g_mutex_unlock (&self->lock);
  return gpu;
}

void
_sq_pipeline_decode (SqPipeline *self, int lane)
{
  GError *error = NULL;
  SqSource *source =
      self->options.frame == NULL ? sq_source_open_gpu ((const char *const *) self->paths, decoder_gpu (self), NULL, &error) : NULL;

  if (error != NULL)
    {
      _sq_pipeline_fail (self, error);
      return;
    }
  g_mutex_lock (&self->lock);
  self->source = source;
  g_mutex_unlock (&self->lock);
  _sq_pipeline_tell (self, SQ_PIPELINE_OPENED, NULL);
  decode_loop (self);
}

// When is this frame due? Called with the lock held; the first frame after a start, seek or pause sets the clock.
static gint64
due_us (SqPipeline *self, const SqFrame *frame)
{
  return self->clock_us == 0 ? 0 : self->clock_us + (gint64) ((frame->pts_ns - self->clock_pts_ns) / 1000 / self->rate);
}

void
_sq_pipeline_preprocess (SqPipeline *self, int lane)
{
  Item *item;

  g_mutex_lock (&self->lock);
  while (!_sq_pipeline_over (self) && !self->ready)
    g_cond_wait (&self->changed, &self->lock);
  g_mutex_unlock (&self->lock);

  while ((item = _sq_pipeline_pop (self, SQ_STAGE_PREPROCESS)) != NULL)
    {
      GError *error = NULL;
      gboolean late, here = !self->frames_to_lanes;

      if (item->job == NULL)
        {
          _sq_pipeline_push (self, SQ_STAGE_INFER, item);
          continue;
        }
      // playing in real time: a frame that is late already makes way for the one behind it
      g_mutex_lock (&self->lock);
      late = self->options.realtime && _sq_pipeline_source_kind (self) == SQ_SOURCE_VIDEO && self->credits == 0 && self->clock_us != 0
             && due_us (self, item->job->frame) < g_get_monotonic_time () && self->queue[SQ_STAGE_PREPROCESS].length > 0;
      if (late)
        self->meter.dropped++;
      g_mutex_unlock (&self->lock);
      if (late)
        {
          _sq_pipeline_item_free (item);
          continue;
        }
      if (here && !sq_detector_job_preprocess (item->job, self->model, &error))
        {
          _sq_pipeline_item_free (item);
          _sq_pipeline_fail (self, error);
          break;
        }
      if (here)
        _sq_pipeline_meter (self, SQ_STAGE_PREPROCESS, item->job);
      _sq_pipeline_push (self, SQ_STAGE_INFER, item);
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
      gint64 due = self->options.realtime && _sq_pipeline_source_kind (self) == SQ_SOURCE_VIDEO ? due_us (self, frame) : 0;

      if (_sq_pipeline_over (self) || item->generation != self->generation || (self->credits > 0))
        break;
      if (self->paused)
        g_cond_wait (&self->changed, &self->lock);
      else if (due <= g_get_monotonic_time () || !g_cond_wait_until (&self->changed, &self->lock, due))
        break;
    }
  deliver = !_sq_pipeline_over (self) && item->generation == self->generation;
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
track_side (SqPipeline *self, SqTracker **tracker, gboolean jumped, SqResult *result)
{
  SqFilter filter = self->options.filter != NULL ? *self->options.filter : SQ_FILTER_DEFAULT;

  if (self->options.track_score > 0)
    filter.confidence = self->options.track_score;
  if (*tracker == NULL)
    *tracker = sq_tracker_new (&filter);
  else if (jumped)
    sq_tracker_restart (*tracker);
  sq_tracker_update (*tracker, result);
}

// Objects of a video get their numbers.
static void
track (SqPipeline *self, const Item *item, SqResult *result)
{
  gboolean jumped = item->generation != self->tracked_generation;

  if (!self->options.track || _sq_pipeline_source_kind (self) == SQ_SOURCE_PICTURES)
    return;
  self->tracked_generation = item->generation;
  track_side (self, &self->tracker, jumped, result);
  if (result->other != NULL)
    track_side (self, &self->other_tracker, jumped, result->other);
}

void
_sq_pipeline_output (SqPipeline *self, int lane)
{
  Item *item;

  while ((item = _sq_pipeline_pop (self, SQ_STAGE_POST)) != NULL)
    {
      if (item->job == NULL)
        {
          g_mutex_lock (&self->lock);
          if (item->generation == self->generation && !_sq_pipeline_over (self))
            {
              _sq_pipeline_set_state (self, SQ_PIPELINE_FINISHED);
              _sq_pipeline_tell (self, SQ_PIPELINE_FINISHED_SIGNAL, NULL);
            }
          g_mutex_unlock (&self->lock);
        }
      else
        {
          g_autoptr (SqResult) result = g_steal_pointer (&item->result);

          if (result == NULL)
            result = sq_detector_job_postprocess (item->job, self->model, self->options.floor);
          _sq_pipeline_meter (self, SQ_STAGE_POST, item->job);
          if (output_gate (self, item, result->frame))
            {
              track (self, item, result);
              for (guint i = 0; i < self->sinks->len; i++)
                g_array_index (self->sinks, Sink, i).func (result, g_array_index (self->sinks, Sink, i).data);
            }
        }
      _sq_pipeline_item_free (item);
    }
}
