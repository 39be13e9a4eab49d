// SPDX-License-Identifier: GPL-3.0-or-later
#include "cpu.h"

static unsigned cpu_mask = ~0u;

unsigned
sq_cpu_flags (void)
{
  unsigned flags = 0;

#if defined(__x86_64__)
  if (__builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma"))
    flags |= SQ_CPU_AVX2;
  if (__builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512bw") && __builtin_cpu_supports ("avx512dq")
      && __builtin_cpu_supports ("avx512vl"))
    flags |= SQ_CPU_AVX512;
  if ((flags & SQ_CPU_AVX512) != 0 && __builtin_cpu_supports ("avx512vnni"))
    flags |= SQ_CPU_VNNI;
  if ((flags & SQ_CPU_AVX512) != 0 && __builtin_cpu_supports ("avx512bf16"))
    flags |= SQ_CPU_BF16;
#endif
  return flags & cpu_mask;
}

void
sq_cpu_set_mask (unsigned mask)
{
  cpu_mask = mask;
}
