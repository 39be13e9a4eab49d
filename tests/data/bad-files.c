// SPDX-License-Identifier: GPL-3.0-or-later
// Project files that cannot be opened or written: one clear sentence, and nothing stored is lost.
#include "make-data.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void
assert_refused (const char *path, SqProjectFlags flags, int code, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqProject) project = sq_project_open (path, flags, &error);
  g_autofree char *base = g_path_get_basename (path);

  g_assert_null (project);
  g_test_message ("%s", error->message);
  g_assert_error (error, SQ_ERROR, code);
  g_assert_nonnull (strstr (error->message, base));
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_refused (void)
{
  char *folder = make_folder ();
  g_autofree char *missing = g_build_filename (folder, "missing.squint", NULL);
  g_autofree char *text = g_build_filename (folder, "text.squint", NULL);
  g_autofree char *other = g_build_filename (folder, "other.squint", NULL);
  g_autofree char *newer = g_build_filename (folder, "newer.squint", NULL);
  g_autofree char *nowhere = g_build_filename (folder, "text.squint", "x.squint", NULL);
  g_autofree char *long_text = g_strnfill (5000, 'x');

  assert_refused (missing, SQ_PROJECT_DEFAULT, SQ_ERROR_IO, "does not exist");
  assert_refused (folder, SQ_PROJECT_CREATE, SQ_ERROR_FORMAT, "not a Squint project");
  g_file_set_contents (text, long_text, -1, NULL);
  assert_refused (text, SQ_PROJECT_DEFAULT, SQ_ERROR_FORMAT, "not a Squint project");
  assert_refused (nowhere, SQ_PROJECT_CREATE, SQ_ERROR_IO, "cannot be opened");
  sqlite_exec (other, "CREATE TABLE cookies (id INTEGER PRIMARY KEY)");
  assert_refused (other, SQ_PROJECT_CREATE, SQ_ERROR_FORMAT, "another program");
  {
    g_autoptr (SqProject) project = sq_project_open (newer, SQ_PROJECT_CREATE, NULL);

    make_run (project, "a", 5, 2, FALSE);
  }
  sqlite_exec (newer, "PRAGMA user_version=99");
  assert_refused (newer, SQ_PROJECT_DEFAULT, SQ_ERROR_FORMAT, "newer Squint");
  g_assert_cmpint (sqlite_int (newer, "SELECT count(*) FROM frame"), ==, 5);
  remove_folder (folder);
}

static void
test_truncated (void)
{
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "cut.squint", NULL);

  {
    g_autoptr (SqProject) project = sq_project_open (path, SQ_PROJECT_CREATE, NULL);

    make_run (project, "a", 200, 20, FALSE);
  }
  g_assert_cmpint (truncate (path, 20000), ==, 0);
  {
    g_autoptr (GError) error = NULL;
    g_autoptr (SqProject) project = sq_project_open (path, SQ_PROJECT_DEFAULT, &error);
    g_autoptr (GPtrArray) frames = project != NULL ? sq_project_load_frames (project, 1, 0, 1000, &error) : NULL;

    g_assert_null (frames);
    g_assert_error (error, SQ_ERROR, SQ_ERROR_FORMAT);
    g_assert_nonnull (strstr (error->message, "damaged"));
  }
  remove_folder (folder);
}

static void
on_failed (SqProject *project, const char *message, gpointer data)
{
  g_free (*(char **) data);
  *(char **) data = g_strdup (message);
}

static void
test_read_only (void)
{
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "r.squint", NULL);
  g_autofree char *message = NULL;
  g_autoptr (SqProject) project = NULL;
  gint64 run;

  {
    g_autoptr (SqProject) first = sq_project_open (path, SQ_PROJECT_CREATE, NULL);

    make_run (first, "a", 5, 2, FALSE);
  }
  project = sq_project_open (path, SQ_PROJECT_READ_ONLY, NULL);
  g_assert_nonnull (project);
  g_assert_true (sq_project_get_read_only (project));
  g_signal_connect (project, "failed", G_CALLBACK (on_failed), &message);
  run = make_run (project, "b", 5, 2, FALSE);
  g_assert_cmpint (run, ==, 0);
  spin (50);
  g_assert_nonnull (message);
  g_assert_nonnull (strstr (message, "read-only"));
  g_clear_pointer (&message, g_free);
  sq_project_rename_run (project, 1, "c");
  spin (50);
  g_assert_nonnull (strstr (message, "read-only"));
  {
    g_autoptr (GPtrArray) runs = sq_project_list_runs (project, NULL, 0, 10, NULL);

    g_assert_cmpint (runs->len, ==, 1);
    g_assert_cmpstr (((SqRun *) g_ptr_array_index (runs, 0))->name, ==, "a");
  }
  g_clear_object (&project);

  if (geteuid () != 0) // root may write anything
    {
      g_chmod (path, 0400);
      g_chmod (folder, 0500);
      project = sq_project_open (path, SQ_PROJECT_DEFAULT, NULL);
      g_assert_nonnull (project);
      g_assert_true (sq_project_get_read_only (project));
      g_clear_object (&project);
      g_chmod (folder, 0700);
    }
  remove_folder (folder);
}

