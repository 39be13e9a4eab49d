// SPDX-License-Identifier: GPL-3.0-or-later
// Models: added by drop, looked at, corrected, chosen, removed; the question for the family; files that are none.
#include "config.h"

#include "fixture.h"
#include "ui/family-dialog.h"
#include "ui/model-options.h"

typedef struct
{
  SqModelList *models;
  SqModelEntry *entry;
  SqModel *model;
  GError *error;
  gboolean done;
} Wait;

static gboolean
is_ready (gpointer models)
{
  return sq_model_list_get_ready (models);
}

static gboolean
is_done (gpointer data)
{
  return ((Wait *) data)->done;
}

static gboolean
own_model_is_there (gpointer data)
{
  Wait *wait = data;

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (wait->models)); i++)
    {
      g_autoptr (SqModelEntry) entry = g_list_model_get_item (G_LIST_MODEL (wait->models), i);

      if (sq_model_entry_get_installed (entry) && sq_model_entry_get_catalogue (entry) == NULL)
        {
          wait->entry = entry;
          return TRUE;
        }
    }
  return FALSE;
}

static gboolean
own_model_is_gone (gpointer data)
{
  return !own_model_is_there (data);
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Wait *wait = user_data;

  wait->model = sq_model_list_load_finish (SQ_MODEL_LIST (source), result, &wait->error);
  wait->done = TRUE;
}

static void
on_chosen (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Wait *wait = user_data;

  sq_model_list_choose_finish (SQ_MODEL_LIST (source), result, &wait->error);
  wait->done = TRUE;
}

static void
on_removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Wait *wait = user_data;

  sq_model_list_remove_finish (SQ_MODEL_LIST (source), result, &wait->error);
  wait->done = TRUE;
}

static void
test_life (Fixture *fixture, gconstpointer data)
{
  SqModelList *models = sq_workspace_get_models (fixture->workspace);
  g_autofree char *path = fixture_data ("models/yolox-nano-3cls");
  g_autofree char *file = NULL;
  g_autoptr (GDir) dir = NULL;
  const char *name;
  SqWindow *window;
  Wait wait = { .models = models };
  SqInputSpec spec;

  dir = path != NULL ? g_dir_open (path, 0, NULL) : NULL;
  while (dir != NULL && file == NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".onnx"))
      file = g_build_filename (path, name, NULL);
  if (file == NULL)
    {
      g_test_skip ("no test data: set SQUINT_TEST_DATA");
      return;
    }

  window = fixture_window (fixture, 1100, 720);
  sq_window_show_page (window, "models");
  sq_models_page_add_files (sq_window_get_models_page (window), (const char *const[]){ file, NULL });
  g_assert_true (fixture_wait (own_model_is_there, &wait, 20));
  fixture_run_for (1);
  fixture_screenshot (GTK_WIDGET (window), "models-own");

  sq_model_list_load_async (models, wait.entry, NULL, on_loaded, &wait);
  g_assert_true (fixture_wait (is_done, &wait, 20));
  g_assert_no_error (wait.error);
  g_assert_cmpstr (wait.model->family_id, ==, "yolox");
  g_assert_cmpuint (wait.model->n_classes, ==, 3);

  // A correction is kept and undone.
  spec = wait.model->input;
  spec.pad = 7;
  g_clear_pointer (&wait.model, sq_model_unref);
  g_assert_false (sq_model_list_has_options (models, wait.entry));
  sq_model_list_set_input (models, wait.entry, &spec);
  g_assert_true (sq_model_list_has_options (models, wait.entry));
  wait.done = FALSE;
  sq_model_list_load_async (models, wait.entry, NULL, on_loaded, &wait);
  g_assert_true (fixture_wait (is_done, &wait, 20));
  g_assert_no_error (wait.error);
  g_assert_cmpint (wait.model->input.pad, ==, 7);
  g_clear_pointer (&wait.model, sq_model_unref);
  sq_model_list_reset_options (models, wait.entry);
  g_assert_false (sq_model_list_has_options (models, wait.entry));

  // Chosen by its title, as on the command line.
  wait.done = FALSE;
  sq_model_list_choose_async (models, sq_model_entry_get_title (wait.entry), on_chosen, &wait);
  g_assert_true (fixture_wait (is_done, &wait, 5));
  g_assert_no_error (wait.error);
  g_assert_true (sq_model_list_get_current (models) == wait.entry);
  wait.done = FALSE;
  sq_model_list_choose_async (models, "no-such-model", on_chosen, &wait);
  g_assert_true (fixture_wait (is_done, &wait, 5));
  g_assert_error (wait.error, SQ_ERROR, SQ_ERROR_IO);
  g_clear_error (&wait.error);

  wait.done = FALSE;
  sq_model_list_remove_async (models, wait.entry, on_removed, &wait);
  g_assert_true (fixture_wait (is_done, &wait, 5));
  g_assert_no_error (wait.error);
  g_assert_true (fixture_wait (own_model_is_gone, &wait, 5));
  fixture_destroy_window (window);
}

