// SPDX-License-Identifier: GPL-3.0-or-later
// A video's run as a video: the source is read once, from the run's first stored frame to its last, and the objects are drawn on the frames
// that they were stored of.
//
// A run may have been made with jumps: its frames are then not in the source's order, and some were never looked at (they are written as
// they are). The times of all are read first, 16 bytes each; objects come in pages.
#include "engine/error.h"
#include "engine/media/video-writer.h"
#include "engine/run/annotate.h"
#include "export-private.h"
#include "frame-reader.h"
#include "project-private.h"

#define PAGE 64 // frames

// Half a millisecond of slack for containers that round their time stamps.
#define SLACK_NS 500000

typedef struct
{
  gint64 pts_ns, seq;
} Key;

typedef struct
{
  SqExport *export;
  GArray *keys; // Key, by time
  guint at;     // the next
  GPtrArray *page;
  SqVideoWriter *writer;
} Video;

static GArray *
read_keys (SqExport *self, GError **error)
{
  g_autoptr (GArray) keys = g_array_new (FALSE, FALSE, sizeof (Key));
  SqStore *store = _sq_project_take_reader (self->project, error);
  SqStatement *s;
  SqStep step = SQ_STEP_ERROR;

  if (store == NULL)
    return NULL;
  s = sq_store_prepare (store, "SELECT pts_ns, seq FROM frame WHERE run = ? ORDER BY pts_ns, seq", error);
  if (s != NULL)
    {
      sq_bind_int (s, 1, self->run->id);
      while ((step = sq_store_step (store, s, error)) == SQ_STEP_ROW)
        {
          Key key = { sq_column_int (s, 0), sq_column_int (s, 1) };

          g_array_append_val (keys, key);
        }
    }
  _sq_project_return_reader (self->project, store);
  if (step == SQ_STEP_DONE && keys->len == 0)
    g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” has no frames.", self->run->name);
  return step == SQ_STEP_DONE && keys->len > 0 ? g_steal_pointer (&keys) : NULL;
}

static SqStoredFrame *
load_frame (Video *self, gint64 seq, GError **error)
{
  for (int pass = 0; pass < 2; pass++)
    {
      for (guint i = 0; self->page != NULL && i < self->page->len; i++)
        if (((SqStoredFrame *) g_ptr_array_index (self->page, i))->seq == seq)
          return g_ptr_array_index (self->page, i);
      g_clear_pointer (&self->page, g_ptr_array_unref);
      if (pass == 0 && (self->page = sq_project_load_frames (self->export->project, self->export->run->id, seq, PAGE, error)) == NULL)
        return NULL;
    }
  g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” lost frames while it was exported; try again.", self->export->run->name);
  return NULL;
}

// Every stored frame is drawn: one whose time the source no longer has, on the frame after.
static gint64
take_key (Video *self, gint64 pts_ns)
{
  gint64 seq = -1;

  for (; self->at < self->keys->len && g_array_index (self->keys, Key, self->at).pts_ns <= pts_ns + SLACK_NS; self->at++)
    seq = g_array_index (self->keys, Key, self->at).seq;
  return seq;
}

// The frame with its objects; itself where there are none.
static SqFrame *
draw (Video *self, SqFrame *frame, GError **error)
{
  gint64 seq = take_key (self, frame->pts_ns);
  SqStoredFrame *stored = seq >= 0 ? load_frame (self, seq, error) : NULL;
  g_autoptr (GArray) objects = NULL;

  if (seq < 0)
    return sq_frame_ref (frame);
  if (stored == NULL || !sq_stored_frame_require_size (stored, frame, error))
    return NULL;
  objects = _sq_stored_frame_detections (stored, &self->export->filter);
  return objects->len > 0 ? sq_annotate_frame (frame, objects, self->export->run->labels) : sq_frame_ref (frame);
}

