// SPDX-License-Identifier: GPL-3.0-or-later
#include "frame-reader.h"

#include "engine/error.h"
#include "engine/media/fingerprint.h"
#include <string.h>

// Reading on is cheaper than seeking to the key frame before, up to about this far.
#define READ_ON_NS (2 * G_GINT64_CONSTANT (1000000000))

// Half a millisecond of slack for containers that round their time stamps.
#define SLACK_NS 500000

struct _SqFrameReader
{
  GMutex lock;
  SqSource *source;    // changes under the lock
  gboolean stop;       // under the lock
  char **paths;        // of the source
  gint64 last;         // pts of the frame read last, -1 none
  GHashTable *origins; // run (gint64) -> SqOrigin
};

SqOrigin
sq_run_check_origin (const SqRun *run)
{
  const char *path = run->paths != NULL ? run->paths[0] : NULL;
  g_autofree char *hash = NULL;
  guint64 size = 0;

  if (run->source_kind == SQ_SOURCE_LIVE || path == NULL || path[0] != '/')
    return SQ_ORIGIN_SAME;
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return SQ_ORIGIN_GONE;
  if (run->source_hash[0] == '\0')
    return SQ_ORIGIN_SAME; // a folder
  hash = sq_fingerprint_file (path, &size, NULL);
  return g_strcmp0 (hash, run->source_hash) == 0 ? SQ_ORIGIN_SAME : SQ_ORIGIN_CHANGED;
}

SqFrameReader *
sq_frame_reader_new (void)
{
  SqFrameReader *self = g_new0 (SqFrameReader, 1);

  g_mutex_init (&self->lock);
  self->last = -1;
  self->origins = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  return self;
}

static void
set_source (SqFrameReader *self, SqSource *source)
{
  SqSource *before;

  g_mutex_lock (&self->lock);
  before = self->source;
  self->source = source;
  if (self->stop && source != NULL)
    sq_source_interrupt (source);
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&before, sq_source_free);
}

