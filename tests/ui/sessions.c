// SPDX-License-Identifier: GPL-3.0-or-later
// Finding sessions again: filters, objects as pictures, where a session was left.
#include "config.h"

#include "stored.h"
#include "ui/busy-bar.h"
#include "ui/object-cell.h"
#include "ui/retention.h"
#include "ui/session-chooser.h"
#include "ui/toast.h"
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

static guint
n_sessions (Stored *s)
{
  return g_list_model_get_n_items (sq_sessions_page_get_list (s->page));
}

static gboolean
one_session (gpointer data)
{
  return n_sessions (data) == 1;
}

static gboolean
all_sessions (gpointer data)
{
  return n_sessions (data) == 2;
}

static gboolean
no_session (gpointer data)
{
  return n_sessions (data) == 0;
}

static guint
n_objects (Stored *s)
{
  return g_list_model_get_n_items (sq_object_grid_get_list (sq_sessions_page_get_objects (s->page)));
}

static gboolean
objects_found (gpointer data)
{
  return n_objects (data) == 4;
}

static gboolean
two_objects (gpointer data)
{
  return n_objects (data) == 2;
}

static void
find_cells (GtkWidget *widget, GPtrArray *cells)
{
  if (SQ_IS_OBJECT_CELL (widget))
    g_ptr_array_add (cells, widget);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    find_cells (child, cells);
}

// How many cells have a picture, and how many say why they have none.
static void
count_cells (Stored *s, guint *pictures, guint *problems)
{
  g_autoptr (GPtrArray) cells = g_ptr_array_new ();

  *pictures = *problems = 0;
  find_cells (GTK_WIDGET (sq_sessions_page_get_objects (s->page)), cells);
  for (guint i = 0; i < cells->len; i++)
    {
      *pictures += sq_object_cell_get_has_picture (cells->pdata[i]);
      *problems += sq_object_cell_get_problem (cells->pdata[i]) != NULL;
    }
}

static gboolean
pictures_shown (gpointer data)
{
  guint pictures, problems;

  count_cells (data, &pictures, &problems);
  return pictures == 4;
}

static gboolean
pictures_missed (gpointer data)
{
  guint pictures, problems;

  count_cells (data, &pictures, &problems);
  return pictures == 2 && problems == 2;
}

// What the chips say becomes what is asked for, together with the words.
static void
test_filters (Fixture *fixture, gconstpointer data)
{
  Stored s;
  SqSessionFilters *filters;
  SqRunQuery query = { 0 };
  g_autoptr (GDateTime) from = g_date_time_new_local (2026, 3, 1, 15, 0, 0), to = g_date_time_new_local (2026, 3, 2, 9, 0, 0);

  stored_open (&s, fixture, 1200, 760);
  filters = sq_sessions_page_get_filters (s.page);
  g_assert_true (fixture_wait (all_sessions, &s, 5));
  g_assert_false (sq_session_filters_get_any (filters));
  g_assert_cmpstr (sq_session_filters_get_label (filters, SQ_SESSION_TAG), ==, "Tag");

  sq_session_filters_set (filters, SQ_SESSION_TAG, "night");
  g_assert_true (fixture_wait (one_session, &s, 5));
  sq_session_filters_set (filters, SQ_SESSION_DATE, "7");
  g_assert_cmpstr (sq_session_filters_get_label (filters, SQ_SESSION_DATE), ==, "Last 7 Days");
  fixture_run_for (.2);
  g_assert_cmpuint (n_sessions (&s), ==, 1);
  sq_session_filters_set_range (filters, from, to);
  g_assert_true (fixture_wait (no_session, &s, 5));
  sq_session_filters_fill (filters, &query);
  g_assert_cmpint ((query.to_us - query.from_us) / G_USEC_PER_SEC, ==, 2 * 24 * 3600); // both days are whole and included
  g_assert_cmpint (query.from_us, <, g_date_time_to_unix (from) * G_USEC_PER_SEC);
  sq_session_filters_set (filters, SQ_SESSION_DATE, NULL);
  sq_session_filters_set (filters, SQ_SESSION_DEVICE, "cuda:7");
  g_assert_true (fixture_wait (no_session, &s, 5));

  // Escape takes all of it back, then closes the search.
  gtk_widget_activate_action (GTK_WIDGET (s.window), "win.search", NULL);
  gtk_widget_activate_action (GTK_WIDGET (s.window), "win.escape", NULL);
  g_assert_false (sq_session_filters_get_any (filters));
  g_assert_true (fixture_wait (all_sessions, &s, 5));
  g_assert_true (sq_sessions_page_escape (s.page));
  g_assert_false (sq_sessions_page_escape (s.page));
  stored_close (&s);
}

