// SPDX-License-Identifier: GPL-3.0-or-later
#include "run-rows.h"

#include "engine/media/fingerprint.h"
#include "project-private.h"
#include "variant.h"
#include <string.h>

char *
sq_lines_join (const char *const *lines)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; lines != NULL && lines[i] != NULL; i++)
    {
      g_autofree char *escaped = g_strescape (lines[i], NULL);

      g_string_append_printf (text, "%s%s", i > 0 ? "\n" : "", escaped);
    }
  return g_string_free (text, FALSE);
}

char **
sq_lines_split (const char *text)
{
  char **lines = g_strsplit (text != NULL ? text : "", "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *plain = g_strcompress (lines[i]);

      g_free (lines[i]);
      lines[i] = plain;
    }
  return lines;
}

// Absolute, so that a run can be opened from anywhere; addresses as they are, without credentials.
static char *
absolute_path (const char *path)
{
  const char *scheme = strstr (path, "://");

  if (path[0] == 0 || path[0] == '/')
    return g_strdup (path);
  if (scheme != NULL)
    {
      const char *host = scheme + 3, *end = host + strcspn (host, "/?#");
      const char *at = g_strrstr_len (host, end - host, "@");
      g_autofree char *head = g_strndup (path, host - path);

      return at != NULL ? g_strconcat (head, at + 1, NULL) : g_strdup (path);
    }
  return g_canonicalize_filename (path, NULL);
}

static char *
join_absolute (const char *const *paths)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; paths[i] != NULL; i++)
    g_ptr_array_add (list, absolute_path (paths[i]));
  g_ptr_array_add (list, NULL);
  return sq_lines_join ((const char *const *) list->pdata);
}

SqRunRow *
sq_run_row_new (const SqRunInfo *info)
{
  static const SqSourceInfo no_source = { .name = (char *) "", .path = (char *) "", .n_frames = -1, .duration_ns = -1 };
  SqRunRow *self = g_new0 (SqRunRow, 1);
  const SqSourceInfo *source = info->source != NULL ? info->source : &no_source;
  const SqModel *model = info->model;
  const char *single[] = { source->path, NULL };

  self->name = g_strdup (info->name != NULL ? info->name : source->name);
  self->level = info->level != NULL ? g_strdup (info->level) : model != NULL ? sq_model_get_level (model) : NULL;
  if (self->level == NULL)
    self->level = g_strdup ("original");
  self->device = g_strdup (info->device != NULL ? info->device : "cpu");
  self->settings = g_strdup (info->settings != NULL ? info->settings : "{}");
  self->filter = info->filter != NULL ? *info->filter : SQ_FILTER_DEFAULT;
  self->filter.classes = NULL;
  self->filter.n_classes = 0;
  self->filter.region = self->filter.region != NULL ? sq_region_copy (self->filter.region) : NULL;
  self->started_us = g_get_real_time ();

  self->sha256 = g_strdup (model != NULL && model->sha256 != NULL ? model->sha256 : "");
  self->model_name = g_strdup (model != NULL && model->name != NULL ? model->name : "");
  self->model_path = g_strdup (model != NULL && model->path != NULL ? model->path : "");
  self->family = g_strdup (model != NULL && model->family_id != NULL ? model->family_id : "");
  self->format = g_strdup (model != NULL && model->format != NULL ? model->format : "");
  self->precision = g_strdup (model != NULL && model->precision != NULL ? model->precision : "");
  self->labels = sq_lines_join (model != NULL ? (const char *const *) model->labels : NULL);
  self->label_list = g_strdupv (model != NULL ? model->labels : NULL);
  if (model != NULL)
    {
      self->file_size = model->file_size;
      self->n_params = model->n_params;
      self->flop = model->flop;
      self->input_width = model->input.width;
      self->input_height = model->input.height;
    }

  self->source_kind = source->kind;
  self->source_name = g_strdup (source->name != NULL ? source->name : "");
  self->source_path = absolute_path (source->path != NULL ? source->path : "");
  self->source_paths = join_absolute (info->paths != NULL ? info->paths : single);
  self->width = source->width;
  self->height = source->height;
  self->fps = source->fps;
  self->duration_ns = source->duration_ns;
  self->n_frames = source->n_frames;
  return self;
}

