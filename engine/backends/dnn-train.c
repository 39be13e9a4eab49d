// SPDX-License-Identifier: GPL-3.0-or-later
#include "dnn-train.h"

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

#define MAX_PORTS 4

struct _SqDnnTrainer
{
  dnnl_engine_t engine;
  dnnl_stream_t stream;
  gpointer temp[MAX_PORTS]; // what ports hold in oneDNN's layout, shared by all convolutions
  gsize temp_bytes[MAX_PORTS];
};

// An argument: plain outside; where oneDNN wants another layout, a copy.
typedef struct
{
  dnnl_memory_t plain, own; // own NULL: the same layout
  dnnl_primitive_t reorder; // into own, or out of it
  gboolean out;
  gsize bytes;
} Port;

typedef struct
{
  dnnl_primitive_t primitive;
  dnnl_exec_arg_t args[MAX_PORTS];
  Port ports[MAX_PORTS];
  int n;
} Pass;

struct _SqDnnTrain
{
  SqDnnTrainer *trainer;
  Pass forward, data, weights;
};

static gboolean
check (dnnl_status_t status, GError **error)
{
  if (status == dnnl_success)
    return TRUE;
  g_set_error (error, SQ_ERROR, status == dnnl_out_of_memory ? SQ_ERROR_OUT_OF_MEMORY : SQ_ERROR_UNSUPPORTED_OP,
               "Fine-tuning cannot be built for this processor (oneDNN status %d).", (int) status);
  return FALSE;
}

SqDnnTrainer *
sq_dnn_trainer_new (GError **error)
{
  g_autoptr (SqDnnTrainer) self = g_new0 (SqDnnTrainer, 1);

  if (!check (dnnl_engine_create (&self->engine, dnnl_cpu, 0), error)
      || !check (dnnl_stream_create (&self->stream, self->engine, dnnl_stream_default_flags), error))
    return NULL;
  return g_steal_pointer (&self);
}

void
sq_dnn_trainer_free (SqDnnTrainer *self)
{
  if (self->stream != NULL)
    dnnl_stream_destroy (self->stream);
  if (self->engine != NULL)
    dnnl_engine_destroy (self->engine);
  for (int i = 0; i < MAX_PORTS; i++)
    free (self->temp[i]);
  g_free (self);
}

// --- building
// -----------------------------------------------------------------------------------------------------------------------------------------

typedef struct
{
  dnnl_memory_desc_t plain, any;
} Pair;

static dnnl_status_t
make_pair (Pair *pair, int rank, const gint64 *dims, dnnl_format_tag_t tag, gboolean keep)
{
  dnnl_dims_t d;
  dnnl_status_t status;

  for (int i = 0; i < rank; i++)
    d[i] = dims[i];
#if DNNL_VERSION_MAJOR >= 3
  status = dnnl_memory_desc_create_with_tag (&pair->plain, rank, d, dnnl_f32, tag);
  return status ? status : dnnl_memory_desc_create_with_tag (&pair->any, rank, d, dnnl_f32, keep ? tag : dnnl_format_tag_any);
#else
  status = dnnl_memory_desc_init_by_tag (&pair->plain, rank, d, dnnl_f32, tag);
  return status ? status : dnnl_memory_desc_init_by_tag (&pair->any, rank, d, dnnl_f32, keep ? tag : dnnl_format_tag_any);
#endif
}

static void
drop_pair (Pair *pair)
{
#if DNNL_VERSION_MAJOR >= 3
  if (pair->plain != NULL)
    dnnl_memory_desc_destroy (pair->plain);
  if (pair->any != NULL)
    dnnl_memory_desc_destroy (pair->any);
#endif
}

static dnnl_status_t
add_port (SqDnnTrainer *trainer, Pass *pass, int arg, Desc plain, Desc wanted, gboolean out)
{
  Port *port = &pass->ports[pass->n];
  dnnl_primitive_desc_t pd = NULL;
  dnnl_status_t status = dnnl_memory_create (&port->plain, plain, trainer->engine, DNNL_MEMORY_NONE);

  port->out = out;
  pass->n++;
  if (status != dnnl_success)
    return status;
  pass->args[pass->n - 1] = (dnnl_exec_arg_t){ arg, port->plain };
  if (dnnl_memory_desc_equal (plain, wanted))
    return dnnl_success;
  status = dnnl_memory_create (&port->own, wanted, trainer->engine, DNNL_MEMORY_NONE);
  if (status == dnnl_success)
    status = dnnl_reorder_primitive_desc_create (&pd, out ? wanted : plain, trainer->engine, out ? plain : wanted, trainer->engine, NULL);
  if (status != dnnl_success)
    return status;
  status = dnnl_primitive_create (&port->reorder, pd);
  dnnl_primitive_desc_destroy (pd);
  port->bytes = dnnl_memory_desc_get_size (wanted);
  pass->args[pass->n - 1].memory = port->own;
  return status;
}

typedef struct
{
  const SqConvParams *params;
  Pair x, y, w, b;
  dnnl_dims_t stride, dilate, left, right;
} Shape;

