// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli.h"

#include "engine/formats/format.h"
#include "engine/graph/graph.h"
#include "engine/recipe/fidelity.h"
#include <stdio.h>
#include <string.h>

static int
list (void)
{
  SqCatalogue *catalogue = sq_catalogue_get_default ();
  g_autoptr (SqModelStore) store = sq_model_store_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) installed = sq_model_store_list (store, &error);

  if (installed == NULL)
    {
      sq_cli_error ("%s", error->message);
      return SQ_EXIT_NOTHING;
    }
  printf ("%-22s %-10s %-9s %-9s %-6s %s\n", "NAME", "STATE", "INPUT", "SIZE", "AP", "LICENCE");
  for (guint i = 0; i < sq_catalogue_get_n_entries (catalogue); i++)
    {
      const SqCatalogueEntry *e = sq_catalogue_get_entry (catalogue, i);
      g_autofree char *path = sq_model_store_lookup (store, e), *size = g_format_size (e->size);
      g_autofree char *input = g_strdup_printf ("%dx%d", e->width, e->height);
      g_autofree char *ap = e->ap >= 0     ? g_strdup_printf ("%.3f", e->ap)
                            : e->ap50 >= 0 ? g_strdup_printf ("%.3f*", e->ap50)
                                           : g_strdup ("-");

      printf ("%-22s %-10s %-9s %-9s %-6s %s%s\n", e->id, path != NULL ? "installed" : "available", input, size, ap, e->licence,
              e->is_default ? " (default)" : "");
    }
  for (guint i = 0; i < installed->len; i++)
    {
      const SqInstalledModel *m = g_ptr_array_index (installed, i);
      g_autofree char *size = g_format_size (m->size);

      if (m->catalogue_id == NULL)
        printf ("%-22s %-10s %-9s %-9s %-6s %s\n", m->id, m->variant != NULL ? "variant" : "own", "", size, "", m->title);
    }
  puts ("\nAP on COCO val2017 as published (* AP at IoU 0.50). 'squint-cli models get NAME' fetches one.");
  return SQ_EXIT_OK;
}

// What compressing left in the file.
static void
print_compression (const SqModel *model)
{
  const char *pictures = g_hash_table_lookup (model->metadata, SQ_KEY_CALIBRATION),
             *report = g_hash_table_lookup (model->metadata, SQ_KEY_REPORT), *text = g_hash_table_lookup (model->metadata, SQ_KEY_FIDELITY);
  g_autoptr (SqFidelity) fidelity = text != NULL ? sq_fidelity_from_text (text) : NULL;

  if (report != NULL)
    puts (report);
  if (pictures != NULL)
    printf ("pictures    %s\n", pictures);
  if (fidelity != NULL)
    {
      g_autofree char *lines = sq_fidelity_describe (fidelity, model->labels);

      fputs (lines, stdout);
    }
}

static void
print_info (const SqModel *model)
{
  static const char *const fits[] = { "stretched", "letterboxed, centred", "letterboxed, top left" };
  g_autofree char *size = g_format_size (model->file_size), *labels = g_strjoinv (", ", model->labels);
  const SqInputSpec *in = &model->input;

  printf ("name        %s\nfile        %s\nsha256      %s\nsize        %s\nformat      %s, %s\nfamily      %s (%s)\n", model->name,
          model->path, model->sha256, size, model->format, model->precision, model->family_title, model->family_id);
  printf ("input       %d x %d, %s, %s, padding %d, mean %g %g %g, scale %g %g %g\n", in->width, in->height, in->bgr ? "BGR" : "RGB",
          fits[in->fit], in->pad, in->mean[0], in->mean[1], in->mean[2], in->scale[0], in->scale[1], in->scale[2]);
  printf ("parameters  %.3f M\nwork        %.3f GFLOP per picture\n", (double) model->n_params / 1e6, model->flop / 1e9);
  for (guint i = 0; i < model->graph->outputs->len; i++)
    {
      const SqValue *v = sq_graph_value (model->graph, g_array_index (model->graph->outputs, int, i));
      g_autofree char *shape = sq_shape_to_string (&v->shape);

      printf ("output      %s %s\n", v->name, shape);
    }
  if (model->nms_left_out)
    printf ("nms         the file's own is left out: --iou and --conf act instead\n");
  print_compression (model);
  printf ("classes     %u%s: %s\n", model->n_classes, model->labels_known ? "" : " (names unknown)", labels);
}

static int
run (int argc, char **argv)
{
  g_autofree char *family = NULL;
  gboolean graph = FALSE;
  const GOptionEntry entries[] = {
    { "family", 0, 0, G_OPTION_ARG_STRING, &family, "what the outputs mean, where the file does not say", "ID" },
    { "graph", 0, 0, G_OPTION_ARG_NONE, &graph, "with info: print every operator", NULL },
    { NULL },
  };
  g_autoptr (SqModel) model = NULL;
  const char *verb;

  if (!sq_cli_parse ("models", "[list | info MODEL | get NAME]", "Lists models, tells what is in one, or fetches one from the catalogue.",
                     entries, &argc, &argv))
    return SQ_EXIT_USAGE;
  verb = argc > 1 ? argv[1] : "list";
  if (g_str_equal (verb, "list") && argc <= 2)
    return list ();
  if ((!g_str_equal (verb, "info") && !g_str_equal (verb, "get")) || argc != 3)
    {
      sq_cli_error ("Say 'models list', 'models info MODEL' or 'models get NAME'.");
      return SQ_EXIT_USAGE;
    }
  model = sq_cli_load_model (argv[2], family, g_str_equal (verb, "get"));
  if (model == NULL)
    return SQ_EXIT_NOTHING;
  if (g_str_equal (verb, "get"))
    puts (model->path);
  else
    print_info (model);
  if (graph)
    {
      g_autofree char *dump = sq_graph_dump (model->graph);

      fputs (dump, stdout);
    }
  return SQ_EXIT_OK;
}

const SqCommand sq_command_models = { "models", "list, describe or fetch models", run };
