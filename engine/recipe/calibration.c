// SPDX-License-Identifier: GPL-3.0-or-later
// Every candidate is described by an 8 x 8 thumbnail and a colour histogram. Of more than are wanted, those are taken that lie farthest
// from all taken before (k-centre, greedy), beginning with the one nearest to the mean.
#include "calibration.h"

#include "engine/media/frame.h"
#include "engine/media/paths.h"
#include "engine/media/source.h"
#include "engine/run/preprocess.h"
#include <math.h>

#define MAX_CANDIDATES 4096 // of larger folders every n-th picture
#define GRID 8
#define THUMB (GRID * GRID * 3)
#define BINS 64 // 4 per channel
#define SIZE (THUMB + BINS)
#define FEW 16
#define ENOUGH 64
#define ALIKE .06 // root mean square distance of thumbnails from their mean, 0..1

static SqFrame *
load (const char *path, GError **error)
{
  const char *const paths[] = { path, NULL };
  g_autoptr (SqSource) source = sq_source_open (paths, NULL, error);

  return source != NULL ? sq_source_next (source, error) : NULL;
}

// 0..1; a few hundred pixels per cell are enough.
static void
describe (const SqFrame *frame, float *d)
{
  int step_y = MAX (frame->height / (GRID * 16), 1), step_x = MAX (frame->width / (GRID * 16), 1);
  double total = 0, count[GRID * GRID] = { 0 };

  for (int i = 0; i < SIZE; i++)
    d[i] = 0;
  for (int y = 0; y < frame->height; y += step_y)
    for (int x = 0; x < frame->width; x += step_x)
      {
        const guint8 *p = frame->pixels + (gsize) y * frame->stride + 3 * (gsize) x;
        int cell = y * GRID / frame->height * GRID + x * GRID / frame->width;

        for (int c = 0; c < 3; c++)
          d[cell * 3 + c] += p[c] / 255.f;
        d[THUMB + (p[0] >> 6) * 16 + (p[1] >> 6) * 4 + (p[2] >> 6)]++;
        count[cell]++;
        total++;
      }
  for (int i = 0; i < THUMB; i++)
    d[i] = (float) (d[i] / MAX (count[i / 3], 1));
  for (int i = THUMB; i < SIZE; i++)
    d[i] = (float) (4 * d[i] / total);
}

static const float *
descriptor (const GArray *all, guint k)
{
  return &g_array_index (all, float, k *SIZE);
}

static double
distance (const float *a, const float *b, int n)
{
  double sum = 0;

  for (int i = 0; i < n; i++)
    sum += (double) (a[i] - b[i]) * (double) (a[i] - b[i]);
  return sum;
}

static void
mean_of (const GArray *all, float *mean)
{
  guint n = all->len / SIZE;
  double sum[SIZE] = { 0 };

  for (guint k = 0; k < n; k++)
    for (int i = 0; i < SIZE; i++)
      sum[i] += (double) descriptor (all, k)[i];
  for (int i = 0; i < SIZE; i++)
    mean[i] = (float) (sum[i] / n);
}

// A byte per candidate: taken.
static guint8 *
choose (const GArray *all, guint max)
{
  guint n = all->len / SIZE, best = 0;
  guint8 *taken = g_new0 (guint8, n);
  g_autofree double *nearest = g_new (double, n);
  float mean[SIZE];

  mean_of (all, mean);
  for (guint k = 0; k < n; k++)
    {
      nearest[k] = INFINITY;
      if (distance (mean, descriptor (all, k), SIZE) < distance (mean, descriptor (all, best), SIZE))
        best = k;
    }
  for (guint i = 0; i < MIN (n, max); i++)
    {
      const float *last = descriptor (all, best);

      taken[best] = TRUE;
      for (guint k = 0; k < n; k++)
        nearest[k] = MIN (nearest[k], distance (last, descriptor (all, k), SIZE));
      for (guint k = 0; k < n; k++)
        if (!taken[k] && (taken[best] || nearest[k] > nearest[best]))
          best = k;
    }
  return taken;
}

