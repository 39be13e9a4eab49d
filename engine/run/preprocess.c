// SPDX-License-Identifier: GPL-3.0-or-later
#include "preprocess.h"

#include "kernels/resample.h"
#include <math.h>
#include <string.h>

void
sq_transform_init (SqTransform *self, const SqInputSpec *spec, int width, int height)
{
  double scale = fmin ((double) spec->width / width, (double) spec->height / height);

  *self = (SqTransform){ .width = spec->width, .height = spec->height };
  if (spec->fit == SQ_FIT_STRETCH)
    {
      self->scale_x = (float) spec->width / width;
      self->scale_y = (float) spec->height / height;
      return;
    }
  self->scale_x = self->scale_y = (float) scale;
  self->width = CLAMP ((int) (spec->round_to_int ? nearbyint (width * scale) : floor (width * scale)), 1, spec->width);
  self->height = CLAMP ((int) (spec->round_to_int ? nearbyint (height * scale) : floor (height * scale)), 1, spec->height);
  if (spec->fit == SQ_FIT_LETTERBOX)
    {
      self->left = (spec->width - self->width) / 2;
      self->top = (spec->height - self->height) / 2;
    }
  self->offset_x = self->left;
  self->offset_y = self->top;
}

void
sq_preprocess (const SqFrame *frame, const SqInputSpec *spec, const SqTransform *transform, SqTensor *input)
{
  const guint8 *pixels = sq_frame_load (frame);
  SqResampleJob job = { .src_width = frame->width,
                        .src_height = frame->height,
                        .src_stride = frame->stride,
                        .out_width = spec->width,
                        .out_height = spec->height,
                        .left = transform->left,
                        .top = transform->top,
                        .width = transform->width,
                        .height = transform->height,
                        .area = spec->resample == SQ_RESAMPLE_AREA,
                        .bgr = spec->bgr,
                        .pad = spec->pad };
  g_autofree gpointer scratch = NULL;

  memcpy (job.mean, spec->mean, sizeof job.mean);
  memcpy (job.scale, spec->scale, sizeof job.scale);
  scratch = g_malloc (sq_k_resample_scratch (&job));
  sq_k_resample (sq_tensor_f32 (input), pixels, &job, scratch);
}
