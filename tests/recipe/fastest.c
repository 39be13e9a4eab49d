// SPDX-License-Identifier: GPL-3.0-or-later
// The search: it keeps its bound, falls back to the original, remembers what it measured, and stops when asked.
#include "engine/recipe/compress.h"
#include "engine/recipe/search-notes.h"
#include "tests/common/data.h"

#include <glib/gstdio.h>
#include <string.h>

static SqCompressed *
search (const char *parameters, const SqRecipeProgress *progress, SqModel **model, GError **error)
{
  g_autofree char *path = sq_test_data ("models/yolox-nano/yolox_nano.onnx"), *folder = sq_test_data ("images/demo"), *text = NULL;
  g_autoptr (SqRecipe) recipe = NULL;

  *model = NULL;
  if (path == NULL || folder == NULL)
    return NULL;
  text = g_strconcat ("[recipe]\nid=own\nsteps=fastest;\npictures=4\n[fastest]\n", parameters, NULL);
  recipe = sq_recipe_parse (text, error);
  g_assert_no_error (*error);
  *model = sq_model_load (path, NULL, NULL, error);
  g_assert_no_error (*error);
  return sq_compress (*model, recipe, folder, progress, error);
}

static char *
notes_folder (void)
{
  return g_build_filename (g_get_user_cache_dir (), "squint", "search", NULL);
}

static void
forget (void)
{
  g_autofree char *folder = notes_folder ();
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_remove (path);
    }
}

static void
test_bound (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqModel) model = NULL;
  g_autoptr (SqCompressed) result = search ("keep=0.99\nminutes=5\n", NULL, &model, &error);

  if (model == NULL)
    return;
  g_assert_no_error (error);
  g_test_message ("%s", result->report);
  g_assert_cmpfloat (result->fidelity->agreement, >=, .99);
  g_assert_nonnull (strstr (result->report, "fastest"));
  g_assert_nonnull (strstr (result->report, "floats 416x416: agreement"));
  g_assert_nonnull (strstr (result->report, "113 of 113 layers in 8 bits 416x416: agreement"));
  g_assert_nonnull (strstr (result->report, "12 of 113 layers in 8 bits 416x416: agreement"));
  g_assert_nonnull (strstr (result->report, "floats 416x384: agreement")); // a smaller input, which agrees too little: the end
  forget ();
}

// What the notes say is believed: measured again it would not be a hundred times faster.
static void
test_notes (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqModel) model = NULL;
  g_autoptr (SqCompressed) first = search ("keep=1\nminutes=0.1\n", NULL, &model, &error), second = NULL;
  g_autofree char *folder = notes_folder (), *path = NULL;
  g_autoptr (GDir) dir = NULL;
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_auto (GStrv) keys = NULL;

  if (model == NULL)
    return;
  g_assert_no_error (error);
  dir = g_dir_open (folder, 0, &error);
  g_assert_no_error (error);
  path = g_build_filename (folder, g_dir_read_name (dir), NULL);
  g_assert_true (g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL));
  keys = g_key_file_get_keys (file, "tried", NULL, NULL);
  g_assert_cmpuint (g_strv_length (keys), >, 0);
  g_assert_true (g_strv_contains ((const char *const *) keys, "floats 416x416"));
  g_key_file_set_double_list (file, "tried", "floats 416x416", (double[]){ 1, .01 }, 2);
  g_assert_true (g_key_file_save_to_file (file, path, NULL));
  g_clear_pointer (&model, sq_model_unref);
  second = search ("keep=1\nminutes=0.1\n", NULL, &model, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (second->report, "floats 416x416, 0.01 of the original's time"));
  // a note that makes no sense is no note
  g_assert_true (g_file_set_contents (path, "[tried]\nfloats 416x416=nan;nan;\n", -1, NULL));
  g_clear_pointer (&model, sq_model_unref);
  g_clear_pointer (&second, sq_compressed_free);
  second = search ("keep=1\nminutes=0.1\n", NULL, &model, &error);
  g_assert_no_error (error);
  g_assert_null (strstr (second->report, "0.01 of the"));
  forget ();
}

static void
stop_soon (double fraction, const char *what, gpointer data)
{
  if (fraction > .2)
    g_cancellable_cancel (data);
}

static void
test_cancel (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqModel) model = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  SqRecipeProgress progress = { cancellable, stop_soon, cancellable, 0, 1 };

  g_assert_null (search ("keep=0.5\n", &progress, &model, &error));
  if (model != NULL)
    g_assert_error (error, SQ_ERROR, SQ_ERROR_CANCELLED);
  forget ();
}

int
main (int argc, char **argv)
{
  g_autofree char *cache = g_dir_make_tmp ("squint-XXXXXX", NULL), *inner = g_build_filename (cache, "squint", NULL), *folder = NULL;
  int status;

  g_setenv ("XDG_CACHE_HOME", cache, TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/recipe/fastest/bound", test_bound);
  g_test_add_func ("/recipe/fastest/notes", test_notes);
  g_test_add_func ("/recipe/fastest/cancel", test_cancel);
  status = g_test_run ();
  folder = notes_folder ();
  g_rmdir (folder);
  g_rmdir (inner);
  g_rmdir (cache);
  return status;
}
