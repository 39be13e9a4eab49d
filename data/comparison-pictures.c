// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures are not stored: those of the worst frames come from the source, if it is still what it was.
#include "comparison.h"

#include "engine/error.h"
#include "engine/media/fingerprint.h"
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

static gboolean
gone (const char *path, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);

  g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” is no longer there or was changed, so the report has no pictures of it.", shown);
  return FALSE;
}

static gboolean
is_unchanged (const SqRun *run)
{
  g_autofree char *hash = run->source_hash[0] != '\0' ? sq_fingerprint_file (run->paths[0], NULL, NULL) : NULL;

  return run->source_hash[0] == '\0' || g_strcmp0 (hash, run->source_hash) == 0;
}

// Where a video is read from; a folder's pictures are opened one by one.
typedef struct
{
  const SqComparedRuns *runs;
  SqProject *project;
  SqSource *video; // NULL: pictures
  GCancellable *cancellable;
} Reader;

static SqFrame *
read_picture (Reader *self, const SqStoredFrame *stored, GError **error)
{
  const char *const paths[] = { stored->path, NULL };
  g_autoptr (SqSource) picture = self->video == NULL ? sq_source_open (paths, self->cancellable, error) : NULL;
  SqSource *source = self->video != NULL ? self->video : picture;
  g_autoptr (SqFrame) frame = NULL;

  if (source == NULL || (self->video != NULL && !sq_source_seek (source, stored->pts_ns, error)))
    return NULL;
  frame = sq_source_next (source, error);
  if (frame == NULL && error != NULL && *error != NULL)
    return NULL;
  if (frame == NULL || frame->width != stored->width || frame->height != stored->height
      || (self->video != NULL && frame->pts_ns != stored->pts_ns))
    {
      gone (stored->path, error);
      return NULL;
    }
  return g_steal_pointer (&frame);
}

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
add (Reader *self, SqWorstFrames *worst, const SqComparedFrame *compared, GError **error)
{
  const SqFramePair *pair = find_pair (self->runs, compared->index);
  g_autoptr (GPtrArray) a = sq_project_load_frames (self->project, self->runs->a->id, pair->seq_a, 1, error);
  g_autoptr (GPtrArray) b = a != NULL ? sq_project_load_frames (self->project, self->runs->b->id, pair->seq_b, 1, error) : NULL;
  g_autoptr (GArray) left = NULL, right = NULL;
  g_autoptr (SqFrame) frame = NULL;

  if (b == NULL)
    return FALSE;
  if (a->len == 0 || b->len == 0)
    return gone (sq_project_get_path (self->project), error);
  if ((frame = read_picture (self, g_ptr_array_index (a, 0), error)) == NULL)
    return FALSE;
  left = _sq_stored_frame_detections (g_ptr_array_index (a, 0), &self->runs->filter_a);
  right = _sq_stored_frame_detections (g_ptr_array_index (b, 0), &self->runs->filter_b);
  return sq_worst_frames_add (worst, self->runs->comparison, compared->index, compared->pts_ns, frame, left, right, error);
}

gboolean
sq_compared_runs_add_pictures (const SqComparedRuns *self, SqProject *project, SqWorstFrames *worst, GCancellable *cancellable,
                               GError **error)
{
  Reader reader = { .runs = self, .project = project, .cancellable = cancellable };
  g_autoptr (GPtrArray) order = g_ptr_array_new ();
  const GArray *frames = sq_comparison_get_frames (self->comparison);
  gboolean good = TRUE;

  if (self->a->source_kind == SQ_SOURCE_LIVE || self->a->paths[0] == NULL || !is_unchanged (self->a))
    return gone (self->a->source, error);
  if (self->a->source_kind == SQ_SOURCE_VIDEO)
    {
      reader.video = sq_source_open ((const char *const *) self->a->paths, cancellable, error);
      if (reader.video == NULL)
        return FALSE;
    }
  for (guint i = 0; i < frames->len; i++)
    g_ptr_array_add (order, (gpointer) &g_array_index (frames, SqComparedFrame, i));
  g_ptr_array_sort (order, worse_first);
  for (guint i = 0; good && i < order->len; i++)
    {
      const SqComparedFrame *frame = g_ptr_array_index (order, i);

      if (sq_worst_frames_wants (worst, frame->index, frame->pts_ns, sq_compared_frame_disagreements (frame)))
        good = add (&reader, worst, frame, error) && !g_cancellable_set_error_if_cancelled (cancellable, error);
    }
  g_clear_pointer (&reader.video, sq_source_free);
  return good;
}
