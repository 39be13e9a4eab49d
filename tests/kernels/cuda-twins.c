// SPDX-License-Identifier: GPL-3.0-or-later
#include "cuda-twins.h"

#include "engine/ops/op.h"
#include "tests/common/e4m3.h"
#include "tests/common/half.h"

#include <math.h>

gsize
sq_twin_bytes (SqCudaType type)
{
  return type == SQ_CUDA_F32 || type == SQ_CUDA_I32 ? 4 : type == SQ_CUDA_F16 ? 2 : type == SQ_CUDA_I64 ? 8 : 1;
}

double
sq_twin_read (const void *data, SqCudaType type, gint64 i, float scale, int zero)
{
  switch (type)
    {
    case SQ_CUDA_F32:
      return ((const float *) data)[i];
    case SQ_CUDA_F16:
      return sq_test_from_half (((const guint16 *) data)[i]);
    case SQ_CUDA_S8:
      return scale * (float) (((const gint8 *) data)[i] - zero);
    case SQ_CUDA_I64:
      return (double) ((const gint64 *) data)[i];
    case SQ_CUDA_I32:
      return ((const gint32 *) data)[i];
    case SQ_CUDA_U8:
      return ((const guint8 *) data)[i];
    case SQ_CUDA_E4M3:
      return scale * sq_test_from_e4m3 (((const guint8 *) data)[i]);
    }
  g_assert_not_reached ();
}

void
sq_twin_write (void *data, SqCudaType type, gint64 i, float scale, int zero, double value)
{
  double whole = isnan (value) ? 0 : trunc (value);

  switch (type)
    {
    case SQ_CUDA_F32:
      ((float *) data)[i] = (float) value;
      break;
    case SQ_CUDA_F16:
      ((guint16 *) data)[i] = sq_test_to_half ((float) value);
      break;
    case SQ_CUDA_S8:
      ((gint8 *) data)[i] = (gint8) fminf (fmaxf (rintf ((float) value / scale) + (float) zero, -128), 127);
      break;
    case SQ_CUDA_I64:
      ((gint64 *) data)[i] = whole >= 0x1p63 ? G_MAXINT64 : whole <= -0x1p63 ? G_MININT64 : (gint64) whole;
      break;
    case SQ_CUDA_I32:
      ((gint32 *) data)[i] = (gint32) CLAMP (whole, G_MININT32, G_MAXINT32);
      break;
    case SQ_CUDA_U8:
      ((guint8 *) data)[i] = (guint8) CLAMP (whole, 0, 255);
      break;
    case SQ_CUDA_E4M3:
      ((guint8 *) data)[i] = sq_test_to_e4m3 ((float) value / scale);
      break;
    }
}

static double
read_map (const SqCudaMap *m, int n, int y, int x, int c)
{
  return sq_twin_read (m->data, m->type, n * m->image + y * m->row + x * m->pixel + c, m->scale, m->zero);
}

static void
write_map (const SqCudaMap *m, int n, int y, int x, int c, double value)
{
  sq_twin_write (m->data, m->type, n * m->image + y * m->row + x * m->pixel + c, m->scale, m->zero, value);
}

static double
activate (const SqCudaAct *act, double x)
{
  SqAct a = { (SqActKind) act->kind, act->a, act->b };

  return sq_act_apply (&a, (float) x);
}

static gint64
read_exact (const SqCudaView *v, gint64 i)
{
  return v->type == SQ_CUDA_I64   ? ((const gint64 *) v->data)[i]
         : v->type == SQ_CUDA_I32 ? ((const gint32 *) v->data)[i]
                                  : ((const guint8 *) v->data)[i];
}

