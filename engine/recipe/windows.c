// SPDX-License-Identifier: GPL-3.0-or-later
#include "windows.h"

#include "kernels/kernels.h"
#include <math.h>

void
sq_window_gather (const SqConvParams *p, const SqTensor *x, gint64 first, gint64 channels, gint64 oy, gint64 ox, float *row)
{
  gint64 h = x->shape.dim[2], w = x->shape.dim[3];

  for (gint64 c = first; c < first + channels; c++)
    for (int ky = 0; ky < p->kernel[0]; ky++)
      for (int kx = 0; kx < p->kernel[1]; kx++)
        {
          gint64 iy = oy * p->stride[0] + ky * p->dilation[0] - p->pad[0], ix = ox * p->stride[1] + kx * p->dilation[1] - p->pad[1];

          *row++ = iy < 0 || iy >= h || ix < 0 || ix >= w ? 0 : sq_tensor_f32 (x)[(c * h + iy) * w + ix];
        }
}

void
sq_add_products (float *sum, const float *a, gint64 n_a, gint64 from, gint64 to, const float *b, gint64 n_b, guint rows, gboolean lower)
{
  for (gint64 i = from; i < to; i++)
    for (guint r = 0; r < rows; r += 4)
      {
        const float *four[4];
        float w[4];

        for (int k = 0; k < 4; k++)
          {
            four[k] = b + (r + (guint) k) * n_b;
            w[k] = a[(r + (guint) k) * n_a + i];
          }
        sq_kernels ()->add_rows_f32 (sum + i * n_b, four, w, (gsize) (lower ? i + 1 : n_b));
      }
}

static double
dot (const double *a, const double *b, gint64 n)
{
  double s[4] = { 0 };
  gint64 i = 0;

  for (; i + 4 <= n; i += 4)
    for (int k = 0; k < 4; k++)
      s[k] += a[i + k] * b[i + k];
  for (; i < n; i++)
    s[0] += a[i] * b[i];
  return (s[0] + s[1]) + (s[2] + s[3]);
}

gboolean
sq_cholesky (double *a, gint64 n)
{
  for (gint64 j = 0; j < n; j++)
    {
      double d = a[j * n + j] - dot (a + j * n, a + j * n, j);

      if (!(d > 0))
        return FALSE;
      a[j * n + j] = d = sqrt (d);
#pragma omp parallel for if (n - j > 128)
      for (gint64 i = j + 1; i < n; i++)
        a[i * n + j] = (a[i * n + j] - dot (a + i * n, a + j * n, j)) / d;
    }
  return TRUE;
}

void
sq_cholesky_solve (const double *l, gint64 n, double *x)
{
  for (gint64 i = 0; i < n; i++)
    x[i] = (x[i] - dot (l + i * n, x, i)) / l[i * n + i];
  for (gint64 i = n - 1; i >= 0; i--)
    {
      double v = x[i] /= l[i * n + i];

      for (gint64 j = 0; j < i; j++)
        x[j] -= v * l[i * n + j];
    }
}

gboolean
sq_invert (double *a, gint64 n)
{
  g_autofree double *out = NULL;

  if (!sq_cholesky (a, n) || (out = g_try_malloc ((gsize) (n * n) * sizeof (double))) == NULL)
    return FALSE;
#pragma omp parallel for schedule(dynamic)
  for (gint64 c = 0; c < n; c++)
    {
      double *x = out + c * n;

      for (gint64 i = 0; i < n; i++)
        x[i] = i == c;
      sq_cholesky_solve (a, n, x);
    }
  for (gint64 i = 0; i < n * n; i++)
    a[i] = out[i];
  return TRUE;
}

// Turns rows p and q, which are `n` numbers long, by an angle.
static void
turn (double *p, double *q, gint64 n, double cosine, double sine)
{
  for (gint64 i = 0; i < n; i++)
    {
      double x = p[i], y = q[i];

      p[i] = cosine * x - sine * y;
      q[i] = sine * x + cosine * y;
    }
}

// One-sided Jacobi (Hestenes): the rows of A are turned until each is orthogonal to all others; they are then the eigenvectors, as long as
// the eigenvalues say, and what turned them are the eigenvectors too, also where a value is 0.
void
sq_eigen (double *a, gint64 n, double *values, double *vectors)
{
  double most = 0;
  gboolean turned = TRUE;

  for (gint64 i = 0; i < n * n; i++)
    vectors[i] = i % (n + 1) == 0;
  for (gint64 i = 0; i < n; i++)
    most = MAX (most, dot (a + i * n, a + i * n, n));
  for (int sweep = 0; turned && sweep < 60; sweep++)
    {
      turned = FALSE;
      for (gint64 p = 0; p + 1 < n; p++)
        for (gint64 q = p + 1; q < n; q++)
          {
            double *x = a + p * n, *y = a + q * n, xx = dot (x, x, n), yy = dot (y, y, n), xy = dot (x, y, n), zeta, t;

            if (xy * xy <= 1e-24 * xx * yy || xx * yy <= 1e-40 * most * most)
              continue;
            turned = TRUE;
            zeta = (yy - xx) / (2 * xy);
            t = (zeta >= 0 ? 1 : -1) / (fabs (zeta) + sqrt (1 + zeta * zeta));
            turn (x, y, n, 1 / sqrt (1 + t * t), t / sqrt (1 + t * t));
            turn (vectors + p * n, vectors + q * n, n, 1 / sqrt (1 + t * t), t / sqrt (1 + t * t));
          }
    }
  for (gint64 i = 0; i < n; i++)
    values[i] = sqrt (dot (a + i * n, a + i * n, n));
  for (gint64 i = 0; i < n; i++) // sorted: few rows, each moved once at most
    {
      gint64 best = i;

      for (gint64 k = i + 1; k < n; k++)
        best = values[k] > values[best] ? k : best;
      if (best != i)
        {
          double v = values[i];

          values[i] = values[best];
          values[best] = v;
          turn (vectors + i * n, vectors + best * n, n, 0, 1);
        }
    }
}
