// SPDX-License-Identifier: GPL-3.0-or-later
#include "bench-parallel.h"

#include "engine/devices/device.h"
#include "engine/run/detector.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RUNS 100000

typedef struct
{
  double *ms;
  guint n;
} Times;

static int
compare (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static double
quantile (Times *t, double q)
{
  qsort (t->ms, t->n, sizeof t->ms[0], compare);
  return t->n > 0 ? t->ms[MIN ((guint) (q * t->n), t->n - 1)] : 0;
}

// A grey ramp with texture: what is in the picture does not change how long a convolution takes.
static SqFrame *
make_frame (int width, int height)
{
  guint8 *pixels = g_malloc ((gsize) width * height * 3);

  for (gsize i = 0; i < (gsize) width * height * 3; i++)
    pixels[i] = (guint8) ((i * 2654435761u) >> 24);
  return sq_frame_new (width, height, width * 3, pixels, "bench", 0, 0, g_free, pixels);
}

enum
{
  TIME_TOTAL, // frame to boxes
  TIME_PREPROCESS,
  TIME_INFER,
  TIME_POST,
  TIME_FORWARD, // the network alone by the device's clock
  N_TIMES,
};

static const SqFilter the_filter = SQ_FILTER_DEFAULT;

// One batch of the same frame; per picture.
static gboolean
measure_once (SqDetector *detector, SqFrame *frame, double ms[N_TIMES], GError **error)
{
  guint n = sq_detector_get_batch (detector);
  SqDetectorJob *jobs[SQ_MAX_BATCH];
  SqResult *results[SQ_MAX_BATCH];
  gint64 start = g_get_monotonic_time ();
  gboolean ok;

  for (guint i = 0; i < n; i++)
    jobs[i] = sq_detector_job_new (sq_frame_ref (frame));
  ok = sq_detector_run_batch (detector, jobs, n, results, error);
  for (guint i = 0; ok && i < n; i++) // what the device has left to do of it
    g_array_unref (sq_result_detections (results[i], &the_filter));
  ms[TIME_TOTAL] = (double) (g_get_monotonic_time () - start) / 1e3 / n;
  for (guint i = 0; i < n; i++)
    {
      if (ok)
        {
          ms[TIME_PREPROCESS] = (double) results[i]->stage_ns[SQ_STAGE_PREPROCESS] / 1e6;
          ms[TIME_INFER] = (double) results[i]->stage_ns[SQ_STAGE_INFER] / 1e6;
          ms[TIME_POST] = (double) results[i]->stage_ns[SQ_STAGE_POST] / 1e6;
          sq_result_unref (results[i]);
        }
      sq_detector_job_free (jobs[i]);
    }
  return ok;
}

static gboolean
measure (SqDetector *detector, SqFrame *frame, double seconds, Times times[N_TIMES], GError **error)
{
  g_autoptr (GError) refused = NULL;
  double ms[N_TIMES];
  gint64 end;

  for (int i = 0; i < 3; i++) // warm caches and threads
    if (!measure_once (detector, frame, ms, error))
      return FALSE;
  end = g_get_monotonic_time () + (gint64) (seconds * G_USEC_PER_SEC);
  while (times[0].n < MAX_RUNS && (times[0].n < 3 || g_get_monotonic_time () < end))
    {
      gboolean forward;

      if (!measure_once (detector, frame, ms, error))
        return FALSE;
      forward = sq_detector_forward_ms (detector, &ms[TIME_FORWARD], &refused);
      if (refused != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&refused));
          return FALSE;
        }
      for (int t = 0; t < (forward ? N_TIMES : TIME_FORWARD); t++)
        times[t].ms[times[t].n++] = ms[t] / (t == TIME_FORWARD ? sq_detector_get_batch (detector) : 1);
    }
  return TRUE;
}

