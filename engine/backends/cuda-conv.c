// SPDX-License-Identifier: GPL-3.0-or-later
// Convolutions: which code runs each, its weights in that code's layout, and its plan. cuDNN's fused plans do the work; our kernels do what
// it has none for (8-bit depthwise) or is slow at (depthwise, few channels), and a plain one whatever is left.
#include "cuda-private.h"
#include "kernels/cuda/e4m3.h"

#include <math.h>
#include <string.h>

typedef enum
{
  BY_CUDNN,
  BY_DEPTHWISE,
  BY_STEM,
  BY_DIRECT,
} By;

static gboolean
is_quant (const CudaExec *self, const Step *step)
{
  return cuda_buffer (self, step->in[0])->layout == LAYOUT_QUANT;
}

static By
choose (const CudaExec *self, const SqNode *node)
{
  const SqConvParams *p = &node->params.conv;
  gint64 c = cuda_value (self, node->in[0])->shape.dim[1], k = cuda_value (self, node->out[0])->shape.dim[1];

  if (node->op == &sq_op_conv_transpose)
    return BY_DIRECT;
  if (p->groups > 1 && p->groups == c && p->groups == k)
    return BY_DEPTHWISE;
  if (p->groups == 1 && c <= 4 && p->kernel[0] <= 7 && p->kernel[1] <= 7)
    return BY_STEM;
  return k <= 4 && c <= 32 ? BY_DIRECT : BY_CUDNN; // a dozen multiplications are not worth a plan
}

gboolean
_sq_cuda_is_cudnns (const CudaExec *self, const SqNode *node)
{
  const SqValue *w = node->n_in > 1 && node->in[1] != SQ_NO_VALUE ? cuda_value (self, node->in[1]) : NULL;

  return node->op == &sq_op_conv && w->constant != NULL && _sq_cuda_is_picture (cuda_value (self, node->in[0]))
         && choose (self, node) == BY_CUDNN;
}

// cuDNN's float convolutions write floats, of 8 bits too; ours write anything.
gboolean
_sq_cuda_can_requantise (const CudaExec *self, const Step *step, SqCudaType to)
{
  return step->node->op == &sq_op_conv
         && (cuda_buffer (self, step->in[0])->type == to || choose (self, step->node) != BY_CUDNN
             || (to == SQ_CUDA_E4M3 && cuda_buffer (self, step->in[0])->type == SQ_CUDA_F16));
}

static gboolean
symmetric_grid (const SqTensor *w)
{
  return w->grid != NULL && (w->grid->n == 1 || (w->grid->axis == 0 && w->grid->n == w->shape.dim[0]));
}

// cuDNN's 8-bit convolutions before sm_80 want channels by the 16 on both sides, and rows without a border between them; what has not runs
// in floats.
static gboolean
fits_quant (const CudaExec *self, const SqNode *node)
{
  const int *pad = node->params.conv.pad;

  if (self->properties.major >= 8 || choose (self, node) != BY_CUDNN)
    return TRUE;
  return cuda_value (self, node->in[0])->shape.dim[1] % 16 == 0 && cuda_value (self, node->out[0])->shape.dim[1] % 16 == 0
         && (cuda_buffer (self, self->of_value[LAYOUT_QUANT][node->in[0]])->zero == 0 || (pad[0] | pad[1] | pad[2] | pad[3]) == 0);
}

static gboolean
reads_quant (const CudaExec *self, const SqNode *node)
{
  int in = self->of_value[LAYOUT_QUANT][node->in[0]];

  if (node->op != &sq_op_conv || in < 0)
    return FALSE;
  if (cuda_buffer (self, in)->type == SQ_CUDA_E4M3)
    return choose (self, node) == BY_CUDNN;
  return self->whole && symmetric_grid (cuda_value (self, node->in[1])->constant) && fits_quant (self, node);
}

