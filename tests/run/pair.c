// SPDX-License-Identifier: GPL-3.0-or-later
// Two models on the same frames: both results are of one frame, each is what its model says alone, and nothing that happens to a run -
// seeks, stops, lost devices - tears them apart.
#include "engine/engine.h"
#include "sim.h"
#include "tests/media/make-media.h"
#include "tiny.h"

#include <string.h>

#define FRAME_NS (40 * G_GINT64_CONSTANT (1000000)) // of the videos made here

static char *folder, *video;
static SqModel *model, *twin, *larger; // the twin has the same input
static GPtrArray *pictures;            // 50 paths and NULL

typedef struct
{
  GMutex lock;
  GCond cond;
  GPtrArray *results; // SqResult, in order of arrival
  char *failed;
  guint device_failures, finished;
} Seen;

static void
on_result (SqResult *result, gpointer data)
{
  Seen *seen = data;

  g_mutex_lock (&seen->lock);
  g_ptr_array_add (seen->results, sq_result_ref (result));
  g_cond_broadcast (&seen->cond);
  g_mutex_unlock (&seen->lock);
}

static void
on_failed (SqPipeline *pipeline, const char *message, Seen *seen)
{
  seen->failed = g_strdup (message);
}

static void
on_device_failed (SqPipeline *pipeline, const char *message, Seen *seen)
{
  seen->device_failures++;
}

static void
on_finished (SqPipeline *pipeline, Seen *seen)
{
  seen->finished++;
}

static void
unref_result (gpointer result)
{
  sq_result_unref (result);
}

static SqPipeline *
begin (Seen *seen, SqModel *first, const SqPipelineOptions *options)
{
  SqPipeline *pipeline = sq_pipeline_new (first, options);

  *seen = (Seen){ .results = g_ptr_array_new_with_free_func (unref_result) };
  g_mutex_init (&seen->lock);
  g_cond_init (&seen->cond);
  sq_pipeline_add_sink (pipeline, on_result, seen, NULL);
  g_signal_connect (pipeline, "failed", G_CALLBACK (on_failed), seen);
  g_signal_connect (pipeline, "device-failed", G_CALLBACK (on_device_failed), seen);
  g_signal_connect (pipeline, "finished", G_CALLBACK (on_finished), seen);
  sq_pipeline_start (pipeline);
  return pipeline;
}

static guint
count (Seen *seen)
{
  guint n;

  g_mutex_lock (&seen->lock);
  n = seen->results->len;
  g_mutex_unlock (&seen->lock);
  return n;
}

static void
await (Seen *seen, guint n)
{
  gint64 end = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;

  g_mutex_lock (&seen->lock);
  while (seen->results->len < n)
    g_assert_true (g_cond_wait_until (&seen->cond, &seen->lock, end)); // a hang, not slowness
  g_mutex_unlock (&seen->lock);
}

static const SqResult *
nth (Seen *seen, guint i)
{
  const SqResult *result;

  g_mutex_lock (&seen->lock);
  result = g_ptr_array_index (seen->results, i);
  g_mutex_unlock (&seen->lock);
  return result;
}

static void
end (SqPipeline *pipeline, Seen *seen, SqPipelineStats *stats)
{
  gpointer weak = pipeline;

  if (stats != NULL)
    sq_pipeline_get_stats (pipeline, stats);
  sq_pipeline_stop (pipeline);
  sq_pipeline_wait (pipeline, NULL);
  while (g_main_context_iteration (NULL, FALSE)) // what is still to be told
    ;
  g_object_add_weak_pointer (G_OBJECT (pipeline), &weak);
  g_object_unref (pipeline);
  for (int i = 0; weak != NULL && i < 10000; i++) // the last thread lets go
    g_usleep (500);
  g_assert_null (weak);
  for (guint i = 0; i < seen->results->len; i++)
    {
      const SqResult *result = nth (seen, i);

      g_assert_nonnull (result->other);
      g_assert_true (result->other->frame == result->frame);
      g_assert_null (result->other->other);
    }
}

