// SPDX-License-Identifier: GPL-3.0-or-later
// Several devices: frames leave in order, none is lost, none comes twice, whatever becomes of the devices.
#include "engine/engine.h"
#include "engine/run/schedule.h"
#include "sim.h"
#include "tests/media/make-media.h"
#include "tiny.h"

#include <string.h>

// The sanitizers' own work is no device's.
#if !defined __SANITIZE_THREAD__ && !defined __SANITIZE_ADDRESS__
#define JUDGE_TIMES
#endif

static char *folder;
static SqModel *model;
static SqFrame *frame;
static GPtrArray *pictures; // 80 paths and NULL

typedef struct
{
  GMutex lock;
  GCond cond;
  gint64 n;                       // results
  gboolean ordered;               // indices 0, 1, 2 ...
  gint64 first_us, last_us, mark; // when the results `mark` and the last one came
  char *failed;
  GPtrArray *device_failures; // messages
} Seen;

static void
on_result (SqResult *result, gpointer data)
{
  Seen *seen = data;

  g_mutex_lock (&seen->lock);
  seen->ordered = seen->ordered && result->frame->index == seen->n;
  if (seen->n++ == seen->mark)
    seen->first_us = g_get_monotonic_time ();
  seen->last_us = g_get_monotonic_time ();
  g_cond_broadcast (&seen->cond);
  g_mutex_unlock (&seen->lock);
}

static void
on_device_failed (SqPipeline *pipeline, const char *message, Seen *seen)
{
  g_ptr_array_add (seen->device_failures, g_strdup (message));
}

static void
on_failed (SqPipeline *pipeline, const char *message, Seen *seen)
{
  seen->failed = g_strdup (message);
}

static SqPipeline *
begin (Seen *seen, const SqPipelineOptions *options)
{
  SqPipeline *pipeline = sq_pipeline_new (model, options);

  *seen = (Seen){ .ordered = TRUE, .device_failures = g_ptr_array_new_with_free_func (g_free) };
  g_mutex_init (&seen->lock);
  g_cond_init (&seen->cond);
  sq_pipeline_add_sink (pipeline, on_result, seen, NULL);
  g_signal_connect (pipeline, "device-failed", G_CALLBACK (on_device_failed), seen);
  g_signal_connect (pipeline, "failed", G_CALLBACK (on_failed), seen);
  sq_pipeline_start (pipeline);
  return pipeline;
}

static void
await (Seen *seen, gint64 n)
{
  gint64 end = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;

  g_mutex_lock (&seen->lock);
  while (seen->n < n)
    g_assert_true (g_cond_wait_until (&seen->cond, &seen->lock, end)); // a hang, not slowness
  g_mutex_unlock (&seen->lock);
}

static void
end (SqPipeline *pipeline, Seen *seen, SqPipelineStats *stats)
{
  sq_pipeline_get_stats (pipeline, stats);
  sq_pipeline_stop (pipeline);
  sq_pipeline_wait (pipeline, NULL);
  while (g_main_context_iteration (NULL, FALSE)) // what is still to be told
    ;
  g_object_unref (pipeline);
  g_assert_true (seen->ordered);
}

static void
seen_clear (Seen *seen)
{
  g_ptr_array_unref (seen->device_failures);
  g_free (seen->failed);
  g_mutex_clear (&seen->lock);
  g_cond_clear (&seen->cond);
}

static char *
names (int n)
{
  GString *s = g_string_new ("sim:0");

  for (int i = 1; i < n; i++)
    g_string_append_printf (s, ",sim:%d", i);
  return g_string_free (s, FALSE);
}

// Frames per second of `n` devices, device `slow` four times slower than the others (-1 none).
static double
rate (int n, int slow, int frames, SqPipelineStats *stats)
{
  g_autofree char *devices = names (n);
  SqPipelineOptions options = { .frame = frame, .devices = devices, .parallel = SQ_PARALLEL_DATA, .lanes = 1 };
  SqPipeline *pipeline;
  double fps;
  Seen seen;

  for (int i = 0; i < n; i++)
    sim_set (i, (SimDevice){ .frame_us = i == slow ? 80000 : 20000, .fails_with = -1 });
  pipeline = begin (&seen, &options);
  seen.mark = 4 * n;
  await (&seen, 4 * n + 1 + frames);
  end (pipeline, &seen, stats);
  fps = (double) frames * 1e6 / (double) (seen.last_us - seen.first_us);
  g_assert_cmpuint (seen.device_failures->len, ==, 0);
  seen_clear (&seen);
  return fps;
}

