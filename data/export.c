// SPDX-License-Identifier: GPL-3.0-or-later
#include "export.h"

#include "aside.h"
#include "engine/error.h"
#include "export-private.h"
#include "project-private.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PAGE 256 // frames

typedef gboolean (*Make) (SqExport *self, const char *path, GError **error);

static const struct
{
  const char *id, *title, *suffix;
  gboolean (*write) (SqExport *self, GOutputStream *stream, GError **error);
  Make fill; // of formats that are a folder
  Make make; // of files that are no text
} formats[SQ_N_EXPORTS] = {
  [SQ_EXPORT_COCO] = { "coco", "COCO JSON", ".json", _sq_export_coco },
  [SQ_EXPORT_YOLO] = { "yolo", "YOLO Text Files", "", NULL, _sq_export_yolo },
  [SQ_EXPORT_ANNOTATED] = { "annotated", "Annotated Pictures", "", NULL, _sq_export_annotated },
  [SQ_EXPORT_VIDEO] = { "video", "Annotated Video", ".mp4", NULL, NULL, _sq_export_video },
  [SQ_EXPORT_CSV] = { "csv", "CSV Table", ".csv", _sq_export_csv },
  [SQ_EXPORT_JSON] = { "json", "JSON", ".json", _sq_export_json },
  [SQ_EXPORT_SAMPLES] = { "samples", "Device Load (CSV)", ".csv", _sq_export_samples },
  [SQ_EXPORT_JSONL] = { "jsonl", "JSON Lines", ".jsonl", _sq_export_jsonl },
};

gboolean
sq_export_format_from_id (const char *id, SqExportFormat *format)
{
  for (guint i = 0; i < SQ_N_EXPORTS; i++)
    if (strcmp (formats[i].id, id) == 0)
      {
        *format = i;
        return TRUE;
      }
  return FALSE;
}

const char *
sq_export_format_id (SqExportFormat format)
{
  g_return_val_if_fail (format < SQ_N_EXPORTS, NULL);
  return formats[format].id;
}

const char *
sq_export_format_title (SqExportFormat format)
{
  g_return_val_if_fail (format < SQ_N_EXPORTS, NULL);
  return formats[format].title;
}

const char *
sq_export_format_suffix (SqExportFormat format)
{
  g_return_val_if_fail (format < SQ_N_EXPORTS, NULL);
  return formats[format].suffix;
}

SqExportFormat
sq_export_format_for_name (const char *name, SqExportFormat chosen)
{
  if (*formats[chosen].suffix != '\0' && g_str_has_suffix (name, formats[chosen].suffix))
    return chosen;
  for (guint i = 0; i < SQ_N_EXPORTS; i++)
    if (*formats[i].suffix != '\0' && g_str_has_suffix (name, formats[i].suffix))
      return i;
  return chosen;
}

gboolean
sq_export_format_is_folder (SqExportFormat format)
{
  g_return_val_if_fail (format < SQ_N_EXPORTS, FALSE);
  return formats[format].fill != NULL;
}

gboolean
sq_export_format_is_text (SqExportFormat format)
{
  g_return_val_if_fail (format < SQ_N_EXPORTS, FALSE);
  return formats[format].write != NULL;
}

guint
sq_export_formats_for (SqSourceKind kind, SqExportFormat list[SQ_N_EXPORTS])
{
  guint n = 0;

  if (kind == SQ_SOURCE_VIDEO)
    list[n++] = SQ_EXPORT_VIDEO;
  for (guint i = 0; i < SQ_N_EXPORTS; i++)
    if (i != SQ_EXPORT_VIDEO && (i != SQ_EXPORT_ANNOTATED || kind != SQ_SOURCE_LIVE)) // pictures of a camera are not kept
      list[n++] = i;
  return n;
}

gboolean
_sq_export_each_frame (SqExport *self, SqExportFrame func, gpointer data, GError **error)
{
  gint64 next = 0;

  for (;;)
    {
      g_autoptr (GPtrArray) frames = sq_project_load_frames (self->project, self->run->id, next, PAGE, error);

      if (frames == NULL)
        return FALSE;
      for (guint i = 0; i < frames->len; i++)
        {
          SqStoredFrame *frame = g_ptr_array_index (frames, i);
          g_autoptr (GArray) objects = _sq_stored_frame_detections (frame, &self->filter);

          if (!func (self, frame, objects, data, error))
            return FALSE;
          next = frame->seq + 1;
        }
      if (g_cancellable_is_cancelled (self->cancellable))
        {
          g_set_error_literal (error, SQ_ERROR, SQ_ERROR_CANCELLED, "Cancelled.");
          return FALSE;
        }
      if (self->progress != NULL && self->run->n_frames > 0)
        self->progress (self->progress_from + self->progress_span * MIN (1., (double) next / self->run->n_frames), self->progress_data);
      if (frames->len < PAGE)
        return TRUE;
    }
}

