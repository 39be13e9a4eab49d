// SPDX-License-Identifier: GPL-3.0-or-later
#include "recipe.h"

#include "step.h"

#define MAX_PICTURES 512

static const SqRecipeKind *const kinds[] = {
#define SQ_RECIPE_KIND(name) &sq_recipe_kind_##name,
#include "engine/recipe/step-list.h"
#undef SQ_RECIPE_KIND
};

static const struct
{
  const char *id, *text;
} levels[] = {
  { "original", "[recipe]\nid=original\ntitle=Original\nsteps=\n" },
  { "half", "[recipe]\nid=half\ntitle=Half\nsteps=half;\n" },
  { "int8", "[recipe]\nid=int8\ntitle=INT8\nsteps=int8;\n" },
  { "int8-mixed", "[recipe]\nid=int8-mixed\ntitle=INT8 mixed\nsteps=int8;\n[int8]\nkeep=0.96\n" },
  { "slim25", "[recipe]\nid=slim25\ntitle=Slim 25 %\nsteps=slim;\n[slim]\nkeep=0.75\n" },
  { "slim50", "[recipe]\nid=slim50\ntitle=Slim 50 %\nsteps=slim;\n[slim]\nkeep=0.5\n" },
  { "slim-int8", "[recipe]\nid=slim-int8\ntitle=Slim + INT8\nsteps=slim;int8;\n[slim]\nkeep=0.75\n" },
  { "fastest", "[recipe]\nid=fastest\ntitle=Fastest that keeps 85 %\nsteps=fastest;\n[fastest]\nkeep=0.85\n" },
};

static gboolean
fail (GError **error, const char *what, const char *name)
{
  g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "The recipe %s '%s': correct its text.", what, name);
  return FALSE;
}

static void
step_clear (gpointer data)
{
  g_strfreev (((SqRecipeStep *) data)->except);
}

static gboolean
parse_step (GKeyFile *file, const char *id, SqRecipeStep *step, GError **error)
{
  guint k = 0;

  while (k < G_N_ELEMENTS (kinds) && !g_str_equal (kinds[k]->id, id))
    k++;
  if (k == G_N_ELEMENTS (kinds))
    return fail (error, "names an unknown step", id);
  step->kind = kinds[k];
  step->except = g_key_file_get_string_list (file, id, "except", NULL, NULL);
  for (int i = 0; kinds[k]->params[i].key != NULL; i++)
    {
      const SqRecipeParam *p = &kinds[k]->params[i];
      g_autoptr (GError) cause = NULL;

      step->params[i] = p->fallback;
      if (!g_key_file_has_key (file, id, p->key, NULL))
        continue;
      step->params[i] = g_key_file_get_double (file, id, p->key, &cause);
      if (cause != NULL || !(step->params[i] >= p->low && step->params[i] <= p->high))
        return fail (error, "has no sensible number for", p->key);
    }
  return TRUE;
}

SqRecipe *
sq_recipe_parse (const char *text, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (SqRecipe) self = g_new0 (SqRecipe, 1);
  g_auto (GStrv) steps = NULL;

  self->steps = g_array_new (FALSE, TRUE, sizeof (SqRecipeStep));
  g_array_set_clear_func (self->steps, step_clear);
  if (!g_key_file_load_from_data (file, text, (gsize) -1, G_KEY_FILE_NONE, NULL)
      || (self->id = g_key_file_get_string (file, "recipe", "id", NULL)) == NULL
      || (steps = g_key_file_get_string_list (file, "recipe", "steps", NULL, NULL)) == NULL)
    {
      fail (error, "lacks its id or its steps, or is none", self->id != NULL ? self->id : "?");
      return NULL;
    }
  self->title = g_key_file_get_string (file, "recipe", "title", NULL);
  self->title = self->title != NULL ? self->title : g_strdup (self->id);
  self->device = g_key_file_get_string (file, "recipe", "device", NULL);
  self->device = self->device != NULL ? self->device : g_strdup ("cpu");
  self->pictures = MAX_PICTURES;
  if (g_key_file_has_key (file, "recipe", "pictures", NULL))
    {
      int pictures = g_key_file_get_integer (file, "recipe", "pictures", NULL);

      if (pictures < 1 || pictures > MAX_PICTURES)
        {
          fail (error, "has no sensible number for", "pictures");
          return NULL;
        }
      self->pictures = (guint) pictures;
    }
  for (guint i = 0; steps[i] != NULL; i++)
    {
      SqRecipeStep step = { 0 };

      gboolean fine = parse_step (file, steps[i], &step, error);

      g_array_append_val (self->steps, step);
      if (!fine)
        return NULL;
    }
  return g_steal_pointer (&self);
}

// .96 as people write it, where that reads as the same number.
static void
set_number (GKeyFile *file, const char *group, const char *key, double number)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_ascii_formatd (text, sizeof text, "%.15g", number);
  if (g_ascii_strtod (text, NULL) != number)
    g_ascii_dtostr (text, sizeof text, number);
  g_key_file_set_value (file, group, key, text);
}

char *
sq_recipe_to_text (const SqRecipe *self)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  g_key_file_set_string (file, "recipe", "id", self->id);
  g_key_file_set_string (file, "recipe", "title", self->title);
  for (guint i = 0; i < self->steps->len; i++)
    g_ptr_array_add (names, (gpointer) g_array_index (self->steps, SqRecipeStep, i).kind->id);
  if (!g_str_equal (self->device, "cpu"))
    g_key_file_set_string (file, "recipe", "device", self->device);
  if (sq_recipe_needs_pictures (self))
    g_key_file_set_integer (file, "recipe", "pictures", (int) self->pictures);
  g_key_file_set_string_list (file, "recipe", "steps", (const char *const *) names->pdata, names->len);
  for (guint i = 0; i < self->steps->len; i++)
    {
      const SqRecipeStep *step = &g_array_index (self->steps, SqRecipeStep, i);

      for (const SqRecipeParam *p = step->kind->params; p->key != NULL; p++)
        set_number (file, step->kind->id, p->key, step->params[p - step->kind->params]);
      if (step->except != NULL)
        g_key_file_set_string_list (file, step->kind->id, "except", (const char *const *) step->except, g_strv_length (step->except));
    }
  return g_key_file_to_data (file, NULL, NULL);
}

void
sq_recipe_free (SqRecipe *self)
{
  g_free (self->id);
  g_free (self->title);
  g_free (self->device);
  g_array_unref (self->steps);
  g_free (self);
}

const char *const *
sq_recipe_level_ids (void)
{
  static const char *ids[G_N_ELEMENTS (levels) + 1];

  if (g_once_init_enter (&ids[0]))
    {
      for (guint i = 1; i < G_N_ELEMENTS (levels); i++)
        ids[i] = levels[i].id;
      g_once_init_leave (&ids[0], levels[0].id);
    }
  return ids;
}

SqRecipe *
sq_recipe_level (const char *id)
{
  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    if (g_str_equal (levels[i].id, id))
      return sq_recipe_parse (levels[i].text, NULL);
  return NULL;
}

gboolean
sq_recipe_needs_pictures (const SqRecipe *self)
{
  for (guint i = 0; i < self->steps->len; i++)
    if (g_array_index (self->steps, SqRecipeStep, i).kind->needs_pictures)
      return TRUE;
  return FALSE;
}
