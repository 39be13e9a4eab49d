// SPDX-License-Identifier: GPL-3.0-or-later
// Pipelines over files made here and a tiny darknet network with random weights: order, pauses, seeks, stops, bad files, bad models.
#include "engine/engine.h"
#include "tests/media/make-media.h"
#include "tiny.h"

#include <string.h>

static char *folder;
static SqModel *model;

typedef struct
{
  GMutex lock;
  GArray *indices; // gint64, in order of arrival
  GArray *times;   // gint64 pts
  guint failures, finished;
  char *failed;
  guint sunk; // sinks let go
} Seen;

static void
on_result (SqResult *result, gpointer data)
{
  Seen *seen = data;

  g_mutex_lock (&seen->lock);
  g_array_append_val (seen->indices, result->frame->index);
  g_array_append_val (seen->times, result->frame->pts_ns);
  g_mutex_unlock (&seen->lock);
}

static void
on_let_go (gpointer data)
{
  g_atomic_int_inc (&((Seen *) data)->sunk);
}

static void
on_item_failed (SqPipeline *pipeline, const char *message, Seen *seen)
{
  seen->failures++;
}

static void
on_failed (SqPipeline *pipeline, const char *message, Seen *seen)
{
  seen->failed = g_strdup (message);
}

static void
on_finished (SqPipeline *pipeline, Seen *seen)
{
  seen->finished++;
}

static SqPipeline *
start (Seen *seen, const char *const *paths, int threads, gboolean realtime)
{
  SqPipelineOptions options = { .paths = paths, .threads = threads, .realtime = realtime };
  SqPipeline *pipeline = sq_pipeline_new (model, &options);

  *seen = (Seen){ .indices = g_array_new (FALSE, FALSE, sizeof (gint64)), .times = g_array_new (FALSE, FALSE, sizeof (gint64)) };
  g_mutex_init (&seen->lock);
  sq_pipeline_add_sink (pipeline, on_result, seen, on_let_go);
  g_signal_connect (pipeline, "item-failed", G_CALLBACK (on_item_failed), seen);
  g_signal_connect (pipeline, "failed", G_CALLBACK (on_failed), seen);
  g_signal_connect (pipeline, "finished", G_CALLBACK (on_finished), seen);
  sq_pipeline_start (pipeline);
  return pipeline;
}

static guint
count (Seen *seen)
{
  guint n;

  g_mutex_lock (&seen->lock);
  n = seen->indices->len;
  g_mutex_unlock (&seen->lock);
  return n;
}

static void
iterate_until (gboolean (*done) (Seen *, gint64), Seen *seen, gint64 value)
{
  gint64 end = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;

  while (!done (seen, value))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end); // a hang, not slowness
      g_main_context_iteration (NULL, FALSE);
      g_usleep (500);
    }
}

static gboolean
has_finished (Seen *seen, gint64 times)
{
  return seen->finished >= times;
}

static gboolean
has_failed (Seen *seen, gint64 unused)
{
  return seen->failed != NULL;
}

static gboolean
has_count (Seen *seen, gint64 n)
{
  return count (seen) >= n;
}

static gboolean
has_last (Seen *seen, gint64 pts)
{
  gboolean last;

  g_mutex_lock (&seen->lock);
  last = seen->times->len >= 10 && g_array_index (seen->times, gint64, seen->times->len - 1) == pts
         && g_array_index (seen->times, gint64, seen->times->len - 10) == pts - 9 * 40 * G_GINT64_CONSTANT (1000000);
  g_mutex_unlock (&seen->lock);
  return last;
}

// Stops, waits for every thread, and sees that nothing is left.
static void
finish (SqPipeline *pipeline, Seen *seen)
{
  gpointer weak = pipeline;

  g_object_add_weak_pointer (G_OBJECT (pipeline), &weak);
  sq_pipeline_stop (pipeline);
  sq_pipeline_wait (pipeline, NULL);
  g_signal_handlers_disconnect_by_data (pipeline, seen);
  g_object_unref (pipeline);
  for (int i = 0; weak != NULL && i < 10000; i++) // pending notifications hold references
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (500);
    }
  g_assert_null (weak);
  g_assert_cmpuint (g_atomic_int_get (&seen->sunk), ==, 1);
  g_array_unref (seen->indices);
  g_array_unref (seen->times);
  g_free (seen->failed);
  g_mutex_clear (&seen->lock);
}

