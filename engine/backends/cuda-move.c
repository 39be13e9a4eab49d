// SPDX-License-Identifier: GPL-3.0-or-later
// What only moves numbers. Most of it costs nothing: slices of channels and reshapes are views, concatenations are written in place.
#include "cuda-private.h"

static int
launch (CudaExec *self, Step *step, SqGpuStream *stream)
{
  const Move *m = step->move;
  gint64 strides[3][SQ_MAX_RANK + 1] = { 0 }, own[SQ_MAX_RANK + 1];
  SqCudaElementwise job = { .out = _sq_cuda_view (self, step->out[0]), .a = _sq_cuda_view (self, step->in[0]) };
  gint64 out_at = 0, in_at = 0;
  gboolean broadcast = !sq_shape_equal (&m->in_shape, &m->shape);

  _sq_cuda_strides (self, step->out[0], &m->out_shape, &m->out_shape, strides[0]);
  for (int d = 0; d < m->out_shape.rank; d++)
    out_at += m->out_start[d] * strides[0][1 + d];
  if (m->in_shape.rank == m->shape.rank)
    {
      _sq_cuda_strides (self, step->in[0], &m->in_shape, &m->in_shape, own);
      strides[1][0] = own[0];
      for (int d = 0; d < m->shape.rank; d++)
        {
          int from = m->perm[d];

          in_at += m->in_start[from] * own[1 + from];
          strides[1][1 + d] = m->in_shape.dim[from] == 1 && broadcast ? 0 : own[1 + from] * m->in_step[from];
        }
    }
  else
    _sq_cuda_strides (self, step->in[0], &m->in_shape, &m->shape, strides[1]);
  job.out.data = (char *) job.out.data + out_at * (gint64) cuda_type_size (job.out.type);
  job.a.data = (char *) job.a.data + in_at * (gint64) cuda_type_size (job.a.type);
  return _sq_cuda_elementwise (self, &job, &m->shape, cuda_buffer (self, step->out[0])->layout != LAYOUT_PLAIN, strides, stream);
}

Step *
_sq_cuda_add_move (CudaExec *self, const char *name, const SqNode *node, int in, const SqShape *in_shape, int out, const SqShape *out_shape,
                   const SqShape *shape)
{
  Step *step = _sq_cuda_add_step (self, name, launch, node);

  step->move = g_new0 (Move, 1);
  step->move->in_shape = *in_shape;
  step->move->out_shape = *out_shape;
  step->move->shape = *shape;
  for (int d = 0; d < SQ_MAX_RANK; d++)
    {
      step->move->perm[d] = d;
      step->move->in_step[d] = 1;
    }
  step->in[step->n_in++] = in;
  step->out[step->n_out++] = out;
  return step;
}

static gboolean
fits (const CudaExec *self, int value)
{
  return cuda_value (self, value)->shape.rank < SQ_CUDA_RANK;
}

// The node that reads a value, if there is one alone.
static const SqNode *
only_reader (const CudaExec *self, int value)
{
  for (guint i = 0; self->uses[value] == 1 && i < self->graph->nodes->len; i++)
    for (int k = 0; k < sq_graph_node (self->graph, i)->n_in; k++)
      if (sq_graph_node (self->graph, i)->in[k] == value)
        return sq_graph_node (self->graph, i);
  return NULL;
}

// Where all inputs are pictures: what the whole is made as. -1: no such.
static int
whole_picture (CudaExec *self, const SqNode *node)
{
  const SqNode *reader = only_reader (self, node->out[0]);
  const Buffer *first = NULL;
  gboolean same = TRUE;
  Buffer grid;
  int out;

  for (int k = 0; k < node->n_in; k++)
    {
      int quant = self->of_value[LAYOUT_QUANT][node->in[k]];
      const Buffer *b = quant >= 0 ? cuda_buffer (self, quant) : NULL;

      if (quant < 0 && !_sq_cuda_has (self, node->in[k], LAYOUT_PICTURE))
        return -1;
      first = k == 0 ? b : first;
      same = same && b != NULL && first != NULL && cuda_same_grid (b, first);
    }
  if (reader != NULL && reader->op == &sq_op_fake_quant && _sq_cuda_quant_grid (self, reader, &grid))
    out = _sq_cuda_add_buffer (self, reader->out[0], LAYOUT_QUANT); // quantised on the way in
  else if (same)
    {
      grid = *first;
      out = _sq_cuda_add_buffer (self, node->out[0], LAYOUT_QUANT);
    }
  else
    return _sq_cuda_add_buffer (self, node->out[0], LAYOUT_PICTURE);
  cuda_set_grid (cuda_buffer (self, out), &grid);
  return out;
}

