// SPDX-License-Identifier: GPL-3.0-or-later
// out = act (a op b) over up to six dims. The host joins dims that lie behind one another in all three arrays; what is left is walked as
// rows: WIDE elements at once where the innermost dim is packed, 32 x 32 tiles where it is packed in one array and another dim in the other
// (NHWC to NCHW), or else one element after another.
#include "kernels/cuda/activation.cuh"

namespace
{
const int WIDE = 8, TILE = 32, TILE_ROWS = 8;

enum
{
  ADD,
  SUB,
  MUL,
  DIV,
  POW,
  MIN,
  MAX,
  MOD,
  FMOD,
  EQUAL,
  LESS,
  LESS_EQUAL,
  GREATER,
  GREATER_EQUAL,
  AND,
  OR,
  N_OPS,
};

struct Offsets
{
  int64_t out, a, b;
};

template <class T>
SQ_DEVICE bool
compare (int op, T a, T b)
{
  switch (op)
    {
    case EQUAL:
      return a == b;
    case LESS:
      return a < b;
    case LESS_EQUAL:
      return a <= b;
    case GREATER:
      return a > b;
    case GREATER_EQUAL:
      return a >= b;
    case AND:
      return a != 0 && b != 0;
    default:
      return a != 0 || b != 0;
    }
}

SQ_DEVICE float
combine (int op, float a, float b)
{
  switch (op)
    {
    case ADD:
      return a + b;
    case SUB:
      return a - b;
    case MUL:
      return a * b;
    case DIV:
      return a / b;
    case POW:
      return b == 2 ? a * a : powf (a, b);
    case MIN:
      return fminf (a, b);
    case MAX:
      return fmaxf (a, b);
    case MOD:
      return __fadd_rn (a, -__fmul_rn (floorf (a / b), b));
    case FMOD:
      return fmodf (a, b);
    default:
      return compare (op, a, b);
    }
}

// Floats become integers by cutting, saturated; NaN becomes 0.
SQ_DEVICE int64_t
cut (double x)
{
  return x != x ? 0 : x >= 9.2233720368547758e18 ? INT64_MAX : x <= -9.2233720368547758e18 ? INT64_MIN : (int64_t) x;
}

// Sums and products wrap; x / 0 = 0.
static __device__ inline int64_t
combine_integers (int op, int64_t a, int64_t b)
{
  switch (op)
    {
    case ADD:
      return (int64_t) ((uint64_t) a + (uint64_t) b);
    case SUB:
      return (int64_t) ((uint64_t) a - (uint64_t) b);
    case MUL:
      return (int64_t) ((uint64_t) a * (uint64_t) b);
    case DIV:
      return b == 0 ? 0 : b == -1 ? (int64_t) (0 - (uint64_t) a) : a / b;
    case POW:
      return cut (pow ((double) a, (double) b));
    case MIN:
      return a < b ? a : b;
    case MAX:
      return a > b ? a : b;
    case MOD:
      return b == 0 || b == -1 ? 0 : a % b + (a % b != 0 && (a < 0) != (b < 0) ? b : 0);
    case FMOD:
      return b == 0 || b == -1 ? 0 : a % b;
    default:
      return compare (op, a, b);
    }
}

SQ_DEVICE int64_t
activate_integer (const SqCudaAct &act, int64_t x)
{
  switch (act.kind)
    {
    case SQ_CUDA_ACT_NONE:
      return x;
    case SQ_CUDA_ACT_RELU:
      return x > 0 ? x : 0;
    case SQ_CUDA_ACT_ABS:
      return x < 0 ? (int64_t) (0 - (uint64_t) x) : x;
    case SQ_CUDA_ACT_NEG:
      return (int64_t) (0 - (uint64_t) x);
    case SQ_CUDA_ACT_NOT:
      return x == 0;
    default:
      return cut (sq_activate (act, (float) x));
    }
}

SQ_DEVICE int64_t
read_integer (const SqCudaView &view, int64_t at)
{
  return view.type == SQ_CUDA_I64   ? ((const int64_t *) view.data)[at]
         : view.type == SQ_CUDA_I32 ? ((const int32_t *) view.data)[at]
                                    : ((const uint8_t *) view.data)[at];
}

SQ_DEVICE void
write_integer (const SqCudaView &view, int64_t at, int64_t x)
{
  if (view.type == SQ_CUDA_I64)
    ((int64_t *) view.data)[at] = x;
  else if (view.type == SQ_CUDA_I32)
    ((int32_t *) view.data)[at] = (int32_t) (x < INT32_MIN ? INT32_MIN : x > INT32_MAX ? INT32_MAX : x);
  else
    ((uint8_t *) view.data)[at] = (uint8_t) (x < 0 ? 0 : x > 255 ? 255 : x);
}

SQ_DEVICE bool
is_integer (SqCudaType type)
{
  return type == SQ_CUDA_I64 || type == SQ_CUDA_I32 || type == SQ_CUDA_U8;
}

SQ_DEVICE float
read_one (const SqCudaView &view, int64_t at)
{
  float v[1];

  if (is_integer (view.type))
    return (float) read_integer (view, at);
  sq_read (view.data, view.type, at, view.scale, view.zero, v);
  return v[0];
}

SQ_DEVICE void
write_one (const SqCudaView &view, int64_t at, float x)
{
  const float v[1] = { x };

  if (is_integer (view.type))
    write_integer (view, at, cut (x));
  else
    sq_write (view.data, view.type, at, view.scale, view.zero, v);
}

// From the place in the order of dims [0, last] to the three elements.
template <class Index>
SQ_DEVICE Offsets
locate (const SqCudaElementwise &job, Index place, int last)
{
  Offsets o = { 0, 0, 0 };

#pragma unroll
  for (int d = SQ_CUDA_RANK - 1; d >= 0; d--)
    if (d <= last)
      {
        const Index dim = (Index) job.dim[d], i = place % dim;

        place /= dim;
        o.out += (int64_t) i * job.out.stride[d];
        o.a += (int64_t) i * job.a.stride[d];
        o.b += (int64_t) i * job.b.stride[d];
      }
  return o;
}

template <class Index>
__global__ void
any (SqCudaElementwise job, Index total, bool exact)
{
  for (Index i = (Index) blockIdx.x * blockDim.x + threadIdx.x; i < total; i += (Index) gridDim.x * blockDim.x)
    {
      const Offsets at = locate (job, i, SQ_CUDA_RANK - 1);

      if (exact)
        {
          int64_t x = read_integer (job.a, at.a);

          x = job.b.data != nullptr ? combine_integers (job.op, x, read_integer (job.b, at.b)) : x;
          write_integer (job.out, at.out, activate_integer (job.act, x));
        }
      else
        {
          float x = read_one (job.a, at.a);

          x = job.b.data != nullptr ? combine (job.op, x, read_one (job.b, at.b)) : x;
          write_one (job.out, at.out, sq_activate (job.act, x));
        }
    }
}

SQ_DEVICE void
read_wide (const SqCudaView &view, int64_t at, float (&v)[WIDE])
{
  if (view.stride[SQ_CUDA_RANK - 1] == 0)
    {
      const float x = read_one (view, at);

#pragma unroll
      for (int i = 0; i < WIDE; i++)
        v[i] = x;
    }
  else
    sq_read (view.data, view.type, at, view.scale, view.zero, v);
}

// `total` counts packs of WIDE.
template <class Index>
__global__ void
wide (SqCudaElementwise job, Index total)
{
  const Index row = (Index) (job.dim[SQ_CUDA_RANK - 1] / WIDE);

  for (Index i = (Index) blockIdx.x * blockDim.x + threadIdx.x; i < total; i += (Index) gridDim.x * blockDim.x)
    {
      const int64_t inner = (int64_t) (i % row) * WIDE;
      const Offsets at = locate (job, i / row, SQ_CUDA_RANK - 2);
      float x[WIDE];

      read_wide (job.a, at.a + inner * job.a.stride[SQ_CUDA_RANK - 1], x);
      if (job.b.data != nullptr)
        {
          float y[WIDE];

          read_wide (job.b, at.b + inner * job.b.stride[SQ_CUDA_RANK - 1], y);
#pragma unroll
          for (int k = 0; k < WIDE; k++)
            x[k] = combine (job.op, x[k], y[k]);
        }
#pragma unroll
      for (int k = 0; k < WIDE; k++)
        x[k] = sq_activate (job.act, x[k]);
      sq_write (job.out.data, job.out.type, at.out + inner, job.out.scale, job.out.zero, x);
    }
}

// a is packed along `axis`, out along the last dim: both are touched in rows of 32, the turn happens in shared memory. The host has put
// `axis` beside the last dim.
__global__ void
turn (SqCudaElementwise job, int64_t tiles_x, int64_t tiles_y, int64_t batches)
{
  const int last = SQ_CUDA_RANK - 1, axis = SQ_CUDA_RANK - 2;
  __shared__ float tile[TILE][TILE + 1];

  for (int64_t t = blockIdx.x; t < tiles_x * tiles_y * batches; t += gridDim.x)
    {
      const int64_t x0 = t % tiles_x * TILE, y0 = t / tiles_x % tiles_y * TILE;
      const Offsets at = locate (job, t / tiles_x / tiles_y, SQ_CUDA_RANK - 3);

      for (int r = threadIdx.y; r < TILE; r += TILE_ROWS)
        if (y0 + threadIdx.x < job.dim[axis] && x0 + r < job.dim[last])
          tile[r][threadIdx.x] = read_one (job.a, at.a + (y0 + threadIdx.x) * job.a.stride[axis] + (x0 + r) * job.a.stride[last]);
      __syncthreads ();
      for (int r = threadIdx.y; r < TILE; r += TILE_ROWS)
        if (x0 + threadIdx.x < job.dim[last] && y0 + r < job.dim[axis])
          write_one (job.out, at.out + (y0 + r) * job.out.stride[axis] + (x0 + threadIdx.x) * job.out.stride[last],
                     sq_activate (job.act, tile[threadIdx.x][r]));
      __syncthreads ();
    }
}

void
swap_dims (SqCudaElementwise *job, int i, int j)
{
  SqCudaView *views[] = { &job->out, &job->a, &job->b };
  int64_t t = job->dim[i];

  job->dim[i] = job->dim[j];
  job->dim[j] = t;
  for (SqCudaView *view : views)
    {
      t = view->stride[i];
      view->stride[i] = view->stride[j];
      view->stride[j] = t;
    }
}

// Drops dims of 1 and joins dims that are one run of equal steps in every array; what is left stands at the end.
void
collapse (SqCudaElementwise *job)
{
  int at = SQ_CUDA_RANK - 1;
  SqCudaElementwise r = *job;

  for (int d = 0; d < SQ_CUDA_RANK; d++)
    {
      r.dim[d] = 1;
      r.out.stride[d] = r.a.stride[d] = r.b.stride[d] = 0;
    }
  for (int d = SQ_CUDA_RANK - 1; d >= 0; d--)
    {
      if (job->dim[d] == 1)
        continue;
      if (r.dim[at] != 1)
        {
          const int64_t n = r.dim[at];

          if (job->out.stride[d] == n * r.out.stride[at] && job->a.stride[d] == n * r.a.stride[at]
              && job->b.stride[d] == n * r.b.stride[at])
            {
              r.dim[at] *= job->dim[d];
              continue;
            }
          at--;
        }
      r.dim[at] = job->dim[d];
      r.out.stride[at] = job->out.stride[d];
      r.a.stride[at] = job->a.stride[d];
      r.b.stride[at] = job->b.stride[d];
    }
  *job = r;
}

bool
wide_fits (const SqCudaView *view, bool may_repeat)
{
  const int64_t step = view->stride[SQ_CUDA_RANK - 1];

  if (view->data == nullptr || (step == 0 && may_repeat))
    return true;
  if (step != 1 || !sq_is_picture (view->type) || (uintptr_t) view->data % (unsigned) (WIDE * sq_type_bytes (view->type)) != 0)
    return false;
  for (int d = 0; d < SQ_CUDA_RANK - 1; d++)
    if (view->stride[d] % WIDE != 0)
      return false;
  return true;
}

bool
view_valid (const SqCudaView *view)
{
  return view->type >= SQ_CUDA_F32 && view->type <= SQ_CUDA_E4M3
         && (!sq_is_picture (view->type) || sq_is_float (view->type) || view->scale > 0);
}

// The dim that a is packed along, where turning tiles pays; -1.
int
turning_axis (const SqCudaElementwise *job)
{
  const int last = SQ_CUDA_RANK - 1;

  if (job->b.data != nullptr || job->out.stride[last] != 1 || job->a.stride[last] <= 1 || job->dim[last] < 8)
    return -1;
  for (int d = 0; d < last; d++)
    if (job->dim[d] >= 8 && job->a.stride[d] == 1)
      return d;
  return -1;
}
}

