// SPDX-License-Identifier: GPL-3.0-or-later
// From pictures to boxes without the host: the pixels go up, one kernel makes the network's input of them, the network, its heads and the
// choice of the best boxes are one recorded graph, and only boxes come back.
#include "cuda-private.h"

#include <string.h>

#define CAPACITY 16384 // candidates of one picture before the best are chosen

struct _CudaDetect
{
  SqExecDetect spec;
  SqCudaOutputHead *heads;
  int input; // buffer that the pictures are scaled into
  SqGpuGraph *recorded;
  char *boxes, *counts, *scratch, *best, *best_counts; // device, in `memory`
  char *kept, *pairs;                                  // device, in `memory`: NMS
  SqCudaFrame *frames, *host_frames;                   // of each picture: device, in `memory`, and pinned
  guint most;                                          // boxes of a picture that come back
  char *memory;
  char *host_best, *host_counts; // pinned
  gsize staging_bytes;           // of each picture
  char *staging, *staging_host;  // the whole batch
};

static gsize
up (gsize n)
{
  return (n + CUDA_ALIGN - 1) & ~(gsize) (CUDA_ALIGN - 1);
}

// Layout changes of the input that the scaling kernel does on its way: follows single readers that only copy.
static int
find_input (CudaExec *self)
{
  int buffer = self->of_value[LAYOUT_PLAIN][g_array_index (self->graph->inputs, int, 0)];

  for (;;)
    {
      Step *only = NULL;
      guint readers = 0;

      for (guint i = 0; i < self->steps->len; i++)
        {
          Step *step = g_ptr_array_index (self->steps, i);

          for (int k = 0; k < step->n_in; k++)
            if (step->in[k] == buffer)
              {
                only = step;
                readers++;
              }
        }
      if (readers != 1 || only->move == NULL || cuda_buffer (self, only->out[0])->layout == LAYOUT_PLAIN
          || !sq_shape_equal (&only->move->shape, &only->move->in_shape) || !sq_shape_equal (&only->move->shape, &only->move->out_shape))
        return buffer;
      only->of_input = TRUE;
      buffer = only->out[0];
    }
}

static gsize
pair_bytes (const SqExecDetect *spec)
{
  return spec->nms ? up ((gsize) spec->keep * ((spec->keep + 31) / 32) * sizeof (guint32)) : 0;
}

gboolean
_sq_cuda_detect_prepare (CudaExec *self, const SqExecDetect *spec, GError **error)
{
  struct _CudaDetect *d;
  gsize boxes = up ((gsize) CAPACITY * self->batch * sizeof (SqCudaBox)), counts = up ((gsize) self->batch * sizeof (guint32));
  gsize scratch = up (self->api->kernels->topk_scratch (CAPACITY)) * self->batch,
        best = up ((gsize) spec->keep * self->batch * sizeof (SqCudaBox));
  gsize kept = spec->nms ? up ((gsize) spec->limit * self->batch * sizeof (SqCudaBox)) : 0, pairs = pair_bytes (spec) * self->batch;
  gsize frames = up ((gsize) self->batch * sizeof (SqCudaFrame));

  self->detect = d = g_new0 (struct _CudaDetect, 1);
  d->spec = *spec;
  d->heads = g_memdup2 (spec->heads, spec->n_heads * sizeof *spec->heads);
  d->input = find_input (self);
  d->most = spec->nms ? spec->limit : spec->keep;
  if (!_sq_cuda_check (self, self->api->alloc ((gpointer *) &d->memory, boxes + scratch + best + 2 * counts + kept + pairs + frames),
                       "reserving memory", error)
      || !_sq_cuda_alloc_host (self, (gpointer *) &d->host_best, spec->nms ? kept : best, error)
      || !_sq_cuda_alloc_host (self, (gpointer *) &d->host_frames, frames, error)
      || !_sq_cuda_alloc_host (self, (gpointer *) &d->host_counts, counts, error))
    return FALSE;
  d->boxes = d->memory;
  d->scratch = d->boxes + boxes;
  d->best = d->scratch + scratch;
  d->counts = d->best + best;
  d->best_counts = d->counts + counts;
  d->kept = d->best_counts + counts;
  d->pairs = d->kept + kept;
  d->frames = (SqCudaFrame *) (d->pairs + pairs);
  return TRUE;
}

static const float *
output_data (const CudaExec *self, int output, int image)
{
  int buffer = self->of_value[LAYOUT_PLAIN][g_array_index (self->graph->outputs, int, output)];

  return (const float *) _sq_cuda_data (self, buffer) + (gsize) image * (gsize) cuda_buffer (self, buffer)->n;
}

