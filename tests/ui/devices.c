// SPDX-License-Identifier: GPL-3.0-or-later
// The Devices page and the strip in front of a fake NVML: 1 and 8 GPUs, readings a device does not have, one that stops answering; choosing
// devices; measuring. Pictures of it, light and dark, go into the build folder.
#include "config.h"

#include "fixture.h"
#include "tests/devices/fake-gpus.h"
#include "ui/graph.h"
#include "ui/speedup-panel.h"

#include <math.h>
#include <string.h>

typedef struct
{
  SqWindow *window;
  SqDevicesPage *page;
  SqWorkspace *workspace;
  int n; // GPUs
} Case;

// Without CUDA built in there are no cards of GPUs; FALSE skips the test.
static gboolean
has_gpus (void)
{
  if (!SQ_BUILT_WITH_CUDA)
    g_test_skip ("built without CUDA");
  return SQ_BUILT_WITH_CUDA;
}

static gboolean
have_cards (gpointer data)
{
  Case *c = data;
  g_autofree char *last = g_strdup_printf ("cuda:%d", c->n - 1);

  return c->n == 0 ? sq_devices_page_get_card (c->page, "cpu") != NULL : sq_devices_page_get_card (c->page, last) != NULL;
}

// The fixture's workspace has listed the devices already: a new one sees the GPUs. `seconds` of readings move like a run's.
static Case
begin (Fixture *fixture, int n, const char *theme, double seconds)
{
  Case c = { .n = n };
  int steps = (int) (seconds / .1);

  fake_gpus_install (n);
  adw_style_manager_set_color_scheme (adw_style_manager_get_default (),
                                      g_str_equal (theme, "dark") ? ADW_COLOR_SCHEME_FORCE_DARK : ADW_COLOR_SCHEME_FORCE_LIGHT);
  sq_workspace_close (fixture->workspace);
  g_object_unref (fixture->workspace);
  fixture->workspace = sq_workspace_new (fixture->dir);
  c.workspace = fixture->workspace;
  c.window = fixture_window (fixture, 1280, 800);
  c.page = sq_window_get_devices_page (c.window);
  sq_window_show_page (c.window, "devices");
  g_assert_true (fixture_wait (have_cards, &c, 20));
  for (int step = 0; step < steps; step++)
    {
      for (int i = 0; i < n; i++)
        {
          double wave = .5 + .5 * sin (step / 5. + i);

          fake_gpu (i)->compute = (unsigned) (40 + 55 * wave);
          fake_gpu (i)->bandwidth = (unsigned) (20 + 30 * wave);
          fake_gpu (i)->watt = (unsigned) (120 + 200 * wave);
          fake_gpu (i)->decoder = (unsigned) (10 + 20 * wave);
        }
      fixture_run_for (.05); // the fixture's patience doubles it
    }
  return c;
}

static void
end (Case *c)
{
  fixture_destroy_window (c->window);
}

static void
shoot (Case *c, const char *what, const char *theme)
{
  g_autofree char *name = g_strdup_printf ("devices-%s-%s-1280x800", what, theme);

  fixture_screenshot (GTK_WIDGET (c->window), name);
}

static void
test_gpus (Fixture *fixture, gconstpointer data)
{
  static const int counts[] = { 0, 1, 8 };
  const char *theme = data;

  if (!has_gpus ())
    return;
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      Case c = begin (fixture, counts[i], theme, 2);
      g_autofree char *what = g_strdup_printf ("%d", counts[i]), *below = g_strdup_printf ("%d-below", counts[i]);

      for (int k = 0; k < counts[i]; k++)
        {
          g_autofree char *id = g_strdup_printf ("cuda:%d", k);

          g_assert_cmpstr (sq_device_card_get_note (sq_devices_page_get_card (c.page, id)), ==, "");
        }
      shoot (&c, what, theme);
      sq_devices_page_scroll_to (c.page, counts[i] == 8 ? .3 : 1);
      fixture_run_for (.1);
      shoot (&c, below, theme);
      end (&c);
    }
}

