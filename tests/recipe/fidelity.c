// SPDX-License-Identifier: GPL-3.0-or-later
// A report on a real detector: of itself, of one that is broken, as text; the damage of single layers; layers that go back to half.
#include "engine/ops/op.h"
#include "engine/recipe/compress.h"
#include "engine/recipe/damage.h"
#include "engine/recipe/int8.h"
#include "engine/recipe/mixed.h"
#include "engine/recipe/step.h"
#include "tests/common/data.h"

#include <string.h>

static const SqRecipeProgress silent = { .to = 1 };

typedef struct
{
  SqModel *model;
  SqCalibration *pictures;
} Fixture;

// FALSE after skipping.
static gboolean
set_up (Fixture *self)
{
  g_autofree char *path = sq_test_data ("models/yolox-nano/yolox_nano.onnx"), *folder = sq_test_data ("images/demo");
  g_autoptr (GError) error = NULL;

  *self = (Fixture){ 0 };
  if (path == NULL || folder == NULL)
    return FALSE;
  self->model = sq_model_load (path, NULL, NULL, &error);
  g_assert_no_error (error);
  self->pictures = sq_calibration_open (folder, 8, &silent, &error);
  g_assert_no_error (error);
  return TRUE;
}

static void
tear_down (Fixture *self)
{
  sq_model_unref (self->model);
  sq_calibration_free (self->pictures);
}

// The `n`th convolution's weights times `factor`.
static SqGraph *
spoil (const SqGraph *graph, guint n, float factor)
{
  SqGraph *copy = sq_graph_copy (graph);
  guint seen = 0;

  for (guint i = 0; i < copy->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (copy, i);
      SqValue *w = node->op == &sq_op_conv ? sq_graph_value (copy, node->in[1]) : NULL;
      SqTensor *tensor;

      if (w == NULL || seen++ != n)
        continue;
      tensor = sq_tensor_new (SQ_F32, &w->shape);
      for (gint64 k = 0; k < tensor->n; k++)
        sq_tensor_f32 (tensor)[k] = factor * sq_tensor_f32 (w->constant)[k];
      sq_tensor_unref (w->constant);
      w->constant = tensor;
    }
  return copy;
}

static void
test_report (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqReference) reference = NULL;
  g_autoptr (SqFidelity) same = NULL, bad = NULL, again = NULL;
  g_autoptr (SqGraph) graph = NULL;
  g_autoptr (SqModel) broken = NULL;
  g_autofree char *text = NULL, *second = NULL, *lines = NULL;
  SqLayerDamage layer = { g_strdup ("head; 1"), "half", .25 };
  SqMatchCounts sum = { 0 };
  Fixture f;

  if (!set_up (&f))
    return;
  reference = sq_reference_new (f.model, f.pictures, .25f, &silent, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (sq_reference_n_boxes (reference), >, 15);
  same = sq_fidelity_measure (reference, f.model, &silent, &error);
  g_assert_cmpfloat (same->agreement, ==, 1);
  g_assert_cmpfloat (same->score_shift, ==, 0);
  g_assert_cmpfloat_with_epsilon (same->matching_threshold, .25, .1);
  g_assert_cmpfloat (same->matching_threshold, >=, .25);
  g_assert_cmpuint (same->total.n[SQ_MATCH_AGREED], ==, sq_reference_n_boxes (reference));
  for (int k = SQ_MATCH_MOVED; k < SQ_N_MATCHES; k++)
    g_assert_cmpuint (same->total.n[k], ==, 0);

  graph = spoil (f.model->graph, 20, .6f);
  broken = sq_model_derive (f.model, graph, &error);
  g_assert_no_error (error);
  bad = sq_fidelity_measure (reference, broken, &silent, &error);
  g_test_message ("agreement of a broken one %.3f", bad->agreement);
  g_assert_cmpfloat (bad->agreement, <, .95);
  g_assert_cmpuint (bad->total.n[SQ_MATCH_LOST] + bad->total.n[SQ_MATCH_NEW] + bad->total.n[SQ_MATCH_MOVED], >, 0);
  for (int k = 0; k < SQ_N_MATCHES; k++)
    {
      for (guint c = 0; c < bad->n_classes; c++)
        sum.n[k] += bad->by_class[c].n[k];
      g_assert_cmpuint (sum.n[k], ==, bad->total.n[k]);
      g_assert_cmpuint (bad->by_size[0].n[k] + bad->by_size[1].n[k] + bad->by_size[2].n[k], ==, bad->total.n[k]);
    }

  g_array_append_val (bad->layers, layer);
  text = sq_fidelity_to_text (bad);
  again = sq_fidelity_from_text (text);
  g_assert_nonnull (again);
  second = sq_fidelity_to_text (again);
  g_assert_cmpstr (text, ==, second);
  g_assert_cmpstr (g_array_index (again->layers, SqLayerDamage, 0).name, ==, "head; 1");
  lines = sq_fidelity_describe (again, f.model->labels);
  g_assert_nonnull (strstr (lines, "agreement"));
  g_assert_null (strstr (lines, "accuracy"));
  tear_down (&f);
}