static void
test_order (gconstpointer data)
{
  int threads = GPOINTER_TO_INT (data);
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  SqPipelineStats stats;
  SqPipeline *pipeline;
  Seen seen;

  for (int i = 0; i < 60; i++)
    {
      g_autofree char *name = g_strdup_printf ("p%02d.ppm", i);

      g_ptr_array_add (paths, i % 20 == 10 ? make_file (folder, name, "no picture", 10) : make_ppm (folder, name, 20 + i, 30));
    }
  g_ptr_array_add (paths, NULL);
  pipeline = start (&seen, (const char *const *) paths->pdata, threads, FALSE);
  iterate_until (has_finished, &seen, 1);
  g_assert_cmpuint (seen.failures, ==, 3);
  g_assert_cmpuint (count (&seen), ==, 57);
  for (guint i = 0, want = 0; i < 57; i++, want++)
    {
      want += want % 20 == 10;
      g_assert_cmpint (g_array_index (seen.indices, gint64, i), ==, want);
    }
  g_assert_cmpint (sq_pipeline_get_state (pipeline), ==, SQ_PIPELINE_FINISHED);
  sq_pipeline_get_stats (pipeline, &stats);
  g_assert_cmpuint (stats.frames, ==, 57);
  for (int s = 0; s < SQ_N_STAGES; s++)
    {
      g_assert_cmpuint (stats.stage[s].count, ==, 57);
      g_assert_cmpuint (stats.stage[s].queued, ==, 0);
    }
  finish (pipeline, &seen);
}

static void
test_pause_step_seek (void)
{
  g_autofree char *video = make_video (folder, "v.avi", "mjpeg", "yuvj420p", 64, 48, 40, NULL, 1);
  const char *const paths[] = { video, NULL };
  SqPipeline *pipeline;
  guint n;
  Seen seen;

  pipeline = start (&seen, paths, 2, TRUE);
  iterate_until (has_count, &seen, 3);
  sq_pipeline_set_paused (pipeline, TRUE);
  g_usleep (150000);
  n = count (&seen);
  g_usleep (300000); // eight frames' time
  g_assert_cmpuint (count (&seen), ==, n);

  sq_pipeline_step (pipeline, 1);
  iterate_until (has_count, &seen, n + 1);
  g_usleep (100000);
  g_assert_cmpuint (count (&seen), ==, n + 1);
  g_assert_cmpint (g_array_index (seen.indices, gint64, n), ==, g_array_index (seen.indices, gint64, n - 1) + 1);
  sq_pipeline_step (pipeline, -1);
  iterate_until (has_count, &seen, n + 2);
  g_assert_cmpint (g_array_index (seen.times, gint64, n + 1), ==, g_array_index (seen.times, gint64, n - 1));

  sq_pipeline_seek (pipeline, 30 * 40 * G_GINT64_CONSTANT (1000000)); // while paused: that frame, and no other
  iterate_until (has_count, &seen, n + 3);
  g_usleep (100000);
  g_assert_cmpuint (count (&seen), ==, n + 3);
  g_assert_cmpint (g_array_index (seen.times, gint64, n + 2), ==, 30 * 40 * G_GINT64_CONSTANT (1000000));

  sq_pipeline_set_paused (pipeline, FALSE);
  iterate_until (has_finished, &seen, 1);
  n = count (&seen);
  sq_pipeline_seek (pipeline, 0); // a finished run plays again
  iterate_until (has_finished, &seen, 2);
  g_assert_cmpint (g_array_index (seen.times, gint64, n), ==, 0);
  finish (pipeline, &seen);
}

