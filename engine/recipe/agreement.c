// SPDX-License-Identifier: GPL-3.0-or-later
#include "agreement.h"

#include "engine/eval/coco-ap.h"
#include "engine/media/source.h"
#include "engine/run/detector.h"

#define MAX_WORKERS 16
#define THRESHOLD .25f // of what the original is sure of
#define FLOOR .01f     // of what counts as found by a variant

struct _SqAgreement
{
  const SqCalibration *pictures;
  guint n_pictures, n_classes, n_boxes;
  GPtrArray *seen; // GArray of SqDetection per picture
};

typedef struct
{
  SqModel *model;
  const SqCalibration *pictures;
  guint n;
  float floor;
  GPtrArray *found; // GArray of SqDetection per picture
  int next, done;   // atomic
  const SqRecipeProgress *progress;
  const char *what;
  GMutex lock;
  GError *error; // the first, under the lock
} Look;

static void
give_up (Look *look, GError *error)
{
  g_mutex_lock (&look->lock);
  if (look->error == NULL)
    look->error = g_steal_pointer (&error);
  g_mutex_unlock (&look->lock);
  g_clear_error (&error);
  g_atomic_int_set (&look->next, (int) look->n);
}

static gboolean
look_at (Look *look, SqDetector *detector, guint i, GError **error)
{
  const char *const paths[] = { g_ptr_array_index (look->pictures->paths, i), NULL };
  SqFilter filter = { .confidence = look->floor, .iou = .65f, .max_detections = 100 };
  g_autoptr (SqSource) source = sq_source_open (paths, NULL, error);
  SqFrame *frame = source != NULL ? sq_source_next (source, error) : NULL;
  SqResult *result = frame != NULL ? sq_detector_detect (detector, frame, error) : NULL;

  if (result == NULL)
    return FALSE;
  g_ptr_array_index (look->found, i) = sq_result_detections (result, &filter);
  sq_result_unref (result);
  return TRUE;
}

static gpointer
work (gpointer data)
{
  Look *look = data;
  SqDetectorOptions options = { .threads = 1, .floor = look->floor };
  GError *error = NULL;
  g_autoptr (SqDetector) detector = sq_detector_new (look->model, &options, &error);
  int i;

  if (detector == NULL)
    give_up (look, g_steal_pointer (&error));
  while ((i = g_atomic_int_add (&look->next, 1)) < (int) look->n)
    {
      double done = (double) g_atomic_int_add (&look->done, 1) / look->n;

      g_mutex_lock (&look->lock);
      if (error == NULL)
        _sq_recipe_progress (look->progress, done, look->what, &error);
      g_mutex_unlock (&look->lock);
      if (error != NULL || !look_at (look, detector, (guint) i, &error))
        give_up (look, g_steal_pointer (&error));
    }
  return NULL;
}

static void
free_found (gpointer data)
{
  if (data != NULL)
    g_array_unref (data);
}

// GArray of SqDetection per picture, or NULL.
static GPtrArray *
detect_all (SqModel *model, const SqCalibration *pictures, guint n, float floor, const SqRecipeProgress *progress, const char *what,
            GError **error)
{
  Look look = { .model = model, .pictures = pictures, .n = n, .floor = floor, .progress = progress, .what = what };
  guint n_workers = MIN (MIN (g_get_num_processors (), MAX_WORKERS), n);
  GThread *threads[MAX_WORKERS];

  g_mutex_init (&look.lock);
  look.found = g_ptr_array_new_with_free_func (free_found);
  g_ptr_array_set_size (look.found, (int) n);
  for (guint w = 1; w < n_workers; w++)
    threads[w] = g_thread_new ("agreement", work, &look);
  work (&look);
  for (guint w = 1; w < n_workers; w++)
    g_thread_join (threads[w]);
  g_mutex_clear (&look.lock);
  if (look.error == NULL)
    return look.found;
  g_ptr_array_unref (look.found);
  g_propagate_error (error, look.error);
  return NULL;
}

SqAgreement *
sq_agreement_new (SqModel *original, const SqCalibration *pictures, guint max, const SqRecipeProgress *progress, GError **error)
{
  guint n = MIN (pictures->paths->len, max);
  GPtrArray *seen = detect_all (original, pictures, n, THRESHOLD, progress, "Detecting with the original", error);
  SqAgreement *self;

  if (seen == NULL)
    return NULL;
  self = g_new0 (SqAgreement, 1);
  self->pictures = pictures;
  self->n_pictures = n;
  self->n_classes = original->n_classes;
  self->seen = seen;
  for (guint i = 0; i < n; i++)
    self->n_boxes += ((GArray *) g_ptr_array_index (seen, i))->len;
  return self;
}

void
sq_agreement_free (SqAgreement *self)
{
  g_ptr_array_unref (self->seen);
  g_free (self);
}

guint
sq_agreement_n_boxes (const SqAgreement *self)
{
  return self->n_boxes;
}

gboolean
sq_agreement_measure (const SqAgreement *self, SqModel *variant, double *agreement, const SqRecipeProgress *progress, GError **error)
{
  g_autoptr (GPtrArray) found =
      detect_all (variant, self->pictures, self->n_pictures, FLOOR, progress, "Comparing with the original", error);
  g_autoptr (SqApReport) report = NULL;
  SqCocoAp *ap;

  if (found == NULL)
    return FALSE;
  ap = sq_coco_ap_new (self->n_classes);
  for (guint i = 0; i < self->n_pictures; i++)
    {
      const GArray *seen = g_ptr_array_index (self->seen, i), *boxes = g_ptr_array_index (found, i);

      sq_coco_ap_add_truths (ap, i, NULL, 0);
      for (guint k = 0; k < seen->len; k++)
        {
          const SqDetection *d = &g_array_index (seen, SqDetection, k);
          SqTruth truth = { d->x1, d->y1, d->x2, d->y2, (double) (d->x2 - d->x1) * (double) (d->y2 - d->y1), d->class_id, FALSE };

          sq_coco_ap_add_truths (ap, i, &truth, 1);
        }
      sq_coco_ap_add_detections (ap, i, (const SqDetection *) (gpointer) boxes->data, boxes->len);
    }
  report = sq_coco_ap_evaluate (ap);
  *agreement = report->ap;
  sq_coco_ap_free (ap);
  return TRUE;
}
