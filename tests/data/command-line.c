// SPDX-License-Identifier: GPL-3.0-or-later
// `squint-cli runs` and `export` on a project made here, from outside the process.
#include "make-data.h"
#include "data/aside.h"
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <signal.h>
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

static guint
count_frames (const char *path)
{
  const char *const paths[] = { path, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (SqSource) source = sq_source_open (paths, NULL, &error);
  guint n = 0;

  g_assert_no_error (error);
  for (;; n++)
    {
      g_autoptr (SqFrame) frame = sq_source_next (source, &error);

      g_assert_no_error (error);
      if (frame == NULL)
        return n;
    }
}

// With the objects drawn: as pictures and as a video; of pictures a video is refused.
static void
test_drawn (void)
{
  static const gint64 pts_ns[] = { 80000000, 120000000, 160000000 };
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "a.squint", NULL), *movie = make_video (folder, "movie.mp4", 160, 120, 6, NULL);
  g_autofree char *drawn = g_build_filename (folder, "drawn", NULL), *first = g_build_filename (drawn, "movie_000002.jpg", NULL);
  g_autofree char *video = g_build_filename (folder, "drawn.mp4", NULL), *refused = NULL, *nowhere = NULL, *help = NULL;
  const char *const paths[] = { movie, NULL }, *const stills[] = { "/pictures/a.png", NULL };

  {
    g_autoptr (SqProject) project = sq_project_open (path, SQ_PROJECT_CREATE, NULL);
    gint64 first_run = make_video_run (project, paths, 160, 120, pts_ns, 2, 3);
    SqRunInfo info = make_info (stills, SQ_SOURCE_PICTURES, "stills");
    g_autoptr (SqRunWriter) writer = sq_run_writer_new (project, &info);

    g_assert_cmpint (first_run, ==, 1);
    sq_run_writer_finish (writer, SQ_RUN_FINISHED, NULL);
  }
  g_assert_cmpint (run_cli (NULL, NULL, "export", "-p", path, "-r", "1", "--format", "annotated", "-o", drawn, NULL), ==, 0);
  g_assert_cmpuint (count_files (drawn), ==, 3);
  g_assert_true (g_file_test (first, G_FILE_TEST_IS_REGULAR));
  g_assert_cmpint (run_cli (NULL, NULL, "export", "-p", path, "-r", "1", "--format", "annotated", NULL), ==, 2);
  g_assert_cmpint (run_cli (NULL, NULL, "export", "-p", path, "-r", "1", "--format", "video", "-o", video, NULL), ==, 0);
  g_assert_cmpuint (count_frames (video), ==, 3);
  g_assert_cmpint (run_cli (NULL, &nowhere, "export", "-p", path, "-r", "1", "--format", "video", NULL), ==, 2);
  g_assert_nonnull (strstr (nowhere, "--output"));
  g_assert_cmpint (run_cli (NULL, &refused, "export", "-p", path, "-r", "2", "--format", "video", "-o", video, NULL), ==, 3);
  g_assert_nonnull (strstr (refused, "“stills” is of pictures: export annotated pictures instead."));
  g_assert_cmpuint (count_frames (video), ==, 3); // as it was
  g_assert_cmpint (run_cli (&help, NULL, "export", "--help", NULL), ==, 0);
  g_assert_nonnull (strstr (help, "video"));
  g_assert_cmpint (run_cli (NULL, NULL, "detect", "--format", "video", "x.jpg", NULL), ==, 2);
  remove_folder (folder);
}

// kill -9 in the middle of a video: nothing stands under its name, the project is whole, and the next export to that place takes over what
// was left. Far more frames than can be encoded until the first bytes are seen: the same second of video sixty times.
static void
test_killed (void)
{
  static const gint64 small_ns[] = { 0, 40000000, 80000000 };
  const gint64 big_ns[] = { 0, 59 * G_GINT64_CONSTANT (1200000000) };
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "a.squint", NULL), *movie = make_video (folder, "movie.mp4", 1280, 720, 30, NULL);
  g_autofree char *out = g_build_filename (folder, "out.mp4", NULL), *part = g_strconcat (out, SQ_ASIDE_SUFFIX, NULL);
  const char *argv[] = { g_getenv ("SQUINT_CLI"), "export", "-p", path, "-r", "1", "-f", "video", "-o", out, NULL };
  const char *paths[61] = { NULL };
  g_autoptr (GError) error = NULL;
  GStatBuf info = { 0 };
  gint64 n_objects = 0;
  GPid pid;
  int status;

  for (guint i = 0; i < 60; i++)
    paths[i] = movie;
  {
    g_autoptr (SqProject) project = sq_project_open (path, SQ_PROJECT_CREATE, NULL);
    g_autoptr (SqRun) run = NULL;
    gint64 id = make_video_run (project, paths, 1280, 720, big_ns, 0, 2);

    paths[1] = NULL;
    make_video_run (project, paths, 1280, 720, small_ns, 0, 3);
    sq_project_flush (project, NULL);
    run = sq_project_load_run (project, id, NULL);
    n_objects = run->n_objects;
    g_assert_cmpint (n_objects, ==, 2);
  }
  g_assert_true (g_spawn_async (NULL, (char **) argv, NULL,
                                G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &pid,
                                &error));
  while (g_stat (part, &info) != 0 || info.st_size == 0)
    {
      g_assert_cmpint (waitpid (pid, &status, WNOHANG), ==, 0); // not over yet
      g_usleep (1000);
    }
  kill (pid, SIGKILL);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFSIGNALED (status));
  g_spawn_close_pid (pid);
  g_assert_false (g_file_test (out, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (part, G_FILE_TEST_EXISTS));

  {
    g_autoptr (SqProject) project = sq_project_open (path, SQ_PROJECT_DEFAULT, &error);
    g_autoptr (SqRun) run = NULL;
    g_autoptr (GPtrArray) frames = NULL;

    g_assert_no_error (error);
    run = sq_project_load_run (project, 1, &error);
    frames = sq_project_load_frames (project, 1, 0, 10, &error);
    g_assert_no_error (error);
    g_assert_cmpint (run->n_objects, ==, n_objects);
    g_assert_cmpuint (frames->len, ==, 2);
    g_assert_cmpuint (((SqStoredFrame *) g_ptr_array_index (frames, 1))->n_candidates, ==, 1);
    g_assert_true (sq_project_close (project, &error));
  }
  g_assert_cmpint (sqlite_int (path, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), ==, 0);

  g_assert_cmpint (run_cli (NULL, NULL, "export", "-p", path, "-r", "2", "-f", "video", "-o", out, NULL), ==, 0);
  g_assert_cmpuint (count_frames (out), ==, 3);
  g_assert_false (g_file_test (part, G_FILE_TEST_EXISTS));
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/data/command-line/runs", test_runs);
  g_test_add_func ("/data/command-line/export", test_export);
  g_test_add_func ("/data/command-line/drawn", test_drawn);
  g_test_add_func ("/data/command-line/killed", test_killed);
  g_test_add_func ("/data/command-line/devices", test_devices);
  return g_test_run ();
}
