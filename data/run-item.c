// SPDX-License-Identifier: GPL-3.0-or-later
#include "run-item.h"

struct _SqRunItem
{
  GObject parent_instance;

  gint64 id;
  SqRun *run; // NULL until loaded
};

enum
{
  PROP_0,
  PROP_LOADED,
  PROP_ID,
  PROP_NAME,
  PROP_NOTE,
  PROP_WHEN,
  PROP_MODEL,
  PROP_LEVEL,
  PROP_DEVICE,
  PROP_SOURCE,
  PROP_COUNTS,
  PROP_N_FRAMES,
  PROP_N_OBJECTS,
  PROP_STATE,
  PROP_THUMBNAIL,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (SqRunItem, sq_run_item, G_TYPE_OBJECT)

static void
sq_run_item_finalize (GObject *object)
{
  SqRunItem *self = SQ_RUN_ITEM (object);

  g_clear_pointer (&self->run, sq_run_unref);
  G_OBJECT_CLASS (sq_run_item_parent_class)->finalize (object);
}

static void
sq_run_item_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SqRunItem *self = SQ_RUN_ITEM (object);
  SqRun *run = self->run;

  switch (id)
    {
    case PROP_LOADED:
      g_value_set_boolean (value, run != NULL);
      break;
    case PROP_ID:
      g_value_set_int64 (value, self->id);
      break;
    case PROP_NAME:
      g_value_set_string (value, run != NULL ? run->name : "");
      break;
    case PROP_NOTE:
      g_value_set_string (value, run != NULL ? run->note : "");
      break;
    case PROP_WHEN:
      if (run != NULL)
        {
          g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (run->started_us / G_USEC_PER_SEC);

          g_value_take_boxed (value, utc != NULL ? g_date_time_to_local (utc) : NULL);
        }
      break;
    case PROP_MODEL:
      g_value_set_string (value, run != NULL ? run->model : "");
      break;
    case PROP_LEVEL:
      g_value_set_string (value, run != NULL ? run->level : "");
      break;
    case PROP_DEVICE:
      g_value_set_string (value, run != NULL ? run->device : "");
      break;
    case PROP_SOURCE:
      g_value_set_string (value, run != NULL ? run->source : "");
      break;
    case PROP_COUNTS:
      g_value_take_string (value, run != NULL ? sq_run_describe_counts (run, 4) : g_strdup (""));
      break;
    case PROP_N_FRAMES:
      g_value_set_int64 (value, run != NULL ? run->n_frames : 0);
      break;
    case PROP_N_OBJECTS:
      g_value_set_int64 (value, run != NULL ? run->n_objects : 0);
      break;
    case PROP_STATE:
      g_value_set_int (value, run != NULL ? (int) run->state : SQ_RUN_FINISHED);
      break;
    case PROP_THUMBNAIL:
      g_value_set_boxed (value, run != NULL ? run->thumbnail : NULL);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
sq_run_item_class_init (SqRunItemClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = sq_run_item_finalize;
  object_class->get_property = sq_run_item_get_property;
  properties[PROP_LOADED] = g_param_spec_boolean ("loaded", NULL, NULL, FALSE, flags);
  properties[PROP_ID] = g_param_spec_int64 ("id", NULL, NULL, 0, G_MAXINT64, 0, flags);
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, "", flags);
  properties[PROP_NOTE] = g_param_spec_string ("note", NULL, NULL, "", flags);
  properties[PROP_WHEN] = g_param_spec_boxed ("when", NULL, NULL, G_TYPE_DATE_TIME, flags);
  properties[PROP_MODEL] = g_param_spec_string ("model", NULL, NULL, "", flags);
  properties[PROP_LEVEL] = g_param_spec_string ("level", NULL, NULL, "", flags);
  properties[PROP_DEVICE] = g_param_spec_string ("device", NULL, NULL, "", flags);
  properties[PROP_SOURCE] = g_param_spec_string ("source", NULL, NULL, "", flags);
  properties[PROP_COUNTS] = g_param_spec_string ("counts", NULL, NULL, "", flags);
  properties[PROP_N_FRAMES] = g_param_spec_int64 ("n-frames", NULL, NULL, 0, G_MAXINT64, 0, flags);
  properties[PROP_N_OBJECTS] = g_param_spec_int64 ("n-objects", NULL, NULL, 0, G_MAXINT64, 0, flags);
  properties[PROP_STATE] = g_param_spec_int ("state", NULL, NULL, SQ_RUN_RUNNING, SQ_RUN_INTERRUPTED, SQ_RUN_FINISHED, flags);
  properties[PROP_THUMBNAIL] = g_param_spec_boxed ("thumbnail", NULL, NULL, G_TYPE_BYTES, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
sq_run_item_init (SqRunItem *self)
{
}

SqRunItem *
sq_run_item_new (gint64 id)
{
  SqRunItem *self = g_object_new (SQ_TYPE_RUN_ITEM, NULL);

  self->id = id;
  return self;
}

gint64
sq_run_item_get_id (SqRunItem *self)
{
  g_return_val_if_fail (SQ_IS_RUN_ITEM (self), 0);
  return self->id;
}

SqRun *
sq_run_item_get_run (SqRunItem *self)
{
  g_return_val_if_fail (SQ_IS_RUN_ITEM (self), NULL);
  return self->run;
}

void
sq_run_item_set_run (SqRunItem *self, SqRun *run)
{
  g_autoptr (SqRun) old = g_steal_pointer (&self->run);

  self->run = sq_run_ref (run);
  // A thumbnail that did not change keeps its bytes, and views their texture.
  if (old != NULL && old->thumbnail != NULL && run->thumbnail != NULL && g_bytes_equal (old->thumbnail, run->thumbnail))
    {
      g_bytes_unref (run->thumbnail);
      run->thumbnail = g_bytes_ref (old->thumbnail);
    }
  g_object_freeze_notify (G_OBJECT (self));
  for (guint i = PROP_0 + 1; i < N_PROPS; i++)
    if (i != PROP_ID && !(i == PROP_THUMBNAIL && old != NULL && old->thumbnail == run->thumbnail))
      g_object_notify_by_pspec (G_OBJECT (self), properties[i]);
  g_object_thaw_notify (G_OBJECT (self));
}
