// SPDX-License-Identifier: GPL-3.0-or-later
// Graph -> steps. One function per operator that has a kernel here; the rest is `reference_step`.
#include "cpu-private.h"

#include <stdlib.h>
#include <string.h>

gboolean
_sq_cpu_is_picture (const SqValue *v)
{
  return v->dtype == SQ_F32 && v->shape.rank == 4 && v->shape.dim[0] == 1;
}

static gsize
layout_bytes (const CpuExec *self, const SqValue *v, Layout layout)
{
  gint64 n = sq_shape_elements (&v->shape);

  if (layout != LAYOUT_PLAIN)
    n = (v->shape.dim[1] + self->block - 1) / self->block * self->block * v->shape.dim[2] * v->shape.dim[3];
  return (gsize) n * (layout == LAYOUT_PLAIN ? sq_dtype_size (v->dtype) : cpu_layout_size (layout));
}

int
_sq_cpu_add_buffer (CpuExec *self, int value, Layout layout)
{
  Buffer b = {
    .layout = layout, .parent = -1, .input = -1, .output = -1, .bytes = layout_bytes (self, sq_graph_value (self->graph, value), layout)
  };

  g_array_append_val (self->buffers, b);
  self->of_value[layout][value] = self->buffers->len - 1;
  return self->buffers->len - 1;
}

Step *
_sq_cpu_add_step (CpuExec *self, const char *name, gboolean (*run) (CpuExec *, Step *), const SqNode *node)
{
  Step *step = g_new0 (Step, 1);

  step->name = name;
  step->run = run;
  step->node = node;
  g_ptr_array_add (self->steps, step);
  return step;
}

void
_sq_cpu_step_free (Step *step)
{
  g_clear_pointer (&step->op, sq_dnn_op_free);
  g_clear_pointer (&step->conv8, _sq_cpu_conv8_free);
  g_free (step->channels);
  free ((gpointer) step->winograd.weights);
  g_free ((gpointer) step->winograd.bias);
  for (int k = 0; step->view_out != NULL && k < step->n_out; k++)
    g_free (step->view_out[k].grid);
  g_free (step->view_in);
  g_free (step->view_out);
  g_free (step);
}

gboolean
_sq_cpu_has (const CpuExec *self, int value, Layout layout)
{
  return self->of_value[layout][value] >= 0;
}

// The value's buffer in that layout; changes the layout where it only exists in another, floats first. -1 on error.
int
_sq_cpu_want (CpuExec *self, int value, Layout layout, GError **error)
{
  static const char *const names[] = { "to plain", "to blocked", "to bfloat16" };
  const SqValue *v = sq_graph_value (self->graph, value);
  Layout other = LAYOUT_PLAIN;
  Step *step;
  SqDnnOp *op;
  int from;

  if (_sq_cpu_has (self, value, layout))
    return self->of_value[layout][value];
  if (v->constant != NULL && layout == LAYOUT_PLAIN)
    {
      cpu_buffer (self, _sq_cpu_add_buffer (self, value, LAYOUT_PLAIN))->constant = v->constant;
      return self->of_value[layout][value];
    }
  while (other < LAYOUT_BYTES && !_sq_cpu_has (self, value, other))
    other++;
  if (other == LAYOUT_BYTES)
    {
      from = _sq_cpu_from_bytes (self, value);
      if (layout == LAYOUT_BLOCKED)
        return from;
      other = LAYOUT_BLOCKED;
    }
  from = self->of_value[other][value];
  op = sq_dnn_reorder (self->dnn, &v->shape, (SqDnnFormat) other, (SqDnnFormat) layout, error);
  if (op == NULL)
    return -1;
  step = _sq_cpu_add_step (self, names[layout], _sq_cpu_run_dnn, NULL);
  step->op = op;
  step->in[step->n_in++] = from;
  step->out[step->n_out++] = _sq_cpu_add_buffer (self, value, layout);
  return step->out[0];
}

