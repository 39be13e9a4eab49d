// SPDX-License-Identifier: GPL-3.0-or-later
// Filling the model store: catalogue models from a mirror or the network, the user's own files from where they are.
#include "engine/error.h"
#include "fetch.h"
#include "model-store-private.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#define DEFAULT_MIRROR "../shared/models"

typedef struct
{
  SqFetchProgress progress;
  gpointer data;
  guint64 before, total; // bytes
} Total;

static void
add_to_total (guint64 done, guint64 size, gpointer data)
{
  Total *total = data;

  if (total->progress != NULL)
    total->progress (total->before + done, total->total, total->data);
}

static const char *
mirror_folder (void)
{
  const char *mirror = g_getenv ("SQUINT_MODEL_MIRROR");

  if (mirror != NULL)
    return mirror[0] != 0 ? mirror : NULL;
  return g_file_test (DEFAULT_MIRROR, G_FILE_TEST_IS_DIR) ? DEFAULT_MIRROR : NULL;
}

char *
sq_model_store_fetch (SqModelStore *self, const SqCatalogueEntry *entry, GCancellable *cancellable, SqFetchProgress progress,
                      gpointer progress_data, GError **error)
{
  g_autofree char *blobs = NULL;
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  Total total = { progress, progress_data, 0, 0 };
  const char *mirror = mirror_folder ();
  char *path = NULL;

  g_return_val_if_fail (SQ_IS_MODEL_STORE (self), NULL);
  g_return_val_if_fail (entry != NULL, NULL);

  path = sq_model_store_lookup (self, entry);
  if (path != NULL)
    return path;
  blobs = g_build_filename (_sq_model_store_get_root (self), "blobs", NULL);
  if (g_mkdir_with_parents (blobs, 0700) != 0)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” cannot be made (%s); check the permissions of its folder.", blobs,
                   g_strerror (errno));
      return NULL;
    }
  total.total = entry->size;
  for (guint i = 0; i < entry->files->len; i++)
    {
      const SqCatalogueFile *file = g_ptr_array_index (entry->files, i);
      g_autofree char *blob = g_build_filename (blobs, file->sha256, NULL);
      g_autofree char *part = g_strconcat (blob, ".part", NULL);
      g_autofree char *copy = mirror != NULL ? sq_mirror_find (mirror, file->name, file->sha256, file->size, cancellable) : NULL;

      if (g_cancellable_is_cancelled (cancellable))
        {
          g_set_error_literal (error, SQ_ERROR, SQ_ERROR_CANCELLED, "Cancelled.");
          return NULL;
        }
      if (copy != NULL ? !sq_copy_file (copy, blob, cancellable, error)
                       : !sq_fetch (file->url, part, blob, file->sha256, file->size, cancellable, add_to_total, &total, error))
        return NULL;
      total.before += file->size;
      add_to_total (0, 0, &total);
      g_ptr_array_add (files, g_steal_pointer (&blob));
      g_ptr_array_add (names, file->name);
    }
  g_ptr_array_add (files, NULL);
  g_ptr_array_add (names, NULL);
  if (!_sq_model_store_install (self, entry->id, entry->name, entry->id, NULL, (const char *const *) files->pdata,
                                (const char *const *) names->pdata, cancellable, TRUE, &path, error))
    return NULL;
  return path;
}

// PATH with another suffix, when that file exists.
static char *
sibling (const char *path, const char *suffix)
{
  const char *dot = strrchr (path, '.');
  g_autofree char *stem = g_strndup (path, dot - path);
  g_autofree char *other = g_strconcat (stem, suffix, NULL);

  return g_file_test (other, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer (&other) : NULL;
}

// A .names file beside a cfg: of the same name, else the only one in the folder.
static char *
find_names (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  char *found = sibling (path, ".names");
  GDir *dir = found == NULL ? g_dir_open (folder, 0, NULL) : NULL;
  const char *name;
  guint n = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".names") && n++ == 0)
      found = g_build_filename (folder, name, NULL);
  g_clear_pointer (&dir, g_dir_close);
  if (n > 1)
    g_clear_pointer (&found, g_free);
  return found;
}

static gboolean
collect_files (const char *path, GPtrArray *files, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);
  g_autofree char *lower = g_ascii_strdown (path, -1);

  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR))
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” does not exist or is not a file; choose a .onnx or .cfg file.", shown);
      return FALSE;
    }
  if (g_str_has_suffix (lower, ".onnx"))
    {
      g_ptr_array_add (files, g_strdup (path));
      return TRUE;
    }
  if (g_str_has_suffix (lower, ".cfg") || g_str_has_suffix (lower, ".weights"))
    {
      g_autofree char *cfg = sibling (path, ".cfg");
      g_autofree char *weights = sibling (path, ".weights");
      g_autofree char *names = NULL;

      if (cfg == NULL || weights == NULL)
        {
          g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” needs its %s file of the same name beside it; put both into one folder.", shown,
                       cfg == NULL ? ".cfg" : ".weights");
          return FALSE;
        }
      names = find_names (cfg);
      g_ptr_array_add (files, g_steal_pointer (&cfg));
      g_ptr_array_add (files, g_steal_pointer (&weights));
      if (names != NULL)
        g_ptr_array_add (files, g_steal_pointer (&names));
      return TRUE;
    }
  g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "“%s” is not a model file; choose a .onnx file, or a .cfg with its .weights.", shown);
  return FALSE;
}

