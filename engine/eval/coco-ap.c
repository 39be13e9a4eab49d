// SPDX-License-Identifier: GPL-3.0-or-later
// The order of everything decides ties, and so the third digit: pictures by id, labels with the ignored ones last, detections by score with
// their order kept. All as in pycocotools' cocoeval.py (evaluateImg, accumulate, summarize).
#include "coco-ap.h"

#include <math.h>
#include <string.h>

#define MAX_DETECTIONS 100
#define N_AREAS 4

static const double area_ranges[N_AREAS][2] = { { 0, 1e10 }, { 0, 32 * 32 }, { 32 * 32, 96 * 96 }, { 96 * 96, 1e10 } };

typedef struct
{
  gint64 id;
  GArray *truths;     // SqTruth
  GArray *detections; // SqDetection
} Image;

struct _SqCocoAp
{
  guint n_classes;
  GHashTable *by_id; // id -> Image
  GPtrArray *images;
};

// One detection as the accumulation sees it.
typedef struct
{
  float score;
  guint16 matched; // bit per threshold
  guint16 ignored; // bit per threshold
} Verdict;

static void
image_free (gpointer data)
{
  Image *image = data;

  g_array_unref (image->truths);
  g_array_unref (image->detections);
  g_free (image);
}

SqCocoAp *
sq_coco_ap_new (guint n_classes)
{
  SqCocoAp *self = g_new0 (SqCocoAp, 1);

  self->n_classes = n_classes;
  self->by_id = g_hash_table_new (g_int64_hash, g_int64_equal);
  self->images = g_ptr_array_new_with_free_func (image_free);
  return self;
}

void
sq_coco_ap_free (SqCocoAp *self)
{
  g_hash_table_unref (self->by_id);
  g_ptr_array_unref (self->images);
  g_free (self);
}

static Image *
get_image (SqCocoAp *self, gint64 id)
{
  Image *image = g_hash_table_lookup (self->by_id, &id);

  if (image == NULL)
    {
      image = g_new (Image, 1);
      image->id = id;
      image->truths = g_array_new (FALSE, FALSE, sizeof (SqTruth));
      image->detections = g_array_new (FALSE, FALSE, sizeof (SqDetection));
      g_ptr_array_add (self->images, image);
      g_hash_table_insert (self->by_id, &image->id, image);
    }
  return image;
}

void
sq_coco_ap_add_truths (SqCocoAp *self, gint64 id, const SqTruth *truths, guint n)
{
  Image *image = get_image (self, id);

  if (n > 0)
    g_array_append_vals (image->truths, truths, n);
}

void
sq_coco_ap_add_detections (SqCocoAp *self, gint64 id, const SqDetection *detections, guint n)
{
  Image *image = get_image (self, id);

  if (n > 0)
    g_array_append_vals (image->detections, detections, n);
}

static double
overlap (const SqDetection *d, const SqTruth *t)
{
  double width = (double) MIN (d->x2, t->x2) - MAX (d->x1, t->x1), height = (double) MIN (d->y2, t->y2) - MAX (d->y1, t->y1);
  double of_d = ((double) d->x2 - d->x1) * ((double) d->y2 - d->y1), of_t = ((double) t->x2 - t->x1) * ((double) t->y2 - t->y1);
  double both;

  if (width <= 0 || height <= 0)
    return 0;
  both = width * height;
  return both / (t->crowd ? of_d : of_d + of_t - both); // a crowd is matched by whatever lies in it
}

static int
compare_scores (gconstpointer a, gconstpointer b, gpointer data)
{
  float x = (*(const SqDetection *const *) a)->score, y = (*(const SqDetection *const *) b)->score;

  return (y > x) - (y < x);
}

// The labels and best detections of one class in one picture.
typedef struct
{
  GPtrArray *truths;     // const SqTruth *
  GPtrArray *detections; // const SqDetection *, score descending
  double *overlaps;      // [detection][truth], of `truths` as they stand
} Pair;