static void
seen_clear (Seen *seen)
{
  g_ptr_array_unref (seen->results);
  g_free (seen->failed);
  g_mutex_clear (&seen->lock);
  g_cond_clear (&seen->cond);
}

// --- results
// ------------------------------------------------------------------------------------------------------------------------------------------

static SqPipelineOptions
options_for (const char *devices, const char *other_device, SqModel *other)
{
  return (SqPipelineOptions){ .paths = (const char *const *) pictures->pdata,
                              .devices = devices,
                              .other = other,
                              .other_device = other_device,
                              .threads = 2,
                              .floor = .3f };
}

static GPtrArray *
alone (SqModel *of)
{
  SqPipelineOptions options = options_for (NULL, NULL, NULL);
  SqPipeline *pipeline;
  GPtrArray *results;
  Seen seen;

  pipeline = begin (&seen, of, &options);
  g_assert_true (sq_pipeline_wait (pipeline, NULL));
  sq_pipeline_stop (pipeline);
  sq_pipeline_wait (pipeline, NULL);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_object_unref (pipeline);
  results = g_ptr_array_ref (seen.results);
  seen_clear (&seen);
  return results;
}

static void
check_equal (const SqResult *a, const SqResult *b)
{
  g_assert_cmpint (a->frame->index, ==, b->frame->index);
  g_assert_cmpint (a->frame->pts_ns, ==, b->frame->pts_ns);
  g_assert_cmpmem (a->candidates, a->n_candidates * sizeof (SqDetection), b->candidates, b->n_candidates * sizeof (SqDetection));
  g_assert_cmpint (a->nms_done, ==, b->nms_done);
}

static void
check_pair (SqModel *other, const char *devices, const char *other_device)
{
  SqPipelineOptions options = options_for (devices, other_device, other);
  g_autoptr (GPtrArray) first = alone (model), second = alone (other);
  SqPipelineStats stats;
  SqPipeline *pipeline;
  guint n_boxes = 0;
  Seen seen;

  pipeline = begin (&seen, model, &options);
  g_assert_true (sq_pipeline_wait (pipeline, NULL));
  end (pipeline, &seen, &stats);
  g_assert_cmpuint (seen.results->len, ==, 50);
  g_assert_cmpuint (first->len, ==, 50);
  g_assert_cmpuint (second->len, ==, 50);
  for (guint i = 0; i < 50; i++)
    {
      const SqResult *result = nth (&seen, i);

      g_assert_cmpint (result->frame->index, ==, i);
      check_equal (result, g_ptr_array_index (first, i));
      check_equal (result->other, g_ptr_array_index (second, i));
      g_assert_cmpstr (result->device, ==, devices != NULL ? devices : "cpu");
      g_assert_cmpstr (result->other->device, ==, other_device != NULL ? other_device : result->device);
      g_assert_cmpint (result->other->stage_ns[SQ_STAGE_INFER], >, 0);
      g_assert_cmpint (result->other->stage_ns[SQ_STAGE_PREPROCESS], >, 0);
      n_boxes += result->n_candidates + result->other->n_candidates;
    }
  g_assert_cmpuint (n_boxes, >, 50); // there is something to be equal
  for (int s = 0; s < SQ_N_STAGES; s++)
    {
      g_assert_cmpuint (stats.stage[s].count, ==, 50);
      g_assert_cmpuint (stats.other_stage[s].count, ==, s == SQ_STAGE_DECODE ? 0 : 50);
      g_assert_true (s == SQ_STAGE_DECODE || stats.other_stage[s].busy_ns > 0);
    }
  g_assert_cmpint (stats.lanes, ==, devices == NULL ? 2 : 1);
  g_assert_cmpuint (stats.n_devices, ==, other_device != NULL && g_strcmp0 (devices, other_device) != 0 ? 2 : 1);
  seen_clear (&seen);
}

