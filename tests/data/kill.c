// SPDX-License-Identifier: GPL-3.0-or-later
// kill -9 in the middle of writing, at random moments. The child notes in shared memory when each result was pushed; whatever was pushed
// more than 250 ms before its death must be in the file, and the file must be whole.
#include "make-data.h"
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_FRAMES 200000
#define LIMIT_US 250000

typedef struct
{
  gint started; // atomic
  gint n;       // atomic, results pushed
  gint64 pushed_us[MAX_FRAMES];
} Shared;

static void
write_for_ever (const char *path, Shared *shared)
{
  g_autoptr (SqProject) project = sq_project_open (path, SQ_PROJECT_CREATE, NULL);
  const char *paths[] = { "/videos/toy.mp4", NULL };
  SqRunInfo info = make_info (paths, SQ_SOURCE_VIDEO, "doomed");
  g_autoptr (SqRunWriter) writer = sq_run_writer_new (project, &info);

  sq_run_writer_get_run (writer);
  g_atomic_int_set (&shared->started, 1);
  for (int i = 0; i < MAX_FRAMES; i++)
    {
      g_autoptr (SqResult) result = make_result (paths[0], i, 30, i % 50 == 0);

      sq_run_writer_push (writer, result);
      shared->pushed_us[i] = g_get_monotonic_time ();
      g_atomic_int_set (&shared->n, i + 1);
      g_usleep (500);
    }
  _exit (0);
}

static void
kill_once (const char *path, Shared *shared, guint after_us, int *missing_us)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqProject) project = NULL;
  g_autoptr (GPtrArray) runs = NULL;
  gint64 died_us, last_us;
  gint64 stored;
  SqRun *run;
  pid_t child;
  int pushed;

  memset (shared, 0, sizeof (gint) * 2);
  child = fork ();
  if (child == 0)
    write_for_ever (path, shared);
  while (!g_atomic_int_get (&shared->started))
    g_usleep (200);
  g_usleep (after_us);
  kill (child, SIGKILL);
  died_us = g_get_monotonic_time ();
  waitpid (child, NULL, 0);
  pushed = g_atomic_int_get (&shared->n);

  project = sq_project_open (path, SQ_PROJECT_DEFAULT, &error);
  g_assert_no_error (error);
  g_assert_cmpint (sqlite_int (path, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), ==, 0);
  g_assert_cmpint (sqlite_int (path, "SELECT count(*) FROM pragma_foreign_key_check"), ==, 0);
  runs = sq_project_list_runs (project, NULL, 0, 1, &error);
  run = g_ptr_array_index (runs, 0);
  stored = run->n_frames;
  g_assert_cmpint (run->state, ==, SQ_RUN_INTERRUPTED);
  // totals agree with what is there
  {
    g_autofree char *sql = g_strdup_printf ("SELECT count(*) FROM frame WHERE run = %d", (int) run->id);
    g_autofree char *sum = g_strdup_printf ("SELECT sum(n) FROM run_class WHERE run = %d", (int) run->id);

    g_assert_cmpint (sqlite_int (path, sql), ==, stored);
    g_assert_cmpint (sqlite_int (path, sum), ==, run->n_objects);
  }
  last_us = stored < pushed ? died_us - shared->pushed_us[stored] : 0; // age of the oldest result that is missing
  *missing_us = MAX (*missing_us, (int) last_us);
  g_test_message ("killed after %d ms: %d pushed, %d stored, oldest missing %.0f ms", (int) (after_us / 1000), pushed, (int) stored,
                  last_us / 1e3);
  g_assert_cmpint (last_us, <=, 8 * LIMIT_US); // a lost transaction, not a busy machine
  g_assert_true (sq_project_close (project, &error));
}

static void
test_kill (void)
{
  Shared *shared = mmap (NULL, sizeof (Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "k.squint", NULL);
  int missing_us = 0;

  for (guint i = 0; i < 20; i++)
    kill_once (path, shared, g_test_rand_int_range (1000, 700000), &missing_us);
  g_test_message ("20 kills: oldest missing result %d ms", missing_us / 1000);
  munmap (shared, sizeof (Shared));
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/data/kill/random-moments", test_kill);
  return g_test_run ();
}