static gboolean
write_frame (Video *self, const char *path, SqFrame *frame, GError **error)
{
  const SqExport *export = self->export;
  gint64 first = g_array_index (self->keys, Key, 0).pts_ns, last = g_array_index (self->keys, Key, self->keys->len - 1).pts_ns;
  g_autoptr (SqFrame) drawn = NULL;

  if (sq_frame_load (frame) == NULL)
    {
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY, "The picture cannot be fetched from the graphics card.");
      return FALSE;
    }
  drawn = draw (self, frame, error);
  if (drawn == NULL)
    return FALSE;
  if (self->writer == NULL)
    self->writer = sq_video_writer_new (path, export->path, frame->width, frame->height, export->run->fps, NULL, error);
  if (self->writer == NULL || !sq_video_writer_add (self->writer, drawn, MAX (frame->pts_ns - first, 0), frame->duration_ns, error))
    return FALSE;
  if (export->progress != NULL)
    export->progress (last > first ? CLAMP ((double) (frame->pts_ns - first) / (last - first), 0, 1) : 1, export->progress_data);
  return TRUE;
}

// The next frame that is to be written; NULL without an error after the last.
static SqFrame *
next_frame (Video *self, SqSource *source, GError **error)
{
  gint64 first = g_array_index (self->keys, Key, 0).pts_ns;
  g_autoptr (GError) problem = NULL;

  for (;;)
    {
      g_autoptr (GError) local_error = NULL;
      g_autoptr (SqFrame) frame = NULL;

      if (self->at == self->keys->len)
        return NULL;
      frame = sq_source_next (source, &local_error);
      if (g_cancellable_is_cancelled (self->export->cancellable) || g_error_matches (local_error, SQ_ERROR, SQ_ERROR_CANCELLED))
        {
          g_set_error_literal (error, SQ_ERROR, SQ_ERROR_CANCELLED, "Cancelled.");
          return NULL;
        }
      if (frame != NULL && frame->pts_ns >= first - SLACK_NS)
        return g_steal_pointer (&frame);
      if (frame != NULL)
        continue;
      if (local_error == NULL)
        {
          if (problem != NULL)
            g_propagate_error (error, g_steal_pointer (&problem));
          else
            g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” ends before this session does.", self->export->run->source);
          return NULL;
        }
      // The run went on after a damaged frame or file, too.
      g_clear_error (&problem);
      problem = g_steal_pointer (&local_error);
    }
}

static gboolean
write_frames (Video *self, const char *path, SqSource *source, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  gint64 first = g_array_index (self->keys, Key, 0).pts_ns;
  SqFrame *frame;

  if (first > SLACK_NS && !sq_source_seek (source, first, error))
    return FALSE;
  while ((frame = next_frame (self, source, &local_error)) != NULL)
    {
      gboolean good = write_frame (self, path, frame, error);

      sq_frame_unref (frame);
      if (!good)
        return FALSE;
    }
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  return sq_video_writer_finish (self->writer, error);
}

static void
on_cancelled (GCancellable *cancellable, gpointer source)
{
  sq_source_interrupt (source);
}

gboolean
_sq_export_video (SqExport *self, const char *path, GError **error)
{
  Video video = { .export = self };
  g_autoptr (SqSource) source = NULL;
  gulong id = 0;
  gboolean good;

  if (self->run->source_kind == SQ_SOURCE_PICTURES)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "“%s” is of pictures: export annotated pictures instead.", self->run->name);
      return FALSE;
    }
  if (!sq_run_require_origin (self->run, error))
    return FALSE;
  video.keys = read_keys (self, error);
  source = video.keys != NULL ? sq_source_open ((const char *const *) self->run->paths, self->cancellable, error) : NULL;
  if (source != NULL && self->cancellable != NULL)
    id = g_cancellable_connect (self->cancellable, G_CALLBACK (on_cancelled), source, NULL);
  good = source != NULL && write_frames (&video, path, source, error);
  g_cancellable_disconnect (self->cancellable, id);
  g_clear_pointer (&video.writer, sq_video_writer_free);
  g_clear_pointer (&video.page, g_ptr_array_unref);
  g_clear_pointer (&video.keys, g_array_unref);
  return good;
}
