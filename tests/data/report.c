// SPDX-License-Identifier: GPL-3.0-or-later
// A comparison's report: the page is well-formed whatever files and classes are called, says what the JSON says, and holds the worst
// frames' pictures and no others.
#include "make-data.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

static const char *const labels_a[] = { "person", "<script>alert(1)</script>", "\"cat\" & 'dog'", "bad \xff\xfe bytes", NULL };
static const char *const labels_b[] = { "\"cat\" & 'dog'", "person", "<script>alert(1)</script>", "bad \xff\xfe bytes", NULL };

static GArray *
boxes (guint n, int class_id, float shift)
{
  GArray *array = g_array_new (FALSE, FALSE, sizeof (SqDetection));

  for (guint i = 0; i < n; i++)
    {
      float x = (float) (60 * i) + shift;
      SqDetection d = { x, 100, x + 50, 150, .9f - .05f * (float) i, class_id, 0 };

      g_array_append_val (array, d);
    }
  return array;
}

static SqFrame *
make_frame (const char *path, gint64 index, gint64 pts_ns, int width)
{
  guint8 *pixels = g_malloc ((gsize) width * 3 * 40);

  memset (pixels, (int) (index & 0xff), (gsize) width * 3 * 40);
  return sq_frame_new (width, 40, width * 3, pixels, path, index, pts_ns, g_free, pixels);
}

// Adds a frame of which B loses `lost` boxes of class `class_a`.
static void
add (SqComparison *c, SqWorstFrames *worst, gint64 index, double seconds, guint lost, int class_a, int class_b)
{
  g_autoptr (GArray) a = boxes (lost + 1, class_a, 0), b = boxes (1, class_b, 0);
  g_autoptr (SqFrame) frame = make_frame ("/films/<b>&\"\xff.mp4", index, (gint64) (seconds * 1e9), 64);
  g_autoptr (GError) error = NULL;

  sq_comparison_add (c, index, frame->pts_ns, a, b);
  g_assert_true (sq_worst_frames_add (worst, c, index, frame->pts_ns, frame, a, b, &error));
  g_assert_no_error (error);
}

// --- reading a page
// -----------------------------------------------------------------------------------------------------------------------------------

typedef struct
{
  GHashTable *rows; // "TABLE/NAME" -> its cells joined by spaces
  GString *text, *row;
  char *table, *name;
  guint n_figures, n_images, n_scripts, n_links_out, n_tags, n_boxes;
  char *agreement;
  gboolean in_agreement;
} Page;

static const char *
attribute (const char **names, const char **values, const char *name)
{
  for (guint i = 0; names[i] != NULL; i++)
    if (g_str_equal (names[i], name))
      return values[i];
  return NULL;
}

static void
on_start (GMarkupParseContext *context, const char *element, const char **names, const char **values, gpointer data, GError **error)
{
  Page *page = data;
  const char *href = attribute (names, values, "href"), *id = attribute (names, values, "id");

  page->n_figures += g_str_equal (element, "figure");
  page->n_images += g_str_equal (element, "image");
  page->n_scripts += g_str_equal (element, "script");
  page->n_tags += g_strcmp0 (attribute (names, values, "class"), "tag") == 0;
  page->n_boxes += g_str_equal (element, "rect") && g_strcmp0 (attribute (names, values, "class"), "lost") == 0;
  page->n_links_out += attribute (names, values, "src") != NULL
                       || (href != NULL && href[0] != '#' && !g_str_has_prefix (href, "data:image/jpeg;base64,/9j/"));
  if (g_str_equal (element, "table"))
    {
      g_free (page->table);
      page->table = g_strdup (id);
    }
  page->in_agreement = g_strcmp0 (id, "agreement") == 0;
  if (g_str_equal (element, "tr"))
    {
      g_string_truncate (page->row, 0);
      g_clear_pointer (&page->name, g_free);
    }
  g_string_truncate (page->text, 0);
}

