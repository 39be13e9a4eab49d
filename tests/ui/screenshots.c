// SPDX-License-Identifier: GPL-3.0-or-later
// Every page in every state, light and dark, at 1280x800 and 800x600, into the build folder; to be looked at by people.
// Runs the real engine where the test data is there, and says so where not.
#include "config.h"

#include "app/recorder.h"
#include "stored.h"
#include "ui/compress-dialog.h"
#include "ui/preferences.h"
#include <glib/gstdio.h>

typedef struct
{
  SqWindow *window;
  SqWorkspace *workspace;
} Shot;

static gboolean
have_project (gpointer data)
{
  Shot *shot = data;

  return sq_workspace_get_project (shot->workspace) != NULL;
}

static gboolean
run_ended (gpointer data)
{
  Shot *shot = data;
  SqPipeline *pipeline = sq_detect_page_get_pipeline (sq_window_get_detect_page (shot->window));

  return g_str_equal (sq_detect_page_get_state_name (sq_window_get_detect_page (shot->window)), "error")
         || (pipeline != NULL && sq_pipeline_get_state (pipeline) == SQ_PIPELINE_FINISHED);
}

static gboolean
have_detections (gpointer data)
{
  Shot *shot = data;

  return sq_video_view_get_detections (sq_detect_page_get_view (sq_window_get_detect_page (shot->window)))->len > 3;
}

static gboolean
have_sessions (gpointer data)
{
  Shot *shot = data;
  g_autoptr (SqRunItem) item = g_list_model_get_item (sq_sessions_page_get_list (sq_window_get_sessions_page (shot->window)), 0);

  return item != NULL && sq_run_item_get_run (item) != NULL && sq_run_item_get_run (item)->n_frames > 0;
}

static gboolean
session_shown (gpointer data)
{
  Shot *shot = data;

  return sq_video_view_get_result (sq_sessions_page_get_view (sq_window_get_sessions_page (shot->window))) != NULL;
}

static void
take (Shot *shot, const char *what, const char *theme, int width, int height)
{
  g_autofree char *name = g_strdup_printf ("%s-%s-%dx%d", what, theme, width, height);

  fixture_run_for (.25);
  fixture_screenshot (GTK_WIDGET (shot->window), name);
}

static gboolean
have_objects (gpointer data)
{
  Shot *shot = data;
  SqObjectGrid *objects = sq_sessions_page_get_objects (sq_window_get_sessions_page (shot->window));

  return g_list_model_get_n_items (sq_object_grid_get_list (objects)) > 0 && !sq_object_grid_get_loading (objects);
}

static void
shoot_search (Shot *shot, const char *theme, int width, int height)
{
  SqSessionsPage *page = sq_window_get_sessions_page (shot->window);
  SqSessionFilters *filters = sq_sessions_page_get_filters (page);

  sq_sessions_page_toggle_search (page);
  take (shot, "sessions-search", theme, width, height);
  sq_session_filters_set (filters, SQ_SESSION_CLASS, "person");
  sq_session_filters_set_min_score (filters, .4);
  sq_session_filters_set (filters, SQ_SESSION_DATE, "7");
  g_assert_true (fixture_wait (have_objects, shot, 20));
  fixture_run_for (2);
  take (shot, "sessions-objects", theme, width, height);
  sq_session_filters_set (filters, SQ_SESSION_TAG, "nowhere");
  fixture_run_for (.3);
  take (shot, "sessions-nothing", theme, width, height);
  sq_sessions_page_escape (page);
  sq_sessions_page_escape (page);
  g_assert_true (fixture_wait (have_sessions, shot, 10));
}

