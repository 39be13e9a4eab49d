// SPDX-License-Identifier: GPL-3.0-or-later
// YOLOv5-Lite: rows already through the sigmoid but not decoded, levels of stride 8, 16, 32 after another, anchor by anchor.
#include "anchors.h"
#include "family.h"

static int
probe (const SqImport *import)
{
  const SqShape *y = _sq_family_output (import, 0);
  int stride, levels;

  if (import->heads != NULL || y->rank != 3 || y->dim[0] != 1 || y->dim[2] < 6 || !_sq_family_grid (import, y->dim[1], 3, &stride, &levels)
      || levels != 3)
    return 0;
  return _sq_family_made_by (import, 0) == SQ_MADE_BY_SIGMOID ? 2 : 0;
}

static gboolean
setup (SqModel *model, const SqImport *import, GError **error)
{
  if (probe (import) == 0)
    return _sq_family_misfit (error, model, "its output is not three anchors per cell behind a sigmoid");
  model->n_classes = (guint) _sq_family_output (import, 0)->dim[2] - 5;
  model->input = (SqInputSpec){ model->input.width, model->input.height, SQ_SPEC_RGB_LETTERBOX };
  return TRUE;
}

static SqAnchorLevel
level_of (const SqModel *model, int l, const float *data)
{
  int stride = 8 << l, w = (model->input.width + stride - 1) / stride, h = (model->input.height + stride - 1) / stride;
  gint64 columns = 5 + (gint64) model->n_classes;

  return (SqAnchorLevel){ data, columns * w * h, columns * w, columns, 1, h, w, stride, (int) model->n_classes, _sq_anchors_v5[l] };
}

static void
decode (const SqModel *model, SqTensor *const *outputs, float floor, GArray *candidates)
{
  const float *at = sq_tensor_f32 (outputs[0]);

  for (int l = 0; l < 3; l++)
    {
      SqAnchorLevel level = level_of (model, l, at);

      _sq_anchor_decode (&level, floor, candidates);
      at += 3 * level.step_a;
    }
}

static guint
heads (const SqModel *model, SqCudaOutputHead *heads, guint max)
{
  gint64 at = 0;

  if (max < 3)
    return 0;
  for (int l = 0; l < 3; l++)
    {
      SqAnchorLevel level = level_of (model, l, NULL);

      heads[l] = _sq_anchor_head (&level, 0, at);
      at += 3 * level.step_a;
    }
  return 3;
}

const SqFamily sq_family_yolov5_lite = { "yolov5-lite", "YOLOv5-Lite", FALSE, probe, setup, decode, heads };
