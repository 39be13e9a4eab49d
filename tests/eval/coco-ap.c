// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/eval/coco-ap.h"

#include "data/annotations.h"
#include "tests/common/data.h"
#include <json-glib/json-glib.h>
#include <stdlib.h>

static SqTruth
truth (float x, float y, float w, float h, int class_id, gboolean crowd)
{
  return (SqTruth){ x, y, x + w, y + h, (double) w * h, class_id, crowd };
}

static SqDetection
found (float x, float y, float w, float h, int class_id, float score)
{
  return (SqDetection){ .x1 = x, .y1 = y, .x2 = x + w, .y2 = y + h, .score = score, .class_id = class_id };
}

static SqApReport *
evaluate (const SqTruth *truths, guint n_truths, const SqDetection *detections, guint n_detections)
{
  g_autoptr (SqCocoAp) ap = sq_coco_ap_new (2);

  sq_coco_ap_add_truths (ap, 1, truths, n_truths);
  sq_coco_ap_add_detections (ap, 1, detections, n_detections);
  return sq_coco_ap_evaluate (ap);
}

static void
test_perfect (void)
{
  const SqTruth truths[] = { truth (0, 0, 20, 20, 0, FALSE), truth (50, 50, 60, 60, 1, FALSE) };
  const SqDetection detections[] = { found (0, 0, 20, 20, 0, .9f), found (50, 50, 60, 60, 1, .2f) };
  g_autoptr (SqApReport) report = evaluate (truths, 2, detections, 2);

  g_assert_cmpfloat_with_epsilon (report->ap, 1, 1e-9);
  g_assert_cmpfloat_with_epsilon (report->ap_small, 1, 1e-9);
  g_assert_cmpfloat_with_epsilon (report->ap_medium, 1, 1e-9);
  g_assert_cmpfloat (report->ap_large, ==, -1);
  g_assert_cmpfloat_with_epsilon (report->recall, 1, 1e-9);
  g_assert_cmpint (report->n_present, ==, 2);
  g_assert_cmpfloat_with_epsilon (report->classes[1].score50[100], .2f, 1e-6);
}

static void
test_nothing (void)
{
  const SqTruth truths[] = { truth (0, 0, 20, 20, 0, FALSE) };
  const SqDetection detections[] = { found (100, 100, 20, 20, 0, .9f), found (0, 0, 20, 20, 7, .9f), found (0, 0, 20, 20, -1, .9f) };
  g_autoptr (SqApReport) missed = evaluate (truths, 1, NULL, 0);
  g_autoptr (SqApReport) wrong = evaluate (truths, 1, detections, 3);
  g_autoptr (SqApReport) unlabelled = evaluate (NULL, 0, detections, 1);

  g_assert_cmpfloat (missed->ap, ==, 0);
  g_assert_cmpfloat (wrong->ap, ==, 0);
  g_assert_cmpfloat (unlabelled->ap, ==, -1);
  g_assert_cmpint (unlabelled->n_present, ==, 0);
}

// One right, one false with a higher score: precision 1/2 at every recall.
static void
test_false_first (void)
{
  const SqTruth truths[] = { truth (0, 0, 20, 20, 0, FALSE) };
  const SqDetection detections[] = { found (60, 60, 20, 20, 0, .9f), found (0, 0, 20, 20, 0, .5f) };
  g_autoptr (SqApReport) report = evaluate (truths, 1, detections, 2);

  g_assert_cmpfloat_with_epsilon (report->ap50, .5, 1e-9);
}

// The second hit of the same label is false; half of the labels found: 51 of 101 recall points.
static void
test_double_hit (void)
{
  const SqTruth truths[] = { truth (0, 0, 20, 20, 0, FALSE), truth (100, 0, 20, 20, 0, FALSE) };
  const SqDetection detections[] = { found (0, 0, 20, 20, 0, .9f), found (0, 0, 20, 20, 0, .8f) };
  g_autoptr (SqApReport) report = evaluate (truths, 2, detections, 2);

  g_assert_cmpfloat_with_epsilon (report->ap50, 51. / 101, 1e-9);
}

// IoU of exactly .6: right at .50, .55, .60.
static void
test_thresholds (void)
{
  const SqTruth truths[] = { truth (0, 0, 100, 60, 0, FALSE) };
  const SqDetection detections[] = { found (0, 0, 100, 100, 0, .9f) };
  g_autoptr (SqApReport) report = evaluate (truths, 1, detections, 1);

  g_assert_cmpfloat_with_epsilon (report->ap50, 1, 1e-9);
  g_assert_cmpfloat (report->ap75, ==, 0);
  g_assert_true (report->ap >= .2 - 1e-9 && report->ap <= .3 + 1e-9);
}

// Detections inside a crowd are neither right nor false, any number of them.
static void
test_crowd (void)
{
  const SqTruth truths[] = { truth (0, 0, 200, 200, 0, TRUE), truth (300, 0, 20, 20, 0, FALSE) };
  const SqDetection detections[] = { found (10, 10, 20, 20, 0, .95f), found (50, 50, 20, 20, 0, .94f), found (300, 0, 20, 20, 0, .5f) };
  g_autoptr (SqApReport) report = evaluate (truths, 2, detections, 3);

  g_assert_cmpfloat_with_epsilon (report->ap, 1, 1e-9);
  g_assert_cmpint (report->classes[0].n_truths, ==, 1);
}