void
sq_frame_reader_free (SqFrameReader *self)
{
  g_clear_pointer (&self->source, sq_source_free);
  g_strfreev (self->paths);
  g_hash_table_unref (self->origins);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
sq_frame_reader_interrupt (SqFrameReader *self)
{
  g_mutex_lock (&self->lock);
  self->stop = TRUE;
  if (self->source != NULL)
    sq_source_interrupt (self->source);
  g_mutex_unlock (&self->lock);
}

static gboolean
is_stopped (SqFrameReader *self, GError **error)
{
  gboolean stop;

  g_mutex_lock (&self->lock);
  stop = self->stop;
  g_mutex_unlock (&self->lock);
  if (stop)
    g_set_error_literal (error, SQ_ERROR, SQ_ERROR_CANCELLED, "Stopped.");
  return stop;
}

static SqFrame *
read_frame (SqFrameReader *self, gint64 wanted, GError **error)
{
  const SqSourceInfo *info = sq_source_get_info (self->source);
  g_autoptr (SqFrame) frame = NULL;

  if (info->kind == SQ_SOURCE_PICTURES && info->n_frames == 1)
    return sq_source_next (self->source, error);
  if (!(wanted > self->last && wanted - self->last < READ_ON_NS) && !(self->last < 0 && wanted == 0))
    if (is_stopped (self, error) || !sq_source_seek (self->source, wanted, error)) // a seek would undo an interruption
      return NULL;
  for (;;)
    {
      SqFrame *next = sq_source_next (self->source, error);

      if (next == NULL && error != NULL && *error != NULL)
        return NULL;
      if (next == NULL)
        return g_steal_pointer (&frame);
      g_clear_pointer (&frame, sq_frame_unref);
      frame = next;
      if (frame->pts_ns >= wanted - SLACK_NS)
        return g_steal_pointer (&frame);
    }
}

SqFrame *
sq_frame_reader_read (SqFrameReader *self, const char *const *paths, gint64 pts_ns, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  SqFrame *frame;

  if (is_stopped (self, error))
    return NULL;
  // A picture may have been replaced on disk meanwhile, and opening one is cheap; a video is kept open.
  if (self->source == NULL || !g_strv_equal ((const char *const *) self->paths, paths)
      || sq_source_get_info (self->source)->kind == SQ_SOURCE_PICTURES)
    {
      set_source (self, NULL);
      g_clear_pointer (&self->paths, g_strfreev);
      self->last = -1;
      set_source (self, sq_source_open (paths, NULL, error));
      if (self->source == NULL)
        return NULL;
      self->paths = g_strdupv ((char **) paths);
    }
  frame = read_frame (self, pts_ns, &local_error);
  self->last = frame != NULL ? frame->pts_ns : -1;
  if (frame != NULL)
    return frame;
  set_source (self, NULL);
  if (local_error != NULL)
    g_propagate_error (error, g_steal_pointer (&local_error));
  else
    g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” ends before this frame.", paths[0]);
  return NULL;
}

static char *
display_name (const char *path)
{
  g_autofree char *base = g_path_get_basename (path);

  return g_filename_display_name (base);
}

static gboolean
refuse (const char *path, SqOrigin origin, GError **error)
{
  g_autofree char *shown = display_name (path);

  g_set_error (error, SQ_ERROR, SQ_ERROR_IO,
               origin == SQ_ORIGIN_GONE ? "“%s” is no longer where it was." : "“%s” was changed since this session.", shown);
  return FALSE;
}

static gboolean
refuse_live (GError **error)
{
  g_set_error_literal (error, SQ_ERROR, SQ_ERROR_IO, "Pictures of a camera are not kept.");
  return FALSE;
}

gboolean
sq_run_require_origin (const SqRun *run, GError **error)
{
  SqOrigin origin;

  if (run->source_kind == SQ_SOURCE_LIVE)
    return refuse_live (error);
  origin = run->paths[0] != NULL ? sq_run_check_origin (run) : SQ_ORIGIN_GONE;
  return origin == SQ_ORIGIN_SAME || refuse (run->paths[0] != NULL ? run->paths[0] : run->source, origin, error);
}

gboolean
sq_stored_frame_require_size (const SqStoredFrame *frame, const SqFrame *pixels, GError **error)
{
  g_autofree char *shown = NULL;

  if (pixels->width == frame->width && pixels->height == frame->height)
    return TRUE;
  shown = display_name (frame->path);
  g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” was changed since this session: it has %d × %d pixels now, not %d × %d.", shown,
               pixels->width, pixels->height, frame->width, frame->height);
  return FALSE;
}

// Once per run: a reader lives as long as what is looked at.
static SqOrigin
check_origin (SqFrameReader *self, const SqRun *run)
{
  gpointer known;
  SqOrigin origin;

  if (g_hash_table_lookup_extended (self->origins, &run->id, NULL, &known))
    return GPOINTER_TO_INT (known);
  origin = sq_run_check_origin (run);
  g_hash_table_insert (self->origins, g_memdup2 (&run->id, sizeof run->id), GINT_TO_POINTER (origin));
  return origin;
}

static gboolean
require_stored (SqFrameReader *self, const SqRun *run, const char *path, GError **error)
{
  if (path == NULL || (path[0] == '/' && !g_file_test (path, G_FILE_TEST_EXISTS)))
    return refuse (path != NULL ? path : run->source, SQ_ORIGIN_GONE, error);
  // The hash is that of the first file; other pictures are known by their size.
  return g_strcmp0 (path, run->paths[0]) != 0 || check_origin (self, run) != SQ_ORIGIN_CHANGED || refuse (path, SQ_ORIGIN_CHANGED, error);
}

SqFrame *
sq_frame_reader_read_stored (SqFrameReader *self, const SqRun *run, const SqStoredFrame *frame, GError **error)
{
  const char *const single[] = { frame->path, NULL };
  gboolean video = run->source_kind == SQ_SOURCE_VIDEO;
  const char *const *paths = video ? (const char *const *) run->paths : single;
  g_autoptr (SqFrame) pixels = NULL;

  if (run->source_kind == SQ_SOURCE_LIVE)
    {
      refuse_live (error);
      return NULL;
    }
  if (!require_stored (self, run, paths[0], error))
    return NULL;
  pixels = sq_frame_reader_read (self, paths, video ? frame->pts_ns : 0, error);
  return pixels != NULL && sq_stored_frame_require_size (frame, pixels, error) ? g_steal_pointer (&pixels) : NULL;
}
