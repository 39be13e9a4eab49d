// SPDX-License-Identifier: GPL-3.0-or-later
// The engine's own use of its devices: lanes say when they begin and end, the monitor reads.
//
// Thread: any
#pragma once

#include <glib.h>

G_BEGIN_DECLS

void sq_device_busy_begin (const char *id);
void sq_device_busy_end (const char *id);

// Since the program began: `work_ns` adds up what runs at once (two lanes of one device for 1 s: 2 s), `any_ns` does not (1 s). What is
// under way counts up to now.
void sq_device_busy_read (const char *id, gint64 *work_ns, gint64 *any_ns);

G_END_DECLS
