// SPDX-License-Identifier: GPL-3.0-or-later
// Frames as picture files: thumbnails, annotated pictures, snapshots.
//
// Thread: any
// Errors: SQ_ERROR_IO, SQ_ERROR_OUT_OF_MEMORY
#pragma once

#include "frame.h"
#include <gio/gio.h>

G_BEGIN_DECLS

// `quality` 1 (small) .. 100 (best). Returns a whole JPEG file (transfer full).
GBytes *sq_frame_encode_jpeg (const SqFrame *frame, int quality, GError **error);
GBytes *sq_frame_encode_png (const SqFrame *frame, GError **error);

// JPEG (quality 92) or PNG by the suffix of `path`; the file appears whole or not at all. Blocks (file I/O).
gboolean sq_frame_save (const SqFrame *frame, const char *path, GError **error);

// A smaller copy that fits into max_width x max_height, aspect kept, never enlarged; area-averaged.
SqFrame *sq_frame_scale (const SqFrame *frame, int max_width, int max_height, GError **error);

// A writable copy of the pixels for drawing on; `pixels` are its pixels, writable until it is handed on.
SqFrame *sq_frame_copy (const SqFrame *frame, guint8 **pixels);

G_END_DECLS
