// SPDX-License-Identifier: GPL-3.0-or-later
// The emulated kernels, each behind a look at its job: all memory on the stream's device (or pinned), everything that will be touched
// inside its block. What a GPU would answer with an illegal address, much later, is SQ_GPU_INVALID here, at once, with a line on stderr.
#include "gpu-private.h"

static gsize
type_bytes (SqCudaType type)
{
  return type == SQ_CUDA_F32 || type == SQ_CUDA_I32 ? 4 : type == SQ_CUDA_F16 ? 2 : type == SQ_CUDA_I64 ? 8 : 1;
}

static gboolean
inside (gconstpointer p, gint64 bytes, int device)
{
  const FakeBlock *block;
  gboolean fits;

  if (bytes <= 0)
    return TRUE;
  g_mutex_lock (&_sq_fake.lock);
  block = _sq_fake_find (p, (gsize) bytes);
  fits = block != NULL && (block->device < 0 || block->device == device);
  g_mutex_unlock (&_sq_fake.lock);
  return fits;
}

// Elements first ... first + sum of (n - 1) stride, strides of any sign.
static gboolean
walk_fits (gconstpointer data, gsize size, int rank, const gint64 *n, const gint64 *stride, int device)
{
  gint64 low = 0, high = 0;

  for (int d = 0; d < rank; d++)
    {
      if (n[d] <= 0)
        return TRUE;
      *(stride[d] < 0 ? &low : &high) += (n[d] - 1) * stride[d];
    }
  return inside ((const char *) data + low * (gint64) size, (high - low + 1) * (gint64) size, device);
}

gboolean
_sq_fake_map_fits (const SqCudaMap *map, int device)
{
  const gint64 n[] = { map->n, map->h, map->w, map->c }, stride[] = { map->image, map->row, map->pixel, 1 };

  return walk_fits (map->data, type_bytes (map->type), 4, n, stride, device);
}

gboolean
_sq_fake_conv_fits (const SqCudaConv *job, gboolean transposed, int device)
{
  gint64 taps = (gint64) job->kernel[0] * job->kernel[1];
  gint64 weights = (transposed ? (gint64) job->x.c * job->y.c : (gint64) job->y.c * job->x.c) / MAX (job->groups, 1) * taps;

  return _sq_fake_map_fits (&job->x, device) && _sq_fake_map_fits (&job->y, device)
         && (job->residual.data == NULL || _sq_fake_map_fits (&job->residual, device))
         && inside (job->weights, weights * (gint64) type_bytes (job->x.type), device)
         && (job->bias == NULL || inside (job->bias, 4 * (gint64) job->y.c, device))
         && (job->weight_scale == NULL || inside (job->weight_scale, 4 * (gint64) job->y.c, device));
}

static gboolean
view_fits (const SqCudaElementwise *job, const SqCudaView *view, int device)
{
  return walk_fits (view->data, type_bytes (view->type), SQ_CUDA_RANK, job->dim, view->stride, device);
}

static gboolean
elementwise_fits (const SqCudaElementwise *job, int device)
{
  return view_fits (job, &job->out, device) && view_fits (job, &job->a, device)
         && (job->b.data == NULL || view_fits (job, &job->b, device));
}

static gboolean
softmax_fits (const SqCudaSoftmax *job, int device)
{
  const gint64 n[] = { job->outer, job->n, job->inner }, stride[] = { job->outer_stride, job->n_stride, job->inner_stride };

  return walk_fits (job->x, type_bytes (job->type), 3, n, stride, device)
         && walk_fits (job->y, type_bytes (job->type), 3, n, stride, device);
}

static gboolean
matmul_fits (const SqCudaMatmul *job, int device)
{
  gsize size = type_bytes (job->type);

  return walk_fits (job->x, size, 3, (gint64[]){ job->batch, job->m, job->k }, (gint64[]){ job->x_batch, job->x_row, job->x_column },
                    device)
         && walk_fits (job->w, size, 3, (gint64[]){ job->batch, job->k, job->n }, (gint64[]){ job->w_batch, job->w_row, job->w_column },
                       device)
         && walk_fits (job->y, size, 3, (gint64[]){ job->batch, job->m, job->n }, (gint64[]){ job->y_batch, job->y_row, 1 }, device);
}

static gboolean
letterbox_fits (const SqCudaLetterbox *job, int device)
{
  gboolean nv12 = job->format == SQ_CUDA_NV12;

  return walk_fits (job->pixels, 1, 2, (gint64[]){ job->src_height, (gint64) job->src_width * (nv12 ? 1 : 3) },
                    (gint64[]){ job->src_stride, 1 }, device)
         && (!nv12
             || walk_fits (job->chroma, 1, 2, (gint64[]){ (job->src_height + 1) / 2, (job->src_width + 1) / 2 * 2 },
                           (gint64[]){ job->chroma_stride, 1 }, device))
         && walk_fits (job->out, type_bytes (job->type), 3, (gint64[]){ 3, job->out_height, job->out_width },
                       (gint64[]){ job->channel, job->row, job->pixel }, device);
}

