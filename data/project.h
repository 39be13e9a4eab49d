// SPDX-License-Identifier: GPL-3.0-or-later
// A project: one SQLite file (*.squint) that holds every run, its frames and detections.
//
// All writing happens on one writer thread in transactions of at most 250 ms of work; functions that change something return at once and
// the "changed" signal follows the commit.
//
// Thread: any, except the signals: emitted in the thread-default context of the thread that opened it
// Blocks: open, close and flush; the rest only as its comment says
// Errors: SQ_ERROR_IO (disk full, unreadable), SQ_ERROR_FORMAT (no project, or written by a newer Squint), SQ_ERROR_BUSY (locked)
#pragma once

#include "engine/error.h"
#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  SQ_PROJECT_DEFAULT = 0,
  SQ_PROJECT_CREATE = 1 << 0,    // make the file when it is missing
  SQ_PROJECT_READ_ONLY = 1 << 1, // never write, not even migrations
} SqProjectFlags;

typedef enum
{
  SQ_RUN_RUNNING,
  SQ_RUN_FINISHED, // end of the source
  SQ_RUN_STOPPED,  // by the user
  SQ_RUN_FAILED,
  SQ_RUN_INTERRUPTED, // the program died; what was stored until then is there
} SqRunState;

typedef enum
{
  SQ_CHANGE_ADDED,
  SQ_CHANGE_UPDATED, // name, note, state, counts, thumbnail
  SQ_CHANGE_REMOVED, // marked as deleted
  SQ_CHANGE_RESTORED,
} SqChange;

#define SQ_TYPE_PROJECT (sq_project_get_type ())
G_DECLARE_FINAL_TYPE (SqProject, sq_project, SQ, PROJECT, GObject)

// Signals: "changed" (gint64 run, int change), at most one "updated" per run and half second;
//          "failed" (const char *message), writing failed and later writes are refused.
// Properties: "path", "read-only".
SqProject *sq_project_open (const char *path, SqProjectFlags flags, GError **error);
void sq_project_open_async (const char *path, SqProjectFlags flags, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data);
SqProject *sq_project_open_finish (GAsyncResult *result, GError **error);

// The default project, in the user's data directory (transfer full).
char *sq_project_default_path (void);

const char *sq_project_get_path (SqProject *self);
gboolean sq_project_get_read_only (SqProject *self);

// Waits until everything pushed so far is on disk; the first write error since opening, if any.
gboolean sq_project_flush (SqProject *self, GError **error);

// Flushes, removes for good what this project marked as deleted, closes. Disposing does the same and drops the error.
gboolean sq_project_close (SqProject *self, GError **error);
void sq_project_close_async (SqProject *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean sq_project_close_finish (SqProject *self, GAsyncResult *result, GError **error);

// Queued; never block. Unknown runs are ignored.
void sq_project_rename_run (SqProject *self, gint64 run, const char *name);
void sq_project_set_run_note (SqProject *self, gint64 run, const char *note);
void sq_project_add_run_tag (SqProject *self, gint64 run, const char *tag); // one line, at most 64 characters are kept
void sq_project_remove_run_tag (SqProject *self, gint64 run, const char *tag);
void sq_project_set_run_position (SqProject *self, gint64 run, gint64 pts_ns); // where to open it again
// What lay at `from`, or below it, lies at `to` now: for this run and all others of the same source. Not for read-only projects.
void sq_project_move_run_source (SqProject *self, gint64 run, const char *from, const char *to);
void sq_project_delete_run (SqProject *self, gint64 run);  // only marks; see close
void sq_project_restore_run (SqProject *self, gint64 run); // undo

G_END_DECLS
