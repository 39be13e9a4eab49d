// SPDX-License-Identifier: GPL-3.0-or-later
// 8-bit floats (E4M3) where they were asked for: which values are rounded to them, written into the exec's own graph as fake_quant nodes of
// that type's range, so that everything behind is as for 8-bit whole numbers.
//
// Idea: cuDNN's convolutions read 8 bits, but for the first one (a picture has more than 3 bits of mantissa to lose) and the last ones,
// which make boxes and scores. A value that only
// they read, be it through slices, concatenations, max pools and nearest resampling, is rounded where it is made and moves in 8 bits. A
// value with other readers stays float16 and has a rounded copy beside it. All else (depthwise, activations of their own) runs in float16,
// and what follows the last convolutions in float32 as ever. The 8-bit grids of a quantised file are left out up to there: their ranges
// alone count.
#include "cuda-private.h"

#include <math.h>

#define LARGEST 448.f

typedef struct
{
  gboolean *deep;  // of each value: a convolution is behind it
  gboolean *small; // of each value: all that read it take 8 bits
  float *scale;    // of each value: what E4M3 is multiplied with, a power of two
  int *rounded;    // of each value: itself in 8 bits, -1 none yet
} Plan;

// One scale for nearly all, so that concatenations stay free: 8-bit floats have a range of their own. Only what would not fit in it is
// scaled.
static float
scale_of_grid (const SqNode *node)
{
  const SqParams *p = &node->params;
  float low = ((float) p->fake_quant.low - p->fake_quant.zero) * p->fake_quant.scale;
  float high = ((float) p->fake_quant.high - p->fake_quant.zero) * p->fake_quant.scale, largest = fmaxf (fabsf (low), fabsf (high));

  return node->n_in > 1 || largest <= LARGEST ? 1 : exp2f (ceilf (log2f (largest / LARGEST)));
}

gboolean
_sq_cuda_is_e4m3 (const SqNode *node)
{
  return node->params.fake_quant.low == -LARGEST && node->params.fake_quant.high == LARGEST;
}

// The file's own grids: what they round is read unrounded.
static void
leave_out_grids (CudaExec *self, float *scale)
{
  GPtrArray *nodes = self->graph->nodes;

  for (guint i = 0; i < nodes->len;)
    {
      const SqNode *node = sq_graph_node (self->graph, i);

      if (node->op == &sq_op_fake_quant && !self->tail[node->out[0]] && node->params.fake_quant.high - node->params.fake_quant.low == 255)
        {
          scale[node->in[0]] = fmaxf (scale[node->in[0]], scale_of_grid (node));
          sq_graph_replace_uses (self->graph, node->out[0], node->in[0]);
          g_ptr_array_remove_index (nodes, i);
        }
      else
        i++;
    }
}

// Makes no new numbers, and can do so in 8 bits.
static gboolean
only_moves (const CudaExec *self, const SqNode *node)
{
  return (node->op == &sq_op_slice && _sq_cuda_slices_channels (self, node)) || (node->op == &sq_op_concat && node->params.axis.axis == 1)
         || (node->op == &sq_op_pool && !node->params.pool.average) || (node->op == &sq_op_resize && !node->params.resize.linear);
}

static gboolean
takes_small (const CudaExec *self, const Plan *plan, const SqNode *node)
{
  return _sq_cuda_is_cudnns (self, node) && plan->deep[node->in[0]] && !self->tail[node->out[0]];
}

static void
analyse (CudaExec *self, Plan *plan)
{
  const SqGraph *graph = self->graph;

  for (guint i = 0; i < graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (graph, i);
      gboolean deep = node->op == &sq_op_conv || node->op == &sq_op_conv_transpose;

      for (int k = 0; k < node->n_in; k++)
        deep = deep || (node->in[k] != SQ_NO_VALUE && plan->deep[node->in[k]]);
      for (int k = 0; k < node->n_out; k++)
        plan->deep[node->out[k]] = deep;
    }
  for (guint i = 0; i < graph->values->len; i++)
    plan->small[i] = TRUE;
  for (guint i = 0; i < graph->outputs->len; i++)
    plan->small[g_array_index (graph->outputs, int, i)] = FALSE;
  for (guint i = graph->nodes->len; i-- > 0;)
    {
      const SqNode *node = sq_graph_node (graph, i);
      gboolean conv = takes_small (self, plan, node), moves = only_moves (self, node) && plan->small[node->out[0]];

      for (int k = 0; k < node->n_in; k++)
        if (node->in[k] != SQ_NO_VALUE && !moves && !(conv && (k == 0 || k == 3))) // its input and what it adds
          plan->small[node->in[k]] = FALSE;
    }
}

