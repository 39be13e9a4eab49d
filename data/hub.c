// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub.h"

#define UPDATE_MS 400

struct _SqHub
{
  GWeakRef project;
  GMainContext *context;
  GMutex lock;
  GQueue news;                    // News, under lock
  GHashTable *updated;            // run -> itself, under lock
  gboolean news_due, updates_due; // a source is waiting, under lock
};

typedef struct
{
  gint64 run;
  SqChange change;
  char *message; // a failure instead
} News;

static void
news_free (gpointer data)
{
  News *news = data;

  g_free (news->message);
  g_free (news);
}

SqHub *
sq_hub_new (SqProject *project)
{
  SqHub *self = g_atomic_rc_box_new0 (SqHub);

  g_weak_ref_init (&self->project, project);
  self->context = g_main_context_ref_thread_default ();
  g_mutex_init (&self->lock);
  g_queue_init (&self->news);
  self->updated = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  return self;
}

SqHub *
sq_hub_ref (SqHub *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
hub_clear (gpointer data)
{
  SqHub *self = data;

  g_weak_ref_clear (&self->project);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->lock);
  g_queue_clear_full (&self->news, news_free);
  g_hash_table_unref (self->updated);
}

void
sq_hub_unref (SqHub *self)
{
  g_atomic_rc_box_release_full (self, hub_clear);
}

void
_sq_hub_set_context (SqHub *self, GMainContext *context)
{
  g_main_context_unref (self->context);
  self->context = g_main_context_ref (context);
}

static gboolean
deliver_news (gpointer data)
{
  SqHub *self = data;
  g_autoptr (SqProject) project = g_weak_ref_get (&self->project);
  GQueue taken;
  News *news;

  g_mutex_lock (&self->lock);
  taken = self->news;
  g_queue_init (&self->news);
  self->news_due = FALSE;
  g_mutex_unlock (&self->lock);

  while ((news = g_queue_pop_head (&taken)) != NULL)
    {
      if (project != NULL && news->message != NULL)
        g_signal_emit_by_name (project, "failed", news->message);
      else if (project != NULL)
        g_signal_emit_by_name (project, "changed", news->run, (int) news->change);
      news_free (news);
    }
  return G_SOURCE_REMOVE;
}

static gboolean
deliver_updates (gpointer data)
{
  SqHub *self = data;
  g_autoptr (SqProject) project = g_weak_ref_get (&self->project);
  g_autoptr (GHashTable) taken = NULL;
  GHashTableIter iter;
  gpointer run;

  g_mutex_lock (&self->lock);
  taken = g_steal_pointer (&self->updated);
  self->updated = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->updates_due = FALSE;
  g_mutex_unlock (&self->lock);

  g_hash_table_iter_init (&iter, taken);
  while (project != NULL && g_hash_table_iter_next (&iter, &run, NULL))
    g_signal_emit_by_name (project, "changed", *(gint64 *) run, (int) SQ_CHANGE_UPDATED);
  return G_SOURCE_REMOVE;
}

static void
attach (SqHub *self, GSource *source, GSourceFunc func)
{
  g_source_set_callback (source, func, sq_hub_ref (self), (GDestroyNotify) sq_hub_unref);
  g_source_attach (source, self->context);
  g_source_unref (source);
}

static void
push_news (SqHub *self, gint64 run, SqChange change, const char *message)
{
  News *news = g_new0 (News, 1);
  gboolean due;

  news->run = run;
  news->change = change;
  news->message = g_strdup (message);
  g_mutex_lock (&self->lock);
  g_queue_push_tail (&self->news, news);
  due = !self->news_due;
  self->news_due = TRUE;
  g_mutex_unlock (&self->lock);
  if (due)
    attach (self, g_idle_source_new (), deliver_news);
}

void
sq_hub_post (SqHub *self, gint64 run, SqChange change)
{
  gboolean due;

  if (change != SQ_CHANGE_UPDATED)
    {
      push_news (self, run, change, NULL);
      return;
    }
  g_mutex_lock (&self->lock);
  g_hash_table_add (self->updated, g_memdup2 (&run, sizeof run));
  due = !self->updates_due;
  self->updates_due = TRUE;
  g_mutex_unlock (&self->lock);
  if (due)
    attach (self, g_timeout_source_new (UPDATE_MS), deliver_updates);
}

void
sq_hub_fail (SqHub *self, const char *message)
{
  push_news (self, 0, 0, message);
}
