// SPDX-License-Identifier: GPL-3.0-or-later
// Scores a model, two, or stored runs against labelled pictures, as the COCO challenge does.
#include "cli.h"

#include "eval-print.h"
#include <stdio.h>
#include <string.h>

typedef struct
{
  char *model, *against, *family, *device, *annotations, *images, *format, *results, *project, *runs;
  double confidence, iou;
  int threads;
} Options;

typedef struct
{
  const Options *options;
  SqModel *model;
  SqJudge *judge;
  SqFilter filter;
  GString *results; // NULL: nobody asked
  GMainLoop *loop;
  guint failures;
  char *message;
} Job;

// In the form of COCO's results, which its own tools read.
static void
add_result (Job *job, const SqLabelledImage *image, const SqDetection *d)
{
  const float box[] = { d->x1, d->y1, d->x2 - d->x1, d->y2 - d->y1, d->score };
  char number[5][G_ASCII_DTOSTR_BUF_SIZE];

  if (d->class_id < 0)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (box); i++)
    g_ascii_formatd (number[i], sizeof number[i], "%.9g", (double) box[i]);
  g_string_append_printf (job->results, "%s{\"image_id\":%" G_GINT64_FORMAT ",\"category_id\":%d,\"bbox\":[%s,%s,%s,%s],\"score\":%s}",
                          job->results->len > 1 ? ",\n" : "", image->id, job->judge->labels->category_ids[d->class_id], number[0],
                          number[1], number[2], number[3], number[4]);
}

static void
on_result (SqResult *result, gpointer data)
{
  Job *job = data;
  const SqLabelledImage *image = sq_annotations_find (job->judge->labels, result->frame->path);
  g_autoptr (GArray) detections = sq_result_detections (result, &job->filter);

  if (image == NULL)
    return;
  sq_judge_add (job->judge, image, detections);
  for (guint i = 0; job->results != NULL && i < detections->len; i++)
    add_result (job, image, &g_array_index (detections, SqDetection, i));
}

static void
on_item_failed (SqPipeline *pipeline, const char *message, Job *job)
{
  sq_cli_error ("%s", message);
  job->failures++;
}

static void
on_failed (SqPipeline *pipeline, const char *message, Job *job)
{
  job->message = g_strdup (message);
  g_main_loop_quit (job->loop);
}

static void
run_model (Job *job)
{
  const Options *o = job->options;
  const GPtrArray *images = job->judge->labels->images;
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  SqPipelineOptions options = { .devices = o->device, .threads = o->threads, .floor = (float) o->confidence };
  SqPipeline *pipeline;

  for (guint i = 0; i < images->len; i++)
    g_ptr_array_add (paths, g_build_filename (o->images, ((SqLabelledImage *) images->pdata[i])->file_name, NULL));
  g_ptr_array_add (paths, NULL);
  options.paths = (const char *const *) paths->pdata;
  pipeline = sq_pipeline_new (job->model, &options);
  job->loop = g_main_loop_new (NULL, FALSE);
  g_signal_connect (pipeline, "item-failed", G_CALLBACK (on_item_failed), job);
  g_signal_connect (pipeline, "failed", G_CALLBACK (on_failed), job);
  g_signal_connect_swapped (pipeline, "finished", G_CALLBACK (g_main_loop_quit), job->loop);
  sq_pipeline_add_sink (pipeline, on_result, job, NULL);
  sq_pipeline_start (pipeline);
  g_main_loop_run (job->loop);
  sq_pipeline_stop (pipeline);
  sq_pipeline_wait (pipeline, NULL);
  g_object_unref (pipeline);
  g_main_loop_unref (job->loop);
}

static void
tell_missing_classes (const SqJudge *judge, guint n_classes)
{
  if (judge->n_common < n_classes)
    sq_cli_error ("%u of the model's %u classes are not among the labels and do not count.", n_classes - judge->n_common, n_classes);
}

