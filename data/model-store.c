// SPDX-License-Identifier: GPL-3.0-or-later
// A model's folder appears under its final name only when all its files are there and checked.
#include "model-store.h"

#include "engine/error.h"
#include "fetch.h"
#include "model-store-private.h"
#include "remove-folder.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#define GROUP "model"

struct _SqModelStore
{
  GObject parent_instance;

  char *root;
  GMainContext *context;
  GMutex lock; // one change of the disk at a time
};

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SqModelStore, sq_model_store, G_TYPE_OBJECT)

void
sq_installed_model_free (SqInstalledModel *self)
{
  g_free (self->id);
  g_free (self->title);
  g_free (self->path);
  g_free (self->catalogue_id);
  g_clear_pointer (&self->variant, sq_variant_unref);
  g_free (self);
}

static void
sq_model_store_finalize (GObject *object)
{
  SqModelStore *self = SQ_MODEL_STORE (object);

  g_free (self->root);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (sq_model_store_parent_class)->finalize (object);
}

static void
sq_model_store_class_init (SqModelStoreClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sq_model_store_finalize;
  signals[CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
sq_model_store_init (SqModelStore *self)
{
  g_mutex_init (&self->lock);
  self->context = g_main_context_ref_thread_default ();
}

SqModelStore *
sq_model_store_new (const char *root)
{
  SqModelStore *self = g_object_new (SQ_TYPE_MODEL_STORE, NULL);

  self->root = root != NULL ? g_strdup (root) : g_build_filename (g_get_user_data_dir (), "squint", NULL);
  return self;
}

static gboolean
emit_changed (gpointer data)
{
  g_signal_emit (data, signals[CHANGED], 0);
  return G_SOURCE_REMOVE;
}

void
_sq_model_store_changed (SqModelStore *self)
{
  GSource *source = g_idle_source_new ();

  g_source_set_callback (source, emit_changed, g_object_ref (self), g_object_unref);
  g_source_attach (source, self->context);
  g_source_unref (source);
}

char *
_sq_model_store_get_folder (SqModelStore *self, const char *id)
{
  return g_build_filename (self->root, "models", id, NULL);
}

void
_sq_model_store_lock (SqModelStore *self)
{
  g_mutex_lock (&self->lock);
}

void
_sq_model_store_unlock (SqModelStore *self)
{
  g_mutex_unlock (&self->lock);
}

static SqInstalledModel *
read_installed (SqModelStore *self, const char *id)
{
  g_autofree char *folder = _sq_model_store_get_folder (self, id);
  g_autofree char *ini = g_build_filename (folder, "model.ini", NULL);
  g_autofree char *main_name = NULL;
  g_autoptr (GKeyFile) keys = g_key_file_new ();
  g_autoptr (SqInstalledModel) model = NULL;

  if (!g_key_file_load_from_file (keys, ini, G_KEY_FILE_NONE, NULL))
    return NULL;
  main_name = g_key_file_get_string (keys, GROUP, "main", NULL);
  if (main_name == NULL || strchr (main_name, '/') != NULL)
    return NULL;
  model = g_new0 (SqInstalledModel, 1);
  model->id = g_strdup (id);
  model->path = g_build_filename (folder, main_name, NULL);
  model->title = g_key_file_get_string (keys, GROUP, "title", NULL);
  model->catalogue_id = g_key_file_get_string (keys, GROUP, "catalogue", NULL);
  model->size = g_key_file_get_uint64 (keys, GROUP, "size", NULL);
  model->variant = sq_variant_read (folder, keys);
  if (model->title == NULL)
    model->title = g_strdup (id);
  return g_file_test (model->path, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer (&model) : NULL;
}

char *
sq_model_store_lookup (SqModelStore *self, const SqCatalogueEntry *entry)
{
  g_autoptr (SqInstalledModel) model = NULL;

  g_return_val_if_fail (SQ_IS_MODEL_STORE (self), NULL);
  model = read_installed (self, entry->id);
  return model != NULL ? g_strdup (model->path) : NULL;
}

char *
sq_model_store_resolve (SqModelStore *self, const char *name)
{
  g_autoptr (SqInstalledModel) model = NULL;

  g_return_val_if_fail (SQ_IS_MODEL_STORE (self), NULL);
  if (g_file_test (name, G_FILE_TEST_IS_REGULAR))
    return g_strdup (name);
  if (strchr (name, '/') != NULL || name[0] == '.' || name[0] == 0)
    return NULL;
  model = read_installed (self, name);
  return model != NULL ? g_strdup (model->path) : NULL;
}

static void
free_installed (gpointer data)
{
  sq_installed_model_free (data);
}

static int
compare_titles (gconstpointer a, gconstpointer b)
{
  return g_utf8_collate ((*(SqInstalledModel *const *) a)->title, (*(SqInstalledModel *const *) b)->title);
}

GPtrArray *
sq_model_store_list (SqModelStore *self, GError **error)
{
  g_autoptr (GPtrArray) models = g_ptr_array_new_with_free_func (free_installed);
  g_autofree char *folder = NULL;
  GDir *dir;
  const char *name;

  g_return_val_if_fail (SQ_IS_MODEL_STORE (self), NULL);
  folder = g_build_filename (self->root, "models", NULL);
  dir = g_dir_open (folder, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      SqInstalledModel *model = name[0] != '.' ? read_installed (self, name) : NULL;

      if (model != NULL)
        g_ptr_array_add (models, model);
    }
  g_clear_pointer (&dir, g_dir_close);
  g_ptr_array_sort (models, compare_titles);
  return g_steal_pointer (&models);
}

gboolean
_sq_model_store_install (SqModelStore *self, const char *id, const char *title, const char *catalogue_id, const SqVariant *variant,
                         const char *const *files, const char *const *names, GCancellable *cancellable, gboolean move, char **path,
                         GError **error)
{
  g_autofree char *final = _sq_model_store_get_folder (self, id);
  g_autofree char *temporary = g_strdup_printf ("%s/models/.new-%08x", self->root, g_random_int ());
  g_autofree char *ini = g_build_filename (temporary, "model.ini", NULL);
  g_autoptr (GKeyFile) keys = g_key_file_new ();
  g_autoptr (GError) local_error = NULL;
  gboolean good = TRUE;
  guint64 size = 0;

  if (g_mkdir_with_parents (temporary, 0700) != 0)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” cannot be made (%s); check the permissions of its folder.", temporary,
                   g_strerror (errno));
      return FALSE;
    }
  for (guint i = 0; good && files[i] != NULL; i++)
    {
      g_autofree char *to = g_build_filename (temporary, names[i], NULL);
      g_autofree char *sum = NULL;
      GStatBuf info;

      good = (move && g_rename (files[i], to) == 0) || sq_copy_file (files[i], to, cancellable, error);
      if (good)
        good = (sum = sq_file_sha256 (to, cancellable, error)) != NULL;
      if (good)
        g_key_file_set_string (keys, "sha256", names[i], sum);
      if (good && g_stat (to, &info) == 0)
        size += info.st_size;
    }
  g_key_file_set_string (keys, GROUP, "title", title);
  g_key_file_set_string (keys, GROUP, "main", names[0]);
  g_key_file_set_uint64 (keys, GROUP, "size", size);
  if (catalogue_id != NULL)
    g_key_file_set_string (keys, GROUP, "catalogue", catalogue_id);
  if (variant != NULL)
    sq_variant_write (variant, keys);
  if (good && variant != NULL && variant->times->len > 0)
    good = sq_variant_write_times (variant, temporary, error);
  if (good && !g_key_file_save_to_file (keys, ini, &local_error))
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” cannot be written (%s).", ini, local_error->message);
      good = FALSE;
    }
  g_mutex_lock (&self->lock);
  if (good && g_rename (temporary, final) != 0)
    {
      // There already: the same content, or the rest of an old one.
      sq_remove_folder (final);
      if (g_rename (temporary, final) != 0)
        {
          g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” cannot be written (%s).", final, g_strerror (errno));
          good = FALSE;
        }
    }
  g_mutex_unlock (&self->lock);
  if (!good)
    {
      sq_remove_folder (temporary);
      return FALSE;
    }
  *path = g_build_filename (final, names[0], NULL);
  _sq_model_store_changed (self);
  return TRUE;
}

const char *
_sq_model_store_get_root (SqModelStore *self)
{
  return self->root;
}

gboolean
sq_model_store_remove (SqModelStore *self, const char *id, GError **error)
{
  g_autofree char *folder = NULL;

  g_return_val_if_fail (SQ_IS_MODEL_STORE (self), FALSE);
  if (strchr (id, '/') != NULL || id[0] == '.' || id[0] == 0)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "There is no model “%s”; list the models and choose another.", id);
      return FALSE;
    }
  folder = _sq_model_store_get_folder (self, id);
  g_mutex_lock (&self->lock);
  sq_remove_folder (folder);
  g_mutex_unlock (&self->lock);
  _sq_model_store_changed (self);
  return TRUE;
}
