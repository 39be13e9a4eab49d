// SPDX-License-Identifier: GPL-3.0-or-later
// Each row has a pipeline of its own, built before anything is measured and paused but for its turns. A frame is made up: its content does
// not matter to a network, and decoding is no part of what is compared.
#include "speedup.h"

#include "engine/devices/device.h"
#include <stdlib.h>
#include <string.h>

#define ROUNDS 5
#define PATIENCE_US (120 * G_USEC_PER_SEC) // for the next frame, or for building

typedef struct
{
  SqSpeedupRow *row;
  SqPipeline *pipeline;
  char *message; // of the device that failed

  GMutex lock;
  guint64 n;    // results
  gint64 at_us; // of the last one
  double fps[ROUNDS];
  int turns;
} Runner;

typedef struct
{
  GCancellable *cancellable;
  GMainContext *context;
  SqSpeedupProgress progress;
  gpointer user_data;
  double done, total;
} Session;

static void
row_free (gpointer data)
{
  SqSpeedupRow *row = data;

  g_free (row->devices);
  g_free (row->error);
  g_free (row);
}

void
sq_speedup_free (SqSpeedup *self)
{
  g_ptr_array_unref (self->rows);
  g_free (self);
}

static SqFrame *
make_frame (int width, int height)
{
  guint8 *pixels = g_malloc ((gsize) width * height * 3);

  for (gsize i = 0; i < (gsize) width * height * 3; i++)
    pixels[i] = (guint8) ((i * 2654435761u) >> 24);
  return sq_frame_new (width, height, width * 3, pixels, "made up", 0, 0, g_free, pixels);
}

static void
on_result (SqResult *result, gpointer data)
{
  Runner *runner = data;

  g_mutex_lock (&runner->lock);
  runner->n++;
  runner->at_us = g_get_monotonic_time ();
  g_mutex_unlock (&runner->lock);
}

static void
on_message (SqPipeline *pipeline, const char *message, Runner *runner)
{
  if (runner->message == NULL)
    runner->message = g_strdup (message);
}

static void
read_results (Runner *runner, guint64 *n, gint64 *at_us)
{
  g_mutex_lock (&runner->lock);
  *n = runner->n;
  *at_us = runner->at_us;
  g_mutex_unlock (&runner->lock);
}

// A moment's sleep in which the pipelines' messages arrive. FALSE: cancelled.
static gboolean
breathe (Session *session)
{
  while (g_main_context_iteration (session->context, FALSE))
    ;
  g_usleep (2000);
  return !g_cancellable_is_cancelled (session->cancellable);
}

static void
advance (Session *session)
{
  session->done++;
  if (session->progress != NULL)
    session->progress (session->done / session->total, session->user_data);
}

// TRUE once it can go on, with `runner->message` where it cannot.
static gboolean
build (Session *session, Runner *runner)
{
  gint64 end = g_get_monotonic_time () + PATIENCE_US;

  sq_pipeline_set_paused (runner->pipeline, TRUE);
  sq_pipeline_start (runner->pipeline);
  while (breathe (session))
    {
      SqPipelineStats stats;
      int ready = 0;

      sq_pipeline_get_stats (runner->pipeline, &stats);
      for (guint i = 0; i < stats.n_devices; i++)
        ready += stats.device[i].lanes;
      if (runner->message != NULL || (stats.lanes > 0 && ready == stats.lanes))
        return TRUE;
      if (g_get_monotonic_time () > end)
        {
          runner->message = g_strdup ("It took too long to build.");
          return TRUE;
        }
    }
  return FALSE;
}

static guint64
frames_done (const SqPipelineStats *stats)
{
  guint64 n = 0;

  for (guint i = 0; i < stats->n_devices; i++)
    n += stats->device[i].frames;
  return n;
}

// What was begun before the pause is done, so that the next one has the machine to itself.
static gboolean
settle (Session *session, Runner *runner)
{
  SqPipelineStats stats;
  gint64 since = g_get_monotonic_time (), quiet = 10000;
  guint64 n;

  sq_pipeline_get_stats (runner->pipeline, &stats);
  n = frames_done (&stats);
  for (guint i = 0; i < stats.n_devices; i++)
    quiet = MAX (quiet, stats.device[i].p50_ns / 1000 * 2);
  while (g_get_monotonic_time () < since + quiet)
    {
      if (!breathe (session))
        return FALSE;
      sq_pipeline_get_stats (runner->pipeline, &stats);
      if (frames_done (&stats) != n)
        since = g_get_monotonic_time ();
      n = frames_done (&stats);
    }
  return TRUE;
}

