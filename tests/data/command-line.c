// SPDX-License-Identifier: GPL-3.0-or-later
// `squint-cli runs` and `export` on a project made here, from outside the process.
#include "make-data.h"
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/wait.h>

// Exit status; `out` and `err` receive the text.
static int
run_cli (char **out, char **err, const char *first, ...)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  int status;
  va_list args;

  g_ptr_array_add (argv, (gpointer) g_getenv ("SQUINT_CLI"));
  va_start (args, first);
  for (const char *arg = first; arg != NULL; arg = va_arg (args, const char *))
    g_ptr_array_add (argv, (gpointer) arg);
  va_end (args);
  g_ptr_array_add (argv, NULL);
  g_spawn_sync (NULL, (char **) argv->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL, out, err, &status, &error);
  g_assert_no_error (error);
  g_assert_true (WIFEXITED (status));
  return WEXITSTATUS (status);
}

static void
test_runs (void)
{
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "a.squint", NULL), *missing = g_build_filename (folder, "b.squint", NULL);

  {
    g_autoptr (SqProject) project = sq_project_open (path, SQ_PROJECT_CREATE, NULL);

    make_run (project, "by day", 20, 3, FALSE);
    make_run (project, "at night", 10, 3, FALSE);
  }
  {
    g_autofree char *out = NULL, *err = NULL;

    g_assert_cmpint (run_cli (&out, &err, "runs", "--project", path, NULL), ==, 0);
    g_assert_nonnull (strstr (out, "by day"));
    g_assert_true (strstr (out, "at night") < strstr (out, "by day")); // newest first
  }
  {
    g_autofree char *out = NULL, *err = NULL;
    g_autoptr (JsonParser) parser = json_parser_new ();

    g_assert_cmpint (run_cli (&out, &err, "runs", "--project", path, "--search", "NIGHT", "--format", "jsonl", NULL), ==, 0);
    g_assert_true (json_parser_load_from_data (parser, out, -1, NULL));
    g_assert_cmpint (json_object_get_int_member (json_node_get_object (json_parser_get_root (parser)), "frames"), ==, 10);
  }
  {
    g_autofree char *out = NULL, *err = NULL, *after = NULL;

    g_assert_cmpint (run_cli (&out, &err, "runs", "--project", path, "rename", "1", "in the morning", NULL), ==, 0);
    g_assert_cmpint (run_cli (NULL, NULL, "runs", "--project", path, "delete", "2", NULL), ==, 0);
    g_assert_cmpint (run_cli (&after, NULL, "runs", "--project", path, NULL), ==, 0);
    g_assert_nonnull (strstr (after, "in the morning"));
    g_assert_null (strstr (after, "at night"));
  }
  {
    g_autofree char *err = NULL, *unknown = NULL, *wrong = NULL;

    g_assert_cmpint (run_cli (NULL, &err, "runs", "--project", missing, NULL), ==, 3);
    g_assert_nonnull (strstr (err, "does not exist"));
    g_assert_cmpint (run_cli (NULL, &unknown, "runs", "--project", path, "show", "77", NULL), ==, 3);
    g_assert_nonnull (strstr (unknown, "77"));
    g_assert_cmpint (run_cli (NULL, &wrong, "runs", "--project", path, "burn", NULL), ==, 2);
  }
  remove_folder (folder);
}

// Devices are listed, several are measured against each alone, and nonsense is refused.
static void
test_devices (void)
{
  g_autofree char *list = NULL, *json = NULL, *err = NULL, *unknown = NULL;

  g_assert_cmpint (run_cli (&list, NULL, "devices", NULL), ==, 0);
  g_assert_true (g_str_has_prefix (list, "cpu "));
  g_assert_nonnull (strstr (list, "cuda"));
  g_assert_cmpint (run_cli (&json, NULL, "devices", "--format", "json", NULL), ==, 0);
  g_assert_nonnull (strstr (json, "\"id\" : \"cpu\""));
  g_assert_cmpint (run_cli (NULL, &err, "detect", "--parallel", "sideways", "x.jpg", NULL), ==, 2);
  g_assert_nonnull (strstr (err, "pipeline"));
  g_assert_cmpint (run_cli (NULL, &unknown, "bench", "--parallel", "sideways", NULL), ==, 2);
}

static void
test_export (void)
{
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "a.squint", NULL), *coco = g_build_filename (folder, "out.json", NULL);
  g_autofree char *yolo = g_build_filename (folder, "yolo", NULL), *label = g_build_filename (yolo, "labels", "toy_000000.txt", NULL);
  g_autofree char *csv = NULL, *err = NULL, *strict = NULL;
  g_auto (GStrv) lines = NULL;
  gint64 n_objects;

  {
    g_autoptr (SqProject) project = sq_project_open (path, SQ_PROJECT_CREATE, NULL);
    gint64 id = make_run (project, "a", 20, 3, FALSE);
    g_autoptr (SqRun) run = NULL;

    sq_project_flush (project, NULL);
    run = sq_project_load_run (project, id, NULL);
    n_objects = run->n_objects;
  }
  g_assert_cmpint (run_cli (&csv, NULL, "export", "--project", path, "--format", "csv", NULL), ==, 0);
  lines = g_strsplit (csv, "\r\n", -1);
  g_assert_cmpint (g_strv_length (lines), ==, n_objects + 2); // heading, last line's end
  g_assert_cmpint (run_cli (&strict, NULL, "export", "--project", path, "--format", "csv", "--conf", "0.9", "--classes", "dog", NULL), ==,
                   0);
  g_assert_cmpint (strlen (strict), <, strlen (csv));
  g_assert_cmpint (run_cli (NULL, NULL, "export", "--project", path, "--run", "1", "--output", coco, NULL), ==, 0);
  {
    g_autoptr (SqAnnotations) labels = sq_annotations_load (coco, NULL, NULL, NULL);

    g_assert_nonnull (labels);
    g_assert_cmpint (labels->images->len, ==, 20);
  }
  g_assert_cmpint (run_cli (NULL, NULL, "export", "--project", path, "--format", "yolo", "--output", yolo, NULL), ==, 0);
  g_assert_true (g_file_test (label, G_FILE_TEST_EXISTS));
  g_assert_cmpint (run_cli (NULL, &err, "export", "--project", path, "--format", "yolo", "--output", yolo, NULL), ==, 3);
  g_assert_cmpint (run_cli (NULL, NULL, "export", "--project", path, "--format", "yolo", NULL), ==, 2);
  g_assert_cmpint (run_cli (NULL, NULL, "export", "--project", path, "--format", "docx", NULL), ==, 2);
  g_assert_cmpint (run_cli (NULL, NULL, "export", "--project", path, "--classes", "unicorn", NULL), ==, 2);
  g_assert_cmpint (run_cli (NULL, NULL, "export", "--project", path, "--run", "9", NULL), ==, 3);
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/data/command-line/runs", test_runs);
  g_test_add_func ("/data/command-line/export", test_export);
  g_test_add_func ("/data/command-line/devices", test_devices);
  return g_test_run ();
}