static void
shoot_all (Fixture *fixture, const char *theme, int width, int height)
{
  Shot shot = { .workspace = fixture->workspace };
  g_autofree char *folder = fixture_data ("images/demo");
  g_autofree char *video = fixture_data ("videos/people.mp4");
  g_autofree char *models = fixture_data ("models");
  g_autofree char *bad = g_build_filename (fixture->dir, "holiday.jpg", NULL);
  g_autoptr (SqRecorder) recorder = sq_recorder_new (fixture->workspace);

  if (models != NULL)
    g_setenv ("SQUINT_MODEL_MIRROR", models, FALSE);
  adw_style_manager_set_color_scheme (adw_style_manager_get_default (),
                                      g_str_equal (theme, "dark") ? ADW_COLOR_SCHEME_FORCE_DARK : ADW_COLOR_SCHEME_FORCE_LIGHT);
  sq_workspace_open_project (fixture->workspace);
  g_assert_true (fixture_wait (have_project, &shot, 10));
  shot.window = fixture_window (fixture, width, height);

  take (&shot, "detect-empty", theme, width, height);
  sq_window_show_page (shot.window, "sessions");
  take (&shot, "sessions-empty", theme, width, height);

  g_assert_true (g_file_set_contents (bad, "no picture", -1, NULL));
  sq_window_open_paths (shot.window, (const char *const[]){ bad, NULL });
  if (models != NULL)
    g_assert_true (fixture_wait (run_ended, &shot, 60));
  take (&shot, "detect-error", theme, width, height);

  if (folder != NULL && video != NULL && models != NULL)
    {
      sq_window_open_paths (shot.window, (const char *const[]){ video, NULL });
      g_assert_true (fixture_wait (have_detections, &shot, 60));
      fixture_run_for (1.5);
      take (&shot, "detect-running", theme, width, height);
      sq_window_open_paths (shot.window, (const char *const[]){ folder, NULL });
      g_assert_true (fixture_wait (run_ended, &shot, 90));
      fixture_run_for (.5);
      gtk_widget_activate_action (GTK_WIDGET (sq_detect_page_get_view (sq_window_get_detect_page (shot.window))), "view.next", NULL);
      take (&shot, "detect-finished", theme, width, height);

      sq_window_show_page (shot.window, "sessions");
      g_assert_true (fixture_wait (have_sessions, &shot, 10));
      fixture_run_for (.6);
      take (&shot, "sessions", theme, width, height);
      shoot_search (&shot, theme, width, height);
      for (guint i = 0; i < 2; i++)
        {
          g_autoptr (SqRunItem) item = g_list_model_get_item (sq_sessions_page_get_list (sq_window_get_sessions_page (shot.window)), i);

          sq_sessions_page_open (sq_window_get_sessions_page (shot.window), sq_run_item_get_run (item));
          g_assert_true (fixture_wait (session_shown, &shot, 10));
          take (&shot, i == 0 ? "session-pictures" : "session-video", theme, width, height);
          sq_sessions_page_go_back (sq_window_get_sessions_page (shot.window));
        }
      sq_detect_page_close (sq_window_get_detect_page (shot.window));
      sq_window_show_page (shot.window, "detect");
      take (&shot, "detect-recents", theme, width, height);
    }
  else
    {
      g_test_message ("no test data: pages with content are left out");
    }

  sq_window_show_page (shot.window, "models");
  fixture_run_for (.6);
  take (&shot, "models", theme, width, height);
  sq_window_show_page (shot.window, "devices");
  fixture_run_for (1.2);
  take (&shot, "devices", theme, width, height);

  {
    GtkWidget *preferences = sq_preferences_new (NULL, fixture->workspace);
    g_autofree char *name = g_strdup_printf ("preferences-%s-%dx%d", theme, width, height);

    gtk_window_present (GTK_WINDOW (preferences));
    fixture_run_for (.3);
    fixture_screenshot (preferences, name);
    gtk_window_destroy (GTK_WINDOW (preferences));
  }
  fixture_destroy_window (shot.window);
}

static void
test_light (Fixture *fixture, gconstpointer data)
{
  shoot_all (fixture, "light", 1280, 800);
}

static void
test_dark (Fixture *fixture, gconstpointer data)
{
  shoot_all (fixture, "dark", 1280, 800);
}

static void
test_light_small (Fixture *fixture, gconstpointer data)
{
  shoot_all (fixture, "light", 800, 600);
}

static void
test_dark_small (Fixture *fixture, gconstpointer data)
{
  shoot_all (fixture, "dark", 800, 600);
}

