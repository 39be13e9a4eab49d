// SPDX-License-Identifier: GPL-3.0-or-later
// Pools, resampling, and what transformers-in-detectors need: softmax, matrix products, reductions.
#include "cuda-private.h"

static void
two_steps (const int *from, int *to)
{
  to[0] = from[0];
  to[1] = from[1];
}

static int
launch_pool (CudaExec *self, Step *step, SqGpuStream *stream)
{
  const SqPoolParams *p = &step->node->params.pool;
  SqCudaPool job = {
    .x = _sq_cuda_map (self, step->in[0]), .y = _sq_cuda_map (self, step->out[0]), .average = p->average, .count_pad = p->count_pad
  };

  two_steps (p->kernel, job.kernel);
  two_steps (p->stride, job.stride);
  two_steps (p->dilation, job.dilation);
  for (int i = 0; i < 4; i++)
    job.pad[i] = p->pad[i];
  return self->api->kernels->pool (&job, stream);
}

// A picture operator that may stay in 8 bits: `exact` says that it makes no new numbers.
static Step *
picture_step (CudaExec *self, const SqNode *node, const char *name, int (*launch) (CudaExec *, Step *, SqGpuStream *), gboolean exact)
{
  const SqValue *x = cuda_value (self, node->in[0]);
  int in = exact ? self->of_value[LAYOUT_QUANT][node->in[0]] : -1, out;
  gboolean quant = in >= 0;
  Step *step;

  if (x->shape.rank != 4 || x->shape.dim[0] != 1 || x->dtype != SQ_F32)
    return NULL;
  if (!quant)
    in = _sq_cuda_want (self, node->in[0], LAYOUT_PICTURE);
  out = _sq_cuda_add_buffer (self, node->out[0], quant ? LAYOUT_QUANT : LAYOUT_PICTURE);
  if (quant)
    cuda_set_grid (cuda_buffer (self, out), cuda_buffer (self, in));
  step = _sq_cuda_add_step (self, name, launch, node);
  step->in[step->n_in++] = in;
  step->out[step->n_out++] = out;
  return step;
}

gboolean
_sq_cuda_pool (CudaExec *self, const SqNode *node)
{
  return picture_step (self, node, "pool", launch_pool, !node->params.pool.average) != NULL;
}

static int
launch_resize (CudaExec *self, Step *step, SqGpuStream *stream)
{
  const SqParams *p = &step->node->params;
  SqCudaResize job = { .x = _sq_cuda_map (self, step->in[0]),
                       .y = _sq_cuda_map (self, step->out[0]),
                       .linear = p->resize.linear,
                       .floor = p->resize.floor,
                       .coords = p->resize.coords,
                       .scale_y = p->resize.scale_y,
                       .scale_x = p->resize.scale_x };

  return self->api->kernels->resize (&job, stream);
}

gboolean
_sq_cuda_resize (CudaExec *self, const SqNode *node)
{
  return picture_step (self, node, "resize", launch_resize, !node->params.resize.linear) != NULL;
}

static int
launch_softmax (CudaExec *self, Step *step, SqGpuStream *stream)
{
  const SqShape *x = &cuda_value (self, step->node->in[0])->shape;
  int axis = step->node->params.axis.axis;
  SqCudaSoftmax job = { .outer = self->batch * sq_shape_span (x, 0, axis),
                        .n = x->dim[axis],
                        .inner = sq_shape_span (x, axis + 1, x->rank),
                        .x = _sq_cuda_data (self, step->in[0]),
                        .y = _sq_cuda_data (self, step->out[0]),
                        .type = SQ_CUDA_F32 };

  job.inner_stride = 1;
  job.n_stride = job.inner;
  job.outer_stride = job.n * job.inner;
  return self->api->kernels->softmax (&job, stream);
}

