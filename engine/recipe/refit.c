// SPDX-License-Identifier: GPL-3.0-or-later
#include "refit.h"

#include "engine/ops/op.h"
#include "lockstep.h"
#include "windows.h"
#include <math.h>
#include <string.h>

#define VALUES_BYTES ((gsize) 1536 << 20) // of both networks' values on all pictures
#define BATCH 8                           // pictures whose windows are held at once
#define MAX_NUMBERS 4608                  // under one window; larger layers stay as they are

typedef struct
{
  const SqGraph *from; // the original's
  const SqNode *was;
  SqGraph *to;
  SqNode *node;
  SqLockstep *original, *small;
  const SqRefitOptions *options;
  gint64 *outputs;       // per output channel of the small layer: which of the original's
  gint64 n_out, n;       // n: numbers under the window
  const SqTensor *w, *b; // of the small layer; b may be NULL
} Layer;

static gboolean
out_of_memory (GError **error)
{
  g_set_error_literal (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY, "There is not enough memory to compress this network.");
  return FALSE;
}

static const SqTensor *
constant_of (const SqGraph *graph, const SqNode *node, int k)
{
  return node->n_in > k && node->in[k] != SQ_NO_VALUE ? sq_graph_value (graph, node->in[k])->constant : NULL;
}

// What output channel `o` of the original made of the window `row` before its activation.
static float
target (const Layer *l, gint64 o, const float *row, gint64 n)
{
  const SqTensor *w = constant_of (l->from, l->was, 1), *b = constant_of (l->from, l->was, 2);
  const float *v = sq_tensor_f32 (w) + o * n;
  float sum = b != NULL ? sq_tensor_f32 (b)[o] : 0;

  for (gint64 i = 0; i < n; i++)
    sum += v[i] * row[i];
  return sum;
}

static gint64
positions_of (const Layer *l)
{
  const SqShape *y = &sq_graph_value (l->from, l->was->out[0])->shape;

  return MIN ((gint64) l->options->positions, y->dim[2] * y->dim[3]);
}

static void
place_of (const Layer *l, gint64 i, guint picture, gint64 *oy, gint64 *ox)
{
  const SqShape *y = &sq_graph_value (l->from, l->was->out[0])->shape;
  gint64 place = sq_window_place (i, positions_of (l), y->dim[2] * y->dim[3], picture);

  *oy = place / y->dim[3];
  *ox = place % y->dim[3];
}

// Windows of one picture and what they should give: rows of n and n_out numbers and a 1 behind either.
static void
take_picture (const Layer *l, guint p, float *x, float *y, float *scratch)
{
  const SqTensor *seen = l->small->values[p][l->node->in[0]], *was = l->original->values[p][l->was->in[0]];
  gint64 channels = constant_of (l->from, l->was, 1)->shape.dim[1],
         n = constant_of (l->from, l->was, 1)->n / constant_of (l->from, l->was, 1)->shape.dim[0];

  for (gint64 i = 0; i < positions_of (l); i++)
    {
      float *row = x + i * (l->n + 1), *wanted = y + i * (l->n_out + 1);
      gint64 oy, ox;

      place_of (l, i, p, &oy, &ox);
      sq_window_gather (&l->node->params.conv, seen, 0, l->w->shape.dim[1], oy, ox, row);
      sq_window_gather (&l->was->params.conv, was, 0, channels, oy, ox, scratch);
      row[l->n] = wanted[l->n_out] = 1;
      for (gint64 o = 0; o < l->n_out; o++)
        wanted[o] = target (l, l->outputs[o], scratch, n);
    }
}

// Centred second moments and products with the targets, from sums over `count` rows; the means stand in the last rows.
static void
centre (const float *xx, const float *xy, gint64 n, gint64 m, double count, double *a, double *mean, double *target_mean, double *cross)
{
  for (gint64 i = 0; i < n; i++)
    mean[i] = (double) xx[n * (n + 1) + i] / count;
  for (gint64 o = 0; o < m; o++)
    target_mean[o] = (double) xy[n * (m + 1) + o] / count;
  for (gint64 i = 0; i < n; i++)
    {
      for (gint64 j = 0; j <= i; j++)
        a[i * n + j] = a[j * n + i] = (double) xx[i * (n + 1) + j] / count - mean[i] * mean[j];
      for (gint64 o = 0; o < m; o++)
        cross[o * n + i] = (double) xy[i * (m + 1) + o] / count - mean[i] * target_mean[o];
    }
}

