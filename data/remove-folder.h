// SPDX-License-Identifier: GPL-3.0-or-later
// Thread: any
// Blocks: file I/O
#pragma once

#include <glib.h>

G_BEGIN_DECLS

// With all that is in it; a link goes, what it points to stays. Also takes a file, or nothing.
void sq_remove_folder (const char *path);

G_END_DECLS
