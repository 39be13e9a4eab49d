// SPDX-License-Identifier: GPL-3.0-or-later
// Two models on the same frames. What they agree on is no measure of which is right: for that there is `eval`.
#include "compare.h"

#include "engine/recipe/recipe.h"
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROGRESS_MS 500

typedef struct
{
  char *a, *b, *family_a, *family_b, *level_a, *level_b, *device_a, *device_b, *precision_a, *precision_b, *classes, *format, *output,
      *project, *runs;
  double confidence, iou;
  int threads;
} Options;

typedef struct
{
  Options options;
  SqModel *a, *b;
  SqFilter filter_a, filter_b; // the same but for the classes' ids
  guint8 *classes_a, *classes_b;
  SqComparison *comparison;
  SqWorstFrames *worst; // NULL: nobody wants pictures
  GHashTable *paths;    // NULL until the source is known to be pictures
  SqPipeline *pipeline;
  SqRunWriter *writer_a, *writer_b; // NULL: nothing is stored
  gboolean described;               // the runs know their source
  gboolean stopped;
  GMainLoop *loop;
  guint failures; // pictures that could not be read
  char *message;  // the run failed
} Job;

gboolean
sq_cli_print_comparison (const SqComparisonReport *report, const char *format, const char *output)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  if (g_str_equal (format, "html") && output != NULL)
    {
      if (sq_comparison_report_save_html (report, output, &error))
        return TRUE;
      sq_cli_error ("%s", error->message);
      return FALSE;
    }
  text = g_str_equal (format, "html")   ? sq_comparison_report_to_html (report)
         : g_str_equal (format, "json") ? sq_comparison_report_to_json (report)
                                        : sq_comparison_report_to_text (report);
  if (output == NULL)
    return fputs (text, stdout) >= 0 && (g_str_has_suffix (text, "\n") || putchar ('\n') >= 0) && fflush (stdout) == 0;
  if (g_file_set_contents (output, text, -1, &error))
    return TRUE;
  sq_cli_error ("%s cannot be written (%s): choose another file for -o.", output, error->message);
  return FALSE;
}

static void
store (Job *job, SqResult *result)
{
  const SqSourceInfo *info = sq_pipeline_get_source_info (job->pipeline);

  if (!job->described)
    {
      sq_run_writer_set_source (job->writer_a, info);
      sq_run_writer_set_source (job->writer_b, info);
    }
  job->described = TRUE;
  sq_run_writer_push (job->writer_a, result);
  sq_run_writer_push (job->writer_b, result->other);
}

// On the pipeline's output thread, which is also the only one to touch the comparison until the run is over.
static void
on_result (SqResult *result, gpointer data)
{
  Job *job = data;
  g_autoptr (GArray) a = sq_result_detections (result, &job->filter_a);
  g_autoptr (GArray) b = sq_result_detections (result->other, &job->filter_b);
  g_autoptr (GError) error = NULL;
  const GArray *frames = sq_comparison_get_frames (job->comparison);
  gint64 index = result->frame->index;

  if (job->writer_a != NULL)
    store (job, result);
  if (index < 0)
    index = frames->len > 0 ? g_array_index (frames, SqComparedFrame, frames->len - 1).index + 1 : 0;
  sq_comparison_add (job->comparison, index, result->frame->pts_ns, a, b);
  if (job->worst != NULL && !sq_worst_frames_add (job->worst, job->comparison, index, result->frame->pts_ns, result->frame, a, b, &error))
    sq_cli_error ("%s", error->message);
  if (job->paths == NULL && sq_pipeline_get_source_info (job->pipeline)->kind == SQ_SOURCE_PICTURES)
    job->paths = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  if (job->paths != NULL)
    g_hash_table_insert (job->paths, g_memdup2 (&index, sizeof index), g_strdup (result->frame->path));
}

static void
on_item_failed (SqPipeline *pipeline, const char *message, Job *job)
{
  sq_cli_error ("%s", message);
  job->failures++;
}

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