static void
on_end (GMarkupParseContext *context, const char *element, gpointer data, GError **error)
{
  Page *page = data;

  if (g_str_equal (element, "td") && page->name == NULL)
    page->name = g_strdup (page->text->str);
  else if (g_str_equal (element, "td"))
    g_string_append_printf (page->row, "%s%s", page->row->len > 0 ? " " : "", page->text->str);
  else if (g_str_equal (element, "tr") && page->name != NULL)
    g_hash_table_insert (page->rows, g_strdup_printf ("%s/%s", page->table, page->name), g_strdup (page->row->str));
  if (page->in_agreement)
    page->agreement = g_strdup (page->text->str);
  page->in_agreement = FALSE;
}

static void
on_text (GMarkupParseContext *context, const char *text, gsize length, gpointer data, GError **error)
{
  g_string_append_len (((Page *) data)->text, text, (gssize) length);
}

static Page
read_page (const char *html)
{
  static const GMarkupParser parser = { on_start, on_end, on_text, NULL, NULL };
  Page page = { .rows = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free),
                .text = g_string_new (NULL),
                .row = g_string_new (NULL) };
  g_autoptr (GMarkupParseContext) context = g_markup_parse_context_new (&parser, 0, &page, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_utf8_validate (html, -1, NULL));
  g_markup_parse_context_parse (context, html, -1, &error);
  g_assert_no_error (error);
  g_markup_parse_context_end_parse (context, &error);
  g_assert_no_error (error);
  return page;
}

static void
page_clear (Page *page)
{
  g_hash_table_unref (page->rows);
  g_string_free (page->text, TRUE);
  g_string_free (page->row, TRUE);
  g_free (page->table);
  g_free (page->name);
  g_free (page->agreement);
}

static void
check_row (const Page *page, const char *table, const char *name, JsonObject *totals)
{
  static const char *const words[] = { "agreed", "moved", "class", "lost", "new" };
  g_autofree char *key = g_strdup_printf ("%s/%s", table, name);
  const char *got = g_hash_table_lookup (page->rows, key);
  GString *want = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    g_string_append_printf (want, "%s%" G_GINT64_FORMAT, i > 0 ? " " : "", json_object_get_int_member (totals, words[i]));
  g_assert_cmpstr (got, ==, want->str);
  g_string_free (want, TRUE);
}

static SqComparisonReport
make_report (const SqComparison *c, const SqWorstFrames *worst)
{
  SqComparisonReport report = { .source = "<i>film</i> & more", .filter = SQ_FILTER_DEFAULT, .comparison = c, .worst = worst };
  SqStageStats stages[SQ_N_STAGES] = { [SQ_STAGE_PREPROCESS] = { .count = 4, .busy_ns = 4000000, .p50_ns = 1000000, .p99_ns = 1000000 },
                                       [SQ_STAGE_INFER] = { .count = 4, .busy_ns = 36000000, .p50_ns = 8000000, .p99_ns = 12000000 } };

  sq_compared_model_set_model (&report.a, make_model ());
  sq_compared_model_set_model (&report.b, make_model ());
  sq_compared_model_set_stages (&report.a, stages, 2);
  report.b.name = "toy & <tiny>";
  report.b.file_size = report.a.file_size / 2;
  report.a.labels = labels_a;
  report.b.labels = labels_b;
  return report;
}

