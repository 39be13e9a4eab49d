// SPDX-License-Identifier: GPL-3.0-or-later
#include "match.h"

typedef struct
{
  float iou;
  gboolean same_class;
  int a, b;
} Pair;

float
sq_detection_iou (const SqDetection *a, const SqDetection *b)
{
  float w = MIN (a->x2, b->x2) - MAX (a->x1, b->x1), h = MIN (a->y2, b->y2) - MAX (a->y1, b->y1);
  float both = w > 0 && h > 0 ? w * h : 0;
  float either = (a->x2 - a->x1) * (a->y2 - a->y1) + (b->x2 - b->x1) * (b->y2 - b->y1) - both;

  return either > 0 ? both / either : 0;
}

SqSize
sq_detection_size (const SqDetection *self)
{
  float area = (self->x2 - self->x1) * (self->y2 - self->y1);

  return area < 32 * 32 ? SQ_SIZE_SMALL : area <= 96 * 96 ? SQ_SIZE_MEDIUM : SQ_SIZE_LARGE;
}

// A whole order: equal overlaps go by place, so that the same boxes always give the same pairs.
static int
by_overlap (gconstpointer x, gconstpointer y)
{
  const Pair *p = x, *q = y;

  if (p->same_class != q->same_class)
    return q->same_class - p->same_class;
  if (p->iou != q->iou)
    return p->iou < q->iou ? 1 : -1;
  return p->a != q->a ? p->a - q->a : p->b - q->b;
}

static SqMatchKind
kind_of (const Pair *pair)
{
  return !pair->same_class ? SQ_MATCH_CLASS : pair->iou < SQ_AGREE_IOU ? SQ_MATCH_MOVED : SQ_MATCH_AGREED;
}

GArray *
sq_match (const SqDetection *a, guint n_a, const SqDetection *b, guint n_b)
{
  GArray *matches = g_array_sized_new (FALSE, FALSE, sizeof (SqMatch), n_a + n_b);
  g_autoptr (GArray) pairs = g_array_new (FALSE, FALSE, sizeof (Pair));
  g_autofree gboolean *taken = g_new0 (gboolean, n_b + 1);

  for (guint i = 0; i < n_a; i++)
    {
      SqMatch alone = { SQ_MATCH_LOST, (int) i, -1, 0 };

      g_array_append_val (matches, alone);
      for (guint j = 0; j < n_b; j++)
        {
          Pair pair = { sq_detection_iou (&a[i], &b[j]), a[i].class_id == b[j].class_id, (int) i, (int) j };

          if (pair.iou >= SQ_MATCH_IOU)
            g_array_append_val (pairs, pair);
        }
    }
  g_array_sort (pairs, by_overlap);
  for (guint k = 0; k < pairs->len; k++)
    {
      const Pair *pair = &g_array_index (pairs, Pair, k);
      SqMatch *match = &g_array_index (matches, SqMatch, pair->a);

      if (match->b >= 0 || taken[pair->b])
        continue;
      taken[pair->b] = TRUE;
      *match = (SqMatch){ kind_of (pair), pair->a, pair->b, pair->iou };
    }
  for (guint j = 0; j < n_b; j++)
    if (!taken[j])
      {
        SqMatch alone = { SQ_MATCH_NEW, -1, (int) j, 0 };

        g_array_append_val (matches, alone);
      }
  return matches;
}
