// SPDX-License-Identifier: GPL-3.0-or-later
// A run being written: pages of frames in, text out. Private to export*.c.
#pragma once

#include "export.h"

G_BEGIN_DECLS

typedef struct
{
  SqProject *project;
  SqRun *run;
  const char *path; // where it will be; NULL: into a stream
  SqFilter filter;
  GCancellable *cancellable;
  SqProgress progress;
  gpointer progress_data;
  double progress_from, progress_span; // this pass's part of the whole
} SqExport;

// Called for every frame in order; objects: SqDetection elements.
typedef gboolean (*SqExportFrame) (SqExport *self, const SqStoredFrame *frame, GArray *objects, gpointer data, GError **error);

gboolean _sq_export_each_frame (SqExport *self, SqExportFrame func, gpointer data, GError **error);

gboolean _sq_export_coco (SqExport *self, GOutputStream *stream, GError **error);
gboolean _sq_export_csv (SqExport *self, GOutputStream *stream, GError **error);
gboolean _sq_export_json (SqExport *self, GOutputStream *stream, GError **error);
gboolean _sq_export_jsonl (SqExport *self, GOutputStream *stream, GError **error);
gboolean _sq_export_samples (SqExport *self, GOutputStream *stream, GError **error);

// Into a folder that is there and empty, and becomes the final one.
gboolean _sq_export_yolo (SqExport *self, const char *folder, GError **error);
gboolean _sq_export_annotated (SqExport *self, const char *folder, GError **error); // export-annotated.c

// Into a file that is there and empty, and becomes the final one.
gboolean _sq_export_video (SqExport *self, const char *path, GError **error); // export-video.c

// Text.
gboolean _sq_export_write (SqExport *self, GOutputStream *stream, GString *text, GError **error); // and empties `text`
void _sq_append_float (GString *text, float value);                                               // shortest form that reads back the same
void _sq_append_json (GString *text, const char *value);                                          // quoted and escaped
void _sq_append_csv (GString *text, const char *value);                                           // quoted where needed
const char *_sq_export_class_name (SqExport *self, int class_id);
char *_sq_export_picture_name (SqExport *self, const SqStoredFrame *frame); // "dog.jpg", "people_000042.jpg"

G_END_DECLS
