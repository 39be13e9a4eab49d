// SPDX-License-Identifier: GPL-3.0-or-later
// A model that was made smaller out of another: where it came from and what it came to, as the store keeps it beside its file.
//
// Layout: groups [variant] of the model's `model.ini`; `times.ini` beside it has one group per device: a fact of this machine
// Owner:  refcounted; immutable once published
// Thread: any
#pragma once

#include "engine/recipe/compress.h"

G_BEGIN_DECLS

// From one alternating run on one device.
typedef struct
{
  char *device; // id
  double variant_ms, original_ms;
} SqVariantTime;

typedef struct
{
  char *original_id;     // of the store
  char *original_sha256; // of its file, as SqModel has it
  char *original_title;
  char *level;       // id of the recipe
  char *title;       // of the recipe
  char *pictures;    // folder it was measured on, NULL none
  char *warning;     // one sentence on why it may be poor, NULL none
  gint64 made_s;     // since the epoch
  double agreement;  // with the original, 0..1; -1 not measured
  double flop;       // per picture
  double flop_ratio; // of the original's; 0 not known
  GArray *times;     // SqVariantTime, by device
} SqVariant;

SqVariant *sq_variant_new (void); // all fields empty, agreement -1; to be filled before anybody else sees it
SqVariant *sq_variant_ref (SqVariant *self);
void sq_variant_unref (SqVariant *self);

const SqVariantTime *sq_variant_get_time (const SqVariant *self, const char *device); // NULL: not measured there

// "yolox-nano · INT8" (transfer full).
char *sq_variant_full_title (const SqVariant *self);

// NULL: no variant.
SqVariant *sq_variant_read (const char *folder, GKeyFile *ini);
void sq_variant_write (const SqVariant *self, GKeyFile *ini);
gboolean sq_variant_write_times (const SqVariant *self, const char *folder, GError **error);

// What compressing left in a model's file; NULL where there is none.
const char *sq_model_get_recipe_text (const SqModel *model);
const char *sq_model_get_report (const SqModel *model);
SqFidelity *sq_model_get_fidelity (const SqModel *model); // transfer full
char *sq_model_get_level (const SqModel *model);          // id of its recipe (transfer full)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqVariant, sq_variant_unref)

G_END_DECLS
