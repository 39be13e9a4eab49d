// SPDX-License-Identifier: GPL-3.0-or-later
// The one thread that writes a project. Work is queued and joined into transactions that are committed at most SQ_WRITER_COMMIT_MS after
// their first work, so a dying process loses no more than that. Private to data/.
//
// Thread: any, except where stated
#pragma once

#include "hub.h"
#include "store.h"

G_BEGIN_DECLS

#define SQ_WRITER_COMMIT_MS 150 // the commit itself takes time too; together they stay under 250 ms

typedef struct _SqWriter SqWriter;

// Runs on the writer thread inside a transaction. FALSE rolls the whole transaction back.
typedef gboolean (*SqWriteFunc) (SqWriter *writer, SqStore *store, gpointer data, GError **error);

// Runs on the writer thread when the transaction that `data` was part of is over; `error` NULL = it is on disk.
typedef void (*SqWrittenFunc) (gpointer data, const GError *error);

SqWriter *sq_writer_new (SqStore *store, SqHub *hub); // takes the store
SqStore *sq_writer_stop (SqWriter *self);             // writes what is queued, ends the thread, gives the store back; later work is refused
void sq_writer_free (SqWriter *self);                 // stopped before

// `written` and `destroy` are nullable.
void sq_writer_push (SqWriter *self, SqWriteFunc func, SqWrittenFunc written, gpointer data, GDestroyNotify destroy);

// On the writer thread: `func (data)` once before the current transaction is committed.
void sq_writer_before_commit (SqWriter *self, SqWriteFunc func, gpointer data);

// On the writer thread: commit as soon as the current work is done.
void sq_writer_hurry (SqWriter *self);

// Waits until everything pushed before is on disk or refused. Blocks.
void sq_writer_flush (SqWriter *self);

// The first failure since the start (transfer full) or NULL.
GError *sq_writer_get_error (SqWriter *self);

G_END_DECLS