// With a class, the objects themselves are shown; one of them opens its session where it was seen.
static void
test_objects (Fixture *fixture, gconstpointer data)
{
  Stored s;
  SqSessionFilters *filters;
  g_autoptr (SqFoundItem) item = NULL;
  gint64 run, seq;

  stored_open (&s, fixture, 1200, 760);
  filters = sq_sessions_page_get_filters (s.page);
  sq_session_filters_set (filters, SQ_SESSION_CLASS, "bicycle");
  g_assert_true (fixture_wait (objects_found, &s, 5));
  g_assert_true (fixture_wait (pictures_shown, &s, 10));
  sq_session_filters_set_min_score (filters, .86);
  g_assert_cmpstr (sq_session_filters_get_label (filters, SQ_SESSION_CLASS), ==, "bicycle, at least 86 %");
  g_assert_true (fixture_wait (two_objects, &s, 5)); // every second picture has a better one
  item = g_list_model_get_item (sq_object_grid_get_list (sq_sessions_page_get_objects (s.page)), 1);
  run = sq_found_item_get_frame (item)->run;
  seq = sq_found_item_get_frame (item)->seq;
  sq_object_grid_activate (sq_sessions_page_get_objects (s.page), 1);
  g_assert_true (fixture_wait (stored_session_shown, &s, 10));
  g_assert_cmpint (sq_sessions_page_get_run (s.page)->id, ==, run);
  g_assert_cmpint (seq, ==, 1);
  g_assert_cmpstr (sq_video_view_get_result (sq_sessions_page_get_view (s.page))->frame->path, ==,
                   s.pictures[1]); // of "Morning", the older one

  // Back are the objects as they were.
  gtk_widget_activate_action (GTK_WIDGET (s.window), "win.back", NULL);
  g_assert_cmpuint (n_objects (&s), ==, 2);
  stored_close (&s);
}

// A picture that is gone, and one that another took the place of.
static void
test_objects_missing (Fixture *fixture, gconstpointer data)
{
  Stored s;

  stored_open (&s, fixture, 1200, 760);
  g_unlink (s.pictures[0]);
  stored_write_picture (s.pictures[1], 320, 200, 9);
  sq_session_filters_set (sq_sessions_page_get_filters (s.page), SQ_SESSION_CLASS, "bicycle");
  g_assert_true (fixture_wait (objects_found, &s, 5));
  g_assert_true (fixture_wait (pictures_missed, &s, 10));
  stored_close (&s);
}

static gboolean
second_picture_shown (gpointer data)
{
  Stored *s = data;
  SqResult *result = sq_video_view_get_result (sq_sessions_page_get_view (s->page));

  return result != NULL && g_strcmp0 (result->frame->path, s->pictures[1]) == 0;
}

static void
test_position (Fixture *fixture, gconstpointer data)
{
  Stored s;
  g_autoptr (SqRun) run = NULL;

  stored_open (&s, fixture, 1200, 760);
  run = stored_load (&s, s.runs[0]);
  sq_sessions_page_open (s.page, run);
  g_assert_true (fixture_wait (stored_session_shown, &s, 10));
  g_assert_false (second_picture_shown (&s));
  sq_sessions_page_step (s.page, 1);
  g_assert_true (fixture_wait (second_picture_shown, &s, 10));
  sq_sessions_page_go_back (s.page);
  g_clear_pointer (&run, sq_run_unref);
  run = stored_load (&s, s.runs[0]);
  g_assert_cmpint (run->position_ns, ==, G_GINT64_CONSTANT (1000000000));
  sq_sessions_page_open (s.page, run);
  g_assert_true (fixture_wait (second_picture_shown, &s, 10));
  stored_close (&s);
}