// min |y - X w|^2 + ridge |w - w0|^2, free bias. FALSE where the numbers do not allow it: the layer stays as it is.
static gboolean
solve (const Layer *l, double *a, const double *mean, const double *target_mean, double *cross, gint64 n, gint64 m, const float *w0,
       float *w, float *bias)
{
  double diagonal = 0, ridge;

  for (gint64 i = 0; i < n; i++)
    diagonal += a[i * n + i] / (double) n;
  if (!(diagonal > 1e-20) || !isfinite (diagonal))
    return FALSE;
  ridge = l->options->ridge * diagonal;
  for (gint64 i = 0; i < n; i++)
    a[i * n + i] += ridge + 1e-9 * diagonal;
  if (!sq_cholesky (a, n))
    return FALSE;
#pragma omp parallel for schedule(dynamic)
  for (gint64 o = 0; o < m; o++)
    {
      double *x = cross + o * n, shift = target_mean[o];

      for (gint64 i = 0; i < n; i++)
        x[i] += ridge * (double) w0[o * n + i];
      sq_cholesky_solve (a, n, x);
      for (gint64 i = 0; i < n; i++)
        {
          w[o * n + i] = (float) x[i];
          shift -= x[i] * mean[i];
        }
      bias[o] = (float) shift;
    }
  return TRUE;
}

static void
replace (Layer *l, SqTensor *w, SqTensor *b)
{
  l->node->in[1] = sq_graph_add_constant (l->to, NULL, w);
  if (l->node->n_in == 2)
    l->node->n_in = 3;
  l->node->in[2] = sq_graph_add_constant (l->to, NULL, b);
}

static gboolean
refit_dense (Layer *l, GError **error)
{
  gint64 n = l->n, m = l->n_out, per = positions_of (l), rows = (per * BATCH + 3) / 4 * 4,
         n_was = constant_of (l->from, l->was, 1)->n / constant_of (l->from, l->was, 1)->shape.dim[0];
  g_autofree float *xx = g_try_malloc0 ((gsize) ((n + 1) * (n + 1)) * sizeof (float)),
                   *xy = g_try_malloc0 ((gsize) ((n + 1) * (m + 1)) * sizeof (float));
  g_autofree float *x = g_try_malloc0 ((gsize) (rows * (n + 1)) * sizeof (float)),
                   *y = g_try_malloc0 ((gsize) (rows * (m + 1)) * sizeof (float));
  g_autofree double *a = g_try_malloc ((gsize) (n * n) * sizeof (double)), *cross = g_try_malloc ((gsize) (n * m) * sizeof (double));
  g_autofree double *mean = g_new (double, n), *target_mean = g_new (double, m);
  g_autoptr (SqTensor) w = sq_tensor_new (SQ_F32, &l->w->shape), b = sq_tensor_new (SQ_F32, &SQ_SHAPE (m));

  if (xx == NULL || xy == NULL || x == NULL || y == NULL || a == NULL || cross == NULL || w == NULL || b == NULL)
    return out_of_memory (error);
  for (guint first = 0; first < l->small->n; first += BATCH)
    {
      guint count = MIN (BATCH, l->small->n - first);

      memset (x, 0, (gsize) (rows * (n + 1)) * sizeof (float));
      memset (y, 0, (gsize) (rows * (m + 1)) * sizeof (float));
#pragma omp parallel for schedule(dynamic)
      for (guint p = 0; p < count; p++)
        {
          g_autofree float *scratch = g_new (float, n_was);

          take_picture (l, first + p, x + p * per * (n + 1), y + p * per * (m + 1), scratch);
        }
#pragma omp parallel for schedule(dynamic, 8)
      for (gint64 i = 0; i <= n; i++)
        {
          sq_add_products (xx, x, n + 1, i, i + 1, x, n + 1, (guint) rows, TRUE);
          sq_add_products (xy, x, n + 1, i, i + 1, y, m + 1, (guint) rows, FALSE);
        }
    }
  centre (xx, xy, n, m, (double) per * l->small->n, a, mean, target_mean, cross);
  if (solve (l, a, mean, target_mean, cross, n, m, sq_tensor_f32 (l->w), sq_tensor_f32 (w), sq_tensor_f32 (b)))
    replace (l, g_steal_pointer (&w), g_steal_pointer (&b));
  return TRUE;
}

// Each channel on its own: a few numbers.
static gboolean
refit_depthwise (Layer *l, GError **error)
{
  gint64 n = l->n, per = positions_of (l), rows = (per + 3) / 4 * 4;
  g_autoptr (SqTensor) w = sq_tensor_new (SQ_F32, &l->w->shape), b = sq_tensor_new (SQ_F32, &SQ_SHAPE (l->n_out));

  if (w == NULL || b == NULL)
    return out_of_memory (error);
  memcpy (w->data, l->w->data, w->bytes);
  if (l->b != NULL)
    memcpy (b->data, l->b->data, b->bytes);
#pragma omp parallel for schedule(dynamic)
  for (gint64 c = 0; c < l->n_out; c++)
    {
      g_autofree float *x = g_new0 (float, rows *(n + 1)), *y = g_new0 (float, rows * 2), *scratch = g_new (float, n);
      g_autofree float *xx = g_new0 (float, (n + 1) * (n + 1)), *xy = g_new0 (float, (n + 1) * 2);
      g_autofree double *a = g_new (double, n *n), *mean = g_new (double, n), *cross = g_new (double, n);
      double target_mean;

      for (guint p = 0; p < l->small->n; p++)
        {
          for (gint64 i = 0; i < per; i++)
            {
              gint64 oy, ox;

              place_of (l, i, p, &oy, &ox);
              sq_window_gather (&l->node->params.conv, l->small->values[p][l->node->in[0]], c, 1, oy, ox, x + i * (n + 1));
              sq_window_gather (&l->was->params.conv, l->original->values[p][l->was->in[0]], l->outputs[c], 1, oy, ox, scratch);
              x[i * (n + 1) + n] = y[i * 2 + 1] = 1;
              y[i * 2] = target (l, l->outputs[c], scratch, n);
            }
          sq_add_products (xx, x, n + 1, 0, n + 1, x, n + 1, (guint) rows, TRUE);
          sq_add_products (xy, x, n + 1, 0, n + 1, y, 2, (guint) rows, FALSE);
        }
      centre (xx, xy, n, 1, (double) per * l->small->n, a, mean, &target_mean, cross);
      solve (l, a, mean, &target_mean, cross, n, 1, sq_tensor_f32 (l->w) + c * n, sq_tensor_f32 (w) + c * n, sq_tensor_f32 (b) + c);
    }
  replace (l, g_steal_pointer (&w), g_steal_pointer (&b));
  return TRUE;
}

