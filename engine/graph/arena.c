// SPDX-License-Identifier: GPL-3.0-or-later
#include "arena.h"

#include <stdlib.h>

static int
by_size (const void *a, const void *b)
{
  const SqArenaBlock *x = *(SqArenaBlock *const *) a, *y = *(SqArenaBlock *const *) b;

  return x->bytes > y->bytes ? -1 : x->bytes < y->bytes;
}

static int
by_place (const void *a, const void *b)
{
  const SqArenaBlock *x = *(SqArenaBlock *const *) a, *y = *(SqArenaBlock *const *) b;

  return x->at < y->at ? -1 : x->at > y->at;
}

// Largest first, each into the lowest gap that is free for its whole life.
gsize
sq_arena_plan (SqArenaBlock **blocks, guint n)
{
  gsize total = 0;

  if (n > 1) // an empty array has no memory to sort
    qsort (blocks, n, sizeof *blocks, by_size);
  for (guint i = 0; i < n; i++)
    {
      SqArenaBlock *block = blocks[i];
      gsize at = 0;

      for (guint k = 0; k < i; k++) // those placed already, by place
        {
          const SqArenaBlock *other = blocks[k];

          if (other->died < block->born || other->born > block->died)
            continue;
          if (other->at >= at + block->bytes)
            break; // nothing nearer follows
          at = MAX (at, other->at + other->bytes);
        }
      block->at = at;
      total = MAX (total, at + block->bytes);
      qsort (blocks, i + 1, sizeof *blocks, by_place);
    }
  return total;
}
