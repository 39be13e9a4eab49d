// SPDX-License-Identifier: GPL-3.0-or-later
#include "rounding.h"

#include "engine/ops/op.h"
#include "kernels/kernels.h"
#include <math.h>

#define MATRIX_BYTES ((gsize) 512 << 20) // of all H held at once
#define MAX_WINDOW 4608                  // numbers under one window (512 channels, 3 x 3); larger ones are rounded to the nearest
#define DAMPING .01                      // of the mean diagonal: what the samples do not show still counts a little
#define SWEEPS 20

typedef struct
{
  const SqNode *node;
  const SqTensor *weights;
  gint64 groups, k; // numbers under one window of one group
  float *h;         // k x k per group, lower triangle; NULL: to the nearest
  float *rows;      // windows of one picture: positions x k per group
  guint positions;  // a multiple of 4
} Layer;

static gsize
matrix_bytes (const SqModel *model, const SqRoundedConv *conv)
{
  const SqNode *node = sq_graph_node (model->graph, conv->node);
  const SqTensor *w = sq_graph_value (model->graph, node->in[1])->constant;
  gsize k = (gsize) (w->n / w->shape.dim[0]);

  return k > MAX_WINDOW ? 0 : (gsize) node->params.conv.groups * k * k * sizeof (float);
}

static gboolean
layer_init (Layer *self, const SqModel *model, const SqRoundedConv *conv, guint positions, GError **error)
{
  gsize bytes = matrix_bytes (model, conv);

  self->node = sq_graph_node (model->graph, conv->node);
  self->weights = sq_graph_value (model->graph, self->node->in[1])->constant;
  self->groups = self->node->params.conv.groups;
  self->k = self->weights->n / self->weights->shape.dim[0];
  self->positions = (positions + 3) / 4 * 4;
  if (bytes == 0 || positions == 0)
    return TRUE;
  self->h = g_try_malloc0 (bytes);
  self->rows = g_try_malloc0 ((gsize) self->groups * self->positions * (gsize) self->k * sizeof (float));
  if (self->h != NULL && self->rows != NULL)
    return TRUE;
  g_set_error_literal (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY, "There is not enough memory to compress this network.");
  return FALSE;
}

static void
layer_clear (Layer *self)
{
  g_free (self->h);
  g_free (self->rows);
}

// The numbers under the window at output place (oy, ox) of group g.
static void
gather (const Layer *self, const SqTensor *x, gint64 g, gint64 oy, gint64 ox, float *row)
{
  const SqConvParams *p = &self->node->params.conv;
  gint64 h = x->shape.dim[2], w = x->shape.dim[3], channels = self->weights->shape.dim[1];

  for (gint64 c = 0; c < channels; c++)
    for (int ky = 0; ky < p->kernel[0]; ky++)
      for (int kx = 0; kx < p->kernel[1]; kx++)
        {
          gint64 iy = oy * p->stride[0] + ky * p->dilation[0] - p->pad[0], ix = ox * p->stride[1] + kx * p->dilation[1] - p->pad[1];

          *row++ = iy < 0 || iy >= h || ix < 0 || ix >= w ? 0 : sq_tensor_f32 (x)[((g * channels + c) * h + iy) * w + ix];
        }
}

// Windows evenly spread over the picture, elsewhere in every picture. Returns how many fours.
static guint
take_windows (const Layer *self, const SqTensor *x, const SqShape *y, guint picture)
{
  gint64 places = y->dim[2] * y->dim[3];
  guint n = (guint) MIN ((gint64) self->positions, places);

  for (gint64 g = 0; g < self->groups; g++)
    for (guint i = 0; i < (n + 3) / 4 * 4; i++)
      {
        float *row = self->rows + (g * self->positions + i) * self->k;
        gint64 place = ((gint64) i * places / n + (gint64) picture * 7919) % places;

        if (i < n)
          gather (self, x, g, place / y->dim[3], place % y->dim[3], row);
        else
          for (gint64 k = 0; k < self->k; k++)
            row[k] = 0;
      }
  return (n + 3) / 4;
}

typedef struct
{
  const SqModel *model;
  Layer *layers;
} Context;

static void
add_picture (guint index, const SqTensor *tensor, guint picture, gpointer data)
{
  Context *c = data;
  Layer *self = &c->layers[index];
  const SqShape *y = &sq_graph_value (c->model->graph, self->node->out[0])->shape;
  guint quads;

  if (self->h == NULL)
    return;
  quads = take_windows (self, tensor, y, picture);
  for (gint64 g = 0; g < self->groups; g++)
    for (gint64 i = 0; i < self->k; i++)
      for (guint quad = 0; quad < quads; quad++)
        {
          const float *first = self->rows + (g * self->positions + 4 * quad) * self->k;
          const float *const rows[4] = { first, first + self->k, first + 2 * self->k, first + 3 * self->k };
          const float w[4] = { rows[0][i], rows[1][i], rows[2][i], rows[3][i] };

          sq_kernels ()->add_rows_f32 (self->h + (g * self->k + i) * self->k, rows, w, (gsize) i + 1);
        }
}

