// SPDX-License-Identifier: GPL-3.0-or-later
// How long the main loop ever stands still while a video plays, a model loads and a list scrolls. A bench: it prints figures and fails only
// on what is plainly broken, because a busy machine stalls any program.
#include "config.h"

#include "app/recorder.h"
#include "fixture.h"
#include <time.h>

#define BEAT_MS 4
#define STALL_MS 50
#define REWIND_NS (10 * G_GINT64_CONSTANT (1000000000)) // about half of the video

typedef struct
{
  gint64 last_us, longest_us;
  guint beats, stalls;
  SqDetectPage *page; // whose video must play all the time, or NULL
  guint playing;      // beats with the video playing
  gint64 rewound_us;
  // Of the longest gap: what the main thread worked itself, and how long it was ready but had no core. The rest it was blocked.
  gint64 last_cpu_us, longest_cpu_us;
  gint64 last_queued_us, longest_queued_us;
  gint64 lengths[4096]; // of the gaps, us
  guint n_lengths;
} Watchdog;

static gint64
thread_cpu_us (void)
{
  struct timespec t;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * G_USEC_PER_SEC + t.tv_nsec / 1000;
}

// Second field of schedstat: ns on the run queue.
static gint64
thread_queued_us (void)
{
  g_autofree char *text = NULL;
  char *at;

  if (!g_file_get_contents ("/proc/thread-self/schedstat", &text, NULL, NULL) || (at = strchr (text, ' ')) == NULL)
    return 0;
  return g_ascii_strtoll (at, NULL, 10) / 1000;
}

static gboolean
on_beat (gpointer data)
{
  Watchdog *dog = data;
  gint64 cpu = thread_cpu_us (), queued = thread_queued_us ();
  gint64 now = g_get_monotonic_time (), gap = now - dog->last_us - BEAT_MS * 1000;

  dog->last_us = now;
  dog->beats++;
  if (dog->page != NULL)
    {
      SqPipeline *pipeline = sq_detect_page_get_pipeline (dog->page);
      SqResult *result = sq_video_view_get_result (sq_detect_page_get_view (dog->page));

      dog->playing += pipeline != NULL && sq_pipeline_get_state (pipeline) == SQ_PIPELINE_RUNNING;
      // A fast engine is through in two seconds; a figure of "while video plays" must not be one of a video that has ended.
      if (result != NULL && result->frame->pts_ns > REWIND_NS && now - dog->rewound_us > G_USEC_PER_SEC / 2)
        {
          dog->rewound_us = now;
          sq_pipeline_seek (pipeline, 0);
        }
    }
  if (gap > dog->longest_us)
    {
      dog->longest_us = gap;
      dog->longest_cpu_us = cpu - dog->last_cpu_us;
      dog->longest_queued_us = queued - dog->last_queued_us;
    }
  dog->last_cpu_us = cpu;
  dog->last_queued_us = queued;
  if (gap > STALL_MS * 1000)
    dog->stalls++;
  if (dog->n_lengths < G_N_ELEMENTS (dog->lengths))
    dog->lengths[dog->n_lengths++] = gap;
  return G_SOURCE_CONTINUE;
}

static int
compare (const void *a, const void *b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return x < y ? -1 : x > y;
}

static void
report (Watchdog *dog, const char *what)
{
  qsort (dog->lengths, dog->n_lengths, sizeof (gint64), compare);
  setvbuf (stdout, NULL, _IOLBF, 0);
  g_print ("# %s: longest %.1f ms (own work %.1f, no core %.1f), p99 %.1f ms, %u over %d ms in %u beats", what, dog->longest_us / 1e3,
           dog->longest_cpu_us / 1e3, dog->longest_queued_us / 1e3, dog->n_lengths > 0 ? dog->lengths[dog->n_lengths * 99 / 100] / 1e3 : 0,
           dog->stalls, STALL_MS, dog->beats);
  if (dog->page != NULL)
    g_print (", video playing in %.0f %% of them", dog->beats > 0 ? 100. * dog->playing / dog->beats : 0);
  g_print ("\n");
}

// `playing`: the page whose video is kept playing meanwhile, or NULL.
static void
measure (const char *what, double seconds, FixtureCondition until, gpointer data, SqDetectPage *playing)
{
  static Watchdog dog;
  guint id;

  memset (&dog, 0, sizeof dog);
  dog.page = playing;
  dog.last_us = g_get_monotonic_time ();
  dog.last_cpu_us = thread_cpu_us ();
  dog.last_queued_us = thread_queued_us ();
  id = g_timeout_add_full (G_PRIORITY_HIGH, BEAT_MS, on_beat, &dog, NULL);
  if (until != NULL)
    fixture_wait (until, data, seconds);
  else
    fixture_run_for (seconds);
  g_source_remove (id);
  report (&dog, what);
  g_assert_cmpfloat (dog.longest_us / 1e6, <, 2);
  if (playing != NULL)
    g_assert_cmpuint (dog.playing * 10, >=, dog.beats * 9);
}