gboolean
_sq_cpu_read (CpuExec *self, Step *step, int value, Layout layout, GError **error)
{
  int buffer = _sq_cpu_want (self, value, layout, error);

  step->in[step->n_in++] = buffer;
  return buffer >= 0;
}

// Steps read buffers that layout changes make, so those changes must come first: collect inputs before adding the step.
static gboolean
prepare (CpuExec *self, const SqNode *node, Layout layout, int n, GError **error)
{
  for (int k = 0; k < n; k++)
    if (node->in[k] != SQ_NO_VALUE && _sq_cpu_want (self, node->in[k], layout, error) < 0)
      return FALSE;
  return TRUE;
}

static gboolean
reference_step (CpuExec *self, const SqNode *node, GError **error)
{
  Step *step;

  if (!prepare (self, node, LAYOUT_PLAIN, node->n_in, error))
    return FALSE;
  step = _sq_cpu_add_step (self, node->op->name, _sq_cpu_run_reference, node);
  step->view_in = g_new0 (SqTensor, node->n_in);
  step->view_out = g_new0 (SqTensor, node->n_out);
  for (int k = 0; k < node->n_in; k++)
    {
      const SqValue *v = node->in[k] == SQ_NO_VALUE ? NULL : sq_graph_value (self->graph, node->in[k]);

      step->in[step->n_in++] = v == NULL ? -1 : self->of_value[LAYOUT_PLAIN][node->in[k]];
      if (v != NULL)
        step->view_in[k] = (SqTensor){ v->dtype, v->shape, sq_shape_elements (&v->shape), layout_bytes (self, v, LAYOUT_PLAIN) };
    }
  for (int k = 0; k < node->n_out; k++)
    {
      const SqValue *v = sq_graph_value (self->graph, node->out[k]);

      step->out[step->n_out++] = _sq_cpu_add_buffer (self, node->out[k], LAYOUT_PLAIN);
      step->view_out[k] = (SqTensor){ v->dtype, v->shape, sq_shape_elements (&v->shape), layout_bytes (self, v, LAYOUT_PLAIN) };
    }
  return TRUE;
}

gboolean
_sq_cpu_is_depthwise (const CpuExec *self, const SqNode *node)
{
  gint64 channels = sq_graph_value (self->graph, node->in[0])->shape.dim[1];

  return node->params.conv.groups > 1 && node->params.conv.groups == channels
         && sq_graph_value (self->graph, node->out[0])->shape.dim[1] == channels;
}

gboolean
_sq_cpu_is_blocked_conv (const CpuExec *self, const SqNode *node)
{
  const SqValue *x = sq_graph_value (self->graph, node->in[0]), *y = sq_graph_value (self->graph, node->out[0]);
  const SqValue *bias = node->n_in > 2 && node->in[2] != SQ_NO_VALUE ? sq_graph_value (self->graph, node->in[2]) : NULL;
  int groups = node->params.conv.groups;

  if (!_sq_cpu_is_picture (x) || sq_graph_value (self->graph, node->in[1])->constant == NULL || (bias != NULL && bias->constant == NULL))
    return FALSE;
  // groups must fall on block boundaries; so must depthwise channels
  return groups == 1 || _sq_cpu_is_depthwise (self, node)
         || (x->shape.dim[1] / groups % self->block == 0 && y->shape.dim[1] / groups % self->block == 0);
}

// In floats, through Winograd where that works.
static SqDnnOp *
float_conv (CpuExec *self, SqDnnConv *conv)
{
  const SqConvParams *p = conv->params;
  SqDnnConv bare = *conv;
  SqDnnOp *op;

  bare.winograd = p->groups == 1 && p->kernel[0] == 3 && p->kernel[1] == 3 && p->stride[0] == 1 && p->stride[1] == 1 && p->dilation[0] == 1
                  && p->dilation[1] == 1 && conv->from == SQ_DNN_BLOCKED;
  if (!bare.winograd)
    return sq_dnn_conv (self->dnn, conv, NULL);
  bare.act.kind = SQ_ACT_NONE; // it takes no fused operations: bare first, then what it refuses as a pass
  bare.residual = FALSE;
  op = sq_dnn_conv (self->dnn, &bare, NULL);
  if (op != NULL && sq_dnn_op_is_winograd (op))
    *conv = bare;
  else if (op != NULL && (conv->act.kind != SQ_ACT_NONE || conv->residual))
    {
      sq_dnn_op_free (op);
      op = sq_dnn_conv (self->dnn, conv, NULL);
    }
  return op;
}