// Right to left: everything mirrored but pictures.
static void
test_mirrored (Fixture *fixture, gconstpointer data)
{
  gtk_widget_set_default_direction (GTK_TEXT_DIR_RTL);
  shoot_all (fixture, "mirrored", 1280, 800);
  gtk_widget_set_default_direction (GTK_TEXT_DIR_LTR);
}

/* Variants: made once, looked at in every style and size */

static SqCompressDialog *
find_dialog (void)
{
  GListModel *windows = gtk_window_get_toplevels ();

  for (guint i = 0; i < g_list_model_get_n_items (windows); i++)
    {
      g_autoptr (GtkWindow) window = g_list_model_get_item (windows, i);

      if (SQ_IS_COMPRESS_DIALOG (window))
        return SQ_COMPRESS_DIALOG (window);
    }
  return NULL;
}

static SqModelEntry *
find_own (SqWorkspace *workspace, gboolean variant, const char *level)
{
  GListModel *models = G_LIST_MODEL (sq_workspace_get_models (workspace));

  for (guint i = 0; i < g_list_model_get_n_items (models); i++)
    {
      g_autoptr (SqModelEntry) entry = g_list_model_get_item (models, i);

      if (sq_model_entry_get_installed (entry) && (sq_model_entry_get_variant (entry) != NULL) == variant
          && (level == NULL || g_str_equal (sq_model_entry_get_level (entry), level)))
        return entry; // the list holds it
    }
  return NULL;
}

static gboolean
have_own_model (gpointer data)
{
  return find_own (((Shot *) data)->workspace, FALSE, NULL) != NULL;
}

static gboolean
is_told (gpointer data)
{
  SqCompressDialog *dialog = find_dialog ();

  return dialog == NULL || !g_str_equal (sq_compress_dialog_get_page (dialog), "running");
}

static gboolean
is_under_way (gpointer data)
{
  return sq_compressor_get_fraction (sq_workspace_get_compressor (((Shot *) data)->workspace)) > .3;
}

static void
take_dialog (const char *what, const char *theme)
{
  g_autofree char *name = g_strdup_printf ("compress-%s-%s", what, theme);

  fixture_run_for (.3);
  fixture_screenshot (GTK_WIDGET (find_dialog ()), name);
}

static void
open_dialog (Shot *shot, const char *level, const char *pictures)
{
  gtk_widget_activate_action (GTK_WIDGET (shot->window), "win.compress", "(ss)",
                              sq_model_entry_get_id (find_own (shot->workspace, FALSE, NULL)), level);
  sq_compress_dialog_set_pictures (find_dialog (), pictures);
}

static void
scroll_to (GtkWidget *widget, double fraction)
{
  if (GTK_IS_SCROLLED_WINDOW (widget) && gtk_widget_get_mapped (widget))
    {
      GtkAdjustment *at = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (widget));

      gtk_adjustment_set_value (at, fraction * (gtk_adjustment_get_upper (at) - gtk_adjustment_get_page_size (at)));
    }
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    scroll_to (child, fraction);
}

// A click on each level; the last stays open as long as it runs.
static void
make_variants (Shot *shot, const char *pictures)
{
  static const char *const levels[] = { "half", "slim25", "int8" };

  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    {
      open_dialog (shot, levels[i], pictures);
      sq_compress_dialog_start (find_dialog ());
      if (i == 2)
        {
          g_assert_true (fixture_wait (is_under_way, shot, 60));
          fixture_run_for (1);
          take_dialog ("running", "light");
        }
      g_assert_true (fixture_wait (is_told, shot, 90));
      if (i == 2)
        take_dialog ("warned", "light");
      gtk_window_close (GTK_WINDOW (find_dialog ()));
      fixture_run_for (.2);
    }
}

