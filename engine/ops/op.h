// SPDX-License-Identifier: GPL-3.0-or-later
// An operator: name, shape rule, plain reference implementation, cost. One `const SqOp sq_op_NAME` per file in this folder.
//
// To add one: a file here, its word in meson.build, a test in tests/ops.
#pragma once

#include "engine/graph/graph.h"

G_BEGIN_DECLS

typedef struct
{
  SqDType dtype;
  SqShape shape;
} SqType;

struct _SqOp
{
  const char *name;
  int n_out;

  // `in[i]` is NULL for an absent optional input. Fills `out`; FALSE and one sentence where the shapes do not fit.
  gboolean (*infer) (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error);

  // Outputs are allocated with the inferred types and zeroed; inputs fit (infer has said so).
  void (*reference) (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out);

  // Arithmetic operations of one run; NULL = one per output element.
  double (*flop) (const SqParams *params, const SqType *const *in, const SqType *out);
};

#define SQ_OP(name) extern const SqOp sq_op_##name;
#include "engine/ops/op-list.h"
#undef SQ_OP

const SqOp *const *sq_op_list (void); // NULL-terminated

// y = act (x)
float sq_act_apply (const SqAct *act, float x);
const char *sq_act_name (SqActKind kind);

// Shared by shape rules: sets SQ_ERROR_BAD_MODEL "OP: ...", returns FALSE.
gboolean sq_op_fail (GError **error, const char *op, const char *format, ...) G_GNUC_PRINTF (3, 4);

// NumPy broadcasting of any number of shapes; FALSE where they do not fit.
gboolean sq_shape_broadcast (const SqShape *a, const SqShape *b, SqShape *out);

// Element strides of `in` walked in the coordinates of `out` (0 where broadcast).
void sq_shape_broadcast_strides (const SqShape *in, const SqShape *out, gint64 *strides);

G_END_DECLS
