// SPDX-License-Identifier: GPL-3.0-or-later
// Pixel buffers of one size, recycled. Private to media/.
//
// Owner:  refcounted; every buffer on loan keeps the pool alive
// Thread: any
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _SqPool SqPool;

SqPool *sq_pool_new (void);
SqPool *sq_pool_ref (SqPool *self);
void sq_pool_unref (SqPool *self);

// At least `size` bytes, 64-byte aligned; NULL when memory is short. `loan` is what sq_pool_return takes.
guint8 *sq_pool_take (SqPool *self, gsize size, gpointer *loan);
void sq_pool_return (gpointer loan);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqPool, sq_pool_unref)

G_END_DECLS
