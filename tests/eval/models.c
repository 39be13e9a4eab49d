// SPDX-License-Identifier: GPL-3.0-or-later
// `squint-cli eval` with every model whose reference AP is known: from file to figure, within .006.
#include "tests/common/data.h"
#include <json-glib/json-glib.h>
#include <math.h>
#include <sys/wait.h>

static const struct
{
  const char *golden, *model; // below models/
} cases[] = {
  { "yolox-nano", "yolox-nano/yolox_nano.onnx" },
  { "yolo-fastest-1.0", "yolo-fastest-1.0/yolo-fastest.cfg" },
  { "yolo-fastest-1.1", "yolo-fastest-1.1/yolo-fastest-1.1.cfg" },
  { "yolo-fastest-1.1-xl", "yolo-fastest-1.1-xl/yolo-fastest-1.1-xl.cfg" },
  { "yolo-fastestv2", "yolo-fastestv2/yolo-fastestv2.onnx" },
  { "fastestdet", "fastestdet/FastestDet.onnx" },
  { "yolov5-lite-e", "yolov5-lite-e/v5Lite-e-sim-320.onnx" },
};

static JsonParser *
parse (const char *text)
{
  JsonParser *parser = json_parser_new ();
  g_autoptr (GError) error = NULL;

  json_parser_load_from_data (parser, text, -1, &error);
  g_assert_no_error (error);
  return parser;
}

static void
test_model (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autofree char *golden_name = g_strdup_printf ("golden/eval/%s.json", cases[i].golden),
                  *model_name = g_strdup_printf ("models/%s", cases[i].model);
  g_autofree char *golden = sq_test_data (golden_name), *model = sq_test_data (model_name);
  g_autofree char *labels = sq_test_data ("images/coco-dev/instances.json"), *images = sq_test_data ("images/coco-dev/images");
  g_autofree char *text = NULL, *out = NULL, *iou = NULL;
  g_autoptr (JsonParser) stated = NULL, measured = NULL;
  g_autoptr (GError) error = NULL;
  JsonObject *root;
  double wanted, got;
  int status;

  if (golden == NULL || model == NULL || labels == NULL || images == NULL)
    return;
  g_file_get_contents (golden, &text, NULL, NULL);
  stated = parse (text);
  root = json_node_get_object (json_parser_get_root (stated));
  iou = g_strdup_printf ("%g", json_object_get_double_member (root, "nms_iou"));
  wanted = json_array_get_double_element (json_object_get_array_member (json_object_get_object_member (root, "map"), "coco-dev"), 0);
  {
    const char *argv[] = {
      g_getenv ("SQUINT_CLI"), "eval", "-m", model, "-a", labels, "-i", images, "--iou", iou, "--format", "json", NULL
    };

    g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL, &status, &error);
  }
  g_assert_no_error (error);
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
  measured = parse (out);
  root = json_node_get_object (json_parser_get_root (measured));
  got = json_object_get_double_member (root, "ap");
  g_test_message ("%s: AP %.4f, reference %.4f", cases[i].golden, got, wanted);
  g_assert_cmpint (json_object_get_int_member (root, "images"), ==, 112);
  g_assert_cmpfloat (fabs (got - wanted), <=, .006);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/eval/models/%s", cases[i].golden);

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_model);
    }
  return g_test_run ();
}
