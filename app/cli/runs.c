// SPDX-License-Identifier: GPL-3.0-or-later
// Lists, describes, renames and deletes the runs of a project.
#include "cli.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

#define PAGE 100 // runs

static const char *const state_names[] = { "running", "finished", "stopped", "failed", "interrupted" };

typedef struct
{
  char *project, *search, *class_name, *model, *format;
  double score;
} Options;

static char *
format_time (gint64 us)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (us / G_USEC_PER_SEC);
  g_autoptr (GDateTime) local = g_date_time_to_local (utc);

  return g_date_time_format (local, "%Y-%m-%d %H:%M");
}

static void
print_row (const SqRun *run)
{
  g_autofree char *when = format_time (run->started_us), *counts = sq_run_describe_counts (run, 4);

  printf ("%6" G_GINT64_FORMAT "  %s  %-11s %-24.24s %-20.20s %8" G_GINT64_FORMAT "  %s\n", run->id, when, state_names[run->state],
          run->name, run->model, run->n_frames, counts[0] != '\0' ? counts : "-");
}

static void
add_string (JsonBuilder *b, const char *name, const char *value)
{
  json_builder_set_member_name (b, name);
  json_builder_add_string_value (b, value);
}

static void
add_int (JsonBuilder *b, const char *name, gint64 value)
{
  json_builder_set_member_name (b, name);
  json_builder_add_int_value (b, value);
}

static void
print_json (const SqRun *run)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL;

  json_builder_begin_object (b);
  add_int (b, "id", run->id);
  add_string (b, "name", run->name);
  add_string (b, "note", run->note);
  add_string (b, "state", state_names[run->state]);
  if (run->message != NULL)
    add_string (b, "message", run->message);
  add_int (b, "started_us", run->started_us);
  add_int (b, "finished_us", run->finished_us);
  add_string (b, "model", run->model);
  add_string (b, "level", run->level);
  add_string (b, "device", run->device);
  json_builder_set_member_name (b, "paths");
  json_builder_begin_array (b);
  for (guint i = 0; run->paths[i] != NULL; i++)
    json_builder_add_string_value (b, run->paths[i]);
  json_builder_end_array (b);
  add_int (b, "frames", run->n_frames);
  add_int (b, "candidates", run->n_detections);
  add_int (b, "objects", run->n_objects);
  json_builder_set_member_name (b, "classes");
  json_builder_begin_object (b);
  for (guint i = 0; i < run->counts->len; i++)
    add_int (b, g_array_index (run->counts, SqClassCount, i).name, g_array_index (run->counts, SqClassCount, i).n);
  json_builder_end_object (b);
  json_builder_end_object (b);
  root = json_builder_get_root (b);
  text = json_to_string (root, FALSE);
  puts (text);
}

static SqExit
list (SqProject *project, const Options *o)
{
  const SqRunQuery query = { .text = o->search, .class_name = o->class_name, .min_score = o->score, .model = o->model };
  gboolean json = g_strcmp0 (o->format, "jsonl") == 0;
  gint64 before = 0;
  guint n = 0;

  for (;;)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) runs = sq_project_list_runs (project, &query, before, PAGE, &error);

      if (runs == NULL)
        {
          sq_cli_error ("%s", error->message);
          return SQ_EXIT_NOTHING;
        }
      for (guint i = 0; i < runs->len; i++)
        {
          const SqRun *run = g_ptr_array_index (runs, i);

          if (n++ == 0 && !json)
            printf ("%6s  %-16s  %-11s %-24s %-20s %8s  %s\n", "RUN", "STARTED", "STATE", "NAME", "MODEL", "FRAMES", "OBJECTS");
          if (json)
            print_json (run);
          else
            print_row (run);
          before = run->id;
        }
      if (runs->len < PAGE)
        break;
    }
  if (n == 0 && !json)
    puts ("No runs.");
  return SQ_EXIT_OK;
}

static SqExit
show (SqProject *project, gint64 id, const Options *o)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqRun) run = sq_project_load_run (project, id, &error);
  g_autofree char *when = NULL, *counts = NULL, *paths = NULL;
  g_autoptr (GArray) devices = NULL;

  if (run == NULL)
    {
      sq_cli_error ("%s", error->message);
      return SQ_EXIT_NOTHING;
    }
  if (g_strcmp0 (o->format, "jsonl") == 0)
    {
      print_json (run);
      return SQ_EXIT_OK;
    }
  when = format_time (run->started_us);
  counts = sq_run_describe_counts (run, 0);
  paths = g_strjoinv (", ", run->paths);
  printf ("run         %" G_GINT64_FORMAT "\nname        %s\nnote        %s\nstarted     %s, %s\n", run->id, run->name, run->note, when,
          state_names[run->state]);
  if (run->message != NULL)
    printf ("message     %s\n", run->message);
  printf ("source      %s (%d x %d)\nmodel       %s, %s (%s)\ndevice      %s\n", paths, run->width, run->height, run->model, run->level,
          run->model_path, run->device);
  printf ("frames      %" G_GINT64_FORMAT "\ncandidates  %" G_GINT64_FORMAT "\nobjects     %" G_GINT64_FORMAT
          " at score %.2f, overlap %.2f\nclasses     %s\n",
          run->n_frames, run->n_detections, run->n_objects, run->filter.confidence, run->filter.iou, counts);
  devices = sq_project_load_run_devices (project, id, NULL);
  for (guint i = 0; devices != NULL && devices->len > 1 && i < devices->len; i++)
    {
      const SqRunDevice *d = &g_array_index (devices, SqRunDevice, i);

      printf ("%-11s %" G_GINT64_FORMAT " frames, %.0f %%, busy %.2f s\n", d->device, d->frames,
              100. * (double) d->frames / (double) MAX (run->n_frames, 1), (double) d->busy_ns / 1e9);
    }
  return SQ_EXIT_OK;
}

