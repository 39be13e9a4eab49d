// SPDX-License-Identifier: GPL-3.0-or-later
#include "dnn.h"

#include "kernels/cpu.h"
#include <oneapi/dnnl/dnnl.h>
#include <stdlib.h>
#include <string.h>

// In 2.x a memory descriptor is a struct passed by address, in 3.x a handle.
#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t Desc;
#define DESC(md) (md)
#else
typedef const dnnl_memory_desc_t *Desc;
#define DESC(md) (&(md))
#endif

#define MAX_ARGS 6

struct _SqDnn
{
  dnnl_engine_t engine;
  dnnl_stream_t stream;
  gpointer scratch; // shared by all operations: they run one after another
  gsize scratch_bytes;
};

struct _SqDnnOp
{
  dnnl_primitive_t primitive;
  dnnl_exec_arg_t args[MAX_ARGS];
  int n_args, x, y, residual, scratch; // indices into args, -1 none
  const void *bound[MAX_ARGS];         // last data handle of each, to set only what changed
  gpointer owned[2];                   // weights, bias
  gsize owned_bytes, scratch_bytes;
  const char *implementation;
};

static gboolean
check (dnnl_status_t status, const char *what, GError **error)
{
  if (status == dnnl_success)
    return TRUE;
  g_set_error (error, SQ_ERROR, status == dnnl_out_of_memory ? SQ_ERROR_OUT_OF_MEMORY : SQ_ERROR_UNSUPPORTED_OP,
               "%s cannot be built for this processor (oneDNN status %d).", what, (int) status);
  return FALSE;
}

// Instruction sets are bits, not an order: AVX2 with VNNI is a larger number than AVX-512.
static gboolean
has_isa (dnnl_cpu_isa_t isa)
{
  return (dnnl_get_effective_cpu_isa () & isa) == isa;
}

int
sq_dnn_block (void)
{
  return has_isa (dnnl_cpu_isa_avx512_core) ? 16 : 8;
}

gboolean
sq_dnn_has_half (void)
{
  return has_isa (dnnl_cpu_isa_avx512_core_bf16);
}

SqDnn *
sq_dnn_new (GError **error)
{
  g_autoptr (SqDnn) self = g_new0 (SqDnn, 1);

  if (!check (dnnl_engine_create (&self->engine, dnnl_cpu, 0), "oneDNN's engine", error)
      || !check (dnnl_stream_create (&self->stream, self->engine, dnnl_stream_default_flags), "oneDNN's stream", error))
    return NULL;
  return g_steal_pointer (&self);
}

void
sq_dnn_free (SqDnn *self)
{
  if (self->stream != NULL)
    dnnl_stream_destroy (self->stream);
  if (self->engine != NULL)
    dnnl_engine_destroy (self->engine);
  free (self->scratch);
  g_free (self);
}

// --- descriptors
// --------------------------------------------------------------------------------------------------------------------------------------

static dnnl_status_t
make_desc (dnnl_memory_desc_t *md, int rank, const gint64 *dims, dnnl_format_tag_t tag, gboolean half)
{
  dnnl_dims_t d;

  for (int i = 0; i < rank; i++)
    d[i] = dims[i];
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_create_with_tag (md, rank, d, half ? dnnl_bf16 : dnnl_f32, tag);
#else
  return dnnl_memory_desc_init_by_tag (md, rank, d, half ? dnnl_bf16 : dnnl_f32, tag);
#endif
}

static void
drop_desc (dnnl_memory_desc_t *md)
{
#if DNNL_VERSION_MAJOR >= 3
  if (*md != NULL)
    dnnl_memory_desc_destroy (*md);
  *md = NULL;
#endif
}

static dnnl_status_t
picture_desc (dnnl_memory_desc_t *md, const SqShape *shape, SqDnnFormat format)
{
  return make_desc (md, 4, shape->dim,
                    format == SQ_DNN_PLAIN  ? dnnl_nchw
                    : sq_dnn_block () == 16 ? dnnl_nChw16c
                                            : dnnl_nChw8c,
                    format == SQ_DNN_HALF);
}

