// SPDX-License-Identifier: GPL-3.0-or-later
#include "filter-state.h"

struct _SqFilterState
{
  GObject parent_instance;

  float confidence;
  float overlap;
  guint8 *shown; // per class 0/1
  guint n_classes;
  guint n_shown;
  SqRegion *region; // nullable
};

G_DEFINE_FINAL_TYPE (SqFilterState, sq_filter_state, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_CONFIDENCE,
  PROP_OVERLAP,
  PROP_ALL_CLASSES,
  N_PROPS
};

enum
{
  CHANGED,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

static void
sq_filter_state_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SqFilterState *self = SQ_FILTER_STATE (object);

  switch (prop_id)
    {
    case PROP_CONFIDENCE:
      g_value_set_double (value, self->confidence);
      break;
    case PROP_OVERLAP:
      g_value_set_double (value, self->overlap);
      break;
    case PROP_ALL_CLASSES:
      g_value_set_boolean (value, self->n_shown == self->n_classes);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_filter_state_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  SqFilterState *self = SQ_FILTER_STATE (object);

  switch (prop_id)
    {
    case PROP_CONFIDENCE:
      sq_filter_state_set_confidence (self, g_value_get_double (value));
      break;
    case PROP_OVERLAP:
      sq_filter_state_set_overlap (self, g_value_get_double (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_filter_state_finalize (GObject *object)
{
  SqFilterState *self = SQ_FILTER_STATE (object);

  g_free (self->shown);
  g_clear_pointer (&self->region, sq_region_unref);
  G_OBJECT_CLASS (sq_filter_state_parent_class)->finalize (object);
}

static void
sq_filter_state_class_init (SqFilterStateClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = sq_filter_state_get_property;
  object_class->set_property = sq_filter_state_set_property;
  object_class->finalize = sq_filter_state_finalize;

  props[PROP_CONFIDENCE] =
      g_param_spec_double ("confidence", NULL, NULL, 0, 1, .25, G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  props[PROP_OVERLAP] =
      g_param_spec_double ("overlap", NULL, NULL, 0, 1, .45, G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  props[PROP_ALL_CLASSES] = g_param_spec_boolean ("all-classes", NULL, NULL, TRUE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  signals[CHANGED] = g_signal_new ("changed", SQ_TYPE_FILTER_STATE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
sq_filter_state_init (SqFilterState *self)
{
  SqFilter filter = SQ_FILTER_DEFAULT;

  self->confidence = filter.confidence;
  self->overlap = filter.iou;
}

SqFilterState *
sq_filter_state_new (void)
{
  return g_object_new (SQ_TYPE_FILTER_STATE, NULL);
}

SqFilter
sq_filter_state_get_filter (SqFilterState *self)
{
  SqFilter filter = SQ_FILTER_DEFAULT;

  g_return_val_if_fail (SQ_IS_FILTER_STATE (self), filter);

  filter.confidence = self->confidence;
  filter.iou = self->overlap;
  filter.region = self->region;
  if (self->n_shown < self->n_classes)
    {
      filter.classes = self->shown;
      filter.n_classes = self->n_classes;
    }
  return filter;
}

float
sq_filter_state_get_confidence (SqFilterState *self)
{
  return self->confidence;
}

void
sq_filter_state_set_confidence (SqFilterState *self, float confidence)
{
  g_return_if_fail (SQ_IS_FILTER_STATE (self));

  // Rounded to whole per cent, so that what is shown is what is meant.
  confidence = (int) (CLAMP (confidence, 0.f, 1.f) * 100 + .5f) / 100.f;
  if (confidence == self->confidence)
    return;
  self->confidence = confidence;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CONFIDENCE]);
  g_signal_emit (self, signals[CHANGED], 0);
}

float
sq_filter_state_get_overlap (SqFilterState *self)
{
  return self->overlap;
}

void
sq_filter_state_set_overlap (SqFilterState *self, float overlap)
{
  g_return_if_fail (SQ_IS_FILTER_STATE (self));

  overlap = (int) (CLAMP (overlap, 0.f, 1.f) * 100 + .5f) / 100.f;
  if (overlap == self->overlap)
    return;
  self->overlap = overlap;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_OVERLAP]);
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
filter_state_classes_changed (SqFilterState *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ALL_CLASSES]);
  g_signal_emit (self, signals[CHANGED], 0);
}

void
sq_filter_state_reset_classes (SqFilterState *self, guint n_classes)
{
  g_return_if_fail (SQ_IS_FILTER_STATE (self));

  g_free (self->shown);
  self->shown = g_malloc (MAX (n_classes, 1));
  memset (self->shown, 1, n_classes);
  self->n_classes = n_classes;
  self->n_shown = n_classes;
  filter_state_classes_changed (self);
}

guint
sq_filter_state_get_n_classes (SqFilterState *self)
{
  return self->n_classes;
}

gboolean
sq_filter_state_get_class_shown (SqFilterState *self, guint class_id)
{
  return class_id >= self->n_classes || self->shown[class_id];
}

void
sq_filter_state_set_class_shown (SqFilterState *self, guint class_id, gboolean shown)
{
  g_return_if_fail (SQ_IS_FILTER_STATE (self));

  shown = !!shown;
  if (class_id >= self->n_classes || self->shown[class_id] == shown)
    return;
  self->shown[class_id] = shown;
  self->n_shown += shown ? 1 : -1;
  filter_state_classes_changed (self);
}

void
sq_filter_state_set_all_classes_shown (SqFilterState *self, gboolean shown)
{
  guint n = shown ? self->n_classes : 0;

  g_return_if_fail (SQ_IS_FILTER_STATE (self));

  if (self->n_shown == n)
    return;
  if (self->n_classes > 0)
    memset (self->shown, shown ? 1 : 0, self->n_classes);
  self->n_shown = n;
  filter_state_classes_changed (self);
}

guint
sq_filter_state_get_n_shown (SqFilterState *self)
{
  return self->n_shown;
}

SqRegion *
sq_filter_state_get_region (SqFilterState *self)
{
  g_return_val_if_fail (SQ_IS_FILTER_STATE (self), NULL);
  return self->region;
}

void
sq_filter_state_set_region (SqFilterState *self, SqRegion *region)
{
  g_return_if_fail (SQ_IS_FILTER_STATE (self));

  if (region == self->region)
    return;
  g_clear_pointer (&self->region, sq_region_unref);
  self->region = region != NULL ? sq_region_ref (region) : NULL;
  g_signal_emit (self, signals[CHANGED], 0);
}

void
sq_filter_state_add_polygon (SqFilterState *self, gboolean exclude, const SqCorner *corners, guint n)
{
  g_autoptr (SqRegion) region = NULL;

  g_return_if_fail (SQ_IS_FILTER_STATE (self));

  region = self->region != NULL ? sq_region_copy (self->region) : sq_region_new (); // others may hold the one there is
  if (sq_region_add (region, exclude, corners, n))
    sq_filter_state_set_region (self, region);
}
