// SPDX-License-Identifier: GPL-3.0-or-later
// Layers in two: the same network with all components, nothing lost where a layer needs few, layers that are spared, the same file every
// time, stopped at once, refused with a reason.
#include "engine/ops/op.h"
#include "engine/recipe/compress.h"
#include "engine/recipe/lowrank.h"
#include "engine/recipe/step.h"
#include "engine/recipe/windows.h"
#include "networks.h"
#include "tests/common/data.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static const SqRecipeProgress silent = { .to = 1 };

static void
test_eigen (void)
{
  enum
  {
    N = 24,
    RANK = 17
  };
  g_autoptr (SqTensor) factor = sq_tensor_new (SQ_F32, &SQ_SHAPE (N, RANK));
  double a[N * N], was[N * N], values[N], vectors[N * N];

  sq_test_fill (factor, 3, -1, 1);
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++)
      {
        a[i * N + j] = 0;
        for (int k = 0; k < RANK; k++)
          a[i * N + j] += (double) (sq_tensor_f32 (factor)[i * RANK + k] * sq_tensor_f32 (factor)[j * RANK + k]);
      }
  for (int i = 0; i < N; i++) // floats' products are not symmetric to the last bit
    for (int j = 0; j < i; j++)
      a[i * N + j] = a[j * N + i];
  memcpy (was, a, sizeof was);
  sq_eigen (a, N, values, vectors);
  for (int i = 0; i < N; i++)
    {
      if (i > 0)
        g_assert_cmpfloat (values[i], <=, values[i - 1]);
      if (i >= RANK)
        g_assert_cmpfloat (values[i], <, 1e-5 * values[0]);
      for (int j = 0; j < N; j++)
        {
          double product = 0, image = 0;

          for (int k = 0; k < N; k++)
            {
              product += vectors[i * N + k] * vectors[j * N + k];
              image += was[j * N + k] * vectors[i * N + k];
            }
          g_assert_cmpfloat_with_epsilon (product, i == j, 1e-9);
          g_assert_cmpfloat_with_epsilon (fabs (image), fabs (values[i] * vectors[i * N + j]), 1e-5);
        }
    }
}

// conv 3x3 of 32 that could do with `needed` numbers per place, then a residual sum and a 1x1.
static SqModel *
network (int needed)
{
  g_autofree char *path = sq_test_data ("fixtures/onnx/yolox-nano.onnx");
  g_autoptr (SqGraph) graph = sq_graph_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SqModel) base = NULL;
  SqModelOptions none = { .family = "none" };
  const SqParams sum = { .binary = SQ_BINARY_ADD };
  SqModel *model;
  int x, y;
  float *w;

  if (path == NULL)
    return NULL;
  x = sq_graph_add_input (graph, "x", SQ_F32, &SQ_SHAPE (1, 3, 32, 32));
  x = sq_test_conv (graph, x, 32, 3, 1, SQ_ACT_RELU, 1);
  y = sq_test_conv (graph, x, 32, 3, 1, SQ_ACT_SILU, 2);
  w = sq_test_weights_of (graph, y, 1);
  for (int o = needed; o < 32; o++) // a mixture of the first ones
    for (int i = 0; i < 32 * 9; i++)
      {
        w[o * 32 * 9 + i] = 0;
        for (int k = 0; k < needed; k++)
          w[o * 32 * 9 + i] += (float) ((o * 7 + k * 3) % 11 - 5) * .1f * w[k * 32 * 9 + i];
      }
  y = sq_test_two (graph, &sq_op_binary, sum, x, y);
  sq_graph_add_output (graph, sq_test_conv (graph, y, 4, 1, 1, SQ_ACT_NONE, 3));
  base = sq_model_load (path, &none, NULL, &error);
  g_assert_no_error (error);
  model = sq_model_derive (base, graph, &error);
  g_assert_no_error (error);
  return model;
}

