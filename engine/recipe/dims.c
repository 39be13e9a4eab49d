// SPDX-License-Identifier: GPL-3.0-or-later
#include "dims.h"

#include <math.h>

#define MAX_STEPS 8

struct _SqSums
{
  GPtrArray *sums; // GArray of SqDim
};

SqSums *
sq_sums_new (void)
{
  SqSums *self = g_new0 (SqSums, 1);

  self->sums = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  return self;
}

void
sq_sums_free (SqSums *self)
{
  g_ptr_array_unref (self->sums);
  g_free (self);
}

static const GArray *
parts_of (const SqSums *self, const SqAtom *atom)
{
  return g_ptr_array_index (self->sums, (guint) atom->sum);
}

SqDim
sq_dim_new (gint64 was, gint64 now)
{
  return (SqDim){ 1, { { was, now, -1 } } };
}

gint64
sq_dim_was (const SqDim *self)
{
  gint64 n = 1;

  for (int i = 0; i < self->n; i++)
    n *= self->atom[i].was;
  return n;
}

gint64
sq_dim_now (const SqDim *self)
{
  gint64 n = 1;

  for (int i = 0; i < self->n; i++)
    n *= self->atom[i].now;
  return n;
}

gboolean
sq_dim_changed (const SqDim *self)
{
  return sq_dim_was (self) != sq_dim_now (self);
}

SqDims
sq_dims_fixed (const SqShape *shape)
{
  SqDims self = { .rank = shape->rank };

  for (int d = 0; d < shape->rank; d++)
    self.dim[d] = sq_dim_new (shape->dim[d], shape->dim[d]);
  return self;
}

SqDim
sq_dim_concat (SqSums *sums, const SqDim *parts, int n)
{
  SqDim self = sq_dim_new (0, 0);
  GArray *sum;

  for (int k = 0; k < n; k++)
    {
      self.atom[0].was += sq_dim_was (&parts[k]);
      self.atom[0].now += sq_dim_now (&parts[k]);
    }
  if (n == 1)
    return parts[0];
  if (!sq_dim_changed (&self))
    return self;
  sum = g_array_new (FALSE, FALSE, sizeof (SqDim));
  g_array_append_vals (sum, parts, (guint) n);
  g_ptr_array_add (sums->sums, sum);
  self.atom[0].sum = (int) sums->sums->len - 1;
  return self;
}

gboolean
sq_dim_slice (SqSums *sums, const SqDim *self, gint64 first, gint64 size, gint64 *start, SqDim *out)
{
  gint64 was = 0, now = 0;
  int from = -1, to = -1;
  const GArray *parts;

  if (first == 0 && size == sq_dim_was (self))
    {
      *start = 0;
      *out = *self;
      return TRUE;
    }
  if (self->n != 1 || self->atom[0].sum < 0)
    return FALSE;
  parts = parts_of (sums, &self->atom[0]);
  for (guint k = 0; k < parts->len; k++)
    {
      const SqDim *part = &g_array_index (parts, SqDim, k);

      if (was == first)
        {
          from = (int) k;
          *start = now;
        }
      was += sq_dim_was (part);
      now += sq_dim_now (part);
      if (was == first + size)
        to = (int) k;
    }
  if (from < 0 || to < from)
    return FALSE;
  *out = sq_dim_concat (sums, &g_array_index (parts, SqDim, from), to - from + 1);
  return TRUE;
}

// What `atom`, a multiple of `was`, is split into: its inner part and the rest. Of a size that changes, one of both scales with it.
static gboolean
split (SqAtom *atom, gint64 inner, SqAtom *out)
{
  gint64 outer = atom->was / inner;

  if (atom->sum >= 0 || inner < 1 || atom->was % inner != 0)
    return FALSE;
  if (atom->was == atom->now)
    {
      *out = (SqAtom){ inner, inner, -1 };
      *atom = (SqAtom){ outer, outer, -1 };
      return TRUE;
    }
  if (outer * atom->now % atom->was == 0 && inner * atom->now % atom->was != 0)
    {
      *out = (SqAtom){ inner, inner, -1 };
      *atom = (SqAtom){ outer, outer * atom->now / atom->was, -1 };
      return TRUE;
    }
  if (inner * atom->now % atom->was == 0 && outer * atom->now % atom->was != 0)
    {
      *out = (SqAtom){ inner, inner * atom->now / atom->was, -1 };
      *atom = (SqAtom){ outer, outer, -1 };
      return TRUE;
    }
  return FALSE;
}

static gboolean
prepend (SqDim *dim, const SqAtom *atom)
{
  if (atom->was == 1 && atom->now == 1)
    return TRUE;
  if (dim->n == SQ_MAX_ATOMS)
    return FALSE;
  for (int i = dim->n++; i > 0; i--)
    dim->atom[i] = dim->atom[i - 1];
  dim->atom[0] = *atom;
  return TRUE;
}

