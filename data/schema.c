// SPDX-License-Identifier: GPL-3.0-or-later
// Keys are integers. Frames and detections are clustered by run (WITHOUT ROWID), so that a page of a run is one short read and deleting a
// run touches its own pages only. Counts per run and class are kept beside them, so that no list ever counts.
#include "schema.h"

#include "engine/error.h"

#define APPLICATION_ID 0x53715431 // "SqT1"

static const char version_1[] =
    "CREATE TABLE model ("
    " id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL UNIQUE, name TEXT NOT NULL, path TEXT NOT NULL, family TEXT NOT NULL, format TEXT NOT "
    "NULL,"
    " precision TEXT NOT NULL, file_size INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL, n_params INTEGER NOT NULL,"
    " flop REAL NOT NULL, labels TEXT NOT NULL);" // one label per line
    "CREATE TABLE variant ("
    " id INTEGER PRIMARY KEY, model INTEGER NOT NULL REFERENCES model, level TEXT NOT NULL, recipe TEXT NOT NULL DEFAULT '',"
    " report TEXT NOT NULL DEFAULT '', UNIQUE (model, level, recipe));"
    "CREATE TABLE source ("
    " id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, name TEXT NOT NULL, path TEXT NOT NULL, paths TEXT NOT NULL, size INTEGER NOT NULL,"
    " hash TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL, fps REAL NOT NULL, duration_ns INTEGER NOT NULL,"
    " n_frames INTEGER NOT NULL);" // paths: one per line, escaped
    "CREATE INDEX source_path ON source (path);"
    "CREATE TABLE run ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, state INTEGER NOT NULL, message TEXT, owner TEXT, started_us INTEGER NOT "
    "NULL,"
    " finished_us INTEGER NOT NULL DEFAULT 0, model INTEGER NOT NULL REFERENCES model, variant INTEGER NOT NULL REFERENCES variant,"
    " source INTEGER NOT NULL REFERENCES source, device TEXT NOT NULL, settings TEXT NOT NULL, confidence REAL NOT NULL, iou REAL NOT NULL,"
    " class_agnostic INTEGER NOT NULL, max_detections INTEGER NOT NULL, n_frames INTEGER NOT NULL DEFAULT 0,"
    " n_detections INTEGER NOT NULL DEFAULT 0, n_objects INTEGER NOT NULL DEFAULT 0, position_ns INTEGER NOT NULL DEFAULT 0,"
    " cover INTEGER NOT NULL DEFAULT -1, deleted_us INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX run_state ON run (state) WHERE state = 0;"
    "CREATE INDEX run_deleted ON run (deleted_us) WHERE deleted_us > 0;"
    "CREATE TABLE run_device ("
    " run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, device TEXT NOT NULL, frames INTEGER NOT NULL, busy_ns INTEGER NOT NULL,"
    " PRIMARY KEY (run, device)) WITHOUT ROWID;"
    "CREATE TABLE run_class ("
    " run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, class INTEGER NOT NULL, name TEXT NOT NULL, n INTEGER NOT NULL, best REAL NOT "
    "NULL,"
    " PRIMARY KEY (run, class)) WITHOUT ROWID;"
    "CREATE INDEX run_class_name ON run_class (name COLLATE NOCASE, run);"
    "CREATE TABLE frame ("
    " run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, seq INTEGER NOT NULL, idx INTEGER NOT NULL, pts_ns INTEGER NOT NULL,"
    " duration_ns INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL, path TEXT, decode_ns INTEGER NOT NULL,"
    " preprocess_ns INTEGER NOT NULL, infer_ns INTEGER NOT NULL, post_ns INTEGER NOT NULL, device TEXT NOT NULL, nms_done INTEGER NOT NULL,"
    " n_objects INTEGER NOT NULL, PRIMARY KEY (run, seq)) WITHOUT ROWID;" // path: null = the source's
    "CREATE INDEX frame_pts ON frame (run, pts_ns);"
    "CREATE TABLE detection ("
    " run INTEGER NOT NULL, seq INTEGER NOT NULL, i INTEGER NOT NULL, class INTEGER NOT NULL, score REAL NOT NULL, x1 REAL NOT NULL,"
    " y1 REAL NOT NULL, x2 REAL NOT NULL, y2 REAL NOT NULL, PRIMARY KEY (run, seq, i)) WITHOUT ROWID;"
    "CREATE TABLE thumbnail ("
    " run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, seq INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (run, seq));"
    "CREATE TABLE device_sample ("
    " run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, device TEXT NOT NULL, at_us INTEGER NOT NULL, compute REAL NOT NULL,"
    " own REAL NOT NULL, memory REAL NOT NULL, PRIMARY KEY (run, device, at_us)) WITHOUT ROWID;"
    "CREATE TABLE comparison ("
    " id INTEGER PRIMARY KEY, a INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, b INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,"
    " made_us INTEGER NOT NULL, report TEXT NOT NULL DEFAULT '');"
    "CREATE INDEX comparison_a ON comparison (a);"
    "CREATE INDEX comparison_b ON comparison (b);"
    "CREATE TABLE label ("
    " id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE, path TEXT NOT NULL, class TEXT NOT NULL,"
    " x1 REAL NOT NULL, y1 REAL NOT NULL, x2 REAL NOT NULL, y2 REAL NOT NULL, area REAL NOT NULL, crowd INTEGER NOT NULL);"
    "CREATE INDEX label_source ON label (source, path);"
    "CREATE TABLE note (run INTEGER PRIMARY KEY REFERENCES run ON DELETE CASCADE, text TEXT NOT NULL, changed_us INTEGER NOT NULL);";