static gboolean
head_fits (const SqCudaHead *job, int device)
{
  gint64 fields = job->kind == SQ_CUDA_BOX_BINS ? 4 * (gint64) job->bins : 4;
  gsize size = type_bytes (job->type);

  return walk_fits (job->boxes, size, 3, (gint64[]){ job->cells, job->anchors, fields },
                    (gint64[]){ job->box_cell, job->box_anchor, job->box_field }, device)
         && (job->objectness == NULL
             || walk_fits (job->objectness, size, 2, (gint64[]){ job->cells, job->anchors },
                           (gint64[]){ job->objectness_cell, job->objectness_anchor }, device))
         && walk_fits (job->classes, size, 3, (gint64[]){ job->cells, job->anchors, job->n_classes },
                       (gint64[]){ job->class_cell, job->class_anchor, job->class_field }, device)
         && inside (job->out, (gint64) job->capacity * (gint64) sizeof (SqCudaBox), device) && inside (job->count, 4, device);
}

static guint64
topk_scratch (guint32 capacity)
{
  return sq_cuda_kernels_emulated ()->topk_scratch (capacity);
}

static gboolean
topk_fits (const SqCudaTopk *job, int device)
{
  return inside (job->boxes, (gint64) job->capacity * (gint64) sizeof (SqCudaBox), device) && inside (job->count, 4, device)
         && inside (job->out, (gint64) MIN (job->keep, job->capacity) * (gint64) sizeof (SqCudaBox), device)
         && inside (job->out_count, 4, device) && inside (job->scratch, (gint64) topk_scratch (job->capacity), device);
}

static gboolean
nms_fits (const SqCudaNms *job, int device)
{
  return (job->frame == NULL || inside (job->frame, sizeof (SqCudaFrame), device))
         && inside (job->boxes, (gint64) job->capacity * (gint64) sizeof (SqCudaBox), device) && inside (job->count, 4, device)
         && inside (job->out, (gint64) MIN (job->limit, job->capacity) * (gint64) sizeof (SqCudaBox), device)
         && inside (job->out_count, 4, device) && inside (job->scratch, 4 * (gint64) job->capacity * ((job->capacity + 31) / 32), device);
}

static int
checked (const char *name, gboolean fits, SqGpuStream *stream)
{
  if (stream == NULL || stream->device != _sq_fake_current ())
    {
      g_printerr ("fake gpu: %s launched on another device's stream\n", name);
      return SQ_GPU_INVALID;
    }
  if (!fits)
    {
      g_printerr ("fake gpu: %s would touch memory that is not its device's\n", name);
      return SQ_GPU_INVALID;
    }
  return SQ_GPU_OK;
}

#define WRAP(name, Job, fits)                                                                                                              \
  static int name (const Job *job, void *stream)                                                                                           \
  {                                                                                                                                        \
    int code = checked (#name, stream != NULL && (fits), stream);                                                                          \
                                                                                                                                           \
    return code != SQ_GPU_OK ? code : sq_cuda_kernels_emulated ()->name (job, stream);                                                     \
  }

#define DEVICE (((SqGpuStream *) stream)->device)

WRAP (elementwise, SqCudaElementwise, elementwise_fits (job, DEVICE))
WRAP (depthwise, SqCudaConv, _sq_fake_conv_fits (job, FALSE, DEVICE))
WRAP (stem, SqCudaConv, _sq_fake_conv_fits (job, FALSE, DEVICE))
WRAP (conv, SqCudaConv, _sq_fake_conv_fits (job, FALSE, DEVICE))
WRAP (conv_transpose, SqCudaConv, _sq_fake_conv_fits (job, TRUE, DEVICE))
WRAP (pool, SqCudaPool, _sq_fake_map_fits (&job->x, DEVICE) && _sq_fake_map_fits (&job->y, DEVICE))
WRAP (resize, SqCudaResize, _sq_fake_map_fits (&job->x, DEVICE) && _sq_fake_map_fits (&job->y, DEVICE))
WRAP (softmax, SqCudaSoftmax, softmax_fits (job, DEVICE))
WRAP (matmul, SqCudaMatmul, matmul_fits (job, DEVICE))
WRAP (reduce, SqCudaReduce,
      inside (job->x, job->outer * job->n * job->inner * (gint64) type_bytes (job->type), DEVICE)
          && inside (job->y, job->outer * job->inner * (gint64) type_bytes (job->type), DEVICE))
WRAP (letterbox, SqCudaLetterbox, letterbox_fits (job, DEVICE))
WRAP (head, SqCudaHead, head_fits (job, DEVICE))
WRAP (topk, SqCudaTopk, topk_fits (job, DEVICE))
WRAP (nms, SqCudaNms, nms_fits (job, DEVICE))

const SqCudaKernels _sq_fake_kernels = {
  elementwise, depthwise, stem, conv, conv_transpose, pool, resize, softmax, matmul, reduce, letterbox, head, topk_scratch, topk, nms,
};