static void
shoot_variants (Shot *shot, const char *theme, int width, int height)
{
  SqModelsPage *page;

  adw_style_manager_set_color_scheme (adw_style_manager_get_default (),
                                      g_str_equal (theme, "dark") ? ADW_COLOR_SCHEME_FORCE_DARK : ADW_COLOR_SCHEME_FORCE_LIGHT);
  shot->window = fixture_window (&(Fixture){ .workspace = shot->workspace }, width, height);
  page = sq_window_get_models_page (shot->window);
  sq_window_show_page (shot->window, "models");
  take (shot, "variants", theme, width, height);
  gtk_widget_activate_action (GTK_WIDGET (shot->window), "win.show-model", "s",
                              sq_model_entry_get_id (find_own (shot->workspace, TRUE, "int8")));
  fixture_run_for (.8);
  for (int i = 0; i < 4; i++)
    {
      g_autofree char *name = g_strdup_printf ("variant-%d", i);

      scroll_to (GTK_WIDGET (sq_models_page_get_details (page)), i / 3.);
      take (shot, name, theme, width, height);
    }
  {
    SqVariantPanel *panel = sq_model_details_get_panel (sq_models_page_get_details (page));

    sq_fidelity_chart_show (sq_variant_panel_get_chart (panel), 2);
    sq_recipe_editor_type (sq_variant_panel_get_editor (panel), "[recipe]\nid=mine\nsteps=melt;\n");
    scroll_to (GTK_WIDGET (sq_models_page_get_details (page)), 1 / 3.);
    take (shot, "variant-pointed-at", theme, width, height);
    scroll_to (GTK_WIDGET (sq_models_page_get_details (page)), 2 / 3.);
    take (shot, "variant-bad-recipe", theme, width, height);
  }
  sq_window_show_page (shot->window, "detect");
  take (shot, "variant-in-use", theme, width, height);
  open_dialog (shot, "int8", NULL);
  take_dialog ("missing", theme);
  sq_compress_dialog_set_pictures (find_dialog (), "/home/me/Pictures/Yard");
  take_dialog ("idle", theme);
  sq_compress_dialog_start (find_dialog ());
  g_assert_true (fixture_wait (is_told, shot, 20));
  take_dialog ("failed", theme);
  gtk_window_close (GTK_WINDOW (find_dialog ()));
  fixture_destroy_window (shot->window);
}

static void
test_variants (Fixture *fixture, gconstpointer data)
{
  Shot shot = { .workspace = fixture->workspace };
  g_autofree char *model = fixture_data ("models/yolo-fastest-1.1/yolo-fastest-1.1.cfg"), *pictures = fixture_data ("images/demo");

  if (model == NULL || pictures == NULL)
    {
      g_test_skip ("no test data: set SQUINT_TEST_DATA");
      return;
    }
  sq_workspace_open_project (fixture->workspace);
  g_assert_true (fixture_wait (have_project, &shot, 10));
  adw_style_manager_set_color_scheme (adw_style_manager_get_default (), ADW_COLOR_SCHEME_FORCE_LIGHT);
  shot.window = fixture_window (fixture, 1280, 800);
  sq_models_page_add_files (sq_window_get_models_page (shot.window), (const char *const[]){ model, NULL });
  g_assert_true (fixture_wait (have_own_model, &shot, 20));
  make_variants (&shot, pictures);
  sq_model_list_set_current (sq_workspace_get_models (fixture->workspace), find_own (fixture->workspace, TRUE, "int8"));
  fixture_destroy_window (shot.window);
  shoot_variants (&shot, "light", 1280, 800);
  shoot_variants (&shot, "dark", 1280, 800);
  shoot_variants (&shot, "light", 800, 600);
  shoot_variants (&shot, "dark", 420, 700);
}

static gboolean
have_models (gpointer data)
{
  return sq_model_list_get_ready (sq_workspace_get_models (((Shot *) data)->workspace));
}

static gboolean
compare_ended (gpointer data)
{
  SqComparePage *page = sq_window_get_compare_page (((Shot *) data)->window);
  SqPipeline *pipeline = sq_compare_page_get_pipeline (page);

  return g_str_equal (sq_compare_page_get_state_name (page), "error")
         || (pipeline != NULL && sq_pipeline_get_state (pipeline) == SQ_PIPELINE_FINISHED
             && sq_tally_get_settled (sq_compare_page_get_tally (page)));
}

