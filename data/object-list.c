// SPDX-License-Identifier: GPL-3.0-or-later
#include "object-list.h"

#define FIRST 20 // at once
#define PAGE 60  // a screen or two
#define AHEAD 40 // items left when more are read

struct _SqFoundItem
{
  GObject parent_instance;

  SqFoundFrame *frame;
};

G_DEFINE_FINAL_TYPE (SqFoundItem, sq_found_item, G_TYPE_OBJECT)

static void
sq_found_item_finalize (GObject *object)
{
  g_clear_pointer (&SQ_FOUND_ITEM (object)->frame, sq_found_frame_unref);
  G_OBJECT_CLASS (sq_found_item_parent_class)->finalize (object);
}

static void
sq_found_item_class_init (SqFoundItemClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sq_found_item_finalize;
}

static void
sq_found_item_init (SqFoundItem *self)
{
}

SqFoundFrame *
sq_found_item_get_frame (SqFoundItem *self)
{
  g_return_val_if_fail (SQ_IS_FOUND_ITEM (self), NULL);
  return self->frame;
}

struct _SqObjectList
{
  GObject parent_instance;

  GPtrArray *items;          // SqFoundItem
  SqObjectSearch *search;    // NULL while a worker has it, or none
  GCancellable *cancellable; // of the worker; NULL none
  guint stale;               // items of the search before, until the first results come
  gboolean more;
};

enum
{
  PROP_0,
  PROP_N_ITEMS,
  PROP_LOADING,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (SqObjectList, sq_object_list, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static GType
get_item_type (GListModel *model)
{
  return SQ_TYPE_FOUND_ITEM;
}

static guint
get_n_items (GListModel *model)
{
  return SQ_OBJECT_LIST (model)->items->len;
}

typedef struct
{
  SqObjectSearch *search;
  guint limit;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_clear_pointer (&job->search, sq_object_search_free);
  g_free (job);
}

static void
next_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Job *job = data;
  GError *error = NULL;
  GPtrArray *found = sq_object_search_next (job->search, job->limit, cancellable, &error);

  if (found == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, found, (GDestroyNotify) g_ptr_array_unref);
}

static void
add (SqObjectList *self, const GPtrArray *found)
{
  guint gone = self->stale, before = self->items->len - gone;

  g_ptr_array_remove_range (self->items, 0, gone);
  self->stale = 0;
  for (guint i = 0; i < found->len; i++)
    {
      SqFoundItem *item = g_object_new (SQ_TYPE_FOUND_ITEM, NULL);

      item->frame = sq_found_frame_ref (found->pdata[i]);
      g_ptr_array_add (self->items, item);
    }
  if (gone + found->len > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), gone > 0 ? 0 : before, gone, found->len);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_ITEMS]);
}

static void
on_next (GObject *source, GAsyncResult *result, gpointer unused)
{
  SqObjectList *self = SQ_OBJECT_LIST (source);
  g_autoptr (GPtrArray) found = NULL;
  Job *job = g_task_get_task_data (G_TASK (result));

  if (g_task_get_cancellable (G_TASK (result)) != self->cancellable)
    return; // of a search before
  g_clear_object (&self->cancellable);
  found = g_task_propagate_pointer (G_TASK (result), NULL);
  self->more = found != NULL && found->len == job->limit && self->items->len - self->stale + PAGE < SQ_OBJECT_LIST_MOST;
  if (self->more)
    self->search = g_steal_pointer (&job->search);
  if (found == NULL)
    found = g_ptr_array_new (); // what was found before goes all the same
  add (self, found);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOADING]);
}

static void
read_on (SqObjectList *self)
{
  g_autoptr (GTask) task = NULL;
  Job *job;

  if (self->search == NULL)
    return;
  self->cancellable = g_cancellable_new ();
  job = g_new0 (Job, 1);
  job->search = g_steal_pointer (&self->search);
  job->limit = self->items->len == self->stale ? FIRST : PAGE;
  task = g_task_new (self, self->cancellable, on_next, NULL);
  g_task_set_task_data (task, job, job_free);
  g_task_run_in_thread (task, next_thread);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOADING]);
}

static gboolean
on_idle (gpointer data)
{
  read_on (data);
  return G_SOURCE_REMOVE;
}

static gpointer
get_item (GListModel *model, guint position)
{
  SqObjectList *self = SQ_OBJECT_LIST (model);

  if (position >= self->items->len)
    return NULL;
  if (self->more && self->search != NULL && position + AHEAD >= self->items->len)
    g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, on_idle, g_object_ref (self), g_object_unref); // not while a view asks
  return g_object_ref (self->items->pdata[position]);
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

static void
stop (SqObjectList *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->search, sq_object_search_free);
  self->more = FALSE;
}

void
sq_object_list_search (SqObjectList *self, SqProject *project, const SqRunQuery *query)
{
  g_autoptr (GPtrArray) nothing = g_ptr_array_new ();

  g_return_if_fail (SQ_IS_OBJECT_LIST (self));

  stop (self);
  self->stale = self->items->len;
  if (project == NULL || query == NULL || query->class_name == NULL)
    {
      add (self, nothing);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOADING]);
      return;
    }
  self->search = sq_object_search_new (project, query);
  read_on (self);
}

gboolean
sq_object_list_get_loading (SqObjectList *self)
{
  g_return_val_if_fail (SQ_IS_OBJECT_LIST (self), FALSE);
  return self->cancellable != NULL;
}

static void
sq_object_list_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SqObjectList *self = SQ_OBJECT_LIST (object);

  if (id == PROP_N_ITEMS)
    g_value_set_uint (value, self->items->len);
  else if (id == PROP_LOADING)
    g_value_set_boolean (value, self->cancellable != NULL);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
sq_object_list_dispose (GObject *object)
{
  stop (SQ_OBJECT_LIST (object));
  G_OBJECT_CLASS (sq_object_list_parent_class)->dispose (object);
}

static void
sq_object_list_finalize (GObject *object)
{
  g_ptr_array_unref (SQ_OBJECT_LIST (object)->items);
  G_OBJECT_CLASS (sq_object_list_parent_class)->finalize (object);
}

static void
sq_object_list_class_init (SqObjectListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = sq_object_list_get_property;
  object_class->dispose = sq_object_list_dispose;
  object_class->finalize = sq_object_list_finalize;
  properties[PROP_N_ITEMS] = g_param_spec_uint ("n-items", NULL, NULL, 0, G_MAXUINT, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_LOADING] = g_param_spec_boolean ("loading", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
sq_object_list_init (SqObjectList *self)
{
  self->items = g_ptr_array_new_with_free_func (g_object_unref);
}

SqObjectList *
sq_object_list_new (void)
{
  return g_object_new (SQ_TYPE_OBJECT_LIST, NULL);
}
