// SPDX-License-Identifier: GPL-3.0-or-later
#include "tape-private.h"

#include "kernels/kernels.h"
#include <math.h>

static gboolean
knows_act (SqActKind kind)
{
  switch (kind)
    {
    case SQ_ACT_NONE:
    case SQ_ACT_RELU:
    case SQ_ACT_LEAKY:
    case SQ_ACT_CLIP:
    case SQ_ACT_SIGMOID:
    case SQ_ACT_SILU:
    case SQ_ACT_HARDSIGMOID:
    case SQ_ACT_HARDSWISH:
    case SQ_ACT_TANH:
    case SQ_ACT_MISH:
      return TRUE;
    default:
      return FALSE;
    }
}

gboolean
_sq_slope_knows (const SqGraph *graph, const SqNode *node)
{
  for (int k = 0; k < node->n_in; k++)
    if (node->in[k] != SQ_NO_VALUE && sq_graph_value (graph, node->in[k])->dtype != SQ_F32)
      return FALSE;
  if (node->op == &sq_op_conv)
    return knows_act (node->params.conv.act.kind);
  if (node->op == &sq_op_act)
    return knows_act (node->params.act.kind);
  if (node->op == &sq_op_binary)
    return node->params.binary == SQ_BINARY_ADD || node->params.binary == SQ_BINARY_SUB || node->params.binary == SQ_BINARY_MUL;
  if (node->op == &sq_op_resize)
    return !node->params.resize.linear;
  return node->op == &sq_op_concat || node->op == &sq_op_slice || node->op == &sq_op_reshape || node->op == &sq_op_transpose
         || node->op == &sq_op_pool;
}

void
_sq_slope_act (const SqAct *act, const float *x, const float *dy, float *dx, gint64 n, float *s)
{
  if (act->kind == SQ_ACT_SILU || act->kind == SQ_ACT_SIGMOID)
    sq_kernels ()->sigmoid_f32 (s, x, (gsize) n);
  switch (act->kind)
    {
    case SQ_ACT_NONE:
      for (gint64 i = 0; i < n; i++)
        dx[i] += dy[i];
      return;
    case SQ_ACT_RELU:
      for (gint64 i = 0; i < n; i++)
        dx[i] += x[i] > 0 ? dy[i] : 0;
      return;
    case SQ_ACT_LEAKY:
      for (gint64 i = 0; i < n; i++)
        dx[i] += x[i] < 0 ? act->a * dy[i] : dy[i];
      return;
    case SQ_ACT_CLIP:
      for (gint64 i = 0; i < n; i++)
        dx[i] += x[i] > act->a && x[i] < act->b ? dy[i] : 0;
      return;
    case SQ_ACT_SIGMOID:
      for (gint64 i = 0; i < n; i++)
        dx[i] += dy[i] * s[i] * (1 - s[i]);
      return;
    case SQ_ACT_SILU:
      for (gint64 i = 0; i < n; i++)
        dx[i] += dy[i] * s[i] * (1 + x[i] * (1 - s[i]));
      return;
    case SQ_ACT_HARDSIGMOID:
      for (gint64 i = 0; i < n; i++)
        dx[i] += act->a * x[i] + act->b > 0 && act->a * x[i] + act->b < 1 ? act->a * dy[i] : 0;
      return;
    case SQ_ACT_HARDSWISH:
      for (gint64 i = 0; i < n; i++)
        dx[i] += x[i] >= 3 ? dy[i] : x[i] <= -3 ? 0 : dy[i] * (x[i] / 3 + .5f);
      return;
    case SQ_ACT_TANH:
      for (gint64 i = 0; i < n; i++)
        dx[i] += dy[i] * (1 - tanhf (x[i]) * tanhf (x[i]));
      return;
    default: // Mish
      for (gint64 i = 0; i < n; i++)
        {
          float t = tanhf (x[i] > 20 ? x[i] : log1pf (expf (x[i])));

          dx[i] += dy[i] * (t + x[i] * (1 - t * t) / (1 + expf (-x[i])));
        }
    }
}

// Where element o of a walk over `shape` lies under other strides.
static gint64
offset (const SqShape *shape, const gint64 *strides, gint64 o)
{
  gint64 at = 0;

  for (int d = shape->rank - 1; d >= 0; d--)
    {
      at += o % shape->dim[d] * strides[d];
      o /= shape->dim[d];
    }
  return at;
}

static void
binary (const SqNode *node, SqTensor *const *in, const SqTensor *dy, SqTensor *const *dx)
{
  for (int k = 0; k < 2; k++)
    {
      const SqTensor *other = in[1 - k];
      float sign = k == 1 && node->params.binary == SQ_BINARY_SUB ? -1 : 1;
      gboolean times = node->params.binary == SQ_BINARY_MUL;
      gint64 own[SQ_MAX_RANK], others[SQ_MAX_RANK];

      if (dx[k] == NULL)
        continue;
      sq_shape_broadcast_strides (&in[k]->shape, &dy->shape, own);
      sq_shape_broadcast_strides (&other->shape, &dy->shape, others);
      for (gint64 o = 0; o < dy->n; o++)
        {
          gint64 i = in[k]->n == dy->n ? o : offset (&dy->shape, own, o);
          gint64 j = !times ? 0 : other->n == dy->n ? o : offset (&dy->shape, others, o);

          sq_tensor_f32 (dx[k])[i] += sign * sq_tensor_f32 (dy)[o] * (times ? sq_tensor_f32 (other)[j] : 1);
        }
    }
}

