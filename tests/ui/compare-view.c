// SPDX-License-Identifier: GPL-3.0-or-later
// What the compare view makes of pairs that are made by hand: which kinds there are, what lies under the pointer, the line between the
// halves, zoom and pan of both.
#include "config.h"

#include "fixture.h"
#include "ui/compare-view.h"
#include "ui/split-handle.h"

typedef struct
{
  GtkWidget *window;
  SqCompareView *view;
  SqFilterState *filter;
} View;

static const char *const labels_a[] = { "person", "bicycle", "dog", NULL };
static const char *const labels_b[] = { "Dog", "person", "kite", NULL };

// Person at 40, agreed on; at 140 lost; dog at 240 called kite; person at 340 moved; B alone has a kite at 540.
static SqResult *
make_pair (int width, int height)
{
  SqResult *pair = fixture_result (width, height, 0), *other;
  SqDetection a[] = {
    { 40, 100, 100, 200, .9f, 0, 0 },
    { 140, 100, 200, 200, .8f, 0, 0 },
    { 240, 100, 300, 200, .7f, 2, 0 },
    { 340, 100, 400, 200, .6f, 0, 0 },
  };
  SqDetection b[] = {
    { 41, 100, 101, 200, .88f, 1, 0 },
    { 240, 101, 300, 201, .66f, 2, 0 },
    { 355, 105, 415, 205, .5f, 1, 0 },
    { 540, 100, 600, 200, .4f, 2, 0 },
  };

  other = sq_result_new (sq_frame_ref (pair->frame), g_memdup2 (b, sizeof b), G_N_ELEMENTS (b), FALSE);
  g_free ((gpointer) pair->candidates);
  pair->candidates = g_memdup2 (a, sizeof a);
  pair->n_candidates = G_N_ELEMENTS (a);
  pair->other = other;
  return pair;
}

static void
set_up (View *self, gconstpointer data)
{
  g_autoptr (SqResult) pair = make_pair (640, 360);

  self->window = gtk_window_new ();
  self->view = SQ_COMPARE_VIEW (sq_compare_view_new ());
  self->filter = sq_filter_state_new ();
  gtk_window_set_decorated (GTK_WINDOW (self->window), FALSE);
  gtk_window_set_child (GTK_WINDOW (self->window), GTK_WIDGET (self->view));
  gtk_window_set_default_size (GTK_WINDOW (self->window), 640, 360);
  sq_compare_view_set_labels (self->view, labels_a, labels_b);
  sq_compare_view_set_names (self->view, "yolox-nano", "yolox-nano · INT8");
  sq_compare_view_set_filters (self->view, self->filter, self->filter);
  sq_compare_view_set_result (self->view, pair);
  gtk_window_present (GTK_WINDOW (self->window));
  fixture_run_for (.2);
  g_assert_cmpint (gtk_widget_get_width (GTK_WIDGET (self->view)), ==, 640);
}

static void
tear_down (View *self, gconstpointer data)
{
  g_object_ref (self->view);
  gtk_window_destroy (GTK_WINDOW (self->window));
  fixture_run_for (.02);
  g_assert_finalize_object (self->view);
  g_assert_finalize_object (self->filter);
}

// The one match of a kind: its position in the list.
static int
find (View *self, SqMatchKind kind)
{
  GArray *matches = sq_compare_view_get_matches (self->view);

  for (guint i = 0; i < matches->len; i++)
    if (g_array_index (matches, SqMatch, i).kind == kind)
      return i;
  return -1;
}

static int
pick (View *self, double x, double y)
{
  return SQ_PICTURE_VIEW_GET_CLASS (self->view)->pick (SQ_PICTURE_VIEW (self->view), x, y);
}

static void
test_kinds (View *self, gconstpointer data)
{
  g_autofree char *text = NULL;
  GArray *matches = sq_compare_view_get_matches (self->view);

  for (int k = 0; k < SQ_N_MATCHES; k++)
    g_assert_cmpuint (sq_compare_view_count (self->view, k), ==, 1);
  g_assert_cmpuint (matches->len, ==, 5);
  g_assert_cmpint (find (self, SQ_MATCH_AGREED), ==, 4); // last: the keyboard comes to disagreements first

  sq_picture_view_select (SQ_PICTURE_VIEW (self->view), find (self, SQ_MATCH_CLASS));
  text = sq_picture_view_describe_selected (SQ_PICTURE_VIEW (self->view));
  g_assert_cmpstr (text, ==, "class A dog 0.700 [240.0, 100.0, 300.0, 200.0] B kite 0.660 [240.0, 101.0, 300.0, 201.0] /pictures/bars.png");
}