static void
pair_clear (Pair *pair)
{
  g_ptr_array_unref (pair->truths);
  g_ptr_array_unref (pair->detections);
  g_free (pair->overlaps);
}

static void
pair_init (Pair *pair, Image *image, int class_id)
{
  pair->truths = g_ptr_array_new ();
  pair->detections = g_ptr_array_new ();
  for (guint i = 0; i < image->truths->len; i++)
    if (g_array_index (image->truths, SqTruth, i).class_id == class_id)
      g_ptr_array_add (pair->truths, &g_array_index (image->truths, SqTruth, i));
  for (guint i = 0; i < image->detections->len; i++)
    if (g_array_index (image->detections, SqDetection, i).class_id == class_id)
      g_ptr_array_add (pair->detections, &g_array_index (image->detections, SqDetection, i));
  // GLib's sort is a stable merge sort when given data.
  if (pair->detections->len > 1)
    g_qsort_with_data (pair->detections->pdata, pair->detections->len, sizeof (gpointer), compare_scores, NULL);
  if (pair->detections->len > MAX_DETECTIONS)
    g_ptr_array_set_size (pair->detections, MAX_DETECTIONS);
  pair->overlaps = g_new (double, pair->detections->len *(gsize) pair->truths->len + 1);
  for (guint d = 0; d < pair->detections->len; d++)
    for (guint t = 0; t < pair->truths->len; t++)
      pair->overlaps[d * pair->truths->len + t] = overlap (g_ptr_array_index (pair->detections, d), g_ptr_array_index (pair->truths, t));
}

static gboolean
outside (double area, const double range[2])
{
  return area < range[0] || area > range[1];
}

// Greedy matching at one threshold. `order` lists the labels with the ignored ones last.
static void
match (const Pair *pair, const guint *order, const gboolean *ignore, double threshold, guint bit, Verdict *verdicts, gboolean *taken)
{
  guint n = pair->truths->len;

  memset (taken, 0, n * sizeof *taken);
  for (guint d = 0; d < pair->detections->len; d++)
    {
      double best = MIN (threshold, 1 - 1e-10);
      int found = -1;

      for (guint i = 0; i < n; i++)
        {
          guint t = order[i];
          const SqTruth *truth = g_ptr_array_index (pair->truths, t);

          if (taken[t] && !truth->crowd)
            continue;
          if (found >= 0 && !ignore[found] && ignore[t])
            break;
          if (pair->overlaps[d * n + t] < best)
            continue;
          best = pair->overlaps[d * n + t];
          found = t;
        }
      if (found < 0)
        continue;
      taken[found] = TRUE;
      verdicts[d].matched |= 1u << bit;
      if (ignore[found])
        verdicts[d].ignored |= 1u << bit;
    }
}

// Adds the picture's verdicts; returns how many labels count.
static guint
judge (const Pair *pair, const double range[2], GArray *verdicts)
{
  guint n = pair->truths->len, n_counted = 0, at = 0, first = verdicts->len;
  g_autofree guint *order = g_new (guint, n + 1);
  g_autofree gboolean *ignore = g_new (gboolean, n + 1), *taken = g_new (gboolean, n + 1);

  for (guint t = 0; t < n; t++)
    {
      const SqTruth *truth = g_ptr_array_index (pair->truths, t);

      ignore[t] = truth->crowd || outside (truth->area, range);
      if (!ignore[t])
        order[at++] = t;
    }
  n_counted = at;
  for (guint t = 0; t < n; t++)
    if (ignore[t])
      order[at++] = t;
  for (guint d = 0; d < pair->detections->len; d++)
    {
      Verdict verdict = { ((const SqDetection *) g_ptr_array_index (pair->detections, d))->score, 0, 0 };

      g_array_append_val (verdicts, verdict);
    }
  if (pair->detections->len == 0)
    return n_counted;
  for (guint k = 0; k < SQ_AP_THRESHOLDS; k++)
    match (pair, order, ignore, .5 + .05 * k, k, &g_array_index (verdicts, Verdict, first), taken);
  for (guint d = 0; d < pair->detections->len; d++)
    {
      const SqDetection *detection = g_ptr_array_index (pair->detections, d);
      Verdict *verdict = &g_array_index (verdicts, Verdict, first + d);

      if (outside (((double) detection->x2 - detection->x1) * ((double) detection->y2 - detection->y1), range))
        verdict->ignored |= ~verdict->matched;
    }
  return n_counted;
}