static void
test_one_device (void)
{
  check_pair (twin, NULL, NULL);
  check_pair (larger, NULL, NULL);
  check_pair (model, NULL, NULL);
  check_pair (twin, "cpu:0", "cpu:0");
}

static void
test_two_devices (void)
{
  if (g_get_num_processors () < 2)
    {
      g_test_skip ("this process may use one core only");
      return;
    }
  check_pair (twin, "cpu:0", "cpu:1");
  check_pair (larger, "cpu:1", "cpu:0");
}

// The first device goes on while the second is at a frame.
static void
test_at_once (void)
{
  SqPipelineOptions options = options_for ("sim:0", "sim:1", twin);
  SqPipeline *pipeline;
  Seen seen;

  options.lanes = 1;
  sim_set (0, (SimDevice){ .fails_with = -1 });
  sim_set (1, (SimDevice){ .frame_us = 100000, .fails_with = -1 });
  pipeline = begin (&seen, model, &options);
  await (&seen, 3);
  g_assert_cmpint (sim_runs (0), >, sim_runs (1));
  end (pipeline, &seen, NULL);
  g_assert_cmpint (sim_runs (0), <, 50); // but not without bound
  seen_clear (&seen);
}

// --- controls
// -----------------------------------------------------------------------------------------------------------------------------------------

static void
test_pause_step_seek (gconstpointer data)
{
  const char *other_device = data;
  const char *const paths[] = { video, NULL };
  SqPipelineOptions options = {
    .paths = paths, .other = twin, .threads = 2, .realtime = TRUE, .devices = "sim:0", .other_device = other_device
  };
  SqPipeline *pipeline;
  guint n;
  Seen seen;

  sim_set (0, (SimDevice){ .frame_us = 1000, .fails_with = -1 });
  sim_set (1, (SimDevice){ .frame_us = 3000, .fails_with = -1 });
  pipeline = begin (&seen, model, &options);
  await (&seen, 3);
  sq_pipeline_set_paused (pipeline, TRUE);
  g_usleep (150000);
  n = count (&seen);
  g_usleep (300000); // eight frames' time
  g_assert_cmpuint (count (&seen), ==, n);

  sq_pipeline_step (pipeline, 1);
  await (&seen, n + 1);
  g_usleep (100000);
  g_assert_cmpuint (count (&seen), ==, n + 1);
  g_assert_cmpint (nth (&seen, n)->frame->index, ==, nth (&seen, n - 1)->frame->index + 1);
  sq_pipeline_step (pipeline, -1);
  await (&seen, n + 2);
  g_assert_cmpint (nth (&seen, n + 1)->frame->pts_ns, ==, nth (&seen, n - 1)->frame->pts_ns);
  sq_pipeline_seek (pipeline, 30 * FRAME_NS);
  await (&seen, n + 3);
  g_usleep (100000);
  g_assert_cmpuint (count (&seen), ==, n + 3);
  g_assert_cmpint (nth (&seen, n + 2)->frame->pts_ns, ==, 30 * FRAME_NS);

  sq_pipeline_set_paused (pipeline, FALSE);
  g_assert_true (sq_pipeline_wait (pipeline, NULL));
  n = count (&seen);
  sq_pipeline_seek (pipeline, 0); // a finished run plays again
  await (&seen, n + 1);
  g_assert_cmpint (nth (&seen, n)->frame->pts_ns, ==, 0);
  end (pipeline, &seen, NULL);
  seen_clear (&seen);
}

