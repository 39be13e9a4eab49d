// SPDX-License-Identifier: GPL-3.0-or-later
// Ultralytics v10, 26 and exports with NMS inside: rows of x1, y1, x2, y2, score, class in px of the input, at most a few hundred.
#include "family.h"

static int
probe (const SqImport *import)
{
  const SqShape *y = _sq_family_output (import, 0);

  if (import->heads != NULL || import->graph->outputs->len != 1 || y->rank != 3 || y->dim[0] != 1 || y->dim[2] != 6 || y->dim[1] > 1000)
    return 0;
  // RT-DETR writes the same shape with other numbers in it: only the file's own words make this sure
  if (g_ascii_strncasecmp (_sq_family_metadata (import, "head"), "RTDETR", 6) == 0)
    return 0;
  return *_sq_family_metadata (import, "names") != '\0' ? 3 : 1;
}

// The class count is not in the shapes: names in the metadata, else the user's list of names.
static guint
count_names (const char *names)
{
  guint n = 0;

  for (const char *c = names; *c != '\0'; c++)
    n += *c == ':';
  return n;
}

static gboolean
setup (SqModel *model, const SqImport *import, GError **error)
{
  const SqShape *y = _sq_family_output (import, 0);

  if (y->rank != 3 || y->dim[0] != 1 || y->dim[2] != 6)
    return _sq_family_misfit (error, model, "it has no output of six columns");
  model->n_classes = MAX (count_names (_sq_family_metadata (import, "names")), 1);
  model->input = (SqInputSpec){ model->input.width, model->input.height, SQ_SPEC_RGB_LETTERBOX };
  return TRUE;
}

static void
decode (const SqModel *model, SqTensor *const *outputs, float floor, GArray *candidates)
{
  const float *r = sq_tensor_f32 (outputs[0]);

  for (gint64 i = 0; i < outputs[0]->shape.dim[1]; i++, r += 6)
    if (r[4] >= floor && r[5] >= 0 && r[5] < model->n_classes)
      {
        SqDetection d = { r[0], r[1], r[2], r[3], r[4], (int) r[5] };

        g_array_append_val (candidates, d);
      }
}

const SqFamily sq_family_ultralytics_e2e = { "ultralytics-e2e", "Ultralytics YOLO end to end (v10, 26)", TRUE, probe, setup, decode };
