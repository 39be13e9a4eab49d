// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "model-list-private.h"

#include "model-options.h"
#include <glib/gi18n.h>

static void model_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (SqModelList, sq_model_list, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, model_list_model_init))

enum
{
  CURRENT_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static GType
model_list_get_item_type (GListModel *model)
{
  return SQ_TYPE_MODEL_ENTRY;
}

static guint
model_list_get_n_items (GListModel *model)
{
  return SQ_MODEL_LIST (model)->entries->len;
}

static gpointer
model_list_get_item (GListModel *model, guint position)
{
  SqModelList *self = SQ_MODEL_LIST (model);

  return position < self->entries->len ? g_object_ref (self->entries->pdata[position]) : NULL;
}

static void
model_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = model_list_get_item_type;
  iface->get_n_items = model_list_get_n_items;
  iface->get_item = model_list_get_item;
}

static void
update_current_flags (SqModelList *self)
{
  SqModelEntry *current = sq_model_list_get_current (self);

  for (guint i = 0; i < self->entries->len; i++)
    sq_model_entry_set_current (self->entries->pdata[i], self->entries->pdata[i] == current);
}

// Variants follow their original, the oldest first.
static gint
compare_entries (gconstpointer a, gconstpointer b)
{
  SqModelEntry *x = *(SqModelEntry **) a, *y = *(SqModelEntry **) b;
  gboolean xi = sq_model_entry_get_installed (x), yi = sq_model_entry_get_installed (y);
  const SqVariant *xv = sq_model_entry_get_variant (x), *yv = sq_model_entry_get_variant (y);
  int order;

  if (xi != yi)
    return xi ? -1 : 1;
  order = g_utf8_collate (xv != NULL ? xv->original_title : sq_model_entry_get_title (x),
                          yv != NULL ? yv->original_title : sq_model_entry_get_title (y));
  if (order == 0)
    order = strcmp (xv != NULL ? xv->original_id : sq_model_entry_get_id (x), yv != NULL ? yv->original_id : sq_model_entry_get_id (y));
  if (order == 0)
    order = (xv != NULL) - (yv != NULL);
  if (order == 0 && xv != NULL)
    order = (xv->made_s > yv->made_s) - (xv->made_s < yv->made_s);
  return order != 0 ? order : strcmp (sq_model_entry_get_id (x), sq_model_entry_get_id (y));
}

static void
update_indents (GPtrArray *entries)
{
  for (guint i = 0; i < entries->len; i++)
    {
      const SqVariant *variant = sq_model_entry_get_variant (entries->pdata[i]);
      gboolean under = FALSE;

      for (guint k = 0; variant != NULL && k < entries->len && !under; k++)
        under = sq_model_entry_get_installed (entries->pdata[k])
                && strcmp (sq_model_entry_get_id (entries->pdata[k]), variant->original_id) == 0;
      sq_model_entry_set_indented (entries->pdata[i], under);
    }
}

static void
update_devices (SqModelList *self)
{
  g_autofree char *device = sq_model_list_dup_device (self);

  for (guint i = 0; i < self->entries->len; i++)
    sq_model_entry_set_device (self->entries->pdata[i], device);
}

