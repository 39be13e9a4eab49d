// SPDX-License-Identifier: GPL-3.0-or-later
// Number by number: activations, arithmetic, quantisation.
#include "cuda-private.h"

#include <string.h>

SqCudaView
_sq_cuda_view (const CudaExec *self, int buffer)
{
  const Buffer *b = cuda_buffer (self, buffer);

  return (SqCudaView){ .data = _sq_cuda_data (self, buffer), .type = b->type, .scale = b->scale, .zero = b->zero };
}

// Dimensions of one and such that are one walk for all three operands go, as the kernel takes SQ_CUDA_RANK.
int
_sq_cuda_elementwise (CudaExec *self, SqCudaElementwise *job, const SqShape *shape, gboolean channels_last,
                      gint64 (*strides)[SQ_MAX_RANK + 1], SqGpuStream *stream)
{
  SqCudaView *view[3] = { &job->out, &job->a, &job->b };
  gint64 dim[SQ_MAX_RANK + 1] = { self->batch };
  int order[SQ_MAX_RANK + 1] = { 0 }, n = shape->rank + 1, kept = 0, from;

  for (int i = 1; i < n; i++)
    {
      dim[i] = shape->dim[i - 1];
      order[i] = channels_last && n == 5 && i >= 2 ? (i == 4 ? 2 : i + 1) : i; // N C H W -> N H W C
    }
  for (int k = 0; k < n; k++)
    {
      int i = order[k];
      gboolean joins = kept > 0;

      if (dim[i] == 1)
        continue;
      for (int v = 0; v < 3 && joins; v++)
        joins = view[v]->stride[kept - 1] == strides[v][i] * dim[i];
      if (!joins && kept == SQ_CUDA_RANK)
        return SQ_GPU_INVALID;
      if (!joins)
        job->dim[kept++] = 1;
      job->dim[kept - 1] *= dim[i];
      for (int v = 0; v < 3; v++)
        view[v]->stride[kept - 1] = strides[v][i];
    }
  from = SQ_CUDA_RANK - kept; // innermost last
  memmove (job->dim + from, job->dim, (gsize) kept * sizeof job->dim[0]);
  for (int i = 0; i < from; i++)
    job->dim[i] = 1;
  for (int v = 0; v < 3; v++)
    {
      memmove (view[v]->stride + from, view[v]->stride, (gsize) kept * sizeof (gint64));
      memset (view[v]->stride, 0, (gsize) from * sizeof (gint64));
    }
  return self->api->kernels->elementwise (job, stream);
}

static int
launch (CudaExec *self, Step *step, SqGpuStream *stream)
{
  const SqNode *node = step->node;
  const SqShape *shape = &cuda_value (self, node->out[0])->shape;
  gint64 strides[3][SQ_MAX_RANK + 1] = { 0 };
  SqCudaElementwise job = { .out = _sq_cuda_view (self, step->out[0]), .a = _sq_cuda_view (self, step->in[0]) };

  _sq_cuda_strides (self, step->out[0], shape, shape, strides[0]);
  _sq_cuda_strides (self, step->in[0], &cuda_value (self, node->in[0])->shape, shape, strides[1]);
  if (node->op == &sq_op_binary)
    {
      job.b = _sq_cuda_view (self, step->in[1]);
      job.op = node->params.binary;
      _sq_cuda_strides (self, step->in[1], &cuda_value (self, node->in[1])->shape, shape, strides[2]);
    }
  else
    job.act = (SqCudaAct){ node->params.act.kind, node->params.act.a, node->params.act.b };
  return _sq_cuda_elementwise (self, &job, shape, cuda_buffer (self, step->out[0])->layout != LAYOUT_PLAIN, strides, stream);
}

// Their dimensions and the batch must fit the kernel, however they lie.
static gboolean
fits (const CudaExec *self, const SqNode *node)
{
  return cuda_value (self, node->out[0])->shape.rank < SQ_CUDA_RANK;
}

