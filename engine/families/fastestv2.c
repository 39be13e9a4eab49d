// SPDX-License-Identifier: GPL-3.0-or-later
// Yolo-FastestV2: per stride (16, 32) three anchors with own boxes and objectness and one set of classes for all three. Seen with two NHWC
// outputs [12 box, 3 objectness, classes], with both as rows of one matrix, and with six raw NCHW maps. Input stretched, BGR / 255.
#include "family.h"

#include <math.h>
#include <string.h>

typedef enum
{
  LAYOUT_NONE,
  LAYOUT_MAPS, // two outputs 1 x H x W x (15 + classes)
  LAYOUT_ROWS, // one output cells x (15 + classes)
  LAYOUT_RAW,  // six outputs 1 x {12, 3, classes} x H x W before sigmoid and softmax
} Layout;

static Layout
layout_of (const SqImport *import, guint *classes)
{
  const SqShape *input = &sq_graph_value (import->graph, g_array_index (import->graph->inputs, int, 0))->shape;
  guint outputs = import->graph->outputs->len;
  gint64 h, w;

  if (import->heads != NULL || input->rank != 4 || input->dim[2] % 32 != 0 || input->dim[3] % 32 != 0)
    return LAYOUT_NONE;
  h = input->dim[2] / 16;
  w = input->dim[3] / 16;
  if (outputs == 2)
    {
      const SqShape *a = _sq_family_output (import, 0), *b = _sq_family_output (import, 1);

      if (a->rank != 4 || b->rank != 4 || a->dim[1] != h || a->dim[2] != w || b->dim[1] != h / 2 || b->dim[2] != w / 2 || a->dim[3] < 16
          || a->dim[3] != b->dim[3])
        return LAYOUT_NONE;
      *classes = (guint) a->dim[3] - 15;
      return LAYOUT_MAPS;
    }
  if (outputs == 1)
    {
      const SqShape *a = _sq_family_output (import, 0);

      if (a->rank != 2 || a->dim[0] != h * w + h / 2 * (w / 2) || a->dim[1] < 16)
        return LAYOUT_NONE;
      *classes = (guint) a->dim[1] - 15;
      return LAYOUT_ROWS;
    }
  if (outputs == 6)
    {
      for (guint i = 0; i < 6; i++)
        {
          const SqShape *a = _sq_family_output (import, i);
          gint64 scale = i < 3 ? 1 : 2;

          if (a->rank != 4 || a->dim[0] != 1 || a->dim[2] != h / scale || a->dim[3] != w / scale || (i % 3 == 0 && a->dim[1] != 12)
              || (i % 3 == 1 && a->dim[1] != 3) || (i % 3 == 2 && a->dim[1] != _sq_family_output (import, 2)->dim[1]))
            return LAYOUT_NONE;
        }
      *classes = (guint) _sq_family_output (import, 2)->dim[1];
      return LAYOUT_RAW;
    }
  return LAYOUT_NONE;
}

static int
probe (const SqImport *import)
{
  guint classes;

  return layout_of (import, &classes) != LAYOUT_NONE ? 2 : 0;
}

static gboolean
setup (SqModel *model, const SqImport *import, GError **error)
{
  Layout layout = layout_of (import, &model->n_classes);

  if (layout == LAYOUT_NONE)
    return _sq_family_misfit (error, model, "it does not have two maps of three anchors that share their classes");
  model->family_data = GINT_TO_POINTER (layout);
  model->input = (SqInputSpec){ model->input.width, model->input.height, .fit = SQ_FIT_STRETCH, .bgr = TRUE,
                                .scale = { 1 / 255.f, 1 / 255.f, 1 / 255.f } };
  return TRUE;
}

static const float anchors[2][3][2] = {
  { { 12.64f, 19.39f }, { 37.88f, 51.48f }, { 55.71f, 138.31f } },
  { { 126.91f, 78.23f }, { 131.57f, 214.55f }, { 279.92f, 258.87f } },
};

