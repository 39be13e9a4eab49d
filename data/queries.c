// SPDX-License-Identifier: GPL-3.0-or-later
// Runs. Frames are in frames.c.
#include "queries.h"

#include "project-private.h"
#include "run-rows.h"
#include <string.h>

static const char run_columns[] =
    "SELECT r.id, r.name, n.text, r.state, r.message, r.started_us, r.finished_us, m.name, m.path, m.sha256, m.family, v.level, r.device, "
    "r.settings,"
    " r.confidence, r.iou, r.class_agnostic, r.max_detections, s.kind, s.name, s.paths, s.size, s.hash, s.width, s.height, s.fps, "
    "s.duration_ns,"
    " r.n_frames, r.n_detections, r.n_objects, r.position_ns, m.labels, t.data, r.region, (SELECT group_concat(name, char(10)) FROM tag "
    "WHERE run = r.id),"
    " c.b, (SELECT m2.name FROM run r2 JOIN model m2 ON m2.id = r2.model WHERE r2.id = c.b)"
    " FROM run r JOIN model m ON m.id = r.model JOIN variant v ON v.id = r.variant JOIN source s ON s.id = r.source"
    " LEFT JOIN note n ON n.run = r.id LEFT JOIN thumbnail t ON t.run = r.id AND t.seq = r.cover"
    " LEFT JOIN comparison c ON c.a = r.id AND c.live = 1";

