// SPDX-License-Identifier: GPL-3.0-or-later
// What is exported is read back and compared with the project.
#include "make-data.h"

#include "engine/media/encode.h"
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <stdlib.h>
#include <string.h>

#define N_FRAMES 600
#define PER_FRAME 6

static char *folder;
static SqProject *project;
static gint64 run;
static GArray *expected;       // SqDetection of all frames under the run's filter
static GArray *expected_frame; // guint, its frame

static void
prepare (void)
{
  g_autofree char *path = NULL;
  g_autoptr (GPtrArray) frames = NULL;

  folder = make_folder ();
  path = g_build_filename (folder, "a.squint", NULL);
  project = sq_project_open (path, SQ_PROJECT_CREATE, NULL);
  run = make_run (project, "toy, \"quoted\"", N_FRAMES, PER_FRAME, FALSE);
  sq_project_flush (project, NULL);
  expected = g_array_new (FALSE, FALSE, sizeof (SqDetection));
  expected_frame = g_array_new (FALSE, FALSE, sizeof (guint));
  frames = sq_project_load_frames (project, run, 0, N_FRAMES, NULL);
  for (guint i = 0; i < frames->len; i++)
    {
      g_autoptr (SqResult) result = sq_stored_frame_to_result (g_ptr_array_index (frames, i), NULL);
      g_autoptr (GArray) objects = sq_result_detections (result, &SQ_FILTER_DEFAULT);

      for (guint j = 0; j < objects->len; j++)
        {
          g_array_append_vals (expected, &g_array_index (objects, SqDetection, j), 1);
          g_array_append_val (expected_frame, i);
        }
    }
  g_assert_cmpint (expected->len, >, N_FRAMES);
}

static char *export(SqExportFormat format, const char *name)
{
  g_autoptr (GError) error = NULL;
  char *path = g_build_filename (folder, name, NULL);

  g_assert_true (sq_export_run (project, run, format, NULL, path, NULL, NULL, NULL, &error));
  g_assert_no_error (error);
  return path;
}

static void
assert_box (JsonArray *box, const SqDetection *d, gboolean sizes)
{
  const double wanted[] = { d->x1, d->y1, sizes ? d->x2 - d->x1 : d->x2, sizes ? d->y2 - d->y1 : d->y2 };

  for (guint i = 0; i < 4; i++)
    g_assert_cmpfloat ((float) json_array_get_double_element (box, i), ==, (float) wanted[i]);
}

static void
test_coco (void)
{
  g_autofree char *path = export(SQ_EXPORT_COCO, "coco.json");
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SqAnnotations) labels = NULL;
  JsonObject *root;
  JsonArray *annotations;

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  root = json_node_get_object (json_parser_get_root (parser));
  annotations = json_object_get_array_member (root, "annotations");
  g_assert_cmpint (json_array_get_length (json_object_get_array_member (root, "images")), ==, N_FRAMES);
  g_assert_cmpint (json_array_get_length (json_object_get_array_member (root, "categories")), ==, 3);
  g_assert_cmpint (json_array_get_length (annotations), ==, expected->len);
  for (guint i = 0; i < expected->len; i++)
    {
      JsonObject *object = json_array_get_object_element (annotations, i);
      SqDetection *d = &g_array_index (expected, SqDetection, i);

      g_assert_cmpint (json_object_get_int_member (object, "category_id"), ==, d->class_id + 1);
      g_assert_cmpint (json_object_get_int_member (object, "image_id"), ==, g_array_index (expected_frame, guint, i) + 1);
      g_assert_cmpfloat ((float) json_object_get_double_member (object, "score"), ==, d->score);
      assert_box (json_object_get_array_member (object, "bbox"), d, TRUE);
    }
  labels = sq_annotations_load (path, NULL, NULL, &error); // our own reader takes it too
  g_assert_no_error (error);
  g_assert_cmpint (labels->images->len, ==, N_FRAMES);
  g_assert_nonnull (sq_annotations_find (labels, "toy_000042.jpg"));
}

