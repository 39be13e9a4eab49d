// SPDX-License-Identifier: GPL-3.0-or-later
#include "stats.h"

#include <stdlib.h>
#include <string.h>

#define PACE_US (2 * G_USEC_PER_SEC)

static void
add (SqStageMeter *m, gint64 ns)
{
  m->recent[m->count++ % SQ_STATS_WINDOW] = ns;
  m->busy_ns += ns;
}

void
sq_meter_add_stage (SqMeter *self, SqStage stage, gint64 ns)
{
  add (&self->stage[stage], ns);
}

void
sq_meter_add_other_stage (SqMeter *self, SqStage stage, gint64 ns)
{
  add (&self->other_stage[stage], ns);
}

void
sq_meter_add_frame (SqMeter *self, gint64 now_us)
{
  self->delivered[self->frames++ % SQ_STATS_WINDOW] = now_us;
}

void
sq_meter_set_running (SqMeter *self, gboolean running, gint64 now_us)
{
  if (running && self->since_us == 0)
    self->since_us = now_us;
  else if (!running && self->since_us != 0)
    {
      self->running_us += now_us - self->since_us;
      self->since_us = 0;
    }
}

static int
compare (const void *a, const void *b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return x < y ? -1 : x > y;
}

static double
mean_ns (const SqStageMeter *m)
{
  guint n = (guint) MIN (m->count, SQ_STATS_WINDOW);
  double sum = 0;

  for (guint i = 0; i < n; i++)
    sum += (double) m->recent[i];
  return n > 0 ? sum / n : 0;
}

static void
read_stage (const SqStageMeter *m, SqStageStats *stats)
{
  gint64 sorted[SQ_STATS_WINDOW];
  guint n = (guint) MIN (m->count, SQ_STATS_WINDOW);

  stats->count = m->count;
  stats->busy_ns = m->busy_ns;
  if (n == 0)
    return;
  memcpy (sorted, m->recent, n * sizeof sorted[0]);
  qsort (sorted, n, sizeof sorted[0], compare);
  stats->p50_ns = sorted[n / 2];
  stats->p99_ns = sorted[n * 99 / 100];
}

void
sq_meter_read (const SqMeter *self, int lanes, gint64 now_us, SqPipelineStats *stats)
{
  gint64 oldest = now_us;
  double engine;
  guint recent = 0;

  memset (stats, 0, sizeof *stats);
  for (int s = 0; s < SQ_N_STAGES; s++)
    {
      read_stage (&self->stage[s], &stats->stage[s]);
      read_stage (&self->other_stage[s], &stats->other_stage[s]);
    }
  stats->lanes = lanes;
  stats->frames = self->frames;
  stats->dropped = self->dropped;
  stats->elapsed_ns = 1000 * (self->running_us + (self->since_us != 0 ? now_us - self->since_us : 0));
  engine = mean_ns (&self->stage[SQ_STAGE_PREPROCESS]) + mean_ns (&self->stage[SQ_STAGE_INFER]) + mean_ns (&self->stage[SQ_STAGE_POST]);
  stats->engine_fps = engine > 0 ? lanes * 1e9 / engine : 0;
  for (guint i = 0; i < MIN (self->frames, SQ_STATS_WINDOW); i++)
    if (self->delivered[i] >= now_us - PACE_US)
      {
        recent++;
        oldest = MIN (oldest, self->delivered[i]);
      }
  if (recent > 1 && now_us > oldest)
    stats->wall_fps = recent * 1e6 / (double) (now_us - oldest);
}