// sq_op_binary's numbers; operands small enough for doubles.
static double
combine (int op, gboolean integer, double a, double b)
{
  switch ((SqBinaryKind) op)
    {
    case SQ_BINARY_ADD:
      return a + b;
    case SQ_BINARY_SUB:
      return a - b;
    case SQ_BINARY_MUL:
      return a * b;
    case SQ_BINARY_DIV:
      return !integer ? a / b : b == 0 ? 0 : trunc (a / b);
    case SQ_BINARY_POW:
      return integer ? pow (a, b) : b == 2 ? (float) (a * a) : powf ((float) a, (float) b);
    case SQ_BINARY_MIN:
      return fmin (a, b);
    case SQ_BINARY_MAX:
      return fmax (a, b);
    case SQ_BINARY_MOD:
      return integer ? (b == 0 ? 0 : a - floor (a / b) * b) : (float) a - floorf ((float) a / (float) b) * (float) b;
    case SQ_BINARY_FMOD:
      return integer && b == 0 ? 0 : fmod (a, b);
    case SQ_BINARY_EQUAL:
      return a == b;
    case SQ_BINARY_LESS:
      return a < b;
    case SQ_BINARY_LESS_EQUAL:
      return a <= b;
    case SQ_BINARY_GREATER:
      return a > b;
    case SQ_BINARY_GREATER_EQUAL:
      return a >= b;
    case SQ_BINARY_AND:
      return a != 0 && b != 0;
    case SQ_BINARY_OR:
      return a != 0 || b != 0;
    }
  g_assert_not_reached ();
}

static gboolean
is_integer (SqCudaType type)
{
  return type == SQ_CUDA_I64 || type == SQ_CUDA_I32 || type == SQ_CUDA_U8;
}

void
sq_twin_elementwise (const SqCudaElementwise *job)
{
  gboolean integer = is_integer (job->out.type) && is_integer (job->a.type) && (job->b.data == NULL || is_integer (job->b.type));
  gint64 total = 1;

  for (int d = 0; d < SQ_CUDA_RANK; d++)
    total *= job->dim[d];
  for (gint64 i = 0; i < total; i++)
    {
      gint64 out = 0, a = 0, b = 0, rest = i;
      double x;

      for (int d = SQ_CUDA_RANK - 1; d >= 0; d--)
        {
          out += rest % job->dim[d] * job->out.stride[d];
          a += rest % job->dim[d] * job->a.stride[d];
          b += rest % job->dim[d] * job->b.stride[d];
          rest /= job->dim[d];
        }
      if (integer && job->b.data == NULL && job->act.kind == SQ_ACT_NONE && job->out.type == SQ_CUDA_I64)
        {
          ((gint64 *) job->out.data)[out] = read_exact (&job->a, a);
          continue;
        }
      x = sq_twin_read (job->a.data, job->a.type, a, job->a.scale, job->a.zero);
      if (!integer)
        x = (float) x;
      if (job->b.data != NULL)
        x = combine (job->op, integer, x, sq_twin_read (job->b.data, job->b.type, b, job->b.scale, job->b.zero));
      if (integer) // what lies between two steps is an integer too
        x = isnan (x) ? 0 : CLAMP (trunc (x), -0x1p63, 0x1p63);
      if (integer && job->act.kind == SQ_ACT_NEG)
        x = -x;
      else if (integer && job->act.kind == SQ_ACT_ABS)
        x = fabs (x);
      else if (job->act.kind != SQ_ACT_NONE)
        x = activate (&job->act, x);
      sq_twin_write (job->out.data, job->out.type, out, job->out.scale, job->out.zero, (float) x == x || !integer ? (float) x : x);
    }
}

static double
raw (const void *data, SqCudaType type, gint64 i)
{
  return sq_twin_read (data, type, i, 1, 0);
}

static void
finish (const SqCudaConv *job, int n, int oy, int ox, int k, double sum)
{
  float bias = job->bias != NULL ? job->bias[k] : 0, v;

  v = job->x.type == SQ_CUDA_S8 ? fmaf ((float) sum, job->x.scale * job->weight_scale[k], bias) : (float) (sum + bias);
  v = (float) activate (&job->act, v);
  if (job->residual.data != NULL)
    v += (float) read_map (&job->residual, n, oy, ox, k);
  write_map (&job->y, n, oy, ox, k, v);
}

