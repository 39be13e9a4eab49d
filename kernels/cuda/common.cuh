// SPDX-License-Identifier: GPL-3.0-or-later
// What every kernel file shares: the launch macros, reading and writing of numbers of any type, checks of a launch's sizes.
//
// Launches go through SQ_LAUNCH, never through <<<>>>, so that tests can compile the same files for the processor (tests/emulation,
// included before these files, defines its own). Loops over the grid are strided: no size is limited by the grid's.
#pragma once

#include "kernels/cuda/cuda.h"
#include "kernels/cuda/e4m3.h"

#ifndef SQ_CUDA_EMULATED
#include <cuda_fp16.h>
#include <cuda_runtime.h>

// The formatter takes the end of a launch for templates'.
// clang-format off
#define SQ_LAUNCH(kernel, grid, size, shared, stream, ...)                                                                                 \
  (kernel<<<grid, size, shared, (cudaStream_t) (stream)>>> (__VA_ARGS__), (int) cudaGetLastError ())
// clang-format on
#define SQ_LAUNCH_PLAIN SQ_LAUNCH // says that the kernel has no barrier and no warp operation: the emulation is quicker then
#define SQ_DYNAMIC_SHARED(type, name)                                                                                                      \
  extern __shared__ __align__ (16) unsigned char sq_dynamic_shared[];                                                                      \
  type *name = reinterpret_cast<type *> (sq_dynamic_shared)
#endif

#ifndef SQ_MAX_BLOCKS
#define SQ_MAX_BLOCKS 65535 // tests set less, so that the strided loops are walked
#endif

#define SQ_DEVICE static __device__ __forceinline__
#define SQ_NOINLINE __attribute__ ((noinline, unused))

// Neighbours moved at once.
template <class T, int V> struct alignas (sizeof (T) * V) SqPack
{
  T v[V];
};

template <class T> struct SqTypeOf;
template <> struct SqTypeOf<float>
{
  static constexpr SqCudaType type = SQ_CUDA_F32;
};
template <> struct SqTypeOf<__half>
{
  static constexpr SqCudaType type = SQ_CUDA_F16;
};
template <> struct SqTypeOf<int8_t>
{
  static constexpr SqCudaType type = SQ_CUDA_S8;
};

SQ_DEVICE float
sq_number (float v)
{
  return v;
}

SQ_DEVICE float
sq_number (__half v)
{
  return __half2float (v);
}

SQ_DEVICE float
sq_number (int8_t v)
{
  return (float) v;
}

// Division, not a product with 1 / scale: rounding must fall as the CPU's does.
SQ_DEVICE int8_t
sq_quantise (float v, float scale, int zero)
{
  return (int8_t) fminf (fmaxf (rintf (v / scale) + (float) zero, -128.f), 127.f);
}

// V neighbours from element `at`, which is aligned to V.
template <int V>
SQ_DEVICE void
sq_read (const void *data, SqCudaType type, int64_t at, float scale, int zero, float (&v)[V])
{
  if (type == SQ_CUDA_F32)
    {
      SqPack<float, V> p = *reinterpret_cast<const SqPack<float, V> *> ((const float *) data + at);

      for (int i = 0; i < V; i++)
        v[i] = p.v[i];
    }
  else if (type == SQ_CUDA_F16)
    {
      SqPack<__half, V> p = *reinterpret_cast<const SqPack<__half, V> *> ((const __half *) data + at);

      for (int i = 0; i < V; i++)
        v[i] = __half2float (p.v[i]);
    }
  else if (type == SQ_CUDA_E4M3)
    {
      SqPack<uint8_t, V> p = *reinterpret_cast<const SqPack<uint8_t, V> *> ((const uint8_t *) data + at);

      for (int i = 0; i < V; i++)
        v[i] = scale * sq_e4m3_to_float (p.v[i]);
    }
  else
    {
      SqPack<int8_t, V> p = *reinterpret_cast<const SqPack<int8_t, V> *> ((const int8_t *) data + at);

      for (int i = 0; i < V; i++)
        v[i] = scale * (float) (p.v[i] - zero);
    }
}

