// SPDX-License-Identifier: GPL-3.0-or-later
#include "fidelity.h"

#include "engine/eval/coco-ap.h"
#include "engine/run/detector.h"
#include <stdlib.h>

#define FLOOR .01f // of the variant's scores: agreement looks at the whole ranking
#define MAX_WORKERS 16

struct _SqReference
{
  SqModel *model;
  const SqCalibration *pictures;
  float threshold;
  guint n_pictures;
  GArray **boxes; // per picture: SqDetection at the threshold
  guint n_boxes;
};

// One model over all pictures, a network of one thread per core.
typedef struct
{
  SqModel *model;
  const SqCalibration *pictures;
  SqFilter filter;
  GArray **boxes; // filled
  const SqRecipeProgress *progress;
  const char *what;
  int next;      // atomic
  GMutex lock;   // of what follows
  GError *error; // the first
} Sweep;

static void
sweep_fail (Sweep *self, GError *error)
{
  g_mutex_lock (&self->lock);
  if (self->error == NULL)
    self->error = g_steal_pointer (&error);
  g_mutex_unlock (&self->lock);
  g_clear_error (&error);
  g_atomic_int_set (&self->next, (int) self->pictures->paths->len);
}

static gboolean
sweep_report (Sweep *self, guint done, GError **error)
{
  gboolean wanted;

  g_mutex_lock (&self->lock);
  wanted = _sq_recipe_progress (self->progress, (double) done / self->pictures->paths->len, self->what, error);
  g_mutex_unlock (&self->lock);
  return wanted;
}

static gpointer
sweep_work (gpointer data)
{
  Sweep *self = data;
  GError *error = NULL;
  SqDetectorOptions options = { .threads = 1, .floor = self->filter.confidence };
  g_autoptr (SqDetector) detector = sq_detector_new (self->model, &options, &error);
  guint i;

  while (error == NULL && (i = (guint) g_atomic_int_add (&self->next, 1)) < self->pictures->paths->len)
    {
      SqFrame *frame = sweep_report (self, i, &error) ? sq_calibration_frame (self->pictures, i, &error) : NULL;
      g_autoptr (SqResult) result = frame != NULL ? sq_detector_detect (detector, frame, &error) : NULL;

      if (result != NULL)
        self->boxes[i] = sq_result_detections (result, &self->filter);
    }
  if (error != NULL)
    sweep_fail (self, error);
  return NULL;
}

static void
free_boxes (GArray **boxes, guint n)
{
  for (guint i = 0; i < n; i++)
    g_clear_pointer (&boxes[i], g_array_unref);
  g_free (boxes);
}

// Per picture what `model` finds, SqDetection; NULL with an error.
static GArray **
sweep (SqModel *model, const SqCalibration *pictures, float confidence, const SqRecipeProgress *progress, const char *what, GError **error)
{
  guint n = pictures->paths->len, n_workers = MIN (MIN (g_get_num_processors (), MAX_WORKERS), n);
  Sweep self = { .model = model, .pictures = pictures, .filter = SQ_FILTER_DEFAULT, .progress = progress, .what = what };
  GThread *threads[MAX_WORKERS];

  self.filter.confidence = confidence;
  self.boxes = g_new0 (GArray *, n + 1);
  g_mutex_init (&self.lock);
  for (guint i = 1; i < n_workers; i++)
    threads[i] = g_thread_new ("fidelity", sweep_work, &self);
  sweep_work (&self);
  for (guint i = 1; i < n_workers; i++)
    g_thread_join (threads[i]);
  g_mutex_clear (&self.lock);
  if (self.error == NULL)
    return self.boxes;
  g_propagate_error (error, self.error);
  free_boxes (self.boxes, n);
  return NULL;
}

SqReference *
sq_reference_new (SqModel *original, const SqCalibration *pictures, float threshold, const SqRecipeProgress *progress, GError **error)
{
  g_autoptr (SqReference) self = g_new0 (SqReference, 1);

  self->model = sq_model_ref (original);
  self->pictures = pictures;
  self->n_pictures = pictures->paths->len;
  self->threshold = threshold;
  if ((self->boxes = sweep (original, pictures, threshold, progress, "Looking with the original", error)) == NULL)
    return NULL;
  for (guint i = 0; i < self->n_pictures; i++)
    self->n_boxes += self->boxes[i]->len;
  return g_steal_pointer (&self);
}

void
sq_reference_free (SqReference *self)
{
  if (self->boxes != NULL)
    free_boxes (self->boxes, self->n_pictures);
  sq_model_unref (self->model);
  g_free (self);
}

guint
sq_reference_n_boxes (const SqReference *self)
{
  return self->n_boxes;
}

void
sq_layer_damage_clear (gpointer layer)
{
  g_free (((SqLayerDamage *) layer)->name);
}

