// SPDX-License-Identifier: GPL-3.0-or-later
// Runs a pipeline into a project (the user's, or a temporary one) and prints the stored run: every format has one writer, data/export.
#include "cli.h"

#include "engine/media/encode.h"
#include "engine/recipe/recipe.h"
#include "engine/run/annotate.h"
#include <gio/gunixoutputstream.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct
{
  char *model, *family, *level, *device, *parallel, *precision, *classes, *format, *annotate, *project;
  double confidence, iou;
  int threads;
  gboolean agnostic, no_track;
  char **include, **exclude;
} Options;

typedef struct
{
  Options options;
  SqModel *model;
  SqFilter filter;
  guint8 *classes;
  SqPipeline *pipeline;
  SqRunWriter *writer;
  SqMonitor *monitor;
  GMainLoop *loop;
  gboolean table, header, stopped;
  gboolean described;     // the run knows its source
  guint failures;         // pictures that could not be read or annotated
  char *message;          // the run failed
  GHashTable *used_names; // annotated files, so that equal names of two folders do not overwrite each other
} Job;

static void
annotate (Job *job, const SqResult *result, const GArray *detections)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *base = g_path_get_basename (result->frame->path), *name = NULL, *path = NULL;
  char *dot = strrchr (base, '.');
  const SqSourceInfo *info = sq_pipeline_get_source_info (job->pipeline);
  SqFrame *copy;

  if (dot != NULL && dot != base)
    *dot = '\0';

  name = info->kind == SQ_SOURCE_PICTURES ? g_strdup (base) : g_strdup_printf ("%s-%06" G_GINT64_FORMAT, base, result->frame->index);
  for (guint n = 2; !g_hash_table_add (job->used_names, g_strdup (name)); n++)
    {
      g_free (name);
      name = g_strdup_printf ("%s-%u", base, n);
    }
  path = g_strdup_printf ("%s%s%s.jpg", job->options.annotate, G_DIR_SEPARATOR_S, name);
  copy = sq_annotate_frame (result->frame, detections, job->model->labels);
  if (!sq_frame_save (copy, path, &error))
    {
      sq_cli_error ("%s", error->message);
      g_atomic_int_inc (&job->failures);
    }
  sq_frame_unref (copy);
}

static void
print_row (Job *job, const SqResult *result, const GArray *detections)
{
  g_autofree guint *counts = g_new0 (guint, job->model->n_classes);
  g_autofree char *base = g_path_get_basename (result->frame->path);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < detections->len; i++)
    counts[g_array_index (detections, SqDetection, i).class_id]++;
  for (guint c = 0; c < job->model->n_classes; c++)
    if (counts[c] > 0)
      g_string_append_printf (text, "%s%u %s", text->len > 0 ? ", " : "", counts[c], job->model->labels[c]);
  if (!job->header)
    printf ("%-28s %7s %5s  %10s  %s\n", "FILE", "FRAME", "COUNT", "NETWORK", "OBJECTS");
  job->header = TRUE;
  printf ("%-28s %7" G_GINT64_FORMAT " %5u  %7.1f ms  %s\n", base, result->frame->index, detections->len,
          (double) result->stage_ns[SQ_STAGE_INFER] / 1e6, text->len > 0 ? text->str : "-");
  fflush (stdout);
  g_string_free (text, TRUE);
}

static void
on_result (SqResult *result, gpointer data)
{
  Job *job = data;
  g_autoptr (GArray) detections = NULL;

  if (!job->described)
    sq_run_writer_set_source (job->writer, sq_pipeline_get_source_info (job->pipeline));
  job->described = TRUE;
  sq_run_writer_push (job->writer, result);
  if (!job->table && job->options.annotate == NULL)
    return;
  detections = sq_result_detections (result, &job->filter);
  if (job->table)
    print_row (job, result, detections);
  if (job->options.annotate != NULL)
    annotate (job, result, detections);
}

static void
on_item_failed (SqPipeline *pipeline, const char *message, Job *job)
{
  sq_cli_error ("%s", message);
  job->failures++;
}

// Its frames are done elsewhere: nothing of the input is missing.
static void
on_device_failed (SqPipeline *pipeline, const char *message, Job *job)
{
  sq_cli_error ("%s", message);
}

static void
on_failed (SqPipeline *pipeline, const char *message, Job *job)
{
  job->message = g_strdup (message);
  g_main_loop_quit (job->loop);
}

