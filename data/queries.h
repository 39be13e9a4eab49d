// SPDX-License-Identifier: GPL-3.0-or-later
// Reading a project: blocking calls for the command line, workers and list models.
//
// Every list is paged by key. All calls see the last commit; none waits for the writer.
//
// Thread: any
// Blocks: file I/O, a few ms; not on a window's main thread (use SqRunList, SqFrameList or the _async calls)
#pragma once

#include "engine/media/source.h"
#include "engine/run/result.h"
#include "project.h"

G_BEGIN_DECLS

typedef struct
{
  int class_id;
  const char *name; // interned
  gint64 n;         // objects under the run's filter
  gint64 n_tracks;  // different ones, where they were numbered
  float best;       // highest score
} SqClassCount;

// One run as the lists show it. Refcounted, immutable.
typedef struct
{
  gint64 id;
  char *name;
  char *note;  // "" when none
  char **tags; // by name
  SqRunState state;
  char *message;      // of failed runs, else NULL
  gint64 started_us;  // since the epoch
  gint64 finished_us; // 0 while running
  char *model;        // display name
  char *model_path;   // where the model file was
  char *model_sha256;
  char *family; // family id
  char *level;
  char *device;
  char *settings;  // JSON object
  SqFilter filter; // without classes; its region is the run's
  SqSourceKind source_kind;
  char *source;       // display name
  char **paths;       // what was opened
  gint64 source_size; // bytes of the first file, -1 unknown
  char *source_hash;  // see sq_fingerprint_file; "" unknown
  int width, height;  // px of the first frame
  double fps;
  gint64 duration_ns;  // of the source, -1 unknown
  gint64 n_frames;     // stored
  gint64 n_detections; // stored candidates
  gint64 n_objects;    // under the filter
  gint64 position_ns;  // where it was left, 0 start
  char **labels;       // class names
  GArray *counts;      // SqClassCount, most frequent first
  GBytes *thumbnail;   // JPEG, nullable
  gint64 partner;      // side B of the live comparison that this is side A of, 0 none
  char *partner_model; // its model's display name, "" none
} SqRun;

SqRun *sq_run_ref (SqRun *self);
void sq_run_unref (SqRun *self);

// "9 person, 2 bicycle, 1 dog" (transfer full); at most `max` classes, 0 = all. Of a video whose objects were numbered, different ones.
char *sq_run_describe_counts (const SqRun *self, guint max);

// Which runs; zero / NULL fields do not filter. Newest first.
typedef struct
{
  const char *source;     // display name of what it was made from
  const char *text;       // in name, note, tag, source, model or a class name; words are joined by "and"
  const char *class_name; // has objects of this class ...
  float min_score;        // ... with at least this score
  const char *model;      // display name
  const char *device;
  const char *tag;
  gint64 from_us, to_us; // started in [from, to)
} SqRunQuery;

void sq_run_query_copy (SqRunQuery *to, const SqRunQuery *from); // `to` owns its strings: for sq_run_query_clear
void sq_run_query_clear (SqRunQuery *self);

// What there is to choose from, each sorted by name (NULL-terminated).
typedef struct
{
  char **classes, **models, **devices, **tags;
} SqRunFacets;

SqRunFacets *sq_project_list_facets (SqProject *project, GError **error);
void sq_run_facets_free (SqRunFacets *self);

// Keys of all matching runs (gint64), newest first.
GArray *sq_project_list_run_ids (SqProject *project, const SqRunQuery *query, GError **error);

// Runs older than `before` (a run's id; 0 = from the newest), at most `limit`; SqRun elements.
GPtrArray *sq_project_list_runs (SqProject *project, const SqRunQuery *query, gint64 before, guint limit, GError **error);

// NULL with SQ_ERROR_IO when there is no such run.
SqRun *sq_project_load_run (SqProject *project, gint64 run, GError **error);

// One stored frame. Refcounted, immutable.
typedef struct
{
  gint64 run;
  gint64 seq;   // 0, 1, 2 ... in the order stored: its place in the run
  gint64 index; // position in the source, -1 live
  gint64 pts_ns;
  gint64 duration_ns;
  int width, height; // px
  char *path;
  gint64 stage_ns[SQ_N_STAGES];
  const char *device; // interned
  gboolean nms_done;
  guint n_objects;         // under the run's filter
  SqDetection *candidates; // score descending
  guint n_candidates;
} SqStoredFrame;

SqStoredFrame *sq_stored_frame_ref (SqStoredFrame *self);
void sq_stored_frame_unref (SqStoredFrame *self);

// A result as the pipeline would have given it, for the views; `frame` (nullable: no pixels) transfer none.
SqResult *sq_stored_frame_to_result (SqStoredFrame *self, SqFrame *frame);

// Frames seq >= `first`, at most `limit`; SqStoredFrame elements with their candidates.
GPtrArray *sq_project_load_frames (SqProject *project, gint64 run, gint64 first, guint limit, GError **error);
void sq_project_load_frames_async (SqProject *project, gint64 run, gint64 first, guint limit, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *sq_project_load_frames_finish (SqProject *project, GAsyncResult *result, GError **error);

// seq of the frame shown at `pts_ns` (the last one not after it); -1 when the run has none.
gint64 sq_project_find_frame (SqProject *project, gint64 run, gint64 pts_ns, GError **error);

// seqs (gint64) of frames with an object of `class_id` (-1 any) scored at least `min_score`, after `after` (-1 = from the start), at most
// `limit`.
GArray *sq_project_search_frames (SqProject *project, gint64 run, int class_id, float min_score, gint64 after, guint limit, GError **error);

// SqClassCount elements, most frequent first.
GArray *sq_project_run_counts (SqProject *project, gint64 run, GError **error);

// Objects per time bin over the run, for a density strip; `bins` guint32 elements.
GArray *sq_project_run_density (SqProject *project, gint64 run, guint bins, GError **error);

// JPEG of one frame where one was kept, else NULL without error.
GBytes *sq_project_load_thumbnail (SqProject *project, gint64 run, gint64 seq, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqRun, sq_run_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqRunFacets, sq_run_facets_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqStoredFrame, sq_stored_frame_unref)

G_END_DECLS
