// SPDX-License-Identifier: GPL-3.0-or-later
// The rows of a run: what is known when it begins, and the inserts. Private to data/.
//
// Thread: inserts on the writer thread
// Errors: as SqStore
#pragma once

#include "run-writer.h"
#include "store.h"

G_BEGIN_DECLS

typedef struct
{
  gint64 id;     // 0 until inserted
  gint64 source; // its row, 0 until inserted
  char *name;
  char *level, *device, *settings;
  SqFilter filter; // without classes; its region is owned
  gint64 started_us;
  // model
  char *sha256, *model_name, *model_path, *family, *format, *precision, *labels;
  gint64 file_size, n_params;
  int input_width, input_height;
  double flop;
  char **label_list;
  // source
  SqSourceKind source_kind;
  char *source_name, *source_path, *source_paths;
  int width, height;
  double fps;
  gint64 duration_ns, n_frames;
} SqRunRow;

SqRunRow *sq_run_row_new (const SqRunInfo *info);
void sq_run_row_free (SqRunRow *self);
char *sq_run_row_class_name (SqRunRow *self, int class_id); // transfer full

gboolean sq_run_row_insert (SqRunRow *self, SqStore *store, GError **error);
gboolean sq_run_row_set_source (SqRunRow *self, SqStore *store, const SqSourceInfo *source, GError **error);
gboolean sq_run_row_finish (SqRunRow *self, SqStore *store, SqRunState state, const char *message, GError **error);
gboolean sq_frame_insert (SqStore *store, SqRunRow *row, gint64 seq, const SqResult *result, guint n_objects, GError **error);
gboolean sq_thumbnail_insert (SqStore *store, gint64 run, gint64 seq, GBytes *jpeg, GError **error);
gboolean sq_sample_insert (SqStore *store, gint64 run, const char *device, const SqDeviceSample *sample, GError **error);

// Lists of strings in one column: one per line, escaped.
char *sq_lines_join (const char *const *lines);
char **sq_lines_split (const char *text);

G_END_DECLS
