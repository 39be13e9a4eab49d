// SPDX-License-Identifier: GPL-3.0-or-later
// The window: pages, drops, shortcuts, actions, names of what has only an icon.
#include "config.h"

#include "fixture.h"
#include "ui/about.h"
#include "ui/drop-overlay.h"

typedef void (*Visit) (GtkWidget *widget, gpointer data);

static void
visit_all (GtkWidget *widget, Visit visit, gpointer data)
{
  visit (widget, data);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    visit_all (child, visit, data);
}

static GtkDropTarget *
find_drop_target (GtkWidget *window)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (window);

  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);

      if (GTK_IS_DROP_TARGET (controller))
        return GTK_DROP_TARGET (controller);
    }
  return NULL;
}

// As GTK delivers it: through the drop target's own signal.
static gboolean
drop (SqWindow *window, const char *path)
{
  g_auto (GValue) value = G_VALUE_INIT;
  GFile *file = g_file_new_for_path (path);
  GSList *files = g_slist_append (NULL, file);
  gboolean taken = FALSE;

  g_value_init (&value, GDK_TYPE_FILE_LIST);
  g_value_take_boxed (&value, gdk_file_list_new_from_list (files));
  g_signal_emit_by_name (find_drop_target (GTK_WIDGET (window)), "drop", &value, 10., 10., &taken);
  g_slist_free_full (files, g_object_unref);
  return taken;
}

static void
test_pages (Fixture *fixture, gconstpointer data)
{
  SqWindow *window = fixture_window (fixture, 1000, 700);
  static const char *const pages[] = { "compare", "models", "sessions", "devices", "detect" };

  g_assert_cmpstr (sq_window_get_page (window), ==, "detect");
  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    {
      gtk_widget_activate_action (GTK_WIDGET (window), "win.show-page", "s", pages[i]);
      fixture_run_for (.05);
      g_assert_cmpstr (sq_window_get_page (window), ==, pages[i]);
    }
  fixture_destroy_window (window);
}

static void
test_fold (Fixture *fixture, gconstpointer data)
{
  SqWindow *window = fixture_window (fixture, 500, 600);

  fixture_run_for (.2);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.back", NULL);
  fixture_run_for (.05);
  sq_window_show_page (window, "models");
  fixture_run_for (.05);
  g_assert_cmpstr (sq_window_get_page (window), ==, "models");
  fixture_destroy_window (window);
}

static gboolean
page_is_error (gpointer page)
{
  return g_strcmp0 (sq_detect_page_get_state_name (page), "error") == 0;
}

static void
test_drop_garbage (Fixture *fixture, gconstpointer data)
{
  SqWindow *window = fixture_window (fixture, 900, 640);
  g_autofree char *path = g_build_filename (fixture->dir, "not-a-picture.jpg", NULL);
  g_autofree char *models = fixture_data ("models");

  if (models != NULL)
    g_setenv ("SQUINT_MODEL_MIRROR", models, FALSE);
  g_assert_true (g_file_set_contents (path, "this is no picture", -1, NULL));
  sq_window_show_page (window, "sessions");
  g_assert_true (drop (window, path));
  g_assert_cmpstr (sq_window_get_page (window), ==, "detect");
  // Said in words, with a way on; the program goes on.
  if (models != NULL)
    g_assert_true (fixture_wait (page_is_error, sq_window_get_detect_page (window), 30));
  fixture_destroy_window (window);
}

static void
test_drop_model (Fixture *fixture, gconstpointer data)
{
  SqWindow *window = fixture_window (fixture, 900, 640);
  g_autofree char *path = g_build_filename (fixture->dir, "broken.onnx", NULL);

  g_assert_true (g_file_set_contents (path, "no model", -1, NULL));
  g_assert_true (drop (window, path));
  g_assert_cmpstr (sq_window_get_page (window), ==, "models");
  fixture_run_for (.3);
  fixture_destroy_window (window);
}

static void
find_overlay (GtkWidget *widget, gpointer data)
{
  if (SQ_IS_DROP_OVERLAY (widget))
    *(SqDropOverlay **) data = SQ_DROP_OVERLAY (widget);
}

static void
test_overlay (Fixture *fixture, gconstpointer data)
{
  SqWindow *window = fixture_window (fixture, 900, 640);
  GtkDropTarget *target = find_drop_target (GTK_WIDGET (window));
  SqDropOverlay *overlay = NULL;
  GdkDragAction action;

  visit_all (GTK_WIDGET (window), find_overlay, &overlay);
  g_assert_nonnull (overlay);
  g_assert_false (sq_drop_overlay_get_active (overlay));
  g_signal_emit_by_name (target, "enter", 5., 5., &action);
  g_assert_cmpint (action, ==, GDK_ACTION_COPY);
  g_assert_true (sq_drop_overlay_get_active (overlay));
  fixture_run_for (.3);
  fixture_screenshot (GTK_WIDGET (window), "drop-overlay");
  g_signal_emit_by_name (target, "leave");
  g_assert_false (sq_drop_overlay_get_active (overlay));
  fixture_destroy_window (window);
}

