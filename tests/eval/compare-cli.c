// SPDX-License-Identifier: GPL-3.0-or-later
// `squint-cli compare` from outside the process, on pictures and two tiny networks made here.
#include "engine/model.h"
#include "tests/media/make-media.h"
#include "tests/run/tiny.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/wait.h>

static char *folder, *a, *b, *pictures;

// Exit status; `out` and `err` (nullable) receive the text.
static int
run_cli (char **out, char **err, const char *first, ...)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  int status;
  va_list args;

  g_ptr_array_add (argv, (gpointer) g_getenv ("SQUINT_CLI"));
  g_ptr_array_add (argv, (gpointer) "compare");
  va_start (args, first);
  for (const char *arg = first; arg != NULL; arg = va_arg (args, const char *))
    g_ptr_array_add (argv, (gpointer) arg);
  va_end (args);
  g_ptr_array_add (argv, NULL);
  g_spawn_sync (NULL, (char **) argv->pdata, NULL, out == NULL ? G_SPAWN_STDOUT_TO_DEV_NULL : G_SPAWN_DEFAULT, NULL, NULL, out, err,
                &status, &error);
  g_assert_no_error (error);
  g_assert_true (WIFEXITED (status));
  return WEXITSTATUS (status);
}

static JsonObject *
parse (JsonParser *parser, const char *text)
{
  g_autoptr (GError) error = NULL;

  json_parser_load_from_data (parser, text, -1, &error);
  g_assert_no_error (error);
  return json_node_get_object (json_parser_get_root (parser));
}

static void
check_same (JsonObject *x, JsonObject *y, const char *member)
{
  g_assert_true (json_node_equal (json_object_get_member (x, member), json_object_get_member (y, member)));
}

// What is stored on the way gives the same comparison again, and the page and the table tell what the JSON tells.
static void
test_forms (void)
{
  g_autofree char *project = g_build_filename (folder, "p.squint", NULL), *page = g_build_filename (folder, "page.html", NULL);
  g_autofree char *live = NULL, *past = NULL, *alone = NULL, *table = NULL, *html = NULL, *agreement = NULL, *err = NULL;
  g_autoptr (JsonParser) live_parser = json_parser_new (), past_parser = json_parser_new (), alone_parser = json_parser_new ();
  static const char *const members[] = { "totals", "by_size", "by_class", "frames", "agreement", "agreement50", "source" };
  JsonObject *x, *y, *frame;

  g_assert_cmpint (run_cli (&live, NULL, "--a", a, "--b", b, "--conf", "0.3", "--project", project, "-f", "json", pictures, NULL), ==, 0);
  g_assert_cmpint (run_cli (&past, NULL, "--project", project, "--runs", "1,2", "--conf", "0.3", "-f", "json", NULL), ==, 0);
  g_assert_cmpint (run_cli (&alone, NULL, "--project", project, "--runs", "2", "--conf", "0.3", "-f", "json", NULL), ==, 0); // of a pair
  x = parse (live_parser, live);
  y = parse (past_parser, past);
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    check_same (x, y, members[i]);
  check_same (y, parse (alone_parser, alone), "frames");
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (x, "frames")), ==, 6);
  frame = json_array_get_object_element (json_object_get_array_member (x, "frames"), 2);
  g_assert_true (g_str_has_suffix (json_object_get_string_member (frame, "path"), "p2.ppm"));
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (x, "totals"), "lost"), >, 0);
  g_assert_cmpstr (json_object_get_string_member (json_object_get_object_member (x, "b"), "name"), ==, "beta");
  g_assert_cmpfloat (json_object_get_double_member (json_object_get_object_member (x, "b"), "flop"), >, 0);
  g_assert_cmpfloat (json_object_get_double_member (json_object_get_object_member (x, "b"), "engine_fps"), >, 0);
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (x, "a"), "memory"), >, 0);
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (x, "b"), "memory"), >, 0);

  g_assert_cmpint (run_cli (&table, NULL, "--a", a, "--b", b, "--conf", "0.3", pictures, NULL), ==, 0);
  agreement = g_strdup_printf ("agreement %.3f", json_object_get_double_member (x, "agreement"));
  g_assert_nonnull (strstr (table, agreement));
  g_assert_null (strstr (table, "ccuracy"));
  g_assert_cmpint (run_cli (NULL, NULL, "--project", project, "--runs", "1,2", "--conf", "0.3", "-f", "html", "-o", page, NULL), ==, 0);
  g_assert_true (g_file_get_contents (page, &html, NULL, NULL));
  g_assert_nonnull (strstr (html, "data:image/jpeg"));
  g_assert_nonnull (strstr (html, strchr (agreement, ' ') + 1));
  g_assert_cmpint (run_cli (NULL, &err, "--project", project, "--runs", "1,7", NULL), ==, 3);
  g_assert_nonnull (strstr (err, "7"));
}