static gboolean
conv_step (CpuExec *self, const SqNode *node, GError **error)
{
  const SqValue *x = sq_graph_value (self->graph, node->in[0]), *y = sq_graph_value (self->graph, node->out[0]);
  const SqConvParams *p = &node->params.conv;
  int residual = node->n_in > 3 ? node->in[3] : SQ_NO_VALUE;
  SqDnnConv conv = { .x = &x->shape, .y = &y->shape, .params = p, .from = SQ_DNN_HALF };
  SqDnnOp *op = NULL;
  gboolean plain;
  Step *step;

  if (!_sq_cpu_is_blocked_conv (self, node))
    return reference_step (self, node, error);

  conv.weights = sq_tensor_f32 (sq_graph_value (self->graph, node->in[1])->constant);
  if (node->n_in > 2 && node->in[2] != SQ_NO_VALUE)
    conv.bias = sq_tensor_f32 (sq_graph_value (self->graph, node->in[2])->constant);
  if (_sq_cpu_winograd_pays (self, p, &x->shape, &y->shape))
    return _sq_cpu_winograd_step (self, node, conv.weights, conv.bias, error);
  if (sq_dnn_fuses (p->act.kind))
    conv.act = p->act;
  conv.residual = residual != SQ_NO_VALUE && (p->act.kind == SQ_ACT_NONE || conv.act.kind != SQ_ACT_NONE);
  plain = p->groups == 1 && x->shape.dim[1] < self->block && _sq_cpu_has (self, node->in[0], LAYOUT_PLAIN);
  if (self->wants_half != NULL && !plain) // blocks of a few channels would be padding for the most part
    {
      conv.to = (SqDnnFormat) _sq_cpu_layout_of (self, node->out[0]);
      op = sq_dnn_conv (self->dnn, &conv, NULL);
    }
  if (op == NULL)
    {
      conv.from = plain ? SQ_DNN_PLAIN : SQ_DNN_BLOCKED;
      conv.to = SQ_DNN_BLOCKED;
      op = float_conv (self, &conv);
    }
  if (op == NULL)
    return reference_step (self, node, error);
  if (_sq_cpu_want (self, node->in[0], (Layout) conv.from, error) < 0
      || (residual != SQ_NO_VALUE && _sq_cpu_want (self, residual, (Layout) conv.to, error) < 0))
    {
      sq_dnn_op_free (op);
      return FALSE;
    }
  step = _sq_cpu_add_step (self, _sq_cpu_is_depthwise (self, node) ? "depthwise" : "conv", _sq_cpu_run_dnn, node);
  step->op = op;
  _sq_cpu_read (self, step, node->in[0], (Layout) conv.from, error);
  if (residual != SQ_NO_VALUE)
    _sq_cpu_read (self, step, residual, (Layout) conv.to, error);
  step->out[step->n_out++] = _sq_cpu_add_buffer (self, node->out[0], (Layout) conv.to);
  step->n = cpu_count (self, step->out[0]);
  // what oneDNN does not do itself: the activation (and the sum behind it), or under Winograd a bare sum
  if (p->act.kind != SQ_ACT_NONE && conv.act.kind == SQ_ACT_NONE)
    step->act = p->act;
  else if (residual != SQ_NO_VALUE && !conv.residual)
    step->act = (SqAct){ SQ_ACT_CLIP, -G_MAXFLOAT, G_MAXFLOAT };
  return TRUE;
}

