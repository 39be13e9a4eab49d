// SPDX-License-Identifier: GPL-3.0-or-later
// A convolution whose only reader is an activation does it itself.
#include "engine/ops/op.h"
#include "pass.h"

static guint
run (SqGraph *graph)
{
  g_autofree int *producer = sq_graph_producers (graph), *uses = sq_graph_count_uses (graph);
  guint changed = 0;

  for (guint i = 0; i < graph->nodes->len; i++)
    {
      SqNode *node = sq_graph_node (graph, i), *conv;

      if (node->op != &sq_op_act || node->params.act.kind > SQ_ACT_TANH || producer[node->in[0]] < 0 || uses[node->in[0]] != 1)
        continue;
      conv = sq_graph_node (graph, producer[node->in[0]]);
      if ((conv->op != &sq_op_conv && conv->op != &sq_op_conv_transpose) || conv->params.conv.act.kind != SQ_ACT_NONE || conv->n_in > 3)
        continue;
      conv->params.conv.act = node->params.act;
      sq_graph_replace_uses (graph, node->out[0], conv->out[0]);
      changed++;
    }
  return changed;
}

const SqPass sq_pass_fuse_conv_act = { "fuse_conv_act", "activations fused into convolutions", run };