static int
launch_heads (CudaExec *self, int image, SqGpuStream *stream)
{
  const struct _CudaDetect *d = self->detect;
  int code = SQ_GPU_OK;

  for (guint i = 0; i < d->spec.n_heads && code == SQ_GPU_OK; i++)
    {
      const SqCudaOutputHead *h = &d->heads[i];
      SqCudaHead job = h->head;

      job.type = SQ_CUDA_F32;
      job.boxes = output_data (self, h->boxes, image) + h->box_at;
      job.objectness = h->objectness >= 0 ? output_data (self, h->objectness, image) + h->objectness_at : NULL;
      job.classes = output_data (self, h->classes, image) + h->class_at;
      job.floor = d->spec.floor;
      job.out = (SqCudaBox *) d->boxes + (gsize) image * CAPACITY;
      job.count = (guint32 *) d->counts + image;
      job.capacity = CAPACITY;
      code = self->api->kernels->head (&job, stream);
    }
  return code;
}

static int
launch_best (CudaExec *self, int image, SqGpuStream *stream)
{
  const struct _CudaDetect *d = self->detect;
  SqCudaTopk job = { .boxes = (SqCudaBox *) d->boxes + (gsize) image * CAPACITY,
                     .count = (guint32 *) d->counts + image,
                     .capacity = CAPACITY,
                     .out = (SqCudaBox *) d->best + (gsize) image * d->spec.keep,
                     .out_count = (guint32 *) d->best_counts + image,
                     .keep = d->spec.keep,
                     .scratch = d->scratch + (gsize) image * up (self->api->kernels->topk_scratch (CAPACITY)) };

  return self->api->kernels->topk (&job, stream);
}

// How many are left goes where how many were best stood: the kernel reads that before it writes.
static int
launch_nms (CudaExec *self, int image, SqGpuStream *stream)
{
  const struct _CudaDetect *d = self->detect;
  SqCudaNms job = { .frame = d->frames + image,
                    .boxes = (SqCudaBox *) d->best + (gsize) image * d->spec.keep,
                    .count = (guint32 *) d->best_counts + image,
                    .capacity = d->spec.keep,
                    .out = (SqCudaBox *) d->kept + (gsize) image * d->spec.limit,
                    .out_count = (guint32 *) d->best_counts + image,
                    .limit = d->spec.limit,
                    .iou = d->spec.iou,
                    .class_agnostic = d->spec.class_agnostic,
                    .scratch = (guint32 *) (d->pairs + (gsize) image * pair_bytes (&d->spec)) };

  return self->api->kernels->nms (&job, stream);
}

static int
launch_all (CudaExec *self)
{
  SqGpuStream *stream = self->stream;
  const struct _CudaDetect *d = self->detect;
  int code = self->api->set (d->counts, 0, (gsize) self->batch * sizeof (guint32), stream);

  for (guint i = 0; i < self->steps->len && code == SQ_GPU_OK; i++)
    {
      Step *step = g_ptr_array_index (self->steps, i);

      if (!step->of_input)
        code = step->launch (self, step, stream);
    }
  for (int image = 0; image < self->batch && code == SQ_GPU_OK; image++)
    {
      code = launch_heads (self, image, stream);
      if (code == SQ_GPU_OK)
        code = launch_best (self, image, stream);
      if (code == SQ_GPU_OK && d->spec.nms)
        code = launch_nms (self, image, stream);
    }
  if (code == SQ_GPU_OK)
    code = self->api->copy (d->host_counts, d->best_counts, (gsize) self->batch * sizeof (guint32), SQ_GPU_TO_HOST, stream);
  if (code == SQ_GPU_OK)
    code = self->api->copy (d->host_best, d->spec.nms ? d->kept : d->best, (gsize) self->batch * d->most * sizeof (SqCudaBox),
                            SQ_GPU_TO_HOST, stream);
  return code;
}

static gboolean
make_staging (CudaExec *self, gsize bytes, GError **error)
{
  struct _CudaDetect *d = self->detect;

  if (bytes <= d->staging_bytes)
    return TRUE;
  if (d->staging != NULL)
    self->api->free (d->staging);
  if (d->staging_host != NULL)
    self->api->free_host (d->staging_host);
  d->staging = d->staging_host = NULL;
  d->staging_bytes = 0;
  if (!_sq_cuda_check (self, self->api->alloc ((gpointer *) &d->staging, up (bytes) * self->batch), "reserving memory for pictures", error)
      || !_sq_cuda_check (self, self->api->alloc_host ((gpointer *) &d->staging_host, up (bytes) * self->batch),
                          "reserving memory for pictures", error))
    return FALSE;
  d->staging_bytes = up (bytes);
  return TRUE;
}

