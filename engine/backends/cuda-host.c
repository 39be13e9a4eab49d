// SPDX-License-Identifier: GPL-3.0-or-later
// An operator's reference on the host, as a step of the recorded graph: its inputs come down, it runs, its outputs go up.
#include "cuda-private.h"

struct _HostCall
{
  CudaExec *exec;
  const SqNode *node;
  char *in[SQ_MAX_IN], *out[SQ_MAX_OUT]; // pinned, the whole batch
  SqTensor view_in[SQ_MAX_IN], view_out[SQ_MAX_OUT];
};

typedef struct _HostCall HostCall;

static SqTensor
header (const SqValue *v)
{
  gint64 n = sq_shape_elements (&v->shape);

  return (SqTensor){ .dtype = v->dtype, .shape = v->shape, .n = n, .bytes = (gsize) n * sq_dtype_size (v->dtype) };
}

static void
call (gpointer data)
{
  HostCall *host = data;
  const SqNode *node = host->node;
  SqTensor *in[SQ_MAX_IN], *out[SQ_MAX_OUT];

  for (int image = 0; image < host->exec->batch; image++)
    {
      for (int k = 0; k < node->n_in; k++)
        {
          in[k] = node->in[k] == SQ_NO_VALUE ? NULL : cuda_value (host->exec, node->in[k])->constant;
          if (node->in[k] == SQ_NO_VALUE || in[k] != NULL)
            continue;
          in[k] = &host->view_in[k];
          in[k]->data = host->in[k] + (gsize) image * in[k]->bytes;
        }
      for (int k = 0; k < node->n_out; k++)
        {
          out[k] = &host->view_out[k];
          out[k]->data = host->out[k] + (gsize) image * out[k]->bytes;
          memset (out[k]->data, 0, out[k]->bytes);
        }
      node->op->reference (&node->params, in, node->n_in, out);
      for (int k = 0; k < node->n_out; k++)
        g_clear_pointer (&out[k]->grid, g_free);
    }
}

static int
launch (CudaExec *self, Step *step, SqGpuStream *stream)
{
  HostCall *host = step->host;
  const SqNode *node = step->node;
  int code = SQ_GPU_OK;

  for (int k = 0; k < node->n_in && code == SQ_GPU_OK; k++)
    if (host->in[k] != NULL)
      code = self->api->copy (host->in[k], _sq_cuda_data (self, step->in[k]), host->view_in[k].bytes * self->batch, SQ_GPU_TO_HOST, stream);
  if (code == SQ_GPU_OK)
    code = self->api->host_call (stream, call, host);
  for (int k = 0; k < node->n_out && code == SQ_GPU_OK; k++)
    code =
        self->api->copy (_sq_cuda_data (self, step->out[k]), host->out[k], host->view_out[k].bytes * self->batch, SQ_GPU_TO_DEVICE, stream);
  return code;
}

gboolean
_sq_cuda_reference (CudaExec *self, const SqNode *node, GError **error)
{
  int in[SQ_MAX_IN];
  Step *step;

  for (int k = 0; k < node->n_in; k++)
    in[k] = node->in[k] == SQ_NO_VALUE || cuda_value (self, node->in[k])->constant != NULL
                ? -1
                : _sq_cuda_want (self, node->in[k], LAYOUT_PLAIN);
  step = _sq_cuda_add_step (self, node->op->name, launch, node);
  step->how = g_strdup ("reference, on the host");
  step->host = g_new0 (HostCall, 1);
  step->host->exec = self;
  step->host->node = node;
  for (int k = 0; k < node->n_in; k++)
    {
      step->in[step->n_in++] = in[k];
      if (in[k] >= 0)
        step->host->view_in[k] = header (cuda_value (self, node->in[k]));
    }
  for (int k = 0; k < node->n_out; k++)
    {
      step->host->view_out[k] = header (cuda_value (self, node->out[k]));
      step->out[step->n_out++] = _sq_cuda_add_buffer (self, node->out[k], LAYOUT_PLAIN);
    }
  return TRUE;
}

gboolean
_sq_cuda_host_memory (CudaExec *self, GError **error)
{
  for (guint i = 0; i < self->steps->len; i++)
    {
      const Step *step = g_ptr_array_index (self->steps, i);
      HostCall *host = step->host;

      for (int k = 0; host != NULL && k < step->n_in; k++)
        if (step->in[k] >= 0 && !_sq_cuda_alloc_host (self, (gpointer *) &host->in[k], host->view_in[k].bytes * self->batch, error))
          return FALSE;
      for (int k = 0; host != NULL && k < step->n_out; k++)
        if (!_sq_cuda_alloc_host (self, (gpointer *) &host->out[k], host->view_out[k].bytes * self->batch, error))
          return FALSE;
    }
  return TRUE;
}

void
_sq_cuda_host_free (struct _HostCall *host)
{
  g_free (host); // the memory is the exec's
}