// Or would be with a step that does not change the order of anything.
static gboolean
is_blocked (const CpuExec *self, int value)
{
  return _sq_cpu_has (self, value, LAYOUT_BLOCKED) || _sq_cpu_has (self, value, LAYOUT_HALF) || _sq_cpu_has (self, value, LAYOUT_BYTES);
}

static gboolean
pool_step (CpuExec *self, const SqNode *node, GError **error)
{
  const SqValue *x = sq_graph_value (self->graph, node->in[0]), *y = sq_graph_value (self->graph, node->out[0]);
  Layout layout = _sq_cpu_layout_of (self, node->out[0]);
  SqDnnOp *op;
  Step *step;

  if (!_sq_cpu_is_picture (x) || node->params.pool.ceil || !is_blocked (self, node->in[0])
      || (op = sq_dnn_pool (self->dnn, &x->shape, &y->shape, &node->params.pool, (SqDnnFormat) layout, NULL)) == NULL)
    return reference_step (self, node, error);
  if (!prepare (self, node, layout, 1, error))
    {
      sq_dnn_op_free (op);
      return FALSE;
    }
  step = _sq_cpu_add_step (self, "pool", _sq_cpu_run_dnn, node);
  step->op = op;
  _sq_cpu_read (self, step, node->in[0], layout, error);
  step->out[step->n_out++] = _sq_cpu_add_buffer (self, node->out[0], layout);
  return TRUE;
}

// Of what a node makes that does not care: its input's order, and bfloat16 where somebody wants that.
static Layout
natural_layout (const CpuExec *self, const SqNode *node)
{
  return is_blocked (self, node->in[0]) ? _sq_cpu_layout_of (self, node->out[0]) : LAYOUT_PLAIN;
}

// For what has floats only.
static Layout
float_layout (const CpuExec *self, const SqNode *node)
{
  return is_blocked (self, node->in[0]) ? LAYOUT_BLOCKED : LAYOUT_PLAIN;
}

// Rounding with a scale and a zero point per channel: scales, then zero points, each padded to blocks.
static gboolean
channels_quant_step (CpuExec *self, const SqNode *node, GError **error)
{
  const SqValue *x = sq_graph_value (self->graph, node->in[0]);
  const SqTensor *scale = sq_graph_value (self->graph, node->in[1])->constant, *zero = sq_graph_value (self->graph, node->in[2])->constant;
  Layout layout = float_layout (self, node);
  gsize channels;
  Step *step;

  if (!_sq_cpu_is_picture (x) || scale == NULL || zero == NULL)
    return reference_step (self, node, error);
  if (!prepare (self, node, layout, 1, error))
    return FALSE;
  channels = (gsize) (x->shape.dim[1] + self->block - 1) / self->block * self->block;
  step = _sq_cpu_add_step (self, "fake_quant", _sq_cpu_run_fake_quant_channels, node);
  step->channels = g_new0 (float, 2 * channels);
  for (gsize c = 0; c < channels; c++)
    step->channels[c] = c < (gsize) scale->n ? sq_tensor_f32 (scale)[c] : 1;
  memcpy (step->channels + channels, zero->data, zero->bytes);
  step->n_right = channels;
  _sq_cpu_read (self, step, node->in[0], layout, error);
  step->out[step->n_out++] = _sq_cpu_add_buffer (self, node->out[0], layout);
  return TRUE;
}

