// SPDX-License-Identifier: GPL-3.0-or-later
// YOLOX: rows of x, y, w, h, objectness, classes; scores squashed. Boxes as the head leaves them, (xy + cell) stride and exp (wh) stride
// still to do, or done where it was exported with --decode_in_inference. Input BGR 0..255, the picture at the top left.
#include "family.h"

#include <math.h>

typedef struct
{
  int first_stride, levels; // 0 levels: decoded by the network
} YoloxData;

static int
probe (const SqImport *import)
{
  const SqShape *y = _sq_family_output (import, 0);
  int stride, levels;

  if (import->heads != NULL || import->graph->outputs->len != 1 || y->rank != 3 || y->dim[0] != 1 || y->dim[2] < 6
      || !_sq_family_grid (import, y->dim[1], 1, &stride, &levels) || *_sq_family_metadata (import, "names") != '\0')
    return 0;
  return 2;
}

static gboolean
setup (SqModel *model, const SqImport *import, GError **error)
{
  const SqShape *y = _sq_family_output (import, 0);
  YoloxData *data = g_new0 (YoloxData, 1);

  model->family_data = data;
  model->family_data_free = g_free;
  if (y->rank != 3 || y->dim[0] != 1 || y->dim[2] < 6 || !_sq_family_grid (import, y->dim[1], 1, &data->first_stride, &data->levels))
    return _sq_family_misfit (error, model, "it has no output of one box per cell");
  if (_sq_family_made_by (import, 0) == SQ_MADE_BY_ARITHMETIC)
    data->levels = 0;
  model->n_classes = (guint) y->dim[2] - 5;
  model->input = (SqInputSpec){ model->input.width, model->input.height, .fit = SQ_FIT_LETTERBOX_TOPLEFT,
                                .bgr = TRUE,        .pad = 114,          .scale = { 1, 1, 1 } };
  return TRUE;
}

static void
decode (const SqModel *model, SqTensor *const *outputs, float floor, GArray *candidates)
{
  const YoloxData *data = model->family_data;
  int columns = 5 + (int) model->n_classes;
  const float *r = sq_tensor_f32 (outputs[0]);

  if (data->levels == 0)
    {
      _sq_family_rows_decode (model, outputs, floor, candidates);
      return;
    }
  for (int l = 0, stride = data->first_stride; l < data->levels; l++, stride *= 2)
    for (int y = 0; y < (model->input.height + stride - 1) / stride; y++)
      for (int x = 0; x < (model->input.width + stride - 1) / stride; x++, r += columns)
        {
          if (!(r[4] >= floor))
            continue;
          for (guint c = 0; c < model->n_classes; c++)
            if (r[4] * r[5 + c] >= floor)
              _sq_family_add (candidates, (r[0] + x) * stride, (r[1] + y) * stride, expf (r[2]) * stride, expf (r[3]) * stride,
                              r[4] * r[5 + c], c);
        }
}

static guint
heads (const SqModel *model, SqCudaOutputHead *heads, guint max)
{
  const YoloxData *data = model->family_data;
  gint64 at = 0;

  if (data->levels == 0)
    return _sq_family_rows_heads (model, heads, max);
  if ((guint) data->levels > max)
    return 0;
  for (int l = 0, stride = data->first_stride; l < data->levels; l++, stride *= 2)
    {
      int w = (model->input.width + stride - 1) / stride, h = (model->input.height + stride - 1) / stride;

      heads[l] = _sq_family_rows_head (model, at, w * h);
      heads[l].head.kind = SQ_CUDA_BOX_GRID;
      heads[l].head.grid_width = w;
      heads[l].head.stride_x = heads[l].head.stride_y = (float) stride;
      at += (gint64) w * h * (5 + (int) model->n_classes);
    }
  return (guint) data->levels;
}

const SqFamily sq_family_yolox = { "yolox", "YOLOX", FALSE, probe, setup, decode, heads };
