// SPDX-License-Identifier: GPL-3.0-or-later
// Greedy suppression over sorted boxes: first a bit for every pair says whether the earlier box suppresses the later one, then one block
// walks the rows, 32 boxes at a time. The overlap is engine/run/result.c's to the bit.
#include "kernels/cuda/common.cuh"

namespace
{
const int MOST = 4096, THREADS = 128;

SQ_DEVICE uint32_t
boxes_of (const SqCudaNms &job)
{
  const uint32_t n = *job.count;

  return n < job.capacity ? n : job.capacity;
}

// As engine/run/detector.c does it: CLAMP keeps what is no number.
SQ_DEVICE float
into_frame (float v, float offset, float scale, float most)
{
  v = (v - offset) / scale;
  return v > most ? most : v < 0 ? 0 : v;
}

SQ_DEVICE SqCudaBox
load (const SqCudaNms &job, uint32_t i)
{
  SqCudaBox box = job.boxes[i];

  if (job.frame != nullptr)
    {
      const SqCudaFrame f = *job.frame;

      box.x1 = into_frame (box.x1, f.offset_x, f.scale_x, f.width);
      box.y1 = into_frame (box.y1, f.offset_y, f.scale_y, f.height);
      box.x2 = into_frame (box.x2, f.offset_x, f.scale_x, f.width);
      box.y2 = into_frame (box.y2, f.offset_y, f.scale_y, f.height);
    }
  return box;
}

SQ_DEVICE bool
is_box (const SqCudaNms &job, const SqCudaBox &box)
{
  return job.frame == nullptr || (box.x2 > box.x1 && box.y2 > box.y1);
}

SQ_DEVICE float
size_of (const SqCudaBox &a)
{
  return __fmul_rn (a.x2 - a.x1, a.y2 - a.y1);
}

// An overlap that is no number suppresses.
SQ_DEVICE bool
suppresses (const SqCudaNms &job, const SqCudaBox &a, const SqCudaBox &b)
{
  const float w = fminf (a.x2, b.x2) - fmaxf (a.x1, b.x1), h = fminf (a.y2, b.y2) - fmaxf (a.y1, b.y1), both = __fmul_rn (w, h);

  if (!(job.iou < 1) || (!job.class_agnostic && a.class_id != b.class_id) || w <= 0 || h <= 0)
    return false;
  return !(both / __fadd_rn (__fadd_rn (size_of (b), size_of (a)), -both) <= job.iou);
}

// Word w of row i: the boxes 32 w ... that box i suppresses.
__global__ void
pairs (SqCudaNms job)
{
  const uint32_t n = boxes_of (job), words = (job.capacity + 31) / 32;

  for (uint32_t t = blockIdx.x * blockDim.x + threadIdx.x; t < n * words; t += gridDim.x * blockDim.x)
    {
      const uint32_t i = t / words, w = t % words;
      const SqCudaBox a = load (job, i);
      uint32_t bits = 0;

      for (uint32_t k = 0; k < 32; k++)
        if (32 * w + k > i && 32 * w + k < n && suppresses (job, a, load (job, 32 * w + k)))
          bits |= 1u << k;
      job.scratch[t] = bits;
    }
}

__global__ void
__launch_bounds__ (THREADS) walk (SqCudaNms job)
{
  __shared__ uint32_t gone[MOST / 32], chosen, kept;
  const uint32_t n = boxes_of (job), words = (job.capacity + 31) / 32, thread = threadIdx.x;

  for (uint32_t w = thread; w < MOST / 32; w += THREADS)
    gone[w] = 0;
  if (thread == 0)
    kept = 0;
  __syncthreads ();
  for (uint32_t chunk = 0; chunk * 32 < n; chunk++)
    {
      // one thread settles the 32 among themselves
      if (thread == 0)
        {
          uint32_t out = gone[chunk];

          chosen = 0;
          for (uint32_t k = 0; k < 32 && chunk * 32 + k < n && kept < job.limit; k++)
            if ((out >> k & 1) == 0)
              {
                const SqCudaBox box = load (job, chunk * 32 + k);

                if (!is_box (job, box))
                  continue;
                chosen |= 1u << k;
                out |= job.scratch[(chunk * 32 + k) * words + chunk];
                job.out[kept++] = box;
              }
        }
      __syncthreads ();
      for (uint32_t w = chunk + 1 + thread; w < words; w += THREADS)
        for (uint32_t k = 0; k < 32; k++)
          if ((chosen >> k & 1) != 0)
            gone[w] |= job.scratch[(chunk * 32 + k) * words + w];
      __syncthreads ();
    }
  if (thread == 0)
    *job.out_count = kept;
}
}

int
SQ_ENTRY (nms) (const SqCudaNms *job, void *stream)
{
  if (job->boxes == nullptr || job->count == nullptr || job->out == nullptr || job->out_count == nullptr || job->scratch == nullptr
      || job->capacity < 1 || job->capacity > MOST)
    return 1;
  const int64_t words = (job->capacity + 31) / 32;
  const int error = SQ_LAUNCH_PLAIN (pairs, dim3 (sq_blocks (job->capacity * words, 256)), dim3 (256), 0, stream, *job);

  return error != 0 ? error : SQ_LAUNCH (walk, dim3 (1), dim3 (THREADS), 0, stream, *job);
}