// One number in, one out: whatever layout the input has.
static gboolean
unary_step (CpuExec *self, const SqNode *node, GError **error)
{
  Layout layout = node->op == &sq_op_act ? natural_layout (self, node) : float_layout (self, node);
  Step *step;

  if (node->op == &sq_op_fake_quant && node->n_in > 1)
    return channels_quant_step (self, node, error);
  if (sq_graph_value (self->graph, node->in[0])->dtype != SQ_F32 || !prepare (self, node, layout, 1, error))
    return reference_step (self, node, error);
  step = node->op == &sq_op_act          ? _sq_cpu_add_step (self, sq_act_name (node->params.act.kind), _sq_cpu_run_act, node)
         : node->op == &sq_op_fake_quant ? _sq_cpu_add_step (self, "fake_quant", _sq_cpu_run_fake_quant, node)
                                         : _sq_cpu_add_step (self, "round", _sq_cpu_run_dynamic_round, node);
  _sq_cpu_read (self, step, node->in[0], layout, error);
  step->out[step->n_out++] = _sq_cpu_add_buffer (self, node->out[0], layout);
  if (node->n_out > 1)
    step->out[step->n_out++] = _sq_cpu_add_buffer (self, node->out[1], LAYOUT_PLAIN);
  step->n = cpu_count (self, step->out[0]);
  return TRUE;
}

// A constant per channel (C x 1 x 1) on the right of a blocked picture.
static gboolean
channels_step (CpuExec *self, const SqNode *node, const SqTensor *constant, GError **error)
{
  const SqValue *y = sq_graph_value (self->graph, node->out[0]);
  gsize channels = (gsize) (y->shape.dim[1] + self->block - 1) / self->block * self->block;
  Step *step = _sq_cpu_add_step (self, "binary", _sq_cpu_run_binary_channels, node);
  Buffer b = { .layout = LAYOUT_PLAIN, .parent = -1, .input = -1, .output = -1, .bytes = channels * sizeof (float) };

  step->channels = g_new (float, channels);
  for (gsize c = 0; c < channels; c++)
    step->channels[c] = c < (gsize) constant->n ? sq_tensor_f32 (constant)[c] : 1; // padding: no division by zero
  b.own = (char *) step->channels;
  _sq_cpu_read (self, step, node->in[0], LAYOUT_BLOCKED, error);
  g_array_append_val (self->buffers, b);
  step->in[step->n_in++] = self->buffers->len - 1;
  step->out[step->n_out++] = _sq_cpu_add_buffer (self, node->out[0], LAYOUT_BLOCKED);
  step->n = cpu_buffer (self, step->out[0])->bytes / sizeof (float);
  step->n_right = channels;
  return TRUE;
}

static gboolean
is_per_channel (const SqTensor *t, const SqShape *y)
{
  int d = t->shape.rank - 3;

  return t->n == y->dim[1] && d >= 0 && t->shape.rank <= 4 && t->shape.dim[d] == t->n;
}

static gboolean
binary_step (CpuExec *self, const SqNode *node, GError **error)
{
  const SqValue *a = sq_graph_value (self->graph, node->in[0]), *b = sq_graph_value (self->graph, node->in[1]);
  const SqValue *y = sq_graph_value (self->graph, node->out[0]);
  gboolean one = sq_shape_elements (&b->shape) == 1;
  Layout layout = natural_layout (self, node);
  Step *step;

  if (a->dtype != SQ_F32 || y->dtype != SQ_F32 || node->params.binary > SQ_BINARY_DIV || !sq_shape_equal (&a->shape, &y->shape)
      || a->constant != NULL)
    return reference_step (self, node, error);
  if (!one && b->constant != NULL && layout != LAYOUT_PLAIN && is_per_channel (b->constant, &y->shape))
    return prepare (self, node, LAYOUT_BLOCKED, 1, error) && channels_step (self, node, b->constant, error);
  if (!one && (!sq_shape_equal (&a->shape, &b->shape) || b->constant != NULL))
    return reference_step (self, node, error);
  if (!one && is_blocked (self, node->in[1]))
    layout = _sq_cpu_layout_of (self, node->out[0]);
  if (_sq_cpu_want (self, node->in[0], layout, error) < 0 || _sq_cpu_want (self, node->in[1], one ? LAYOUT_PLAIN : layout, error) < 0)
    return FALSE;
  step = _sq_cpu_add_step (self, "binary", _sq_cpu_run_binary, node);
  _sq_cpu_read (self, step, node->in[0], layout, error);
  _sq_cpu_read (self, step, node->in[1], one ? LAYOUT_PLAIN : layout, error);
  step->out[step->n_out++] = _sq_cpu_add_buffer (self, node->out[0], layout);
  step->n = cpu_count (self, step->out[0]);
  step->n_right = one ? 1 : step->n;
  return TRUE;
}

