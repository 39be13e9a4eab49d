// SPDX-License-Identifier: GPL-3.0-or-later
// FastestDet: one map 1 x (5 + classes) x H x W: objectness (squashed), box, class probabilities. cx = (x + tanh r0) / W, w = sigmoid (r2),
// as shares of the picture; score = objectness^0.6 class^0.4. Input stretched by area, BGR / 255.
#include "family.h"

#include <math.h>

static int
probe (const SqImport *import)
{
  const SqShape *y = _sq_family_output (import, 0);
  const SqShape *input = &sq_graph_value (import->graph, g_array_index (import->graph->inputs, int, 0))->shape;

  return import->heads == NULL && import->graph->outputs->len == 1 && y->rank == 4 && y->dim[0] == 1 && y->dim[1] >= 6 && input->rank == 4
                 && y->dim[2] * 16 == input->dim[2] && y->dim[3] * 16 == input->dim[3]
             ? 2
             : 0;
}

static gboolean
setup (SqModel *model, const SqImport *import, GError **error)
{
  if (probe (import) == 0)
    return _sq_family_misfit (error, model, "it does not have one map of stride 16");
  model->n_classes = (guint) _sq_family_output (import, 0)->dim[1] - 5;
  model->input = (SqInputSpec){ model->input.width,           model->input.height, .fit = SQ_FIT_STRETCH,
                                .resample = SQ_RESAMPLE_AREA, .bgr = TRUE,         .scale = { 1 / 255.f, 1 / 255.f, 1 / 255.f } };
  return TRUE;
}

static void
decode (const SqModel *model, SqTensor *const *outputs, float floor, GArray *candidates)
{
  gint64 h = outputs[0]->shape.dim[2], w = outputs[0]->shape.dim[3], n = h * w;
  const float *x = sq_tensor_f32 (outputs[0]);

  for (gint64 i = 0; i < n; i++)
    {
      float objectness = powf (x[i], .6f);

      if (!(objectness >= floor))
        continue;
      for (guint c = 0; c < model->n_classes; c++)
        {
          float s = objectness * powf (x[(5 + c) * n + i], .4f);

          if (s >= floor)
            _sq_family_add (candidates, (float) ((i % w) + tanhf (x[n + i])) / w * model->input.width,
                            (float) ((i / w) + tanhf (x[2 * n + i])) / h * model->input.height,
                            _sq_sigmoid (x[3 * n + i]) * model->input.width, _sq_sigmoid (x[4 * n + i]) * model->input.height, s, c);
        }
    }
}

const SqFamily sq_family_fastestdet = { "fastestdet", "FastestDet", FALSE, probe, setup, decode };