// One model anew. `scored` is filled where anything could be judged.
static SqExit
score_model (const Options *o, SqAnnotations *labels, const char *name, GString *results, SqScored *scored)
{
  g_autoptr (GError) error = NULL;
  Job job = { .options = o,
              .results = results,
              .filter = { .confidence = (float) o->confidence, .iou = (float) o->iou, .max_detections = 100 } };
  gint64 began;
  SqExit status = SQ_EXIT_NOTHING;

  job.model = sq_cli_load_model (name, o->family, TRUE);
  if (job.model == NULL)
    return status;
  job.judge = sq_judge_new (labels, (const char *const *) job.model->labels, !job.model->labels_known, SQ_EVALUATE_SCORE, &error);
  if (job.judge == NULL)
    sq_cli_error ("%s", error->message);
  else
    {
      tell_missing_classes (job.judge, job.model->n_classes);
      began = g_get_monotonic_time ();
      run_model (&job);
      if (job.message != NULL)
        sq_cli_error ("%s", job.message);
      else if (job.judge->n_judged == 0)
        sq_cli_error ("None of the labelled pictures could be read; name their folder with --images.");
      if (job.judge->n_judged > 0)
        {
          *scored = (SqScored){ g_intern_string (job.model->name), g_steal_pointer (&job.judge),
                                (double) (g_get_monotonic_time () - began) / 1e6 };
          status = job.failures > 0 || job.message != NULL ? SQ_EXIT_SOME_FAILED : SQ_EXIT_OK;
        }
    }
  g_clear_pointer (&job.judge, sq_judge_free);
  sq_model_unref (job.model);
  g_free (job.message);
  return status;
}

static SqExit
score_runs (const Options *o, SqAnnotations *labels, SqScored *sides, guint *n)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqProject) project = sq_project_open (o->project, SQ_PROJECT_READ_ONLY, &error);
  g_auto (GStrv) ids = g_strsplit (o->runs, ",", -1);

  if (g_strv_length (ids) < 1 || g_strv_length (ids) > 2)
    {
      sq_cli_error ("'%s' is no run and no pair of runs: give one number or two, as 'squint-cli runs --project FILE' lists them.", o->runs);
      return SQ_EXIT_USAGE;
    }
  for (*n = 0; project != NULL && ids[*n] != NULL; (*n)++)
    {
      gint64 id;

      if (!g_ascii_string_to_signed (g_strstrip (ids[*n]), 10, 1, G_MAXINT64, &id, &error))
        break;
      g_autoptr (SqRun) run = sq_project_load_run (project, id, &error);
      SqJudge *judge = run != NULL ? sq_project_evaluate (project, id, labels, SQ_EVALUATE_SCORE, NULL, &error) : NULL;

      if (judge == NULL)
        break;
      sides[*n] = (SqScored){ g_intern_string (run->name), judge, 0 };
    }
  if (error == NULL)
    return SQ_EXIT_OK;
  sq_cli_error ("%s", error->message);
  return SQ_EXIT_NOTHING;
}

static SqExit
score (const Options *o, SqAnnotations *labels, SqScored *sides, guint *n)
{
  g_autoptr (GString) results = o->results != NULL ? g_string_new ("[") : NULL;
  g_autoptr (GError) error = NULL;
  SqExit status, second;

  if (o->runs != NULL)
    return score_runs (o, labels, sides, n);
  status = score_model (o, labels, o->model, results, &sides[0]);
  *n = sides[0].judge != NULL ? 1 : 0;
  if (*n > 0 && o->against != NULL)
    {
      second = score_model (o, labels, o->against, NULL, &sides[1]);
      *n += sides[1].judge != NULL ? 1 : 0;
      status = MAX (status, second);
    }
  if (results == NULL || *n == 0)
    return status;
  g_string_append (results, "]\n");
  if (g_file_set_contents (o->results, results->str, (gssize) results->len, &error))
    return status;
  sq_cli_error ("%s cannot be written (%s): choose another file for --results.", o->results, error->message);
  return SQ_EXIT_NOTHING;
}

