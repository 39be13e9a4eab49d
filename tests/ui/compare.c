// SPDX-License-Identifier: GPL-3.0-or-later
// The Compare page on real pictures and a video with two small models: both sides of every frame that is shown belong together, jumps,
// swapping, thresholds, and what the window does around it.
#include "config.h"

#include "app/recorder.h"
#include "fixture.h"
#include <json-glib/json-glib.h>
#include <string.h>

#define A "yolo-fastest-1.1"
#define B "fastestdet"

typedef struct
{
  Fixture base;
  SqWindow *window;
  SqComparePage *page;
  SqCompareView *view;
  guint n_shown;   // frames
  gint64 expected; // index
  guint n_before;
  gint64 first; // index other than `expected` that was shown first since this was -1
} Compare;

static gboolean
have_models (gpointer data)
{
  Compare *self = data;

  return sq_model_list_get_ready (sq_workspace_get_models (self->base.workspace));
}

// Whatever is shown: B's boxes are of A's frame.
static void
check_shown (Compare *self)
{
  SqResult *pair = sq_compare_view_get_result (self->view);

  if (pair == NULL)
    return;
  g_assert_nonnull (pair->other);
  g_assert_cmpint (pair->other->frame->index, ==, pair->frame->index);
  g_assert_cmpint (pair->other->frame->pts_ns, ==, pair->frame->pts_ns);
  g_assert_cmpstr (pair->other->frame->path, ==, pair->frame->path);
  self->n_shown++;
  if (self->first < 0 && pair->frame->index != self->expected)
    self->first = pair->frame->index;
}

static void
set_up (Compare *self, gconstpointer data)
{
  g_autofree char *mirror = fixture_data ("models");
  SqModelList *models;

  if (mirror != NULL)
    g_setenv ("SQUINT_MODEL_MIRROR", mirror, FALSE);
  fixture_set_up (&self->base, data);
  g_assert_true (fixture_wait (have_models, self, 10));
  self->window = fixture_window (&self->base, 1100, 720);
  self->page = sq_window_get_compare_page (self->window);
  self->view = sq_compare_page_get_view (self->page);
  g_signal_connect_swapped (self->view, "matches-changed", G_CALLBACK (check_shown), self);
  sq_window_show_page (self->window, "compare");
  models = sq_workspace_get_models (self->base.workspace);
  sq_compare_page_set_models (self->page, sq_model_list_find (models, A), sq_model_list_find (models, B));
}

static void
tear_down (Compare *self, gconstpointer data)
{
  g_signal_handlers_disconnect_by_data (self->view, self);
  fixture_destroy_window (self->window);
  fixture_tear_down (&self->base, data);
}

static gboolean
is_counted (gpointer data)
{
  Compare *self = data;
  SqPipeline *pipeline = sq_compare_page_get_pipeline (self->page);

  return pipeline != NULL && sq_pipeline_get_state (pipeline) == SQ_PIPELINE_FINISHED
         && sq_tally_get_settled (sq_compare_page_get_tally (self->page));
}

static gboolean
is_settled (gpointer data)
{
  return sq_tally_get_settled (sq_compare_page_get_tally (((Compare *) data)->page));
}

static gboolean
is_shown (gpointer data)
{
  Compare *self = data;
  SqResult *pair = sq_compare_view_get_result (self->view);

  return pair != NULL && pair->frame->index == self->expected;
}

static gboolean
has_shown (gpointer data)
{
  return ((Compare *) data)->n_shown > 0;
}

static SqMatchTotals
get_total (Compare *self)
{
  g_autoptr (SqTallyState) state = sq_tally_get_state (sq_compare_page_get_tally (self->page));

  return state->total;
}

static gboolean
open_pictures (Compare *self)
{
  g_autofree char *folder = fixture_data ("images/demo");

  if (folder == NULL || g_getenv ("SQUINT_MODEL_MIRROR") == NULL)
    {
      g_test_skip ("no test data: set SQUINT_TEST_DATA");
      return FALSE;
    }
  sq_compare_page_open (self->page, (const char *const[]){ folder, NULL });
  g_assert_true (fixture_wait (is_counted, self, 60));
  return TRUE;
}

