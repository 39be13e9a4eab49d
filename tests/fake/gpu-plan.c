// SPDX-License-Identifier: GPL-3.0-or-later
// What stands in for cuDNN: plans of one convolution each, with a text to save that fits only the same convolution on the same device.
#include "gpu-private.h"

#include <string.h>

#define VERSION 90700

struct _SqGpuDnn
{
  int device;
};

struct _SqGpuPlan
{
  SqGpuConv conv;
  int device;
  char *text;
};

typedef struct
{
  SqCudaConv conv;
  gboolean compute;
} Run;

SqGpuDnn *
_sq_fake_dnn_new (int device, GError **error)
{
  SqGpuDnn *dnn;

  if (_sq_fake.config.no_dnn || device < 0 || device >= _sq_fake.config.n_devices)
    {
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_NO_DEVICE, "The simulated GPU has no cuDNN.");
      return NULL;
    }
  dnn = g_new (SqGpuDnn, 1);
  dnn->device = device;
  g_mutex_lock (&_sq_fake.lock);
  _sq_fake.dnns++;
  g_mutex_unlock (&_sq_fake.lock);
  return dnn;
}

void
_sq_fake_dnn_free (SqGpuDnn *dnn)
{
  g_mutex_lock (&_sq_fake.lock);
  _sq_fake.dnns--;
  g_mutex_unlock (&_sq_fake.lock);
  g_free (dnn);
}

int
_sq_fake_dnn_version (void)
{
  return _sq_fake.config.no_dnn ? 0 : VERSION;
}

static void
describe_map (GString *text, const SqCudaMap *map)
{
  g_string_append_printf (text, " %d:%dx%dx%dx%d/%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT, map->type, map->n, map->h,
                          map->w, map->c, map->image, map->row, map->pixel);
}

// Scales belong to the plan: they are constants of the graph that cuDNN would compile.
static char *
text_of (const SqGpuConv *conv)
{
  const SqCudaConv *c = &conv->conv;
  GString *text = g_string_new ("fake-plan");

  describe_map (text, &c->x);
  describe_map (text, &c->y);
  if (conv->residual)
    describe_map (text, &c->residual);
  g_string_append_printf (text, " k%dx%d s%d,%d d%d,%d p%d,%d,%d,%d g%d act%d,%g,%g bias%d", c->kernel[0], c->kernel[1], c->stride[0],
                          c->stride[1], c->dilation[0], c->dilation[1], c->pad[0], c->pad[1], c->pad[2], c->pad[3], c->groups, c->act.kind,
                          (double) c->act.a, (double) c->act.b, conv->bias);
  return g_string_free (text, FALSE);
}

SqGpuPlan *
_sq_fake_plan_new (SqGpuDnn *dnn, const SqGpuConv *conv, const char *saved, GError **error)
{
  g_autofree char *text = text_of (conv);
  gboolean restored = g_strcmp0 (saved, text) == 0;
  SqGpuPlan *plan;

  if (_sq_fake.config.refuse_plan != NULL && _sq_fake.config.refuse_plan (conv))
    {
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_UNSUPPORTED_OP, "No engine computes this convolution.");
      return NULL;
    }
  if (!restored && _sq_fake.config.plan_ms > 0)
    g_usleep ((gulong) _sq_fake.config.plan_ms * 1000);
  g_mutex_lock (&_sq_fake.lock);
  if (_sq_fake_state (dnn->device) != SQ_GPU_OK)
    {
      g_mutex_unlock (&_sq_fake.lock);
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_DEVICE_LOST, "The simulated GPU is lost.");
      return NULL;
    }
  _sq_fake.plans++;
  (*(restored ? &_sq_fake.device[dnn->device].stats.plans_restored : &_sq_fake.device[dnn->device].stats.plans_built))++;
  g_mutex_unlock (&_sq_fake.lock);
  plan = g_new0 (SqGpuPlan, 1);
  plan->conv = *conv;
  plan->device = dnn->device;
  plan->text = g_steal_pointer (&text);
  return plan;
}

char *
_sq_fake_plan_save (SqGpuPlan *plan)
{
  return g_strdup (plan->text);
}

gsize
_sq_fake_plan_workspace (const SqGpuPlan *plan)
{
  return _sq_fake.config.workspace;
}

char *
_sq_fake_plan_describe (const SqGpuPlan *plan)
{
  return g_strdup_printf ("simulated, %s", plan->conv.conv.x.type == SQ_CUDA_F32 ? "no tensor cores" : "tensor cores");
}

void
_sq_fake_plan_free (SqGpuPlan *plan)
{
  g_mutex_lock (&_sq_fake.lock);
  _sq_fake.plans--;
  g_mutex_unlock (&_sq_fake.lock);
  g_free (plan->text);
  g_free (plan);
}

static void
run (gpointer data)
{
  Run *r = data;

  if (r->compute)
    _sq_fake_convolve (&r->conv);
}

static gboolean
same_map (const SqCudaMap *a, const SqCudaMap *b)
{
  return a->type == b->type && a->n == b->n && a->h == b->h && a->w == b->w && a->c == b->c && a->image == b->image && a->row == b->row
         && a->pixel == b->pixel;
}

// The job must be the plan's own convolution: a plan of cuDNN's has all but the pointers built in.
static gboolean
same_conv (const SqGpuPlan *plan, const SqCudaConv *job)
{
  const SqCudaConv *c = &plan->conv.conv;

  return same_map (&c->x, &job->x) && same_map (&c->y, &job->y) && plan->conv.residual == (job->residual.data != NULL)
         && (!plan->conv.residual || same_map (&c->residual, &job->residual)) && plan->conv.bias == (job->bias != NULL)
         && memcmp (c->kernel, job->kernel, sizeof c->kernel) == 0 && memcmp (c->stride, job->stride, sizeof c->stride) == 0
         && memcmp (c->dilation, job->dilation, sizeof c->dilation) == 0 && memcmp (c->pad, job->pad, sizeof c->pad) == 0
         && c->groups == job->groups && c->act.kind == job->act.kind;
}

int
_sq_fake_plan_run (SqGpuPlan *plan, const SqCudaConv *job, gpointer workspace, SqGpuStream *stream)
{
  gsize wanted = _sq_fake_plan_workspace (plan);
  double flop = 2. * job->y.n * job->y.h * job->y.w * job->y.c * job->x.c / MAX (job->groups, 1) * job->kernel[0] * job->kernel[1];
  gboolean room = TRUE;
  Run *r;
  Op *op;

  if (wanted > 0)
    {
      const FakeBlock *block;

      g_mutex_lock (&_sq_fake.lock);
      block = _sq_fake_find (workspace, wanted);
      room = block != NULL && block->device == plan->device;
      g_mutex_unlock (&_sq_fake.lock);
    }
  if (stream == NULL || stream->device != plan->device || stream->device != _sq_fake_current () || !room || !same_conv (plan, job)
      || !_sq_fake_conv_fits (job, FALSE, plan->device))
    {
      g_printerr ("fake gpu: a plan was run with what is not its own\n");
      return SQ_GPU_INVALID;
    }
  op = _sq_fake_op (OP_PLAN, _sq_fake.config.gflops > 0 ? flop / (_sq_fake.config.gflops * 1e3) : 0);
  r = g_new (Run, 1);
  *r = (Run){ *job, !_sq_fake.config.no_math };
  op->run = run;
  op->drop = g_free;
  op->data = r;
  return _sq_fake_push (stream, op);
}
