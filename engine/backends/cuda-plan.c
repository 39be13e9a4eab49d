// SPDX-License-Identifier: GPL-3.0-or-later
// Graph -> buffers and steps. The lowerings are in cuda-conv.c, cuda-ops.c and cuda-host.c.
#include "cuda-private.h"

static SqCudaType
plain_type (SqDType dtype)
{
  static const SqCudaType types[] = { [SQ_F32] = SQ_CUDA_F32, [SQ_I64] = SQ_CUDA_I64, [SQ_I32] = SQ_CUDA_I32,
                                      [SQ_U8] = SQ_CUDA_U8,   [SQ_I8] = SQ_CUDA_S8,   [SQ_BOOL] = SQ_CUDA_U8 };

  return types[dtype];
}

gboolean
_sq_cuda_is_picture (const SqValue *v)
{
  return v->dtype == SQ_F32 && v->shape.rank == 4 && v->shape.dim[0] == 1;
}

int
_sq_cuda_add_buffer (CudaExec *self, int value, Layout layout)
{
  const SqValue *v = cuda_value (self, value);
  Buffer b = { .layout = layout, .parent = -1, .n = sq_shape_elements (&v->shape), .type = plain_type (v->dtype), .scale = 1 };

  if (layout != LAYOUT_PLAIN)
    {
      b.type = layout == LAYOUT_QUANT ? SQ_CUDA_S8 : self->tail[value] ? SQ_CUDA_F32 : self->real;
      b.c = (int) v->shape.dim[1];
      b.h = (int) v->shape.dim[2];
      b.w = (int) v->shape.dim[3];
      b.pitch = b.c == 3 ? 4 : b.c; // a pixel of the network's input is one load
    }
  g_array_append_val (self->buffers, b);
  self->of_value[layout][value] = (int) self->buffers->len - 1;
  return self->of_value[layout][value];
}

Step *
_sq_cuda_add_step (CudaExec *self, const char *name, int (*launch) (CudaExec *, Step *, SqGpuStream *), const SqNode *node)
{
  Step *step = g_new0 (Step, 1);

  step->name = name;
  step->launch = launch;
  step->node = node;
  step->weights = step->bias = step->weight_scale = -1;
  g_ptr_array_add (self->steps, step);
  return step;
}

void
_sq_cuda_step_free (CudaExec *self, Step *step)
{
  if (step->plan != NULL)
    self->api->plan_free (step->plan);
  g_clear_pointer (&step->host, _sq_cuda_host_free);
  g_free (step->move);
  g_free (step->how);
  g_free (step);
}

gssize
_sq_cuda_add_constant (CudaExec *self, gconstpointer data, gsize bytes)
{
  static const guint8 zeros[CUDA_ALIGN];
  gsize at = self->constants->len, most = MIN (CUDA_MOST_CONSTANTS, self->properties.memory);

  if (self->too_large || bytes > most || at > most - bytes) // _sq_cuda_fits says so
    {
      self->too_large = TRUE;
      return 0;
    }
  g_byte_array_append (self->constants, data, (guint) bytes);
  g_byte_array_append (self->constants, zeros,
                       (guint) (CUDA_ALIGN - bytes % CUDA_ALIGN)); // at least one byte: vectors may read past the end
  return (gssize) at;
}

gboolean
_sq_cuda_fits (const CudaExec *self, GError **error)
{
  if (!self->too_large)
    return TRUE;
  g_set_error (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY,
               "The weights of this network need more than the %.1f GB that %s:%d can hold of them: use a smaller model.",
               (double) MIN (CUDA_MOST_CONSTANTS, self->properties.memory) / 1e9, self->api->name, self->device);
  return FALSE;
}

int
_sq_cuda_add_scalar (CudaExec *self, float value)
{
  Buffer b = { .layout = LAYOUT_PLAIN, .parent = -1, .n = 1, .type = SQ_CUDA_F32, .scale = 1, .constant = TRUE };

  b.block.at = (gsize) _sq_cuda_add_constant (self, &value, sizeof value);
  g_array_append_val (self->buffers, b);
  return (int) self->buffers->len - 1;
}

gboolean
_sq_cuda_has (const CudaExec *self, int value, Layout layout)
{
  return self->of_value[layout][value] >= 0;
}

