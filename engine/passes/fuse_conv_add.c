// SPDX-License-Identifier: GPL-3.0-or-later
// x + conv (...): the convolution adds x while it writes. Only where x exists before the convolution runs, and once per convolution.
#include "engine/ops/op.h"
#include "pass.h"

static guint
run (SqGraph *graph)
{
  g_autofree int *producer = sq_graph_producers (graph), *uses = sq_graph_count_uses (graph);
  guint changed = 0;

  for (guint i = 0; i < graph->nodes->len; i++)
    {
      SqNode *node = sq_graph_node (graph, i);

      if (node->op != &sq_op_binary || node->params.binary != SQ_BINARY_ADD || node->in[0] == node->in[1])
        continue;
      for (int side = 0; side < 2; side++)
        {
          int y = node->in[side], x = node->in[1 - side];
          SqNode *conv;

          if (producer[y] < 0 || uses[y] != 1 || producer[x] >= producer[y] || sq_graph_value (graph, x)->constant != NULL)
            continue;
          conv = sq_graph_node (graph, producer[y]);
          if (conv->op != &sq_op_conv || conv->n_in > 3
              || !sq_shape_equal (&sq_graph_value (graph, x)->shape, &sq_graph_value (graph, y)->shape))
            continue;
          if (conv->n_in == 2)
            conv->in[2] = SQ_NO_VALUE;
          conv->n_in = 4;
          conv->in[3] = x;
          producer[node->out[0]] = producer[y];
          sq_graph_replace_uses (graph, node->out[0], y);
          uses[y] = uses[node->out[0]];
          changed++;
          break;
        }
    }
  return changed;
}

const SqPass sq_pass_fuse_conv_add = { "fuse_conv_add", "sums fused into convolutions", run };
