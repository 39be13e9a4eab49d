// SPDX-License-Identifier: GPL-3.0-or-later
// Lanes that do whole frames, and what happens when one ends: its frame goes back into the queue, the others go on, and where none is left
// the CPU takes over.
#include "pipeline-private.h"

#include "engine/devices/busy.h"
#include "engine/devices/device.h"
#include <string.h>
#include <sys/resource.h>

#define LANE_NICE 5        // lanes take every core there is; the window's main loop, the decoder and the output must not queue behind them
#define GPU_LANES 2        // one frame is copied while the other is computed
#define STAND_IN_US 300000 // a device that is built sooner needs no stand-in

Device *
_sq_pipeline_add_device (SqPipeline *self, const char *id)
{
  Device *device = g_new0 (Device, 1);

  device->id = g_intern_string (id);
  g_ptr_array_add (self->devices, device);
  return device;
}

// The CPU works until the first device is built: plans for a GPU may take minutes the first time.
static void
add_stand_in (SqPipeline *self)
{
  Device *cpu;

  for (guint i = 0; i < self->devices->len; i++)
    {
      const SqBackend *backend;
      int index;

      sq_backend_parse (pipeline_device (self, i)->id, &backend, &index, NULL);
      if (!backend->takes_frames)
        return;
    }
  cpu = _sq_pipeline_add_device (self, "cpu");
  cpu->stand_in = cpu->unasked = TRUE;
}

// FALSE for a stand-in whose devices were quicker.
static gboolean
is_needed (SqPipeline *self, const Device *device)
{
  gint64 until = g_get_monotonic_time () + STAND_IN_US;
  gboolean needed;

  g_mutex_lock (&self->lock);
  while (device->stand_in && !self->relieved && !_sq_pipeline_over (self) && g_cond_wait_until (&self->changed, &self->lock, until))
    ;
  needed = !device->stand_in || !self->relieved;
  g_mutex_unlock (&self->lock);
  return needed;
}

static gboolean
is_cpu (const char *id)
{
  return g_str_equal (id, "cpu") || sq_device_core (id) >= 0;
}

gboolean
_sq_pipeline_add_devices (SqPipeline *self, GError **error)
{
  g_auto (GStrv) ids = sq_device_parse_list (self->options.devices, error);
  guint n = ids != NULL ? g_strv_length (ids) : 0;

  if (ids == NULL)
    return FALSE;
  if (n >= SQ_MAX_DEVICES) // one place is the CPU's that takes over
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_NO_DEVICE, "%u devices are too many for one run: name at most %d.", n, SQ_MAX_DEVICES - 1);
      return FALSE;
    }
  if (self->options.other != NULL)
    return _sq_pipeline_pair_add_devices (self, ids, error);
  if (n == 1)
    _sq_pipeline_settle (self, SQ_PARALLEL_SINGLE, NULL, "%s", "There is one device: nothing to divide.");
  else if (self->options.parallel == SQ_PARALLEL_AUTO)
    _sq_pipeline_settle (self, SQ_PARALLEL_AUTO, NULL, "%s", "Too few frames yet to measure what is fastest: all devices work.");
  else
    _sq_pipeline_settle (self, self->options.parallel, NULL, "%s", "");
  for (guint i = 0; i < (self->parallel == SQ_PARALLEL_SINGLE ? 1 : n); i++)
    {
      const SqBackend *backend;
      int index;

      _sq_pipeline_add_device (self, ids[i]);
      sq_backend_parse (ids[i], &backend, &index, NULL); // the list is good
      self->frames_to_lanes = self->frames_to_lanes || n > 1 || backend->takes_frames || sq_device_core (ids[i]) >= 0;
    }
  if (self->parallel == SQ_PARALLEL_PIPELINE)
    self->frames_to_lanes = FALSE;
  else
    add_stand_in (self);
  return TRUE;
}

