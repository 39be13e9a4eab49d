// SPDX-License-Identifier: GPL-3.0-or-later
// The caller's side: what is kept of a result and how much may wait. The writer thread's side is run-store.c.
#include "run-writer.h"

#include "engine/media/fingerprint.h"
#include "project-private.h"
#include "run-store.h"
#include <string.h>

#define MAX_THUMBNAILS 8                                  // waiting, each holds a frame's pixels
#define THUMBNAIL_EVERY_NS G_GINT64_CONSTANT (5000000000) // of a video

struct _SqRunWriter
{
  SqProject *project;
  SqRunStore *store;
  GMutex lock;
  gboolean finished;   // under lock
  GByteArray *seen;    // one bit per source index, under lock
  gint64 next_seq;     // under lock
  gint64 thumbnail_ns; // next wanted, under lock
  gboolean pictured;   // another run has its thumbnails, under lock
};

SqRunWriter *
sq_run_writer_new (SqProject *project, const SqRunInfo *info)
{
  SqRunWriter *self;

  g_return_val_if_fail (SQ_IS_PROJECT (project), NULL);
  g_return_val_if_fail (info != NULL, NULL);

  self = g_atomic_rc_box_new0 (SqRunWriter);
  self->project = g_object_ref (project);
  self->store = sq_run_store_new (_sq_project_get_hub (project), info);
  self->seen = g_byte_array_new ();
  self->thumbnail_ns = -1;
  g_mutex_init (&self->lock);
  if (_sq_project_get_writer (project) != NULL)
    sq_run_store_begin (self->store, _sq_project_get_writer (project));
  else
    sq_run_store_refuse (self->store, sq_project_get_path (project));
  return self;
}

SqRunWriter *
sq_run_writer_ref (SqRunWriter *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
run_writer_clear (gpointer data)
{
  SqRunWriter *self = data;

  sq_run_writer_finish (self, SQ_RUN_STOPPED, NULL);
  sq_run_store_unref (self->store);
  g_object_unref (self->project);
  g_byte_array_unref (self->seen);
  g_mutex_clear (&self->lock);
}

void
sq_run_writer_unref (SqRunWriter *self)
{
  g_atomic_rc_box_release_full (self, run_writer_clear);
}

// A user who seeks back sees frames again; they are stored once.
static gboolean
is_new (SqRunWriter *self, gint64 index)
{
  guint byte;
  guint8 bit;

  if (index < 0 || sq_run_store_get_kind (self->store) == SQ_SOURCE_LIVE || index > (1 << 28))
    return TRUE;
  byte = index / 8;
  bit = 1 << index % 8;
  if (byte >= self->seen->len)
    {
      guint old = self->seen->len;

      g_byte_array_set_size (self->seen, MAX (byte + 1, 2 * old));
      memset (self->seen->data + old, 0, self->seen->len - old);
    }
  if (self->seen->data[byte] & bit)
    return FALSE;
  self->seen->data[byte] |= bit;
  return TRUE;
}

static gboolean
wants_thumbnail (SqRunWriter *self, const SqFrame *frame)
{
  if (self->pictured || (frame->pixels == NULL && frame->gpu == NULL))
    return FALSE;
  if (sq_run_store_get_kind (self->store) == SQ_SOURCE_PICTURES)
    return TRUE;
  if (self->thumbnail_ns >= 0 && frame->pts_ns < self->thumbnail_ns && frame->pts_ns > self->thumbnail_ns - 2 * THUMBNAIL_EVERY_NS)
    return FALSE;
  self->thumbnail_ns = frame->pts_ns + THUMBNAIL_EVERY_NS;
  return TRUE;
}

void
sq_run_writer_push (SqRunWriter *self, SqResult *result)
{
  SqWriter *writer = _sq_project_get_writer (self->project);
  gboolean thumbnail;
  gint64 seq;

  g_return_if_fail (result != NULL);
  g_mutex_lock (&self->lock);
  if (self->finished || writer == NULL || !is_new (self, result->frame->index))
    {
      g_mutex_unlock (&self->lock);
      return;
    }
  seq = self->next_seq++;
  thumbnail = wants_thumbnail (self, result->frame);
  g_mutex_unlock (&self->lock);
  sq_run_store_push (self->store, writer, result, seq, thumbnail, MAX_THUMBNAILS);
}

void
sq_run_writer_sink (SqResult *result, gpointer writer)
{
  sq_run_writer_push (writer, result);
}

void
sq_run_writer_set_source (SqRunWriter *self, const SqSourceInfo *source)
{
  SqWriter *writer = _sq_project_get_writer (self->project);

  g_return_if_fail (source != NULL);
  if (writer != NULL)
    sq_run_store_set_source (self->store, writer, source);
}

void
sq_run_writer_link (SqRunWriter *a, SqRunWriter *b)
{
  SqWriter *writer = _sq_project_get_writer (a->project);

  g_return_if_fail (a->project == b->project);
  g_mutex_lock (&b->lock);
  b->pictured = TRUE;
  g_mutex_unlock (&b->lock);
  if (writer != NULL)
    sq_run_store_link (a->store, b->store, writer);
}

void
sq_run_writer_add_sample (SqRunWriter *self, const char *device, const SqDeviceSample *sample)
{
  SqWriter *writer = _sq_project_get_writer (self->project);

  if (writer != NULL)
    sq_run_store_add_sample (self->store, writer, device, sample);
}

void
sq_run_writer_finish (SqRunWriter *self, SqRunState state, const char *message)
{
  SqWriter *writer = _sq_project_get_writer (self->project);
  gboolean finished;

  g_mutex_lock (&self->lock);
  finished = self->finished;
  self->finished = TRUE;
  g_mutex_unlock (&self->lock);
  if (!finished && writer != NULL)
    sq_run_store_finish (self->store, writer, state, message);
}

gint64
sq_run_writer_get_run (SqRunWriter *self)
{
  return sq_run_store_get_run (self->store);
}
