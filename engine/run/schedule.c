// SPDX-License-Identifier: GPL-3.0-or-later
#include "schedule.h"

#include <stdlib.h>
#include <string.h>

static const char *const ids[] = { "auto", "single", "data", "pipeline" };

gboolean
sq_parallel_from_id (const char *id, SqParallel *mode)
{
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    if (g_str_equal (ids[i], id))
      {
        *mode = i;
        return TRUE;
      }
  return FALSE;
}

const char *
sq_parallel_id (SqParallel mode)
{
  return ids[mode];
}

static int
compare (const void *a, const void *b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return x < y ? -1 : x > y;
}

void
sq_pace_add (SqPace *self, gint64 ns)
{
  gint64 sorted[SQ_PACE_WINDOW];
  guint n;

  self->recent[self->n++ % SQ_PACE_WINDOW] = ns;
  n = (guint) MIN (self->n, SQ_PACE_WINDOW);
  memcpy (sorted, self->recent, n * sizeof sorted[0]);
  qsort (sorted, n, sizeof sorted[0], compare);
  self->median = MAX (sorted[n / 2], 1);
}

static gint64
free_at (const SqLaneLoad *load, gint64 now)
{
  gint64 due = load->since + load->cost;

  if (load->since == 0)
    return now;
  return due > now ? due : now + (now - due);
}

int
sq_schedule_deal (const SqLaneLoad *loads, guint n, guint lane, guint n_frames, gint64 now)
{
  g_autofree gint64 *at = g_new (gint64, n);

  if (loads[lane].cost == 0)
    return 0;
  for (guint i = 0; i < n; i++)
    at[i] = free_at (&loads[i], now);
  for (guint frame = 0; frame < n_frames; frame++)
    {
      guint first = lane;

      for (guint i = 0; i < n; i++)
        if (loads[i].cost > 0 && at[i] + loads[i].cost < at[first] + loads[first].cost)
          first = i;
      if (first == lane)
        return (int) frame;
      at[first] += loads[first].cost;
    }
  return -1;
}

double
sq_schedule_ahead (const SqLaneLoad *loads, guint n, guint lane)
{
  double ahead = 0;

  for (guint i = 0; i < n; i++)
    if (i != lane && loads[i].cost > 0)
      ahead += (double) loads[lane].cost / (double) loads[i].cost;
  return ahead;
}
