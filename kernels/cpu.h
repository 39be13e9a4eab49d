// SPDX-License-Identifier: GPL-3.0-or-later
// Which instruction sets this processor has; read once.
//
// Thread: any
#pragma once

#define SQ_CPU_AVX2 (1u << 0)   // AVX2, FMA, F16C
#define SQ_CPU_AVX512 (1u << 1) // F, BW, DQ, VL
#define SQ_CPU_VNNI (1u << 2)   // AVX-512 VNNI, and all of AVX512
#define SQ_CPU_BF16 (1u << 3)   // AVX-512 BF16, and all of AVX512

unsigned sq_cpu_flags (void);

// Tests: pretend the processor has only these of its flags (~0u: all).
void sq_cpu_set_mask (unsigned mask);
