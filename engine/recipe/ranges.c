// SPDX-License-Identifier: GPL-3.0-or-later
// First pass: smallest and largest. Second pass: a histogram between them. Then a search over how much of either end is cut off.
#include "ranges.h"

#include <math.h>

#define BINS_OF_ALL 4096
#define BINS_OF_CHANNEL 512
#define MAX_SAMPLES 65536 // per picture of a value in one histogram

typedef struct
{
  gint64 channels, plane; // of the tensor as far as ranges go: one channel where there is one range
  int n_bins;
  float *low, *high; // 0 included
  guint32 *bins;     // n_bins per channel, without zeros, which every range stores exactly
} Stats;

static void
stats_init (Stats *self, const SqShape *shape, gboolean per_channel)
{
  self->channels = per_channel ? shape->dim[1] : 1;
  self->plane = sq_shape_elements (shape) / MAX (self->channels, 1);
  self->n_bins = per_channel ? BINS_OF_CHANNEL : BINS_OF_ALL;
  self->low = g_new0 (float, self->channels);
  self->high = g_new0 (float, self->channels);
  self->bins = g_new0 (guint32, self->channels * self->n_bins);
}

static void
stats_clear (Stats *self)
{
  g_free (self->low);
  g_free (self->high);
  g_free (self->bins);
}

static void
take_limits (guint k, const SqTensor *tensor, guint picture, gpointer data)
{
  Stats *s = (Stats *) data + k;

  for (gint64 c = 0; c < s->channels; c++)
    {
      const float *x = sq_tensor_f32 (tensor) + c * s->plane;
      float low = s->low[c], high = s->high[c];

      for (gint64 i = 0; i < s->plane; i++)
        {
          low = x[i] < low ? x[i] : low;
          high = x[i] > high ? x[i] : high;
        }
      s->low[c] = low;
      s->high[c] = high;
    }
}

static void
take_histogram (guint k, const SqTensor *tensor, guint picture, gpointer data)
{
  Stats *s = (Stats *) data + k;
  gint64 step = MAX (s->plane / MAX_SAMPLES, 1);

  for (gint64 c = 0; c < s->channels; c++)
    {
      const float *x = sq_tensor_f32 (tensor) + c * s->plane;
      float low = s->low[c], width = (s->high[c] - low) / (float) s->n_bins;
      guint32 *bins = s->bins + c * s->n_bins;

      if (!(width > 0) || !isfinite (width))
        continue;
      for (gint64 i = picture % step; i < s->plane; i += step)
        if (x[i] != 0 && x[i] >= low) // not NaN
          bins[MIN ((int) ((x[i] - low) / width), s->n_bins - 1)]++;
    }
}

// Squared error of storing the histogram with that range; two points stand for a bin.
static double
error_of (const guint32 *bins, int n_bins, float low, float width, float from, float to)
{
  const float magic = 12582912; // adding and taking away 1.5 * 2^23 rounds
  float scale = (to - from) / 255, zero = nearbyintf (-from / scale), inverse = 1 / scale;
  double sum = 0;

  for (int b = 0; b < n_bins; b++)
    {
      float e[2];

      if (bins[b] == 0)
        continue;
      for (int half = 0; half < 2; half++)
        {
          float x = low + width * ((float) b + .25f + .5f * (float) half), q = ((x * inverse + magic) - magic) + zero;

          q = q < 0 ? 0 : q > 255 ? 255 : q;
          e[half] = x - scale * (q - zero);
        }
      sum += (double) bins[b] * (double) (e[0] * e[0] + e[1] * e[1]);
    }
  return sum;
}

static void
search (const guint32 *bins, int n_bins, float low, float high, float *scale, float *zero)
{
  float width = (high - low) / (float) n_bins, keep_low = 1, keep_high = 1;
  double least = error_of (bins, n_bins, low, width, low, high);

  for (int round = 0; round < 2; round++)
    {
      for (float f = 1; high > 0 && f > .05f; f -= .02f)
        {
          double e = error_of (bins, n_bins, low, width, low * keep_low, high * f);

          if (e < least)
            {
              least = e;
              keep_high = f;
            }
        }
      for (float f = 1; low < 0 && f > .05f; f -= .04f)
        {
          double e = error_of (bins, n_bins, low, width, low * f, high * keep_high);

          if (e < least)
            {
              least = e;
              keep_low = f;
            }
        }
    }
  *scale = (high * keep_high - low * keep_low) / 255;
  *zero = nearbyintf (-low * keep_low / *scale);
}

static void
fit (const Stats *s, SqRange *range)
{
  range->n = s->channels;
  range->scale = g_new (float, s->channels);
  range->zero = g_new (float, s->channels);
#pragma omp parallel for schedule(dynamic)
  for (gint64 c = 0; c < s->channels; c++)
    {
      float width = (s->high[c] - s->low[c]) / 255;

      range->scale[c] = 1;
      range->zero[c] = 0;
      if (width > 1e-30f && isfinite (width)) // else: never anything but 0
        search (s->bins + c * s->n_bins, s->n_bins, s->low[c], s->high[c], &range->scale[c], &range->zero[c]);
    }
}

void
sq_range_clear (SqRange *self)
{
  g_clear_pointer (&self->scale, g_free);
  g_clear_pointer (&self->zero, g_free);
}

gboolean
sq_ranges_measure (const SqModel *model, const SqCalibration *pictures, SqRange *ranges, guint n, const SqRecipeProgress *progress,
                   GError **error)
{
  g_autofree Stats *stats = g_new0 (Stats, MAX (n, 1));
  g_autofree int *values = g_new (int, MAX (n, 1));
  SqRecipeProgress half[2] = { *progress, *progress };
  gboolean ok;

  half[0].to = half[1].from = (progress->from + progress->to) / 2;
  for (guint i = 0; i < n; i++)
    {
      values[i] = ranges[i].value;
      stats_init (&stats[i], &sq_graph_value (model->graph, values[i])->shape, ranges[i].per_channel);
    }
  ok = sq_observe (model, pictures, values, n, take_limits, stats, &half[0], "Measuring ranges", error)
       && sq_observe (model, pictures, values, n, take_histogram, stats, &half[1], "Measuring ranges", error);
  for (guint i = 0; i < n; i++)
    {
      if (ok)
        fit (&stats[i], &ranges[i]);
      stats_clear (&stats[i]);
    }
  return ok;
}
