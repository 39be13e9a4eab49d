// SPDX-License-Identifier: GPL-3.0-or-later
// One user's way from a model to smaller ones: half, 8 bits with a warning, a layer kept in half, a recipe that is wrong, a change of mind,
// a restart, an original that goes.
#include "config.h"

#include "fixture.h"
#include "ui/compress-dialog.h"

typedef struct
{
  Fixture *fixture;
  SqWindow *window;
  SqModelList *models;
  SqCompressor *compressor;
  guint n_variants; // waited for
  const char *page; // waited for
} Way;

static SqCompressDialog *
find_dialog (void)
{
  GListModel *windows = gtk_window_get_toplevels ();

  for (guint i = 0; i < g_list_model_get_n_items (windows); i++)
    {
      g_autoptr (GtkWindow) window = g_list_model_get_item (windows, i);

      if (SQ_IS_COMPRESS_DIALOG (window))
        return SQ_COMPRESS_DIALOG (window);
    }
  return NULL;
}

// The `nth` variant; the original where that is -1.
static SqModelEntry *
find_entry (SqModelList *models, int nth)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (models)); i++)
    {
      g_autoptr (SqModelEntry) entry = g_list_model_get_item (G_LIST_MODEL (models), i);

      if (!sq_model_entry_get_installed (entry))
        continue;
      if (nth < 0 && sq_model_entry_get_variant (entry) == NULL)
        return entry; // the list holds it
      if (nth >= 0 && sq_model_entry_get_variant (entry) != NULL && nth-- == 0)
        return entry;
    }
  return NULL;
}

static gboolean
has_original (gpointer data)
{
  return find_entry (((Way *) data)->models, -1) != NULL;
}

static gboolean
has_variants (gpointer data)
{
  Way *way = data;

  return find_entry (way->models, (int) way->n_variants - 1) != NULL && !sq_compressor_get_busy (way->compressor);
}

static gboolean
is_idle (gpointer data)
{
  return !sq_compressor_get_busy (((Way *) data)->compressor);
}

static gboolean
is_half_way (gpointer data)
{
  return sq_compressor_get_fraction (((Way *) data)->compressor) > .15;
}

static gboolean
is_on_page (gpointer data)
{
  Way *way = data;
  SqCompressDialog *dialog = find_dialog ();

  return dialog != NULL && g_strcmp0 (sq_compress_dialog_get_page (dialog), way->page) == 0;
}

static gboolean
has_no_dialog (gpointer data)
{
  return find_dialog () == NULL;
}

static SqVariantPanel *
get_panel (Way *way)
{
  return sq_model_details_get_panel (sq_models_page_get_details (sq_window_get_models_page (way->window)));
}

static gboolean
has_report (gpointer data)
{
  return sq_variant_panel_get_has_report (get_panel (data));
}

static gboolean
has_damage (gpointer data)
{
  return sq_damage_list_get_n_layers (sq_variant_panel_get_damage (get_panel (data))) > 0;
}

static void
open_dialog (Way *way, const char *level, const char *pictures)
{
  gtk_widget_activate_action (GTK_WIDGET (way->window), "win.compress", "(ss)", sq_model_entry_get_id (find_entry (way->models, -1)),
                              level);
  g_assert_nonnull (find_dialog ());
  sq_compress_dialog_set_pictures (find_dialog (), pictures);
  fixture_run_for (.1);
}