// Many seeks while frames are everywhere: the last one decides, nothing older arrives after it.
static void
test_seek_storm (void)
{
  g_autofree char *video = make_video (folder, "storm.avi", "mjpeg", "yuvj420p", 64, 48, 60, NULL, 1);
  const char *const paths[] = { video, NULL };
  SqPipeline *pipeline;
  Seen seen;

  pipeline = start (&seen, paths, 3, FALSE);
  for (int i = 0; i < 50; i++)
    {
      sq_pipeline_seek (pipeline, (i * 7 % 50) * 40 * G_GINT64_CONSTANT (1000000));
      g_usleep (i % 5 * 700);
    }
  sq_pipeline_seek (pipeline, 50 * 40 * G_GINT64_CONSTANT (1000000));
  iterate_until (has_last, &seen, 59 * 40 * G_GINT64_CONSTANT (1000000));
  g_assert_cmpuint (count (&seen), >=, 10);
  for (guint i = 0, n = count (&seen); i < 10; i++)
    g_assert_cmpint (g_array_index (seen.times, gint64, n - 10 + i), ==, (50 + (gint64) i) * 40 * G_GINT64_CONSTANT (1000000));
  finish (pipeline, &seen);
}

static void
test_stop_early (void)
{
  g_autofree char *video = make_video (folder, "stop.avi", "mjpeg", "yuvj420p", 64, 48, 200, NULL, 1);
  const char *const paths[] = { video, NULL };
  guint n;

  for (int i = 0; i < 12; i++)
    {
      Seen seen;
      SqPipeline *pipeline = start (&seen, paths, 1 + i % 3, i % 2 == 0);

      g_usleep (i * 2000);
      sq_pipeline_stop (pipeline);
      sq_pipeline_wait (pipeline, NULL);
      n = count (&seen);
      g_usleep (5000);
      g_assert_cmpuint (count (&seen), ==, n);
      g_assert_cmpint (sq_pipeline_get_state (pipeline), >=, SQ_PIPELINE_FINISHED); // the end may have come first
      finish (pipeline, &seen);
    }
}

static void
test_missing_source (void)
{
  const char *const paths[] = { "/nowhere/at-all.mp4", NULL };
  g_autoptr (GError) error = NULL;
  SqPipeline *pipeline;
  Seen seen;

  pipeline = start (&seen, paths, 2, FALSE);
  iterate_until (has_failed, &seen, 0);
  g_assert_false (sq_pipeline_wait (pipeline, &error));
  g_assert_nonnull (strstr (error->message, "at-all.mp4"));
  g_assert_cmpstr (error->message, ==, seen.failed);
  finish (pipeline, &seen);
}

static void
test_loop (void)
{
  g_autofree char *video = make_video (folder, "loop.avi", "mjpeg", "yuvj420p", 32, 32, 5, NULL, 1);
  const char *const paths[] = { video, NULL };
  SqPipelineOptions options = { .paths = paths, .threads = 2, .loop = TRUE };
  SqPipeline *pipeline = sq_pipeline_new (model, &options);
  Seen seen = { .indices = g_array_new (FALSE, FALSE, sizeof (gint64)), .times = g_array_new (FALSE, FALSE, sizeof (gint64)) };

  g_mutex_init (&seen.lock);
  sq_pipeline_add_sink (pipeline, on_result, &seen, on_let_go);
  sq_pipeline_start (pipeline);
  iterate_until (has_count, &seen, 23);
  for (guint i = 0; i < 23; i++)
    g_assert_cmpint (g_array_index (seen.times, gint64, i), ==, (i % 5) * 40 * G_GINT64_CONSTANT (1000000));
  finish (pipeline, &seen);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = make_folder ();
  model = make_tiny_model (folder);
  g_test_add_data_func ("/run/order/1", GINT_TO_POINTER (1), test_order);
  g_test_add_data_func ("/run/order/4", GINT_TO_POINTER (4), test_order);
  g_test_add_func ("/run/pause-step-seek", test_pause_step_seek);
  for (int i = 0; i < 20; i++) // what waits where differs every time
    {
      g_autofree char *name = g_strdup_printf ("/run/seek-storm/%d", i);

      g_test_add_func (name, test_seek_storm);
    }
  g_test_add_func ("/run/stop-early", test_stop_early);
  g_test_add_func ("/run/missing-source", test_missing_source);
  g_test_add_func ("/run/loop", test_loop);
  status = g_test_run ();
  sq_model_unref (model);
  remove_folder (folder);
  return status;
}