SqRun *
sq_run_ref (SqRun *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
run_clear (gpointer data)
{
  SqRun *self = data;
  char *const strings[] = { self->name,  self->note,   self->message,  self->model,  self->model_path,  self->model_sha256, self->family,
                            self->level, self->device, self->settings, self->source, self->source_hash, self->partner_model };

  for (guint i = 0; i < G_N_ELEMENTS (strings); i++)
    g_free (strings[i]);
  g_strfreev (self->paths);
  g_strfreev (self->tags);
  g_strfreev (self->labels);
  g_clear_pointer (&self->counts, g_array_unref);
  g_clear_pointer (&self->thumbnail, g_bytes_unref);
  if (self->filter.region != NULL)
    sq_region_unref (self->filter.region);
}

void
sq_run_unref (SqRun *self)
{
  g_atomic_rc_box_release_full (self, run_clear);
}

char *
sq_run_describe_counts (const SqRun *self, guint max)
{
  GString *text = g_string_new (NULL);

  gboolean tracked = FALSE;
  guint n = 0;

  for (guint i = 0; i < self->counts->len; i++)
    tracked = tracked || g_array_index (self->counts, SqClassCount, i).n_tracks > 0;
  for (guint i = 0; i < self->counts->len && (max == 0 || n < max); i++)
    {
      const SqClassCount *count = &g_array_index (self->counts, SqClassCount, i);
      gint64 shown = tracked ? count->n_tracks : count->n;

      if (shown > 0)
        g_string_append_printf (text, "%s%" G_GINT64_FORMAT " %s", n++ > 0 ? ", " : "", shown, count->name);
    }
  return g_string_free (text, FALSE);
}

static char *
dup_text (SqStatement *statement, int i)
{
  const char *text = sq_column_text (statement, i);

  return g_strdup (text != NULL ? text : "");
}

static SqRun *
read_run (SqStatement *s)
{
  SqRun *run = g_atomic_rc_box_new0 (SqRun);

  run->id = sq_column_int (s, 0);
  run->name = dup_text (s, 1);
  run->note = dup_text (s, 2);
  run->state = sq_column_int (s, 3);
  run->message = g_strdup (sq_column_text (s, 4));
  run->started_us = sq_column_int (s, 5);
  run->finished_us = sq_column_int (s, 6);
  run->model = dup_text (s, 7);
  run->model_path = dup_text (s, 8);
  run->model_sha256 = dup_text (s, 9);
  run->family = dup_text (s, 10);
  run->level = dup_text (s, 11);
  run->device = dup_text (s, 12);
  run->settings = dup_text (s, 13);
  run->filter.confidence = sq_column_double (s, 14);
  run->filter.iou = sq_column_double (s, 15);
  run->filter.class_agnostic = sq_column_int (s, 16) != 0;
  run->filter.max_detections = sq_column_int (s, 17);
  run->source_kind = sq_column_int (s, 18);
  run->source = dup_text (s, 19);
  run->paths = sq_lines_split (sq_column_text (s, 20));
  run->source_size = sq_column_int (s, 21);
  run->source_hash = dup_text (s, 22);
  run->width = sq_column_int (s, 23);
  run->height = sq_column_int (s, 24);
  run->fps = sq_column_double (s, 25);
  run->duration_ns = sq_column_int (s, 26);
  run->n_frames = sq_column_int (s, 27);
  run->n_detections = sq_column_int (s, 28);
  run->n_objects = sq_column_int (s, 29);
  run->position_ns = sq_column_int (s, 30);
  run->labels = sq_lines_split (sq_column_text (s, 31));
  run->thumbnail = sq_column_blob (s, 32);
  if (sq_column_text (s, 33) != NULL && *sq_column_text (s, 33) != '\0')
    run->filter.region = sq_region_from_text (sq_column_text (s, 33), NULL);
  run->tags = g_strsplit (sq_column_text (s, 34) != NULL ? sq_column_text (s, 34) : "", "\n", -1);
  run->partner = sq_column_int (s, 35);
  run->partner_model = dup_text (s, 36);
  run->counts = g_array_new (FALSE, FALSE, sizeof (SqClassCount));
  return run;
}

static gboolean
read_counts (SqStore *store, gint64 run, GArray *counts, GError **error)
{
  SqStatement *statement =
      sq_store_prepare (store, "SELECT class, name, n, n_tracks, best FROM run_class WHERE run = ? ORDER BY n DESC, class", error);
  SqStep step;

  if (statement == NULL)
    return FALSE;
  sq_bind_int (statement, 1, run);
  while ((step = sq_store_step (store, statement, error)) == SQ_STEP_ROW)
    {
      const char *name = sq_column_text (statement, 1);
      SqClassCount count = { sq_column_int (statement, 0), g_intern_string (name != NULL ? name : ""), sq_column_int (statement, 2),
                             sq_column_int (statement, 3), sq_column_double (statement, 4) };

      g_array_append_val (counts, count);
    }
  return step == SQ_STEP_DONE;
}

// WHERE clause of a query; `binds` receives its values (GVariant, in order).
static char *
where_clause (SqProject *project, const SqRunQuery *query, gint64 before, GPtrArray *binds)
{
  GString *where = g_string_new (" WHERE r.deleted_us = 0");

  // two runs that were made together are shown as one
  g_string_append (where, " AND NOT EXISTS (SELECT 1 FROM comparison c WHERE c.b = r.id AND c.live = 1)");

  if (before > 0)
    {
      g_string_append (where, " AND r.id < ?");
      g_ptr_array_add (binds, g_variant_new_int64 (before));
    }
  if (query == NULL)
    return g_string_free (where, FALSE);
  if (query->text != NULL)
    {
      g_auto (GStrv) words = g_strsplit_set (query->text, " \t\n", -1);

      for (guint i = 0; words[i] != NULL; i++)
        {
          GString *pattern;

          if (words[i][0] == 0)
            continue;
          pattern = g_string_new (words[i]);
          g_string_replace (pattern, "\\", "\\\\", 0);
          g_string_replace (pattern, "%", "\\%", 0);
          g_string_replace (pattern, "_", "\\_", 0);
          g_string_prepend_c (pattern, '%');
          g_string_append_c (pattern, '%');
          g_string_append (
              where,
              " AND (r.name LIKE ? ESCAPE '\\' OR s.name LIKE ? ESCAPE '\\' OR m.name LIKE ? ESCAPE '\\' OR n.text LIKE ? ESCAPE '\\'"
              " OR EXISTS (SELECT 1 FROM tag t WHERE t.run = r.id AND t.name LIKE ? ESCAPE '\\')"
              " OR EXISTS (SELECT 1 FROM run_class c WHERE c.run = r.id AND c.name LIKE ? ESCAPE '\\'))");
          for (guint j = 0; j < 6; j++)
            g_ptr_array_add (binds, g_variant_new_string (pattern->str));
          g_string_free (pattern, TRUE);
        }
    }
  if (query->source != NULL)
    {
      g_string_append (where, " AND s.name = ?");
      g_ptr_array_add (binds, g_variant_new_string (query->source));
    }
  if (query->class_name != NULL)
    {
      g_string_append (where, " AND EXISTS (SELECT 1 FROM run_class c WHERE c.name = ? COLLATE NOCASE AND c.run = r.id AND c.best >= ?)");
      g_ptr_array_add (binds, g_variant_new_string (query->class_name));
      g_ptr_array_add (binds, g_variant_new_double (query->min_score));
    }
  if (query->tag != NULL)
    {
      g_string_append (where, " AND EXISTS (SELECT 1 FROM tag t WHERE t.name = ? AND t.run = r.id)");
      g_ptr_array_add (binds, g_variant_new_string (query->tag));
    }
  if (query->model != NULL)
    {
      g_string_append (where, " AND m.name = ?");
      g_ptr_array_add (binds, g_variant_new_string (query->model));
    }
  if (query->device != NULL)
    {
      g_string_append (where, " AND r.device = ?");
      g_ptr_array_add (binds, g_variant_new_string (query->device));
    }
  if (query->from_us > 0)
    {
      g_string_append (where, " AND r.started_us >= ?");
      g_ptr_array_add (binds, g_variant_new_int64 (query->from_us));
    }
  if (query->to_us > 0)
    {
      g_string_append (where, " AND r.started_us < ?");
      g_ptr_array_add (binds, g_variant_new_int64 (query->to_us));
    }
  return g_string_free (where, FALSE);
}

static void
unref_bind (gpointer data)
{
  g_variant_unref (data);
}

static SqStatement *
prepare_query (SqProject *project, SqStore *store, const char *head, const SqRunQuery *query, gint64 before, const char *tail,
               GError **error)
{
  g_autoptr (GPtrArray) binds = g_ptr_array_new_with_free_func (unref_bind);
  g_autofree char *where = where_clause (project, query, before, binds);
  g_autofree char *sql = g_strconcat (head, where, tail, NULL);
  SqStatement *statement = sq_store_prepare (store, sql, error);

  for (guint i = 0; i < binds->len; i++)
    {
      GVariant *value = g_ptr_array_index (binds, i);

      if (statement == NULL)
        continue;
      if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
        sq_bind_text (statement, i + 1, g_variant_get_string (value, NULL));
      else if (g_variant_is_of_type (value, G_VARIANT_TYPE_DOUBLE))
        sq_bind_double (statement, i + 1, g_variant_get_double (value));
      else
        sq_bind_int (statement, i + 1, g_variant_get_int64 (value));
    }
  return statement;
}

GArray *
sq_project_list_run_ids (SqProject *project, const SqRunQuery *query, GError **error)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  SqStore *store;
  SqStatement *statement;
  SqStep step = SQ_STEP_ERROR;

  g_return_val_if_fail (SQ_IS_PROJECT (project), NULL);
  store = _sq_project_take_reader (project, error);
  if (store == NULL)
    return NULL;
  // Without a query the small table alone is enough.
  statement = prepare_query (project, store,
                             query == NULL ? "SELECT r.id FROM run r"
                                           : "SELECT r.id FROM run r JOIN model m ON m.id = r.model JOIN source s ON s.id = r.source"
                                             " LEFT JOIN note n ON n.run = r.id",
                             query, 0, " ORDER BY r.id DESC", error);
  while (statement != NULL && (step = sq_store_step (store, statement, error)) == SQ_STEP_ROW)
    {
      gint64 id = sq_column_int (statement, 0);

      g_array_append_val (ids, id);
    }
  _sq_project_return_reader (project, store);
  return step == SQ_STEP_DONE ? g_steal_pointer (&ids) : NULL;
}