// Entries live on across scans, so that rows, progress and selection stay; the list is reported as replaced only when it did change.
static void
apply_scan (SqModelList *self, GPtrArray *installed)
{
  g_autoptr (GPtrArray) next = g_ptr_array_new_with_free_func (g_object_unref);
  SqCatalogue *catalogue = sq_catalogue_get_default ();
  guint old_n = self->entries->len;
  g_autoptr (SqModelEntry) before = NULL;
  gboolean same;

  if (self->ready && sq_model_list_get_current (self) != NULL)
    before = g_object_ref (sq_model_list_get_current (self));
  for (guint i = 0; i < installed->len; i++)
    {
      const SqInstalledModel *m = installed->pdata[i];
      const SqCatalogueEntry *entry = m->catalogue_id != NULL ? sq_catalogue_find (catalogue, m->catalogue_id) : NULL;
      const char *id = entry != NULL ? entry->id : m->id;
      SqModelEntry *found = sq_model_list_find (self, id);

      if (found != NULL)
        g_object_ref (found);
      else
        found = sq_model_entry_new (id, entry != NULL ? entry->name : m->title, entry);
      sq_model_entry_set_variant (found, m->variant);
      sq_model_entry_set_installed (found, m->path, m->size);
      g_ptr_array_add (next, found);
    }
  for (guint i = 0; i < sq_catalogue_get_n_entries (catalogue); i++)
    {
      const SqCatalogueEntry *entry = sq_catalogue_get_entry (catalogue, i);
      SqModelEntry *found = NULL;
      gboolean have = FALSE;

      for (guint k = 0; k < next->len && !have; k++)
        have = g_strcmp0 (sq_model_entry_get_id (next->pdata[k]), entry->id) == 0;
      if (have)
        continue;
      found = sq_model_list_find (self, entry->id);
      if (found != NULL)
        g_object_ref (found);
      else
        found = sq_model_entry_new (entry->id, entry->name, entry);
      sq_model_entry_set_installed (found, NULL, 0);
      g_ptr_array_add (next, found);
    }
  update_indents (next);
  g_ptr_array_sort (next, compare_entries);

  same = next->len == old_n;
  for (guint i = 0; same && i < old_n; i++)
    same = next->pdata[i] == self->entries->pdata[i];
  self->ready = TRUE;
  if (!same)
    {
      GPtrArray *old = self->entries;

      self->entries = g_steal_pointer (&next);
      update_devices (self);
      g_list_model_items_changed (G_LIST_MODEL (self), 0, old_n, self->entries->len);
      g_ptr_array_unref (old);
    }
  update_current_flags (self);
  while (self->waiting->len > 0)
    {
      g_autoptr (GTask) task = g_ptr_array_steal_index (self->waiting, 0);

      _sq_model_list_choose (task);
    }
  if (before != sq_model_list_get_current (self))
    g_signal_emit (self, signals[CURRENT_CHANGED], 0);
}

SqModelEntry *
sq_model_list_adopt (SqModelList *self, const SqInstalledModel *model)
{
  SqModelEntry *entry = sq_model_list_find (self, model->id);
  guint old_n = self->entries->len;

  g_return_val_if_fail (SQ_IS_MODEL_LIST (self), NULL);

  if (entry == NULL)
    {
      entry = sq_model_entry_new (model->id, model->title, NULL);
      g_ptr_array_add (self->entries, entry);
    }
  sq_model_entry_set_variant (entry, model->variant);
  sq_model_entry_set_installed (entry, model->path, model->size);
  update_devices (self);
  if (self->entries->len != old_n)
    {
      update_indents (self->entries);
      g_ptr_array_sort (self->entries, compare_entries);
      g_list_model_items_changed (G_LIST_MODEL (self), 0, old_n, self->entries->len);
    }
  return entry;
}

static void
scan_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  GError *error = NULL;
  GPtrArray *installed = sq_model_store_list (task_data, &error);

  if (installed != NULL)
    g_task_return_pointer (task, installed, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

static void
on_scanned (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqModelList *self = SQ_MODEL_LIST (source);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) installed = g_task_propagate_pointer (G_TASK (result), &error);

  self->scanning = FALSE;
  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  // A folder that cannot be read still leaves the catalogue to offer.
  if (installed == NULL)
    installed = g_ptr_array_new ();
  apply_scan (self, installed);
  if (self->rescan)
    {
      self->rescan = FALSE;
      _sq_model_list_scan (self);
    }
}

void
_sq_model_list_scan (SqModelList *self)
{
  g_autoptr (GTask) task = NULL;

  if (self->scanning)
    {
      self->rescan = TRUE;
      return;
    }
  self->scanning = TRUE;
  task = g_task_new (self, self->cancellable, on_scanned, NULL);
  g_task_set_task_data (task, g_object_ref (self->store), g_object_unref);
  g_task_run_in_thread (task, scan_thread);
}

