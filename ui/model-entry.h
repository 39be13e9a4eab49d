// SPDX-License-Identifier: GPL-3.0-or-later
// One model the user can pick: installed, in the catalogue and not fetched yet, or made smaller out of another one.
//
// Properties: "id", "title", "subtitle", "installed", "fetching", "progress" (0..1, fetching), "current"; "indented": shown under the
//             original it was made of, "row-title": its title there.
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
guint64 sq_model_entry_get_size (SqModelEntry *self);             // bytes
const SqVariant *sq_model_entry_get_variant (SqModelEntry *self); // NULL: no variant of another model
const char *sq_model_entry_get_level (SqModelEntry *self);        // id of a recipe; "original" where it is none
gboolean sq_model_entry_get_indented (SqModelEntry *self);

// Its times on the device that is chosen; NULL where none were measured.
const SqVariantTime *sq_model_entry_get_time (SqModelEntry *self);

/*< private >*/
void sq_model_entry_set_installed (SqModelEntry *self, const char *path, guint64 size); // path NULL: no longer
void sq_model_entry_set_fetching (SqModelEntry *self, GCancellable *cancellable);       // NULL: ended
GCancellable *sq_model_entry_get_cancellable (SqModelEntry *self);
void sq_model_entry_set_progress (SqModelEntry *self, double progress);
void sq_model_entry_set_variant (SqModelEntry *self, SqVariant *variant); // takes a reference
void sq_model_entry_set_indented (SqModelEntry *self, gboolean indented);
void sq_model_entry_set_device (SqModelEntry *self, const char *device);
void sq_model_entry_set_current (SqModelEntry *self, gboolean current);

G_END_DECLS
