// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "model-entry.h"

#include "format.h"
#include <glib/gi18n.h>

struct _SqModelEntry
{
  GObject parent_instance;

  char *id, *title, *path;
  guint64 size;
  SqCatalogue *owner; // keeps `catalogue` alive
  const SqCatalogueEntry *catalogue;
  GCancellable *cancellable; // of the running fetch
  double progress;
  gboolean current;
  SqVariant *variant; // NULL: no variant
  char *device;       // whose times count
  gboolean indented;
};

G_DEFINE_FINAL_TYPE (SqModelEntry, sq_model_entry, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_ID,
  PROP_TITLE,
  PROP_SUBTITLE,
  PROP_INSTALLED,
  PROP_FETCHING,
  PROP_PROGRESS,
  PROP_CURRENT,
  PROP_INDENTED,
  PROP_ROW_TITLE,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

// "1.1 MB, 540 MFLOP, agreement 0.953, 12.3 ms"
static char *
describe_variant (SqModelEntry *self, const char *size)
{
  GString *text = g_string_new (size);
  g_autofree char *flop = sq_format_si (self->variant->flop, "FLOP");
  const SqVariantTime *time = sq_model_entry_get_time (self);

  if (self->variant->flop > 0)
    g_string_append_printf (text, ", %s", flop);
  if (self->variant->agreement >= 0)
    {
      g_string_append (text, ", ");
      g_string_append_printf (text, _("agreement %.3f"), self->variant->agreement);
    }
  if (time != NULL)
    {
      g_autofree char *ms = sq_format_ms ((gint64) (time->variant_ms * 1e6));

      g_string_append_printf (text, ", %s", ms);
    }
  return g_string_free (text, FALSE);
}

static char *
make_subtitle (SqModelEntry *self)
{
  g_autofree char *size = g_format_size (sq_model_entry_get_size (self));

  if (self->variant != NULL)
    return describe_variant (self, size);
  if (self->catalogue == NULL)
    return g_strdup_printf (_("Own model, %s"), size);
  if (self->catalogue->ap >= 0)
    // Translators: network input size, accuracy, file size, licence
    return g_strdup_printf (_("%d×%d, AP %.1f, %s, %s"), self->catalogue->width, self->catalogue->height, self->catalogue->ap * 100, size,
                            self->catalogue->licence);
  return g_strdup_printf ("%d×%d, %s, %s", self->catalogue->width, self->catalogue->height, size, self->catalogue->licence);
}

static void
sq_model_entry_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SqModelEntry *self = SQ_MODEL_ENTRY (object);

  switch (prop_id)
    {
    case PROP_ID:
      g_value_set_string (value, self->id);
      break;
    case PROP_TITLE:
      g_value_set_string (value, self->title);
      break;
    case PROP_SUBTITLE:
      g_value_take_string (value, make_subtitle (self));
      break;
    case PROP_INSTALLED:
      g_value_set_boolean (value, self->path != NULL);
      break;
    case PROP_FETCHING:
      g_value_set_boolean (value, self->cancellable != NULL);
      break;
    case PROP_PROGRESS:
      g_value_set_double (value, self->progress);
      break;
    case PROP_CURRENT:
      g_value_set_boolean (value, self->current);
      break;
    case PROP_INDENTED:
      g_value_set_boolean (value, self->indented);
      break;
    case PROP_ROW_TITLE:
      g_value_set_string (value, self->indented ? self->variant->title : self->title);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_model_entry_finalize (GObject *object)
{
  SqModelEntry *self = SQ_MODEL_ENTRY (object);

  g_free (self->id);
  g_free (self->title);
  g_free (self->path);
  g_free (self->device);
  g_clear_pointer (&self->variant, sq_variant_unref);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->owner, sq_catalogue_unref);
  G_OBJECT_CLASS (sq_model_entry_parent_class)->finalize (object);
}

static void
sq_model_entry_class_init (SqModelEntryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = sq_model_entry_get_property;
  object_class->finalize = sq_model_entry_finalize;

  props[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, flags);
  props[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags);
  props[PROP_SUBTITLE] = g_param_spec_string ("subtitle", NULL, NULL, NULL, flags);
  props[PROP_INSTALLED] = g_param_spec_boolean ("installed", NULL, NULL, FALSE, flags);
  props[PROP_FETCHING] = g_param_spec_boolean ("fetching", NULL, NULL, FALSE, flags);
  props[PROP_PROGRESS] = g_param_spec_double ("progress", NULL, NULL, 0, 1, 0, flags);
  props[PROP_CURRENT] = g_param_spec_boolean ("current", NULL, NULL, FALSE, flags);
  props[PROP_INDENTED] = g_param_spec_boolean ("indented", NULL, NULL, FALSE, flags);
  props[PROP_ROW_TITLE] = g_param_spec_string ("row-title", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
sq_model_entry_init (SqModelEntry *self)
{
}

SqModelEntry *
sq_model_entry_new (const char *id, const char *title, const SqCatalogueEntry *catalogue)
{
  SqModelEntry *self = g_object_new (SQ_TYPE_MODEL_ENTRY, NULL);

  self->id = g_strdup (id);
  self->title = g_strdup (title);
  self->catalogue = catalogue;
  if (catalogue != NULL)
    self->owner = sq_catalogue_ref (sq_catalogue_get_default ());
  return self;
}

const char *
sq_model_entry_get_id (SqModelEntry *self)
{
  return self->id;
}

const char *
sq_model_entry_get_title (SqModelEntry *self)
{
  return self->title;
}

const char *
sq_model_entry_get_path (SqModelEntry *self)
{
  return self->path;
}

const SqCatalogueEntry *
sq_model_entry_get_catalogue (SqModelEntry *self)
{
  return self->catalogue;
}

gboolean
sq_model_entry_get_installed (SqModelEntry *self)
{
  return self->path != NULL;
}

gboolean
sq_model_entry_get_fetching (SqModelEntry *self)
{
  return self->cancellable != NULL;
}

double
sq_model_entry_get_progress (SqModelEntry *self)
{
  return self->progress;
}

guint64
sq_model_entry_get_size (SqModelEntry *self)
{
  return self->size > 0 ? self->size : self->catalogue != NULL ? self->catalogue->size : 0;
}

void
sq_model_entry_set_installed (SqModelEntry *self, const char *path, guint64 size)
{
  g_return_if_fail (SQ_IS_MODEL_ENTRY (self));

  if (g_strcmp0 (self->path, path) == 0 && self->size == size)
    return;
  g_free (self->path);
  self->path = g_strdup (path);
  self->size = size;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_INSTALLED]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SUBTITLE]);
}