static void
walk (Compare *self, guint key, GdkModifierType modifiers, int direction)
{
  g_autoptr (SqTallyState) state = sq_tally_get_state (sq_compare_page_get_tally (self->page));
  gint64 at = sq_compare_view_get_result (self->view)->frame->index;
  int found = sq_tally_state_find (state, at, direction);

  g_assert_cmpint (found, >=, 0);
  self->expected = g_array_index (state->frames, SqComparedFrame, found).index;
  g_assert_true (fixture_press (GTK_WIDGET (self->view), key, modifiers));
  g_assert_true (fixture_wait (is_shown, self, 10));
  g_assert_nonnull (sq_compare_view_get_result (self->view)->frame->pixels);
  // What is drawn is what was counted.
  g_assert_cmpuint (sq_compare_view_get_matches (self->view)->len - sq_compare_view_count (self->view, SQ_MATCH_AGREED), ==,
                    sq_compared_frame_disagreements (&g_array_index (state->frames, SqComparedFrame, found)));
}

static void
test_pictures (Compare *self, gconstpointer data)
{
  g_autoptr (SqTallyState) state = NULL;
  g_autofree char *file = g_build_filename (self->base.dir, "view.png", NULL);
  SqMatchTotals total;
  int worst;

  if (!open_pictures (self))
    return;
  g_assert_cmpstr (sq_compare_page_get_state_name (self->page), ==, "run");
  state = sq_tally_get_state (sq_compare_page_get_tally (self->page));
  total = state->total;
  g_assert_cmpuint (state->frames->len, ==, 8);
  g_assert_cmpuint (total.n[SQ_MATCH_AGREED], >, 0);
  g_assert_cmpuint (total.n[SQ_MATCH_LOST] + total.n[SQ_MATCH_NEW] + total.n[SQ_MATCH_MOVED], >, 0);
  g_assert_cmpfloat (state->agreement, >, 0);
  g_assert_cmpfloat (state->agreement, <, 1);
  g_assert_true (fixture_wait (has_shown, self, 10));

  // n and N from the first picture on, w the worst of them.
  fixture_run_for (.4); // the figures are read now and then
  sq_compare_page_jump (self->page, 0);
  self->expected = 0;
  g_assert_true (fixture_wait (is_shown, self, 10));
  walk (self, GDK_KEY_n, 0, 1);
  walk (self, GDK_KEY_n, 0, 1);
  walk (self, GDK_KEY_n, GDK_SHIFT_MASK, -1);
  walk (self, GDK_KEY_w, 0, 0);
  worst = sq_disagreement_strip_get_worst (sq_compare_page_get_strip (self->page));
  g_assert_cmpint (sq_compare_view_get_result (self->view)->frame->index, ==, worst);
  // Comma and period.
  self->expected = worst == 0 ? 1 : worst - 1;
  g_assert_true (fixture_press (GTK_WIDGET (self->view), worst == 0 ? GDK_KEY_period : GDK_KEY_comma, 0));
  g_assert_true (fixture_wait (is_shown, self, 10));

  g_assert_cmpstr (sq_compare_page_get_text (self->page, "frames", 0), ==, "8");
  for (int column = 0; column < 3; column++)
    {
      static const char *const rows[] = { "size", "flop", "memory", "engine-fps", "network", "network-p99", "objects" };

      for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
        g_assert_cmpstr (sq_compare_page_get_text (self->page, rows[i], column), !=, "–");
    }

  sq_compare_page_save_picture_to (self->page, file);
  for (int i = 0; i < 100 && !g_file_test (file, G_FILE_TEST_EXISTS); i++)
    fixture_run_for (.05);
  {
    g_autoptr (GdkTexture) saved = gdk_texture_new_from_filename (file, NULL);

    g_assert_nonnull (saved);
    g_assert_cmpint (gdk_texture_get_width (saved), ==, gtk_widget_get_width (GTK_WIDGET (self->view)));
  }
}