static gboolean
night_and_noted (gpointer data)
{
  Stored *s = data;
  g_autoptr (SqRun) run = stored_load (s, s->runs[0]);

  return g_str_equal (run->note, "Rain until ten") && g_strv_contains ((const char *const *) run->tags, "gate 3");
}

// Tags at once, the note a moment after the last key, or when another session is opened.
static void
test_details (Fixture *fixture, gconstpointer data)
{
  Stored s;
  g_autoptr (SqRun) run = NULL, other = NULL;
  SqSessionDetails *details;

  stored_open (&s, fixture, 1200, 760);
  details = sq_session_view_get_details (sq_sessions_page_get_session_view (s.page));
  run = stored_load (&s, s.runs[0]);
  sq_sessions_page_open (s.page, run);
  sq_session_details_add_tag (details, "  gate 3 ");
  sq_session_details_add_tag (details, "Gate 3"); // the same
  sq_session_details_set_note (details, "Rain until ten");
  g_assert_true (fixture_wait (night_and_noted, &s, 5));

  sq_session_details_set_note (details, "Rain all day");
  sq_session_details_remove_tag (details, "gate 3");
  other = stored_load (&s, s.runs[1]);
  sq_sessions_page_open (s.page, other);
  g_clear_pointer (&run, sq_run_unref);
  run = stored_load (&s, s.runs[0]);
  g_assert_cmpstr (run->note, ==, "Rain all day");
  g_assert_cmpuint (g_strv_length (run->tags), ==, 0);
  g_assert_cmpstr (other->note, ==, "");
  stored_close (&s);
}

static gboolean
gone_noticed (gpointer data)
{
  Stored *s = data;

  return sq_session_view_get_origin (sq_sessions_page_get_session_view (s->page)) == SQ_ORIGIN_GONE;
}

static gboolean
shown_with_pixels (gpointer data)
{
  Stored *s = data;
  SqResult *result = sq_video_view_get_result (sq_sessions_page_get_view (s->page));

  return result != NULL && result->frame->pixels != NULL;
}

static gboolean
changed_noticed (gpointer data)
{
  Stored *s = data;

  return sq_session_view_get_origin (sq_sessions_page_get_session_view (s->page)) == SQ_ORIGIN_CHANGED && !shown_with_pixels (s);
}

static void
test_moved (Fixture *fixture, gconstpointer data)
{
  Stored s;
  SqSessionView *view;
  g_autoptr (SqRun) run = NULL, moved = NULL;
  g_autoptr (GPtrArray) frames = NULL;
  g_autofree char *folder = g_build_filename (fixture->dir, "elsewhere", NULL);
  g_autofree char *first = g_build_filename (folder, "picture 1.png", NULL), *second = g_build_filename (folder, "picture 2.png", NULL);

  stored_open (&s, fixture, 1200, 760);
  view = sq_sessions_page_get_session_view (s.page);
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  g_assert_cmpint (g_rename (s.pictures[0], first), ==, 0);
  g_assert_cmpint (g_rename (s.pictures[1], second), ==, 0);
  run = stored_load (&s, s.runs[0]);
  sq_sessions_page_open (s.page, run);
  g_assert_true (fixture_wait (gone_noticed, &s, 5));
  g_assert_true (fixture_wait (stored_session_shown, &s, 5)); // the detections are
  g_assert_cmpuint (sq_video_view_get_detections (sq_sessions_page_get_view (s.page))->len, ==, 2);
  g_assert_false (shown_with_pixels (&s));

  sq_session_view_locate (view, second); // another picture
  fixture_run_for (.4);
  g_assert_true (gone_noticed (&s));
  sq_session_view_locate (view, first);
  g_assert_true (fixture_wait (shown_with_pixels, &s, 5));
  g_assert_cmpint (sq_session_view_get_origin (view), ==, SQ_ORIGIN_SAME);
  moved = stored_load (&s, s.runs[0]);
  g_assert_cmpstr (moved->paths[0], ==, first);
  g_assert_cmpstr (moved->paths[1], ==, second); // what lay beside it is looked for there too
  frames = sq_project_load_frames (s.project, s.runs[0], 1, 1, NULL);
  g_assert_cmpstr (((SqStoredFrame *) frames->pdata[0])->path, ==, second);

  stored_write_picture (first, 640, 480, 7);
  sq_sessions_page_open (s.page, moved);
  g_assert_true (fixture_wait (changed_noticed, &s, 5));
  stored_close (&s);
}

