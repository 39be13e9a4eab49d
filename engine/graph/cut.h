// SPDX-License-Identifier: GPL-3.0-or-later
// A network cut into consecutive parts, one per device: where the slowest part is quickest, what it hands on included.
//
// Owner:  the caller
// Thread: any
#pragma once

#include "graph.h"

G_BEGIN_DECLS

typedef struct
{
  SqGraph *graph;   // its inputs and outputs are the values below, in that order
  GArray *in, *out; // int: value ids of the whole network, never constants
  guint first, end; // its nodes in the whole network
  double seconds;   // estimated
  gsize in_bytes;   // handed to it
} SqGraphPart;

void sq_graph_part_free (SqGraphPart *self);

// Per node: a guess of its time in seconds from operations and bytes (caller frees). Right in proportion, not in size.
double *sq_graph_estimate (const SqGraph *self);

// SqGraphPart elements, at most `n` and at most one per node. `seconds` is per node; part i runs on a device `speed[i]` times as fast as
// those were taken on (NULL: all alike). The last part makes every output of the network that no earlier one makes.
GPtrArray *sq_graph_cut (const SqGraph *self, const double *seconds, const double *speed, guint n);

G_END_DECLS
