// SPDX-License-Identifier: GPL-3.0-or-later
// Pairs are found by keys that are read first; detections come in pages, those of B as A's frames ask for them.
#include "comparison.h"

#include "engine/error.h"
#include "project-private.h"
#include <string.h>

#define PAGE 250 // frames

gboolean
_sq_comparison_partner (SqStore *store, gint64 run, gint64 *partner, GError **error)
{
  SqStatement *s = sq_store_prepare (store, "SELECT a + b - ?1 FROM comparison WHERE live = 1 AND ?1 IN (a, b)", error);
  SqStep step;

  *partner = 0;
  if (s == NULL)
    return FALSE;
  sq_bind_int (s, 1, run);
  if ((step = sq_store_step (store, s, error)) == SQ_STEP_ROW)
    {
      *partner = sq_column_int (s, 0);
      return sq_store_run (store, s, error);
    }
  return step == SQ_STEP_DONE;
}

gboolean
sq_project_find_comparison (SqProject *project, gint64 run, SqStoredComparison *found, GError **error)
{
  SqStore *store;
  SqStatement *s;
  SqStep step = SQ_STEP_ERROR;

  g_return_val_if_fail (SQ_IS_PROJECT (project), FALSE);
  memset (found, 0, sizeof *found);
  store = _sq_project_take_reader (project, error);
  if (store == NULL)
    return FALSE;
  s = sq_store_prepare (store, "SELECT id, a, b, made_us, live FROM comparison WHERE ?1 IN (a, b) ORDER BY live DESC, id DESC LIMIT 1",
                        error);
  if (s != NULL)
    {
      sq_bind_int (s, 1, run);
      step = sq_store_step (store, s, error);
    }
  if (step == SQ_STEP_ROW)
    *found = (SqStoredComparison){ sq_column_int (s, 0), sq_column_int (s, 1), sq_column_int (s, 2), sq_column_int (s, 3),
                                   sq_column_int (s, 4) != 0 };
  _sq_project_return_reader (project, store);
  return step != SQ_STEP_ERROR;
}

void
sq_compared_runs_free (SqComparedRuns *self)
{
  g_clear_pointer (&self->a, sq_run_unref);
  g_clear_pointer (&self->b, sq_run_unref);
  g_clear_pointer (&self->comparison, sq_comparison_free);
  g_clear_pointer (&self->pairs, g_array_unref);
  g_clear_pointer (&self->paths, g_hash_table_unref);
  g_clear_pointer (&self->filter_a.region, sq_region_unref);
  g_free (self->classes_a);
  g_free (self->classes_b);
  g_free (self->precision_a);
  g_free (self->precision_b);
  g_free (self);
}

// --- whether they can be compared
// ------------------------------------------------------------------------------------------------------------------------------

typedef enum
{
  BY_INDEX,
  BY_PATH,
} Key;

static gboolean
same_hash (const SqRun *a, const SqRun *b)
{
  return a->source_hash[0] != '\0' && g_str_equal (a->source_hash, b->source_hash);
}

static gboolean
differ (const SqRun *a, const SqRun *b, const char *why, GError **error)
{
  g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT,
               "Runs %" G_GINT64_FORMAT " (“%s”) and %" G_GINT64_FORMAT
               " (“%s”) cannot be compared, %s; choose two runs over the same frames.",
               a->id, a->source, b->id, b->source, why);
  return FALSE;
}

static gboolean
choose_key (const SqRun *a, const SqRun *b, gboolean together, Key *key, GError **error)
{
  gboolean same_paths = g_strv_equal ((const char *const *) a->paths, (const char *const *) b->paths);

  *key = BY_INDEX;
  if (together)
    return TRUE;
  if (a->source_kind != b->source_kind)
    return differ (a, b, "one saw pictures and the other did not", error);
  if (a->source_kind == SQ_SOURCE_LIVE)
    return differ (a, b, "what was live is never the same twice", error);
  if (same_paths && a->source_hash[0] != '\0' && b->source_hash[0] != '\0' && !same_hash (a, b))
    return differ (a, b, "the file was changed between them", error);
  if (a->source_kind == SQ_SOURCE_PICTURES)
    *key = same_paths || !same_hash (a, b) ? BY_PATH : BY_INDEX; // a folder may have moved
  else if (!same_paths && !same_hash (a, b))
    return differ (a, b, "they saw different videos", error);
  return TRUE;
}