static void
test_json (void)
{
  g_autofree char *path = export(SQ_EXPORT_JSON, "a.json"), *lines_path = export(SQ_EXPORT_JSONL, "a.jsonl");
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  JsonArray *images;
  guint at = 0;

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  images = json_object_get_array_member (json_node_get_object (json_parser_get_root (parser)), "images");
  g_assert_cmpint (json_array_get_length (images), ==, N_FRAMES);
  g_file_get_contents (lines_path, &text, NULL, NULL);
  lines = g_strsplit (g_strchomp (text), "\n", -1);
  g_assert_cmpint (g_strv_length (lines), ==, N_FRAMES);
  for (guint i = 0; i < N_FRAMES; i++)
    {
      JsonObject *image = json_array_get_object_element (images, i);
      JsonArray *detections = json_object_get_array_member (image, "detections");
      g_autoptr (JsonParser) line = json_parser_new ();

      g_assert_cmpint (json_object_get_int_member (image, "index"), ==, i);
      for (guint j = 0; j < json_array_get_length (detections); j++, at++)
        {
          JsonObject *object = json_array_get_object_element (detections, j);
          SqDetection *d = &g_array_index (expected, SqDetection, at);

          g_assert_cmpstr (json_object_get_string_member (object, "name"), ==, make_model ()->labels[d->class_id]);
          assert_box (json_object_get_array_member (object, "box"), d, FALSE);
        }
      json_parser_load_from_data (line, lines[i], -1, &error);
      g_assert_no_error (error);
      g_assert_true (json_object_equal (json_node_get_object (json_parser_get_root (line)), image));
    }
  g_assert_cmpint (at, ==, expected->len);
}

static void
test_csv (void)
{
  g_autofree char *path = export(SQ_EXPORT_CSV, "a.csv");
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  g_file_get_contents (path, &text, NULL, NULL);
  lines = g_strsplit (text, "\r\n", -1);
  g_assert_cmpstr (lines[0], ==, "frame,time_s,path,class,name,score,x1,y1,x2,y2,track");
  for (guint i = 0; i < expected->len; i++)
    {
      g_auto (GStrv) cells = g_strsplit (lines[i + 1], ",", -1);
      SqDetection *d = &g_array_index (expected, SqDetection, i);
      guint frame = g_array_index (expected_frame, guint, i);

      g_assert_cmpint (g_strv_length (cells), ==, 11);
      g_assert_cmpint (atoi (cells[0]), ==, frame);
      g_assert_cmpfloat_with_epsilon (g_ascii_strtod (cells[1], NULL), frame * .04, 1e-9);
      g_assert_cmpint (atoi (cells[3]), ==, d->class_id);
      g_assert_cmpfloat ((float) g_ascii_strtod (cells[5], NULL), ==, d->score);
      g_assert_cmpfloat ((float) g_ascii_strtod (cells[9], NULL), ==, d->y2);
      g_assert_cmpstr (cells[10], ==, ""); // not numbered
    }
  g_assert_cmpstr (lines[expected->len + 1], ==, "");
}

