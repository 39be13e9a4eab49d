// SPDX-License-Identifier: GPL-3.0-or-later
#include "density.h"

// A day of one-second bins: bounds the memory of a camera that runs for ever.
#define MAX_BINS (24 * 60 * 60)

typedef struct
{
  guint frames;
  guint score[SQ_DENSITY_LEVELS];
} Bin;

struct _SqDensity
{
  GMutex lock;
  GArray *bins;
  gint64 bin_ns;
};

SqDensity *
sq_density_new (gint64 bin_ns)
{
  SqDensity *self = g_atomic_rc_box_new0 (SqDensity);

  g_mutex_init (&self->lock);
  self->bins = g_array_new (FALSE, TRUE, sizeof (Bin));
  self->bin_ns = bin_ns;
  return self;
}

SqDensity *
sq_density_new_from_counts (gint64 bin_ns, GArray *counts)
{
  SqDensity *self = sq_density_new (bin_ns);

  g_array_set_size (self->bins, counts->len);
  for (guint i = 0; i < counts->len; i++)
    {
      Bin *bin = &g_array_index (self->bins, Bin, i);

      bin->frames = 1;
      bin->score[SQ_DENSITY_LEVELS - 1] = g_array_index (counts, guint32, i);
    }
  return self;
}

SqDensity *
sq_density_ref (SqDensity *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
density_clear (gpointer data)
{
  SqDensity *self = data;

  g_array_unref (self->bins);
  g_mutex_clear (&self->lock);
}

void
sq_density_unref (SqDensity *self)
{
  g_atomic_rc_box_release_full (self, density_clear);
}

void
sq_density_add (SqDensity *self, const SqResult *result, float overlap)
{
  SqFilter filter = SQ_FILTER_DEFAULT;
  g_autoptr (GArray) detections = NULL;
  gint64 at = MAX (result->frame->pts_ns, 0) / self->bin_ns;
  Bin *bin;

  if (at >= MAX_BINS)
    return;
  filter.confidence = 0;
  filter.iou = overlap;
  detections = sq_result_detections (result, &filter);

  g_mutex_lock (&self->lock);
  if (at >= self->bins->len)
    g_array_set_size (self->bins, at + 1);
  bin = &g_array_index (self->bins, Bin, at);
  bin->frames++;
  for (guint i = 0; i < detections->len; i++)
    {
      const SqDetection *d = &g_array_index (detections, SqDetection, i);
      int level = d->score * SQ_DENSITY_LEVELS;

      bin->score[CLAMP (level, 0, SQ_DENSITY_LEVELS - 1)]++;
    }
  g_mutex_unlock (&self->lock);
}

GArray *
sq_density_get (SqDensity *self, float confidence)
{
  int first = CLAMP ((int) (confidence * SQ_DENSITY_LEVELS + .5f), 0, SQ_DENSITY_LEVELS);
  GArray *values;

  g_mutex_lock (&self->lock);
  values = g_array_sized_new (FALSE, FALSE, sizeof (float), self->bins->len);
  for (guint i = 0; i < self->bins->len; i++)
    {
      const Bin *bin = &g_array_index (self->bins, Bin, i);
      float value = -1;

      if (bin->frames > 0)
        {
          guint n = 0;

          for (int level = first; level < SQ_DENSITY_LEVELS; level++)
            n += bin->score[level];
          value = (float) n / bin->frames;
        }
      g_array_append_val (values, value);
    }
  g_mutex_unlock (&self->lock);
  return values;
}

gint64
sq_density_get_bin_ns (SqDensity *self)
{
  return self->bin_ns;
}