static gboolean
says_lost (gpointer data)
{
  Case *c = data;

  return strstr (sq_device_card_get_note (sq_devices_page_get_card (c->page, "cuda:0")), "stopped answering") != NULL;
}

static void
test_lost (Fixture *fixture, gconstpointer data)
{
  Case c;

  if (!has_gpus ())
    return;
  c = begin (fixture, 2, data, 2);
  fake_gpu (0)->code = 15;
  fake_gpu (1)->encoder = fake_gpu (1)->decoder = fake_gpu (1)->watt = FAKE_NVML_NO;
  g_assert_true (fixture_wait (says_lost, &c, 10));
  fixture_run_for (.5);
  g_assert_cmpstr (sq_device_card_get_note (sq_devices_page_get_card (c.page, "cuda:1")), ==, ""); // it was reported before
  sq_devices_page_scroll_to (c.page, 1);
  fixture_run_for (.1);
  shoot (&c, "lost", data);
  end (&c);
}

static gboolean
says_missing (gpointer data)
{
  Case *c = data;
  const char *note = sq_device_card_get_note (sq_devices_page_get_card (c->page, "cuda:0"));

  return strstr (note, "video") != NULL && strstr (note, "power") != NULL;
}

static void
test_not_supported (Fixture *fixture, gconstpointer data)
{
  Case c;

  if (!has_gpus ())
    return;
  fake_gpus_install (1);
  c = (Case){ .n = 1 };
  fake_gpu (0)->encoder = fake_gpu (0)->decoder = fake_gpu (0)->watt = FAKE_NVML_NO;
  sq_workspace_close (fixture->workspace);
  g_object_unref (fixture->workspace);
  fixture->workspace = sq_workspace_new (fixture->dir);
  c.workspace = fixture->workspace;
  c.window = fixture_window (fixture, 1280, 800);
  c.page = sq_window_get_devices_page (c.window);
  sq_window_show_page (c.window, "devices");
  g_assert_true (fixture_wait (have_cards, &c, 20));
  g_assert_true (fixture_wait (says_missing, &c, 10));
  sq_devices_page_scroll_to (c.page, 1);
  fixture_run_for (.5);
  shoot (&c, "not-supported", data);
  end (&c);
}

// What a graph says of a moment, and where it has nothing to say.
static void
test_describe (void)
{
  SqGraphWidget *graph =
      g_object_new (SQ_TYPE_GRAPH_WIDGET, "capacity", 8, "height", 88, "first-name", "all", "second-name", "Squint", NULL);
  g_autofree char *nothing = sq_graph_widget_describe (g_object_ref_sink (graph), 0), *now = NULL, *gap = NULL;

  g_assert_cmpstr (nothing, ==, "");
  sq_graph_widget_push (graph, 45, 12);
  sq_graph_widget_push (graph, -1, -1);
  sq_graph_widget_push (graph, 50, -1);
  now = sq_graph_widget_describe (graph, 0);
  gap = sq_graph_widget_describe (graph, 2);
  g_assert_cmpstr (now, ==, "all 50 %");
  g_assert_cmpstr (gap, ==, "0.5 s ago: all 45 %, Squint 12 %");
  g_free (gap);
  gap = sq_graph_widget_describe (graph, 1);
  g_assert_nonnull (strstr (gap, "not reported"));
  g_object_unref (graph);
}

static gboolean
measured (gpointer data)
{
  Case *c = data;

  return !sq_speedup_panel_get_measuring (sq_devices_page_get_panel (c->page));
}

static gboolean
have_model (gpointer data)
{
  Case *c = data;

  return sq_model_list_get_ready (sq_workspace_get_models (c->workspace));
}