// What the strip shows is what the command line says.
static void
test_command_line (Compare *self, gconstpointer data)
{
  static const char *const kinds[] = { "agreed", "moved", "class", "lost", "new" }; // as SqMatchKind
  g_autofree char *folder = fixture_data ("images/demo"), *out = NULL;
  const char *argv[] = { g_getenv ("SQUINT_CLI"), "compare", "--a", A, "--b", B, "--format", "json", folder, NULL };
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (SqTallyState) state = NULL;
  g_autoptr (GError) error = NULL;
  JsonArray *frames;

  if (!open_pictures (self))
    return;
  state = sq_tally_get_state (sq_compare_page_get_tally (self->page));
  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL, NULL, &error);
  g_assert_no_error (error);
  json_parser_load_from_data (parser, out, -1, &error);
  g_assert_no_error (error);
  frames = json_object_get_array_member (json_node_get_object (json_parser_get_root (parser)), "frames");
  g_assert_cmpuint (json_array_get_length (frames), ==, state->frames->len);
  for (guint i = 0; i < state->frames->len; i++)
    {
      const SqComparedFrame *frame = &g_array_index (state->frames, SqComparedFrame, i);
      JsonObject *said = json_array_get_object_element (frames, i);

      g_assert_cmpint (json_object_get_int_member (said, "index"), ==, frame->index);
      for (int kind = 0; kind < SQ_N_MATCHES; kind++)
        g_assert_cmpint (json_object_get_int_member (said, kinds[kind]), ==, frame->n[kind]);
    }
}

static void
test_swap (Compare *self, gconstpointer data)
{
  SqMatchTotals before, after;
  SqModelEntry *a;

  if (!open_pictures (self))
    return;
  before = get_total (self);
  sq_compare_page_swap (self->page);
  a = sq_model_choice_get_entry (sq_compare_page_get_choice (self->page, SQ_SIDE_A));
  g_assert_cmpstr (sq_model_entry_get_id (a), ==, B);
  g_assert_true (fixture_wait (is_counted, self, 60));
  after = get_total (self);
  g_assert_cmpuint (before.n[SQ_MATCH_LOST], !=, before.n[SQ_MATCH_NEW]); // else this would show nothing
  g_assert_cmpuint (after.n[SQ_MATCH_LOST], ==, before.n[SQ_MATCH_NEW]);
  g_assert_cmpuint (after.n[SQ_MATCH_NEW], ==, before.n[SQ_MATCH_LOST]);
  g_assert_cmpuint (after.n[SQ_MATCH_AGREED], ==, before.n[SQ_MATCH_AGREED]);
}

static void
test_share (Compare *self, gconstpointer data)
{
  SqFilterState *a = sq_compare_page_get_filter (self->page, SQ_SIDE_A), *b = sq_compare_page_get_filter (self->page, SQ_SIDE_B);
  SqMatchTotals before, after;

  if (!open_pictures (self))
    return;
  before = get_total (self);
  // Together at first: classes go by their names.
  sq_filter_state_set_confidence (a, .5f);
  g_assert_cmpfloat (sq_filter_state_get_confidence (b), ==, .5f);
  sq_filter_state_set_class_shown (b, 0, FALSE);
  g_assert_false (sq_filter_state_get_class_shown (a, 0));
  g_assert_true (fixture_wait (is_settled, self, 10));
  after = get_total (self);
  g_assert_cmpuint (after.n[SQ_MATCH_AGREED], <, before.n[SQ_MATCH_AGREED]);
  sq_filter_state_set_all_classes_shown (b, TRUE);
  sq_filter_state_set_confidence (b, .25f);
  g_assert_true (fixture_wait (is_settled, self, 10));
  after = get_total (self);
  g_assert_cmpmem (&after, sizeof after, &before, sizeof before);

  // Each for itself: what B is too strict for is lost.
  g_object_set (self->page, "share", FALSE, NULL);
  sq_filter_state_set_confidence (b, 1);
  g_assert_cmpfloat (sq_filter_state_get_confidence (a), ==, .25f);
  g_assert_true (fixture_wait (is_settled, self, 10));
  after = get_total (self);
  g_assert_cmpuint (after.n[SQ_MATCH_LOST], ==,
                    before.n[SQ_MATCH_LOST] + before.n[SQ_MATCH_AGREED] + before.n[SQ_MATCH_MOVED] + before.n[SQ_MATCH_CLASS]);
  g_assert_cmpuint (after.n[SQ_MATCH_NEW], ==, 0);
  g_object_set (self->page, "share", TRUE, NULL);
  g_assert_cmpfloat (sq_filter_state_get_confidence (b), ==, .25f);
}

