// SPDX-License-Identifier: GPL-3.0-or-later
// IEEE half precision in integers, for compilers without _Float16. Rounds half to even.
#pragma once

#include <stdint.h>
#include <string.h>

static inline float
sq_test_from_half (uint16_t half)
{
  uint32_t magnitude = (uint32_t) (half & 0x7fff) << 13, sign = (uint32_t) (half & 0x8000) << 16, bits;
  float f;

  memcpy (&f, &magnitude, sizeof f);
  f *= 0x1p112f; // also right for subnormals
  memcpy (&bits, &f, sizeof bits);
  bits = (magnitude >= 0x0f800000 ? 0x7f800000 | magnitude : bits) | sign;
  memcpy (&f, &bits, sizeof f);
  return f;
}

static inline uint16_t
sq_test_to_half (float f)
{
  uint32_t bits, magnitude, sign;

  memcpy (&bits, &f, sizeof bits);
  magnitude = bits & 0x7fffffff;
  sign = bits >> 16 & 0x8000;
  if (magnitude > 0x7f800000)
    return 0x7fff;
  if (magnitude >= 0x477ff000)
    return (uint16_t) (sign | 0x7c00);
  if (magnitude < 0x38800000) // subnormal: the adder rounds at the right bit
    {
      memcpy (&f, &magnitude, sizeof f);
      f += .5f;
      memcpy (&bits, &f, sizeof bits);
      return (uint16_t) (sign | (bits - 0x3f000000));
    }
  return (uint16_t) (sign | (magnitude + 0xfff + (magnitude >> 13 & 1) - 0x38000000) >> 13);
}
