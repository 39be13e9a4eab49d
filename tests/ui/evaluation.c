// SPDX-License-Identifier: GPL-3.0-or-later
// A session beside labels.
#include "config.h"

#include "stored.h"
#include "ui/confusion-grid.h"
#include <string.h>

#define MANY 60

static gboolean
evaluated (gpointer data)
{
  Stored *s = data;

  return !g_str_equal (sq_evaluation_view_get_state_name (sq_sessions_page_get_evaluation (s->page)), "busy");
}

static void
find_legend (GtkWidget *widget, GtkWidget **label)
{
  if (GTK_IS_LABEL (widget) && g_str_has_prefix (gtk_label_get_label (GTK_LABEL (widget)), "A, the solid line")
      && gtk_widget_get_mapped (widget))
    *label = widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    find_legend (child, label);
}

// What is on show is what the evaluation says, of one session and of two.
static void
test_evaluation (Fixture *fixture, gconstpointer data)
{
  Stored s;
  SqEvaluationView *view;
  g_autofree char *labels = NULL, *nothing = g_build_filename (fixture->dir, "nothing.json", NULL), *expected = NULL;
  g_autoptr (SqRun) run = NULL;
  g_autoptr (SqAnnotations) annotations = NULL;
  g_autoptr (SqJudge) judge = NULL;
  g_autoptr (GError) error = NULL;
  float f1[SQ_AP_SCORES];
  gint64 second;
  GtkWidget *legend = NULL;
  int least;

  stored_open (&s, fixture, 1200, 760);
  view = sq_sessions_page_get_evaluation (s.page);
  labels = stored_write_labels (&s);
  second = stored_add_run (&s, "Morning again", "yolov4-tiny", s.pictures, 2, .3f);
  run = stored_load (&s, s.runs[0]);
  annotations = sq_annotations_load (labels, NULL, NULL, &error);
  g_assert_no_error (error);
  judge = sq_project_evaluate (s.project, s.runs[0], annotations, SQ_EVALUATE_SCORE, NULL, &error);
  g_assert_no_error (error);

  sq_sessions_page_open (s.page, run);
  sq_sessions_page_evaluate (s.page, s.runs[0], 0, labels, NULL);
  g_assert_true (fixture_wait (evaluated, &s, 10));
  g_assert_cmpstr (sq_evaluation_view_get_state_name (view), ==, "result");
  expected = g_strdup_printf ("%.3f", sq_evaluation_get_ap (judge->result)->ap50);
  g_assert_cmpstr (sq_evaluation_view_get_summary (view, "ap50", 0), ==, expected);
  g_assert_cmpstr (sq_evaluation_view_get_summary (view, "ap50", 1), ==, "");
  g_assert_cmpuint (sq_class_table_get_n_rows (sq_evaluation_view_get_table (view)), ==, 3);
  sq_class_table_sort (sq_evaluation_view_get_table (view), "AP50", GTK_SORT_ASCENDING);
  g_assert_cmpint (sq_class_table_get_class (sq_evaluation_view_get_table (view), 0), ==, 2); // the dog is never found
  sq_class_table_sort (sq_evaluation_view_get_table (view), "Class", GTK_SORT_ASCENDING);
  g_assert_cmpint (sq_class_table_get_class (sq_evaluation_view_get_table (view), 0), ==, 1);
  sq_evaluation_get_f1 (judge->result, 1, f1);
  g_signal_emit_by_name (sq_evaluation_view_get_table (view), "selected", 1);
  for (guint i = 0; i < SQ_AP_SCORES; i++)
    g_assert_cmpfloat_with_epsilon (sq_curve_chart_get_value (sq_evaluation_view_get_f1 (view), 0, i), f1[i], 1e-6);

  // The pictures behind a number; one of them opens.
  g_assert_cmpuint (sq_evaluation_view_get_n_pictures (view), ==, 0); // of that class: all are right
  g_signal_emit_by_name (sq_evaluation_view_get_table (view), "selected", 2);
  g_assert_cmpuint (sq_evaluation_view_get_n_pictures (view), ==, 1);
  sq_evaluation_view_show_worst (view);
  g_assert_cmpuint (sq_evaluation_view_get_n_pictures (view), ==, 1); // the other has no mistake
  sq_evaluation_view_show_cell (view, 2, 3);
  g_assert_cmpuint (sq_evaluation_view_get_n_pictures (view), ==, 1); // the dog that was missed
  sq_evaluation_view_show_cell (view, 1, 1);
  g_assert_cmpuint (sq_evaluation_view_get_n_pictures (view), ==, 2);
  gtk_widget_activate_action (GTK_WIDGET (s.window), "win.back", NULL);
  g_assert_false (sq_evaluation_view_get_open (view));
  g_assert_nonnull (sq_sessions_page_get_run (s.page)); // back in the session

  sq_sessions_page_evaluate (s.page, s.runs[0], second, labels, NULL);
  g_assert_true (fixture_wait (evaluated, &s, 10));
  fixture_run_for (.1);
  g_assert_cmpuint (sq_evaluation_view_get_judge (view, 1)->n_judged, ==, 2);
  g_assert_cmpstr (sq_evaluation_view_get_summary (view, "ap50", 0), ==, expected);
  g_assert_cmpint (*sq_evaluation_view_get_summary (view, "ap50", 2), !=, '\0');
  find_legend (GTK_WIDGET (view), &legend);
  g_assert_nonnull (strstr (gtk_label_get_label (GTK_LABEL (legend)), "Morning, yolox-nano. B"));
  g_assert_nonnull (strstr (gtk_label_get_label (GTK_LABEL (legend)), "Morning again, yolov4-tiny"));
  sq_class_table_sort (sq_evaluation_view_get_table (view), "AP50 B", GTK_SORT_ASCENDING);
  least = sq_class_table_get_class (sq_evaluation_view_get_table (view), 0);
  for (guint c = 0; c < 3; c++)
    g_assert_cmpfloat (sq_evaluation_get_ap (sq_evaluation_view_get_judge (view, 1)->result)->classes[least].ap50, <=,
                       sq_evaluation_get_ap (sq_evaluation_view_get_judge (view, 1)->result)->classes[c].ap50);

  // Labels of other pictures: a sentence.
  g_assert_true (
      g_file_set_contents (nothing, "{\"images\":[],\"annotations\":[],\"categories\":[{\"id\":1,\"name\":\"person\"}]}", -1, NULL));
  sq_sessions_page_evaluate (s.page, s.runs[0], 0, nothing, NULL);
  g_assert_true (fixture_wait (evaluated, &s, 10));
  g_assert_cmpstr (sq_evaluation_view_get_state_name (view), ==, "error");
  stored_close (&s);
}