gboolean
_sq_export_write (SqExport *self, GOutputStream *stream, GString *text, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  gboolean good = g_output_stream_write_all (stream, text->str, text->len, NULL, self->cancellable, &local_error);

  g_string_truncate (text, 0);
  if (good)
    return TRUE;
  if (g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_set_error_literal (error, SQ_ERROR, SQ_ERROR_CANCELLED, "Cancelled.");
  else if (g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_NO_SPACE))
    g_set_error_literal (error, SQ_ERROR, SQ_ERROR_IO, "The disk is full and the export cannot be written; free some space and try again.");
  else
    g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "The export cannot be written (%s); choose another folder.", local_error->message);
  return FALSE;
}

void
_sq_append_float (GString *text, float value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];
  static const char *const precisions[] = { "%.6g", "%.7g", "%.8g", "%.9g" };

  for (guint i = 0; i < G_N_ELEMENTS (precisions); i++)
    {
      g_ascii_formatd (buffer, sizeof buffer, precisions[i], value);
      if ((float) g_ascii_strtod (buffer, NULL) == value)
        break;
    }
  g_string_append (text, buffer);
}

void
_sq_append_json (GString *text, const char *value)
{
  g_autofree char *valid = g_utf8_make_valid (value, -1);

  g_string_append_c (text, '"');
  for (const guchar *p = (const guchar *) valid; *p != 0; p++)
    {
      if (*p == '"' || *p == '\\')
        g_string_append_printf (text, "\\%c", *p);
      else if (*p < 0x20)
        g_string_append_printf (text, "\\u%04x", *p);
      else
        g_string_append_c (text, *p);
    }
  g_string_append_c (text, '"');
}

void
_sq_append_csv (GString *text, const char *value)
{
  if (strpbrk (value, ",\"\r\n") == NULL)
    {
      g_string_append (text, value);
      return;
    }
  g_string_append_c (text, '"');
  for (const char *p = value; *p != 0; p++)
    {
      if (*p == '"')
        g_string_append_c (text, '"');
      g_string_append_c (text, *p);
    }
  g_string_append_c (text, '"');
}

const char *
_sq_export_class_name (SqExport *self, int class_id)
{
  if (class_id >= 0 && class_id < (int) g_strv_length (self->run->labels) && self->run->labels[class_id][0] != 0)
    return self->run->labels[class_id];
  for (guint i = 0; i < self->run->counts->len; i++)
    if (g_array_index (self->run->counts, SqClassCount, i).class_id == class_id)
      return g_array_index (self->run->counts, SqClassCount, i).name;
  return "unknown";
}

char *
_sq_export_picture_name (SqExport *self, const SqStoredFrame *frame)
{
  g_autofree char *base = g_path_get_basename (frame->path);
  g_autofree char *shown = g_filename_display_name (base);
  char *dot;

  if (self->run->source_kind == SQ_SOURCE_PICTURES)
    return g_steal_pointer (&shown);
  g_strdelimit (shown, ":/?&=", '_');
  dot = strrchr (shown, '.');
  if (dot != NULL)
    *dot = 0;
  return g_strdup_printf ("%s_%06" G_GINT64_FORMAT ".jpg", shown, frame->index >= 0 ? frame->index : frame->seq);
}

static gboolean
export_init (SqExport *self, SqProject *project, gint64 run, const SqFilter *filter, GCancellable *cancellable, GError **error)
{
  *self = (SqExport){ .project = project, .cancellable = cancellable, .progress_span = 1 };
  self->run = sq_project_load_run (project, run, error);
  if (self->run == NULL)
    return FALSE;
  self->filter = filter != NULL ? *filter : self->run->filter;
  return TRUE;
}

static gboolean
write_text (SqExport *self, SqExportFormat format, const char *temporary, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (temporary);
  g_autoptr (GError) local_error = NULL;
  g_autoptr (GFileOutputStream) raw = g_file_append_to (file, G_FILE_CREATE_NONE, self->cancellable, &local_error);
  g_autoptr (GOutputStream) stream = NULL;

  if (raw == NULL)
    {
      if (g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        g_set_error_literal (error, SQ_ERROR, SQ_ERROR_CANCELLED, "Cancelled.");
      else
        g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” cannot be written (%s); choose another folder.", self->path, local_error->message);
      return FALSE;
    }
  stream = g_buffered_output_stream_new_sized (G_OUTPUT_STREAM (raw), 1 << 16);
  if (!formats[format].write (self, stream, error))
    return FALSE;
  if (g_output_stream_close (stream, NULL, &local_error))
    return TRUE;
  g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” cannot be written (%s); free some space or choose another folder.", self->path,
               local_error->message);
  return FALSE;
}

// What a session was made from is not written over, whatever the user said to a question about some file.
static gboolean
spares_source (const SqExport *self, GError **error)
{
  struct stat target, source;

  if (stat (self->path, &target) != 0)
    return TRUE;
  for (guint i = 0; self->run->paths != NULL && self->run->paths[i] != NULL; i++)
    if (stat (self->run->paths[i], &source) == 0 && source.st_dev == target.st_dev && source.st_ino == target.st_ino)
      {
        g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” is what this session was made from; choose another name.", self->path);
        return FALSE;
      }
  return TRUE;
}

