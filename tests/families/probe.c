// SPDX-License-Identifier: GPL-3.0-or-later
// Which family every file is taken for, what its input wants, and which files are refused or asked about.
#include "engine/error.h"
#include "engine/families/labels.h"
#include "engine/model.h"
#include "tests/common/data.h"

#include <glib/gstdio.h>
#include <string.h>

static const struct
{
  const char *path, *family; // family NULL: refused
  guint n_classes;
  SqFit fit;
  gboolean bgr, labels_known;
} files[] = {
  { "fixtures/onnx/yolo11n.onnx", "ultralytics", 80, SQ_FIT_LETTERBOX, FALSE, TRUE },
  { "fixtures/onnx/yolo12n.onnx", "ultralytics", 80, SQ_FIT_LETTERBOX, FALSE, TRUE },
  { "fixtures/onnx/yolo26n.onnx", "ultralytics-e2e", 80, SQ_FIT_LETTERBOX, FALSE, TRUE },
  { "fixtures/onnx/yolov10n.onnx", "ultralytics-e2e", 80, SQ_FIT_LETTERBOX, FALSE, TRUE },
  { "fixtures/onnx/yolov3-tinyu.onnx", "ultralytics", 80, SQ_FIT_LETTERBOX, FALSE, TRUE },
  { "fixtures/onnx/yolov5n-v7.0.onnx", "yolov5", 80, SQ_FIT_LETTERBOX, FALSE, TRUE },
  { "fixtures/onnx/yolov5nu.onnx", "ultralytics", 80, SQ_FIT_LETTERBOX, FALSE, TRUE },
  { "fixtures/onnx/yolov6n.onnx", "yolov6", 80, SQ_FIT_LETTERBOX, FALSE, TRUE },
  { "fixtures/onnx/yolov7-tiny-grid.onnx", "yolov5", 80, SQ_FIT_LETTERBOX, FALSE, TRUE },
  { "fixtures/onnx/yolov7-tiny-raw.onnx", "yolov7-tiny-raw", 80, SQ_FIT_LETTERBOX, FALSE, TRUE },
  { "fixtures/onnx/yolov8n.onnx", "ultralytics", 80, SQ_FIT_LETTERBOX, FALSE, TRUE },
  { "fixtures/onnx/yolov8n-dyn.onnx", "ultralytics", 80, SQ_FIT_LETTERBOX, FALSE, TRUE },
  { "fixtures/onnx/yolov9t.onnx", "ultralytics", 80, SQ_FIT_LETTERBOX, FALSE, TRUE },
  { "fixtures/onnx/yolox-nano.onnx", "yolox", 80, SQ_FIT_LETTERBOX_TOPLEFT, TRUE, TRUE },
  { "fixtures/onnx/yolox-nano-decoded.onnx", "yolox", 80, SQ_FIT_LETTERBOX_TOPLEFT, TRUE, TRUE },
  { "fixtures/onnx/yolov8n-seg.onnx", NULL },
  { "fixtures/onnx/rtdetr-l.onnx", NULL },
  { "fixtures/onnx/rtdetr-l-old84.onnx", NULL },
  { "models/yolox-nano-3cls/yolox_nano.onnx", "yolox", 3, SQ_FIT_LETTERBOX_TOPLEFT, TRUE, FALSE },
  { "models/yolo-fastestv2/yolo-fastestv2-raw6.onnx", "yolo-fastestv2", 80, SQ_FIT_STRETCH, TRUE, TRUE },
  { "models/yolo-fastestv2/yolo-fastestv2-single-output.onnx", "yolo-fastestv2", 80, SQ_FIT_STRETCH, TRUE, TRUE },
  { "models/nanodet-m/nanodet_m_320.onnx", "nanodet", 80, SQ_FIT_LETTERBOX, TRUE, TRUE },
  { "models/fastestdet/FastestDet.onnx", "fastestdet", 80, SQ_FIT_STRETCH, TRUE, TRUE },
  { "models/yolov5-lite-e/v5Lite-e-sim-320.onnx", "yolov5-lite", 80, SQ_FIT_LETTERBOX, FALSE, TRUE },
  { "models/yolo-fastest-1.1-body/yolo-fastest-1.1_body.cfg", "darknet", 1, SQ_FIT_STRETCH, FALSE, TRUE },
  { "models/unverified-yolov8n-qoperator/yolov8n_quant.onnx", NULL },
};

static void
test_file (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autofree char *path = sq_test_data (files[i].path), *base = g_path_get_basename (files[i].path);
  g_autoptr (SqModel) model = NULL;
  g_autoptr (GError) error = NULL;

  if (path == NULL)
    return;
  model = sq_model_load (path, NULL, NULL, &error);
  if (files[i].family == NULL)
    {
      g_assert_error (error, SQ_ERROR, SQ_ERROR_UNSUPPORTED_OP);
      g_assert_nonnull (strstr (error->message, base));
      return;
    }
  g_assert_no_error (error);
  g_assert_cmpstr (model->family_id, ==, files[i].family);
  g_assert_cmpuint (model->n_classes, ==, files[i].n_classes);
  g_assert_cmpint (model->input.fit, ==, files[i].fit);
  g_assert_cmpint (model->input.bgr, ==, files[i].bgr);
  g_assert_cmpint (model->labels_known, ==, files[i].labels_known);
  g_assert_cmpuint (g_strv_length (model->labels), ==, model->n_classes);
}

