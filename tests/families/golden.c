// SPDX-License-Identifier: GPL-3.0-or-later
// Real trained models on the demo pictures against the detections of their families' own code. argv[1] names the device.
//
// At least 98 % of the reference detections with score >= 0.30 are found: same class, IoU >= 0.90, score within 0.05. Nothing above 0.35
// that the reference (which lists everything from 0.25 on) does not have at all.
#include "engine/engine.h"
#include "engine/run/detector.h"
#include "tests/common/data.h"

#include <json-glib/json-glib.h>
#include <math.h>

static const struct
{
  const char *golden, *model;
  guint least; // percent, 0 = 98
} models[] = {
  // the stored detections are ONNX Runtime 1.20.1's, whose optimiser loses the zero padding before an average pool (its own unoptimised
  // run, and newer
  // releases, agree with Squint): two boxes at the picture's edge differ
  { "fastestdet", "fastestdet/FastestDet.onnx", 97 },
  { "nanodet-m-320", "nanodet-m/nanodet_m_320.onnx" },
  { "yolo-fastest-1.0", "yolo-fastest-1.0/yolo-fastest.cfg" },
  { "yolo-fastest-1.1", "yolo-fastest-1.1/yolo-fastest-1.1.cfg" },
  { "yolo-fastest-1.1-body", "yolo-fastest-1.1-body/yolo-fastest-1.1_body.cfg" },
  { "yolo-fastest-1.1-xl", "yolo-fastest-1.1-xl/yolo-fastest-1.1-xl.weights" },
  { "yolo-fastestv2", "yolo-fastestv2/yolo-fastestv2.onnx" },
  // dynamic quantisation: a last bit in a sum moves what 60 layers round to, so a compiler's flags move a score or two of these by more
  // than .05
  { "yolo11n-int8-dynamic", "yolo11n-int8-dynamic/yolo11n_int8.onnx", 86 },
  { "yolov5-lite-e", "yolov5-lite-e/v5Lite-e-sim-320.onnx" },
  { "yolov8n-int8-dynamic", "yolov8n-int8-dynamic/yolov8n_int8.onnx", 90 },
  // every score is 0 or 1.506, so rounding alone decides which of many equal boxes survives: one (ref) or two (cpu) of fourteen differ
  { "yolov8n-int8-qdq-320", "yolov8n-int8-qdq-320/yolov8n_int8.onnx", 78 },
  { "yolox-nano", "yolox-nano/yolox_nano.onnx" },
};

static const char *device;

static double
iou (const SqDetection *a, const SqDetection *b)
{
  double w = fmin (a->x2, b->x2) - fmax (a->x1, b->x1), h = fmin (a->y2, b->y2) - fmax (a->y1, b->y1);
  double both = fmax (w, 0) * fmax (h, 0);

  return both / ((a->x2 - a->x1) * (a->y2 - a->y1) + (b->x2 - b->x1) * (b->y2 - b->y1) - both);
}

static GArray *
read_reference (JsonObject *image)
{
  GArray *list = g_array_new (FALSE, FALSE, sizeof (SqDetection));
  JsonArray *array = json_object_get_array_member (image, "detections");

  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonObject *o = json_array_get_object_element (array, i);
      JsonArray *box = json_object_get_array_member (o, "box_xyxy");
      SqDetection d = { (float) json_array_get_double_element (box, 0),     (float) json_array_get_double_element (box, 1),
                        (float) json_array_get_double_element (box, 2),     (float) json_array_get_double_element (box, 3),
                        (float) json_object_get_double_member (o, "score"), (int) json_object_get_int_member (o, "cls") };

      g_array_append_val (list, d);
    }
  return list;
}

static gboolean
has_match (const SqDetection *d, const GArray *list, double min_iou, double max_score)
{
  for (guint i = 0; i < list->len; i++)
    {
      const SqDetection *other = &g_array_index (list, SqDetection, i);

      if (other->class_id == d->class_id && iou (other, d) >= min_iou && fabs (other->score - d->score) <= max_score)
        return TRUE;
    }
  return FALSE;
}

