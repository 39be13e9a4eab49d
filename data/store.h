// SPDX-License-Identifier: GPL-3.0-or-later
// One SQLite connection: the only place that knows SQLite and its error codes. Private to data/.
//
// Owner:  sq_store_open gives, sq_store_free takes; statements belong to the store and are reused by their text
// Thread: one at a time
// Blocks: file I/O; waits up to 5 s for another program's lock
// Errors: SQ_ERROR_IO, SQ_ERROR_FORMAT, SQ_ERROR_BUSY, SQ_ERROR_OUT_OF_MEMORY; one sentence that names the file
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _SqStore SqStore;
typedef struct sqlite3_stmt SqStatement;

typedef enum
{
  SQ_STORE_READ,
  SQ_STORE_WRITE,
  SQ_STORE_CREATE, // write, and make the file when it is missing
} SqStoreMode;

typedef enum
{
  SQ_STEP_ERROR,
  SQ_STEP_ROW,
  SQ_STEP_DONE,
} SqStep;

SqStore *sq_store_open (const char *path, SqStoreMode mode, GError **error);
void sq_store_free (SqStore *self);
gboolean sq_store_get_read_only (SqStore *self); // also when asked to write but the file may not be

gboolean sq_store_exec (SqStore *self, const char *sql, GError **error);
gboolean sq_store_get_int (SqStore *self, const char *sql, gint64 *value, GError **error); // first column of the first row, 0 without rows
void sq_store_rollback (SqStore *self);                                                    // ends any open transaction, quietly

// Reset and ready for binding; NULL on error.
SqStatement *sq_store_prepare (SqStore *self, const char *sql, GError **error);
SqStep sq_store_step (SqStore *self, SqStatement *statement, GError **error);
gboolean sq_store_run (SqStore *self, SqStatement *statement, GError **error); // steps to the end
gint64 sq_store_last_id (SqStore *self);
gint64 sq_store_changes (SqStore *self); // rows the last statement changed

void sq_bind_int (SqStatement *statement, int i, gint64 value); // i from 1
void sq_bind_double (SqStatement *statement, int i, double value);
void sq_bind_text (SqStatement *statement, int i, const char *value); // copied; NULL = null
void sq_bind_blob (SqStatement *statement, int i, GBytes *value);     // copied; NULL = null

gint64 sq_column_int (SqStatement *statement, int i); // i from 0
double sq_column_double (SqStatement *statement, int i);
const char *sq_column_text (SqStatement *statement, int i); // borrowed until the next step; NULL for null
GBytes *sq_column_blob (SqStatement *statement, int i);     // transfer full, NULL for null
gboolean sq_column_is_null (SqStatement *statement, int i);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqStore, sq_store_free)

G_END_DECLS