void
sq_twin_conv (const SqCudaConv *job)
{
  const SqCudaMap *x = &job->x, *y = &job->y;
  int in = x->c / job->groups, out = y->c / job->groups, zero = x->type == SQ_CUDA_S8 ? x->zero : 0;

  for (int n = 0; n < y->n; n++)
    for (int oy = 0; oy < y->h; oy++)
      for (int ox = 0; ox < y->w; ox++)
        for (int k = 0; k < y->c; k++)
          {
            double sum = 0;

            for (int r = 0; r < job->kernel[0]; r++)
              for (int s = 0; s < job->kernel[1]; s++)
                for (int c = 0; c < in; c++)
                  {
                    int iy = oy * job->stride[0] + r * job->dilation[0] - job->pad[0];
                    int ix = ox * job->stride[1] + s * job->dilation[1] - job->pad[1];

                    if (iy >= 0 && iy < x->h && ix >= 0 && ix < x->w)
                      sum += (raw (x->data, x->type, n * x->image + iy * x->row + ix * x->pixel + k / out * in + c) - zero)
                             * raw (job->weights, x->type, (((gint64) k * job->kernel[0] + r) * job->kernel[1] + s) * in + c);
                  }
            finish (job, n, oy, ox, k, sum);
          }
}

void
sq_twin_conv_transpose (const SqCudaConv *job)
{
  const SqCudaMap *x = &job->x, *y = &job->y;
  int in = x->c / job->groups, out = y->c / job->groups;
  g_autofree double *sum = g_new0 (double, (gsize) y->n * y->h * y->w * y->c);

  for (int n = 0; n < x->n; n++)
    for (int iy = 0; iy < x->h; iy++)
      for (int ix = 0; ix < x->w; ix++)
        for (int c = 0; c < x->c; c++)
          for (int r = 0; r < job->kernel[0]; r++)
            for (int s = 0; s < job->kernel[1]; s++)
              for (int k = 0; k < out; k++)
                {
                  int oy = iy * job->stride[0] + r * job->dilation[0] - job->pad[0];
                  int ox = ix * job->stride[1] + s * job->dilation[1] - job->pad[1];

                  if (oy >= 0 && oy < y->h && ox >= 0 && ox < y->w)
                    sum[(((gsize) n * y->h + oy) * y->w + ox) * y->c + c / in * out + k] +=
                        read_map (x, n, iy, ix, c)
                        * raw (job->weights, x->type, (((gint64) c * job->kernel[0] + r) * job->kernel[1] + s) * out + k);
                }
  for (int n = 0; n < y->n; n++)
    for (int oy = 0; oy < y->h; oy++)
      for (int ox = 0; ox < y->w; ox++)
        for (int k = 0; k < y->c; k++)
          finish (job, n, oy, ox, k, sum[(((gsize) n * y->h + oy) * y->w + ox) * y->c + k]);
}

void
sq_twin_pool (const SqCudaPool *job)
{
  const SqCudaMap *x = &job->x, *y = &job->y;

  for (int n = 0; n < y->n; n++)
    for (int oy = 0; oy < y->h; oy++)
      for (int ox = 0; ox < y->w; ox++)
        for (int c = 0; c < y->c; c++)
          {
            int inside = 0, padded = 0;
            float best = -INFINITY;
            double sum = 0;

            for (int r = 0; r < job->kernel[0]; r++)
              for (int s = 0; s < job->kernel[1]; s++)
                {
                  int iy = oy * job->stride[0] + r * job->dilation[0] - job->pad[0];
                  int ix = ox * job->stride[1] + s * job->dilation[1] - job->pad[1];

                  padded += iy < x->h + job->pad[2] && ix < x->w + job->pad[3];
                  if (iy < 0 || iy >= x->h || ix < 0 || ix >= x->w)
                    continue;
                  inside++;
                  sum += read_map (x, n, iy, ix, c);
                  best = fmaxf (best, (float) read_map (x, n, iy, ix, c));
                }
            write_map (y, n, oy, ox, c, job->average ? sum / MAX (job->count_pad ? padded : inside, 1) : best);
          }
}

// engine/ops/resize.c
static float
source_position (int coords, int o, float scale, int n_in, int n_out)
{
  switch (coords)
    {
    case 1:
      return (float) o / scale;
    case 2:
      return n_out == 1 ? 0 : (float) o * (float) (n_in - 1) / (float) (n_out - 1);
    case 3:
      return n_out == 1 ? 0 : ((float) o + .5f) / scale - .5f;
    default:
      return ((float) o + .5f) / scale - .5f;
    }
}

