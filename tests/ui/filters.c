// SPDX-License-Identifier: GPL-3.0-or-later
// Filters act at once on what is there, without a run: confidence, overlap, classes; pins and selection follow.
#include "config.h"

#include "fixture.h"
#include "ui/class-swatch.h"
#include "ui/density.h"
#include "ui/filmstrip.h"
#include "ui/inspector.h"
#include "ui/mailbox.h"

typedef struct
{
  GtkWidget *window;
  SqVideoView *view;
  SqInspector *inspector;
  SqFilterState *filter;
} View;

static void
on_detections (View *view)
{
  sq_inspector_set_detections (view->inspector, sq_video_view_get_detections (view->view), FALSE);
}

static void
view_set_up (View *view, gconstpointer data)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);

  view->window = gtk_window_new ();
  view->view = SQ_VIDEO_VIEW (sq_video_view_new ());
  view->inspector = SQ_INSPECTOR (sq_inspector_new ());
  view->filter = sq_filter_state_new ();
  gtk_widget_set_hexpand (GTK_WIDGET (view->view), TRUE);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (view->view));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (view->inspector));
  gtk_window_set_child (GTK_WINDOW (view->window), box);
  gtk_window_set_default_size (GTK_WINDOW (view->window), 900, 500);
  sq_filter_state_reset_classes (view->filter, 3);
  sq_video_view_set_labels (view->view, fixture_labels ());
  sq_inspector_set_labels (view->inspector, fixture_labels ());
  sq_video_view_set_filter (view->view, view->filter);
  sq_inspector_set_filter (view->inspector, view->filter);
  g_signal_connect_swapped (view->view, "detections-changed", G_CALLBACK (on_detections), view);
  gtk_window_present (GTK_WINDOW (view->window));
  fixture_run_for (.15);
}

static void
view_tear_down (View *view, gconstpointer data)
{
  gtk_window_destroy (GTK_WINDOW (view->window));
  fixture_run_for (.05);
  g_assert_finalize_object (view->filter);
}

static void
test_confidence (View *view, gconstpointer data)
{
  g_autoptr (SqResult) result = fixture_result (640, 360, 6); // .95 .85 .75 .65 .55 .45

  sq_video_view_set_result (view->view, result);
  g_assert_cmpuint (sq_inspector_get_n_objects (view->inspector), ==, 6);
  sq_filter_state_set_confidence (view->filter, .7f);
  g_assert_cmpuint (sq_video_view_get_detections (view->view)->len, ==, 3);
  g_assert_cmpuint (sq_inspector_get_n_objects (view->inspector), ==, 3);
  sq_filter_state_set_confidence (view->filter, 1);
  g_assert_cmpuint (sq_inspector_get_n_objects (view->inspector), ==, 0);
  sq_filter_state_set_confidence (view->filter, .05f);
  g_assert_cmpuint (sq_inspector_get_n_objects (view->inspector), ==, 6);
}

static void
test_classes (View *view, gconstpointer data)
{
  g_autoptr (SqResult) result = fixture_result (640, 360, 6);
  gboolean all;

  sq_video_view_set_result (view->view, result);
  sq_filter_state_set_class_shown (view->filter, 0, FALSE);
  g_assert_cmpuint (sq_inspector_get_n_objects (view->inspector), ==, 4);
  g_object_get (view->filter, "all-classes", &all, NULL);
  g_assert_false (all);
  sq_filter_state_set_all_classes_shown (view->filter, FALSE);
  g_assert_cmpuint (sq_inspector_get_n_objects (view->inspector), ==, 0);
  sq_filter_state_set_all_classes_shown (view->filter, TRUE);
  g_assert_cmpuint (sq_inspector_get_n_objects (view->inspector), ==, 6);
  g_assert_cmpuint (sq_filter_state_get_n_shown (view->filter), ==, 3);
}

