// SPDX-License-Identifier: GPL-3.0-or-later
// The catalogue and the model store; downloads come from a server in this process.
#include "make-data.h"

#include "data/fetch.h"
#include "tests/common/data.h"
#include <glib/gstdio.h>
#include <libsoup/soup.h>
#include <string.h>

#define SIZE 300000

static char body[SIZE];
static guint n_requests, n_ranges;
static gboolean break_off, ignore_ranges;

static void
on_request (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  const char *range = soup_message_headers_get_one (headers, "Range");

  n_requests++;
  if (strcmp (path, "/missing") == 0)
    {
      soup_server_message_set_status (message, 404, NULL);
      return;
    }
  if (range != NULL && !ignore_ranges)
    {
      guint64 from = g_ascii_strtoull (range + strlen ("bytes="), NULL, 10);

      n_ranges++;
      soup_server_message_set_status (message, 206, NULL);
      soup_message_headers_set_content_range (soup_server_message_get_response_headers (message), from, SIZE - 1, SIZE);
      soup_message_headers_replace (headers, "Range", ""); // we answer it ourselves
      soup_message_headers_remove (headers, "Range");
      soup_server_message_set_response (message, "application/octet-stream", SOUP_MEMORY_STATIC, body + from, SIZE - from);
      return;
    }
  soup_message_headers_remove (headers, "Range");
  soup_server_message_set_status (message, 200, NULL);
  soup_server_message_set_response (message, "application/octet-stream", SOUP_MEMORY_STATIC, body, break_off ? SIZE / 3 : SIZE);
}

typedef struct
{
  GMainLoop *loop;
  GMainContext *context;
  char *address;
  GMutex lock;
  GCond cond;
} Server;