// Blocked along channels where every part but the last is whole blocks; plain where what lies before the axis is 1. Both are runs of
// memory.
static gboolean
concat_step (CpuExec *self, const SqNode *node, GError **error)
{
  const SqValue *y = sq_graph_value (self->graph, node->out[0]);
  int axis = node->params.axis.axis;
  gboolean blocked = _sq_cpu_is_picture (y) && axis == 1;
  Layout layout;
  Step *step;

  for (int k = 0; k < node->n_in; k++)
    {
      gboolean whole = sq_graph_value (self->graph, node->in[k])->shape.rank == 4
                       && sq_graph_value (self->graph, node->in[k])->shape.dim[1] % self->block == 0;

      blocked = blocked && is_blocked (self, node->in[k]) && (whole || k == node->n_in - 1);
    }
  layout = blocked ? _sq_cpu_layout_of (self, node->out[0]) : LAYOUT_PLAIN;
  if (!blocked && sq_shape_span (&y->shape, 0, axis) != 1)
    return reference_step (self, node, error);
  if (!prepare (self, node, layout, node->n_in, error))
    return FALSE;
  step = _sq_cpu_add_step (self, "concat", _sq_cpu_run_concat, node);
  for (int k = 0; k < node->n_in; k++)
    _sq_cpu_read (self, step, node->in[k], layout, error);
  step->out[step->n_out++] = _sq_cpu_add_buffer (self, node->out[0], layout);
  _sq_cpu_place_parts (self, step);
  return TRUE;
}

// A range of channels is a range of memory.
static gboolean
slice_step (CpuExec *self, const SqNode *node, GError **error)
{
  const SqValue *x = sq_graph_value (self->graph, node->in[0]), *y = sq_graph_value (self->graph, node->out[0]);
  Layout layout = natural_layout (self, node);
  int axis = -1, from, to;
  gint64 start;
  Step *step;

  for (int d = 0; d < x->shape.rank; d++)
    if (y->shape.dim[d] != x->shape.dim[d] || node->params.slice.step[d] != 1)
      {
        if (axis >= 0 || node->params.slice.step[d] != 1)
          return reference_step (self, node, error);
        axis = d;
      }
  axis = axis < 0 ? 0 : axis;
  start = node->params.slice.start[axis];
  if (x->constant != NULL || (layout == LAYOUT_PLAIN && sq_shape_span (&x->shape, 0, axis) != 1))
    return reference_step (self, node, error);
  if (layout != LAYOUT_PLAIN
      && (axis != 1 || start % self->block != 0 || (y->shape.dim[1] % self->block != 0 && start + y->shape.dim[1] != x->shape.dim[1])))
    return reference_step (self, node, error);
  from = _sq_cpu_want (self, node->in[0], layout, error);
  to = _sq_cpu_add_buffer (self, node->out[0], layout);
  cpu_buffer (self, to)->parent = from;
  cpu_buffer (self, to)->offset = (gsize) (start * sq_shape_span (&x->shape, axis + 1, x->shape.rank))
                                  * (layout == LAYOUT_HALF ? sizeof (guint16) : sq_dtype_size (x->dtype));
  step = _sq_cpu_add_step (self, "slice", _sq_cpu_run_nothing, node);
  step->in[step->n_in++] = from;
  step->out[step->n_out++] = to;
  return TRUE;
}