// A machine that is busy with other things spoils a measurement, a scheduler that is wrong spoils all of them.
#define ATTEMPTS 4

static void
test_equal (void)
{
  SqPipelineStats stats;
  double best = 0;

  for (int attempt = 0; attempt < ATTEMPTS && best < .95; attempt++)
    {
      double one = rate (1, -1, 50, &stats);

      for (int n = 2; n <= 8; n *= 2)
        {
          double fps = rate (n, -1, 50 * n, &stats);

          g_test_message ("%d devices: %.1f frames/s, efficiency %.3f", n, fps, fps / n / one);
          for (int i = 0; i < n; i++)
            g_assert_cmpuint (stats.device[i].frames, >, stats.frames / n * 7 / 10);
          best = n == 8 ? MAX (best, fps / n / one) : best;
        }
    }
#ifdef JUDGE_TIMES
  g_assert_cmpfloat (best, >=, .95);
#endif
}

// A device four times slower gets a fourth of what the others get, and holds nobody up.
static void
test_slow (void)
{
  for (int n = 2; n <= 8; n *= 2)
    {
      double best = 50 * (n - 1) + 12.5, fair = 12.5 / best;
      gboolean good = FALSE;

      for (int attempt = 0; attempt < ATTEMPTS && !good; attempt++)
        {
          SqPipelineStats stats;
          double fps = rate (n, 0, 50 * n, &stats), share = (double) stats.device[0].frames / (double) stats.frames;

          g_test_message ("%d devices, one slow: %.1f frames/s of %.1f, its share %.3f of %.3f", n, fps, best, share, fair);
          good = fps >= .9 * best && share >= .7 * fair && share <= 1.3 * fair;
        }
#ifdef JUDGE_TIMES
      g_assert_true (good);
#endif
    }
}

// One dies at its k-th frame: it is named, once, and its frame is done elsewhere.
static void
test_lost (gconstpointer data)
{
  SqPipelineOptions options = { .paths = (const char *const *) pictures->pdata,
                                .parallel = SQ_PARALLEL_DATA,
                                .lanes = 1 + GPOINTER_TO_INT (data) };
  g_autofree char *devices = names (3);

  options.devices = devices;
  for (int k = 1; k <= 40; k++)
    {
      SqPipelineStats stats;
      SqPipeline *pipeline;
      Seen seen;

      for (int i = 0; i < 3; i++)
        sim_set (i, (SimDevice){ .frame_us = 200, .dies_at = i == 1 ? k : 0, .fails_with = -1 });
      pipeline = begin (&seen, &options);
      await (&seen, 80);
      g_assert_true (sq_pipeline_wait (pipeline, NULL));
      end (pipeline, &seen, &stats);
      g_assert_cmpint (seen.n, ==, 80);
      g_assert_cmpuint (seen.device_failures->len, ==, sim_runs (1) >= k);
      if (sim_runs (1) >= k)
        g_assert_nonnull (strstr (seen.device_failures->pdata[0], "sim:1"));
      g_assert_cmpint (stats.device[1].failed, ==, sim_runs (1) >= k);
      g_assert_cmpuint (stats.device[0].frames + stats.device[1].frames + stats.device[2].frames, ==, 80);
      seen_clear (&seen);
    }
}

// They all die: the CPU does the rest, in a precision that it has.
static void
test_all_lost (void)
{
  SqPipelineOptions options = {
    .paths = (const char *const *) pictures->pdata, .parallel = SQ_PARALLEL_DATA, .threads = 2, .precision = SQ_PRECISION_FP8
  };

  for (int k = 1; k <= 12; k++)
    for (int n = 1; n <= 4; n *= 2)
      {
        g_autofree char *devices = names (n);
        SqPipelineStats stats;
        SqPipeline *pipeline;
        Seen seen;

        options.devices = devices;
        for (int i = 0; i < n; i++)
          sim_set (i, (SimDevice){ .frame_us = 100, .dies_at = k + i, .fails_with = -1 });
        pipeline = begin (&seen, &options);
        await (&seen, 80);
        end (pipeline, &seen, &stats);
        g_assert_cmpint (seen.n, ==, 80);
        g_assert_cmpuint (seen.device_failures->len, ==, n);
        g_assert_cmpstr (stats.device[n].id, ==, "cpu");
        g_assert_cmpuint (stats.device[n].frames, >, 0);
        g_assert_cmpint (stats.parallel, ==, SQ_PARALLEL_SINGLE);
        seen_clear (&seen);
      }
}

