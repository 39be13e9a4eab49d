// SPDX-License-Identifier: GPL-3.0-or-later
// All reading and writing of the bookmark file is done by a worker on a copy made under the lock of the main thread's list; saves are
// joined.
#include "recents.h"

#include <glib/gstdio.h>
#include <string.h>

#define MAX_ITEMS 100
#define APP_NAME "Squint"
#define SAVE_MS 300

struct _SqRecentItem
{
  GObject parent_instance;

  char *uri;
  char *name;
  GDateTime *when;
  SqRecentKind kind;
};

enum
{
  ITEM_0,
  ITEM_URI,
  ITEM_NAME,
  ITEM_WHEN,
  ITEM_KIND,
  N_ITEM_PROPS
};

static GParamSpec *item_properties[N_ITEM_PROPS];
static const char *const groups[] = { "source", "project", "model" };

G_DEFINE_FINAL_TYPE (SqRecentItem, sq_recent_item, G_TYPE_OBJECT)

static void
sq_recent_item_finalize (GObject *object)
{
  SqRecentItem *self = SQ_RECENT_ITEM (object);

  g_free (self->uri);
  g_free (self->name);
  g_date_time_unref (self->when);
  G_OBJECT_CLASS (sq_recent_item_parent_class)->finalize (object);
}