int
SQ_ENTRY (elementwise) (const SqCudaElementwise *caller_job, void *stream)
{
  SqCudaElementwise job = *caller_job;
  int64_t total = 1;
  bool exact;

  if (job.out.data == nullptr || job.a.data == nullptr || !view_valid (&job.out) || !view_valid (&job.a) || !sq_act_valid (&job.act)
      || (job.b.data != nullptr && (!view_valid (&job.b) || job.op < 0 || job.op >= N_OPS)))
    return 1;
  for (int d = 0; d < SQ_CUDA_RANK; d++)
    {
      if (job.dim[d] < 0 || (job.dim[d] > 0 && total > INT64_MAX / job.dim[d]))
        return 1;
      total *= job.dim[d];
      if (job.b.data == nullptr)
        job.b.stride[d] = 0;
    }
  if (total == 0)
    return 0;
  exact = !sq_is_picture (job.out.type) && !sq_is_picture (job.a.type) && (job.b.data == nullptr || !sq_is_picture (job.b.type));
  collapse (&job);
  if (!exact && job.dim[SQ_CUDA_RANK - 1] % WIDE == 0 && wide_fits (&job.out, false) && wide_fits (&job.a, true)
      && wide_fits (&job.b, true))
    {
      total /= WIDE;
      return total < INT32_MAX
                 ? SQ_LAUNCH_PLAIN (wide<uint32_t>, dim3 (sq_blocks (total, 256)), dim3 (256), 0, stream, job, (uint32_t) total)
                 : SQ_LAUNCH_PLAIN (wide<uint64_t>, dim3 (sq_blocks (total, 256)), dim3 (256), 0, stream, job, (uint64_t) total);
    }
  const int axis = exact ? -1 : turning_axis (&job);

  if (axis >= 0)
    {
      swap_dims (&job, axis, SQ_CUDA_RANK - 2);
      const int64_t x = (job.dim[SQ_CUDA_RANK - 1] + TILE - 1) / TILE, y = (job.dim[SQ_CUDA_RANK - 2] + TILE - 1) / TILE;
      const int64_t batches = total / (job.dim[SQ_CUDA_RANK - 1] * job.dim[SQ_CUDA_RANK - 2]);

      return SQ_LAUNCH (turn, dim3 (sq_blocks (x * y * batches, 1)), dim3 (TILE, TILE_ROWS), 0, stream, job, x, y, batches);
    }
  return total < INT32_MAX
             ? SQ_LAUNCH_PLAIN (any<uint32_t>, dim3 (sq_blocks (total, 256)), dim3 (256), 0, stream, job, (uint32_t) total, exact)
             : SQ_LAUNCH_PLAIN (any<uint64_t>, dim3 (sq_blocks (total, 256)), dim3 (256), 0, stream, job, (uint64_t) total, exact);
}
