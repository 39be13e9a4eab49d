// SPDX-License-Identifier: GPL-3.0-or-later
#include "detector.h"

#include "engine/devices/device.h"
#include "engine/families/family.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BOXES_OF_A_DEVICE 2048
#define MAX_CANDIDATES 30000 // per frame, best first: more are noise

struct _SqDetector
{
  SqModel *model;
  SqExec *exec;
  float floor;
  const char *device;
  int index;         // of the backend's devices, -1 none
  gboolean nms_done; // by the device
};

#define MAX_HEADS 16

static gint64
now_ns (void)
{
  struct timespec t;

  clock_gettime (CLOCK_MONOTONIC, &t);
  return (gint64) t.tv_sec * 1000000000 + t.tv_nsec;
}

// The input and the heads as a device that goes from pictures to boxes needs them. FALSE where the family has no such description.
static gboolean
describe_detect (const SqModel *model, float floor, SqCudaOutputHead *heads, SqExecDetect *detect)
{
  const SqInputSpec *spec = &model->input;

  detect->n_heads = model->family->heads != NULL ? model->family->heads (model, heads, MAX_HEADS) : 0;
  detect->heads = heads;
  detect->floor = floor;
  detect->keep = BOXES_OF_A_DEVICE;
  detect->area = spec->resample == SQ_RESAMPLE_AREA;
  detect->bgr = spec->bgr;
  detect->pad = spec->pad;
  memcpy (detect->mean, spec->mean, sizeof detect->mean);
  memcpy (detect->scale, spec->scale, sizeof detect->scale);
  return detect->n_heads > 0;
}

// FALSE where that is left to sq_result_detections: of chosen classes the best count, not of all.
static gboolean
describe_nms (const SqModel *model, const SqFilter *filter, SqExecDetect *detect)
{
  if (filter == NULL || filter->classes != NULL || filter->region != NULL || model->family->nms_done)
    return FALSE;
  detect->nms = TRUE;
  detect->floor = MAX (detect->floor, filter->confidence);
  detect->iou = filter->iou;
  detect->class_agnostic = filter->class_agnostic;
  detect->limit = filter->max_detections > 0 ? MIN (filter->max_detections, detect->keep) : detect->keep;
  return TRUE;
}

SqDetector *
sq_detector_new (SqModel *model, const SqDetectorOptions *options, GError **error)
{
  static const SqDetectorOptions defaults;
  g_autoptr (SqDetector) self = g_new0 (SqDetector, 1);
  const SqBackend *backend;
  g_autofree char *cache = g_build_filename (g_get_user_cache_dir (), "squint", "plans", NULL);
  SqCudaOutputHead heads[MAX_HEADS];
  SqExecDetect detect = { 0 };
  SqExecOptions exec_options = { 0 };
  int index;

  options = options != NULL ? options : &defaults;
  self->device = g_intern_string (options->device != NULL ? options->device : "cpu");
  if (!sq_backend_parse (self->device, &backend, &index, error))
    return NULL;
  self->index = index;
  self->model = sq_model_ref (model);
  self->floor = options->floor > 0 ? options->floor : SQ_SCORE_FLOOR;
  exec_options.threads = sq_device_core (self->device) >= 0 ? 1 : options->threads;
  exec_options.device = MAX (index, 0);
  exec_options.precision = options->precision;
  // Whoever stores halves wants them computed in half where that is faster; quantised ones say "int8".
  if (options->precision == SQ_PRECISION_AUTO && g_strcmp0 (model->precision, "float16") == 0 && sq_device_has_fast_half (self->device))
    exec_options.precision = SQ_PRECISION_HALF;
  exec_options.batch = options->batch;
  exec_options.cache_folder = cache;
  exec_options.cancellable = options->cancellable;
  exec_options.progress = options->progress;
  exec_options.progress_data = options->progress_data;
  if (backend->detect != NULL && describe_detect (model, self->floor, heads, &detect))
    {
      exec_options.detect = &detect;
      self->nms_done = describe_nms (model, options->filter, &detect);
    }
  self->exec = sq_exec_new (backend, model->graph, &exec_options, error);
  return self->exec != NULL ? g_steal_pointer (&self) : NULL;
}

void
sq_detector_free (SqDetector *self)
{
  g_clear_pointer (&self->exec, sq_exec_free);
  g_clear_pointer (&self->model, sq_model_unref);
  g_free (self);
}

const char *
sq_detector_get_device (SqDetector *self)
{
  return self->device;
}