static gboolean
concat_pictures (CudaExec *self, const SqNode *node)
{
  const SqShape *whole = &cuda_value (self, node->out[0])->shape;
  int out = whole_picture (self, node), parts[SQ_MAX_IN], channel = 0;
  gboolean quant;

  if (out < 0)
    return FALSE;
  quant = cuda_buffer (self, out)->layout == LAYOUT_QUANT;
  for (int k = 0; k < node->n_in; k++)
    parts[k] = quant && _sq_cuda_has (self, node->in[k], LAYOUT_QUANT) ? self->of_value[LAYOUT_QUANT][node->in[k]]
                                                                       : _sq_cuda_want (self, node->in[k], LAYOUT_PICTURE);
  for (int k = 0; k < node->n_in;)
    {
      const SqShape *part = &cuda_value (self, node->in[k])->shape;
      int placed = _sq_cuda_place_in_concat (self, out, parts, node->n_in, k, channel);

      if (placed == 0)
        {
          Step *step = _sq_cuda_add_move (self, "concat", node, parts[k], part, out, whole, part);

          step->move->out_start[1] = channel;
          placed = 1;
        }
      for (; placed > 0; placed--)
        channel += (int) cuda_value (self, node->in[k++])->shape.dim[1];
    }
  return TRUE;
}

gboolean
_sq_cuda_concat (CudaExec *self, const SqNode *node)
{
  const SqValue *whole = cuda_value (self, node->out[0]);
  int axis = node->params.axis.axis, out;
  gint64 at = 0;

  if (!fits (self, node->out[0]))
    return FALSE;
  if (axis == 1 && whole->dtype == SQ_F32 && whole->shape.rank == 4 && whole->shape.dim[0] == 1 && concat_pictures (self, node))
    return TRUE;
  for (int k = 0; k < node->n_in; k++)
    _sq_cuda_want (self, node->in[k], LAYOUT_PLAIN);
  out = _sq_cuda_add_buffer (self, node->out[0], LAYOUT_PLAIN);
  for (int k = 0; k < node->n_in; k++)
    {
      const SqShape *part = &cuda_value (self, node->in[k])->shape;
      Step *step =
          _sq_cuda_add_move (self, "concat", node, _sq_cuda_want (self, node->in[k], LAYOUT_PLAIN), part, out, &whole->shape, part);

      step->move->out_start[axis] = at;
      at += part->dim[axis];
    }
  return TRUE;
}

gboolean
_sq_cuda_slices_channels (const CudaExec *self, const SqNode *node)
{
  const SqShape *x = &cuda_value (self, node->in[0])->shape;
  const SqParams *p = &node->params;

  for (int d = 0; d < x->rank; d++)
    if (p->slice.step[d] != 1 || (d != 1 && p->slice.size[d] != x->dim[d]))
      return FALSE;
  return TRUE;
}

static gboolean
slice_of_channels (CudaExec *self, const SqNode *node, int in)
{
  Buffer *whole, *part;
  int out;

  if (!_sq_cuda_slices_channels (self, node))
    return FALSE;
  out = _sq_cuda_add_buffer (self, node->out[0], cuda_buffer (self, in)->layout);
  whole = cuda_buffer (self, in);
  part = cuda_buffer (self, out);
  cuda_set_grid (part, whole);
  part->parent = in;
  part->channel = (int) node->params.slice.start[1];
  return TRUE;
}

gboolean
_sq_cuda_slice (CudaExec *self, const SqNode *node)
{
  const SqValue *x = cuda_value (self, node->in[0]), *y = cuda_value (self, node->out[0]);
  int in, quant = self->of_value[LAYOUT_QUANT][node->in[0]];
  gboolean picture;
  Step *step;

  if (!fits (self, node->out[0]))
    return FALSE;
  if (quant >= 0 && slice_of_channels (self, node, quant))
    return TRUE;
  in = _sq_cuda_plain_or_picture (self, node->in[0], &picture);
  if (picture && slice_of_channels (self, node, in))
    return TRUE;
  step = _sq_cuda_add_move (self, "slice", node, in, &x->shape,
                            _sq_cuda_add_buffer (self, node->out[0], picture ? LAYOUT_PICTURE : LAYOUT_PLAIN), &y->shape, &y->shape);
  for (int d = 0; d < x->shape.rank; d++)
    {
      step->move->in_start[d] = node->params.slice.start[d];
      step->move->in_step[d] = node->params.slice.step[d];
    }
  return TRUE;
}