static void
test_overlap (View *view, gconstpointer data)
{
  SqDetection *two = g_new0 (SqDetection, 2);
  guint8 *pixels = g_malloc0 (100 * 100 * 3);
  SqFrame *frame = sq_frame_new (100, 100, 300, pixels, "a.png", 0, 0, g_free, pixels);
  g_autoptr (SqResult) result = NULL;

  two[0] = (SqDetection){ 10, 10, 60, 60, .9f, 0, 0 };
  two[1] = (SqDetection){ 20, 10, 70, 60, .8f, 0, 0 }; // IoU .667
  result = sq_result_new (frame, two, 2, FALSE);
  sq_video_view_set_result (view->view, result);
  g_assert_cmpuint (sq_inspector_get_n_objects (view->inspector), ==, 1);
  sq_filter_state_set_overlap (view->filter, .8f);
  g_assert_cmpuint (sq_inspector_get_n_objects (view->inspector), ==, 2);
}

static void
test_select (View *view, gconstpointer data)
{
  g_autoptr (SqResult) result = fixture_result (640, 360, 6);
  g_autofree char *text = NULL;

  sq_video_view_set_result (view->view, result);
  g_assert_null (sq_picture_view_describe_selected (SQ_PICTURE_VIEW (view->view)));
  gtk_widget_activate_action (GTK_WIDGET (view->view), "view.next", NULL);
  text = sq_picture_view_describe_selected (SQ_PICTURE_VIEW (view->view));
  g_assert_true (g_str_has_prefix (text, "person 0.950 ["));
  gtk_widget_activate_action (GTK_WIDGET (view->view), "view.pin", NULL);
  // The pinned one stays when weaker ones go, and goes when it is filtered itself.
  sq_filter_state_set_confidence (view->filter, .9f);
  g_clear_pointer (&text, g_free);
  text = sq_picture_view_describe_selected (SQ_PICTURE_VIEW (view->view));
  g_assert_nonnull (text);
  sq_filter_state_set_confidence (view->filter, .97f);
  g_assert_null (sq_picture_view_describe_selected (SQ_PICTURE_VIEW (view->view)));
}

// The keys that a widget listens to before its children do.
static void
press (GtkWidget *widget, guint key)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (widget);
  gboolean done = FALSE;

  for (guint i = 0; i < g_list_model_get_n_items (controllers) && !done; i++)
    {
      g_autoptr (GtkEventController) c = g_list_model_get_item (controllers, i);

      if (GTK_IS_EVENT_CONTROLLER_KEY (c) && gtk_event_controller_get_propagation_phase (c) == GTK_PHASE_CAPTURE)
        g_signal_emit_by_name (c, "key-pressed", key, 0, 0, &done);
    }
  g_assert_true (done);
}

// A triangle over the left of the picture, drawn with the keyboard alone: what lies outside is not counted any more.
static void
test_region (View *view, gconstpointer data)
{
  g_autoptr (SqResult) result = fixture_result (640, 360, 4);
  GtkWidget *widget = GTK_WIDGET (view->view);
  g_autofree char *text = NULL;

  sq_video_view_set_result (view->view, result);
  gtk_widget_activate_action (widget, "view.region-include", NULL);
  g_assert_true (sq_video_view_get_drawing (view->view));
  press (widget, GDK_KEY_Escape);
  g_assert_false (sq_video_view_get_drawing (view->view));
  g_assert_null (sq_filter_state_get_region (view->filter));

  gtk_widget_activate_action (widget, "view.region-include", NULL);
  press (widget, GDK_KEY_space); // the middle
  for (int i = 0; i < 100; i++)
    press (widget, GDK_KEY_Up);
  press (widget, GDK_KEY_space);
  press (widget, GDK_KEY_Return); // two corners are no polygon
  g_assert_true (sq_video_view_get_drawing (view->view));
  press (widget, GDK_KEY_BackSpace);
  press (widget, GDK_KEY_space);
  for (int i = 0; i < 100; i++)
    press (widget, GDK_KEY_Left);
  press (widget, GDK_KEY_space);
  for (int i = 0; i < 110; i++) // not beyond the picture
    press (widget, GDK_KEY_Down);
  press (widget, GDK_KEY_space);
  press (widget, GDK_KEY_Return);
  g_assert_false (sq_video_view_get_drawing (view->view));
  text = sq_region_to_text (sq_filter_state_get_region (view->filter));
  g_assert_cmpstr (text, ==, "include 0.5,0.5 0.5,0 0,0 0,1\n");
  g_assert_cmpuint (sq_inspector_get_n_objects (view->inspector), ==, 2); // the left ones
  gtk_widget_activate_action (widget, "view.region-clear", NULL);
  g_assert_cmpuint (sq_inspector_get_n_objects (view->inspector), ==, 4);
}

