// SPDX-License-Identifier: GPL-3.0-or-later
// One model the user can pick: installed, or in the catalogue and not fetched yet.
//
// Properties: "id", "title", "subtitle", "installed", "fetching", "progress" (0..1, fetching), "current".
// Thread:     main
#pragma once

#include "data/data.h"
#include "engine/engine.h"

G_BEGIN_DECLS

#define SQ_TYPE_MODEL_ENTRY (sq_model_entry_get_type ())
G_DECLARE_FINAL_TYPE (SqModelEntry, sq_model_entry, SQ, MODEL_ENTRY, GObject)

SqModelEntry *sq_model_entry_new (const char *id, const char *title, const SqCatalogueEntry *catalogue);

const char *sq_model_entry_get_id (SqModelEntry *self);
const char *sq_model_entry_get_title (SqModelEntry *self);
const char *sq_model_entry_get_path (SqModelEntry *self);                  // NULL while not installed
const SqCatalogueEntry *sq_model_entry_get_catalogue (SqModelEntry *self); // NULL: the user's own
gboolean sq_model_entry_get_installed (SqModelEntry *self);
gboolean sq_model_entry_get_fetching (SqModelEntry *self);
double sq_model_entry_get_progress (SqModelEntry *self);
guint64 sq_model_entry_get_size (SqModelEntry *self); // bytes

/*< private >*/
void sq_model_entry_set_installed (SqModelEntry *self, const char *path, guint64 size); // path NULL: no longer
void sq_model_entry_set_fetching (SqModelEntry *self, GCancellable *cancellable);       // NULL: ended
GCancellable *sq_model_entry_get_cancellable (SqModelEntry *self);
void sq_model_entry_set_progress (SqModelEntry *self, double progress);
void sq_model_entry_set_current (SqModelEntry *self, gboolean current);

G_END_DECLS
