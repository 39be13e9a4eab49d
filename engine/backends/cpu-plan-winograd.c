// SPDX-License-Identifier: GPL-3.0-or-later
// Which 3x3 convolutions go through kernels/winograd.h.
#include "cpu-private.h"

#include <stdlib.h>
#include <string.h>

#define WINOGRAD_CACHE (384 << 10) // bytes of the second cache for one call's transforms

// Whether F(4x4, 3x3) of our own applies and pays. In blocks of 16 oneDNN has its own.
gboolean
_sq_cpu_winograd_pays (const CpuExec *self, const SqConvParams *p, const SqShape *x, const SqShape *y)
{
  return self->block == 8 && p->groups == 1 && p->kernel[0] == 3 && p->kernel[1] == 3 && p->stride[0] == 1 && p->stride[1] == 1
         && p->dilation[0] == 1 && p->dilation[1] == 1 && x->dim[1] >= 16 && y->dim[1] >= 16 && y->dim[2] >= 8 && y->dim[3] >= 8;
}

// Tiles at once: both transforms should stay in the second cache, every thread should get a share, and the weights should be read few
// times.
static int
tiles_per_call (const CpuExec *self, const SqWinograd *w)
{
  int tiles = sq_k_winograd_tiles (w), fit = (int) (WINOGRAD_CACHE / (sq_k_winograd_scratch (w, 1) * sizeof (float)));
  int share = (tiles + self->threads - 1) / self->threads;

  return CLAMP (MIN (MAX (fit / 6 * 6, 18), share), 1, SQ_WINOGRAD_MAX_TILES);
}

gboolean
_sq_cpu_winograd_step (CpuExec *self, const SqNode *node, const float *weights, const float *bias, GError **error)
{
  const SqShape *x = &sq_graph_value (self->graph, node->in[0])->shape, *y = &sq_graph_value (self->graph, node->out[0])->shape;
  const SqConvParams *p = &node->params.conv;
  int ic = (int) x->dim[1], oc = (int) y->dim[1], residual = node->n_in > 3 ? node->in[3] : SQ_NO_VALUE;
  float *transformed, *padded;
  Step *step;

  if (_sq_cpu_want (self, node->in[0], LAYOUT_BLOCKED, error) < 0
      || (residual != SQ_NO_VALUE && _sq_cpu_want (self, residual, LAYOUT_BLOCKED, error) < 0))
    return FALSE;
  transformed = aligned_alloc (64, (sq_k_winograd_weights_size (ic, oc) * sizeof (float) + 63) & ~(gsize) 63);
  if (transformed == NULL)
    {
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY, "There is not enough memory to build this network.");
      return FALSE;
    }
  sq_k_winograd_weights (transformed, weights, ic, oc);
  padded = g_new0 (float, (oc + 7) & ~7);
  if (bias != NULL)
    memcpy (padded, bias, oc * sizeof (float));

  step = _sq_cpu_add_step (self, "winograd", _sq_cpu_run_winograd, node);
  step->winograd = (SqWinograd){ .in_blocks = (ic + 7) / 8,
                                 .out_blocks = (oc + 7) / 8,
                                 .height = (int) x->dim[2],
                                 .width = (int) x->dim[3],
                                 .out_height = (int) y->dim[2],
                                 .out_width = (int) y->dim[3],
                                 .pad_top = p->pad[0],
                                 .pad_left = p->pad[1],
                                 .weights = transformed,
                                 .bias = padded };
  step->winograd_tiles = tiles_per_call (self, &step->winograd);
  self->scratch_floats = MAX (self->scratch_floats, sq_k_winograd_scratch (&step->winograd, step->winograd_tiles));
  step->act = p->act;
  _sq_cpu_read (self, step, node->in[0], LAYOUT_BLOCKED, error);
  if (residual != SQ_NO_VALUE)
    _sq_cpu_read (self, step, residual, LAYOUT_BLOCKED, error);
  step->out[step->n_out++] = _sq_cpu_add_buffer (self, node->out[0], LAYOUT_BLOCKED);
  return TRUE;
}
