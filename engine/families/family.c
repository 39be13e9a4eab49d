// SPDX-License-Identifier: GPL-3.0-or-later
#include "family.h"

#include "engine/ops/op.h"

static const SqFamily *const families[] = {
#define SQ_FAMILY(name) &sq_family_##name,
#include "engine/families/family-list.h"
#undef SQ_FAMILY
  NULL,
};

static gboolean
none_setup (SqModel *model, const SqImport *import, GError **error)
{
  model->input = (SqInputSpec){ model->input.width, model->input.height, SQ_SPEC_RGB_LETTERBOX };
  return TRUE;
}

static void
none_decode (const SqModel *model, SqTensor *const *outputs, float floor, GArray *candidates)
{
}

// No boxes: for measuring a network whose outputs nobody knows. Only by name, never offered.
static const SqFamily none = { .id = "none", .title = "network alone", .nms_done = TRUE, .setup = none_setup, .decode = none_decode };

const SqFamily *
sq_family_find (const char *id)
{
  if (g_str_equal (id, none.id))
    return &none;
  for (guint i = 0; families[i] != NULL; i++)
    if (g_str_equal (families[i]->id, id))
      return families[i];
  return NULL;
}

const SqFamily *
sq_family_guess (const SqImport *import)
{
  const SqFamily *best = NULL;
  int sure = 1;

  for (guint i = 0; families[i] != NULL; i++)
    {
      int score = families[i]->probe (import);

      if (score > sure)
        {
          best = families[i];
          sure = score;
        }
    }
  return best;
}

const char *const *
sq_model_family_ids (void)
{
  static const char *ids[G_N_ELEMENTS (families)];

  if (g_once_init_enter (&ids[0]))
    {
      for (guint i = 1; families[i] != NULL; i++)
        ids[i] = families[i]->id;
      g_once_init_leave (&ids[0], families[0]->id);
    }
  return ids;
}

const char *
sq_model_family_title (const char *id)
{
  const SqFamily *family = sq_family_find (id);

  return family != NULL ? family->title : NULL;
}

const SqShape *
_sq_family_output (const SqImport *import, guint i)
{
  static const SqShape nothing;

  if (i >= import->graph->outputs->len)
    return &nothing;
  return &sq_graph_value (import->graph, g_array_index (import->graph->outputs, int, i))->shape;
}

const char *
_sq_family_metadata (const SqImport *import, const char *key)
{
  const char *text = g_hash_table_lookup (import->metadata, key);

  return text != NULL ? text : "";
}

static gint64
cells (const SqShape *input, int first, int levels)
{
  gint64 n = 0;

  for (int l = 0, stride = first; l < levels; l++, stride *= 2)
    n += ((input->dim[2] + stride - 1) / stride) * ((input->dim[3] + stride - 1) / stride);
  return n;
}

gboolean
_sq_family_grid (const SqImport *import, gint64 n, int anchors, int *first_stride, int *levels)
{
  static const int grids[][2] = { { 8, 3 }, { 16, 2 }, { 8, 4 }, { 4, 4 } };
  const SqShape *input = &sq_graph_value (import->graph, g_array_index (import->graph->inputs, int, 0))->shape;

  if (input->rank != 4)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (grids); i++)
    if (cells (input, grids[i][0], grids[i][1]) * anchors == n)
      {
        *first_stride = grids[i][0];
        *levels = grids[i][1];
        return TRUE;
      }
  return FALSE;
}

