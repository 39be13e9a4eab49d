// SPDX-License-Identifier: GPL-3.0-or-later
// Variants in the model store.
#include "engine/error.h"
#include "fetch.h"
#include "model-store-private.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

char *
sq_model_store_make_temporary (SqModelStore *self, GError **error)
{
  g_autofree char *folder = NULL, *path = NULL;
  int file;

  g_return_val_if_fail (SQ_IS_MODEL_STORE (self), NULL);
  folder = g_build_filename (_sq_model_store_get_root (self), "blobs", NULL);
  path = g_build_filename (folder, "variant-XXXXXX.onnx", NULL);
  if (g_mkdir_with_parents (folder, 0700) != 0 || (file = g_mkstemp (path)) < 0)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” cannot be written (%s); check the disk and the permissions of its folder.", folder,
                   g_strerror (errno));
      return NULL;
    }
  close (file);
  return g_steal_pointer (&path);
}

// Letters, digits and dashes of a title, for a file's name.
static char *
make_stem (const char *title)
{
  GString *stem = g_string_new (NULL);

  for (const char *c = title; *c != '\0'; c++)
    if (g_ascii_isalnum (*c) || *c == '.' || *c == '_')
      g_string_append_c (stem, *c);
    else if (stem->len > 0 && stem->str[stem->len - 1] != '-')
      g_string_append_c (stem, '-');
  while (stem->len > 0 && stem->str[stem->len - 1] == '-')
    g_string_truncate (stem, stem->len - 1);
  if (stem->len == 0 || stem->str[0] == '.')
    g_string_prepend (stem, "model");
  return g_string_free (stem, FALSE);
}

char *
sq_model_store_add_variant (SqModelStore *self, const SqVariant *variant, const char *path, GCancellable *cancellable, GError **error)
{
  g_autofree char *sum = NULL, *title = NULL, *both = NULL, *stem = NULL, *name = NULL, *id = NULL, *stored = NULL;
  gboolean done = FALSE;

  g_return_val_if_fail (SQ_IS_MODEL_STORE (self), NULL);
  g_return_val_if_fail (variant->original_id != NULL && variant->original_sha256 != NULL && variant->level != NULL, NULL);

  sum = sq_file_sha256 (path, cancellable, error);
  if (sum != NULL)
    {
      title = sq_variant_full_title (variant);
      both = g_strdup_printf ("%s-%s", variant->original_title, variant->level);
      stem = make_stem (both);
      name = g_strconcat (stem, ".onnx", NULL);
      id = g_strdup_printf ("%s-%.12s", stem, sum);
      done = _sq_model_store_install (self, id, title, NULL, variant, (const char *const[]){ path, NULL },
                                      (const char *const[]){ name, NULL }, cancellable, TRUE, &stored, error);
    }
  g_unlink (path);
  return done ? g_steal_pointer (&id) : NULL;
}

gboolean
sq_model_store_set_time (SqModelStore *self, const char *id, const char *device, double variant_ms, double original_ms, GError **error)
{
  g_autofree char *folder = NULL, *ini = NULL;
  g_autoptr (GKeyFile) keys = g_key_file_new ();
  g_autoptr (SqVariant) variant = NULL;
  SqVariantTime time = { NULL, variant_ms, original_ms };
  gboolean done = FALSE;

  g_return_val_if_fail (SQ_IS_MODEL_STORE (self), FALSE);
  folder = _sq_model_store_get_folder (self, id);
  ini = g_build_filename (folder, "model.ini", NULL);
  _sq_model_store_lock (self);
  if (g_key_file_load_from_file (keys, ini, G_KEY_FILE_NONE, NULL) && (variant = sq_variant_read (folder, keys)) != NULL)
    {
      for (guint i = variant->times->len; i-- > 0;)
        if (g_str_equal (g_array_index (variant->times, SqVariantTime, i).device, device))
          g_array_remove_index (variant->times, i);
      time.device = g_strdup (device);
      g_array_append_val (variant->times, time);
      done = sq_variant_write_times (variant, folder, error);
    }
  else
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” is no longer among the models; the measured times are not kept.", id);
    }
  _sq_model_store_unlock (self);
  if (done)
    _sq_model_store_changed (self);
  return done;
}

SqInstalledModel *
sq_model_store_find_variant (SqModelStore *self, const char *original_sha256, const char *level)
{
  g_autoptr (GPtrArray) models = sq_model_store_list (self, NULL);
  g_autoptr (SqRecipe) recipe = sq_recipe_level (level);
  SqInstalledModel *best = NULL;
  gboolean best_plain = FALSE;
  guint at = 0;

  for (guint i = 0; models != NULL && i < models->len; i++)
    {
      SqInstalledModel *model = g_ptr_array_index (models, i);
      const SqVariant *v = model->variant;
      gboolean plain;

      if (v == NULL || !g_str_equal (v->original_sha256, original_sha256) || !g_str_equal (v->level, level))
        continue;
      plain = recipe == NULL || g_str_equal (v->title, recipe->title);
      if (best != NULL && (plain != best_plain ? best_plain : v->made_s <= best->variant->made_s))
        continue;
      best = model;
      best_plain = plain;
      at = i;
    }
  return best != NULL ? g_ptr_array_steal_index (models, at) : NULL;
}
