// SPDX-License-Identifier: GPL-3.0-or-later
#include "pool.h"

#include <libavutil/mem.h>

#define KEEP 4 // idle buffers of the current size

struct _SqPool
{
  GMutex lock;
  GPtrArray *idle; // Loan, all of `size`
  gsize size;      // bytes
};

typedef struct
{
  SqPool *pool;
  gsize size;
  guint8 *data;
} Loan;

static void
loan_free (gpointer data)
{
  Loan *loan = data;

  av_free (loan->data);
  g_free (loan);
}

SqPool *
sq_pool_new (void)
{
  SqPool *self = g_atomic_rc_box_new0 (SqPool);

  g_mutex_init (&self->lock);
  self->idle = g_ptr_array_new_with_free_func (loan_free);
  return self;
}

static void
pool_clear (gpointer data)
{
  SqPool *self = data;

  g_mutex_clear (&self->lock);
  g_ptr_array_unref (self->idle);
}

SqPool *
sq_pool_ref (SqPool *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
sq_pool_unref (SqPool *self)
{
  g_atomic_rc_box_release_full (self, pool_clear);
}

guint8 *
sq_pool_take (SqPool *self, gsize size, gpointer *out_loan)
{
  Loan *loan = NULL;

  g_mutex_lock (&self->lock);
  if (self->size != size)
    {
      g_ptr_array_set_size (self->idle, 0);
      self->size = size;
    }
  if (self->idle->len > 0)
    loan = g_ptr_array_steal_index_fast (self->idle, self->idle->len - 1);
  g_mutex_unlock (&self->lock);

  if (loan == NULL)
    {
      guint8 *data = av_malloc (size);

      if (data == NULL)
        return NULL;
      loan = g_new (Loan, 1);
      loan->data = data;
      loan->size = size;
    }
  loan->pool = g_atomic_rc_box_acquire (self);
  *out_loan = loan;
  return loan->data;
}

void
sq_pool_return (gpointer data)
{
  Loan *loan = data;
  SqPool *self = g_steal_pointer (&loan->pool);

  g_mutex_lock (&self->lock);
  if (loan->size == self->size && self->idle->len < KEEP)
    g_ptr_array_add (self->idle, g_steal_pointer (&loan));
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&loan, loan_free);
  sq_pool_unref (self);
}
