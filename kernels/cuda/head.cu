// SPDX-License-Identifier: GPL-3.0-or-later
// Boxes out of a network's maps: a thread takes one anchor of one cell through all classes; whoever has something to say is counted by a
// ballot, so that a warp asks for room once. The order of what is appended is therefore not fixed: topk makes one.
#include "kernels/cuda/activation.cuh"

namespace
{
SQ_DEVICE float
number (const void *data, SqCudaType type, int64_t at)
{
  return type == SQ_CUDA_F32 ? ((const float *) data)[at] : __half2float (((const __half *) data)[at]);
}

SQ_DEVICE float
squash (float t, int done)
{
  return done ? t : sq_sigmoid (t);
}

// The mean of 0, 1 ... bins - 1 under softmax (logits).
SQ_DEVICE float
expectation (const SqCudaHead &job, int64_t at)
{
  float top = -INFINITY, sum = 0, weighted = 0;

  for (int b = 0; b < job.bins; b++)
    top = fmaxf (top, number (job.boxes, job.type, at + b * job.box_field));
  for (int b = 0; b < job.bins; b++)
    {
      const float e = expf (number (job.boxes, job.type, at + b * job.box_field) - top);

      sum += e;
      weighted += e * (float) b;
    }
  return weighted / sum;
}

static __device__ inline SqCudaBox
box_of (const SqCudaHead &job, int cell, int anchor)
{
  const int64_t at = cell * job.box_cell + anchor * job.box_anchor;
  const float column = (float) (cell % job.grid_width), row = (float) (cell / job.grid_width);
  float t[4], x, y, w, h;

  if (job.kind == SQ_CUDA_BOX_BINS)
    {
      for (int k = 0; k < 4; k++)
        t[k] = expectation (job, at + (int64_t) k * job.bins * job.box_field);
      x = (column + job.centre) * job.stride_x;
      y = (row + job.centre) * job.stride_y;
      return { x - t[0] * job.stride_x, y - t[1] * job.stride_y, x + t[2] * job.stride_x, y + t[3] * job.stride_y, 0, 0 };
    }
  for (int k = 0; k < 4; k++)
    t[k] = number (job.boxes, job.type, at + k * job.box_field);
  switch (job.kind)
    {
    case SQ_CUDA_BOX_CORNERS:
      return { t[0], t[1], t[2], t[3], 0, 0 };
    case SQ_CUDA_BOX_GRID:
      x = (t[0] + column) * job.stride_x;
      y = (t[1] + row) * job.stride_y;
      w = expf (t[2]) * job.stride_x;
      h = expf (t[3]) * job.stride_y;
      break;
    case SQ_CUDA_BOX_ANCHOR:
    case SQ_CUDA_BOX_ANCHOR_2:
      x = (squash (t[0], job.box_squashed) * job.scale_xy - .5f * (job.scale_xy - 1) + column) * job.stride_x;
      y = (squash (t[1], job.box_squashed) * job.scale_xy - .5f * (job.scale_xy - 1) + row) * job.stride_y;
      if (job.kind == SQ_CUDA_BOX_ANCHOR)
        {
          w = expf (t[2]) * job.anchor_size[anchor][0];
          h = expf (t[3]) * job.anchor_size[anchor][1];
          break;
        }
      w = squash (t[2], job.box_squashed);
      h = squash (t[3], job.box_squashed);
      w = 4 * w * w * job.anchor_size[anchor][0];
      h = 4 * h * h * job.anchor_size[anchor][1];
      break;
    default:
      x = t[0];
      y = t[1];
      w = t[2];
      h = t[3];
    }
  return { x - w / 2, y - h / 2, x + w / 2, y + h / 2, 0, 0 };
}

// All lanes of the warp come here together.
SQ_DEVICE void
append (const SqCudaHead &job, bool wanted, const SqCudaBox &box, float score, int class_id)
{
  const unsigned lane = threadIdx.x & 31, voters = __ballot_sync (~0u, wanted);
  uint32_t at = 0;

  if (voters == 0)
    return;
  if (lane == (unsigned) __ffs ((int) voters) - 1)
    at = atomicAdd (job.count, (uint32_t) __popc (voters));
  at = __shfl_sync (~0u, at, __ffs ((int) voters) - 1) + (uint32_t) __popc (voters & ((1u << lane) - 1));
  if (wanted && at < job.capacity)
    job.out[at] = { box.x1, box.y1, box.x2, box.y2, score, class_id };
}

// Scores are compared as !(s >= floor): NaN is never wanted.
__global__ void
head (SqCudaHead job)
{
  const int64_t total = (int64_t) job.cells * job.anchors, rounded = (total + 31) / 32 * 32;

  for (int64_t i = (int64_t) blockIdx.x * blockDim.x + threadIdx.x; i < rounded; i += (int64_t) gridDim.x * blockDim.x)
    {
      const int cell = (int) (i % job.cells), anchor = (int) (i / job.cells);
      const int64_t classes = cell * job.class_cell + anchor * job.class_anchor;
      bool live = i < total, have_box = false;
      float objectness = 1, top = -INFINITY, sum = 0, best = -INFINITY;
      int best_class = 0;
      SqCudaBox box = {};

      if (live && job.objectness != nullptr)
        {
          objectness = number (job.objectness, job.type, cell * job.objectness_cell + anchor * job.objectness_anchor);
          objectness = squash (objectness, job.objectness_squashed);
          live = objectness >= job.floor;
        }
      if (__ballot_sync (~0u, live) == 0)
        continue;
      if (live && job.class_softmax)
        {
          for (int c = 0; c < job.n_classes; c++)
            top = fmaxf (top, number (job.classes, job.type, classes + c * job.class_field));
          for (int c = 0; c < job.n_classes; c++)
            sum += expf (number (job.classes, job.type, classes + c * job.class_field) - top);
        }
      for (int c = 0; c < job.n_classes; c++)
        {
          float score = -INFINITY;

          if (live)
            {
              const float t = number (job.classes, job.type, classes + c * job.class_field);

              score = objectness * (job.class_softmax ? expf (t - top) / sum : squash (t, job.classes_squashed));
              if (score > best)
                {
                  best = score;
                  best_class = c;
                }
            }
          if (job.best_class_only)
            continue;
          if (score >= job.floor && !have_box)
            {
              box = box_of (job, cell, anchor);
              have_box = true;
            }
          append (job, live && score >= job.floor, box, score, c);
        }
      if (job.best_class_only)
        {
          const bool wanted = live && best >= job.floor;

          if (wanted)
            box = box_of (job, cell, anchor);
          append (job, wanted, box, best, best_class);
        }
    }
}

bool
valid (const SqCudaHead *job)
{
  return job->boxes != nullptr && job->classes != nullptr && sq_is_float (job->type) && job->cells >= 0 && job->grid_width >= 1
         && job->anchors >= 1 && job->n_classes >= 1 && job->kind >= SQ_CUDA_BOX_CENTRE && job->kind <= SQ_CUDA_BOX_BINS
         && (job->kind != SQ_CUDA_BOX_BINS || job->bins >= 1)
         && ((job->kind != SQ_CUDA_BOX_ANCHOR && job->kind != SQ_CUDA_BOX_ANCHOR_2) || job->anchors <= 8) && job->count != nullptr
         && (job->out != nullptr || job->capacity == 0);
}
}

int
SQ_ENTRY (head) (const SqCudaHead *job, void *stream)
{
  if (!valid (job))
    return 1;
  if (job->cells == 0)
    return 0;
  return SQ_LAUNCH (head, dim3 (sq_blocks ((int64_t) job->cells * job->anchors, 128)), dim3 (128), 0, stream, *job);
}
