// SPDX-License-Identifier: GPL-3.0-or-later
// TensorProto -> SqTensor. The file is hostile until shown otherwise: sizes are checked before anything is allocated.
#include "onnx-private.h"

#include <string.h>

enum
{
  ONNX_FLOAT = 1,
  ONNX_UINT8,
  ONNX_INT8,
  ONNX_UINT16,
  ONNX_INT16,
  ONNX_INT32,
  ONNX_INT64,
  ONNX_STRING,
  ONNX_BOOL,
  ONNX_FLOAT16,
  ONNX_DOUBLE,
  ONNX_UINT32,
  ONNX_UINT64,
  ONNX_BFLOAT16 = 16,
};

gboolean
_sq_onnx_dtype (int data_type, SqDType *dtype)
{
  switch (data_type)
    {
    case ONNX_FLOAT:
    case ONNX_FLOAT16:
    case ONNX_DOUBLE:
    case ONNX_BFLOAT16:
      *dtype = SQ_F32;
      return TRUE;
    case ONNX_INT64:
    case ONNX_UINT32:
    case ONNX_UINT64:
      *dtype = SQ_I64;
      return TRUE;
    case ONNX_INT32:
    case ONNX_INT16:
    case ONNX_UINT16:
      *dtype = SQ_I32;
      return TRUE;
    case ONNX_UINT8:
      *dtype = SQ_U8;
      return TRUE;
    case ONNX_INT8:
      *dtype = SQ_I8;
      return TRUE;
    case ONNX_BOOL:
      *dtype = SQ_BOOL;
      return TRUE;
    default:
      return FALSE;
    }
}

static gsize
element_size (int data_type)
{
  switch (data_type)
    {
    case ONNX_UINT8:
    case ONNX_INT8:
    case ONNX_BOOL:
      return 1;
    case ONNX_UINT16:
    case ONNX_INT16:
    case ONNX_FLOAT16:
    case ONNX_BFLOAT16:
      return 2;
    case ONNX_INT64:
    case ONNX_DOUBLE:
    case ONNX_UINT64:
      return 8;
    default:
      return 4;
    }
}

static float
half_to_float (guint16 h)
{
  guint32 sign = (guint32) (h & 0x8000) << 16, exponent = h >> 10 & 31, mantissa = h & 0x3ff, bits;
  float f;

  if (exponent == 0)
    {
      f = mantissa * 0x1p-24f;
      return sign ? -f : f;
    }
  bits = sign | (exponent == 31 ? 0x7f800000 : (exponent + 112) << 23) | mantissa << 13;
  memcpy (&f, &bits, sizeof f);
  return f;
}

// Little-endian bytes (ONNX's order, and that of every machine Squint builds for) to our types.
static void
convert_raw (SqTensor *tensor, int data_type, const guint8 *raw)
{
  gsize size = element_size (data_type);

  if (size == sq_dtype_size (tensor->dtype) && data_type != ONNX_UINT64)
    {
      memcpy (tensor->data, raw, tensor->bytes);
      if (tensor->dtype == SQ_BOOL)
        for (gint64 i = 0; i < tensor->n; i++)
          ((guint8 *) tensor->data)[i] = ((guint8 *) tensor->data)[i] != 0;
      return;
    }
  for (gint64 i = 0; i < tensor->n; i++)
    {
      const guint8 *at = raw + i * size;
      guint16 u16 = 0;
      gint16 i16 = 0;
      guint32 u32 = 0;
      guint64 u64 = 0;
      double f64 = 0;

      switch (data_type)
        {
        case ONNX_FLOAT16:
          memcpy (&u16, at, 2);
          sq_tensor_f32 (tensor)[i] = half_to_float (u16);
          break;
        case ONNX_BFLOAT16:
          memcpy (&u16, at, 2);
          u32 = (guint32) u16 << 16;
          memcpy (&sq_tensor_f32 (tensor)[i], &u32, 4);
          break;
        case ONNX_DOUBLE:
          memcpy (&f64, at, 8);
          sq_tensor_f32 (tensor)[i] = (float) f64;
          break;
        case ONNX_UINT16:
          memcpy (&u16, at, 2);
          sq_tensor_set (tensor, i, u16);
          break;
        case ONNX_INT16:
          memcpy (&i16, at, 2);
          sq_tensor_set (tensor, i, i16);
          break;
        case ONNX_UINT32:
          memcpy (&u32, at, 4);
          sq_tensor_set (tensor, i, u32);
          break;
        default:
          memcpy (&u64, at, 8);
          sq_tensor_set (tensor, i, (double) u64);
          break;
        }
    }
}

static const char *
external_entry (const Onnx__TensorProto *proto, const char *key)
{
  for (gsize i = 0; i < proto->n_external_data; i++)
    if (g_strcmp0 (proto->external_data[i]->key, key) == 0)
      return proto->external_data[i]->value;
  return NULL;
}