static guint
count_files (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void
on_refused (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError **error = user_data;

  g_assert_null (sq_compressor_run_finish (SQ_COMPRESSOR (source), result, error));
}

static void
make_half (Way *way, const char *pictures)
{
  SqModelEntry *half;

  open_dialog (way, "half", NULL);
  g_assert_cmpstr (sq_compress_dialog_get_message (find_dialog ()), !=, ""); // nothing will be known of it
  sq_compress_dialog_set_level (find_dialog (), "int8");
  g_assert_nonnull (strstr (sq_compress_dialog_get_message (find_dialog ()), "pictures"));
  sq_compress_dialog_start (find_dialog ()); // it has none
  g_assert_cmpstr (sq_compress_dialog_get_page (find_dialog ()), ==, "choose");
  sq_compress_dialog_set_level (find_dialog (), "int8-mixed");
  g_assert_nonnull (strstr (sq_compress_dialog_get_recipe (find_dialog ()), "keep=0.96"));
  sq_compress_dialog_set_keep (find_dialog (), .9);
  g_assert_nonnull (strstr (sq_compress_dialog_get_recipe (find_dialog ()), "keep=0.9\n"));
  g_assert_nonnull (strstr (sq_compress_dialog_get_recipe (find_dialog ()), "title=INT8 mixed that keeps 90 %"));
  sq_compress_dialog_set_level (find_dialog (), "half");
  g_assert_null (strstr (sq_compress_dialog_get_recipe (find_dialog ()), "keep"));
  sq_compress_dialog_set_pictures (find_dialog (), pictures);
  sq_compress_dialog_start (find_dialog ());
  g_assert_cmpstr (sq_compress_dialog_get_page (find_dialog ()), ==, "running");
  way->page = "done"; // too few pictures: that is said
  g_assert_true (fixture_wait (is_on_page, way, 60));
  g_assert_cmpstr (sq_compress_dialog_get_message (find_dialog ()), !=, "");
  gtk_window_close (GTK_WINDOW (find_dialog ()));
  way->n_variants = 1;
  g_assert_true (has_variants (way));
  half = find_entry (way->models, 0);
  g_assert_true (sq_model_entry_get_indented (half));
  g_assert_cmpstr (sq_model_entry_get_level (half), ==, "half");
  g_assert_cmpfloat (sq_model_entry_get_variant (half)->agreement, >, .9);
  g_assert_nonnull (sq_model_entry_get_time (half));
  g_assert_true (sq_model_list_get_original (way->models, half) == find_entry (way->models, -1));
  g_assert_true (sq_model_list_find_level (way->models, find_entry (way->models, -1), "half") == half);
}

static void
make_int8 (Way *way, const char *pictures)
{
  open_dialog (way, "int8", pictures);
  sq_compress_dialog_start (find_dialog ());
  way->page = "done";
  g_assert_true (fixture_wait (is_on_page, way, 90));
  gtk_window_close (GTK_WINDOW (find_dialog ()));
  way->n_variants = 2;
  g_assert_true (has_variants (way));
  // Nothing is at hand to compare on: it is shown where it is listed.
  gtk_widget_activate_action (GTK_WIDGET (way->window), "win.made", "(ss)", sq_model_entry_get_id (find_entry (way->models, -1)),
                              sq_model_entry_get_id (find_entry (way->models, 1)));
  g_assert_cmpstr (sq_window_get_page (way->window), ==, "models");
  g_assert_true (fixture_wait (has_damage, way, 10));
  g_assert_true (fixture_wait (has_report, way, 10));
  g_assert_cmpuint (sq_fidelity_chart_get_n_points (sq_variant_panel_get_chart (get_panel (way))), ==, 3);
}

static void
keep_in_half (Way *way)
{
  SqDamageList *damage = sq_variant_panel_get_damage (get_panel (way));
  g_autofree char *worst = g_strdup (sq_damage_list_get_name (damage, 0)), *subtitle = NULL;
  const SqVariant *variant;

  sq_damage_list_keep (damage, 0);
  g_assert_cmpstr (sq_compress_dialog_get_page (find_dialog ()), ==, "running"); // one click
  way->page = "done";
  g_assert_true (fixture_wait (is_on_page, way, 90));
  gtk_window_close (GTK_WINDOW (find_dialog ()));
  way->n_variants = 3;
  g_assert_true (has_variants (way));
  variant = sq_model_entry_get_variant (find_entry (way->models, 2));
  g_assert_cmpstr (variant->title, ==, "INT8, 1 layer in half");
  g_assert_cmpstr (variant->level, ==, "int8");
  // the level stays the level's own recipe
  g_assert_true (sq_model_list_find_level (way->models, find_entry (way->models, -1), "int8") == find_entry (way->models, 1));
}

static void
test_way (Fixture *fixture, gconstpointer data)
{
  Way way = { .fixture = fixture, .models = sq_workspace_get_models (fixture->workspace) };
  g_autofree char *file = fixture_data ("models/yolo-fastest-1.1/yolo-fastest-1.1.cfg"), *pictures = fixture_data ("images/demo");
  g_autofree char *blobs = NULL;
  SqRecipeEditor *editor;
  GError *error = NULL;

  if (file == NULL || pictures == NULL)
    {
      g_test_skip ("no test data: set SQUINT_TEST_DATA");
      return;
    }
  way.compressor = sq_workspace_get_compressor (fixture->workspace);
  sq_compressor_set_seconds (way.compressor, .1);
  way.window = fixture_window (fixture, 1200, 760);
  sq_models_page_add_files (sq_window_get_models_page (way.window), (const char *const[]){ file, NULL });
  g_assert_true (fixture_wait (has_original, &way, 20));
  make_half (&way, pictures);
  make_int8 (&way, pictures);
  keep_in_half (&way);

  // A recipe that is none is told in one sentence, and is not saved.
  editor = sq_variant_panel_get_editor (get_panel (&way));
  g_assert_cmpstr (sq_recipe_editor_get_problem (editor), ==, "");
  g_assert_false (sq_recipe_editor_get_can_save (editor));
  sq_recipe_editor_type (editor, "[recipe]\nid=mine\nsteps=melt;\n");
  g_assert_nonnull (strstr (sq_recipe_editor_get_problem (editor), "melt"));
  g_assert_false (sq_recipe_editor_get_can_save (editor));
  sq_recipe_editor_type (editor, "[recipe]\nid=mine\ntitle=Mine\nsteps=half;\n");
  g_assert_cmpstr (sq_recipe_editor_get_problem (editor), ==, "");
  g_assert_true (sq_recipe_editor_get_can_save (editor));

  // A change of mind leaves nothing; meanwhile another one is refused.
  open_dialog (&way, "int8-mixed", pictures);
  sq_compress_dialog_start (find_dialog ());
  sq_compressor_run_async (way.compressor, &(SqCompressJob){ find_entry (way.models, -1), "", NULL, NULL }, on_refused, &error);
  g_assert_true (fixture_wait (is_half_way, &way, 60));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_BUSY);
  g_clear_error (&error);
  gtk_window_close (GTK_WINDOW (find_dialog ()));
  g_assert_true (fixture_wait (has_no_dialog, &way, 5));
  g_assert_true (fixture_wait (is_idle, &way, 30));
  fixture_run_for (.3);
  g_assert_null (find_entry (way.models, 3));
  blobs = g_build_filename (fixture->dir, "models", "blobs", NULL);
  g_assert_cmpuint (count_files (blobs), ==, 0);

  // What was given that cannot be read is named.
  open_dialog (&way, "int8", fixture->dir);
  sq_compress_dialog_start (find_dialog ());
  way.page = "failed";
  g_assert_true (fixture_wait (is_on_page, &way, 30));
  g_assert_nonnull (strstr (sq_compress_dialog_get_message (find_dialog ()), "pictures"));
  gtk_window_close (GTK_WINDOW (find_dialog ()));

  // From the keyboard: the original, and a level of it that is there.
  sq_model_list_set_current (way.models, find_entry (way.models, 1));
  gtk_widget_activate_action (GTK_WIDGET (way.window), "win.show-page", "s", "detect");
  gtk_widget_activate_action (GTK_WIDGET (way.window), "win.level", "i", 0);
  g_assert_true (sq_model_list_get_current (way.models) == find_entry (way.models, -1));
  gtk_widget_activate_action (GTK_WIDGET (way.window), "win.level", "i", 1);
  g_assert_true (sq_model_list_get_current (way.models) == find_entry (way.models, 0));
  gtk_widget_activate_action (GTK_WIDGET (way.window), "win.level", "i", 4); // not made yet: the way to make it
  g_assert_nonnull (find_dialog ());
  gtk_window_close (GTK_WINDOW (find_dialog ()));
  fixture_destroy_window (way.window);

  // The next day.
  {
    g_autoptr (SqWorkspace) again = sq_workspace_new (fixture->dir);
    Way next = { .fixture = fixture, .models = sq_workspace_get_models (again), .compressor = sq_workspace_get_compressor (again) };
    g_autofree char *id = NULL;

    next.n_variants = 3;
    g_assert_true (fixture_wait (has_variants, &next, 10));
    g_assert_true (sq_model_entry_get_indented (find_entry (next.models, 0)));
    g_assert_nonnull (sq_model_entry_get_time (find_entry (next.models, 2)));

    // Without its original a variant stands for itself.
    id = g_strdup (sq_model_entry_get_id (find_entry (next.models, -1)));
    sq_model_list_remove_async (next.models, find_entry (next.models, -1), NULL, NULL);
    while (sq_model_list_find (next.models, id) != NULL)
      fixture_run_for (.05);
    g_assert_nonnull (find_entry (next.models, 2));
    g_assert_false (sq_model_entry_get_indented (find_entry (next.models, 0)));
    g_assert_null (sq_model_list_get_original (next.models, find_entry (next.models, 0)));
    sq_workspace_close (again);
    fixture_run_for (.1);
  }
}

