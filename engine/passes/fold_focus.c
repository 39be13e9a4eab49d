// SPDX-License-Identifier: GPL-3.0-or-later
// "Focus" stems (YOLOX, early YOLOv5): every second pixel of every second row, four times, stacked as channels, then a k x k convolution.
// That is one 2k x 2k convolution of stride 2 on the picture itself, with the same products.
#include "engine/ops/op.h"
#include "pass.h"

typedef struct
{
  int source; // value
  gint64 start[2];
} Piece;

static const SqNode *
producer_of (const SqGraph *graph, const int *producer, int value, const SqOp *op)
{
  const SqNode *node = producer[value] < 0 ? NULL : sq_graph_node (graph, producer[value]);

  return node != NULL && node->op == op ? node : NULL;
}

// Is `value` a picture's every second pixel in both directions, through one slice or two?
static gboolean
follow (const SqGraph *graph, const int *producer, int value, Piece *piece)
{
  gint64 start[2] = { 0, 0 }, step[2] = { 1, 1 };
  const SqNode *slice;

  while ((slice = producer_of (graph, producer, value, &sq_op_slice)) != NULL)
    {
      const SqShape *x = &sq_graph_value (graph, slice->in[0])->shape;

      if (x->rank != 4 || slice->params.slice.size[0] != x->dim[0] || slice->params.slice.size[1] != x->dim[1])
        return FALSE;
      for (int i = 0; i < 2; i++)
        {
          if (slice->params.slice.step[2 + i] < 1)
            return FALSE;
          start[i] = slice->params.slice.start[2 + i] + start[i] * slice->params.slice.step[2 + i];
          step[i] *= slice->params.slice.step[2 + i];
        }
      value = slice->in[0];
    }
  *piece = (Piece){ value, { start[0], start[1] } };
  return step[0] == 2 && step[1] == 2 && start[0] < 2 && start[1] < 2;
}

static gboolean
is_focus (const SqGraph *graph, const int *producer, const SqNode *concat, Piece pieces[4])
{
  const SqShape *x, *y = &sq_graph_value (graph, concat->out[0])->shape;

  if (concat->n_in != 4 || concat->params.axis.axis != 1 || y->rank != 4)
    return FALSE;
  for (int q = 0; q < 4; q++)
    if (!follow (graph, producer, concat->in[q], &pieces[q]) || pieces[q].source != pieces[0].source)
      return FALSE;
  x = &sq_graph_value (graph, pieces[0].source)->shape;
  return y->dim[1] == 4 * x->dim[1] && y->dim[2] * 2 == x->dim[2] && y->dim[3] * 2 == x->dim[3];
}

static guint
run (SqGraph *graph)
{
  g_autofree int *producer = sq_graph_producers (graph);
  guint changed = 0;

  for (guint i = 0; i < graph->nodes->len; i++)
    {
      SqNode *conv = sq_graph_node (graph, i);
      SqConvParams *p = &conv->params.conv;
      const SqNode *concat = conv->op == &sq_op_conv ? producer_of (graph, producer, conv->in[0], &sq_op_concat) : NULL;
      const SqTensor *w = concat != NULL ? sq_graph_value (graph, conv->in[1])->constant : NULL;
      Piece pieces[4];
      SqTensor *wide;
      gint64 oc, c, kh, kw;

      if (w == NULL || p->groups != 1 || p->stride[0] != 1 || p->stride[1] != 1 || p->dilation[0] != 1 || p->dilation[1] != 1
          || !is_focus (graph, producer, concat, pieces))
        continue;
      oc = w->shape.dim[0];
      c = w->shape.dim[1] / 4;
      kh = w->shape.dim[2];
      kw = w->shape.dim[3];
      wide = sq_tensor_new (SQ_F32, &SQ_SHAPE (oc, c, 2 * kh, 2 * kw));
      for (gint64 o = 0; o < oc; o++)
        for (int q = 0; q < 4; q++)
          for (gint64 k = 0; k < c; k++)
            for (gint64 y = 0; y < kh; y++)
              for (gint64 x = 0; x < kw; x++)
                sq_tensor_f32 (wide)[((o * c + k) * 2 * kh + 2 * y + pieces[q].start[0]) * 2 * kw + 2 * x + pieces[q].start[1]] =
                    sq_tensor_f32 (w)[((o * 4 * c + q * c + k) * kh + y) * kw + x];
      conv->in[0] = pieces[0].source;
      conv->in[1] = sq_graph_add_constant (graph, NULL, wide);
      for (int d = 0; d < 2; d++)
        {
          p->kernel[d] *= 2;
          p->stride[d] = 2;
          p->pad[d] *= 2;
          p->pad[2 + d] *= 2;
        }
      changed++;
    }
  return changed;
}

const SqPass sq_pass_fold_focus = { "fold_focus", "focus stems folded into convolutions", run };
