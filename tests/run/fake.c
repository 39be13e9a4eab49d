// SPDX-License-Identifier: GPL-3.0-or-later
// Runs on simulated GPUs, through the CUDA backend: 1 to 8 of them, one slow, one that dies at its n-th operation, one without memory.
#include "engine/devices/device.h"
#include "engine/run/pipeline.h"
#include "tests/fake/gpu.h"
#include "tests/media/make-media.h"
#include "tiny.h"

#include <string.h>

#define N_PICTURES 60

static char *folder;
static SqModel *model;
static GPtrArray *pictures; // paths and NULL

typedef struct
{
  gint64 n;
  gboolean ordered;
  guint device_failures;
  char *message; // of the first
} Seen;

static void
on_result (SqResult *result, gpointer data)
{
  Seen *seen = data;

  seen->ordered = seen->ordered && result->frame->index == seen->n++;
}

static void
on_device_failed (SqPipeline *pipeline, const char *message, Seen *seen)
{
  if (seen->device_failures++ == 0)
    seen->message = g_strdup (message);
}

// All pictures on the devices of `config`; every one comes, once, in order, and nothing of a device is left behind.
static void
detect (const SqFakeGpuConfig *config, const char *devices, SqParallel mode, Seen *seen, SqPipelineStats *stats)
{
  SqPipelineOptions options = { .paths = (const char *const *) pictures->pdata, .devices = devices, .parallel = mode, .threads = 2 };
  g_autoptr (GError) error = NULL;
  SqPipeline *pipeline;

  *seen = (Seen){ .ordered = TRUE };
  sq_gpu_set_api (sq_fake_gpu_open (config));
  pipeline = sq_pipeline_new (model, &options);
  sq_pipeline_add_sink (pipeline, on_result, seen, NULL);
  g_signal_connect (pipeline, "device-failed", G_CALLBACK (on_device_failed), seen);
  sq_pipeline_start (pipeline);
  g_assert_true (sq_pipeline_wait (pipeline, &error));
  g_assert_no_error (error);
  sq_pipeline_get_stats (pipeline, stats);
  sq_pipeline_stop (pipeline);
  sq_pipeline_wait (pipeline, NULL);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_object_unref (pipeline);
  sq_gpu_set_api (NULL);
  g_assert_cmpint (sq_fake_gpu_close (), ==, 0);
  g_assert_cmpint (seen->n, ==, N_PICTURES);
  g_assert_true (seen->ordered);
}

static char *
names (int n)
{
  GString *s = g_string_new ("fake:0");

  for (int i = 1; i < n; i++)
    g_string_append_printf (s, ",fake:%d", i);
  return g_string_free (s, FALSE);
}

static void
test_counts (void)
{
  for (int n = 1; n <= 8; n *= 2)
    {
      SqFakeGpuConfig config = { .n_devices = n, .no_math = TRUE, .kernel_us = 300 };
      g_autofree char *devices = names (n);
      SqPipelineStats stats;
      guint64 done = 0;
      Seen seen;

      config.slower[0] = n > 1 ? 4 : 0;
      detect (&config, devices, SQ_PARALLEL_DATA, &seen, &stats);
      g_assert_cmpstr (seen.message, ==, NULL);
      for (guint i = 0; i < stats.n_devices; i++)
        done += stats.device[i].frames;
      g_assert_cmpuint (done, ==, N_PICTURES);
      g_test_message ("%d devices: the slow one did %" G_GUINT64_FORMAT " of %d", n, stats.device[0].frames, N_PICTURES);
    }
}

// It dies at the k-th thing it is asked to do: while the network is built, while it runs, or never.
static void
test_lost (void)
{
  for (guint k = 1; k < 1200; k += 1 + k / 8)
    {
      SqFakeGpuConfig config = { .n_devices = 2, .no_math = TRUE };
      SqPipelineStats stats;
      Seen seen;

      config.lose_at[1] = k;
      detect (&config, "fake:0,fake:1", SQ_PARALLEL_DATA, &seen, &stats);
      g_assert_cmpuint (seen.device_failures, <=, 1);
      if (seen.device_failures > 0)
        g_assert_nonnull (strstr (seen.message, "fake:1"));
      g_free (seen.message);
    }
}

// The only one dies: the CPU does the rest.
static void
test_only_one (void)
{
  for (guint k = 1; k < 400; k += 1 + k / 4)
    {
      SqFakeGpuConfig config = { .n_devices = 1, .no_math = TRUE };
      SqPipelineStats stats;
      Seen seen;

      config.lose_at[0] = k;
      detect (&config, "fake:0", SQ_PARALLEL_AUTO, &seen, &stats);
      g_assert_cmpuint (seen.device_failures, <=, 1);
      g_free (seen.message);
    }
}

static void
note_weakest (SqResult *result, gpointer data)
{
  g_autoptr (GArray) objects = sq_result_detections (result, &(SqFilter){ .confidence = .01f, .iou = .45f, .max_detections = 300 });

  for (guint i = 0; i < objects->len; i++)
    *(float *) data = MIN (*(float *) data, g_array_index (objects, SqDetection, i).score);
}

static float
find_weakest (gboolean track)
{
  const SqFilter filter = { .confidence = .9f, .iou = .45f, .max_detections = 300 };
  SqPipelineOptions options = { .paths = (const char *const *) pictures->pdata, .devices = "fake:0", .filter = &filter, .track = track };
  g_autoptr (GError) error = NULL;
  SqPipeline *pipeline;
  float weakest = 1;

  sq_gpu_set_api (sq_fake_gpu_open (&(SqFakeGpuConfig){ .n_devices = 1 }));
  pipeline = sq_pipeline_new (model, &options);
  sq_pipeline_add_sink (pipeline, note_weakest, &weakest, NULL);
  sq_pipeline_start (pipeline);
  g_assert_true (sq_pipeline_wait (pipeline, &error));
  sq_pipeline_stop (pipeline);
  sq_pipeline_wait (pipeline, NULL);
  g_object_unref (pipeline);
  sq_gpu_set_api (NULL);
  g_assert_cmpint (sq_fake_gpu_close (), ==, 0);
  return weakest;
}

// What a device filters itself keeps the weak boxes where objects are followed, and only there.
static void
test_weak (void)
{
  g_assert_cmpfloat (find_weakest (FALSE), >=, .9f);
  g_assert_cmpfloat (find_weakest (TRUE), <, .9f);
}

int
main (int argc, char **argv)
{
  g_autofree char *cache = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = make_folder ();
  cache = g_build_filename (folder, "cache", NULL);
  g_setenv ("XDG_CACHE_HOME", cache, TRUE); // no plans of an earlier run
  model = make_tiny_model (folder);
  pictures = g_ptr_array_new_with_free_func (g_free);
  for (int i = 0; i < N_PICTURES; i++)
    {
      g_autofree char *name = g_strdup_printf ("p%02d.ppm", i);

      g_ptr_array_add (pictures, make_ppm (folder, name, 20, 20));
    }
  g_ptr_array_add (pictures, NULL);
  g_test_add_func ("/fake/counts", test_counts);
  g_test_add_func ("/fake/lost", test_lost);
  g_test_add_func ("/fake/only-one", test_only_one);
  g_test_add_func ("/fake/weak", test_weak);
  status = g_test_run ();
  g_ptr_array_unref (pictures);
  sq_model_unref (model);
  remove_folder (folder);
  return status;
}