void
_sq_pipeline_lane_ready (SqPipeline *self, Lane *lane)
{
  g_mutex_lock (&self->lock);
  lane->device->ready++;
  self->relieved = self->relieved || !lane->device->stand_in;
  if (!self->ready && _sq_pipeline_pair_is_ready (self))
    {
      self->ready = TRUE;
      if (!_sq_pipeline_over (self))
        _sq_pipeline_set_state (self, self->paused ? SQ_PIPELINE_PAUSED : SQ_PIPELINE_RUNNING);
    }
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
_sq_pipeline_lane_done (SqPipeline *self, Lane *lane, gint64 ns)
{
  Device *device = lane->device;

  g_mutex_lock (&self->lock);
  lane->since_ns = 0;
  device->frames++;
  device->busy_ns += ns;
  sq_pace_add (&device->pace, ns);
  _sq_pipeline_trial (self, device);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

// Called with the lock held. Lanes that take or will take frames, the stand-in's apart.
static guint
count_lanes (const SqPipeline *self)
{
  guint n = 0;

  for (guint i = 0; i < self->lanes->len; i++)
    n += !pipeline_lane (self, i)->ended && !pipeline_lane (self, i)->device->failed && !pipeline_lane (self, i)->device->stand_in;
  return n;
}

// Called with the lock held: the last device is gone.
static void
take_over (SqPipeline *self, GError *error)
{
  Device *cpu = NULL;

  for (guint i = 0; i < self->devices->len; i++)
    if ((is_cpu (pipeline_device (self, i)->id) && !pipeline_device (self, i)->stand_in)
        || (!self->relieved && g_error_matches (error, SQ_ERROR, SQ_ERROR_NO_DEVICE)))
      {
        _sq_pipeline_fail_locked (self, g_error_copy (error)); // the CPU itself, or nothing that was asked for exists
        return;
      }
  _sq_pipeline_settle (self, SQ_PARALLEL_SINGLE, NULL, "%s", "No other device is left: the CPU does all frames.");
  for (guint i = 0; i < self->devices->len; i++)
    if (pipeline_device (self, i)->stand_in)
      cpu = pipeline_device (self, i);
  if (cpu == NULL)
    cpu = _sq_pipeline_add_device (self, "cpu");
  cpu->unasked = TRUE;
  cpu->stand_in = FALSE;
  _sq_pipeline_start_lanes (self);
}

// Called with the lock held. Lanes that do parts do not count.
static gboolean
has_lanes (const SqPipeline *self, const Device *device)
{
  for (guint i = 0; i < self->lanes->len; i++)
    if (pipeline_lane (self, i)->device == device && pipeline_lane (self, i)->part < 0 && !pipeline_lane (self, i)->ended)
      return TRUE;
  return FALSE;
}

static void start_device (SqPipeline *self, Device *device);

// Called with the lock held. Parts cannot go on without one of them: the devices that are left do whole frames.
static void
break_chain (SqPipeline *self)
{
  if (self->chain_broken)
    return;
  self->chain_broken = TRUE;
  for (int i = 0; i < SQ_MAX_DEVICES; i++)
    for (Item *item; (item = g_queue_pop_head (&self->chain_queue[i])) != NULL;)
      _sq_pipeline_give_back (self, item);
  _sq_pipeline_settle (self, SQ_PARALLEL_DATA, NULL, "%s", "The pipeline lost a device: the others do whole frames.");
  self->frames_to_lanes = TRUE;
  _sq_pipeline_start_lanes (self);
}

// Called with the lock held: the lane's device is lost.
static void
go_on_without (SqPipeline *self, const Lane *lane, GError *error)
{
  if (lane->part >= 0)
    break_chain (self);
  if (count_lanes (self) == 0 && self->parallel == SQ_PARALLEL_AUTO && g_error_matches (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY))
    _sq_pipeline_start_chain (self);
  else if (count_lanes (self) == 0)
    take_over (self, error);
}

void
_sq_pipeline_lane_end (SqPipeline *self, Lane *lane, Item *item, GError *error)
{
  Device *device = lane->device;

  g_mutex_lock (&self->lock);
  lane->ended = TRUE;
  lane->since_ns = 0;
  device->lanes--;
  device->ready = MIN (device->ready, device->lanes);
  if (item != NULL)
    _sq_pipeline_give_back (self, item);
  if (error != NULL && !_sq_pipeline_over (self) && !device->failed
      && (device->lanes == 0 || lane->part >= 0 || g_error_matches (error, SQ_ERROR, SQ_ERROR_DEVICE_LOST)))
    {
      g_autofree char *message = g_strdup_printf ("%s failed: %s", device->id, error->message);

      device->failed = TRUE;
      if (self->solo == device)
        _sq_pipeline_settle (self, SQ_PARALLEL_DATA, NULL, "%s", "The fastest device failed: all others work.");
      if (self->options.other != NULL)
        _sq_pipeline_pair_lost (self, device, error);
      else
        go_on_without (self, lane, error);
      if (!_sq_pipeline_over (self))
        _sq_pipeline_tell (self, SQ_PIPELINE_DEVICE_FAILED, message);
    }
  else if (error == NULL && !_sq_pipeline_over (self) && !device->failed && !device->stand_in && lane->part < 0
           && !has_lanes (self, device))
    start_device (self, device); // a stand-in went home in the moment it was asked to stay
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  g_clear_error (&error);
}

// A frame on this lane: all of its way, or just the network. FALSE with an error: the device did not do it.
static gboolean
do_frame (SqPipeline *self, Lane *lane, SqDetector *detector, Item *item, GError **error)
{
  gint64 start = g_get_monotonic_time ();
  gboolean whole = item->job->input == NULL, done;

  sq_device_busy_begin (lane->device->id);
  if (whole)
    done = (item->result = sq_detector_run (detector, item->job, error)) != NULL;
  else
    done = sq_detector_infer (detector, item->job, error);
  sq_device_busy_end (lane->device->id);
  if (!done)
    return FALSE;
  if (whole)
    {
      _sq_pipeline_meter (self, SQ_STAGE_PREPROCESS, item->job);
      sq_detector_job_reset (item->job); // it may wait for its turn: small
    }
  _sq_pipeline_meter (self, SQ_STAGE_INFER, item->job);
  _sq_pipeline_lane_done (self, lane, (g_get_monotonic_time () - start) * 1000);
  return TRUE;
}

typedef struct
{
  SqPipeline *pipeline;
  Device *device;
  double from, share; // of what the lane builds
} Building;

static void
building (double fraction, gpointer data)
{
  const Building *b = data;

  g_mutex_lock (&b->pipeline->lock);
  b->device->built = MAX (b->device->built, b->from + b->share * fraction);
  g_mutex_unlock (&b->pipeline->lock);
}

// The lanes of a GPU are built one after another: the later ones find the first one's plans.
static void
set_building (SqPipeline *self, Device *device, gboolean building)
{
  g_mutex_lock (&self->lock);
  while (building && device->building)
    g_cond_wait (&self->changed, &self->lock);
  device->building = building;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

SqDetector *
_sq_pipeline_build (SqPipeline *self, const Lane *lane, gboolean other, GError **error)
{
  gboolean both = self->options.other != NULL && lane->part < 0 && !_sq_pipeline_has_second (self);
  Building b = { self, lane->device, both && other ? .5 : 0, both ? .5 : 1 };
  SqPrecision precision = other ? self->options.other_precision : self->options.precision;
  SqFilter filter = self->options.filter != NULL ? *self->options.filter : SQ_FILTER_DEFAULT;
  const SqBackend *backend;
  SqDetector *detector;
  int index;

  if (self->options.track)
    filter.confidence = MIN (filter.confidence, SQ_TRACK_LOW_SCORE); // the tracker looks at what is nearly an object, too
  sq_backend_parse (lane->device->id, &backend, &index, NULL);
  if (backend->takes_frames)
    set_building (self, lane->device, TRUE);
  detector = sq_detector_new (other ? self->options.other : self->model,
                              &(SqDetectorOptions){ .device = lane->device->id,
                                                    .threads = lane->threads,
                                                    .floor = self->options.floor,
                                                    .filter = self->options.filter != NULL ? &filter : NULL,
                                                    .precision = lane->device->unasked ? SQ_PRECISION_AUTO : precision,
                                                    .cancellable = self->cancellable,
                                                    .progress = building,
                                                    .progress_data = &b },
                              error);
  if (backend->takes_frames)
    set_building (self, lane->device, FALSE);
  if (detector != NULL)
    {
      g_mutex_lock (&self->lock);
      self->memory[other ? 1 : 0] = sq_detector_get_memory (detector);
      g_mutex_unlock (&self->lock);
    }
  return detector;
}

void
_sq_pipeline_lane_begin (const Lane *lane)
{
  setpriority (PRIO_PROCESS, 0, LANE_NICE); // on Linux: of this thread alone
  sq_device_pin (lane->device->id);
}

static void
lane_main (SqPipeline *self, int index)
{
  Lane *lane;
  GError *error = NULL;
  SqDetector *detector = NULL;
  Item *item = NULL;

  g_mutex_lock (&self->lock);
  lane = pipeline_lane (self, index);
  g_mutex_unlock (&self->lock);
  _sq_pipeline_lane_begin (lane);
  if (is_needed (self, lane->device))
    detector = _sq_pipeline_build (self, lane, FALSE, &error);
  if (detector != NULL)
    _sq_pipeline_lane_ready (self, lane);
  while (detector != NULL && (item = _sq_pipeline_take (self, lane)) != NULL)
    if (item->job != NULL && !do_frame (self, lane, detector, item, &error))
      break;
    else
      _sq_pipeline_push (self, SQ_STAGE_POST, item);
  g_clear_pointer (&detector, sq_detector_free);
  _sq_pipeline_lane_end (self, lane, item, error);
}

static void
start_device (SqPipeline *self, Device *device)
{
  const SqBackend *backend;
  int index, n, threads = 1, cores = self->options.threads > 0 ? self->options.threads : (int) g_get_num_processors ();

  sq_backend_parse (device->id, &backend, &index, NULL);
  if (g_str_equal (device->id, "cpu"))
    {
      n = self->options.lanes > 0 ? self->options.lanes : cores;
      threads = self->options.lanes > 0 ? MAX (cores / n, 1) : 1;
    }
  else if (sq_device_core (device->id) >= 0)
    n = 1;
  else
    n = self->options.lanes > 0 ? self->options.lanes : backend->takes_frames ? GPU_LANES : 1;

  for (int i = 0; i < CLAMP (n, 1, MAX_LANES); i++)
    {
      Lane *lane = g_new0 (Lane, 1);

      *lane = (Lane){ .device = device, .part = device->second ? 1 : -1, .threads = threads };
      device->lanes++;
      g_ptr_array_add (self->lanes, lane);
      _sq_pipeline_start_worker (self, "sq-infer", self->options.other != NULL ? _sq_pipeline_pair : lane_main, (int) self->lanes->len - 1);
    }
}

void
_sq_pipeline_start_lanes (SqPipeline *self)
{
  for (guint i = 0; i < self->devices->len; i++)
    if (!pipeline_device (self, i)->failed && !has_lanes (self, pipeline_device (self, i)))
      start_device (self, pipeline_device (self, i));
}
