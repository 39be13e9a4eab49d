// SPDX-License-Identifier: GPL-3.0-or-later
// What the user named -> list of files.
//
// Thread: any
// Blocks: reads folders
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

// "2.jpg" before "10.jpg", case ignored; for g_ptr_array_sort_values-like use on strings.
int sq_natural_compare (const char *a, const char *b);

// By name only.
gboolean sq_path_is_picture_name (const char *path);
gboolean sq_path_is_video_name (const char *path);

// The pictures directly in a folder, in natural order; SQ_ERROR_FORMAT when there are none.
GPtrArray *sq_folder_list_pictures (const char *folder, GCancellable *cancellable, GError **error);

G_END_DECLS
