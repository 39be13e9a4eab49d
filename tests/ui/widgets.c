// SPDX-License-Identifier: GPL-3.0-or-later
// Every widget is made, shown, and let go of without a leak.
#include "config.h"

#include "fixture.h"
#include "ui/busy-bar.h"
#include "ui/class-filter.h"
#include "ui/class-swatch.h"
#include "ui/compare-table.h"
#include "ui/compare-view.h"
#include "ui/density-strip.h"
#include "ui/device-strip.h"
#include "ui/disagreement-strip.h"
#include "ui/drop-overlay.h"
#include "ui/film-cell.h"
#include "ui/filmstrip.h"
#include "ui/filter-panel.h"
#include "ui/graph.h"
#include "ui/inspector.h"
#include "ui/model-details.h"
#include "ui/model-picker.h"
#include "ui/preferences.h"
#include "ui/session-card.h"
#include "ui/session-cell.h"
#include "ui/session-view.h"
#include "ui/transport-bar.h"
#include "ui/wrap-box.h"

static GtkWidget *
graph_new (void)
{
  return sq_graph_widget_new ("Load", 120, 64);
}

static GtkWidget *
swatch_new (void)
{
  return sq_class_swatch_new (3);
}

static const struct
{
  const char *name;
  GtkWidget *(*make) (void);
} widgets[] = {
  { "busy-bar", sq_busy_bar_new },
  { "class-swatch", swatch_new },
  { "compare-page", sq_compare_page_new },
  { "compare-table", sq_compare_table_new },
  { "compare-view", sq_compare_view_new },
  { "density-strip", sq_density_strip_new },
  { "detect-page", sq_detect_page_new },
  { "device-strip", sq_device_strip_new },
  { "devices-page", sq_devices_page_new },
  { "disagreement-strip", sq_disagreement_strip_new },
  { "drop-overlay", sq_drop_overlay_new },
  { "film-cell", sq_film_cell_new },
  { "filmstrip", sq_filmstrip_new },
  { "filter-panel", sq_filter_panel_new },
  { "graph", graph_new },
  { "inspector", sq_inspector_new },
  { "model-details", sq_model_details_new },
  { "model-picker", sq_model_picker_new },
  { "models-page", sq_models_page_new },
  { "session-card", sq_session_card_new },
  { "session-cell", sq_session_cell_new },
  { "session-view", sq_session_view_new },
  { "sessions-page", sq_sessions_page_new },
  { "transport-bar", sq_transport_bar_new },
  { "video-view", sq_video_view_new },
  { "wrap-box", sq_wrap_box_new },
};

static void
test_alone (gconstpointer data)
{
  GtkWidget *(*make) (void) = data;
  GtkWidget *widget = make ();

  g_object_ref_sink (widget);
  g_assert_finalize_object (widget);
}

static void
test_shown (gconstpointer data)
{
  GtkWidget *(*make) (void) = data;
  GtkWidget *window = gtk_window_new (), *widget = make ();

  g_object_ref_sink (widget);
  gtk_window_set_child (GTK_WINDOW (window), widget);
  gtk_window_set_default_size (GTK_WINDOW (window), 640, 480);
  gtk_window_present (GTK_WINDOW (window));
  fixture_run_for (.15);
  gtk_window_destroy (GTK_WINDOW (window));
  fixture_run_for (.02);
  g_assert_finalize_object (widget);
}

static void
test_window (Fixture *fixture, gconstpointer data)
{
  SqWindow *window = fixture_window (fixture, 900, 640);
  gpointer weak = window;

  g_object_add_weak_pointer (G_OBJECT (window), &weak);
  fixture_destroy_window (window);
  fixture_run_for (.3);
  g_assert_null (weak);
}

static void
test_preferences (Fixture *fixture, gconstpointer data)
{
  GtkWidget *window = sq_preferences_new (NULL, fixture->workspace);
  gpointer weak = window;

  g_object_add_weak_pointer (G_OBJECT (window), &weak);
  gtk_window_present (GTK_WINDOW (window));
  fixture_run_for (.2);
  gtk_window_destroy (GTK_WINDOW (window));
  fixture_run_for (.1);
  g_assert_null (weak);
}

static void
test_graph_ring (void)
{
  SqGraphWidget *graph = SQ_GRAPH_WIDGET (g_object_ref_sink (sq_graph_widget_new ("Load", 8, 32)));

  for (int i = 0; i < 20; i++)
    sq_graph_widget_push (graph, i / 20., -1);
  g_assert_cmpuint (sq_graph_widget_get_n_samples (graph), ==, 8);
  sq_graph_widget_clear (graph);
  g_assert_cmpuint (sq_graph_widget_get_n_samples (graph), ==, 0);
  g_assert_finalize_object (graph);
}

int
main (int argc, char *argv[])
{
  fixture_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (widgets); i++)
    {
      g_autofree char *alone = g_strconcat ("/ui/widget/alone/", widgets[i].name, NULL);
      g_autofree char *shown = g_strconcat ("/ui/widget/shown/", widgets[i].name, NULL);

      g_test_add_data_func (alone, widgets[i].make, test_alone);
      g_test_add_data_func (shown, widgets[i].make, test_shown);
    }
  g_test_add_func ("/ui/widget/graph-ring", test_graph_ring);
  g_test_add ("/ui/widget/window", Fixture, NULL, fixture_set_up, test_window, fixture_tear_down);
  g_test_add ("/ui/widget/preferences", Fixture, NULL, fixture_set_up, test_preferences, fixture_tear_down);
  return g_test_run ();
}
