// SPDX-License-Identifier: GPL-3.0-or-later
// A user's way through the program from outside its process, once with the pointer and once with the keyboard alone: drop a video, make a
// level, compare it, go to the worst frame, find the session, rename it, export it, delete it, take that back.
#include "outside.h"

#include <gdk/gdkkeysyms.h>
#include <gtk/gtk.h>
#include <json-glib/json-glib.h>

#define BUTTON ATSPI_ROLE_PUSH_BUTTON
#define ANY ATSPI_ROLE_INVALID

static char *
data (const char *relative)
{
  const char *root = g_getenv ("SQUINT_TEST_DATA");

  return g_build_filename (root != NULL ? root : SQ_SOURCE_ROOT "/../shared", relative, NULL);
}

// A user who has nothing yet: `folder` below the harness's own, which removes it. FALSE after a skip.
static gboolean
prepare (const char *folder, char **video)
{
  static const char *const homes[] = { "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME" };
  g_autofree char *models = data ("models");

  for (guint i = 0; i < G_N_ELEMENTS (homes); i++)
    {
      g_autofree char *home = g_build_filename (g_get_home_dir (), folder, homes[i], NULL);

      g_mkdir_with_parents (home, 0700);
      g_setenv (homes[i], home, TRUE);
    }

  *video = data ("videos/people.mp4");
  if (g_file_test (*video, G_FILE_TEST_EXISTS) && g_file_test (models, G_FILE_TEST_IS_DIR))
    {
      g_setenv ("SQUINT_MODEL_MIRROR", models, TRUE);
      return TRUE;
    }
  g_test_skip ("no test data: set SQUINT_TEST_DATA");
  return FALSE;
}

// The number of boxes in a COCO file that appears at `path`.
static guint
count_boxes (const char *path)
{
  g_autoptr (JsonParser) parser = json_parser_new ();

  for (int i = 0; i < 100 && !json_parser_load_from_file (parser, path, NULL); i++)
    outside_run_for (.1);
  g_assert_nonnull (json_parser_get_root (parser));
  return json_array_get_length (json_object_get_array_member (json_node_get_object (json_parser_get_root (parser)), "annotations"));
}

// The session on show, as COCO JSON, through the file dialog.
static void export(Outside *squint)
{
  g_autofree char *path = g_build_filename (g_getenv ("XDG_DATA_HOME"), "gate.json", NULL);

  outside_key (OUTSIDE_CTRL, GDK_KEY_e);
  outside_wait (squint, BUTTON, "Export", 10);
  outside_run_for (.5);
  outside_key (OUTSIDE_CTRL, GDK_KEY_a);
  outside_type (path);
  outside_screenshot (squint, "export");
  outside_key (0, GDK_KEY_Return);
  g_assert_cmpuint (count_boxes (path), >, 0);
}

static void
pointer_journey (void)
{
  g_autofree char *video = NULL;
  Outside squint;

  if (!prepare ("pointer", &video))
    return;
  outside_start (&squint, g_getenv ("SQUINT"), "squint");
  outside_wait (&squint, ANY, "Drop pictures, a folder or a video", 30);
  outside_drop_file (&squint, video, 700, 400);
  outside_wait (&squint, BUTTON, "Pause", 90);

  // A level that is not there yet is made.
  outside_click (&squint, BUTTON, "Level: Original");
  outside_screenshot (&squint, "2-levels");
  outside_click (&squint, ANY, "Make Half…");
  outside_screenshot (&squint, "3-compress");
  outside_click (&squint, BUTTON, "Compress");

  // It is compared with its original, on the video that was dropped.
  outside_wait (&squint, BUTTON, "Next Disagreement", 120);
  outside_run_for (3);
  outside_screenshot (&squint, "5-compare");
  outside_click (&squint, BUTTON, "Worst");
  outside_run_for (1);
  outside_screenshot (&squint, "6-worst");

  // The video's session (the comparison's is newer), under another name, found again by it.
  outside_click (&squint, ANY, "Sessions");
  outside_wait (&squint, ATSPI_ROLE_FRAME, "Sessions", 10);
  outside_click_last (&squint, BUTTON, "Session Menu");
  outside_click (&squint, ANY, "Rename…");
  outside_wait (&squint, BUTTON, "Rename", 10);
  outside_key (OUTSIDE_CTRL, GDK_KEY_a);
  outside_type ("gate");
  outside_key (0, GDK_KEY_Return);
  outside_wait (&squint, ANY, "gate", 10);
  outside_key (OUTSIDE_CTRL, GDK_KEY_f);
  outside_type ("gate");
  outside_run_for (1);
  outside_screenshot (&squint, "7-found");

  // Opened, and exported.
  outside_click (&squint, ANY, "gate,");
  outside_wait (&squint, ATSPI_ROLE_FRAME, "gate", 10);
  outside_run_for (1);
  outside_screenshot (&squint, "8-opened");
  export(&squint);

  // Deleted, and taken back.
  outside_click (&squint, BUTTON, "Back");
  outside_wait (&squint, ATSPI_ROLE_FRAME, "Sessions", 10);
  outside_click (&squint, BUTTON, "Session Menu");
  outside_click (&squint, ANY, "Delete");
  outside_wait_gone (&squint, ANY, "gate,", 10);
  outside_screenshot (&squint, "9-deleted");
  outside_click (&squint, BUTTON, "Undo");
  outside_wait (&squint, ANY, "gate,", 10);
  outside_screenshot (&squint, "10-undone");
  outside_stop (&squint);
}

