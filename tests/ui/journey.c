// SPDX-License-Identifier: GPL-3.0-or-later
// One user's way through the program on real pictures: empty window, open, look, filter, find the session again, rename, delete, undo.
#include "config.h"

#include "app/recorder.h"
#include "fixture.h"

typedef struct
{
  Fixture *fixture;
  SqWindow *window;
  SqRecorder *recorder;
  gint64 pts_ns; // to compare with
} Journey;

static gboolean
have_project (gpointer data)
{
  Journey *j = data;

  return sq_workspace_get_project (j->fixture->workspace) != NULL;
}

static gboolean
run_ended (gpointer data)
{
  Journey *j = data;
  SqPipeline *pipeline = sq_detect_page_get_pipeline (sq_window_get_detect_page (j->window));

  return g_str_equal (sq_detect_page_get_state_name (sq_window_get_detect_page (j->window)), "error")
         || (pipeline != NULL && sq_pipeline_get_state (pipeline) == SQ_PIPELINE_FINISHED);
}

static gboolean
have_detections (gpointer data)
{
  Journey *j = data;

  return sq_video_view_get_detections (sq_detect_page_get_view (sq_window_get_detect_page (j->window)))->len > 0;
}

static SqRunItem *
get_session (Journey *j)
{
  return g_list_model_get_item (sq_sessions_page_get_list (sq_window_get_sessions_page (j->window)), 0);
}

static gboolean
session_is_stored (gpointer data)
{
  g_autoptr (SqRunItem) item = get_session (data);
  SqRun *run = item != NULL ? sq_run_item_get_run (item) : NULL;

  return run != NULL && run->state == SQ_RUN_FINISHED;
}

static gboolean
session_is_renamed (gpointer data)
{
  g_autoptr (SqRunItem) item = get_session (data);
  SqRun *run = item != NULL ? sq_run_item_get_run (item) : NULL;

  return run != NULL && g_str_equal (run->name, "Zoo and town");
}

static gboolean
no_session (gpointer data)
{
  Journey *j = data;

  return g_list_model_get_n_items (sq_sessions_page_get_list (sq_window_get_sessions_page (j->window))) == 0;
}

static gboolean
stored_detections_shown (gpointer data)
{
  Journey *j = data;
  SqVideoView *view = sq_sessions_page_get_view (sq_window_get_sessions_page (j->window));

  return sq_video_view_get_result (view) != NULL && sq_video_view_get_detections (view)->len > 0;
}

static void
test_journey (Fixture *fixture, gconstpointer data)
{
  Journey j = { .fixture = fixture };
  g_autofree char *dog = fixture_data ("images/demo/dog.jpg");
  g_autofree char *models = fixture_data ("models");
  SqDetectPage *detect;
  SqSessionsPage *sessions;
  SqFilterState *filter;
  GArray *detections;
  guint before, stored;

  if (dog == NULL || models == NULL)
    {
      g_test_skip ("no test data: set SQUINT_TEST_DATA");
      return;
    }
  g_setenv ("SQUINT_MODEL_MIRROR", models, FALSE);

  // An empty window on an empty project.
  j.recorder = sq_recorder_new (fixture->workspace);
  sq_workspace_open_project (fixture->workspace);
  g_assert_true (fixture_wait (have_project, &j, 10));
  j.window = fixture_window (fixture, 1200, 760);
  detect = sq_window_get_detect_page (j.window);
  sessions = sq_window_get_sessions_page (j.window);
  g_assert_cmpstr (sq_detect_page_get_state_name (detect), ==, "empty");

  // Opens pictures: the default model is fetched, read, and detects.
  sq_window_open_paths (j.window, (const char *const[]){ dog, NULL });
  g_assert_true (fixture_wait (run_ended, &j, 90));
  g_assert_cmpstr (sq_detect_page_get_state_name (detect), ==, "run");
  g_assert_true (fixture_wait (have_detections, &j, 5));

  // The confidence slider changes what is counted, without another run.
  filter = sq_detect_page_get_filter (detect);
  detections = sq_video_view_get_detections (sq_detect_page_get_view (detect));
  before = detections->len;
  gtk_widget_activate_action (GTK_WIDGET (j.window), "win.confidence", "d", .7);
  g_assert_cmpuint (sq_video_view_get_detections (sq_detect_page_get_view (detect))->len, <, before);
  sq_filter_state_set_confidence (filter, .25f);
  g_assert_cmpuint (sq_video_view_get_detections (sq_detect_page_get_view (detect))->len, ==, before);

  // The session is there, opens, and shows the same.
  gtk_widget_activate_action (GTK_WIDGET (j.window), "win.show-page", "s", "sessions");
  g_assert_true (fixture_wait (session_is_stored, &j, 10));
  {
    g_autoptr (SqRunItem) item = get_session (&j);

    sq_sessions_page_open (sessions, sq_run_item_get_run (item));
    g_assert_true (fixture_wait (stored_detections_shown, &j, 10));
    stored = sq_video_view_get_detections (sq_sessions_page_get_view (sessions))->len;
    g_assert_cmpuint (stored, ==, before);
    g_assert_nonnull (sq_video_view_get_result (sq_sessions_page_get_view (sessions))->frame->pixels);
    sq_filter_state_set_confidence (sq_sessions_page_get_filter (sessions), .95f);
    g_assert_cmpuint (sq_video_view_get_detections (sq_sessions_page_get_view (sessions))->len, <, stored);
    gtk_widget_activate_action (GTK_WIDGET (j.window), "win.back", NULL);
    g_assert_false (sq_sessions_page_get_can_go_back (sessions));

    // Renamed, deleted, brought back.
    sq_project_rename_run (sq_workspace_get_project (fixture->workspace), sq_run_item_get_id (item), "Zoo and town");
    g_assert_true (fixture_wait (session_is_renamed, &j, 5));
    sq_sessions_page_delete (sessions, sq_run_item_get_run (item));
    g_assert_true (fixture_wait (no_session, &j, 5));
    sq_project_restore_run (sq_workspace_get_project (fixture->workspace), sq_run_item_get_id (item));
    g_assert_true (fixture_wait (session_is_renamed, &j, 5));
  }

  fixture_destroy_window (j.window);
  g_object_unref (j.recorder);
}

