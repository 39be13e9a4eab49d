// SPDX-License-Identifier: GPL-3.0-or-later
// One convolution and what follows it as a cuDNN operation graph:
//
//   x, w -> conv -> [x weight scale] -> [+ bias] -> activation -> [+ residual] -> [/ y scale + y zero] -> y
//
// Everything between is virtual: cuDNN makes one kernel of it, or refuses. Scalars go in by value.
#include "cudnn-private.h"
#include "engine/ops/params.h"

#define POINTWISE(cudnn_mode) ((Pointwise){ .mode = (cudnn_mode) })
#define ADD POINTWISE (CUDNN_POINTWISE_ADD)
#define MULTIPLY POINTWISE (CUDNN_POINTWISE_MUL)
#define NOTHING ((Ref){ NULL, -1 })

cudnnBackendDescriptor_t
_sq_cudnn_make (Builder *b, cudnnBackendDescriptorType_t type)
{
  cudnnBackendDescriptor_t descriptor = NULL;

  if (b->status != CUDNN_STATUS_SUCCESS)
    return NULL;
  if (b->n_all == MAX_DESCRIPTORS)
    b->status = CUDNN_STATUS_NOT_SUPPORTED;
  else
    b->status = _sq_cudnn ()->BackendCreateDescriptor (type, &descriptor);
  if (b->status == CUDNN_STATUS_SUCCESS)
    b->all[b->n_all++] = descriptor;
  return descriptor;
}

void
_sq_cudnn_set (Builder *b, cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
               gint64 n, const void *values)
{
  if (b->status == CUDNN_STATUS_SUCCESS)
    b->status = _sq_cudnn ()->BackendSetAttribute (descriptor, name, type, n, values);
}

static void
set_int (Builder *b, cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name, gint64 value)
{
  _sq_cudnn_set (b, descriptor, name, CUDNN_TYPE_INT64, 1, &value);
}

static void
set_float (Builder *b, cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name, float value)
{
  _sq_cudnn_set (b, descriptor, name, CUDNN_TYPE_FLOAT, 1, &value);
}

static void
set_descriptor (Builder *b, cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name, cudnnBackendDescriptor_t value)
{
  _sq_cudnn_set (b, descriptor, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &value);
}

void
_sq_cudnn_finish (Builder *b, cudnnBackendDescriptor_t descriptor, const char *doing)
{
  if (b->status != CUDNN_STATUS_SUCCESS)
    return;
  b->status = _sq_cudnn ()->BackendFinalize (descriptor);
  b->doing = doing;
}

static cudnnDataType_t
data_type (SqCudaType type)
{
  return type == SQ_CUDA_S8     ? CUDNN_DATA_INT8
         : type == SQ_CUDA_E4M3 ? CUDNN_DATA_FP8_E4M3
         : type == SQ_CUDA_F16  ? CUDNN_DATA_HALF
                                : CUDNN_DATA_FLOAT;
}

// 8 bits and a scale.
static gboolean
is_small (SqCudaType type)
{
  return type == SQ_CUDA_S8 || type == SQ_CUDA_E4M3;
}

static gsize
type_size (SqCudaType type)
{
  return is_small (type) ? 1 : type == SQ_CUDA_F16 ? 2 : 4;
}

