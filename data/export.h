// SPDX-License-Identifier: GPL-3.0-or-later
// A run as a file others read.
//
// Units:  boxes in px of the source frame; YOLO txt in 0..1 of it
// Thread: any
// Blocks: reads the project and writes files; the _async call uses a worker
// Errors: SQ_ERROR_IO (SQ_EXPORT_ANNOTATED: also where the source is gone or changed), SQ_ERROR_CANCELLED; a half-written file is never
// left
//         under the final name
#pragma once

#include "queries.h"

G_BEGIN_DECLS

typedef enum
{
  SQ_EXPORT_COCO,      // one JSON: images, annotations (with score), categories
  SQ_EXPORT_YOLO,      // a folder: labels/NAME.txt, one line per object "class cx cy w h score", and classes.txt
  SQ_EXPORT_CSV,       // one line per object: frame number, time, path, class, score, box
  SQ_EXPORT_JSON,      // the object `squint-cli detect --format json` prints
  SQ_EXPORT_JSONL,     // one JSON object per frame
  SQ_EXPORT_ANNOTATED, // a folder: the pictures with their objects drawn on them, as JPEG; of a video one per stored frame
  SQ_EXPORT_SAMPLES,   // how busy the devices were: CSV, one line per reading
  SQ_N_EXPORTS,
} SqExportFormat;

// By id ("coco", "yolo", "csv", "json", "jsonl", "annotated", "samples"); FALSE when unknown.
gboolean sq_export_format_from_id (const char *id, SqExportFormat *format);
const char *sq_export_format_id (SqExportFormat format);
const char *sq_export_format_title (SqExportFormat format);  // "COCO JSON"
const char *sq_export_format_suffix (SqExportFormat format); // ".json"; "" = a folder
gboolean sq_export_format_is_folder (SqExportFormat format);

typedef void (*SqProgress) (double fraction, gpointer user_data); // called on the working thread; < 0 = unknown

// Objects under `filter` (NULL = the run's own). A file at `path` is replaced; a folder there must be empty.
gboolean sq_export_run (SqProject *project, gint64 run, SqExportFormat format, const SqFilter *filter, const char *path,
                        GCancellable *cancellable, SqProgress progress, gpointer progress_data, GError **error);

// `progress` is called in the thread-default context of the caller.
void sq_export_run_async (SqProject *project, gint64 run, SqExportFormat format, const SqFilter *filter, const char *path,
                          GCancellable *cancellable, SqProgress progress, gpointer progress_data, GAsyncReadyCallback callback,
                          gpointer user_data);
gboolean sq_export_run_finish (SqProject *project, GAsyncResult *result, GError **error);

// Same to a stream (not for a format that is a folder).
gboolean sq_export_run_to_stream (SqProject *project, gint64 run, SqExportFormat format, const SqFilter *filter, GOutputStream *stream,
                                  GCancellable *cancellable, GError **error);

G_END_DECLS