static dnnl_status_t
shape_init (Shape *self, const SqShape *x, const SqShape *y, const SqConvParams *p)
{
  gint64 g = p->groups, w[5] = { g, y->dim[1] / g, x->dim[1] / g, p->kernel[0], p->kernel[1] };
  dnnl_status_t status = make_pair (&self->x, 4, x->dim, dnnl_nchw, FALSE);

  self->params = p;
  for (int i = 0; i < 2; i++) // what the output really needs: with strides the stated padding may be wider
    {
      self->stride[i] = p->stride[i];
      self->dilate[i] = p->dilation[i] - 1;
      self->left[i] = p->pad[i];
      self->right[i] = (y->dim[2 + i] - 1) * p->stride[i] + (gint64) p->dilation[i] * (p->kernel[i] - 1) + 1 - x->dim[2 + i] - p->pad[i];
    }
  status = status ? status : make_pair (&self->y, 4, y->dim, dnnl_nchw, FALSE);
  status = status ? status : g > 1 ? make_pair (&self->w, 5, w, dnnl_goihw, FALSE) : make_pair (&self->w, 4, w + 1, dnnl_oihw, FALSE);
  return status ? status : make_pair (&self->b, 1, &y->dim[1], dnnl_x, TRUE);
}

static dnnl_status_t
describe (SqDnnTrainer *t, const Shape *s, int pass, dnnl_primitive_desc_t hint, dnnl_primitive_desc_t *pd)
{
  const dnnl_alg_kind_t alg = dnnl_convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
  if (pass == 0)
    return dnnl_convolution_forward_primitive_desc_create (pd, t->engine, dnnl_forward_training, alg, s->x.any, s->w.any, s->b.any,
                                                           s->y.any, s->stride, s->dilate, s->left, s->right, NULL);
  if (pass == 1)
    return dnnl_convolution_backward_data_primitive_desc_create (pd, t->engine, alg, s->x.any, s->w.any, s->y.any, s->stride, s->dilate,
                                                                 s->left, s->right, hint, NULL);
  return dnnl_convolution_backward_weights_primitive_desc_create (pd, t->engine, alg, s->x.any, s->w.any, s->b.any, s->y.any, s->stride,
                                                                  s->dilate, s->left, s->right, hint, NULL);
#else
  dnnl_convolution_desc_t desc;
  dnnl_status_t status;

  if (pass == 0)
    status = dnnl_dilated_convolution_forward_desc_init (&desc, dnnl_forward_training, alg, &s->x.any, &s->w.any, &s->b.any, &s->y.any,
                                                         s->stride, s->dilate, s->left, s->right);
  else if (pass == 1)
    status = dnnl_dilated_convolution_backward_data_desc_init (&desc, alg, &s->x.any, &s->w.any, &s->y.any, s->stride, s->dilate, s->left,
                                                               s->right);
  else
    status = dnnl_dilated_convolution_backward_weights_desc_init (&desc, alg, &s->x.any, &s->w.any, &s->b.any, &s->y.any, s->stride,
                                                                  s->dilate, s->left, s->right);
  return status ? status : dnnl_primitive_desc_create (pd, &desc, NULL, t->engine, hint);
#endif
}

static dnnl_status_t
build (SqDnnTrain *self, const Shape *s, gboolean data_too)
{
  SqDnnTrainer *t = self->trainer;
  dnnl_primitive_desc_t fwd = NULL, bwd = NULL;
  dnnl_status_t status = describe (t, s, 0, NULL, &fwd);

#define WANTED(pd, what) dnnl_primitive_desc_query_md (pd, dnnl_query_##what##_md, 0)
  status = status ? status : dnnl_primitive_create (&self->forward.primitive, fwd);
  status = status ? status : add_port (t, &self->forward, DNNL_ARG_SRC, DESC (s->x.plain), WANTED (fwd, src), FALSE);
  status = status ? status : add_port (t, &self->forward, DNNL_ARG_WEIGHTS, DESC (s->w.plain), WANTED (fwd, weights), FALSE);
  status = status ? status : add_port (t, &self->forward, DNNL_ARG_BIAS, DESC (s->b.plain), DESC (s->b.plain), FALSE);
  status = status ? status : add_port (t, &self->forward, DNNL_ARG_DST, DESC (s->y.plain), WANTED (fwd, dst), TRUE);
  if (status == dnnl_success && data_too)
    {
      status = describe (t, s, 1, fwd, &bwd);
      status = status ? status : dnnl_primitive_create (&self->data.primitive, bwd);
      status = status ? status : add_port (t, &self->data, DNNL_ARG_DIFF_DST, DESC (s->y.plain), WANTED (bwd, diff_dst), FALSE);
      status = status ? status : add_port (t, &self->data, DNNL_ARG_WEIGHTS, DESC (s->w.plain), WANTED (bwd, weights), FALSE);
      status = status ? status : add_port (t, &self->data, DNNL_ARG_DIFF_SRC, DESC (s->x.plain), WANTED (bwd, diff_src), TRUE);
      if (bwd != NULL)
        dnnl_primitive_desc_destroy (bwd);
      bwd = NULL;
    }
  status = status ? status : describe (t, s, 2, fwd, &bwd);
  status = status ? status : dnnl_primitive_create (&self->weights.primitive, bwd);
  status = status ? status : add_port (t, &self->weights, DNNL_ARG_SRC, DESC (s->x.plain), WANTED (bwd, src), FALSE);
  status = status ? status : add_port (t, &self->weights, DNNL_ARG_DIFF_DST, DESC (s->y.plain), WANTED (bwd, diff_dst), FALSE);
  status = status ? status : add_port (t, &self->weights, DNNL_ARG_DIFF_WEIGHTS, DESC (s->w.plain), WANTED (bwd, diff_weights), TRUE);
  status = status ? status : add_port (t, &self->weights, DNNL_ARG_DIFF_BIAS, DESC (s->b.plain), DESC (s->b.plain), TRUE);
#undef WANTED
  if (bwd != NULL)
    dnnl_primitive_desc_destroy (bwd);
  if (fwd != NULL)
    dnnl_primitive_desc_destroy (fwd);
  return status;
}