static cudnnBackendDescriptor_t
tensor (Builder *b, int uid, cudnnDataType_t type, const gint64 *dim, const gint64 *stride, gint64 alignment)
{
  cudnnBackendDescriptor_t t = _sq_cudnn_make (b, CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  _Bool yes = 1;

  _sq_cudnn_set (b, t, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &type);
  _sq_cudnn_set (b, t, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4, dim);
  _sq_cudnn_set (b, t, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 4, stride);
  set_int (b, t, CUDNN_ATTR_TENSOR_UNIQUE_ID, uid);
  set_int (b, t, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, alignment);
  if (uid >= UID_VIRTUAL)
    _sq_cudnn_set (b, t, CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, 1, &yes);
  else if (uid >= UID_SCALAR)
    _sq_cudnn_set (b, t, CUDNN_ATTR_TENSOR_IS_BY_VALUE, CUDNN_TYPE_BOOLEAN, 1, &yes);
  _sq_cudnn_finish (b, t, "a tensor");
  return t;
}

static cudnnBackendDescriptor_t
map (Builder *b, int uid, const SqCudaMap *m)
{
  const gint64 dim[4] = { m->n, m->c, m->h, m->w }, stride[4] = { m->image, 1, m->row, m->pixel };
  const gint64 size = (gint64) type_size (m->type);
  gint64 alignment = 16;

  // what a slice of channels begins at
  while (alignment > size
         && (m->pixel * size % alignment != 0 || m->row * size % alignment != 0 || ((gsize) m->data & (alignment - 1)) != 0))
    alignment /= 2;
  return tensor (b, uid, data_type (m->type), dim, stride, alignment);
}

static cudnnBackendDescriptor_t virtual(Builder *b, cudnnDataType_t type)
{
  const gint64 *d = b->y_dim, stride[4] = { d[1] * d[2] * d[3], 1, d[1] * d[3], d[1] };

  return tensor (b, UID_VIRTUAL + b->next_virtual++, type, d, stride, 16);
}

static cudnnBackendDescriptor_t
per_channel (Builder *b, int uid)
{
  const gint64 dim[4] = { 1, b->y_dim[1], 1, 1 }, stride[4] = { b->y_dim[1], 1, b->y_dim[1], b->y_dim[1] };

  return tensor (b, uid, CUDNN_DATA_FLOAT, dim, stride, 4);
}

static cudnnBackendDescriptor_t
scalar (Builder *b, float value)
{
  static const gint64 one[4] = { 1, 1, 1, 1 };
  int i = b->plan->n_scalars;

  g_assert (i < MAX_SCALARS);
  b->plan->scalar[b->plan->n_scalars++] = value;
  return tensor (b, UID_SCALAR + i, CUDNN_DATA_FLOAT, one, one, 4);
}

static Ref
chain (Builder *b, Pointwise p, Ref x, Ref other)
{
  g_assert (b->n_links < MAX_OPERATIONS);
  b->links[b->n_links] = (Link){ p, x, other };
  return (Ref){ NULL, ++b->n_links };
}

static Ref
outside (cudnnBackendDescriptor_t descriptor)
{
  return (Ref){ descriptor, -1 };
}

static void
emit_link (Builder *b, const Link *l, const cudnnBackendDescriptor_t *made, cudnnBackendDescriptor_t y)
{
  cudnnBackendDescriptor_t descriptor = _sq_cudnn_make (b, CUDNN_BACKEND_POINTWISE_DESCRIPTOR), operation;
  cudnnDataType_t precision = CUDNN_DATA_FLOAT;

  _sq_cudnn_set (b, descriptor, CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &l->p.mode);
  _sq_cudnn_set (b, descriptor, CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, 1, &precision);
  if (l->p.mode == CUDNN_POINTWISE_RELU_FWD)
    {
      double low = l->p.low, high = l->p.high, slope = l->p.slope;

      _sq_cudnn_set (b, descriptor, CUDNN_ATTR_POINTWISE_RELU_LOWER_CLIP, CUDNN_TYPE_DOUBLE, 1, &low);
      _sq_cudnn_set (b, descriptor, CUDNN_ATTR_POINTWISE_RELU_UPPER_CLIP, CUDNN_TYPE_DOUBLE, 1, &high);
      if (slope != 0)
        _sq_cudnn_set (b, descriptor, CUDNN_ATTR_POINTWISE_RELU_LOWER_CLIP_SLOPE, CUDNN_TYPE_DOUBLE, 1, &slope);
    }
  _sq_cudnn_finish (b, descriptor, "a pointwise operation");
  operation = _sq_cudnn_make (b, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
  set_descriptor (b, operation, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, descriptor);
  set_descriptor (b, operation, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, l->x.outside != NULL ? l->x.outside : made[l->x.link]);
  if (l->other.outside != NULL || l->other.link >= 0)
    set_descriptor (b, operation, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, l->other.outside != NULL ? l->other.outside : made[l->other.link]);
  set_descriptor (b, operation, CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y);
  _sq_cudnn_finish (b, operation, "a pointwise operation");
  b->operation[b->n_operations++] = operation;
}

// Writes `y`.
static void
convolution (Builder *b, cudnnBackendDescriptor_t y)
{
  const SqCudaConv *p = &b->job->conv;
  const gint64 c = p->x.c / p->groups, w_dim[4] = { p->y.c, c, p->kernel[0], p->kernel[1] };
  const gint64 w_stride[4] = { c * p->kernel[0] * p->kernel[1], 1, c * p->kernel[1], c };
  const gint64 stride[2] = { p->stride[0], p->stride[1] }, dilation[2] = { p->dilation[0], p->dilation[1] };
  const gint64 before[2] = { p->pad[0], p->pad[1] }, after[2] = { p->pad[2], p->pad[3] };
  cudnnDataType_t sums = p->x.type == SQ_CUDA_S8 ? CUDNN_DATA_INT32 : CUDNN_DATA_FLOAT;
  cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
  cudnnBackendDescriptor_t descriptor, operation, x = map (b, UID_X, &p->x);
  cudnnBackendDescriptor_t w = tensor (b, UID_WEIGHTS, data_type (p->x.type), w_dim, w_stride, 16);

  descriptor = _sq_cudnn_make (b, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
  _sq_cudnn_set (b, descriptor, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &sums);
  _sq_cudnn_set (b, descriptor, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode);
  set_int (b, descriptor, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, 2);
  _sq_cudnn_set (b, descriptor, CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, 2, dilation);
  _sq_cudnn_set (b, descriptor, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, 2, stride);
  _sq_cudnn_set (b, descriptor, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, 2, before);
  _sq_cudnn_set (b, descriptor, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, 2, after);
  _sq_cudnn_finish (b, descriptor, "the convolution");
  operation = _sq_cudnn_make (b, CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR);
  set_descriptor (b, operation, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, descriptor);
  set_descriptor (b, operation, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, x);
  set_descriptor (b, operation, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, w);
  set_descriptor (b, operation, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, y);
  set_float (b, operation, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, 1);
  set_float (b, operation, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, 0);
  _sq_cudnn_finish (b, operation, "the convolution");
  b->operation[b->n_operations++] = operation;
}

static Ref
constant (Builder *b, float value)
{
  return outside (scalar (b, value));
}

// FALSE for what cuDNN has no words for.
static gboolean
activation (Builder *b, const SqCudaAct *act, Ref *t)
{
  Ref v;

  switch (act->kind)
    {
    case SQ_ACT_NONE:
      return TRUE;
    case SQ_ACT_RELU:
      *t = chain (b, (Pointwise){ CUDNN_POINTWISE_RELU_FWD, 0, G_MAXFLOAT, 0 }, *t, NOTHING);
      return TRUE;
    case SQ_ACT_LEAKY:
      *t = chain (b, (Pointwise){ CUDNN_POINTWISE_RELU_FWD, 0, G_MAXFLOAT, act->a }, *t, NOTHING);
      return TRUE;
    case SQ_ACT_CLIP:
      *t = chain (b, (Pointwise){ CUDNN_POINTWISE_RELU_FWD, act->a, act->b, 0 }, *t, NOTHING);
      return TRUE;
    case SQ_ACT_SIGMOID:
      *t = chain (b, POINTWISE (CUDNN_POINTWISE_SIGMOID_FWD), *t, NOTHING);
      return TRUE;
    case SQ_ACT_SILU:
      *t = chain (b, POINTWISE (CUDNN_POINTWISE_SWISH_FWD), *t, NOTHING);
      return TRUE;
    case SQ_ACT_TANH:
      *t = chain (b, POINTWISE (CUDNN_POINTWISE_TANH_FWD), *t, NOTHING);
      return TRUE;
    case SQ_ACT_HARDSIGMOID:
    case SQ_ACT_HARDSWISH:
      v = chain (b, MULTIPLY, *t, constant (b, act->kind == SQ_ACT_HARDSWISH ? 1 / 6.f : act->a));
      v = chain (b, ADD, v, constant (b, act->kind == SQ_ACT_HARDSWISH ? .5f : act->b));
      v = chain (b, (Pointwise){ CUDNN_POINTWISE_RELU_FWD, 0, 1, 0 }, v, NOTHING);
      *t = act->kind == SQ_ACT_HARDSWISH ? chain (b, MULTIPLY, *t, v) : v;
      return TRUE;
    case SQ_ACT_MISH:
      v = chain (b, POINTWISE (CUDNN_POINTWISE_SOFTPLUS_FWD), *t, NOTHING);
      v = chain (b, POINTWISE (CUDNN_POINTWISE_TANH_FWD), v, NOTHING);
      *t = chain (b, MULTIPLY, *t, v);
      return TRUE;
    default:
      return FALSE;
    }
}

// What follows the convolution, as links.
gboolean
_sq_cudnn_collect (Builder *b)
{
  const SqCudaConv *p = &b->job->conv;
  Ref t = { NULL, 0 }, u;

  if (is_small (p->x.type))
    {
      t = chain (b, MULTIPLY, t, outside (per_channel (b, UID_SCALE)));
      b->plan->has_scale = TRUE;
    }
  if (b->job->bias)
    {
      t = chain (b, ADD, t, outside (per_channel (b, UID_BIAS)));
      b->plan->has_bias = TRUE;
    }
  if (!activation (b, &p->act, &t))
    return FALSE;
  if (b->job->residual)
    {
      u = outside (map (b, UID_RESIDUAL, &p->residual));
      if (is_small (p->residual.type))
        u = chain (b, MULTIPLY, u, constant (b, p->residual.scale));
      if (p->residual.type == SQ_CUDA_S8)
        u = chain (b, ADD, u, constant (b, -p->residual.scale * (float) p->residual.zero));
      t = chain (b, ADD, t, u);
      b->plan->has_residual = TRUE;
    }
  if (is_small (p->y.type)) // cuDNN rounds and saturates as it stores
    t = chain (b, MULTIPLY, t, constant (b, 1 / p->y.scale));
  if (p->y.type == SQ_CUDA_S8)
    chain (b, ADD, t, constant (b, (float) p->y.zero));
  return TRUE;
}

void
_sq_cudnn_emit (Builder *b)
{
  cudnnBackendDescriptor_t made[MAX_OPERATIONS + 1], y = map (b, UID_Y, &b->job->conv.y);

  made[0] = b->n_links == 0 ? y : virtual(b, b->job->conv.x.type == SQ_CUDA_S8 ? CUDNN_DATA_INT32 : CUDNN_DATA_FLOAT);
  convolution (b, made[0]);
  for (int i = 0; i < b->n_links; i++)
    {
      made[i + 1] = i == b->n_links - 1 ? y : virtual(b, CUDNN_DATA_FLOAT);
      emit_link (b, &b->links[i], made, made[i + 1]);
    }
}