// A network that runs but whose outputs nobody knows: asked about, not guessed.
static void
test_unknown_layout (void)
{
  g_autofree char *path = sq_test_data ("fixtures/bench/v8n-random-640.onnx");
  g_autoptr (SqModel) model = NULL;
  g_autoptr (GError) error = NULL;
  SqModelOptions options = { .family = "yolox" };

  if (path == NULL)
    return;
  model = sq_model_load (path, NULL, NULL, &error);
  g_assert_error (error, SQ_ERROR, SQ_ERROR_UNKNOWN_FAMILY);
  g_assert_nonnull (strstr (error->message, "1x64x80x80"));
  g_clear_error (&error);
  model = sq_model_load (path, &options, NULL, &error); // nor does it become one because it is told so
  g_assert_error (error, SQ_ERROR, SQ_ERROR_UNKNOWN_FAMILY);
}

static void
test_free_size (void)
{
  g_autofree char *path = sq_test_data ("fixtures/onnx/yolov8n-dyn.onnx");
  g_autoptr (SqModel) model = NULL;
  g_autoptr (GError) error = NULL;
  SqModelOptions options = { .width = 256, .height = 192 };

  if (path == NULL)
    return;
  model = sq_model_load (path, &options, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (model->input.width, ==, 256);
  g_assert_cmpint (model->input.height, ==, 192);
}

static void
test_labels (void)
{
  g_auto (GStrv) dict = sq_labels_parse_python ("{0: 'person', 2: \"bike's\", 1: 'a\\'b'}"), list = sq_labels_parse_python ("['x', \"y\"]");
  g_auto (GStrv) coco = sq_labels_coco ();
  static const char *const bad[] = { "", "{", "{0 'x'}", "{0: x}", "{0: 'x}", "{-1: 'x'}", "{99999999: 'x'}", "person", "[1, 2]" };

  g_assert_cmpstr (dict[0], ==, "person");
  g_assert_cmpstr (dict[1], ==, "a'b");
  g_assert_cmpstr (dict[2], ==, "bike's");
  g_assert_null (dict[3]);
  g_assert_cmpuint (g_strv_length (list), ==, 2);
  g_assert_cmpuint (g_strv_length (coco), ==, 80);
  g_assert_cmpstr (coco[79], ==, "toothbrush");
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_null (sq_labels_parse_python (bad[i]));
}

// Weights that do not belong to the cfg are refused, whether too short or too long.
static void
test_darknet_weights (void)
{
  g_autofree char *cfg = sq_test_data ("models/yolo-fastest-1.1/yolo-fastest-1.1.cfg"),
                  *weights = sq_test_data ("models/yolo-fastest-1.1/yolo-fastest-1.1.weights");
  g_autofree char *folder = NULL, *cfg_copy = NULL, *weights_copy = NULL, *text = NULL, *data = NULL;
  gsize length;

  if (cfg == NULL || weights == NULL)
    return;
  folder = g_dir_make_tmp ("squint-XXXXXX", NULL);
  cfg_copy = g_build_filename (folder, "a.cfg", NULL);
  weights_copy = g_build_filename (folder, "a.weights", NULL);
  g_assert_true (g_file_get_contents (cfg, &text, NULL, NULL));
  g_assert_true (g_file_set_contents (cfg_copy, text, -1, NULL));
  g_assert_true (g_file_get_contents (weights, &data, &length, NULL));
  data = g_realloc (data, length + 4);
  for (int delta = -4; delta <= 4; delta += 4)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SqModel) model = NULL;

      g_assert_true (g_file_set_contents (weights_copy, data, (gssize) length + delta, NULL));
      model = sq_model_load (cfg_copy, NULL, NULL, &error);
      g_assert_true ((model != NULL) == (delta == 0));
      if (delta != 0)
        g_assert_error (error, SQ_ERROR, SQ_ERROR_BAD_MODEL);
    }
  g_remove (weights_copy);
  g_assert_null (sq_model_load (cfg_copy, NULL, NULL, NULL)); // missing
  g_remove (cfg_copy);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *name = g_strdup_printf ("/families/probe/%s", files[i].path);

      g_test_add_data_func (name, GUINT_TO_POINTER (i), test_file);
    }
  g_test_add_func ("/families/unknown-layout", test_unknown_layout);
  g_test_add_func ("/families/free-size", test_free_size);
  g_test_add_func ("/families/labels", test_labels);
  g_test_add_func ("/families/darknet-weights", test_darknet_weights);
  return g_test_run ();
}
