// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures are not stored: those of a run come from its source, if that is still what it was.
//
// Owner:  sq_frame_reader_free
// Thread: one at a time, except sq_frame_reader_interrupt (any)
// Blocks: reads and decodes; not on a window's main thread
// Errors: SQ_ERROR_IO (gone or changed, one sentence that names the file), SQ_ERROR_FORMAT, SQ_ERROR_CANCELLED
#pragma once

#include "queries.h"

G_BEGIN_DECLS

typedef enum
{
  SQ_ORIGIN_SAME, // as far as is known
  SQ_ORIGIN_GONE, // nothing at the path
  SQ_ORIGIN_CHANGED,
} SqOrigin;

// Whether what a run was made from is still there and the same: path, size and hash of its first file.
SqOrigin sq_run_check_origin (const SqRun *run);

// The same, with a sentence where it is not (and of a camera, whose pictures are gone by nature).
gboolean sq_run_require_origin (const SqRun *run, GError **error);

// Of all but the first file only the size in pixels is stored: a picture of another one is not that of the frame.
gboolean sq_stored_frame_require_size (const SqStoredFrame *frame, const SqFrame *pixels, GError **error);

typedef struct _SqFrameReader SqFrameReader;

SqFrameReader *sq_frame_reader_new (void);
void sq_frame_reader_free (SqFrameReader *self);

// The frame shown at `pts_ns` of the source that `paths` opens. A video stays open, for what comes next in it.
SqFrame *sq_frame_reader_read (SqFrameReader *self, const char *const *paths, gint64 pts_ns, GError **error);

// The pixels of a stored frame of `run`; never those of another picture that took its place.
SqFrame *sq_frame_reader_read_stored (SqFrameReader *self, const SqRun *run, const SqStoredFrame *frame, GError **error);

// Ends a read under way, and all later ones.
void sq_frame_reader_interrupt (SqFrameReader *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqFrameReader, sq_frame_reader_free)

G_END_DECLS