static void
test_yolo (void)
{
  g_autofree char *path = export(SQ_EXPORT_YOLO, "yolo");
  g_autofree char *label = g_build_filename (path, "labels", "toy_000000.txt", NULL),
                  *classes = g_build_filename (path, "classes.txt", NULL);
  g_autofree char *text = NULL, *names = NULL;
  g_autoptr (GError) error = NULL;
  SqDetection *d = &g_array_index (expected, SqDetection, 0);
  double numbers[6];
  int read;

  g_assert_true (g_file_get_contents (label, &text, NULL, NULL));
  read = sscanf (text, "%lf %lf %lf %lf %lf %lf", &numbers[0], &numbers[1], &numbers[2], &numbers[3], &numbers[4], &numbers[5]);
  g_assert_cmpint (read, ==, 6);
  g_assert_cmpint ((int) numbers[0], ==, d->class_id);
  g_assert_cmpfloat_with_epsilon (numbers[1] * 640, (d->x1 + d->x2) / 2, 1e-3);
  g_assert_cmpfloat_with_epsilon (numbers[4] * 480, d->y2 - d->y1, 1e-3);
  g_assert_true (g_file_get_contents (classes, &names, NULL, NULL));
  g_assert_cmpstr (names, ==, "person\nbicycle\ndog\n");
  // a folder with something in it is not overwritten
  g_assert_false (sq_export_run (project, run, SQ_EXPORT_YOLO, NULL, path, NULL, NULL, NULL, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
}

static void
assert_no_remains (void)
{
  GDir *dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    g_assert_null (strstr (name, ".squint-part"));
  g_dir_close (dir);
}

static void
on_progress (double fraction, gpointer data)
{
  g_assert_cmpfloat (fraction, <=, 1);
  g_cancellable_cancel (data);
}

static void
on_exported (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (sq_export_run_finish (SQ_PROJECT (source), result, &error));
  *(gboolean *) data = TRUE;
}

static void
test_failures (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *path = g_build_filename (folder, "cancelled.json", NULL), *yolo = g_build_filename (folder, "cancelled", NULL);
  g_autofree char *good = g_build_filename (folder, "async.csv", NULL);
  g_autoptr (GError) error = NULL;
  gboolean done = FALSE;
  SqFilter strict = SQ_FILTER_DEFAULT;

  for (guint i = 0; i < SQ_N_EXPORTS; i++)
    {
      if (i == SQ_EXPORT_ANNOTATED || i == SQ_EXPORT_VIDEO)
        continue; // with pictures: see test_annotated and export-video.c
      g_cancellable_reset (cancellable);
      g_assert_false (
          sq_export_run (project, run, i, NULL, i == SQ_EXPORT_YOLO ? yolo : path, cancellable, on_progress, cancellable, &error));
      g_assert_error (error, SQ_ERROR, SQ_ERROR_CANCELLED);
      g_clear_error (&error);
    }
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (yolo, G_FILE_TEST_EXISTS));
  g_assert_false (sq_export_run (project, run, SQ_EXPORT_CSV, NULL, "/nonexistent/a.csv", NULL, NULL, NULL, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
  g_clear_error (&error);
  g_assert_false (sq_export_run (project, run + 1, SQ_EXPORT_CSV, NULL, path, NULL, NULL, NULL, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
  assert_no_remains ();

  strict.confidence = .99f;
  sq_export_run_async (project, run, SQ_EXPORT_CSV, &strict, good, NULL, NULL, NULL, on_exported, &done);
  wait_for (&done);
  {
    g_autofree char *text = NULL;

    g_file_get_contents (good, &text, NULL, NULL);
    g_assert_cmpstr (text, ==, "frame,time_s,path,class,name,score,x1,y1,x2,y2,track\r\n");
  }
}

static void
write_picture (const char *path, int width)
{
  guint8 *pixels = g_malloc (width * 48 * 3);
  g_autoptr (SqFrame) frame = NULL;

  memset (pixels, 40, width * 48 * 3);
  frame = sq_frame_new (width, 48, width * 3, pixels, path, 0, 0, g_free, pixels);
  g_assert_true (sq_frame_save (frame, path, NULL));
}

// What is said of "a.png" when its pictures cannot be written; the text is interned.
static const char *
refused (gint64 id)
{
  g_autofree char *other = g_build_filename (folder, "other", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (sq_export_run (project, id, SQ_EXPORT_ANNOTATED, NULL, other, NULL, NULL, NULL, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
  g_assert_nonnull (strstr (error->message, "“a.png”"));
  g_assert_false (g_file_test (other, G_FILE_TEST_EXISTS));
  return g_intern_string (error->message);
}

// Pictures of two folders with one name, read again and drawn on.
static void
test_annotated (void)
{
  g_autofree char *one = g_build_filename (folder, "one", NULL), *two = g_build_filename (folder, "two", NULL);
  g_autofree char *first = g_build_filename (one, "a.png", NULL), *second = g_build_filename (two, "a.png", NULL);
  g_autofree char *out = g_build_filename (folder, "drawn", NULL), *drawn = g_build_filename (out, "a.jpg", NULL);
  const char *paths[] = { first, second, NULL };
  SqRunInfo info = make_info (paths, SQ_SOURCE_PICTURES, "pictures");
  g_autoptr (SqRunWriter) writer = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SqFrame) frame = NULL;
  const char *const drawn_paths[] = { drawn, NULL };
  g_autoptr (SqFrameReader) reader = sq_frame_reader_new ();
  gint64 id;

  g_mkdir (one, 0700);
  g_mkdir (two, 0700);
  write_picture (first, 64);
  write_picture (second, 64);
  writer = sq_run_writer_new (project, &info);
  for (guint i = 0; i < 2; i++)
    {
      SqDetection *box = g_new0 (SqDetection, 1);
      g_autoptr (SqResult) result = NULL;

      *box = (SqDetection){ 10, 20, 50, 40, .9f, 1, 0 };
      result = sq_result_new (sq_frame_new (64, 48, 0, NULL, paths[i], i, i, NULL, NULL), box, 1, FALSE);
      sq_run_writer_push (writer, result);
    }
  id = sq_run_writer_get_run (writer);
  sq_run_writer_finish (writer, SQ_RUN_FINISHED, NULL);
  g_assert_true (sq_project_flush (project, NULL));

  // Stopped after the first picture: nothing is left.
  g_assert_false (sq_export_run (project, id, SQ_EXPORT_ANNOTATED, NULL, out, cancellable, on_progress, cancellable, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_false (g_file_test (out, G_FILE_TEST_EXISTS));
  assert_no_remains ();

  g_assert_true (sq_export_run (project, id, SQ_EXPORT_ANNOTATED, NULL, out, NULL, NULL, NULL, &error));
  g_assert_cmpuint (count_files (out), ==, 2);
  frame = sq_frame_reader_read (reader, drawn_paths, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpint (frame->width, ==, 64);
  {
    const guint8 *line = sq_frame_load (frame) + 39 * frame->stride + 3 * 30, *plain = sq_frame_load (frame) + 45 * frame->stride + 3 * 2;

    // The box's lower edge is there, what is outside is as it was (give or take what JPEG does).
    g_assert_cmpint (ABS (line[0] - 40) + ABS (line[1] - 40) + ABS (line[2] - 40), >, 120);
    g_assert_cmpint (ABS (plain[0] - 40) + ABS (plain[1] - 40) + ABS (plain[2] - 40), <, 60);
  }

  // A picture that is another one now, or gone, ends it with a sentence that names it: of the first the file is known, of the others the
  // size.
  write_picture (second, 65);
  g_assert_nonnull (strstr (refused (id), "65 × 48"));
  write_picture (second, 64);
  write_picture (first, 65);
  g_assert_nonnull (strstr (refused (id), "changed"));
  write_picture (first, 64);
  g_unlink (second);
  g_assert_nonnull (strstr (refused (id), "no longer where it was"));
  assert_no_remains ();
}

static void
test_ids (void)
{
  SqExportFormat format;

  for (guint i = 0; i < SQ_N_EXPORTS; i++)
    {
      g_assert_true (sq_export_format_from_id (sq_export_format_id (i), &format));
      g_assert_cmpint (format, ==, i);
      g_assert_nonnull (sq_export_format_title (i));
      g_assert_true (!sq_export_format_is_folder (i) || !sq_export_format_is_text (i));
    }
  g_assert_false (sq_export_format_from_id ("docx", &format));
}

static gboolean
is_offered (SqSourceKind kind, SqExportFormat format)
{
  SqExportFormat formats[SQ_N_EXPORTS];
  guint n = sq_export_formats_for (kind, formats);

  for (guint i = 0; i < n; i++)
    if (formats[i] == format)
      return TRUE;
  return FALSE;
}

// A video is offered of a video alone, and first.
static void
test_offered (void)
{
  SqExportFormat formats[SQ_N_EXPORTS];

  g_assert_cmpuint (sq_export_formats_for (SQ_SOURCE_VIDEO, formats), ==, SQ_N_EXPORTS);
  g_assert_cmpint (formats[0], ==, SQ_EXPORT_VIDEO);
  g_assert_true (is_offered (SQ_SOURCE_VIDEO, SQ_EXPORT_ANNOTATED));
  g_assert_true (is_offered (SQ_SOURCE_PICTURES, SQ_EXPORT_ANNOTATED));
  g_assert_false (is_offered (SQ_SOURCE_PICTURES, SQ_EXPORT_VIDEO));
  g_assert_false (is_offered (SQ_SOURCE_LIVE, SQ_EXPORT_VIDEO));
  g_assert_false (is_offered (SQ_SOURCE_LIVE, SQ_EXPORT_ANNOTATED));
  g_assert_true (is_offered (SQ_SOURCE_LIVE, SQ_EXPORT_COCO));
}

// What is typed counts more than what is chosen, where it is clear.
static void
test_named (void)
{
  g_assert_cmpint (sq_export_format_for_name ("gate.json", SQ_EXPORT_VIDEO), ==, SQ_EXPORT_COCO);
  g_assert_cmpint (sq_export_format_for_name ("gate.json", SQ_EXPORT_JSON), ==, SQ_EXPORT_JSON);
  g_assert_cmpint (sq_export_format_for_name ("gate.jsonl", SQ_EXPORT_VIDEO), ==, SQ_EXPORT_JSONL);
  g_assert_cmpint (sq_export_format_for_name ("gate.csv", SQ_EXPORT_SAMPLES), ==, SQ_EXPORT_SAMPLES);
  g_assert_cmpint (sq_export_format_for_name ("gate", SQ_EXPORT_VIDEO), ==, SQ_EXPORT_VIDEO);
  g_assert_cmpint (sq_export_format_for_name ("gate", SQ_EXPORT_YOLO), ==, SQ_EXPORT_YOLO);
  g_assert_cmpint (sq_export_format_for_name ("gate v1.2", SQ_EXPORT_CSV), ==, SQ_EXPORT_CSV);
}

int
main (int argc, char **argv)
{
  int failed;

  g_test_init (&argc, &argv, NULL);
  prepare ();
  g_test_add_func ("/data/export/coco", test_coco);
  g_test_add_func ("/data/export/json", test_json);
  g_test_add_func ("/data/export/csv", test_csv);
  g_test_add_func ("/data/export/yolo", test_yolo);
  g_test_add_func ("/data/export/failures", test_failures);
  g_test_add_func ("/data/export/ids", test_ids);
  g_test_add_func ("/data/export/offered", test_offered);
  g_test_add_func ("/data/export/named", test_named);
  g_test_add_func ("/data/export/annotated", test_annotated);
  failed = g_test_run ();
  g_object_unref (project);
  g_array_unref (expected);
  g_array_unref (expected_frame);
  remove_folder (folder);
  return failed;
}
