// SPDX-License-Identifier: GPL-3.0-or-later
// Inside the ONNX reader: the state of one import and the lowering table.
//
// A lowering turns one ONNX node into operators of engine/ops. To add one: a function and a line in the table of its file.
#pragma once

#include "engine/ops/op.h"
#include "format.h"
#include "onnx.pb-c.h"

typedef struct
{
  const char *path;
  SqGraph *graph;
  GHashTable *values; // name -> GINT_TO_POINTER (id + 1)
  gint64 opset;
  gsize budget; // bytes of constants the file may still make us hold
  const Onnx__NodeProto *node;
} SqOnnx;

typedef struct
{
  const char *op_type;
  gboolean (*lower) (SqOnnx *self, GError **error);
} SqOnnxLowering;

extern const SqOnnxLowering _sq_onnx_nn[];          // onnx-nn.c: convolution, pooling, resize, softmax
extern const SqOnnxLowering _sq_onnx_elementwise[]; // onnx-elementwise.c
extern const SqOnnxLowering _sq_onnx_constant[];    // onnx-constant.c: constants, shapes, ranges
extern const SqOnnxLowering _sq_onnx_shape[];       // onnx-shape.c: everything that moves numbers
extern const SqOnnxLowering _sq_onnx_quant[];       // onnx-quant.c

// onnx-tensor.c: bounds-checked; external data only inside the model's folder.
SqTensor *_sq_onnx_tensor (SqOnnx *self, const Onnx__TensorProto *proto, GError **error);
gboolean _sq_onnx_dtype (int data_type, SqDType *dtype);

// onnx-nms.c: where a network with its own NMS ends for us, NULL for all others; `needed` then is the set of nodes in front of it (caller
// unrefs). The name is the graph's.
const char *_sq_onnx_before_nms (const Onnx__GraphProto *graph, GHashTable **needed);

// Reading the current node. Inputs count from 0; SQ_NO_VALUE where absent.
int _sq_onnx_in (SqOnnx *self, guint i);
const SqValue *_sq_onnx_in_value (SqOnnx *self, guint i);     // NULL where absent
const SqTensor *_sq_onnx_in_constant (SqOnnx *self, guint i); // NULL where absent or computed
gboolean _sq_onnx_in_ints (SqOnnx *self, guint i, const char *what, gint64 *out, int max, int *n, GError **error); // must be constant
gint64 _sq_onnx_int (SqOnnx *self, const char *name, gint64 fallback);
float _sq_onnx_float (SqOnnx *self, const char *name, float fallback);
gboolean _sq_onnx_string_is (SqOnnx *self, const char *name, const char *value, gboolean fallback);
const Onnx__AttributeProto *_sq_onnx_attr (SqOnnx *self, const char *name);
gboolean _sq_onnx_attr_ints (SqOnnx *self, const char *name, gint64 *out, int max, int *n); // FALSE where absent or too long
gboolean _sq_onnx_axis (SqOnnx *self, gint64 axis, int rank, int *out, GError **error);

// Writing: adds a node and, for `_out`, publishes its outputs as this node's.
gboolean _sq_onnx_add (SqOnnx *self, const SqOp *op, const SqParams *params, const int *in, int n_in, int *out, GError **error);
gboolean _sq_onnx_add_out (SqOnnx *self, const SqOp *op, const SqParams *params, const int *in, int n_in, GError **error);
void _sq_onnx_set_out (SqOnnx *self, guint i, int value);
gboolean _sq_onnx_reshape (SqOnnx *self, int in, const SqShape *shape, int *out, GError **error);
int _sq_onnx_scalar (SqOnnx *self, SqDType dtype, double value);

// SQ_ERROR_UNSUPPORTED_OP, SQ_ERROR_BAD_MODEL; FALSE.
gboolean _sq_onnx_unsupported (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);
gboolean _sq_onnx_bad (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);
