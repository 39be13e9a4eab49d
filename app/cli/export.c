// SPDX-License-Identifier: GPL-3.0-or-later
// Writes a stored run in a format others read.
#include "cli.h"

#include <gio/gunixoutputstream.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct
{
  char *project, *format, *output, *classes;
  gint64 run;
  double confidence, iou;
} Options;

static void
show_progress (double fraction, gpointer data)
{
  if (isatty (STDERR_FILENO))
    fprintf (stderr, "\r%3.0f %%%s", 100 * fraction, fraction >= 1 ? "\n" : "");
}

// The run's own filter, changed as the options say; `classes` receives the mask. FALSE after a message.
static gboolean
make_filter (const Options *o, const SqRun *run, SqFilter *filter, guint8 **classes)
{
  *filter = run->filter;
  if (o->confidence >= 0)
    filter->confidence = (float) o->confidence;
  if (o->iou >= 0)
    filter->iou = (float) o->iou;
  if (o->classes != NULL)
    {
      const SqModel model = { .name = run->model, .labels = run->labels, .n_classes = g_strv_length (run->labels) };

      *classes = sq_cli_parse_classes (&model, o->classes);
      filter->classes = *classes;
      filter->n_classes = model.n_classes;
      return *classes != NULL;
    }
  return TRUE;
}

static SqExit
export_run (const Options *o, SqProject *project, SqExportFormat format)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqRun) run = NULL;
  g_autofree guint8 *classes = NULL;
  SqFilter filter;
  gint64 id = o->run;
  gboolean good;

  if (id == 0)
    {
      g_autoptr (GPtrArray) newest = sq_project_list_runs (project, NULL, 0, 1, &error);

      if (newest != NULL && newest->len == 0)
        sq_cli_error ("“%s” has no runs yet.", sq_project_get_path (project));
      else if (newest != NULL)
        id = ((SqRun *) g_ptr_array_index (newest, 0))->id;
    }
  run = id != 0 ? sq_project_load_run (project, id, &error) : NULL;
  if (run == NULL)
    {
      if (error != NULL)
        sq_cli_error ("%s", error->message);
      return SQ_EXIT_NOTHING;
    }
  if (!make_filter (o, run, &filter, &classes))
    return SQ_EXIT_USAGE;
  if (o->output != NULL && !g_str_equal (o->output, "-"))
    good = sq_export_run (project, id, format, &filter, o->output, NULL, show_progress, NULL, &error);
  else
    {
      g_autoptr (GOutputStream) out = g_unix_output_stream_new (STDOUT_FILENO, FALSE);
      g_autoptr (GOutputStream) buffered = g_buffered_output_stream_new_sized (out, 1 << 16);

      good =
          sq_export_run_to_stream (project, id, format, &filter, buffered, NULL, &error) && g_output_stream_flush (buffered, NULL, &error);
    }
  if (!good)
    sq_cli_error ("%s", error->message);
  return good ? SQ_EXIT_OK : SQ_EXIT_NOTHING;
}

static SqExit
perform (const Options *o, int argc)
{
  g_autofree char *path = o->project != NULL ? g_strdup (o->project) : sq_project_default_path ();
  g_autoptr (SqProject) project = NULL;
  g_autoptr (GError) error = NULL;
  SqExportFormat format;

  if (argc > 1)
    {
      sq_cli_error ("The export is named with --run and --output; 'squint-cli export --help' explains it.");
      return SQ_EXIT_USAGE;
    }
  if (!sq_export_format_from_id (o->format != NULL ? o->format : "coco", &format))
    {
      sq_cli_error ("'%s' is no export format: use coco, yolo, csv, json, jsonl, annotated, video or samples.", o->format);
      return SQ_EXIT_USAGE;
    }
  if (!sq_export_format_is_text (format) && (o->output == NULL || g_str_equal (o->output, "-")))
    {
      sq_cli_error ("The %s format is a %s: name it with --output.", sq_export_format_id (format),
                    sq_export_format_is_folder (format) ? "folder of files" : "file");
      return SQ_EXIT_USAGE;
    }
  project = sq_project_open (path, SQ_PROJECT_READ_ONLY, &error);
  if (project == NULL)
    {
      sq_cli_error ("%s", error->message);
      return SQ_EXIT_NOTHING;
    }
  return export_run (o, project, format);
}

static int
run_command (int argc, char **argv)
{
  Options o = { .confidence = -1, .iou = -1 };
  const GOptionEntry entries[] = {
    { "project", 'p', 0, G_OPTION_ARG_FILENAME, &o.project, "project file (the window's own when left out)", "FILE" },
    { "run", 'r', 0, G_OPTION_ARG_INT64, &o.run, "number of the run (the newest when left out; see 'squint-cli runs')", "RUN" },
    { "format", 'f', 0, G_OPTION_ARG_STRING, &o.format,
      "coco (default), yolo, csv, json, jsonl; annotated: pictures with the objects drawn on them; video: of a video, the same as MP4; "
      "samples: how busy the devices were, as CSV",
      "FORMAT" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &o.output,
      "file to write, for yolo and annotated a folder (standard output when left out, where that can be)", "PATH" },
    { "conf", 0, 0, G_OPTION_ARG_DOUBLE, &o.confidence, "lowest score (as in the run)", "SCORE" },
    { "iou", 0, 0, G_OPTION_ARG_DOUBLE, &o.iou, "overlap above which the weaker box goes (as in the run)", "IOU" },
    { "classes", 0, 0, G_OPTION_ARG_STRING, &o.classes, "only these", "A,B" },
    { NULL },
  };
  SqExit status = SQ_EXIT_USAGE;

  if (sq_cli_parse ("export", NULL, "Writes a stored run as COCO JSON, YOLO text files, CSV, JSON, annotated pictures or video.", entries, &argc, &argv))
    status = perform (&o, argc);
  g_free (o.project);
  g_free (o.format);
  g_free (o.output);
  g_free (o.classes);
  return status;
}

const SqCommand sq_command_export = { "export", "write a stored run as COCO, YOLO, CSV, JSON, pictures or video", run_command };
