// SPDX-License-Identifier: GPL-3.0-or-later
// How the process' allocator treats what a frame needs.
//
// Thread: the main one, first thing in main()
#pragma once

#include <glib.h>

G_BEGIN_DECLS

// A frame's input and outputs are megabytes that come and go 30 times a second. The C library would give their pages back to the system each
// time and fault them in again, which doubles the cost of preprocessing; from here on it keeps up to 64 MiB.
void sq_memory_keep (void);

G_END_DECLS
