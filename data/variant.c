// SPDX-License-Identifier: GPL-3.0-or-later
#include "variant.h"

#include "engine/error.h"
#include "engine/formats/format.h"
#include <math.h>
#include <string.h>

#define GROUP "variant"
#define TIMES "times.ini"

static void
time_clear (gpointer data)
{
  g_free (((SqVariantTime *) data)->device);
}

SqVariant *
sq_variant_new (void)
{
  SqVariant *self = g_atomic_rc_box_new0 (SqVariant);

  self->agreement = -1;
  self->times = g_array_new (FALSE, TRUE, sizeof (SqVariantTime));
  g_array_set_clear_func (self->times, time_clear);
  return self;
}

SqVariant *
sq_variant_ref (SqVariant *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
variant_clear (gpointer data)
{
  SqVariant *self = data;

  g_free (self->original_id);
  g_free (self->original_sha256);
  g_free (self->original_title);
  g_free (self->level);
  g_free (self->title);
  g_free (self->pictures);
  g_free (self->warning);
  g_array_unref (self->times);
}

void
sq_variant_unref (SqVariant *self)
{
  g_atomic_rc_box_release_full (self, variant_clear);
}

const SqVariantTime *
sq_variant_get_time (const SqVariant *self, const char *device)
{
  for (guint i = 0; device != NULL && i < self->times->len; i++)
    {
      const SqVariantTime *time = &g_array_index (self->times, SqVariantTime, i);

      if (g_str_equal (time->device, device))
        return time;
    }
  return NULL;
}

char *
sq_variant_full_title (const SqVariant *self)
{
  return g_strdup_printf ("%s · %s", self->original_title, self->title);
}

static double
get_double (GKeyFile *ini, const char *group, const char *key, double fallback)
{
  g_autoptr (GError) error = NULL;
  double value = g_key_file_get_double (ini, group, key, &error);

  return error == NULL && isfinite (value) ? value : fallback;
}

static void
read_times (SqVariant *self, const char *folder)
{
  g_autofree char *path = g_build_filename (folder, TIMES, NULL);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_auto (GStrv) devices = NULL;

  if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL))
    return;
  devices = g_key_file_get_groups (file, NULL);
  for (guint i = 0; devices[i] != NULL; i++)
    {
      SqVariantTime time = { NULL, get_double (file, devices[i], "variant_ms", 0), get_double (file, devices[i], "original_ms", 0) };

      if (!(time.variant_ms > 0) || !(time.original_ms > 0))
        continue;
      time.device = g_strdup (devices[i]);
      g_array_append_val (self->times, time);
    }
}

SqVariant *
sq_variant_read (const char *folder, GKeyFile *ini)
{
  g_autoptr (SqVariant) self = NULL;

  if (!g_key_file_has_group (ini, GROUP))
    return NULL;
  self = sq_variant_new ();
  self->original_id = g_key_file_get_string (ini, GROUP, "original", NULL);
  self->original_sha256 = g_key_file_get_string (ini, GROUP, "original_sha256", NULL);
  self->original_title = g_key_file_get_string (ini, GROUP, "original_title", NULL);
  self->level = g_key_file_get_string (ini, GROUP, "level", NULL);
  self->title = g_key_file_get_string (ini, GROUP, "title", NULL);
  if (self->original_id == NULL || self->original_sha256 == NULL || self->level == NULL)
    return NULL;
  if (self->original_title == NULL)
    self->original_title = g_strdup (self->original_id);
  if (self->title == NULL)
    self->title = g_strdup (self->level);
  self->pictures = g_key_file_get_string (ini, GROUP, "pictures", NULL);
  self->warning = g_key_file_get_string (ini, GROUP, "warning", NULL);
  self->made_s = g_key_file_get_int64 (ini, GROUP, "made", NULL);
  self->agreement = get_double (ini, GROUP, "agreement", -1);
  self->flop = get_double (ini, GROUP, "flop", 0);
  self->flop_ratio = get_double (ini, GROUP, "flop_ratio", 0);
  read_times (self, folder);
  return g_steal_pointer (&self);
}

void
sq_variant_write (const SqVariant *self, GKeyFile *ini)
{
  g_key_file_set_string (ini, GROUP, "original", self->original_id);
  g_key_file_set_string (ini, GROUP, "original_sha256", self->original_sha256);
  g_key_file_set_string (ini, GROUP, "original_title", self->original_title);
  g_key_file_set_string (ini, GROUP, "level", self->level);
  g_key_file_set_string (ini, GROUP, "title", self->title);
  if (self->pictures != NULL)
    g_key_file_set_string (ini, GROUP, "pictures", self->pictures);
  if (self->warning != NULL)
    g_key_file_set_string (ini, GROUP, "warning", self->warning);
  g_key_file_set_int64 (ini, GROUP, "made", self->made_s);
  g_key_file_set_double (ini, GROUP, "agreement", self->agreement);
  g_key_file_set_double (ini, GROUP, "flop", self->flop);
  g_key_file_set_double (ini, GROUP, "flop_ratio", self->flop_ratio);
}

gboolean
sq_variant_write_times (const SqVariant *self, const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename (folder, TIMES, NULL);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) cause = NULL;

  for (guint i = 0; i < self->times->len; i++)
    {
      const SqVariantTime *time = &g_array_index (self->times, SqVariantTime, i);

      g_key_file_set_double (file, time->device, "variant_ms", time->variant_ms);
      g_key_file_set_double (file, time->device, "original_ms", time->original_ms);
    }
  if (g_key_file_save_to_file (file, path, &cause))
    return TRUE;
  g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” cannot be written (%s); the measured times are not kept.", path, cause->message);
  return FALSE;
}

/* What a model's file says */

static const char *
get_metadata (const SqModel *model, const char *key)
{
  return model->metadata != NULL ? g_hash_table_lookup (model->metadata, key) : NULL;
}

const char *
sq_model_get_recipe_text (const SqModel *model)
{
  return get_metadata (model, SQ_KEY_RECIPE);
}

const char *
sq_model_get_report (const SqModel *model)
{
  return get_metadata (model, SQ_KEY_REPORT);
}

SqFidelity *
sq_model_get_fidelity (const SqModel *model)
{
  const char *text = get_metadata (model, SQ_KEY_FIDELITY);

  return text != NULL ? sq_fidelity_from_text (text) : NULL;
}

char *
sq_model_get_level (const SqModel *model)
{
  const char *text = sq_model_get_recipe_text (model);
  g_autoptr (SqRecipe) recipe = text != NULL ? sq_recipe_parse (text, NULL) : NULL;

  return recipe != NULL ? g_strdup (recipe->id) : NULL;
}
