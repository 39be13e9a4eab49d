// SPDX-License-Identifier: GPL-3.0-or-later
// SqAct (engine/ops/params.h) by number. The kind is the same for all threads: the switch costs little beside a read from memory.
#pragma once

#include "kernels/cuda/common.cuh"

enum
{
  SQ_CUDA_ACT_NONE,
  SQ_CUDA_ACT_RELU,
  SQ_CUDA_ACT_LEAKY,
  SQ_CUDA_ACT_CLIP,
  SQ_CUDA_ACT_SIGMOID,
  SQ_CUDA_ACT_SILU,
  SQ_CUDA_ACT_HARDSIGMOID,
  SQ_CUDA_ACT_HARDSWISH,
  SQ_CUDA_ACT_MISH,
  SQ_CUDA_ACT_TANH,
  SQ_CUDA_ACT_SOFTPLUS,
  SQ_CUDA_ACT_EXP,
  SQ_CUDA_ACT_LOG,
  SQ_CUDA_ACT_SQRT,
  SQ_CUDA_ACT_ABS,
  SQ_CUDA_ACT_NEG,
  SQ_CUDA_ACT_FLOOR,
  SQ_CUDA_ACT_CEIL,
  SQ_CUDA_ACT_ROUND,
  SQ_CUDA_ACT_RECIPROCAL,
  SQ_CUDA_ACT_ERF,
  SQ_CUDA_ACT_SIN,
  SQ_CUDA_ACT_COS,
  SQ_CUDA_ACT_NOT,
  SQ_CUDA_N_ACTS,
};

SQ_DEVICE float
sq_sigmoid (float x)
{
  return 1 / (1 + expf (-x));
}

SQ_DEVICE float
sq_softplus (float x)
{
  return x > 20 ? x : log1pf (expf (x));
}

// Kept out of line: copied into every kernel for every output of a thread, these are most of the compiler's work.
static __device__ SQ_NOINLINE float
sq_activate_seldom (int kind, float x)
{
  switch (kind)
    {
    case SQ_CUDA_ACT_MISH:
      return x * tanhf (sq_softplus (x));
    case SQ_CUDA_ACT_TANH:
      return tanhf (x);
    case SQ_CUDA_ACT_SOFTPLUS:
      return sq_softplus (x);
    case SQ_CUDA_ACT_EXP:
      return expf (x);
    case SQ_CUDA_ACT_LOG:
      return logf (x);
    case SQ_CUDA_ACT_SQRT:
      return sqrtf (x);
    case SQ_CUDA_ACT_ABS:
      return fabsf (x);
    case SQ_CUDA_ACT_NEG:
      return -x;
    case SQ_CUDA_ACT_FLOOR:
      return floorf (x);
    case SQ_CUDA_ACT_CEIL:
      return ceilf (x);
    case SQ_CUDA_ACT_ROUND:
      return rintf (x);
    case SQ_CUDA_ACT_RECIPROCAL:
      return 1 / x;
    case SQ_CUDA_ACT_ERF:
      return erff (x);
    case SQ_CUDA_ACT_SIN:
      return sinf (x);
    case SQ_CUDA_ACT_COS:
      return cosf (x);
    case SQ_CUDA_ACT_NOT:
      return x == 0;
    default:
      return x;
    }
}

SQ_DEVICE float
sq_activate (const SqCudaAct &act, float x)
{
  switch (act.kind)
    {
    case SQ_CUDA_ACT_NONE:
      return x;
    case SQ_CUDA_ACT_RELU:
      return x > 0 ? x : 0;
    case SQ_CUDA_ACT_LEAKY:
      return x < 0 ? act.a * x : x;
    case SQ_CUDA_ACT_CLIP:
      return fminf (fmaxf (x, act.a), act.b);
    case SQ_CUDA_ACT_SIGMOID:
      return sq_sigmoid (x);
    case SQ_CUDA_ACT_SILU:
      return x / (1 + expf (-x));
    case SQ_CUDA_ACT_HARDSIGMOID:
      return fminf (fmaxf (act.a * x + act.b, 0.f), 1.f);
    case SQ_CUDA_ACT_HARDSWISH:
      return x * fminf (fmaxf (x / 6 + .5f, 0.f), 1.f);
    default:
      return sq_activate_seldom (act.kind, x);
    }
}

static inline bool
sq_act_valid (const SqCudaAct *act)
{
  return act->kind >= 0 && act->kind < SQ_CUDA_N_ACTS;
}
