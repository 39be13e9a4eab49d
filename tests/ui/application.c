// SPDX-License-Identifier: GPL-3.0-or-later
// The program as it is started: files and options on the command line, quit in the middle of a run, what is stored then.
#include "config.h"

#include "app/application.h"
#include "fixture.h"

typedef struct
{
  GApplication *app;
  gboolean seen; // detections were on show
  guint ticks;
} Start;

static SqWindow *
get_window (GApplication *app)
{
  GList *windows = gtk_application_get_windows (GTK_APPLICATION (app));

  for (GList *l = windows; l != NULL; l = l->next)
    if (SQ_IS_WINDOW (l->data))
      return l->data;
  return NULL;
}

static gboolean
quit_when_seen (gpointer data)
{
  Start *start = data;
  SqWindow *window = get_window (start->app);
  SqVideoView *view = window != NULL ? sq_detect_page_get_view (sq_window_get_detect_page (window)) : NULL;

  start->seen = view != NULL && sq_video_view_get_detections (view)->len > 0;
  if (!start->seen && start->ticks++ < 600)
    return G_SOURCE_CONTINUE;
  g_action_group_activate_action (G_ACTION_GROUP (start->app), "quit", NULL);
  return G_SOURCE_REMOVE;
}

static gboolean
quit_soon (gpointer data)
{
  Start *start = data;

  if (start->ticks++ < 10)
    return G_SOURCE_CONTINUE;
  start->seen = get_window (start->app) != NULL;
  g_action_group_activate_action (G_ACTION_GROUP (start->app), "quit", NULL);
  return G_SOURCE_REMOVE;
}

static int
run (Start *start, GSourceFunc then, int argc, char **argv)
{
  int status;

  g_clear_object (&start->app);
  start->app = sq_application_new ();
  if (then != NULL)
    g_timeout_add (100, then, start);
  status = g_application_run (start->app, argc, argv);
  g_clear_object (&start->app);
  return status;
}

static void
test_quit_in_a_run (void)
{
  g_autofree char *video = fixture_data ("videos/people.mp4");
  g_autofree char *models = fixture_data ("models");
  g_autofree char *path = sq_project_default_path ();
  g_autoptr (SqProject) project = NULL;
  g_autoptr (GPtrArray) runs = NULL;
  g_autoptr (GError) error = NULL;
  Start start = { 0 };
  SqRun *stored;

  if (video == NULL || models == NULL)
    {
      g_test_skip ("no test data: set SQUINT_TEST_DATA");
      return;
    }
  g_setenv ("SQUINT_MODEL_MIRROR", models, FALSE);
  g_assert_cmpint (run (&start, quit_when_seen, 4, (char *[]){ "squint", "--model", "yolo-fastest-1.1-xl", video, NULL }), ==, 0);
  g_assert_true (start.seen);

  // What was detected until then is stored, and the run says that it was stopped.
  project = sq_project_open (path, SQ_PROJECT_DEFAULT, &error);
  g_assert_no_error (error);
  runs = sq_project_list_runs (project, NULL, 0, 10, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (runs->len, ==, 1);
  stored = runs->pdata[0];
  g_assert_cmpint (stored->state, ==, SQ_RUN_STOPPED);
  g_assert_cmpint (stored->n_frames, >, 0);
  g_assert_cmpint (stored->n_objects, >, 0);
}

static void
test_empty (void)
{
  Start start = { 0 };

  g_assert_cmpint (run (&start, quit_soon, 1, (char *[]){ "squint", NULL }), ==, 0);
  g_assert_true (start.seen);
}

static void
test_no_such_model (void)
{
  Start start = { 0 };

  g_assert_cmpint (run (&start, quit_soon, 3, (char *[]){ "squint", "--model", "no-such-model", NULL }), ==, 0);
  g_assert_true (start.seen);
}

static char *printed;

static void
keep_print (const char *text)
{
  g_free (printed);
  printed = g_strdup (text);
}

static void
test_version (void)
{
  Start start = { 0 };
  GPrintFunc usual = g_set_print_handler (keep_print);

  g_assert_cmpint (run (&start, NULL, 2, (char *[]){ "squint", "--version", NULL }), ==, 0);
  g_set_print_handler (usual);
  g_assert_cmpstr (printed, ==, "squint " SQ_VERSION "\n");
  g_free (printed);
}

int
main (int argc, char *argv[])
{
  fixture_init (&argc, &argv);
  g_test_add_func ("/ui/application/version", test_version);
  g_test_add_func ("/ui/application/empty", test_empty);
  g_test_add_func ("/ui/application/no-such-model", test_no_such_model);
  g_test_add_func ("/ui/application/quit-in-a-run", test_quit_in_a_run);
  return g_test_run ();
}