static int
compare_verdicts (gconstpointer a, gconstpointer b, gpointer data)
{
  float x = ((const Verdict *) a)->score, y = ((const Verdict *) b)->score;

  return (y > x) - (y < x);
}

// Precision at the 101 recalls for one threshold; `verdicts` by score. Returns the highest recall.
static double
curve (const GArray *verdicts, guint n_truths, guint bit, double precision[SQ_AP_RECALLS], float scores[SQ_AP_RECALLS])
{
  g_autofree double *recall = g_new (double, verdicts->len + 1), *exact = g_new (double, verdicts->len + 1);
  g_autofree float *score = g_new (float, verdicts->len + 1);
  guint n = 0, true_positives = 0, false_positives = 0, at = 0;

  for (guint i = 0; i < verdicts->len; i++)
    {
      const Verdict *verdict = &g_array_index (verdicts, Verdict, i);

      if (!(verdict->ignored >> bit & 1))
        {
          if (verdict->matched >> bit & 1)
            true_positives++;
          else
            false_positives++;
        }
      recall[n] = (double) true_positives / n_truths;
      exact[n] = true_positives / (false_positives + true_positives + DBL_EPSILON);
      score[n++] = verdict->score;
    }
  for (guint i = n; i-- > 1;)
    exact[i - 1] = MAX (exact[i - 1], exact[i]);
  for (guint r = 0; r < SQ_AP_RECALLS; r++)
    {
      double wanted = r * .01; // numpy.linspace (0, 1, 101)

      if (r == SQ_AP_RECALLS - 1)
        wanted = 1;
      while (at < n && recall[at] < wanted)
        at++;
      precision[r] = at < n ? exact[at] : 0;
      if (scores != NULL)
        scores[r] = at < n ? score[at] : 0;
    }
  return n > 0 ? recall[n - 1] : 0;
}

// F1 of all detections from each score on, at the first threshold; `verdicts` by score.
static void
f1_over_scores (const GArray *verdicts, guint n_truths, float f1[SQ_AP_SCORES])
{
  guint at = 0, right = 0, wrong = 0;

  for (guint s = SQ_AP_SCORES; s-- > 0;)
    {
      for (; at < verdicts->len && g_array_index (verdicts, Verdict, at).score >= (float) s / (SQ_AP_SCORES - 1); at++)
        {
          const Verdict *verdict = &g_array_index (verdicts, Verdict, at);

          right += !(verdict->ignored & 1) && (verdict->matched & 1);
          wrong += !(verdict->ignored & 1) && !(verdict->matched & 1);
        }
      f1[s] = 2.f * (float) right / (float) (n_truths + right + wrong);
    }
}

static double
mean (const double precision[SQ_AP_RECALLS])
{
  double sum = 0;

  for (guint r = 0; r < SQ_AP_RECALLS; r++)
    sum += precision[r];
  return sum / SQ_AP_RECALLS;
}

