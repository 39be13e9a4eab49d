// SPDX-License-Identifier: GPL-3.0-or-later
// YOLOv6: rows of cx, cy, w, h in px, objectness that is always 1, classes; one box per cell, decoded.
#include "engine/ops/op.h"
#include "family.h"

// The objectness column is a constant: that tells it from YOLOX.
static gboolean
constant_column (const SqImport *import)
{
  const SqGraph *graph = import->graph;
  g_autofree int *producer = sq_graph_producers (graph);
  int made = producer[g_array_index (graph->outputs, int, 0)];
  const SqNode *node = made >= 0 ? sq_graph_node (graph, made) : NULL;

  if (node == NULL || node->op != &sq_op_concat)
    return FALSE;
  for (int k = 0; k < node->n_in; k++)
    {
      const SqTensor *t = sq_graph_value (graph, node->in[k])->constant;

      if (t != NULL && t->shape.rank == 3 && t->shape.dim[2] == 1 && t->n > 0 && sq_tensor_get (t, 0) == 1)
        return TRUE;
    }
  return FALSE;
}

static int
probe (const SqImport *import)
{
  const SqShape *y = _sq_family_output (import, 0);
  int stride, levels;

  if (import->heads != NULL || import->graph->outputs->len != 1 || y->rank != 3 || y->dim[0] != 1 || y->dim[2] < 6
      || !_sq_family_grid (import, y->dim[1], 1, &stride, &levels))
    return 0;
  return constant_column (import) ? 3 : 1;
}

const SqFamily sq_family_yolov6 = {
  "yolov6", "YOLOv6", FALSE, probe, _sq_family_rows_setup, _sq_family_rows_decode, _sq_family_rows_heads
};