static void
unref_run (gpointer data)
{
  sq_run_unref (data);
}

static gboolean
read_runs (SqStore *store, SqStatement *statement, GPtrArray *runs, GError **error)
{
  SqStep step = SQ_STEP_ERROR;

  while (statement != NULL && (step = sq_store_step (store, statement, error)) == SQ_STEP_ROW)
    g_ptr_array_add (runs, read_run (statement));
  for (guint i = 0; step == SQ_STEP_DONE && i < runs->len; i++)
    {
      SqRun *run = g_ptr_array_index (runs, i);

      if (!read_counts (store, run->id, run->counts, error))
        step = SQ_STEP_ERROR;
    }
  return step == SQ_STEP_DONE;
}

GPtrArray *
sq_project_list_runs (SqProject *project, const SqRunQuery *query, gint64 before, guint limit, GError **error)
{
  g_autoptr (GPtrArray) runs = g_ptr_array_new_with_free_func (unref_run);
  g_autofree char *tail = g_strdup_printf (" ORDER BY r.id DESC LIMIT %u", limit);
  SqStore *store;
  gboolean good;

  g_return_val_if_fail (SQ_IS_PROJECT (project), NULL);
  store = _sq_project_take_reader (project, error);
  if (store == NULL)
    return NULL;
  good = read_runs (store, prepare_query (project, store, run_columns, query, before, tail, error), runs, error);
  _sq_project_return_reader (project, store);
  return good ? g_steal_pointer (&runs) : NULL;
}

