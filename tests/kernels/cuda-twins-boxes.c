// SPDX-License-Identifier: GPL-3.0-or-later
// The twins of what stands around a network: picture in, boxes out.
#include "cuda-twins.h"

#include "engine/run/result.h"
#include "kernels/resample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static guint8
level (double v)
{
  return (guint8) rint (CLAMP (v, 0, 255));
}

// The picture as RGB24, packed.
static guint8 *
to_rgb (const SqCudaLetterbox *job)
{
  guint8 *rgb = g_new (guint8, (gsize) job->src_width * job->src_height * 3);
  float kr = job->matrix == 709 ? .2126f : job->matrix == 2020 ? .2627f : .299f;
  float kb = job->matrix == 709 ? .0722f : job->matrix == 2020 ? .0593f : .114f, kg = 1 - kr - kb;

  for (int y = 0; y < job->src_height; y++)
    for (int x = 0; x < job->src_width; x++)
      {
        guint8 *out = rgb + 3 * ((gsize) y * job->src_width + x);
        const guint8 *c = job->chroma + y / 2 * job->chroma_stride + x / 2 * 2;
        float luma = job->pixels[y * job->src_stride + x], u, v;

        luma = job->full_range ? luma : (luma - 16) * (255 / 219.f);
        u = ((float) c[0] - 128) * (job->full_range ? 1 : 255 / 224.f) * 2 * (1 - kb);
        v = ((float) c[1] - 128) * (job->full_range ? 1 : 255 / 224.f) * 2 * (1 - kr);
        out[0] = level (luma + v);
        out[1] = level (luma - (kb * u + kr * v) / kg);
        out[2] = level (luma + u);
      }
  return rgb;
}

void
sq_twin_letterbox (const SqCudaLetterbox *job)
{
  g_autofree guint8 *rgb = job->format == SQ_CUDA_NV12 ? to_rgb (job) : NULL;
  SqResampleJob r = { .src_width = job->src_width,
                      .src_height = job->src_height,
                      .src_stride = rgb != NULL ? job->src_width * 3 : job->src_stride,
                      .out_width = job->out_width,
                      .out_height = job->out_height,
                      .left = job->left,
                      .top = job->top,
                      .width = job->width,
                      .height = job->height,
                      .area = job->area,
                      .bgr = job->bgr,
                      .pad = job->pad };
  g_autofree float *planes = g_new (float, (gsize) job->out_width * job->out_height * 3);
  g_autofree gpointer scratch = g_malloc (sq_k_resample_scratch (&r));

  memcpy (r.mean, job->mean, sizeof r.mean);
  memcpy (r.scale, job->scale, sizeof r.scale);
  sq_k_resample (planes, rgb != NULL ? rgb : job->pixels, &r, scratch);
  for (int c = 0; c < 3; c++)
    for (int y = 0; y < job->out_height; y++)
      for (int x = 0; x < job->out_width; x++)
        sq_twin_write (job->out, job->type, c * job->channel + y * job->row + x * job->pixel, job->out_scale, job->out_zero,
                       planes[((gsize) c * job->out_height + y) * job->out_width + x]);
}

static float
sigmoid (float x)
{
  return 1 / (1 + expf (-x));
}

static float
number (const SqCudaHead *job, const void *data, gint64 i)
{
  return (float) sq_twin_read (data, job->type, i, 1, 0);
}

static float
expectation (const SqCudaHead *job, gint64 at)
{
  float top = -INFINITY, sum = 0, weighted = 0;

  for (int b = 0; b < job->bins; b++)
    top = fmaxf (top, number (job, job->boxes, at + b * job->box_field));
  for (int b = 0; b < job->bins; b++)
    {
      float e = expf (number (job, job->boxes, at + b * job->box_field) - top);

      sum += e;
      weighted += e * (float) b;
    }
  return weighted / sum;
}

static SqCudaBox
box_of (const SqCudaHead *job, int cell, int anchor)
{
  gint64 at = cell * job->box_cell + anchor * job->box_anchor;
  float t[4], column = (float) (cell % job->grid_width), row = (float) (cell / job->grid_width);
  float shift = .5f * (job->scale_xy - 1);

  if (job->kind == SQ_CUDA_BOX_BINS)
    {
      float x = (column + job->centre) * job->stride_x, y = (row + job->centre) * job->stride_y;

      for (int k = 0; k < 4; k++)
        t[k] = expectation (job, at + k * job->bins * job->box_field);
      return (SqCudaBox){ x - t[0] * job->stride_x, y - t[1] * job->stride_y, x + t[2] * job->stride_x, y + t[3] * job->stride_y, 0, 0 };
    }
  for (int k = 0; k < 4; k++)
    t[k] = number (job, job->boxes, at + k * job->box_field);
  if (job->kind == SQ_CUDA_BOX_CORNERS)
    return (SqCudaBox){ t[0], t[1], t[2], t[3], 0, 0 };
  if (job->kind == SQ_CUDA_BOX_GRID)
    {
      t[0] = (t[0] + column) * job->stride_x;
      t[1] = (t[1] + row) * job->stride_y;
      t[2] = expf (t[2]) * job->stride_x;
      t[3] = expf (t[3]) * job->stride_y;
    }
  else if (job->kind != SQ_CUDA_BOX_CENTRE)
    {
      for (int k = 0; k < (job->kind == SQ_CUDA_BOX_ANCHOR ? 2 : 4); k++)
        t[k] = job->box_squashed ? t[k] : sigmoid (t[k]);
      t[0] = (t[0] * job->scale_xy - shift + column) * job->stride_x;
      t[1] = (t[1] * job->scale_xy - shift + row) * job->stride_y;
      for (int k = 2; k < 4; k++)
        t[k] = (job->kind == SQ_CUDA_BOX_ANCHOR ? expf (t[k]) : 4 * t[k] * t[k]) * job->anchor_size[anchor][k - 2];
    }
  return (SqCudaBox){ t[0] - t[2] / 2, t[1] - t[3] / 2, t[0] + t[2] / 2, t[1] + t[3] / 2, 0, 0 };
}