// Many seeks while frames are everywhere: the last one decides, and only whole pairs arrive.
static void
test_seek_storm (gconstpointer data)
{
  const char *const paths[] = { video, NULL };
  SqPipelineOptions options = { .paths = paths, .other = larger, .devices = "sim:0", .other_device = data };
  SqPipeline *pipeline;
  Seen seen;
  guint n;

  sim_set (0, (SimDevice){ .frame_us = 300, .fails_with = -1 });
  sim_set (1, (SimDevice){ .frame_us = 900, .fails_with = -1 });
  pipeline = begin (&seen, model, &options);
  await (&seen, 1);
  for (int i = 0; i < 50; i++)
    {
      sq_pipeline_seek (pipeline, (i * 7 % 50) * FRAME_NS);
      g_usleep (i % 5 * 700);
    }
  n = count (&seen);
  sq_pipeline_seek (pipeline, 50 * FRAME_NS);
  g_assert_true (sq_pipeline_wait (pipeline, NULL));
  end (pipeline, &seen, NULL);
  n = seen.results->len - n;
  g_assert_cmpuint (n, >=, 10);
  for (guint i = 0; i < 10; i++)
    g_assert_cmpint (nth (&seen, seen.results->len - 10 + i)->frame->pts_ns, ==, (50 + (gint64) i) * FRAME_NS);
  seen_clear (&seen);
}

static void
test_stop_early (void)
{
  const char *const paths[] = { video, NULL };

  for (int i = 0; i < 16; i++)
    {
      SqPipelineOptions options = {
        .paths = paths, .other = twin, .loop = TRUE, .devices = "sim:0", .other_device = i % 2 == 0 ? "sim:1" : NULL
      };
      SqPipeline *pipeline;
      Seen seen;

      sim_set (0, (SimDevice){ .frame_us = 500, .build_us = i < 8 ? 0 : 10000000, .fails_with = -1 }); // stopped while it builds
      sim_set (1, (SimDevice){ .frame_us = 2000, .fails_with = -1 });
      pipeline = begin (&seen, model, &options);
      g_usleep (i % 8 * 2000);
      end (pipeline, &seen, NULL);
      g_assert_null (seen.failed);
      seen_clear (&seen);
    }
}

// --- failures
// -----------------------------------------------------------------------------------------------------------------------------------------

// Runs until it fails; the message must hold all of `words`.
static void
check_failure (const SqPipelineOptions *options, const char *const *words)
{
  g_autoptr (GError) error = NULL;
  SqPipeline *pipeline;
  Seen seen;

  pipeline = begin (&seen, model, options);
  g_assert_false (sq_pipeline_wait (pipeline, &error));
  end (pipeline, &seen, NULL);
  g_assert_cmpstr (seen.failed, ==, error->message);
  for (guint i = 0; words[i] != NULL; i++)
    if (strstr (error->message, words[i]) == NULL)
      g_error ("\"%s\" does not say \"%s\"", error->message, words[i]);
  for (guint i = 0; i < seen.results->len; i++)
    g_assert_cmpint (nth (&seen, i)->frame->index, ==, i);
  seen_clear (&seen);
}

static void
test_second_fails (void)
{
  SqPipelineOptions options = options_for ("sim:0", "sim:1", twin);

  sim_set (0, (SimDevice){ .fails_with = -1 });
  sim_set (1, (SimDevice){ .fails_with = SQ_ERROR_OUT_OF_MEMORY });
  check_failure (&options, (const char *const[]){ "“twin”", "sim:1", "does not want to", NULL });
  sim_set (1, (SimDevice){ .dies_at = 12, .fails_with = -1 });
  check_failure (&options, (const char *const[]){ "“twin”", "sim:1", "died", NULL });
  options.devices = "cpu";
  sim_set (1, (SimDevice){ .dies_at = 1, .fails_with = -1 });
  check_failure (&options, (const char *const[]){ "“twin”", "sim:1", "died", NULL });
}