static void
test_page (void)
{
  g_autoptr (SqComparison) c = sq_comparison_new (labels_a, labels_b);
  g_autoptr (SqWorstFrames) worst = sq_worst_frames_new (3);
  g_autoptr (JsonParser) json = json_parser_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *html = NULL, *text = NULL, *agreement = NULL, *table = NULL;
  SqComparisonReport report;
  JsonObject *root;
  JsonArray *classes;
  Page page;

  add (c, worst, 0, 0, 2, 0, 1);
  add (c, worst, 1, 2, 4, 1, 2);
  add (c, worst, 2, 4, 0, 0, 1); // nothing to see
  add (c, worst, 3, 6, 1, 2, 0);
  add (c, worst, 4, 8, 3, 3, 3);
  report = make_report (c, worst);
  html = sq_comparison_report_to_html (&report);
  text = sq_comparison_report_to_json (&report);
  table = sq_comparison_report_to_text (&report);
  g_assert_true (json_parser_load_from_data (json, text, -1, &error));
  g_assert_no_error (error);
  root = json_node_get_object (json_parser_get_root (json));
  page = read_page (html);
  g_assert_cmpuint (page.n_figures, ==, 3);
  g_assert_cmpuint (page.n_images, ==, 3);
  g_assert_cmpuint (page.n_scripts, ==, 0);
  g_assert_cmpuint (page.n_links_out, ==, 0);
  g_assert_cmpuint (page.n_tags, ==, 4 + 3 + 2);      // one for each lost box
  g_assert_cmpuint (page.n_boxes, ==, 4 + 3 + 2 + 1); // and the legend's
  check_row (&page, "totals", "all", json_object_get_object_member (root, "totals"));
  check_row (&page, "totals", "medium", json_object_get_object_member (json_object_get_object_member (root, "by_size"), "medium"));
  classes = json_object_get_array_member (root, "by_class");
  g_assert_cmpuint (json_array_get_length (classes), ==, 4);
  for (guint i = 0; i < 4; i++)
    {
      JsonObject *class = json_array_get_object_element (classes, i);

      check_row (&page, "classes", json_object_get_string_member (class, "name"), class);
    }
  agreement = g_strdup_printf ("%.3f", json_object_get_double_member (root, "agreement"));
  g_assert_cmpstr (page.agreement, ==, agreement);
  g_assert_nonnull (strstr (table, agreement));
  g_assert_cmpstr (g_hash_table_lookup (page.rows, "models/model"), ==, "toy toy & <tiny> ");
  g_assert_cmpstr (g_hash_table_lookup (page.rows, "models/alone"), ==, "200.0 frames/s - ");
  g_assert_cmpfloat (json_object_get_double_member (json_object_get_object_member (root, "a"), "engine_fps"), ==, 200);
  g_assert_true (json_object_get_null_member (json_object_get_object_member (root, "b"), "engine_fps"));
  g_assert_nonnull (strstr (g_hash_table_lookup (page.rows, "models/file"), "-50.0 %"));
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (root, "frames")), ==, 5);
  g_assert_null (strstr (html, "ccuracy"));
  g_assert_null (strstr (table, "ccuracy"));
  page_clear (&page);
}

// Nothing was looked at, nothing is known: still a page, JSON and a table.
static void
test_empty (void)
{
  g_autoptr (SqComparison) c = sq_comparison_new (NULL, NULL);
  SqComparisonReport report = { .comparison = c };
  g_autofree char *html = sq_comparison_report_to_html (&report), *text = sq_comparison_report_to_json (&report);
  g_autofree char *table = sq_comparison_report_to_text (&report);
  g_autoptr (JsonParser) json = json_parser_new ();
  Page page = read_page (html);

  g_assert_true (json_parser_load_from_data (json, text, -1, NULL));
  g_assert_true (json_object_get_null_member (json_node_get_object (json_parser_get_root (json)), "agreement"));
  g_assert_nonnull (strstr (table, "A sees nothing"));
  g_assert_cmpuint (page.n_figures, ==, 0);
  page_clear (&page);
}

// Infinite boxes are a broken model's, not a broken page.
static void
test_wild_boxes (void)
{
  g_autoptr (SqComparison) c = sq_comparison_new (labels_a, labels_b);
  g_autoptr (SqWorstFrames) worst = sq_worst_frames_new (3);
  g_autoptr (GArray) a = boxes (2, 0, INFINITY), b = boxes (1, -7, -NAN);
  g_autoptr (SqFrame) frame = make_frame ("x", 0, 0, 64);
  g_autofree char *html = NULL;
  SqComparisonReport report;
  Page page;

  sq_comparison_add (c, 0, 0, a, b);
  g_assert_true (sq_worst_frames_add (worst, c, 0, 0, frame, a, b, NULL));
  report = make_report (c, worst);
  html = sq_comparison_report_to_html (&report);
  page = read_page (html);
  g_assert_cmpuint (page.n_figures, ==, 1);
  g_assert_null (strstr (html, "\"inf\""));
  g_assert_null (strstr (html, "nan"));
  page_clear (&page);
}

