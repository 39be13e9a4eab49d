// SPDX-License-Identifier: GPL-3.0-or-later
// What is written aside: what was left by a killed program is taken over, nothing else is touched, two at once are refused.
#include "make-data.h"

#include "data/aside.h"
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef SqAside *(*Begin) (const char *path, GError **error);

static gboolean
is_there (const char *path)
{
  return g_file_test (path, G_FILE_TEST_IS_SYMLINK) || g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
put (const char *folder, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static char *
get (const char *path)
{
  char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  return text;
}

static void
test_file (void)
{
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "a.mp4", NULL), *part = g_strconcat (path, SQ_ASIDE_SUFFIX, NULL);
  g_autofree char *text = NULL, *old = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SqAside) aside = NULL;

  put (folder, "a.mp4", "old");
  put (folder, "a.mp4" SQ_ASIDE_SUFFIX, "left by one that was killed");
  aside = sq_aside_new_file (path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (sq_aside_get_path (aside), ==, part);
  text = get (part);
  g_assert_cmpstr (text, ==, "");
  // as long as one writes, no other does
  g_assert_null (sq_aside_new_file (path, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_BUSY);
  g_assert_nonnull (strstr (error->message, "a.mp4”"));
  g_clear_error (&error);
  g_assert_true (is_there (part));
  put (folder, "other.mp4" SQ_ASIDE_SUFFIX, "somebody else's");

  // given up: nothing is left, and the old one is as it was
  g_clear_pointer (&aside, sq_aside_free);
  g_assert_false (is_there (part));
  old = get (path);
  g_assert_cmpstr (old, ==, "old");

  aside = sq_aside_new_file (path, &error);
  g_assert_no_error (error);
  {
    FILE *out = fopen (sq_aside_get_path (aside), "a");

    fputs ("new", out);
    fclose (out);
  }
  g_assert_true (sq_aside_finish (aside, &error));
  g_clear_pointer (&aside, sq_aside_free);
  g_clear_pointer (&text, g_free);
  text = get (path);
  g_assert_cmpstr (text, ==, "new");
  g_assert_false (is_there (part));

  g_assert_null (sq_aside_new_file (folder, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
  g_clear_error (&error);
  g_assert_null (sq_aside_new_file ("/nonexistent/a.mp4", &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
  remove_folder (folder);
}

static void
test_folder (void)
{
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "deep", "drawn", NULL), *part = g_strconcat (path, SQ_ASIDE_SUFFIX, NULL);
  g_autofree char *inner = g_build_filename (part, "inner", NULL), *slash = g_strconcat (path, "/", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqAside) aside = NULL;

  g_assert_cmpint (g_mkdir_with_parents (inner, 0700), ==, 0);
  put (part, "a.jpg", "left");
  put (inner, "b.jpg", "left");
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0); // empty: it is replaced
  aside = sq_aside_new_folder (slash, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (sq_aside_get_path (aside), ==, part);
  g_assert_false (is_there (inner));
  g_assert_null (sq_aside_new_folder (path, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_BUSY);
  g_clear_error (&error);
  put (part, "a.jpg", "new");
  g_assert_true (sq_aside_finish (aside, &error));
  g_clear_pointer (&aside, sq_aside_free);
  g_assert_false (is_there (part));
  {
    g_autofree char *file = g_build_filename (path, "a.jpg", NULL), *text = get (file);

    g_assert_cmpstr (text, ==, "new");
    // neither a folder with something in it nor a file is replaced, and that is said at once
    g_assert_null (sq_aside_new_folder (path, &error));
    g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
    g_clear_error (&error);
    g_assert_null (sq_aside_new_folder (file, &error));
    g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
  }
  remove_folder (folder);
}

// What has the name but is something else: a link's target stays.
static void
test_other_kinds (void)
{
  static const Begin begin[] = { sq_aside_new_file, sq_aside_new_folder };
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "a", NULL), *part = g_strconcat (path, SQ_ASIDE_SUFFIX, NULL);
  g_autofree char *target = g_build_filename (folder, "target", NULL), *kept = g_build_filename (target, "kept", NULL);

  g_mkdir (target, 0700);
  put (target, "kept", "kept");
  for (guint i = 0; i < G_N_ELEMENTS (begin); i++)
    for (guint kind = 0; kind < 4; kind++)
      {
        g_autoptr (GError) error = NULL;
        g_autoptr (SqAside) aside = NULL;

        if (kind == 0)
          put (folder, "a" SQ_ASIDE_SUFFIX, "a file");
        else if (kind == 1)
          g_assert_cmpint (g_mkdir (part, 0700), ==, 0);
        else
          g_assert_cmpint (symlink (kind == 2 ? target : kept, part), ==, 0);
        aside = begin[i](path, &error);
        g_assert_no_error (error);
        g_assert_true (g_file_test (part, i == 0 ? G_FILE_TEST_IS_REGULAR : G_FILE_TEST_IS_DIR));
        g_assert_false (g_file_test (part, G_FILE_TEST_IS_SYMLINK));
        g_clear_pointer (&aside, sq_aside_free);
        g_assert_false (is_there (part));
        {
          g_autofree char *text = get (kept);

          g_assert_cmpstr (text, ==, "kept");
        }
      }
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/data/aside/file", test_file);
  g_test_add_func ("/data/aside/folder", test_folder);
  g_test_add_func ("/data/aside/other-kinds", test_other_kinds);
  return g_test_run ();
}
