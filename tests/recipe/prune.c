// SPDX-License-Identifier: GPL-3.0-or-later
// Channels that go: which go together, that those nobody needs change nothing bit for bit, that the rest makes up for those it can, the
// same every time, stopped at once, refused with a reason.
#include "engine/backends/backend.h"
#include "engine/ops/op.h"
#include "engine/recipe/compress.h"
#include "engine/recipe/prune.h"
#include "engine/recipe/refit.h"
#include "engine/recipe/windows.h"
#include "networks.h"
#include "tests/common/data.h"

#include <glib/gstdio.h>
#include <string.h>

static const SqRecipeProgress silent = { .to = 1 };

static int
group (const SqChannels *channels, int value, int c)
{
  return channels->of_value[value][c];
}

static void
test_groups (void)
{
  g_autoptr (SqGraph) graph = sq_graph_new ();
  const SqParams sum = { .binary = SQ_BINARY_ADD }, beside = { .axis.axis = 1 };
  SqParams pool = { .pool = { .kernel = { 5, 5 }, .stride = { 1, 1 }, .dilation = { 1, 1 }, .pad = { 2, 2, 2, 2 } } };
  SqParams flat = { .reshape.shape = SQ_SHAPE (1, 4, 64) };
  int x = sq_graph_add_input (graph, "x", SQ_F32, &SQ_SHAPE (1, 3, 8, 8)), a, depth, b, added, half, most, twice, last, gone;
  g_autoptr (SqChannels) channels = NULL;

  a = sq_test_conv (graph, x, 8, 3, 1, SQ_ACT_RELU, 1);
  depth = sq_test_conv (graph, a, 8, 3, 8, SQ_ACT_RELU, 2);
  b = sq_test_conv (graph, depth, 8, 1, 1, SQ_ACT_RELU, 3);
  added = sq_test_two (graph, &sq_op_binary, sum, a, b);
  half = sq_test_slice_channels (graph, added, 4, 4);
  most = sq_test_add (graph, &sq_op_pool, &pool, &half, 1);
  twice = sq_test_two (graph, &sq_op_concat, beside, half, most);
  last = sq_test_conv (graph, twice, 4, 1, 1, SQ_ACT_NONE, 4);
  gone = sq_test_add (graph, &sq_op_reshape, &flat, &last, 1); // not followed
  sq_graph_add_output (graph, gone);
  channels = sq_channels_new (graph);
  for (int c = 0; c < 8; c++)
    {
      g_assert_cmpint (group (channels, a, c), ==, group (channels, depth, c)); // depthwise
      g_assert_cmpint (group (channels, a, c), ==, group (channels, b, c));     // the sum joins both sides
      g_assert_false (channels->fixed[group (channels, a, c)]);
    }
  for (int c = 0; c < 4; c++)
    {
      g_assert_cmpint (group (channels, half, c), ==, group (channels, added, 4 + c));
      g_assert_cmpint (group (channels, twice, c), ==, group (channels, twice, 4 + c)); // twice in one reader
      g_assert_true (channels->fixed[group (channels, last, c)]);
    }
  g_assert_true (channels->fixed[group (channels, x, 0)]);
  g_assert_cmpint (channels->family[group (channels, added, 0)], ==, channels->family[group (channels, added, 3)]);
  g_assert_cmpint (channels->family[group (channels, added, 3)], !=, channels->family[group (channels, added, 4)]); // beyond the cut
}

