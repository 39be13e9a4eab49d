// SPDX-License-Identifier: GPL-3.0-or-later
// Boxes are kept with unified class ids, so that a frame that comes again can be taken back and the agreement be computed at any time.
#include "comparison.h"

#include "classes.h"
#include "coco-ap.h"
#include <string.h>

// The boxes of one frame, parallel to `frames`.
typedef struct
{
  SqDetection *boxes; // A's, then B's
  guint n_a, n_b;
} Boxes;

struct _SqComparison
{
  GPtrArray *names;          // of the classes, as the models say them
  GArray *class_a, *class_b; // guint: class of a model's id
  GArray *frames;            // SqComparedFrame, by index
  GArray *boxes;             // Boxes
  SqMatchTotals total, size[SQ_N_SIZES];
  SqMatchTotals *by_class; // [names->len]
};

static void
boxes_clear (gpointer data)
{
  g_free (((Boxes *) data)->boxes);
}

static GArray *
map_classes (GPtrArray *names, GHashTable *known, const char *const *labels)
{
  GArray *map = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; labels != NULL && labels[i] != NULL; i++)
    {
      char *name = sq_class_plain_name (labels[i]);
      gpointer at;
      guint id;

      if (g_hash_table_lookup_extended (known, name, NULL, &at))
        {
          id = GPOINTER_TO_UINT (at);
          g_free (name);
        }
      else
        {
          id = names->len;
          g_ptr_array_add (names, g_strdup (labels[i]));
          g_hash_table_insert (known, name, GUINT_TO_POINTER (id));
        }
      g_array_append_val (map, id);
    }
  return map;
}

SqComparison *
sq_comparison_new (const char *const *labels_a, const char *const *labels_b)
{
  SqComparison *self = g_new0 (SqComparison, 1);
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  self->names = g_ptr_array_new_with_free_func (g_free);
  self->class_a = map_classes (self->names, known, labels_a);
  self->class_b = map_classes (self->names, known, labels_b);
  self->by_class = g_new0 (SqMatchTotals, self->names->len + 1);
  self->frames = g_array_new (FALSE, FALSE, sizeof (SqComparedFrame));
  self->boxes = g_array_new (FALSE, FALSE, sizeof (Boxes));
  g_array_set_clear_func (self->boxes, boxes_clear);
  return self;
}

void
sq_comparison_free (SqComparison *self)
{
  g_array_unref (self->boxes);
  g_array_unref (self->frames);
  g_free (self->by_class);
  g_array_unref (self->class_a);
  g_array_unref (self->class_b);
  g_ptr_array_unref (self->names);
  g_free (self);
}

void
sq_comparison_reset (SqComparison *self)
{
  g_array_set_size (self->frames, 0);
  g_array_set_size (self->boxes, 0);
  memset (&self->total, 0, sizeof self->total);
  memset (self->size, 0, sizeof self->size);
  memset (self->by_class, 0, self->names->len * sizeof self->by_class[0]);
}

// --- matching
// -----------------------------------------------------------------------------------------------------------------------------------------

// An id that a model has no name for is a class of its own: below zero, A's even and B's odd.
static int
unify (const GArray *map, int id, int side)
{
  return id >= 0 && (guint) id < map->len ? (int) g_array_index (map, guint, id) : -2 - 2 * (id & 0xffffff) - side;
}

static Boxes
collect (const SqComparison *self, const GArray *a, const GArray *b)
{
  Boxes boxes = { g_new (SqDetection, a->len + b->len + 1), a->len, b->len };

  for (guint i = 0; i < a->len + b->len; i++)
    {
      SqDetection *d = &boxes.boxes[i];

      *d = i < a->len ? g_array_index (a, SqDetection, i) : g_array_index (b, SqDetection, i - a->len);
      d->class_id = unify (i < a->len ? self->class_a : self->class_b, d->class_id, i >= a->len);
    }
  return boxes;
}

static GArray *
match (const Boxes *boxes)
{
  return sq_match (boxes->boxes, boxes->n_a, boxes->boxes + boxes->n_a, boxes->n_b);
}

GArray *
sq_comparison_match (const SqComparison *self, const GArray *a, const GArray *b)
{
  Boxes boxes = collect (self, a, b);
  GArray *matches = match (&boxes);

  boxes_clear (&boxes);
  return matches;
}

// Adds the frame's matches to all totals, or takes them away again. `n` receives how many there are of each kind.
static void
count (SqComparison *self, const Boxes *boxes, gboolean away, guint16 n[SQ_N_MATCHES])
{
  g_autoptr (GArray) matches = match (boxes);
  guint64 step = away ? G_MAXUINT64 : 1; // unsigned sums wrap

  memset (n, 0, SQ_N_MATCHES * sizeof n[0]);
  for (guint i = 0; i < matches->len; i++)
    {
      const SqMatch *m = &g_array_index (matches, SqMatch, i);
      const SqDetection *box = m->a >= 0 ? &boxes->boxes[m->a] : &boxes->boxes[boxes->n_a + m->b];

      n[m->kind] = (guint16) MIN (n[m->kind] + 1, G_MAXUINT16);
      self->total.n[m->kind] += step;
      self->size[sq_detection_size (box)].n[m->kind] += step;
      if (box->class_id >= 0)
        self->by_class[box->class_id].n[m->kind] += step;
    }
}