static void
test_zoom (View *view, gconstpointer data)
{
  g_autoptr (SqResult) result = fixture_result (640, 360, 2);
  double fit;

  sq_video_view_set_result (view->view, result);
  fit = sq_picture_view_get_scale (SQ_PICTURE_VIEW (view->view));
  g_assert_cmpfloat (fit, >, 0);
  gtk_widget_activate_action (GTK_WIDGET (view->view), "view.zoom-in", NULL);
  g_assert_cmpfloat (sq_picture_view_get_scale (SQ_PICTURE_VIEW (view->view)), >, fit);
  gtk_widget_activate_action (GTK_WIDGET (view->view), "view.zoom-out", NULL);
  gtk_widget_activate_action (GTK_WIDGET (view->view), "view.zoom-out", NULL);
  g_assert_cmpfloat_with_epsilon (sq_picture_view_get_scale (SQ_PICTURE_VIEW (view->view)), fit, 1e-6);
  g_assert_cmpfloat (sq_picture_view_get_zoom (SQ_PICTURE_VIEW (view->view)), ==, 0);
  gtk_widget_activate_action (GTK_WIDGET (view->view), "view.zoom-original", NULL);
  gtk_widget_activate_action (GTK_WIDGET (view->view), "view.zoom-fit", NULL);
  g_assert_cmpfloat (sq_picture_view_get_zoom (SQ_PICTURE_VIEW (view->view)), ==, 0);
  fixture_run_for (.05);
}

static void
test_no_pixels (View *view, gconstpointer data)
{
  SqFrame *frame = sq_frame_new (64, 48, 192, NULL, "gone.png", 0, 0, NULL, NULL);
  g_autoptr (SqResult) result = sq_result_new (frame, g_new0 (SqDetection, 1), 0, FALSE);

  sq_video_view_set_result (view->view, result);
  fixture_run_for (.1);
  sq_video_view_set_result (view->view, NULL);
  fixture_run_for (.05);
}

static guint
count_rows (GtkWidget *widget)
{
  guint n = 0;

  // A row has a swatch; those of the class list are made only when it opens.
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    n += SQ_IS_CLASS_SWATCH (child) ? gtk_widget_get_mapped (child) : count_rows (child);
  return n;
}

// Classes that come and go in a video do not make the list longer and longer.
static void
test_rows (View *view, gconstpointer data)
{
  g_autoptr (GArray) detections = g_array_new (FALSE, TRUE, sizeof (SqDetection));

  g_array_set_size (detections, 2);
  for (int frame = 0; frame < 30; frame++)
    {
      g_array_index (detections, SqDetection, 0).class_id = 0;
      g_array_index (detections, SqDetection, 1).class_id = frame;
      sq_inspector_set_detections (view->inspector, detections, TRUE);
    }
  fixture_run_for (.1);
  g_assert_cmpuint (count_rows (GTK_WIDGET (view->inspector)), ==, 2);
  g_assert_cmpuint (sq_inspector_get_n_objects (view->inspector), ==, 2);
}

/* Without widgets */