static int
run (int argc, char **argv)
{
  g_autofree char *name = NULL, *family = NULL, *device = NULL, *precision = NULL, *format = NULL, *parallel = NULL;
  double seconds = 3;
  int batch = 1, threads = 0;
  gboolean layers = FALSE;
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &name, "model file or name", "MODEL" },
    { "family", 0, 0, G_OPTION_ARG_STRING, &family, "what the outputs mean, where the file does not say; none = measure without boxes",
      "ID" },
    { "device", 'd', 0, G_OPTION_ARG_STRING, &device, "device id; with --parallel several, with commas", "DEVICE" },
    { "parallel", 0, 0, G_OPTION_ARG_STRING, &parallel, "measure several devices against each alone: single, data, pipeline or auto",
      "MODE" },
    { "threads", 0, 0, G_OPTION_ARG_INT, &threads, "threads of the device, 0 = all cores", "N" },
    { "precision", 0, 0, G_OPTION_ARG_STRING, &precision, "auto (default), f32, half, int8 or fp8 (8-bit floats, on a GPU that has them)",
      "PRECISION" },
    { "batch", 0, 0, G_OPTION_ARG_INT, &batch, "pictures at once, on a device that takes them (1)", "N" },
    { "seconds", 's', 0, G_OPTION_ARG_DOUBLE, &seconds, "how long to measure (3)", "S" },
    { "layers", 0, 0, G_OPTION_ARG_NONE, &layers, "print what runs where", NULL },
    { "format", 'f', 0, G_OPTION_ARG_STRING, &format, "table (default) or json", "FORMAT" },
    { NULL },
  };
  static const char *const titles[N_TIMES] = { "frame to boxes", "preprocess", "network", "decode", "forward" };
  static const char *const keys[N_TIMES] = { "total", "preprocess", "infer", "post", "forward" };
  g_autoptr (SqModel) model = NULL;
  g_autoptr (SqDetector) detector = NULL;
  g_autoptr (GError) error = NULL;
  Times times[N_TIMES];
  SqPrecision numbers = SQ_PRECISION_AUTO;
  SqFrame *frame;
  gint64 start;
  double build_ms;
  SqParallel mode = SQ_PARALLEL_SINGLE;
  gboolean ok;

  if (!sq_cli_parse ("bench", NULL, "Measures a model on a device, or with --parallel on several.", entries, &argc, &argv))
    return SQ_EXIT_USAGE;
  if (argc > 1 || batch < 1 || batch > SQ_MAX_BATCH || !sq_precision_from_id (precision, &numbers) || !(seconds > 0) || seconds > 3600)
    {
      sq_cli_error (batch < 1 || batch > SQ_MAX_BATCH ? "--batch goes from 1 to %d."
                                                      : "Wrong arguments: 'squint-cli bench --help' explains them.",
                    SQ_MAX_BATCH);
      return SQ_EXIT_USAGE;
    }
  if (parallel == NULL && device != NULL && strchr (device, ',') != NULL)
    parallel = g_strdup ("auto");
  if (parallel != NULL && !sq_parallel_from_id (parallel, &mode))
    {
      sq_cli_error ("'%s' is no way to use several devices: use single, data, pipeline or auto.", parallel);
      return SQ_EXIT_USAGE;
    }
  model = sq_cli_load_model (name, family, TRUE);
  if (model == NULL)
    return SQ_EXIT_NOTHING;
  if (parallel != NULL)
    return sq_cli_bench_parallel (model, device, mode, seconds, g_strcmp0 (format, "json") == 0);
  sq_device_pin (device != NULL ? device : "cpu");
  start = g_get_monotonic_time ();
  detector = sq_detector_new (
      model, &(SqDetectorOptions){ .device = device, .threads = threads, .precision = numbers, .batch = batch, .filter = &the_filter },
      &error);
  build_ms = (double) (g_get_monotonic_time () - start) / 1e3;
  if (detector == NULL)
    {
      sq_cli_error ("%s", error->message);
      return SQ_EXIT_NOTHING;
    }
  if (sq_detector_get_note (detector) != NULL)
    sq_cli_error ("%s", sq_detector_get_note (detector));
  for (int s = 0; s < N_TIMES; s++)
    times[s] = (Times){ g_new (double, MAX_RUNS), 0 };
  frame = make_frame (1280, 720);
  ok = measure (detector, frame, seconds, times, &error);
  if (layers)
    {
      g_autofree char *text = sq_detector_describe (detector);

      fputs (text != NULL ? text : "", stdout);
    }
  if (!ok)
    sq_cli_error ("%s", error->message);
  else if (g_strcmp0 (format, "json") == 0)
    {
      printf ("{\"model\":\"%s\",\"device\":\"%s\",\"batch\":%u,\"runs\":%u,\"build_ms\":%.3f", model->sha256,
              sq_detector_get_device (detector), sq_detector_get_batch (detector), times[0].n, build_ms);
      for (int s = 0; s < N_TIMES; s++)
        if (times[s].n > 0)
          printf (",\"%s\":{\"p50_ms\":%.4f,\"p99_ms\":%.4f}", keys[s], quantile (&times[s], .5), quantile (&times[s], .99));
      printf (",\"gflop\":%.3f,\"parameters\":%" G_GUINT64_FORMAT "}\n", model->flop / 1e9, model->n_params);
    }
  else
    {
      printf ("%s on %s, %d x %d, batch %u, %u runs, built in %.0f ms; per picture:\n", model->name, sq_detector_get_device (detector),
              model->input.width, model->input.height, sq_detector_get_batch (detector), times[0].n, build_ms);
      for (int s = 1; s <= N_TIMES; s++)
        if (times[s % N_TIMES].n > 0)
          printf ("%-15s p50 %8.3f ms   p99 %8.3f ms\n", titles[s % N_TIMES], quantile (&times[s % N_TIMES], .5),
                  quantile (&times[s % N_TIMES], .99));
      printf ("%.1f frames/s, %.1f GFLOP/s in the network\n", 1e3 / quantile (&times[0], .5),
              model->flop / 1e6 / quantile (&times[times[TIME_FORWARD].n > 0 ? TIME_FORWARD : TIME_INFER], .5));
    }
  sq_frame_unref (frame);
  for (int s = 0; s < N_TIMES; s++)
    g_free (times[s].ms);
  return ok ? SQ_EXIT_OK : SQ_EXIT_NOTHING;
}

const SqCommand sq_command_bench = { "bench", "measure a model on a device", run };
