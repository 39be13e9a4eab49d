// SPDX-License-Identifier: GPL-3.0-or-later
// 8-bit floats (E4M3 of OCP's 8-bit floating point) as their definition says, without a thought of speed.
#pragma once

#include <math.h>
#include <stdint.h>

static inline float
sq_test_from_e4m3 (uint8_t bits)
{
  int exponent = bits >> 3 & 15, mantissa = bits & 7;
  float v = exponent == 0 ? ldexpf ((float) mantissa, -9) : ldexpf ((float) (8 + mantissa), exponent - 10);

  if ((bits & 0x7f) == 0x7f)
    v = NAN;
  return bits & 0x80 ? -v : v;
}

// The nearest of all 127 magnitudes; of two as near the even one.
static inline uint8_t
sq_test_to_e4m3 (float f)
{
  uint8_t sign = signbit (f) ? 0x80 : 0, best = 0;
  double v = fabs ((double) f);

  if (isnan (f))
    return sign | 0x7f;
  if (v >= 448)
    return sign | 0x7e;
  for (uint8_t code = 1; code < 0x7f; code++)
    {
      double near = fabs (sq_test_from_e4m3 (code) - v), nearest = fabs (sq_test_from_e4m3 (best) - v);

      if (near < nearest || (near == nearest && code % 2 == 0))
        best = code;
    }
  return sign | best;
}
