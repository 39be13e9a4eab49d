// SPDX-License-Identifier: GPL-3.0-or-later
#include "variant.h"

#include "engine/error.h"
#include "engine/formats/format.h"
#include <math.h>
#include <string.h>

#define GROUP "variant"
#define TIMES "times.ini"
#define INT8 "int8"

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

/* Recipes */

// "INT8", "INT8, 1 layer in half", "INT8, 2 layers in half" ...
static char *
retitle (const char *title, guint n)
{
  const char *comma = strrchr (title, ',');
  g_autofree char *stem = comma != NULL && g_str_has_suffix (title, " in half") ? g_strndup (title, comma - title) : g_strdup (title);

  return g_strdup_printf (n == 1 ? "%s, %u layer in half" : "%s, %u layers in half", stem, n);
}

char *
sq_recipe_text_keep_in_half (const char *text, const char *layer, GError **error)
{
  g_autoptr (SqRecipe) recipe = sq_recipe_parse (text, error);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *whole = NULL, *title = NULL;
  g_auto (GStrv) steps = NULL, except = NULL;
  g_autofree const char **kept = NULL;
  guint n = 0;

  if (recipe == NULL)
    return NULL;
  whole = sq_recipe_to_text (recipe);
  g_key_file_load_from_data (file, whole, (gsize) -1, G_KEY_FILE_NONE, NULL);
  steps = g_key_file_get_string_list (file, "recipe", "steps", NULL, NULL);
  if (steps == NULL || !g_strv_contains ((const char *const *) steps, INT8))
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "The recipe “%s” puts no layer into 8 bits: there is none to keep in half.",
                   recipe->title);
      return NULL;
    }
  except = g_key_file_get_string_list (file, INT8, "except", NULL, NULL);
  if (except != NULL && g_strv_contains ((const char *const *) except, layer))
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "The recipe “%s” keeps “%s” in half already.", recipe->title, layer);
      return NULL;
    }
  n = except != NULL ? g_strv_length (except) : 0;
  kept = g_new0 (const char *, n + 2);
  for (guint i = 0; i < n; i++)
    kept[i] = except[i];
  kept[n++] = layer;
  g_key_file_set_string_list (file, INT8, "except", kept, n);
  title = retitle (recipe->title, n);
  g_key_file_set_string (file, "recipe", "title", title);
  return g_key_file_to_data (file, NULL, NULL);
}

char *
sq_recipe_text_set_apart (const char *text, const char *from)
{
  g_autoptr (SqRecipe) recipe = sq_recipe_parse (text, NULL), before = sq_recipe_parse (from, NULL);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *title = NULL;

  if (recipe == NULL || before == NULL || !g_str_equal (recipe->title, before->title)
      || !g_key_file_load_from_data (file, text, (gsize) -1, G_KEY_FILE_KEEP_COMMENTS, NULL))
    return g_strdup (text);
  title = g_strconcat (recipe->title, ", changed", NULL);
  g_key_file_set_string (file, "recipe", "title", title);
  return g_key_file_to_data (file, NULL, NULL);
}