static void
agree (SqFidelity *self, const SqReference *reference, GArray *const *boxes)
{
  g_autoptr (SqCocoAp) ap = sq_coco_ap_new (self->n_classes);
  g_autoptr (SqApReport) report = NULL;

  for (guint i = 0; i < self->n_pictures; i++)
    {
      for (guint k = 0; k < reference->boxes[i]->len; k++)
        {
          const SqDetection *d = &g_array_index (reference->boxes[i], SqDetection, k);
          SqTruth truth = { d->x1, d->y1, d->x2, d->y2, (double) (d->x2 - d->x1) * (double) (d->y2 - d->y1), d->class_id, FALSE };

          sq_coco_ap_add_truths (ap, i, &truth, 1);
        }
      sq_coco_ap_add_detections (ap, i, (const SqDetection *) (gpointer) boxes[i]->data, boxes[i]->len);
    }
  report = sq_coco_ap_evaluate (ap);
  self->agreement = report->ap;
  self->agreement50 = report->ap50;
  self->agreement_size[SQ_SIZE_SMALL] = report->ap_small;
  self->agreement_size[SQ_SIZE_MEDIUM] = report->ap_medium;
  self->agreement_size[SQ_SIZE_LARGE] = report->ap_large;
}

static void
count (SqFidelity *self, const SqDetection *box, SqMatchKind kind)
{
  self->total.n[kind]++;
  self->by_size[sq_detection_size (box)].n[kind]++;
  if ((guint) box->class_id < self->n_classes)
    self->by_class[box->class_id].n[kind]++;
}

// Boxes come best first.
static guint
n_above (const GArray *boxes, float threshold)
{
  guint n = 0;

  while (n < boxes->len && g_array_index (boxes, SqDetection, n).score >= threshold)
    n++;
  return n;
}

static void
match (SqFidelity *self, const SqReference *reference, GArray *const *boxes)
{
  double shift = 0;
  guint n_pairs = 0;

  for (guint i = 0; i < self->n_pictures; i++)
    {
      const SqDetection *a = (const SqDetection *) (gpointer) reference->boxes[i]->data,
                        *b = (const SqDetection *) (gpointer) boxes[i]->data;
      g_autoptr (GArray) matches = sq_match (a, reference->boxes[i]->len, b, n_above (boxes[i], self->threshold));
      // lost at the threshold, but maybe only just below it: the shift of scores is of all that is seen at all
      g_autoptr (GArray) loose = sq_match (a, reference->boxes[i]->len, b, boxes[i]->len);

      for (guint k = 0; k < matches->len; k++)
        {
          const SqMatch *m = &g_array_index (matches, SqMatch, k);

          count (self, m->a >= 0 ? &a[m->a] : &b[m->b], m->kind);
        }
      for (guint k = 0; k < loose->len; k++)
        {
          const SqMatch *m = &g_array_index (loose, SqMatch, k);

          if (m->kind == SQ_MATCH_AGREED || m->kind == SQ_MATCH_MOVED)
            {
              shift += (double) (b[m->b].score - a[m->a].score);
              n_pairs++;
            }
        }
    }
  self->score_shift = n_pairs > 0 ? shift / n_pairs : 0;
}

static int
descending (gconstpointer x, gconstpointer y)
{
  float a = *(const float *) x, b = *(const float *) y;

  return a < b ? 1 : a > b ? -1 : 0;
}

static double
matching_threshold (const SqReference *reference, GArray *const *boxes, guint n_pictures)
{
  g_autoptr (GArray) scores = g_array_new (FALSE, FALSE, sizeof (float));

  for (guint i = 0; i < n_pictures; i++)
    for (guint k = 0; k < boxes[i]->len; k++)
      g_array_append_val (scores, g_array_index (boxes[i], SqDetection, k).score);
  g_array_sort (scores, descending);
  if (reference->n_boxes == 0 || scores->len == 0)
    return (double) reference->threshold;
  return (double) g_array_index (scores, float, MIN (reference->n_boxes, scores->len) - 1);
}

SqFidelity *
sq_fidelity_measure (const SqReference *reference, SqModel *variant, const SqRecipeProgress *progress, GError **error)
{
  SqFidelity *self;
  guint n = reference->n_pictures;
  GArray **boxes = sweep (variant, reference->pictures, FLOOR, progress, "Looking with the variant", error);

  if (boxes == NULL)
    return NULL;
  self = g_new0 (SqFidelity, 1);
  self->n_pictures = n;
  self->threshold = reference->threshold;
  self->n_classes = reference->model->n_classes;
  self->by_class = g_new0 (SqMatchCounts, self->n_classes);
  self->layers = g_array_new (FALSE, TRUE, sizeof (SqLayerDamage));
  g_array_set_clear_func (self->layers, sq_layer_damage_clear);
  self->flop = variant->flop;
  self->original_flop = reference->model->flop;
  self->original_size = reference->model->file_size;
  agree (self, reference, boxes);
  match (self, reference, boxes);
  self->matching_threshold = matching_threshold (reference, boxes, n);
  free_boxes (boxes, n);
  return self;
}

void
sq_fidelity_free (SqFidelity *self)
{
  g_array_unref (self->layers);
  g_free (self->by_class);
  g_free (self);
}