// The bytes live in another file of the model's folder; links that lead outside are refused like paths that do.
static gboolean
read_external (SqOnnx *self, SqTensor *tensor, const Onnx__TensorProto *proto, GError **error)
{
  const char *location = external_entry (proto, "location");
  const char *offset_text = external_entry (proto, "offset"), *length_text = external_entry (proto, "length");
  guint64 offset = offset_text != NULL ? g_ascii_strtoull (offset_text, NULL, 10) : 0;
  g_autofree char *folder = g_path_get_dirname (self->path), *joined = NULL, *real = NULL, *real_folder = NULL;
  g_autoptr (GMappedFile) map = NULL;
  gsize need, length;

  if (location == NULL || *location == '\0' || g_path_is_absolute (location) || strstr (location, "..") != NULL)
    return _sq_onnx_bad (error, "tensor '%s' wants data from '%s', outside the model's folder", proto->name ? proto->name : "",
                         location ? location : "");
  joined = g_build_filename (folder, location, NULL);
  real = realpath (joined, NULL);
  real_folder = realpath (folder, NULL);
  if (real == NULL || real_folder == NULL)
    return _sq_onnx_bad (error, "its data file '%s' is missing, put it beside the model", location);
  if (!g_str_has_prefix (real, real_folder) || (real[strlen (real_folder)] != '/' && !g_str_equal (real_folder, "/"))
      || !g_file_test (real, G_FILE_TEST_IS_REGULAR))
    return _sq_onnx_bad (error, "tensor '%s' wants data from '%s', outside the model's folder", proto->name ? proto->name : "", location);
  if ((map = g_mapped_file_new (real, FALSE, NULL)) == NULL)
    return _sq_onnx_bad (error, "its data file '%s' cannot be read", location);
  length = g_mapped_file_get_length (map);
  need = tensor->n * element_size (proto->data_type);
  if ((length_text != NULL && g_ascii_strtoull (length_text, NULL, 10) != need) || offset > length || need > length - offset)
    return _sq_onnx_bad (error, "its data file '%s' is too short for tensor '%s'", location, proto->name ? proto->name : "");
  if (need > 0)
    convert_raw (tensor, proto->data_type, (const guint8 *) g_mapped_file_get_contents (map) + offset);
  return TRUE;
}

SqTensor *
_sq_onnx_tensor (SqOnnx *self, const Onnx__TensorProto *proto, GError **error)
{
  const char *name = proto->name != NULL ? proto->name : "";
  SqShape shape = { .rank = (int) proto->n_dims };
  g_autoptr (SqTensor) tensor = NULL;
  SqDType dtype;
  gint64 n;

  if (proto->n_dims > SQ_MAX_RANK)
    {
      _sq_onnx_bad (error, "tensor '%s' has more than %d dimensions", name, SQ_MAX_RANK);
      return NULL;
    }
  for (gsize i = 0; i < proto->n_dims; i++)
    shape.dim[i] = proto->dims[i];
  n = sq_shape_elements (&shape);
  if (n < 0)
    {
      _sq_onnx_bad (error, "tensor '%s' claims an impossible size", name);
      return NULL;
    }
  if (!_sq_onnx_dtype (proto->data_type, &dtype))
    {
      _sq_onnx_unsupported (error, "tensor '%s' has element type %d", name, proto->data_type);
      return NULL;
    }

  // what the file must hold, before memory is taken for it
  if (proto->data_location != 1)
    {
      gsize have = proto->has_raw_data && proto->raw_data.len > 0 ? proto->raw_data.len / element_size (proto->data_type)
                   : proto->n_float_data > 0                      ? proto->n_float_data
                   : proto->n_int32_data > 0                      ? proto->n_int32_data
                   : proto->n_int64_data > 0                      ? proto->n_int64_data
                   : proto->n_double_data > 0                     ? proto->n_double_data
                                                                  : proto->n_uint64_data;

      if (have != (gsize) n || (proto->has_raw_data && proto->raw_data.len % element_size (proto->data_type) != 0))
        {
          _sq_onnx_bad (error, "tensor '%s' says it has %" G_GINT64_FORMAT " numbers but holds %" G_GSIZE_FORMAT, name, n, have);
          return NULL;
        }
    }
  if ((gsize) n * sq_dtype_size (dtype) > self->budget || (tensor = sq_tensor_new (dtype, &shape)) == NULL)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY, "tensor '%s' is too large", name);
      return NULL;
    }
  self->budget -= tensor->bytes;

  if (proto->data_location == 1)
    {
      if (!read_external (self, tensor, proto, error))
        return NULL;
    }
  else if (proto->has_raw_data && proto->raw_data.len > 0)
    convert_raw (tensor, proto->data_type, proto->raw_data.data);
  else if (proto->n_float_data > 0)
    for (gint64 i = 0; i < n; i++)
      sq_tensor_set (tensor, i, proto->float_data[i]);
  else if (proto->n_int32_data > 0)
    for (gint64 i = 0; i < n; i++)
      sq_tensor_set (tensor, i, proto->data_type == ONNX_FLOAT16 ? half_to_float ((guint16) proto->int32_data[i]) : proto->int32_data[i]);
  else if (proto->n_int64_data > 0)
    {
      if (dtype == SQ_I64)
        memcpy (tensor->data, proto->int64_data, tensor->bytes); // exact beyond 2^53
      else
        for (gint64 i = 0; i < n; i++)
          sq_tensor_set (tensor, i, (double) proto->int64_data[i]);
    }
  else if (proto->n_double_data > 0)
    for (gint64 i = 0; i < n; i++)
      sq_tensor_set (tensor, i, proto->double_data[i]);
  else if (proto->n_uint64_data > 0)
    for (gint64 i = 0; i < n; i++)
      sq_tensor_set (tensor, i, (double) proto->uint64_data[i]);
  return g_steal_pointer (&tensor);
}
