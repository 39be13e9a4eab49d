// SPDX-License-Identifier: GPL-3.0-or-later
// A constant per channel that multiplies or is added to a convolution's output goes into its weights and bias (batch normalisation, scaled
// biases).
#include "engine/ops/op.h"
#include "pass.h"

#include <string.h>

// The constant as one number per output channel of `y` (NCHW): a scalar or C x 1 x 1 with leading ones.
static gboolean
per_channel (const SqTensor *t, const SqShape *y, float *out)
{
  gint64 channels = y->dim[1];
  int d = t->shape.rank - 3;

  if (t->dtype != SQ_F32)
    return FALSE;
  if (t->n == 1 && t->shape.rank <= 4)
    {
      for (gint64 c = 0; c < channels; c++)
        out[c] = sq_tensor_f32 (t)[0];
      return TRUE;
    }
  if (t->n != channels || t->shape.rank < 3 || t->shape.rank > 4 || t->shape.dim[d] != channels)
    return FALSE;
  memcpy (out, t->data, channels * sizeof (float));
  return TRUE;
}

static guint
run (SqGraph *graph)
{
  g_autofree int *producer = sq_graph_producers (graph), *uses = sq_graph_count_uses (graph);
  guint changed = 0;

  for (guint i = 0; i < graph->nodes->len; i++)
    {
      SqNode *node = sq_graph_node (graph, i), *conv = NULL;
      const SqTensor *w, *bias;
      const SqTensor *constant = NULL;
      g_autofree float *k = NULL;
      gint64 channels;
      int side;
      SqTensor *new_bias;

      if (node->op != &sq_op_binary
          || (node->params.binary != SQ_BINARY_MUL && node->params.binary != SQ_BINARY_ADD && node->params.binary != SQ_BINARY_SUB))
        continue;
      for (side = 0; side < 2 && constant == NULL; side++)
        constant = node->params.binary == SQ_BINARY_SUB && side == 0 ? NULL : sq_graph_value (graph, node->in[side])->constant;
      if (constant == NULL)
        continue;
      side = 2 - side; // the other input
      if (producer[node->in[side]] < 0 || uses[node->in[side]] != 1)
        continue;
      conv = sq_graph_node (graph, producer[node->in[side]]);
      if (conv->op != &sq_op_conv || conv->params.conv.act.kind != SQ_ACT_NONE || conv->n_in > 3
          || !sq_shape_equal (&sq_graph_value (graph, conv->out[0])->shape, &sq_graph_value (graph, node->out[0])->shape))
        continue;
      w = sq_graph_value (graph, conv->in[1])->constant;
      bias = conv->n_in > 2 && conv->in[2] != SQ_NO_VALUE ? sq_graph_value (graph, conv->in[2])->constant : NULL;
      if (w == NULL || (conv->n_in > 2 && conv->in[2] != SQ_NO_VALUE && bias == NULL))
        continue;
      channels = w->shape.dim[0];
      k = g_new (float, channels);
      if (!per_channel (constant, &sq_graph_value (graph, conv->out[0])->shape, k))
        continue;

      new_bias = sq_tensor_new (SQ_F32, &SQ_SHAPE (channels));
      if (bias != NULL)
        memcpy (new_bias->data, bias->data, new_bias->bytes);
      if (node->params.binary == SQ_BINARY_MUL)
        {
          SqTensor *new_w = sq_tensor_new (SQ_F32, &w->shape);
          gint64 per = w->n / channels;

          for (gint64 c = 0; c < channels; c++)
            {
              for (gint64 e = 0; e < per; e++)
                sq_tensor_f32 (new_w)[c * per + e] = sq_tensor_f32 (w)[c * per + e] * k[c];
              sq_tensor_f32 (new_bias)[c] *= k[c];
            }
          conv->in[1] = sq_graph_add_constant (graph, NULL, new_w);
        }
      else
        for (gint64 c = 0; c < channels; c++)
          sq_tensor_f32 (new_bias)[c] += node->params.binary == SQ_BINARY_ADD ? k[c] : -k[c];
      conv->n_in = 3;
      conv->in[2] = sq_graph_add_constant (graph, NULL, new_bias);
      uses[conv->out[0]] = uses[node->out[0]]; // a following shift folds too
      producer[node->out[0]] = -1;
      sq_graph_replace_uses (graph, node->out[0], conv->out[0]);
      changed++;
    }
  return changed;
}

const SqPass sq_pass_fold_bn = { "fold_bn", "scales and shifts folded into convolutions", run };