// Sums, slices, concatenations and a depthwise convolution; channel 5 of the first is 0 everywhere.
static void
test_nothing_lost (void)
{
  g_autoptr (SqGraph) graph = sq_graph_new (), small = NULL;
  const SqParams sum = { .binary = SQ_BINARY_ADD }, beside = { .axis.axis = 1 };
  int x = sq_graph_add_input (graph, "x", SQ_F32, &SQ_SHAPE (1, 3, 8, 8)), a, b, y;
  g_autoptr (SqTensor) input = sq_tensor_new (SQ_F32, &SQ_SHAPE (1, 3, 8, 8)), want = NULL, got = NULL;
  g_autoptr (SqChannels) channels = NULL;
  g_autofree gboolean *removed = NULL;
  g_autoptr (GError) error = NULL;

  a = sq_test_conv (graph, x, 8, 3, 1, SQ_ACT_SILU, 1);
  b = sq_test_conv (graph, sq_test_conv (graph, a, 8, 3, 8, SQ_ACT_RELU, 2), 8, 1, 1, SQ_ACT_NONE, 3);
  y = sq_test_two (graph, &sq_op_binary, sum, a, b);
  y = sq_test_two (graph, &sq_op_concat, beside, sq_test_slice_channels (graph, y, 0, 6), sq_test_slice_channels (graph, y, 6, 2));
  sq_graph_add_output (graph, sq_test_conv (graph, y, 5, 3, 1, SQ_ACT_NONE, 4));
  memset (sq_test_weights_of (graph, a, 1) + 5 * 27, 0, 27 * sizeof (float));
  sq_test_weights_of (graph, a, 2)[5] = 0;
  memset (sq_test_weights_of (graph, b, 1) + 5 * 8, 0, 8 * sizeof (float));
  sq_test_weights_of (graph, b, 2)[5] = 0;
  channels = sq_channels_new (graph);
  removed = g_new0 (gboolean, channels->n);
  removed[group (channels, a, 5)] = TRUE;
  // what the depthwise convolution makes of 0 is its bias, and it goes too: so it must be nothing
  {
    g_autofree int *producer = sq_graph_producers (graph);
    int depth = sq_graph_node (graph, (guint) producer[b])->in[0];

    sq_test_weights_of (graph, depth, 2)[5] = 0;
  }
  small = sq_channels_remove (channels, removed, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (sq_graph_flop (small), <, .9 * sq_graph_flop (graph));
  sq_test_fill (input, 7, -1, 1);
  want = sq_test_run (graph, input);
  got = sq_test_run (small, input);
  g_assert_cmpmem (want->data, want->bytes, got->data, got->bytes);
}

static void
test_algebra (void)
{
  static const double a[9] = { 4, 2, .5, 2, 5, 1, .5, 1, 3 };
  double l[9], inverse[9], x[3] = { 1, 2, 3 };

  memcpy (l, a, sizeof a);
  memcpy (inverse, a, sizeof a);
  g_assert_true (sq_cholesky (l, 3));
  sq_cholesky_solve (l, 3, x);
  for (int i = 0; i < 3; i++)
    g_assert_cmpfloat_with_epsilon (a[i * 3] * x[0] + a[i * 3 + 1] * x[1] + a[i * 3 + 2] * x[2], i + 1, 1e-12);
  g_assert_true (sq_invert (inverse, 3));
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++)
      g_assert_cmpfloat_with_epsilon (a[i * 3] * inverse[j] + a[i * 3 + 1] * inverse[3 + j] + a[i * 3 + 2] * inverse[6 + j], i == j, 1e-12);
  memcpy (l, a, sizeof a);
  l[8] = -1;
  g_assert_false (sq_cholesky (l, 3));
}

// A network without activations whose middle has four times the channels that it needs: half of them can go for nothing.
static SqModel *
redundant (void)
{
  g_autofree char *path = sq_test_data ("fixtures/onnx/yolox-nano.onnx");
  g_autoptr (SqGraph) graph = sq_graph_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SqModel) base = NULL;
  SqModelOptions none = { .family = "none" };
  SqModel *model;
  int x;

  if (path == NULL)
    return NULL;
  x = sq_graph_add_input (graph, "x", SQ_F32, &SQ_SHAPE (1, 3, 32, 32));
  x = sq_test_conv (graph, x, 32, 1, 1, SQ_ACT_NONE, 1);
  memset (sq_test_weights_of (graph, x, 2), 0, 32 * sizeof (float)); // a padded 0 is what the channels make of a black picture
  x = sq_test_conv (graph, x, 8, 3, 1, SQ_ACT_NONE, 2);
  sq_graph_add_output (graph, sq_test_conv (graph, x, 4, 1, 1, SQ_ACT_NONE, 3));
  base = sq_model_load (path, &none, NULL, &error);
  g_assert_no_error (error);
  model = sq_model_derive (base, graph, &error);
  g_assert_no_error (error);
  return model;
}

