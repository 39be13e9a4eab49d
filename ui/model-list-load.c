// SPDX-License-Identifier: GPL-3.0-or-later
// Fetching, adding, removing and reading models of a SqModelList; nothing here blocks the main thread.
#include "config.h"

#include "model-list-private.h"

#include "model-options.h"
#include <glib/gi18n.h>

/* Fetch */

static void
on_fetch_progress (guint64 done, guint64 total, gpointer user_data)
{
  SqModelEntry *entry = user_data;

  if (total > 0)
    sq_model_entry_set_progress (entry, (double) done / total);
}

static void
fetch_return (GTask *task, const GError *error)
{
  if (error != NULL)
    g_task_return_error (task, g_error_copy (error));
  else
    g_task_return_boolean (task, TRUE);
}

static void
on_fetched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SqModelEntry *entry = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autofree char *path = sq_model_store_fetch_finish (SQ_MODEL_STORE (source), result, &error);
  g_autoptr (GPtrArray) others = g_object_steal_data (G_OBJECT (entry), "sq-waiting");

  sq_model_entry_set_fetching (entry, NULL);
  if (path != NULL)
    sq_model_entry_set_installed (entry, path, sq_model_entry_get_catalogue (entry)->size);
  fetch_return (task, error);
  for (guint i = 0; others != NULL && i < others->len; i++)
    fetch_return (others->pdata[i], error);
}

void
sq_model_list_fetch_async (SqModelList *self, SqModelEntry *entry, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_return_if_fail (SQ_IS_MODEL_LIST (self));

  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_task_data (task, g_object_ref (entry), g_object_unref);
  if (sq_model_entry_get_installed (entry))
    {
      g_task_return_boolean (task, TRUE);
    }
  else if (sq_model_entry_get_fetching (entry))
    {
      // One download serves all who ask for it.
      GPtrArray *others = g_object_get_data (G_OBJECT (entry), "sq-waiting");

      if (others == NULL)
        {
          others = g_ptr_array_new_with_free_func (g_object_unref);
          g_object_set_data_full (G_OBJECT (entry), "sq-waiting", others, (GDestroyNotify) g_ptr_array_unref);
        }
      g_ptr_array_add (others, g_steal_pointer (&task));
    }
  else if (sq_model_entry_get_catalogue (entry) == NULL)
    {
      g_task_return_new_error (task, SQ_ERROR, SQ_ERROR_IO, _("The file of %s is no longer there; add the model again."),
                               sq_model_entry_get_title (entry));
    }
  else
    {
      sq_model_entry_set_fetching (entry, cancellable);
      sq_model_store_fetch_async (self->store, sq_model_entry_get_catalogue (entry), cancellable, on_fetch_progress, entry, on_fetched,
                                  g_steal_pointer (&task));
    }
}