void
_sq_model_list_options_changed (SqModelList *self, SqModelEntry *entry)
{
  g_clear_pointer (&self->cached, sq_model_unref);
  if (entry == sq_model_list_get_current (self))
    g_signal_emit (self, signals[CURRENT_CHANGED], 0);
}

static void
on_model_setting_changed (SqModelList *self)
{
  update_current_flags (self);
  if (self->ready)
    g_signal_emit (self, signals[CURRENT_CHANGED], 0);
}

static void
sq_model_list_dispose (GObject *object)
{
  SqModelList *self = SQ_MODEL_LIST (object);

  g_cancellable_cancel (self->cancellable);
  if (self->store != NULL)
    g_signal_handlers_disconnect_by_data (self->store, self);
  if (self->settings != NULL)
    g_signal_handlers_disconnect_by_data (self->settings, self);
  for (guint i = 0; i < self->entries->len; i++)
    sq_model_list_cancel_fetch (self, self->entries->pdata[i]);
  G_OBJECT_CLASS (sq_model_list_parent_class)->dispose (object);
}

static void
sq_model_list_finalize (GObject *object)
{
  SqModelList *self = SQ_MODEL_LIST (object);

  g_clear_object (&self->store);
  g_clear_object (&self->settings);
  g_clear_object (&self->cancellable);
  g_ptr_array_unref (self->entries);
  g_ptr_array_unref (self->waiting);
  g_clear_pointer (&self->cached, sq_model_unref);
  g_free (self->cached_key);
  G_OBJECT_CLASS (sq_model_list_parent_class)->finalize (object);
}

