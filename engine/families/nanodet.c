// SPDX-License-Identifier: GPL-3.0-or-later
// NanoDet: per stride a map of class scores (squashed) and one of distances to the four sides, each a distribution over n bins (Generalized
// Focal Loss). Centres are stride x + (stride - 1) / 2. Input BGR with ImageNet's mean and deviation.
#include "family.h"

#include <math.h>

#define MAX_LEVELS 4

typedef struct
{
  int levels, bins;
  int scores[MAX_LEVELS], boxes[MAX_LEVELS]; // output indices per level, finest first
  int stride[MAX_LEVELS];
} NanodetData;

static gboolean
shape2 (const SqShape *y, gint64 *n, gint64 *columns)
{
  if (y->rank < 2 || y->rank > 3 || (y->rank == 3 && y->dim[0] != 1))
    return FALSE;
  *n = y->dim[y->rank - 2];
  *columns = y->dim[y->rank - 1];
  return TRUE;
}

// Pairs outputs by their number of cells; classes are whatever the box maps are not.
static gboolean
match (const SqImport *import, NanodetData *data, guint *classes)
{
  const SqShape *input = &sq_graph_value (import->graph, g_array_index (import->graph->inputs, int, 0))->shape;
  guint outputs = import->graph->outputs->len;
  gint64 box_columns = G_MAXINT64, score_columns = 0;

  if (import->heads != NULL || input->rank != 4 || outputs % 2 != 0 || outputs < 4 || outputs > 2 * MAX_LEVELS)
    return FALSE;
  for (guint i = 0; i < outputs; i++)
    {
      gint64 n = 0, c = 0;

      if (!shape2 (_sq_family_output (import, i), &n, &c))
        return FALSE;
      box_columns = c % 4 == 0 && c >= 16 ? MIN (box_columns, c) : box_columns;
      score_columns = MAX (score_columns, c);
    }
  if (box_columns == G_MAXINT64)
    return FALSE;
  data->levels = (int) outputs / 2;
  data->bins = (int) box_columns / 4;
  *classes = 0;
  for (int l = 0; l < data->levels; l++)
    {
      int stride = 8 << l;
      gint64 cells = ((input->dim[2] + stride - 1) / stride) * ((input->dim[3] + stride - 1) / stride);

      data->stride[l] = stride;
      data->scores[l] = data->boxes[l] = -1;
      for (guint i = 0; i < outputs; i++)
        {
          gint64 n = 0, c = 0;

          shape2 (_sq_family_output (import, i), &n, &c);
          if (n != cells)
            continue;
          if (c == box_columns && data->boxes[l] < 0)
            data->boxes[l] = (int) i;
          else
            {
              data->scores[l] = (int) i;
              if (*classes != 0 && *classes != c)
                return FALSE;
              *classes = (guint) c;
            }
        }
      if (data->scores[l] < 0 || data->boxes[l] < 0)
        return FALSE;
    }
  return TRUE;
}

static int
probe (const SqImport *import)
{
  NanodetData data;
  guint classes;

  return match (import, &data, &classes) ? 2 : 0;
}

static gboolean
setup (SqModel *model, const SqImport *import, GError **error)
{
  NanodetData *data = g_new0 (NanodetData, 1);

  model->family_data = data;
  model->family_data_free = g_free;
  if (!match (import, data, &model->n_classes))
    return _sq_family_misfit (error, model, "it does not have a score and a distance map per stride");
  model->input = (SqInputSpec){ model->input.width,
                                model->input.height,
                                .fit = SQ_FIT_LETTERBOX,
                                .resample = SQ_RESAMPLE_AREA,
                                .round_to_int = TRUE,
                                .bgr = TRUE,
                                .pad = 0,
                                .mean = { 103.53f, 116.28f, 123.675f },
                                .scale = { 1 / 57.375f, 1 / 57.12f, 1 / 58.395f } };
  return TRUE;
}

static float
expectation (const float *logits, int bins)
{
  float top = -INFINITY, sum = 0, weighted = 0;

  for (int i = 0; i < bins; i++)
    top = fmaxf (top, logits[i]);
  for (int i = 0; i < bins; i++)
    {
      float e = expf (logits[i] - top);

      sum += e;
      weighted += e * i;
    }
  return weighted / sum;
}

static void
decode (const SqModel *model, SqTensor *const *outputs, float floor, GArray *candidates)
{
  const NanodetData *data = model->family_data;
  int classes = (int) model->n_classes;

  for (int l = 0; l < data->levels; l++)
    {
      int stride = data->stride[l], w = (model->input.width + stride - 1) / stride, h = (model->input.height + stride - 1) / stride;
      const float *scores = sq_tensor_f32 (outputs[data->scores[l]]), *boxes = sq_tensor_f32 (outputs[data->boxes[l]]);

      for (int i = 0; i < w * h; i++)
        {
          gboolean have_box = FALSE;
          SqDetection d = { 0 };

          for (int c = 0; c < classes; c++)
            {
              float s = scores[i * classes + c];

              if (!(s >= floor))
                continue;
              if (!have_box)
                {
                  const float *t = boxes + (gsize) i * 4 * data->bins;
                  float x = (i % w) * stride + .5f * (stride - 1), y = (i / w) * stride + .5f * (stride - 1);

                  d.x1 = x - expectation (t, data->bins) * stride;
                  d.y1 = y - expectation (t + data->bins, data->bins) * stride;
                  d.x2 = x + expectation (t + 2 * data->bins, data->bins) * stride;
                  d.y2 = y + expectation (t + 3 * data->bins, data->bins) * stride;
                  have_box = TRUE;
                }
              d.score = s;
              d.class_id = c;
              g_array_append_val (candidates, d);
            }
        }
    }
}

static guint
heads (const SqModel *model, SqCudaOutputHead *heads, guint max)
{
  const NanodetData *data = model->family_data;

  if ((guint) data->levels > max)
    return 0;
  for (int l = 0; l < data->levels; l++)
    {
      int stride = data->stride[l], w = (model->input.width + stride - 1) / stride, h = (model->input.height + stride - 1) / stride;

      heads[l] = (SqCudaOutputHead){ .head = { .box_cell = 4 * data->bins,
                                               .box_field = 1,
                                               .class_cell = (int) model->n_classes,
                                               .class_field = 1,
                                               .cells = w * h,
                                               .grid_width = w,
                                               .anchors = 1,
                                               .n_classes = (int) model->n_classes,
                                               .kind = SQ_CUDA_BOX_BINS,
                                               .bins = data->bins,
                                               .classes_squashed = TRUE,
                                               .stride_x = (float) stride,
                                               .stride_y = (float) stride,
                                               .centre = .5f * (float) (stride - 1) / (float) stride },
                                     .boxes = data->boxes[l],
                                     .objectness = -1,
                                     .classes = data->scores[l] };
    }
  return (guint) data->levels;
}

const SqFamily sq_family_nanodet = { "nanodet", "NanoDet", FALSE, probe, setup, decode, heads };