static gboolean
compare_plays (gpointer data)
{
  SqResult *pair = sq_compare_view_get_result (sq_compare_page_get_view (sq_window_get_compare_page (((Shot *) data)->window)));

  return pair != NULL && pair->frame->index > 30;
}

static void
shoot_compare (Fixture *fixture, const char *theme, int width, int height)
{
  static const char *const modes[SQ_N_COMPARE_MODES] = { "split", "side-by-side", "only-b" };
  Shot shot = { .workspace = fixture->workspace };
  g_autofree char *folder = fixture_data ("images/demo"), *video = fixture_data ("videos/people.mp4"), *models = fixture_data ("models");
  g_autofree char *bad = g_build_filename (fixture->dir, "holiday.jpg", NULL);
  SqModelList *list = sq_workspace_get_models (fixture->workspace);
  GSettings *settings = sq_workspace_get_settings (fixture->workspace);
  SqComparePage *page;

  if (folder == NULL || video == NULL || models == NULL)
    {
      g_test_skip ("no test data: set SQUINT_TEST_DATA");
      return;
    }
  g_setenv ("SQUINT_MODEL_MIRROR", models, FALSE);
  g_assert_true (fixture_wait (have_models, &shot, 10));
  if (g_str_equal (theme, "mirrored"))
    gtk_widget_set_default_direction (GTK_TEXT_DIR_RTL);
  adw_style_manager_set_color_scheme (adw_style_manager_get_default (),
                                      g_str_equal (theme, "dark") ? ADW_COLOR_SCHEME_FORCE_DARK : ADW_COLOR_SCHEME_FORCE_LIGHT);
  shot.window = fixture_window (fixture, width, height);
  page = sq_window_get_compare_page (shot.window);
  sq_window_show_page (shot.window, "compare");
  sq_compare_page_set_models (page, sq_model_list_find (list, "yolox-nano"), sq_model_list_find (list, "yolo-fastest-1.1"));
  take (&shot, "compare-empty", theme, width, height);

  sq_compare_page_open (page, (const char *const[]){ folder, NULL });
  g_assert_true (fixture_wait (compare_ended, &shot, 60));
  fixture_run_for (.5);
  sq_compare_page_walk (page, 0);
  for (int m = 0; m < SQ_N_COMPARE_MODES; m++)
    {
      g_autofree char *name = g_strconcat ("compare-", modes[m], NULL);

      g_settings_set_enum (settings, "compare-mode", m);
      take (&shot, name, theme, width, height);
    }
  g_settings_set_enum (settings, "compare-mode", SQ_COMPARE_SPLIT);
  g_settings_set_boolean (settings, "compare-share", FALSE);
  gtk_widget_activate_action (GTK_WIDGET (sq_compare_page_get_view (page)), "view.next", NULL);
  scroll_to (GTK_WIDGET (page), 1);
  take (&shot, "compare-selected", theme, width, height);
  g_settings_reset (settings, "compare-share");

  sq_compare_page_open (page, (const char *const[]){ video, NULL });
  g_assert_true (fixture_wait (compare_plays, &shot, 60));
  fixture_run_for (.5);
  scroll_to (GTK_WIDGET (page), 0);
  take (&shot, "compare-video", theme, width, height);

  g_assert_true (g_file_set_contents (bad, "no picture", -1, NULL));
  sq_compare_page_open (page, (const char *const[]){ bad, NULL });
  g_assert_true (fixture_wait (compare_ended, &shot, 60));
  take (&shot, "compare-error", theme, width, height);
  fixture_destroy_window (shot.window);
  gtk_widget_set_default_direction (GTK_TEXT_DIR_LTR);
}

static void
test_compare (Fixture *fixture, gconstpointer data)
{
  shoot_compare (fixture, "light", 1280, 800);
  shoot_compare (fixture, "dark", 1280, 800);
  shoot_compare (fixture, "light", 800, 600);
  shoot_compare (fixture, "dark", 420, 700);
  shoot_compare (fixture, "mirrored", 1280, 800);
}