// How busy the devices are belongs to a run that is kept.
static void
on_samples (const SqDeviceSample *samples, guint n, gpointer data)
{
  Job *job = data;
  g_autoptr (GPtrArray) devices = NULL;
  guint at = 0;

  if (n == 0)
    return;
  devices = sq_monitor_ref_devices (g_atomic_pointer_get (&job->monitor));
  for (guint i = 0; i < devices->len && at < n; i++)
    {
      const SqDevice *device = devices->pdata[i];

      if (device->parent == NULL && device->available)
        sq_run_writer_add_sample (job->writer, device->id, &samples[at++]);
    }
}

static gboolean
on_signal (gpointer data)
{
  Job *job = data;

  job->stopped = TRUE;
  sq_pipeline_stop (job->pipeline);
  g_main_loop_quit (job->loop);
  return G_SOURCE_CONTINUE;
}

// Who did how much, where there was a choice.
static void
print_devices (const SqPipelineStats *stats)
{
  guint64 all = 0;

  for (guint i = 0; i < stats->n_devices; i++)
    all += stats->device[i].frames;
  for (guint i = 0; i < stats->n_devices && stats->n_devices > 1; i++)
    {
      const SqDeviceStats *d = &stats->device[i];

      printf ("%-11s %7" G_GUINT64_FORMAT " frames, %.0f %%   p50 %7.2f ms   busy %.2f s%s\n", d->id, d->frames,
              all > 0 ? 100. * (double) d->frames / (double) all : 0, (double) d->p50_ns / 1e6, (double) d->busy_ns / 1e9,
              d->failed ? "   failed" : "");
    }
  if (stats->n_devices > 1 && stats->reason != NULL)
    printf ("%s: %s\n", sq_parallel_id (stats->parallel), stats->reason);
}

static SqExit
print_run (Job *job, SqProject *project)
{
  const char *format = job->options.format;
  SqExportFormat export_format;
  g_autoptr (GOutputStream) out = g_unix_output_stream_new (STDOUT_FILENO, FALSE);
  g_autoptr (GError) error = NULL;
  static const char *const stage_names[SQ_N_STAGES] = { "decode", "preprocess", "network", "boxes" };
  SqPipelineStats stats;

  if (job->table)
    {
      sq_pipeline_get_stats (job->pipeline, &stats);
      printf ("\n%" G_GUINT64_FORMAT " frames in %.2f s: %.1f frames/s (%s)\n", stats.frames, (double) stats.elapsed_ns / 1e9,
              stats.elapsed_ns > 0 ? (double) stats.frames * 1e9 / (double) stats.elapsed_ns : 0, job->model->name);
      for (int s = 0; s < SQ_N_STAGES; s++)
        printf ("%-11s %7.2f s   p50 %7.2f ms   p99 %7.2f ms\n", stage_names[s], (double) stats.stage[s].busy_ns / 1e9,
                (double) stats.stage[s].p50_ns / 1e6, (double) stats.stage[s].p99_ns / 1e6);
      print_devices (&stats);
      return SQ_EXIT_OK;
    }
  sq_export_format_from_id (format, &export_format);
  if (!sq_export_run_to_stream (project, sq_run_writer_get_run (job->writer), export_format, &job->filter, out, NULL, &error))
    {
      sq_cli_error ("%s", error->message);
      return SQ_EXIT_NOTHING;
    }
  return SQ_EXIT_OK;
}