// "Try Sample" on the empty page.
static void
test_sample (Fixture *fixture, gconstpointer data)
{
  Journey j = { .fixture = fixture };
  g_autofree char *models = fixture_data ("models");

  if (models == NULL)
    {
      g_test_skip ("no test data: set SQUINT_TEST_DATA");
      return;
    }
  g_setenv ("SQUINT_MODEL_MIRROR", models, FALSE);
  j.window = fixture_window (fixture, 900, 640);
  gtk_widget_activate_action (GTK_WIDGET (j.window), "win.try-sample", NULL);
  g_assert_true (fixture_wait (have_detections, &j, 90));
  fixture_destroy_window (j.window);
}

// Pictures that cannot be read do not stop the others.
static void
test_bad_among_good (Fixture *fixture, gconstpointer data)
{
  Journey j = { .fixture = fixture };
  g_autofree char *dog = fixture_data ("images/demo/dog.jpg");
  g_autofree char *bad = g_build_filename (fixture->dir, "bad.jpg", NULL);

  if (dog == NULL)
    {
      g_test_skip ("no test data: set SQUINT_TEST_DATA");
      return;
    }
  g_assert_true (g_file_set_contents (bad, "no picture", -1, NULL));
  j.window = fixture_window (fixture, 900, 640);
  sq_window_open_paths (j.window, (const char *const[]){ bad, dog, NULL });
  g_assert_true (fixture_wait (run_ended, &j, 90));
  g_assert_cmpstr (sq_detect_page_get_state_name (sq_window_get_detect_page (j.window)), ==, "run");
  g_assert_true (fixture_wait (have_detections, &j, 5));
  fixture_destroy_window (j.window);
}

// Opening something else in the middle of a run, twice, and closing the window in the middle of the third.
static void
test_impatient (Fixture *fixture, gconstpointer data)
{
  Journey j = { .fixture = fixture };
  g_autofree char *folder = fixture_data ("images/demo");
  g_autofree char *video = fixture_data ("videos/people.mp4");

  if (folder == NULL || video == NULL)
    {
      g_test_skip ("no test data: set SQUINT_TEST_DATA");
      return;
    }
  j.window = fixture_window (fixture, 900, 640);
  sq_window_open_paths (j.window, (const char *const[]){ folder, NULL });
  fixture_run_for (.4);
  sq_window_open_paths (j.window, (const char *const[]){ video, NULL });
  g_assert_true (fixture_wait (have_detections, &j, 30));
  sq_detect_page_toggle_play (sq_window_get_detect_page (j.window));
  fixture_run_for (.2);
  sq_detect_page_step (sq_window_get_detect_page (j.window), 1);
  fixture_run_for (.2);
  sq_window_open_paths (j.window, (const char *const[]){ folder, NULL });
  fixture_run_for (.4);
  fixture_destroy_window (j.window);
  fixture_run_for (.5);
}

