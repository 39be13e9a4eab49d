// SPDX-License-Identifier: GPL-3.0-or-later
#include "tensor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

gsize
sq_dtype_size (SqDType dtype)
{
  switch (dtype)
    {
    case SQ_F32:
    case SQ_I32:
      return 4;
    case SQ_I64:
      return 8;
    case SQ_U8:
    case SQ_I8:
    case SQ_BOOL:
      return 1;
    }
  g_assert_not_reached ();
}

const char *
sq_dtype_name (SqDType dtype)
{
  static const char *const names[] = { "float32", "int64", "int32", "uint8", "int8", "bool" };

  return names[dtype];
}

gboolean
sq_shape_equal (const SqShape *a, const SqShape *b)
{
  return a->rank == b->rank && memcmp (a->dim, b->dim, a->rank * sizeof a->dim[0]) == 0;
}

gint64
sq_shape_elements (const SqShape *shape)
{
  gint64 n = 1;

  for (int i = 0; i < shape->rank; i++)
    {
      if (shape->dim[i] < 0)
        return -1;
      if (shape->dim[i] != 0 && n > (gint64) (SQ_MAX_TENSOR_BYTES / 4) / shape->dim[i])
        return -1;
      n *= shape->dim[i];
    }
  return n;
}

gint64
sq_shape_span (const SqShape *shape, int from, int to)
{
  gint64 n = 1;

  for (int i = from; i < to; i++)
    n *= shape->dim[i];
  return n;
}

char *
sq_shape_to_string (const SqShape *shape)
{
  GString *s = g_string_new (shape->rank == 0 ? "scalar" : NULL);

  for (int i = 0; i < shape->rank; i++)
    g_string_append_printf (s, "%s%" G_GINT64_FORMAT, i > 0 ? "x" : "", shape->dim[i]);
  return g_string_free (s, FALSE);
}

SqTensor *
sq_tensor_new (SqDType dtype, const SqShape *shape)
{
  gint64 n = sq_shape_elements (shape);
  SqTensor *self;
  gsize bytes, room;
  gpointer data;

  if (n < 0)
    return NULL;
  bytes = n * sq_dtype_size (dtype);
  room = (bytes + 127) & ~(gsize) 63; // kernels may load a whole vector at the end
  data = aligned_alloc (64, room);
  if (data == NULL)
    return NULL;
  memset (data, 0, room);

  self = g_atomic_rc_box_new0 (SqTensor);
  self->dtype = dtype;
  self->shape = *shape;
  self->n = n;
  self->bytes = bytes;
  self->data = data;
  return self;
}

SqTensor *
sq_tensor_ref (SqTensor *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
tensor_clear (gpointer data)
{
  free (((SqTensor *) data)->data);
  g_free (((SqTensor *) data)->grid);
}

void
sq_tensor_unref (SqTensor *self)
{
  g_atomic_rc_box_release_full (self, tensor_clear);
}

double
sq_tensor_get (const SqTensor *self, gint64 i)
{
  switch (self->dtype)
    {
    case SQ_F32:
      return ((const float *) self->data)[i];
    case SQ_I64:
      return (double) ((const gint64 *) self->data)[i];
    case SQ_I32:
      return ((const gint32 *) self->data)[i];
    case SQ_U8:
      return ((const guint8 *) self->data)[i];
    case SQ_I8:
      return ((const gint8 *) self->data)[i];
    case SQ_BOOL:
      return ((const guint8 *) self->data)[i] != 0;
    }
  g_assert_not_reached ();
}

void
sq_tensor_set (SqTensor *self, gint64 i, double value)
{
  if (self->dtype != SQ_F32 && isnan (value))
    value = 0;
  switch (self->dtype)
    {
    case SQ_F32:
      ((float *) self->data)[i] = (float) value;
      break;
    case SQ_I64:
      ((gint64 *) self->data)[i] = value >= 9.2233720368547748e18    ? G_MAXINT64
                                   : value <= -9.2233720368547748e18 ? G_MININT64
                                                                     : (gint64) value;
      break;
    case SQ_I32:
      ((gint32 *) self->data)[i] = (gint32) CLAMP (value, G_MININT32, G_MAXINT32);
      break;
    case SQ_U8:
      ((guint8 *) self->data)[i] = (guint8) CLAMP (value, 0, 255);
      break;
    case SQ_I8:
      ((gint8 *) self->data)[i] = (gint8) CLAMP (value, -128, 127);
      break;
    case SQ_BOOL:
      ((guint8 *) self->data)[i] = value != 0;
      break;
    }
}