static SqExit
detect (Job *job, SqProject *project, const char *const *paths)
{
  SqPipelineOptions options = { .paths = paths,
                                .devices = job->options.device,
                                .threads = job->options.threads,
                                .track = !job->options.no_track,
                                .track_score = job->filter.confidence,
                                .floor = MAX (MIN ((float) job->options.confidence, SQ_SCORE_FLOOR), .001f),
                                .filter = job->options.project == NULL ? &job->filter : NULL }; // a project is looked through with others
  SqPipelineStats stats;
  g_autoptr (GError) error = NULL;
  SqSourceInfo source = { .kind = SQ_SOURCE_PICTURES, .n_frames = -1, .duration_ns = -1 };
  g_autofree char *name = g_path_get_basename (paths[0]);
  SqRunInfo info = { .source = &source,
                     .paths = paths,
                     .model = job->model,
                     .device = job->options.device != NULL ? job->options.device : "cpu",
                     .filter = &job->filter };
  SqExit status;
  guint signals[2];

  if (job->options.parallel != NULL)
    sq_parallel_from_id (job->options.parallel, &options.parallel);
  sq_precision_from_id (job->options.precision, &options.precision);
  source.name = name;
  source.path = (char *) paths[0];
  job->pipeline = sq_pipeline_new (job->model, &options);
  job->writer = sq_run_writer_new (project, &info);
  job->loop = g_main_loop_new (NULL, FALSE);
  g_signal_connect (job->pipeline, "item-failed", G_CALLBACK (on_item_failed), job);
  g_signal_connect (job->pipeline, "device-failed", G_CALLBACK (on_device_failed), job);
  g_signal_connect (job->pipeline, "failed", G_CALLBACK (on_failed), job);
  g_signal_connect_swapped (job->pipeline, "finished", G_CALLBACK (g_main_loop_quit), job->loop);
  sq_pipeline_add_sink (job->pipeline, on_result, job, NULL);
  signals[0] = g_unix_signal_add (SIGINT, on_signal, job);
  signals[1] = g_unix_signal_add (SIGTERM, on_signal, job);
  sq_pipeline_start (job->pipeline);
  if (job->options.project != NULL)
    g_atomic_pointer_set (&job->monitor, sq_monitor_new (on_samples, job, NULL));
  g_main_loop_run (job->loop);
  g_clear_pointer (&job->monitor, sq_monitor_free);
  sq_pipeline_get_stats (job->pipeline, &stats);
  sq_run_writer_finish (job->writer, job->message != NULL ? SQ_RUN_FAILED : job->stopped ? SQ_RUN_STOPPED : SQ_RUN_FINISHED, job->message);
  sq_pipeline_stop (job->pipeline);
  sq_pipeline_wait (job->pipeline, NULL);

  if (job->message != NULL)
    sq_cli_error ("%s", job->message);
  if (!sq_project_flush (project, &error))
    {
      sq_cli_error ("%s", error->message);
      status = SQ_EXIT_NOTHING;
    }
  else if (stats.frames == 0)
    status = SQ_EXIT_NOTHING;
  else
    status = print_run (job, project);
  if (status == SQ_EXIT_OK && (job->failures > 0 || job->message != NULL))
    status = SQ_EXIT_SOME_FAILED;
  g_source_remove (signals[0]);
  g_source_remove (signals[1]);
  g_main_loop_unref (job->loop);
  sq_run_writer_unref (job->writer);
  g_object_unref (job->pipeline);
  return status;
}

static gboolean
check_options (const Options *o)
{
  SqExportFormat format;
  SqParallel parallel;
  SqPrecision precision;

  if (o->format != NULL && !g_str_equal (o->format, "table")
      && (!sq_export_format_from_id (o->format, &format) || !sq_export_format_is_text (format) || format == SQ_EXPORT_SAMPLES))
    sq_cli_error ("'%s' is no format of detect: use table, json, jsonl, csv or coco (yolo: 'squint-cli export').", o->format);
  else if (o->level != NULL && !g_strv_contains (sq_recipe_level_ids (), o->level))
    {
      g_autofree char *levels = g_strjoinv (", ", (char **) sq_recipe_level_ids ());

      sq_cli_error ("There is no level '%s': choose one of %s.", o->level, levels);
    }
  else if (o->parallel != NULL && !sq_parallel_from_id (o->parallel, &parallel))
    sq_cli_error ("'%s' is no way to use several devices: use single, data, pipeline or auto.", o->parallel);
  else if (!sq_precision_from_id (o->precision, &precision))
    sq_cli_error ("'%s' is no precision: use auto, f32, half, int8 or fp8.", o->precision);
  else if (o->confidence < 0 || o->confidence > 1 || o->iou < 0 || o->iou > 1)
    sq_cli_error ("--conf and --iou lie between 0 and 1.");
  else if (o->annotate != NULL && g_mkdir_with_parents (o->annotate, 0755) != 0)
    sq_cli_error ("The folder %s cannot be made: choose another for --annotate.", o->annotate);
  else
    return TRUE;
  return FALSE;
}

// NULL without an error: everywhere.
static SqRegion *
make_region (const Options *o, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; o->include != NULL && o->include[i] != NULL; i++)
    g_string_append_printf (text, "include %s\n", o->include[i]);
  for (guint i = 0; o->exclude != NULL && o->exclude[i] != NULL; i++)
    g_string_append_printf (text, "exclude %s\n", o->exclude[i]);
  return text->len > 0 ? sq_region_from_text (text->str, error) : NULL;
}