static void
append (const SqCudaHead *job, SqCudaBox box, float score, int class_id)
{
  box.score = score;
  box.class_id = class_id;
  if (*job->count < job->capacity)
    job->out[*job->count] = box;
  (*job->count)++;
}

void
sq_twin_head (const SqCudaHead *job)
{
  g_autofree float *score = g_new (float, job->n_classes);

  for (int anchor = 0; anchor < job->anchors; anchor++)
    for (int cell = 0; cell < job->cells; cell++)
      {
        float objectness = 1, top = -INFINITY, sum = 0;
        int best = -1;

        if (job->objectness != NULL)
          {
            objectness = number (job, job->objectness, cell * job->objectness_cell + anchor * job->objectness_anchor);
            objectness = job->objectness_squashed ? objectness : sigmoid (objectness);
            if (!(objectness >= job->floor))
              continue;
          }
        for (int c = 0; c < job->n_classes; c++)
          {
            score[c] = number (job, job->classes, cell * job->class_cell + anchor * job->class_anchor + c * job->class_field);
            top = fmaxf (top, score[c]);
          }
        for (int c = 0; c < job->n_classes; c++)
          sum += expf (score[c] - top);
        for (int c = 0; c < job->n_classes; c++)
          {
            score[c] = objectness
                       * (job->class_softmax      ? expf (score[c] - top) / sum
                          : job->classes_squashed ? score[c]
                                                  : sigmoid (score[c]));
            if (score[c] > (best < 0 ? -INFINITY : score[best]))
              best = c;
          }
        for (int c = 0; c < job->n_classes; c++)
          if (score[c] >= job->floor && (!job->best_class_only || c == best))
            append (job, box_of (job, cell, anchor), score[c], c);
      }
}

static int
compare_floats (float a, float b)
{
  guint32 x, y;

  memcpy (&x, &a, sizeof x);
  memcpy (&y, &b, sizeof y);
  x = isnan (a) ? 0 : x >> 31 ? ~x : x | 0x80000000;
  y = isnan (b) ? 0 : y >> 31 ? ~y : y | 0x80000000;
  return x < y ? -1 : x > y;
}

int
sq_twin_compare_boxes (gconstpointer left, gconstpointer right)
{
  const SqCudaBox *a = left, *b = right;
  int order = compare_floats (b->score, a->score);

  order = order != 0 ? order : a->class_id < b->class_id ? -1 : a->class_id > b->class_id;
  order = order != 0 ? order : compare_floats (a->x1, b->x1);
  order = order != 0 ? order : compare_floats (a->y1, b->y1);
  order = order != 0 ? order : compare_floats (a->x2, b->x2);
  return order != 0 ? order : compare_floats (a->y2, b->y2);
}

void
sq_twin_topk (const SqCudaTopk *job)
{
  guint32 n = MIN (*job->count, job->capacity);
  g_autofree SqCudaBox *all = g_memdup2 (job->boxes, n * sizeof (SqCudaBox));

  if (n > 0)
    qsort (all, n, sizeof (SqCudaBox), sq_twin_compare_boxes);
  *job->out_count = MIN (n, job->keep);
  if (n > 0)
    memcpy (job->out, all, *job->out_count * sizeof (SqCudaBox));
}

// The engine's own filter.
void
sq_twin_nms (const SqCudaNms *job)
{
  guint32 n = MIN (*job->count, job->capacity), real = 0;
  const SqCudaFrame *f = job->frame;
  g_autofree SqDetection *boxes = g_new (SqDetection, MAX (n, 1));
  SqResult result = { .candidates = boxes };
  SqFilter filter = { .confidence = -INFINITY, .iou = job->iou, .class_agnostic = job->class_agnostic, .max_detections = job->limit };
  g_autoptr (GArray) kept = NULL;

  for (guint32 i = 0; i < n; i++)
    {
      const SqCudaBox *box = &job->boxes[i];
      SqDetection d = { box->x1, box->y1, box->x2, box->y2, box->score, box->class_id, 0 };

      if (f != NULL)
        d = (SqDetection){ CLAMP ((d.x1 - f->offset_x) / f->scale_x, 0, f->width),
                           CLAMP ((d.y1 - f->offset_y) / f->scale_y, 0, f->height),
                           CLAMP ((d.x2 - f->offset_x) / f->scale_x, 0, f->width),
                           CLAMP ((d.y2 - f->offset_y) / f->scale_y, 0, f->height),
                           d.score,
                           d.class_id,
                           0 };
      if (f == NULL || (d.x2 > d.x1 && d.y2 > d.y1))
        boxes[real++] = d;
    }
  result.n_candidates = real;
  kept = sq_result_detections (&result, &filter);
  *job->out_count = job->limit > 0 ? kept->len : 0;
  for (guint i = 0; i < *job->out_count; i++)
    {
      const SqDetection *d = &g_array_index (kept, SqDetection, i);

      job->out[i] = (SqCudaBox){ d->x1, d->y1, d->x2, d->y2, d->score, d->class_id };
    }
}
