// SPDX-License-Identifier: GPL-3.0-or-later
// Hands the latest of many items from a worker thread to the main loop; older ones that nobody looked at are dropped.
//
// Owner:  refcounted
// Thread: post from any; everything else on the main thread
// Blocks: never
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _SqMailbox SqMailbox;

// `item` is transfer full.
typedef void (*SqMailboxFunc) (gpointer item, gpointer user_data);

SqMailbox *sq_mailbox_new (SqMailboxFunc func, gpointer user_data, GDestroyNotify free_item);
SqMailbox *sq_mailbox_ref (SqMailbox *self);
void sq_mailbox_unref (SqMailbox *self);

// Takes `item` over, also after close.
void sq_mailbox_post (SqMailbox *self, gpointer item);

// No call of `func` after this.
void sq_mailbox_close (SqMailbox *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqMailbox, sq_mailbox_unref)

G_END_DECLS