gboolean
sq_model_list_fetch_finish (SqModelList *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
sq_model_list_cancel_fetch (SqModelList *self, SqModelEntry *entry)
{
  GCancellable *cancellable = sq_model_entry_get_cancellable (entry);

  if (cancellable != NULL)
    g_cancellable_cancel (cancellable);
}

/* Add, remove */

static void
add_entry (SqModelList *self, SqModelEntry *entry)
{
  g_ptr_array_insert (self->entries, 0, entry);
  g_list_model_items_changed (G_LIST_MODEL (self), 0, 0, 1);
}

// The stored path is ROOT/models/ID/FILE.
static void
on_added (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SqModelList *self = g_task_get_source_object (task);
  GError *error = NULL;
  g_autofree char *path = sq_model_store_add_finish (SQ_MODEL_STORE (source), result, &error);
  g_autofree char *folder = NULL;
  g_autofree char *id = NULL;
  SqModelEntry *entry;

  if (path == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  folder = g_path_get_dirname (path);
  id = g_path_get_basename (folder);
  entry = sq_model_list_find (self, id);
  if (entry == NULL)
    {
      g_autofree char *base = g_path_get_basename (path);
      char *dot = strrchr (base, '.');

      if (dot != NULL)
        *dot = '\0';
      entry = sq_model_entry_new (id, base, NULL);
      sq_model_entry_set_installed (entry, path, 0);
      add_entry (self, entry);
    }
  else
    {
      sq_model_entry_set_installed (entry, path, sq_model_entry_get_size (entry));
    }
  _sq_model_list_scan (self);
  g_task_return_pointer (task, g_object_ref (entry), g_object_unref);
}

// What cannot be run is not kept. An unknown family can: it is asked for later.
static void
probe_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  GError *error = NULL;
  g_autoptr (SqModel) model = sq_model_load (task_data, NULL, cancellable, &error);

  if (model == NULL && !g_error_matches (error, SQ_ERROR, SQ_ERROR_UNKNOWN_FAMILY))
    {
      g_task_return_error (task, error);
      return;
    }
  g_clear_error (&error);
  g_task_return_boolean (task, TRUE);
}

static void
on_probed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SqModelList *self = SQ_MODEL_LIST (source);
  GError *error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    {
      g_task_return_error (task, error);
      return;
    }
  sq_model_store_add_async (self->store, g_task_get_task_data (task), NULL, on_added, g_object_ref (task));
}

void
sq_model_list_add_async (SqModelList *self, const char *path, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) probe = NULL;
  GTask *task;

  g_return_if_fail (SQ_IS_MODEL_LIST (self));

  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_task_data (task, g_strdup (path), g_free);
  probe = g_task_new (self, NULL, on_probed, task);
  g_task_set_task_data (probe, g_strdup (path), g_free);
  g_task_run_in_thread (probe, probe_thread);
}

SqModelEntry *
sq_model_list_add_finish (SqModelList *self, GAsyncResult *result, GError **error)
{
  g_autoptr (SqModelEntry) entry = g_task_propagate_pointer (G_TASK (result), error);

  return entry; // the list holds it
}

typedef struct
{
  SqModelStore *store;
  char *id;
} Removal;

static void
removal_free (gpointer data)
{
  Removal *removal = data;

  g_object_unref (removal->store);
  g_free (removal->id);
  g_free (removal);
}

