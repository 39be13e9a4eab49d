// SPDX-License-Identifier: GPL-3.0-or-later
// Writes a model again, smaller: an ONNX file that runs here and in any other engine.
#include "cli.h"

#include "engine/formats/format.h"
#include "engine/model-metadata.h"
#include <glib/gstdio.h>
#include <stdio.h>

typedef struct
{
  char *model, *family, *level, *output;
} Options;

static SqExit
perform (const Options *o, int argc)
{
  g_autoptr (GHashTable) metadata = NULL;
  g_autoptr (SqModel) model = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *before = NULL, *after = NULL;
  SqOnnxWriteOptions write = { 0 };
  GStatBuf info;

  if (argc > 1 || o->output == NULL)
    {
      sq_cli_error ("Name the model with --model and the file to write with -o.");
      return SQ_EXIT_USAGE;
    }
  if (o->level == NULL || (!g_str_equal (o->level, "original") && !g_str_equal (o->level, "half")))
    {
      sq_cli_error ("Choose a level with --level: original or half.");
      return SQ_EXIT_USAGE;
    }
  model = sq_cli_load_model (o->model, o->family, TRUE);
  if (model == NULL)
    return SQ_EXIT_NOTHING;
  metadata = sq_model_describe (model);
  write.half = g_str_equal (o->level, "half");
  write.metadata = metadata;
  if (!sq_onnx_write (model->graph, &write, o->output, &error))
    {
      sq_cli_error ("%s", error->message);
      return SQ_EXIT_NOTHING;
    }
  before = g_format_size (model->file_size);
  if (g_stat (o->output, &info) == 0)
    after = g_format_size ((guint64) info.st_size);
  printf ("%s: %s, before %s\n", o->output, after != NULL ? after : "?", before);
  return SQ_EXIT_OK;
}

static int
run_command (int argc, char **argv)
{
  Options o = { 0 };
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &o.model, "model file or name (see 'squint-cli models')", "MODEL" },
    { "family", 0, 0, G_OPTION_ARG_STRING, &o.family, "what the outputs mean, where the file does not say", "ID" },
    { "level", 'l', 0, G_OPTION_ARG_STRING, &o.level, "original or half", "LEVEL" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &o.output, "the ONNX file to write", "FILE" },
    { NULL },
  };
  SqExit status = SQ_EXIT_USAGE;

  if (sq_cli_parse ("compress", NULL, "Writes a model as an ONNX file that is smaller or runs faster.", entries, &argc, &argv))
    status = perform (&o, argc);
  g_free (o.model);
  g_free (o.family);
  g_free (o.level);
  g_free (o.output);
  return status;
}

const SqCommand sq_command_compress = { "compress", "write a model smaller, as ONNX", run_command };