// Devices that cannot hold the network: named, the others go on; with none of them the CPU does.
static void
test_no_room (void)
{
  SqPipelineOptions options = { .paths = (const char *const *) pictures->pdata, .devices = "sim:0,sim:1", .parallel = SQ_PARALLEL_DATA };

  for (int both = 0; both < 2; both++)
    {
      SqPipelineStats stats;
      SqPipeline *pipeline;
      Seen seen;

      sim_set (0, (SimDevice){ .fails_with = SQ_ERROR_OUT_OF_MEMORY });
      sim_set (1, (SimDevice){ .frame_us = 100, .fails_with = both ? SQ_ERROR_OUT_OF_MEMORY : -1 });
      pipeline = begin (&seen, &options);
      await (&seen, 80);
      end (pipeline, &seen, &stats);
      g_assert_cmpint (seen.n, ==, 80);
      g_assert_cmpuint (seen.device_failures->len, ==, 1 + both);
      g_assert_cmpuint (stats.device[both ? 2 : 1].frames, ==, 80);
      seen_clear (&seen);
    }
}

// A run that asks for nothing but what is not there ends with the reason.
static void
test_not_there (void)
{
  static const char *const bad[] = { "sim:3", "nonsense", "cpu:9999", "cpu,cpu", "sim:x" };

  sim_set (3, (SimDevice){ .fails_with = SQ_ERROR_NO_DEVICE });
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      SqPipelineOptions options = { .paths = (const char *const *) pictures->pdata, .devices = bad[i] };
      g_autoptr (GError) error = NULL;
      SqPipelineStats stats;
      SqPipeline *pipeline;
      Seen seen;

      pipeline = begin (&seen, &options);
      g_assert_false (sq_pipeline_wait (pipeline, &error));
      g_assert_error (error, SQ_ERROR, SQ_ERROR_NO_DEVICE);
      end (pipeline, &seen, &stats);
      g_assert_nonnull (seen.failed);
      seen_clear (&seen);
    }
}

// The network in parts, on devices that die at any time.
static void
test_chain_lost (void)
{
  SqPipelineOptions options = {
    .paths = (const char *const *) pictures->pdata, .devices = "sim:0,sim:1,sim:2", .parallel = SQ_PARALLEL_PIPELINE, .lanes = 1
  };

  for (int k = 0; k <= 24; k++)
    {
      SqPipelineStats stats;
      SqPipeline *pipeline;
      Seen seen;

      for (int i = 0; i < 3; i++) // cutting runs each part four times
        sim_set (i, (SimDevice){ .frame_us = 100, .dies_at = i == k % 3 && k > 0 ? k + 2 : 0, .fails_with = -1 });
      pipeline = begin (&seen, &options);
      await (&seen, 80);
      end (pipeline, &seen, &stats);
      g_assert_cmpint (seen.n, ==, 80);
      g_assert_cmpuint (seen.device_failures->len, ==, k > 0);
      g_assert_cmpint (stats.parallel, ==, k > 0 ? SQ_PARALLEL_DATA : SQ_PARALLEL_PIPELINE);
      if (k == 0)
        for (int i = 0; i < 3; i++)
          g_assert_cmpuint (stats.device[i].frames, ==, 80);
      seen_clear (&seen);
    }
}

// Auto: equal devices work together; one that adds nothing is left out; where no device holds the network it is cut.
static void
test_auto (void)
{
  static const struct
  {
    int us[2];
    int fails_with;
    SqParallel mode;
  } cases[] = { { { 50000, 50000 }, -1, SQ_PARALLEL_DATA }, { { 20000, 1200000 }, -1, SQ_PARALLEL_SINGLE } };

  for (guint c = 0; c < G_N_ELEMENTS (cases); c++)
    {
      SqPipelineOptions options = { .frame = frame, .devices = "sim:0,sim:1", .lanes = 1 };
      SqPipelineStats stats = { .parallel = SQ_PARALLEL_AUTO };
      SqPipeline *pipeline;
      Seen seen;

      for (int i = 0; i < 2; i++)
        sim_set (i, (SimDevice){ .frame_us = cases[c].us[i], .fails_with = -1 });
      pipeline = begin (&seen, &options);
      for (int i = 0; i < 3000 && stats.parallel == SQ_PARALLEL_AUTO; i++)
        {
          g_usleep (10000);
          sq_pipeline_get_stats (pipeline, &stats);
        }
      end (pipeline, &seen, &stats);
      g_test_message ("%s", stats.reason);
      g_assert_cmpint (stats.parallel, ==, cases[c].mode);
      seen_clear (&seen);
    }
}