static gboolean
evaluated (gpointer data)
{
  return !g_str_equal (sq_evaluation_view_get_state_name (data), "busy");
}

// Sessions with what people wrote to them, one whose pictures are gone, and one beside labels.
static void
shoot_stored (Fixture *fixture, const char *theme, int width, int height)
{
  Stored s;
  Shot shot = { .workspace = fixture->workspace };
  g_autofree char *labels = NULL;
  g_autoptr (SqRun) run = NULL;
  gint64 second;

  adw_style_manager_set_color_scheme (adw_style_manager_get_default (),
                                      g_str_equal (theme, "dark") ? ADW_COLOR_SCHEME_FORCE_DARK : ADW_COLOR_SCHEME_FORCE_LIGHT);
  stored_open (&s, fixture, width, height);
  shot.window = s.window;
  labels = stored_write_labels (&s);
  second = stored_add_run (&s, "Morning again", "yolov4-tiny", s.pictures, 2, .3f);
  sq_project_add_run_tag (s.project, s.runs[0], "gate 3");
  sq_project_add_run_tag (s.project, s.runs[0], "rain");
  sq_project_set_run_note (s.project, s.runs[0], "The second camera was off until ten; compare with the evening.");
  run = stored_load (&s, s.runs[0]);
  sq_sessions_page_open (s.page, run);
  g_assert_true (fixture_wait (stored_session_shown, &s, 10));
  take (&shot, "session-notes", theme, width, height);
  for (guint i = 0; i < 2; i++)
    {
      sq_sessions_page_evaluate (s.page, s.runs[0], i == 0 ? 0 : second, labels, NULL);
      g_assert_true (fixture_wait (evaluated, sq_sessions_page_get_evaluation (s.page), 10));
      fixture_run_for (.5);
      take (&shot, i == 0 ? "evaluation" : "evaluation-two", theme, width, height);
      scroll_to (GTK_WIDGET (sq_sessions_page_get_evaluation (s.page)), 1);
      take (&shot, i == 0 ? "evaluation-pictures" : "evaluation-two-pictures", theme, width, height);
      scroll_to (GTK_WIDGET (sq_sessions_page_get_evaluation (s.page)), 0);
    }
  sq_sessions_page_go_back (s.page);
  g_assert_cmpint (g_unlink (s.pictures[0]), ==, 0);
  sq_sessions_page_open (s.page, run);
  fixture_run_for (.5);
  take (&shot, "session-gone", theme, width, height);
  stored_close (&s);
}

static void
test_stored (Fixture *fixture, gconstpointer data)
{
  shoot_stored (fixture, data, g_str_equal (data, "light") ? 1280 : 800, g_str_equal (data, "light") ? 800 : 600);
}

int
main (int argc, char *argv[])
{
  fixture_init (&argc, &argv);
  g_test_add ("/ui/screenshots/light", Fixture, NULL, fixture_set_up, test_light, fixture_tear_down);
  g_test_add ("/ui/screenshots/dark", Fixture, NULL, fixture_set_up, test_dark, fixture_tear_down);
  g_test_add ("/ui/screenshots/light-small", Fixture, NULL, fixture_set_up, test_light_small, fixture_tear_down);
  g_test_add ("/ui/screenshots/dark-small", Fixture, NULL, fixture_set_up, test_dark_small, fixture_tear_down);
  g_test_add ("/ui/screenshots/mirrored", Fixture, NULL, fixture_set_up, test_mirrored, fixture_tear_down);
  g_test_add ("/ui/screenshots/compare", Fixture, NULL, fixture_set_up, test_compare, fixture_tear_down);
  g_test_add ("/ui/screenshots/stored-light", Fixture, "light", fixture_set_up, test_stored, fixture_tear_down);
  g_test_add ("/ui/screenshots/stored-dark", Fixture, "dark", fixture_set_up, test_stored, fixture_tear_down);
  g_test_add ("/ui/screenshots/variants", Fixture, NULL, fixture_set_up, test_variants, fixture_tear_down);
  return g_test_run ();
}
