// SPDX-License-Identifier: GPL-3.0-or-later
// Two models on the same frames. A frame's results are one: the first model's carries the second's, so that whatever happens to frames -
// dropped, done again, put in order - happens to both sides alike.
//
// On one device a lane does a frame's way through both networks. Where the second model has a device of its own, the first one's lanes hand
// frames on to it and both devices work at once.
#include "pipeline-private.h"

#include "engine/devices/busy.h"
#include "engine/devices/device.h"

gboolean
_sq_pipeline_pair_add_devices (SqPipeline *self, char *const *ids, GError **error)
{
  const char *wanted = self->options.other_device;
  g_auto (GStrv) other = wanted != NULL ? sq_device_parse_list (wanted, error) : NULL;
  guint n = self->options.parallel == SQ_PARALLEL_SINGLE ? 1 : g_strv_length ((char **) ids);

  if (wanted != NULL && other == NULL)
    return FALSE;
  if (other != NULL && other[1] != NULL)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_NO_DEVICE, "A comparison's second model runs on one device, not on %s: name one.", wanted);
      return FALSE;
    }
  for (guint i = 0; i < n; i++)
    _sq_pipeline_add_device (self, ids[i]);
  if (other != NULL && (n > 1 || !g_str_equal (other[0], ids[0])))
    _sq_pipeline_add_device (self, other[0])->second = TRUE;
  _sq_pipeline_settle (self, n > 1 ? SQ_PARALLEL_DATA : SQ_PARALLEL_SINGLE, NULL, "%s", "");
  self->frames_to_lanes = TRUE;
  return TRUE;
}

gboolean
_sq_pipeline_pair_is_ready (const SqPipeline *self)
{
  gboolean first = FALSE, second = self->options.other == NULL || !_sq_pipeline_has_second (self);

  for (guint i = 0; i < self->devices->len; i++)
    {
      const Device *device = pipeline_device (self, i);

      first = first || (device->ready > 0 && !device->second);
      second = second || (device->ready > 0 && device->second);
    }
  return first && second;
}

// Another device may go on with the same model; without one there is nothing to compare.
void
_sq_pipeline_pair_lost (SqPipeline *self, const Device *lost, const GError *error)
{
  for (guint i = 0; i < self->devices->len; i++)
    {
      const Device *device = pipeline_device (self, i);

      if (device->second == lost->second && !device->failed)
        return;
    }
  _sq_pipeline_fail_locked (self, g_error_copy (error));
}

static gboolean
same_input (const SqInputSpec *a, const SqInputSpec *b)
{
  gboolean same = a->width == b->width && a->height == b->height && a->fit == b->fit && a->resample == b->resample
                  && a->round_to_int == b->round_to_int && a->bgr == b->bgr && a->pad == b->pad;

  for (int i = 0; i < 3; i++)
    same = same && a->mean[i] == b->mean[i] && a->scale[i] == b->scale[i];
  return same;
}

static gboolean
run_first (SqPipeline *self, SqDetector *detector, Item *item, GError **error)
{
  item->result = sq_detector_run (detector, item->job, error);
  if (item->result == NULL)
    return FALSE;
  _sq_pipeline_meter (self, SQ_STAGE_PREPROCESS, item->job);
  _sq_pipeline_meter (self, SQ_STAGE_INFER, item->job);
  if (!same_input (&self->model->input, &self->options.other->input))
    sq_detector_job_reset (item->job);
  return TRUE;
}

// An input that suits both is made once, and its time told for both: alone, each would have had to make it.
static gboolean
run_second (SqPipeline *self, SqDetector *detector, Item *item, GError **error)
{
  g_autoptr (SqDetectorJob) job = sq_detector_job_new (sq_frame_ref (item->job->frame));

  if (item->job->input != NULL)
    {
      job->input = sq_tensor_ref (item->job->input);
      job->transform = item->job->transform;
      job->stage_ns[SQ_STAGE_PREPROCESS] = item->job->stage_ns[SQ_STAGE_PREPROCESS];
    }
  item->result->other = sq_detector_run (detector, job, error);
  if (item->result->other == NULL)
    return FALSE;
  sq_detector_job_reset (item->job);
  g_mutex_lock (&self->lock);
  for (int s = SQ_STAGE_PREPROCESS; s < SQ_N_STAGES; s++)
    sq_meter_add_other_stage (&self->meter, s, job->stage_ns[s]);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

// Errors say which of the two models they are about.
static void
explain (const SqModel *model, const Lane *lane, GError **error)
{
  g_prefix_error (error, "“%s” cannot run on %s, choose another device or model for the comparison: ", model->name, lane->device->id);
}

static gboolean
do_frame (SqPipeline *self, Lane *lane, SqDetector *first, SqDetector *second, Item *item, GError **error)
{
  gint64 start = g_get_monotonic_time ();
  gboolean done = TRUE;

  sq_device_busy_begin (lane->device->id);
  if (first != NULL && !(done = run_first (self, first, item, error)))
    explain (self->model, lane, error);
  if (done && second != NULL && !(done = run_second (self, second, item, error)))
    explain (self->options.other, lane, error);
  sq_device_busy_end (lane->device->id);
  if (done)
    _sq_pipeline_lane_done (self, lane, (g_get_monotonic_time () - start) * 1000);
  return done;
}

static SqDetector *
build (SqPipeline *self, Lane *lane, gboolean other, GError **error)
{
  SqDetector *detector = _sq_pipeline_build (self, lane, other, error);

  if (detector == NULL)
    explain (other ? self->options.other : self->model, lane, error);
  return detector;
}

void
_sq_pipeline_pair (SqPipeline *self, int index)
{
  Lane *lane;
  GError *error = NULL;
  SqDetector *first = NULL, *second = NULL;
  Item *item = NULL;
  gboolean hands_on, takes_on;

  g_mutex_lock (&self->lock);
  lane = pipeline_lane (self, index);
  takes_on = lane->device->second;
  hands_on = !takes_on && _sq_pipeline_has_second (self);
  g_mutex_unlock (&self->lock);
  _sq_pipeline_lane_begin (lane);
  if (!takes_on)
    first = build (self, lane, FALSE, &error);
  if (!hands_on && error == NULL)
    second = build (self, lane, TRUE, &error);
  if (error == NULL)
    _sq_pipeline_lane_ready (self, lane);
  while (error == NULL && (item = takes_on ? _sq_pipeline_take_part (self, 1) : _sq_pipeline_take (self, lane)) != NULL)
    if (item->job != NULL && !do_frame (self, lane, first, second, item, &error))
      break;
    else if (hands_on && item->job != NULL)
      _sq_pipeline_hand_on (self, 0, item);
    else
      _sq_pipeline_push (self, SQ_STAGE_POST, item);
  g_clear_pointer (&first, sq_detector_free);
  g_clear_pointer (&second, sq_detector_free);
  _sq_pipeline_lane_end (self, lane, item, error);
}
