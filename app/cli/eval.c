// SPDX-License-Identifier: GPL-3.0-or-later
// Scores a model against labelled pictures, as the COCO challenge does.
#include "cli.h"

#include "engine/eval/coco-ap.h"
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

typedef struct
{
  char *model, *family, *device, *annotations, *images, *format;
  double confidence, iou;
  int threads;
} Options;

typedef struct
{
  const Options *options;
  SqModel *model;
  SqAnnotations *labels;
  int *class_map; // model class -> label class, -1 unknown
  SqCocoAp *ap;
  SqFilter filter;
  GMainLoop *loop;
  guint done, failures;
  char *message;
} Job;

// The two generations of names for the COCO classes, and differences of spelling.
static char *
plain_name (const char *name)
{
  static const char *const same[][2] = {
    { "motorbike", "motorcycle" }, { "aeroplane", "airplane" }, { "sofa", "couch" }, { "tvmonitor", "tv" }, { "body", "person" }
  };
  GString *plain = g_string_new (NULL);

  for (const char *p = name; *p != '\0'; p++)
    if (g_ascii_isalnum (*p))
      g_string_append_c (plain, g_ascii_tolower (*p));
  for (guint i = 0; i < G_N_ELEMENTS (same); i++)
    if (strcmp (plain->str, same[i][0]) == 0)
      g_string_assign (plain, same[i][1]);
  return g_string_free (plain, FALSE);
}

// FALSE after a message: model and labels have no class in common.
static gboolean
map_classes (Job *job)
{
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint n_found = 0;

  for (guint i = 0; i < job->labels->n_classes; i++)
    g_hash_table_insert (known, plain_name (job->labels->class_names[i]), GINT_TO_POINTER (i + 1));
  job->class_map = g_new (int, job->model->n_classes);
  for (guint i = 0; i < job->model->n_classes; i++)
    {
      g_autofree char *name = plain_name (job->model->labels[i]);

      job->class_map[i] = GPOINTER_TO_INT (g_hash_table_lookup (known, name)) - 1;
      n_found += job->class_map[i] >= 0;
    }
  if (n_found < job->model->n_classes && job->model->n_classes == job->labels->n_classes && !job->model->labels_known)
    {
      for (guint i = 0; i < job->model->n_classes; i++)
        job->class_map[i] = i;
      return TRUE;
    }
  if (n_found == 0)
    {
      sq_cli_error ("%s and %s have no class name in common; use labels made for this model.", job->model->name, job->options->annotations);
      return FALSE;
    }
  if (n_found < job->model->n_classes)
    sq_cli_error ("%u of the model's %u classes are not among the labels and do not count.", job->model->n_classes - n_found,
                  job->model->n_classes);
  return TRUE;
}

static void
add_truths (Job *job)
{
  g_autofree gboolean *known = g_new0 (gboolean, job->labels->n_classes);

  for (guint i = 0; i < job->model->n_classes; i++)
    if (job->class_map[i] >= 0)
      known[job->class_map[i]] = TRUE;
  for (guint i = 0; i < job->labels->images->len; i++)
    {
      const SqLabelledImage *image = g_ptr_array_index (job->labels->images, i);

      sq_coco_ap_add_truths (job->ap, image->id, NULL, 0);
      for (guint j = 0; j < image->n_boxes; j++)
        {
          const SqLabelBox *box = &image->boxes[j];
          const SqTruth truth = { box->x1, box->y1, box->x2, box->y2, box->area, box->class_id, box->crowd };

          if (known[box->class_id])
            sq_coco_ap_add_truths (job->ap, image->id, &truth, 1);
        }
    }
}

