// SPDX-License-Identifier: GPL-3.0-or-later
// Frames as one video file: MP4 with H.264, or with what the installed FFmpeg has instead.
//
// Shape:  width x height px; coded sides are even, so that an odd one is a pixel longer in the file. A frame of another size is fitted in
//         on black, its aspect kept
// Units:  ns from the start of the video; the file counts in SQ_VIDEO_WRITER_TICKS
// Owner:  sq_video_writer_free; before sq_video_writer_finish the file is no video, and it stays: to be removed by whoever named it
// Thread: one at a time
// Blocks: encodes and writes; holds a few frames, of very large ones none
// Errors: SQ_ERROR_IO, SQ_ERROR_OUT_OF_MEMORY; one sentence that names `name`. After one only sq_video_writer_free is left
#pragma once

#include "frame.h"

G_BEGIN_DECLS

// Parts of a second: whole numbers of them make a frame of 24, 25, 29.97, 30, 50 or 60 Hz, and MPEG-4 allows no finer ones.
#define SQ_VIDEO_WRITER_TICKS 60000

typedef struct _SqVideoWriter SqVideoWriter;

// The encoders tried in turn, NULL-terminated.
const char *const *sq_video_writer_encoders (void);

// A file at `path` is overwritten. `name`: what errors call it, NULL the same. `fps`: mean rate for the encoder's sake, 0 unknown.
// `encoder`: one of those above, NULL the first that is there and takes the size.
SqVideoWriter *sq_video_writer_new (const char *path, const char *name, int width, int height, double fps, const char *encoder,
                                    GError **error);

// Times grow; those less than a tick after the last are moved there.
gboolean sq_video_writer_add (SqVideoWriter *self, const SqFrame *frame, gint64 pts_ns, gint64 duration_ns, GError **error);

// Writes what was held back and the index, which goes to the front.
gboolean sq_video_writer_finish (SqVideoWriter *self, GError **error);
void sq_video_writer_free (SqVideoWriter *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqVideoWriter, sq_video_writer_free)

G_END_DECLS
