// SPDX-License-Identifier: GPL-3.0-or-later
#include "frame-loader.h"

#include "data/data.h"
#include "mailbox.h"

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
  gboolean stop;
  SqFrameReader *reader;
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
  sq_frame_reader_free (self->reader);
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

static gpointer
loader_run (gpointer data)
{
  SqFrameLoader *self = data;

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
      reply = g_new0 (Reply, 1);
      reply->tag = request->tag;
      reply->frame = sq_frame_reader_read (self->reader, (const char *const *) request->paths, request->pts_ns, NULL);
      sq_mailbox_post (self->mailbox, reply);
      request_free (request);
      g_mutex_lock (&self->lock);
    }
  g_mutex_unlock (&self->lock);
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
  self->reader = sq_frame_reader_new ();
  self->mailbox = sq_mailbox_new (on_reply, self, reply_free);
  g_thread_unref (g_thread_new ("frame-loader", loader_run, g_atomic_rc_box_acquire (self)));
  return self;
}

void
sq_frame_loader_free (SqFrameLoader *self)
{
  sq_mailbox_close (self->mailbox);
  sq_frame_reader_interrupt (self->reader);
  g_mutex_lock (&self->lock);
  self->stop = TRUE;
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
