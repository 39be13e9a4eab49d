// SPDX-License-Identifier: GPL-3.0-or-later
// Small changes to stored runs: rename, note, position, delete and undo.
#include "project-private.h"

#define MAX_TAG 64 // characters

typedef struct
{
  SqHub *hub;
  gint64 run;
  const char *sql; // ?1 run, ?2 text or number, ?3 now
  char *text;
  gint64 number;
  SqChange change;
  gboolean both;  // what is done to one side of a live comparison is done to the other
  gint64 runs[2]; // that were changed
  guint n_runs;
} Edit;

static void
edit_free (gpointer data)
{
  Edit *edit = data;

  sq_hub_unref (edit->hub);
  g_free (edit->text);
  g_free (edit);
}

static gboolean
edit_one (Edit *edit, SqStore *store, gint64 run, GError **error)
{
  SqStatement *statement = sq_store_prepare (store, edit->sql, error);

  if (statement == NULL)
    return FALSE;
  sq_bind_int (statement, 1, run);
  if (edit->text != NULL)
    sq_bind_text (statement, 2, edit->text);
  else
    sq_bind_int (statement, 2, edit->number);
  sq_bind_int (statement, 3, g_get_real_time ());
  if (!sq_store_run (store, statement, error))
    return FALSE;
  if (sq_store_changes (store) > 0)
    edit->runs[edit->n_runs++] = run;
  return TRUE;
}

static gboolean
edit_write (SqWriter *writer, SqStore *store, gpointer data, GError **error)
{
  Edit *edit = data;
  gint64 partner = 0;

  if (!edit_one (edit, store, edit->run, error) || (edit->both && !_sq_comparison_partner (store, edit->run, &partner, error)))
    return FALSE;
  return partner == 0 || edit_one (edit, store, partner, error);
}

static void
edit_written (gpointer data, const GError *error)
{
  Edit *edit = data;

  for (guint i = 0; error == NULL && i < edit->n_runs; i++)
    sq_hub_post (edit->hub, edit->runs[i], edit->change);
}

static void
edit_run (SqProject *self, gint64 run, const char *sql, const char *text, gint64 number, SqChange change)
{
  SqWriter *writer = _sq_project_get_writer (self);
  Edit *edit;

  if (writer == NULL)
    {
      g_autofree char *shown = g_filename_display_name (sq_project_get_path (self));
      g_autofree char *message = g_strdup_printf ("“%s” is read-only; copy it to another folder to change it.", shown);

      sq_hub_fail (_sq_project_get_hub (self), message);
      return;
    }
  edit = g_new0 (Edit, 1);
  edit->hub = sq_hub_ref (_sq_project_get_hub (self));
  edit->run = run;
  edit->sql = sql;
  edit->text = g_strdup (text);
  edit->number = number;
  edit->change = change;
  edit->both = change == SQ_CHANGE_REMOVED || change == SQ_CHANGE_RESTORED;
  sq_writer_push (writer, edit_write, edit_written, edit, edit_free);
}

void
sq_project_rename_run (SqProject *self, gint64 run, const char *name)
{
  g_return_if_fail (SQ_IS_PROJECT (self));
  g_return_if_fail (name != NULL);
  edit_run (self, run, "UPDATE run SET name = ?2 WHERE id = ?1", name, 0, SQ_CHANGE_UPDATED);
}

void
sq_project_set_run_note (SqProject *self, gint64 run, const char *note)
{
  g_return_if_fail (SQ_IS_PROJECT (self));
  edit_run (self, run,
            "INSERT INTO note (run, text, changed_us) SELECT id, ?2, ?3 FROM run WHERE id = ?1"
            " ON CONFLICT (run) DO UPDATE SET text = excluded.text, changed_us = excluded.changed_us",
            note != NULL ? note : "", 0, SQ_CHANGE_UPDATED);
}