// Frames per second over `span_us`, from one result to another; what was ready before does not count. FALSE: cancelled.
static gboolean
take_turn (Session *session, Runner *runner, gint64 span_us)
{
  gint64 end = g_get_monotonic_time () + PATIENCE_US, at, from = 0;
  guint64 n, base, skip, least;
  SqPipelineStats stats;

  sq_pipeline_get_stats (runner->pipeline, &stats);
  read_results (runner, &base, &at);
  skip = stats.stage[SQ_STAGE_POST].queued + 2 * stats.lanes + 1;
  least = MAX (2 * stats.lanes, 3);
  sq_pipeline_set_paused (runner->pipeline, FALSE);
  for (;;)
    {
      if (!breathe (session))
        return FALSE;
      read_results (runner, &n, &at);
      if (from == 0 && n >= base + skip)
        {
          base = n;
          from = at;
        }
      else if (from != 0 && n >= base + least && at >= from + span_us)
        break;
      if (runner->message != NULL || g_get_monotonic_time () > end)
        break;
    }
  sq_pipeline_set_paused (runner->pipeline, TRUE);
  if (runner->message == NULL && from != 0 && n > base)
    runner->fps[runner->turns++] = (double) (n - base) * 1e6 / (double) (at - from);
  return settle (session, runner);
}

static int
compare (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static void
finish (Runner *runner)
{
  SqPipelineStats stats;
  guint64 all;

  sq_pipeline_get_stats (runner->pipeline, &stats);
  all = frames_done (&stats);
  for (guint i = 0; i < stats.n_devices && all > 0; i++)
    runner->row->share[i] = (double) stats.device[i].frames / (double) all;
  if (runner->turns > 0 && runner->message == NULL)
    {
      qsort (runner->fps, runner->turns, sizeof runner->fps[0], compare);
      runner->row->fps = runner->fps[runner->turns / 2];
    }
  else
    runner->row->error = g_strdup (runner->message != NULL ? runner->message : "No frame came.");
}

static void
runner_free (gpointer data)
{
  Runner *runner = data;

  if (runner->pipeline != NULL)
    {
      sq_pipeline_stop (runner->pipeline);
      sq_pipeline_wait (runner->pipeline, NULL);
      g_signal_handlers_disconnect_by_data (runner->pipeline, runner);
      g_object_unref (runner->pipeline);
    }
  g_mutex_clear (&runner->lock);
  g_free (runner->message);
  g_free (runner);
}

static Runner *
add_runner (GPtrArray *runners, SqSpeedup *self, SqModel *model, SqFrame *frame, const char *devices, SqParallel mode, int threads)
{
  SqPipelineOptions options = { .frame = frame, .devices = devices, .parallel = mode, .threads = threads, .lanes = threads > 0 ? 1 : 0 };
  Runner *runner = g_new0 (Runner, 1);

  runner->row = g_new0 (SqSpeedupRow, 1);
  runner->row->mode = mode;
  runner->row->devices = g_strdup (devices);
  runner->row->threads = threads;
  g_ptr_array_add (self->rows, runner->row);
  g_mutex_init (&runner->lock);
  runner->pipeline = sq_pipeline_new (model, &options);
  sq_pipeline_add_sink (runner->pipeline, on_result, runner, NULL);
  g_signal_connect (runner->pipeline, "device-failed", G_CALLBACK (on_message), runner);
  g_signal_connect (runner->pipeline, "failed", G_CALLBACK (on_message), runner);
  g_ptr_array_add (runners, runner);
  return runner;
}

static void
compare_rows (SqSpeedup *self)
{
  double one = 0;

  for (guint i = 0; i < self->n_devices; i++)
    one = MAX (one, ((SqSpeedupRow *) self->rows->pdata[i])->fps);
  for (guint i = 0; i < self->rows->len; i++)
    {
      SqSpeedupRow *row = self->rows->pdata[i];

      row->speedup = one > 0 ? row->fps / one : 0;
      row->efficiency = row->speedup / (row->threads > 0 ? row->threads : row->mode == SQ_PARALLEL_SINGLE ? 1 : self->n_devices);
    }
}

SqSpeedup *
sq_speedup_measure (SqModel *model, const char *devices, double seconds, GCancellable *cancellable, SqSpeedupProgress progress,
                    gpointer user_data, GError **error)
{
  g_auto (GStrv) ids = sq_device_parse_list (devices, error);
  g_autoptr (SqSpeedup) self = NULL;
  g_autoptr (SqFrame) frame = NULL;
  Session session = { .cancellable = cancellable, .progress = progress, .user_data = user_data };
  gboolean going = TRUE, slices = TRUE;
  GPtrArray *runners;

  if (ids == NULL)
    return NULL;
  self = g_new0 (SqSpeedup, 1);
  self->rows = g_ptr_array_new_with_free_func (row_free);
  self->n_devices = g_strv_length (ids);
  frame = make_frame (1280, 720);
  session.context = g_main_context_new ();
  g_main_context_push_thread_default (session.context);
  runners = g_ptr_array_new_with_free_func (runner_free);
  for (guint i = 0; i < self->n_devices; i++)
    {
      add_runner (runners, self, model, frame, ids[i], SQ_PARALLEL_SINGLE, 0);
      slices = slices && sq_device_core (ids[i]) >= 0;
    }
  if (self->n_devices > 1)
    {
      g_autofree char *all = g_strjoinv (",", ids);

      add_runner (runners, self, model, frame, all, SQ_PARALLEL_DATA, 0);
      add_runner (runners, self, model, frame, all, SQ_PARALLEL_PIPELINE, 0);
      if (slices)
        add_runner (runners, self, model, frame, "cpu", SQ_PARALLEL_SINGLE, (int) self->n_devices);
    }
  session.total = runners->len * (1 + ROUNDS);

  for (guint i = 0; i < runners->len && going; i++)
    {
      going = build (&session, runners->pdata[i]);
      advance (&session);
    }
  for (int round = 0; round < ROUNDS && going; round++)
    for (guint i = 0; i < runners->len && going; i++)
      {
        Runner *runner = runners->pdata[i];

        going = runner->message != NULL || take_turn (&session, runner, (gint64) (seconds / ROUNDS * G_USEC_PER_SEC));
        advance (&session);
      }
  for (guint i = 0; i < runners->len; i++)
    finish (runners->pdata[i]);
  g_ptr_array_unref (runners);
  while (g_main_context_iteration (session.context, FALSE)) // what is told late holds pipelines
    ;
  g_main_context_pop_thread_default (session.context);
  g_main_context_unref (session.context);
  if (!going)
    {
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_CANCELLED, "The measurement was stopped.");
      return NULL;
    }
  compare_rows (self);
  return g_steal_pointer (&self);
}