static void
on_result (SqResult *result, gpointer data)
{
  Job *job = data;
  const SqLabelledImage *image = sq_annotations_find (job->labels, result->frame->path);
  g_autoptr (GArray) detections = sq_result_detections (result, &job->filter);

  for (guint i = 0; i < detections->len; i++)
    {
      SqDetection *detection = &g_array_index (detections, SqDetection, i);

      detection->class_id = detection->class_id < (int) job->model->n_classes ? job->class_map[detection->class_id] : -1;
    }
  sq_coco_ap_add_detections (job->ap, image->id, (const SqDetection *) detections->data, detections->len);
  job->done++;
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
print_table (const Job *job, const SqApReport *report)
{
  printf ("%-24s %6s %6s %6s %7s %7s\n", "CLASS", "AP", "AP50", "AP75", "LABELS", "FOUND");
  for (guint i = 0; i < report->n_classes; i++)
    {
      const SqClassAp *c = &report->classes[i];

      if (c->n_truths > 0)
        printf ("%-24s %6.3f %6.3f %6.3f %7u %7u\n", job->labels->class_names[i], c->ap, c->ap50, c->ap75, c->n_truths, c->n_detections);
    }
  printf ("\n%s on %u pictures, %u classes\nAP    %.4f\nAP50  %.4f\nAP75  %.4f\nsmall %.4f  medium %.4f  large %.4f\nrecall %.4f\n",
          job->model->name, report->n_images, report->n_present, report->ap, report->ap50, report->ap75, report->ap_small,
          report->ap_medium, report->ap_large, report->recall);
}

static void
add_number (JsonBuilder *b, const char *name, double value)
{
  json_builder_set_member_name (b, name);
  if (value < 0)
    json_builder_add_null_value (b);
  else
    json_builder_add_double_value (b, value);
}

static void
print_json (const Job *job, const SqApReport *report, double seconds)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL;

  json_builder_begin_object (b);
  json_builder_set_member_name (b, "model");
  json_builder_add_string_value (b, job->model->name);
  json_builder_set_member_name (b, "images");
  json_builder_add_int_value (b, report->n_images);
  json_builder_set_member_name (b, "classes_present");
  json_builder_add_int_value (b, report->n_present);
  add_number (b, "ap", report->ap);
  add_number (b, "ap50", report->ap50);
  add_number (b, "ap75", report->ap75);
  add_number (b, "ap_small", report->ap_small);
  add_number (b, "ap_medium", report->ap_medium);
  add_number (b, "ap_large", report->ap_large);
  add_number (b, "recall", report->recall);
  add_number (b, "seconds", seconds);
  json_builder_set_member_name (b, "classes");
  json_builder_begin_array (b);
  for (guint i = 0; i < report->n_classes; i++)
    {
      const SqClassAp *c = &report->classes[i];

      if (c->n_truths == 0)
        continue;
      json_builder_begin_object (b);
      json_builder_set_member_name (b, "name");
      json_builder_add_string_value (b, job->labels->class_names[i]);
      add_number (b, "ap", c->ap);
      add_number (b, "ap50", c->ap50);
      add_number (b, "ap75", c->ap75);
      json_builder_set_member_name (b, "labels");
      json_builder_add_int_value (b, c->n_truths);
      json_builder_set_member_name (b, "detections");
      json_builder_add_int_value (b, c->n_detections);
      json_builder_end_object (b);
    }
  json_builder_end_array (b);
  json_builder_end_object (b);
  root = json_builder_get_root (b);
  text = json_to_string (root, TRUE);
  puts (text);
}

static SqExit
evaluate (Job *job)
{
  const Options *o = job->options;
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (SqApReport) report = NULL;
  SqPipelineOptions options = { .devices = o->device, .threads = o->threads, .floor = (float) o->confidence };
  SqPipeline *pipeline;
  gint64 began = g_get_monotonic_time ();

  for (guint i = 0; i < job->labels->images->len; i++)
    g_ptr_array_add (paths,
                     g_build_filename (o->images, ((SqLabelledImage *) g_ptr_array_index (job->labels->images, i))->file_name, NULL));
  g_ptr_array_add (paths, NULL);
  options.paths = (const char *const *) paths->pdata;
  job->ap = sq_coco_ap_new (job->labels->n_classes);
  add_truths (job);

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

  if (job->message != NULL)
    sq_cli_error ("%s", job->message);
  if (job->done == 0)
    {
      if (job->message == NULL)
        sq_cli_error ("None of the labelled pictures could be read; name their folder with --images.");
      return SQ_EXIT_NOTHING;
    }
  report = sq_coco_ap_evaluate (job->ap);
  if (g_strcmp0 (o->format, "json") == 0)
    print_json (job, report, (g_get_monotonic_time () - began) / 1e6);
  else
    print_table (job, report);
  return job->failures > 0 || job->message != NULL ? SQ_EXIT_SOME_FAILED : SQ_EXIT_OK;
}