// --- pairs
// --------------------------------------------------------------------------------------------------------------------------------------------

// What a frame is known by: its path, or a number as text.
static char *
frame_key (Key key, gint64 index, gint64 seq, const char *path)
{
  return key == BY_PATH ? g_strdup (path) : g_strdup_printf ("%" G_GINT64_FORMAT, index >= 0 ? index : seq);
}

// key -> seq (gint64 *) of the run's frames; the first of equals.
static GHashTable *
read_keys (SqProject *project, gint64 run, Key key, GError **error)
{
  g_autoptr (GHashTable) keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  SqStore *store = _sq_project_take_reader (project, error);
  SqStatement *s;
  SqStep step = SQ_STEP_ERROR;

  if (store == NULL)
    return NULL;
  s = sq_store_prepare (
      store,
      "SELECT f.seq, f.idx, coalesce (f.path, s.path) FROM frame f JOIN run r ON r.id = f.run JOIN source s ON s.id = r.source"
      " WHERE f.run = ? ORDER BY f.seq DESC",
      error);
  if (s != NULL)
    {
      sq_bind_int (s, 1, run);
      while ((step = sq_store_step (store, s, error)) == SQ_STEP_ROW)
        {
          gint64 seq = sq_column_int (s, 0);
          const char *path = sq_column_text (s, 2);

          g_hash_table_replace (keys, frame_key (key, sq_column_int (s, 1), seq, path != NULL ? path : ""), g_memdup2 (&seq, sizeof seq));
        }
    }
  _sq_project_return_reader (project, store);
  return step == SQ_STEP_DONE ? g_steal_pointer (&keys) : NULL;
}

// Times of one side, ns by stage.
typedef struct
{
  GArray *ns[SQ_N_STAGES];
} Times;

static void
times_init (Times *times)
{
  for (int s = 0; s < SQ_N_STAGES; s++)
    times->ns[s] = g_array_new (FALSE, FALSE, sizeof (gint64));
}

static void
times_add (Times *times, const SqStoredFrame *frame)
{
  for (int s = 0; s < SQ_N_STAGES; s++)
    g_array_append_val (times->ns[s], frame->stage_ns[s]);
}

static int
compare_ns (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return x < y ? -1 : x > y;
}

// Runs do not say how many frames were under way at once: no rate follows from their times.
static void
times_finish (Times *times, SqComparedModel *side)
{
  SqStageStats stages[SQ_N_STAGES] = { 0 };

  for (int s = 0; s < SQ_N_STAGES; s++)
    {
      GArray *ns = times->ns[s];

      g_array_sort (ns, compare_ns);
      stages[s].count = ns->len;
      for (guint i = 0; i < ns->len; i++)
        stages[s].busy_ns += g_array_index (ns, gint64, i);
      if (ns->len > 0)
        {
          stages[s].p50_ns = g_array_index (ns, gint64, ns->len / 2);
          stages[s].p99_ns = g_array_index (ns, gint64, ns->len * 99 / 100);
        }
      g_array_unref (ns);
    }
  sq_compared_model_set_stages (side, stages, 0);
}

// The frame `seq` of a run; `page` is the stretch read last.
static SqStoredFrame *
get_frame (SqProject *project, gint64 run, gint64 seq, GPtrArray **page, GError **error)
{
  for (int pass = 0; pass < 2; pass++)
    {
      for (guint i = 0; *page != NULL && i < (*page)->len; i++)
        if (((SqStoredFrame *) g_ptr_array_index (*page, i))->seq == seq)
          return g_ptr_array_index (*page, i);
      g_clear_pointer (page, g_ptr_array_unref);
      if (pass == 0 && (*page = sq_project_load_frames (project, run, seq - seq % PAGE, PAGE, error)) == NULL)
        return NULL;
    }
  g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” lost frames of run %" G_GINT64_FORMAT " while they were read; try again.",
               sq_project_get_path (project), run);
  return NULL;
}

