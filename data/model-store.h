// SPDX-License-Identifier: GPL-3.0-or-later
// Model files in the user's data directory: fetched from the catalogue or added by the user.
//
// Layout: ROOT/blobs/SHA256.part while fetching; ROOT/models/ID/ holds each model's files under their names and a `model.ini` (title,
// origin, sha256 of each file). ID is the catalogue's id, or name + the first 12 digits of the content's hash.
//
// Thread: any
// Blocks: as each comment says
// Errors: SQ_ERROR_IO (network, disk; names address or file), SQ_ERROR_FORMAT (not a model file; wrong content), SQ_ERROR_CANCELLED
#pragma once

#include "catalogue.h"
#include "variant.h"

G_BEGIN_DECLS

typedef struct
{
  char *id;
  char *title;
  char *path;         // file to give to sq_model_load
  char *catalogue_id; // NULL = the user's own
  guint64 size;       // bytes, of all files
  SqVariant *variant; // NULL: not made out of another model
} SqInstalledModel;

void sq_installed_model_free (SqInstalledModel *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqInstalledModel, sq_installed_model_free)

typedef void (*SqFetchProgress) (guint64 done, guint64 total, gpointer user_data); // bytes

#define SQ_TYPE_MODEL_STORE (sq_model_store_get_type ())
G_DECLARE_FINAL_TYPE (SqModelStore, sq_model_store, SQ, MODEL_STORE, GObject)

// `root` NULL = the user's data directory. Signal: "changed" (), in the thread-default context of the creator.
SqModelStore *sq_model_store_new (const char *root);

// Path of an installed catalogue model (transfer full) or NULL; touches the disk briefly.
char *sq_model_store_lookup (SqModelStore *self, const SqCatalogueEntry *entry);

// What the user may have meant on the command line: a file path, an installed id, or a catalogue id that is installed. NULL when none.
char *sq_model_store_resolve (SqModelStore *self, const char *name);

// SqInstalledModel elements, by title. Blocks briefly.
GPtrArray *sq_model_store_list (SqModelStore *self, GError **error);

// Tries the mirror first (environment SQUINT_MODEL_MIRROR, else ../shared/models where it exists), then downloads; resumes what is there,
// checks sha256. Returns the path to load (transfer full). Blocks; `progress` on the calling thread.
char *sq_model_store_fetch (SqModelStore *self, const SqCatalogueEntry *entry, GCancellable *cancellable, SqFetchProgress progress,
                            gpointer progress_data, GError **error);

// Same on a worker; `progress` in the thread-default context of the caller. The entry's catalogue must outlive the call.
void sq_model_store_fetch_async (SqModelStore *self, const SqCatalogueEntry *entry, GCancellable *cancellable, SqFetchProgress progress,
                                 gpointer progress_data, GAsyncReadyCallback callback, gpointer user_data);
char *sq_model_store_fetch_finish (SqModelStore *self, GAsyncResult *result, GError **error);

// Copies the user's .onnx, or .cfg + .weights (either named; + .names), into the store. Returns the stored path to load.
char *sq_model_store_add (SqModelStore *self, const char *path, GCancellable *cancellable, GError **error);
void sq_model_store_add_async (SqModelStore *self, const char *path, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data);
char *sq_model_store_add_finish (SqModelStore *self, GAsyncResult *result, GError **error);

// Variants. What one was made of may go: the variant stays.

// An empty file to write a variant into, on the store's disk (transfer full). Blocks briefly.
char *sq_model_store_make_temporary (SqModelStore *self, GError **error);

// Moves the file of a variant into the store, its times with it. Returns its id (transfer full); the file is gone either way. Blocks.
char *sq_model_store_add_variant (SqModelStore *self, const SqVariant *variant, const char *path, GCancellable *cancellable,
                                  GError **error);

// Keeps what was measured on a device; takes the place of what was known of it. Blocks briefly.
gboolean sq_model_store_set_time (SqModelStore *self, const char *id, const char *device, double variant_ms, double original_ms,
                                  GError **error);

// The variant of a level: the level's own recipe before changed ones, then the newest. NULL when none was made. Blocks briefly.
SqInstalledModel *sq_model_store_find_variant (SqModelStore *self, const char *original_sha256, const char *level);

gboolean sq_model_store_remove (SqModelStore *self, const char *id, GError **error);

G_END_DECLS