static gboolean
export_over (gpointer data)
{
  Stored *s = data;

  return !sq_session_view_get_exporting (sq_sessions_page_get_session_view (s->page));
}

static void
find_bar (GtkWidget *widget, gpointer data)
{
  if (SQ_IS_BUSY_BAR (widget))
    *(GtkWidget **) data = widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    find_bar (child, data);
}

static gboolean
has_remains (const char *dir)
{
  g_autoptr (GDir) entries = g_dir_open (dir, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (entries)) != NULL)
    if (strstr (name, ".squint-part") != NULL)
      return TRUE;
  return FALSE;
}

// The bar comes and goes; Cancel leaves nothing, also when the session was left meanwhile.
static void
test_export (Fixture *fixture, gconstpointer data)
{
  Stored s;
  SqSessionView *view;
  GtkWidget *bar = NULL;
  g_autoptr (SqRun) run = NULL;
  g_autofree char *folder = g_build_filename (fixture->dir, "drawn", NULL), *picture = g_build_filename (folder, "picture 2.jpg", NULL);
  g_autofree char *table = g_build_filename (fixture->dir, "table.csv", NULL), *text = NULL;

  stored_open (&s, fixture, 1200, 760);
  find_bar (GTK_WIDGET (s.page), &bar);
  view = sq_sessions_page_get_session_view (s.page);
  run = stored_load (&s, s.runs[0]);
  sq_sessions_page_open (s.page, run);
  sq_session_view_export_to (view, SQ_EXPORT_ANNOTATED, folder);
  g_assert_true (sq_session_view_get_exporting (view));
  g_signal_emit_by_name (bar, "cancel");
  sq_sessions_page_go_back (s.page);
  g_assert_true (fixture_wait (export_over, &s, 10));
  g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));
  g_assert_false (has_remains (fixture->dir));

  sq_sessions_page_open (s.page, run);
  sq_session_view_export_to (view, SQ_EXPORT_ANNOTATED, folder);
  g_assert_true (fixture_wait (export_over, &s, 10));
  g_assert_true (g_file_test (picture, G_FILE_TEST_IS_REGULAR));
  // With the thresholds as they are set.
  sq_filter_state_set_confidence (sq_session_view_get_filter (view), .85f);
  sq_session_view_export_to (view, SQ_EXPORT_CSV, table);
  g_assert_true (fixture_wait (export_over, &s, 10));
  g_assert_true (g_file_get_contents (table, &text, NULL, NULL));
  g_assert_null (strstr (text, "person"));
  g_assert_nonnull (strstr (text, "bicycle"));
  g_assert_false (has_remains (fixture->dir));
  stored_close (&s);
}

static void
find_undo (GtkWidget *widget, gpointer data)
{
  if (GTK_IS_BUTTON (widget) && g_strcmp0 (gtk_button_get_label (GTK_BUTTON (widget)), "_Undo") == 0 && gtk_widget_get_mapped (widget))
    *(GtkWidget **) data = widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    find_undo (child, data);
}

static gboolean
undo_offered (gpointer data)
{
  GtkWidget *undo = NULL;

  find_undo (data, &undo);
  return undo != NULL;
}

// Undo does not stand in line behind what only tells: each of these stays for seconds.
static void
test_undo_first (Fixture *fixture, gconstpointer data)
{
  Stored s;
  g_autoptr (SqRun) run = NULL;
  gint64 began;

  stored_open (&s, fixture, 1200, 760);
  run = stored_load (&s, s.runs[0]);
  for (int i = 0; i < 10; i++)
    {
      g_autofree char *text = g_strdup_printf ("Told %d", i);

      sq_toast (GTK_WIDGET (s.page), text);
    }
  fixture_run_for (.2);
  began = g_get_monotonic_time ();
  sq_sessions_page_delete (s.page, run);
  g_assert_true (fixture_wait (undo_offered, s.window, 10));
  g_test_message ("offered after %.1f s", (double) (g_get_monotonic_time () - began) / 1e6);
  stored_close (&s);
}