gboolean
_sq_cuda_act (CudaExec *self, const SqNode *node)
{
  gboolean picture;
  Step *step;
  int in;

  if (!fits (self, node) || cuda_value (self, node->in[0])->dtype != SQ_F32)
    return FALSE;
  in = _sq_cuda_plain_or_picture (self, node->in[0], &picture);
  step = _sq_cuda_add_step (self, "act", launch, node);
  step->in[step->n_in++] = in;
  step->out[step->n_out++] = _sq_cuda_add_buffer (self, node->out[0], picture ? LAYOUT_PICTURE : LAYOUT_PLAIN);
  return TRUE;
}

gboolean
_sq_cuda_binary (CudaExec *self, const SqNode *node)
{
  const SqValue *out = cuda_value (self, node->out[0]);
  gboolean picture = out->shape.rank == 4 && out->dtype == SQ_F32, any = FALSE;
  int in[2];
  Step *step;

  if (!fits (self, node))
    return FALSE;
  for (int k = 0; k < 2; k++)
    {
      const SqValue *v = cuda_value (self, node->in[k]);
      gboolean there = _sq_cuda_has (self, node->in[k], LAYOUT_PICTURE) || _sq_cuda_has (self, node->in[k], LAYOUT_QUANT);

      picture = picture && (v->constant != NULL || there);
      any = any || there;
    }
  picture = picture && any;
  for (int k = 0; k < 2; k++)
    in[k] = _sq_cuda_want (self, node->in[k], picture && cuda_value (self, node->in[k])->constant == NULL ? LAYOUT_PICTURE : LAYOUT_PLAIN);
  step = _sq_cuda_add_step (self, "binary", launch, node);
  step->in[step->n_in++] = in[0];
  step->in[step->n_in++] = in[1];
  step->out[step->n_out++] = _sq_cuda_add_buffer (self, node->out[0], picture ? LAYOUT_PICTURE : LAYOUT_PLAIN);
  return TRUE;
}

// The step that makes a buffer, if that is a convolution.
static Step *
conv_that_makes (const CudaExec *self, int buffer)
{
  for (guint i = self->steps->len; i-- > 0;)
    {
      Step *step = g_ptr_array_index (self->steps, i);

      if (step->n_out > 0 && step->out[0] == buffer)
        return step->launch == _sq_cuda_launch_conv ? step : NULL;
    }
  return NULL;
}

gboolean
_sq_cuda_quant_grid (const CudaExec *self, const SqNode *node, Buffer *b)
{
  const SqParams *p = &node->params;
  gboolean is_unsigned = p->fake_quant.low == 0 && p->fake_quant.high == 255;

  b->scale = p->fake_quant.scale;
  b->zero = (int) p->fake_quant.zero - (is_unsigned ? 128 : 0);
  b->type = self->fp8 && _sq_cuda_is_e4m3 (node) ? SQ_CUDA_E4M3 : SQ_CUDA_S8;
  if (node->n_in > 1) // a scale per channel
    return FALSE;
  return is_unsigned || (p->fake_quant.low == -128 && p->fake_quant.high == 127) || b->type == SQ_CUDA_E4M3;
}