static void
test_text (void)
{
  static const char *const bad[] = {
    "",
    "nonsense",
    "[fidelity]\n",
    "[fidelity]\npictures=-1\nclasses=80\n",
    "[fidelity]\npictures=1\nclasses=2000000000\ntotal=1;2;3;4;5;\nagreement_size=1;1;1;\n",
    "[fidelity]\npictures=1\nclasses=2\nagreement=nan\ntotal=1;2;3;4;5;\nagreement_size=1;1;1;\n",
    "[fidelity]\npictures=1\nclasses=2\nagreement=1\ntotal=1;2;\nagreement_size=1;1;1;\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_null (sq_fidelity_from_text (bad[i]));
}

static SqGraph *
spoil_more (guint i, gconstpointer graph)
{
  return spoil (graph, 30, i == 0 ? 1 : i == 1 ? .99f : .5f);
}

static void
test_damage (void)
{
  g_autoptr (GError) error = NULL;
  double damage[3];
  Fixture f;

  if (!set_up (&f))
    return;
  g_assert_true (sq_damage_measure (f.model, f.pictures, 2, 3, spoil_more, f.model->graph, damage, &silent, &error));
  g_assert_no_error (error);
  g_test_message ("damage %g %g %g", damage[0], damage[1], damage[2]);
  g_assert_cmpfloat (damage[0], <, 1e-3); // another number of threads may sum in another order
  g_assert_cmpfloat (damage[1], >, damage[0]);
  g_assert_cmpfloat (damage[2], >, 5 * damage[1]);
  tear_down (&f);
}

static guint
count_rounded (const SqGraph *graph)
{
  guint n = 0;

  for (guint i = 0; i < graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (graph, i);

      n += node->op == &sq_op_conv && sq_graph_value (graph, node->in[1])->constant->grid != NULL;
    }
  return n;
}

static void
test_mixed (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqInt8) int8 = NULL;
  g_autoptr (GString) report = g_string_new (NULL);
  g_autofree double *damage = NULL;
  g_autofree gboolean *stays = NULL;
  SqRecipeJob job = { .report = report };
  double low, high, all;
  guint n, back = 0;
  Fixture f;

  if (!set_up (&f))
    return;
  job.original = f.model;
  job.pictures = f.pictures;
  int8 = sq_int8_new (f.model, f.pictures, &(SqInt8Options){ .depthwise = TRUE }, &silent, &error);
  g_assert_no_error (error);
  n = sq_int8_n_layers (int8);
  damage = g_new (double, n);
  stays = g_new (gboolean, n);
  for (guint i = 0; i < n; i++)
    damage[i] = i + 1;
  low = sq_mixed_choose (int8, &job, f.model, damage, .01, stays, &silent, &error); // all may stay in 8 bits
  for (guint i = 0; i < n; i++)
    g_assert_false (stays[i]);
  high = sq_mixed_choose (int8, &job, f.model, damage, MIN (low + .02, .999), stays, &silent, &error);
  g_assert_cmpfloat (high, >=, MIN (low + .02, .999));
  for (guint i = 0; i < n; i++)
    back += stays[i];
  g_test_message ("%u of %u back for agreement %.3f instead of %.3f", back, n, high, low);
  g_assert_cmpuint (back, >, 0);
  all = sq_mixed_choose (int8, &job, f.model, damage, 2, stays, &silent, &error); // cannot be had
  g_assert_cmpfloat (all, ==, 1);
  for (guint i = 0; i < n; i++)
    g_assert_true (stays[i]);
  sq_reference_free (job.reference);
  tear_down (&f);
}

static void
test_except (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqRecipe) recipe = NULL;
  g_autoptr (SqInt8) all = NULL;
  g_autoptr (SqCompressed) result = NULL;
  g_autofree char *folder = sq_test_data ("images/demo"), *name = NULL, *text = NULL, *again = NULL;
  SqInt8Options options = { 0 };
  guint n_all = 0;
  Fixture f;

  if (!set_up (&f))
    return;
  all = sq_int8_new (f.model, f.pictures, &options, &silent, &error);
  n_all = sq_int8_n_layers (all);
  name = sq_layer_name (f.model->graph, sq_int8_layer (all, 5));
  text = g_strdup_printf ("[recipe]\nid=own\nsteps=int8;\npictures=4\n[int8]\nrounding=0\nexcept=%s;\n", name);
  recipe = sq_recipe_parse (text, &error);
  g_assert_no_error (error);
  again = sq_recipe_to_text (recipe);
  g_assert_nonnull (strstr (again, name));
  result = sq_compress (f.model, recipe, folder, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (result->half);
  g_assert_cmpuint (count_rounded (result->model->graph), ==, n_all - 1);
  g_assert_nonnull (result->fidelity);
  g_assert_cmpfloat (result->fidelity->agreement, >, .5);
  g_assert_cmpuint (result->fidelity->layers->len, ==, n_all);
  for (guint i = 0; i < n_all; i++)
    {
      const SqLayerDamage *layer = &g_array_index (result->fidelity->layers, SqLayerDamage, i);

      g_assert_cmpstr (layer->precision, ==, g_str_equal (layer->name, name) ? "half" : "int8");
      g_assert_true ((layer->damage >= 0) == !g_str_equal (layer->name, name));
    }
  tear_down (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/recipe/fidelity/report", test_report);
  g_test_add_func ("/recipe/fidelity/text", test_text);
  g_test_add_func ("/recipe/fidelity/damage", test_damage);
  g_test_add_func ("/recipe/fidelity/mixed", test_mixed);
  g_test_add_func ("/recipe/fidelity/except", test_except);
  return g_test_run ();
}