static gboolean
plays (gpointer data)
{
  Compare *self = data;

  return self->n_shown >= self->n_before + 12;
}

static gboolean
is_paused (gpointer data)
{
  return sq_pipeline_get_state (sq_compare_page_get_pipeline (((Compare *) data)->page)) == SQ_PIPELINE_PAUSED;
}

static gboolean
is_far (gpointer data)
{
  SqResult *pair = sq_compare_view_get_result (((Compare *) data)->view);

  return pair != NULL && pair->frame->index >= 60;
}

static gboolean
has_moved_on (gpointer data)
{
  return ((Compare *) data)->first >= 0;
}

static void
test_video (Compare *self, gconstpointer data)
{
  g_autofree char *video = fixture_data ("videos/people.mp4");
  gint64 left_at, paused_at;

  if (video == NULL || g_getenv ("SQUINT_MODEL_MIRROR") == NULL)
    {
      g_test_skip ("no test data: set SQUINT_TEST_DATA");
      return;
    }
  g_settings_set_string (sq_workspace_get_settings (self->base.workspace), "playback", "every-frame");
  sq_compare_page_open (self->page, (const char *const[]){ video, NULL });
  g_assert_true (fixture_wait (plays, self, 60));
  g_assert_true (fixture_wait (is_far, self, 60));
  gtk_widget_grab_focus (GTK_WIDGET (self->view));
  g_assert_true (fixture_press (GTK_WIDGET (self->view), GDK_KEY_space, 0));
  g_assert_true (fixture_wait (is_paused, self, 10));
  g_assert_true (fixture_wait (is_settled, self, 10));
  fixture_run_for (.3);
  paused_at = sq_compare_view_get_result (self->view)->frame->index;

  // A frame that was compared comes back as it was, the first one too.
  sq_compare_page_jump (self->page, 0);
  self->expected = 0;
  g_assert_true (fixture_wait (is_shown, self, 10));
  g_assert_nonnull (sq_compare_view_get_result (self->view)->frame->pixels);
  sq_compare_page_step (self->page, 1);
  self->expected = 1;
  g_assert_true (fixture_wait (is_shown, self, 10));
  left_at = 1;

  // On from there.
  self->n_before = self->n_shown;
  self->first = -1;
  g_assert_true (fixture_press (GTK_WIDGET (self->view), GDK_KEY_space, 0));
  g_assert_true (fixture_wait (plays, self, 30));
  g_assert_true (fixture_wait (has_moved_on, self, 30));
  g_assert_cmpint (self->first, >, left_at);
  g_assert_cmpint (self->first, <, paused_at);
  fixture_run_for (.1);
}

typedef struct
{
  Compare *self;
  SqPipeline *before;
} Hidden;

static gboolean
has_another (gpointer data)
{
  const Hidden *hidden = data;
  SqPipeline *pipeline = sq_compare_page_get_pipeline (hidden->self->page);

  return pipeline != NULL && pipeline != hidden->before;
}

// What is chosen for a page that nobody sees runs when it is seen.
static void
test_hidden (Compare *self, gconstpointer data)
{
  SqModelList *models = sq_workspace_get_models (self->base.workspace);
  g_autoptr (SqPipeline) before = NULL;
  Hidden hidden = { self };

  if (!open_pictures (self))
    return;
  before = hidden.before = g_object_ref (sq_compare_page_get_pipeline (self->page));
  sq_window_show_page (self->window, "devices");
  sq_compare_page_set_models (self->page, sq_model_list_find (models, B), sq_model_list_find (models, A));
  fixture_run_for (.5);
  g_assert_false (has_another (&hidden));
  sq_window_show_page (self->window, "compare");
  g_assert_true (fixture_wait (has_another, &hidden, 20));
}