static int
run (int argc, char **argv)
{
  Job job = { .options = { .confidence = .25, .iou = .45 } };
  Options *o = &job.options;
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &o->model, "model file or name (see 'squint-cli models')", "MODEL" },
    { "family", 0, 0, G_OPTION_ARG_STRING, &o->family, "what the outputs mean, where the file does not say", "ID" },
    { "level", 0, 0, G_OPTION_ARG_STRING, &o->level, "compression level that was made of it in the window: original, half, int8 ...",
      "LEVEL" },
    { "device", 'd', 0, G_OPTION_ARG_STRING, &o->device, "device id, or several with commas (see 'squint-cli devices')", "DEVICE,.." },
    { "parallel", 0, 0, G_OPTION_ARG_STRING, &o->parallel, "what several devices do: auto (default), single, data or pipeline", "MODE" },
    { "precision", 0, 0, G_OPTION_ARG_STRING, &o->precision,
      "auto (default), f32, half, int8 or fp8 (8-bit floats, on a GPU that has them)", "PRECISION" },
    { "threads", 0, 0, G_OPTION_ARG_INT, &o->threads, "frames at once on the CPU, 0 = one per core", "N" },
    { "conf", 0, 0, G_OPTION_ARG_DOUBLE, &o->confidence, "lowest score, 0 to 1 (0.25)", "SCORE" },
    { "iou", 0, 0, G_OPTION_ARG_DOUBLE, &o->iou, "overlap above which the weaker box goes, 0 to 1 (0.45)", "IOU" },
    { "include", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->include,
      "count only what lies in this polygon, corners as shares of width and height (may be repeated)", "X,Y X,Y X,Y.." },
    { "exclude", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->exclude, "count nothing that lies in this polygon (may be repeated)",
      "X,Y X,Y X,Y.." },
    { "no-track", 0, 0, G_OPTION_ARG_NONE, &o->no_track, "leave the objects of a video without numbers", NULL },
    { "agnostic", 0, 0, G_OPTION_ARG_NONE, &o->agnostic, "overlapping boxes of different classes exclude each other too", NULL },
    { "classes", 0, 0, G_OPTION_ARG_STRING, &o->classes, "only these", "A,B" },
    { "format", 'f', 0, G_OPTION_ARG_STRING, &o->format, "table (default), json, jsonl, csv or coco", "FORMAT" },
    { "annotate", 0, 0, G_OPTION_ARG_FILENAME, &o->annotate, "write the pictures with their boxes here", "DIR" },
    { "project", 0, 0, G_OPTION_ARG_FILENAME, &o->project, "keep the run in this project file", "FILE" },
    { NULL },
  };
  g_autoptr (SqProject) project = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = NULL, *path = NULL;
  SqExit status = SQ_EXIT_USAGE;

  if (!sq_cli_parse ("detect", "INPUT...", "Detects objects in pictures, folders, videos, cameras (/dev/video0) and streams (rtsp://).",
                     entries, &argc, &argv))
    return SQ_EXIT_USAGE;
  if (argc < 2)
    sq_cli_error ("Name at least one picture, folder or video.");
  else if (check_options (o))
    {
      status = SQ_EXIT_NOTHING;
      job.table = o->format == NULL || g_str_equal (o->format, "table");
      job.used_names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      job.model = sq_cli_load_model (o->model, o->family, TRUE);
      if (job.model != NULL && o->level != NULL)
        job.model = sq_cli_load_level (job.model, o->level);
      folder = o->project == NULL ? g_dir_make_tmp ("squint-XXXXXX", NULL) : NULL;
      path = o->project != NULL ? g_strdup (o->project) : g_build_filename (folder, "run.squint", NULL);
      job.filter = (SqFilter){ (float) o->confidence, (float) o->iou, o->agnostic, 300 };
      if (job.model != NULL && o->classes != NULL)
        {
          job.filter.classes = job.classes = sq_cli_parse_classes (job.model, o->classes);
          job.filter.n_classes = job.model->n_classes;
        }
      job.filter.region = make_region (o, &error);
      if (job.model == NULL || (o->classes != NULL && job.classes == NULL))
        status = job.model == NULL ? SQ_EXIT_NOTHING : SQ_EXIT_USAGE;
      else if (error != NULL)
        {
          sq_cli_error ("%s", error->message);
          status = SQ_EXIT_USAGE;
        }
      else if ((project = sq_project_open (path, SQ_PROJECT_CREATE, &error)) == NULL)
        sq_cli_error ("%s", error->message);
      else
        {
          status = detect (&job, project, (const char *const *) argv + 1);
          if (!sq_project_close (project, &error) && status != SQ_EXIT_NOTHING) // else it was told already
            sq_cli_error ("%s", error->message);
        }
      if (folder != NULL)
        sq_remove_folder (folder);
      g_hash_table_unref (job.used_names);
    }
  g_clear_pointer (&job.model, sq_model_unref);
  g_free (job.classes);
  g_free (job.message);
  g_clear_pointer (&job.filter.region, sq_region_unref);
  g_strfreev (o->include);
  g_strfreev (o->exclude);
  g_free (o->model);
  g_free (o->family);
  g_free (o->level);
  g_free (o->device);
  g_free (o->parallel);
  g_free (o->precision);
  g_free (o->classes);
  g_free (o->format);
  g_free (o->annotate);
  g_free (o->project);
  return status;
}

const SqCommand sq_command_detect = { "detect", "detect objects in pictures and videos", run };