void
sq_model_entry_set_fetching (SqModelEntry *self, GCancellable *cancellable)
{
  g_return_if_fail (SQ_IS_MODEL_ENTRY (self));

  if (!g_set_object (&self->cancellable, cancellable))
    return;
  sq_model_entry_set_progress (self, 0);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_FETCHING]);
}

GCancellable *
sq_model_entry_get_cancellable (SqModelEntry *self)
{
  return self->cancellable;
}

void
sq_model_entry_set_progress (SqModelEntry *self, double progress)
{
  if (self->progress == progress)
    return;
  self->progress = progress;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PROGRESS]);
}

void
sq_model_entry_set_current (SqModelEntry *self, gboolean current)
{
  if (self->current == current)
    return;
  self->current = current;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CURRENT]);
}

const SqVariant *
sq_model_entry_get_variant (SqModelEntry *self)
{
  return self->variant;
}

const char *
sq_model_entry_get_level (SqModelEntry *self)
{
  return self->variant != NULL ? self->variant->level : "original";
}

gboolean
sq_model_entry_get_indented (SqModelEntry *self)
{
  return self->indented;
}

const SqVariantTime *
sq_model_entry_get_time (SqModelEntry *self)
{
  return self->variant != NULL ? sq_variant_get_time (self->variant, self->device) : NULL;
}

void
sq_model_entry_set_variant (SqModelEntry *self, SqVariant *variant)
{
  if (self->variant == variant)
    return;
  g_clear_pointer (&self->variant, sq_variant_unref);
  self->variant = variant != NULL ? sq_variant_ref (variant) : NULL;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SUBTITLE]);
}

void
sq_model_entry_set_indented (SqModelEntry *self, gboolean indented)
{
  if (self->indented == indented)
    return;
  self->indented = indented;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_INDENTED]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ROW_TITLE]);
}

void
sq_model_entry_set_device (SqModelEntry *self, const char *device)
{
  if (g_strcmp0 (self->device, device) == 0)
    return;
  g_free (self->device);
  self->device = g_strdup (device);
  if (self->variant != NULL)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SUBTITLE]);
}