static void
test_error (Compare *self, gconstpointer data)
{
  g_autofree char *bad = g_build_filename (self->base.dir, "holiday.jpg", NULL);

  if (g_getenv ("SQUINT_MODEL_MIRROR") == NULL)
    {
      g_test_skip ("no test data: set SQUINT_TEST_DATA");
      return;
    }
  g_assert_true (g_file_set_contents (bad, "no picture", -1, NULL));
  sq_compare_page_open (self->page, (const char *const[]){ bad, NULL });
  for (int i = 0; i < 200 && !g_str_equal (sq_compare_page_get_state_name (self->page), "error"); i++)
    fixture_run_for (.05);
  g_assert_cmpstr (sq_compare_page_get_state_name (self->page), ==, "error");
  sq_compare_page_close (self->page);
  g_assert_cmpstr (sq_compare_page_get_state_name (self->page), ==, "empty");
}

static gboolean
detect_is (Compare *self, SqPipelineState state)
{
  SqPipeline *pipeline = sq_detect_page_get_pipeline (sq_window_get_detect_page (self->window));

  return pipeline != NULL && sq_pipeline_get_state (pipeline) == state;
}

static gboolean
detect_plays (gpointer data)
{
  return detect_is (data, SQ_PIPELINE_RUNNING);
}

static gboolean
detect_is_paused (gpointer data)
{
  return detect_is (data, SQ_PIPELINE_PAUSED);
}

// "win.compare" takes what Detect has open; that one makes room. Files that are dropped on Compare stay there.
static void
test_window (Compare *self, gconstpointer data)
{
  g_autofree char *video = fixture_data ("videos/people.mp4"), *dog = fixture_data ("images/demo/dog.jpg");
  g_autoptr (GFile) file = NULL;
  g_autofree char *title = NULL;

  if (video == NULL || dog == NULL || g_getenv ("SQUINT_MODEL_MIRROR") == NULL)
    {
      g_test_skip ("no test data: set SQUINT_TEST_DATA");
      return;
    }
  g_settings_set_string (sq_workspace_get_settings (self->base.workspace), "model", A);
  sq_window_open_paths (self->window, (const char *const[]){ video, NULL });
  g_assert_true (fixture_wait (detect_plays, self, 60));
  gtk_widget_activate_action (GTK_WIDGET (self->window), "win.compare", "(ss)", B, A);
  g_assert_cmpstr (sq_window_get_page (self->window), ==, "compare");
  g_assert_true (fixture_wait (plays, self, 60));
  g_assert_cmpstr (sq_model_entry_get_id (sq_model_choice_get_entry (sq_compare_page_get_choice (self->page, SQ_SIDE_A))), ==, B);
  g_assert_true (fixture_wait (detect_is_paused, self, 10));
  g_object_get (self->page, "title", &title, NULL);
  g_assert_cmpstr (title, ==, "people.mp4");

  file = g_file_new_for_path (dog);
  g_assert_true (sq_window_drop_files (self->window, &(GSList){ .data = file }));
  g_assert_cmpstr (sq_window_get_page (self->window), ==, "compare");
  g_assert_true (fixture_wait (is_counted, self, 60));
  self->expected = 0;
  g_assert_true (fixture_wait (is_shown, self, 10));
  g_assert_true (g_str_has_suffix (sq_compare_view_get_result (self->view)->frame->path, "images/demo/dog.jpg"));
}

static gboolean
have_project (gpointer data)
{
  return sq_workspace_get_project (((Compare *) data)->base.workspace) != NULL;
}

static SqRun *
get_session (Compare *self)
{
  g_autoptr (SqRunItem) item = g_list_model_get_item (sq_sessions_page_get_list (sq_window_get_sessions_page (self->window)), 0);

  return item != NULL ? sq_run_item_get_run (item) : NULL; // the list holds it
}