// Filters change what is compared; a selection stays on its object.
static void
test_filter (View *self, gconstpointer data)
{
  g_autoptr (SqFilterState) strict = sq_filter_state_new ();
  g_autofree char *text = NULL;

  sq_picture_view_select (SQ_PICTURE_VIEW (self->view), find (self, SQ_MATCH_MOVED));
  sq_filter_state_set_confidence (self->filter, .55f);
  g_assert_cmpuint (sq_compare_view_count (self->view, SQ_MATCH_NEW), ==, 0);
  g_assert_cmpuint (sq_compare_view_count (self->view, SQ_MATCH_MOVED), ==, 0);
  g_assert_cmpuint (sq_compare_view_count (self->view, SQ_MATCH_LOST), ==, 2);
  text = sq_picture_view_describe_selected (SQ_PICTURE_VIEW (self->view));
  g_assert_true (g_str_has_prefix (text, "lost A person 0.600"));

  // One side alone.
  sq_filter_state_set_confidence (self->filter, .25f);
  sq_filter_state_set_confidence (strict, .95f);
  sq_compare_view_set_filters (self->view, self->filter, strict);
  g_assert_cmpuint (sq_compare_view_count (self->view, SQ_MATCH_LOST), ==, 4);
  sq_filter_state_set_confidence (strict, .25f);
  g_assert_cmpuint (sq_compare_view_count (self->view, SQ_MATCH_LOST), ==, 1);
}

static void
test_pick (View *self, gconstpointer data)
{
  // Both halves lie in the same place of one picture.
  g_assert_cmpint (pick (self, 170, 150), ==, find (self, SQ_MATCH_LOST));
  g_assert_cmpint (pick (self, 570, 150), ==, find (self, SQ_MATCH_NEW));
  g_assert_cmpint (pick (self, 410, 150), ==, find (self, SQ_MATCH_MOVED)); // B's box alone
  g_assert_cmpint (pick (self, 500, 150), ==, -1);
  // Of what is agreed on only the side's own box is there.
  g_assert_cmpint (sq_compare_view_get_side (self->view, 100), ==, SQ_SIDE_A);
  g_assert_cmpint (pick (self, 103.5, 150), ==, -1);
  sq_split_handle_set_value (SQ_SPLIT_HANDLE (sq_compare_view_get_handle (self->view)), 0);
  g_assert_cmpint (sq_compare_view_get_side (self->view, 100), ==, SQ_SIDE_B);
  g_assert_cmpint (pick (self, 103.5, 150), ==, find (self, SQ_MATCH_AGREED));

  // Side by side each half shows all of it, smaller.
  sq_compare_view_set_mode (self->view, SQ_COMPARE_PANES);
  fixture_run_for (.1);
  {
    double scale = sq_picture_view_get_scale (SQ_PICTURE_VIEW (self->view)), top = (360 - 360 * scale) / 2;

    g_assert_cmpfloat_with_epsilon (scale, 319 / 640., 1e-3);
    g_assert_cmpint (pick (self, 170 * scale, top + 150 * scale), ==, find (self, SQ_MATCH_LOST));
    g_assert_cmpint (pick (self, 321 + 170 * scale, top + 150 * scale), ==, find (self, SQ_MATCH_LOST));
    g_assert_cmpint (sq_compare_view_get_side (self->view, 321), ==, SQ_SIDE_B);
  }
  sq_compare_view_set_mode (self->view, SQ_COMPARE_ONLY_B);
  g_assert_cmpint (sq_compare_view_get_side (self->view, 0), ==, SQ_SIDE_B);
}

