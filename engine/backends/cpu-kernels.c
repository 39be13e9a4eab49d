// SPDX-License-Identifier: GPL-3.0-or-later
// What the steps of a plan do. Passes over memory are shared among OpenMP's threads in pieces that fit the first cache.
#include "cpu-private.h"

#include "kernels/kernels.h"
#include <string.h>

#define PIECE 4096 // floats

gboolean
_sq_cpu_run_nothing (CpuExec *self, Step *step)
{
  return TRUE;
}

gboolean
_sq_cpu_run_reference (CpuExec *self, Step *step)
{
  SqTensor *in[SQ_MAX_IN], *out[SQ_MAX_OUT];

  for (int k = 0; k < step->n_in; k++)
    {
      in[k] = step->in[k] < 0 ? NULL : &step->view_in[k];
      if (in[k] != NULL)
        in[k]->data = cpu_data (self, step->in[k]);
    }
  for (int k = 0; k < step->n_out; k++)
    {
      out[k] = &step->view_out[k];
      out[k]->data = cpu_data (self, step->out[k]);
      memset (out[k]->data, 0, out[k]->bytes);
    }
  step->node->op->reference (&step->node->params, in, step->n_in, out);
  return TRUE;
}

static void
act_piece (const SqAct *act, float *y, const float *x, const float *add, gsize n)
{
  const SqKernels *k = sq_kernels ();

  switch (act->kind)
    {
    case SQ_ACT_SILU:
      k->silu_f32 (y, x, add, n);
      return;
    case SQ_ACT_SIGMOID:
      k->sigmoid_f32 (y, x, n);
      break;
    case SQ_ACT_RELU:
      for (gsize i = 0; i < n; i++)
        y[i] = x[i] > 0 ? x[i] : 0;
      break;
    case SQ_ACT_LEAKY:
      for (gsize i = 0; i < n; i++)
        y[i] = x[i] < 0 ? act->a * x[i] : x[i];
      break;
    case SQ_ACT_HARDSWISH:
      for (gsize i = 0; i < n; i++)
        {
          float t = x[i] * (1 / 6.f) + .5f;

          t = t < 0 ? 0 : t > 1 ? 1 : t;
          y[i] = x[i] * t;
        }
      break;
    default:
      for (gsize i = 0; i < n; i++)
        y[i] = sq_act_apply (act, x[i]);
      break;
    }
  if (add != NULL)
    for (gsize i = 0; i < n; i++)
      y[i] += add[i];
}

static void
act_pass (const SqAct *act, float *y, const float *x, const float *add, gsize n)
{
#pragma omp parallel for schedule(static)
  for (gsize i = 0; i < n; i += PIECE)
    act_piece (act, y + i, x + i, add != NULL ? add + i : NULL, MIN (n - i, PIECE));
}

gboolean
_sq_cpu_run_dnn (CpuExec *self, Step *step)
{
  float *y = cpu_data (self, step->out[0]);
  gboolean pass = step->act.kind != SQ_ACT_NONE;
  const float *residual = step->n_in > 1 ? cpu_data (self, step->in[1]) : NULL;

  if (!sq_dnn_run (self->dnn, step->op, cpu_data (self, step->in[0]), y, pass ? NULL : residual))
    return FALSE;
  if (pass)
    act_pass (&step->act, y, y, residual, step->n);
  return TRUE;
}

gboolean
_sq_cpu_run_act (CpuExec *self, Step *step)
{
  act_pass (&step->node->params.act, cpu_data (self, step->out[0]), cpu_data (self, step->in[0]), NULL, step->n);
  return TRUE;
}

// Same shape and layout, or a single number on the right (step->in[1] < 0: its value in step->act.a).
gboolean
_sq_cpu_run_binary (CpuExec *self, Step *step)
{
  const float *a = cpu_data (self, step->in[0]), *b = cpu_data (self, step->in[1]);
  float *y = cpu_data (self, step->out[0]), c = step->act.a;
  gsize n = step->n;
  SqBinaryKind kind = step->node->params.binary;

#pragma omp parallel for schedule(static)
  for (gsize at = 0; at < n; at += PIECE)
    {
      gsize end = MIN (n, at + PIECE);

      if (kind == SQ_BINARY_ADD)
        for (gsize i = at; i < end; i++)
          y[i] = a[i] + (b != NULL ? b[i] : c);
      else if (kind == SQ_BINARY_SUB)
        for (gsize i = at; i < end; i++)
          y[i] = a[i] - (b != NULL ? b[i] : c);
      else if (kind == SQ_BINARY_MUL)
        for (gsize i = at; i < end; i++)
          y[i] = a[i] * (b != NULL ? b[i] : c);
      else
        for (gsize i = at; i < end; i++)
          y[i] = a[i] / (b != NULL ? b[i] : c);
    }
  return TRUE;
}

gboolean
_sq_cpu_run_concat (CpuExec *self, Step *step)
{
  char *y = (char *) cpu_data (self, step->out[0]);

  for (int k = 0; k < step->n_in; k++)
    if (step->copy_bytes[k] > 0)
      memcpy (y + step->copy_offset[k], cpu_data (self, step->in[k]), step->copy_bytes[k]);
  return TRUE;
}

// Nearest neighbour by whole factors, blocked: every pixel is one vector of channels.
gboolean
_sq_cpu_run_upsample (CpuExec *self, Step *step)
{
  const SqShape *x = &sq_graph_value (self->graph, step->node->in[0])->shape;
  int b = self->block, h = (int) x->dim[2], w = (int) x->dim[3];
  int fy = step->node->params.resize.height / h, fx = step->node->params.resize.width / w;
  gint64 blocks = (x->dim[1] + b - 1) / b;
  const float *src = cpu_data (self, step->in[0]);
  float *dst = cpu_data (self, step->out[0]);

#pragma omp parallel for collapse(2) schedule(static)
  for (gint64 k = 0; k < blocks; k++)
    for (int y = 0; y < h; y++)
      {
        const float *from = src + ((k * h + y) * w) * b;
        float *to = dst + (k * h + y) * fy * w * fx * b;
        gsize row = (gsize) w * fx * b;

        for (int i = 0; i < w; i++)
          for (int r = 0; r < fx; r++)
            memcpy (to + ((gsize) i * fx + r) * b, from + (gsize) i * b, b * sizeof (float));
        for (int r = 1; r < fy; r++)
          memcpy (to + r * row, to, row * sizeof (float));
      }
  return TRUE;
}