static void
test_redundant (void)
{
  static const char *const texts[] = {
    "[recipe]\nid=x\nsteps=prune;\n[prune]\nkeep=0.6\nridge=1e-3\n",
    "[recipe]\nid=x\nsteps=prune;\n[prune]\nkeep=0.6\nridge=1e-3\nscoring=0\n",
    "[recipe]\nid=x\nsteps=prune;\n[prune]\nkeep=0.6\nscoring=0\nrefit=0\n",
  };
  g_autoptr (SqModel) model = redundant ();
  g_autofree char *folder = sq_test_data ("images/demo");
  double error_of[3];

  if (model == NULL || folder == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SqRecipe) recipe = sq_recipe_parse (texts[i], &error);
      g_autoptr (SqCompressed) result = sq_compress (model, recipe, folder, NULL, &error);
      g_autoptr (SqCalibration) pictures = sq_calibration_open (folder, 8, &silent, &error);
      g_autoptr (SqTensor) x = sq_calibration_input (pictures, 3, model, &error), want = NULL, got = NULL;

      g_assert_no_error (error);
      g_assert_cmpfloat (result->model->flop, <=, .6 * model->flop);
      for (guint k = 0; k < result->model->graph->nodes->len; k++)
        {
          const SqShape *y = &sq_graph_value (result->model->graph, sq_graph_node (result->model->graph, k)->out[0])->shape;

          g_assert_true (y->dim[1] % 8 == 0 || k == result->model->graph->nodes->len - 1);
        }
      want = sq_test_run (model->graph, x);
      got = sq_test_run (result->model->graph, x);
      error_of[i] = sq_test_relative_l2 (got, want);
      g_test_message ("relative L2 %g", error_of[i]);
    }
  g_assert_cmpfloat (error_of[0], <, .005);
  g_assert_cmpfloat (error_of[1], <, .005); // whichever go, the fit makes up for them
  g_assert_cmpfloat (error_of[2], >, .1);   // and without it nothing does
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
  g_autoptr (SqRecipe) recipe = NULL, greedy = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SqModel) model = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  SqRecipeProgress progress = { cancellable, stop, cancellable, 0, 1 };
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "squint-prune-test.onnx", NULL), *bytes[2] = { NULL };
  gsize n[2];

  if (file == NULL || folder == NULL)
    return;
  recipe = sq_recipe_parse ("[recipe]\nid=x\nsteps=prune;\npictures=4\n[prune]\nkeep=0.8\npositions=64\n", &error);
  model = sq_model_load (file, NULL, NULL, &error);
  g_assert_no_error (error);
  for (int i = 0; i < 2; i++)
    {
      g_autoptr (SqCompressed) result = sq_compress (model, recipe, folder, NULL, &error);

      g_assert_no_error (error);
      g_assert_cmpfloat (result->model->flop, <=, .8 * model->flop);
      g_assert_cmpfloat (result->model->flop, >, .7 * model->flop);
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
  g_clear_error (&error);
  greedy = sq_recipe_parse ("[recipe]\nid=x\nsteps=prune;\npictures=1\n[prune]\nkeep=0.05\nscoring=0\n", &error);
  g_assert_null (sq_compress (model, greedy, folder, NULL, &error));
  g_assert_nonnull (strstr (error->message, "ask for fewer"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/prune/groups", test_groups);
  g_test_add_func ("/prune/nothing-lost", test_nothing_lost);
  g_test_add_func ("/prune/algebra", test_algebra);
  g_test_add_func ("/prune/redundant", test_redundant);
  g_test_add_func ("/prune/network", test_network);
  return g_test_run ();
}