static void
test_mirrored (View *self, gconstpointer data)
{
  gtk_widget_set_direction (GTK_WIDGET (self->view), GTK_TEXT_DIR_RTL);
  g_assert_cmpint (sq_compare_view_get_side (self->view, 10), ==, SQ_SIDE_B);
  g_assert_cmpint (sq_compare_view_get_side (self->view, 630), ==, SQ_SIDE_A);
  g_assert_cmpint (pick (self, 170, 150), ==, find (self, SQ_MATCH_LOST)); // the picture itself is not
}

static void
test_handle (View *self, gconstpointer data)
{
  GtkWidget *handle = sq_compare_view_get_handle (self->view);
  graphene_rect_t at;

  g_assert_true (gtk_widget_get_visible (handle));
  g_assert_true (gtk_widget_grab_focus (GTK_WIDGET (self->view)));
  g_assert_true (gtk_widget_child_focus (GTK_WIDGET (self->view), GTK_DIR_TAB_FORWARD)); // Tab
  g_assert_true (gtk_widget_is_focus (handle));
  g_assert_true (fixture_press (handle, GDK_KEY_Right, 0));
  g_assert_cmpfloat_with_epsilon (sq_split_handle_get_value (SQ_SPLIT_HANDLE (handle)), .52, 1e-9);
  fixture_press (handle, GDK_KEY_Left, 0);
  fixture_press (handle, GDK_KEY_Left, 0);
  fixture_run_for (.1);
  g_assert_true (gtk_widget_compute_bounds (handle, GTK_WIDGET (self->view), &at));
  g_assert_cmpfloat_with_epsilon (at.origin.x + at.size.width / 2, .48 * 640, 1);
  sq_compare_view_set_mode (self->view, SQ_COMPARE_PANES);
  g_assert_false (gtk_widget_get_visible (handle));
}

static void
test_zoom (View *self, gconstpointer data)
{
  SqPictureView *view = SQ_PICTURE_VIEW (self->view);
  g_autoptr (SqResult) other = make_pair (320, 180);
  double scale;

  sq_compare_view_set_mode (self->view, SQ_COMPARE_PANES);
  fixture_run_for (.1);
  for (int i = 0; i < 6; i++)
    gtk_widget_activate_action (GTK_WIDGET (view), "view.zoom-in", NULL);
  scale = sq_picture_view_get_scale (view);
  g_assert_cmpfloat (scale, >, 1.5);
  // The same point of the picture in the same place of both halves: the middle.
  for (int s = 0; s < 2; s++)
    {
      double x = s * 321 + 319 / 2.;

      g_assert_cmpint (pick (self, x - 15 * scale, 180 - 40 * scale), ==, -1);
      g_assert_cmpint (pick (self, x + 40 * scale, 180 - 40 * scale), ==, find (self, SQ_MATCH_MOVED));
    }
  sq_compare_view_set_result (self->view, other); // another size
  g_assert_cmpfloat (sq_picture_view_get_zoom (view), ==, 0);
}

// Each mode as it is drawn.
static void
test_drawn (View *self, gconstpointer data)
{
  static const char *const modes[SQ_N_COMPARE_MODES] = { "split", "panes", "only-b" };

  for (int m = 0; m < SQ_N_COMPARE_MODES; m++)
    {
      g_autofree char *name = g_strconcat ("compare-view-", modes[m], NULL);

      sq_compare_view_set_mode (self->view, m);
      fixture_run_for (.1);
      fixture_screenshot (self->window, name);
    }
  sq_picture_view_select (SQ_PICTURE_VIEW (self->view), find (self, SQ_MATCH_MOVED));
  fixture_run_for (.1);
  fixture_screenshot (self->window, "compare-view-selected");
}

static void
add (const char *path, void (*test) (View *, gconstpointer))
{
  g_test_add (path, View, NULL, set_up, test, tear_down);
}

int
main (int argc, char *argv[])
{
  fixture_init (&argc, &argv);
  add ("/ui/compare-view/kinds", test_kinds);
  add ("/ui/compare-view/filter", test_filter);
  add ("/ui/compare-view/pick", test_pick);
  add ("/ui/compare-view/mirrored", test_mirrored);
  add ("/ui/compare-view/handle", test_handle);
  add ("/ui/compare-view/zoom", test_zoom);
  add ("/ui/compare-view/drawn", test_drawn);
  return g_test_run ();
}