const SqSpeedupRow *
sq_speedup_find (const SqSpeedup *self, SqParallel mode)
{
  const SqSpeedupRow *found = NULL;

  for (guint i = 0; i < self->rows->len; i++)
    {
      const SqSpeedupRow *row = self->rows->pdata[i];

      if (row->mode == mode && row->threads == 0 && (found == NULL || row->fps > found->fps))
        found = row;
    }
  return found;
}

const SqSpeedupRow *
sq_speedup_best (const SqSpeedup *self)
{
  const SqSpeedupRow *best = NULL;

  for (guint i = 0; i < self->rows->len; i++)
    {
      const SqSpeedupRow *row = self->rows->pdata[i];

      if (best == NULL || row->fps > best->fps)
        best = row;
    }
  return best;
}

char *
sq_speedup_row_title (const SqSpeedupRow *row)
{
  if (row->threads > 0)
    return g_strdup_printf ("One cpu, %d threads on a frame", row->threads);
  if (row->mode == SQ_PARALLEL_SINGLE)
    return g_strdup_printf ("%s alone", row->devices);
  return g_strdup (row->mode == SQ_PARALLEL_DATA ? "Data parallel" : "Pipeline");
}

char *
sq_speedup_advice (const SqSpeedup *self, SqParallel mode)
{
  const SqSpeedupRow *best = sq_speedup_best (self), *chosen = mode == SQ_PARALLEL_AUTO ? best : sq_speedup_find (self, mode);
  const SqSpeedupRow *pipeline = sq_speedup_find (self, SQ_PARALLEL_PIPELINE);
  g_autofree char *title = NULL, *other = NULL;

  if (best->fps <= 0)
    return g_strdup ("Nothing could be measured.");
  if (self->n_devices == 1)
    return g_strdup_printf ("%s does %.1f frames/s; a speed-up takes a second device.", best->devices, best->fps);
  title = sq_speedup_row_title (chosen != NULL ? chosen : best);
  other = sq_speedup_row_title (best);
  if (chosen == NULL || chosen->fps <= 0)
    return g_strdup_printf ("%s could not be measured; %s does %.1f frames/s.", title, other, best->fps);
  if (chosen != best && best->fps > 1.02 * chosen->fps)
    return g_strdup_printf ("%s does %.1f frames/s; %s would be faster with %.1f.", title, chosen->fps, other, best->fps);
  if (pipeline != NULL && pipeline != chosen && pipeline->fps > 0)
    return g_strdup_printf ("%s is fastest here with %.1f frames/s, S = %.2f; a pipeline loses with %.1f, as it does unless the network "
                            "does not fit on one device.",
                            title, chosen->fps, chosen->speedup, pipeline->fps);
  return g_strdup_printf ("%s is fastest here with %.1f frames/s, S = %.2f.", title, chosen->fps, chosen->speedup);
}

char *
sq_speedup_default_devices (void)
{
  g_autoptr (GPtrArray) devices = sq_device_list ();
  GString *gpus = g_string_new (NULL), *cores = g_string_new (NULL);

  for (guint i = 0; i < devices->len; i++)
    {
      const SqDevice *device = devices->pdata[i];
      GString *list = device->parent != NULL ? cores : gpus;

      if (device->available && !g_str_equal (device->id, "cpu"))
        g_string_append_printf (list, "%s%s", list->len > 0 ? "," : "", device->id);
    }
  if (gpus->len == 0)
    g_string_assign (gpus, cores->len > 0 ? cores->str : "cpu");
  g_string_free (cores, TRUE);
  return g_string_free (gpus, FALSE);
}