static void
remove_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Removal *removal = task_data;
  GError *error = NULL;

  if (sq_model_store_remove (removal->store, removal->id, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
sq_model_list_remove_async (SqModelList *self, SqModelEntry *entry, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  Removal *removal = g_new (Removal, 1);

  removal->store = g_object_ref (self->store);
  removal->id = g_strdup (sq_model_entry_get_id (entry));
  g_task_set_task_data (task, removal, removal_free);
  g_task_run_in_thread (task, remove_thread);
}

gboolean
sq_model_list_remove_finish (SqModelList *self, GAsyncResult *result, GError **error)
{
  gboolean done = g_task_propagate_boolean (G_TASK (result), error);

  _sq_model_list_scan (self);
  return done;
}

/* Choose */

static void
on_choice_added (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SqModelList *self = SQ_MODEL_LIST (source);
  GError *error = NULL;
  SqModelEntry *entry = sq_model_list_add_finish (self, result, &error);

  if (entry == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  sq_model_list_set_current (self, entry);
  g_task_return_boolean (task, TRUE);
}

void
_sq_model_list_choose (GTask *task)
{
  SqModelList *self = g_task_get_source_object (task);
  const char *name = g_task_get_task_data (task);
  SqModelEntry *entry = sq_model_list_find (self, name);

  for (guint i = 0; entry == NULL && i < self->entries->len; i++)
    if (g_strcmp0 (sq_model_entry_get_title (self->entries->pdata[i]), name) == 0)
      entry = self->entries->pdata[i];
  if (entry != NULL)
    {
      sq_model_list_set_current (self, entry);
      g_task_return_boolean (task, TRUE);
    }
  else if (g_str_has_suffix (name, ".onnx") || g_str_has_suffix (name, ".cfg") || g_str_has_suffix (name, ".weights"))
    {
      sq_model_list_add_async (self, name, on_choice_added, g_object_ref (task));
    }
  else
    {
      g_task_return_new_error (task, SQ_ERROR, SQ_ERROR_IO, _("There is no model named “%s”; the Models page lists those there are."),
                               name);
    }
}

void
sq_model_list_choose_async (SqModelList *self, const char *name, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);

  g_return_if_fail (SQ_IS_MODEL_LIST (self));

  g_task_set_task_data (task, g_strdup (name), g_free);
  if (self->ready)
    _sq_model_list_choose (task);
  else
    g_ptr_array_add (self->waiting, g_steal_pointer (&task));
}

gboolean
sq_model_list_choose_finish (SqModelList *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Load */

typedef struct
{
  SqModelEntry *entry;
  SqModelCorrection *correction;
  char *path;
  char *key;
} Load;

static void
load_free (gpointer data)
{
  Load *load = data;

  g_object_unref (load->entry);
  g_clear_pointer (&load->correction, sq_model_correction_free);
  g_free (load->path);
  g_free (load->key);
  g_free (load);
}

static void
load_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Load *load = task_data;
  SqModelOptions options = sq_model_correction_get_options (load->correction);
  GError *error = NULL;
  SqModel *model = sq_model_load (load->path, &options, cancellable, &error);

  if (model != NULL)
    g_task_return_pointer (task, model, (GDestroyNotify) sq_model_unref);
  else
    g_task_return_error (task, error);
}

static void
load_start (GTask *task)
{
  SqModelList *self = g_task_get_source_object (task);
  Load *load = g_task_get_task_data (task);
  g_autoptr (GVariant) all = g_settings_get_value (self->settings, "model-options");
  g_autoptr (GVariant) mine = g_variant_lookup_value (all, sq_model_entry_get_id (load->entry), NULL);
  g_autofree char *options = mine != NULL ? g_variant_print (mine, FALSE) : g_strdup ("");

  load->path = g_strdup (sq_model_entry_get_path (load->entry));
  load->key = g_strconcat (load->path, "\n", options, NULL);
  if (self->cached != NULL && g_strcmp0 (load->key, self->cached_key) == 0)
    {
      g_task_return_pointer (task, sq_model_ref (self->cached), (GDestroyNotify) sq_model_unref);
      return;
    }
  load->correction = sq_model_correction_load (self->settings, sq_model_entry_get_id (load->entry));
  g_task_run_in_thread (task, load_thread);
}

static void
on_load_fetched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (!sq_model_list_fetch_finish (SQ_MODEL_LIST (source), result, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  load_start (task);
}

void
sq_model_list_load_async (SqModelList *self, SqModelEntry *entry, GCancellable *cancellable, GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Load *load = g_new0 (Load, 1);

  g_return_if_fail (SQ_IS_MODEL_LIST (self));
  g_return_if_fail (SQ_IS_MODEL_ENTRY (entry));

  load->entry = g_object_ref (entry);
  g_task_set_task_data (task, load, load_free);
  if (sq_model_entry_get_installed (entry))
    load_start (task);
  else
    sq_model_list_fetch_async (self, entry, on_load_fetched, g_steal_pointer (&task));
}

SqModel *
sq_model_list_load_finish (SqModelList *self, GAsyncResult *result, GError **error)
{
  Load *load = g_task_get_task_data (G_TASK (result));
  SqModel *model = g_task_propagate_pointer (G_TASK (result), error);

  if (model != NULL && model != self->cached)
    {
      g_clear_pointer (&self->cached, sq_model_unref);
      self->cached = sq_model_ref (model);
      g_free (self->cached_key);
      self->cached_key = g_strdup (load->key);
    }
  return model;
}
