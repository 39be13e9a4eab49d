// SPDX-License-Identifier: GPL-3.0-or-later
// What the steps in 8 bits do.
#include "cpu-private.h"

#include "kernels/kernels.h"
#include <omp.h>
#include <string.h>

typedef struct
{
  const Conv8 *conv;
  gsize plane; // numbers of a block of output channels
  float *y;
  guint8 *y_bytes;
  const float *residual;
  const guint8 *residual_bytes;
} Finish;

// While the row is in the first cache: activation, sum, rounding.
static void
finish_row (float *row, size_t offset, size_t n, const void *data)
{
  const Finish *f = data;
  const ByteGrid *r = f->conv->residual, *out = f->conv->out;
  int block = f->conv->conv.block;
  gsize channel = offset / f->plane * (gsize) block;
  float *y = f->y != NULL ? f->y + offset : row;

  _sq_cpu_act (&f->conv->act, y, row, f->residual != NULL ? f->residual + offset : NULL, n);
  if (f->residual_bytes != NULL)
    sq_kernels ()->dequantize_columns (y, f->residual_bytes + offset, n / (gsize) block, block, r->scale + channel, r->zero + channel, y);
  if (out != NULL)
    sq_kernels ()->quantize_columns (f->y_bytes + offset, y, n / (gsize) block, block, out->inverse + channel, out->zero + channel);
}

gboolean
_sq_cpu_run_conv8 (CpuExec *self, Step *step)
{
  const Conv8 *conv = step->conv8;
  const guint8 *x = (const guint8 *) cpu_buffer (self, step->in[0])->data;
  char *y = cpu_buffer (self, step->out[0])->data, *residual = step->n_in > 1 ? cpu_buffer (self, step->in[1])->data : NULL;
  Finish finish = { conv,
                    (gsize) (conv->conv.out_height * conv->conv.out_width * conv->conv.block),
                    .y = conv->out == NULL ? (float *) y : NULL,
                    .y_bytes = (guint8 *) y,
                    .residual = conv->residual == NULL ? (const float *) residual : NULL,
                    .residual_bytes = conv->residual != NULL ? (const guint8 *) residual : NULL };
  int rows = conv->conv.out_height;

#pragma omp parallel for schedule(dynamic)
  for (int first = 0; first < rows; first += conv->band)
    sq_k_conv8_run (&conv->conv, x, first, MIN (conv->band, rows - first), self->scratch + omp_get_thread_num () * self->scratch_floats,
                    finish_row, &finish);
  return TRUE;
}

// A plain picture of few channels, such as the network's input.
static void
plain_to_bytes (const CpuExec *self, const ByteGrid *grid, guint8 *y, const float *x, int channels, gsize pixels)
{
  gsize block = (gsize) self->block;

#pragma omp parallel for schedule(static)
  for (gsize at = 0; at < pixels; at += 256)
    {
      float piece[256 * 16];
      gsize n = MIN (pixels - at, 256);

      memset (piece, 0, n * block * sizeof *piece);
      for (int c = 0; c < channels; c++)
        for (gsize i = 0; i < n; i++)
          piece[i * block + (gsize) c] = x[(gsize) c * pixels + at + i];
      sq_kernels ()->quantize_columns (y + at * block, piece, n, self->block, grid->inverse, grid->zero);
    }
}

gboolean
_sq_cpu_run_to_bytes (CpuExec *self, Step *step)
{
  const SqShape *shape = &sq_graph_value (self->graph, step->node->in[0])->shape;
  const ByteGrid *grid = step->grid;
  const float *x = cpu_data (self, step->in[0]);
  guint8 *y = (guint8 *) cpu_buffer (self, step->out[0])->data;
  gsize pixels = (gsize) (shape->dim[2] * shape->dim[3]), block = (gsize) self->block;

  if (cpu_buffer (self, step->in[0])->layout == LAYOUT_PLAIN)
    {
      plain_to_bytes (self, grid, y, x, (int) shape->dim[1], pixels);
      return TRUE;
    }
#pragma omp parallel for schedule(static) collapse(2)
  for (gsize c = 0; c < grid->n; c += block)
    for (gsize at = 0; at < pixels; at += 512)
      sq_kernels ()->quantize_columns (y + c * pixels + at * block, x + c * pixels + at * block, MIN (pixels - at, 512), self->block,
                                       grid->inverse + c, grid->zero + c);
  return TRUE;
}