// In two with every component: the same numbers come out.
static void
test_same (void)
{
  g_autoptr (SqModel) model = network (32);
  g_autofree char *folder = sq_test_data ("images/demo");
  g_autoptr (GError) error = NULL;
  SqLowrankOptions options = { .keep = .8, .block = 8 };
  g_autoptr (SqCalibration) pictures = NULL;
  g_autoptr (SqLowrank) lowrank = NULL;
  g_autoptr (SqTensor) x = NULL, want = NULL, got = NULL;
  guint n_removed = 0;

  if (model == NULL || folder == NULL)
    return;
  pictures = sq_calibration_open (folder, 4, &silent, &error);
  g_assert_no_error (error);
  lowrank = sq_lowrank_new (model, pictures, &options, &silent, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (lowrank->n_layers, ==, 1);
  g_assert_cmpuint (lowrank->graph->nodes->len, ==, model->graph->nodes->len + 1);
  for (guint g = 0; g < lowrank->channels->n; g++)
    n_removed += (guint) lowrank->removed[g];
  g_assert_cmpuint (n_removed % 8, ==, 0);
  g_assert_cmpuint (n_removed, >, 0);
  x = sq_calibration_input (pictures, 0, model, &error);
  want = sq_test_run (model->graph, x);
  got = sq_test_run (lowrank->graph, x);
  g_assert_cmpfloat (sq_test_relative_l2 (got, want), <, 1e-5);
}

static double
loss (SqModel *model, const char *text, const char *folder)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqRecipe) recipe = sq_recipe_parse (text, &error);
  g_autoptr (SqCompressed) result = sq_compress (model, recipe, folder, NULL, &error);
  g_autoptr (SqCalibration) pictures = sq_calibration_open (folder, 8, &silent, &error);
  g_autoptr (SqTensor) x = sq_calibration_input (pictures, 3, model, &error), want = NULL, got = NULL;

  g_assert_no_error (error);
  g_assert_cmpfloat (result->model->flop, <=, .7 * model->flop);
  want = sq_test_run (model->graph, x);
  got = sq_test_run (result->model->graph, x);
  return sq_test_relative_l2 (got, want);
}

// What a layer does not need is no loss; what it needs is.
static void
test_redundant (void)
{
  static const char text[] = "[recipe]\nid=x\nsteps=lowrank;\n[lowrank]\nkeep=0.7\nridge=1e-4\n";
  g_autoptr (SqModel) redundant = network (8), full = network (32);
  g_autofree char *folder = sq_test_data ("images/demo");

  if (redundant == NULL || full == NULL || folder == NULL)
    return;
  g_assert_cmpfloat (loss (redundant, text, folder), <, .005);
  g_assert_cmpfloat (loss (full, text, folder), >, .05);
}

static void
test_spared (void)
{
  g_autoptr (SqModel) model = network (8);
  g_autofree char *folder = sq_test_data ("images/demo"), *text = NULL;
  g_autoptr (SqRecipe) recipe = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = NULL;

  if (model == NULL || folder == NULL)
    return;
  name = sq_layer_name (model->graph, 1);
  text = g_strdup_printf ("[recipe]\nid=x\nsteps=lowrank;\n[lowrank]\nkeep=0.7\nexcept=%s;\n", name);
  recipe = sq_recipe_parse (text, &error);
  g_assert_no_error (error);
  g_assert_null (sq_compress (model, recipe, folder, NULL, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "ask for fewer"));
}

static void
stop (double fraction, const char *what, gpointer data)
{
  if (fraction > .4)
    g_cancellable_cancel (data);
}

static void
test_network (void)
{
  g_autofree char *file = sq_test_data ("fixtures/onnx/yolox-nano.onnx"), *folder = sq_test_data ("images/demo");
  g_autoptr (SqRecipe) recipe = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SqModel) model = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  SqRecipeProgress progress = { cancellable, stop, cancellable, 0, 1 };
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "squint-lowrank-test.onnx", NULL), *bytes[2] = { NULL };
  gsize n[2];

  if (file == NULL || folder == NULL)
    return;
  recipe = sq_recipe_parse ("[recipe]\nid=x\nsteps=lowrank;\npictures=4\n[lowrank]\nkeep=0.9\npositions=64\n", &error);
  model = sq_model_load (file, NULL, NULL, &error);
  g_assert_no_error (error);
  for (int i = 0; i < 2; i++)
    {
      g_autoptr (SqCompressed) result = sq_compress (model, recipe, folder, NULL, &error);

      g_assert_no_error (error);
      g_assert_cmpfloat (result->model->flop, <=, .9 * model->flop);
      g_assert_cmpfloat (result->model->flop, >, .8 * model->flop);
      g_assert_true (sq_compressed_write (result, path, &error));
      g_assert_true (g_file_get_contents (path, &bytes[i], &n[i], NULL));
      if (i == 0)
        {
          g_autoptr (SqModel) again = sq_model_load (path, NULL, NULL, &error);

          g_assert_no_error (error);
          g_assert_cmpstr (again->family_id, ==, "yolox");
          g_assert_cmpfloat (again->flop, ==, result->model->flop);
        }
      g_remove (path);
    }
  g_assert_cmpmem (bytes[0], n[0], bytes[1], n[1]);
  g_free (bytes[1]);
  g_assert_null (sq_compress (model, recipe, folder, &progress, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lowrank/eigen", test_eigen);
  g_test_add_func ("/lowrank/same", test_same);
  g_test_add_func ("/lowrank/redundant", test_redundant);
  g_test_add_func ("/lowrank/spared", test_spared);
  g_test_add_func ("/lowrank/network", test_network);
  return g_test_run ();
}
