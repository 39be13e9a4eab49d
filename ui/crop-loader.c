// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "crop-loader.h"

#define CACHE 192 // crops, some 40 MB

typedef struct
{
  guint id;
  SqCrop crop;
} Request;

typedef struct
{
  SqCropLoader *loader;
  Request request;
  GdkTexture *texture;
  char *problem;
} Reply;

typedef struct
{
  SqCropFunc func;
  gpointer user_data;
} Waiting;

typedef struct
{
  SqCrop crop;
  GdkTexture *texture;
} Cached;

struct _SqCropLoader
{
  GMutex lock;
  GCond cond;
  GQueue requests; // under the lock, oldest first
  gboolean stop;   // under the lock
  SqProject *project;
  SqFrameReader *reader;

  /* Main thread */
  gboolean closed;
  guint last_id;
  GHashTable *waiting; // id -> Waiting
  GQueue cache;        // Cached, latest first
};

static void
loader_clear (gpointer data)
{
  SqCropLoader *self = data;

  g_queue_clear_full (&self->requests, g_free);
  sq_frame_reader_free (self->reader);
  g_object_unref (self->project);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
}

static void
cached_free (gpointer data)
{
  Cached *cached = data;

  g_object_unref (cached->texture);
  g_free (cached);
}

/* Worker */

static GdkTexture *
cut_out (const SqFrame *frame, const SqCrop *crop, GError **error)
{
  SqFrame *part = sq_frame_crop (frame, crop->x1, crop->y1, crop->x2, crop->y2, SQ_CROP_WIDTH, SQ_CROP_HEIGHT, error);
  g_autoptr (GBytes) bytes = NULL;

  if (part == NULL)
    return NULL;
  bytes = g_bytes_new_with_free_func (part->pixels, (gsize) part->stride * part->height, (GDestroyNotify) sq_frame_unref, part);
  return gdk_memory_texture_new (part->width, part->height, GDK_MEMORY_R8G8B8, bytes, part->stride);
}

static GdkTexture *
load (SqCropLoader *self, SqRun **run, const SqCrop *crop, GError **error)
{
  g_autoptr (GPtrArray) frames = NULL;
  g_autoptr (SqFrame) pixels = NULL;

  if (*run == NULL || (*run)->id != crop->run)
    {
      g_clear_pointer (run, sq_run_unref);
      *run = sq_project_load_run (self->project, crop->run, error);
    }
  frames = *run != NULL ? sq_project_load_frames (self->project, crop->run, crop->seq, 1, error) : NULL;
  if (frames == NULL)
    return NULL;
  if (frames->len == 0)
    {
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_IO, "The session was deleted.");
      return NULL;
    }
  pixels = sq_frame_reader_read_stored (self->reader, *run, frames->pdata[0], error);
  return pixels != NULL ? cut_out (pixels, crop, error) : NULL;
}

static void
reply_free (gpointer data)
{
  Reply *reply = data;

  g_clear_object (&reply->texture);
  g_free (reply->problem);
  g_atomic_rc_box_release_full (reply->loader, loader_clear);
  g_free (reply);
}

static gboolean
on_reply (gpointer data)
{
  Reply *reply = data;
  SqCropLoader *self = reply->loader;
  g_autofree Waiting *waiting = NULL;

  if (self->closed)
    return G_SOURCE_REMOVE;
  if (reply->texture != NULL)
    {
      Cached *cached = g_new (Cached, 1);

      *cached = (Cached){ reply->request.crop, g_object_ref (reply->texture) };
      g_queue_push_head (&self->cache, cached);
      if (self->cache.length > CACHE)
        cached_free (g_queue_pop_tail (&self->cache));
    }
  if (g_hash_table_steal_extended (self->waiting, GUINT_TO_POINTER (reply->request.id), NULL, (gpointer *) &waiting))
    waiting->func (reply->texture, reply->problem, waiting->user_data);
  return G_SOURCE_REMOVE;
}

static gpointer
loader_run (gpointer data)
{
  SqCropLoader *self = data;
  g_autoptr (SqRun) run = NULL;

  g_mutex_lock (&self->lock);
  while (!self->stop)
    {
      g_autofree Request *request = g_queue_pop_head (&self->requests);
      g_autoptr (GError) error = NULL;
      Reply *reply;

      if (request == NULL)
        {
          g_cond_wait (&self->cond, &self->lock);
          continue;
        }
      g_mutex_unlock (&self->lock);
      reply = g_new0 (Reply, 1);
      reply->loader = g_atomic_rc_box_acquire (self);
      reply->request = *request;
      reply->texture = load (self, &run, &request->crop, &error);
      reply->problem = error != NULL ? g_strdup (error->message) : NULL;
      g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, on_reply, reply, reply_free);
      g_mutex_lock (&self->lock);
    }
  g_mutex_unlock (&self->lock);
  g_atomic_rc_box_release_full (self, loader_clear);
  return NULL;
}

/* Main thread */

SqCropLoader *
sq_crop_loader_new (SqProject *project)
{
  SqCropLoader *self = g_atomic_rc_box_new0 (SqCropLoader);

  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  self->project = g_object_ref (project);
  self->reader = sq_frame_reader_new ();
  self->waiting = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  g_thread_unref (g_thread_new ("crop-loader", loader_run, g_atomic_rc_box_acquire (self)));
  return self;
}

void
sq_crop_loader_free (SqCropLoader *self)
{
  self->closed = TRUE;
  g_clear_pointer (&self->waiting, g_hash_table_unref);
  g_queue_clear_full (&self->cache, cached_free);
  sq_frame_reader_interrupt (self->reader);
  g_mutex_lock (&self->lock);
  self->stop = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
  g_atomic_rc_box_release_full (self, loader_clear);
}

static gboolean
same_crop (const SqCrop *a, const SqCrop *b)
{
  return a->run == b->run && a->seq == b->seq && a->x1 == b->x1 && a->y1 == b->y1 && a->x2 == b->x2 && a->y2 == b->y2;
}

guint
sq_crop_loader_request (SqCropLoader *self, const SqCrop *crop, SqCropFunc func, gpointer user_data)
{
  Request *request;
  Waiting *waiting;

  for (GList *l = self->cache.head; l != NULL; l = l->next)
    if (same_crop (&((Cached *) l->data)->crop, crop))
      {
        g_queue_unlink (&self->cache, l);
        g_queue_push_head_link (&self->cache, l);
        func (((Cached *) l->data)->texture, NULL, user_data);
        return 0;
      }
  request = g_new (Request, 1);
  waiting = g_new (Waiting, 1);
  *request = (Request){ ++self->last_id, *crop };
  *waiting = (Waiting){ func, user_data };
  g_hash_table_insert (self->waiting, GUINT_TO_POINTER (request->id), waiting);
  g_mutex_lock (&self->lock);
  g_queue_push_tail (&self->requests, request);
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
  return self->last_id;
}

void
sq_crop_loader_cancel (SqCropLoader *self, guint request)
{
  g_hash_table_remove (self->waiting, GUINT_TO_POINTER (request));
  g_mutex_lock (&self->lock);
  for (GList *l = self->requests.head; l != NULL; l = l->next)
    if (((Request *) l->data)->id == request)
      {
        g_free (l->data);
        g_queue_delete_link (&self->requests, l);
        break;
      }
  g_mutex_unlock (&self->lock);
}
