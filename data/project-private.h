// SPDX-License-Identifier: GPL-3.0-or-later
// What the rest of data/ needs of a project.
//
// Thread: any
#pragma once

#include "hub.h"
#include "project.h"
#include "queries.h"
#include "store.h"
#include "writer.h"

G_BEGIN_DECLS

// A connection for reading, on loan; NULL with an error (the project is closed, no memory). Blocks briefly.
SqStore *_sq_project_take_reader (SqProject *self, GError **error);
void _sq_project_return_reader (SqProject *self, SqStore *store);

// NULL when the project is read-only; valid as long as the project, also while it is being closed.
SqWriter *_sq_project_get_writer (SqProject *self);
SqHub *_sq_project_get_hub (SqProject *self);

// "boot pid start": tells whether the process that writes a run still lives.
char *_sq_process_owner (void);
gboolean _sq_process_alive (const char *owner);

void _sq_project_mark_deleted (SqProject *self, gint64 run, gboolean deleted); // to be purged at close

// The other side of a live comparison; 0 none.
gboolean _sq_comparison_partner (SqStore *store, gint64 run, gint64 *partner, GError **error);

// Deletes all of a run, in transactions of at most 250 ms.
gboolean _sq_purge_run (SqStore *store, gint64 run, GError **error);

// SqRun elements of those ids that exist, in that order.
GPtrArray *_sq_project_load_runs (SqProject *project, const gint64 *ids, guint n, GError **error);

// What the filter leaves of a stored frame's candidates (SqDetection).
GArray *_sq_stored_frame_detections (SqStoredFrame *frame, const SqFilter *filter);

// seq (gint64 *) -> GBytes of a stretch of frames.
GHashTable *_sq_project_load_thumbnails (SqProject *project, gint64 run, gint64 first, guint limit, GError **error);

G_END_DECLS
