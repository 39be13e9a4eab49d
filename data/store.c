// SPDX-License-Identifier: GPL-3.0-or-later
#include "store.h"

#include "engine/error.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

#define BUSY_MS 5000

struct _SqStore
{
  sqlite3 *db;
  char *path;
  char *shown;            // for messages
  GHashTable *statements; // sql -> sqlite3_stmt
};

static void
set_error (SqStore *self, int code, GError **error)
{
  int extended = self->db != NULL ? sqlite3_extended_errcode (self->db) : code;
  int system = self->db != NULL ? sqlite3_system_errno (self->db) : 0;

  if ((extended & 0xff) != (code & 0xff))
    extended = code;
  switch (extended & 0xff)
    {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      g_set_error (error, SQ_ERROR, SQ_ERROR_BUSY, "“%s” is in use by another program; close it there and try again.", self->shown);
      return;
    case SQLITE_FULL:
      g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "The disk is full and “%s” cannot grow; free some space, what is stored so far is safe.",
                   self->shown);
      return;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” is read-only; change its permissions or copy it to another folder.", self->shown);
      return;
    case SQLITE_NOTADB:
      g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "“%s” is not a Squint project; choose another file.", self->shown);
      return;
    case SQLITE_CORRUPT:
    case SQLITE_FORMAT:
      g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "“%s” is damaged; restore it from a backup.", self->shown);
      return;
    case SQLITE_NOMEM:
      g_set_error (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY, "“%s” needs more memory than is free; close other programs and try again.",
                   self->shown);
      return;
    case SQLITE_CANTOPEN:
      g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” cannot be opened (%s); check the folder and its permissions.", self->shown,
                   system != 0 ? g_strerror (system) : "no access");
      return;
    case SQLITE_IOERR:
      if (system == ENOSPC || system == EDQUOT || system == EFBIG)
        g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "The disk is full and “%s” cannot grow; free some space, what is stored so far is safe.",
                     self->shown);
      else if (extended == SQLITE_IOERR_WRITE || extended == SQLITE_IOERR_FSYNC || extended == SQLITE_IOERR_SHMSIZE
               || extended == SQLITE_IOERR_TRUNCATE)
        g_set_error (error, SQ_ERROR, SQ_ERROR_IO,
                     "“%s” cannot be written because the disk is full or faulty; free some space, what is stored so far is safe.",
                     self->shown);
      else
        g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” cannot be read or written (%s); check the disk.", self->shown,
                     system != 0 ? g_strerror (system) : "input/output error");
      return;
    default:
      g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "“%s” does not fit this version of Squint (%s); restore it from a backup.",
                   self->shown, self->db != NULL ? sqlite3_errmsg (self->db) : sqlite3_errstr (code));
      return;
    }
}

static void
finalize (gpointer statement)
{
  sqlite3_finalize (statement);
}

static gboolean
check_path (SqStore *self, SqStoreMode mode, GError **error)
{
  GStatBuf info;

  if (g_stat (self->path, &info) != 0)
    {
      if (mode == SQ_STORE_CREATE && errno == ENOENT)
        return TRUE;
      if (errno == ENOENT)
        g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” does not exist; check the name.", self->shown);
      else
        g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” cannot be opened (%s); check the folder and its permissions.", self->shown,
                     g_strerror (errno));
      return FALSE;
    }
  if (!S_ISREG (info.st_mode))
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "“%s” is not a Squint project; choose a .squint file.", self->shown);
      return FALSE;
    }
  return TRUE;
}

SqStore *
sq_store_open (const char *path, SqStoreMode mode, GError **error)
{
  g_autoptr (SqStore) self = g_new0 (SqStore, 1);
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
  int code;

  self->path = g_strdup (path);
  self->shown = g_filename_display_name (path);
  self->statements = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, finalize);
  if (!check_path (self, mode, error))
    return NULL;

  if (mode == SQ_STORE_READ)
    flags |= SQLITE_OPEN_READONLY;
  else
    flags |= SQLITE_OPEN_READWRITE | (mode == SQ_STORE_CREATE ? SQLITE_OPEN_CREATE : 0);
  code = sqlite3_open_v2 (path, &self->db, flags, NULL);
  if (code == SQLITE_OK)
    {
      sqlite3_extended_result_codes (self->db, 1);
      sqlite3_busy_timeout (self->db, BUSY_MS);
      // Touch the file: a wrong or locked one shows here, not in the middle of something.
      code = sqlite3_exec (self->db, "SELECT count(*) FROM sqlite_master", NULL, NULL, NULL);
    }
  if ((code & 0xff) == SQLITE_CANTOPEN && mode == SQ_STORE_READ)
    {
      // A write-ahead file cannot be made in a read-only folder; where nobody writes, none is needed.
      g_autofree char *escaped = g_uri_escape_string (path, "/", TRUE);
      g_autofree char *uri = g_strdup_printf ("file:%s?immutable=1", escaped);

      sqlite3_close (self->db);
      code = sqlite3_open_v2 (uri, &self->db, flags | SQLITE_OPEN_URI, NULL);
      if (code == SQLITE_OK)
        code = sqlite3_exec (self->db, "SELECT count(*) FROM sqlite_master", NULL, NULL, NULL);
    }
  if (code != SQLITE_OK)
    {
      set_error (self, code, error);
      return NULL;
    }
  sqlite3_exec (self->db, "PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-8192", NULL, NULL, NULL);
  return g_steal_pointer (&self);
}