static gboolean
refit_node (Layer *l, const SqChannels *channels, const gboolean *removed, GError **error)
{
  gboolean depthwise = sq_channels_is_depthwise (l->from, l->was);
  g_autoptr (GArray) kept = sq_channels_kept (channels, removed, l->was->out[0]);

  l->w = constant_of (l->to, l->node, 1);
  l->b = constant_of (l->to, l->node, 2);
  l->outputs = (gint64 *) (gpointer) kept->data;
  l->n_out = l->w->shape.dim[0];
  l->n = l->w->n / l->n_out;
  if (l->n > MAX_NUMBERS)
    return TRUE;
  return depthwise ? refit_depthwise (l, error) : refit_dense (l, error);
}

// Whether a value differs between both networks: a channel of it or of what makes it has gone.
static gboolean
is_touched (const SqChannels *channels, const gboolean *removed, const SqNode *node, const gboolean *touched)
{
  for (int k = 0; k < node->n_in; k++)
    {
      const int *ids = node->in[k] == SQ_NO_VALUE ? NULL : channels->of_value[node->in[k]];

      if (node->in[k] != SQ_NO_VALUE && touched[node->in[k]])
        return TRUE;
      for (gint64 c = 0; ids != NULL && c < sq_graph_value (channels->graph, node->in[k])->shape.dim[1]; c++)
        if (removed[ids[c]])
          return TRUE;
    }
  return FALSE;
}

static SqTensor **
load_inputs (const SqModel *model, const SqCalibration *pictures, guint n, const SqRecipeProgress *progress, GError **error)
{
  SqTensor **inputs = g_new0 (SqTensor *, n + 1);

  for (guint p = 0; p < n; p++)
    if (!_sq_recipe_progress (progress, 0, "Refitting weights", error)
        || (inputs[p] = sq_calibration_input (pictures, p, model, error)) == NULL)
      {
        for (guint k = 0; k < p; k++)
          sq_tensor_unref (inputs[k]);
        g_free (inputs);
        return NULL;
      }
  return inputs;
}

gboolean
sq_refit (const SqModel *original, const SqChannels *channels, const gboolean *removed, SqGraph *small, const SqCalibration *pictures,
          const SqRefitOptions *options, const SqRecipeProgress *progress, GError **error)
{
  const SqGraph *graph = channels->graph;
  gsize bytes = sq_lockstep_bytes (graph) + sq_lockstep_bytes (small);
  guint n = MIN (MIN (options->pictures, pictures->paths->len), (guint) MAX (VALUES_BYTES / MAX (bytes, 1), 1));
  g_autofree gboolean *touched = g_new0 (gboolean, graph->values->len);
  g_autofree SqTensor **inputs = load_inputs (original, pictures, n, progress, error);
  g_autoptr (SqLockstep) was = NULL, now = NULL;
  gboolean ok = TRUE;

  if (inputs == NULL)
    return FALSE;
  g_return_val_if_fail (graph->nodes->len == small->nodes->len, FALSE);
  was = sq_lockstep_new (graph, inputs, n);
  now = sq_lockstep_new (small, inputs, n);
  for (guint p = 0; p < n; p++)
    sq_tensor_unref (inputs[p]);
  for (guint i = 0; ok && i < graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (graph, i);
      Layer layer = {
        .from = graph, .was = node, .to = small, .node = sq_graph_node (small, i), .original = was, .small = now, .options = options
      };

      ok = _sq_recipe_progress (progress, (double) i / graph->nodes->len, "Refitting weights", error);
      if (is_touched (channels, removed, node, touched))
        {
          for (int k = 0; k < node->n_out; k++)
            touched[node->out[k]] = TRUE;
          if (ok && node->op == &sq_op_conv && (sq_channels_is_dense (graph, node) || sq_channels_is_depthwise (graph, node)))
            ok = refit_node (&layer, channels, removed, error);
        }
      ok = ok && sq_lockstep_step (was, i, error) && sq_lockstep_step (now, i, error);
    }
  return ok;
}