// An operator on plain float32.
static Step *
plain_step (CudaExec *self, const SqNode *node, const char *name, int (*launch) (CudaExec *, Step *, SqGpuStream *))
{
  Step *step;
  int in[2];

  for (int k = 0; k < node->n_in; k++)
    if (k > 1 || node->in[k] == SQ_NO_VALUE || cuda_value (self, node->in[k])->dtype != SQ_F32)
      return NULL;
  for (int k = 0; k < node->n_in; k++)
    in[k] = _sq_cuda_want (self, node->in[k], LAYOUT_PLAIN);
  step = _sq_cuda_add_step (self, name, launch, node);
  for (int k = 0; k < node->n_in; k++)
    step->in[step->n_in++] = in[k];
  step->out[step->n_out++] = _sq_cuda_add_buffer (self, node->out[0], LAYOUT_PLAIN);
  return step;
}

gboolean
_sq_cuda_softmax (CudaExec *self, const SqNode *node)
{
  return cuda_value (self, node->in[0])->constant == NULL && plain_step (self, node, "softmax", launch_softmax) != NULL;
}

static int
launch_matmul (CudaExec *self, Step *step, SqGpuStream *stream)
{
  const SqShape *x = &cuda_value (self, step->node->in[0])->shape, *w = &cuda_value (self, step->node->in[1])->shape;
  gint64 lead = sq_shape_span (x, 0, x->rank - 2);
  SqCudaMatmul job = { .m = (int) x->dim[x->rank - 2],
                       .k = (int) x->dim[x->rank - 1],
                       .n = (int) w->dim[w->rank - 1],
                       .x = _sq_cuda_data (self, step->in[0]),
                       .w = _sq_cuda_data (self, step->in[1]),
                       .y = _sq_cuda_data (self, step->out[0]),
                       .type = SQ_CUDA_F32 };
  gboolean same = cuda_buffer (self, step->in[1])->constant; // one matrix for all

  job.batch = (int) (self->batch * lead);
  job.x_batch = (gint64) job.m * job.k;
  job.x_row = job.k;
  job.x_column = 1;
  job.w_batch = same ? 0 : (gint64) job.k * job.n;
  job.w_row = job.n;
  job.w_column = 1;
  job.y_batch = (gint64) job.m * job.n;
  job.y_row = job.n;
  return self->api->kernels->matmul (&job, stream);
}

// Leading dimensions equal, or one constant matrix on the right.
gboolean
_sq_cuda_matmul (CudaExec *self, const SqNode *node)
{
  const SqValue *x = cuda_value (self, node->in[0]), *w = cuda_value (self, node->in[1]);

  if (x->shape.rank < 2 || w->shape.rank < 2 || x->constant != NULL)
    return FALSE;
  if (w->constant != NULL ? sq_shape_span (&w->shape, 0, w->shape.rank - 2) != 1 : x->shape.rank != w->shape.rank)
    return FALSE;
  for (int d = 0; w->constant == NULL && d < x->shape.rank - 2; d++)
    if (x->shape.dim[d] != w->shape.dim[d])
      return FALSE;
  return plain_step (self, node, "matmul", launch_matmul) != NULL;
}

// Axes in one row: outer x n x inner.
static gboolean
axes_span (const SqNode *node, int rank, int *from, int *to)
{
  guint axes = node->params.reduce.axes;

  *from = 0;
  while (*from < rank && !(axes >> *from & 1))
    (*from)++;
  *to = *from;
  while (*to < rank && axes >> *to & 1)
    (*to)++;
  return *to > *from && axes >> *to == 0;
}

static int
launch_reduce (CudaExec *self, Step *step, SqGpuStream *stream)
{
  const SqShape *x = &cuda_value (self, step->node->in[0])->shape;
  SqCudaReduce job = { .x = _sq_cuda_data (self, step->in[0]),
                       .y = _sq_cuda_data (self, step->out[0]),
                       .type = SQ_CUDA_F32,
                       .kind = step->node->params.reduce.kind };
  int from, to;

  axes_span (step->node, x->rank, &from, &to);
  job.outer = self->batch * sq_shape_span (x, 0, from);
  job.n = sq_shape_span (x, from, to);
  job.inner = sq_shape_span (x, to, x->rank);
  return self->api->kernels->reduce (&job, stream);
}

gboolean
_sq_cuda_reduce (CudaExec *self, const SqNode *node)
{
  int from, to;

  return cuda_value (self, node->in[0])->constant == NULL && axes_span (node, cuda_value (self, node->in[0])->shape.rank, &from, &to)
         && plain_step (self, node, "reduce", launch_reduce) != NULL;
}