static void
age_run (SqProject *project, gint64 run, int days)
{
  g_autofree char *sql = g_strdup_printf ("UPDATE run SET started_us = started_us - %" G_GINT64_FORMAT " WHERE id = %" G_GINT64_FORMAT,
                                          days * 24 * 3600 * (gint64) G_USEC_PER_SEC, run);
  sqlite3 *db;

  g_assert_true (sq_project_flush (project, NULL));
  g_assert_cmpint (sqlite3_open (sq_project_get_path (project), &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (db);
}

// What is older than the preference says goes when the project is opened, and comes back with one click.
static void
test_retention (Fixture *fixture, gconstpointer data)
{
  Stored s;
  SqWindow *second;
  GtkWidget *button = NULL;

  stored_open (&s, fixture, 1200, 760);
  age_run (s.project, s.runs[0], 40);
  sq_retention_apply (GTK_WIDGET (s.page), s.project, sq_workspace_get_settings (fixture->workspace));
  fixture_run_for (.3);
  g_assert_cmpuint (n_sessions (&s), ==, 2); // forever

  g_settings_set_string (sq_workspace_get_settings (fixture->workspace), "keep-sessions", "quarter");
  sq_retention_apply (GTK_WIDGET (s.page), s.project, sq_workspace_get_settings (fixture->workspace));
  fixture_run_for (.3);
  g_assert_cmpuint (n_sessions (&s), ==, 2); // not old enough

  g_settings_set_string (sq_workspace_get_settings (fixture->workspace), "keep-sessions", "month");
  second = fixture_window (fixture, 800, 600); // a page that gets the project
  g_assert_true (fixture_wait (one_session, &s, 5));
  find_undo (GTK_WIDGET (second), &button);
  g_assert_nonnull (button);
  g_signal_emit_by_name (button, "clicked");
  g_assert_true (fixture_wait (all_sessions, &s, 5));
  fixture_destroy_window (second);
  stored_close (&s);
}

static gboolean
one_choice (gpointer data)
{
  return sq_session_chooser_get_n_choices (data) == 1;
}

static gboolean
compared (gpointer data)
{
  Stored *s = data;

  return g_str_equal (sq_window_get_page (s->window), "compare") && sq_compare_page_get_has_run (sq_window_get_compare_page (s->window));
}

// A second session over the same pictures is offered, others are not; both are opened without running anything.
static void
test_compare (Fixture *fixture, gconstpointer data)
{
  Stored s;
  g_autoptr (SqRun) run = NULL;
  g_autofree char *title = NULL, *subtitle = NULL;
  GtkWidget *chooser;
  gint64 second;

  stored_open (&s, fixture, 1200, 760);
  second = stored_add_run (&s, "Morning again", "yolov4-tiny", s.pictures, 2, .3f);
  run = stored_load (&s, s.runs[0]);
  chooser = sq_session_chooser_new (GTK_WIDGET (s.page), s.project, run);
  gtk_window_present (GTK_WINDOW (chooser));
  g_assert_true (fixture_wait (one_choice, chooser, 5));
  fixture_run_for (.2);
  g_assert_true (one_choice (chooser));
  fixture_screenshot (chooser, "session-chooser");
  sq_session_chooser_choose (SQ_SESSION_CHOOSER (chooser), second);
  g_assert_true (fixture_wait (compared, &s, 10));
  g_assert_null (sq_compare_page_get_pipeline (sq_window_get_compare_page (s.window)));
  g_object_get (sq_window_get_compare_page (s.window), "title", &title, "subtitle", &subtitle, NULL);
  g_assert_cmpstr (title, ==, "Morning");
  g_assert_true (g_str_has_prefix (subtitle, "yolox-nano and yolov4-tiny, ")); // in that order
  stored_close (&s);
}

#define ADD(path, func) g_test_add ("/ui/sessions/" path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
  ADD ("filters", test_filters);
  ADD ("objects", test_objects);
  ADD ("objects-missing", test_objects_missing);
  ADD ("position", test_position);
  ADD ("details", test_details);
  ADD ("moved", test_moved);
  ADD ("export", test_export);
  ADD ("undo-first", test_undo_first);
  ADD ("retention", test_retention);
  ADD ("compare", test_compare);
  return g_test_run ();
}