static gboolean
add_conv (CudaExec *self, const SqNode *node)
{
  const SqValue *x = cuda_value (self, node->in[0]), *w = cuda_value (self, node->in[1]), *y = cuda_value (self, node->out[0]);
  int residual = node->n_in > 3 ? node->in[3] : SQ_NO_VALUE, in, rest = -1;
  gboolean bias = node->n_in > 2 && node->in[2] != SQ_NO_VALUE, quant;
  Step *step;

  if (x->shape.rank != 4 || x->shape.dim[0] != 1 || x->dtype != SQ_F32 || x->constant != NULL || w->constant == NULL || w->shape.rank != 4
      || y->shape.rank != 4 || (bias && cuda_value (self, node->in[2])->constant == NULL))
    return FALSE;
  quant = reads_quant (self, node);
  in = _sq_cuda_want (self, node->in[0], quant ? LAYOUT_QUANT : LAYOUT_PICTURE);
  if (residual != SQ_NO_VALUE)
    {
      rest = quant ? self->of_value[LAYOUT_QUANT][residual] : -1;
      rest = rest >= 0 ? rest : _sq_cuda_want (self, residual, LAYOUT_PICTURE);
      if (rest < 0)
        return FALSE;
    }
  step = _sq_cuda_add_step (self, node->op->name, _sq_cuda_launch_conv, node);
  step->in[step->n_in++] = in;
  if (rest >= 0)
    step->in[step->n_in++] = rest;
  step->out[step->n_out++] = _sq_cuda_add_buffer (self, node->out[0], LAYOUT_PICTURE);
  return TRUE;
}

gboolean
_sq_cuda_conv (CudaExec *self, const SqNode *node)
{
  return add_conv (self, node);
}

gboolean
_sq_cuda_conv_transpose (CudaExec *self, const SqNode *node)
{
  return add_conv (self, node);
}

// cuDNN pads with the stored number 0. Where the number 0 is stored as something else, the buffer has a border of that.
static gboolean
wants_border (const CudaExec *self, const Step *step)
{
  const int *pad = step->node->params.conv.pad;

  return is_quant (self, step) && choose (self, step->node) == BY_CUDNN && cuda_buffer (self, step->in[0])->zero != 0
         && (pad[0] | pad[1] | pad[2] | pad[3]) != 0;
}

void
_sq_cuda_borders (CudaExec *self)
{
  for (guint i = 0; i < self->steps->len; i++)
    {
      const Step *step = g_ptr_array_index (self->steps, i);
      int channel;

      if (step->launch == _sq_cuda_launch_conv && wants_border (self, step))
        for (int k = 0; k < 4; k++)
          {
            Buffer *root = cuda_buffer (self, _sq_cuda_root (self, step->in[0], &channel));

            root->border = MAX (root->border, step->node->params.conv.pad[k]);
          }
    }
}

// --- weights
// ------------------------------------------------------------------------------------------------------------------------------------

static guint16
to_half (float f)
{
  guint32 u, sign, a;

  memcpy (&u, &f, sizeof u);
  sign = u >> 16 & 0x8000;
  a = u & 0x7fffffff;
  if (a > 0x7f800000)
    return (guint16) (sign | 0x7e00);
  if (a >= 0x477ff000) // rounds past the largest
    return (guint16) (sign | 0x7c00);
  if (a < 0x38800000) // subnormal
    return (guint16) (sign | (guint32) nearbyintf (fabsf (f) * 16777216.f));
  return (guint16) (sign | ((a + 0xfff + (a >> 13 & 1) - 0x38000000) >> 13));
}

static float
weight_scale (const SqTensor *w, SqCudaType type, gint64 k)
{
  return type == SQ_CUDA_E4M3 ? _sq_cuda_e4m3_weight_scale (w, k) : type == SQ_CUDA_S8 ? w->grid->scale[w->grid->n == 1 ? 0 : k] : 1;
}

// K C R S -> K R S C in x's type (transposed convolutions: C K R S -> C R S K, the same walk).
static gssize
add_weights (CudaExec *self, const SqTensor *w, SqCudaType type)
{
  gint64 outer = w->shape.dim[0], middle = w->shape.dim[1], area = w->shape.dim[2] * w->shape.dim[3], at = 0;
  g_autofree char *packed = g_malloc0 ((gsize) w->n * cuda_type_size (type));

  for (gint64 k = 0; k < outer; k++)
    {
      float scale = weight_scale (w, type, k);

      for (gint64 i = 0; i < area; i++)
        for (gint64 c = 0; c < middle; c++, at++)
          {
            float v = sq_tensor_f32 (w)[(k * middle + c) * area + i];

            if (type == SQ_CUDA_S8)
              ((gint8 *) packed)[at] = (gint8) CLAMP (nearbyintf (v / scale), -128, 127);
            else if (type == SQ_CUDA_E4M3)
              ((guint8 *) packed)[at] = sq_e4m3_from_float (v / scale);
            else if (type == SQ_CUDA_F16)
              ((guint16 *) packed)[at] = to_half (v);
            else
              ((float *) packed)[at] = v;
          }
    }
  return _sq_cuda_add_constant (self, packed, (gsize) w->n * cuda_type_size (type));
}

