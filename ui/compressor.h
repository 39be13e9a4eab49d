// SPDX-License-Identifier: GPL-3.0-or-later
// Makes variants, one at a time, away from the main thread: compresses, writes, measures against the original, puts into the store.
//
// A cancelled or failed one leaves nothing behind.
//
// Properties: "busy".
// Thread:     main
// Errors:     of sq_compress and sq_model_store_add_variant; SQ_ERROR_BUSY while another is under way
#pragma once

#include "model-list.h"

G_BEGIN_DECLS

#define SQ_TYPE_COMPRESSOR (sq_compressor_get_type ())
G_DECLARE_FINAL_TYPE (SqCompressor, sq_compressor, SQ, COMPRESSOR, GObject)

SqCompressor *sq_compressor_new (SqModelList *models);

typedef struct
{
  SqModelEntry *original;
  const char *recipe;   // text
  const char *pictures; // a folder, "session:ID", or NULL none; kept with the variant
  SqProject *project;   // of the session; NULL where pictures are no session's
} SqCompressJob;

void sq_compressor_run_async (SqCompressor *self, const SqCompressJob *job, GAsyncReadyCallback callback, gpointer user_data);

// The new variant's entry (transfer none).
SqModelEntry *sq_compressor_run_finish (SqCompressor *self, GAsyncResult *result, GError **error);
void sq_compressor_cancel (SqCompressor *self);

gboolean sq_compressor_get_busy (SqCompressor *self);
double sq_compressor_get_fraction (SqCompressor *self);              // 0..1
const char *sq_compressor_get_step (SqCompressor *self);             // for people, translated
double sq_compressor_get_remaining (SqCompressor *self);             // s; -1 cannot be told yet
void sq_compressor_set_seconds (SqCompressor *self, double seconds); // spent on measuring times; for tests

// Times a variant against its original on the chosen device and keeps that; the entry says it when it is over.
void sq_compressor_measure_async (SqCompressor *self, SqModelEntry *variant, GAsyncReadyCallback callback, gpointer user_data);
gboolean sq_compressor_measure_finish (SqCompressor *self, GAsyncResult *result, GError **error);

G_END_DECLS
