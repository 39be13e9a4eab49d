// SPDX-License-Identifier: GPL-3.0-or-later
// Every hostile file is refused in one sentence that names it.
#include "engine/formats/format.h"
#include "tests/common/data.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>

static void
test_hostile (gconstpointer data)
{
  g_autoptr (SqImport) import = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = g_path_get_basename (data);

  import = sq_onnx_import (data, 0, 0, &error);
  g_assert_null (import);
  g_assert_nonnull (error);
  g_assert_cmpint (error->domain, ==, SQ_ERROR);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, name));
  g_assert_null (strchr (error->message, '\n'));
  g_assert_true (g_str_has_suffix (error->message, "."));
}

// Any truncation of a good file is refused or, at most, read; it never crashes.
static void
test_truncated (void)
{
  g_autofree char *good = sq_test_data ("fixtures/onnx/yolov8n.onnx"), *data = NULL, *folder = NULL, *path = NULL;
  gsize length;

  if (good == NULL)
    return;
  g_assert_true (g_file_get_contents (good, &data, &length, NULL));
  folder = g_dir_make_tmp ("squint-XXXXXX", NULL);
  path = g_build_filename (folder, "cut.onnx", NULL);
  for (gsize i = 0; i < 200; i++)
    {
      g_autoptr (SqImport) import = NULL;
      g_autoptr (GError) error = NULL;

      g_assert_true (g_file_set_contents (path, data, (gssize) (length * i / 200), NULL));
      import = sq_onnx_import (path, 0, 0, &error);
      g_assert_true (import != NULL || error != NULL);
    }
  g_remove (path);
  g_rmdir (folder);
}

// Any flipped byte is refused or read; it never crashes or takes much memory.
static void
test_flipped (void)
{
  g_autofree char *good = sq_test_data ("fixtures/onnx/yolov3-tinyu.onnx"), *data = NULL, *folder = NULL, *path = NULL;
  gsize length;
  guint32 state = 12345;

  if (good == NULL)
    return;
  g_assert_true (g_file_get_contents (good, &data, &length, NULL));
  folder = g_dir_make_tmp ("squint-XXXXXX", NULL);
  path = g_build_filename (folder, "flipped.onnx", NULL);
  for (int i = 0; i < 400; i++)
    {
      g_autoptr (SqImport) import = NULL;
      g_autofree char *copy = g_memdup2 (data, length);

      for (int k = 0; k < 8; k++)
        {
          gsize at;

          state = state * 1664525 + 1013904223;
          at = state % 3 == 0 ? state / 3 % length : length - 1 - state / 3 % MIN (length, 12000); // the nodes' text lies at the end
          copy[at] = (char) (state >> 16);
        }
      g_assert_true (g_file_set_contents (path, copy, (gssize) length, NULL));
      import = sq_onnx_import (path, 0, 0, NULL);
    }
  g_remove (path);
  g_rmdir (folder);
}

// The text of every well-known darknet network reads, shapes and all (weights left out).
static void
test_darknet_cfgs (void)
{
  static const char *const names[] = { "yolov2-tiny-voc", "yolov3",      "yolov3-spp",     "yolov3-tiny", "yolov3-tiny-prn", "yolov4",
                                       "yolov4-csp",      "yolov4-tiny", "yolov4-tiny-3l", "yolov7",      "yolov7-tiny" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *file = g_strdup_printf ("models/darknet-cfg/%s.cfg", names[i]), *path = sq_test_data (file);
      g_autoptr (SqImport) import = NULL;
      g_autoptr (GError) error = NULL;

      if (path == NULL)
        return;
      import = sq_darknet_import (path, NULL, &error);
      g_assert_no_error (error);
      g_test_message ("%s: %.2f GFLOP", names[i], sq_graph_flop (import->graph) / 1e9);
      g_assert_cmpuint (import->heads->len, ==, import->graph->outputs->len);
    }
}

int
main (int argc, char **argv)
{
  g_autofree char *folder = NULL;
  g_autoptr (GDir) dir = NULL;
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  struct rlimit limit = { (rlim_t) 6 << 30, (rlim_t) 6 << 30 };
  const char *name;
  int status;

  g_test_init (&argc, &argv, NULL);
#ifndef __SANITIZE_ADDRESS__
  setrlimit (RLIMIT_AS, &limit); // a lying size must not become an allocation
#endif
  g_test_add_func ("/formats/onnx/truncated", test_truncated);
  g_test_add_func ("/formats/onnx/flipped", test_flipped);
  g_test_add_func ("/formats/darknet/cfgs", test_darknet_cfgs);
  folder = sq_test_data ("fixtures/hostile");
  dir = folder != NULL ? g_dir_open (folder, 0, NULL) : NULL;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *test = g_strdup_printf ("/formats/hostile/%s", name);

      g_ptr_array_add (paths, g_build_filename (folder, name, NULL));
      g_test_add_data_func (test, g_ptr_array_index (paths, paths->len - 1), test_hostile);
    }
  status = g_test_run ();
  return status;
}
