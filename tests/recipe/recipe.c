// SPDX-License-Identifier: GPL-3.0-or-later
// Recipes as text; choosing pictures; a small network in 8 bits: what is stored, how faithful it is, that it is the same every time, and
// what is refused.
#include "engine/backends/backend.h"
#include "engine/formats/format.h"
#include "engine/media/encode.h"
#include "engine/model-metadata.h"
#include "engine/ops/op.h"
#include "engine/recipe/calibration.h"
#include "engine/recipe/compress.h"
#include "tests/common/data.h"

#include <glib/gstdio.h>
#include <string.h>

static const SqRecipeProgress silent = { .to = 1 };
static char *folder;

static void
test_text (void)
{
  g_autoptr (GError) error = NULL;
  static const struct
  {
    const char *text, *word;
  } bad[] = {
    { "nonsense", "lacks" },
    { "[recipe]\nid=x\n", "lacks" },
    { "[recipe]\nid=x\nsteps=shrink;\n", "shrink" },
    { "[recipe]\nid=x\nsteps=int8;\npictures=0\n", "pictures" },
    { "[recipe]\nid=x\nsteps=int8;\n[int8]\npositions=many\n", "positions" },
  };

  for (const char *const *id = sq_recipe_level_ids (); *id != NULL; id++)
    {
      g_autoptr (SqRecipe) level = sq_recipe_level (*id), again = NULL;
      g_autofree char *text = NULL, *second = NULL;

      g_assert_nonnull (level);
      text = sq_recipe_to_text (level);
      again = sq_recipe_parse (text, &error);
      g_assert_no_error (error);
      second = sq_recipe_to_text (again);
      g_assert_cmpstr (text, ==, second);
      g_assert_cmpint (sq_recipe_needs_pictures (level), ==, !g_str_equal (*id, "original") && !g_str_equal (*id, "half"));
    }
  g_assert_null (sq_recipe_level ("smaller"));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_assert_null (sq_recipe_parse (bad[i].text, &error));
      g_assert_error (error, SQ_ERROR, SQ_ERROR_FORMAT);
      g_assert_nonnull (strstr (error->message, bad[i].word));
      g_clear_error (&error);
    }
}

static char *
picture_path (guint i)
{
  g_autofree char *name = g_strdup_printf ("%u.jpg", i);

  return g_build_filename (folder, name, NULL);
}

static void
free_pixels (gpointer data)
{
  g_free (data);
}

// A plain ground with a block on it.
static void
write_picture (guint i, guint8 ground, guint8 block)
{
  g_autofree char *path = picture_path (i);
  guint8 *pixels = g_malloc (96 * 96 * 3);
  g_autoptr (SqFrame) frame = NULL;
  g_autoptr (GError) error = NULL;

  for (int k = 0; k < 96 * 96 * 3; k++)
    pixels[k] = k / 3 % 96 > 30 && k / 288 > 20 + (int) i && k / 288 < 80 ? block : (guint8) (ground + k % 3 * 9);
  frame = sq_frame_new (96, 96, 288, pixels, path, 0, 0, free_pixels, pixels);
  sq_frame_save (frame, path, &error);
  g_assert_no_error (error);
}

static void
remove_pictures (void)
{
  for (guint i = 0; i < 32; i++)
    {
      g_autofree char *path = picture_path (i);

      g_remove (path);
    }
}

static void
test_calibration (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqCalibration) all = NULL, some = NULL, same = NULL, alike = NULL;
  g_autofree char *broken = picture_path (31), *odd = picture_path (7);
  gboolean found = FALSE;

  g_assert_null (sq_calibration_open (folder, 512, &silent, &error)); // empty
  g_assert_error (error, SQ_ERROR, SQ_ERROR_FORMAT);
  g_clear_error (&error);
  g_assert_true (g_file_set_contents (broken, "no picture", -1, NULL));
  g_assert_null (sq_calibration_open (folder, 512, &silent, &error));
  g_assert_nonnull (strstr (error->message, "None of the pictures"));
  g_clear_error (&error);

  for (guint i = 0; i < 20; i++)
    write_picture (i, i == 7 ? 220 : 40, i == 7 ? 30 : 60);
  all = sq_calibration_open (folder, 512, &silent, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (all->paths->len, ==, 20);
  g_assert_cmpuint (all->n_found, ==, 21);
  g_assert_cmpuint (all->n_unreadable, ==, 1);
  g_assert_nonnull (all->warning);
  some = sq_calibration_open (folder, 2, &silent, &error); // the odd one is among the first two
  for (guint i = 0; i < some->paths->len; i++)
    found = found || g_str_equal (g_ptr_array_index (some->paths, i), odd);
  g_assert_cmpuint (some->paths->len, ==, 2);
  g_assert_true (found);
  g_assert_nonnull (strstr (some->warning, "Only 2 pictures"));
  same = sq_calibration_open (folder, 2, &silent, &error);
  g_assert_cmpstr (some->hash, ==, same->hash);
  g_assert_cmpstr (some->hash, !=, all->hash);
  write_picture (7, 40, 60);
  alike = sq_calibration_open (folder, 512, &silent, &error);
  g_assert_nonnull (strstr (alike->warning, "alike"));
  remove_pictures ();
}

