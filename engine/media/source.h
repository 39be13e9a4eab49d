// SPDX-License-Identifier: GPL-3.0-or-later
// Where frames come from: a picture, a set or folder of pictures, a video, a camera, a network stream (FFmpeg).
//
// Thread: one thread at a time, except sq_source_interrupt (any)
// Blocks: open, next and seek do file and network I/O
#pragma once

#include "frame.h"
#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  SQ_SOURCE_PICTURES, // one or more stills, possibly of a folder
  SQ_SOURCE_VIDEO,    // seekable file with a video stream (animated GIF too)
  SQ_SOURCE_LIVE,     // camera or network stream: no end, no seeking, late frames are dropped by the pipeline
} SqSourceKind;

typedef struct
{
  SqSourceKind kind;
  char *name;         // display name: file, folder or address (without credentials)
  char *path;         // first path or address, as given
  int width, height;  // px of the first frame, 0 unknown
  gint64 n_frames;    // -1 unknown; videos: estimate from the container
  gint64 duration_ns; // -1 unknown
  double fps;         // mean rate, 0 unknown
  gboolean seekable;
} SqSourceInfo;

typedef struct _SqSource SqSource;

// Opens files, folders (not recursive, natural order), `/dev/video*` and rtsp:// or http(s):// addresses. One video or live address, or any
// number of pictures; several videos are played after another with times and indices running on. `paths` is NULL-terminated. Errors:
// SQ_ERROR_IO, SQ_ERROR_FORMAT (one sentence, names the file), SQ_ERROR_CANCELLED.
SqSource *sq_source_open (const char *const *paths, GCancellable *cancellable, GError **error);

// The same, with videos decoded on a CUDA device where driver, codec and stream allow: their frames stay there (SqFrame.gpu).
SqSource *sq_source_open_gpu (const char *const *paths, int gpu, GCancellable *cancellable, GError **error);
const SqSourceInfo *sq_source_get_info (SqSource *self);

// The next frame (transfer full); NULL without error at the end. NULL with an error: that file or frame is bad, the next call goes on after
// it.
SqFrame *sq_source_next (SqSource *self, GError **error);

// The next frame is the one shown at `pts_ns` (exact: decodes from the key frame before).
gboolean sq_source_seek (SqSource *self, gint64 pts_ns, GError **error);

// Makes a blocked call on another thread return with SQ_ERROR_CANCELLED soon; so do later calls, until the next seek.
void sq_source_interrupt (SqSource *self);
void sq_source_free (SqSource *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqSource, sq_source_free)

G_END_DECLS