static gboolean
is_running (gpointer page)
{
  SqPipeline *pipeline = sq_detect_page_get_pipeline (page);

  return pipeline != NULL && sq_pipeline_get_state (pipeline) == SQ_PIPELINE_RUNNING;
}

static gboolean
has_ended (gpointer page)
{
  SqPipeline *pipeline = sq_detect_page_get_pipeline (page);

  return pipeline != NULL && sq_pipeline_get_state (pipeline) == SQ_PIPELINE_FINISHED;
}

static gboolean
have_project (gpointer workspace)
{
  return sq_workspace_get_project (workspace) != NULL;
}

static void
find_scroller (GtkWidget *widget, GtkScrolledWindow **found)
{
  if (GTK_IS_GRID_VIEW (widget))
    *found = GTK_SCROLLED_WINDOW (gtk_widget_get_ancestor (widget, GTK_TYPE_SCROLLED_WINDOW));
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    find_scroller (child, found);
}

static gboolean
scroll_on (gpointer scroller)
{
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (scroller);

  gtk_adjustment_set_value (adjustment, gtk_adjustment_get_value (adjustment) + 60);
  return G_SOURCE_CONTINUE;
}

// Many sessions, so that there is something to scroll.
static void
store_sessions (SqWorkspace *workspace, SqPipeline *pipeline, guint n)
{
  g_autoptr (SqResult) result = fixture_result (320, 240, 5);
  const char *const paths[] = { "/pictures/bars.png", NULL };

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("Session %u", i);
      SqRunInfo info = {
        .name = name,
        .source = sq_pipeline_get_source_info (pipeline),
        .paths = paths,
        .model = sq_pipeline_get_model (pipeline),
        .device = "cpu",
      };
      g_autoptr (SqRunWriter) writer = sq_run_writer_new (sq_workspace_get_project (workspace), &info);

      sq_run_writer_push (writer, result);
      sq_run_writer_finish (writer, SQ_RUN_FINISHED, NULL);
    }
  g_assert_true (sq_project_flush (sq_workspace_get_project (workspace), NULL));
}

static void
test_stalls (Fixture *fixture, gconstpointer data)
{
  g_autofree char *video = fixture_data ("videos/people.mp4");
  g_autofree char *models = fixture_data ("models");
  g_autoptr (SqRecorder) recorder = sq_recorder_new (fixture->workspace);
  SqWindow *window;
  SqDetectPage *detect;

  if (video == NULL || models == NULL)
    {
      g_test_skip ("no test data: set SQUINT_TEST_DATA");
      return;
    }
  g_setenv ("SQUINT_MODEL_MIRROR", models, FALSE);
  sq_workspace_open_project (fixture->workspace);
  g_assert_true (fixture_wait (have_project, fixture->workspace, 10));
  window = fixture_window (fixture, 1280, 800);
  detect = sq_window_get_detect_page (window);

  measure ("idle", 1, NULL, NULL, NULL);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.show-page", "s", "devices");
  measure ("devices page", .5, NULL, NULL, NULL);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.show-page", "s", "models");
  measure ("models page, first time", .5, NULL, NULL, NULL);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.show-page", "s", "devices");
  measure ("devices page again", .5, NULL, NULL, NULL);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.show-page", "s", "models");
  measure ("models page again", .5, NULL, NULL, NULL);
  sq_window_open_paths (window, (const char *const[]){ video, NULL });
  measure ("model loads", 30, is_running, detect, NULL);
  measure ("video plays", 3, NULL, NULL, detect);
  for (int i = 0; i < 3; i++)
    {
      SqFilterState *filter = sq_detect_page_get_filter (detect);

      sq_filter_state_set_confidence (filter, .05f + .3f * i);
      measure ("slider moves while video plays", .5, NULL, NULL, detect);
    }
  gtk_widget_activate_action (GTK_WIDGET (window), "win.show-page", "s", "models");
  measure ("models page while video plays", 1, NULL, NULL, detect);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.show-page", "s", "sessions");
  measure ("sessions page while video plays", 1, NULL, NULL, detect);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.show-page", "s", "detect");
  measure ("video to its end", 30, has_ended, detect, NULL);
  measure ("run stops", .5, NULL, NULL, NULL);

  store_sessions (fixture->workspace, sq_detect_page_get_pipeline (detect), 500);
  fixture_run_for (1);
  sq_window_open_paths (window, (const char *const[]){ video, NULL });
  g_assert_true (fixture_wait (is_running, detect, 30));
  gtk_widget_activate_action (GTK_WIDGET (window), "win.show-page", "s", "sessions");
  {
    GtkScrolledWindow *scroller = NULL;
    guint id;

    find_scroller (GTK_WIDGET (window), &scroller);
    id = g_timeout_add (16, scroll_on, scroller);
    measure ("500 sessions scroll while video plays", 4, NULL, NULL, detect);
    g_source_remove (id);
  }
  gtk_widget_activate_action (GTK_WIDGET (window), "win.show-page", "s", "detect");
  sq_window_open_paths (window, (const char *const[]){ video, NULL });
  measure ("another run starts", 2, NULL, NULL, NULL);
  sq_detect_page_close (detect);
  measure ("run closed while it plays", 1, NULL, NULL, NULL);
  fixture_destroy_window (window);
}

