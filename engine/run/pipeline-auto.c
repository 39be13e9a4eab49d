// SPDX-License-Identifier: GPL-3.0-or-later
// What "auto" does: the fastest device alone, then all of them, each for a moment on the run's own frames; whichever gives more stays.
#include "pipeline-private.h"

#include <stdarg.h>

#define LEAST_US 400000 // of a trial, with LEAST_FRAMES
#define LEAST_FRAMES 8
#define MOST_US 4000000 // with three frames
#define WORTH_IT 1.05   // all devices must give this much more than one

enum
{
  WARM,  // every device has done a frame, one of them three
  ALONE, // the fastest
  ALL,
  DONE,
};

void
_sq_pipeline_settle (SqPipeline *self, SqParallel mode, Device *solo, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  self->parallel = mode;
  self->solo = solo;
  self->reason = *text != '\0' ? g_intern_string (text) : NULL;
  self->trial.phase = mode == SQ_PARALLEL_AUTO ? WARM : DONE;
  g_cond_broadcast (&self->changed);
}

static Device *
fastest (const SqPipeline *self)
{
  Device *best = NULL;

  for (guint i = 0; i < self->devices->len; i++)
    {
      Device *device = pipeline_device (self, i);

      if (!device->failed && !device->stand_in && device->ready > 0
          && (best == NULL || (double) device->ready / device->pace.median > (double) best->ready / best->pace.median))
        best = device;
    }
  return best;
}

static gboolean
is_warm (const SqPipeline *self)
{
  guint64 most = 0;

  for (guint i = 0; i < self->devices->len; i++)
    {
      const Device *device = pipeline_device (self, i);

      if (!device->failed && !device->stand_in && device->pace.n == 0)
        return FALSE;
      most = MAX (most, device->pace.n);
    }
  return most >= 3;
}

// Counts frames from the first on; TRUE with their rate once there are enough.
static gboolean
measured (SqPipeline *self, double *fps)
{
  gint64 now = g_get_monotonic_time (), span = now - self->trial.since_us;

  if (self->trial.since_us == 0)
    {
      self->trial.since_us = now;
      self->trial.frames = 0;
      return FALSE;
    }
  self->trial.frames++;
  if (!(span >= LEAST_US && self->trial.frames >= LEAST_FRAMES) && !(span >= MOST_US && self->trial.frames >= 3))
    return FALSE;
  *fps = self->trial.frames * 1e6 / (double) span;
  self->trial.since_us = 0;
  return TRUE;
}

static void
decide (SqPipeline *self, double together)
{
  double alone = self->trial.alone;
  Device *solo = self->solo != NULL ? self->solo : fastest (self);
  guint n = 0;

  for (guint i = 0; i < self->devices->len; i++)
    n += !pipeline_device (self, i)->failed && !pipeline_device (self, i)->stand_in;
  if (together > WORTH_IT * alone || solo == NULL)
    _sq_pipeline_settle (self, SQ_PARALLEL_DATA, NULL,
                         "Data parallel: %u devices together do %.1f frames/s, %s alone %.1f; a pipeline would only pay for a network that "
                         "does not fit on one device.",
                         n, together, solo != NULL ? solo->id : "one", alone);
  else
    _sq_pipeline_settle (self, SQ_PARALLEL_SINGLE, solo, "Single: %s alone does %.1f frames/s, all %u together %.1f.", solo->id, alone, n,
                         together);
}

void
_sq_pipeline_trial (SqPipeline *self, const Device *device)
{
  double fps;

  switch (self->trial.phase)
    {
    case WARM:
      if (!is_warm (self))
        return;
      self->solo = fastest (self);
      self->trial.phase = ALONE;
      self->trial.since_us = 0;
      break;
    case ALONE:
      for (guint i = 0; i < self->lanes->len; i++) // until what the others had begun is done
        if (pipeline_lane (self, i)->device != self->solo && pipeline_lane (self, i)->since_ns != 0)
          return;
      if (device != self->solo || !measured (self, &self->trial.alone))
        return;
      self->solo = NULL;
      self->trial.phase = ALL;
      break;
    case ALL:
      if (measured (self, &fps))
        decide (self, fps);
      break;
    }
}