// A device that takes long to build: the CPU detects meanwhile and then leaves it the frames; stopping does not wait for it.
static void
test_stand_in (void)
{
  SqPipelineOptions options = { .frame = frame, .devices = "sim:0", .lanes = 1, .threads = 1, .precision = SQ_PRECISION_FP8 };
  SqPipelineStats stats = { 0 };
  SqPipeline *pipeline;
  gboolean partly = FALSE;
  guint64 by_cpu;
  Seen seen;

  sim_set (0, (SimDevice){ .frame_us = 1000, .build_us = 900000, .fails_with = -1 });
  pipeline = begin (&seen, &options);
  for (int i = 0; i < 3000 && stats.device[0].frames < 20; i++)
    {
      g_usleep (10000);
      sq_pipeline_get_stats (pipeline, &stats);
      partly = partly || (stats.device[0].built > 0 && stats.device[0].built < 1);
    }
  by_cpu = stats.device[1].frames;
  g_usleep (100000);
  end (pipeline, &seen, &stats);
  g_assert_true (partly);
  g_assert_cmpstr (stats.device[1].id, ==, "cpu");
  g_assert_cmpuint (by_cpu, >, 0);
  g_assert_cmpuint (stats.device[1].frames, ==, by_cpu);
  g_assert_cmpuint (stats.device[0].frames, >=, 20);
  seen_clear (&seen);

  sim_set (0, (SimDevice){ .frame_us = 1000, .build_us = 60 * G_USEC_PER_SEC, .fails_with = -1 });
  pipeline = begin (&seen, &options);
  g_usleep (50000);
  end (pipeline, &seen, &stats); // the test's time limit is shorter than that build
  seen_clear (&seen);
}

// The fastest lane first, a slow one only where it would be done sooner, one nobody knows takes what there is.
static void
test_deal (void)
{
  SqLaneLoad loads[3] = { { 10, 0 }, { 40, 0 }, { 0, 0 } };

  g_assert_cmpint (sq_schedule_deal (loads, 2, 0, 1, 1000), ==, 0);
  g_assert_cmpint (sq_schedule_deal (loads, 2, 1, 1, 1000), ==, -1);
  g_assert_cmpint (sq_schedule_deal (loads, 2, 1, 3, 1000), ==, -1);
  g_assert_cmpint (sq_schedule_deal (loads, 2, 1, 4, 1000), ==, 3); // a tie is taken
  g_assert_cmpint (sq_schedule_deal (loads, 3, 2, 1, 1000), ==, 0);
  loads[0].since = 995; // done in 5
  g_assert_cmpint (sq_schedule_deal (loads, 2, 1, 3, 1000), ==, -1);
  g_assert_cmpint (sq_schedule_deal (loads, 2, 1, 4, 1000), ==, 3);
  loads[0].since = 900; // 90 overdue: who knows
  g_assert_cmpint (sq_schedule_deal (loads, 2, 1, 1, 1000), ==, 0);
}

int
main (int argc, char **argv)
{
  guint8 *pixels = g_malloc0 (40 * 30 * 3);
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = make_folder ();
  model = make_tiny_model (folder);
  frame = sq_frame_new (40, 30, 40 * 3, pixels, "black", 0, 0, g_free, pixels);
  pictures = g_ptr_array_new_with_free_func (g_free);
  for (int i = 0; i < 80; i++)
    {
      g_autofree char *name = g_strdup_printf ("p%02d.ppm", i);

      g_ptr_array_add (pictures, make_ppm (folder, name, 20, 20));
    }
  g_ptr_array_add (pictures, NULL);
  sim_install ();
  g_test_add_func ("/devices/deal", test_deal);
  g_test_add_func ("/devices/equal", test_equal);
  g_test_add_func ("/devices/slow", test_slow);
  g_test_add_data_func ("/devices/lost/1", GINT_TO_POINTER (0), test_lost);
  g_test_add_data_func ("/devices/lost/2", GINT_TO_POINTER (1), test_lost);
  g_test_add_func ("/devices/all-lost", test_all_lost);
  g_test_add_func ("/devices/no-room", test_no_room);
  g_test_add_func ("/devices/not-there", test_not_there);
  g_test_add_func ("/devices/chain-lost", test_chain_lost);
  g_test_add_func ("/devices/auto", test_auto);
  g_test_add_func ("/devices/stand-in", test_stand_in);
  status = g_test_run ();
  g_ptr_array_unref (pictures);
  sq_frame_unref (frame);
  sq_model_unref (model);
  remove_folder (folder);
  return status;
}
