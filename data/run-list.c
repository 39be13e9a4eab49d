// SPDX-License-Identifier: GPL-3.0-or-later
#include "run-list.h"

#include "project-private.h"
#include "row-cache.h"
#include <string.h>

struct _SqRunList
{
  GObject parent_instance;

  SqProject *project;        // nullable
  SqRowCache *cache;         // NULL without a project
  GArray *ids;               // gint64, newest first
  GCancellable *cancellable; // of the keys being read, NULL none
  gboolean stale;            // read the keys again when they are there
  SqRunQuery query;          // owns its strings
  gboolean has_query;
};

enum
{
  PROP_0,
  PROP_PROJECT,
  PROP_N_ITEMS,
  PROP_LOADING,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (SqRunList, sq_run_list, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

typedef struct
{
  SqRunQuery query;
  gboolean has_query;
} KeysJob;

static void
keys_job_free (gpointer data)
{
  KeysJob *job = data;

  sq_run_query_clear (&job->query);
  g_free (job);
}

static GObject *
create_item (gint64 key)
{
  return G_OBJECT (sq_run_item_new (key));
}

static void
unref_run (gpointer run)
{
  sq_run_unref (run);
}

static GHashTable *
load_items (SqProject *project, gint64 unused, const gint64 *keys, guint n, GError **error)
{
  g_autoptr (GPtrArray) runs = _sq_project_load_runs (project, keys, n, error);
  GHashTable *values;

  if (runs == NULL)
    return NULL;
  values = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, unref_run);
  for (guint i = 0; i < runs->len; i++)
    {
      SqRun *run = sq_run_ref (g_ptr_array_index (runs, i));

      g_hash_table_insert (values, &run->id, run);
    }
  return values;
}

static void
fill_item (GObject *item, gpointer value)
{
  sq_run_item_set_run (SQ_RUN_ITEM (item), value);
}

static const SqRowClass row_class = { create_item, load_items, fill_item };

// The least change that turns the old keys into the new: what is common at both ends stays.
static void
replace_ids (SqRunList *self, GArray *ids)
{
  const gint64 *old = (const gint64 *) self->ids->data, *new = (const gint64 *) ids->data;
  guint n_old = self->ids->len, n_new = ids->len, head = 0, tail = 0;

  while (head < n_old && head < n_new && old[head] == new[head])
    head++;
  while (tail < n_old - head && tail < n_new - head && old[n_old - 1 - tail] == new[n_new - 1 - tail])
    tail++;
  g_array_unref (self->ids);
  self->ids = g_array_ref (ids);
  if (head + tail == n_old && head + tail == n_new)
    return;
  g_list_model_items_changed (G_LIST_MODEL (self), head, n_old - head - tail, n_new - head - tail);
  if (n_old != n_new)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_ITEMS]);
}

static void
keys_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  KeysJob *job = data;
  GError *error = NULL;
  GArray *ids = sq_project_list_run_ids (source, job->has_query ? &job->query : NULL, &error);

  if (ids != NULL)
    g_task_return_pointer (task, ids, (GDestroyNotify) g_array_unref);
  else
    g_task_return_error (task, error);
}

static void read_keys (SqRunList *self);

static void
keys_read (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SqRunList) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) ids = g_task_propagate_pointer (G_TASK (result), &error);
  gboolean again;

  if (g_task_get_cancellable (G_TASK (result)) != self->cancellable) // an older query
    return;
  g_clear_object (&self->cancellable);
  again = self->stale;
  if (ids != NULL)
    replace_ids (self, ids);
  if (again)
    read_keys (self);
  else
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOADING]);
}

static void
read_keys (SqRunList *self)
{
  g_autoptr (GTask) task = NULL;
  KeysJob *job;

  self->stale = FALSE;
  if (self->project == NULL)
    return;
  self->cancellable = g_cancellable_new ();
  job = g_new0 (KeysJob, 1);
  job->has_query = self->has_query;
  sq_run_query_copy (&job->query, &self->query);
  task = g_task_new (self->project, self->cancellable, keys_read, g_object_ref (self));
  g_task_set_task_data (task, job, keys_job_free);
  g_task_run_in_thread (task, keys_in_thread);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOADING]);
}

static void
drop_keys_read (SqRunList *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
}