static SqExit
perform (const Options *o, int argc)
{
  g_autoptr (GError) error = NULL;
  Job job = { .options = o, .filter = { .confidence = (float) o->confidence, .iou = (float) o->iou, .max_detections = 100 } };
  SqExit status = SQ_EXIT_NOTHING;

  if (argc > 1 || o->annotations == NULL || o->images == NULL)
    {
      sq_cli_error ("Name the labels with --annotations and the folder of their pictures with --images.");
      return SQ_EXIT_USAGE;
    }
  if (o->format != NULL && !g_str_equal (o->format, "table") && !g_str_equal (o->format, "json"))
    {
      sq_cli_error ("'%s' is no format of eval: use table or json.", o->format);
      return SQ_EXIT_USAGE;
    }
  if (o->confidence <= 0 || o->confidence > 1 || o->iou < 0 || o->iou > 1)
    {
      sq_cli_error ("--conf and --iou lie between 0 and 1, and --conf is not 0.");
      return SQ_EXIT_USAGE;
    }
  job.labels = sq_annotations_load (o->annotations, o->images, NULL, &error);
  if (job.labels == NULL)
    {
      sq_cli_error ("%s", error->message);
      return SQ_EXIT_NOTHING;
    }
  job.model = sq_cli_load_model (o->model, o->family, TRUE);
  if (job.model != NULL && map_classes (&job))
    status = evaluate (&job);
  g_clear_pointer (&job.ap, sq_coco_ap_free);
  g_clear_pointer (&job.model, sq_model_unref);
  sq_annotations_unref (job.labels);
  g_free (job.class_map);
  g_free (job.message);
  return status;
}

static int
run_command (int argc, char **argv)
{
  Options o = { .confidence = .001, .iou = .65 };
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &o.model, "model file or name (see 'squint-cli models')", "MODEL" },
    { "family", 0, 0, G_OPTION_ARG_STRING, &o.family, "what the outputs mean, where the file does not say", "ID" },
    { "device", 'd', 0, G_OPTION_ARG_STRING, &o.device, "device id (see 'squint-cli devices')", "DEVICE" },
    { "threads", 0, 0, G_OPTION_ARG_INT, &o.threads, "frames at once on the CPU, 0 = one per core", "N" },
    { "annotations", 'a', 0, G_OPTION_ARG_FILENAME, &o.annotations, "COCO JSON file, or folder of YOLO text files", "PATH" },
    { "images", 'i', 0, G_OPTION_ARG_FILENAME, &o.images, "folder of the labelled pictures", "DIR" },
    { "conf", 0, 0, G_OPTION_ARG_DOUBLE, &o.confidence, "lowest score (0.001)", "SCORE" },
    { "iou", 0, 0, G_OPTION_ARG_DOUBLE, &o.iou, "overlap above which the weaker box goes (0.65)", "IOU" },
    { "format", 'f', 0, G_OPTION_ARG_STRING, &o.format, "table (default) or json", "FORMAT" },
    { NULL },
  };
  SqExit status = SQ_EXIT_USAGE;

  if (sq_cli_parse ("eval", NULL, "Scores a model on labelled pictures: average precision as in the COCO challenge.", entries, &argc,
                    &argv))
    status = perform (&o, argc);
  g_free (o.model);
  g_free (o.family);
  g_free (o.device);
  g_free (o.annotations);
  g_free (o.images);
  g_free (o.format);
  return status;
}

const SqCommand sq_command_eval = { "eval", "score a model on labelled pictures", run_command };