static dnnl_primitive_attr_t
make_attr (void)
{
  dnnl_primitive_attr_t attr = NULL;

  if (dnnl_primitive_attr_create (&attr) == dnnl_success)
    dnnl_primitive_attr_set_scratchpad_mode (attr, dnnl_scratchpad_mode_user);
  return attr;
}

// --- operations
// ---------------------------------------------------------------------------------------------------------------------------------------

static int
add_arg (SqDnn *self, SqDnnOp *op, int arg, Desc md, void *data)
{
  dnnl_memory_t memory;

  if (dnnl_memory_create (&memory, md, self->engine, data != NULL ? data : DNNL_MEMORY_NONE) != dnnl_success)
    return -1;
  op->args[op->n_args] = (dnnl_exec_arg_t){ arg, memory };
  op->bound[op->n_args] = data;
  return op->n_args++;
}

// Takes the primitive descriptor.
static SqDnnOp *
finish (SqDnn *self, SqDnnOp *op, dnnl_primitive_desc_t pd, const char *what, GError **error)
{
  Desc scratch = dnnl_primitive_desc_query_md (pd, dnnl_query_scratchpad_md, 0);
  const char *name = NULL;
  dnnl_status_t status = dnnl_primitive_create (&op->primitive, pd);

  op->scratch = -1;
  if (status == dnnl_success)
    {
      op->scratch_bytes = dnnl_memory_desc_get_size (scratch);
      if (op->scratch_bytes > 0)
        op->scratch = add_arg (self, op, DNNL_ARG_SCRATCHPAD, scratch, NULL);
      dnnl_primitive_desc_query (pd, dnnl_query_impl_info_str, 0, (void *) &name);
      op->implementation = g_intern_string (name != NULL ? name : "");
    }
  dnnl_primitive_desc_destroy (pd);
  if (!check (status, what, error))
    {
      sq_dnn_op_free (op);
      return NULL;
    }
  return op;
}

static gboolean
eltwise (SqAct act, dnnl_alg_kind_t *alg, float *alpha, float *beta)
{
  *alpha = *beta = 0;
  switch (act.kind)
    {
    case SQ_ACT_RELU:
      *alg = dnnl_eltwise_relu;
      return TRUE;
    case SQ_ACT_LEAKY:
      *alg = dnnl_eltwise_relu;
      *alpha = act.a;
      return TRUE;
    case SQ_ACT_CLIP:
      *alg = dnnl_eltwise_clip;
      *alpha = act.a;
      *beta = act.b;
      return TRUE;
    case SQ_ACT_TANH:
      *alg = dnnl_eltwise_tanh;
      return TRUE;
    default: // the squashing ones are faster as a pass of our own
      return FALSE;
    }
}

gboolean
sq_dnn_fuses (SqActKind kind)
{
  dnnl_alg_kind_t alg;
  float alpha, beta;

  return eltwise ((SqAct){ kind }, &alg, &alpha, &beta);
}

static dnnl_status_t
make_post_ops (dnnl_primitive_attr_t attr, const SqDnnConv *conv, Desc dst)
{
  dnnl_post_ops_t ops;
  dnnl_alg_kind_t alg;
  float alpha, beta;
  dnnl_status_t status = dnnl_post_ops_create (&ops);

  if (status != dnnl_success)
    return status;
  if (conv->act.kind != SQ_ACT_NONE && eltwise (conv->act, &alg, &alpha, &beta))
#if DNNL_VERSION_MAJOR >= 3
    status = dnnl_post_ops_append_eltwise (ops, alg, alpha, beta);
#else
    status = dnnl_post_ops_append_eltwise (ops, 1, alg, alpha, beta);
#endif
  if (status == dnnl_success && conv->residual)
    status = dnnl_post_ops_append_binary (ops, dnnl_binary_add, dst);
  if (status == dnnl_success)
    status = dnnl_primitive_attr_set_post_ops (attr, ops);
  dnnl_post_ops_destroy (ops);
  return status;
}