static gboolean
export_to (SqExport *self, SqExportFormat format, GError **error)
{
  gboolean folder = sq_export_format_is_folder (format);
  Make make = folder ? formats[format].fill : formats[format].make;
  g_autoptr (SqAside) aside = folder ? sq_aside_new_folder (self->path, error) : sq_aside_new_file (self->path, error);

  if (aside == NULL)
    return FALSE;
  if (make != NULL ? !make (self, sq_aside_get_path (aside), error) : !write_text (self, format, sq_aside_get_path (aside), error))
    return FALSE;
  return sq_aside_finish (aside, error);
}

gboolean
sq_export_run (SqProject *project, gint64 run, SqExportFormat format, const SqFilter *filter, const char *path, GCancellable *cancellable,
               SqProgress progress, gpointer progress_data, GError **error)
{
  SqExport export;
  gboolean good;

  g_return_val_if_fail (SQ_IS_PROJECT (project), FALSE);
  g_return_val_if_fail (format < SQ_N_EXPORTS, FALSE);

  if (!export_init (&export, project, run, filter, cancellable, error))
    return FALSE;
  export.progress = progress;
  export.progress_data = progress_data;
  export.path = path;
  good = spares_source (&export, error) && export_to (&export, format, error);
  sq_run_unref (export.run);
  return good;
}

gboolean
sq_export_run_to_stream (SqProject *project, gint64 run, SqExportFormat format, const SqFilter *filter, GOutputStream *stream,
                         GCancellable *cancellable, GError **error)
{
  SqExport export;
  gboolean good;

  g_return_val_if_fail (SQ_IS_PROJECT (project), FALSE);
  g_return_val_if_fail (format < SQ_N_EXPORTS && formats[format].write != NULL, FALSE);

  if (!export_init (&export, project, run, filter, cancellable, error))
    return FALSE;
  good = formats[format].write (&export, stream, error);
  sq_run_unref (export.run);
  return good;
}

typedef struct
{
  gint64 run;
  SqExportFormat format;
  gboolean has_filter;
  SqFilter filter;
  guint8 *classes;
  char *path;
  SqProgress progress;
  gpointer progress_data;
  GMainContext *context;
  GTask *task; // borrowed
  GMutex lock;
  double fraction; // under lock
  gboolean due;    // a report is on its way, under lock
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_free (job->classes);
  g_clear_pointer (&job->filter.region, sq_region_unref);
  g_free (job->path);
  g_main_context_unref (job->context);
  g_mutex_clear (&job->lock);
  g_free (job);
}

static gboolean
report (gpointer data)
{
  Job *job = g_task_get_task_data (data);
  double fraction;

  g_mutex_lock (&job->lock);
  fraction = job->fraction;
  job->due = FALSE;
  g_mutex_unlock (&job->lock);
  if (!g_task_get_completed (data))
    job->progress (fraction, job->progress_data);
  return G_SOURCE_REMOVE;
}

static void
on_progress (double fraction, gpointer data)
{
  Job *job = data;
  gboolean due;

  g_mutex_lock (&job->lock);
  job->fraction = fraction;
  due = !job->due;
  job->due = TRUE;
  g_mutex_unlock (&job->lock);
  if (due)
    {
      GSource *source = g_timeout_source_new (50);

      g_source_set_callback (source, report, g_object_ref (job->task), g_object_unref);
      g_source_attach (source, job->context);
      g_source_unref (source);
    }
}

static void
export_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Job *job = data;
  GError *error = NULL;

  if (sq_export_run (source, job->run, job->format, job->has_filter ? &job->filter : NULL, job->path, cancellable,
                     job->progress != NULL ? on_progress : NULL, job, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
sq_export_run_async (SqProject *project, gint64 run, SqExportFormat format, const SqFilter *filter, const char *path,
                     GCancellable *cancellable, SqProgress progress, gpointer progress_data, GAsyncReadyCallback callback,
                     gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (project, cancellable, callback, user_data);
  Job *job = g_new0 (Job, 1);

  job->run = run;
  job->format = format;
  job->has_filter = filter != NULL;
  if (filter != NULL)
    {
      job->filter = *filter;
      job->filter.classes = job->classes = g_memdup2 (filter->classes, filter->classes != NULL ? filter->n_classes : 0);
      job->filter.region = filter->region != NULL ? sq_region_ref (filter->region) : NULL;
    }
  job->path = g_strdup (path);
  job->progress = progress;
  job->progress_data = progress_data;
  job->context = g_main_context_ref (g_task_get_context (task));
  job->task = task;
  g_mutex_init (&job->lock);
  g_task_set_source_tag (task, sq_export_run_async);
  g_task_set_task_data (task, job, job_free);
  g_task_set_check_cancellable (task, FALSE); // the worker says what happened
  g_task_run_in_thread (task, export_in_thread);
}

gboolean
sq_export_run_finish (SqProject *project, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
