// SPDX-License-Identifier: GPL-3.0-or-later
#include "project-private.h"

#include "schema.h"
#include <glib/gstdio.h>
#include <string.h>

#define IDLE_READERS 4
#define FORGET_US (24 * G_TIME_SPAN_HOUR) // marked as deleted by a process that died

struct _SqProject
{
  GObject parent_instance;

  char *path;
  gboolean read_only;
  SqHub *hub;
  SqWriter *writer; // NULL when read-only; refuses work once closed
  GMutex lock;
  GPtrArray *readers;  // idle SqStore, under lock; NULL = closed
  GHashTable *deleted; // runs this project marked as deleted, under lock
};

enum
{
  PROP_0,
  PROP_PATH,
  PROP_READ_ONLY,
  N_PROPS
};

enum
{
  CHANGED,
  FAILED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SqProject, sq_project, G_TYPE_OBJECT)

static void
store_free (gpointer data)
{
  sq_store_free (data);
}

static void
sq_project_dispose (GObject *object)
{
  sq_project_close (SQ_PROJECT (object), NULL);
  G_OBJECT_CLASS (sq_project_parent_class)->dispose (object);
}

static void
sq_project_finalize (GObject *object)
{
  SqProject *self = SQ_PROJECT (object);

  g_free (self->path);
  g_clear_pointer (&self->writer, sq_writer_free);
  g_clear_pointer (&self->hub, sq_hub_unref);
  g_mutex_clear (&self->lock);
  g_hash_table_unref (self->deleted);
  G_OBJECT_CLASS (sq_project_parent_class)->finalize (object);
}