// rename RUN NAME, delete RUN...
static SqExit
change (SqProject *project, const char *verb, int argc, char **argv)
{
  SqExit status = SQ_EXIT_OK;

  for (int i = 0; i < argc; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SqRun) run = sq_project_load_run (project, g_ascii_strtoll (argv[i], NULL, 10), &error);

      if (run == NULL)
        {
          sq_cli_error ("%s", error->message);
          status = argc == 1 ? SQ_EXIT_NOTHING : SQ_EXIT_SOME_FAILED;
        }
      else if (g_str_equal (verb, "delete"))
        sq_project_delete_run (project, run->id);
      else
        sq_project_rename_run (project, run->id, argv[++i]);
      if (g_str_equal (verb, "rename"))
        break;
    }
  return status;
}

static SqExit
perform (const Options *o, int argc, char **argv)
{
  const char *verb = argc > 1 ? argv[1] : "list";
  gboolean writes = g_str_equal (verb, "rename") || g_str_equal (verb, "delete");
  gboolean known = (g_str_equal (verb, "list") && argc <= 2) || (g_str_equal (verb, "show") && argc == 3)
                   || (g_str_equal (verb, "rename") && argc == 4) || (g_str_equal (verb, "delete") && argc >= 3);
  g_autoptr (SqProject) project = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = o->project != NULL ? g_strdup (o->project) : sq_project_default_path ();
  SqExit status;

  if (!known)
    {
      sq_cli_error ("Say 'runs list', 'runs show RUN', 'runs rename RUN NAME' or 'runs delete RUN...'.");
      return SQ_EXIT_USAGE;
    }
  if (o->format != NULL && !g_str_equal (o->format, "table") && !g_str_equal (o->format, "jsonl"))
    {
      sq_cli_error ("'%s' is no format of runs: use table or jsonl.", o->format);
      return SQ_EXIT_USAGE;
    }
  project = sq_project_open (path, writes ? SQ_PROJECT_DEFAULT : SQ_PROJECT_READ_ONLY, &error);
  if (project == NULL)
    {
      sq_cli_error ("%s", error->message);
      return SQ_EXIT_NOTHING;
    }
  if (writes && sq_project_get_read_only (project))
    {
      sq_cli_error ("“%s” is read-only; copy it to another folder to change it.", path);
      return SQ_EXIT_NOTHING;
    }
  if (writes)
    status = change (project, verb, g_str_equal (verb, "rename") ? 2 : argc - 2, argv + 2);
  else if (g_str_equal (verb, "show"))
    status = show (project, g_ascii_strtoll (argv[2], NULL, 10), o);
  else
    status = list (project, o);
  if (!sq_project_close (project, &error))
    {
      sq_cli_error ("%s", error->message);
      status = SQ_EXIT_NOTHING;
    }
  return status;
}

static int
run_command (int argc, char **argv)
{
  Options o = { 0 };
  const GOptionEntry entries[] = {
    { "project", 'p', 0, G_OPTION_ARG_FILENAME, &o.project, "project file (the window's own when left out)", "FILE" },
    { "search", 's', 0, G_OPTION_ARG_STRING, &o.search, "with these words in name, note, source, model or a class", "TEXT" },
    { "class", 'c', 0, G_OPTION_ARG_STRING, &o.class_name, "with objects of this class", "NAME" },
    { "min-score", 0, 0, G_OPTION_ARG_DOUBLE, &o.score, "with --class: scored at least this", "SCORE" },
    { "model", 'm', 0, G_OPTION_ARG_STRING, &o.model, "made with this model", "NAME" },
    { "format", 'f', 0, G_OPTION_ARG_STRING, &o.format, "table (default) or jsonl", "FORMAT" },
    { NULL },
  };
  SqExit status = SQ_EXIT_USAGE;

  if (sq_cli_parse ("runs", "[list | show RUN | rename RUN NAME | delete RUN...]", "Lists and edits the runs of a project file.", entries,
                    &argc, &argv))
    status = perform (&o, argc, argv);
  g_free (o.project);
  g_free (o.search);
  g_free (o.class_name);
  g_free (o.model);
  g_free (o.format);
  return status;
}

const SqCommand sq_command_runs = { "runs", "list, rename or delete stored runs", run_command };
