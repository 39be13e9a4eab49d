// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "compress-levels.h"

#include <glib/gi18n.h>

const char *
sq_level_describe (const char *level)
{
  static const struct
  {
    const char *level, *text;
  } texts[] = {
    { "original", N_ ("The network as it came.") },
    { "half", N_ ("Weights in 16 bits: half the size, hardly a difference.") },
    { "int8", N_ ("Weights and what flows between layers in 8 bits: a quarter of the size.") },
    { "int8-mixed", N_ ("8 bits, but for the layers that would suffer most.") },
    { "slim25", N_ ("At least 25 % less work: a smaller input, fewer channels or fewer numbers between layers.") },
    { "slim50", N_ ("At least 50 % less work: a smaller input, or fewer channels too.") },
    { "fastest", N_ ("Tries layers in 8 bits and smaller inputs on this device, for some minutes.") },
    { "slim-int8", N_ ("25 % less work, and what is left in 8 bits.") },
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (g_str_equal (texts[i].level, level))
      return _(texts[i].text);
  return "";
}

char *
sq_level_title (const char *level)
{
  g_autoptr (SqRecipe) recipe = sq_recipe_level (level);

  return g_strdup (recipe != NULL ? recipe->title : level);
}

// By what its text says: recipes can be anybody's.
static gboolean
has_step (const SqRecipe *recipe, const char *step)
{
  g_autofree char *text = sq_recipe_to_text (recipe);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_auto (GStrv) steps = NULL;

  g_key_file_load_from_data (file, text, (gsize) -1, G_KEY_FILE_NONE, NULL);
  steps = g_key_file_get_string_list (file, "recipe", "steps", NULL, NULL);
  return steps != NULL && g_strv_contains ((const char *const *) steps, step);
}

const char *
sq_level_speed_note (const SqRecipe *recipe, const char *device)
{
  gboolean half = has_step (recipe, "half"), int8 = has_step (recipe, "int8");
  gboolean alone = recipe->steps->len == 1;

  if (recipe->steps->len == 0)
    return _("Not faster: nothing is changed.");
  if (half && alone)
    return sq_device_has_fast_half (device)
               ? NULL
               : _("Not faster on this CPU, which lacks instructions for 16 bits (AVX-512 BF16) and computes in 32.");
  if (int8 && alone && !sq_device_has_fast_int8 (device))
    return _("Hardly faster on this CPU, which lacks instructions for 8 bits (VNNI): “Fastest” finds what is.");
  if (int8)
    return _("How fast depends on the device: measured when it is made.");
  return NULL;
}
