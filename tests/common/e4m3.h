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

// The nearest of all magnitudes; of two as near the even one.
static inline uint8_t
sq_test_to_e4m3 (float f)
{
  uint8_t sign = signbit (f) ? 0x80 : 0, below = 0, above = 0x7e;
  double v = fabs ((double) f), down, up;

  if (isnan (f))
    return sign | 0x7f;
  if (v >= 448)
    return sign | 0x7e;
  while (above - below > 1)
    {
      uint8_t middle = (uint8_t) ((below + above) / 2);

      if (sq_test_from_e4m3 (middle) <= v)
        below = middle;
      else
        above = middle;
    }
  down = v - sq_test_from_e4m3 (below);
  up = sq_test_from_e4m3 (above) - v;
  return sign | (down < up || (down == up && below % 2 == 0) ? below : above);
}
