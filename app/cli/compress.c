// SPDX-License-Identifier: GPL-3.0-or-later
// Writes a model again, smaller: an ONNX file that runs here and in any other engine.
#include "cli.h"

#include "engine/recipe/compress.h"
#include "engine/recipe/recipe-edit.h"
#include "engine/recipe/timing.h"
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

#define SECONDS 2.0    // of measuring the times
#define NOT_FASTER .97 // of the time: what is less is noise

typedef struct
{
  char *model, *family, *level, *recipe, *pictures, *output, *device;
  double keep;
} Options;

typedef struct
{
  SqModel *model;
  const SqRecipe *recipe;
  const char *pictures;
  GCancellable *cancellable;
  GMainLoop *loop;
  SqCompressed *result;
  GError *error;
  int percent; // last shown
} Job;

// On a terminal one line that counts up; elsewhere a line per tenth.
static void
show_progress (double fraction, const char *what, gpointer data)
{
  Job *job = data;
  gboolean terminal = isatty (STDERR_FILENO);
  int percent = (int) (100 * fraction);

  if (terminal ? percent == job->percent : percent < job->percent + 10)
    return;
  job->percent = percent;
  if (terminal)
    fprintf (stderr, "\r%3d %%  %-24s", percent, what);
  else
    fprintf (stderr, "%3d %%  %s\n", percent, what);
}

static gboolean
quit (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static gpointer
work (gpointer data)
{
  Job *job = data;
  SqRecipeProgress progress = { job->cancellable, show_progress, job, 0, 1 };

  job->result = sq_compress (job->model, job->recipe, job->pictures, &progress, &job->error);
  if (isatty (STDERR_FILENO) && job->percent >= 0)
    fputs ("\r\033[K", stderr);
  g_idle_add (quit, job->loop); // the loop may not have begun yet
  return NULL;
}

static gboolean
on_interrupt (gpointer data)
{
  g_cancellable_cancel (data);
  return G_SOURCE_CONTINUE;
}

// Works on a thread of its own, so that Ctrl+C is heard.
static void
compress (Job *job)
{
  GThread *thread;
  guint signals[2];

  job->percent = -10;
  job->cancellable = g_cancellable_new ();
  job->loop = g_main_loop_new (NULL, FALSE);
  signals[0] = g_unix_signal_add (SIGINT, on_interrupt, job->cancellable);
  signals[1] = g_unix_signal_add (SIGTERM, on_interrupt, job->cancellable);
  thread = g_thread_new ("compress", work, job);
  g_main_loop_run (job->loop);
  g_thread_join (thread);
  for (int i = 0; i < 2; i++)
    g_source_remove (signals[i]);
  g_main_loop_unref (job->loop);
  g_object_unref (job->cancellable);
}

// By turns with the original, so that both meet the same machine.
static void
print_time (const Job *job, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqModel) variant = sq_model_load (path, NULL, NULL, &error);
  SqTimePair pair;

  if (variant == NULL || !sq_time_pair (job->model, variant, job->recipe->device, SECONDS, NULL, &pair, &error))
    {
      sq_cli_error ("%s", error->message);
      return;
    }
  printf ("time        %.1f ms a picture on %s, before %.1f\n", pair.variant_ms, job->recipe->device, pair.original_ms);
  if (pair.variant_ms > NOT_FASTER * pair.original_ms && job->recipe->steps->len > 0)
    printf ("            not faster than the original on this device, only smaller\n");
}

static void
print_report (const Job *job, const char *path)
{
  g_autofree char *before = g_format_size (job->model->file_size), *after = NULL;
  GStatBuf info;

  if (job->result->warning != NULL)
    sq_cli_error ("%s", job->result->warning);
  if (job->result->report != NULL)
    puts (job->result->report);
  if (job->result->fidelity != NULL)
    {
      g_autofree char *text = sq_fidelity_describe (job->result->fidelity, job->model->labels);

      fputs (text, stdout);
    }
  if (g_stat (path, &info) == 0)
    after = g_format_size ((guint64) info.st_size);
  printf ("size        %s, before %s\n", after != NULL ? after : "?", before);
  print_time (job, path);
}

