// SPDX-License-Identifier: GPL-3.0-or-later
// A network: values and nodes, a DAG in execution order, every shape known.
//
// Networks with free input sizes are read once per size, so all shape arithmetic is folded away while the graph is built: adding a node
// whose inputs are constant adds a constant.
//
// Owner:  built by one owner, then immutable; passes work on a copy
// Thread: any, once built
#pragma once

#include "tensor.h"
#include "engine/error.h"
#include "engine/ops/params.h"

G_BEGIN_DECLS

#define SQ_MAX_IN 64 // inputs of a node (concat of very branchy networks)
#define SQ_MAX_OUT 3 // outputs of a node
#define SQ_NO_VALUE -1

typedef struct _SqOp SqOp;

typedef struct
{
  char *name;
  SqDType dtype;
  SqShape shape;
  SqTensor *constant; // NULL for what is computed
} SqValue;

typedef struct
{
  const SqOp *op;
  SqParams params;
  int n_in, n_out;
  int in[SQ_MAX_IN]; // value ids, SQ_NO_VALUE where an optional input is absent
  int out[SQ_MAX_OUT];
} SqNode;

typedef struct _SqGraph
{
  GPtrArray *values; // SqValue *
  GPtrArray *nodes;  // SqNode *, each after the nodes it reads
  GArray *inputs;    // int
  GArray *outputs;   // int
} SqGraph;

SqGraph *sq_graph_new (void);
SqGraph *sq_graph_copy (const SqGraph *self); // constants are shared
void sq_graph_free (SqGraph *self);

static inline SqValue *
sq_graph_value (const SqGraph *self, int id)
{
  return g_ptr_array_index (self->values, id);
}

static inline SqNode *
sq_graph_node (const SqGraph *self, guint i)
{
  return g_ptr_array_index (self->nodes, i);
}

int sq_graph_add_input (SqGraph *self, const char *name, SqDType dtype, const SqShape *shape);
int sq_graph_add_constant (SqGraph *self, const char *name, SqTensor *tensor); // takes the reference
void sq_graph_add_output (SqGraph *self, int value);

// Appends a node and infers its outputs; folds it where all inputs are constant. `out` receives op->n_out value ids.
// Errors: SQ_ERROR_BAD_MODEL (shapes that do not fit), SQ_ERROR_OUT_OF_MEMORY.
gboolean sq_graph_add (SqGraph *self, const SqOp *op, const SqParams *params, const int *in, int n_in, int *out, GError **error);

// Replaces every use of `from` after this call, graph outputs included.
void sq_graph_replace_uses (SqGraph *self, int from, int to);

// Per value: how many nodes and graph outputs read it (caller frees).
int *sq_graph_count_uses (const SqGraph *self);

// Per value: index of the node that makes it, -1 for inputs and constants (caller frees).
int *sq_graph_producers (const SqGraph *self);

// Drops nodes and constants nobody reads. Graph inputs stay. Value ids change.
void sq_graph_prune (SqGraph *self);

double sq_graph_node_flop (const SqGraph *self, guint i);
double sq_graph_flop (const SqGraph *self);    // multiply-adds count two
guint64 sq_graph_params (const SqGraph *self); // elements of all constants read by convolutions and matrix products
char *sq_graph_dump (const SqGraph *self);     // one line per node, for people and tests

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqGraph, sq_graph_free)

G_END_DECLS
