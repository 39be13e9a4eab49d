// SPDX-License-Identifier: GPL-3.0-or-later
// Graph -> graph. One `const SqPass sq_pass_NAME` per file in this folder.
//
// To add one: a file here, its word in meson.build (default passes run in that order on every model that is loaded).
#pragma once

#include "engine/graph/graph.h"

G_BEGIN_DECLS

typedef struct
{
  const char *name;
  const char *title;             // for people: what it does, a few words
  guint (*run) (SqGraph *graph); // works on a copy its caller owns; returns how many places changed
} SqPass;

#define SQ_PASS(name) extern const SqPass sq_pass_##name;
#include "engine/passes/pass-list.h"
#undef SQ_PASS

// All default passes on a copy of `graph`; `report` (may be NULL) gets one line per pass.
SqGraph *sq_passes_apply_default (const SqGraph *graph, GString *report);

G_END_DECLS
