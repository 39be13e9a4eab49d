// SPDX-License-Identifier: GPL-3.0-or-later
#include "data.h"

#include <math.h>
#include <string.h>

#ifndef SQ_SOURCE_ROOT
#error "SQ_SOURCE_ROOT must name the checkout"
#endif

char *
sq_test_data (const char *relative)
{
  const char *root = g_getenv ("SQUINT_TEST_DATA");
  g_autofree char *path =
      root != NULL ? g_build_filename (root, relative, NULL) : g_build_filename (SQ_SOURCE_ROOT, "..", "shared", relative, NULL);

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("no test data: set SQUINT_TEST_DATA");
      return NULL;
    }
  return g_steal_pointer (&path);
}

SqTensor *
sq_test_npy (const char *path)
{
  g_autofree char *data = NULL, *header = NULL;
  gsize length;
  guint16 header_length;
  const char *shape;
  SqShape s = { 0 };
  SqTensor *tensor;

  g_assert_true (g_file_get_contents (path, &data, &length, NULL));
  g_assert_cmpmem (data, 6, "\x93NUMPY", 6);
  memcpy (&header_length, data + 8, 2);
  header = g_strndup (data + 10, header_length);
  g_assert_nonnull (strstr (header, "'fortran_order': False"));
  shape = strstr (header, "'shape': (") + strlen ("'shape': (");
  while (*shape != ')')
    {
      char *end;

      s.dim[s.rank++] = g_ascii_strtoll (shape, &end, 10);
      shape = end;
      while (*shape == ',' || *shape == ' ')
        shape++;
    }
  tensor = sq_tensor_new (strstr (header, "'<f4'") != NULL ? SQ_F32 : SQ_I64, &s);
  g_assert_cmpuint (length - 10 - header_length, ==, tensor->bytes);
  memcpy (tensor->data, data + 10 + header_length, tensor->bytes);
  return tensor;
}

double
sq_test_relative_l2 (const SqTensor *a, const SqTensor *b)
{
  double difference = 0, norm = 0;

  g_assert_cmpint (a->n, ==, b->n);
  for (gint64 i = 0; i < a->n; i++)
    {
      double d = sq_tensor_get (a, i) - sq_tensor_get (b, i);

      difference += d * d;
      norm += sq_tensor_get (b, i) * sq_tensor_get (b, i);
    }
  return sqrt (difference / (norm > 0 ? norm : 1));
}

double
sq_test_max_abs (const SqTensor *a, const SqTensor *b)
{
  double most = 0;

  g_assert_cmpint (a->n, ==, b->n);
  for (gint64 i = 0; i < a->n; i++)
    {
      double d = fabs (sq_tensor_get (a, i) - sq_tensor_get (b, i));

      most = d > most || isnan (d) ? d : most;
    }
  return most;
}

void
sq_test_fill (SqTensor *tensor, guint seed, double low, double high)
{
  guint64 state = 0x9e3779b97f4a7c15u ^ (guint64) (seed + 1) * 0xbf58476d1ce4e5b9u;

  for (gint64 i = 0; i < tensor->n; i++)
    {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      sq_tensor_set (tensor, i, low + (high - low) * (double) (state >> 11) * 0x1p-53);
    }
}
