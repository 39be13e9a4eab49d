// SPDX-License-Identifier: GPL-3.0-or-later
// Many buffers in one arena: those alive at the same time never overlap.
//
// Units:  bytes; life in steps of whoever runs the graph
// Thread: any
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  gsize bytes;    // a multiple of the alignment that `at` shall have
  int born, died; // first and last step that touches it
  gsize at;       // found by sq_arena_plan
} SqArenaBlock;

// Sets `at` of all blocks, which it re-orders; returns how large the arena must be.
gsize sq_arena_plan (SqArenaBlock **blocks, guint n);

G_END_DECLS
