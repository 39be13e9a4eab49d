// SPDX-License-Identifier: GPL-3.0-or-later
// YOLOv7 exported without --grid: three maps 1 x 3 x H x W x (5 + classes) before the sigmoid. The anchors are not in the file: yolov7-tiny
// and YOLOv5 share theirs, the full YOLOv7 has larger ones, so the two are families of their own, and only the tiny one (leaky activations)
// can be told for sure.
#include "anchors.h"
#include "engine/ops/op.h"
#include "family.h"

static gboolean
fits (const SqImport *import)
{
  const SqShape *input = &sq_graph_value (import->graph, g_array_index (import->graph->inputs, int, 0))->shape;

  if (import->heads != NULL || import->graph->outputs->len != 3 || input->rank != 4)
    return FALSE;
  for (guint i = 0; i < 3; i++)
    {
      const SqShape *y = _sq_family_output (import, i);

      if (y->rank != 5 || y->dim[0] != 1 || y->dim[1] != 3 || y->dim[4] < 6 || y->dim[4] != _sq_family_output (import, 0)->dim[4]
          || y->dim[2] < 1 || y->dim[3] < 1 || input->dim[2] / y->dim[2] != (8 << i))
        return FALSE;
    }
  return TRUE;
}

static int
probe_tiny (const SqImport *import)
{
  if (!fits (import))
    return 0;
  for (guint i = 0; i < import->graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (import->graph, i);

      if (node->op == &sq_op_act && node->params.act.kind == SQ_ACT_LEAKY)
        return 2;
    }
  return 1;
}

static int
probe_full (const SqImport *import)
{
  return fits (import) ? 1 : 0;
}

static gboolean
setup (SqModel *model, const SqImport *import, GError **error)
{
  if (!fits (import))
    return _sq_family_misfit (error, model, "it does not have three maps of three anchors");
  model->n_classes = (guint) _sq_family_output (import, 0)->dim[4] - 5;
  model->input = (SqInputSpec){ model->input.width, model->input.height, SQ_SPEC_RGB_LETTERBOX };
  return TRUE;
}

static const float anchors_full[3][3][2] = {
  { { 12, 16 }, { 19, 36 }, { 40, 28 } },
  { { 36, 75 }, { 76, 55 }, { 72, 146 } },
  { { 142, 110 }, { 192, 243 }, { 459, 401 } },
};

static SqAnchorLevel
level_of (const SqModel *model, int l, const gint64 *d, const float (*anchors)[2], const float *data)
{
  return (SqAnchorLevel){ data,   d[2] * d[3] * d[4],     d[3] * d[4], d[4], 1, (int) d[2], (int) d[3],
                          8 << l, (int) model->n_classes, anchors,     TRUE };
}

static void
decode_with (const SqModel *model, SqTensor *const *outputs, const float anchors[3][3][2], float floor, GArray *candidates)
{
  for (int l = 0; l < 3; l++)
    {
      SqAnchorLevel level = level_of (model, l, outputs[l]->shape.dim, anchors[l], sq_tensor_f32 (outputs[l]));

      _sq_anchor_decode (&level, floor, candidates);
    }
}

static guint
heads_with (const SqModel *model, const float anchors[3][3][2], SqCudaOutputHead *heads, guint max)
{
  if (max < 3)
    return 0;
  for (int l = 0; l < 3; l++)
    {
      SqAnchorLevel level = level_of (model, l, _sq_family_shape (model, (guint) l)->dim, anchors[l], NULL);

      heads[l] = _sq_anchor_head (&level, l, 0);
    }
  return 3;
}

static void
decode_tiny (const SqModel *model, SqTensor *const *outputs, float floor, GArray *candidates)
{
  decode_with (model, outputs, _sq_anchors_v5, floor, candidates);
}

static guint
heads_tiny (const SqModel *model, SqCudaOutputHead *heads, guint max)
{
  return heads_with (model, _sq_anchors_v5, heads, max);
}

static void
decode_full (const SqModel *model, SqTensor *const *outputs, float floor, GArray *candidates)
{
  decode_with (model, outputs, anchors_full, floor, candidates);
}

static guint
heads_full (const SqModel *model, SqCudaOutputHead *heads, guint max)
{
  return heads_with (model, anchors_full, heads, max);
}

const SqFamily sq_family_yolov7_tiny_raw = { "yolov7-tiny-raw", "YOLOv7-tiny, YOLOv5 (raw maps)", FALSE, probe_tiny, setup, decode_tiny,
                                             heads_tiny };
const SqFamily sq_family_yolov7_raw = { "yolov7-raw", "YOLOv7 (raw maps)", FALSE, probe_full, setup, decode_full, heads_full };