static void
test_limit (void)
{
  const SqTruth truths[] = { truth (0, 0, 20, 20, 0, FALSE) };
  SqDetection detections[101];
  g_autoptr (SqApReport) report = NULL;

  for (guint i = 0; i < 100; i++)
    detections[i] = found (500 + 30 * i, 500, 20, 20, 0, .9f);
  detections[100] = found (0, 0, 20, 20, 0, .5f); // the 101st does not count
  report = evaluate (truths, 1, detections, 101);
  g_assert_cmpfloat (report->ap, ==, 0);
  g_assert_cmpint (report->classes[0].n_detections, ==, 100);
}

// Stored detections of the reference pipelines must give the figures stated beside them.
static void
test_golden (gconstpointer name)
{
  g_autofree char *relative = g_strdup_printf ("golden/eval/%s.json", (const char *) name);
  g_autofree char *labels_path = sq_test_data ("images/coco-dev/instances.json"), *path = sq_test_data (relative);
  g_autoptr (SqAnnotations) labels = NULL;
  g_autoptr (SqCocoAp) ap = NULL;
  g_autoptr (SqApReport) report = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GList) ids = NULL;
  JsonObject *root, *images;
  JsonArray *stated;

  if (labels_path == NULL || path == NULL)
    return;
  labels = sq_annotations_load (labels_path, NULL, NULL, &error);
  g_assert_no_error (error);
  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  root = json_node_get_object (json_parser_get_root (parser));
  images = json_object_get_object_member (root, "coco_dev_detections_cls_score_xyxy");
  stated = json_object_get_array_member (json_object_get_object_member (root, "map"), "coco-dev");

  ap = sq_coco_ap_new (labels->n_classes);
  for (guint i = 0; i < labels->images->len; i++)
    {
      const SqLabelledImage *image = g_ptr_array_index (labels->images, i);

      sq_coco_ap_add_truths (ap, image->id, NULL, 0);
      for (guint j = 0; j < image->n_boxes; j++)
        {
          const SqLabelBox *box = &image->boxes[j];
          const SqTruth one = { box->x1, box->y1, box->x2, box->y2, box->area, box->class_id, box->crowd };

          sq_coco_ap_add_truths (ap, image->id, &one, 1);
        }
    }
  ids = json_object_get_members (images);
  for (GList *l = ids; l != NULL; l = l->next)
    {
      JsonArray *list = json_object_get_array_member (images, l->data);

      for (guint j = 0; j < json_array_get_length (list); j++)
        {
          JsonArray *numbers = json_array_get_array_element (list, j);
          const SqDetection one = { .class_id = json_array_get_int_element (numbers, 0),
                                    .score = json_array_get_double_element (numbers, 1),
                                    .x1 = json_array_get_double_element (numbers, 2),
                                    .y1 = json_array_get_double_element (numbers, 3),
                                    .x2 = json_array_get_double_element (numbers, 4),
                                    .y2 = json_array_get_double_element (numbers, 5) };

          sq_coco_ap_add_detections (ap, atoll (l->data), &one, 1);
        }
    }
  report = sq_coco_ap_evaluate (ap);
  g_test_message ("AP %.5f AP50 %.5f AP75 %.5f, stated %.5f %.5f %.5f", report->ap, report->ap50, report->ap75,
                  json_array_get_double_element (stated, 0), json_array_get_double_element (stated, 1),
                  json_array_get_double_element (stated, 2));
  g_assert_cmpfloat_with_epsilon (report->ap, json_array_get_double_element (stated, 0), 5e-4);
  g_assert_cmpfloat_with_epsilon (report->ap50, json_array_get_double_element (stated, 1), 5e-4);
  g_assert_cmpfloat_with_epsilon (report->ap75, json_array_get_double_element (stated, 2), 5e-4);
  g_assert_cmpint (report->n_present, ==, (int) json_array_get_double_element (stated, 3));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/eval/coco-ap/perfect", test_perfect);
  g_test_add_func ("/eval/coco-ap/nothing", test_nothing);
  g_test_add_func ("/eval/coco-ap/false-first", test_false_first);
  g_test_add_func ("/eval/coco-ap/double-hit", test_double_hit);
  g_test_add_func ("/eval/coco-ap/thresholds", test_thresholds);
  g_test_add_func ("/eval/coco-ap/crowd", test_crowd);
  g_test_add_func ("/eval/coco-ap/limit", test_limit);
  g_test_add_data_func ("/eval/coco-ap/yolox-nano", "yolox-nano", test_golden);
  g_test_add_data_func ("/eval/coco-ap/yolo-fastest-1.1-xl", "yolo-fastest-1.1-xl", test_golden);
  g_test_add_data_func ("/eval/coco-ap/yolo-fastest-1.1", "yolo-fastest-1.1", test_golden);
  return g_test_run ();
}
