// SPDX-License-Identifier: GPL-3.0-or-later
// Ultralytics v3u v5u v6 v8 v9 11 12, and 26 without its end-to-end head.
// Output 1 x (4 + classes) x boxes: cx, cy, w, h in px of the input, class probabilities.
#include "family.h"

#include "kernels/kernels.h"

static int
probe (const SqImport *import)
{
  const SqShape *y = _sq_family_output (import, 0);
  int stride, levels;

  if (import->heads != NULL || import->graph->outputs->len != 1 || y->rank != 3 || y->dim[0] != 1 || y->dim[1] < 5 || y->dim[1] >= y->dim[2]
      || !_sq_family_grid (import, y->dim[2], 1, &stride, &levels))
    return 0;
  return *_sq_family_metadata (import, "names") != '\0' ? 3 : 2;
}

static gboolean
setup (SqModel *model, const SqImport *import, GError **error)
{
  const SqShape *y = _sq_family_output (import, 0);

  if (y->rank != 3 || y->dim[0] != 1 || y->dim[1] < 5)
    return _sq_family_misfit (error, model, "it has no output of 4 + classes rows");
  model->n_classes = (guint) y->dim[1] - 4;
  model->input = (SqInputSpec){ model->input.width, model->input.height, SQ_SPEC_RGB_LETTERBOX };
  return TRUE;
}

static void
decode (const SqModel *model, SqTensor *const *outputs, float floor, GArray *candidates)
{
  gint64 n = outputs[0]->shape.dim[2];
  const float *x = sq_tensor_f32 (outputs[0]);
  g_autofree guint32 *index = g_new (guint32, n);

  for (guint c = 0; c < model->n_classes; c++)
    {
      const float *scores = x + (4 + c) * n;
      gsize found = sq_kernels ()->find_above_f32 (index, scores, n, floor);

      for (gsize k = 0; k < found; k++)
        {
          guint32 i = index[k];

          _sq_family_add (candidates, x[i], x[n + i], x[2 * n + i], x[3 * n + i], scores[i], c);
        }
    }
}

static guint
heads (const SqModel *model, SqCudaOutputHead *heads, guint max)
{
  int n = (int) _sq_family_shape (model, 0)->dim[2];

  if (max < 1)
    return 0;
  heads[0] = (SqCudaOutputHead){ .head = { .box_cell = 1,
                                           .box_field = n,
                                           .class_cell = 1,
                                           .class_field = n,
                                           .cells = n,
                                           .grid_width = n,
                                           .anchors = 1,
                                           .n_classes = (int) model->n_classes,
                                           .kind = SQ_CUDA_BOX_CENTRE,
                                           .classes_squashed = TRUE },
                                 .objectness = -1,
                                 .class_at = 4 * (gint64) n };
  return 1;
}

const SqFamily sq_family_ultralytics = { "ultralytics", "Ultralytics YOLO (v3u to 12)", FALSE, probe, setup, decode, heads };