static gboolean
round_value (CudaExec *self, Plan *plan, int value, GError **error)
{
  SqParams params = { .fake_quant = { .scale = plan->scale[value], .low = -LARGEST, .high = LARGEST } };

  return sq_graph_add (self->graph, &sq_op_fake_quant, &params, &value, 1, &plan->rounded[value], error);
}

// A concatenation, slice and so on is in 8 bits where all that it moves is, at one scale.
static gboolean
moved_small (Plan *plan, const SqNode *node)
{
  int out = node->out[0];

  for (int k = 0; k < node->n_in; k++)
    if (node->in[k] != SQ_NO_VALUE && (plan->rounded[node->in[k]] < 0 || plan->scale[node->in[k]] != plan->scale[node->in[0]]))
      return FALSE;
  plan->scale[out] = plan->scale[node->in[0]];
  plan->rounded[out] = out;
  return TRUE;
}

static gboolean
rewrite (CudaExec *self, Plan *plan, GError **error)
{
  SqGraph *graph = self->graph;
  g_autoptr (GPtrArray) old = g_steal_pointer (&graph->nodes);

  graph->nodes = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < old->len; i++)
    {
      const SqNode *was = g_ptr_array_index (old, i);
      SqNode *node = g_memdup2 (was, sizeof *was);
      gboolean conv = takes_small (self, plan, was), moves = only_moves (self, was) && plan->small[was->out[0]];
      gboolean small = moves && moved_small (plan, was);
      int in = was->in[0];

      if (conv && plan->rounded[in] < 0 && !round_value (self, plan, in, error))
        {
          g_free (node);
          return FALSE;
        }
      for (int k = 0; k < node->n_in; k++)
        if (node->in[k] != SQ_NO_VALUE && plan->rounded[node->in[k]] >= 0 && (moves || (conv && (k == 0 || plan->small[node->in[k]]))))
          node->in[k] = plan->rounded[node->in[k]];
      g_ptr_array_add (graph->nodes, node);
      if (small || was->n_out != 1 || !plan->small[was->out[0]] || !plan->deep[was->out[0]] || only_moves (self, was)
          || !_sq_cuda_is_picture (sq_graph_value (graph, was->out[0])))
        continue;
      if (!round_value (self, plan, was->out[0], error))
        return FALSE;
    }
  return TRUE;
}

gboolean
_sq_cuda_round_to_e4m3 (CudaExec *self, GError **error)
{
  guint n = self->graph->values->len;
  g_autofree gboolean *deep = g_new0 (gboolean, n), *small = g_new0 (gboolean, n);
  g_autofree float *scale = g_new (float, n);
  g_autofree int *rounded = g_new (int, n);
  Plan plan = { deep, small, scale, rounded };

  for (guint i = 0; i < n; i++)
    {
      scale[i] = 1;
      rounded[i] = -1;
    }
  leave_out_grids (self, scale);
  analyse (self, &plan);
  if (!rewrite (self, &plan, error))
    return FALSE;
  g_free (self->uses);
  self->uses = sq_graph_count_uses (self->graph);
  return TRUE;
}

// Per channel, so that the largest weight is the largest number.
float
_sq_cuda_e4m3_weight_scale (const SqTensor *w, gint64 k)
{
  gint64 per = w->n / w->shape.dim[0];
  float largest = 0;

  for (gint64 i = 0; i < per; i++)
    largest = fmaxf (largest, fabsf (sq_tensor_f32 (w)[k * per + i]));
  return largest > 0 ? largest / LARGEST : 1;
}