// Every hostile file ends in words, never in a crash; nothing becomes usable that is not.
static void
test_hostile (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = fixture_data ("fixtures/hostile");
  g_autoptr (GDir) dir = path != NULL ? g_dir_open (path, 0, NULL) : NULL;
  SqModelList *models = sq_workspace_get_models (fixture->workspace);
  SqWindow *window;
  const char *name;

  if (dir == NULL)
    {
      g_test_skip ("no test data: set SQUINT_TEST_DATA");
      return;
    }
  window = fixture_window (fixture, 1100, 720);
  g_assert_true (fixture_wait (is_ready, models, 10));
  sq_window_show_page (window, "models");
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      sq_models_page_add_files (sq_window_get_models_page (window), (const char *const[]){ file, NULL });
      fixture_run_for (.1);
    }
  sq_models_page_add_files (sq_window_get_models_page (window), (const char *const[]){ "/etc/hostname", NULL });
  fixture_run_for (2);
  {
    Wait wait = { .models = models };

    g_assert_true (own_model_is_gone (&wait)); // none was kept
  }
  fixture_screenshot (GTK_WIDGET (window), "models-hostile");
  fixture_destroy_window (window);
}

static char *answer;
static guint n_answers;

static void
on_family (const char *family, gpointer user_data)
{
  g_free (answer);
  answer = g_strdup (family);
  n_answers++;
}

static void
respond (const char *response)
{
  GListModel *windows = gtk_window_get_toplevels ();

  for (guint i = 0; i < g_list_model_get_n_items (windows); i++)
    {
      g_autoptr (GtkWindow) window = g_list_model_get_item (windows, i);

      if (ADW_IS_MESSAGE_DIALOG (window))
        {
          adw_message_dialog_response (ADW_MESSAGE_DIALOG (window), response);
          gtk_window_destroy (window);
          return;
        }
    }
  g_assert_not_reached ();
}

static void
test_family (Fixture *fixture, gconstpointer data)
{
  SqWindow *window = fixture_window (fixture, 900, 640);

  n_answers = 0;
  sq_family_dialog_ask (GTK_WIDGET (window), "mystery.onnx", on_family, NULL);
  fixture_run_for (.2);
  respond ("use");
  fixture_run_for (.1);
  g_assert_cmpuint (n_answers, ==, 1);
  g_assert_cmpstr (answer, ==, sq_model_family_ids ()[0]);
  sq_family_dialog_ask (GTK_WIDGET (window), "mystery.onnx", on_family, NULL);
  fixture_run_for (.2);
  respond ("cancel");
  fixture_run_for (.1);
  g_assert_cmpuint (n_answers, ==, 2);
  g_assert_null (answer);
  fixture_destroy_window (window);
}

static void
test_correction (Fixture *fixture, gconstpointer data)
{
  GSettings *settings = sq_workspace_get_settings (fixture->workspace);
  g_autoptr (SqModelCorrection) none = sq_model_correction_load (settings, "a");
  g_autoptr (SqModelCorrection) b = NULL;
  SqModelCorrection a = {
    .family = (char *) "yolox",
    .has_input = TRUE,
    .input = { .width = 416, .height = 320, .fit = SQ_FIT_LETTERBOX_TOPLEFT, .bgr = TRUE, .pad = 114, .mean = { 1, 2, 3 }, .scale = { 4, 5, 6 } },
  };
  SqModelOptions options;

  g_assert_true (sq_model_correction_is_empty (none));
  sq_model_correction_save (&a, settings, "a");
  sq_model_correction_save (&a, settings, "other");
  b = sq_model_correction_load (settings, "a");
  options = sq_model_correction_get_options (b);
  g_assert_cmpstr (options.family, ==, "yolox");
  g_assert_cmpint (options.input->height, ==, 320);
  g_assert_cmpint (options.input->fit, ==, SQ_FIT_LETTERBOX_TOPLEFT);
  g_assert_true (options.input->bgr);
  g_assert_cmpfloat (options.input->scale[2], ==, 6);
}

int
main (int argc, char *argv[])
{
  fixture_init (&argc, &argv);
  g_test_add ("/ui/models/life", Fixture, NULL, fixture_set_up, test_life, fixture_tear_down);
  g_test_add ("/ui/models/hostile", Fixture, NULL, fixture_set_up, test_hostile, fixture_tear_down);
  g_test_add ("/ui/models/family", Fixture, NULL, fixture_set_up, test_family, fixture_tear_down);
  g_test_add ("/ui/models/correction", Fixture, NULL, fixture_set_up, test_correction, fixture_tear_down);
  return g_test_run ();
}
