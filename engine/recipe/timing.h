// SPDX-License-Identifier: GPL-3.0-or-later
// A variant's time against its original's, so that what else the machine does falls on both: they take turns, picture by picture.
//
// Units:  ms per picture, from pixels to boxes; on the CPU of one thread
// Thread: any; the runs themselves have a thread of their own
// Blocks: for `seconds`, at least nine pictures of each, and for building both networks
#pragma once

#include "engine/model.h"

G_BEGIN_DECLS

typedef struct
{
  double original_ms, variant_ms; // medians
  guint n;                        // pictures of each
} SqTimePair;

// `device`: one id, NULL = "cpu". FALSE with an error where a network cannot be built or fails, or with SQ_ERROR_CANCELLED.
gboolean sq_time_pair (SqModel *original, SqModel *variant, const char *device, double seconds, GCancellable *cancellable, SqTimePair *pair,
                       GError **error);

G_END_DECLS
