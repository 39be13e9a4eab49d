// SPDX-License-Identifier: GPL-3.0-or-later
#include "frame-list.h"

#include "project-private.h"
#include "row-cache.h"

struct _SqFrameItem
{
  GObject parent_instance;

  gint64 seq;
  SqStoredFrame *frame; // NULL until loaded
  GBytes *thumbnail;
};

enum
{
  ITEM_0,
  ITEM_LOADED,
  ITEM_SEQ,
  ITEM_PATH,
  ITEM_NAME,
  ITEM_PTS_NS,
  ITEM_N_OBJECTS,
  ITEM_THUMBNAIL,
  N_ITEM_PROPS
};

static GParamSpec *item_properties[N_ITEM_PROPS];

G_DEFINE_FINAL_TYPE (SqFrameItem, sq_frame_item, G_TYPE_OBJECT)

static void
sq_frame_item_finalize (GObject *object)
{
  SqFrameItem *self = SQ_FRAME_ITEM (object);

  g_clear_pointer (&self->frame, sq_stored_frame_unref);
  g_clear_pointer (&self->thumbnail, g_bytes_unref);
  G_OBJECT_CLASS (sq_frame_item_parent_class)->finalize (object);
}

// File name of a picture, time of a video frame.
static char *
frame_name (const SqStoredFrame *frame)
{
  gint64 ms = frame->pts_ns / 1000000;

  if (frame->duration_ns == 0)
    {
      g_autofree char *base = g_path_get_basename (frame->path);

      return g_filename_display_name (base);
    }
  return g_strdup_printf ("%02d:%02d.%03d", (int) (ms / 60000), (int) (ms / 1000 % 60), (int) (ms % 1000));
}