static void
sq_model_list_class_init (SqModelListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = sq_model_list_dispose;
  object_class->finalize = sq_model_list_finalize;
  signals[CURRENT_CHANGED] = g_signal_new ("current-changed", SQ_TYPE_MODEL_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
sq_model_list_init (SqModelList *self)
{
  self->entries = g_ptr_array_new_with_free_func (g_object_unref);
  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  self->cancellable = g_cancellable_new ();
}

SqModelList *
sq_model_list_new (SqModelStore *store, GSettings *settings)
{
  SqModelList *self = g_object_new (SQ_TYPE_MODEL_LIST, NULL);

  self->store = g_object_ref (store);
  self->settings = g_object_ref (settings);
  g_signal_connect_swapped (store, "changed", G_CALLBACK (_sq_model_list_scan), self);
  g_signal_connect_swapped (settings, "changed::model", G_CALLBACK (on_model_setting_changed), self);
  g_signal_connect_swapped (settings, "changed::device", G_CALLBACK (update_devices), self);
  _sq_model_list_scan (self);
  return self;
}

SqModelEntry *
sq_model_list_find (SqModelList *self, const char *id)
{
  g_return_val_if_fail (SQ_IS_MODEL_LIST (self), NULL);

  for (guint i = 0; id != NULL && i < self->entries->len; i++)
    if (strcmp (sq_model_entry_get_id (self->entries->pdata[i]), id) == 0)
      return self->entries->pdata[i];
  return NULL;
}

SqModelEntry *
sq_model_list_get_original (SqModelList *self, SqModelEntry *entry)
{
  const SqVariant *variant = sq_model_entry_get_variant (entry);

  return variant == NULL ? entry : sq_model_list_find (self, variant->original_id);
}

SqModelEntry *
sq_model_list_find_level (SqModelList *self, SqModelEntry *original, const char *level)
{
  g_autoptr (SqRecipe) recipe = sq_recipe_level (level);
  SqModelEntry *best = NULL;
  gboolean best_plain = FALSE;

  g_return_val_if_fail (SQ_IS_MODEL_LIST (self), NULL);

  if (g_strcmp0 (level, "original") == 0)
    return original;
  for (guint i = 0; i < self->entries->len; i++) // of one original in the order they were made
    {
      const SqVariant *variant = sq_model_entry_get_variant (self->entries->pdata[i]);
      gboolean plain;

      if (variant == NULL || strcmp (variant->original_id, sq_model_entry_get_id (original)) != 0 || strcmp (variant->level, level) != 0)
        continue;
      plain = recipe == NULL || strcmp (variant->title, recipe->title) == 0;
      if (best != NULL && best_plain && !plain)
        continue;
      best = self->entries->pdata[i];
      best_plain = plain;
    }
  return best;
}

char *
sq_model_list_dup_device (SqModelList *self)
{
  g_autofree char *devices = g_settings_get_string (self->settings, "device");
  char *comma = strchr (devices, ',');

  if (comma != NULL)
    *comma = '\0';
  return g_strdup (*devices != '\0' ? devices : "cpu");
}

SqModelStore *
sq_model_list_get_store (SqModelList *self)
{
  return self->store;
}

gboolean
sq_model_list_get_ready (SqModelList *self)
{
  g_return_val_if_fail (SQ_IS_MODEL_LIST (self), FALSE);
  return self->ready;
}

// The chosen one; else the default where it is installed; else any that is installed; else the default, still to be fetched.
SqModelEntry *
sq_model_list_get_current (SqModelList *self)
{
  g_autofree char *id = NULL;
  const SqCatalogueEntry *fallback;
  SqModelEntry *entry, *fallback_entry;

  g_return_val_if_fail (SQ_IS_MODEL_LIST (self), NULL);

  if (!self->ready)
    return NULL;
  id = g_settings_get_string (self->settings, "model");
  entry = sq_model_list_find (self, id);
  if (entry != NULL)
    return entry;
  fallback = sq_catalogue_get_default_entry (sq_catalogue_get_default ());
  fallback_entry = fallback != NULL ? sq_model_list_find (self, fallback->id) : NULL;
  if (fallback_entry != NULL && sq_model_entry_get_installed (fallback_entry))
    return fallback_entry;
  for (guint i = 0; i < self->entries->len; i++)
    if (sq_model_entry_get_installed (self->entries->pdata[i]))
      return self->entries->pdata[i];
  return fallback_entry;
}

void
sq_model_list_set_current (SqModelList *self, SqModelEntry *entry)
{
  g_return_if_fail (SQ_IS_MODEL_LIST (self));
  g_return_if_fail (SQ_IS_MODEL_ENTRY (entry));

  if (entry != sq_model_list_get_current (self))
    g_settings_set_string (self->settings, "model", sq_model_entry_get_id (entry));
}

void
sq_model_list_set_family (SqModelList *self, SqModelEntry *entry, const char *family)
{
  g_autoptr (SqModelCorrection) correction = sq_model_correction_load (self->settings, sq_model_entry_get_id (entry));

  g_free (correction->family);
  correction->family = g_strdup (family);
  sq_model_correction_save (correction, self->settings, sq_model_entry_get_id (entry));
  _sq_model_list_options_changed (self, entry);
}

void
sq_model_list_set_input (SqModelList *self, SqModelEntry *entry, const SqInputSpec *input)
{
  g_autoptr (SqModelCorrection) correction = sq_model_correction_load (self->settings, sq_model_entry_get_id (entry));

  correction->has_input = input != NULL;
  if (input != NULL)
    correction->input = *input;
  sq_model_correction_save (correction, self->settings, sq_model_entry_get_id (entry));
  _sq_model_list_options_changed (self, entry);
}

gboolean
sq_model_list_has_options (SqModelList *self, SqModelEntry *entry)
{
  g_autoptr (SqModelCorrection) correction = sq_model_correction_load (self->settings, sq_model_entry_get_id (entry));

  return !sq_model_correction_is_empty (correction);
}

void
sq_model_list_reset_options (SqModelList *self, SqModelEntry *entry)
{
  SqModelCorrection none = { 0 };

  sq_model_correction_save (&none, self->settings, sq_model_entry_get_id (entry));
  _sq_model_list_options_changed (self, entry);
}
