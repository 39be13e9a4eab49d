// SPDX-License-Identifier: GPL-3.0-or-later
// A file or folder on its way to its place. It is written beside it, as "NAME.squint-part", and takes its name when it is whole.
//
// The name says whose it is and is always the same: what a killed program left is taken over by the next one that writes to that place,
// and two at once are refused (a lock tells the living from the dead).
//
// Owner:  sq_aside_free, which removes what was not finished
// Thread: one at a time
// Blocks: file I/O
// Errors: SQ_ERROR_IO, SQ_ERROR_BUSY; one sentence that names `path`
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define SQ_ASIDE_SUFFIX ".squint-part"

typedef struct _SqAside SqAside;

SqAside *sq_aside_new_file (const char *path, GError **error);   // there and empty
SqAside *sq_aside_new_folder (const char *path, GError **error); // the same; at `path` there may be an empty folder

const char *sq_aside_get_path (const SqAside *self); // where to write

// It takes its final name; of a file, what had it is replaced.
gboolean sq_aside_finish (SqAside *self, GError **error);
void sq_aside_free (SqAside *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqAside, sq_aside_free)

G_END_DECLS