static dnnl_status_t
make_conv (SqDnn *self, const SqDnnConv *conv, dnnl_alg_kind_t alg, Desc src, Desc weights, Desc bias, Desc dst, dnnl_primitive_attr_t attr,
           dnnl_primitive_desc_t *pd)
{
  const SqConvParams *p = conv->params;
  dnnl_dims_t stride = { p->stride[0], p->stride[1] }, dilate = { p->dilation[0] - 1, p->dilation[1] - 1 };
  dnnl_dims_t left = { p->pad[0], p->pad[1] }, right;

  for (int i = 0; i < 2; i++) // what the output really needs: with strides the stated padding may be wider
    right[i] =
        (conv->y->dim[2 + i] - 1) * p->stride[i] + (gint64) p->dilation[i] * (p->kernel[i] - 1) + 1 - conv->x->dim[2 + i] - p->pad[i];
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_convolution_forward_primitive_desc_create (pd, self->engine, dnnl_forward_inference, alg, src, weights, bias, dst, stride,
                                                         dilate, left, right, attr);
#else
  dnnl_convolution_desc_t desc;
  dnnl_status_t status =
      dnnl_dilated_convolution_forward_desc_init (&desc, dnnl_forward_inference, alg, src, weights, bias, dst, stride, dilate, left, right);

  return status != dnnl_success ? status : dnnl_primitive_desc_create (pd, &desc, attr, self->engine, NULL);
#endif
}

// Copies the weights into the layout the primitive wants.
static gboolean
load_weights (SqDnn *self, SqDnnOp *op, Desc from, Desc to, const float *weights, GError **error)
{
  dnnl_primitive_desc_t pd = NULL;
  dnnl_primitive_t reorder = NULL;
  dnnl_memory_t source = NULL;
  dnnl_exec_arg_t args[2];
  gsize bytes = dnnl_memory_desc_get_size (to);
  dnnl_status_t status;
  int index;

  op->owned[0] = aligned_alloc (64, (bytes + 127) & ~(gsize) 63);
  if (op->owned[0] == NULL)
    return check (dnnl_out_of_memory, "A convolution", error);
  memset (op->owned[0], 0, bytes);
  op->owned_bytes += bytes;
  if ((index = add_arg (self, op, DNNL_ARG_WEIGHTS, to, op->owned[0])) < 0)
    return check (dnnl_out_of_memory, "A convolution", error);
  status = dnnl_memory_create (&source, from, self->engine, (void *) weights);
  if (status == dnnl_success)
    status = dnnl_reorder_primitive_desc_create (&pd, from, self->engine, to, self->engine, NULL);
  if (status == dnnl_success)
    status = dnnl_primitive_create (&reorder, pd);
  args[0] = (dnnl_exec_arg_t){ DNNL_ARG_FROM, source };
  args[1] = (dnnl_exec_arg_t){ DNNL_ARG_TO, op->args[index].memory };
  if (status == dnnl_success)
    status = dnnl_primitive_execute (reorder, self->stream, 2, args);
  dnnl_stream_wait (self->stream);
  if (reorder != NULL)
    dnnl_primitive_destroy (reorder);
  if (pd != NULL)
    dnnl_primitive_desc_destroy (pd);
  if (source != NULL)
    dnnl_memory_destroy (source);
  return check (status, "A convolution", error);
}

// The plain loops that the library has for everything, or a matrix product of pictures laid out anew.
static gboolean
is_slow (dnnl_primitive_desc_t pd)
{
  const char *name = NULL;

  dnnl_primitive_desc_query (pd, dnnl_query_impl_info_str, 0, (void *) &name);
  return name != NULL && (strstr (name, "ref") != NULL || strstr (name, "gemm") != NULL);
}

