// SPDX-License-Identifier: GPL-3.0-or-later
#include "worst-frames.h"

#include "engine/media/encode.h"

#define NEAR_NS G_GINT64_CONSTANT (1000000000) // pictures of a folder are this far apart
#define QUALITY 85

struct _SqWorstFrames
{
  guint max;
  GPtrArray *frames; // SqWorstFrame, worst first, then by index
};

static void
frame_free (gpointer data)
{
  SqWorstFrame *frame = data;

  g_free (frame->path);
  g_clear_pointer (&frame->jpeg, g_bytes_unref);
  g_array_unref (frame->a);
  g_array_unref (frame->b);
  g_array_unref (frame->matches);
  g_free (frame);
}

SqWorstFrames *
sq_worst_frames_new (guint max)
{
  SqWorstFrames *self = g_new0 (SqWorstFrames, 1);

  self->max = CLAMP (max, 1, SQ_WORST_FRAMES_MAX);
  self->frames = g_ptr_array_new_with_free_func (frame_free);
  return self;
}

void
sq_worst_frames_free (SqWorstFrames *self)
{
  g_ptr_array_unref (self->frames);
  g_free (self);
}

static gboolean
is_near (const SqWorstFrame *frame, gint64 pts_ns)
{
  return frame->pts_ns - pts_ns < NEAR_NS && pts_ns - frame->pts_ns < NEAR_NS;
}

gboolean
sq_worst_frames_wants (const SqWorstFrames *self, gint64 index, gint64 pts_ns, guint n)
{
  guint others = 0, milder = 0;

  for (guint i = 0; i < self->frames->len; i++)
    {
      const SqWorstFrame *frame = g_ptr_array_index (self->frames, i);

      if (frame->index == index)
        continue; // this one is to replace it
      if (is_near (frame, pts_ns) && frame->n >= n)
        return FALSE;
      others++;
      milder += frame->n < n;
    }
  return n > 0 && (others < self->max || milder > 0);
}

static int
worse_first (gconstpointer a, gconstpointer b)
{
  const SqWorstFrame *x = *(SqWorstFrame *const *) a, *y = *(SqWorstFrame *const *) b;

  if (x->n != y->n)
    return x->n < y->n ? 1 : -1;
  return (x->index > y->index) - (x->index < y->index);
}

// What was known of the frame goes in any case: a frame that comes again was looked at with other thresholds.
static void
forget (SqWorstFrames *self, gint64 index)
{
  for (guint i = self->frames->len; i-- > 0;)
    if (((SqWorstFrame *) g_ptr_array_index (self->frames, i))->index == index)
      g_ptr_array_remove_index (self->frames, i);
}

gboolean
sq_worst_frames_add (SqWorstFrames *self, const SqComparison *comparison, gint64 index, gint64 pts_ns, const SqFrame *frame,
                     const GArray *a, const GArray *b, GError **error)
{
  g_autoptr (GArray) matches = sq_comparison_match (comparison, a, b);
  g_autoptr (SqFrame) scaled = NULL;
  g_autoptr (GBytes) jpeg = NULL;
  SqWorstFrame *kept;
  guint n = 0;

  for (guint i = 0; i < matches->len; i++)
    n += g_array_index (matches, SqMatch, i).kind != SQ_MATCH_AGREED;
  forget (self, index);
  if (!sq_worst_frames_wants (self, index, pts_ns, n))
    return TRUE;
  scaled = sq_frame_scale (frame, SQ_WORST_FRAMES_SIDE, SQ_WORST_FRAMES_SIDE, error);
  jpeg = scaled != NULL ? sq_frame_encode_jpeg (scaled, QUALITY, error) : NULL;
  if (jpeg == NULL)
    return FALSE;
  for (guint i = self->frames->len; i-- > 0;)
    if (is_near (g_ptr_array_index (self->frames, i), pts_ns))
      g_ptr_array_remove_index (self->frames, i);
  kept = g_new0 (SqWorstFrame, 1);
  *kept = (SqWorstFrame){ .index = index,
                          .pts_ns = pts_ns,
                          .width = frame->width,
                          .height = frame->height,
                          .path = g_strdup (frame->path),
                          .jpeg = g_steal_pointer (&jpeg),
                          .a = g_array_copy ((GArray *) a),
                          .b = g_array_copy ((GArray *) b),
                          .matches = g_steal_pointer (&matches),
                          .n = n };
  g_ptr_array_add (self->frames, kept);
  g_ptr_array_sort (self->frames, worse_first);
  if (self->frames->len > self->max)
    g_ptr_array_set_size (self->frames, (int) self->max);
  return TRUE;
}

const GPtrArray *
sq_worst_frames_get (const SqWorstFrames *self)
{
  return self->frames;
}
