// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluate.h"

#include "engine/error.h"
#include "engine/eval/classes.h"
#include "project-private.h"

#define PAGE 64 // frames

SqJudge *
sq_judge_new (SqAnnotations *labels, const char *const *class_names, gboolean by_number, float score, GError **error)
{
  g_autoptr (SqJudge) self = g_new0 (SqJudge, 1);

  if (labels->n_classes > SQ_EVALUATE_MAX_CLASSES)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT,
                   "The labels have %u classes, more than the %d that can be evaluated; choose other labels.", labels->n_classes,
                   SQ_EVALUATE_MAX_CLASSES);
      return NULL;
    }
  self->labels = sq_annotations_ref (labels);
  self->seqs = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->n_map = g_strv_length ((char **) class_names);
  self->class_map =
      sq_classes_map (class_names, self->n_map, (const char *const *) labels->class_names, labels->n_classes, &self->n_common);
  if (self->n_common < self->n_map && by_number && self->n_map == labels->n_classes)
    {
      for (guint i = 0; i < self->n_map; i++)
        self->class_map[i] = (int) i;
      self->n_common = self->n_map;
    }
  if (self->n_common == 0)
    {
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_FORMAT,
                           "The model and the labels have no class name in common; choose labels made for this model.");
      return NULL;
    }
  self->known = g_new0 (gboolean, labels->n_classes + 1);
  for (guint i = 0; i < self->n_map; i++)
    if (self->class_map[i] >= 0)
      self->known[self->class_map[i]] = TRUE;
  self->result = sq_evaluation_new (labels->n_classes, score);
  return g_steal_pointer (&self);
}

void
sq_judge_free (SqJudge *self)
{
  g_clear_pointer (&self->result, sq_evaluation_free);
  g_clear_pointer (&self->labels, sq_annotations_unref);
  g_clear_pointer (&self->run, sq_run_unref);
  g_clear_pointer (&self->seqs, g_array_unref);
  g_free (self->class_map);
  g_free (self->known);
  g_free (self);
}

void
sq_judge_add (SqJudge *self, const SqLabelledImage *image, GArray *detections)
{
  g_autofree SqTruth *truths = g_new (SqTruth, image->n_boxes + 1);
  guint n = 0;

  for (guint i = 0; i < image->n_boxes; i++)
    {
      const SqLabelBox *box = &image->boxes[i];

      if (self->known[box->class_id])
        truths[n++] = (SqTruth){ box->x1, box->y1, box->x2, box->y2, box->area, box->class_id, box->crowd };
    }
  for (guint i = 0; i < detections->len; i++)
    {
      SqDetection *d = &g_array_index (detections, SqDetection, i);

      d->class_id = d->class_id >= 0 && (guint) d->class_id < self->n_map ? self->class_map[d->class_id] : -1;
    }
  sq_evaluation_add (self->result, image->id, truths, n, (const SqDetection *) (gpointer) detections->data, detections->len);
  self->n_judged++;
}

// As COCO does it: every class on its own, at most a hundred boxes, and all scores there are.
static void
judge_frame (SqJudge *self, SqStoredFrame *frame, GHashTable *seen)
{
  const SqFilter filter = { .confidence = 0, .iou = .65f, .max_detections = 100 };
  const SqLabelledImage *image = sq_annotations_find (self->labels, frame->path);
  g_autoptr (GArray) detections = NULL;

  if (image == NULL || !g_hash_table_add (seen, (gpointer) image)) // a picture that came twice counts once
    return;
  detections = _sq_stored_frame_detections (frame, &filter);
  sq_judge_add (self, image, detections);
  g_array_append_val (self->seqs, frame->seq);
}

SqJudge *
sq_project_evaluate (SqProject *project, gint64 run, SqAnnotations *labels, float score, GCancellable *cancellable, GError **error)
{
  g_autoptr (SqRun) what = sq_project_load_run (project, run, error);
  g_autoptr (SqJudge) self = what != NULL ? sq_judge_new (labels, (const char *const *) what->labels, FALSE, score, error) : NULL;
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  gint64 at = 0;

  while (self != NULL)
    {
      g_autoptr (GPtrArray) frames = NULL;

      if (g_cancellable_is_cancelled (cancellable))
        {
          g_set_error_literal (error, SQ_ERROR, SQ_ERROR_CANCELLED, "Stopped.");
          return NULL;
        }
      if ((frames = sq_project_load_frames (project, run, at, PAGE, error)) == NULL)
        return NULL;
      if (frames->len == 0)
        break;
      for (guint i = 0; i < frames->len; i++)
        judge_frame (self, frames->pdata[i], seen);
      at = ((SqStoredFrame *) frames->pdata[frames->len - 1])->seq + 1;
    }
  if (self != NULL)
    self->run = sq_run_ref (what);
  if (self != NULL && self->n_judged == 0)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "No picture of “%s” is among the labels; choose those that were made for it.",
                   what->name);
      return NULL;
    }
  return g_steal_pointer (&self);
}

typedef struct
{
  gint64 run;
  char *labels, *pictures;
  float score;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_free (job->labels);
  g_free (job->pictures);
  g_free (job);
}

static void
evaluate_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Job *job = data;
  GError *error = NULL;
  g_autoptr (SqAnnotations) labels = sq_annotations_load (job->labels, job->pictures, cancellable, &error);
  SqJudge *judge = labels != NULL ? sq_project_evaluate (source, job->run, labels, job->score, cancellable, &error) : NULL;

  if (judge == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  sq_evaluation_get_ap (judge->result); // here, where it may take its time
  g_task_return_pointer (task, judge, (GDestroyNotify) sq_judge_free);
}

void
sq_project_evaluate_async (SqProject *project, gint64 run, const char *labels_path, const char *pictures, float score,
                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (project, cancellable, callback, user_data);
  Job *job = g_new (Job, 1);

  *job = (Job){ run, g_strdup (labels_path), g_strdup (pictures), score };
  g_task_set_source_tag (task, sq_project_evaluate_async);
  g_task_set_task_data (task, job, job_free);
  g_task_run_in_thread (task, evaluate_thread);
}

SqJudge *
sq_project_evaluate_finish (SqProject *project, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, project), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
