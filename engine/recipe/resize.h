// SPDX-License-Identifier: GPL-3.0-or-later
// A network at another input size: every node again with new shapes. What depends on the size (reshapes, grids of cells baked into the
// head) is followed; what cannot be followed is refused.
//
// Thread: any
#pragma once

#include "engine/graph/graph.h"

G_BEGIN_DECLS

// A new graph. `name`: the network's, for errors. Errors: SQ_ERROR_FORMAT ("keeps its input size"), one sentence.
SqGraph *sq_graph_resize (const SqGraph *graph, const char *name, int height, int width, GError **error);

G_END_DECLS
