// SPDX-License-Identifier: GPL-3.0-or-later
// The subset of CUDA that kernels/cuda uses, for a C++ compiler: included before a .cu file, it makes a launch a loop over blocks whose
// threads are fibers. A barrier, shuffle or ballot is where one fiber hands over to the next. Blocks run one after another; timing, memory
// order and divergence are not imitated.
//
// Thread: any; a launch stays on the thread that runs it
#pragma once

#include "cuemu.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>

#define SQ_CUDA_EMULATED 1
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__ ((always_inline))
#define __launch_bounds__(...)
#define __restrict__ __restrict
#define __shared__ static thread_local // blocks of one OS thread run one after another

typedef void *cudaStream_t;

enum
{
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorInvalidConfiguration = 9,
};

struct uint3
{
  unsigned x, y, z;
};

struct dim3
{
  unsigned x, y, z;
  dim3 (unsigned a = 1, unsigned b = 1, unsigned c = 1) : x (a), y (b), z (c)
  {
  }
};

struct alignas (16) uint4
{
  unsigned x, y, z, w;
};

namespace cuemu
{
enum class State
{
  READY,
  BARRIER,
  WARP,
  DONE,
};

struct Fiber
{
  uint3 index;
  unsigned linear;
  State state;
  int line;      // of the barrier waited at
  unsigned mask; // lanes of the warp operation waited for
  uint64_t slot; // what this lane brings to it
  void *sp;      // where it was left
  char *stack;
  void *fake; // ASan's
};

struct Block
{
  Fiber *fibers;
  unsigned n;
  uint3 index;
  dim3 size, grid;
  char *shared;
};

// A launch with its arguments, ready to run any number of times.
class Launch
{
public:
  dim3 grid, block;
  size_t shared;
  bool plain; // no barrier, no warp operation: loops instead of fibers

  virtual void thread () = 0; // the kernel, for the current fiber
  virtual void loop () = 0;   // the kernel, for every thread of the current block
  virtual ~Launch () = default;
};

extern __thread Fiber *self;
extern __thread Block *block;

void barrier (int line);
void warp_meet (unsigned mask, int line);
void enter_plain (Block *block, Fiber *fiber);
int submit (Launch *launch, void *stream);

template <class... P> class LaunchOf final : public Launch
{
public:
  void (*kernel) (P...);
  std::tuple<std::decay_t<P>...> arguments;

  template <class... A> explicit LaunchOf (void (*k) (P...), A &&...args) : kernel (k), arguments (std::forward<A> (args)...)
  {
  }
  void
  thread () override
  {
    std::apply (kernel, arguments);
  }
  void
  loop () override
  {
    for (unsigned z = 0; z < block.z; z++)
      for (unsigned y = 0; y < block.y; y++)
        for (unsigned x = 0; x < block.x; x++)
          {
            self->index = { x, y, z };
            self->linear = (z * block.y + y) * block.x + x;
            std::apply (kernel, arguments);
          }
  }
};

template <class... P, class... A>
int
launch (bool plain, void (*kernel) (P...), dim3 grid, dim3 size, size_t shared, void *stream, A &&...args)
{
  Launch *l = new LaunchOf<P...> (kernel, std::forward<A> (args)...);

  l->grid = grid;
  l->block = size;
  l->shared = shared;
  l->plain = plain;
  return submit (l, stream);
}

// Every lane's value of `v`, then the one of lane `from`.
template <class T>
T
exchange (unsigned mask, T v, unsigned from, int line)
{
  Fiber *me = self;
  unsigned first = me->linear & ~31u;
  T result = v;

  static_assert (sizeof (T) <= sizeof me->slot, "too wide for a shuffle");
  me->slot = 0;
  memcpy (&me->slot, &v, sizeof v);
  warp_meet (mask, line);
  if (first + from < block->n)
    memcpy (&result, &block->fibers[first + from].slot, sizeof result);
  warp_meet (mask, line); // nobody overwrites a slot before all have read
  return result;
}

inline unsigned
ballot (unsigned mask, bool p, int line)
{
  Fiber *me = self;
  unsigned first = me->linear & ~31u, result = 0;

  me->slot = p;
  warp_meet (mask, line);
  for (unsigned i = 0; i < 32 && first + i < block->n; i++)
    if ((mask >> i & 1) != 0 && block->fibers[first + i].slot != 0)
      result |= 1u << i;
  warp_meet (mask, line);
  return result;
}
}