// Position of the first frame whose index is at least `index`.
static guint
lower_bound (const SqComparison *self, gint64 index)
{
  guint low = 0, high = self->frames->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (g_array_index (self->frames, SqComparedFrame, middle).index < index)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

void
sq_comparison_add (SqComparison *self, gint64 index, gint64 pts_ns, const GArray *a, const GArray *b)
{
  Boxes boxes = collect (self, a, b);
  guint n = self->frames->len, at;
  SqComparedFrame frame = { .pts_ns = pts_ns }, old;

  if (index < 0)
    index = n > 0 ? g_array_index (self->frames, SqComparedFrame, n - 1).index + 1 : 0;
  at = lower_bound (self, index);
  if (at < n && g_array_index (self->frames, SqComparedFrame, at).index == index)
    {
      count (self, &g_array_index (self->boxes, Boxes, at), TRUE, old.n);
      g_array_remove_index (self->frames, at);
      g_array_remove_index (self->boxes, at);
    }
  frame.index = index;
  count (self, &boxes, FALSE, frame.n);
  g_array_insert_val (self->frames, at, frame);
  g_array_insert_val (self->boxes, at, boxes);
}

guint8 *
sq_comparison_map_classes (const SqComparison *self, const guint8 *classes, guint n, guint *n_b)
{
  guint8 *mapped = classes != NULL ? g_new0 (guint8, self->class_b->len + 1) : NULL;

  *n_b = self->class_b->len;
  for (guint i = 0; mapped != NULL && i < MIN (n, self->class_a->len); i++)
    for (guint k = 0; classes[i] && k < self->class_b->len; k++)
      mapped[k] |= g_array_index (self->class_a, guint, i) == g_array_index (self->class_b, guint, k);
  return mapped;
}

// --- what came of it
// ----------------------------------------------------------------------------------------------------------------------------------

guint
sq_compared_frame_disagreements (const SqComparedFrame *frame)
{
  return (guint) frame->n[SQ_MATCH_MOVED] + frame->n[SQ_MATCH_CLASS] + frame->n[SQ_MATCH_LOST] + frame->n[SQ_MATCH_NEW];
}

const GArray *
sq_comparison_get_frames (const SqComparison *self)
{
  return self->frames;
}

SqMatchTotals
sq_comparison_get_total (const SqComparison *self)
{
  return self->total;
}

SqMatchTotals
sq_comparison_get_size (const SqComparison *self, SqSize size)
{
  return self->size[size];
}

guint
sq_comparison_n_classes (const SqComparison *self)
{
  return self->names->len;
}

const char *
sq_comparison_get_class (const SqComparison *self, guint i, SqMatchTotals *totals)
{
  g_return_val_if_fail (i < self->names->len, NULL);
  if (totals != NULL)
    *totals = self->by_class[i];
  return g_ptr_array_index (self->names, i);
}

int
sq_comparison_find (const SqComparison *self, gint64 index, int direction)
{
  gint64 at = lower_bound (self, direction > 0 && index < G_MAXINT64 ? index + 1 : index);

  for (at -= direction < 0; at >= 0 && at < self->frames->len; at += direction < 0 ? -1 : 1)
    if (sq_compared_frame_disagreements (&g_array_index (self->frames, SqComparedFrame, at)) > 0)
      return (int) at;
  return -1;
}

int
sq_comparison_find_worst (const SqComparison *self)
{
  int worst = -1;
  guint most = 0;

  for (guint i = 0; i < self->frames->len; i++)
    {
      guint n = sq_compared_frame_disagreements (&g_array_index (self->frames, SqComparedFrame, i));

      if (n > most)
        {
          most = n;
          worst = (int) i;
        }
    }
  return worst;
}

// Classes that A never saw do not count in the mean; the others get ids without gaps, for the evaluation looks at every frame once per id.
static guint
pack_classes (const SqComparison *self, GHashTable *packed)
{
  for (guint i = 0; i < self->boxes->len; i++)
    {
      const Boxes *boxes = &g_array_index (self->boxes, Boxes, i);

      for (guint k = 0; k < boxes->n_a; k++)
        {
          gpointer id = GINT_TO_POINTER (boxes->boxes[k].class_id);

          if (!g_hash_table_contains (packed, id))
            g_hash_table_insert (packed, id, GUINT_TO_POINTER (g_hash_table_size (packed)));
        }
    }
  return g_hash_table_size (packed);
}

double
sq_comparison_agreement (const SqComparison *self, double *at50)
{
  g_autoptr (GHashTable) packed = g_hash_table_new (NULL, NULL);
  g_autoptr (SqCocoAp) ap = sq_coco_ap_new (pack_classes (self, packed));
  g_autoptr (SqApReport) report = NULL;

  for (guint i = 0; i < self->boxes->len; i++)
    {
      const Boxes *boxes = &g_array_index (self->boxes, Boxes, i);

      for (guint k = 0; k < boxes->n_a + boxes->n_b; k++)
        {
          SqDetection d = boxes->boxes[k];
          gpointer id;

          if (!g_hash_table_lookup_extended (packed, GINT_TO_POINTER (d.class_id), NULL, &id))
            continue;
          d.class_id = GPOINTER_TO_INT (id);
          if (k < boxes->n_a)
            {
              SqTruth truth = { d.x1, d.y1, d.x2, d.y2, (double) (d.x2 - d.x1) * (double) (d.y2 - d.y1), d.class_id, FALSE };

              sq_coco_ap_add_truths (ap, i, &truth, 1);
            }
          else
            sq_coco_ap_add_detections (ap, i, &d, 1);
        }
    }
  report = sq_coco_ap_evaluate (ap);
  if (at50 != NULL)
    *at50 = report->ap50;
  return report->ap;
}