static gpointer
serve (gpointer data)
{
  Server *self = data;
  g_autoptr (SoupServer) server = NULL;
  g_autoptr (GError) error = NULL;
  g_autoslist (GUri) uris = NULL;

  g_main_context_push_thread_default (self->context);
  server = soup_server_new (NULL, NULL);
  soup_server_add_handler (server, NULL, on_request, NULL, NULL);
  soup_server_listen_local (server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (server);
  g_mutex_lock (&self->lock);
  self->address = g_uri_to_string (uris->data);
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
  g_main_loop_run (self->loop);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

static char *
sha256_of (const void *data, gsize size)
{
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, data, size);
}

static void
test_download (void)
{
  Server server = { .context = g_main_context_new () };
  GThread *thread;
  char *folder = make_folder ();
  g_autofree char *part = g_build_filename (folder, "x.part", NULL), *target = g_build_filename (folder, "x", NULL);
  g_autofree char *sha256 = NULL, *wrong = sha256_of ("wrong", 5), *missing = NULL;
  g_autofree char *content = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  gsize length;
  GStatBuf info;

  for (guint i = 0; i < SIZE; i++)
    body[i] = (char) (i * 2654435761u >> 11);
  sha256 = sha256_of (body, SIZE);
  server.loop = g_main_loop_new (server.context, FALSE);
  thread = g_thread_new ("server", serve, &server);
  g_mutex_lock (&server.lock);
  while (server.address == NULL)
    g_cond_wait (&server.cond, &server.lock);
  g_mutex_unlock (&server.lock);

  // breaks off: the part stays
  break_off = TRUE;
  g_assert_false (sq_fetch (server.address, part, target, sha256, SIZE, NULL, NULL, NULL, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
  g_test_message ("%s", error->message);
  g_clear_error (&error);
  g_assert_cmpint (g_stat (part, &info), ==, 0);
  g_assert_cmpint (info.st_size, ==, SIZE / 3);
  break_off = FALSE;

  // goes on where it was
  g_assert_true (sq_fetch (server.address, part, target, sha256, SIZE, NULL, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (n_ranges, ==, 1);
  g_assert_true (g_file_get_contents (target, &content, &length, NULL));
  g_assert_cmpint (length, ==, SIZE);
  g_assert_cmpint (memcmp (content, body, SIZE), ==, 0);
  g_assert_false (g_file_test (part, G_FILE_TEST_EXISTS));

  // a server that cannot resume sends all of it again
  g_unlink (target);
  g_file_set_contents (part, body, 1000, NULL);
  ignore_ranges = TRUE;
  g_assert_true (sq_fetch (server.address, part, target, sha256, SIZE, NULL, NULL, NULL, &error));
  ignore_ranges = FALSE;

  // other content is refused and not gone on with
  g_unlink (target);
  g_assert_false (sq_fetch (server.address, part, target, wrong, SIZE, NULL, NULL, NULL, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_FORMAT);
  g_assert_false (g_file_test (part, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (target, G_FILE_TEST_EXISTS));
  g_clear_error (&error);

  g_cancellable_cancel (cancellable);
  g_assert_false (sq_fetch (server.address, part, target, sha256, SIZE, cancellable, NULL, NULL, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_CANCELLED);
  g_clear_error (&error);

  missing = g_strconcat (server.address, "missing", NULL);
  g_assert_false (sq_fetch (missing, part, target, sha256, SIZE, NULL, NULL, NULL, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
  g_test_message ("%s", error->message);

  g_main_loop_quit (server.loop);
  g_thread_join (thread);
  g_main_loop_unref (server.loop);
  g_main_context_unref (server.context);
  g_free (server.address);
  remove_folder (folder);
}

static void
test_catalogue (void)
{
  SqCatalogue *catalogue = sq_catalogue_get_default ();
  const SqCatalogueEntry *entry = sq_catalogue_get_default_entry (catalogue);
  guint n_default = 0;

  g_assert_cmpstr (entry->id, ==, "yolo-fastest-1.1-xl");
  g_assert_cmpfloat_with_epsilon (entry->ap50, .3433, 1e-6);
  g_assert_cmpfloat (entry->ap, ==, -1);
  g_assert_cmpint (entry->files->len, ==, 3);
  g_assert_cmpint (entry->size, ==, 9696 + 3693964 + 625);
  g_assert_nonnull (sq_catalogue_find (catalogue, "yolox-nano"));
  g_assert_null (sq_catalogue_find (catalogue, "nobody"));
  for (guint i = 0; i < sq_catalogue_get_n_entries (catalogue); i++)
    {
      entry = sq_catalogue_get_entry (catalogue, i);
      n_default += entry->is_default;
      g_assert_cmpint (entry->width, >, 0);
      g_assert_cmpstr (entry->licence, !=, "");
      g_assert_nonnull (sq_model_family_title (entry->family));
      g_assert_null (strstr (entry->licence, "GPL"));
      for (guint j = 0; j < entry->files->len; j++)
        g_assert_true (
            g_str_has_prefix (((SqCatalogueFile *) g_ptr_array_index (entry->files, j))->url, "https://raw.githubusercontent.com/"));
    }
  g_assert_cmpint (n_default, ==, 1);
}

static void
test_bad_catalogue (void)
{
  static const char *const bad[] = {
    "no key file",
    "[a]\nname=A\n",
    "[a]\nfile1=x.onnx abc 12 https://example.org/x\n",
    "[a]\nfile1=../x 634a1132eb33f8091d60f2c346ababe8b905ae08387037aed883953b7329af84 12 https://example.org/x\n",
    "[a]\nfile1=x 634a1132eb33f8091d60f2c346ababe8b905ae08387037aed883953b7329af84 -5 https://example.org/x\n",
    "[a]\nfile1=x 634a1132eb33f8091d60f2c346ababe8b905ae08387037aed883953b7329af84 5 file:///etc/passwd\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (sq_catalogue_parse (bad[i], -1, &error));
      g_assert_error (error, SQ_ERROR, SQ_ERROR_FORMAT);
    }
}

static void
on_changed (SqModelStore *store, gpointer data)
{
  ++*(int *) data;
}

static void
on_fetched (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  *(char **) data = sq_model_store_fetch_finish (SQ_MODEL_STORE (source), result, &error);
  g_assert_no_error (error);
}

static void
on_progress (guint64 done, guint64 total, gpointer data)
{
  g_assert_cmpint (done, <=, total);
  *(guint64 *) data = total;
}

// A catalogue of made-up models whose files lie in a mirror.
static void
test_mirror (void)
{
  char *folder = make_folder ();
  g_autofree char *root = g_build_filename (folder, "store", NULL), *mirror = g_build_filename (folder, "mirror", NULL);
  g_autofree char *sub = g_build_filename (mirror, "deep", NULL), *cfg = g_build_filename (sub, "other-name.cfg", NULL);
  g_autofree char *weights = g_build_filename (sub, "toy.weights", NULL);
  g_autofree char *sha_cfg = sha256_of ("[net]\n", 6), *sha_weights = sha256_of ("wwwww", 5);
  g_autofree char *text = g_strdup_printf ("[toy]\nname=Toy\nfamily=darknet\nlicence=MIT\nfile1=toy.cfg %s 6 https://127.0.0.1:1/toy.cfg\n"
                                           "file2=toy.weights %s 5 https://127.0.0.1:1/toy.weights\n",
                                           sha_cfg, sha_weights);
  g_autoptr (SqCatalogue) catalogue = sq_catalogue_parse (text, -1, NULL);
  const SqCatalogueEntry *entry = sq_catalogue_find (catalogue, "toy");
  g_autoptr (SqModelStore) store = sq_model_store_new (root);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) models = NULL;
  g_autofree char *path = NULL, *again = NULL, *resolved = NULL;
  guint64 total = 0;
  int changes = 0;

  g_mkdir_with_parents (sub, 0700);
  g_signal_connect (store, "changed", G_CALLBACK (on_changed), &changes);
  g_setenv ("SQUINT_MODEL_MIRROR", mirror, TRUE);
  g_assert_null (sq_model_store_fetch (store, entry, NULL, NULL, NULL, &error)); // neither mirror nor network
  g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
  g_clear_error (&error);
  g_assert_null (sq_model_store_lookup (store, entry));

  g_file_set_contents (cfg, "[net]\n", 6, NULL);
  g_file_set_contents (weights, "wwwww", 5, NULL);
  sq_model_store_fetch_async (store, entry, NULL, on_progress, &total, on_fetched, &path);
  while (path == NULL)
    g_main_context_iteration (NULL, TRUE);
  spin (100);
  g_assert_cmpint (changes, ==, 1);
  g_assert_true (g_str_has_suffix (path, "/models/toy/toy.cfg"));
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  again = sq_model_store_fetch (store, entry, NULL, NULL, NULL, &error);
  g_assert_cmpstr (again, ==, path);
  resolved = sq_model_store_resolve (store, "toy");
  g_assert_cmpstr (resolved, ==, path);
  g_assert_null (sq_model_store_resolve (store, "../toy"));
  models = sq_model_store_list (store, &error);
  g_assert_cmpint (models->len, ==, 1);
  g_assert_cmpstr (((SqInstalledModel *) g_ptr_array_index (models, 0))->title, ==, "Toy");
  g_assert_cmpint (((SqInstalledModel *) g_ptr_array_index (models, 0))->size, ==, 11);
  g_assert_true (sq_model_store_remove (store, "toy", &error));
  g_assert_false (sq_model_store_remove (store, "../mirror", &error));
  g_clear_error (&error);
  g_assert_null (sq_model_store_lookup (store, entry));
  g_assert_true (g_file_test (cfg, G_FILE_TEST_EXISTS));
  spin (20);
  g_unsetenv ("SQUINT_MODEL_MIRROR");
  remove_folder (folder);
}

static void
test_add (void)
{
  char *folder = make_folder ();
  g_autofree char *root = g_build_filename (folder, "store", NULL);
  g_autofree char *onnx = g_build_filename (folder, "my model.onnx", NULL), *cfg = g_build_filename (folder, "net.cfg", NULL);
  g_autofree char *weights = g_build_filename (folder, "net.weights", NULL), *names = g_build_filename (folder, "obj.names", NULL);
  g_autofree char *text = g_build_filename (folder, "notes.txt", NULL);
  g_autofree char *stored = NULL, *again = NULL, *darknet = NULL, *stored_names = NULL, *stored_folder = NULL;
  g_autoptr (SqModelStore) store = sq_model_store_new (root);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) models = NULL;

  g_file_set_contents (onnx, "abc", 3, NULL);
  g_file_set_contents (cfg, "[net]", 5, NULL);
  g_file_set_contents (text, "x", 1, NULL);
  stored = sq_model_store_add (store, onnx, NULL, &error);
  g_assert_no_error (error);
  again = sq_model_store_add (store, onnx, NULL, &error); // the same content again is one model
  g_assert_cmpstr (stored, ==, again);

  g_assert_null (sq_model_store_add (store, cfg, NULL, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_IO);
  g_assert_nonnull (strstr (error->message, ".weights"));
  g_clear_error (&error);
  g_file_set_contents (weights, "w", 1, NULL);
  g_file_set_contents (names, "cat\n", 4, NULL);
  darknet = sq_model_store_add (store, weights, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_suffix (darknet, "/net.cfg"));
  stored_folder = g_path_get_dirname (darknet);
  stored_names = g_build_filename (stored_folder, "obj.names", NULL);
  g_assert_true (g_file_test (stored_names, G_FILE_TEST_EXISTS));
  g_assert_null (sq_model_store_add (store, text, NULL, &error));
  g_assert_error (error, SQ_ERROR, SQ_ERROR_FORMAT);
  models = sq_model_store_list (store, NULL);
  g_assert_cmpint (models->len, ==, 2);
  spin (20);
  remove_folder (folder);
}

static void
test_shared_mirror (void)
{
  g_autofree char *mirror = sq_test_data ("models");
  char *folder;
  g_autoptr (SqModelStore) store = NULL;
  SqCatalogue *catalogue = sq_catalogue_get_default ();

  if (mirror == NULL)
    return;
  folder = make_folder ();
  store = sq_model_store_new (folder);
  g_setenv ("SQUINT_MODEL_MIRROR", mirror, TRUE);
  for (guint i = 0; i < sq_catalogue_get_n_entries (catalogue); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *path = sq_model_store_fetch (store, sq_catalogue_get_entry (catalogue, i), NULL, NULL, NULL, &error);
      g_autoptr (SqModel) model = path != NULL ? sq_model_load (path, NULL, NULL, &error) : NULL;

      g_assert_no_error (error);
      g_assert_cmpstr (model->family_id, ==, sq_catalogue_get_entry (catalogue, i)->family);
      g_assert_cmpint (model->n_classes, ==, sq_catalogue_get_entry (catalogue, i)->n_classes);
      g_assert_cmpint (model->input.width, ==, sq_catalogue_get_entry (catalogue, i)->width);
      g_assert_true (model->labels_known);
    }
  g_unsetenv ("SQUINT_MODEL_MIRROR");
  spin (20);
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/data/models/catalogue", test_catalogue);
  g_test_add_func ("/data/models/bad-catalogue", test_bad_catalogue);
  g_test_add_func ("/data/models/download", test_download);
  g_test_add_func ("/data/models/mirror", test_mirror);
  g_test_add_func ("/data/models/add", test_add);
  g_test_add_func ("/data/models/shared-mirror", test_shared_mirror);
  return g_test_run ();
}
