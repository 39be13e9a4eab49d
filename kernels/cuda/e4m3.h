// SPDX-License-Identifier: GPL-3.0-or-later
// 8-bit floats as SQ_CUDA_E4M3 stores them: a sign, 4 bits of exponent (bias 7), 3 of mantissa. 0x7f and 0xff are no numbers; there is no
// infinity, the largest number is 448.
//
// Thread: any, on the host and on the device
#pragma once

#include <stdint.h>
#include <string.h>

#if defined(__CUDACC__) || defined(SQ_CUDA_EMULATED)
#define SQ_E4M3 static __host__ __device__ __forceinline__
#else
#define SQ_E4M3 static inline
#endif

// The bits stand as those of a float that is 2^120 too small; subnormals too.
SQ_E4M3 float
sq_e4m3_to_float (uint8_t code)
{
  const uint32_t magnitude = code & 0x7fu, sign = (uint32_t) (code & 0x80) << 24;
  uint32_t bits = magnitude << 20;
  float f;

  memcpy (&f, &bits, sizeof f);
  f *= 0x1p120f;
  memcpy (&bits, &f, sizeof bits);
  bits = (magnitude == 0x7f ? 0x7fc00000 : bits) | sign;
  memcpy (&f, &bits, sizeof f);
  return f;
}

// To the nearest, halves to even; beyond 448 to 448, as the hardware's own conversion does.
SQ_E4M3 uint8_t
sq_e4m3_from_float (float f)
{
  uint32_t bits, magnitude, sign;

  memcpy (&bits, &f, sizeof bits);
  magnitude = bits & 0x7fffffff;
  sign = bits >> 24 & 0x80;
  if (magnitude > 0x7f800000)
    return (uint8_t) (sign | 0x7f);
  if (magnitude >= 0x43e00000)
    return (uint8_t) (sign | 0x7e);
  if (magnitude < 0x3c800000) // subnormal: the adder rounds at the right bit
    {
      memcpy (&f, &magnitude, sizeof f);
      f += 0x1p14f;
      memcpy (&bits, &f, sizeof bits);
      return (uint8_t) (sign | (bits - 0x46800000));
    }
  return (uint8_t) (sign | (magnitude + 0x7ffff + (magnitude >> 20 & 1) - 0x3c000000) >> 20);
}
