// SPDX-License-Identifier: GPL-3.0-or-later
// Sums and extremes over the 32 lanes of a warp; every lane gets the result.
#pragma once

#include "kernels/cuda/common.cuh"

SQ_DEVICE float
sq_warp_sum (float v)
{
  for (int lanes = 16; lanes > 0; lanes /= 2)
    v += __shfl_xor_sync (~0u, v, lanes);
  return v;
}

SQ_DEVICE float
sq_warp_max (float v)
{
  for (int lanes = 16; lanes > 0; lanes /= 2)
    v = fmaxf (v, __shfl_xor_sync (~0u, v, lanes));
  return v;
}

SQ_DEVICE float
sq_warp_min (float v)
{
  for (int lanes = 16; lanes > 0; lanes /= 2)
    v = fminf (v, __shfl_xor_sync (~0u, v, lanes));
  return v;
}
