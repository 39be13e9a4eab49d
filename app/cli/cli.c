// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void
sq_cli_error (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  fputs ("squint-cli: ", stderr);
  vfprintf (stderr, format, args);
  fputc ('\n', stderr);
  va_end (args);
}

gboolean
sq_cli_parse (const char *command, const char *arguments, const char *description, const GOptionEntry *entries, int *argc, char ***argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (arguments);
  g_autoptr (GError) error = NULL;
  g_autofree char *name = g_strdup_printf ("squint-cli %s", command);

  g_set_prgname (name);
  g_option_context_set_summary (context, description);
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, &error))
    {
      sq_cli_error ("%s: 'squint-cli %s --help' explains the options.", error->message, command);
      return FALSE;
    }
  if (*argc > 1 && g_str_equal ((*argv)[1], "--")) // GOption leaves it there
    {
      (*argv)++;
      (*argc)--;
    }
  return TRUE;
}

static void
show_progress (guint64 done, guint64 total, gpointer user_data)
{
  if (isatty (STDERR_FILENO) && total > 0)
    fprintf (stderr, "\r%s: %3.0f %%%s", (const char *) user_data, 100. * (double) done / (double) total, done == total ? "\n" : "");
}

SqModel *
sq_cli_load_model (const char *name, const char *family, gboolean fetch)
{
  g_autoptr (SqModelStore) store = sq_model_store_new (NULL);
  g_autoptr (SqCatalogue) catalogue = sq_catalogue_ref (sq_catalogue_get_default ());
  const SqCatalogueEntry *entry;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  SqModelOptions options = { .family = family };
  SqModel *model;

  name = name != NULL ? name : sq_catalogue_get_default_entry (catalogue)->id;
  path = sq_model_store_resolve (store, name);
  if (path == NULL && (entry = sq_catalogue_find (catalogue, name)) != NULL && fetch)
    {
      path = sq_model_store_fetch (store, entry, NULL, show_progress, (gpointer) name, &error);
      if (path == NULL)
        {
          sq_cli_error ("%s", error->message);
          return NULL;
        }
    }
  if (path == NULL)
    {
      sq_cli_error ("There is no model '%s': name an .onnx or .cfg file, or one that 'squint-cli models' lists.", name);
      return NULL;
    }
  model = sq_model_load (path, &options, NULL, &error);
  if (model == NULL)
    {
      sq_cli_error ("%s", error->message);
      if (g_error_matches (error, SQ_ERROR, SQ_ERROR_UNKNOWN_FAMILY) && family == NULL)
        {
          g_autofree char *ids = g_strjoinv (", ", (char **) sq_model_family_ids ());

          sq_cli_error ("Name it with --family; known are %s.", ids);
        }
    }
  return model;
}

SqModel *
sq_cli_load_level (SqModel *original, const char *level)
{
  g_autoptr (SqModel) whole = original;
  g_autoptr (SqModelStore) store = NULL;
  g_autoptr (SqInstalledModel) variant = NULL;
  g_autoptr (GError) error = NULL;
  SqModel *model;

  if (g_str_equal (level, "original"))
    return g_steal_pointer (&whole);
  store = sq_model_store_new (NULL);
  variant = sq_model_store_find_variant (store, whole->sha256, level);
  if (variant == NULL)
    {
      sq_cli_error (
          "The level '%s' of %s was not made yet: make it on the window's Models page, or write a file with 'squint-cli compress' "
          "and name that with --model.",
          level, whole->name);
      return NULL;
    }
  model = sq_model_load (variant->path, NULL, NULL, &error);
  if (model == NULL)
    sq_cli_error ("%s", error->message);
  return model;
}

guint8 *
sq_cli_parse_classes (const SqModel *model, const char *text)
{
  g_auto (GStrv) names = g_strsplit (text, ",", -1);
  g_autofree guint8 *mask = g_new0 (guint8, model->n_classes);

  for (guint i = 0; names[i] != NULL; i++)
    {
      guint c = 0;

      g_strstrip (names[i]);
      while (c < model->n_classes && g_ascii_strcasecmp (model->labels[c], names[i]) != 0)
        c++;
      if (c == model->n_classes)
        {
          sq_cli_error ("%s does not know a class '%s': 'squint-cli models info' lists its classes.", model->name, names[i]);
          return NULL;
        }
      mask[c] = 1;
    }
  return g_steal_pointer (&mask);
}