char *
sq_detector_describe (SqDetector *self)
{
  return sq_exec_describe (self->exec);
}

const char *
sq_detector_get_note (SqDetector *self)
{
  return self->exec->note;
}

guint
sq_detector_get_batch (SqDetector *self)
{
  return MAX (self->exec->batch, 1);
}

gsize
sq_detector_get_memory (SqDetector *self)
{
  return self->exec->memory;
}

SqDetectorJob *
sq_detector_job_new (SqFrame *frame)
{
  SqDetectorJob *job = g_new0 (SqDetectorJob, 1);

  job->frame = frame;
  job->stage_ns[SQ_STAGE_DECODE] = frame->decode_ns;
  return job;
}

void
sq_detector_job_reset (SqDetectorJob *job)
{
  g_clear_pointer (&job->input, sq_tensor_unref);
  for (guint i = 0; i < job->n_outputs; i++)
    g_clear_pointer (&job->outputs[i], sq_tensor_unref);
  job->n_outputs = 0;
  g_clear_pointer (&job->boxes, g_array_unref);
  job->nms_done = FALSE;
}

void
sq_detector_job_free (SqDetectorJob *job)
{
  sq_detector_job_reset (job);
  g_clear_pointer (&job->frame, sq_frame_unref);
  g_free (job);
}

static gboolean
no_pixels (const SqFrame *frame, GError **error)
{
  g_autofree char *name = g_path_get_basename (frame->path);

  g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "A frame of %s cannot be fetched from the GPU that decoded it.", name);
  return FALSE;
}

gboolean
sq_detector_job_preprocess (SqDetectorJob *job, const SqModel *model, GError **error)
{
  const SqInputSpec *spec = &model->input;
  gint64 start = now_ns ();

  if (sq_frame_load (job->frame) == NULL)
    return no_pixels (job->frame, error);
  job->input = sq_tensor_new (SQ_F32, &SQ_SHAPE (1, 3, spec->height, spec->width));
  if (job->input == NULL)
    {
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY, "There is not enough memory for the network's input.");
      return FALSE;
    }
  sq_transform_init (&job->transform, spec, job->frame->width, job->frame->height);
  sq_preprocess (job->frame, spec, &job->transform, job->input);
  job->stage_ns[SQ_STAGE_PREPROCESS] = now_ns () - start;
  return TRUE;
}

gboolean
sq_detector_infer (SqDetector *self, SqDetectorJob *job, GError **error)
{
  gint64 start = now_ns ();

  if (!sq_exec_run (self->exec, &job->input, job->outputs, error))
    return FALSE;
  job->n_outputs = self->exec->n_out;
  job->device = self->device;
  job->stage_ns[SQ_STAGE_INFER] = now_ns () - start;
  return TRUE;
}

static int
by_score (const void *a, const void *b)
{
  const SqDetection *x = a, *y = b;

  if (x->score != y->score)
    return x->score > y->score ? -1 : 1;
  return x->class_id < y->class_id ? -1 : x->class_id > y->class_id;
}

// Network px -> source px, clipped; boxes of no area or no number are dropped.
static guint
to_source (GArray *candidates, const SqTransform *t, const SqFrame *frame)
{
  guint kept = 0;

  for (guint i = 0; i < candidates->len; i++)
    {
      SqDetection d = g_array_index (candidates, SqDetection, i);

      d.x1 = CLAMP ((d.x1 - t->offset_x) / t->scale_x, 0, (float) frame->width);
      d.y1 = CLAMP ((d.y1 - t->offset_y) / t->scale_y, 0, (float) frame->height);
      d.x2 = CLAMP ((d.x2 - t->offset_x) / t->scale_x, 0, (float) frame->width);
      d.y2 = CLAMP ((d.y2 - t->offset_y) / t->scale_y, 0, (float) frame->height);
      if (d.x2 > d.x1 && d.y2 > d.y1) // false for NaN
        g_array_index (candidates, SqDetection, kept++) = d;
    }
  return kept;
}

static void
take_boxes (const GArray *boxes, GArray *candidates)
{
  for (guint i = 0; i < boxes->len; i++)
    {
      const SqCudaBox *box = &g_array_index (boxes, SqCudaBox, i);
      SqDetection d = { box->x1, box->y1, box->x2, box->y2, box->score, box->class_id, 0 };

      g_array_append_val (candidates, d);
    }
}

