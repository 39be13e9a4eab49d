// SPDX-License-Identifier: GPL-3.0-or-later
// The only place that knows oneDNN (2.6 and 3.x differ in every call). Convolutions, pooling and layout changes of one picture.
//
// Shape:  plain = N C H W; blocked = N C/b H W b with b = sq_dnn_block (), channels padded to a multiple of b
// Units:  float32, or blocked bfloat16, whose sums and biases are float32
// Owner:  weights are copied into oneDNN's own layout
// Thread: one at a time per SqDnn; the number of threads is OpenMP's
// Blocks: creation compiles machine code (milliseconds each)
#pragma once

#include "engine/ops/op.h"

G_BEGIN_DECLS

typedef struct _SqDnn SqDnn;
typedef struct _SqDnnOp SqDnnOp;

SqDnn *sq_dnn_new (GError **error);
void sq_dnn_free (SqDnn *self);
int sq_dnn_block (void);         // 8 or 16 floats
gboolean sq_dnn_has_half (void); // multiplies bfloat16 itself; with blocks of 16 it can imitate that, slower than floats

typedef enum
{
  SQ_DNN_PLAIN,
  SQ_DNN_BLOCKED,
  SQ_DNN_HALF, // blocked, bfloat16
} SqDnnFormat;

typedef struct
{
  const SqShape *x, *y;
  const SqConvParams *params;
  const float *weights, *bias; // bias may be NULL
  SqAct act;                   // one that sq_dnn_fuses, or none
  gboolean residual;           // y += a third buffer in y's format, after act
  SqDnnFormat from, to;        // of x (plain: few channels) and y (blocked)
  gboolean winograd;           // try it; falls back to direct
} SqDnnConv;

gboolean sq_dnn_fuses (SqActKind kind);

// NULL, too, where oneDNN only has slow code for bfloat16.
SqDnnOp *sq_dnn_conv (SqDnn *self, const SqDnnConv *conv, GError **error);
SqDnnOp *sq_dnn_pool (SqDnn *self, const SqShape *x, const SqShape *y, const SqPoolParams *params, SqDnnFormat format, GError **error);
SqDnnOp *sq_dnn_reorder (SqDnn *self, const SqShape *x, SqDnnFormat from, SqDnnFormat to, GError **error);

gboolean sq_dnn_run (SqDnn *self, SqDnnOp *op, gconstpointer x, gpointer y, gconstpointer residual);
const char *sq_dnn_op_implementation (const SqDnnOp *op); // oneDNN's name for the code it chose
gsize sq_dnn_op_bytes (const SqDnnOp *op);                // of the weights it keeps
gboolean sq_dnn_op_is_winograd (const SqDnnOp *op);
void sq_dnn_op_free (SqDnnOp *op);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqDnn, sq_dnn_free)

G_END_DECLS