static int
launch_picture (CudaExec *self, const SqExecPicture *picture, int image)
{
  struct _CudaDetect *d = self->detect;
  const Buffer *in = cuda_buffer (self, d->input);
  gsize row = (gsize) picture->width * 3, at = (gsize) image * d->staging_bytes;
  SqCudaLetterbox job = { .pixels = (const guint8 *) d->staging + at,
                          .format = SQ_CUDA_RGB24,
                          .src_width = picture->width,
                          .src_height = picture->height,
                          .src_stride = (gint64) row,
                          .left = picture->left,
                          .top = picture->top,
                          .width = picture->scaled_width,
                          .height = picture->scaled_height,
                          .area = d->spec.area,
                          .bgr = d->spec.bgr,
                          .pad = d->spec.pad,
                          .type = in->type,
                          .out_scale = in->scale,
                          .out_zero = in->zero };
  const SqShape *shape = &cuda_value (self, g_array_index (self->graph->inputs, int, 0))->shape;
  gint64 strides[SQ_MAX_RANK + 1];
  int code;

  memcpy (job.mean, d->spec.mean, sizeof job.mean);
  memcpy (job.scale, d->spec.scale, sizeof job.scale);
  _sq_cuda_strides (self, d->input, shape, shape, strides);
  job.out = _sq_cuda_data (self, d->input) + image * strides[0] * (gint64) cuda_type_size (in->type);
  job.channel = strides[2];
  job.row = strides[3];
  job.pixel = strides[4];
  job.out_height = (int) shape->dim[2];
  job.out_width = (int) shape->dim[3];
  if (picture->chroma != NULL) // there already
    {
      job.pixels = picture->pixels;
      job.src_stride = (gint64) picture->stride;
      job.format = SQ_CUDA_NV12;
      job.chroma = picture->chroma;
      job.chroma_stride = (gint64) picture->chroma_stride;
      job.matrix = picture->matrix;
      job.full_range = picture->full_range;
      return self->api->kernels->letterbox (&job, self->stream);
    }
  for (int y = 0; y < picture->height; y++)
    memcpy (d->staging_host + at + (gsize) y * row, picture->pixels + (gsize) y * picture->stride, row);
  code = self->api->copy (d->staging + at, d->staging_host + at, row * picture->height, SQ_GPU_TO_DEVICE, self->stream);
  return code == SQ_GPU_OK ? self->api->kernels->letterbox (&job, self->stream) : code;
}

gboolean
_sq_cuda_detect (SqExec *exec, const SqExecPicture *pictures, guint n, GArray **boxes, GError **error)
{
  CudaExec *self = (CudaExec *) exec;
  struct _CudaDetect *d = self->detect;
  gboolean decoded = FALSE;
  gsize largest = 0;
  int code;

  g_assert (n <= (guint) self->batch);
  for (guint i = 0; i < n; i++)
    if (pictures[i].chroma == NULL)
      largest = MAX (largest, (gsize) pictures[i].width * pictures[i].height * 3);
    else
      decoded = TRUE;
  if (!_sq_cuda_check (self, self->api->set_device (self->device), "choosing the device", error)
      || !_sq_cuda_record (self, launch_all, &d->recorded, error) || !make_staging (self, largest, error))
    return FALSE;
  code = decoded ? self->api->stream_wait (NULL) : SQ_GPU_OK; // the video decoder's stream
  for (guint i = 0; i < n && code == SQ_GPU_OK; i++)
    {
      d->host_frames[i] = pictures[i].frame;
      code = launch_picture (self, &pictures[i], (int) i);
    }
  if (code == SQ_GPU_OK && d->spec.nms)
    code = self->api->copy (d->frames, d->host_frames, n * sizeof (SqCudaFrame), SQ_GPU_TO_DEVICE, self->stream);
  if (code == SQ_GPU_OK)
    code = self->api->graph_launch (d->recorded, self->stream);
  if (code == SQ_GPU_OK)
    code = self->api->stream_wait (self->stream);
  if (!_sq_cuda_check (self, code, "running the network", error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      guint found = MIN (((const guint32 *) d->host_counts)[i], d->most);

      boxes[i] = g_array_sized_new (FALSE, FALSE, sizeof (SqCudaBox), found);
      g_array_append_vals (boxes[i], (const SqCudaBox *) d->host_best + (gsize) i * d->most, found);
    }
  return TRUE;
}

void
_sq_cuda_detect_free (CudaExec *self)
{
  struct _CudaDetect *d = self->detect;

  if (d == NULL)
    return;
  if (d->recorded != NULL)
    self->api->graph_free (d->recorded);
  if (d->memory != NULL)
    self->api->free (d->memory);
  if (d->staging != NULL)
    self->api->free (d->staging);
  if (d->staging_host != NULL)
    self->api->free_host (d->staging_host);
  g_free (d->heads);
  g_free (d);
  self->detect = NULL;
}