// What a device does not say is -1.
static const char version_2[] = "ALTER TABLE device_sample ADD COLUMN busy REAL NOT NULL DEFAULT -1;"
                                "ALTER TABLE device_sample ADD COLUMN bandwidth REAL NOT NULL DEFAULT -1;"
                                "ALTER TABLE device_sample ADD COLUMN encoder REAL NOT NULL DEFAULT -1;"
                                "ALTER TABLE device_sample ADD COLUMN decoder REAL NOT NULL DEFAULT -1;"
                                "ALTER TABLE device_sample ADD COLUMN temperature REAL NOT NULL DEFAULT -1;"
                                "ALTER TABLE device_sample ADD COLUMN power REAL NOT NULL DEFAULT -1;"
                                "ALTER TABLE device_sample ADD COLUMN clock REAL NOT NULL DEFAULT -1;";

// region: what lies outside is not counted, as sq_region_to_text writes it. A comparison's run `b` saw the frames of `a`; live: both were
// made together, and lists show them as one.
static const char version_3[] = "ALTER TABLE detection ADD COLUMN track INTEGER NOT NULL DEFAULT 0;"
                                "ALTER TABLE run ADD COLUMN region TEXT NOT NULL DEFAULT '';"
                                "ALTER TABLE run_class ADD COLUMN n_tracks INTEGER NOT NULL DEFAULT 0;"
                                "ALTER TABLE comparison ADD COLUMN live INTEGER NOT NULL DEFAULT 0;"
                                "CREATE TABLE tag ("
                                " run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, name TEXT NOT NULL COLLATE NOCASE,"
                                " PRIMARY KEY (run, name)) WITHOUT ROWID;"
                                "CREATE INDEX tag_name ON tag (name, run);";

// Entry i brings version i to i + 1.
static const char *const migrations[SQ_SCHEMA_VERSION] = { version_1, version_2, version_3 };

gboolean
sq_schema_check (SqStore *store, const char *path, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);
  gint64 application, version, tables;

  if (!sq_store_get_int (store, "PRAGMA application_id", &application, error)
      || !sq_store_get_int (store, "PRAGMA user_version", &version, error)
      || !sq_store_get_int (store, "SELECT count(*) FROM sqlite_master", &tables, error))
    return FALSE;
  if (application != APPLICATION_ID && (application != 0 || version != 0 || tables != 0))
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "“%s” is a database of another program, not a Squint project; choose another file.",
                   shown);
      return FALSE;
    }
  if (version > SQ_SCHEMA_VERSION)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT,
                   "“%s” was written by a newer Squint (format %d, this one knows %d); update Squint to open it.", shown, (int) version,
                   SQ_SCHEMA_VERSION);
      return FALSE;
    }
  return TRUE;
}

gboolean
sq_schema_migrate (SqStore *store, GError **error)
{
  gint64 version, application;

  // Readers never wait for the writer in write-ahead mode.
  if (!sq_store_exec (store, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA journal_size_limit=67108864", error)
      || !sq_store_get_int (store, "PRAGMA user_version", &version, error)
      || !sq_store_get_int (store, "PRAGMA application_id", &application, error))
    return FALSE;
  if (version == SQ_SCHEMA_VERSION && application == APPLICATION_ID)
    return TRUE;
  if (!sq_store_exec (store, "BEGIN IMMEDIATE", error) || !sq_store_get_int (store, "PRAGMA user_version", &version, error))
    {
      sq_store_rollback (store);
      return FALSE;
    }
  for (; version < SQ_SCHEMA_VERSION; version++)
    if (!sq_store_exec (store, migrations[version], error))
      {
        sq_store_rollback (store);
        return FALSE;
      }
  {
    g_autofree char *marks =
        g_strdup_printf ("PRAGMA user_version=%d; PRAGMA application_id=%d; COMMIT", SQ_SCHEMA_VERSION, APPLICATION_ID);

    if (!sq_store_exec (store, marks, error))
      {
        sq_store_rollback (store);
        return FALSE;
      }
  }
  return TRUE;
}

// Views of the connection hide the file's tables of the same name.
gboolean
sq_schema_complete (SqStore *store, GError **error)
{
  static const char since_2[] = "CREATE TEMP VIEW device_sample AS SELECT *, -1. AS busy, -1. AS bandwidth, -1. AS encoder, -1. AS decoder,"
                                " -1. AS temperature, -1. AS power, -1. AS clock FROM main.device_sample";
  static const char since_3[] = "CREATE TEMP VIEW detection AS SELECT *, 0 AS track FROM main.detection;"
                                "CREATE TEMP VIEW run AS SELECT *, '' AS region FROM main.run;"
                                "CREATE TEMP VIEW run_class AS SELECT *, 0 AS n_tracks FROM main.run_class;"
                                "CREATE TEMP VIEW comparison AS SELECT *, 0 AS live FROM main.comparison;"
                                "CREATE TEMP TABLE tag (run INTEGER, name TEXT COLLATE NOCASE)";
  gint64 version;

  return sq_store_get_int (store, "PRAGMA user_version", &version, error)
         && (version >= 3 || (sq_store_exec (store, "PRAGMA temp_store=MEMORY", error) && sq_store_exec (store, since_3, error)))
         && (version >= 2 || sq_store_exec (store, since_2, error));
}