gboolean
_sq_cuda_pad (CudaExec *self, const SqNode *node)
{
  const SqValue *x = cuda_value (self, node->in[0]), *y = cuda_value (self, node->out[0]);
  gboolean picture;
  int in, out, fill;
  float value = node->params.pad.value;
  Step *step;

  if (!fits (self, node->out[0]) || node->params.pad.mode != 0 || x->dtype != SQ_F32)
    return FALSE;
  for (int d = 0; d < x->shape.rank; d++)
    if (node->params.pad.before[d] < 0 || node->params.pad.after[d] < 0)
      return FALSE;
  in = _sq_cuda_plain_or_picture (self, node->in[0], &picture);
  out = _sq_cuda_add_buffer (self, node->out[0], picture ? LAYOUT_PICTURE : LAYOUT_PLAIN);
  fill = _sq_cuda_add_scalar (self, value);
  _sq_cuda_add_move (self, "fill", node, fill, &(SqShape){ 0 }, out, &y->shape, &y->shape);
  step = _sq_cuda_add_move (self, "pad", node, in, &x->shape, out, &y->shape, &x->shape);
  for (int d = 0; d < x->shape.rank; d++)
    step->move->out_start[d] = node->params.pad.before[d];
  return TRUE;
}

gboolean
_sq_cuda_transpose (CudaExec *self, const SqNode *node)
{
  const SqValue *x = cuda_value (self, node->in[0]), *y = cuda_value (self, node->out[0]);
  gboolean picture;
  Step *step;
  int in;

  if (!fits (self, node->out[0]))
    return FALSE;
  in = _sq_cuda_plain_or_picture (self, node->in[0], &picture);
  step = _sq_cuda_add_move (self, "transpose", node, in, &x->shape, _sq_cuda_add_buffer (self, node->out[0], LAYOUT_PLAIN), &y->shape,
                            &y->shape);
  for (int d = 0; d < x->shape.rank; d++)
    step->move->perm[d] = node->params.transpose.perm[d];
  return TRUE;
}

gboolean
_sq_cuda_reshape (CudaExec *self, const SqNode *node)
{
  self->of_value[LAYOUT_PLAIN][node->out[0]] = _sq_cuda_want (self, node->in[0], LAYOUT_PLAIN);
  return TRUE;
}

gboolean
_sq_cuda_expand (CudaExec *self, const SqNode *node)
{
  const SqValue *x = cuda_value (self, node->in[0]), *y = cuda_value (self, node->out[0]);
  int in;

  if (!fits (self, node->out[0]) || node->n_in != 1)
    return FALSE;
  for (int d = 0; d < x->shape.rank; d++) // repeats (tile) are no broadcast
    if (x->shape.dim[d] != 1 && x->shape.dim[d] != y->shape.dim[d + y->shape.rank - x->shape.rank])
      return FALSE;
  in = _sq_cuda_want (self, node->in[0], LAYOUT_PLAIN);
  _sq_cuda_add_move (self, "expand", node, in, &x->shape, _sq_cuda_add_buffer (self, node->out[0], LAYOUT_PLAIN), &y->shape, &y->shape);
  return TRUE;
}

gboolean
_sq_cuda_cast (CudaExec *self, const SqNode *node)
{
  const SqValue *x = cuda_value (self, node->in[0]), *y = cuda_value (self, node->out[0]);
  int in;

  if (!fits (self, node->out[0]) || x->dtype == SQ_F32 || x->dtype == SQ_I8 || y->dtype != SQ_F32) // from float: rounding rules
    return FALSE;
  in = _sq_cuda_want (self, node->in[0], LAYOUT_PLAIN);
  _sq_cuda_add_move (self, "cast", node, in, &x->shape, _sq_cuda_add_buffer (self, node->out[0], LAYOUT_PLAIN), &y->shape, &y->shape);
  return TRUE;
}