static void
on_changed (SqProject *project, gint64 run, int change, gpointer data)
{
  SqRunList *self = data;

  if (change == SQ_CHANGE_UPDATED)
    sq_row_cache_refresh (self->cache, run);
  if (change == SQ_CHANGE_UPDATED && !self->has_query)
    return;
  if (self->cancellable != NULL)
    self->stale = TRUE;
  else
    read_keys (self);
}

static void
sq_run_list_dispose (GObject *object)
{
  sq_run_list_set_project (SQ_RUN_LIST (object), NULL);
  G_OBJECT_CLASS (sq_run_list_parent_class)->dispose (object);
}

static void
sq_run_list_finalize (GObject *object)
{
  SqRunList *self = SQ_RUN_LIST (object);

  sq_run_query_clear (&self->query);
  g_array_unref (self->ids);
  G_OBJECT_CLASS (sq_run_list_parent_class)->finalize (object);
}

static void
sq_run_list_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SqRunList *self = SQ_RUN_LIST (object);

  switch (id)
    {
    case PROP_PROJECT:
      g_value_set_object (value, self->project);
      break;
    case PROP_N_ITEMS:
      g_value_set_uint (value, self->ids->len);
      break;
    case PROP_LOADING:
      g_value_set_boolean (value, self->cancellable != NULL);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
sq_run_list_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_PROJECT)
    sq_run_list_set_project (SQ_RUN_LIST (object), g_value_get_object (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
sq_run_list_class_init (SqRunListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = sq_run_list_dispose;
  object_class->finalize = sq_run_list_finalize;
  object_class->get_property = sq_run_list_get_property;
  object_class->set_property = sq_run_list_set_property;
  properties[PROP_PROJECT] =
      g_param_spec_object ("project", NULL, NULL, SQ_TYPE_PROJECT, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  properties[PROP_N_ITEMS] = g_param_spec_uint ("n-items", NULL, NULL, 0, G_MAXUINT, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_LOADING] = g_param_spec_boolean ("loading", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
sq_run_list_init (SqRunList *self)
{
  self->ids = g_array_new (FALSE, FALSE, sizeof (gint64));
}

static GType
get_item_type (GListModel *model)
{
  return SQ_TYPE_RUN_ITEM;
}

static guint
get_n_items (GListModel *model)
{
  return SQ_RUN_LIST (model)->ids->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  SqRunList *self = SQ_RUN_LIST (model);

  if (position >= self->ids->len || self->cache == NULL)
    return NULL;
  return sq_row_cache_get (self->cache, g_array_index (self->ids, gint64, position));
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

SqRunList *
sq_run_list_new (SqProject *project)
{
  return g_object_new (SQ_TYPE_RUN_LIST, "project", project, NULL);
}

void
sq_run_list_set_project (SqRunList *self, SqProject *project)
{
  g_autoptr (GArray) none = g_array_new (FALSE, FALSE, sizeof (gint64));

  g_return_if_fail (SQ_IS_RUN_LIST (self));
  if (self->project == project)
    return;
  drop_keys_read (self);
  replace_ids (self, none);
  g_clear_pointer (&self->cache, sq_row_cache_free);
  if (self->project != NULL)
    g_signal_handlers_disconnect_by_data (self->project, self);
  g_set_object (&self->project, project);
  if (project != NULL)
    {
      self->cache = sq_row_cache_new (project, &row_class, 0);
      g_signal_connect_object (project, "changed", G_CALLBACK (on_changed), self, 0);
      read_keys (self);
    }
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROJECT]);
}

void
sq_run_list_set_query (SqRunList *self, const SqRunQuery *query)
{
  SqRunQuery copy = { 0 };

  g_return_if_fail (SQ_IS_RUN_LIST (self));
  if (query != NULL)
    sq_run_query_copy (&copy, query);
  sq_run_query_clear (&self->query);
  self->query = copy;
  self->has_query = query != NULL;
  drop_keys_read (self);
  read_keys (self);
}

gboolean
sq_run_list_get_loading (SqRunList *self)
{
  g_return_val_if_fail (SQ_IS_RUN_LIST (self), FALSE);
  return self->cancellable != NULL;
}

gboolean
sq_run_list_find (SqRunList *self, gint64 run, guint *position)
{
  g_return_val_if_fail (SQ_IS_RUN_LIST (self), FALSE);
  for (guint i = 0; i < self->ids->len; i++)
    if (g_array_index (self->ids, gint64, i) == run)
      {
        *position = i;
        return TRUE;
      }
  return FALSE;
}