static gboolean
reshape_step (CpuExec *self, const SqNode *node, GError **error)
{
  int from, to;
  Step *step;

  if ((from = _sq_cpu_want (self, node->in[0], LAYOUT_PLAIN, error)) < 0)
    return FALSE;
  to = _sq_cpu_add_buffer (self, node->out[0], LAYOUT_PLAIN);
  cpu_buffer (self, to)->parent = from;
  step = _sq_cpu_add_step (self, "reshape", _sq_cpu_run_nothing, node);
  step->in[step->n_in++] = from;
  step->out[step->n_out++] = to;
  return TRUE;
}

static gboolean
resize_step (CpuExec *self, const SqNode *node, GError **error)
{
  const SqValue *x = sq_graph_value (self->graph, node->in[0]);
  int h = node->params.resize.height, w = node->params.resize.width;
  Layout layout = _sq_cpu_layout_of (self, node->out[0]);
  gboolean whole = _sq_cpu_is_picture (x) && h % x->shape.dim[2] == 0 && w % x->shape.dim[3] == 0;
  // by whole factors, every rule but rounding asymmetric coordinates picks the pixel it lies in
  gboolean nearest =
      !node->params.resize.linear && (node->params.resize.coords == 1 ? node->params.resize.floor : node->params.resize.coords != 2);
  Step *step;

  if (!whole || !nearest || !is_blocked (self, node->in[0]))
    return reference_step (self, node, error);
  if (!prepare (self, node, layout, 1, error))
    return FALSE;
  step = _sq_cpu_add_step (self, "upsample", _sq_cpu_run_upsample, node);
  _sq_cpu_read (self, step, node->in[0], layout, error);
  step->out[step->n_out++] = _sq_cpu_add_buffer (self, node->out[0], layout);
  return TRUE;
}

static const struct
{
  const SqOp *op;
  gboolean (*plan) (CpuExec *self, const SqNode *node, GError **error);
} planners[] = {
  { &sq_op_conv, conv_step },        { &sq_op_pool, pool_step },           { &sq_op_act, unary_step },       { &sq_op_binary, binary_step },
  { &sq_op_concat, concat_step },    { &sq_op_slice, slice_step },         { &sq_op_reshape, reshape_step }, { &sq_op_resize, resize_step },
  { &sq_op_fake_quant, unary_step }, { &sq_op_dynamic_round, unary_step },
};

// A plain root that is exactly an output's bytes can be the caller's tensor itself.
static gboolean
bind_outputs (CpuExec *self, GError **error)
{
  for (guint i = 0; i < self->graph->outputs->len; i++)
    {
      int value = g_array_index (self->graph->outputs, int, i), root;
      gsize offset;
      Buffer *b;

      if (_sq_cpu_want (self, value, LAYOUT_PLAIN, error) < 0)
        return FALSE;
      root = _sq_cpu_root (self, self->of_value[LAYOUT_PLAIN][value], &offset);
      b = cpu_buffer (self, root);
      if (offset == 0 && b->layout == LAYOUT_PLAIN && b->bytes == layout_bytes (self, sq_graph_value (self->graph, value), LAYOUT_PLAIN)
          && b->input < 0 && b->output < 0 && b->constant == NULL)
        b->output = (int) i;
    }
  return TRUE;
}

gboolean
_sq_cpu_plan (CpuExec *self, GError **error)
{
  const SqGraph *graph = self->graph;

  _sq_cpu_bytes_init (self);
  for (guint i = 0; i < graph->inputs->len; i++)
    cpu_buffer (self, _sq_cpu_add_buffer (self, g_array_index (graph->inputs, int, i), LAYOUT_PLAIN))->input = (int) i;
  for (guint i = 0; i < graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (graph, i);
      GError *cause = NULL;
      guint k = 0;

      while (k < G_N_ELEMENTS (planners) && planners[k].op != node->op)
        k++;
      if (self->done[i] || _sq_cpu_bytes_step (self, i, &cause))
        continue;
      if (cause != NULL || !(k < G_N_ELEMENTS (planners) ? planners[k].plan : reference_step) (self, node, error))
        {
          if (cause != NULL)
            g_propagate_error (error, cause);
          return FALSE;
        }
    }
  return bind_outputs (self, error);
}