static void
sq_recent_item_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SqRecentItem *self = SQ_RECENT_ITEM (object);

  switch (id)
    {
    case ITEM_URI:
      g_value_set_string (value, self->uri);
      break;
    case ITEM_NAME:
      g_value_set_string (value, self->name);
      break;
    case ITEM_WHEN:
      g_value_set_boxed (value, self->when);
      break;
    case ITEM_KIND:
      g_value_set_int (value, self->kind);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
sq_recent_item_class_init (SqRecentItemClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = sq_recent_item_finalize;
  object_class->get_property = sq_recent_item_get_property;
  item_properties[ITEM_URI] = g_param_spec_string ("uri", NULL, NULL, "", flags);
  item_properties[ITEM_NAME] = g_param_spec_string ("name", NULL, NULL, "", flags);
  item_properties[ITEM_WHEN] = g_param_spec_boxed ("when", NULL, NULL, G_TYPE_DATE_TIME, flags);
  item_properties[ITEM_KIND] = g_param_spec_int ("kind", NULL, NULL, 0, SQ_RECENT_MODEL, 0, flags);
  g_object_class_install_properties (object_class, N_ITEM_PROPS, item_properties);
}

static void
sq_recent_item_init (SqRecentItem *self)
{
}

const char *
sq_recent_item_get_uri (SqRecentItem *self)
{
  g_return_val_if_fail (SQ_IS_RECENT_ITEM (self), NULL);
  return self->uri;
}

const char *
sq_recent_item_get_name (SqRecentItem *self)
{
  g_return_val_if_fail (SQ_IS_RECENT_ITEM (self), NULL);
  return self->name;
}

SqRecentKind
sq_recent_item_get_kind (SqRecentItem *self)
{
  g_return_val_if_fail (SQ_IS_RECENT_ITEM (self), SQ_RECENT_SOURCE);
  return self->kind;
}

static SqRecentItem *
item_new (SqRecentKind kind, const char *uri, GDateTime *when)
{
  SqRecentItem *self = g_object_new (SQ_TYPE_RECENT_ITEM, NULL);
  g_autofree char *path = g_filename_from_uri (uri, NULL, NULL);
  g_autofree char *base = path != NULL ? g_path_get_basename (path) : NULL;

  self->kind = kind;
  self->uri = g_strdup (uri);
  self->name = base != NULL ? g_filename_display_name (base) : g_strdup (uri);
  self->when = g_date_time_ref (when);
  return self;
}

struct _SqRecents
{
  GObject parent_instance;

  char *path;
  GPtrArray *items; // SqRecentItem, latest first
  gboolean loaded;
  guint working; // tasks under way
  guint save_id;
  gboolean changed; // since the last save began
};

static void list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (SqRecents, sq_recents, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static void
sq_recents_finalize (GObject *object)
{
  SqRecents *self = SQ_RECENTS (object);

  g_clear_handle_id (&self->save_id, g_source_remove);
  g_free (self->path);
  g_ptr_array_unref (self->items);
  G_OBJECT_CLASS (sq_recents_parent_class)->finalize (object);
}

static void
sq_recents_class_init (SqRecentsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sq_recents_finalize;
}

static void
sq_recents_init (SqRecents *self)
{
  self->items = g_ptr_array_new_with_free_func (g_object_unref);
}

static GType
get_item_type (GListModel *model)
{
  return SQ_TYPE_RECENT_ITEM;
}

static guint
get_n_items (GListModel *model)
{
  return SQ_RECENTS (model)->items->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  SqRecents *self = SQ_RECENTS (model);

  return position < self->items->len ? g_object_ref (g_ptr_array_index (self->items, position)) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

static int
compare_latest_first (gconstpointer a, gconstpointer b)
{
  return g_date_time_compare ((*(SqRecentItem *const *) b)->when, (*(SqRecentItem *const *) a)->when);
}

// On a worker: reads the file and leaves out what is no longer there.
static void
load_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autoptr (GBookmarkFile) file = g_bookmark_file_new ();
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_object_unref);
  g_auto (GStrv) uris = NULL;

  if (g_bookmark_file_load_from_file (file, data, NULL))
    uris = g_bookmark_file_get_uris (file, NULL);
  for (guint i = 0; uris != NULL && uris[i] != NULL; i++)
    {
      g_autofree char *path = g_filename_from_uri (uris[i], NULL, NULL);
      SqRecentKind kind = SQ_RECENT_SOURCE;
      GDateTime *when;

      if (path != NULL && !g_file_test (path, G_FILE_TEST_EXISTS))
        continue;
      for (guint j = 0; j < G_N_ELEMENTS (groups); j++)
        if (g_bookmark_file_has_group (file, uris[i], groups[j], NULL))
          kind = j;
      when = g_bookmark_file_get_modified_date_time (file, uris[i], NULL);
      if (when != NULL)
        g_ptr_array_add (items, item_new (kind, uris[i], when));
    }
  g_ptr_array_sort (items, compare_latest_first);
  g_task_return_pointer (task, g_steal_pointer (&items), (GDestroyNotify) g_ptr_array_unref);
}

static gboolean
has_uri (GPtrArray *items, const char *uri, guint *position)
{
  for (guint i = 0; i < items->len; i++)
    if (strcmp (((SqRecentItem *) g_ptr_array_index (items, i))->uri, uri) == 0)
      {
        *position = i;
        return TRUE;
      }
  return FALSE;
}

static void
loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  SqRecents *self = SQ_RECENTS (source);
  g_autoptr (GPtrArray) items = g_task_propagate_pointer (G_TASK (result), NULL);
  guint at, before = self->items->len;

  self->working--;
  self->loaded = TRUE;
  // What was added meanwhile stays on top.
  for (guint i = 0; items != NULL && i < items->len && self->items->len < MAX_ITEMS; i++)
    if (!has_uri (self->items, ((SqRecentItem *) g_ptr_array_index (items, i))->uri, &at))
      g_ptr_array_add (self->items, g_object_ref (g_ptr_array_index (items, i)));
  g_list_model_items_changed (G_LIST_MODEL (self), before, 0, self->items->len - before);
}

static void
save_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GPtrArray *items = data;
  SqRecents *self = source; // only the path, which never changes
  g_autoptr (GBookmarkFile) file = g_bookmark_file_new ();
  g_autofree char *folder = g_path_get_dirname (self->path);

  for (guint i = 0; i < items->len; i++)
    {
      SqRecentItem *item = g_ptr_array_index (items, i);

      g_bookmark_file_set_title (file, item->uri, item->name);
      g_bookmark_file_set_mime_type (file, item->uri, "application/octet-stream");
      g_bookmark_file_add_application (file, item->uri, APP_NAME, "squint %u");
      g_bookmark_file_add_group (file, item->uri, groups[item->kind]);
      g_bookmark_file_set_is_private (file, item->uri, TRUE);
      g_bookmark_file_set_modified_date_time (file, item->uri, item->when);
    }
  g_mkdir_with_parents (folder, 0700);
  g_bookmark_file_to_file (file, self->path, NULL); // a lost list of recent files is no reason to bother anyone
  g_task_return_boolean (task, TRUE);
}