static gboolean
is_stored (gpointer data)
{
  SqRun *run = get_session (data);

  return run != NULL && run->state == SQ_RUN_FINISHED;
}

static void
find_button (GtkWidget *widget, const char *action, GtkWidget **found)
{
  if (GTK_IS_ACTIONABLE (widget) && g_strcmp0 (gtk_actionable_get_action_name (GTK_ACTIONABLE (widget)), action) == 0)
    *found = widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    find_button (child, action, found);
}

static gboolean
is_offered (gpointer data)
{
  GtkWidget *button = NULL;

  find_button (GTK_WIDGET (sq_window_get_sessions_page (((Compare *) data)->window)), "win.compare-runs", &button);
  return button != NULL && gtk_widget_get_visible (button);
}

static gboolean
is_read (gpointer data)
{
  Compare *self = data;
  SqTally *tally = sq_compare_page_get_tally (self->page);
  g_autoptr (SqTallyState) state = tally != NULL ? sq_tally_get_state (tally) : NULL;

  return state != NULL && state->frames->len == 8 && sq_tally_get_settled (tally) && sq_compare_view_get_result (self->view) != NULL;
}

// A comparison is one session, which opens here again and says the same without running anything; its report too.
static void
test_stored (Compare *self, gconstpointer data)
{
  g_autoptr (SqRecorder) recorder = sq_recorder_new (self->base.workspace);
  g_autofree char *file = g_build_filename (self->base.dir, "report.html", NULL), *html = NULL;
  SqSessionsPage *sessions = sq_window_get_sessions_page (self->window);
  SqMatchTotals before, after;
  GtkWidget *button = NULL;

  sq_workspace_open_project (self->base.workspace);
  g_assert_true (fixture_wait (have_project, self, 10));
  if (!open_pictures (self))
    return;
  before = get_total (self);
  g_assert_true (fixture_wait (is_stored, self, 10));
  g_assert_cmpuint (g_list_model_get_n_items (sq_sessions_page_get_list (sessions)), ==, 1);
  sq_compare_page_close (self->page);

  sq_window_show_page (self->window, "sessions");
  sq_sessions_page_open (sessions, get_session (self));
  g_assert_true (fixture_wait (is_offered, self, 10));
  find_button (GTK_WIDGET (sessions), "win.compare-runs", &button);
  g_signal_emit_by_name (button, "clicked");
  g_assert_cmpstr (sq_window_get_page (self->window), ==, "compare");
  g_assert_true (fixture_wait (is_read, self, 20));
  g_assert_null (sq_compare_page_get_pipeline (self->page));
  after = get_total (self);
  g_assert_cmpmem (&after, sizeof after, &before, sizeof before);
  g_assert_nonnull (sq_compare_view_get_result (self->view)->frame->pixels);
  walk (self, GDK_KEY_w, 0, 0);

  sq_compare_page_save_report_to (self->page, file);
  for (int i = 0; i < 200 && !g_file_test (file, G_FILE_TEST_EXISTS); i++)
    fixture_run_for (.05);
  g_assert_true (g_file_get_contents (file, &html, NULL, NULL));
  g_assert_nonnull (strstr (html, "data:image/jpeg"));
  g_assert_nonnull (strstr (html, "dog.jpg")); // the worst of them
}

static void
add (const char *path, void (*test) (Compare *, gconstpointer))
{
  g_test_add (path, Compare, NULL, set_up, test, tear_down);
}

int
main (int argc, char *argv[])
{
  fixture_init (&argc, &argv);
  add ("/ui/compare/pictures", test_pictures);
  add ("/ui/compare/command-line", test_command_line);
  add ("/ui/compare/swap", test_swap);
  add ("/ui/compare/hidden", test_hidden);
  add ("/ui/compare/share", test_share);
  add ("/ui/compare/video", test_video);
  add ("/ui/compare/error", test_error);
  add ("/ui/compare/stored", test_stored);
  add ("/ui/compare/window", test_window);
  return g_test_run ();
}