static void
keyboard_journey (void)
{
  g_autofree char *video = NULL;
  Outside squint;

  if (!prepare ("keys", &video))
    return;
  outside_start (&squint, g_getenv ("SQUINT"), "squint");
  outside_wait (&squint, ANY, "Drop pictures, a folder or a video", 30);
  outside_key (OUTSIDE_CTRL, GDK_KEY_o);
  outside_wait (&squint, BUTTON, "Open", 10);
  outside_run_for (.5);
  outside_type (video); // a slash opens the place for it
  outside_key (0, GDK_KEY_Return);
  outside_wait (&squint, BUTTON, "Pause", 90);

  outside_walk_to (&squint, 0, GDK_KEY_Tab, ANY, "Level: Original");
  outside_key (0, GDK_KEY_space);
  outside_walk_to (&squint, 0, GDK_KEY_Down, ANY, "Make Half…");
  outside_key (0, GDK_KEY_Return);
  outside_wait (&squint, BUTTON, "Compress", 10);
  outside_key (OUTSIDE_ALT, GDK_KEY_o);
  outside_wait (&squint, BUTTON, "Next Disagreement", 120);
  outside_run_for (3);
  outside_key (0, GDK_KEY_w);
  outside_run_for (1);
  outside_screenshot (&squint, "k1-worst");

  outside_key (OUTSIDE_ALT, GDK_KEY_4);
  outside_wait (&squint, ATSPI_ROLE_FRAME, "Sessions", 10);
  outside_walk_to (&squint, 0, GDK_KEY_Tab, ANY, "people.mp4,");
  outside_key (0, GDK_KEY_Right); // the comparison's is newer
  outside_key (OUTSIDE_SHIFT, GDK_KEY_F10);
  outside_walk_to (&squint, 0, GDK_KEY_Down, ANY, "Rename");
  outside_key (0, GDK_KEY_Return);
  outside_wait (&squint, ANY, "Rename Session", 10);
  outside_key (OUTSIDE_CTRL, GDK_KEY_a);
  outside_type ("gate");
  outside_key (0, GDK_KEY_Return);
  outside_wait (&squint, ANY, "gate,", 10);

  outside_key (OUTSIDE_CTRL, GDK_KEY_f);
  outside_type ("gate");
  outside_run_for (1);
  outside_key (0, GDK_KEY_Return);
  outside_wait (&squint, ATSPI_ROLE_FRAME, "gate", 10);
  outside_run_for (1);
  export(&squint);

  outside_walk_to (&squint, 0, GDK_KEY_Tab, ANY, "Session Menu");
  outside_key (0, GDK_KEY_space);
  outside_walk_to (&squint, 0, GDK_KEY_Down, ANY, "Delete");
  outside_key (0, GDK_KEY_Return);
  outside_wait (&squint, ATSPI_ROLE_FRAME, "Sessions", 10);
  outside_wait_gone (&squint, ANY, "gate,", 10);
  outside_key (0, GDK_KEY_Tab); // out of the search entry, where it takes back what was typed
  outside_key (OUTSIDE_CTRL, GDK_KEY_z);
  outside_wait (&squint, ANY, "gate,", 10);
  outside_screenshot (&squint, "k2-undone");
  outside_stop (&squint);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  // libatspi warns of whatever it asks a moment too late
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
  if (!gtk_init_check () || !outside_init ())
    return 77;
  g_test_add_func ("/outside/pointer", pointer_journey);
  g_test_add_func ("/outside/keyboard", keyboard_journey);
  return g_test_run ();
}
