// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers as people read them. All return newly allocated, translated text.
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *sq_format_time (gint64 ns, gboolean hours); // "02:19", "1:02:19" where `hours`
char *sq_format_ms (gint64 ns);                   // "3.1 ms", "118 ms"
char *sq_format_fps (double fps);                 // "94 fps", "3.4 fps"
char *sq_format_count (guint64 n);                // grouped digits
char *sq_format_si (double n, const char *unit);  // "1.08 GFLOP"
char *sq_format_when (GDateTime *when);           // "Today, 14:05", "Yesterday, ...", "3 May 2026"
char *sq_format_objects (guint n);                // "1 object", "12 objects"
char *sq_format_devices (const char *ids);        // "CPU", "CPU cores 0, 1 + cuda:0"

G_END_DECLS
