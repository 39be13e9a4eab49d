// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "fixture.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

// A warning ends the test, but for the toolkit's own: an empty label in GtkShortcutsWindow 4.8 measures below zero.
static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  const char *message = "";

  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "MESSAGE"))
      message = fields[i].value;
  if ((level & G_LOG_LEVEL_WARNING) && strstr (message, "reported min width -") != NULL)
    return G_LOG_WRITER_HANDLED;
  g_log_writer_default (level, fields, n_fields, data);
  if (level & G_LOG_LEVEL_WARNING)
    abort ();
  return G_LOG_WRITER_HANDLED;
}

void
fixture_init (int *argc, char ***argv)
{
  // run-xvfb.sh gives a home of its own; isolating further would hide the icons and MIME types of the system.
  g_test_init (argc, argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  g_log_set_writer_func (write_log, NULL, NULL);
  gtk_init ();
  adw_init ();
  // What the application does for its resource base path.
  gtk_icon_theme_add_resource_path (gtk_icon_theme_get_for_display (gdk_display_get_default ()), RESOURCE_BASE "/icons");
  {
    g_autoptr (GtkCssProvider) css = gtk_css_provider_new ();

    gtk_css_provider_load_from_resource (css, RESOURCE_BASE "/style.css");
    gtk_style_context_add_provider_for_display (gdk_display_get_default (), GTK_STYLE_PROVIDER (css), GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
  }
  // Nothing waits for an animation to end.
  g_object_set (gtk_settings_get_default (), "gtk-enable-animations", FALSE, NULL);
}

void
fixture_set_up (Fixture *fixture, gconstpointer data)
{
  const char *device = g_getenv ("SQ_UI_DEVICE");
  g_autoptr (GSettings) settings = g_settings_new (APP_ID);

  g_settings_reset (settings, "theme");
  g_settings_reset (settings, "model");
  g_settings_reset (settings, "model-options");
  g_settings_reset (settings, "keep-sessions");
  g_settings_reset (settings, "inspector-visible");
  g_settings_reset (settings, "compare-a");
  g_settings_reset (settings, "compare-b");
  g_settings_reset (settings, "compare-device-a");
  g_settings_reset (settings, "compare-device-b");
  g_settings_reset (settings, "compare-mode");
  g_settings_reset (settings, "compare-share");
  g_settings_set_string (settings, "device", device != NULL ? device : "cpu");
  fixture->dir = g_dir_make_tmp ("squint-test-XXXXXX", NULL);
  fixture->workspace = sq_workspace_new (fixture->dir);
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR) && !g_file_test (child, G_FILE_TEST_IS_SYMLINK))
        remove_tree (child);
      else
        g_unlink (child);
    }
  g_rmdir (path);
}

void
fixture_tear_down (Fixture *fixture, gconstpointer data)
{
  sq_workspace_close (fixture->workspace);
  // Tasks that are still under way hold the workspace a moment longer.
  fixture_run_for (.05);
  g_object_unref (fixture->workspace);
  remove_tree (fixture->dir);
  g_free (fixture->dir);
}

SqWindow *
fixture_window (Fixture *fixture, int width, int height)
{
  GtkWidget *window;

  g_settings_set_int (sq_workspace_get_settings (fixture->workspace), "window-width", width);
  g_settings_set_int (sq_workspace_get_settings (fixture->workspace), "window-height", height);
  window = sq_window_new (NULL, fixture->workspace);
  gtk_window_set_decorated (GTK_WINDOW (window), FALSE);
  gtk_window_present (GTK_WINDOW (window));
  fixture_run_for (.2);
  return SQ_WINDOW (window);
}

void
fixture_destroy_window (SqWindow *window)
{
  sq_detect_page_close (sq_window_get_detect_page (window));
  sq_compare_page_close (sq_window_get_compare_page (window));
  gtk_window_destroy (GTK_WINDOW (window));
  fixture_run_for (.1);
}

static gboolean
on_timeout (gpointer data)
{
  gboolean *over = data;

  *over = TRUE;
  return G_SOURCE_CONTINUE;
}

// A wait ends a hang, it judges no speed: the sanitizers and busy machines get more.
#ifdef __SANITIZE_ADDRESS__
#define PATIENCE 6
#else
#define PATIENCE 2
#endif

gboolean
fixture_wait (FixtureCondition condition, gpointer data, double seconds)
{
  gint64 until = g_get_monotonic_time () + PATIENCE * seconds * G_USEC_PER_SEC;
  gboolean woken = FALSE;
  guint id = g_timeout_add (10, on_timeout, &woken);
  gboolean done;

  while (!(done = condition (data)) && g_get_monotonic_time () < until)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (id);
  return done;
}