SqDnnTrain *
sq_dnn_train_new (SqDnnTrainer *trainer, const SqShape *x, const SqShape *y, const SqConvParams *params, gboolean data_too, GError **error)
{
  SqDnnTrain *self = g_new0 (SqDnnTrain, 1);
  Shape shape = { 0 };
  dnnl_status_t status = shape_init (&shape, x, y, params);

  self->trainer = trainer;
  status = status ? status : build (self, &shape, data_too);
  drop_pair (&shape.x);
  drop_pair (&shape.y);
  drop_pair (&shape.w);
  drop_pair (&shape.b);
  if (check (status, error))
    return self;
  sq_dnn_train_free (self);
  return NULL;
}

static void
pass_clear (Pass *self)
{
  for (int i = 0; i < self->n; i++)
    {
      if (self->ports[i].reorder != NULL)
        dnnl_primitive_destroy (self->ports[i].reorder);
      if (self->ports[i].plain != NULL)
        dnnl_memory_destroy (self->ports[i].plain);
      if (self->ports[i].own != NULL)
        dnnl_memory_destroy (self->ports[i].own);
    }
  if (self->primitive != NULL)
    dnnl_primitive_destroy (self->primitive);
}

void
sq_dnn_train_free (SqDnnTrain *self)
{
  pass_clear (&self->forward);
  pass_clear (&self->data);
  pass_clear (&self->weights);
  g_free (self);
}

// --- running
// ------------------------------------------------------------------------------------------------------------------------------------------

static gboolean
reorder (SqDnnTrainer *trainer, const Port *port)
{
  dnnl_exec_arg_t args[2] = { { DNNL_ARG_FROM, port->out ? port->own : port->plain },
                              { DNNL_ARG_TO, port->out ? port->plain : port->own } };

  return dnnl_primitive_execute (port->reorder, trainer->stream, 2, args) == dnnl_success;
}

static gboolean
run (SqDnnTrainer *trainer, Pass *pass, const float *const *data)
{
  for (int i = 0; i < pass->n; i++)
    {
      Port *port = &pass->ports[i];

      if (dnnl_memory_set_data_handle (port->plain, (void *) data[i]) != dnnl_success)
        return FALSE;
      if (port->own == NULL)
        continue;
      if (trainer->temp_bytes[i] < port->bytes)
        {
          free (trainer->temp[i]);
          trainer->temp[i] = aligned_alloc (64, (port->bytes + 127) & ~(gsize) 63);
          trainer->temp_bytes[i] = trainer->temp[i] != NULL ? port->bytes : 0;
        }
      if (trainer->temp[i] == NULL || dnnl_memory_set_data_handle (port->own, trainer->temp[i]) != dnnl_success
          || (!port->out && !reorder (trainer, port)))
        return FALSE;
    }
  if (dnnl_primitive_execute (pass->primitive, trainer->stream, pass->n, pass->args) != dnnl_success)
    return FALSE;
  for (int i = 0; i < pass->n; i++)
    if (pass->ports[i].own != NULL && pass->ports[i].out && !reorder (trainer, &pass->ports[i]))
      return FALSE;
  return TRUE;
}

gboolean
sq_dnn_train_forward (SqDnnTrain *self, const float *x, const float *w, const float *b, float *y)
{
  const float *const data[] = { x, w, b, y };

  return run (self->trainer, &self->forward, data);
}

gboolean
sq_dnn_train_backward (SqDnnTrain *self, const float *x, const float *w, const float *dy, float *dx, float *dw, float *db)
{
  const float *const to_x[] = { dy, w, dx }, *const to_w[] = { x, dy, dw, db };

  if (dx != NULL && !run (self->trainer, &self->data, to_x))
    return FALSE;
  return run (self->trainer, &self->weights, to_w);
}