static void
check_kept (const SqWorstFrames *worst, const gint64 *want, guint n)
{
  const GPtrArray *frames = sq_worst_frames_get (worst);

  g_assert_cmpuint (frames->len, ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_cmpint (((SqWorstFrame *) g_ptr_array_index (frames, i))->index, ==, want[i]);
}

static void
test_worst (void)
{
  g_autoptr (SqComparison) c = sq_comparison_new (labels_a, labels_b);
  g_autoptr (SqWorstFrames) worst = sq_worst_frames_new (3), most = sq_worst_frames_new (1000);

  add (c, worst, 0, 0, 1, 0, 1);
  add (c, worst, 1, .04, 5, 0, 1); // worse than its neighbour, which goes
  add (c, worst, 2, .08, 4, 0, 1); // not as bad as its neighbour
  check_kept (worst, (const gint64[]){ 1 }, 1);
  add (c, worst, 50, 2, 2, 0, 1);
  add (c, worst, 100, 4, 3, 0, 1);
  check_kept (worst, (const gint64[]){ 1, 100, 50 }, 3);
  g_assert_false (sq_worst_frames_wants (worst, 150, 6 * G_GINT64_CONSTANT (1000000000), 2));
  add (c, worst, 150, 6, 2, 0, 1); // as bad as the mildest: the first stays
  check_kept (worst, (const gint64[]){ 1, 100, 50 }, 3);
  add (c, worst, 200, 8, 9, 0, 1);
  check_kept (worst, (const gint64[]){ 200, 1, 100 }, 3);
  add (c, worst, 200, 8, 0, 0, 1); // it came again, and now they agree
  check_kept (worst, (const gint64[]){ 1, 100 }, 2);
  for (int i = 0; i < 30; i++)
    add (c, most, i, 2 * i, 1, 0, 1);
  g_assert_cmpuint (sq_worst_frames_get (most)->len, ==, SQ_WORST_FRAMES_MAX);
}

// Wide pictures are scaled down, and the boxes stay in the source's pixels.
static void
test_wide (void)
{
  g_autoptr (SqComparison) c = sq_comparison_new (labels_a, labels_b);
  g_autoptr (SqWorstFrames) worst = sq_worst_frames_new (1);
  g_autoptr (GArray) a = boxes (1, 0, 0), b = boxes (0, 0, 0);
  g_autoptr (SqFrame) frame = make_frame ("x", 0, 0, 4000), gone = sq_frame_new (64, 48, 0, NULL, "x", 1, 0, NULL, NULL);
  g_autoptr (GError) error = NULL;
  const SqWorstFrame *kept;
  const guint8 *data;
  gsize size;

  g_assert_true (sq_worst_frames_add (worst, c, 0, 0, frame, a, b, NULL));
  kept = g_ptr_array_index (sq_worst_frames_get (worst), 0);
  g_assert_cmpint (kept->width, ==, 4000);
  data = g_bytes_get_data (kept->jpeg, &size);
  for (gsize i = 2; i + 8 < size; i += 2 + (gsize) (data[i + 2] << 8 | data[i + 3])) // to the frame header
    if (data[i + 1] == 0xc0)
      {
        g_assert_cmpint (data[i + 7] << 8 | data[i + 8], ==, SQ_WORST_FRAMES_SIDE);
        size = 0;
      }
  g_assert_cmpuint (size, ==, 0);
  g_assert_false (sq_worst_frames_add (worst, c, 0, 0, gone, a, b, &error)); // no pixels
  g_assert_nonnull (error);
}

static void
test_save (void)
{
  char *folder = make_folder ();
  g_autoptr (SqComparison) c = sq_comparison_new (labels_a, labels_b);
  SqComparisonReport report = make_report (c, NULL);
  g_autofree char *path = g_build_filename (folder, "r.html", NULL), *nowhere = g_build_filename (folder, "no", "r.html", NULL);
  g_autofree char *text = NULL, *html = sq_comparison_report_to_html (&report);
  g_autoptr (GError) error = NULL;

  g_assert_true (sq_comparison_report_save_html (&report, path, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, html);
  g_assert_false (sq_comparison_report_save_html (&report, nowhere, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
  g_assert_nonnull (strstr (error->message, "r.html"));
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/data/report/page", test_page);
  g_test_add_func ("/data/report/empty", test_empty);
  g_test_add_func ("/data/report/wild-boxes", test_wild_boxes);
  g_test_add_func ("/data/report/worst", test_worst);
  g_test_add_func ("/data/report/wide", test_wide);
  g_test_add_func ("/data/report/save", test_save);
  return g_test_run ();
}
