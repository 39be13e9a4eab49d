// SPDX-License-Identifier: GPL-3.0-or-later
// Inside the ONNX writer: the protobuf file while it grows, and one function per operator.
//
// Whatever the protobuf structures point to belongs to the writer and lives until it is packed.
#pragma once

#include "engine/ops/op.h"
#include "format.h"
#include "onnx.pb-c.h"

typedef struct
{
  const SqGraph *graph;
  gboolean half;           // weights as float16
  GPtrArray *owned;        // g_free
  GPtrArray *nodes;        // Onnx__NodeProto *
  GPtrArray *initializers; // Onnx__TensorProto *
  GHashTable *taken;       // names; borrowed
  const char **names;      // per value; constants get theirs at first use
  gboolean *weights;       // per value: a convolution or matrix product multiplies with it
} SqOnnxWriter;

#define _SQ_ONNX_FLOAT 1
#define _SQ_ONNX_FLOAT16 10

int _sq_onnx_data_type (SqDType dtype);

// A name nobody has: `wanted`, or with a number behind it.
const char *_sq_onnx_write_name (SqOnnxWriter *self, const char *wanted);

// The name of a value; writes a constant at its first use. "" for SQ_NO_VALUE.
const char *_sq_onnx_write_value (SqOnnxWriter *self, int id);

// Appends a node. Absent inputs are ""; those at the end are left off.
Onnx__NodeProto *_sq_onnx_write_node (SqOnnxWriter *self, const char *op_type, const char *const *in, int n_in, const char *const *out,
                                      int n_out);
const char *_sq_onnx_write_unary (SqOnnxWriter *self, const char *op_type, const char *in, const char *out); // out NULL: a new name

void _sq_onnx_write_int (SqOnnxWriter *self, Onnx__NodeProto *node, const char *name, gint64 value);
void _sq_onnx_write_ints (SqOnnxWriter *self, Onnx__NodeProto *node, const char *name, const int *values, int n);
void _sq_onnx_write_float (SqOnnxWriter *self, Onnx__NodeProto *node, const char *name, float value);
void _sq_onnx_write_string (SqOnnxWriter *self, Onnx__NodeProto *node, const char *name, const char *value);

// onnx-write-tensor.c: initialisers; return their names.
const char *_sq_onnx_write_raw (SqOnnxWriter *self, const char *name, int data_type, const SqShape *shape, gconstpointer data, gsize bytes);
const char *_sq_onnx_write_list (SqOnnxWriter *self, const gint64 *values, int n);
const char *_sq_onnx_write_scalar (SqOnnxWriter *self, SqDType dtype, double value);
const char *_sq_onnx_write_constant (SqOnnxWriter *self, int id);

// onnx-write-node.c
gboolean _sq_onnx_write_op (SqOnnxWriter *self, const SqNode *node, GError **error);
