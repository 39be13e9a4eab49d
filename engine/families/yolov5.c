// SPDX-License-Identifier: GPL-3.0-or-later
// YOLOv5 and YOLOv7 (--grid) repositories: rows of cx, cy, w, h in px, objectness, classes; three anchors per cell, decoded.
#include "family.h"

static int
probe (const SqImport *import)
{
  const SqShape *y = _sq_family_output (import, 0);
  int stride, levels;

  if (import->heads != NULL || y->rank != 3 || y->dim[0] != 1 || y->dim[2] < 6 || !_sq_family_grid (import, y->dim[1], 3, &stride, &levels))
    return 0;
  return _sq_family_made_by (import, 0) == SQ_MADE_BY_ARITHMETIC ? 2 : 1;
}

static gboolean
setup (SqModel *model, const SqImport *import, GError **error)
{
  const SqShape *y = _sq_family_output (import, 0);

  if (y->rank != 3 || y->dim[0] != 1 || y->dim[2] < 6)
    return _sq_family_misfit (error, model, "it has no output of 5 + classes columns");
  model->n_classes = (guint) y->dim[2] - 5;
  model->input = (SqInputSpec){ model->input.width, model->input.height, SQ_SPEC_RGB_LETTERBOX };
  return TRUE;
}

static void
decode (const SqModel *model, SqTensor *const *outputs, float floor, GArray *candidates)
{
  _sq_family_decode_rows (sq_tensor_f32 (outputs[0]), outputs[0]->shape.dim[1], model->n_classes, floor, candidates);
}

const SqFamily sq_family_yolov5 = { "yolov5", "YOLOv5, YOLOv7 (decoded)", FALSE, probe, setup, decode };