// The level's, or the text file's; NULL after a message.
static SqRecipe *
load_recipe (const Options *o)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL, *levels = NULL;
  SqRecipe *recipe = NULL;

  if (o->recipe != NULL)
    {
      if (g_file_get_contents (o->recipe, &text, NULL, &error))
        recipe = sq_recipe_parse (text, &error);
      if (recipe == NULL)
        sq_cli_error ("%s", error->message);
      return recipe;
    }
  recipe = o->level != NULL ? sq_recipe_level (o->level) : NULL;
  levels = g_strjoinv (", ", (char **) sq_recipe_level_ids ());
  if (recipe == NULL)
    sq_cli_error ("Choose a level with --level: %s.", levels);
  return recipe;
}

static SqExit
perform (const Options *o, int argc)
{
  g_autoptr (SqRecipe) recipe = NULL;
  g_autoptr (SqModel) model = NULL;
  Job job = { .pictures = o->pictures };
  SqExit status = SQ_EXIT_NOTHING;

  if (argc > 1 || o->output == NULL)
    {
      sq_cli_error ("Name the model with --model and the file to write with -o.");
      return SQ_EXIT_USAGE;
    }
  job.recipe = recipe = load_recipe (o);
  if (recipe == NULL)
    return SQ_EXIT_USAGE;
  if (o->device != NULL)
    {
      g_free (recipe->device);
      recipe->device = g_strdup (o->device);
    }
  if (o->keep != 0 && (!(o->keep > 0 && o->keep <= 1) || !sq_recipe_set_keep (recipe, o->keep)))
    {
      sq_cli_error ("--keep is an agreement between 0 and 1, for the levels fastest, int8 and int8-mixed.");
      return SQ_EXIT_USAGE;
    }
  if (sq_recipe_needs_pictures (recipe) && o->pictures == NULL)
    {
      sq_cli_error ("The level %s is measured on pictures: name a folder of them with --calib.", recipe->id);
      return SQ_EXIT_USAGE;
    }
  model = sq_cli_load_model (o->model, o->family, TRUE);
  if (model == NULL)
    return SQ_EXIT_NOTHING;
  job.model = model;
  compress (&job);
  if (job.result != NULL && sq_compressed_write (job.result, o->output, &job.error))
    {
      print_report (&job, o->output);
      status = SQ_EXIT_OK;
    }
  else
    sq_cli_error ("%s", job.error->message);
  g_clear_error (&job.error);
  g_clear_pointer (&job.result, sq_compressed_free);
  return status;
}

static int
run_command (int argc, char **argv)
{
  Options o = { 0 };
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &o.model, "model file or name (see 'squint-cli models')", "MODEL" },
    { "family", 0, 0, G_OPTION_ARG_STRING, &o.family, "what the outputs mean, where the file does not say", "ID" },
    { "level", 'l', 0, G_OPTION_ARG_STRING, &o.level, "original, half, int8, int8-mixed, slim25, slim50, slim-int8 or fastest", "LEVEL" },
    { "recipe", 0, 0, G_OPTION_ARG_FILENAME, &o.recipe, "text file with steps and parameters, instead of a level", "FILE" },
    { "keep", 0, 0, G_OPTION_ARG_DOUBLE, &o.keep, "agreement with the original to be kept, 0 to 1, for fastest and int8-mixed", "SHARE" },
    { "device", 'd', 0, G_OPTION_ARG_STRING, &o.device, "whose time counts for fastest (cpu)", "DEVICE" },
    { "calib", 'c', 0, G_OPTION_ARG_FILENAME, &o.pictures, "folder of pictures like those to come, for all but original and half", "DIR" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &o.output, "the ONNX file to write", "FILE" },
    { NULL },
  };
  SqExit status = SQ_EXIT_USAGE;

  if (sq_cli_parse ("compress", NULL, "Writes a model as an ONNX file that is smaller or runs faster.", entries, &argc, &argv))
    status = perform (&o, argc);
  g_free (o.model);
  g_free (o.family);
  g_free (o.level);
  g_free (o.recipe);
  g_free (o.pictures);
  g_free (o.device);
  g_free (o.output);
  return status;
}

const SqCommand sq_command_compress = { "compress", "write a model smaller, as ONNX", run_command };
