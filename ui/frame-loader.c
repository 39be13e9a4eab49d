// SPDX-License-Identifier: GPL-3.0-or-later
#include "frame-loader.h"

#include "mailbox.h"

// Reading on is cheaper than seeking to the key frame before, up to about this far.
#define READ_ON_NS (2 * G_GINT64_CONSTANT (1000000000))

typedef struct
{
  char **paths;
  gint64 pts_ns;
  gint64 tag;
} Request;

typedef struct
{
  SqFrame *frame;
  gint64 tag;
} Reply;

struct _SqFrameLoader
{
  GMutex lock;
  GCond cond;
  Request *request; // newest, not yet taken
  SqSource *busy;   // being decoded from right now
  gboolean stop;
  SqMailbox *mailbox;

  SqFrameLoaderFunc func;
  gpointer user_data;
};

static void
request_free (Request *request)
{
  g_strfreev (request->paths);
  g_free (request);
}

static void
reply_free (gpointer data)
{
  Reply *reply = data;

  g_clear_pointer (&reply->frame, sq_frame_unref);
  g_free (reply);
}

static void
loader_clear (gpointer data)
{
  SqFrameLoader *self = data;

  g_clear_pointer (&self->request, request_free);
  sq_mailbox_unref (self->mailbox);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
}

static void
on_reply (gpointer item, gpointer user_data)
{
  SqFrameLoader *self = user_data;
  Reply *reply = item;

  self->func (reply->frame, reply->tag, self->user_data);
  reply_free (reply);
}

static SqFrame *
read_frame (SqSource *source, gint64 wanted, gint64 last)
{
  const SqSourceInfo *info = sq_source_get_info (source);
  SqFrame *frame = NULL;

  if (info->kind == SQ_SOURCE_PICTURES && info->n_frames == 1)
    return sq_source_next (source, NULL);
  if (!(wanted > last && wanted - last < READ_ON_NS) && !(last < 0 && wanted == 0))
    if (!sq_source_seek (source, wanted, NULL))
      return NULL;
  for (;;)
    {
      SqFrame *next = sq_source_next (source, NULL);

      if (next == NULL)
        return frame;
      g_clear_pointer (&frame, sq_frame_unref);
      frame = next;
      // Half a millisecond of slack for containers that round their time stamps.
      if (frame->pts_ns >= wanted - 500000)
        return frame;
    }
}

static gpointer
loader_run (gpointer data)
{
  SqFrameLoader *self = data;
  SqSource *source = NULL;
  char **open_paths = NULL;
  gint64 last = -1;

  g_mutex_lock (&self->lock);
  while (!self->stop)
    {
      Request *request = g_steal_pointer (&self->request);
      Reply *reply;

      if (request == NULL)
        {
          g_cond_wait (&self->cond, &self->lock);
          continue;
        }
      g_mutex_unlock (&self->lock);

      // A picture may have been replaced on disk meanwhile, and opening one is cheap; a video is kept open.
      if (source == NULL || !g_strv_equal ((const char *const *) open_paths, (const char *const *) request->paths)
          || sq_source_get_info (source)->kind == SQ_SOURCE_PICTURES)
        {
          g_clear_pointer (&source, sq_source_free);
          g_clear_pointer (&open_paths, g_strfreev);
          source = sq_source_open ((const char *const *) request->paths, NULL, NULL);
          open_paths = g_strdupv (request->paths);
          last = -1;
        }
      reply = g_new0 (Reply, 1);
      reply->tag = request->tag;
      if (source != NULL)
        {
          g_mutex_lock (&self->lock);
          self->busy = source;
          g_mutex_unlock (&self->lock);
          reply->frame = read_frame (source, request->pts_ns, last);
          last = reply->frame != NULL ? reply->frame->pts_ns : -1;
          g_mutex_lock (&self->lock);
          self->busy = NULL;
          g_mutex_unlock (&self->lock);
          if (reply->frame == NULL)
            g_clear_pointer (&source, sq_source_free);
        }
      sq_mailbox_post (self->mailbox, reply);
      request_free (request);

      g_mutex_lock (&self->lock);
    }
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&source, sq_source_free);
  g_strfreev (open_paths);
  g_atomic_rc_box_release_full (self, loader_clear);
  return NULL;
}

SqFrameLoader *
sq_frame_loader_new (SqFrameLoaderFunc func, gpointer user_data)
{
  SqFrameLoader *self = g_atomic_rc_box_new0 (SqFrameLoader);

  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  self->func = func;
  self->user_data = user_data;
  self->mailbox = sq_mailbox_new (on_reply, self, reply_free);
  g_thread_unref (g_thread_new ("frame-loader", loader_run, g_atomic_rc_box_acquire (self)));
  return self;
}

void
sq_frame_loader_free (SqFrameLoader *self)
{
  sq_mailbox_close (self->mailbox);
  g_mutex_lock (&self->lock);
  self->stop = TRUE;
  if (self->busy != NULL)
    sq_source_interrupt (self->busy);
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
  g_atomic_rc_box_release_full (self, loader_clear);
}

void
sq_frame_loader_request (SqFrameLoader *self, const char *const *paths, gint64 pts_ns, gint64 tag)
{
  Request *request = g_new (Request, 1);

  request->paths = g_strdupv ((char **) paths);
  request->pts_ns = pts_ns;
  request->tag = tag;
  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->request, request_free);
  self->request = request;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
}