void
sq_store_free (SqStore *self)
{
  g_hash_table_unref (self->statements);
  if (self->db != NULL)
    sqlite3_close (self->db);
  g_free (self->path);
  g_free (self->shown);
  g_free (self);
}

gboolean
sq_store_get_read_only (SqStore *self)
{
  return sqlite3_db_readonly (self->db, "main") == 1;
}

gboolean
sq_store_exec (SqStore *self, const char *sql, GError **error)
{
  int code = sqlite3_exec (self->db, sql, NULL, NULL, NULL);

  if (code != SQLITE_OK)
    set_error (self, code, error);
  return code == SQLITE_OK;
}

gboolean
sq_store_get_int (SqStore *self, const char *sql, gint64 *value, GError **error)
{
  SqStatement *statement = sq_store_prepare (self, sql, error);
  SqStep step;

  *value = 0;
  if (statement == NULL)
    return FALSE;
  step = sq_store_step (self, statement, error);
  if (step == SQ_STEP_ROW)
    *value = sq_column_int (statement, 0);
  sqlite3_reset (statement);
  return step != SQ_STEP_ERROR;
}

void
sq_store_rollback (SqStore *self)
{
  GHashTableIter iter;
  gpointer statement;

  g_hash_table_iter_init (&iter, self->statements);
  while (g_hash_table_iter_next (&iter, NULL, &statement))
    sqlite3_reset (statement);
  if (!sqlite3_get_autocommit (self->db))
    sqlite3_exec (self->db, "ROLLBACK", NULL, NULL, NULL);
}

SqStatement *
sq_store_prepare (SqStore *self, const char *sql, GError **error)
{
  sqlite3_stmt *statement = g_hash_table_lookup (self->statements, sql);
  int code;

  if (statement != NULL)
    {
      sqlite3_reset (statement);
      sqlite3_clear_bindings (statement);
      return statement;
    }
  code = sqlite3_prepare_v3 (self->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
  if (code != SQLITE_OK)
    {
      set_error (self, code, error);
      return NULL;
    }
  g_hash_table_insert (self->statements, g_strdup (sql), statement);
  return statement;
}

SqStep
sq_store_step (SqStore *self, SqStatement *statement, GError **error)
{
  int code = sqlite3_step (statement);

  if (code == SQLITE_ROW)
    return SQ_STEP_ROW;
  if (code == SQLITE_DONE)
    {
      sqlite3_reset (statement);
      return SQ_STEP_DONE;
    }
  set_error (self, code, error);
  sqlite3_reset (statement);
  return SQ_STEP_ERROR;
}

gboolean
sq_store_run (SqStore *self, SqStatement *statement, GError **error)
{
  SqStep step;

  if (statement == NULL)
    return FALSE;
  while ((step = sq_store_step (self, statement, error)) == SQ_STEP_ROW)
    ;
  return step == SQ_STEP_DONE;
}

gint64
sq_store_last_id (SqStore *self)
{
  return sqlite3_last_insert_rowid (self->db);
}

gint64
sq_store_changes (SqStore *self)
{
  return sqlite3_changes (self->db);
}

void
sq_bind_int (SqStatement *statement, int i, gint64 value)
{
  sqlite3_bind_int64 (statement, i, value);
}

void
sq_bind_double (SqStatement *statement, int i, double value)
{
  sqlite3_bind_double (statement, i, value);
}

void
sq_bind_text (SqStatement *statement, int i, const char *value)
{
  if (value != NULL)
    sqlite3_bind_text (statement, i, value, -1, SQLITE_TRANSIENT);
  else
    sqlite3_bind_null (statement, i);
}

void
sq_bind_blob (SqStatement *statement, int i, GBytes *value)
{
  if (value != NULL)
    sqlite3_bind_blob64 (statement, i, g_bytes_get_data (value, NULL), g_bytes_get_size (value), SQLITE_TRANSIENT);
  else
    sqlite3_bind_null (statement, i);
}

gint64
sq_column_int (SqStatement *statement, int i)
{
  return sqlite3_column_int64 (statement, i);
}

double
sq_column_double (SqStatement *statement, int i)
{
  return sqlite3_column_double (statement, i);
}

const char *
sq_column_text (SqStatement *statement, int i)
{
  return (const char *) sqlite3_column_text (statement, i);
}

GBytes *
sq_column_blob (SqStatement *statement, int i)
{
  const void *data = sqlite3_column_blob (statement, i);

  return data != NULL ? g_bytes_new (data, sqlite3_column_bytes (statement, i)) : NULL;
}

gboolean
sq_column_is_null (SqStatement *statement, int i)
{
  return sqlite3_column_type (statement, i) == SQLITE_NULL;
}
