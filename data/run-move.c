// SPDX-License-Identifier: GPL-3.0-or-later
// What runs were made from lies somewhere else now.
#include "project-private.h"
#include "run-rows.h"
#include <string.h>

typedef struct
{
  SqHub *hub;
  gint64 run;
  char *from, *to;
  GArray *runs; // gint64: of the same source
} Move;

static void
move_free (gpointer data)
{
  Move *move = data;

  sq_hub_unref (move->hub);
  g_free (move->from);
  g_free (move->to);
  g_array_unref (move->runs);
  g_free (move);
}

// `path` or what lies below it; else NULL.
static char *
moved (const Move *move, const char *path)
{
  gsize n = strlen (move->from);

  if (strncmp (path, move->from, n) != 0 || (path[n] != '\0' && path[n] != '/' && move->from[n - 1] != '/'))
    return NULL;
  return g_strconcat (move->to, path + n, NULL);
}

static gboolean
list_runs (Move *move, SqStore *store, gint64 source, GError **error)
{
  SqStatement *s = sq_store_prepare (store, "SELECT id FROM run WHERE source = ?", error);
  SqStep step = SQ_STEP_ERROR;

  if (s == NULL)
    return FALSE;
  sq_bind_int (s, 1, source);
  while ((step = sq_store_step (store, s, error)) == SQ_STEP_ROW)
    {
      gint64 id = sq_column_int (s, 0);

      g_array_append_val (move->runs, id);
    }
  return step == SQ_STEP_DONE;
}

static gboolean
move_source (Move *move, SqStore *store, gint64 source, const char *path, char **paths, GError **error)
{
  g_autofree char *new_path = moved (move, path), *joined = NULL;
  SqStatement *s;

  for (guint i = 0; paths[i] != NULL; i++)
    {
      char *there = moved (move, paths[i]);

      if (there != NULL)
        {
          g_free (paths[i]);
          paths[i] = there;
        }
    }
  joined = sq_lines_join ((const char *const *) paths);
  s = sq_store_prepare (store, "UPDATE source SET path = ?2, paths = ?3 WHERE id = ?1", error);
  if (s == NULL)
    return FALSE;
  sq_bind_int (s, 1, source);
  sq_bind_text (s, 2, new_path != NULL ? new_path : path);
  sq_bind_text (s, 3, joined);
  return sq_store_run (store, s, error);
}

// A folder's pictures have their own paths.
static gboolean
move_frames (Move *move, SqStore *store, gint64 source, GError **error)
{
  SqStatement *s = sq_store_prepare (store,
                                     "UPDATE frame SET path = ?2 || substr(path, length(?1) + 1)"
                                     " WHERE run IN (SELECT id FROM run WHERE source = ?3) AND substr(path, 1, length(?1)) = ?1"
                                     " AND (length(path) = length(?1) OR '/' IN (substr(path, length(?1) + 1, 1), substr(?1, -1)))",
                                     error);

  if (s == NULL)
    return FALSE;
  sq_bind_text (s, 1, move->from);
  sq_bind_text (s, 2, move->to);
  sq_bind_int (s, 3, source);
  return sq_store_run (store, s, error);
}

static gboolean
move_write (SqWriter *writer, SqStore *store, gpointer data, GError **error)
{
  Move *move = data;
  SqStatement *s =
      sq_store_prepare (store, "SELECT s.id, s.path, s.paths FROM source s JOIN run r ON r.source = s.id WHERE r.id = ?", error);
  g_autofree char *path = NULL;
  g_auto (GStrv) paths = NULL;
  gint64 source;
  SqStep step;

  if (s == NULL)
    return FALSE;
  sq_bind_int (s, 1, move->run);
  step = sq_store_step (store, s, error);
  if (step != SQ_STEP_ROW)
    return step == SQ_STEP_DONE; // deleted meanwhile
  source = sq_column_int (s, 0);
  path = g_strdup (sq_column_text (s, 1) != NULL ? sq_column_text (s, 1) : "");
  paths = sq_lines_split (sq_column_text (s, 2));
  while (sq_store_step (store, s, NULL) == SQ_STEP_ROW)
    continue; // ends the statement: there is one row
  return move_source (move, store, source, path, paths, error) && move_frames (move, store, source, error)
         && list_runs (move, store, source, error);
}

static void
move_written (gpointer data, const GError *error)
{
  Move *move = data;

  for (guint i = 0; error == NULL && i < move->runs->len; i++)
    sq_hub_post (move->hub, g_array_index (move->runs, gint64, i), SQ_CHANGE_UPDATED);
}

void
sq_project_move_run_source (SqProject *self, gint64 run, const char *from, const char *to)
{
  SqWriter *writer;
  Move *move;

  g_return_if_fail (SQ_IS_PROJECT (self));
  g_return_if_fail (from != NULL && *from != '\0' && to != NULL);

  writer = _sq_project_get_writer (self);
  if (writer == NULL)
    return;
  move = g_new0 (Move, 1);
  *move =
      (Move){ sq_hub_ref (_sq_project_get_hub (self)), run, g_strdup (from), g_strdup (to), g_array_new (FALSE, FALSE, sizeof (gint64)) };
  sq_writer_push (writer, move_write, move_written, move, move_free);
}
