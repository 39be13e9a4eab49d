// SPDX-License-Identifier: GPL-3.0-or-later
// The pictures of a run as a folder: links to a folder's pictures, or frames of a video, spread over it.
//
// Owner:  whoever made it; sq_remove_folder
// Thread: any
// Blocks: decodes the frames of a video; not on a window's main thread
// Errors: SQ_ERROR_IO (none are left, changed, or the disk refuses; one sentence), SQ_ERROR_CANCELLED
#pragma once

#include "queries.h"

G_BEGIN_DECLS

// At most `most_pictures`, of a video `most_frames`. Pictures that are gone are left out. Returns the folder's path (transfer full).
char *sq_run_pictures_make (SqProject *project, gint64 run, guint most_pictures, guint most_frames, GCancellable *cancellable,
                            GError **error);

G_END_DECLS
