// SPDX-License-Identifier: GPL-3.0-or-later
// Tells whether a medium is still the one a run was made from, without reading all of it.
//
// Thread: any
// Blocks: reads at most 128 KiB
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

// SHA-256 (lower-case hex) of size, first and last 64 KiB; `size` in bytes. NULL with an error for what is no regular file.
char *sq_fingerprint_file (const char *path, guint64 *size, GError **error);

G_END_DECLS