SqResult *
sq_detector_job_postprocess (SqDetectorJob *job, const SqModel *model, float floor)
{
  gint64 start = now_ns ();
  g_autoptr (GArray) candidates = g_array_new (FALSE, FALSE, sizeof (SqDetection));
  SqResult *result;
  guint n;

  if (job->boxes != NULL)
    take_boxes (job->boxes, candidates);
  else
    model->family->decode (model, job->outputs, floor, candidates);
  g_clear_pointer (&job->boxes, g_array_unref);
  n = job->nms_done ? candidates->len : to_source (candidates, &job->transform, job->frame);
  if (n > 0 && !job->nms_done)
    qsort (candidates->data, n, sizeof (SqDetection), by_score);
  n = MIN (n, MAX_CANDIDATES);
  result = sq_result_new (sq_frame_ref (job->frame), g_memdup2 (candidates->data, n * sizeof (SqDetection)), n,
                          model->family->nms_done || job->nms_done);
  job->stage_ns[SQ_STAGE_POST] = now_ns () - start;
  for (int i = 0; i < SQ_N_STAGES; i++)
    result->stage_ns[i] = job->stage_ns[i];
  result->device = job->device;
  return result;
}

// Pictures to boxes on the device itself.
static gboolean
detect_pictures (SqDetector *self, SqDetectorJob *const *jobs, guint n, GError **error)
{
  g_autofree SqExecPicture *pictures = g_new (SqExecPicture, n);
  g_autofree GArray **boxes = g_new0 (GArray *, n);
  gint64 start = now_ns ();

  for (guint i = 0; i < n; i++)
    {
      const SqFrame *frame = jobs[i]->frame;
      const SqFrameGpu *gpu = frame->gpu != NULL && frame->gpu->device == self->index ? frame->gpu : NULL;
      SqTransform *t = &jobs[i]->transform;

      if (gpu == NULL && sq_frame_load (frame) == NULL)
        return no_pixels (frame, error);

      sq_transform_init (t, &self->model->input, frame->width, frame->height);
      pictures[i] =
          (SqExecPicture){ .pixels = gpu != NULL ? gpu->luma : frame->pixels,
                           .chroma = gpu != NULL ? gpu->chroma : NULL,
                           .chroma_stride = gpu != NULL ? (gsize) gpu->chroma_stride : 0,
                           .matrix = gpu != NULL ? gpu->matrix : 0,
                           .full_range = gpu != NULL && gpu->full_range,
                           .width = frame->width,
                           .height = frame->height,
                           .stride = (gsize) (gpu != NULL ? gpu->luma_stride : frame->stride),
                           .left = t->left,
                           .top = t->top,
                           .scaled_width = t->width,
                           .scaled_height = t->height,
                           .frame = { t->scale_x, t->scale_y, t->offset_x, t->offset_y, (float) frame->width, (float) frame->height } };
    }
  if (!sq_exec_detect (self->exec, pictures, n, boxes, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      jobs[i]->boxes = boxes[i];
      jobs[i]->nms_done = self->nms_done;
      jobs[i]->device = self->device;
      jobs[i]->stage_ns[SQ_STAGE_PREPROCESS] = 0;
      jobs[i]->stage_ns[SQ_STAGE_INFER] = (now_ns () - start) / n;
    }
  return TRUE;
}

gboolean
sq_detector_run_batch (SqDetector *self, SqDetectorJob *const *jobs, guint n, SqResult **results, GError **error)
{
  g_assert (n <= sq_detector_get_batch (self));
  if (self->exec->batch == 0)
    return (results[0] = sq_detector_run (self, jobs[0], error)) != NULL;
  if (!detect_pictures (self, jobs, n, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    results[i] = sq_detector_job_postprocess (jobs[i], self->model, self->floor);
  return TRUE;
}

SqResult *
sq_detector_run (SqDetector *self, SqDetectorJob *job, GError **error)
{
  if (self->exec->batch > 0)
    return detect_pictures (self, &job, 1, error) ? sq_detector_job_postprocess (job, self->model, self->floor) : NULL;
  if ((job->input == NULL && !sq_detector_job_preprocess (job, self->model, error)) || !sq_detector_infer (self, job, error))
    return NULL;
  return sq_detector_job_postprocess (job, self->model, self->floor);
}

gboolean
sq_detector_forward_ms (SqDetector *self, double *ms, GError **error)
{
  return sq_exec_forward_ms (self->exec, ms, error);
}

SqResult *
sq_detector_detect (SqDetector *self, SqFrame *frame, GError **error)
{
  g_autoptr (SqDetectorJob) job = sq_detector_job_new (frame);

  return sq_detector_run (self, job, error);
}