static void
add_pair (SqComparedRuns *self, SqStoredFrame *a, SqStoredFrame *b)
{
  g_autoptr (GArray) left = _sq_stored_frame_detections (a, &self->filter_a);
  g_autoptr (GArray) right = _sq_stored_frame_detections (b, &self->filter_b);
  SqFramePair pair = { a->index >= 0 ? a->index : a->seq, a->seq, b->seq };

  sq_comparison_add (self->comparison, pair.index, a->pts_ns, left, right);
  g_array_append_val (self->pairs, pair);
  if (self->paths != NULL)
    g_hash_table_insert (self->paths, g_memdup2 (&pair.index, sizeof pair.index), g_strdup (a->path));
}

static int
by_index (gconstpointer a, gconstpointer b)
{
  const SqFramePair *x = a, *y = b;

  return x->index < y->index ? -1 : x->index > y->index;
}

static gboolean
read_pairs (SqComparedRuns *self, SqProject *project, Key key, GCancellable *cancellable, GError **error)
{
  g_autoptr (GHashTable) keys = read_keys (project, self->b->id, key, error);
  g_autoptr (GPtrArray) page_b = NULL;
  Times times_a, times_b;
  gint64 first = 0, n_b = keys != NULL ? (gint64) g_hash_table_size (keys) : 0;
  gboolean good = keys != NULL;

  times_init (&times_a);
  times_init (&times_b);
  while (good)
    {
      g_autoptr (GPtrArray) page = sq_project_load_frames (project, self->a->id, first, PAGE, error);

      good = page != NULL && !g_cancellable_set_error_if_cancelled (cancellable, error);
      if (!good || page->len == 0)
        break;
      for (guint i = 0; good && i < page->len; i++)
        {
          SqStoredFrame *a = g_ptr_array_index (page, i), *b;
          g_autofree char *name = frame_key (key, a->index, a->seq, a->path);
          const gint64 *seq = g_hash_table_lookup (keys, name);

          first = a->seq + 1;
          if (seq == NULL)
            {
              self->only_a++;
              continue;
            }
          b = get_frame (project, self->b->id, *seq, &page_b, error);
          good = b != NULL;
          if (!good)
            break;
          times_add (&times_a, a);
          times_add (&times_b, b);
          add_pair (self, a, b);
          g_hash_table_remove (keys, name); // each once
        }
    }
  if (good)
    self->only_b = n_b - self->pairs->len;
  g_array_sort (self->pairs, by_index);
  times_finish (&times_a, &self->side_a);
  times_finish (&times_b, &self->side_b);
  return good;
}

// --- the runs
// --------------------------------------------------------------------------------------------------------------------------------------------

static gboolean
describe_side (SqProject *project, const SqRun *run, SqComparedModel *side, char **precision, GError **error)
{
  SqStore *store = _sq_project_take_reader (project, error);
  SqStatement *s;
  SqStep step = SQ_STEP_ERROR;

  if (store == NULL)
    return FALSE;
  s = sq_store_prepare (
      store, "SELECT m.file_size, m.flop, m.width, m.height, m.precision FROM run r JOIN model m ON m.id = r.model WHERE r.id = ?", error);
  if (s != NULL)
    {
      sq_bind_int (s, 1, run->id);
      step = sq_store_step (store, s, error);
    }
  if (step == SQ_STEP_ROW)
    {
      *precision = g_strdup (sq_column_text (s, 4));
      *side = (SqComparedModel){ .name = run->model,
                                 .level = run->level,
                                 .device = run->device,
                                 .precision = *precision,
                                 .labels = (const char *const *) run->labels,
                                 .file_size = (guint64) sq_column_int (s, 0),
                                 .flop = sq_column_double (s, 1),
                                 .input_width = (int) sq_column_int (s, 2),
                                 .input_height = (int) sq_column_int (s, 3) };
    }
  _sq_project_return_reader (project, store);
  return step != SQ_STEP_ERROR;
}