GPtrArray *
_sq_project_load_runs (SqProject *project, const gint64 *ids, guint n, GError **error)
{
  g_autoptr (GPtrArray) runs = g_ptr_array_new_with_free_func (unref_run);
  SqStore *store = _sq_project_take_reader (project, error);
  gboolean good = store != NULL;

  for (guint i = 0; good && i < n; i++)
    {
      g_autofree char *sql = g_strconcat (run_columns, " WHERE r.id = ?", NULL);
      SqStatement *statement = sq_store_prepare (store, sql, error);
      SqStep step = SQ_STEP_ERROR;

      if (statement != NULL)
        {
          sq_bind_int (statement, 1, ids[i]);
          step = sq_store_step (store, statement, error);
        }
      if (step == SQ_STEP_ROW)
        {
          SqRun *run = read_run (statement);

          g_ptr_array_add (runs, run);
          good = sq_store_run (store, statement, error) && read_counts (store, run->id, run->counts, error);
        }
      else
        good = step == SQ_STEP_DONE;
    }
  if (store != NULL)
    _sq_project_return_reader (project, store);
  return good ? g_steal_pointer (&runs) : NULL;
}

SqRun *
sq_project_load_run (SqProject *project, gint64 run, GError **error)
{
  g_autoptr (GPtrArray) runs = NULL;

  g_return_val_if_fail (SQ_IS_PROJECT (project), NULL);
  runs = _sq_project_load_runs (project, &run, 1, error);
  if (runs == NULL)
    return NULL;
  if (runs->len == 0)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” has no run number %" G_GINT64_FORMAT "; list the runs and choose another.",
                   sq_project_get_path (project), run);
      return NULL;
    }
  return sq_run_ref (g_ptr_array_index (runs, 0));
}

GArray *
sq_project_run_counts (SqProject *project, gint64 run, GError **error)
{
  g_autoptr (GArray) counts = g_array_new (FALSE, FALSE, sizeof (SqClassCount));
  SqStore *store;
  gboolean good;

  g_return_val_if_fail (SQ_IS_PROJECT (project), NULL);
  store = _sq_project_take_reader (project, error);
  if (store == NULL)
    return NULL;
  good = read_counts (store, run, counts, error);
  _sq_project_return_reader (project, store);
  return good ? g_steal_pointer (&counts) : NULL;
}