static void
saved (GObject *source, GAsyncResult *result, gpointer data)
{
  SQ_RECENTS (source)->working--;
}

static gboolean
save (gpointer data)
{
  SqRecents *self = data;
  g_autoptr (GTask) task = NULL;
  GPtrArray *items;

  if (!self->loaded || self->working > 0) // again later: never two at once, never before the old list is known
    return G_SOURCE_CONTINUE;
  self->save_id = 0;
  self->changed = FALSE;
  items = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < self->items->len; i++)
    g_ptr_array_add (items, g_object_ref (g_ptr_array_index (self->items, i)));
  task = g_task_new (self, NULL, saved, NULL);
  g_task_set_task_data (task, items, (GDestroyNotify) g_ptr_array_unref);
  self->working++;
  g_task_run_in_thread (task, save_in_thread);
  return G_SOURCE_REMOVE;
}

static void
schedule_save (SqRecents *self)
{
  self->changed = TRUE;
  if (self->save_id == 0)
    self->save_id = g_timeout_add (SAVE_MS, save, self);
}

SqRecents *
sq_recents_new (const char *path)
{
  SqRecents *self = g_object_new (SQ_TYPE_RECENTS, NULL);
  g_autoptr (GTask) task = g_task_new (self, NULL, loaded, NULL);

  self->path = path != NULL ? g_strdup (path) : g_build_filename (g_get_user_data_dir (), "squint", "recent.xbel", NULL);
  g_task_set_task_data (task, g_strdup (self->path), g_free);
  self->working++;
  g_task_run_in_thread (task, load_in_thread);
  return self;
}

// Absolute URI without user name and password.
static char *
clean_uri (const char *uri)
{
  g_autoptr (GUri) parsed = NULL;

  if (strstr (uri, "://") == NULL)
    {
      g_autofree char *absolute = g_canonicalize_filename (uri, NULL);

      return g_filename_to_uri (absolute, NULL, NULL);
    }
  parsed = g_uri_parse (uri, G_URI_FLAGS_NON_DNS | G_URI_FLAGS_ENCODED, NULL);
  return parsed != NULL ? g_uri_to_string_partial (parsed, G_URI_HIDE_USERINFO) : NULL;
}

void
sq_recents_add (SqRecents *self, SqRecentKind kind, const char *uri)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *clean = NULL;
  guint at;

  g_return_if_fail (SQ_IS_RECENTS (self));
  g_return_if_fail (uri != NULL);
  clean = clean_uri (uri);
  if (clean == NULL)
    return;
  if (has_uri (self->items, clean, &at))
    {
      g_ptr_array_remove_index (self->items, at);
      g_list_model_items_changed (G_LIST_MODEL (self), at, 1, 0);
    }
  g_ptr_array_insert (self->items, 0, item_new (kind, clean, now));
  g_list_model_items_changed (G_LIST_MODEL (self), 0, 0, 1);
  if (self->items->len > MAX_ITEMS)
    {
      g_ptr_array_remove_index (self->items, MAX_ITEMS);
      g_list_model_items_changed (G_LIST_MODEL (self), MAX_ITEMS, 1, 0);
    }
  schedule_save (self);
}

void
sq_recents_remove (SqRecents *self, const char *uri)
{
  guint at;

  g_return_if_fail (SQ_IS_RECENTS (self));
  if (!has_uri (self->items, uri, &at))
    return;
  g_ptr_array_remove_index (self->items, at);
  g_list_model_items_changed (G_LIST_MODEL (self), at, 1, 0);
  schedule_save (self);
}

void
sq_recents_clear (SqRecents *self)
{
  guint n;

  g_return_if_fail (SQ_IS_RECENTS (self));
  n = self->items->len;
  g_ptr_array_set_size (self->items, 0);
  g_list_model_items_changed (G_LIST_MODEL (self), 0, n, 0);
  schedule_save (self);
}

void
sq_recents_flush (SqRecents *self)
{
  g_return_if_fail (SQ_IS_RECENTS (self));
  while (self->working > 0)
    g_main_context_iteration (NULL, TRUE);
  if (self->changed)
    {
      g_clear_handle_id (&self->save_id, g_source_remove);
      save (self);
    }
  while (self->working > 0)
    g_main_context_iteration (NULL, TRUE);
}
