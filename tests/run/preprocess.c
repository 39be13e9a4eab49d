// SPDX-License-Identifier: GPL-3.0-or-later
// A picture on its way into three families' networks against the inputs their own code made of it (OpenCV): no number may differ by more
// than rounding.
#include "engine/engine.h"
#include "engine/run/preprocess.h"
#include "tests/common/data.h"

static const struct
{
  const char *golden, *model;
} cases[] = {
  { "yolox-nano", "yolox-nano/yolox_nano.onnx" },                  // letterbox at the top left, BGR, 0..255
  { "yolov5-lite-e", "yolov5-lite-e/v5Lite-e-sim-320.onnx" },      // letterbox in the middle, RGB, 0..1
  { "yolo-fastest-1.1", "yolo-fastest-1.1/yolo-fastest-1.1.cfg" }, // stretched
};

static void
test_input (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autofree char *golden_file = g_strdup_printf ("golden/raw/%s.dog.input.npy", cases[i].golden);
  g_autofree char *model_file = g_strdup_printf ("models/%s", cases[i].model), *golden = sq_test_data (golden_file);
  g_autofree char *path = golden != NULL ? sq_test_data (model_file) : NULL,
                  *picture = path != NULL ? sq_test_data ("images/demo/dog.jpg") : NULL;
  const char *const paths[] = { picture, NULL };
  g_autoptr (SqSource) source = NULL;
  g_autoptr (SqFrame) frame = NULL;
  g_autoptr (SqModel) model = NULL;
  g_autoptr (SqTensor) want = NULL;
  g_autoptr (SqTensor) got = NULL;
  g_autoptr (GError) error = NULL;
  SqTransform transform;

  if (picture == NULL)
    return;
  model = sq_model_load (path, NULL, NULL, &error);
  g_assert_no_error (error);
  source = sq_source_open (paths, NULL, &error);
  g_assert_no_error (error);
  frame = sq_source_next (source, &error);
  g_assert_no_error (error);
  want = sq_test_npy (golden);
  got = sq_tensor_new (SQ_F32, &want->shape);
  sq_transform_init (&transform, &model->input, frame->width, frame->height);
  sq_preprocess (frame, &model->input, &transform, got);
  g_test_message ("%s: largest difference %.2e", cases[i].golden, sq_test_max_abs (got, want));
  g_assert_cmpfloat (sq_test_max_abs (got, want), <=, 1e-6); // one level would be 1 or 1 / 255
}

// Where the picture lies, and that boxes come back through the same numbers.
static void
test_transform (void)
{
  SqInputSpec spec = { .width = 416, .height = 416, .fit = SQ_FIT_LETTERBOX, .round_to_int = TRUE };
  SqTransform t;

  sq_transform_init (&t, &spec, 773, 512);
  g_assert_cmpint (t.width, ==, 416);
  g_assert_cmpint (t.height, ==, 276); // 275.5 rounds to even
  g_assert_cmpint (t.top, ==, 70);
  spec.fit = SQ_FIT_LETTERBOX_TOPLEFT;
  spec.round_to_int = FALSE;
  sq_transform_init (&t, &spec, 773, 512);
  g_assert_cmpint (t.height, ==, 275);
  g_assert_cmpint (t.top, ==, 0);
  g_assert_cmpint (t.width, ==, (int) (773 * (416. / 773)));
  spec.fit = SQ_FIT_STRETCH;
  sq_transform_init (&t, &spec, 1, 60000);
  g_assert_cmpfloat (t.scale_x, ==, 416);
  spec.fit = SQ_FIT_LETTERBOX;
  sq_transform_init (&t, &spec, 1, 30000); // never empty
  g_assert_cmpint (t.width, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = g_strdup_printf ("/run/preprocess/%s", cases[i].golden);

      g_test_add_data_func (name, GUINT_TO_POINTER (i), test_input);
    }
  g_test_add_func ("/run/transform", test_transform);
  return g_test_run ();
}