// One cell of a level: 12 box numbers, 3 objectness, classes, all through sigmoid and softmax.
static void
decode_cell (const float *r, int level, int x, int y, int classes, float floor, GArray *candidates)
{
  int stride = 16 << level;

  for (int a = 0; a < 3; a++)
    {
      const float *t = r + 4 * a;

      if (!(r[12 + a] >= floor))
        continue;
      for (int c = 0; c < classes; c++)
        if (r[12 + a] * r[15 + c] >= floor)
          _sq_family_add (candidates, (t[0] * 2 - .5f + x) * stride, (t[1] * 2 - .5f + y) * stride, 4 * t[2] * t[2] * anchors[level][a][0],
                          4 * t[3] * t[3] * anchors[level][a][1], r[12 + a] * r[15 + c], c);
    }
}

static void
gather_raw (SqTensor *const *maps, gint64 cell, int classes, float *row)
{
  gint64 n = maps[0]->shape.dim[2] * maps[0]->shape.dim[3];
  float sum = 0, top = -INFINITY;

  for (int k = 0; k < 15; k++)
    row[k] = _sq_sigmoid (sq_tensor_f32 (maps[k < 12 ? 0 : 1])[(k < 12 ? k : k - 12) * n + cell]);
  for (int c = 0; c < classes; c++)
    top = fmaxf (top, sq_tensor_f32 (maps[2])[c * n + cell]);
  for (int c = 0; c < classes; c++)
    sum += row[15 + c] = expf (sq_tensor_f32 (maps[2])[c * n + cell] - top);
  for (int c = 0; c < classes; c++)
    row[15 + c] /= sum;
}

static void
decode (const SqModel *model, SqTensor *const *outputs, float floor, GArray *candidates)
{
  Layout layout = GPOINTER_TO_INT (model->family_data);
  int classes = (int) model->n_classes, columns = 15 + classes;
  g_autofree float *row = layout == LAYOUT_RAW ? g_new (float, columns) : NULL;
  gint64 done = 0;

  for (int level = 0; level < 2; level++)
    {
      int w = model->input.width / (16 << level), h = model->input.height / (16 << level);

      for (int i = 0; i < w * h; i++)
        {
          const float *r;

          if (layout == LAYOUT_RAW)
            gather_raw (outputs + 3 * level, i, classes, row);
          r = layout == LAYOUT_RAW    ? row
              : layout == LAYOUT_MAPS ? sq_tensor_f32 (outputs[level]) + (gsize) i * columns
                                      : sq_tensor_f32 (outputs[0]) + (done + i) * columns;
          decode_cell (r, level, i % w, i / w, classes, floor, candidates);
        }
      done += w * h;
    }
}

static guint
heads (const SqModel *model, SqCudaOutputHead *heads, guint max)
{
  Layout layout = GPOINTER_TO_INT (model->family_data);
  gint64 columns = 15 + (int) model->n_classes, done = 0;

  if (max < 2)
    return 0;
  for (int level = 0; level < 2; level++)
    {
      int stride = 16 << level, w = model->input.width / stride, n = model->input.height / stride * w;
      gboolean raw = layout == LAYOUT_RAW;
      gint64 at = layout == LAYOUT_ROWS ? done * columns : 0;
      int output = layout == LAYOUT_MAPS ? level : 0;
      SqCudaHead head = { .box_cell = raw ? 1 : columns,
                          .box_anchor = raw ? 4 * (gint64) n : 4,
                          .box_field = raw ? n : 1,
                          .objectness_cell = raw ? 1 : columns,
                          .objectness_anchor = raw ? n : 1,
                          .class_cell = raw ? 1 : columns,
                          .class_anchor = 0, // shared
                          .class_field = raw ? n : 1,
                          .cells = n,
                          .grid_width = w,
                          .anchors = 3,
                          .n_classes = (int) model->n_classes,
                          .kind = SQ_CUDA_BOX_ANCHOR_2,
                          .box_squashed = !raw,
                          .objectness_squashed = !raw,
                          .classes_squashed = !raw,
                          .class_softmax = raw,
                          .stride_x = (float) stride,
                          .stride_y = (float) stride,
                          .scale_xy = 2 };

      memcpy (head.anchor_size, anchors[level], sizeof anchors[level]);
      heads[level] = raw ? (SqCudaOutputHead){ head, 3 * level, 3 * level + 1, 3 * level + 2, 0, 0, 0 }
                         : (SqCudaOutputHead){ head, output, output, output, at, at + 12, at + 15 };
      done += n;
    }
  return 2;
}

const SqFamily sq_family_fastestv2 = { "yolo-fastestv2", "Yolo-FastestV2", FALSE, probe, setup, decode, heads };
