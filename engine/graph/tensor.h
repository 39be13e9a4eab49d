// SPDX-License-Identifier: GPL-3.0-or-later
// A dense array of numbers.
//
// Shape:  row-major (N, C, H, W for pictures)
// Owner:  refcounted; immutable once published, written only by whoever made it
// Thread: any
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define SQ_MAX_RANK 8
#define SQ_MAX_TENSOR_BYTES (G_GUINT64_CONSTANT (2) << 30) // more is refused before anything is allocated

typedef enum
{
  SQ_F32,
  SQ_I64,
  SQ_I32,
  SQ_U8,
  SQ_I8,
  SQ_BOOL, // one byte, 0 or 1
} SqDType;

typedef struct
{
  int rank;
  gint64 dim[SQ_MAX_RANK];
} SqShape;

// What 8-bit weights were before they became floats: scale[k] q, q whole in -128..127, k counting along `axis` (n = 1: one for all).
typedef struct
{
  int axis;
  gint64 n;
  float scale[];
} SqGrid;

typedef struct
{
  SqDType dtype;
  SqShape shape;
  gint64 n; // elements
  gsize bytes;
  gpointer data; // 64-byte aligned
  SqGrid *grid;  // of a float32 tensor, or NULL; owned
} SqTensor;

gsize sq_dtype_size (SqDType dtype);
const char *sq_dtype_name (SqDType dtype);

#define SQ_SHAPE(...) ((SqShape){ .rank = sizeof ((const gint64[]){ __VA_ARGS__ }) / sizeof (gint64), .dim = { __VA_ARGS__ } })
gboolean sq_shape_equal (const SqShape *a, const SqShape *b);
gint64 sq_shape_elements (const SqShape *shape);               // -1 when negative, overflowing or over SQ_MAX_TENSOR_BYTES of float32
gint64 sq_shape_span (const SqShape *shape, int from, int to); // product of dims [from, to)
char *sq_shape_to_string (const SqShape *shape);               // "1x3x416x416"

// Zero-filled; NULL (never abort) when the shape is invalid or memory is short.
SqTensor *sq_tensor_new (SqDType dtype, const SqShape *shape);
SqTensor *sq_tensor_ref (SqTensor *self);
void sq_tensor_unref (SqTensor *self);

static inline float *
sq_tensor_f32 (const SqTensor *self)
{
  return (float *) self->data;
}

// Any dtype through a double (exact for integers below 2^53); stores saturate.
double sq_tensor_get (const SqTensor *self, gint64 i);
void sq_tensor_set (SqTensor *self, gint64 i, double value);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqTensor, sq_tensor_unref)

G_END_DECLS