static guint
count (const SqGraph *graph, const SqOp *op)
{
  guint n = 0;

  for (guint i = 0; i < graph->nodes->len; i++)
    n += sq_graph_node (graph, i)->op == op;
  return n;
}

static SqTensor *
run_picture (const SqModel *model, const SqCalibration *pictures, guint i)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqTensor) x = sq_calibration_input (pictures, i, model, &error);
  g_autoptr (SqExec) exec = sq_exec_new (sq_backend_find ("cpu"), model->graph, NULL, &error);
  SqTensor *out[16];

  g_assert_no_error (error);
  g_assert_true (sq_exec_run (exec, &x, out, &error));
  for (guint k = 1; k < model->graph->outputs->len; k++)
    sq_tensor_unref (out[k]);
  return out[0];
}

static char *
compress_to (SqModel *model, const char *level, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqRecipe) recipe = sq_recipe_level (level);
  g_autoptr (SqCompressed) result = sq_compress (model, recipe, folder, NULL, &error);
  char *path = g_build_filename (folder, name, NULL);

  g_assert_no_error (error);
  sq_compressed_write (result, path, &error);
  g_assert_no_error (error);
  return path;
}

static void
test_int8 (void)
{
  g_autofree char *path = sq_test_data ("fixtures/onnx/yolox-nano.onnx"), *first = NULL, *second = NULL, *a = NULL, *b = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SqModel) model = NULL, small = NULL;
  g_autoptr (SqCalibration) pictures = NULL;
  g_autoptr (SqTensor) want = NULL, got = NULL;
  g_autoptr (SqRecipe) recipe = sq_recipe_level ("int8");
  guint channelwise = 0;
  gsize n_a, n_b;

  if (path == NULL)
    return;
  for (guint i = 0; i < 8; i++)
    write_picture (i, (guint8) (20 * i), (guint8) (250 - 30 * i));
  model = sq_model_load (path, NULL, NULL, &error);
  g_assert_no_error (error);
  first = compress_to (model, "int8", "first.onnx");
  second = compress_to (model, "int8", "second.onnx");
  g_assert_true (g_file_get_contents (first, &a, &n_a, NULL) && g_file_get_contents (second, &b, &n_b, NULL));
  g_assert_cmpmem (a, n_a, b, n_b);
  small = sq_model_load (first, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (small->precision, ==, "int8 (QDQ)");
  g_assert_cmpstr (small->family_id, ==, model->family_id);
  g_assert_cmpuint (small->file_size * 5, <, model->file_size * 2);
  g_assert_nonnull (g_hash_table_lookup (small->metadata, SQ_KEY_RECIPE));
  g_assert_nonnull (g_hash_table_lookup (small->metadata, SQ_KEY_CALIBRATION));
  g_assert_cmpuint (count (small->graph, &sq_op_conv), ==, count (model->graph, &sq_op_conv));
  g_assert_cmpuint (count (small->graph, &sq_op_fake_quant), >, 50);
  for (guint i = 0; i < small->graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (small->graph, i);

      channelwise += node->op == &sq_op_fake_quant && node->n_in == 3;
      if (node->op == &sq_op_conv)
        g_assert_nonnull (sq_graph_value (small->graph, node->in[1])->constant->grid);
    }
  g_assert_cmpuint (channelwise, >, 10); // depthwise ones
  pictures = sq_calibration_open (folder, 512, &silent, &error);
  want = run_picture (model, pictures, 3);
  got = run_picture (small, pictures, 3);
  g_test_message ("relative L2 %.4f", sq_test_relative_l2 (got, want));
  g_assert_cmpfloat (sq_test_relative_l2 (got, want), <, .05);
  // what is in 8 bits already stays as it is
  g_assert_null (sq_compress (small, recipe, folder, NULL, &error));
  g_assert_nonnull (strstr (error->message, "quantised already"));
  g_remove (first);
  g_remove (second);
  remove_pictures ();
}

static void
stop_half_way (double fraction, const char *what, gpointer data)
{
  if (fraction > .3)
    g_cancellable_cancel (data);
}

static void
test_cancel (void)
{
  g_autofree char *path = sq_test_data ("fixtures/onnx/yolox-nano.onnx");
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (SqModel) model = NULL;
  g_autoptr (SqRecipe) recipe = sq_recipe_level ("int8");
  SqRecipeProgress progress = { cancellable, stop_half_way, cancellable, 0, 1 };

  if (path == NULL)
    return;
  write_picture (0, 30, 200);
  write_picture (1, 130, 20);
  model = sq_model_load (path, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_null (sq_compress (model, recipe, folder, &progress, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_null (sq_compress (model, recipe, NULL, NULL, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_FORMAT);
  remove_pictures ();
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("squint-XXXXXX", NULL);
  g_test_add_func ("/recipe/text", test_text);
  g_test_add_func ("/recipe/calibration", test_calibration);
  g_test_add_func ("/recipe/int8", test_int8);
  g_test_add_func ("/recipe/cancel", test_cancel);
  status = g_test_run ();
  remove_pictures ();
  g_rmdir (folder);
  g_free (folder);
  return status;
}