static gboolean
check_options (const Options *o, int argc)
{
  if (argc > 1 || o->annotations == NULL || (o->images == NULL && o->runs == NULL))
    sq_cli_error ("Name the labels with --annotations and the folder of their pictures with --images.");
  else if (o->runs != NULL && (o->model != NULL || o->against != NULL || o->results != NULL))
    sq_cli_error ("--runs scores what is stored: leave out --model, --against and --results.");
  else if ((o->runs != NULL) != (o->project != NULL))
    sq_cli_error ("--runs and --project belong together: name the project file and one run of it, or two with a comma.");
  else if (o->format != NULL && !g_str_equal (o->format, "table") && !g_str_equal (o->format, "json"))
    sq_cli_error ("'%s' is no format of eval: use table or json.", o->format);
  else if (o->confidence <= 0 || o->confidence > 1 || o->iou < 0 || o->iou > 1)
    sq_cli_error ("--conf and --iou lie between 0 and 1, and --conf is not 0.");
  else
    return TRUE;
  return FALSE;
}

static SqExit
perform (const Options *o, int argc)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqAnnotations) labels = NULL;
  SqScored sides[2] = { 0 };
  SqExit status;
  guint n = 0;

  if (!check_options (o, argc))
    return SQ_EXIT_USAGE;
  labels = sq_annotations_load (o->annotations, o->images, NULL, &error);
  if (labels == NULL)
    {
      sq_cli_error ("%s", error->message);
      return SQ_EXIT_NOTHING;
    }
  status = score (o, labels, sides, &n);
  if (n > 0) // what there is, also where the second failed
    {
      if (g_strcmp0 (o->format, "json") == 0)
        sq_cli_print_scores_json (sides, n);
      else
        sq_cli_print_scores (sides, n);
    }
  for (guint i = 0; i < G_N_ELEMENTS (sides); i++)
    g_clear_pointer (&sides[i].judge, sq_judge_free);
  return status;
}

static int
run_command (int argc, char **argv)
{
  Options o = { .confidence = .001, .iou = .65 };
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &o.model, "model file or name (see 'squint-cli models')", "MODEL" },
    { "against", 'b', 0, G_OPTION_ARG_FILENAME, &o.against, "a second model, to be scored beside it", "MODEL" },
    { "family", 0, 0, G_OPTION_ARG_STRING, &o.family, "what the outputs mean, where the file does not say", "ID" },
    { "device", 'd', 0, G_OPTION_ARG_STRING, &o.device, "device id (see 'squint-cli devices')", "DEVICE" },
    { "threads", 0, 0, G_OPTION_ARG_INT, &o.threads, "frames at once on the CPU, 0 = one per core", "N" },
    { "annotations", 'a', 0, G_OPTION_ARG_FILENAME, &o.annotations, "COCO JSON file, or folder of YOLO text files", "PATH" },
    { "images", 'i', 0, G_OPTION_ARG_FILENAME, &o.images, "folder of the labelled pictures", "DIR" },
    { "conf", 0, 0, G_OPTION_ARG_DOUBLE, &o.confidence, "lowest score (0.001)", "SCORE" },
    { "iou", 0, 0, G_OPTION_ARG_DOUBLE, &o.iou, "overlap above which the weaker box goes (0.65)", "IOU" },
    { "project", 0, 0, G_OPTION_ARG_FILENAME, &o.project, "score what is stored here instead of running a model", "FILE" },
    { "runs", 0, 0, G_OPTION_ARG_STRING, &o.runs, "which run of the project, or two (see 'squint-cli runs')", "ID[,ID]" },
    { "results", 0, 0, G_OPTION_ARG_FILENAME, &o.results, "write the first model's detections here, in the form of COCO's results",
      "FILE" },
    { "format", 'f', 0, G_OPTION_ARG_STRING, &o.format, "table (default) or json", "FORMAT" },
    { NULL },
  };
  SqExit status = SQ_EXIT_USAGE;

  if (sq_cli_parse ("eval", NULL, "Scores a model on labelled pictures: average precision as in the COCO challenge.", entries, &argc,
                    &argv))
    status = perform (&o, argc);
  g_free (o.model);
  g_free (o.against);
  g_free (o.family);
  g_free (o.device);
  g_free (o.annotations);
  g_free (o.images);
  g_free (o.format);
  g_free (o.results);
  g_free (o.project);
  g_free (o.runs);
  return status;
}

const SqCommand sq_command_eval = { "eval", "score models on labelled pictures", run_command };
