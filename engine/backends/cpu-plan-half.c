// SPDX-License-Identifier: GPL-3.0-or-later
// What runs in bfloat16: everything between the first convolution, which reads a plain picture of few channels, and what convolutions read
// last. So a network's outputs are sums in float32, and what decodes them stays float32.
#include "cpu-private.h"

#include "kernels/cpu.h"

static gboolean
can (const CpuExec *self, const SqExecOptions *options)
{
  return self->block == 16 && (options->imitate_half || ((sq_cpu_flags () & SQ_CPU_BF16) != 0 && sq_dnn_has_half ()));
}

// Makes pictures of pictures without caring what the numbers are.
static gboolean
passes_on (const SqNode *node)
{
  return node->op == &sq_op_pool || node->op == &sq_op_act || node->op == &sq_op_binary || node->op == &sq_op_concat
         || node->op == &sq_op_slice || node->op == &sq_op_resize;
}

void
_sq_cpu_half_init (CpuExec *self, const SqExecOptions *options)
{
  if (options->precision != SQ_PRECISION_HALF)
    return;
  if (!can (self, options))
    {
      self->parent.note = g_strdup ("This processor does not compute in bfloat16 (AVX-512 BF16): Half runs in 32 bits here.");
      return;
    }
  self->wants_half = g_new0 (gboolean, self->graph->values->len + 1);
  for (guint i = self->graph->nodes->len; i > 0; i--)
    {
      const SqNode *node = sq_graph_node (self->graph, i - 1);
      gboolean conv = node->op == &sq_op_conv && _sq_cpu_is_blocked_conv (self, node), wanted = self->wants_half[node->out[0]];

      if (conv)
        self->wants_half[node->in[0]] = TRUE;
      for (int k = conv ? 3 : 0; wanted && (conv || passes_on (node)) && k < node->n_in; k++)
        if (node->in[k] != SQ_NO_VALUE && _sq_cpu_is_picture (sq_graph_value (self->graph, node->in[k])))
          self->wants_half[node->in[k]] = TRUE;
    }
}

Layout
_sq_cpu_layout_of (const CpuExec *self, int value)
{
  return self->wants_half != NULL && self->wants_half[value] ? LAYOUT_HALF : LAYOUT_BLOCKED;
}