static gboolean
result_near_five (gpointer data)
{
  Journey *j = data;
  SqResult *result = sq_video_view_get_result (sq_detect_page_get_view (sq_window_get_detect_page (j->window)));

  return result != NULL && ABS (result->frame->pts_ns - G_GINT64_CONSTANT (5000000000)) < 100000000;
}

static gboolean
result_past_five (gpointer data)
{
  Journey *j = data;
  SqResult *result = sq_video_view_get_result (sq_detect_page_get_view (sq_window_get_detect_page (j->window)));

  return result != NULL && result->frame->pts_ns > G_GINT64_CONSTANT (5000000000) && !result_near_five (data);
}

static gint64
shown_pts (Journey *j)
{
  return sq_video_view_get_result (sq_detect_page_get_view (sq_window_get_detect_page (j->window)))->frame->pts_ns;
}

static gboolean
result_is_later (gpointer data)
{
  return shown_pts (data) > ((Journey *) data)->pts_ns;
}

static gboolean
result_is_back (gpointer data)
{
  return shown_pts (data) == ((Journey *) data)->pts_ns;
}

static gboolean
state_is (Journey *j, SqPipelineState state)
{
  return sq_pipeline_get_state (sq_detect_page_get_pipeline (sq_window_get_detect_page (j->window))) == state;
}

static gboolean
is_paused (gpointer data)
{
  return state_is (data, SQ_PIPELINE_PAUSED);
}

static gboolean
is_running (gpointer data)
{
  return state_is (data, SQ_PIPELINE_RUNNING);
}

// Pause, look for a place, step, go on, and play again from the end.
static void
test_transport (Fixture *fixture, gconstpointer data)
{
  Journey j = { .fixture = fixture };
  g_autofree char *video = fixture_data ("videos/people.mp4");
  SqDetectPage *detect;
  SqPipeline *pipeline;

  if (video == NULL)
    {
      g_test_skip ("no test data: set SQUINT_TEST_DATA");
      return;
    }
  j.window = fixture_window (fixture, 900, 640);
  detect = sq_window_get_detect_page (j.window);
  sq_window_open_paths (j.window, (const char *const[]){ video, NULL });
  g_assert_true (fixture_wait (have_detections, &j, 60));
  pipeline = sq_detect_page_get_pipeline (detect);

  gtk_widget_activate_action (GTK_WIDGET (j.window), "win.play", NULL);
  g_assert_true (fixture_wait (is_paused, &j, 5));
  sq_pipeline_seek (pipeline, G_GINT64_CONSTANT (5000000000));
  g_assert_true (fixture_wait (result_near_five, &j, 10));
  fixture_run_for (.3);
  j.pts_ns = shown_pts (&j);
  gtk_widget_activate_action (GTK_WIDGET (j.window), "win.step", "i", 1);
  g_assert_true (fixture_wait (result_is_later, &j, 10));
  gtk_widget_activate_action (GTK_WIDGET (j.window), "win.step", "i", -1);
  g_assert_true (fixture_wait (result_is_back, &j, 10));
  gtk_widget_activate_action (GTK_WIDGET (j.window), "win.play", NULL);
  g_assert_true (fixture_wait (result_past_five, &j, 10));
  g_assert_true (fixture_wait (run_ended, &j, 120));
  gtk_widget_activate_action (GTK_WIDGET (j.window), "win.play", NULL);
  g_assert_true (fixture_wait (is_running, &j, 5));
  fixture_destroy_window (j.window);
}

int
main (int argc, char *argv[])
{
  fixture_init (&argc, &argv);
  g_test_add ("/ui/journey/main", Fixture, NULL, fixture_set_up, test_journey, fixture_tear_down);
  g_test_add ("/ui/journey/sample", Fixture, NULL, fixture_set_up, test_sample, fixture_tear_down);
  g_test_add ("/ui/journey/bad-among-good", Fixture, NULL, fixture_set_up, test_bad_among_good, fixture_tear_down);
  g_test_add ("/ui/journey/impatient", Fixture, NULL, fixture_set_up, test_impatient, fixture_tear_down);
  g_test_add ("/ui/journey/transport", Fixture, NULL, fixture_set_up, test_transport, fixture_tear_down);
  return g_test_run ();
}