// For cuDNN, which knows no zero points: sum w (q - zero) = sum w q - zero sum w goes into the bias, and x's scale into the weights'.
static void
add_scales (CudaExec *self, Step *step, const SqTensor *w, const SqTensor *bias, gboolean cudnn)
{
  const Buffer *x = cuda_buffer (self, step->in[0]);
  gint64 outer = w->shape.dim[0], per = w->n / outer;
  g_autofree float *scales = g_new (float, outer), *sums = g_new0 (float, outer);

  for (gint64 k = 0; k < outer; k++)
    {
      float scale = weight_scale (w, x->type, k);
      double sum = 0;

      scales[k] = scale * (cudnn ? x->scale : 1);
      for (gint64 i = 0; i < per && x->zero != 0; i++)
        sum += nearbyintf (sq_tensor_f32 (w)[k * per + i] / scale);
      sums[k] = (float) ((bias != NULL ? sq_tensor_f32 (bias)[k] : 0) - (cudnn ? (double) scales[k] * x->zero * sum : 0));
    }
  step->weight_scale = _sq_cuda_add_constant (self, scales, (gsize) outer * sizeof (float));
  step->bias = _sq_cuda_add_constant (self, sums, (gsize) outer * sizeof (float));
}

// --- the job of a step
// -----------------------------------------------------------------------------------------------------------------------------

static const float *
constant_at (const CudaExec *self, gssize at)
{
  return at < 0 ? NULL : (const float *) (self->constants_on_device + at);
}

static SqCudaConv
conv_job (const CudaExec *self, const Step *step)
{
  const SqConvParams *p = &step->node->params.conv;
  SqCudaConv job = { .x = _sq_cuda_map (self, step->in[0]), .y = _sq_cuda_map (self, step->out[0]), .groups = p->groups };

  if (step->n_in > 1)
    job.residual = _sq_cuda_map (self, step->in[1]);
  for (int i = 0; i < 2; i++)
    {
      job.kernel[i] = p->kernel[i];
      job.stride[i] = p->stride[i];
      job.dilation[i] = p->dilation[i];
    }
  for (int i = 0; i < 4; i++)
    job.pad[i] = p->pad[i];
  job.act = (SqCudaAct){ p->act.kind, p->act.a, p->act.b };
  job.weights = constant_at (self, step->weights);
  job.bias = constant_at (self, step->bias);
  job.weight_scale = constant_at (self, step->weight_scale);
  return job;
}

// As the plan knows it: no zero point, the padding inside the picture.
static SqCudaConv
plan_job (const CudaExec *self, const Step *step)
{
  SqCudaConv job = conv_job (self, step);

  if (wants_border (self, step))
    {
      gint64 before = job.pad[0] * job.x.row + job.pad[1] * job.x.pixel;

      job.x.data = (gpointer) ((gsize) job.x.data - (gsize) before * cuda_type_size (job.x.type));
      job.x.h += job.pad[0] + job.pad[2];
      job.x.w += job.pad[1] + job.pad[3];
      memset (job.pad, 0, sizeof job.pad);
    }
  if (is_quant (self, step))
    {
      job.x.scale = 1;
      job.x.zero = 0;
    }
  if (step->act_after)
    job.act = (SqCudaAct){ SQ_ACT_NONE };
  return job;
}

static int
launch_act (CudaExec *self, Step *step, SqGpuStream *stream)
{
  const SqAct *act = &step->node->params.conv.act;
  const SqShape *shape = &cuda_value (self, step->node->out[0])->shape;
  gint64 strides[3][SQ_MAX_RANK + 1] = { 0 };
  SqCudaElementwise job = { .out = _sq_cuda_view (self, step->out[0]), .act = { act->kind, act->a, act->b } };

  job.a = job.out;
  _sq_cuda_strides (self, step->out[0], shape, shape, strides[0]);
  memcpy (strides[1], strides[0], sizeof strides[0]);
  return _sq_cuda_elementwise (self, &job, shape, TRUE, strides, stream);
}

int
_sq_cuda_launch_conv (CudaExec *self, Step *step, SqGpuStream *stream)
{
  const SqCudaKernels *kernels = self->api->kernels;
  SqCudaConv job;
  int code;

  if (step->plan != NULL)
    {
      job = plan_job (self, step);
      code = self->api->plan_run (step->plan, &job, self->workspace, stream);
      return code == SQ_GPU_OK && step->act_after ? launch_act (self, step, stream) : code;
    }
  job = conv_job (self, step);
  if (step->node->op == &sq_op_conv_transpose)
    return kernels->conv_transpose (&job, stream);
  switch (choose (self, step->node))
    {
    case BY_DEPTHWISE:
      return kernels->depthwise (&job, stream);
    case BY_STEM:
      return kernels->stem (&job, stream);
    default:
      return kernels->conv (&job, stream);
    }
}