static char *
warn (const SqCalibration *self, const GArray *all)
{
  guint n = all->len / SIZE;
  float mean[SIZE];
  double spread = 0;

  if (self->paths->len < FEW)
    return g_strdup_printf ("Only %u picture%s to measure on: with at least %d the result is more faithful.", self->paths->len,
                            self->paths->len == 1 ? "" : "s", ENOUGH);
  mean_of (all, mean);
  for (guint k = 0; k < n; k++)
    spread += distance (mean, descriptor (all, k), THUMB) / THUMB;
  if (sqrt (spread / n) < ALIKE)
    return g_strdup ("The pictures are nearly all alike: add other scenes and times of day, or what differs from them may be lost.");
  if (self->paths->len < ENOUGH)
    return g_strdup_printf ("%u pictures to measure on: with at least %d the result is more faithful.", self->paths->len, ENOUGH);
  return NULL;
}

static gboolean
add_hash (GChecksum *checksum, const char *path, GError **error)
{
  g_autofree char *display = g_filename_display_basename (path);
  g_autoptr (GMappedFile) map = g_mapped_file_new (path, FALSE, NULL);

  if (map == NULL)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "%s can no longer be read: leave the folder alone while it is measured.", display);
      return FALSE;
    }
  if (g_mapped_file_get_length (map) > 0)
    g_checksum_update (checksum, (const guchar *) g_mapped_file_get_contents (map), (gssize) g_mapped_file_get_length (map));
  return TRUE;
}

SqCalibration *
sq_calibration_open (const char *folder, guint max, const SqRecipeProgress *progress, GError **error)
{
  g_autoptr (SqCalibration) self = g_new0 (SqCalibration, 1);
  g_autoptr (GPtrArray) found = sq_folder_list_pictures (folder, progress->cancellable, error);
  g_autoptr (GPtrArray) readable = g_ptr_array_new ();
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (float));
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guint8 *taken = NULL;
  guint step;

  self->paths = g_ptr_array_new_with_free_func (g_free);
  if (found == NULL)
    return NULL;
  self->n_found = found->len;
  step = (found->len + MAX_CANDIDATES - 1) / MAX_CANDIDATES;
  for (guint i = 0; i < found->len; i += step)
    {
      g_autoptr (SqFrame) frame = NULL;
      float d[SIZE];

      if (!_sq_recipe_progress (progress, (double) i / found->len, "Looking at the pictures", error))
        return NULL;
      if ((frame = load (g_ptr_array_index (found, i), NULL)) == NULL)
        {
          self->n_unreadable++;
          continue;
        }
      describe (frame, d);
      g_array_append_vals (all, d, SIZE);
      g_ptr_array_add (readable, g_ptr_array_index (found, i));
    }
  if (readable->len == 0)
    {
      g_autofree char *display = g_filename_display_basename (folder);

      g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "None of the pictures in %s can be read: choose a folder of undamaged pictures.",
                   display);
      return NULL;
    }
  taken = choose (all, max);
  for (guint i = 0; i < readable->len; i++)
    if (taken[i])
      {
        if (!add_hash (checksum, g_ptr_array_index (readable, i), error))
          return NULL;
        g_ptr_array_add (self->paths, g_strdup (g_ptr_array_index (readable, i)));
      }
  self->hash = g_strdup (g_checksum_get_string (checksum));
  self->warning = warn (self, all);
  return g_steal_pointer (&self);
}

void
sq_calibration_free (SqCalibration *self)
{
  g_ptr_array_unref (self->paths);
  g_free (self->hash);
  g_free (self->warning);
  g_free (self);
}

SqFrame *
sq_calibration_frame (const SqCalibration *self, guint i, GError **error)
{
  return load (g_ptr_array_index (self->paths, i), error);
}

SqTensor *
sq_calibration_input (const SqCalibration *self, guint i, const SqModel *model, GError **error)
{
  const SqInputSpec *spec = &model->input;
  g_autoptr (SqFrame) frame = sq_calibration_frame (self, i, error);
  SqTransform transform;
  SqTensor *input;

  if (frame == NULL)
    return NULL;
  input = sq_tensor_new (SQ_F32, &SQ_SHAPE (1, 3, spec->height, spec->width));
  if (input == NULL)
    {
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY, "There is not enough memory for the network's input.");
      return NULL;
    }
  sq_transform_init (&transform, spec, frame->width, frame->height);
  sq_preprocess (frame, spec, &transform, input);
  return input;
}
