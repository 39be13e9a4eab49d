// SPDX-License-Identifier: GPL-3.0-or-later
// What the steps of a plan do. Passes over memory are shared among OpenMP's threads in pieces that fit the first cache.
#include "cpu-private.h"

#include "kernels/kernels.h"
#include <math.h>
#include <omp.h>
#include <string.h>

#define PIECE 4096      // floats
#define HALF_PIECE 1024 // bfloat16, with room beside it for the same in floats, twice

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

void
_sq_cpu_act (const SqAct *act, float *y, const float *x, const float *add, gsize n)
{
  const SqKernels *k = sq_kernels ();

  switch (act->kind)
    {
    case SQ_ACT_SILU:
      k->silu_f32 (y, x, add, n);
      return;
    case SQ_ACT_NONE:
      if (y != x)
        memcpy (y, x, n * sizeof *y);
      break;
    case SQ_ACT_SIGMOID:
      k->sigmoid_f32 (y, x, n);
      break;
    case SQ_ACT_RELU:
      k->leaky_f32 (y, x, add, 0, n);
      return;
    case SQ_ACT_LEAKY:
      k->leaky_f32 (y, x, add, act->a, n);
      return;
    case SQ_ACT_HARDSWISH:
      k->hardswish_f32 (y, x, add, n);
      return;
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
    _sq_cpu_act (act, y + i, x + i, add != NULL ? add + i : NULL, MIN (n - i, PIECE));
}

static void
act_half (const SqAct *act, guint16 *y, const guint16 *x, const guint16 *add, gsize n)
{
  const SqKernels *k = sq_kernels ();
  float wide[HALF_PIECE], sum[HALF_PIECE];

  if (act->kind == SQ_ACT_SILU)
    {
      k->silu_bf16 (y, x, add, n);
      return;
    }
  k->widen_bf16 (wide, x, n);
  if (add != NULL)
    k->widen_bf16 (sum, add, n);
  _sq_cpu_act (act, wide, wide, add != NULL ? sum : NULL, n);
  k->narrow_bf16 (y, wide, n);
}

static void
act_half_pass (const SqAct *act, guint16 *y, const guint16 *x, const guint16 *add, gsize n)
{
#pragma omp parallel for schedule(static)
  for (gsize i = 0; i < n; i += HALF_PIECE)
    act_half (act, y + i, x + i, add != NULL ? add + i : NULL, MIN (n - i, HALF_PIECE));
}

gboolean
_sq_cpu_run_dnn (CpuExec *self, Step *step)
{
  gpointer y = cpu_data (self, step->out[0]), residual = step->n_in > 1 ? cpu_data (self, step->in[1]) : NULL;
  gboolean pass = step->act.kind != SQ_ACT_NONE;

  if (!sq_dnn_run (self->dnn, step->op, cpu_data (self, step->in[0]), y, pass ? NULL : residual))
    return FALSE;
  if (pass && cpu_buffer (self, step->out[0])->layout == LAYOUT_HALF)
    act_half_pass (&step->act, y, y, residual, step->n);
  else if (pass)
    act_pass (&step->act, y, y, residual, step->n);
  return TRUE;
}

typedef struct
{
  SqAct act;
  const float *residual;
} Finish;

// While the rows are in the first cache.
static void
finish_rows (float *y, gsize offset, gsize n, const void *data)
{
  const Finish *f = data;

  _sq_cpu_act (&f->act, y, y, f->residual != NULL ? f->residual + offset : NULL, n);
}

gboolean
_sq_cpu_run_winograd (CpuExec *self, Step *step)
{
  const SqWinograd *w = &step->winograd;
  const float *x = cpu_data (self, step->in[0]);
  float *y = cpu_data (self, step->out[0]);
  Finish finish = { step->act, step->n_in > 1 ? cpu_data (self, step->in[1]) : NULL };
  gboolean bare = finish.act.kind == SQ_ACT_NONE && finish.residual == NULL;
  int tiles = sq_k_winograd_tiles (w);

#pragma omp parallel for schedule(dynamic)
  for (int first = 0; first < tiles; first += step->winograd_tiles)
    sq_k_winograd_run (w, x, y, first, MIN (step->winograd_tiles, tiles - first),
                       self->scratch + omp_get_thread_num () * self->scratch_floats, bare ? NULL : finish_rows, &finish);
  return TRUE;
}

gboolean
_sq_cpu_run_act (CpuExec *self, Step *step)
{
  const SqAct *act = &step->node->params.act;
  gpointer x = cpu_data (self, step->in[0]), y = cpu_data (self, step->out[0]);

  if (cpu_buffer (self, step->out[0])->layout == LAYOUT_HALF)
    act_half_pass (act, y, x, NULL, step->n);
  else
    act_pass (act, y, x, NULL, step->n);
  return TRUE;
}

static void
fake_quant_pass (float *y, const float *x, gsize n, float scale, float zero, float low, float high)
{
#pragma omp parallel for schedule(static)
  for (gsize i = 0; i < n; i += PIECE)
    sq_kernels ()->fake_quant_f32 (y + i, x + i, MIN (n - i, PIECE), scale, zero, low, high);
}

gboolean
_sq_cpu_run_fake_quant (CpuExec *self, Step *step)
{
  const SqParams *p = &step->node->params;

  fake_quant_pass (cpu_data (self, step->out[0]), cpu_data (self, step->in[0]), step->n, p->fake_quant.scale, p->fake_quant.zero,
                   p->fake_quant.low, p->fake_quant.high);
  return TRUE;
}

gboolean
_sq_cpu_run_fake_quant_channels (CpuExec *self, Step *step)
{
  const SqParams *p = &step->node->params;
  const SqShape *shape = &sq_graph_value (self->graph, step->node->in[0])->shape;
  const float *x = cpu_data (self, step->in[0]), *scale = step->channels, *zero = scale + step->n_right;
  float *y = cpu_data (self, step->out[0]), low = p->fake_quant.low, high = p->fake_quant.high;
  gsize plane = (gsize) (shape->dim[2] * shape->dim[3]);

  if (cpu_buffer (self, step->out[0])->layout == LAYOUT_BLOCKED)
    {
      gsize b = (gsize) self->block;

#pragma omp parallel for schedule(static)
      for (gsize c = 0; c < step->n_right; c += b)
        sq_kernels ()->fake_quant_columns_f32 (y + c * plane, x + c * plane, plane, (int) b, scale + c, zero + c, low, high);
    }
  else
    {
#pragma omp parallel for schedule(static)
      for (gint64 c = 0; c < shape->dim[1]; c++)
        sq_kernels ()->fake_quant_f32 (y + c * plane, x + c * plane, plane, scale[c], zero[c], low, high);
    }
  return TRUE;
}

gboolean
_sq_cpu_run_dynamic_round (CpuExec *self, Step *step)
{
  const float *x = cpu_data (self, step->in[0]);
  float *y = cpu_data (self, step->out[0]), min = 0, max = 0, scale, zero;

  // the zeros that fill up a block change nothing: 0 is in the range anyway
#pragma omp parallel for schedule(static) reduction(min : min) reduction(max : max)
  for (gsize i = 0; i < step->n; i += PIECE)
    {
      float a, b;

      sq_kernels ()->range_f32 (x + i, MIN (step->n - i, PIECE), &a, &b);
      min = MIN (min, a);
      max = MAX (max, b);
    }
  scale = max == min ? 1 : (max - min) / 255;
  zero = CLAMP (nearbyintf (-min / scale), 0, 255);
  cpu_data (self, step->out[1])[0] = scale;
#pragma omp parallel for schedule(static)
  for (gsize i = 0; i < step->n; i += PIECE)
    sq_kernels ()->round_f32 (y + i, x + i, MIN (step->n - i, PIECE), scale, zero);
  return TRUE;
}

static inline float
combine (SqBinaryKind kind, float a, float b)
{
  return kind == SQ_BINARY_ADD ? a + b : kind == SQ_BINARY_SUB ? a - b : kind == SQ_BINARY_MUL ? a * b : a / b;
}

static inline void
combine_piece (SqBinaryKind kind, float *y, const float *a, const float *b, gsize step, gsize n)
{
  for (gsize i = 0; i < n; i++)
    y[i] = combine (kind, a[i], b[i * step]);
}

static void
binary_piece (SqBinaryKind kind, float *y, const float *a, const float *b, gsize step, gsize n)
{
  if (kind == SQ_BINARY_ADD) // one copy of the loop each, for the vectoriser
    combine_piece (SQ_BINARY_ADD, y, a, b, step, n);
  else if (kind == SQ_BINARY_SUB)
    combine_piece (SQ_BINARY_SUB, y, a, b, step, n);
  else if (kind == SQ_BINARY_MUL)
    combine_piece (SQ_BINARY_MUL, y, a, b, step, n);
  else
    combine_piece (SQ_BINARY_DIV, y, a, b, step, n);
}

static void
binary_half (SqBinaryKind kind, guint16 *y, const guint16 *a, gconstpointer b, gboolean one, gsize n)
{
#pragma omp parallel for schedule(static)
  for (gsize at = 0; at < n; at += HALF_PIECE)
    {
      gsize count = MIN (n - at, HALF_PIECE);
      float left[HALF_PIECE], right[HALF_PIECE];

      sq_kernels ()->widen_bf16 (left, a + at, count);
      if (!one)
        sq_kernels ()->widen_bf16 (right, (const guint16 *) b + at, count);
      binary_piece (kind, left, left, one ? b : right, !one, count);
      sq_kernels ()->narrow_bf16 (y + at, left, count);
    }
}

// Same shape and layout, or one number, a plain float, on the right (step->n_right == 1).
gboolean
_sq_cpu_run_binary (CpuExec *self, Step *step)
{
  const float *a = cpu_data (self, step->in[0]), *b = cpu_data (self, step->in[1]);
  float *y = cpu_data (self, step->out[0]);
  gsize each = step->n_right == 1 ? 0 : 1;

  if (cpu_buffer (self, step->out[0])->layout == LAYOUT_HALF)
    {
      binary_half (step->node->params.binary, (guint16 *) y, (const guint16 *) a, b, each == 0, step->n);
      return TRUE;
    }
#pragma omp parallel for schedule(static)
  for (gsize at = 0; at < step->n; at += PIECE)
    binary_piece (step->node->params.binary, y + at, a + at, b + at * each, each, MIN (step->n - at, PIECE));
  return TRUE;
}

// One number per channel on the right, blocked: the same vector for every pixel of a block of channels.
gboolean
_sq_cpu_run_binary_channels (CpuExec *self, Step *step)
{
  const float *a = cpu_data (self, step->in[0]), *b = cpu_data (self, step->in[1]);
  float *y = cpu_data (self, step->out[0]);
  gsize block = self->block, pixels = step->n / step->n_right;

#pragma omp parallel for schedule(static)
  for (gsize k = 0; k < step->n_right / block; k++)
    for (gsize p = 0; p < pixels; p++)
      for (gsize c = 0; c < block; c++)
        y[(k * pixels + p) * block + c] = combine (step->node->params.binary, a[(k * pixels + p) * block + c], b[k * block + c]);
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
  int h = (int) x->dim[2], w = (int) x->dim[3];
  int fy = step->node->params.resize.height / h, fx = step->node->params.resize.width / w;
  gint64 blocks = (x->dim[1] + self->block - 1) / self->block;
  gsize pixel = (gsize) self->block * cpu_layout_size (cpu_buffer (self, step->in[0])->layout);
  const char *src = cpu_buffer (self, step->in[0])->data;
  char *dst = cpu_buffer (self, step->out[0])->data;

#pragma omp parallel for collapse(2) schedule(static)
  for (gint64 k = 0; k < blocks; k++)
    for (int y = 0; y < h; y++)
      {
        const char *from = src + (gsize) ((k * h + y) * w) * pixel;
        char *to = dst + (gsize) ((k * h + y) * fy * w * fx) * pixel;
        gsize row = (gsize) (w * fx) * pixel;

        for (int i = 0; i < w; i++)
          for (int r = 0; r < fx; r++)
            memcpy (to + (gsize) (i * fx + r) * pixel, from + (gsize) i * pixel, pixel);
        for (int r = 1; r < fy; r++)
          memcpy (to + (gsize) r * row, to, row);
      }
  return TRUE;
}