static void
describe_miss (const char *picture, const char *label, const SqDetection *w, const GArray *got)
{
  const SqDetection *best = NULL;

  for (guint i = 0; i < got->len; i++)
    {
      const SqDetection *g = &g_array_index (got, SqDetection, i);

      if (g->class_id == w->class_id && (best == NULL || iou (g, w) > iou (best, w)))
        best = g;
    }
  g_test_message ("missed in %s: %s %.3f [%.1f %.1f %.1f %.1f], nearest IoU %.3f score %.3f", picture, label, w->score, w->x1, w->y1, w->x2,
                  w->y2, best != NULL ? iou (best, w) : 0, best != NULL ? best->score : 0);
}

static void
test_model (gconstpointer data)
{
  guint m = GPOINTER_TO_UINT (data), wanted = 0, found = 0, invented = 0;
  g_autofree char *golden_file = g_strdup_printf ("golden/%s.json", models[m].golden),
                  *model_file = g_strdup_printf ("models/%s", models[m].model);
  g_autofree char *golden = sq_test_data (golden_file), *path = golden != NULL ? sq_test_data (model_file) : NULL;
  g_autofree char *folder = path != NULL ? sq_test_data ("images/demo") : NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (SqModel) model = NULL;
  g_autoptr (SqDetector) detector = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GList) names = NULL;
  JsonObject *images;
  SqFilter filter = SQ_FILTER_DEFAULT;

  if (folder == NULL)
    return;
  json_parser_load_from_file (parser, golden, &error);
  g_assert_no_error (error);
  model = sq_model_load (path, NULL, NULL, &error);
  g_assert_no_error (error);
  detector = sq_detector_new (model, &(SqDetectorOptions){ .device = device }, &error);
  g_assert_no_error (error);
  images = json_object_get_object_member (json_node_get_object (json_parser_get_root (parser)), "images");
  names = json_object_get_members (images);
  g_assert_cmpuint (g_list_length (names), ==, 8);
  for (GList *l = names; l != NULL; l = l->next)
    {
      g_autofree char *picture = g_build_filename (folder, l->data, NULL);
      const char *const paths[] = { picture, NULL };
      g_autoptr (SqSource) source = sq_source_open (paths, NULL, &error);
      g_autoptr (SqResult) result = NULL;
      g_autoptr (GArray) got = NULL;
      g_autoptr (GArray) want = read_reference (json_object_get_object_member (images, l->data));
      SqFrame *frame;

      g_assert_no_error (error);
      frame = sq_source_next (source, &error);
      g_assert_no_error (error);
      result = sq_detector_detect (detector, frame, &error);
      g_assert_no_error (error);
      got = sq_result_detections (result, &filter);
      for (guint i = 0; i < want->len; i++)
        {
          const SqDetection *w = &g_array_index (want, SqDetection, i);
          gboolean matched = has_match (w, got, .9, .05);

          if (w->score < .3f)
            continue;
          wanted++;
          found += matched;
          if (!matched)
            describe_miss (l->data, model->labels[w->class_id], w, got);
        }
      for (guint i = 0; i < got->len; i++)
        {
          const SqDetection *g = &g_array_index (got, SqDetection, i);

          if (g->score <= .35f || has_match (g, want, .5, 1))
            continue;
          invented++;
          g_test_message ("invented in %s: %s %.3f [%.1f %.1f %.1f %.1f]", (char *) l->data, model->labels[g->class_id], g->score, g->x1,
                          g->y1, g->x2, g->y2);
        }
    }
  g_test_message ("%s (%s) on %s: %u of %u reference detections found, %u invented", models[m].golden, model->family_title, device, found,
                  wanted, invented);
  g_assert_cmpuint (wanted, >, 0);
  if (found * 100 < wanted * (models[m].least > 0 ? models[m].least : 98) || invented > 0)
    g_test_fail_printf ("%s: %u of %u found, %u invented", models[m].golden, found, wanted, invented);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  device = argc > 1 ? argv[1] : "cpu";
  for (guint i = 0; i < G_N_ELEMENTS (models); i++)
    {
      g_autofree char *name = g_strdup_printf ("/families/golden/%s/%s", device, models[i].golden);

      g_test_add_data_func (name, GUINT_TO_POINTER (i), test_model);
    }
  return g_test_run ();
}
