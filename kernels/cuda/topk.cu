// SPDX-License-Identifier: GPL-3.0-or-later
// The best boxes in one order, whatever order they arrived in. One block does it all: it finds the key of the last box to keep, eight bits
// at a time from the top (a radix select that stops as soon as a digit splits exactly), gathers what is at least as good, and sorts that
// (bitonic). A key is the score, then class, corners: as many bits as it takes until no two different boxes are equal.
#include "kernels/cuda/common.cuh"

namespace
{
const int THREADS = 1024, MOST = 4096, WORDS = 6;

// Floats in the order of unsigned numbers; NaN comes before everything.
SQ_DEVICE uint32_t
rising (float v)
{
  const uint32_t bits = __float_as_uint (v);

  return v != v ? 0 : bits >> 31 ? ~bits : bits | 0x80000000;
}

// Word w of the key; the larger key is the better box.
SQ_DEVICE uint32_t
key_word (const SqCudaBox &box, int w)
{
  switch (w)
    {
    case 0:
      return rising (box.score);
    case 1:
      return ~((uint32_t) box.class_id ^ 0x80000000);
    case 2:
      return ~rising (box.x1);
    case 3:
      return ~rising (box.y1);
    case 4:
      return ~rising (box.x2);
    default:
      return ~rising (box.y2);
    }
}

// 1: a is better, -1: b, 0: they are the same.
static __device__ inline int
compare (const SqCudaBox &a, const SqCudaBox &b)
{
  for (int w = 0; w < WORDS; w++)
    {
      const uint32_t x = key_word (a, w), y = key_word (b, w);

      if (x != y)
        return x > y ? 1 : -1;
    }
  return 0;
}

// -1, 0, 1: the key's first `digits` bytes against those of `prefix`.
SQ_DEVICE int
against (const SqCudaBox &box, const uint32_t *prefix, int digits)
{
  for (int w = 0; w * 4 < digits; w++)
    {
      const int shift = digits >= 4 * w + 4 ? 0 : 32 - 8 * (digits - 4 * w);
      const uint32_t x = key_word (box, w) >> shift, y = prefix[w] >> shift;

      if (x != y)
        return x > y ? 1 : -1;
    }
  return 0;
}

struct Select
{
  uint32_t histogram[256], prefix[WORDS];
  uint32_t need; // still to take among those equal to the prefix
  int digits;    // of the prefix
  bool exact;    // all of those are taken
  uint32_t better, equal;
};

__global__ void
__launch_bounds__ (THREADS) topk (SqCudaTopk job)
{
  __shared__ Select s;
  __shared__ uint32_t order[MOST];
  const uint32_t thread = threadIdx.x, appended = *job.count;
  const uint32_t n = appended < job.capacity ? appended : job.capacity, kept = n < job.keep ? n : job.keep;
  SqCudaBox *best = (SqCudaBox *) job.scratch;
  uint32_t padded = 1;

  if (thread == 0)
    {
      for (int w = 0; w < WORDS; w++)
        s.prefix[w] = 0;
      s.need = kept;
      s.digits = 0;
      s.exact = n == kept;
      s.better = s.equal = 0;
    }
  __syncthreads ();
  while (!s.exact && s.digits < 4 * WORDS)
    {
      const int word = s.digits / 4, shift = 24 - s.digits % 4 * 8;

      if (thread < 256)
        s.histogram[thread] = 0;
      __syncthreads ();
      for (uint32_t i = thread; i < n; i += THREADS)
        {
          const SqCudaBox &box = job.boxes[i];

          if (against (box, s.prefix, s.digits) == 0)
            atomicAdd (&s.histogram[key_word (box, word) >> shift & 255], 1u);
        }
      __syncthreads ();
      if (thread == 0)
        {
          int digit = 255;

          while (s.histogram[digit] < s.need)
            s.need -= s.histogram[digit--];
          s.prefix[word] |= (uint32_t) digit << shift;
          s.digits++;
          s.exact = s.histogram[digit] == s.need;
        }
      __syncthreads ();
    }

  // better ones first, equal ones behind them: where not all of those fit, they are the same box many times
  for (uint32_t i = thread; i < n; i += THREADS)
    {
      const SqCudaBox &box = job.boxes[i];
      const int side = against (box, s.prefix, s.digits);

      if (side > 0)
        best[atomicAdd (&s.better, 1u)] = box;
      else if (side == 0)
        {
          const uint32_t at = atomicAdd (&s.equal, 1u);

          if (at < s.need)
            best[kept - 1 - at] = box;
        }
    }
  while (padded < kept)
    padded *= 2;
  for (uint32_t i = thread; i < padded; i += THREADS)
    order[i] = i;
#ifndef PLANT_NO_BARRIER
  __syncthreads ();
#endif
  for (uint32_t size = 2; size <= padded; size *= 2)
    for (uint32_t step = size / 2; step > 0; step /= 2)
      {
        for (uint32_t i = thread; i < padded; i += THREADS)
          {
            const uint32_t j = i ^ step, a = order[i], b = order[j];
            const bool forward = (i & size) == 0;

            // places past the end are worse than any box
            if (j > i && (a < kept || b < kept))
              {
                const int side = a >= kept ? -1 : b >= kept ? 1 : compare (best[a], best[b]);

                if (forward ? side < 0 : side > 0)
                  {
                    order[i] = b;
                    order[j] = a;
                  }
              }
          }
        __syncthreads ();
      }
  for (uint32_t i = thread; i < kept; i += THREADS)
    job.out[i] = best[order[i]];
  if (thread == 0)
    *job.out_count = kept;
}
}

uint64_t
SQ_ENTRY (topk_scratch) (uint32_t capacity)
{
  return (uint64_t) (capacity < MOST ? capacity : MOST) * sizeof (SqCudaBox);
}

int
SQ_ENTRY (topk) (const SqCudaTopk *job, void *stream)
{
  if (job->boxes == nullptr || job->count == nullptr || job->out == nullptr || job->out_count == nullptr || job->scratch == nullptr
      || job->keep < 1 || job->keep > MOST)
    return 1;
  return SQ_LAUNCH (topk, dim3 (1), dim3 (THREADS), 0, stream, *job);
}