// clamp (round (x / scale) + zero) as the CPU has it, and back. Whole numbers in between: exact in float16 as far as the clamp lets them.
static int
launch_per_channel (CudaExec *self, Step *step, SqGpuStream *stream)
{
  const SqParams *p = &step->node->params;
  const SqCudaAct to_whole = { .kind = SQ_ACT_ROUND }, clamp = { SQ_ACT_CLIP, p->fake_quant.low, p->fake_quant.high };
  const struct
  {
    SqBinaryKind op;
    int other; // of the step's inputs
    SqCudaAct act;
  } passes[] = { { SQ_BINARY_DIV, 1, to_whole }, { SQ_BINARY_ADD, 2, clamp }, { SQ_BINARY_SUB, 2, { 0 } }, { SQ_BINARY_MUL, 1, { 0 } } };
  const SqShape *shape = &cuda_value (self, step->node->out[0])->shape;
  SqShape channels = { .rank = shape->rank - 1, .dim = { shape->dim[1], 1, 1, 1 } };
  int code = SQ_GPU_OK;

  for (guint i = 0; i < G_N_ELEMENTS (passes) && code == SQ_GPU_OK; i++)
    {
      int from = i == 0 ? step->in[0] : step->out[0];
      SqCudaElementwise job = { .out = _sq_cuda_view (self, step->out[0]),
                                .a = _sq_cuda_view (self, from),
                                .b = _sq_cuda_view (self, step->in[passes[i].other]),
                                .op = (int) passes[i].op,
                                .act = passes[i].act };
      gint64 strides[3][SQ_MAX_RANK + 1] = { 0 };

      _sq_cuda_strides (self, step->out[0], shape, shape, strides[0]);
      _sq_cuda_strides (self, from, shape, shape, strides[1]);
      _sq_cuda_strides (self, step->in[passes[i].other], &channels, shape, strides[2]);
      code = _sq_cuda_elementwise (self, &job, shape, cuda_buffer (self, step->out[0])->layout != LAYOUT_PLAIN, strides, stream);
    }
  return code;
}

static gboolean
round_per_channel (CudaExec *self, const SqNode *node)
{
  gboolean picture;
  Step *step;
  int in = _sq_cuda_plain_or_picture (self, node->in[0], &picture), numbers[2];

  for (int k = 0; k < 2; k++)
    numbers[k] = _sq_cuda_want (self, node->in[1 + k], LAYOUT_PLAIN);
  step = _sq_cuda_add_step (self, "round", launch_per_channel, node);
  step->in[step->n_in++] = in;
  for (int k = 0; k < 2; k++)
    step->in[step->n_in++] = numbers[k];
  step->out[step->n_out++] = _sq_cuda_add_buffer (self, node->out[0], picture ? LAYOUT_PICTURE : LAYOUT_PLAIN);
  return TRUE;
}

gboolean
_sq_cuda_fake_quant (CudaExec *self, const SqNode *node)
{
  const SqValue *v = cuda_value (self, node->in[0]);
  int have = self->of_value[LAYOUT_QUANT][node->in[0]], in, out;
  gboolean picture;
  Buffer grid;
  Step *conv;

  if (_sq_cuda_has (self, node->out[0], LAYOUT_QUANT)) // by a concatenation that knew
    return TRUE;
  if (fits (self, node) && node->n_in > 1 && v->constant == NULL)
    return round_per_channel (self, node);
  if (!fits (self, node) || !_sq_cuda_quant_grid (self, node, &grid))
    return FALSE;
  if (have >= 0 && cuda_same_grid (cuda_buffer (self, have), &grid))
    {
      self->of_value[LAYOUT_QUANT][node->out[0]] = have;
      return TRUE;
    }
  in = _sq_cuda_plain_or_picture (self, node->in[0], &picture);
  if (!picture && (v->shape.rank != 4 || v->shape.dim[0] != 1)) // through 8 bits and back
    {
      out = _sq_cuda_add_buffer (self, node->out[0], LAYOUT_PLAIN);
      cuda_set_grid (cuda_buffer (self, out), &grid);
      _sq_cuda_add_move (self, "quantise", node, in, &v->shape, out, &v->shape, &v->shape);
      in = out;
      out = _sq_cuda_add_buffer (self, node->out[0], LAYOUT_PLAIN);
      _sq_cuda_add_move (self, "dequantise", node, in, &v->shape, out, &v->shape, &v->shape);
      return TRUE;
    }
  out = _sq_cuda_add_buffer (self, node->out[0], LAYOUT_QUANT);
  cuda_set_grid (cuda_buffer (self, out), &grid);
  conv = self->uses[node->in[0]] == 1 ? conv_that_makes (self, in) : NULL;
  if (conv != NULL && _sq_cuda_can_requantise (self, conv, grid.type))
    conv->out[0] = out;
  else
    _sq_cuda_add_move (self, "quantise", node, in, &v->shape, out, &v->shape, &v->shape);
  return TRUE;
}