// --- building
// -----------------------------------------------------------------------------------------------------------------------------------

static SqGpuPlan *
build_plan (CudaExec *self, Step *step, gboolean with_act, GError **error)
{
  SqGpuConv conv;
  g_autofree char *key = NULL;
  const char *saved;
  SqGpuPlan *plan;

  step->act_after = !with_act;
  conv = (SqGpuConv){ .conv = plan_job (self, step),
                      .bias = cuda_buffer (self, step->in[0])->layout == LAYOUT_QUANT
                              || (step->node->n_in > 2 && step->node->in[2] != SQ_NO_VALUE),
                      .residual = step->n_in > 1 };
  saved = _sq_cuda_cache_get (self->cache, &conv, &key);
  plan = self->api->plan_new (self->dnn, &conv, saved, error);
  if (plan != NULL && saved == NULL)
    _sq_cuda_cache_put (self->cache, key, self->api->plan_save (plan));
  return plan;
}

static gboolean
build (CudaExec *self, Step *step, GError **error)
{
  const SqNode *node = step->node;
  const SqTensor *w = cuda_value (self, node->in[1])->constant;
  const SqTensor *bias = node->n_in > 2 && node->in[2] != SQ_NO_VALUE ? cuda_value (self, node->in[2])->constant : NULL;
  By by = choose (self, node);

  if (by == BY_CUDNN && self->dnn != NULL)
    {
      g_autoptr (GError) refusal = NULL;

      step->plan = build_plan (self, step, TRUE, &refusal);
      if (step->plan == NULL && node->params.conv.act.kind != SQ_ACT_NONE && step->n_in == 1
          && cuda_buffer (self, step->out[0])->layout == LAYOUT_PICTURE)
        step->plan = build_plan (self, step, FALSE, NULL);
      step->act_after = step->plan != NULL && step->act_after;
      if (step->plan == NULL && !g_error_matches (refusal, SQ_ERROR, SQ_ERROR_UNSUPPORTED_OP))
        {
          g_propagate_error (error, g_steal_pointer (&refusal));
          return FALSE;
        }
      if (step->plan == NULL && cuda_buffer (self, step->in[0])->type == SQ_CUDA_E4M3) // nobody else reads it
        {
          g_set_error (error, SQ_ERROR, SQ_ERROR_UNSUPPORTED_OP,
                       "This cuDNN (%d) has no 8-bit float plan for a convolution of this network on %s:%d: use half or int8 there.",
                       self->api->dnn_version (), self->api->name, self->device);
          return FALSE;
        }
      if (step->plan != NULL)
        self->workspace_bytes = MAX (self->workspace_bytes, self->api->plan_workspace (step->plan));
    }
  step->how = step->plan != NULL   ? self->api->plan_describe (step->plan)
              : by == BY_DEPTHWISE ? g_strdup ("own depthwise kernel")
              : by == BY_STEM      ? g_strdup ("own kernel for few channels")
                                   : g_strdup ("own plain kernel");
  step->weights = add_weights (self, w, cuda_buffer (self, step->in[0])->type);
  if (is_quant (self, step))
    add_scales (self, step, w, bias, step->plan != NULL);
  else if (bias != NULL)
    step->bias = _sq_cuda_add_constant (self, bias->data, bias->bytes);
  return TRUE;
}

gboolean
_sq_cuda_build_convs (CudaExec *self, GError **error)
{
  guint n = 0, done = 0;

  for (guint i = 0; i < self->steps->len; i++)
    n += ((Step *) g_ptr_array_index (self->steps, i))->launch == _sq_cuda_launch_conv;
  for (guint i = 0; i < self->steps->len; i++)
    {
      Step *step = g_ptr_array_index (self->steps, i);

      if (step->launch != _sq_cuda_launch_conv)
        continue;
      if (g_cancellable_is_cancelled (self->options.cancellable))
        {
          g_set_error_literal (error, SQ_ERROR, SQ_ERROR_CANCELLED, "Building the network was cancelled.");
          return FALSE;
        }
      if (!build (self, step, error) || !_sq_cuda_fits (self, error))
        return FALSE;
      if (self->options.progress != NULL)
        self->options.progress ((double) ++done / n, self->options.progress_data);
    }
  return TRUE;
}