static gboolean
has_project (gpointer data)
{
  return sq_workspace_get_project (((Way *) data)->fixture->workspace) != NULL;
}

// A stored run over the pictures of the folder.
static gint64
store_session (SqProject *project, const char *folder)
{
  const char *const paths[] = { folder, NULL };
  SqSourceInfo source = { .kind = SQ_SOURCE_PICTURES, .name = (char *) "demo", .path = (char *) folder, .n_frames = 2, .duration_ns = -1 };
  g_autoptr (SqRunWriter) writer = sq_run_writer_new (project, &(SqRunInfo){ .source = &source, .paths = paths });
  static const char *const names[] = { "dog.jpg", "horses.jpg", "no-longer-there.jpg" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (folder, names[i], NULL);
      guint8 *pixels = g_malloc0 (8 * 8 * 3);
      SqResult *result = sq_result_new (sq_frame_new (8, 8, 24, pixels, path, i, 0, g_free, pixels), g_new0 (SqDetection, 1), 0, FALSE);

      sq_run_writer_push (writer, result);
      sq_result_unref (result);
    }
  sq_run_writer_finish (writer, SQ_RUN_FINISHED, NULL);
  g_assert_true (sq_project_flush (project, NULL));
  return sq_run_writer_get_run (writer);
}

// The pictures of a past session serve as well as a folder; those that have gone are left out.
static void
test_session (Fixture *fixture, gconstpointer data)
{
  Way way = { .fixture = fixture, .models = sq_workspace_get_models (fixture->workspace) };
  g_autofree char *file = fixture_data ("models/yolo-fastest-1.1/yolo-fastest-1.1.cfg"), *pictures = fixture_data ("images/demo");
  g_autofree char *session = NULL;

  if (file == NULL || pictures == NULL)
    {
      g_test_skip ("no test data: set SQUINT_TEST_DATA");
      return;
    }
  way.compressor = sq_workspace_get_compressor (fixture->workspace);
  sq_compressor_set_seconds (way.compressor, .1);
  sq_workspace_open_project (fixture->workspace);
  g_assert_true (fixture_wait (has_project, &way, 10));
  session = g_strdup_printf ("session:%" G_GINT64_FORMAT, store_session (sq_workspace_get_project (fixture->workspace), pictures));
  way.window = fixture_window (fixture, 1200, 760);
  sq_models_page_add_files (sq_window_get_models_page (way.window), (const char *const[]){ file, NULL });
  g_assert_true (fixture_wait (has_original, &way, 20));
  open_dialog (&way, "half", session);
  sq_compress_dialog_start (find_dialog ());
  way.page = "done";
  g_assert_true (fixture_wait (is_on_page, &way, 60));
  g_assert_nonnull (strstr (sq_compress_dialog_get_message (find_dialog ()), "Only 2 pictures"));
  gtk_window_close (GTK_WINDOW (find_dialog ()));
  g_assert_cmpstr (sq_model_entry_get_variant (find_entry (way.models, 0))->pictures, ==, session);

  open_dialog (&way, "half", "session:987");
  sq_compress_dialog_start (find_dialog ());
  way.page = "failed";
  g_assert_true (fixture_wait (is_on_page, &way, 30));
  gtk_window_close (GTK_WINDOW (find_dialog ()));
  fixture_destroy_window (way.window);
}

int
main (int argc, char *argv[])
{
  fixture_init (&argc, &argv);
  g_test_add ("/ui/compress/way", Fixture, NULL, fixture_set_up, test_way, fixture_tear_down);
  g_test_add ("/ui/compress/session", Fixture, NULL, fixture_set_up, test_session, fixture_tear_down);
  return g_test_run ();
}