static gboolean
on_signal (gpointer data)
{
  Job *job = data;

  job->stopped = TRUE;
  sq_pipeline_stop (job->pipeline);
  g_main_loop_quit (job->loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_progress (gpointer data)
{
  Job *job = data;
  SqPipelineStats stats;

  sq_pipeline_get_stats (job->pipeline, &stats);
  fprintf (stderr, "\r%" G_GUINT64_FORMAT " frames, %.1f a second\033[K", stats.frames, stats.wall_fps);
  return G_SOURCE_CONTINUE;
}

static void
run_pipeline (Job *job, const char *const *paths, SqPipelineStats *stats)
{
  SqPipelineOptions options = { .paths = paths,
                                .devices = job->options.device_a,
                                .threads = job->options.threads,
                                .floor = MAX (MIN ((float) job->options.confidence, SQ_SCORE_FLOOR), .001f),
                                .filter = job->writer_a == NULL ? &job->filter_a : NULL, // a project is looked through with others
                                .other = job->b,
                                .other_device = job->options.device_b };
  gboolean terminal = isatty (STDERR_FILENO);
  guint sources[3];

  sq_precision_from_id (job->options.precision_a, &options.precision);
  sq_precision_from_id (job->options.precision_b, &options.other_precision);
  job->pipeline = sq_pipeline_new (job->a, &options);
  job->loop = g_main_loop_new (NULL, FALSE);
  g_signal_connect (job->pipeline, "item-failed", G_CALLBACK (on_item_failed), job);
  g_signal_connect (job->pipeline, "device-failed", G_CALLBACK (on_device_failed), job);
  g_signal_connect (job->pipeline, "failed", G_CALLBACK (on_failed), job);
  g_signal_connect_swapped (job->pipeline, "finished", G_CALLBACK (g_main_loop_quit), job->loop);
  sq_pipeline_add_sink (job->pipeline, on_result, job, NULL);
  sources[0] = g_unix_signal_add (SIGINT, on_signal, job);
  sources[1] = g_unix_signal_add (SIGTERM, on_signal, job);
  sources[2] = terminal ? g_timeout_add (PROGRESS_MS, on_progress, job) : 0;
  sq_pipeline_start (job->pipeline);
  g_main_loop_run (job->loop);
  sq_pipeline_get_stats (job->pipeline, stats);
  sq_pipeline_stop (job->pipeline);
  sq_pipeline_wait (job->pipeline, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    if (sources[i] != 0)
      g_source_remove (sources[i]);
  if (terminal)
    fputs ("\r\033[K", stderr);
  g_main_loop_unref (job->loop);
}

// One side's run in the project.
static SqRunWriter *
begin_run (SqProject *project, const SqModel *model, const char *const *paths, const char *level, const char *device,
           const SqFilter *filter)
{
  g_autofree char *name = g_path_get_basename (paths[0]);
  SqSourceInfo source = { .kind = SQ_SOURCE_PICTURES, .n_frames = -1, .duration_ns = -1, .name = name, .path = (char *) paths[0] };
  SqRunInfo info = { .source = &source, .paths = paths, .model = model, .level = level, .device = device, .filter = filter };

  return sq_run_writer_new (project, &info);
}

// FALSE after a message: what was compared is not stored.
static gboolean
end_runs (Job *job, SqProject *project)
{
  SqRunState state = job->message != NULL ? SQ_RUN_FAILED : job->stopped ? SQ_RUN_STOPPED : SQ_RUN_FINISHED;
  g_autoptr (GError) error = NULL;

  sq_run_writer_finish (job->writer_a, state, job->message);
  sq_run_writer_finish (job->writer_b, state, job->message);
  g_clear_pointer (&job->writer_a, sq_run_writer_unref);
  g_clear_pointer (&job->writer_b, sq_run_writer_unref);
  if (sq_project_close (project, &error))
    return TRUE;
  sq_cli_error ("%s", error->message);
  return FALSE;
}

static SqExit
compare (Job *job, const char *const *paths, const char *level_a, const char *level_b)
{
  const Options *o = &job->options;
  const char *device = o->device_a != NULL ? o->device_a : "cpu";
  g_autofree char *base = g_path_get_basename (paths[0]);
  g_autofree char *source = paths[1] == NULL ? g_strdup (base) : g_strdup_printf ("%s and others", base);
  SqComparisonReport report = { .source = source, .filter = job->filter_a, .comparison = job->comparison, .worst = job->worst };
  const char *device_b = o->device_b != NULL ? o->device_b : device;
  g_autoptr (SqProject) project = NULL;
  g_autoptr (GError) error = NULL;
  SqPipelineStats stats;
  SqExit status = SQ_EXIT_OK;

  if (o->project != NULL)
    {
      project = sq_project_open (o->project, SQ_PROJECT_CREATE, &error);
      if (project == NULL)
        {
          sq_cli_error ("%s", error->message);
          return SQ_EXIT_NOTHING;
        }
      job->writer_a = begin_run (project, job->a, paths, level_a, device, &job->filter_a);
      job->writer_b = begin_run (project, job->b, paths, level_b, device_b, &job->filter_b);
      sq_run_writer_link (job->writer_a, job->writer_b);
    }
  run_pipeline (job, paths, &stats);
  if (job->message != NULL)
    sq_cli_error ("%s", job->message);
  if (project != NULL && !end_runs (job, project))
    return SQ_EXIT_NOTHING;
  if (stats.frames == 0)
    return SQ_EXIT_NOTHING;
  sq_compared_model_set_model (&report.a, job->a);
  sq_compared_model_set_model (&report.b, job->b);
  sq_compared_model_set_stages (&report.a, stats.stage, stats.lanes);
  sq_compared_model_set_stages (&report.b, stats.other_stage, stats.other_lanes);
  report.a.memory = stats.memory;
  report.b.memory = stats.other_memory;
  report.a.device = device;
  report.b.device = device_b;
  report.a.level = level_a;
  report.b.level = level_b;
  report.wall_fps = stats.elapsed_ns > 0 ? (double) stats.frames * 1e9 / (double) stats.elapsed_ns : 0;
  report.paths = job->paths;
  if (!sq_cli_print_comparison (&report, o->format != NULL ? o->format : "table", o->output))
    status = SQ_EXIT_NOTHING;
  else if (job->failures > 0 || job->message != NULL)
    status = SQ_EXIT_SOME_FAILED;
  return status;
}

static gboolean
check_options (const Options *o)
{
  const char *const *levels = sq_recipe_level_ids ();
  SqPrecision precision;

  if (o->format != NULL && !g_strv_contains ((const char *const[]){ "table", "json", "html", NULL }, o->format))
    sq_cli_error ("'%s' is no format of compare: use table, json or html.", o->format);
  else if ((o->level_a != NULL && !g_strv_contains (levels, o->level_a)) || (o->level_b != NULL && !g_strv_contains (levels, o->level_b)))
    {
      g_autofree char *known = g_strjoinv (", ", (char **) levels);

      sq_cli_error ("There is no such level: choose from %s.", known);
    }
  else if (!sq_precision_from_id (o->precision_a, &precision) || !sq_precision_from_id (o->precision_b, &precision))
    sq_cli_error ("There is no such precision: use auto, f32, half, int8 or fp8.");
  else if (o->confidence < 0 || o->confidence > 1 || o->iou < 0 || o->iou > 1)
    sq_cli_error ("--conf and --iou lie between 0 and 1.");
  else if (o->runs == NULL && o->b == NULL && o->level_b == NULL && o->device_b == NULL && o->precision_b == NULL)
    sq_cli_error ("Name the second model with --b, or another level, device or precision of the first with --level-b, --device-b or "
                  "--precision-b.");
  else
    return TRUE;
  return FALSE;
}

// The model, or that level of it, and how the level is called; NULL after a message.
static SqModel *
load (const char *name, const char *family, const char *level, char **shown)
{
  SqModel *model = sq_cli_load_model (name, family, TRUE);

  if (model != NULL && level != NULL)
    model = sq_cli_load_level (model, level);
  if (model != NULL)
    *shown = level != NULL ? g_strdup (level) : sq_model_get_level (model);
  return model;
}

static SqExit
perform (Job *job, const char *const *paths)
{
  const Options *o = &job->options;
  g_autofree char *level_a = NULL, *level_b = NULL;
  SqExit status = SQ_EXIT_NOTHING;

  job->a = load (o->a, o->family_a, o->level_a, &level_a);
  if (job->a != NULL && o->b != NULL)
    job->b = load (o->b, o->family_b, o->level_b, &level_b);
  else if (job->a != NULL) // the same file
    job->b = load (o->a, o->family_b != NULL ? o->family_b : o->family_a, o->level_b, &level_b);
  if (job->b == NULL)
    return SQ_EXIT_NOTHING;
  job->filter_a = job->filter_b = (SqFilter){ (float) o->confidence, (float) o->iou, FALSE, 300 };
  if (o->classes != NULL)
    {
      if ((job->classes_a = sq_cli_parse_classes (job->a, o->classes)) == NULL)
        return SQ_EXIT_USAGE;
      job->filter_a.classes = job->classes_a;
      job->filter_a.n_classes = job->a->n_classes;
    }
  job->comparison = sq_comparison_new ((const char *const *) job->a->labels, (const char *const *) job->b->labels);
  job->classes_b = sq_comparison_map_classes (job->comparison, job->classes_a, job->a->n_classes, &job->filter_b.n_classes);
  job->filter_b.classes = job->classes_b;
  job->worst = g_strcmp0 (o->format, "html") == 0 ? sq_worst_frames_new (SQ_WORST_FRAMES_MAX) : NULL;
  status = compare (job, paths, level_a != NULL ? level_a : "original", level_b != NULL ? level_b : "original");
  g_clear_pointer (&job->worst, sq_worst_frames_free);
  g_clear_pointer (&job->comparison, sq_comparison_free);
  g_clear_pointer (&job->paths, g_hash_table_unref);
  g_clear_object (&job->pipeline);
  return status;
}

static int
run (int argc, char **argv)
{
  Job job = { .options = { .confidence = .25, .iou = .45 } };
  Options *o = &job.options;
  const GOptionEntry entries[] = {
    { "a", 'a', 0, G_OPTION_ARG_FILENAME, &o->a, "first model: file or name (see 'squint-cli models')", "MODEL" },
    { "b", 'b', 0, G_OPTION_ARG_FILENAME, &o->b, "second model", "MODEL" },
    { "family-a", 0, 0, G_OPTION_ARG_STRING, &o->family_a, "what the first one's outputs mean, where the file does not say", "ID" },
    { "family-b", 0, 0, G_OPTION_ARG_STRING, &o->family_b, "the same of the second, or, without --b, of the first", "ID" },
    { "level-a", 0, 0, G_OPTION_ARG_STRING, &o->level_a, "compression level of the first that was made in the window", "LEVEL" },
    { "level-b", 0, 0, G_OPTION_ARG_STRING, &o->level_b, "the same of the second, or, without --b, of the first", "LEVEL" },
    { "device-a", 0, 0, G_OPTION_ARG_STRING, &o->device_a, "device of the first (see 'squint-cli devices')", "DEVICE" },
    { "device-b", 0, 0, G_OPTION_ARG_STRING, &o->device_b, "device of the second; default: that of the first", "DEVICE" },
    { "precision-a", 0, 0, G_OPTION_ARG_STRING, &o->precision_a, "of the first on its device: auto (default), f32, half, int8 or fp8",
      "P" },
    { "precision-b", 0, 0, G_OPTION_ARG_STRING, &o->precision_b, "of the second; default: auto", "P" },
    { "threads", 0, 0, G_OPTION_ARG_INT, &o->threads, "frames at once on the CPU, 0 = one per core", "N" },
    { "conf", 0, 0, G_OPTION_ARG_DOUBLE, &o->confidence, "lowest score, 0 to 1 (0.25)", "SCORE" },
    { "iou", 0, 0, G_OPTION_ARG_DOUBLE, &o->iou, "overlap above which the weaker box goes, 0 to 1 (0.45)", "IOU" },
    { "classes", 0, 0, G_OPTION_ARG_STRING, &o->classes, "only these", "A,B" },
    { "format", 'f', 0, G_OPTION_ARG_STRING, &o->format, "table (default), json or html (a page with the worst frames' pictures)",
      "FORMAT" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &o->output, "write here instead of to the terminal", "FILE" },
    { "project", 0, 0, G_OPTION_ARG_FILENAME, &o->project, "keep both runs in this project file", "FILE" },
    { "runs", 0, 0, G_OPTION_ARG_STRING, &o->runs, "compare two past runs of the project, or one run with what was made together with it",
      "A,B" },
    { NULL },
  };
  char **const owned[] = { &o->a,       &o->b,        &o->family_a, &o->family_b,    &o->level_a,
                           &o->level_b, &o->device_a, &o->device_b, &o->precision_a, &o->precision_b,
                           &o->classes, &o->format,   &o->output,   &o->project,     &o->runs };
  SqExit status = SQ_EXIT_USAGE;

  if (!sq_cli_parse ("compare", "INPUT...", "Looks at pictures and videos with two models at once and tells where they differ.", entries,
                     &argc, &argv))
    return SQ_EXIT_USAGE;
  if (o->runs != NULL)
    {
      if (argc > 1 || o->project == NULL || o->a != NULL || o->b != NULL)
        sq_cli_error ("--runs looks at what is stored: name a --project, and neither models nor inputs.");
      else if (check_options (o))
        {
          SqFilter filter = { (float) o->confidence, (float) o->iou, FALSE, 300 };

          status = sq_cli_compare_runs (o->project, o->runs, &filter, o->classes, o->format != NULL ? o->format : "table", o->output);
        }
    }
  else if (argc < 2)
    sq_cli_error ("Name at least one picture, folder or video.");
  else if (check_options (o))
    status = perform (&job, (const char *const *) argv + 1);
  g_clear_pointer (&job.a, sq_model_unref);
  g_clear_pointer (&job.b, sq_model_unref);
  g_free (job.classes_a);
  g_free (job.classes_b);
  g_free (job.message);
  for (guint i = 0; i < G_N_ELEMENTS (owned); i++)
    g_free (*owned[i]);
  return status;
}

const SqCommand sq_command_compare = { "compare", "two models on the same frames", run };