#define SQ_LAUNCH(kernel, grid, size, shared, stream, ...) cuemu::launch (false, kernel, grid, size, shared, stream, __VA_ARGS__)
#define SQ_LAUNCH_PLAIN(kernel, grid, size, shared, stream, ...) cuemu::launch (true, kernel, grid, size, shared, stream, __VA_ARGS__)
#define SQ_DYNAMIC_SHARED(type, name) type *name = reinterpret_cast<type *> (cuemu::block->shared)

#define threadIdx (cuemu::self->index)
#define blockIdx (cuemu::block->index)
#define blockDim (cuemu::block->size)
#define gridDim (cuemu::block->grid)
#define __syncthreads() cuemu::barrier (__LINE__)
#define __syncwarp(...) cuemu::warp_meet (~0u, __LINE__)
#define __ballot_sync(mask, p) cuemu::ballot (mask, (p) != 0, __LINE__)
#define __shfl_sync(mask, v, from) cuemu::exchange (mask, v, (from) &31, __LINE__)
#define __shfl_xor_sync(mask, v, lanes) cuemu::exchange (mask, v, (threadIdx.x & 31) ^ (lanes), __LINE__)

template <class T>
T
atomicAdd (T *p, T v)
{
  return __atomic_fetch_add (p, v, __ATOMIC_RELAXED);
}

inline int
__popc (unsigned v)
{
  return __builtin_popcount (v);
}

inline int
__ffs (int v)
{
  return __builtin_ffs (v);
}

inline unsigned
__float_as_uint (float f)
{
  unsigned u;

  memcpy (&u, &f, sizeof u);
  return u;
}

inline float
__uint_as_float (unsigned u)
{
  float f;

  memcpy (&f, &u, sizeof f);
  return f;
}

inline int
__float2int_rn (float x)
{
  return std::isnan (x) ? 0 : x >= 2147483648.f ? INT32_MAX : x < -2147483648.f ? INT32_MIN : (int) lrintf (x);
}

// Products and sums that a compiler must not join.
inline float
__fmul_rn (float a, float b)
{
  return a * b;
}

inline float
__fadd_rn (float a, float b)
{
  return a + b;
}

inline double
__dmul_rn (double a, double b)
{
  return a * b;
}

inline double
__dadd_rn (double a, double b)
{
  return a + b;
}

inline int
__dp4a (int a, int b, int sum)
{
  for (int i = 0; i < 4; i++)
    sum += (int8_t) ((unsigned) a >> 8 * i) * (int8_t) ((unsigned) b >> 8 * i);
  return sum;
}

template <class T>
T
__ldg (const T *p)
{
  return *p;
}

using std::max;
using std::min;

struct __half
{
  uint16_t bits;
};

inline float
__half2float (__half h)
{
  unsigned magnitude = (unsigned) (h.bits & 0x7fff) << 13, sign = (unsigned) (h.bits & 0x8000) << 16;
  float f = __uint_as_float (magnitude) * 0x1p112f; // also right for subnormals

  return __uint_as_float ((magnitude >= 0x0f800000 ? 0x7f800000 | magnitude : __float_as_uint (f)) | sign);
}

inline __half
__float2half_rn (float f)
{
  unsigned u = __float_as_uint (f), magnitude = u & 0x7fffffff, sign = u >> 16 & 0x8000;

  if (magnitude > 0x7f800000)
    return { 0x7fff };
  if (magnitude >= 0x477ff000)
    return { (uint16_t) (sign | 0x7c00) };
  if (magnitude < 0x38800000) // subnormal: the adder rounds at the right bit
    return { (uint16_t) (sign | (__float_as_uint (__uint_as_float (magnitude) + .5f) - 0x3f000000)) };
  return { (uint16_t) (sign | (magnitude + 0xfff + (magnitude >> 13 & 1) - 0x38000000) >> 13) };
}