template <int V>
SQ_DEVICE void
sq_write (void *data, SqCudaType type, int64_t at, float scale, int zero, const float (&v)[V])
{
  if (type == SQ_CUDA_F32)
    {
      SqPack<float, V> p;

      for (int i = 0; i < V; i++)
        p.v[i] = v[i];
      *reinterpret_cast<SqPack<float, V> *> ((float *) data + at) = p;
    }
  else if (type == SQ_CUDA_F16)
    {
      SqPack<__half, V> p;

      for (int i = 0; i < V; i++)
        p.v[i] = __float2half_rn (v[i]);
      *reinterpret_cast<SqPack<__half, V> *> ((__half *) data + at) = p;
    }
  else if (type == SQ_CUDA_E4M3)
    {
      SqPack<uint8_t, V> p;

      for (int i = 0; i < V; i++)
        p.v[i] = sq_e4m3_from_float (v[i] / scale);
      *reinterpret_cast<SqPack<uint8_t, V> *> ((uint8_t *) data + at) = p;
    }
  else
    {
      SqPack<int8_t, V> p;

      for (int i = 0; i < V; i++)
        p.v[i] = sq_quantise (v[i], scale, zero);
      *reinterpret_cast<SqPack<int8_t, V> *> ((int8_t *) data + at) = p;
    }
}

// --- on the host
// -------------------------------------------------------------------------------------------------------------------------------

static inline bool
sq_is_float (SqCudaType type)
{
  return type == SQ_CUDA_F32 || type == SQ_CUDA_F16;
}

// What pictures are made of: not the whole numbers.
static inline bool
sq_is_picture (SqCudaType type)
{
  return sq_is_float (type) || type == SQ_CUDA_S8 || type == SQ_CUDA_E4M3;
}

static inline int
sq_type_bytes (SqCudaType type)
{
  return type == SQ_CUDA_F32 || type == SQ_CUDA_I32 ? 4 : type == SQ_CUDA_F16 ? 2 : type == SQ_CUDA_I64 ? 8 : 1;
}

static inline unsigned
sq_blocks (int64_t work, int64_t per_block)
{
  int64_t blocks = (work + per_block - 1) / per_block;

  return (unsigned) (blocks > SQ_MAX_BLOCKS ? SQ_MAX_BLOCKS : blocks);
}

// A picture that may be read or written: a type that pictures have, sizes that make sense. No image at all is fine.
static inline bool
sq_map_valid (const SqCudaMap *map)
{
  return map->n >= 0 && map->h >= 0 && map->w >= 0 && map->c >= 1 && (map->data != nullptr || map->n == 0) && sq_is_picture (map->type)
         && (sq_is_float (map->type) || map->scale > 0);
}

static inline bool
sq_map_empty (const SqCudaMap *map)
{
  return map->n == 0 || map->h == 0 || map->w == 0;
}

// May v channels be moved at once?
static inline bool
sq_map_wide (const SqCudaMap *map, int v)
{
  return map->c % v == 0 && map->image % v == 0 && map->row % v == 0 && map->pixel % v == 0
         && (uintptr_t) map->data % (unsigned) (v * sq_type_bytes (map->type)) == 0;
}

static inline bool
sq_window_valid (const int kernel[2], const int stride[2], const int dilation[2], const int pad[4])
{
  for (int i = 0; i < 2; i++)
    if (kernel[i] < 1 || stride[i] < 1 || dilation[i] < 1 || pad[i] < 0 || pad[2 + i] < 0)
      return false;
  return true;
}

// The entries of the table, one or more per file; the emulation's have names of their own, so that a program may hold both.
#ifndef SQ_ENTRY
#ifdef SQ_CUDA_EMULATED
#define SQ_ENTRY(name) sq_cuda_emulated_##name
#else
#define SQ_ENTRY(name) sq_cuda_##name
#endif
#endif

extern "C"
{
  int SQ_ENTRY (elementwise) (const SqCudaElementwise *job, void *stream);
  int SQ_ENTRY (depthwise) (const SqCudaConv *job, void *stream);
  int SQ_ENTRY (stem) (const SqCudaConv *job, void *stream);
  int SQ_ENTRY (conv) (const SqCudaConv *job, void *stream);
  int SQ_ENTRY (conv_transpose) (const SqCudaConv *job, void *stream);
  int SQ_ENTRY (pool) (const SqCudaPool *job, void *stream);
  int SQ_ENTRY (resize) (const SqCudaResize *job, void *stream);
  int SQ_ENTRY (softmax) (const SqCudaSoftmax *job, void *stream);
  int SQ_ENTRY (matmul) (const SqCudaMatmul *job, void *stream);
  int SQ_ENTRY (reduce) (const SqCudaReduce *job, void *stream);
  int SQ_ENTRY (letterbox) (const SqCudaLetterbox *job, void *stream);
  int SQ_ENTRY (head) (const SqCudaHead *job, void *stream);
  uint64_t SQ_ENTRY (topk_scratch) (uint32_t capacity);
  int SQ_ENTRY (topk) (const SqCudaTopk *job, void *stream);
  int SQ_ENTRY (nms) (const SqCudaNms *job, void *stream);
}
