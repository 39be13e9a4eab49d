// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation.h"

#include "match.h"
#include <string.h>

#define IN_CROWD .5f // of a box's area: then it is part of the crowd

struct _SqEvaluation
{
  guint n_classes;
  float score;
  SqCocoAp *ap;
  SqApReport *report; // NULL: something was added since
  GArray *pictures;   // SqEvaluatedPicture
  GArray *findings;   // SqFinding
  guint *counts;      // (n_classes + 1)^2, by the labels' class and the one seen
};

SqEvaluation *
sq_evaluation_new (guint n_classes, float score)
{
  SqEvaluation *self = g_new0 (SqEvaluation, 1);

  self->n_classes = n_classes;
  self->score = score;
  self->ap = sq_coco_ap_new (n_classes);
  self->pictures = g_array_new (FALSE, FALSE, sizeof (SqEvaluatedPicture));
  self->findings = g_array_new (FALSE, FALSE, sizeof (SqFinding));
  self->counts = g_new0 (guint, (gsize) (n_classes + 1) * (n_classes + 1));
  return self;
}

void
sq_evaluation_free (SqEvaluation *self)
{
  sq_coco_ap_free (self->ap);
  g_clear_pointer (&self->report, sq_ap_report_free);
  g_array_unref (self->pictures);
  g_array_unref (self->findings);
  g_free (self->counts);
  g_free (self);
}

static gboolean
lies_in_crowd (const SqTruth *truths, guint n, const SqDetection *d)
{
  for (guint i = 0; i < n; i++)
    {
      float w = MIN (d->x2, truths[i].x2) - MAX (d->x1, truths[i].x1), h = MIN (d->y2, truths[i].y2) - MAX (d->y1, truths[i].y1);

      if (truths[i].crowd && truths[i].class_id == d->class_id && w > 0 && h > 0 && w * h >= IN_CROWD * (d->x2 - d->x1) * (d->y2 - d->y1))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_known (const SqEvaluation *self, int class_id)
{
  return class_id >= 0 && (guint) class_id < self->n_classes;
}

static void
note (SqEvaluation *self, const SqDetection *truth, const SqDetection *seen)
{
  const SqDetection *at = truth != NULL ? truth : seen;
  SqEvaluatedPicture *picture = &g_array_index (self->pictures, SqEvaluatedPicture, self->pictures->len - 1);
  SqFinding f = { self->pictures->len - 1,
                  truth != NULL ? truth->class_id : (int) self->n_classes,
                  seen != NULL ? seen->class_id : (int) self->n_classes,
                  seen != NULL ? seen->score : 0,
                  at->x1,
                  at->y1,
                  at->x2,
                  at->y2 };

  if (f.truth == f.seen)
    picture->n_right++;
  else if (seen == NULL)
    picture->n_missed++;
  else if (truth == NULL)
    picture->n_false++;
  else
    picture->n_confused++;
  self->counts[(guint) f.truth * (self->n_classes + 1) + (guint) f.seen]++;
  g_array_append_val (self->findings, f);
}

void
sq_evaluation_add (SqEvaluation *self, gint64 id, const SqTruth *truths, guint n_truths, const SqDetection *seen, guint n_seen)
{
  SqEvaluatedPicture picture = { .id = id };
  g_autofree SqDetection *a = g_new (SqDetection, n_truths + 1), *b = g_new (SqDetection, n_seen + 1);
  g_autoptr (GArray) matches = NULL;
  guint n_a = 0, n_b = 0;

  sq_coco_ap_add_truths (self->ap, id, truths, n_truths);
  sq_coco_ap_add_detections (self->ap, id, seen, n_seen);
  g_clear_pointer (&self->report, sq_ap_report_free);
  g_array_append_val (self->pictures, picture);
  for (guint i = 0; i < n_truths; i++)
    if (!truths[i].crowd && is_known (self, truths[i].class_id))
      a[n_a++] = (SqDetection){ truths[i].x1, truths[i].y1, truths[i].x2, truths[i].y2, 1, truths[i].class_id, 0 };
  for (guint i = 0; i < n_seen; i++)
    if (seen[i].score >= self->score && is_known (self, seen[i].class_id))
      b[n_b++] = seen[i];
  matches = sq_match (a, n_a, b, n_b);
  for (guint i = 0; i < matches->len; i++)
    {
      const SqMatch *m = &g_array_index (matches, SqMatch, i);

      if (m->a >= 0 || !lies_in_crowd (truths, n_truths, &b[m->b]))
        note (self, m->a >= 0 ? &a[m->a] : NULL, m->b >= 0 ? &b[m->b] : NULL);
    }
}

const SqApReport *
sq_evaluation_get_ap (SqEvaluation *self)
{
  if (self->report == NULL)
    self->report = sq_coco_ap_evaluate (self->ap);
  return self->report;
}

guint
sq_evaluation_get_n_classes (const SqEvaluation *self)
{
  return self->n_classes;
}

const GArray *
sq_evaluation_get_pictures (const SqEvaluation *self)
{
  return self->pictures;
}

static guint
n_wrong (const SqEvaluatedPicture *p)
{
  return p->n_missed + p->n_false + p->n_confused;
}

static int
compare_wrong (gconstpointer a, gconstpointer b, gpointer pictures)
{
  guint x = *(const guint *) a, y = *(const guint *) b, wrong_x = n_wrong (&g_array_index ((GArray *) pictures, SqEvaluatedPicture, x)),
        wrong_y = n_wrong (&g_array_index ((GArray *) pictures, SqEvaluatedPicture, y));

  return wrong_x != wrong_y ? (wrong_x < wrong_y) - (wrong_x > wrong_y) : (x > y) - (x < y);
}

GArray *
sq_evaluation_worst (const SqEvaluation *self, guint most)
{
  GArray *order = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < self->pictures->len; i++)
    if (n_wrong (&g_array_index (self->pictures, SqEvaluatedPicture, i)) > 0)
      g_array_append_val (order, i);
  g_array_sort_with_data (order, compare_wrong, self->pictures);
  g_array_set_size (order, MIN (order->len, most));
  return order;
}

guint
sq_evaluation_get_count (const SqEvaluation *self, guint truth, guint seen)
{
  g_return_val_if_fail (truth <= self->n_classes && seen <= self->n_classes, 0);

  return self->counts[truth * (self->n_classes + 1) + seen];
}

GArray *
sq_evaluation_find (const SqEvaluation *self, int truth, int seen)
{
  GArray *found = g_array_new (FALSE, FALSE, sizeof (SqFinding));

  for (guint i = 0; i < self->findings->len; i++)
    {
      const SqFinding *f = &g_array_index (self->findings, SqFinding, i);

      if ((truth < 0 || f->truth == truth) && (seen < 0 || f->seen == seen))
        g_array_append_val (found, *f);
    }
  return found;
}

float
sq_evaluation_get_f1 (SqEvaluation *self, int class_id, float f1[SQ_AP_SCORES])
{
  const SqApReport *report = sq_evaluation_get_ap (self);
  guint best = 0;

  memset (f1, 0, SQ_AP_SCORES * sizeof *f1);
  for (guint c = 0; c < self->n_classes; c++)
    if (report->classes[c].n_truths > 0 && (class_id < 0 || (guint) class_id == c))
      for (guint s = 0; s < SQ_AP_SCORES; s++)
        f1[s] += report->classes[c].f1[s] / (float) (class_id < 0 ? report->n_present : 1);
  for (guint s = 1; s < SQ_AP_SCORES; s++)
    best = f1[s] > f1[best] ? s : best;
  return (float) best / (SQ_AP_SCORES - 1);
}
