// SPDX-License-Identifier: GPL-3.0-or-later
#include "make-data.h"

#include "engine/media/encode.h"
#include "tests/common/data.h"
#include <string.h>

static void
assert_refused (const char *folder, const char *text, const char *words)
{
  g_autofree char *path = g_build_filename (folder, "bad.json", NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, NULL);
  g_assert_null (sq_annotations_load (path, NULL, NULL, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, SQ_ERROR, SQ_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_coco (void)
{
  static const char text[] =
      "{\"images\":[{\"id\":7,\"file_name\":\"sub/a.jpg\",\"width\":100,\"height\":50},{\"id\":8,\"file_name\":\"b.jpg\"}],"
      "\"categories\":[{\"id\":18,\"name\":\"dog\"},{\"id\":1,\"name\":\"person\"}],"
      "\"annotations\":[{\"id\":1,\"image_id\":7,\"category_id\":18,\"bbox\":[10,20,30.5,10],\"area\":200.5,\"iscrowd\":0},"
      "{\"id\":2,\"image_id\":7,\"category_id\":1,\"bbox\":[0,0,5,5],\"iscrowd\":1}]}";
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "a.json", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqAnnotations) annotations = NULL;
  const SqLabelledImage *image;

  g_file_set_contents (path, text, -1, NULL);
  annotations = sq_annotations_load (path, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (annotations->n_classes, ==, 2);
  g_assert_cmpstr (annotations->class_names[0], ==, "person"); // by id
  g_assert_cmpint (annotations->category_ids[1], ==, 18);
  image = sq_annotations_find (annotations, "/somewhere/a.jpg");
  g_assert_cmpint (image->id, ==, 7);
  g_assert_cmpint (image->n_boxes, ==, 2);
  g_assert_cmpint (image->boxes[0].class_id, ==, 1);
  g_assert_cmpfloat (image->boxes[0].x2, ==, 40.5f);
  g_assert_cmpfloat (image->boxes[0].area, ==, 200.5);
  g_assert_cmpfloat (image->boxes[1].area, ==, 25);
  g_assert_true (image->boxes[1].crowd);
  g_assert_cmpint (sq_annotations_find (annotations, "b.jpg")->n_boxes, ==, 0);
  g_assert_null (sq_annotations_find (annotations, "c.jpg"));

  assert_refused (folder, "", "not a COCO");
  assert_refused (folder, "[1,2]", "no object");
  assert_refused (folder, "{\"images\":[]}", "no categories");
  assert_refused (folder, "{\"categories\":[{\"id\":1,\"name\":\"a\"}]}", "no images");
  assert_refused (folder, "{\"categories\":[{\"id\":1,\"name\":\"a\"}],\"images\":[3]}", "image 0");
  assert_refused (
      folder,
      "{\"categories\":[{\"id\":1,\"name\":\"a\"}],\"images\":[],\"annotations\":[{\"bbox\":[1,2,3,4],\"image_id\":1,\"category_id\":1}]}",
      "no listed image");
  assert_refused (folder,
                  "{\"categories\":[{\"id\":1,\"name\":\"a\"}],\"images\":[{\"id\":1,\"file_name\":\"x\"}],\"annotations\":[{\"bbox\":[1,2]"
                  ",\"image_id\":1}]}",
                  "four numbers");
  assert_refused (folder, "{\"categories\":[{\"id\":1,\"name\":\"a\"}],\"images\":[{\"id\":\"x\",\"file_name\":\"x\"}],\"annotations\":[]}",
                  "image 0");
  remove_folder (folder);
}

static void
test_yolo (void)
{
  char *folder = make_folder ();
  g_autofree char *picture = g_build_filename (folder, "a.png", NULL), *label = g_build_filename (folder, "a.txt", NULL);
  g_autofree char *orphan = g_build_filename (folder, "z.txt", NULL), *classes = g_build_filename (folder, "classes.txt", NULL);
  guint8 *pixels = g_malloc0 (200 * 100 * 3);
  g_autoptr (SqFrame) frame = sq_frame_new (200, 100, 600, pixels, "", 0, 0, g_free, pixels);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqAnnotations) annotations = NULL;
  const SqLabelledImage *image;

  sq_frame_save (frame, picture, NULL);
  g_file_set_contents (label, "1 0.5 0.5 0.25 0.5\n0 0.1 0.1 0.1 0.1 0.9\n\n", -1, NULL);
  g_file_set_contents (orphan, "", -1, NULL);
  g_file_set_contents (classes, "cat\r\ndog\r\n", -1, NULL);
  annotations = sq_annotations_load (folder, folder, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (annotations->n_classes, ==, 2);
  g_assert_cmpstr (annotations->class_names[0], ==, "cat");
  image = sq_annotations_find (annotations, picture);
  g_assert_cmpint (image->width, ==, 200);
  g_assert_cmpint (image->n_boxes, ==, 2);
  g_assert_cmpfloat (image->boxes[0].x1, ==, 75);
  g_assert_cmpfloat (image->boxes[0].y2, ==, 75);
  g_assert_cmpfloat (image->boxes[0].area, ==, 2500);

  g_clear_pointer (&annotations, sq_annotations_unref);
  g_file_set_contents (label, "person 0.5 0.5\n", -1, NULL);
  g_assert_null (sq_annotations_load (folder, folder, NULL, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "line 1"));
  remove_folder (folder);
}

static void
test_shared (void)
{
  g_autofree char *json = sq_test_data ("images/coco-dev/instances.json"), *labels = sq_test_data ("images/coco-dev/labels");
  g_autofree char *images = sq_test_data ("images/coco-dev/images");
  g_autoptr (GError) error = NULL;
  g_autoptr (SqAnnotations) coco = NULL, yolo = NULL;
  guint n_compared = 0;

  if (json == NULL || labels == NULL || images == NULL)
    return;
  coco = sq_annotations_load (json, NULL, NULL, &error);
  g_assert_no_error (error);
  yolo = sq_annotations_load (labels, images, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (coco->n_classes, ==, 80);
  // both describe the same pictures; YOLO files leave crowds out
  for (guint i = 0; i < coco->images->len; i++)
    {
      const SqLabelledImage *a = g_ptr_array_index (coco->images, i), *b = sq_annotations_find (yolo, a->file_name);
      guint n = 0;

      if (b == NULL)
        continue;
      g_assert_cmpint (b->width, ==, a->width);
      for (guint j = 0; j < a->n_boxes; j++)
        n += !a->boxes[j].crowd;
      if (n == b->n_boxes)
        n_compared++;
    }
  g_test_message ("%u of %u pictures agree", n_compared, coco->images->len);
  g_assert_cmpint (n_compared, >=, 100);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/data/annotations/coco", test_coco);
  g_test_add_func ("/data/annotations/yolo", test_yolo);
  g_test_add_func ("/data/annotations/shared", test_shared);
  return g_test_run ();
}