static void
sq_frame_item_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SqFrameItem *self = SQ_FRAME_ITEM (object);
  SqStoredFrame *frame = self->frame;

  switch (id)
    {
    case ITEM_LOADED:
      g_value_set_boolean (value, frame != NULL);
      break;
    case ITEM_SEQ:
      g_value_set_int64 (value, self->seq);
      break;
    case ITEM_PATH:
      g_value_set_string (value, frame != NULL ? frame->path : "");
      break;
    case ITEM_NAME:
      g_value_take_string (value, frame != NULL ? frame_name (frame) : g_strdup (""));
      break;
    case ITEM_PTS_NS:
      g_value_set_int64 (value, frame != NULL ? frame->pts_ns : 0);
      break;
    case ITEM_N_OBJECTS:
      g_value_set_uint (value, frame != NULL ? frame->n_objects : 0);
      break;
    case ITEM_THUMBNAIL:
      g_value_set_boxed (value, self->thumbnail);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
sq_frame_item_class_init (SqFrameItemClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = sq_frame_item_finalize;
  object_class->get_property = sq_frame_item_get_property;
  item_properties[ITEM_LOADED] = g_param_spec_boolean ("loaded", NULL, NULL, FALSE, flags);
  item_properties[ITEM_SEQ] = g_param_spec_int64 ("seq", NULL, NULL, 0, G_MAXINT64, 0, flags);
  item_properties[ITEM_PATH] = g_param_spec_string ("path", NULL, NULL, "", flags);
  item_properties[ITEM_NAME] = g_param_spec_string ("name", NULL, NULL, "", flags);
  item_properties[ITEM_PTS_NS] = g_param_spec_int64 ("pts-ns", NULL, NULL, G_MININT64, G_MAXINT64, 0, flags);
  item_properties[ITEM_N_OBJECTS] = g_param_spec_uint ("n-objects", NULL, NULL, 0, G_MAXUINT, 0, flags);
  item_properties[ITEM_THUMBNAIL] = g_param_spec_boxed ("thumbnail", NULL, NULL, G_TYPE_BYTES, flags);
  g_object_class_install_properties (object_class, N_ITEM_PROPS, item_properties);
}

static void
sq_frame_item_init (SqFrameItem *self)
{
}

gint64
sq_frame_item_get_seq (SqFrameItem *self)
{
  g_return_val_if_fail (SQ_IS_FRAME_ITEM (self), -1);
  return self->seq;
}

SqStoredFrame *
sq_frame_item_get_frame (SqFrameItem *self)
{
  g_return_val_if_fail (SQ_IS_FRAME_ITEM (self), NULL);
  return self->frame;
}

typedef struct
{
  SqStoredFrame *frame;
  GBytes *thumbnail;
} Row;

static void
row_free (gpointer data)
{
  Row *row = data;

  sq_stored_frame_unref (row->frame);
  g_clear_pointer (&row->thumbnail, g_bytes_unref);
  g_free (row);
}

static GObject *
create_item (gint64 key)
{
  SqFrameItem *item = g_object_new (SQ_TYPE_FRAME_ITEM, NULL);

  item->seq = key;
  return G_OBJECT (item);
}

// `keys` are sorted; each stretch without gaps is one read.
static GHashTable *
load_items (SqProject *project, gint64 run, const gint64 *keys, guint n, GError **error)
{
  g_autoptr (GHashTable) values = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, row_free);

  for (guint i = 0, next; i < n; i = next)
    {
      g_autoptr (GPtrArray) frames = NULL;
      g_autoptr (GHashTable) thumbnails = NULL;

      for (next = i + 1; next < n && keys[next] == keys[next - 1] + 1;)
        next++;
      frames = sq_project_load_frames (project, run, keys[i], next - i, error);
      thumbnails = frames != NULL ? _sq_project_load_thumbnails (project, run, keys[i], next - i, error) : NULL;
      if (thumbnails == NULL)
        return NULL;
      for (guint j = 0; j < frames->len; j++)
        {
          Row *row = g_new0 (Row, 1);
          GBytes *thumbnail;

          row->frame = sq_stored_frame_ref (g_ptr_array_index (frames, j));
          thumbnail = g_hash_table_lookup (thumbnails, &row->frame->seq);
          row->thumbnail = thumbnail != NULL ? g_bytes_ref (thumbnail) : NULL;
          g_hash_table_insert (values, &row->frame->seq, row);
        }
    }
  return g_steal_pointer (&values);
}

static void
fill_item (GObject *object, gpointer value)
{
  SqFrameItem *item = SQ_FRAME_ITEM (object);
  Row *row = value;

  g_clear_pointer (&item->frame, sq_stored_frame_unref);
  g_clear_pointer (&item->thumbnail, g_bytes_unref);
  item->frame = sq_stored_frame_ref (row->frame);
  item->thumbnail = row->thumbnail != NULL ? g_bytes_ref (row->thumbnail) : NULL;
  g_object_freeze_notify (object);
  for (guint i = ITEM_0 + 1; i < N_ITEM_PROPS; i++)
    if (i != ITEM_SEQ)
      g_object_notify_by_pspec (object, item_properties[i]);
  g_object_thaw_notify (object);
}

static const SqRowClass row_class = { create_item, load_items, fill_item };

struct _SqFrameList
{
  GObject parent_instance;

  SqProject *project;
  gint64 run;
  SqRowCache *cache;
  guint n_items;
  GCancellable *cancellable; // of the length being read, NULL none
  gboolean stale;
};

enum
{
  PROP_0,
  PROP_PROJECT,
  PROP_RUN,
  PROP_N_ITEMS,
  PROP_LOADING,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (SqFrameList, sq_frame_list, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static void read_length (SqFrameList *self);

static void
length_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  gint64 run = *(gint64 *) data;
  GError *error = NULL;
  g_autoptr (SqRun) loaded = sq_project_load_run (source, run, &error);

  if (loaded != NULL)
    g_task_return_int (task, loaded->n_frames);
  else
    g_task_return_error (task, error);
}

static void
length_read (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SqFrameList) self = data;
  gssize n = g_task_propagate_int (G_TASK (result), NULL);

