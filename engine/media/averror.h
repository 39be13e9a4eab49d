// SPDX-License-Identifier: GPL-3.0-or-later
// The one place where FFmpeg's negative codes and its log become Squint errors. Private to media/.
//
// Thread: any
#pragma once

#include <glib.h>

G_BEGIN_DECLS

// Silences FFmpeg on stderr and keeps the last error line of each thread; idempotent.
void sq_averror_init (void);

// Forgets this thread's last line; call before the operation that may fail.
void sq_averror_clear (void);

// TRUE when FFmpeg complained on this thread about a picture's size since the last clear.
gboolean sq_averror_size_refused (int *width, int *height);

// TRUE when FFmpeg logged any error on this thread since the last clear.
gboolean sq_averror_logged (void);

// One sentence naming `path` (a file or address, credentials are cut) and what to do.
void sq_averror_set (GError **error, int code, const char *path);

// "“PATH” " + printf; for what FFmpeg has no code for.
void sq_media_error (GError **error, int sq_code, const char *path, const char *format, ...) G_GNUC_PRINTF (4, 5);

// Address without user name and password, or the path in UTF-8 (transfer full).
char *sq_media_display_path (const char *path);

// "rtsp://", "https://" ...: not a file name.
gboolean sq_media_is_address (const char *path);

G_END_DECLS