static void
find_buttons (GtkWidget *widget, guint *n, GtkWidget **label)
{
  if (GTK_IS_BUTTON (widget))
    (*n)++;
  else if (GTK_IS_LABEL (widget) && g_str_has_prefix (gtk_label_get_label (GTK_LABEL (widget)), "The 39 classes"))
    *label = widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    find_buttons (child, n, label);
}

// More classes than a matrix can show: those with most mistakes, and that is said.
static void
test_many_classes (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (fixture->dir, "many.json", NULL), *text = NULL;
  g_autoptr (GString) names = g_string_new (NULL);
  g_autoptr (SqAnnotations) labels = NULL;
  g_autoptr (GError) error = NULL;
  GtkWidget *grid = g_object_ref_sink (sq_confusion_grid_new ()), *label = NULL;
  SqJudge *judge;
  guint n_buttons = 0;

  for (int c = 0; c < MANY; c++)
    g_string_append_printf (names, "%s{\"id\":%d,\"name\":\"class %d\"}", c > 0 ? "," : "", 1 + c, c);
  text = g_strdup_printf ("{\"images\":[],\"annotations\":[],\"categories\":[%s]}", names->str);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  labels = sq_annotations_load (path, NULL, NULL, &error);
  g_assert_no_error (error);
  judge = sq_judge_new (labels, (const char *const *) labels->class_names, FALSE, .25f, &error);
  g_assert_no_error (error);
  for (int c = 0; c < MANY; c++) // the even ones are found, the odd ones missed
    {
      float left = (float) (10 * c);
      SqLabelBox box = { left, 0, left + 9, 9, 81, c, FALSE };
      SqLabelledImage image = { .id = c, .file_name = path, .width = 640, .height = 480, .boxes = &box, .n_boxes = 1 };
      SqDetection seen = { left, 0, left + 9, 9, .9f, c, 0 };
      g_autoptr (GArray) detections = g_array_new (FALSE, FALSE, sizeof seen);

      if (c % 2 == 0)
        g_array_append_val (detections, seen);
      sq_judge_add (judge, &image, detections);
    }

  sq_confusion_grid_set (SQ_CONFUSION_GRID (grid), judge);
  find_buttons (grid, &n_buttons, &label);
  g_assert_cmpuint (n_buttons, ==, 39); // 30 that are missed, 9 that are right
  g_assert_true (gtk_widget_get_visible (label));
  sq_confusion_grid_set (SQ_CONFUSION_GRID (grid), NULL);
  g_assert_false (gtk_widget_get_visible (label));
  g_object_unref (grid);
  sq_judge_free (judge);
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);

#define ADD(path, func) g_test_add ("/ui/evaluation/" path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
  ADD ("sessions", test_evaluation);
  ADD ("many-classes", test_many_classes);
#undef ADD
  return g_test_run ();
}
