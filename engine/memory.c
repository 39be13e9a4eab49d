// SPDX-License-Identifier: GPL-3.0-or-later
#include "memory.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

void
sq_memory_keep (void)
{
#ifdef __GLIBC__
  mallopt (M_MMAP_THRESHOLD, 32 << 20); // the most it takes; larger blocks are mapped each on its own
  mallopt (M_TRIM_THRESHOLD, 64 << 20);
#endif
}
