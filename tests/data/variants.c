// SPDX-License-Identifier: GPL-3.0-or-later
// Variants in the model store, and the recipes that are changed there.
#include "make-data.h"

#include "data/model-store.h"
#include "data/variant.h"
#include "engine/error.h"
#include <glib/gstdio.h>
#include <string.h>

#define SHA "0123456789abcdef"

static char *
add (SqModelStore *store, const char *level, const char *title, gint64 made_s, const char *content)
{
  g_autoptr (SqVariant) variant = sq_variant_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *path = sq_model_store_make_temporary (store, &error);
  char *id;

  g_assert_no_error (error);
  g_assert_true (g_file_set_contents (path, content, -1, NULL));
  variant->original_id = g_strdup ("yolox-nano");
  variant->original_sha256 = g_strdup (SHA);
  variant->original_title = g_strdup ("YOLOX-Nano");
  variant->level = g_strdup (level);
  variant->title = g_strdup (title);
  variant->warning = g_strdup ("Only 3 pictures: 64 or more are better.");
  variant->made_s = made_s;
  variant->agreement = .875;
  variant->flop = 5e8;
  variant->flop_ratio = .5;
  id = sq_model_store_add_variant (store, variant, path, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  return id;
}

static SqInstalledModel *
find (GPtrArray *models, const char *id)
{
  for (guint i = 0; i < models->len; i++)
    if (g_str_equal (((SqInstalledModel *) models->pdata[i])->id, id))
      return models->pdata[i];
  return NULL;
}

static void
test_kept (void)
{
  char *folder = make_folder ();
  g_autoptr (SqModelStore) store = sq_model_store_new (folder), again = NULL;
  g_autofree char *id = add (store, "int8", "INT8", 100, "int8 file"), *same = add (store, "int8", "INT8", 100, "int8 file");
  g_autofree char *resolved = NULL;
  g_autoptr (GPtrArray) models = NULL, rest = NULL;
  g_autoptr (GError) error = NULL;
  const SqInstalledModel *model;

  g_assert_cmpstr (id, ==, same); // the same content is one model
  g_assert_true (sq_model_store_set_time (store, id, "cpu", 4, 8, &error));
  g_assert_true (sq_model_store_set_time (store, id, "cuda:0", 1, 2, &error));
  g_assert_true (sq_model_store_set_time (store, id, "cpu", 5, 10, &error)); // in place of the first
  g_assert_no_error (error);
  g_assert_false (sq_model_store_set_time (store, "no-such-model", "cpu", 5, 10, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
  g_clear_error (&error);

  // as after a restart
  again = sq_model_store_new (folder);
  models = sq_model_store_list (again, NULL);
  g_assert_cmpuint (models->len, ==, 1);
  model = find (models, id);
  g_assert_nonnull (model->variant);
  g_assert_cmpstr (model->title, ==, "YOLOX-Nano · INT8");
  g_assert_cmpstr (model->variant->original_id, ==, "yolox-nano");
  g_assert_cmpstr (model->variant->original_sha256, ==, SHA);
  g_assert_cmpstr (model->variant->level, ==, "int8");
  g_assert_cmpstr (model->variant->warning, ==, "Only 3 pictures: 64 or more are better.");
  g_assert_null (model->variant->pictures);
  g_assert_cmpfloat (model->variant->agreement, ==, .875);
  g_assert_cmpfloat (model->variant->flop_ratio, ==, .5);
  g_assert_cmpuint (model->variant->times->len, ==, 2);
  g_assert_cmpfloat (sq_variant_get_time (model->variant, "cpu")->original_ms, ==, 10);
  g_assert_cmpfloat (sq_variant_get_time (model->variant, "cuda:0")->variant_ms, ==, 1);
  g_assert_null (sq_variant_get_time (model->variant, "cuda:1"));
  resolved = sq_model_store_resolve (again, id);
  g_assert_cmpstr (resolved, ==, model->path);
  g_assert_true (g_str_has_suffix (resolved, "YOLOX-Nano-int8.onnx"));

  // goes with all that is kept beside it
  g_assert_true (sq_model_store_remove (again, id, &error));
  rest = sq_model_store_list (again, NULL);
  g_assert_cmpuint (rest->len, ==, 0);
  remove_folder (folder);
}

static void
test_level (void)
{
  char *folder = make_folder ();
  g_autoptr (SqModelStore) store = sq_model_store_new (folder);
  g_autofree char *old = add (store, "int8", "INT8", 100, "a"), *young = add (store, "int8", "INT8", 200, "b");
  g_autofree char *changed = add (store, "int8", "INT8, 1 layer in half", 300, "c"), *half = add (store, "half", "Half", 50, "d");
  g_autoptr (SqInstalledModel) int8 = sq_model_store_find_variant (store, SHA, "int8"), found = NULL, next = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (int8->id, ==, young); // the level's own recipe, the newest of it
  found = sq_model_store_find_variant (store, SHA, "half");
  g_assert_cmpstr (found->id, ==, half);
  g_assert_null (sq_model_store_find_variant (store, SHA, "slim50"));
  g_assert_null (sq_model_store_find_variant (store, "another", "int8"));
  g_assert_true (sq_model_store_remove (store, young, &error) && sq_model_store_remove (store, old, &error));
  next = sq_model_store_find_variant (store, SHA, "int8");
  g_assert_cmpstr (next->id, ==, changed);
  remove_folder (folder);
}

// What was written by hand or by half is no variant, or one without times; nothing crashes.
static void
test_damaged (void)
{
  char *folder = make_folder ();
  g_autoptr (SqModelStore) store = sq_model_store_new (folder);
  g_autofree char *id = add (store, "int8", "INT8", 100, "a"), *home = g_build_filename (folder, "models", id, NULL);
  g_autofree char *times = g_build_filename (home, "times.ini", NULL), *ini = g_build_filename (home, "model.ini", NULL), *text = NULL;
  g_autoptr (GPtrArray) models = NULL, plain = NULL;
  char *at;

  g_assert_true (g_file_set_contents (times, "[cpu]\nvariant_ms=nan\noriginal_ms=-3\n[gpu]\n", -1, NULL));
  models = sq_model_store_list (store, NULL);
  g_assert_cmpuint (find (models, id)->variant->times->len, ==, 0);
  g_assert_true (g_file_get_contents (ini, &text, NULL, NULL));
  at = strstr (text, "original_sha256");
  memcpy (at, "x", 1);
  g_assert_true (g_file_set_contents (ini, text, -1, NULL));
  plain = sq_model_store_list (store, NULL);
  g_assert_cmpuint (plain->len, ==, 1);
  g_assert_null (find (plain, id)->variant);
  remove_folder (folder);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/data/variants/kept", test_kept);
  g_test_add_func ("/data/variants/level", test_level);
  g_test_add_func ("/data/variants/damaged", test_damaged);
  return g_test_run ();
}
