// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures a network is measured on while it is compressed: as different ones as a folder has, always the same ones.
//
// Owner:  sq_calibration_free
// Thread: any
// Blocks: reads every candidate
#pragma once

#include "engine/graph/tensor.h"
#include "engine/media/frame.h"
#include "engine/model.h"
#include "progress.h"

G_BEGIN_DECLS

typedef struct
{
  GPtrArray *paths;   // char *, those used, in natural order
  guint n_found;      // in the folder
  guint n_unreadable; // left out
  char *hash;         // SHA-256 of the used files' contents, lower-case hex
  char *warning;      // one sentence on why the result may be poor, or NULL
} SqCalibration;

// Errors: SQ_ERROR_IO, SQ_ERROR_FORMAT (no pictures), SQ_ERROR_CANCELLED.
SqCalibration *sq_calibration_open (const char *folder, guint max, const SqRecipeProgress *progress, GError **error);
void sq_calibration_free (SqCalibration *self);

// Picture `i` (transfer full). NULL with an error where the file has gone.
SqFrame *sq_calibration_frame (const SqCalibration *self, guint i, GError **error);

// Picture `i` as the network sees it. NULL with an error where the file has gone.
SqTensor *sq_calibration_input (const SqCalibration *self, guint i, const SqModel *model, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqCalibration, sq_calibration_free)

G_END_DECLS
