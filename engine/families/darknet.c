// SPDX-License-Identifier: GPL-3.0-or-later
// darknet's [yolo] (v3, v4, v7, fastest) and [region] (v2) layers. Maps 1 x anchors (5 + classes) x H x W, one per layer.
// yolo: b = (sigmoid (t) s - (s - 1) / 2 + cell) / W, size anchor e^t; new_coords: t is squashed already, size (2 t)^2 anchor.
#include "family.h"

#include <math.h>

static int
probe (const SqImport *import)
{
  return import->heads != NULL || *_sq_family_metadata (import, SQ_KEY_HEADS) != '\0' ? 3 : 0;
}

static gboolean
setup (SqModel *model, const SqImport *import, GError **error)
{
  GArray *heads =
      import->heads != NULL ? g_array_ref (import->heads) : sq_darknet_heads_from_text (_sq_family_metadata (import, SQ_KEY_HEADS));

  if (heads == NULL)
    return _sq_family_misfit (error, model, "it is no darknet cfg");
  model->family_data = heads;
  model->family_data_free = (GDestroyNotify) g_array_unref;
  model->n_classes = (guint) g_array_index (heads, SqDarknetHead, 0).classes;
  if (heads->len != import->graph->outputs->len)
    return _sq_family_misfit (error, model, "its layers and outputs differ in number");
  for (guint i = 0; i < heads->len; i++)
    {
      const SqDarknetHead *head = &g_array_index (heads, SqDarknetHead, i);
      const SqShape *y = _sq_family_output (import, i);

      if (head->classes != (int) model->n_classes)
        return _sq_family_misfit (error, model, "its layers disagree about the number of classes");
      if (y->rank != 4 || y->dim[0] != 1 || y->dim[1] != (gint64) head->n_anchors * (5 + head->classes))
        return _sq_family_misfit (error, model, "an output does not fit its layer's anchors");
    }
  model->input = (SqInputSpec){ model->input.width, model->input.height, SQ_SPEC_RGB_LETTERBOX };
  model->input.fit = import->letterbox ? SQ_FIT_LETTERBOX : SQ_FIT_STRETCH;
  model->input.pad = 127; // darknet fills with 0.5
  return TRUE;
}

// Class probabilities of one cell and anchor into `p`.
static void
classes_of (const SqDarknetHead *head, const float *t, gint64 n, float *p)
{
  float top = -INFINITY, sum = 0;

  if (!head->region || !head->softmax)
    {
      for (int c = 0; c < head->classes; c++)
        p[c] = head->new_coords ? t[c * n] : _sq_sigmoid (t[c * n]);
      return;
    }
  for (int c = 0; c < head->classes; c++)
    top = fmaxf (top, t[c * n]);
  for (int c = 0; c < head->classes; c++)
    sum += p[c] = expf (t[c * n] - top);
  for (int c = 0; c < head->classes; c++)
    p[c] /= sum;
}

static void
decode_head (const SqModel *model, const SqDarknetHead *head, const SqTensor *map, float floor, float *p, GArray *candidates)
{
  gint64 h = map->shape.dim[2], w = map->shape.dim[3], n = h * w;
  float sx = (float) model->input.width / w, sy = (float) model->input.height / h;

  for (int a = 0; a < head->n_anchors; a++)
    for (gint64 i = 0; i < n; i++)
      {
        const float *t = sq_tensor_f32 (map) + a * (5 + head->classes) * n + i;
        float objectness = head->new_coords ? t[4 * n] : _sq_sigmoid (t[4 * n]), x, y, bw, bh;
        float aw = head->anchors[a][0] * (head->region ? sx : 1), ah = head->anchors[a][1] * (head->region ? sy : 1);

        if (!(objectness >= floor))
          continue;
        x = head->new_coords ? t[0] : _sq_sigmoid (t[0]);
        y = head->new_coords ? t[n] : _sq_sigmoid (t[n]);
        x = x * head->scale_xy - .5f * (head->scale_xy - 1) + (i % w);
        y = y * head->scale_xy - .5f * (head->scale_xy - 1) + (i / w);
        bw = head->new_coords ? 4 * t[2 * n] * t[2 * n] * aw : expf (t[2 * n]) * aw;
        bh = head->new_coords ? 4 * t[3 * n] * t[3 * n] * ah : expf (t[3 * n]) * ah;
        classes_of (head, t + 5 * n, n, p);
        for (int c = 0; c < head->classes; c++)
          if (objectness * p[c] >= floor)
            _sq_family_add (candidates, x * sx, y * sy, bw, bh, objectness * p[c], c);
      }
}

static void
decode (const SqModel *model, SqTensor *const *outputs, float floor, GArray *candidates)
{
  const GArray *heads = model->family_data;
  g_autofree float *p = g_new (float, model->n_classes);

  for (guint i = 0; i < heads->len; i++)
    decode_head (model, &g_array_index (heads, SqDarknetHead, i), outputs[i], floor, p, candidates);
}

static guint
heads (const SqModel *model, SqCudaOutputHead *heads, guint max)
{
  const GArray *layers = model->family_data;

  if (layers->len > max)
    return 0;
  for (guint i = 0; i < layers->len; i++)
    {
      const SqDarknetHead *layer = &g_array_index (layers, SqDarknetHead, i);
      const SqShape *shape = _sq_family_shape (model, i);
      int h = (int) shape->dim[2], w = (int) shape->dim[3], n = h * w;
      float sx = (float) model->input.width / w, sy = (float) model->input.height / h;
      SqCudaHead head = { .box_cell = 1,
                          .box_anchor = (5 + layer->classes) * (gint64) n,
                          .box_field = n,
                          .objectness_cell = 1,
                          .objectness_anchor = (5 + layer->classes) * (gint64) n,
                          .class_cell = 1,
                          .class_anchor = (5 + layer->classes) * (gint64) n,
                          .class_field = n,
                          .cells = n,
                          .grid_width = w,
                          .anchors = layer->n_anchors,
                          .n_classes = layer->classes,
                          .kind = layer->new_coords ? SQ_CUDA_BOX_ANCHOR_2 : SQ_CUDA_BOX_ANCHOR,
                          .box_squashed = layer->new_coords,
                          .objectness_squashed = layer->new_coords,
                          .classes_squashed = layer->new_coords,
                          .class_softmax = layer->region && layer->softmax,
                          .stride_x = sx,
                          .stride_y = sy,
                          .scale_xy = layer->scale_xy };

      if (layer->n_anchors > (int) G_N_ELEMENTS (head.anchor_size))
        return 0;
      for (int a = 0; a < layer->n_anchors; a++)
        {
          head.anchor_size[a][0] = layer->anchors[a][0] * (layer->region ? sx : 1);
          head.anchor_size[a][1] = layer->anchors[a][1] * (layer->region ? sy : 1);
        }
      heads[i] = (SqCudaOutputHead){ head, (int) i, (int) i, (int) i, 0, 4 * (gint64) n, 5 * (gint64) n };
    }
  return layers->len;
}

static char *
save (const SqModel *model, const char **key)
{
  *key = SQ_KEY_HEADS;
  return sq_darknet_heads_to_text (model->family_data);
}

const SqFamily sq_family_darknet = { "darknet", "darknet YOLO (v2 to v7, fastest)", FALSE, probe, setup, decode, heads, save };