SqMadeBy
_sq_family_made_by (const SqImport *import, guint i)
{
  const SqGraph *graph = import->graph;
  g_autofree int *producer = sq_graph_producers (graph);
  int value = g_array_index (graph->outputs, int, i);

  for (guint steps = 0; steps < graph->nodes->len; steps++)
    {
      const SqNode *node;
      int next = SQ_NO_VALUE;

      if (producer[value] < 0)
        return SQ_MADE_BY_OTHER;
      node = sq_graph_node (graph, producer[value]);
      if (node->op == &sq_op_conv)
        return SQ_MADE_BY_CONV;
      if (node->op == &sq_op_act && node->params.act.kind == SQ_ACT_SIGMOID)
        return SQ_MADE_BY_SIGMOID;
      if (node->op != &sq_op_reshape && node->op != &sq_op_transpose && node->op != &sq_op_concat && node->op != &sq_op_slice)
        return SQ_MADE_BY_ARITHMETIC;
      for (int k = 0; k < node->n_in && next == SQ_NO_VALUE; k++) // the first computed input: boxes come before scores everywhere
        if (sq_graph_value (graph, node->in[k])->constant == NULL)
          next = node->in[k];
      if (next == SQ_NO_VALUE)
        return SQ_MADE_BY_OTHER;
      value = next;
    }
  return SQ_MADE_BY_OTHER;
}

void
_sq_family_add (GArray *candidates, float cx, float cy, float w, float h, float score, int class_id)
{
  SqDetection d = { cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2, score, class_id };

  g_array_append_val (candidates, d);
}

gboolean
_sq_family_misfit (GError **error, const SqModel *model, const char *wanted)
{
  g_autofree char *name = g_path_get_basename (model->path);

  g_set_error (error, SQ_ERROR, SQ_ERROR_UNKNOWN_FAMILY, "%s does not look like %s: %s; choose another family.", name, model->family_title,
               wanted);
  return FALSE;
}

const SqShape *
_sq_family_shape (const SqModel *model, guint i)
{
  return &sq_graph_value (model->graph, g_array_index (model->graph->outputs, int, i))->shape;
}

gboolean
_sq_family_rows_setup (SqModel *model, const SqImport *import, GError **error)
{
  const SqShape *y = _sq_family_output (import, 0);

  if (y->rank != 3 || y->dim[0] != 1 || y->dim[2] < 6)
    return _sq_family_misfit (error, model, "it has no output of 5 + classes columns");
  model->n_classes = (guint) y->dim[2] - 5;
  model->input = (SqInputSpec){ model->input.width, model->input.height, SQ_SPEC_RGB_LETTERBOX };
  return TRUE;
}

void
_sq_family_rows_decode (const SqModel *model, SqTensor *const *outputs, float floor, GArray *candidates)
{
  int classes = (int) model->n_classes;

  for (gint64 i = 0; i < outputs[0]->shape.dim[1]; i++)
    {
      const float *r = sq_tensor_f32 (outputs[0]) + i * (5 + classes);

      if (!(r[4] >= floor)) // also skips NaN
        continue;
      for (int c = 0; c < classes; c++)
        {
          float score = r[4] * r[5 + c];

          if (score >= floor)
            _sq_family_add (candidates, r[0], r[1], r[2], r[3], score, c);
        }
    }
}

SqCudaOutputHead
_sq_family_rows_head (const SqModel *model, gint64 at, int cells)
{
  int columns = 5 + (int) model->n_classes;

  return (SqCudaOutputHead){ .head = { .box_cell = columns,
                                       .box_field = 1,
                                       .objectness_cell = columns,
                                       .class_cell = columns,
                                       .class_field = 1,
                                       .cells = cells,
                                       .grid_width = cells,
                                       .anchors = 1,
                                       .n_classes = (int) model->n_classes,
                                       .box_squashed = TRUE,
                                       .objectness_squashed = TRUE,
                                       .classes_squashed = TRUE },
                             .box_at = at,
                             .objectness_at = at + 4,
                             .class_at = at + 5 };
}

guint
_sq_family_rows_heads (const SqModel *model, SqCudaOutputHead *heads, guint max)
{
  if (max < 1)
    return 0;
  heads[0] = _sq_family_rows_head (model, 0, (int) _sq_family_shape (model, 0)->dim[1]);
  heads[0].head.kind = SQ_CUDA_BOX_CENTRE;
  return 1;
}
