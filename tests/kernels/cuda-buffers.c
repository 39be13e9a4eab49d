// SPDX-License-Identifier: GPL-3.0-or-later
#include "cuda-buffers.h"

#include "cuda-twins.h"
#include "tests/common/half.h"

#include <math.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCHED 1
#endif
#endif
#ifdef WATCHED
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)
#define ASAN_UNPOISON_MEMORY_REGION(p, n)
#endif

#define GUARD 256
#define FILL 0xA5

typedef struct
{
  guint8 *memory[2]; // whole, for the kernel and for the twin
  gsize before, bytes, room;
} Buffer;

GRand *sq_rand;
static GArray *buffers;

int
sq_pick (int n)
{
  return g_rand_int_range (sq_rand, 0, n);
}

float
sq_number (float low, float high)
{
  return (float) g_rand_double_range (sq_rand, low, high);
}

gpointer
sq_buffer_new (gsize bytes, gsize shift)
{
  Buffer b = { .before = GUARD + shift, .bytes = bytes, .room = (2 * GUARD + shift + bytes + 63) / 64 * 64 };

  if (buffers == NULL)
    buffers = g_array_new (FALSE, FALSE, sizeof (Buffer));
  for (int k = 0; k < 2; k++)
    {
      b.memory[k] = g_aligned_alloc (b.room, 1, 64);
      memset (b.memory[k], FILL, b.room);
      ASAN_POISON_MEMORY_REGION (b.memory[k], b.before);
      ASAN_POISON_MEMORY_REGION (b.memory[k] + b.before + bytes, b.room - b.before - bytes);
    }
  g_array_append_val (buffers, b);
  return b.memory[0] + b.before;
}

static Buffer *
find (gpointer p)
{
  for (guint i = 0; i < buffers->len; i++)
    {
      Buffer *b = &g_array_index (buffers, Buffer, i);

      if ((guintptr) p - (guintptr) b->memory[0] < b->room)
        return b;
    }
  g_assert_not_reached ();
}

gpointer
sq_buffer_twin (gpointer p)
{
  Buffer *b;

  if (p == NULL)
    return NULL;
  b = find (p);
  return b->memory[1] + ((guint8 *) p - b->memory[0]);
}

void
sq_buffer_fill (gpointer p, SqCudaType type, gint64 n, float low, float high, gboolean wild)
{
  static const float odd[] = { NAN, INFINITY, -INFINITY, 0, -0.f };
  gpointer twin = sq_buffer_twin (p);

  for (gint64 i = 0; i < n; i++)
    {
      double v = wild && sq_pick (12) == 0 ? odd[sq_pick (G_N_ELEMENTS (odd))] : sq_number (low, high);

      if (type == SQ_CUDA_S8)
        ((gint8 *) p)[i] = (gint8) (sq_pick (256) - 128);
      else
        sq_twin_write (p, type, i, 1, 0, v);
    }
  memcpy (twin, p, (gsize) n * sq_twin_bytes (type));
}

gboolean
sq_buffer_same (gpointer p, SqCudaType type, double relative, double absolute, int steps, char **why)
{
  const Buffer *b = find (p);
  gsize size = sq_twin_bytes (type), n = b->bytes / size;
  const guint8 *got = b->memory[0] + b->before, *want = b->memory[1] + b->before;

  for (gsize i = 0; i < n; i++)
    {
      double x, y, room;

      if (memcmp (got + i * size, want + i * size, size) == 0)
        continue;
      x = sq_twin_read (got, type, (gint64) i, 1, 0);
      y = sq_twin_read (want, type, (gint64) i, 1, 0);
      room = type == SQ_CUDA_F32 || type == SQ_CUDA_F16 ? relative * fabs (y) + absolute
             : type == SQ_CUDA_E4M3                     ? steps * MAX (fabs (y) / 8, 0x1p-9) // to a neighbour
                                                        : steps;
      if (!(fabs (x - y) <= room) && !(isnan (x) && isnan (y)) && x != y)
        {
          *why = g_strdup_printf ("element %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT ": %.9g instead of %.9g", i, n, x, y);
          return FALSE;
        }
    }
  return TRUE;
}

gboolean
sq_buffers_intact (void)
{
  gboolean intact = TRUE;

  for (guint i = 0; i < buffers->len; i++)
    {
      const Buffer *b = &g_array_index (buffers, Buffer, i);

      ASAN_UNPOISON_MEMORY_REGION (b->memory[0], b->room);
      for (gsize k = 0; k < b->room; k++)
        if ((k < b->before || k >= b->before + b->bytes) && b->memory[0][k] != FILL)
          intact = FALSE;
    }
  return intact;
}

void
sq_buffers_clear (void)
{
  for (guint i = 0; buffers != NULL && i < buffers->len; i++)
    for (int k = 0; k < 2; k++)
      {
        Buffer *b = &g_array_index (buffers, Buffer, i);

        ASAN_UNPOISON_MEMORY_REGION (b->memory[k], b->room);
        g_aligned_free (b->memory[k]);
      }
  g_clear_pointer (&buffers, g_array_unref);
}

SqCudaMap
sq_map_new (SqCudaType type, int n, int h, int w, int c)
{
  static const int spare[] = { 0, 0, 0, 1, 8 };
  SqCudaMap m = { NULL, type, n, h, w, c, .scale = 1 };
  gsize size = sq_twin_bytes (type), shift = sq_pick (4) == 0 ? size : 0;

  m.pixel = c + spare[sq_pick (5)];
  m.row = m.pixel * w + spare[sq_pick (5)];
  m.image = m.row * h + spare[sq_pick (5)];
  if (type == SQ_CUDA_S8 || type == SQ_CUDA_E4M3)
    m.scale = sq_number (.01f, .1f);
  if (type == SQ_CUDA_S8)
    m.zero = sq_pick (41) - 20;
  m.data = sq_buffer_new ((gsize) ((n - 1) * m.image + (h - 1) * m.row + (w - 1) * m.pixel + c) * size, shift);
  return m;
}

SqCudaMap
sq_map_twin (const SqCudaMap *map)
{
  SqCudaMap m = *map;

  m.data = sq_buffer_twin (map->data);
  return m;
}