static void
set_filters (SqComparedRuns *self, const SqFilter *filter)
{
  self->filter_a = self->filter_b = filter != NULL ? *filter : self->a->filter;
  self->filter_a.classes = self->filter_b.classes = NULL;
  self->filter_a.n_classes = self->filter_b.n_classes = 0;
  if (self->filter_a.region != NULL)
    sq_region_ref (self->filter_a.region); // one reference for both
  if (filter == NULL || filter->classes == NULL)
    return;
  self->classes_a = g_memdup2 (filter->classes, filter->n_classes);
  self->filter_a.classes = self->classes_a;
  self->filter_a.n_classes = filter->n_classes;
  self->classes_b = sq_comparison_map_classes (self->comparison, filter->classes, filter->n_classes, &self->filter_b.n_classes);
  self->filter_b.classes = self->classes_b;
}

SqComparedRuns *
sq_project_compare_runs (SqProject *project, gint64 a, gint64 b, const SqFilter *filter, GCancellable *cancellable, GError **error)
{
  g_autoptr (SqComparedRuns) self = NULL;
  SqStoredComparison found;
  gboolean together;
  Key key;

  g_return_val_if_fail (SQ_IS_PROJECT (project), NULL);
  self = g_new0 (SqComparedRuns, 1);
  self->pairs = g_array_new (FALSE, FALSE, sizeof (SqFramePair));
  if ((self->a = sq_project_load_run (project, a, error)) == NULL || (self->b = sq_project_load_run (project, b, error)) == NULL
      || !sq_project_find_comparison (project, a, &found, error))
    return NULL;
  together = found.live && MIN (found.a, found.b) == MIN (a, b) && MAX (found.a, found.b) == MAX (a, b);
  if (!choose_key (self->a, self->b, together, &key, error) || !describe_side (project, self->a, &self->side_a, &self->precision_a, error)
      || !describe_side (project, self->b, &self->side_b, &self->precision_b, error))
    return NULL;
  self->comparison = sq_comparison_new ((const char *const *) self->a->labels, (const char *const *) self->b->labels);
  if (self->a->source_kind == SQ_SOURCE_PICTURES)
    self->paths = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  set_filters (self, filter);
  if (!read_pairs (self, project, key, cancellable, error))
    return NULL;
  if (self->pairs->len == 0)
    {
      differ (self->a, self->b, "they have no frame in common", error);
      return NULL;
    }
  return g_steal_pointer (&self);
}

SqComparisonReport
sq_compared_runs_report (const SqComparedRuns *self)
{
  return (SqComparisonReport){ .source = self->a->source,
                               .a = self->side_a,
                               .b = self->side_b,
                               .filter = self->filter_a,
                               .comparison = self->comparison,
                               .paths = self->paths };
}

typedef struct
{
  gint64 a, b;
  gboolean filtered;
  SqFilter filter;
  guint8 *classes;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_clear_pointer (&job->filter.region, sq_region_unref);
  g_free (job->classes);
  g_free (job);
}

static void
free_compared (gpointer data)
{
  sq_compared_runs_free (data);
}

static void
compare_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Job *job = data;
  GError *error = NULL;
  SqComparedRuns *runs = sq_project_compare_runs (source, job->a, job->b, job->filtered ? &job->filter : NULL, cancellable, &error);

  if (runs != NULL)
    g_task_return_pointer (task, runs, free_compared);
  else
    g_task_return_error (task, error);
}

void
sq_project_compare_runs_async (SqProject *project, gint64 a, gint64 b, const SqFilter *filter, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (project, cancellable, callback, user_data);
  Job *job = g_new0 (Job, 1);

  *job = (Job){ .a = a, .b = b, .filtered = filter != NULL };
  if (filter != NULL)
    {
      job->filter = *filter;
      job->filter.region = filter->region != NULL ? sq_region_ref (filter->region) : NULL;
      job->filter.classes = job->classes = g_memdup2 (filter->classes, filter->classes != NULL ? filter->n_classes : 0);
    }
  g_task_set_source_tag (task, sq_project_compare_runs_async);
  g_task_set_task_data (task, job, job_free);
  g_task_run_in_thread (task, compare_in_thread);
}

SqComparedRuns *
sq_project_compare_runs_finish (SqProject *project, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