char *
sq_model_store_add (SqModelStore *self, const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GChecksum) all = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *title = NULL, *id = NULL, *result = NULL;
  const char *dot;

  g_return_val_if_fail (SQ_IS_MODEL_STORE (self), NULL);
  g_return_val_if_fail (path != NULL, NULL);

  if (!collect_files (path, files, error))
    return NULL;
  for (guint i = 0; i < files->len; i++)
    {
      g_autofree char *sum = sq_file_sha256 (g_ptr_array_index (files, i), cancellable, error);

      if (sum == NULL)
        return NULL;
      g_checksum_update (all, (const guint8 *) sum, -1);
      g_ptr_array_add (names, g_path_get_basename (g_ptr_array_index (files, i)));
    }
  dot = strrchr (g_ptr_array_index (names, 0), '.');
  title = g_strndup (g_ptr_array_index (names, 0), dot - (const char *) g_ptr_array_index (names, 0));
  id = g_strdup_printf ("%s-%.12s", title, g_checksum_get_string (all));
  if (id[0] == '.')
    id[0] = '_';
  g_ptr_array_add (files, NULL);
  g_ptr_array_add (names, NULL);
  if (!_sq_model_store_install (self, id, title, NULL, NULL, (const char *const *) files->pdata, (const char *const *) names->pdata,
                                cancellable, FALSE, &result, error))
    return NULL;
  return g_steal_pointer (&result);
}

typedef struct
{
  const SqCatalogueEntry *entry;
  char *path;
  SqFetchProgress progress;
  gpointer progress_data;
  GMainContext *context;
  GMutex lock;
  guint64 done, total; // under lock
  gboolean due;        // a report is on its way, under lock
  GTask *task;         // borrowed
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_free (job->path);
  g_main_context_unref (job->context);
  g_mutex_clear (&job->lock);
  g_free (job);
}

static gboolean
report (gpointer data)
{
  GTask *task = data;
  Job *job = g_task_get_task_data (task);
  guint64 done, total;

  g_mutex_lock (&job->lock);
  done = job->done;
  total = job->total;
  job->due = FALSE;
  g_mutex_unlock (&job->lock);
  if (!g_task_get_completed (task))
    job->progress (done, total, job->progress_data);
  return G_SOURCE_REMOVE;
}

static void
on_progress (guint64 done, guint64 total, gpointer data)
{
  Job *job = data;
  gboolean due;

  g_mutex_lock (&job->lock);
  job->done = done;
  job->total = total;
  due = !job->due;
  job->due = TRUE;
  g_mutex_unlock (&job->lock);
  if (due)
    {
      GSource *source = g_timeout_source_new (50);

      g_source_set_callback (source, report, g_object_ref (job->task), g_object_unref);
      g_source_attach (source, job->context);
      g_source_unref (source);
    }
}

static Job *
job_new (GTask *task)
{
  Job *job = g_new0 (Job, 1);

  g_mutex_init (&job->lock);
  job->context = g_main_context_ref (g_task_get_context (task));
  job->task = task;
  g_task_set_task_data (task, job, job_free);
  return job;
}

static void
return_path (GTask *task, char *path, GError *error)
{
  if (path != NULL)
    g_task_return_pointer (task, path, g_free);
  else
    g_task_return_error (task, error);
}

static void
fetch_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Job *job = data;
  GError *error = NULL;
  char *path = sq_model_store_fetch (source, job->entry, cancellable, job->progress != NULL ? on_progress : NULL, job, &error);

  return_path (task, path, error);
}

void
sq_model_store_fetch_async (SqModelStore *self, const SqCatalogueEntry *entry, GCancellable *cancellable, SqFetchProgress progress,
                            gpointer progress_data, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Job *job = job_new (task);

  job->entry = entry;
  job->progress = progress;
  job->progress_data = progress_data;
  g_task_set_source_tag (task, sq_model_store_fetch_async);
  g_task_set_check_cancellable (task, FALSE); // the worker says what happened
  g_task_run_in_thread (task, fetch_in_thread);
}

char *
sq_model_store_fetch_finish (SqModelStore *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
add_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Job *job = data;
  GError *error = NULL;
  char *path = sq_model_store_add (source, job->path, cancellable, &error);

  return_path (task, path, error);
}

void
sq_model_store_add_async (SqModelStore *self, const char *path, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Job *job = job_new (task);

  job->path = g_strdup (path);
  g_task_set_source_tag (task, sq_model_store_add_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_run_in_thread (task, add_in_thread);
}

char *
sq_model_store_add_finish (SqModelStore *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