static gboolean
have_models (gpointer workspace)
{
  return sq_model_list_get_ready (sq_workspace_get_models (workspace));
}

static gboolean
compare_shows (gpointer page)
{
  SqResult *pair = sq_compare_view_get_result (sq_compare_page_get_view (page));

  return pair != NULL && pair->frame->index > 20;
}

static gboolean
move_divider (gpointer view)
{
  double at;

  g_object_get (view, "split", &at, NULL);
  g_object_set (view, "split", at > .9 ? .1 : at + .02, NULL);
  return G_SOURCE_CONTINUE;
}

static gboolean
move_threshold (gpointer page)
{
  SqFilterState *filter = sq_compare_page_get_filter (page, SQ_SIDE_A);
  float at = sq_filter_state_get_confidence (filter);

  sq_filter_state_set_confidence (filter, at > .8f ? .1f : at + .02f);
  return G_SOURCE_CONTINUE;
}

static gboolean
walk_on (gpointer page)
{
  sq_compare_page_walk (page, 1);
  return G_SOURCE_CONTINUE;
}

static void
measure_with (const char *what, guint every_ms, GSourceFunc func, gpointer data)
{
  guint id = g_timeout_add (every_ms, func, data);

  measure (what, 2, NULL, NULL, NULL);
  g_source_remove (id);
}

static void
test_compare (Fixture *fixture, gconstpointer data)
{
  g_autofree char *video = fixture_data ("videos/people.mp4"), *models = fixture_data ("models");
  SqModelList *list = sq_workspace_get_models (fixture->workspace);
  SqWindow *window;
  SqComparePage *page;

  if (video == NULL || models == NULL)
    {
      g_test_skip ("no test data: set SQUINT_TEST_DATA");
      return;
    }
  g_setenv ("SQUINT_MODEL_MIRROR", models, FALSE);
  g_assert_true (fixture_wait (have_models, fixture->workspace, 10));
  window = fixture_window (fixture, 1280, 800);
  page = sq_window_get_compare_page (window);
  sq_window_show_page (window, "compare");
  measure ("compare page, first time", .5, NULL, NULL, NULL);
  sq_compare_page_set_models (page, sq_model_list_find (list, "yolox-nano"), sq_model_list_find (list, "yolo-fastest-1.1"));
  sq_compare_page_open (page, (const char *const[]){ video, NULL });
  measure ("two models load", 30, compare_shows, page, NULL);
  measure ("two models on a video", 3, NULL, NULL, NULL);
  measure_with ("divider moves while both run", 16, move_divider, sq_compare_page_get_view (page));
  measure_with ("threshold moves while both run", 60, move_threshold, page);
  sq_compare_view_set_mode (sq_compare_page_get_view (page), SQ_COMPARE_PANES);
  measure ("side by side while both run", 1, NULL, NULL, NULL);
  sq_compare_page_jump (page, 0);
  measure_with ("from disagreement to disagreement", 100, walk_on, page);
  sq_compare_page_close (page);
  measure ("comparison closed while it is open", .5, NULL, NULL, NULL);
  fixture_destroy_window (window);
}

int
main (int argc, char *argv[])
{
  fixture_init (&argc, &argv);
  g_test_add ("/ui/stalls", Fixture, NULL, fixture_set_up, test_stalls, fixture_tear_down);
  g_test_add ("/ui/stalls-compare", Fixture, NULL, fixture_set_up, test_compare, fixture_tear_down);
  return g_test_run ();
}
