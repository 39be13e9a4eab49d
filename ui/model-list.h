// SPDX-License-Identifier: GPL-3.0-or-later
// GListModel of SqModelEntry: what is installed, variants after their originals, then the rest of the catalogue. Also fetches, loads and
// remembers the chosen one.
//
// Signals:    "current-changed" (): another model, or other options for it.
// Properties: "settings" (construct-only; keys "model" and "model-options").
// Thread:     main
// Errors:     of sq_model_store_* and sq_model_load
#pragma once

#include "model-entry.h"

G_BEGIN_DECLS

#define SQ_TYPE_MODEL_LIST (sq_model_list_get_type ())
G_DECLARE_FINAL_TYPE (SqModelList, sq_model_list, SQ, MODEL_LIST, GObject)

SqModelList *sq_model_list_new (SqModelStore *store, GSettings *settings);

SqModelEntry *sq_model_list_find (SqModelList *self, const char *id); // transfer none, nullable
SqModelEntry *sq_model_list_get_current (SqModelList *self);          // transfer none; NULL while the list is being read
gboolean sq_model_list_get_ready (SqModelList *self);                 // the store was read once
void sq_model_list_set_current (SqModelList *self, SqModelEntry *entry);

// The model an entry was made of, itself where it was made of none; NULL where that is not in the list.
SqModelEntry *sq_model_list_get_original (SqModelList *self, SqModelEntry *entry);

// The entry that holds a level of an original: the level's own recipe before changed ones, then the newest; NULL: not made yet.
SqModelEntry *sq_model_list_find_level (SqModelList *self, SqModelEntry *original, const char *level);

// Variants are timed on one device: the first that is chosen (transfer full).
char *sq_model_list_dup_device (SqModelList *self);
SqModelStore *sq_model_list_get_store (SqModelList *self);

// An id, a title or a file, as on the command line. A file that is no stored model is added to the store first.
void sq_model_list_choose_async (SqModelList *self, const char *name, GAsyncReadyCallback callback, gpointer user_data);
gboolean sq_model_list_choose_finish (SqModelList *self, GAsyncResult *result, GError **error);

void sq_model_list_fetch_async (SqModelList *self, SqModelEntry *entry, GAsyncReadyCallback callback, gpointer user_data);
gboolean sq_model_list_fetch_finish (SqModelList *self, GAsyncResult *result, GError **error);
void sq_model_list_cancel_fetch (SqModelList *self, SqModelEntry *entry);

// What a worker has just put into the store; its entry, transfer none.
SqModelEntry *sq_model_list_adopt (SqModelList *self, const SqInstalledModel *model);

// Copies a file into the store; the entry of the result is transfer none.
void sq_model_list_add_async (SqModelList *self, const char *path, GAsyncReadyCallback callback, gpointer user_data);
SqModelEntry *sq_model_list_add_finish (SqModelList *self, GAsyncResult *result, GError **error);

void sq_model_list_remove_async (SqModelList *self, SqModelEntry *entry, GAsyncReadyCallback callback, gpointer user_data);
gboolean sq_model_list_remove_finish (SqModelList *self, GAsyncResult *result, GError **error);

// Fetches the entry if need be, then reads it with the user's corrections.
void sq_model_list_load_async (SqModelList *self, SqModelEntry *entry, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data);
SqModel *sq_model_list_load_finish (SqModelList *self, GAsyncResult *result, GError **error);

// The user's corrections, kept per model. NULL / zero fields: as the file says.
void sq_model_list_set_family (SqModelList *self, SqModelEntry *entry, const char *family);
void sq_model_list_set_input (SqModelList *self, SqModelEntry *entry, const SqInputSpec *input); // NULL: as the file says
gboolean sq_model_list_has_options (SqModelList *self, SqModelEntry *entry);
void sq_model_list_reset_options (SqModelList *self, SqModelEntry *entry);

G_END_DECLS