static void
evaluate_area (const GArray *verdicts, guint n_truths, guint area, SqClassAp *result)
{
  double *const aps[N_AREAS] = { &result->ap, &result->ap_small, &result->ap_medium, &result->ap_large };
  double sum = 0, recalls = 0;

  *aps[area] = -1;
  if (n_truths == 0)
    return;
  for (guint k = 0; k < SQ_AP_THRESHOLDS; k++)
    {
      double precision[SQ_AP_RECALLS];
      double ap;

      recalls += curve (verdicts, n_truths, k, precision, k == 0 && area == 0 ? result->score50 : NULL);
      ap = mean (precision);
      sum += ap;
      if (area == 0 && k == 0)
        {
          result->ap50 = ap;
          for (guint r = 0; r < SQ_AP_RECALLS; r++)
            result->precision50[r] = precision[r];
        }
      if (area == 0 && k == 5)
        result->ap75 = ap;
    }
  *aps[area] = sum / SQ_AP_THRESHOLDS;
  if (area > 0)
    return;
  result->recall = recalls / SQ_AP_THRESHOLDS;
  f1_over_scores (verdicts, n_truths, result->f1);
}

static void
evaluate_class (SqCocoAp *self, int class_id, SqClassAp *result)
{
  GArray *verdicts[N_AREAS];
  guint n_truths[N_AREAS] = { 0 };

  result->ap50 = result->ap75 = result->recall = -1;
  for (guint r = 0; r < SQ_AP_RECALLS; r++)
    result->precision50[r] = -1;
  for (guint a = 0; a < N_AREAS; a++)
    verdicts[a] = g_array_new (FALSE, FALSE, sizeof (Verdict));
  for (guint i = 0; i < self->images->len; i++)
    {
      Pair pair;

      pair_init (&pair, g_ptr_array_index (self->images, i), class_id);
      if (pair.truths->len + pair.detections->len > 0)
        for (guint a = 0; a < N_AREAS; a++)
          n_truths[a] += judge (&pair, area_ranges[a], verdicts[a]);
      pair_clear (&pair);
    }
  result->n_truths = n_truths[0];
  result->n_detections = verdicts[0]->len;
  for (guint a = 0; a < N_AREAS; a++)
    {
      g_array_sort_with_data (verdicts[a], compare_verdicts, NULL);
      evaluate_area (verdicts[a], n_truths[a], a, result);
      g_array_unref (verdicts[a]);
    }
}

static double
mean_over_classes (const SqApReport *report, gsize offset)
{
  double sum = 0;
  guint n = 0;

  for (guint i = 0; i < report->n_classes; i++)
    {
      double value = G_STRUCT_MEMBER (double, &report->classes[i], offset);

      if (value >= 0)
        {
          sum += value;
          n++;
        }
    }
  return n > 0 ? sum / n : -1;
}

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  gint64 x = (*(Image *const *) a)->id, y = (*(Image *const *) b)->id;

  return (x > y) - (x < y);
}

SqApReport *
sq_coco_ap_evaluate (SqCocoAp *self)
{
  SqApReport *report = g_new0 (SqApReport, 1);

  g_ptr_array_sort (self->images, compare_ids);
  report->n_images = self->images->len;
  report->n_classes = self->n_classes;
  report->classes = g_new0 (SqClassAp, self->n_classes);
  for (guint i = 0; i < self->n_classes; i++)
    {
      evaluate_class (self, i, &report->classes[i]);
      report->n_present += report->classes[i].n_truths > 0;
    }
  report->ap = mean_over_classes (report, G_STRUCT_OFFSET (SqClassAp, ap));
  report->ap50 = mean_over_classes (report, G_STRUCT_OFFSET (SqClassAp, ap50));
  report->ap75 = mean_over_classes (report, G_STRUCT_OFFSET (SqClassAp, ap75));
  report->ap_small = mean_over_classes (report, G_STRUCT_OFFSET (SqClassAp, ap_small));
  report->ap_medium = mean_over_classes (report, G_STRUCT_OFFSET (SqClassAp, ap_medium));
  report->ap_large = mean_over_classes (report, G_STRUCT_OFFSET (SqClassAp, ap_large));
  report->recall = mean_over_classes (report, G_STRUCT_OFFSET (SqClassAp, recall));
  return report;
}

void
sq_ap_report_free (SqApReport *self)
{
  g_free (self->classes);
  g_free (self);
}