static int
nearest (float x, int n, int floor)
{
  return (int) CLAMP (floor ? floorf (x) : ceilf (x - .5f), 0, (float) (n - 1));
}

void
sq_twin_resize (const SqCudaResize *job)
{
  const SqCudaMap *x = &job->x, *y = &job->y;

  for (int n = 0; n < y->n; n++)
    for (int oy = 0; oy < y->h; oy++)
      for (int ox = 0; ox < y->w; ox++)
        for (int c = 0; c < y->c; c++)
          {
            float sy = source_position (job->coords, oy, job->scale_y, x->h, y->h), fy;
            float sx = source_position (job->coords, ox, job->scale_x, x->w, y->w), fx;
            int y0, x0, y1, x1;

            if (!job->linear)
              {
                write_map (y, n, oy, ox, c, read_map (x, n, nearest (sy, x->h, job->floor), nearest (sx, x->w, job->floor), c));
                continue;
              }
            sy = CLAMP (sy, 0, (float) (x->h - 1));
            sx = CLAMP (sx, 0, (float) (x->w - 1));
            y0 = (int) sy;
            x0 = (int) sx;
            y1 = MIN (y0 + 1, x->h - 1);
            x1 = MIN (x0 + 1, x->w - 1);
            fy = sy - (float) y0;
            fx = sx - (float) x0;
            write_map (y, n, oy, ox, c,
                       (read_map (x, n, y0, x0, c) * (1 - fx) + read_map (x, n, y0, x1, c) * fx) * (1 - fy)
                           + (read_map (x, n, y1, x0, c) * (1 - fx) + read_map (x, n, y1, x1, c) * fx) * fy);
          }
}

void
sq_twin_softmax (const SqCudaSoftmax *job)
{
  for (gint64 o = 0; o < job->outer; o++)
    for (gint64 i = 0; i < job->inner; i++)
      {
        gint64 at = o * job->outer_stride + i * job->inner_stride;
        double top = -INFINITY, sum = 0;

        for (gint64 k = 0; k < job->n; k++)
          top = fmax (top, raw (job->x, job->type, at + k * job->n_stride));
        for (gint64 k = 0; k < job->n; k++)
          sum += exp (raw (job->x, job->type, at + k * job->n_stride) - top);
        for (gint64 k = 0; k < job->n; k++)
          sq_twin_write (job->y, job->type, at + k * job->n_stride, 1, 0,
                         exp (raw (job->x, job->type, at + k * job->n_stride) - top) / sum);
      }
}

void
sq_twin_matmul (const SqCudaMatmul *job)
{
  for (int t = 0; t < job->batch; t++)
    for (int i = 0; i < job->m; i++)
      for (int j = 0; j < job->n; j++)
        {
          double sum = 0;

          for (int k = 0; k < job->k; k++)
            sum += raw (job->x, job->type, t * job->x_batch + i * job->x_row + k * job->x_column)
                   * raw (job->w, job->type, t * job->w_batch + k * job->w_row + j * job->w_column);
          sq_twin_write (job->y, job->type, t * job->y_batch + i * job->y_row + j, 1, 0, sum);
        }
}

void
sq_twin_reduce (const SqCudaReduce *job)
{
  for (gint64 o = 0; o < job->outer; o++)
    for (gint64 i = 0; i < job->inner; i++)
      {
        double v = job->kind == SQ_REDUCE_MAX ? -INFINITY : job->kind == SQ_REDUCE_MIN ? INFINITY : 0;

        for (gint64 k = 0; k < job->n; k++)
          {
            double x = raw (job->x, job->type, (o * job->n + k) * job->inner + i);

            v = job->kind == SQ_REDUCE_MAX ? fmax (v, x) : job->kind == SQ_REDUCE_MIN ? fmin (v, x) : v + x;
          }
        sq_twin_write (job->y, job->type, o * job->inner + i, 1, 0, job->kind == SQ_REDUCE_MEAN ? v / (double) job->n : v);
      }
}