gboolean
sq_dims_reshape (const SqDims *self, const SqShape *shape, SqDims *out)
{
  SqAtom atoms[SQ_MAX_RANK * SQ_MAX_ATOMS];
  int n = 0;

  for (int d = 0; d < self->rank; d++)
    for (int i = 0; i < self->dim[d].n; i++)
      atoms[n++] = self->dim[d].atom[i];
  out->rank = shape->rank;
  for (int d = shape->rank - 1; d >= 0; d--)
    {
      gint64 want = shape->dim[d];

      out->dim[d].n = 0;
      if (want < 1)
        return FALSE;
      while (want > 1 || (n > 0 && atoms[n - 1].was == 1))
        {
          SqAtom part;

          if (n == 0 || atoms[n - 1].was < 1)
            return FALSE;
          if (want % atoms[n - 1].was == 0)
            part = atoms[--n];
          else if (!split (&atoms[n - 1], want, &part))
            return FALSE;
          want /= part.was;
          if (!prepend (&out->dim[d], &part))
            return FALSE;
        }
      if (out->dim[d].n == 0)
        out->dim[d] = sq_dim_new (1, 1);
    }
  return n == 0;
}

// --- constants
// ----------------------------------------------------------------------------------------------------------------------------------------

// Where a number lies: `base` counts what does not change (level, anchor), `coord` the rows and columns; one row or column further is
// `step` numbers further in the old constant, 0 where there was one only.
typedef struct
{
  gint64 base;
  int n;
  gint64 step[MAX_STEPS], coord[MAX_STEPS];
} Place;

static gboolean
locate (const SqSums *sums, const SqDim *dim, gint64 index, gboolean now, gint64 stride, Place *place)
{
  for (int i = dim->n - 1; i >= 0; i--)
    {
      const SqAtom *atom = &dim->atom[i];
      gint64 size = now ? atom->now : atom->was, at = index % size, before = 0;

      index /= size;
      if (atom->sum >= 0)
        {
          const GArray *parts = parts_of (sums, atom);
          guint k = 0;
          gint64 n;

          for (const SqDim *p = &g_array_index (parts, SqDim, 0); at >= (n = now ? sq_dim_now (p) : sq_dim_was (p)); p++, k++)
            {
              at -= n;
              before += sq_dim_was (p);
            }
          place->base += before * stride;
          if (!locate (sums, &g_array_index (parts, SqDim, k), at, now, stride, place))
            return FALSE;
        }
      else if (atom->was == atom->now)
        place->base += at * stride;
      else if (place->n == MAX_STEPS)
        return FALSE;
      else
        {
          place->step[place->n] = atom->was > 1 ? stride : 0;
          place->coord[place->n++] = at;
        }
      stride *= atom->was;
    }
  return TRUE;
}

static gboolean
is_half (double x)
{
  return fabs (2 * x - rint (2 * x)) < 1e-3;
}

// The number at a place, from the first of its level and the steps there.
static gboolean
value_at (const SqTensor *constant, const Place *place, double *value)
{
  double first = sq_tensor_get (constant, place->base);

  *value = first;
  for (int i = 0; i < place->n; i++)
    {
      double step;

      if (place->step[i] == 0 && place->coord[i] > 0)
        return FALSE;
      step = place->step[i] != 0 ? sq_tensor_get (constant, place->base + place->step[i]) - first : 0;
      if (!is_half (step))
        return FALSE;
      *value += (double) place->coord[i] * step;
    }
  return isfinite (*value);
}

// All of a tensor, at the old size to see whether it counts cells (`out` NULL), or at the new one.
static gboolean
fill (const SqSums *sums, const SqDims *along, const SqTensor *constant, SqTensor *out)
{
  gint64 n = out != NULL ? out->n : constant->n;

  for (gint64 e = 0; e < n; e++)
    {
      gint64 rest = e, stride = 1;
      Place place = { 0 };
      double value;

      for (int d = along->rank - 1; d >= 0; d--)
        {
          gint64 size = out != NULL ? sq_dim_now (&along->dim[d]) : sq_dim_was (&along->dim[d]);

          if (!locate (sums, &along->dim[d], rest % size, out != NULL, stride, &place))
            return FALSE;
          rest /= size;
          stride *= sq_dim_was (&along->dim[d]);
        }
      if (!value_at (constant, &place, &value))
        return FALSE;
      if (out != NULL)
        sq_tensor_set (out, e, value);
      else if (fabs (value - sq_tensor_get (constant, e)) > 1e-3 * MAX (fabs (value), 1))
        return FALSE;
    }
  return TRUE;
}

SqTensor *
sq_dims_regrow (const SqSums *sums, const SqDims *along, const SqTensor *constant)
{
  SqShape shape = { .rank = along->rank };
  g_autoptr (SqTensor) out = NULL;

  for (int d = 0; d < along->rank; d++)
    {
      shape.dim[d] = sq_dim_now (&along->dim[d]);
      if (sq_dim_was (&along->dim[d]) != constant->shape.dim[d])
        return NULL;
    }
  if (along->rank != constant->shape.rank || constant->n == 0 || !fill (sums, along, constant, NULL))
    return NULL;
  out = sq_tensor_new (constant->dtype, &shape);
  if (out == NULL || !fill (sums, along, constant, out))
    return NULL;
  return g_steal_pointer (&out);
}