void
sq_project_add_run_tag (SqProject *self, gint64 run, const char *tag)
{
  g_autofree char *line = NULL, *text = NULL;

  g_return_if_fail (SQ_IS_PROJECT (self));
  g_return_if_fail (tag != NULL);
  line = g_strdelimit (g_utf8_make_valid (tag, -1), "\r\n", ' ');
  text = g_utf8_substring (line, 0, MIN (g_utf8_strlen (line, -1), MAX_TAG));
  if (*g_strstrip (text) != '\0')
    edit_run (self, run, "INSERT OR IGNORE INTO tag (run, name) SELECT id, ?2 FROM run WHERE id = ?1", text, 0, SQ_CHANGE_UPDATED);
}

void
sq_project_remove_run_tag (SqProject *self, gint64 run, const char *tag)
{
  g_return_if_fail (SQ_IS_PROJECT (self));
  g_return_if_fail (tag != NULL);
  edit_run (self, run, "DELETE FROM tag WHERE run = ?1 AND name = ?2", tag, 0, SQ_CHANGE_UPDATED);
}

void
sq_project_set_run_position (SqProject *self, gint64 run, gint64 pts_ns)
{
  g_return_if_fail (SQ_IS_PROJECT (self));
  edit_run (self, run, "UPDATE run SET position_ns = ?2 WHERE id = ?1", NULL, pts_ns, SQ_CHANGE_UPDATED);
}

void
sq_project_delete_run (SqProject *self, gint64 run)
{
  g_return_if_fail (SQ_IS_PROJECT (self));
  _sq_project_mark_deleted (self, run, TRUE);
  edit_run (self, run, "UPDATE run SET deleted_us = ?3 WHERE id = ?1 AND deleted_us = 0", NULL, 0, SQ_CHANGE_REMOVED);
}

void
sq_project_restore_run (SqProject *self, gint64 run)
{
  g_return_if_fail (SQ_IS_PROJECT (self));
  _sq_project_mark_deleted (self, run, FALSE);
  edit_run (self, run, "UPDATE run SET deleted_us = 0 WHERE id = ?1 AND deleted_us > 0", NULL, 0, SQ_CHANGE_RESTORED);
}

// Frames of one purge transaction: some 10,000 detections, a few ms.
#define PURGE_FRAMES 500

static gboolean
purge_step (SqStore *store, const char *sql, gint64 run, gint64 below, GError **error)
{
  SqStatement *statement = sq_store_prepare (store, sql, error);

  if (statement == NULL)
    return FALSE;
  sq_bind_int (statement, 1, run);
  sq_bind_int (statement, 2, below);
  return sq_store_run (store, statement, error);
}

static gboolean
purge_transaction (SqStore *store, const char *const *sql, gint64 run, gint64 below, GError **error)
{
  if (!sq_store_exec (store, "BEGIN IMMEDIATE", error))
    return FALSE;
  for (guint i = 0; sql[i] != NULL; i++)
    if (!purge_step (store, sql[i], run, below, error))
      {
        sq_store_rollback (store);
        return FALSE;
      }
  if (sq_store_exec (store, "COMMIT", error))
    return TRUE;
  sq_store_rollback (store);
  return FALSE;
}

gboolean
_sq_purge_run (SqStore *store, gint64 run, GError **error)
{
  static const char *const parts[] = { "DELETE FROM detection WHERE run = ?1 AND seq < ?2",
                                       "DELETE FROM thumbnail WHERE run = ?1 AND seq < ?2", "DELETE FROM frame WHERE run = ?1 AND seq < ?2",
                                       NULL };
  static const char *const rest[] = { "DELETE FROM detection WHERE run = ?1", "DELETE FROM run WHERE id = ?1", NULL };
  g_autofree char *last_sql = g_strdup_printf ("SELECT max(seq) FROM frame WHERE run = %" G_GINT64_FORMAT, run);
  gint64 last;

  if (!sq_store_get_int (store, last_sql, &last, error))
    return FALSE;
  for (gint64 below = PURGE_FRAMES; below <= last; below += PURGE_FRAMES)
    if (!purge_transaction (store, parts, run, below, error))
      return FALSE;
  return purge_transaction (store, rest, run, 0, error);
}