SqDnnOp *
sq_dnn_conv (SqDnn *self, const SqDnnConv *conv, GError **error)
{
  const SqConvParams *p = conv->params;
  gint64 oc = conv->y->dim[1], ic = conv->x->dim[1], g = p->groups;
  gint64 dims[5] = { g, oc / g, ic / g, p->kernel[0], p->kernel[1] };
  int rank = g > 1 ? 5 : 4;
  gboolean half = conv->from == SQ_DNN_HALF;
  const gint64 *w_dims = g > 1 ? dims : dims + 1;
  dnnl_memory_desc_t src = { 0 }, dst = { 0 }, w_any = { 0 }, w_plain = { 0 }, bias = { 0 };
  dnnl_primitive_attr_t attr = make_attr ();
  dnnl_primitive_desc_t pd = NULL;
  SqDnnOp *op = NULL;
  dnnl_status_t status;

  status = picture_desc (&src, conv->x, conv->from);
  status = status ? status : picture_desc (&dst, conv->y, conv->to);
  status = status ? status : make_desc (&w_any, rank, w_dims, dnnl_format_tag_any, half);
  status = status ? status : make_desc (&w_plain, rank, w_dims, g > 1 ? dnnl_goihw : dnnl_oihw, FALSE);
  status = status ? status : make_desc (&bias, 1, &oc, dnnl_x, FALSE);
  status = status ? status : make_post_ops (attr, conv, DESC (dst));
  if (status == dnnl_success && conv->winograd)
    status = make_conv (self, conv, dnnl_convolution_winograd, DESC (src), DESC (w_any), DESC (bias), DESC (dst), attr, &pd);
  if (status == dnnl_success && pd == NULL)
    status = make_conv (self, conv, dnnl_convolution_direct, DESC (src), DESC (w_any), DESC (bias), DESC (dst), attr, &pd);
  else if (status != dnnl_success && conv->winograd) // refused: that is what "try" means
    status = make_conv (self, conv, dnnl_convolution_direct, DESC (src), DESC (w_any), DESC (bias), DESC (dst), attr, &pd);

  if (status == dnnl_success && half && is_slow (pd))
    {
      dnnl_primitive_desc_destroy (pd);
      status = dnnl_unimplemented;
    }
  if (check (status, "A convolution", error))
    {
      op = g_new0 (SqDnnOp, 1);
      op->owned[1] = aligned_alloc (64, (oc * sizeof (float) + 127) & ~(gsize) 63);
      memset (op->owned[1], 0, oc * sizeof (float));
      if (conv->bias != NULL)
        memcpy (op->owned[1], conv->bias, oc * sizeof (float));
      op->x = add_arg (self, op, DNNL_ARG_SRC, DESC (src), NULL);
      op->y = add_arg (self, op, DNNL_ARG_DST, DESC (dst), NULL);
      op->residual = conv->residual
                         ? add_arg (self, op, DNNL_ARG_ATTR_MULTIPLE_POST_OP (conv->act.kind != SQ_ACT_NONE ? 1 : 0) | DNNL_ARG_SRC_1,
                                    DESC (dst), NULL)
                         : -1;
      add_arg (self, op, DNNL_ARG_BIAS, DESC (bias), op->owned[1]);
      if (load_weights (self, op, DESC (w_plain), dnnl_primitive_desc_query_md (pd, dnnl_query_weights_md, 0), conv->weights, error))
        op = finish (self, op, pd, "A convolution", error);
      else
        {
          g_clear_pointer (&op, sq_dnn_op_free);
          dnnl_primitive_desc_destroy (pd);
        }
    }
  dnnl_primitive_attr_destroy (attr);
  drop_desc (&src);
  drop_desc (&dst);
  drop_desc (&w_any);
  drop_desc (&w_plain);
  drop_desc (&bias);
  return op;
}

static SqDnnOp *
unary_op (SqDnn *self, dnnl_primitive_desc_t pd, dnnl_status_t status, int x_arg, int y_arg, Desc src, Desc dst, const char *what,
          GError **error)
{
  SqDnnOp *op;

  if (!check (status, what, error))
    return NULL;
  op = g_new0 (SqDnnOp, 1);
  op->x = add_arg (self, op, x_arg, src, NULL);
  op->y = add_arg (self, op, y_arg, dst, NULL);
  op->residual = -1;
  return finish (self, op, pd, what, error);
}

