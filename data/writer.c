// SPDX-License-Identifier: GPL-3.0-or-later
#include "writer.h"

#include "engine/error.h"

#define BUSY_TRIES 6 // times the store's own 5 s

typedef enum
{
  WORK,
  FLUSH, // data: gboolean, set when all before is on disk
  STOP,
} Kind;

typedef struct
{
  Kind kind;
  SqWriteFunc func;
  SqWrittenFunc written;
  gpointer data;
  GDestroyNotify destroy;
} Work;

struct _SqWriter
{
  SqStore *store;
  SqHub *hub;
  GThread *thread;
  GAsyncQueue *queue;    // Work
  GPtrArray *done;       // Work of the open transaction
  GArray *before_commit; // Work
  gint64 began_us;       // of the open transaction, 0 none
  gboolean hurry;        // commit it after the current work
  GMutex lock;
  GCond flushed;
  GError *error;    // under lock
  gboolean stopped; // under lock
};

static void
work_free (gpointer data)
{
  Work *work = data;

  if (work->destroy != NULL)
    work->destroy (work->data);
  g_free (work);
}

static void
fail (SqWriter *self, const GError *error)
{
  g_mutex_lock (&self->lock);
  if (self->error == NULL)
    self->error = g_error_copy (error);
  g_mutex_unlock (&self->lock);
  sq_hub_fail (self->hub, error->message);
}

// Tells everyone in the transaction how it ended.
static void
end_transaction (SqWriter *self, const GError *error)
{
  self->began_us = 0;
  self->hurry = FALSE;
  g_array_set_size (self->before_commit, 0);
  for (guint i = 0; i < self->done->len; i++)
    {
      Work *work = g_ptr_array_index (self->done, i);

      if (work->written != NULL)
        work->written (work->data, error);
    }
  g_ptr_array_set_size (self->done, 0);
  if (error != NULL)
    fail (self, error);
}

static gboolean
begin (SqWriter *self, GError **error)
{
  for (guint i = 0; i < BUSY_TRIES; i++)
    {
      g_clear_error (error);
      if (sq_store_exec (self->store, "BEGIN IMMEDIATE", error))
        {
          self->began_us = g_get_monotonic_time ();
          return TRUE;
        }
      if (!g_error_matches (*error, SQ_ERROR, SQ_ERROR_BUSY))
        break;
    }
  return FALSE;
}

static void
commit (SqWriter *self)
{
  g_autoptr (GError) error = NULL;
  gboolean good = TRUE;

  if (self->began_us == 0)
    return;
  for (guint i = 0; good && i < self->before_commit->len; i++)
    {
      Work *work = &g_array_index (self->before_commit, Work, i);

      good = work->func (self, self->store, work->data, &error);
    }
  if (good)
    good = sq_store_exec (self->store, "COMMIT", &error);
  if (!good)
    sq_store_rollback (self->store);
  end_transaction (self, error);
}

static void
perform (SqWriter *self, Work *work)
{
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (self->done, work);
  if (self->began_us == 0 && !begin (self, &error))
    {
      end_transaction (self, error);
      return;
    }
  if (!work->func (self, self->store, work->data, &error))
    {
      sq_store_rollback (self->store);
      end_transaction (self, error);
    }
  else if (self->hurry || g_get_monotonic_time () - self->began_us >= SQ_WRITER_COMMIT_MS * 1000)
    commit (self);
}

static gpointer
writer_thread (gpointer data)
{
  SqWriter *self = data;

  for (;;)
    {
      Work *work;

      if (self->began_us == 0)
        work = g_async_queue_pop (self->queue);
      else
        {
          gint64 left = self->began_us + SQ_WRITER_COMMIT_MS * 1000 - g_get_monotonic_time ();

          work = left > 0 ? g_async_queue_timeout_pop (self->queue, left) : NULL;
        }
      if (work == NULL)
        commit (self);
      else if (work->kind == FLUSH)
        {
          commit (self);
          g_mutex_lock (&self->lock);
          *(gboolean *) work->data = TRUE;
          g_cond_broadcast (&self->flushed);
          g_mutex_unlock (&self->lock);
          work_free (work);
        }
      else if (work->kind == STOP)
        {
          commit (self);
          work_free (work);
          return NULL;
        }
      else
        perform (self, work);
    }
}

SqWriter *
sq_writer_new (SqStore *store, SqHub *hub)
{
  SqWriter *self = g_new0 (SqWriter, 1);

  self->store = store;
  self->hub = sq_hub_ref (hub);
  self->queue = g_async_queue_new_full (work_free);
  self->done = g_ptr_array_new_with_free_func (work_free);
  self->before_commit = g_array_new (FALSE, FALSE, sizeof (Work));
  g_mutex_init (&self->lock);
  g_cond_init (&self->flushed);
  self->thread = g_thread_new ("sq-writer", writer_thread, self);
  return self;
}

static gboolean
push (SqWriter *self, Work *work)
{
  gboolean stopped;

  g_mutex_lock (&self->lock);
  stopped = self->stopped;
  if (work->kind == STOP)
    self->stopped = TRUE;
  if (!stopped)
    g_async_queue_push (self->queue, work);
  g_mutex_unlock (&self->lock);
  return !stopped;
}

void
sq_writer_push (SqWriter *self, SqWriteFunc func, SqWrittenFunc written, gpointer data, GDestroyNotify destroy)
{
  Work *work = g_new (Work, 1);

  *work = (Work){ WORK, func, written, data, destroy };
  if (!push (self, work))
    {
      g_autoptr (GError) error = g_error_new_literal (SQ_ERROR, SQ_ERROR_IO, "The project is closed; open it again.");

      if (written != NULL)
        written (data, error);
      work_free (work);
    }
}

SqStore *
sq_writer_stop (SqWriter *self)
{
  Work *work = g_new (Work, 1);

  *work = (Work){ .kind = STOP };
  push (self, work);
  g_thread_join (g_steal_pointer (&self->thread));
  return g_steal_pointer (&self->store);
}

void
sq_writer_free (SqWriter *self)
{
  sq_hub_unref (self->hub);
  g_async_queue_unref (self->queue);
  g_ptr_array_unref (self->done);
  g_array_unref (self->before_commit);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->flushed);
  g_clear_error (&self->error);
  g_free (self);
}

void
sq_writer_before_commit (SqWriter *self, SqWriteFunc func, gpointer data)
{
  Work work = { .func = func, .data = data };

  for (guint i = 0; i < self->before_commit->len; i++)
    if (g_array_index (self->before_commit, Work, i).func == func && g_array_index (self->before_commit, Work, i).data == data)
      return;
  g_array_append_val (self->before_commit, work);
}

void
sq_writer_hurry (SqWriter *self)
{
  self->hurry = TRUE;
}

void
sq_writer_flush (SqWriter *self)
{
  gboolean done = FALSE;
  Work *work = g_new (Work, 1);

  *work = (Work){ .kind = FLUSH, .data = &done };
  if (!push (self, work))
    {
      work_free (work);
      return;
    }
  g_mutex_lock (&self->lock);
  while (!done)
    g_cond_wait (&self->flushed, &self->lock);
  g_mutex_unlock (&self->lock);
}

GError *
sq_writer_get_error (SqWriter *self)
{
  GError *error;

  g_mutex_lock (&self->lock);
  error = self->error != NULL ? g_error_copy (self->error) : NULL;
  g_mutex_unlock (&self->lock);
  return error;
}
