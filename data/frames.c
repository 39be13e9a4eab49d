// SPDX-License-Identifier: GPL-3.0-or-later
// Frames and detections of a run.
#include "project-private.h"
#include "queries.h"
#include <string.h>

SqStoredFrame *
sq_stored_frame_ref (SqStoredFrame *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
stored_frame_clear (gpointer data)
{
  SqStoredFrame *self = data;

  g_free (self->path);
  g_free (self->candidates);
}

void
sq_stored_frame_unref (SqStoredFrame *self)
{
  g_atomic_rc_box_release_full (self, stored_frame_clear);
}

static void
unref_frame (gpointer data)
{
  sq_stored_frame_unref (data);
}

SqResult *
sq_stored_frame_to_result (SqStoredFrame *self, SqFrame *frame)
{
  SqFrame *shown = frame != NULL ? sq_frame_ref (frame)
                                 : sq_frame_new (self->width, self->height, 0, NULL, self->path, self->index, self->pts_ns, NULL, NULL);
  SqResult *result;

  if (frame == NULL)
    shown->duration_ns = self->duration_ns;
  result =
      sq_result_new (shown, g_memdup2 (self->candidates, self->n_candidates * sizeof (SqDetection)), self->n_candidates, self->nms_done);
  memcpy (result->stage_ns, self->stage_ns, sizeof result->stage_ns);
  result->device = self->device;
  return result;
}

GArray *
_sq_stored_frame_detections (SqStoredFrame *frame, const SqFilter *filter)
{
  g_autoptr (SqResult) result = sq_stored_frame_to_result (frame, NULL);

  return sq_result_detections (result, filter);
}

static SqStoredFrame *
read_frame (SqStatement *s, gint64 run)
{
  SqStoredFrame *frame = g_atomic_rc_box_new0 (SqStoredFrame);
  const char *path = sq_column_text (s, 6);
  const char *device = sq_column_text (s, 11);

  frame->run = run;
  frame->seq = sq_column_int (s, 0);
  frame->index = sq_column_int (s, 1);
  frame->pts_ns = sq_column_int (s, 2);
  frame->duration_ns = sq_column_int (s, 3);
  frame->width = sq_column_int (s, 4);
  frame->height = sq_column_int (s, 5);
  frame->path = g_strdup (path != NULL ? path : "");
  for (int i = 0; i < 4; i++)
    frame->stage_ns[i] = sq_column_int (s, 7 + i);
  frame->device = g_intern_string (device != NULL ? device : "");
  frame->nms_done = sq_column_int (s, 12) != 0;
  frame->n_objects = sq_column_int (s, 13);
  return frame;
}

static gboolean
read_frames (SqStore *store, gint64 run, gint64 first, guint limit, GPtrArray *frames, GError **error)
{
  SqStatement *s =
      sq_store_prepare (store,
                        "SELECT f.seq, f.idx, f.pts_ns, f.duration_ns, f.width, f.height, coalesce (f.path, s.path), f.decode_ns,"
                        " f.preprocess_ns, f.infer_ns, f.post_ns, f.device, f.nms_done, f.n_objects FROM frame f"
                        " JOIN run r ON r.id = f.run JOIN source s ON s.id = r.source"
                        " WHERE f.run = ? AND f.seq >= ? ORDER BY f.seq LIMIT ?",
                        error);
  SqStep step;

  if (s == NULL)
    return FALSE;
  sq_bind_int (s, 1, run);
  sq_bind_int (s, 2, first);
  sq_bind_int (s, 3, limit);
  while ((step = sq_store_step (store, s, error)) == SQ_STEP_ROW)
    g_ptr_array_add (frames, read_frame (s, run));
  return step == SQ_STEP_DONE;
}

static gboolean
read_detections (SqStore *store, gint64 run, GPtrArray *frames, GError **error)
{
  SqStatement *s;
  SqStep step;
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (SqDetection));
  guint at = 0;

  if (frames->len == 0)
    return TRUE;
  s = sq_store_prepare (
      store, "SELECT seq, class, score, x1, y1, x2, y2, track FROM detection WHERE run = ? AND seq BETWEEN ? AND ? ORDER BY seq, i", error);
  if (s == NULL)
    return FALSE;
  sq_bind_int (s, 1, run);
  sq_bind_int (s, 2, ((SqStoredFrame *) g_ptr_array_index (frames, 0))->seq);
  sq_bind_int (s, 3, ((SqStoredFrame *) g_ptr_array_index (frames, frames->len - 1))->seq);
  do
    {
      gint64 seq;

      step = sq_store_step (store, s, error);
      seq = step == SQ_STEP_ROW ? sq_column_int (s, 0) : G_MAXINT64;
      // The frames before this one are complete.
      while (at < frames->len && ((SqStoredFrame *) g_ptr_array_index (frames, at))->seq < seq)
        {
          SqStoredFrame *frame = g_ptr_array_index (frames, at++);

          frame->n_candidates = found->len;
          frame->candidates = g_memdup2 (found->data, found->len * sizeof (SqDetection));
          g_array_set_size (found, 0);
        }
      if (step == SQ_STEP_ROW)
        {
          SqDetection d = { .class_id = sq_column_int (s, 1),
                            .score = sq_column_double (s, 2),
                            .x1 = sq_column_double (s, 3),
                            .y1 = sq_column_double (s, 4),
                            .x2 = sq_column_double (s, 5),
                            .y2 = sq_column_double (s, 6),
                            .track = (int) sq_column_int (s, 7) };

          g_array_append_val (found, d);
        }
    }
  while (step == SQ_STEP_ROW);
  return step == SQ_STEP_DONE;
}

