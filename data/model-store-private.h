// SPDX-License-Identifier: GPL-3.0-or-later
// Shared by model-store.c and model-fetch.c.
#pragma once

#include "model-store.h"

G_BEGIN_DECLS

const char *_sq_model_store_get_root (SqModelStore *self);
char *_sq_model_store_get_folder (SqModelStore *self, const char *id);
void _sq_model_store_changed (SqModelStore *self); // "changed" follows
void _sq_model_store_lock (SqModelStore *self);    // one change of the disk at a time
void _sq_model_store_unlock (SqModelStore *self);

// Copies (or moves) `files` to their `names` in a new model folder; the first is the one to load. `catalogue_id`, `variant`: NULL none.
// `path` receives where it is.
gboolean _sq_model_store_install (SqModelStore *self, const char *id, const char *title, const char *catalogue_id, const SqVariant *variant,
                                  const char *const *files, const char *const *names, GCancellable *cancellable, gboolean move, char **path,
                                  GError **error);

G_END_DECLS
