// SPDX-License-Identifier: GPL-3.0-or-later
#include "timing.h"

#include "engine/devices/device.h"
#include "engine/run/detector.h"
#include <stdlib.h>

#define MAX_TURNS 10000
#define MIN_TURNS 9 // a median of fewer says little on a busy machine

typedef struct
{
  SqModel *models[2]; // original, variant
  const char *device;
  double seconds;
  GCancellable *cancellable;
  SqTimePair *pair;
  GError *error;
} Job;

// What is in the picture does not change how long a convolution takes.
static SqFrame *
make_frame (const SqModel *model)
{
  gsize size = (gsize) model->input.width * (gsize) model->input.height * 3;
  guint8 *pixels = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    pixels[i] = (guint8) ((i * 2654435761u) >> 24);
  return sq_frame_new (model->input.width, model->input.height, model->input.width * 3, pixels, "made up", 0, 0, g_free, pixels);
}

static gboolean
run_once (SqDetector *detector, SqFrame *frame, double *ms, GError **error)
{
  static const SqFilter filter = SQ_FILTER_DEFAULT;
  gint64 start = g_get_monotonic_time ();
  SqResult *result = sq_detector_detect (detector, sq_frame_ref (frame), error);

  if (result == NULL)
    return FALSE;
  g_array_unref (sq_result_detections (result, &filter)); // what the device has left to do of it
  sq_result_unref (result);
  *ms = (double) (g_get_monotonic_time () - start) / 1e3;
  return TRUE;
}

static int
compare (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static double
median (GArray *times)
{
  qsort (times->data, times->len, sizeof (double), compare);
  return g_array_index (times, double, times->len / 2);
}

static gboolean
measure (Job *job, SqDetector *const detectors[2], SqFrame *frame, GArray *const times[2])
{
  gint64 end = 0;

  for (guint turn = 0; turn < MAX_TURNS; turn++)
    {
      // the first turn warms caches and threads
      if (turn == 1)
        end = g_get_monotonic_time () + (gint64) (job->seconds * G_USEC_PER_SEC);
      if (turn > MIN_TURNS && g_get_monotonic_time () >= end)
        break;
      for (int k = 0; k < 2; k++)
        {
          int i = turn % 2 == 0 ? k : 1 - k; // neither is always the one that comes after the other
          double ms;

          if (g_cancellable_is_cancelled (job->cancellable))
            {
              g_set_error_literal (&job->error, SQ_ERROR, SQ_ERROR_CANCELLED, "Measuring was cancelled.");
              return FALSE;
            }
          if (!run_once (detectors[i], frame, &ms, &job->error))
            return FALSE;
          if (turn > 0)
            g_array_append_val (times[i], ms);
        }
    }
  return TRUE;
}

static gpointer
work (gpointer data)
{
  Job *job = data;
  SqFrame *frame = make_frame (job->models[0]); // the same for both, whatever input the variant has
  // one thread, as each of a run's lanes on the CPU has: a team waits for its slowest member, and that on a busy machine is anybody
  SqDetectorOptions options = { .device = job->device, .threads = 1, .cancellable = job->cancellable };
  SqDetector *detectors[2] = { NULL };
  GArray *times[2];
  gboolean done = TRUE;

  sq_device_pin (job->device);
  for (int i = 0; i < 2; i++)
    {
      times[i] = g_array_new (FALSE, FALSE, sizeof (double));
      done = done && (detectors[i] = sq_detector_new (job->models[i], &options, &job->error)) != NULL;
    }
  done = done && measure (job, detectors, frame, times);
  if (done)
    *job->pair = (SqTimePair){ median (times[0]), median (times[1]), times[0]->len };
  for (int i = 0; i < 2; i++)
    {
      g_clear_pointer (&detectors[i], sq_detector_free);
      g_array_unref (times[i]);
    }
  sq_frame_unref (frame);
  return GINT_TO_POINTER (done);
}

gboolean
sq_time_pair (SqModel *original, SqModel *variant, const char *device, double seconds, GCancellable *cancellable, SqTimePair *pair,
              GError **error)
{
  Job job = { { original, variant }, device != NULL ? device : "cpu", seconds, cancellable, pair, NULL };

  // one core as a device binds the thread that runs it: not the caller's
  if (g_thread_join (g_thread_new ("time-pair", work, &job)) != NULL)
    return TRUE;
  g_propagate_error (error, job.error);
  return FALSE;
}
