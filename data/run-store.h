// SPDX-License-Identifier: GPL-3.0-or-later
// A run on the writer thread: its rows, running totals and thumbnails. Private to data/.
//
// Owner:  refcounted; queued work holds references
// Thread: any; the work itself runs on the writer thread
#pragma once

#include "run-writer.h"
#include "writer.h"

G_BEGIN_DECLS

typedef struct _SqRunStore SqRunStore;

SqRunStore *sq_run_store_new (SqHub *hub, const SqRunInfo *info);
SqRunStore *sq_run_store_ref (SqRunStore *self);
void sq_run_store_unref (SqRunStore *self);

void sq_run_store_begin (SqRunStore *self, SqWriter *writer);
void sq_run_store_refuse (SqRunStore *self, const char *path); // read-only project: says so and stores nothing

// Blocks while SQ_RUN_WRITER_QUEUE frames, or for a picture `max_thumbnails`, wait.
void sq_run_store_push (SqRunStore *self, SqWriter *writer, SqResult *result, gint64 seq, gboolean thumbnail, guint max_thumbnails);
void sq_run_store_set_source (SqRunStore *self, SqWriter *writer, const SqSourceInfo *source);
void sq_run_store_add_sample (SqRunStore *self, SqWriter *writer, const char *device, const SqDeviceSample *sample);
void sq_run_store_finish (SqRunStore *self, SqWriter *writer, SqRunState state, const char *message);

// run-link.c: the sides of a live comparison
void sq_run_store_link (SqRunStore *a, SqRunStore *b, SqWriter *writer);

gint64 sq_run_store_get_row (SqRunStore *self); // on the writer thread: the run, maybe not on disk yet; 0 = not stored
SqHub *sq_run_store_get_hub (SqRunStore *self);
SqSourceKind sq_run_store_get_kind (SqRunStore *self);
gint64 sq_run_store_get_run (SqRunStore *self); // blocks until known; 0 = could not be stored

G_END_DECLS
