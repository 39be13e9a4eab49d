// SPDX-License-Identifier: GPL-3.0-or-later
#include "mailbox.h"

// After input, before the redraw of the same iteration (GDK_PRIORITY_REDRAW is G_PRIORITY_HIGH_IDLE + 20).
#define MAILBOX_PRIORITY (G_PRIORITY_HIGH_IDLE + 10)

struct _SqMailbox
{
  GMutex lock;
  SqMailboxFunc func;
  gpointer user_data;
  GDestroyNotify free_item;
  gpointer item;    // newest, not yet taken
  gboolean pending; // an idle source is on its way
  gboolean closed;
};

SqMailbox *
sq_mailbox_new (SqMailboxFunc func, gpointer user_data, GDestroyNotify free_item)
{
  SqMailbox *self = g_atomic_rc_box_new0 (SqMailbox);

  g_mutex_init (&self->lock);
  self->func = func;
  self->user_data = user_data;
  self->free_item = free_item;
  return self;
}

SqMailbox *
sq_mailbox_ref (SqMailbox *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
mailbox_clear (gpointer data)
{
  SqMailbox *self = data;

  g_clear_pointer (&self->item, self->free_item);
  g_mutex_clear (&self->lock);
}

void
sq_mailbox_unref (SqMailbox *self)
{
  g_atomic_rc_box_release_full (self, mailbox_clear);
}

static gboolean
mailbox_deliver (gpointer data)
{
  SqMailbox *self = data;
  gpointer item;
  gboolean closed;

  g_mutex_lock (&self->lock);
  item = g_steal_pointer (&self->item);
  self->pending = FALSE;
  closed = self->closed;
  g_mutex_unlock (&self->lock);

  if (item == NULL)
    return G_SOURCE_REMOVE;
  if (closed)
    self->free_item (item);
  else
    self->func (item, self->user_data);
  return G_SOURCE_REMOVE;
}

void
sq_mailbox_post (SqMailbox *self, gpointer item)
{
  gpointer old;
  gboolean wake;

  g_mutex_lock (&self->lock);
  old = self->item;
  self->item = item;
  wake = !self->pending && !self->closed;
  self->pending |= wake;
  g_mutex_unlock (&self->lock);

  if (old != NULL)
    self->free_item (old);
  if (wake)
    g_idle_add_full (MAILBOX_PRIORITY, mailbox_deliver, sq_mailbox_ref (self), (GDestroyNotify) sq_mailbox_unref);
}

void
sq_mailbox_close (SqMailbox *self)
{
  gpointer item;

  g_mutex_lock (&self->lock);
  self->closed = TRUE;
  item = g_steal_pointer (&self->item);
  g_mutex_unlock (&self->lock);

  if (item != NULL)
    self->free_item (item);
}
