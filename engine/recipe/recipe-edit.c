// SPDX-License-Identifier: GPL-3.0-or-later
#include "recipe-edit.h"

#include "step.h"
#include <math.h>
#include <string.h>

#define INT8 "int8"

static double *
find_keep (const SqRecipeStep *step)
{
  for (int p = 0; step->kind->bound && step->kind->params[p].key != NULL; p++)
    if (g_str_equal (step->kind->params[p].key, "keep"))
      return (double *) &step->params[p];
  return NULL;
}

double
sq_recipe_get_keep (const SqRecipe *self)
{
  double most = 0;

  for (guint i = 0; i < self->steps->len; i++)
    {
      const double *keep = find_keep (&g_array_index (self->steps, SqRecipeStep, i));

      most = keep != NULL ? MAX (most, *keep) : most;
    }
  return most;
}

// "Fastest that keeps 85 %" says the number already; others get it.
static void
say_keep (SqRecipe *self, double keep)
{
  char number[16];
  const char *keeps = strstr (self->title, "keeps "), *end = keeps != NULL ? strstr (keeps, " %") : NULL;
  g_autofree char *was = self->title;

  g_ascii_formatd (number, sizeof number, "%g", round (keep * 1000) / 10);
  self->title = end != NULL ? g_strdup_printf ("%.*s%s%s", (int) (keeps + strlen ("keeps ") - was), was, number, end)
                            : g_strdup_printf ("%s that keeps %s %%", was, number);
}

gboolean
sq_recipe_set_keep (SqRecipe *self, double keep)
{
  double was = sq_recipe_get_keep (self);
  gboolean found = FALSE;

  for (guint i = 0; i < self->steps->len; i++)
    {
      double *at = find_keep (&g_array_index (self->steps, SqRecipeStep, i));

      if (at != NULL)
        {
          *at = keep;
          found = TRUE;
        }
    }
  if (found && fabs (keep - was) > 1e-6)
    say_keep (self, keep);
  return found;
}

// "INT8", "INT8, 1 layer in half", "INT8, 2 layers in half" ...
static char *
retitle (const char *title, guint n)
{
  const char *comma = strrchr (title, ',');
  g_autofree char *stem = comma != NULL && g_str_has_suffix (title, " in half") ? g_strndup (title, comma - title) : g_strdup (title);

  return g_strdup_printf (n == 1 ? "%s, %u layer in half" : "%s, %u layers in half", stem, n);
}

char *
sq_recipe_text_keep_in_half (const char *text, const char *layer, GError **error)
{
  g_autoptr (SqRecipe) recipe = sq_recipe_parse (text, error);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *whole = NULL, *title = NULL;
  g_auto (GStrv) steps = NULL, except = NULL;
  g_autofree const char **kept = NULL;
  guint n = 0;

  if (recipe == NULL)
    return NULL;
  whole = sq_recipe_to_text (recipe);
  g_key_file_load_from_data (file, whole, (gsize) -1, G_KEY_FILE_NONE, NULL);
  steps = g_key_file_get_string_list (file, "recipe", "steps", NULL, NULL);
  if (steps == NULL || !g_strv_contains ((const char *const *) steps, INT8))
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "The recipe “%s” puts no layer into 8 bits: there is none to keep in half.",
                   recipe->title);
      return NULL;
    }
  except = g_key_file_get_string_list (file, INT8, "except", NULL, NULL);
  if (except != NULL && g_strv_contains ((const char *const *) except, layer))
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "The recipe “%s” keeps “%s” in half already.", recipe->title, layer);
      return NULL;
    }
  n = except != NULL ? g_strv_length (except) : 0;
  kept = g_new0 (const char *, n + 2);
  for (guint i = 0; i < n; i++)
    kept[i] = except[i];
  kept[n++] = layer;
  g_key_file_set_string_list (file, INT8, "except", kept, n);
  title = retitle (recipe->title, n);
  g_key_file_set_string (file, "recipe", "title", title);
  return g_key_file_to_data (file, NULL, NULL);
}

char *
sq_recipe_text_set_apart (const char *text, const char *from)
{
  g_autoptr (SqRecipe) recipe = sq_recipe_parse (text, NULL), before = sq_recipe_parse (from, NULL);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *title = NULL;

  if (recipe == NULL || before == NULL || !g_str_equal (recipe->title, before->title)
      || !g_key_file_load_from_data (file, text, (gsize) -1, G_KEY_FILE_KEEP_COMMENTS, NULL))
    return g_strdup (text);
  title = g_strconcat (recipe->title, ", changed", NULL);
  g_key_file_set_string (file, "recipe", "title", title);
  return g_key_file_to_data (file, NULL, NULL);
}