static void
test_density (void)
{
  g_autoptr (SqDensity) density = sq_density_new (G_GINT64_CONSTANT (1000000000));
  g_autoptr (SqResult) result = fixture_result (64, 48, 4); // .95 .85 .75 .65
  g_autoptr (GArray) low = NULL;
  g_autoptr (GArray) high = NULL;

  result->frame->pts_ns = G_GINT64_CONSTANT (2500000000);
  sq_density_add (density, result, .45f);
  low = sq_density_get (density, .25f);
  high = sq_density_get (density, .8f);
  g_assert_cmpuint (low->len, ==, 3);
  g_assert_cmpfloat (g_array_index (low, float, 0), ==, -1);
  g_assert_cmpfloat (g_array_index (low, float, 2), ==, 4);
  g_assert_cmpfloat (g_array_index (high, float, 2), ==, 2);
}

static guint n_got;
static int last_got;

static void
on_mail (gpointer item, gpointer user_data)
{
  n_got++;
  last_got = *(int *) item;
  g_free (item);
}

static gpointer
post_many (gpointer mailbox)
{
  for (int i = 1; i <= 1000; i++)
    sq_mailbox_post (mailbox, g_memdup2 (&i, sizeof i));
  return NULL;
}

static gboolean
got_last (gpointer data)
{
  return last_got == 1000;
}

static void
test_mailbox (void)
{
  SqMailbox *mailbox = sq_mailbox_new (on_mail, NULL, g_free);

  n_got = last_got = 0;
  g_thread_join (g_thread_new ("post", post_many, mailbox));
  g_assert_true (fixture_wait (got_last, NULL, 2));
  g_assert_cmpuint (n_got, ==, 1); // nobody looked in between
  sq_mailbox_close (mailbox);
  post_many (mailbox);
  fixture_run_for (.02);
  g_assert_cmpuint (n_got, ==, 1);
  sq_mailbox_unref (mailbox);
}

static gboolean
strip_is_full (gpointer strip)
{
  return sq_filmstrip_get_n_items (strip) == 3;
}

static void
test_filmstrip (void)
{
  SqFilmstrip *strip = SQ_FILMSTRIP (g_object_ref_sink (sq_filmstrip_new ()));
  g_autoptr (SqFilmFeed) old = sq_filmstrip_restart (strip);
  g_autoptr (SqFilmFeed) feed = sq_filmstrip_restart (strip);
  g_autoptr (SqResult) result = fixture_result (640, 480, 3);

  sq_film_feed_push (old, result); // of a run that is over
  for (int i = 0; i < 3; i++)
    {
      result->frame->index = i;
      sq_film_feed_push (feed, result);
    }
  g_assert_true (fixture_wait (strip_is_full, strip, 2));
  g_assert_true (sq_filmstrip_pick (strip, 1));
  g_assert_true (sq_filmstrip_pick (strip, 1));
  g_assert_true (sq_filmstrip_pick (strip, 1));
  g_assert_false (sq_filmstrip_pick (strip, 1));
  g_assert_finalize_object (strip);
}

int
main (int argc, char *argv[])
{
  fixture_init (&argc, &argv);
  g_test_add ("/ui/filter/confidence", View, NULL, view_set_up, test_confidence, view_tear_down);
  g_test_add ("/ui/filter/classes", View, NULL, view_set_up, test_classes, view_tear_down);
  g_test_add ("/ui/filter/overlap", View, NULL, view_set_up, test_overlap, view_tear_down);
  g_test_add ("/ui/filter/rows", View, NULL, view_set_up, test_rows, view_tear_down);
  g_test_add ("/ui/view/select", View, NULL, view_set_up, test_select, view_tear_down);
  g_test_add ("/ui/view/region", View, NULL, view_set_up, test_region, view_tear_down);
  g_test_add ("/ui/view/zoom", View, NULL, view_set_up, test_zoom, view_tear_down);
  g_test_add ("/ui/view/no-pixels", View, NULL, view_set_up, test_no_pixels, view_tear_down);
  g_test_add_func ("/ui/density", test_density);
  g_test_add_func ("/ui/mailbox", test_mailbox);
  g_test_add_func ("/ui/filmstrip", test_filmstrip);
  return g_test_run ();
}