gboolean
_sq_cpu_run_from_bytes (CpuExec *self, Step *step)
{
  const ByteGrid *grid = step->grid;
  const guint8 *x = (const guint8 *) cpu_buffer (self, step->in[0])->data;
  float *y = cpu_data (self, step->out[0]);
  gsize block = (gsize) self->block, pixels = cpu_buffer (self, step->in[0])->bytes / grid->n;

#pragma omp parallel for schedule(static)
  for (gsize c = 0; c < grid->n; c += block)
    sq_kernels ()->dequantize_columns (y + c * pixels, x + c * pixels, pixels, self->block, grid->scale + c, grid->zero + c, NULL);
  return TRUE;
}

// The largest of a column's pixels, for a row of pixels; then of neighbours along the row. The border never wins.
static void
pool_row (const SqPoolParams *p, guint8 *y, guint8 *column, const guint8 *x, int h, int w, int oy, int ow, int block)
{
  int top = oy * p->stride[0] - p->pad[0];
  gsize n = (gsize) (w * block);

  memset (column, 0, n);
  for (int iy = MAX (top, 0); iy < MIN (top + p->kernel[0], h); iy++)
    sq_kernels ()->max_u8 (column, x + (gsize) iy * n, n);
  memset (y, 0, (gsize) (ow * block));
  for (int kx = 0; kx < p->kernel[1]; kx++)
    {
      int shift = kx - p->pad[1], first = shift < 0 ? (-shift + p->stride[1] - 1) / p->stride[1] : 0;
      int end = shift < w ? MIN (ow, (w - shift + p->stride[1] - 1) / p->stride[1]) : 0; // those whose pixel lies in the picture

      if (p->stride[1] == 1 && first < end)
        sq_kernels ()->max_u8 (y + (gsize) (first * block), column + (gsize) ((first + shift) * block), (gsize) ((end - first) * block));
      else
        for (int ox = first; ox < end; ox++)
          sq_kernels ()->max_u8 (y + (gsize) (ox * block), column + (gsize) ((ox * p->stride[1] + shift) * block), (gsize) block);
    }
}

// A maximum of numbers that all mean the same is a maximum of bytes.
gboolean
_sq_cpu_run_pool_bytes (CpuExec *self, Step *step)
{
  const SqShape *in = &sq_graph_value (self->graph, step->node->in[0])->shape,
                *out = &sq_graph_value (self->graph, step->node->out[0])->shape;
  const guint8 *x = (const guint8 *) cpu_buffer (self, step->in[0])->data;
  guint8 *y = (guint8 *) cpu_buffer (self, step->out[0])->data;
  int h = (int) in->dim[2], w = (int) in->dim[3], oh = (int) out->dim[2], ow = (int) out->dim[3], block = self->block;
  int blocks = (int) (in->dim[1] + block - 1) / block;

#pragma omp parallel for collapse(2) schedule(static)
  for (int k = 0; k < blocks; k++)
    for (int oy = 0; oy < oh; oy++)
      pool_row (&step->node->params.pool, y + ((gsize) k * (gsize) oh + (gsize) oy) * (gsize) (ow * block),
                (guint8 *) (self->scratch + (gsize) omp_get_thread_num () * self->scratch_floats), x + (gsize) k * (gsize) (h * w * block),
                h, w, oy, ow, block);
  return TRUE;
}