GPtrArray *
sq_project_load_frames (SqProject *project, gint64 run, gint64 first, guint limit, GError **error)
{
  g_autoptr (GPtrArray) frames = g_ptr_array_new_with_free_func (unref_frame);
  SqStore *store;
  gboolean good;

  g_return_val_if_fail (SQ_IS_PROJECT (project), NULL);
  store = _sq_project_take_reader (project, error);
  if (store == NULL)
    return NULL;
  // One snapshot for both reads.
  good = sq_store_exec (store, "BEGIN", error) && read_frames (store, run, first, limit, frames, error)
         && read_detections (store, run, frames, error);
  _sq_project_return_reader (project, store);
  return good ? g_steal_pointer (&frames) : NULL;
}

typedef struct
{
  gint64 run, first;
  guint limit;
} LoadJob;

static void
load_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  LoadJob *job = data;
  GError *error = NULL;
  GPtrArray *frames = sq_project_load_frames (source, job->run, job->first, job->limit, &error);

  if (frames != NULL)
    g_task_return_pointer (task, frames, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

void
sq_project_load_frames_async (SqProject *project, gint64 run, gint64 first, guint limit, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (project, cancellable, callback, user_data);
  LoadJob *job = g_new (LoadJob, 1);

  *job = (LoadJob){ run, first, limit };
  g_task_set_source_tag (task, sq_project_load_frames_async);
  g_task_set_task_data (task, job, g_free);
  g_task_run_in_thread (task, load_in_thread);
}

GPtrArray *
sq_project_load_frames_finish (SqProject *project, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

gint64
sq_project_find_frame (SqProject *project, gint64 run, gint64 pts_ns, GError **error)
{
  static const char *const sql[] = {
    "SELECT seq FROM frame WHERE run = ? AND pts_ns <= ? ORDER BY pts_ns DESC LIMIT 1",
    "SELECT seq FROM frame WHERE run = ? AND ?2 = ?2 ORDER BY pts_ns LIMIT 1"
  }; // before the first: the first
  SqStore *store;
  gint64 seq = -1;

  g_return_val_if_fail (SQ_IS_PROJECT (project), -1);
  store = _sq_project_take_reader (project, error);
  for (guint i = 0; store != NULL && i < G_N_ELEMENTS (sql) && seq < 0; i++)
    {
      SqStatement *s = sq_store_prepare (store, sql[i], error);
      SqStep step = SQ_STEP_ERROR;

      if (s != NULL)
        {
          sq_bind_int (s, 1, run);
          sq_bind_int (s, 2, pts_ns);
          step = sq_store_step (store, s, error);
        }
      if (step == SQ_STEP_ERROR)
        break;
      if (step == SQ_STEP_ROW)
        seq = sq_column_int (s, 0);
    }
  if (store != NULL)
    _sq_project_return_reader (project, store);
  return seq;
}

GArray *
sq_project_search_frames (SqProject *project, gint64 run, int class_id, float min_score, gint64 after, guint limit, GError **error)
{
  g_autoptr (GArray) seqs = g_array_new (FALSE, FALSE, sizeof (gint64));
  SqStore *store;
  SqStatement *s;
  SqStep step = SQ_STEP_ERROR;

  g_return_val_if_fail (SQ_IS_PROJECT (project), NULL);
  store = _sq_project_take_reader (project, error);
  if (store == NULL)
    return NULL;
  s = sq_store_prepare (
      store,
      "SELECT DISTINCT seq FROM detection WHERE run = ?1 AND seq > ?2 AND (?3 < 0 OR class = ?3) AND score >= ?4 ORDER BY seq LIMIT ?5",
      error);
  if (s != NULL)
    {
      sq_bind_int (s, 1, run);
      sq_bind_int (s, 2, after);
      sq_bind_int (s, 3, class_id);
      sq_bind_double (s, 4, min_score);
      sq_bind_int (s, 5, limit);
      while ((step = sq_store_step (store, s, error)) == SQ_STEP_ROW)
        {
          gint64 seq = sq_column_int (s, 0);

          g_array_append_val (seqs, seq);
        }
    }
  _sq_project_return_reader (project, store);
  return step == SQ_STEP_DONE ? g_steal_pointer (&seqs) : NULL;
}

GArray *
sq_project_run_density (SqProject *project, gint64 run, guint bins, GError **error)
{
  g_autoptr (GArray) density = g_array_new (FALSE, TRUE, sizeof (guint32));
  SqStore *store;
  SqStatement *s;
  SqStep step = SQ_STEP_ERROR;

  g_return_val_if_fail (SQ_IS_PROJECT (project) && bins > 0, NULL);
  g_array_set_size (density, bins);
  store = _sq_project_take_reader (project, error);
  if (store == NULL)
    return NULL;
  s = sq_store_prepare (store,
                        "WITH span AS (SELECT min(pts_ns) AS a, max(pts_ns) AS b FROM frame WHERE run = ?1)"
                        " SELECT min((f.pts_ns - span.a) * ?2 / (span.b - span.a + 1), ?2 - 1) AS bin, sum(f.n_objects) FROM frame f, span"
                        " WHERE f.run = ?1 GROUP BY bin",
                        error);
  if (s != NULL)
    {
      sq_bind_int (s, 1, run);
      sq_bind_int (s, 2, bins);
      while ((step = sq_store_step (store, s, error)) == SQ_STEP_ROW)
        {
          gint64 bin = sq_column_int (s, 0);

          if (bin >= 0 && bin < bins)
            g_array_index (density, guint32, bin) = sq_column_int (s, 1);
        }
    }
  _sq_project_return_reader (project, store);
  return step == SQ_STEP_DONE ? g_steal_pointer (&density) : NULL;
}

GBytes *
sq_project_load_thumbnail (SqProject *project, gint64 run, gint64 seq, GError **error)
{
  SqStore *store;
  SqStatement *s;
  GBytes *bytes = NULL;

  g_return_val_if_fail (SQ_IS_PROJECT (project), NULL);
  store = _sq_project_take_reader (project, error);
  if (store == NULL)
    return NULL;
  s = sq_store_prepare (store, "SELECT data FROM thumbnail WHERE run = ? AND seq = ?", error);
  if (s != NULL)
    {
      sq_bind_int (s, 1, run);
      sq_bind_int (s, 2, seq);
      if (sq_store_step (store, s, error) == SQ_STEP_ROW)
        bytes = sq_column_blob (s, 0);
    }
  _sq_project_return_reader (project, store);
  return bytes;
}

GHashTable *
_sq_project_load_thumbnails (SqProject *project, gint64 run, gint64 first, guint limit, GError **error)
{
  g_autoptr (GHashTable) found = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, (GDestroyNotify) g_bytes_unref);
  SqStore *store = _sq_project_take_reader (project, error);
  SqStatement *s;
  SqStep step = SQ_STEP_ERROR;

  if (store == NULL)
    return NULL;
  s = sq_store_prepare (store, "SELECT seq, data FROM thumbnail WHERE run = ? AND seq BETWEEN ? AND ?", error);
  if (s != NULL)
    {
      sq_bind_int (s, 1, run);
      sq_bind_int (s, 2, first);
      sq_bind_int (s, 3, first + limit - 1);
      while ((step = sq_store_step (store, s, error)) == SQ_STEP_ROW)
        {
          gint64 seq = sq_column_int (s, 0);

          g_hash_table_insert (found, g_memdup2 (&seq, sizeof seq), sq_column_blob (s, 1));
        }
    }
  _sq_project_return_reader (project, store);
  return step == SQ_STEP_DONE ? g_steal_pointer (&found) : NULL;
}