SqDnnOp *
sq_dnn_pool (SqDnn *self, const SqShape *x, const SqShape *y, const SqPoolParams *p, SqDnnFormat format, GError **error)
{
  dnnl_alg_kind_t alg = !p->average ? dnnl_pooling_max : p->count_pad ? dnnl_pooling_avg_include_padding : dnnl_pooling_avg_exclude_padding;
  dnnl_dims_t kernel = { p->kernel[0], p->kernel[1] }, stride = { p->stride[0], p->stride[1] };
  dnnl_dims_t dilate = { p->dilation[0] - 1, p->dilation[1] - 1 }, left = { p->pad[0], p->pad[1] }, right;
  dnnl_memory_desc_t src = { 0 }, dst = { 0 };
  dnnl_primitive_attr_t attr = make_attr ();
  dnnl_primitive_desc_t pd = NULL;
  dnnl_status_t status = picture_desc (&src, x, format);
  SqDnnOp *op;

  for (int i = 0; i < 2; i++)
    right[i] = (y->dim[2 + i] - 1) * p->stride[i] + (gint64) p->dilation[i] * (p->kernel[i] - 1) + 1 - x->dim[2 + i] - p->pad[i];
  status = status ? status : picture_desc (&dst, y, format);
#if DNNL_VERSION_MAJOR >= 3
  if (status == dnnl_success)
    status = dnnl_pooling_forward_primitive_desc_create (&pd, self->engine, dnnl_forward_inference, alg, src, dst, stride, kernel, dilate,
                                                         left, right, attr);
#else
  if (status == dnnl_success)
    {
      dnnl_pooling_v2_desc_t desc;

      status = dnnl_pooling_v2_forward_desc_init (&desc, dnnl_forward_inference, alg, &src, &dst, stride, kernel, dilate, left, right);
      status = status ? status : dnnl_primitive_desc_create (&pd, &desc, attr, self->engine, NULL);
    }
#endif
  op = unary_op (self, pd, status, DNNL_ARG_SRC, DNNL_ARG_DST, DESC (src), DESC (dst), "Pooling", error);
  dnnl_primitive_attr_destroy (attr);
  drop_desc (&src);
  drop_desc (&dst);
  return op;
}

SqDnnOp *
sq_dnn_reorder (SqDnn *self, const SqShape *x, SqDnnFormat from, SqDnnFormat to, GError **error)
{
  dnnl_memory_desc_t src = { 0 }, dst = { 0 };
  dnnl_primitive_attr_t attr = make_attr ();
  dnnl_primitive_desc_t pd = NULL;
  dnnl_status_t status = picture_desc (&src, x, from);
  SqDnnOp *op;

  status = status ? status : picture_desc (&dst, x, to);
  if (status == dnnl_success)
    status = dnnl_reorder_primitive_desc_create (&pd, DESC (src), self->engine, DESC (dst), self->engine, attr);
  op = unary_op (self, pd, status, DNNL_ARG_FROM, DNNL_ARG_TO, DESC (src), DESC (dst), "A layout change", error);
  dnnl_primitive_attr_destroy (attr);
  drop_desc (&src);
  drop_desc (&dst);
  return op;
}

// --- running
// ------------------------------------------------------------------------------------------------------------------------------------------

static gboolean
bind (SqDnnOp *op, int index, const void *data)
{
  if (index < 0 || op->bound[index] == data)
    return TRUE;
  op->bound[index] = data;
  return dnnl_memory_set_data_handle (op->args[index].memory, (void *) data) == dnnl_success;
}

gboolean
sq_dnn_run (SqDnn *self, SqDnnOp *op, gconstpointer x, gpointer y, gconstpointer residual)
{
  if (op->scratch_bytes > self->scratch_bytes)
    {
      free (self->scratch);
      self->scratch = aligned_alloc (64, (op->scratch_bytes + 127) & ~(gsize) 63);
      self->scratch_bytes = self->scratch != NULL ? op->scratch_bytes : 0;
      if (self->scratch == NULL)
        return FALSE;
    }
  if (!bind (op, op->x, x) || !bind (op, op->y, y) || !bind (op, op->residual, residual) || !bind (op, op->scratch, self->scratch))
    return FALSE;
  return dnnl_primitive_execute (op->primitive, self->stream, op->n_args, op->args) == dnnl_success;
}

const char *
sq_dnn_op_implementation (const SqDnnOp *op)
{
  return op->implementation;
}

gsize
sq_dnn_op_bytes (const SqDnnOp *op)
{
  return op->owned_bytes;
}

gboolean
sq_dnn_op_is_winograd (const SqDnnOp *op)
{
  return strstr (op->implementation, "wino") != NULL;
}

void
sq_dnn_op_free (SqDnnOp *op)
{
  for (int i = 0; i < op->n_args; i++)
    dnnl_memory_destroy (op->args[i].memory);
  if (op->primitive != NULL)
    dnnl_primitive_destroy (op->primitive);
  free (op->owned[0]);
  free (op->owned[1]);
  g_free (op);
}