static void
sq_project_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SqProject *self = SQ_PROJECT (object);

  switch (id)
    {
    case PROP_PATH:
      g_value_set_string (value, self->path);
      break;
    case PROP_READ_ONLY:
      g_value_set_boolean (value, self->read_only);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
sq_project_class_init (SqProjectClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = sq_project_dispose;
  object_class->finalize = sq_project_finalize;
  object_class->get_property = sq_project_get_property;
  properties[PROP_PATH] = g_param_spec_string ("path", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_READ_ONLY] = g_param_spec_boolean ("read-only", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  signals[CHANGED] =
      g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_INT64, G_TYPE_INT);
  signals[FAILED] =
      g_signal_new ("failed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
sq_project_init (SqProject *self)
{
  g_mutex_init (&self->lock);
  self->readers = g_ptr_array_new_with_free_func (store_free);
  self->deleted = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
}

// Runs whose process died are told apart from those another process is writing now.
static gboolean
recover (SqStore *store, GError **error)
{
  g_autoptr (GArray) dead = g_array_new (FALSE, FALSE, sizeof (gint64));
  SqStatement *statement = sq_store_prepare (store, "SELECT id, owner FROM run WHERE state = 0", error);
  SqStep step = SQ_STEP_ERROR;

  while (statement != NULL && (step = sq_store_step (store, statement, error)) == SQ_STEP_ROW)
    if (!_sq_process_alive (sq_column_text (statement, 1)))
      {
        gint64 id = sq_column_int (statement, 0);

        g_array_append_val (dead, id);
      }
  if (step != SQ_STEP_DONE)
    return FALSE;
  for (guint i = 0; i < dead->len; i++)
    {
      statement = sq_store_prepare (store, "UPDATE run SET state = ?2, owner = NULL, finished_us = started_us WHERE id = ?1", error);
      if (statement == NULL)
        return FALSE;
      sq_bind_int (statement, 1, g_array_index (dead, gint64, i));
      sq_bind_int (statement, 2, SQ_RUN_INTERRUPTED);
      if (!sq_store_run (store, statement, error))
        return FALSE;
    }
  return TRUE;
}

SqProject *
sq_project_open (const char *path, SqProjectFlags flags, GError **error)
{
  g_autoptr (SqProject) self = NULL;
  g_autoptr (SqStore) store = NULL;
  SqStoreMode mode = flags & SQ_PROJECT_READ_ONLY ? SQ_STORE_READ : flags & SQ_PROJECT_CREATE ? SQ_STORE_CREATE : SQ_STORE_WRITE;
  gboolean existed;

  g_return_val_if_fail (path != NULL, NULL);

  existed = g_file_test (path, G_FILE_TEST_EXISTS);
  if (!existed && mode == SQ_STORE_CREATE)
    {
      g_autofree char *folder = g_path_get_dirname (path);

      g_mkdir_with_parents (folder, 0700);
    }
  store = sq_store_open (path, mode, error);
  if (store == NULL || !sq_schema_check (store, path, error))
    return NULL;
  self = g_object_new (SQ_TYPE_PROJECT, NULL);
  self->path = g_strdup (path);
  self->hub = sq_hub_new (self);
  self->read_only = sq_store_get_read_only (store);
  if (!self->read_only)
    {
      if (!sq_schema_migrate (store, error) || !recover (store, error))
        {
          if (!existed)
            g_unlink (path);
          return NULL;
        }
      self->writer = sq_writer_new (g_steal_pointer (&store), self->hub);
    }
  else if (sq_schema_complete (store, error))
    g_ptr_array_add (self->readers, g_steal_pointer (&store));
  else
    return NULL;
  return g_steal_pointer (&self);
}

typedef struct
{
  char *path;
  SqProjectFlags flags;
} OpenJob;

static void
open_job_free (gpointer data)
{
  OpenJob *job = data;

  g_free (job->path);
  g_free (job);
}

static void
open_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  OpenJob *job = data;
  GError *error = NULL;
  // The project's signals belong to the caller, not to this worker.
  GMainContext *context = g_task_get_context (task);
  SqProject *project = sq_project_open (job->path, job->flags, &error);

  if (project == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  _sq_hub_set_context (project->hub, context);
  g_task_return_pointer (task, project, g_object_unref);
}

void
sq_project_open_async (const char *path, SqProjectFlags flags, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  OpenJob *job = g_new (OpenJob, 1);

  job->path = g_strdup (path);
  job->flags = flags;
  g_task_set_source_tag (task, sq_project_open_async);
  g_task_set_task_data (task, job, open_job_free);
  g_task_run_in_thread (task, open_in_thread);
}

SqProject *
sq_project_open_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

char *
sq_project_default_path (void)
{
  return g_build_filename (g_get_user_data_dir (), "squint", "sessions.squint", NULL);
}

const char *
sq_project_get_path (SqProject *self)
{
  g_return_val_if_fail (SQ_IS_PROJECT (self), NULL);
  return self->path;
}

gboolean
sq_project_get_read_only (SqProject *self)
{
  g_return_val_if_fail (SQ_IS_PROJECT (self), TRUE);
  return self->read_only;
}

gboolean
sq_project_flush (SqProject *self, GError **error)
{
  GError *first;

  g_return_val_if_fail (SQ_IS_PROJECT (self), FALSE);
  if (self->writer == NULL)
    return TRUE;
  sq_writer_flush (self->writer);
  first = sq_writer_get_error (self->writer);
  if (first == NULL)
    return TRUE;
  g_propagate_error (error, first);
  return FALSE;
}

static gboolean
purge (SqProject *self, SqStore *store, GError **error)
{
  g_autoptr (GArray) runs = g_array_new (FALSE, FALSE, sizeof (gint64));
  SqStatement *statement = sq_store_prepare (store,
                                             "SELECT r.id, r.deleted_us, coalesce ((SELECT c.a + c.b - r.id FROM comparison c WHERE"
                                             " c.live = 1 AND r.id IN (c.a, c.b)), 0) FROM run r WHERE r.deleted_us > 0",
                                             error);
  SqStep step = SQ_STEP_ERROR;

  while (statement != NULL && (step = sq_store_step (store, statement, error)) == SQ_STEP_ROW)
    {
      gint64 run = sq_column_int (statement, 0), partner = sq_column_int (statement, 2);

      if (g_hash_table_contains (self->deleted, &run) || g_hash_table_contains (self->deleted, &partner)
          || sq_column_int (statement, 1) < g_get_real_time () - FORGET_US)
        g_array_append_val (runs, run);
    }
  for (guint i = 0; step == SQ_STEP_DONE && i < runs->len; i++)
    if (!_sq_purge_run (store, g_array_index (runs, gint64, i), error))
      step = SQ_STEP_ERROR;
  return step == SQ_STEP_DONE;
}

gboolean
sq_project_close (SqProject *self, GError **error)
{
  g_autoptr (GPtrArray) readers = NULL;
  g_autoptr (SqStore) store = NULL;
  gboolean good;

  g_return_val_if_fail (SQ_IS_PROJECT (self), FALSE);
  g_mutex_lock (&self->lock);
  readers = g_steal_pointer (&self->readers);
  g_mutex_unlock (&self->lock);
  if (readers == NULL || self->writer == NULL)
    return TRUE;
  good = sq_project_flush (self, error);
  g_clear_pointer (&readers, g_ptr_array_unref);
  store = sq_writer_stop (self->writer);
  good = purge (self, store, good ? error : NULL) && good;
  sq_store_exec (store, "PRAGMA analysis_limit=200; PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)", NULL);
  return good;
}

static void
close_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;

  if (sq_project_close (source, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
sq_project_close_async (SqProject *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, sq_project_close_async);
  g_task_run_in_thread (task, close_in_thread);
}

gboolean
sq_project_close_finish (SqProject *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

SqStore *
_sq_project_take_reader (SqProject *self, GError **error)
{
  g_autoptr (SqStore) store = NULL;
  gboolean closed;

  g_mutex_lock (&self->lock);
  closed = self->readers == NULL;
  if (!closed && self->readers->len > 0)
    store = g_ptr_array_steal_index_fast (self->readers, self->readers->len - 1);
  g_mutex_unlock (&self->lock);
  if (closed)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” is closed; open it again.", self->path);
      return NULL;
    }
  if (store == NULL && ((store = sq_store_open (self->path, SQ_STORE_READ, error)) == NULL || !sq_schema_complete (store, error)))
    return NULL;
  return g_steal_pointer (&store);
}

void
_sq_project_return_reader (SqProject *self, SqStore *store)
{
  sq_store_rollback (store);
  g_mutex_lock (&self->lock);
  if (self->readers != NULL && self->readers->len < IDLE_READERS)
    g_ptr_array_add (self->readers, g_steal_pointer (&store));
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&store, sq_store_free);
}

SqWriter *
_sq_project_get_writer (SqProject *self)
{
  return self->writer;
}

SqHub *
_sq_project_get_hub (SqProject *self)
{
  return self->hub;
}

void
_sq_project_mark_deleted (SqProject *self, gint64 run, gboolean deleted)
{
  g_mutex_lock (&self->lock);
  if (deleted)
    g_hash_table_add (self->deleted, g_memdup2 (&run, sizeof run));
  else
    g_hash_table_remove (self->deleted, &run);
  g_mutex_unlock (&self->lock);
}
