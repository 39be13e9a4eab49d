// SPDX-License-Identifier: GPL-3.0-or-later
#include "result.h"

#include <math.h>
#include <stdlib.h>

SqResult *
sq_result_new (SqFrame *frame, SqDetection *candidates, guint n_candidates, gboolean nms_done)
{
  SqResult *self = g_atomic_rc_box_new0 (SqResult);

  self->frame = frame;
  self->candidates = candidates;
  self->n_candidates = n_candidates;
  self->nms_done = nms_done;
  return self;
}

SqResult *
sq_result_ref (SqResult *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
result_clear (gpointer data)
{
  SqResult *self = data;

  sq_frame_unref (self->frame);
  g_free ((gpointer) self->candidates);
  g_clear_pointer (&self->other, sq_result_unref);
}

void
sq_result_unref (SqResult *self)
{
  g_atomic_rc_box_release_full (self, result_clear);
}

static float
overlap (const SqDetection *a, const SqDetection *b)
{
  float w = fminf (a->x2, b->x2) - fmaxf (a->x1, b->x1), h = fminf (a->y2, b->y2) - fmaxf (a->y1, b->y1), both;

  if (w <= 0 || h <= 0)
    return 0;
  both = w * h;
  return both / ((a->x2 - a->x1) * (a->y2 - a->y1) + (b->x2 - b->x1) * (b->y2 - b->y1) - both);
}

static gboolean
counts_here (const SqResult *self, const SqRegion *region, const SqDetection *d)
{
  return region == NULL
         || sq_region_contains (region, (d->x1 + d->x2) / 2 / (float) self->frame->width,
                                (d->y1 + d->y2) / 2 / (float) self->frame->height);
}

GArray *
sq_result_detections (const SqResult *self, const SqFilter *filter)
{
  GArray *kept = g_array_new (FALSE, FALSE, sizeof (SqDetection));
  gboolean nms = !self->nms_done && filter->iou < 1;

  for (guint i = 0; i < self->n_candidates; i++)
    {
      const SqDetection *d = &self->candidates[i];
      gboolean keep = TRUE;

      if (d->score < filter->confidence || (filter->max_detections > 0 && kept->len >= filter->max_detections))
        break; // sorted: nothing better follows
      if (!counts_here (self, filter->region, d))
        continue;
      if (filter->classes != NULL && (d->class_id < 0 || (guint) d->class_id >= filter->n_classes || !filter->classes[d->class_id]))
        continue;
      for (guint k = 0; nms && keep && k < kept->len; k++)
        {
          const SqDetection *other = &g_array_index (kept, SqDetection, k);

          if (filter->class_agnostic || other->class_id == d->class_id)
            keep = overlap (d, other) <= filter->iou;
        }
      if (keep)
        g_array_append_val (kept, *d);
    }
  return kept;
}

guint32
sq_class_colour (int class_id)
{
  // twenty hues with alternating lightness: neighbours differ in brightness as well, which colour deficiencies leave intact
  static const guint32 palette[] = { 0x0072b2, 0xe69f00, 0x009e73, 0xd55e00, 0xcc79a7, 0x56b4e9, 0xb8a900, 0x7a4fbf, 0x8c510a, 0x01a6a6,
                                     0xf46d9b, 0x3b6e22, 0xff8f5a, 0x3558c9, 0xa3c614, 0x99226b, 0x5fd0b3, 0xb33939, 0x8fa4ff, 0x6b6b00 };

  return palette[(guint) class_id % G_N_ELEMENTS (palette)];
}