int
_sq_cuda_want (CudaExec *self, int value, Layout layout)
{
  const SqValue *v = cuda_value (self, value);
  int from, to;

  if (_sq_cuda_has (self, value, layout))
    return self->of_value[layout][value];
  if (v->constant != NULL && !_sq_cuda_has (self, value, LAYOUT_PLAIN))
    {
      int buffer = _sq_cuda_add_buffer (self, value, LAYOUT_PLAIN);

      cuda_buffer (self, buffer)->constant = TRUE;
      cuda_buffer (self, buffer)->block.at = (gsize) _sq_cuda_add_constant (self, v->constant->data, v->constant->bytes);
      if (layout == LAYOUT_PLAIN)
        return buffer;
    }
  if (layout == LAYOUT_QUANT || (layout == LAYOUT_PICTURE && !_sq_cuda_is_picture (v)))
    return -1;
  from = self->of_value[LAYOUT_QUANT][value];
  if (from < 0)
    from = self->of_value[layout == LAYOUT_PLAIN ? LAYOUT_PICTURE : LAYOUT_PLAIN][value];
  g_assert (from >= 0);
  to = _sq_cuda_add_buffer (self, value, layout);
  _sq_cuda_add_move (self, layout == LAYOUT_PLAIN ? "to plain" : "to picture", NULL, from, &v->shape, to, &v->shape, &v->shape);
  return to;
}

int
_sq_cuda_plain_or_picture (CudaExec *self, int value, gboolean *picture)
{
  *picture = _sq_cuda_has (self, value, LAYOUT_PICTURE) || _sq_cuda_has (self, value, LAYOUT_QUANT);
  return _sq_cuda_want (self, value, *picture ? LAYOUT_PICTURE : LAYOUT_PLAIN);
}

// A convolution that is work; not one that only sums up a box's distribution.
static gboolean
is_heavy (const CudaExec *self, const SqNode *node)
{
  return (node->op == &sq_op_conv || node->op == &sq_op_conv_transpose) && sq_shape_elements (&cuda_value (self, node->in[1])->shape) > 32;
}

// What only leads to the outputs: boxes are computed in float32. cuDNN's float16 convolutions write float32 from sm_80 on; before that the
// change comes behind them.
static void
find_tail (CudaExec *self)
{
  g_autofree int *other = g_new0 (int, self->graph->values->len); // uses by what is no tail

  g_free (self->tail);
  self->tail = g_new0 (gboolean, self->graph->values->len);
  for (guint i = self->graph->nodes->len; i-- > 0;)
    {
      const SqNode *node = sq_graph_node (self->graph, i);
      gboolean tail = !is_heavy (self, node);

      for (int k = 0; k < node->n_out; k++)
        {
          self->tail[node->out[k]] = other[node->out[k]] == 0;
          tail = tail && self->tail[node->out[k]];
          if (is_heavy (self, node) && self->properties.major < 8)
            self->tail[node->out[k]] = FALSE;
        }
      for (int k = 0; !tail && k < node->n_in; k++)
        if (node->in[k] != SQ_NO_VALUE)
          other[node->in[k]]++;
    }
}

static gboolean
lower (CudaExec *self, const SqNode *node)
{
  static const struct
  {
    const SqOp *op;
    gboolean (*lower) (CudaExec *self, const SqNode *node);
  } table[] = {
    { &sq_op_conv, _sq_cuda_conv },
    { &sq_op_conv_transpose, _sq_cuda_conv_transpose },
    { &sq_op_act, _sq_cuda_act },
    { &sq_op_binary, _sq_cuda_binary },
    { &sq_op_concat, _sq_cuda_concat },
    { &sq_op_slice, _sq_cuda_slice },
    { &sq_op_pool, _sq_cuda_pool },
    { &sq_op_resize, _sq_cuda_resize },
    { &sq_op_reshape, _sq_cuda_reshape },
    { &sq_op_transpose, _sq_cuda_transpose },
    { &sq_op_expand, _sq_cuda_expand },
    { &sq_op_cast, _sq_cuda_cast },
    { &sq_op_pad, _sq_cuda_pad },
    { &sq_op_softmax, _sq_cuda_softmax },
    { &sq_op_matmul, _sq_cuda_matmul },
    { &sq_op_reduce, _sq_cuda_reduce },
    { &sq_op_fake_quant, _sq_cuda_fake_quant },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    if (table[i].op == node->op)
      return table[i].lower (self, node);
  return FALSE;
}

gboolean
_sq_cuda_plan (CudaExec *self, GError **error)
{
  const SqGraph *graph = self->graph;

  find_tail (self);
  if (self->fp8)
    {
      if (!_sq_cuda_round_to_e4m3 (self, error))
        return FALSE;
      find_tail (self);
    }
  for (int l = 0; l < N_LAYOUTS; l++)
    {
      self->of_value[l] = g_new (int, graph->values->len);
      for (guint i = 0; i < graph->values->len; i++)
        self->of_value[l][i] = -1;
    }
  for (guint i = 0; i < graph->inputs->len; i++)
    _sq_cuda_add_buffer (self, g_array_index (graph->inputs, int, i), LAYOUT_PLAIN);
  for (guint i = 0; i < graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (graph, i);

      if (!lower (self, node) && !_sq_cuda_reference (self, node, error))
        return FALSE;
    }
  for (guint i = 0; i < graph->outputs->len; i++)
    _sq_cuda_want (self, g_array_index (graph->outputs, int, i), LAYOUT_PLAIN);
  return _sq_cuda_fits (self, error);
}