static void
concat (const SqNode *node, SqTensor *const *in, const SqTensor *dy, SqTensor *const *dx)
{
  int axis = node->params.axis.axis;
  gint64 outer = sq_shape_span (&dy->shape, 0, axis), row = sq_shape_span (&dy->shape, axis, dy->shape.rank), at = 0;

  for (int k = 0; k < node->n_in; k++)
    {
      gint64 part = sq_shape_span (&in[k]->shape, axis, in[k]->shape.rank);

      for (gint64 o = 0; dx[k] != NULL && o < outer; o++)
        for (gint64 i = 0; i < part; i++)
          sq_tensor_f32 (dx[k])[o * part + i] += sq_tensor_f32 (dy)[o * row + at + i];
      at += part;
    }
}

// Slices and transpositions: each output number is one of the input's.
static void
scatter (const SqNode *node, const SqTensor *x, const SqTensor *dy, SqTensor *dx)
{
  gint64 of_x[SQ_MAX_RANK], strides[SQ_MAX_RANK], first = 0, step = 1;
  int rank = x->shape.rank;

  for (int d = rank - 1; d >= 0; d--)
    {
      of_x[d] = step;
      step *= x->shape.dim[d];
    }
  for (int d = 0; d < rank; d++)
    if (node->op == &sq_op_transpose)
      strides[d] = of_x[node->params.transpose.perm[d]];
    else
      {
        strides[d] = of_x[d] * node->params.slice.step[d];
        first += of_x[d] * node->params.slice.start[d];
      }
  for (gint64 o = 0; o < dy->n; o++)
    sq_tensor_f32 (dx)[first + offset (&dy->shape, strides, o)] += sq_tensor_f32 (dy)[o];
}

// To the largest of each window, or to all of it alike.
static void
pool (const SqPoolParams *p, const SqTensor *x, const SqTensor *dy, SqTensor *dx)
{
  gint64 h = x->shape.dim[2], w = x->shape.dim[3], oh = dy->shape.dim[2], ow = dy->shape.dim[3];

  for (gint64 o = 0; o < dy->n; o++)
    {
      gint64 c = o / (oh * ow), oy = o / ow % oh, ox = o % ow, best = -1;
      const float *plane = sq_tensor_f32 (x) + c * h * w;
      float *to = sq_tensor_f32 (dx) + c * h * w;
      int inside = 0;

      for (int pass = 0; pass < (p->average ? 2 : 1); pass++)
        for (int ky = 0; ky < p->kernel[0]; ky++)
          for (int kx = 0; kx < p->kernel[1]; kx++)
            {
              gint64 iy = oy * p->stride[0] + ky * p->dilation[0] - p->pad[0], ix = ox * p->stride[1] + kx * p->dilation[1] - p->pad[1];

              if (iy < 0 || iy >= h || ix < 0 || ix >= w)
                continue;
              if (pass == 1)
                to[iy * w + ix] += sq_tensor_f32 (dy)[o] / (float) (p->count_pad ? p->kernel[0] * p->kernel[1] : inside);
              else if (best < 0 || plane[iy * w + ix] > plane[best])
                best = iy * w + ix;
              inside += pass == 0;
            }
      if (!p->average && best >= 0)
        to[best] += sq_tensor_f32 (dy)[o];
    }
}

// Which input pixel each output pixel repeats is asked of the operator itself.
static void
nearest (const SqNode *node, const SqTensor *x, const SqTensor *dy, SqTensor *dx)
{
  gint64 n = x->shape.dim[2] * x->shape.dim[3], m = dy->shape.dim[2] * dy->shape.dim[3];
  g_autoptr (SqTensor) from = sq_tensor_new (SQ_F32, &SQ_SHAPE (1, 1, x->shape.dim[2], x->shape.dim[3]));
  g_autoptr (SqTensor) to = sq_tensor_new (SQ_F32, &SQ_SHAPE (1, 1, dy->shape.dim[2], dy->shape.dim[3]));
  SqTensor *in[1] = { from }, *out[1] = { to };

  if (from == NULL || to == NULL)
    return;
  for (gint64 i = 0; i < n; i++)
    sq_tensor_f32 (from)[i] = (float) i;
  node->op->reference (&node->params, in, 1, out);
  for (gint64 o = 0; o < dy->n; o++)
    sq_tensor_f32 (dx)[o / m * n + (gint64) sq_tensor_f32 (to)[o % m]] += sq_tensor_f32 (dy)[o];
}

void
_sq_slope_node (const SqNode *node, SqTensor *const *in, const SqTensor *out, const SqTensor *dy, SqTensor *const *dx, float *scratch)
{
  if (node->op == &sq_op_binary)
    binary (node, in, dy, dx);
  else if (node->op == &sq_op_concat)
    concat (node, in, dy, dx);
  else if (dx[0] == NULL)
    return;
  else if (node->op == &sq_op_act)
    _sq_slope_act (&node->params.act, sq_tensor_f32 (in[0]), sq_tensor_f32 (dy), sq_tensor_f32 (dx[0]), dy->n, scratch);
  else if (node->op == &sq_op_reshape)
    for (gint64 i = 0; i < dy->n; i++)
      sq_tensor_f32 (dx[0])[i] += sq_tensor_f32 (dy)[i];
  else if (node->op == &sq_op_pool)
    pool (&node->params.pool, in[0], dy, dx[0]);
  else if (node->op == &sq_op_resize)
    nearest (node, in[0], dy, dx[0]);
  else
    scatter (node, in[0], dy, dx[0]);
}
