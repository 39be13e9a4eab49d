// SPDX-License-Identifier: GPL-3.0-or-later
// A run as a file others read.
//
// Units:  boxes in px of the source frame; YOLO txt in 0..1 of it
// Thread: any
// Blocks: reads the project and writes files; the _async call uses a worker
// Errors: SQ_ERROR_IO (with pictures: also where the source is gone or changed), SQ_ERROR_FORMAT (a video of a run of pictures),
// SQ_ERROR_BUSY
//         (another export to the same place), SQ_ERROR_CANCELLED; a half-written file is never left under the final name (see aside.h)
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
  SQ_EXPORT_VIDEO,     // one MP4: a video from its first stored frame to its last, with the objects drawn on it
  SQ_EXPORT_SAMPLES,   // how busy the devices were: CSV, one line per reading
  SQ_N_EXPORTS,
} SqExportFormat;

// By id ("coco", "yolo", "csv", "json", "jsonl", "annotated", "video", "samples"); FALSE when unknown.
gboolean sq_export_format_from_id (const char *id, SqExportFormat *format);
const char *sq_export_format_id (SqExportFormat format);
const char *sq_export_format_title (SqExportFormat format);  // "COCO JSON"
const char *sq_export_format_suffix (SqExportFormat format); // ".json"; "" = a folder

// What a file's name asks for: another than `chosen` where it ends as only that does.
SqExportFormat sq_export_format_for_name (const char *name, SqExportFormat chosen);
gboolean sq_export_format_is_folder (SqExportFormat format);
gboolean sq_export_format_is_text (SqExportFormat format); // and can go to a stream

// What there is to choose from for a run of such a source, what suits it best first; how many.
guint sq_export_formats_for (SqSourceKind kind, SqExportFormat formats[SQ_N_EXPORTS]);

typedef void (*SqProgress) (double fraction, gpointer user_data); // called on the working thread; < 0 = unknown

// Objects under `filter` (NULL = the run's own). A file at `path` is replaced; a folder there must be empty.
gboolean sq_export_run (SqProject *project, gint64 run, SqExportFormat format, const SqFilter *filter, const char *path,
                        GCancellable *cancellable, SqProgress progress, gpointer progress_data, GError **error);

// `progress` is called in the thread-default context of the caller.
void sq_export_run_async (SqProject *project, gint64 run, SqExportFormat format, const SqFilter *filter, const char *path,
                          GCancellable *cancellable, SqProgress progress, gpointer progress_data, GAsyncReadyCallback callback,
                          gpointer user_data);
gboolean sq_export_run_finish (SqProject *project, GAsyncResult *result, GError **error);

// Same to a stream, of a format that is text.
gboolean sq_export_run_to_stream (SqProject *project, gint64 run, SqExportFormat format, const SqFilter *filter, GOutputStream *stream,
                                  GCancellable *cancellable, GError **error);

G_END_DECLS