static gboolean
never (gpointer data)
{
  return FALSE;
}

void
fixture_run_for (double seconds)
{
  fixture_wait (never, NULL, seconds);
}

static gboolean
press_here (GtkWidget *widget, guint key, GdkModifierType modifiers)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (widget);

  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);

      for (guint k = 0; GTK_IS_SHORTCUT_CONTROLLER (controller) && k < g_list_model_get_n_items (G_LIST_MODEL (controller)); k++)
        {
          g_autoptr (GtkShortcut) shortcut = g_list_model_get_item (G_LIST_MODEL (controller), k);
          GtkShortcutTrigger *trigger = gtk_shortcut_get_trigger (shortcut);

          if (GTK_IS_KEYVAL_TRIGGER (trigger) && gtk_keyval_trigger_get_keyval (GTK_KEYVAL_TRIGGER (trigger)) == key
              && gtk_keyval_trigger_get_modifiers (GTK_KEYVAL_TRIGGER (trigger)) == modifiers
              && gtk_shortcut_action_activate (gtk_shortcut_get_action (shortcut), 0, widget, gtk_shortcut_get_arguments (shortcut)))
            return TRUE;
        }
    }
  return FALSE;
}

gboolean
fixture_press (GtkWidget *widget, guint key, GdkModifierType modifiers)
{
  for (; widget != NULL; widget = gtk_widget_get_parent (widget))
    if (press_here (widget, key, modifiers))
      return TRUE;
  return FALSE;
}

const char *const *
fixture_labels (void)
{
  static const char *const labels[] = { "person", "bicycle", "dog", NULL };

  return labels;
}

SqResult *
fixture_result (int width, int height, guint n)
{
  static const guint8 bars[][3] = { { 200, 200, 190 }, { 190, 180, 60 }, { 70, 180, 180 }, { 70, 170, 70 }, { 170, 80, 160 }, { 160, 70, 60 } };
  guint8 *pixels = g_malloc ((gsize) width * height * 3);
  SqDetection *candidates = g_new0 (SqDetection, MAX (n, 1));
  SqFrame *frame;

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      memcpy (pixels + ((gsize) y * width + x) * 3, bars[x * G_N_ELEMENTS (bars) / width], 3);
  for (guint i = 0; i < n; i++)
    {
      float w = (float) width / n;

      candidates[i] = (SqDetection){
        .x1 = i * w + w * .1f,
        .y1 = height * .3f,
        .x2 = (i + 1) * w - w * .1f,
        .y2 = height * .8f,
        .score = MAX (.95f - .1f * i, .05f),
        .class_id = i % 3,
      };
    }
  frame = sq_frame_new (width, height, width * 3, pixels, "/pictures/bars.png", 0, 0, g_free, pixels);
  return sq_result_new (frame, candidates, n, FALSE);
}

char *
fixture_data (const char *relative)
{
  const char *root = g_getenv ("SQUINT_TEST_DATA");
  g_autofree char *path
      = root != NULL ? g_build_filename (root, relative, NULL) : g_build_filename (SQ_SOURCE_ROOT, "..", "shared", relative, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS) ? g_steal_pointer (&path) : NULL;
}

void
fixture_screenshot (GtkWidget *window, const char *name)
{
  const char *dir = g_getenv ("SQ_SCREENSHOT_DIR");
  g_autoptr (GskRenderNode) node = NULL;
  g_autoptr (GdkTexture) texture = NULL;
  g_autofree char *file = NULL;
  g_autofree char *path = NULL;
  GskRenderer *renderer = gtk_native_get_renderer (GTK_NATIVE (window));

  if (dir == NULL)
    return;
  // A window that has just been laid out anew has nothing drawn for a moment.
  for (int tries = 0; node == NULL && tries < 100; tries++)
    {
      g_autoptr (GdkPaintable) paintable = gtk_widget_paintable_new (window);
      GtkSnapshot *snapshot = gtk_snapshot_new ();

      gdk_paintable_snapshot (paintable, snapshot, gtk_widget_get_width (window), gtk_widget_get_height (window));
      node = gtk_snapshot_free_to_node (snapshot);
      if (node == NULL)
        fixture_run_for (.02);
    }
  g_assert_nonnull (node);
  texture = gsk_renderer_render_texture (renderer, node,
                                         &GRAPHENE_RECT_INIT (0, 0, gtk_widget_get_width (window), gtk_widget_get_height (window)));
  g_mkdir_with_parents (dir, 0755);
  file = g_strconcat (name, ".png", NULL);
  path = g_build_filename (dir, file, NULL);
  g_assert_true (gdk_texture_save_to_png (texture, path));
}
