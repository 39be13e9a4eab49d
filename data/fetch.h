// SPDX-License-Identifier: GPL-3.0-or-later
// Getting one file: copy or download with resume, checked by its hash. Private to data/; the only place that knows libsoup.
//
// Thread: any
// Blocks: disk and network, until `cancellable`
// Errors: SQ_ERROR_IO, SQ_ERROR_FORMAT (wrong content), SQ_ERROR_CANCELLED
#pragma once

#include "model-store.h"

G_BEGIN_DECLS

// Lower-case hex of a file's content.
char *sq_file_sha256 (const char *path, GCancellable *cancellable, GError **error);

// A file with this content somewhere below `folder` (two levels), or NULL. Sizes are compared before anything is read.
char *sq_mirror_find (const char *folder, const char *name, const char *sha256, guint64 size, GCancellable *cancellable);

// `url` to `target`, by way of `part`, which is kept when the network fails so that the next call goes on with it. `progress` gets this
// file's bytes.
gboolean sq_fetch (const char *url, const char *part, const char *target, const char *sha256, guint64 size, GCancellable *cancellable,
                   SqFetchProgress progress, gpointer progress_data, GError **error);

// Same content, whole or not at all.
gboolean sq_copy_file (const char *from, const char *to, GCancellable *cancellable, GError **error);

G_END_DECLS