  if (g_task_get_cancellable (G_TASK (result)) != self->cancellable)
    return;
  g_clear_object (&self->cancellable);
  if (n > (gssize) self->n_items)
    {
      guint old = self->n_items;

      self->n_items = n;
      g_list_model_items_changed (G_LIST_MODEL (self), old, 0, n - old);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_ITEMS]);
    }
  if (self->stale)
    read_length (self);
  else
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOADING]);
}

static void
read_length (SqFrameList *self)
{
  g_autoptr (GTask) task = NULL;

  self->stale = FALSE;
  self->cancellable = g_cancellable_new ();
  task = g_task_new (self->project, self->cancellable, length_read, g_object_ref (self));
  g_task_set_task_data (task, g_memdup2 (&self->run, sizeof self->run), g_free);
  g_task_run_in_thread (task, length_in_thread);
}

static void
on_changed (SqProject *project, gint64 run, int change, gpointer data)
{
  SqFrameList *self = data;

  if (run != self->run || change != SQ_CHANGE_UPDATED)
    return;
  if (self->cancellable != NULL)
    self->stale = TRUE;
  else
    read_length (self);
}

static void
sq_frame_list_dispose (GObject *object)
{
  SqFrameList *self = SQ_FRAME_LIST (object);

  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->cache, sq_row_cache_free);
  if (self->project != NULL)
    g_signal_handlers_disconnect_by_data (self->project, self);
  g_clear_object (&self->project);
  G_OBJECT_CLASS (sq_frame_list_parent_class)->dispose (object);
}

static void
sq_frame_list_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SqFrameList *self = SQ_FRAME_LIST (object);

  switch (id)
    {
    case PROP_PROJECT:
      g_value_set_object (value, self->project);
      break;
    case PROP_RUN:
      g_value_set_int64 (value, self->run);
      break;
    case PROP_N_ITEMS:
      g_value_set_uint (value, self->n_items);
      break;
    case PROP_LOADING:
      g_value_set_boolean (value, self->cancellable != NULL);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
sq_frame_list_class_init (SqFrameListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = sq_frame_list_dispose;
  object_class->get_property = sq_frame_list_get_property;
  properties[PROP_PROJECT] = g_param_spec_object ("project", NULL, NULL, SQ_TYPE_PROJECT, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_RUN] = g_param_spec_int64 ("run", NULL, NULL, 0, G_MAXINT64, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_N_ITEMS] = g_param_spec_uint ("n-items", NULL, NULL, 0, G_MAXUINT, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_LOADING] = g_param_spec_boolean ("loading", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
sq_frame_list_init (SqFrameList *self)
{
}

static GType
get_item_type (GListModel *model)
{
  return SQ_TYPE_FRAME_ITEM;
}

static guint
get_n_items (GListModel *model)
{
  return SQ_FRAME_LIST (model)->n_items;
}

static gpointer
get_item (GListModel *model, guint position)
{
  SqFrameList *self = SQ_FRAME_LIST (model);

  return position < self->n_items && self->cache != NULL ? sq_row_cache_get (self->cache, position) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

SqFrameList *
sq_frame_list_new (SqProject *project, gint64 run)
{
  SqFrameList *self;

  g_return_val_if_fail (SQ_IS_PROJECT (project), NULL);
  self = g_object_new (SQ_TYPE_FRAME_LIST, NULL);
  self->project = g_object_ref (project);
  self->run = run;
  self->cache = sq_row_cache_new (project, &row_class, run);
  g_signal_connect_object (project, "changed", G_CALLBACK (on_changed), self, 0);
  read_length (self);
  return self;
}

gboolean
sq_frame_list_get_loading (SqFrameList *self)
{
  g_return_val_if_fail (SQ_IS_FRAME_LIST (self), FALSE);
  return self->cancellable != NULL;
}
