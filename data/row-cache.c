// SPDX-License-Identifier: GPL-3.0-or-later
// A list view asks for a screenful of items in one go; their keys gather until the main loop turns and are then read together.
#include "row-cache.h"

#define KEEP 256  // items kept though nobody holds them
#define BATCH 128 // keys of one read

struct _SqRowCache
{
  const SqRowClass *class;
  SqProject *project;
  gint64 run;
  GHashTable *live;   // key -> GObject (weak)
  GQueue kept;        // GObject
  GHashTable *wanted; // keys to read
  GCancellable *cancellable;
  gboolean busy; // a worker reads
  guint idle;
};

typedef struct
{
  SqRowCache *cache;
  gint64 key;
} Weak;

typedef struct
{
  const SqRowClass *class;
  gint64 run;
  GArray *keys;
} Job;

static void start (SqRowCache *self);

static void
item_gone (gpointer data, GObject *where)
{
  Weak *weak = data;

  g_hash_table_remove (weak->cache->live, &weak->key);
}

SqRowCache *
sq_row_cache_new (SqProject *project, const SqRowClass *class, gint64 run)
{
  SqRowCache *self = g_new0 (SqRowCache, 1);

  self->class = class;
  self->project = g_object_ref (project);
  self->run = run;
  self->live = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
  self->wanted = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->cancellable = g_cancellable_new ();
  return self;
}

// Values of `live`: the weak reference's data first, so that its key can serve as the table's.
typedef struct
{
  Weak weak;
  GObject *item;
} Live;

void
sq_row_cache_free (SqRowCache *self)
{
  GHashTableIter iter;
  gpointer value;

  g_cancellable_cancel (self->cancellable);
  g_object_unref (self->cancellable);
  g_clear_handle_id (&self->idle, g_source_remove);
  g_hash_table_iter_init (&iter, self->live);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_object_weak_unref (((Live *) value)->item, item_gone, value);
  g_hash_table_remove_all (self->live);
  g_queue_clear_full (&self->kept, g_object_unref);
  g_hash_table_unref (self->live);
  g_hash_table_unref (self->wanted);
  g_object_unref (self->project);
  g_free (self);
}

static void
job_free (gpointer data)
{
  Job *job = data;

  g_array_unref (job->keys);
  g_free (job);
}

static void
load_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Job *job = data;
  GError *error = NULL;
  GHashTable *values = job->class->load (source, job->run, (const gint64 *) job->keys->data, job->keys->len, &error);

  if (values != NULL)
    g_task_return_pointer (task, values, (GDestroyNotify) g_hash_table_unref);
  else
    g_task_return_error (task, error);
}

static void
loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GHashTable) values = g_task_propagate_pointer (G_TASK (result), &error);
  SqRowCache *self = data;
  GHashTableIter iter;
  gpointer key, value;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) // the cache is gone
    return;
  self->busy = FALSE;
  if (values != NULL)
    {
      g_hash_table_iter_init (&iter, values);
      while (g_hash_table_iter_next (&iter, &key, &value))
        {
          Live *live = g_hash_table_lookup (self->live, key);

          if (live != NULL)
            {
              g_autoptr (GObject) item = g_object_ref (live->item);

              self->class->fill (item, value);
            }
        }
    }
  start (self);
}

static int
compare_keys (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

static gboolean
read_wanted (gpointer data)
{
  SqRowCache *self = data;
  g_autoptr (GTask) task = NULL;
  GHashTableIter iter;
  gpointer key;
  Job *job;

  self->idle = 0;
  job = g_new (Job, 1);
  job->class = self->class;
  job->run = self->run;
  job->keys = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_hash_table_iter_init (&iter, self->wanted);
  while (job->keys->len < BATCH && g_hash_table_iter_next (&iter, &key, NULL))
    {
      // Scrolled past already: nobody waits for it.
      if (g_hash_table_contains (self->live, key))
        g_array_append_vals (job->keys, key, 1);
      g_hash_table_iter_remove (&iter);
    }
  if (job->keys->len == 0)
    {
      job_free (job);
      return G_SOURCE_REMOVE;
    }
  g_array_sort (job->keys, compare_keys);
  self->busy = TRUE;
  task = g_task_new (self->project, self->cancellable, loaded, self);
  g_task_set_return_on_cancel (task, FALSE);
  g_task_set_task_data (task, job, job_free);
  g_task_run_in_thread (task, load_in_thread);
  return G_SOURCE_REMOVE;
}

static void
start (SqRowCache *self)
{
  if (!self->busy && self->idle == 0 && g_hash_table_size (self->wanted) > 0)
    self->idle = g_idle_add_full (G_PRIORITY_HIGH_IDLE, read_wanted, self, NULL);
}

static void
want (SqRowCache *self, gint64 key)
{
  g_hash_table_add (self->wanted, g_memdup2 (&key, sizeof key));
  start (self);
}

GObject *
sq_row_cache_get (SqRowCache *self, gint64 key)
{
  Live *live = g_hash_table_lookup (self->live, &key);
  GObject *item;

  if (live != NULL)
    return g_object_ref (live->item);
  item = self->class->create (key);
  live = g_new (Live, 1);
  *live = (Live){ { self, key }, item };
  g_hash_table_insert (self->live, &live->weak.key, live);
  g_object_weak_ref (item, item_gone, live);
  want (self, key);
  g_queue_push_tail (&self->kept, g_object_ref (item));
  if (g_queue_get_length (&self->kept) > KEEP)
    g_object_unref (g_queue_pop_head (&self->kept));
  return item;
}

void
sq_row_cache_refresh (SqRowCache *self, gint64 key)
{
  if (g_hash_table_contains (self->live, &key))
    want (self, key);
}
