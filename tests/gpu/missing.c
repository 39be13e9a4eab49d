// SPDX-License-Identifier: GPL-3.0-or-later
// The program where a driver or cuDNN is missing, old, wrong or incomplete: it starts, says which it is in a sentence, and runs on the CPU.
// Each case is a folder of libraries in front of the others; SQUINT_CLI, STUB_DRIVER (the toolkit's link-time libcuda), CUDNN and OTHER_LIBRARY
// (one that is no cuDNN) come from the build.
#include "tests/common/data.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

static char *folder;

static void
put (const char *name, const char *target)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GError) error = NULL;

  g_file_make_symbolic_link (file, target, NULL, &error);
  g_assert_no_error (error);
}

// A file that no loader takes: as good as missing, also where the system has a proper one.
static void
put_broken (const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, "cut off", -1, NULL));
}

static void
empty (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_unlink (path);
    }
}

static char *
run (const char *const *argv, int *status)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) error = NULL;
  char *text = NULL;

  g_subprocess_launcher_setenv (launcher, "LD_LIBRARY_PATH", folder, TRUE);
  process = g_subprocess_launcher_spawnv (launcher, argv, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_communicate_utf8 (process, NULL, NULL, &text, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_if_exited (process)); // not by a signal
  *status = g_subprocess_get_exit_status (process);
  return text;
}

// `says` must be in the line about the GPU; then a picture is detected all the same.
static void
check (const char *says)
{
  const char *const devices[] = { SQUINT_CLI, "devices", NULL };
  g_autofree char *text = NULL, *more = NULL, *none = NULL;
  g_autofree char *model = sq_test_data ("models/yolo-fastest-1.0/yolo-fastest.cfg"),
                  *picture = model != NULL ? sq_test_data ("images/demo/dog.jpg") : NULL;
  const char *const detect[] = { SQUINT_CLI, "detect", "--model", model, picture, NULL };
  const char *const gpu[] = { SQUINT_CLI, "detect", "--model", model, "--device", "cuda:0", picture, NULL };
  int status;

  text = run (devices, &status);
  g_test_message ("%s", strstr (text, "cuda") != NULL ? strstr (text, "cuda") : text);
  g_assert_cmpint (status, ==, 0);
  g_assert_nonnull (strstr (text, says));
  if (picture == NULL)
    return;
  more = run (detect, &status);
  g_assert_cmpint (status, ==, 0);
  g_assert_nonnull (strstr (more, "dog"));
  none = run (gpu, &status);
  g_test_message ("--device cuda:0: %s", none);
  g_assert_cmpint (status, !=, 0);
  g_assert_null (strstr (none, "dog.jpg\n"));
}

static void
test_nothing (void)
{
  empty ();
  check ("libcuda.so.1 is missing");
}

static void
test_stub (void)
{
  empty ();
  put ("libcuda.so.1", STUB_DRIVER);
  check ("stand-in, not a driver");
}

static void
test_wrong_dnn (void)
{
  empty ();
  put ("libcudnn.so.9", OTHER_LIBRARY);
  check ("is not cuDNN 9");
}

static void
test_parts (void)
{
  static const char *const parts[] = { "libcudnn_graph.so.9", "libcudnn_engines_runtime_compiled.so.9" };
  static const char *const links[] = { "libcudnn_graph.so", "libcudnn_engines_runtime_compiled.so" };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      empty ();
      put ("libcudnn.so.9", CUDNN); // it looks for its parts beside itself first
      put_broken (parts[i]);
      put_broken (links[i]); // tried next
      check (parts[i]);
    }
}

static void
test_no_blas (void)
{
  empty ();
  put_broken ("libcublasLt.so.12");
  put_broken ("libcublasLt.so.13");
  check ("libcublasLt.so");
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("squint-missing-XXXXXX", NULL);
  g_test_add_func ("/gpu/missing/driver", test_nothing);
  g_test_add_func ("/gpu/missing/stub-driver", test_stub);
  g_test_add_func ("/gpu/missing/wrong-dnn", test_wrong_dnn);
  g_test_add_func ("/gpu/missing/parts", test_parts);
  g_test_add_func ("/gpu/missing/blas", test_no_blas);
  result = g_test_run ();
  empty ();
  g_rmdir (folder);
  g_free (folder);
  return result;
}
