// SPDX-License-Identifier: GPL-3.0-or-later
// How many detections each second of a run has, as a histogram over scores, so that the confidence slider acts on it at once.
//
// Owner:  refcounted
// Thread: any
#pragma once

#include "engine/engine.h"

G_BEGIN_DECLS

#define SQ_DENSITY_LEVELS 20 // score steps of 0.05

typedef struct _SqDensity SqDensity;

// One bin covers `bin_ns` of source time.
SqDensity *sq_density_new (gint64 bin_ns);
// From stored counts (guint32 per bin), which no longer know their scores.
SqDensity *sq_density_new_from_counts (gint64 bin_ns, GArray *counts);
SqDensity *sq_density_ref (SqDensity *self);
void sq_density_unref (SqDensity *self);

// Counts the result's detections after NMS. Called on the pipeline's output thread.
void sq_density_add (SqDensity *self, const SqResult *result, float overlap);

// Mean detections per frame with score >= confidence, per bin (transfer full, element float; -1 where nothing ran yet).
GArray *sq_density_get (SqDensity *self, float confidence);
gint64 sq_density_get_bin_ns (SqDensity *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqDensity, sq_density_unref)

G_END_DECLS
