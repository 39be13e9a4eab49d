// SPDX-License-Identifier: GPL-3.0-or-later
// Objects of one class in all sessions: "bicycle above 0.6". Session by session, newest first, a frame at a time; of a video one frame per
// numbered object, or one a second where they have no numbers.
//
// Owner:  sq_object_search_free; frames are refcounted, immutable
// Thread: any, one at a time per search
// Blocks: next: reads until enough has been found
#pragma once

#include "queries.h"

G_BEGIN_DECLS

typedef struct
{
  gint64 run;
  char *run_name;
  gint64 seq;   // its place in the run
  gint64 index; // and in the source
  gint64 pts_ns;
  SqSourceKind kind;
  char *path;
  int width, height; // px
  SqDetection best;  // of the objects that match; of a video, of those that are new
  guint n;           // of them
} SqFoundFrame;

SqFoundFrame *sq_found_frame_ref (SqFoundFrame *self);
void sq_found_frame_unref (SqFoundFrame *self);

typedef struct _SqObjectSearch SqObjectSearch;

// `query` names a class, and what else the sessions must be.
SqObjectSearch *sq_object_search_new (SqProject *project, const SqRunQuery *query);
void sq_object_search_free (SqObjectSearch *self);

// The next frames, at most `limit`; fewer: there are no more. SqFoundFrame elements; NULL with an error.
GPtrArray *sq_object_search_next (SqObjectSearch *self, guint limit, GCancellable *cancellable, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqFoundFrame, sq_found_frame_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqObjectSearch, sq_object_search_free)

G_END_DECLS