static void
test_first_fails (void)
{
  SqPipelineOptions options = options_for ("sim:0", "cpu", twin);

  sim_set (0, (SimDevice){ .dies_at = 12, .fails_with = -1 });
  check_failure (&options, (const char *const[]){ "“tiny”", "sim:0", "died", NULL });
  options.other_device = NULL;
  sim_set (0, (SimDevice){ .dies_at = 13, .fails_with = -1 });
  check_failure (&options, (const char *const[]){ "sim:0", "died", NULL });
}

static void
test_bad_devices (void)
{
  SqPipelineOptions options = options_for (NULL, "sim:0,sim:1", twin);

  check_failure (&options, (const char *const[]){ "sim:0,sim:1", "name one", NULL });
  options.other_device = "toaster";
  check_failure (&options, (const char *const[]){ "toaster", NULL });
}

// Both models on two devices, one of which dies: its frames are done by the other, as pairs, and none is missing.
static void
test_one_of_several_lost (void)
{
  SqPipelineOptions options = options_for ("sim:0,sim:1", NULL, twin);
  SqPipeline *pipeline;
  Seen seen;

  options.parallel = SQ_PARALLEL_PIPELINE; // of no use to a pair: both share the frames
  sim_set (0, (SimDevice){ .frame_us = 1000, .fails_with = -1 });
  sim_set (1, (SimDevice){ .frame_us = 1000, .dies_at = 7, .fails_with = -1 });
  pipeline = begin (&seen, model, &options);
  g_assert_true (sq_pipeline_wait (pipeline, NULL));
  end (pipeline, &seen, NULL);
  g_assert_cmpuint (seen.results->len, ==, 50);
  for (guint i = 0; i < 50; i++)
    g_assert_cmpint (nth (&seen, i)->frame->index, ==, i);
  g_assert_cmpuint (seen.device_failures, ==, 1);
  g_assert_null (seen.failed);
  seen_clear (&seen);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  sim_install ();
  folder = make_folder ();
  model = make_tiny_model (folder);
  twin = make_tiny_model_of (folder, "twin", 8, 32);
  larger = make_tiny_model_of (folder, "larger", 9, 64);
  video = make_video (folder, "v.avi", "mjpeg", "yuvj420p", 64, 48, 60, NULL, 1);
  pictures = g_ptr_array_new_with_free_func (g_free);
  for (int i = 0; i < 50; i++)
    {
      g_autofree char *name = g_strdup_printf ("p%02d.ppm", i);

      g_ptr_array_add (pictures, make_ppm (folder, name, 20 + i, 30 + i % 7));
    }
  g_ptr_array_add (pictures, NULL);
  g_test_add_func ("/run/pair/one-device", test_one_device);
  g_test_add_func ("/run/pair/two-devices", test_two_devices);
  g_test_add_func ("/run/pair/at-once", test_at_once);
  g_test_add_data_func ("/run/pair/pause-step-seek/one", NULL, test_pause_step_seek);
  g_test_add_data_func ("/run/pair/pause-step-seek/two", "sim:1", test_pause_step_seek);
  for (int i = 0; i < 10; i++) // what waits where differs every time
    {
      g_autofree char *one = g_strdup_printf ("/run/pair/seek-storm/one/%d", i), *two = g_strdup_printf ("/run/pair/seek-storm/two/%d", i);

      g_test_add_data_func (one, NULL, test_seek_storm);
      g_test_add_data_func (two, "sim:1", test_seek_storm);
    }
  g_test_add_func ("/run/pair/stop-early", test_stop_early);
  g_test_add_func ("/run/pair/second-fails", test_second_fails);
  g_test_add_func ("/run/pair/first-fails", test_first_fails);
  g_test_add_func ("/run/pair/bad-devices", test_bad_devices);
  g_test_add_func ("/run/pair/one-of-several-lost", test_one_of_several_lost);
  status = g_test_run ();
  sq_model_unref (model);
  sq_model_unref (twin);
  sq_model_unref (larger);
  g_ptr_array_unref (pictures);
  g_free (video);
  remove_folder (folder);
  return status;
}