static void
check_name (GtkWidget *widget, gpointer data)
{
  const char *icon = NULL;

  if (GTK_IS_BUTTON (widget) && !GTK_IS_CHECK_BUTTON (widget))
    icon = gtk_button_get_icon_name (GTK_BUTTON (widget));
  else if (GTK_IS_MENU_BUTTON (widget))
    icon = gtk_menu_button_get_icon_name (GTK_MENU_BUTTON (widget));
  // The parts inside composite widgets of the toolkit have their names elsewhere.
  if (icon == NULL || gtk_widget_get_ancestor (widget, GTK_TYPE_WINDOW_CONTROLS) != NULL
      || gtk_widget_get_ancestor (widget, GTK_TYPE_SPIN_BUTTON) != NULL || gtk_widget_get_ancestor (widget, GTK_TYPE_SEARCH_BAR) != NULL
      || gtk_widget_get_ancestor (widget, GTK_TYPE_INFO_BAR) != NULL || gtk_widget_get_ancestor (widget, ADW_TYPE_ENTRY_ROW) != NULL)
    return;
  if (gtk_widget_get_tooltip_text (widget) == NULL)
    {
      g_test_message ("a button with the icon %s has no tooltip", icon);
      g_test_fail ();
    }
}

static void
test_names (Fixture *fixture, gconstpointer data)
{
  SqWindow *window = fixture_window (fixture, 1000, 700);

  visit_all (GTK_WIDGET (window), check_name, NULL);
  fixture_destroy_window (window);
}

static void
collect_accelerators (GtkWidget *widget, gpointer data)
{
  if (GTK_IS_SHORTCUTS_SHORTCUT (widget))
    {
      g_autofree char *accelerator = NULL;

      g_object_get (widget, "accelerator", &accelerator, NULL);
      if (accelerator != NULL)
        g_hash_table_add (data, g_steal_pointer (&accelerator));
    }
}

static void
test_shortcuts (void)
{
  g_autoptr (GtkBuilder) builder = gtk_builder_new_from_resource (RESOURCE_BASE "/gtk/help-overlay.ui");
  g_autoptr (GHashTable) shown = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GtkWidget *window = GTK_WIDGET (gtk_builder_get_object (builder, "help_overlay"));
  static const char *const expected[] = {
    "space",   "comma",          "period",
    "<ctrl>O", "<ctrl>F",        "<ctrl>D",
    "<ctrl>E", "<ctrl>C",        "F9",
    "F11",     "<ctrl>question", "bracketleft bracketright",
    "plus",    "minus",          "0",
    "<ctrl>S", "<ctrl>Z",        "n <shift>N",
    "w",       "<alt>1...5",     "Menu <shift>F10",
  };

  gtk_window_present (GTK_WINDOW (window));
  fixture_run_for (.3);
  visit_all (window, collect_accelerators, shown);
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    if (!g_hash_table_contains (shown, expected[i]))
      {
        g_test_message ("%s is not in the shortcuts window", expected[i]);
        g_test_fail ();
      }
  fixture_screenshot (window, "shortcuts");
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
test_debug_info (Fixture *fixture, gconstpointer data)
{
  g_autofree char *info = NULL;

  fixture_run_for (.3);
  info = sq_about_debug_info (sq_workspace_get_monitor (fixture->workspace), "FFmpeg: 5.1\n");
  g_assert_nonnull (strstr (info, "GTK: 4."));
  g_assert_nonnull (strstr (info, "libadwaita: 1."));
  g_assert_nonnull (strstr (info, "FFmpeg: 5.1"));
  g_assert_nonnull (strstr (info, "- cpu: "));
}

static void
test_inspector (Fixture *fixture, gconstpointer data)
{
  SqWindow *window = fixture_window (fixture, 1000, 700);
  SqDetectPage *page = sq_window_get_detect_page (window);
  GSettings *settings = sq_workspace_get_settings (fixture->workspace);
  gboolean visible;

  g_settings_set_boolean (settings, "inspector-visible", FALSE);
  g_object_get (page, "inspector-visible", &visible, NULL);
  g_assert_false (visible);
  g_settings_set_boolean (settings, "inspector-visible", TRUE);
  g_object_get (page, "inspector-visible", &visible, NULL);
  g_assert_true (visible);
  fixture_destroy_window (window);
}

int
main (int argc, char *argv[])
{
  fixture_init (&argc, &argv);
  g_test_add ("/ui/window/pages", Fixture, NULL, fixture_set_up, test_pages, fixture_tear_down);
  g_test_add ("/ui/window/fold", Fixture, NULL, fixture_set_up, test_fold, fixture_tear_down);
  g_test_add ("/ui/window/drop-garbage", Fixture, NULL, fixture_set_up, test_drop_garbage, fixture_tear_down);
  g_test_add ("/ui/window/drop-model", Fixture, NULL, fixture_set_up, test_drop_model, fixture_tear_down);
  g_test_add ("/ui/window/drop-overlay", Fixture, NULL, fixture_set_up, test_overlay, fixture_tear_down);
  g_test_add ("/ui/window/names", Fixture, NULL, fixture_set_up, test_names, fixture_tear_down);
  g_test_add ("/ui/window/inspector", Fixture, NULL, fixture_set_up, test_inspector, fixture_tear_down);
  g_test_add ("/ui/window/debug-info", Fixture, NULL, fixture_set_up, test_debug_info, fixture_tear_down);
  g_test_add_func ("/ui/window/shortcuts", test_shortcuts);
  return g_test_run ();
}