// Whole matrix from the lower triangle, with something on the diagonal.
static void
complete (const Layer *self, gint64 g)
{
  float *h = self->h + g * self->k * self->k;
  double diagonal = 0;

  for (gint64 i = 0; i < self->k; i++)
    {
      diagonal += (double) h[i * self->k + i];
      for (gint64 j = 0; j < i; j++)
        h[j * self->k + i] = h[i * self->k + j];
    }
  for (gint64 i = 0; i < self->k; i++)
    h[i * self->k + i] += (float) (DAMPING * diagonal / (double) self->k + 1e-20);
}

// One output channel. gradient = H (w - s q), kept up to date with every step.
static void
descend (gint8 *q, const float *w, float scale, const float *h, gint64 k, float *gradient)
{
  for (gint64 i = 0; i < k; i++)
    gradient[i] = 0;
  for (gint64 j = 0; j < k; j++)
    {
      float e = w[j] - scale * q[j];

      for (gint64 i = 0; i < k; i++)
        gradient[i] += e * h[j * k + i];
    }
  for (int sweep = 0; sweep < SWEEPS; sweep++)
    {
      gboolean moved = FALSE;

      for (gint64 j = 0; j < k; j++)
        {
          float best = nearbyintf ((float) q[j] + gradient[j] / (scale * h[j * k + j])), step;

          best = CLAMP (best, -127, 127);
          step = best - (float) q[j];
          if (step == 0)
            continue;
          q[j] = (gint8) best;
          for (gint64 i = 0; i < k; i++)
            gradient[i] -= step * scale * h[j * k + i];
          moved = TRUE;
        }
      if (!moved)
        return;
    }
}

static void
round_layer (const Layer *self, SqRoundedConv *conv)
{
  gint64 channels = self->weights->shape.dim[0], per_group = channels / self->groups;

  conv->q = g_new (gint8, self->weights->n);
  conv->scale = g_new (float, channels);
  for (gint64 g = 0; self->h != NULL && g < self->groups; g++)
    complete (self, g);
#pragma omp parallel for schedule(dynamic)
  for (gint64 o = 0; o < channels; o++)
    {
      const float *w = sq_tensor_f32 (self->weights) + o * self->k;
      gint8 *q = conv->q + o * self->k;
      g_autofree float *gradient = g_new (float, self->k);
      float largest = 0;

      for (gint64 i = 0; i < self->k; i++)
        largest = fmaxf (largest, fabsf (w[i]));
      conv->scale[o] = largest > 1e-30f ? largest / 127 : 1;
      for (gint64 i = 0; i < self->k; i++)
        q[i] = (gint8) CLAMP (nearbyintf (w[i] / conv->scale[o]), -127, 127);
      if (self->h != NULL)
        descend (q, w, conv->scale[o], self->h + o / per_group * self->k * self->k, self->k, gradient);
    }
}

void
sq_rounded_conv_clear (SqRoundedConv *self)
{
  g_clear_pointer (&self->q, g_free);
  g_clear_pointer (&self->scale, g_free);
}

// `n` convolutions whose matrices fit together.
static gboolean
round_part (const SqModel *model, const SqCalibration *pictures, guint positions, SqRoundedConv *convs, guint n,
            const SqRecipeProgress *progress, GError **error)
{
  g_autofree Layer *layers = g_new0 (Layer, n);
  g_autofree int *values = g_new (int, n);
  Context context = { model, layers };
  gboolean ok = TRUE;

  for (guint i = 0; ok && i < n; i++)
    {
      ok = layer_init (&layers[i], model, &convs[i], positions, error);
      values[i] = layers[i].node->in[0];
    }
  ok = ok && (positions == 0 || sq_observe (model, pictures, values, n, add_picture, &context, progress, "Rounding weights", error));
  for (guint i = 0; i < n; i++)
    {
      if (ok)
        round_layer (&layers[i], &convs[i]);
      layer_clear (&layers[i]);
    }
  return ok;
}

gboolean
sq_round_weights (const SqModel *model, const SqCalibration *pictures, guint positions, SqRoundedConv *convs, guint n,
                  const SqRecipeProgress *progress, GError **error)
{
  for (guint first = 0, end; first < n; first = end)
    {
      gsize sum = 0;
      SqRecipeProgress part = *progress;

      for (end = first; end < n; end++)
        {
          sum += matrix_bytes (model, &convs[end]);
          if (end > first && sum > MATRIX_BYTES)
            break;
        }
      part.from = progress->from + (progress->to - progress->from) * first / n;
      part.to = progress->from + (progress->to - progress->from) * end / n;
      if (!round_part (model, pictures, positions, convs + first, end - first, &part, error))
        return FALSE;
    }
  return TRUE;
}