// A model is the same as itself.
static void
test_itself (void)
{
  g_autofree char *out = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *root, *totals;

  g_assert_cmpint (run_cli (&out, NULL, "--a", a, "--level-b", "original", "--conf", "0.3", "-f", "json", pictures, NULL), ==, 0);
  root = parse (parser, out);
  totals = json_object_get_object_member (root, "totals");
  g_assert_cmpfloat (json_object_get_double_member (root, "agreement"), ==, 1);
  g_assert_cmpint (json_object_get_int_member (totals, "agreed"), >, 0);
  g_assert_cmpint (json_object_get_int_member (totals, "lost") + json_object_get_int_member (totals, "new"), ==, 0);
}

static void
test_exits (void)
{
  g_autofree char *bad = make_file (folder, "bad.ppm", "no picture", 10), *good = g_build_filename (pictures, "p0.ppm", NULL);
  g_autofree char *err = NULL, *nowhere = g_build_filename (folder, "no", "where.html", NULL);

  g_assert_cmpint (run_cli (NULL, &err, "--a", a, "--b", b, good, bad, NULL), ==, 1);
  g_assert_nonnull (strstr (err, "bad.ppm"));
  g_assert_cmpint (run_cli (NULL, NULL, "--a", a, "--b", b, NULL), ==, 2);
  g_assert_cmpint (run_cli (NULL, NULL, "--a", a, good, NULL), ==, 2);
  g_assert_cmpint (run_cli (NULL, NULL, "--a", a, "--b", b, "-f", "docx", good, NULL), ==, 2);
  g_assert_cmpint (run_cli (NULL, NULL, "--a", a, "--b", b, "--conf", "7", good, NULL), ==, 2);
  g_assert_cmpint (run_cli (NULL, NULL, "--a", a, "--b", b, "--classes", "unicorn", good, NULL), ==, 2);
  g_assert_cmpint (run_cli (NULL, NULL, "--a", a, "--precision-b", "tiny", good, NULL), ==, 2);
  g_assert_cmpint (run_cli (NULL, NULL, "--a", a, "--precision-b", "f32", good, NULL), ==, 0);
  g_assert_cmpint (run_cli (NULL, NULL, "--a", a, "--precision-b", "fp8", good, NULL), ==, 3);          // a CPU has none: it was asked for
  g_assert_cmpint (run_cli (NULL, NULL, "--a", a, "--b", b, "--family-b", "yolox", good, NULL), ==, 3); // it does not look like one
  g_assert_cmpint (run_cli (NULL, NULL, "--runs", "1,2", NULL), ==, 2);
  g_assert_cmpint (run_cli (NULL, NULL, "--a", a, "--b", "/no/such.onnx", good, NULL), ==, 3);
  g_assert_cmpint (run_cli (NULL, NULL, "--a", a, "--b", b, "--device-b", "toaster", good, NULL), ==, 3);
  g_assert_cmpint (run_cli (NULL, NULL, "--a", a, "--b", b, "-f", "html", "-o", nowhere, good, NULL), ==, 3);
}

int
main (int argc, char **argv)
{
  SqModel *models[2];
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = make_folder ();
  pictures = g_build_filename (folder, "pictures", NULL);
  g_mkdir (pictures, 0700);
  models[0] = make_tiny_model_of (folder, "alpha", 7, 32);
  models[1] = make_tiny_model_of (folder, "beta", 8, 32);
  a = g_build_filename (folder, "alpha.cfg", NULL);
  b = g_build_filename (folder, "beta.cfg", NULL);
  for (int i = 0; i < 6; i++)
    {
      g_autofree char *name = g_strdup_printf ("p%d.ppm", i);

      g_free (make_ppm (pictures, name, 40 + i, 30));
    }
  g_test_add_func ("/eval/compare/forms", test_forms);
  g_test_add_func ("/eval/compare/itself", test_itself);
  g_test_add_func ("/eval/compare/exits", test_exits);
  status = g_test_run ();
  sq_model_unref (models[0]);
  sq_model_unref (models[1]);
  g_free (a);
  g_free (b);
  g_free (pictures);
  remove_folder (folder);
  return status;
}