void
sq_run_row_free (SqRunRow *self)
{
  char *const strings[] = { self->name,       self->level,       self->device,      self->settings,    self->sha256,
                            self->model_name, self->model_path,  self->family,      self->format,      self->labels,
                            self->precision,  self->source_name, self->source_path, self->source_paths };

  for (guint i = 0; i < G_N_ELEMENTS (strings); i++)
    g_free (strings[i]);
  g_strfreev (self->label_list);
  if (self->filter.region != NULL)
    sq_region_unref (self->filter.region);
  g_free (self);
}

char *
sq_run_row_class_name (SqRunRow *self, int class_id)
{
  if (class_id >= 0 && self->label_list != NULL && class_id < (int) g_strv_length (self->label_list))
    return g_strdup (self->label_list[class_id]);
  return g_strdup_printf ("class %d", class_id);
}

// First column of the first row; 0 when there is none.
static gboolean
get_id (SqStore *store, SqStatement *statement, gint64 *id, GError **error)
{
  SqStep step = sq_store_step (store, statement, error);

  *id = step == SQ_STEP_ROW ? sq_column_int (statement, 0) : 0;
  if (step == SQ_STEP_ROW)
    step = sq_store_run (store, statement, error) ? SQ_STEP_DONE : SQ_STEP_ERROR;
  return step != SQ_STEP_ERROR;
}

static gboolean
insert_model (SqRunRow *self, SqStore *store, gint64 *model, gint64 *variant, GError **error)
{
  SqStatement *statement;

  statement = sq_store_prepare (
      store,
      "INSERT INTO model (sha256, name, path, family, format, precision, file_size, width, height, n_params, flop, labels)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sha256) DO UPDATE SET"
      " name = excluded.name, path = excluded.path, labels = excluded.labels RETURNING id",
      error);
  if (statement == NULL)
    return FALSE;
  sq_bind_text (statement, 1, self->sha256);
  sq_bind_text (statement, 2, self->model_name);
  sq_bind_text (statement, 3, self->model_path);
  sq_bind_text (statement, 4, self->family);
  sq_bind_text (statement, 5, self->format);
  sq_bind_text (statement, 6, self->precision);
  sq_bind_int (statement, 7, self->file_size);
  sq_bind_int (statement, 8, self->input_width);
  sq_bind_int (statement, 9, self->input_height);
  sq_bind_int (statement, 10, self->n_params);
  sq_bind_double (statement, 11, self->flop);
  sq_bind_text (statement, 12, self->labels);
  if (!get_id (store, statement, model, error))
    return FALSE;

  statement = sq_store_prepare (store,
                                "INSERT INTO variant (model, level) VALUES (?, ?) ON CONFLICT (model, level, recipe) DO UPDATE SET"
                                " level = excluded.level RETURNING id",
                                error);
  if (statement == NULL)
    return FALSE;
  sq_bind_int (statement, 1, *model);
  sq_bind_text (statement, 2, self->level);
  return get_id (store, statement, variant, error);
}

static gboolean
insert_source (SqRunRow *self, SqStore *store, gint64 *source, GError **error)
{
  SqStatement *statement;
  guint64 size = 0;
  g_autofree char *hash = self->source_path[0] == '/' ? sq_fingerprint_file (self->source_path, &size, NULL) : NULL;

  statement = sq_store_prepare (store, "SELECT id FROM source WHERE path = ? AND hash = ? AND paths = ?", error);
  if (statement == NULL)
    return FALSE;
  sq_bind_text (statement, 1, self->source_path);
  sq_bind_text (statement, 2, hash != NULL ? hash : "");
  sq_bind_text (statement, 3, self->source_paths);
  if (!get_id (store, statement, source, error))
    return FALSE;
  if (*source != 0)
    return TRUE;

  statement = sq_store_prepare (store,
                                "INSERT INTO source (kind, name, path, paths, size, hash, width, height, fps, duration_ns, n_frames)"
                                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                error);
  if (statement == NULL)
    return FALSE;
  sq_bind_int (statement, 1, self->source_kind);
  sq_bind_text (statement, 2, self->source_name);
  sq_bind_text (statement, 3, self->source_path);
  sq_bind_text (statement, 4, self->source_paths);
  sq_bind_int (statement, 5, hash != NULL ? (gint64) size : -1);
  sq_bind_text (statement, 6, hash != NULL ? hash : "");
  sq_bind_int (statement, 7, self->width);
  sq_bind_int (statement, 8, self->height);
  sq_bind_double (statement, 9, self->fps);
  sq_bind_int (statement, 10, self->duration_ns);
  sq_bind_int (statement, 11, self->n_frames);
  if (!sq_store_run (store, statement, error))
    return FALSE;
  *source = sq_store_last_id (store);
  return TRUE;
}