// The real thing on this machine's cores, then a made-up result of eight GPUs; a measurement can be taken back, and the window stays alive.
static void
test_measure (Fixture *fixture, gconstpointer data)
{
  g_autofree char *models = fixture_data ("models");
  SqSpeedupPanel *panel;
  Case c;

  if (models != NULL)
    g_setenv ("SQUINT_MODEL_MIRROR", models, FALSE);
  c = begin (fixture, 0, data, 1);
  panel = sq_devices_page_get_panel (c.page);
  if (models == NULL || g_get_num_processors () < 2)
    {
      g_test_skip ("no test data, or one core");
      end (&c);
      return;
    }
  g_assert_true (fixture_wait (have_model, &c, 10));
  g_settings_set_string (sq_workspace_get_settings (c.workspace), "device", "cpu:0,cpu:1");
  sq_speedup_panel_set_seconds (panel, .5);
  sq_speedup_panel_measure (panel);
  g_assert_true (sq_speedup_panel_get_measuring (panel));
  fixture_run_for (.3);
  sq_speedup_panel_measure (panel); // cancels
  g_assert_true (fixture_wait (measured, &c, 30));
  sq_speedup_panel_measure (panel);
  g_assert_true (fixture_wait (measured, &c, 120));
  fixture_run_for (.2);
  shoot (&c, "measured", data);
  g_settings_reset (sq_workspace_get_settings (c.workspace), "device");
  end (&c);
}

static gboolean
run_has_shares (gpointer data)
{
  Case *c = data;
  SqPipeline *pipeline = sq_detect_page_get_pipeline (sq_window_get_detect_page (c->window));
  SqPipelineStats stats = { 0 };

  if (pipeline != NULL)
    sq_pipeline_get_stats (pipeline, &stats);
  return stats.n_devices == 2 && stats.device[0].frames > 30 && stats.device[1].frames > 30;
}

// A run on two cores: the card says what it contributes, the subtitle what runs where.
static void
test_running (Fixture *fixture, gconstpointer data)
{
  g_autofree char *models = fixture_data ("models"), *video = fixture_data ("videos/people.mp4");
  Case c;

  if (models == NULL || video == NULL || g_get_num_processors () < 2)
    {
      g_test_skip ("no test data, or one core");
      return;
    }
  g_setenv ("SQUINT_MODEL_MIRROR", models, FALSE);
  c = begin (fixture, 0, data, .2);
  g_settings_set_string (sq_workspace_get_settings (c.workspace), "device", "cpu:0,cpu:1");
  g_settings_set_string (sq_workspace_get_settings (c.workspace), "parallel", "data");
  sq_window_open_paths (c.window, (const char *const[]){ video, NULL });
  sq_window_show_page (c.window, "devices");
  g_assert_true (fixture_wait (run_has_shares, &c, 60));
  fixture_run_for (.8);
  g_assert_nonnull (strstr (sq_device_card_get_work (sq_devices_page_get_card (c.page, "cpu")), "100 %"));
  shoot (&c, "running", data);
  g_settings_reset (sq_workspace_get_settings (c.workspace), "device");
  g_settings_reset (sq_workspace_get_settings (c.workspace), "parallel");
  end (&c);
}

int
main (int argc, char *argv[])
{
  fixture_init (&argc, &argv);
  g_test_add_func ("/ui/devices/describe", test_describe);
  g_test_add ("/ui/devices/gpus/light", Fixture, "light", fixture_set_up, test_gpus, fixture_tear_down);
  g_test_add ("/ui/devices/gpus/dark", Fixture, "dark", fixture_set_up, test_gpus, fixture_tear_down);
  g_test_add ("/ui/devices/lost/light", Fixture, "light", fixture_set_up, test_lost, fixture_tear_down);
  g_test_add ("/ui/devices/lost/dark", Fixture, "dark", fixture_set_up, test_lost, fixture_tear_down);
  g_test_add ("/ui/devices/not-supported", Fixture, "light", fixture_set_up, test_not_supported, fixture_tear_down);
  g_test_add ("/ui/devices/measure/light", Fixture, "light", fixture_set_up, test_measure, fixture_tear_down);
  g_test_add ("/ui/devices/measure/dark", Fixture, "dark", fixture_set_up, test_measure, fixture_tear_down);
  g_test_add ("/ui/devices/running", Fixture, "light", fixture_set_up, test_running, fixture_tear_down);
  return g_test_run ();
}
