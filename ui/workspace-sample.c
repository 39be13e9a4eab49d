// SPDX-License-Identifier: GPL-3.0-or-later
// The picture behind "Try Sample". It belongs to the darknet project and is not part of Squint: fetched from there, by content.
#include "config.h"

#include "workspace-private.h"

#define SAMPLE_NAME "dog.jpg"
#define SAMPLE_SIZE 163759 // bytes
#define SAMPLE_SHA256 "5a9522051c3cec2bbd2f6323fccba32e8fbf3ddcc2b3e2fd46b04c720bc6f866"
#define SAMPLE_URL "https://raw.githubusercontent.com/hank-ai/darknet/f684e1d75d4594298c8e73acc727ba6cf2e81c60/artwork/dog.jpg"

// In a development checkout the picture lies beside the models.
static char *
find_beside_mirror (void)
{
  const char *mirror = g_getenv ("SQUINT_MODEL_MIRROR");
  g_autofree char *path = g_build_filename (mirror != NULL ? mirror : "../shared/models", "..", "images", "demo", SAMPLE_NAME, NULL);

  return g_file_test (path, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer (&path) : NULL;
}

static void
sample_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  SqCatalogueFile file = { .name = (char *) SAMPLE_NAME, .sha256 = (char *) SAMPLE_SHA256, .size = SAMPLE_SIZE, .url = (char *) SAMPLE_URL };
  g_autoptr (GPtrArray) files = g_ptr_array_new ();
  SqCatalogueEntry entry = {
    .id = (char *) "sample",
    .name = (char *) "Sample",
    .family = (char *) "",
    .licence = (char *) "",
    .upstream = (char *) "",
    .note = (char *) "",
    .ap = -1,
    .ap50 = -1,
    .files = files,
    .size = SAMPLE_SIZE,
  };
  GError *error = NULL;
  char *path = find_beside_mirror ();

  g_ptr_array_add (files, &file);
  if (path == NULL)
    path = sq_model_store_lookup (task_data, &entry);
  if (path == NULL)
    path = sq_model_store_fetch (task_data, &entry, cancellable, NULL, NULL, &error);
  if (path != NULL)
    g_task_return_pointer (task, path, g_free);
  else
    g_task_return_error (task, error);
}

void
sq_workspace_get_sample_async (SqWorkspace *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (SQ_IS_WORKSPACE (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_task_data (task, g_object_ref (_sq_workspace_get_samples (self)), g_object_unref);
  g_task_run_in_thread (task, sample_thread);
}

char *
sq_workspace_get_sample_finish (SqWorkspace *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