gboolean
sq_run_row_insert (SqRunRow *self, SqStore *store, GError **error)
{
  g_autofree char *owner = _sq_process_owner (), *region = NULL;
  SqStatement *statement;
  gint64 model, variant, source;

  if (!insert_model (self, store, &model, &variant, error) || !insert_source (self, store, &source, error))
    return FALSE;
  self->source = source;
  statement =
      sq_store_prepare (store,
                        "INSERT INTO run (name, state, owner, started_us, model, variant, source, device, settings, confidence, iou,"
                        " class_agnostic, max_detections, region) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        error);
  if (statement == NULL)
    return FALSE;
  sq_bind_text (statement, 1, self->name);
  sq_bind_int (statement, 2, SQ_RUN_RUNNING);
  sq_bind_text (statement, 3, owner);
  sq_bind_int (statement, 4, self->started_us);
  sq_bind_int (statement, 5, model);
  sq_bind_int (statement, 6, variant);
  sq_bind_int (statement, 7, source);
  sq_bind_text (statement, 8, self->device);
  sq_bind_text (statement, 9, self->settings);
  sq_bind_double (statement, 10, self->filter.confidence);
  sq_bind_double (statement, 11, self->filter.iou);
  sq_bind_int (statement, 12, self->filter.class_agnostic);
  sq_bind_int (statement, 13, self->filter.max_detections);
  region = self->filter.region != NULL ? sq_region_to_text (self->filter.region) : NULL;
  sq_bind_text (statement, 14, region != NULL ? region : "");
  if (!sq_store_run (store, statement, error))
    return FALSE;
  self->id = sq_store_last_id (store);
  return TRUE;
}

gboolean
sq_run_row_set_source (SqRunRow *self, SqStore *store, const SqSourceInfo *source, GError **error)
{
  SqStatement *statement =
      sq_store_prepare (store,
                        "UPDATE source SET kind = ?2, width = ?3, height = ?4, fps = ?5, duration_ns = ?6, n_frames = ?7"
                        " WHERE id = ?1",
                        error);

  if (statement == NULL)
    return FALSE;
  sq_bind_int (statement, 1, self->source);
  sq_bind_int (statement, 2, source->kind);
  sq_bind_int (statement, 3, source->width);
  sq_bind_int (statement, 4, source->height);
  sq_bind_double (statement, 5, source->fps);
  sq_bind_int (statement, 6, source->duration_ns);
  sq_bind_int (statement, 7, source->n_frames);
  return sq_store_run (store, statement, error);
}

gboolean
sq_run_row_finish (SqRunRow *self, SqStore *store, SqRunState state, const char *message, GError **error)
{
  SqStatement *statement =
      sq_store_prepare (store, "UPDATE run SET state = ?2, message = ?3, finished_us = ?4, owner = NULL WHERE id = ?1", error);

  if (statement == NULL)
    return FALSE;
  sq_bind_int (statement, 1, self->id);
  sq_bind_int (statement, 2, state);
  sq_bind_text (statement, 3, message);
  sq_bind_int (statement, 4, g_get_real_time ());
  return sq_store_run (store, statement, error);
}

static gboolean
insert_detections (SqStore *store, gint64 run, gint64 seq, const SqResult *result, GError **error)
{
  for (guint i = 0; i < result->n_candidates; i++)
    {
      const SqDetection *d = &result->candidates[i];
      SqStatement *statement = sq_store_prepare (
          store, "INSERT INTO detection (run, seq, i, class, score, x1, y1, x2, y2, track) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", error);

      if (statement == NULL)
        return FALSE;
      sq_bind_int (statement, 1, run);
      sq_bind_int (statement, 2, seq);
      sq_bind_int (statement, 3, i);
      sq_bind_int (statement, 4, d->class_id);
      sq_bind_double (statement, 5, d->score);
      sq_bind_double (statement, 6, d->x1);
      sq_bind_double (statement, 7, d->y1);
      sq_bind_double (statement, 8, d->x2);
      sq_bind_double (statement, 9, d->y2);
      sq_bind_int (statement, 10, d->track);
      if (!sq_store_run (store, statement, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
sq_frame_insert (SqStore *store, SqRunRow *row, gint64 seq, const SqResult *result, guint n_objects, GError **error)
{
  const SqFrame *frame = result->frame;
  SqStatement *statement =
      sq_store_prepare (store,
                        "INSERT INTO frame (run, seq, idx, pts_ns, duration_ns, width, height, path, decode_ns, preprocess_ns,"
                        " infer_ns, post_ns, device, nms_done, n_objects) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        error);

  if (statement == NULL)
    return FALSE;
  sq_bind_int (statement, 1, row->id);
  sq_bind_int (statement, 2, seq);
  sq_bind_int (statement, 3, frame->index);
  sq_bind_int (statement, 4, frame->pts_ns);
  sq_bind_int (statement, 5, frame->duration_ns);
  sq_bind_int (statement, 6, frame->width);
  sq_bind_int (statement, 7, frame->height);
  sq_bind_text (statement, 8, strcmp (frame->path, row->source_path) != 0 ? frame->path : NULL);
  sq_bind_int (statement, 9, result->stage_ns[SQ_STAGE_DECODE]);
  sq_bind_int (statement, 10, result->stage_ns[SQ_STAGE_PREPROCESS]);
  sq_bind_int (statement, 11, result->stage_ns[SQ_STAGE_INFER]);
  sq_bind_int (statement, 12, result->stage_ns[SQ_STAGE_POST]);
  sq_bind_text (statement, 13, result->device != NULL ? result->device : row->device);
  sq_bind_int (statement, 14, result->nms_done);
  sq_bind_int (statement, 15, n_objects);
  return sq_store_run (store, statement, error) && insert_detections (store, row->id, seq, result, error);
}

gboolean
sq_thumbnail_insert (SqStore *store, gint64 run, gint64 seq, GBytes *jpeg, GError **error)
{
  SqStatement *statement = sq_store_prepare (store, "INSERT OR REPLACE INTO thumbnail (run, seq, data) VALUES (?, ?, ?)", error);

  if (statement == NULL)
    return FALSE;
  sq_bind_int (statement, 1, run);
  sq_bind_int (statement, 2, seq);
  sq_bind_blob (statement, 3, jpeg);
  return sq_store_run (store, statement, error);
}

// From the monotonic clock to the calendar's, once: read anew they differ by microseconds, and what was sampled together would not be
// stored together.
static gint64
calendar_offset (void)
{
  static gint64 offset;
  static gsize once;

  if (g_once_init_enter (&once))
    {
      offset = g_get_real_time () - g_get_monotonic_time ();
      g_once_init_leave (&once, 1);
    }
  return offset;
}

gboolean
sq_sample_insert (SqStore *store, gint64 run, const char *device, const SqDeviceSample *sample, GError **error)
{
  SqStatement *statement = sq_store_prepare (
      store,
      "INSERT OR REPLACE INTO device_sample (run, device, at_us, compute, own, memory, busy, bandwidth, encoder, decoder, temperature,"
      " power, clock) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      error);
  const double numbers[] = { sample->compute, sample->own,     sample->memory,      sample->busy,  sample->bandwidth,
                             sample->encoder, sample->decoder, sample->temperature, sample->power, sample->clock };

  if (statement == NULL)
    return FALSE;
  sq_bind_int (statement, 1, run);
  sq_bind_text (statement, 2, device);
  sq_bind_int (statement, 3, sample->time_us + calendar_offset ()); // like the run's own times
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    sq_bind_double (statement, 4 + (int) i, numbers[i]);
  return sq_store_run (store, statement, error);
}
