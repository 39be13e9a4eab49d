// SPDX-License-Identifier: GPL-3.0-or-later
// Decodes single frames again on a thread of its own, for stored detections. Only the newest request counts.
//
// Owner:  refcounted by its thread; free from the main thread
// Thread: main
// Blocks: never; free does not wait for a decode under way
#pragma once

#include "engine/engine.h"

G_BEGIN_DECLS

typedef struct _SqFrameLoader SqFrameLoader;

// `frame` (nullable: the file is gone or unreadable) is transfer none. `tag` is the request's.
typedef void (*SqFrameLoaderFunc) (SqFrame *frame, gint64 tag, gpointer user_data);

SqFrameLoader *sq_frame_loader_new (SqFrameLoaderFunc func, gpointer user_data);
void sq_frame_loader_free (SqFrameLoader *self);

// The frame shown at `pts_ns` of the source that `paths` opens.
void sq_frame_loader_request (SqFrameLoader *self, const char *const *paths, gint64 pts_ns, gint64 tag);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqFrameLoader, sq_frame_loader_free)

G_END_DECLS
