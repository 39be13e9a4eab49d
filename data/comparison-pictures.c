// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures are not stored: those of the worst frames come from the source, if it is still what it was.
#include "comparison.h"

#include "engine/error.h"
#include "frame-reader.h"
#include "project-private.h"

static int
worse_first (gconstpointer x, gconstpointer y)
{
  const SqComparedFrame *a = *(const SqComparedFrame *const *) x, *b = *(const SqComparedFrame *const *) y;
  guint n_a = sq_compared_frame_disagreements (a), n_b = sq_compared_frame_disagreements (b);

  if (n_a != n_b)
    return n_a < n_b ? 1 : -1;
  return a->index < b->index ? -1 : a->index > b->index;
}

typedef struct
{
  const SqComparedRuns *runs;
  SqProject *project;
  SqFrameReader *reader;
} Reading;

static const SqFramePair *
find_pair (const SqComparedRuns *runs, gint64 index)
{
  guint low = 0, high = runs->pairs->len;

  while (low + 1 < high)
    {
      guint middle = low + (high - low) / 2;

      if (g_array_index (runs->pairs, SqFramePair, middle).index <= index)
        low = middle;
      else
        high = middle;
    }
  return &g_array_index (runs->pairs, SqFramePair, low);
}

static gboolean
add (Reading *self, SqWorstFrames *worst, const SqComparedFrame *compared, GError **error)
{
  const SqFramePair *pair = find_pair (self->runs, compared->index);
  g_autoptr (GPtrArray) a = sq_project_load_frames (self->project, self->runs->a->id, pair->seq_a, 1, error);
  g_autoptr (GPtrArray) b = a != NULL ? sq_project_load_frames (self->project, self->runs->b->id, pair->seq_b, 1, error) : NULL;
  g_autoptr (GArray) left = NULL, right = NULL;
  g_autoptr (SqFrame) frame = NULL;

  if (b == NULL)
    return FALSE;
  if (a->len == 0 || b->len == 0)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” lost frames while they were read; try again.", sq_project_get_path (self->project));
      return FALSE;
    }
  if ((frame = sq_frame_reader_read_stored (self->reader, self->runs->a, g_ptr_array_index (a, 0), error)) == NULL)
    return FALSE;
  left = _sq_stored_frame_detections (g_ptr_array_index (a, 0), &self->runs->filter_a);
  right = _sq_stored_frame_detections (g_ptr_array_index (b, 0), &self->runs->filter_b);
  return sq_worst_frames_add (worst, self->runs->comparison, compared->index, compared->pts_ns, frame, left, right, error);
}

static void
on_cancelled (GCancellable *cancellable, gpointer reader)
{
  sq_frame_reader_interrupt (reader);
}

gboolean
sq_compared_runs_add_pictures (const SqComparedRuns *self, SqProject *project, SqWorstFrames *worst, GCancellable *cancellable,
                               GError **error)
{
  g_autoptr (SqFrameReader) reader = sq_frame_reader_new ();
  Reading reading = { self, project, reader };
  g_autoptr (GPtrArray) order = g_ptr_array_new ();
  const GArray *frames = sq_comparison_get_frames (self->comparison);
  gulong id = cancellable != NULL ? g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), reader, NULL) : 0;
  gboolean good = TRUE;

  for (guint i = 0; i < frames->len; i++)
    g_ptr_array_add (order, (gpointer) &g_array_index (frames, SqComparedFrame, i));
  g_ptr_array_sort (order, worse_first);
  for (guint i = 0; good && i < order->len; i++)
    {
      const SqComparedFrame *frame = g_ptr_array_index (order, i);

      if (sq_worst_frames_wants (worst, frame->index, frame->pts_ns, sq_compared_frame_disagreements (frame)))
        good = add (&reading, worst, frame, error) && !g_cancellable_set_error_if_cancelled (cancellable, error);
    }
  g_cancellable_disconnect (cancellable, id);
  return good;
}
