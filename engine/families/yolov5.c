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

const SqFamily sq_family_yolov5 = {
  "yolov5", "YOLOv5, YOLOv7 (decoded)", FALSE, probe, _sq_family_rows_setup, _sq_family_rows_decode, _sq_family_rows_heads
};