static void
test_locked (void)
{
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "l.squint", NULL);
  int ready[2], done[2];
  char byte;
  pid_t child;

  g_unlink (path);
  sqlite_exec (path, "CREATE TABLE t (x)"); // rollback journal: an exclusive lock keeps readers out
  g_assert_cmpint (pipe (ready), ==, 0);
  g_assert_cmpint (pipe (done), ==, 0);
  child = fork ();
  if (child == 0)
    {
      sqlite_exec (path, "PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; INSERT INTO t VALUES (1); COMMIT");
      // sqlite_exec closes; hold the lock on the file by hand instead
      {
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000000, .l_len = 512 };
        int file = open (path, O_RDWR);

        if (fcntl (file, F_SETLK, &lock) != 0 || write (ready[1], "x", 1) != 1 || read (done[0], &byte, 1) != 1)
          _exit (1);
      }
      _exit (0);
    }
  g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);
  assert_refused (path, SQ_PROJECT_DEFAULT, SQ_ERROR_BUSY, "in use by another program");
  g_assert_cmpint (write (done[1], "x", 1), ==, 1);
  waitpid (child, NULL, 0);
  remove_folder (folder);
}

// The file may not grow any more in the middle of a run (the limit stands for a full disk).
static void
test_full_disk (void)
{
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "f.squint", NULL);
  g_autofree char *message = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SqProject) project = NULL;
  struct rlimit old, small = { 8 << 20, RLIM_INFINITY };
  gint64 kept, frames;

  signal (SIGXFSZ, SIG_IGN);
  project = sq_project_open (path, SQ_PROJECT_CREATE, NULL);
  kept = make_run (project, "kept", 100, 20, FALSE);
  g_assert_true (sq_project_flush (project, NULL));
  g_signal_connect (project, "failed", G_CALLBACK (on_failed), &message);

  getrlimit (RLIMIT_FSIZE, &old);
  small.rlim_max = old.rlim_max;
  setrlimit (RLIMIT_FSIZE, &small);
  make_run (project, "too much", 10000, 50, FALSE);
  g_assert_false (sq_project_flush (project, &error));
  setrlimit (RLIMIT_FSIZE, &old);

  g_test_message ("%s", error->message);
  g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
  g_assert_nonnull (strstr (error->message, "disk is full"));
  spin (50);
  g_assert_nonnull (message);

  // what was there is there; what came before the limit too; and the program can go on
  {
    g_autoptr (SqRun) run = sq_project_load_run (project, kept, NULL);
    g_autoptr (GPtrArray) all = sq_project_load_frames (project, kept, 0, 1000, NULL);

    g_assert_cmpint (run->n_frames, ==, 100);
    g_assert_cmpint (all->len, ==, 100);
  }
  make_run (project, "after", 10, 2, FALSE);
  sq_project_close (project, NULL);
  g_assert_cmpint (sqlite_int (path, "SELECT n_frames FROM run WHERE name = 'after'"), ==, 10);
  frames = sqlite_int (path, "SELECT n_frames FROM run WHERE name = 'too much'");
  g_test_message ("%d of 10000 frames were stored", (int) frames);
  g_assert_cmpint (frames, >, 0);
  g_assert_cmpint (frames, ==, sqlite_int (path, "SELECT count(*) FROM frame WHERE run = 2"));
  g_assert_cmpint (sqlite_int (path, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), ==, 0);
  remove_folder (folder);
}

// Two programs write one project at a time.
static void
test_two_writers (void)
{
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "t.squint", NULL);
  g_autoptr (SqProject) a = sq_project_open (path, SQ_PROJECT_CREATE, NULL), b = sq_project_open (path, SQ_PROJECT_DEFAULT, NULL);
  const char *paths[] = { "/videos/toy.mp4", NULL };
  SqRunInfo info = make_info (paths, SQ_SOURCE_VIDEO, "x");
  g_autoptr (SqRunWriter) to_a = sq_run_writer_new (a, &info), to_b = sq_run_writer_new (b, &info);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 500; i++)
    {
      g_autoptr (SqResult) result = make_result (paths[0], i, 10, FALSE);

      sq_run_writer_push (to_a, result);
      sq_run_writer_push (to_b, result);
    }
  sq_run_writer_finish (to_a, SQ_RUN_FINISHED, NULL);
  sq_run_writer_finish (to_b, SQ_RUN_FINISHED, NULL);
  g_assert_true (sq_project_flush (a, &error));
  g_assert_true (sq_project_flush (b, &error));
  g_assert_cmpint (sqlite_int (path, "SELECT count(*) FROM frame"), ==, 1000);
  g_assert_cmpint (sqlite_int (path, "SELECT count(*) FROM run WHERE state = 1 AND n_frames = 500"), ==, 2);
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/data/bad-files/refused", test_refused);
  g_test_add_func ("/data/bad-files/truncated", test_truncated);
  g_test_add_func ("/data/bad-files/read-only", test_read_only);
  g_test_add_func ("/data/bad-files/locked", test_locked);
  g_test_add_func ("/data/bad-files/full-disk", test_full_disk);
  g_test_add_func ("/data/bad-files/two-writers", test_two_writers);
  return g_test_run ();
}
