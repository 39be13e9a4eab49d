// SPDX-License-Identifier: GPL-3.0-or-later
// Recipes with one thing changed: the bound, a layer left alone, a title that tells them apart.
#include "engine/recipe/recipe-edit.h"
#include "engine/recipe/step.h"
#include <string.h>

static void
test_keep (void)
{
  for (const char *const *id = sq_recipe_level_ids (); *id != NULL; id++)
    {
      g_autoptr (SqRecipe) recipe = sq_recipe_level (*id);
      gboolean bounded = g_str_equal (*id, "int8-mixed") || g_str_equal (*id, "fastest");

      g_assert_cmpint (sq_recipe_get_keep (recipe) > 0, ==, bounded);

      g_assert_cmpint (sq_recipe_set_keep (recipe, .5), ==,
                       g_str_has_prefix (*id, "int8") || g_str_equal (*id, "fastest") || g_str_equal (*id, "slim-int8"));
      if (bounded)
        g_assert_cmpfloat (sq_recipe_get_keep (recipe), ==, .5);
    }
}

// Numbers in a recipe are for people, and come back as they were.
static void
test_numbers (void)
{
  for (int i = 1; i < 1000; i++)
    {
      g_autoptr (SqRecipe) recipe = sq_recipe_level ("int8-mixed"), again = NULL;
      g_autofree char *text = NULL, *want = g_strdup_printf ("\nkeep=0.%03d", i);

      while (g_str_has_suffix (want, "0"))
        want[strlen (want) - 1] = '\0';
      sq_recipe_set_keep (recipe, i == 500 ? 1 / 3. : i / 1000.);
      text = sq_recipe_to_text (recipe);
      again = sq_recipe_parse (text, NULL);
      g_assert_cmpfloat (sq_recipe_get_keep (again), ==, sq_recipe_get_keep (recipe));
      if (i != 500)
        g_assert_nonnull (strstr (text, want));
    }
}

static void
test_keep_title (void)
{
  g_autoptr (SqRecipe) mixed = sq_recipe_level ("int8-mixed"), fastest = sq_recipe_level ("fastest");

  sq_recipe_set_keep (fastest, .85);
  g_assert_cmpstr (fastest->title, ==, "Fastest that keeps 85 %");
  sq_recipe_set_keep (fastest, .9);
  g_assert_cmpstr (fastest->title, ==, "Fastest that keeps 90 %");
  sq_recipe_set_keep (mixed, .96);
  g_assert_cmpstr (mixed->title, ==, "INT8 mixed");
  sq_recipe_set_keep (mixed, .975);
  g_assert_cmpstr (mixed->title, ==, "INT8 mixed that keeps 97.5 %");
  sq_recipe_set_keep (mixed, .9);
  g_assert_cmpstr (mixed->title, ==, "INT8 mixed that keeps 90 %");
}

static void
test_keep_in_half (void)
{
  g_autoptr (SqRecipe) level = sq_recipe_level ("int8-mixed");
  g_autofree char *text = sq_recipe_to_text (level), *one = NULL, *two = NULL, *again = NULL;
  g_autoptr (SqRecipe) a = NULL, b = NULL, half = sq_recipe_level ("half");
  g_autofree char *half_text = sq_recipe_to_text (half);
  g_autoptr (GError) error = NULL;

  one = sq_recipe_text_keep_in_half (text, "/head/conv;1", &error);
  g_assert_no_error (error);
  a = sq_recipe_parse (one, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (a->id, ==, "int8-mixed");
  g_assert_cmpstr (a->title, ==, "INT8 mixed, 1 layer in half");
  g_assert_cmpstr (g_array_index (a->steps, SqRecipeStep, 0).except[0], ==, "/head/conv;1");
  g_assert_cmpmem (g_array_index (a->steps, SqRecipeStep, 0).params, sizeof (double[SQ_STEP_MAX_PARAMS]),
                   g_array_index (level->steps, SqRecipeStep, 0).params, sizeof (double[SQ_STEP_MAX_PARAMS]));
  two = sq_recipe_text_keep_in_half (one, "/stem", &error);
  b = sq_recipe_parse (two, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (b->title, ==, "INT8 mixed, 2 layers in half");
  g_assert_cmpuint (g_strv_length (g_array_index (b->steps, SqRecipeStep, 0).except), ==, 2);
  again = sq_recipe_text_keep_in_half (two, "/stem", &error);
  g_assert_null (again);
  g_assert_error (error, SQ_ERROR, SQ_ERROR_FORMAT);
  g_clear_error (&error);
  g_assert_null (sq_recipe_text_keep_in_half (half_text, "/stem", &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_FORMAT);
  g_clear_error (&error);
  g_assert_null (sq_recipe_text_keep_in_half ("no recipe", "/stem", &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_FORMAT);
}

static void
test_set_apart (void)
{
  static const char was[] = "[recipe]\nid=x\ntitle=Mine\nsteps=half;\n";
  g_autofree char *same = sq_recipe_text_set_apart ("[recipe]\nid=x\ntitle=Mine\nsteps=\n", was),
                  *other = sq_recipe_text_set_apart ("[recipe]\nid=x\ntitle=Yours\nsteps=\n", was);
  g_autoptr (SqRecipe) a = sq_recipe_parse (same, NULL), b = sq_recipe_parse (other, NULL);

  g_assert_cmpstr (a->title, ==, "Mine, changed");
  g_assert_cmpstr (b->title, ==, "Yours");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/recipe/edit/keep", test_keep);
  g_test_add_func ("/recipe/edit/numbers", test_numbers);
  g_test_add_func ("/recipe/edit/keep-title", test_keep_title);
  g_test_add_func ("/recipe/edit/keep-in-half", test_keep_in_half);
  g_test_add_func ("/recipe/edit/set-apart", test_set_apart);
  return g_test_run ();
}
