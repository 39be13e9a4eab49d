// SPDX-License-Identifier: GPL-3.0-or-later
#include "fetch.h"

#include "engine/error.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <libsoup/soup.h>
#include <string.h>

#define CHUNK 65536
#define TIMEOUT_S 30

static void
set_io_error (GError **error, const char *path, const char *verb, const GError *cause)
{
  g_autofree char *shown = g_filename_display_name (path);

  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_set_error_literal (error, SQ_ERROR, SQ_ERROR_CANCELLED, "Cancelled.");
  else if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NO_SPACE))
    g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "The disk is full and “%s” cannot be written; free some space and try again.", shown);
  else
    g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” cannot be %s (%s).", shown, verb, cause != NULL ? cause->message : "unknown reason");
}

char *
sq_file_sha256 (const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GError) local_error = NULL;
  g_autoptr (GFileInputStream) stream = g_file_read (file, cancellable, &local_error);
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guint8 *buffer = g_malloc (CHUNK);
  gssize n = -1;

  while (stream != NULL && (n = g_input_stream_read (G_INPUT_STREAM (stream), buffer, CHUNK, cancellable, &local_error)) > 0)
    g_checksum_update (sum, buffer, n);
  if (n < 0)
    {
      set_io_error (error, path, "read", local_error);
      return NULL;
    }
  return g_strdup (g_checksum_get_string (sum));
}

static gboolean
is_file_with (const char *path, const char *sha256, guint64 size, GCancellable *cancellable)
{
  g_autofree char *sum = NULL;
  GStatBuf info;

  if (g_stat (path, &info) != 0 || !S_ISREG (info.st_mode) || (guint64) info.st_size != size)
    return FALSE;
  sum = sq_file_sha256 (path, cancellable, NULL);
  return sum != NULL && strcmp (sum, sha256) == 0;
}

static char *
search (const char *folder, const char *sha256, guint64 size, int depth, GCancellable *cancellable)
{
  GDir *dir = g_dir_open (folder, 0, NULL);
  const char *name;
  char *found = NULL;

  while (dir != NULL && found == NULL && !g_cancellable_is_cancelled (cancellable) && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (depth > 0 && g_file_test (path, G_FILE_TEST_IS_DIR))
        found = search (path, sha256, size, depth - 1, cancellable);
      else if (is_file_with (path, sha256, size, cancellable))
        found = g_steal_pointer (&path);
    }
  g_clear_pointer (&dir, g_dir_close);
  return found;
}

char *
sq_mirror_find (const char *folder, const char *name, const char *sha256, guint64 size, GCancellable *cancellable)
{
  g_autofree char *direct = g_build_filename (folder, name, NULL);

  if (is_file_with (direct, sha256, size, cancellable))
    return g_steal_pointer (&direct);
  return search (folder, sha256, size, 2, cancellable);
}

gboolean
sq_copy_file (const char *from, const char *to, GCancellable *cancellable, GError **error)
{
  g_autofree char *temporary = g_strconcat (to, ".new", NULL);
  g_autoptr (GFile) source = g_file_new_for_path (from), target = g_file_new_for_path (temporary);
  g_autoptr (GError) local_error = NULL;

  if (!g_file_copy (source, target, G_FILE_COPY_OVERWRITE | G_FILE_COPY_TARGET_DEFAULT_PERMS, cancellable, NULL, NULL, &local_error))
    {
      g_unlink (temporary);
      set_io_error (error, g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_NO_SPACE) ? to : from, "copied", local_error);
      return FALSE;
    }
  if (g_rename (temporary, to) != 0)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” cannot be written (%s).", to, g_strerror (errno));
      g_unlink (temporary);
      return FALSE;
    }
  return TRUE;
}

// Appends what comes to `part` until it holds `size` bytes.
static gboolean
receive (GInputStream *body, const char *part, gboolean append, guint64 done, guint64 size, const char *url, GCancellable *cancellable,
         SqFetchProgress progress, gpointer progress_data, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (part);
  g_autoptr (GError) local_error = NULL;
  g_autoptr (GFileOutputStream) out = NULL;
  g_autofree guint8 *buffer = g_malloc (CHUNK);
  gssize n = -1;

  out = append ? g_file_append_to (file, G_FILE_CREATE_NONE, cancellable, &local_error)
               : g_file_replace (file, NULL, FALSE, G_FILE_CREATE_REPLACE_DESTINATION, cancellable, &local_error);
  if (out == NULL)
    {
      set_io_error (error, part, "written", local_error);
      return FALSE;
    }
  while ((n = g_input_stream_read (body, buffer, CHUNK, cancellable, &local_error)) > 0)
    {
      done += n;
      if (done > size)
        {
          g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "%s sends more than the catalogue says; the file there is another one.", url);
          return FALSE;
        }
      if (!g_output_stream_write_all (G_OUTPUT_STREAM (out), buffer, n, NULL, cancellable, &local_error))
        {
          set_io_error (error, part, "written", local_error);
          return FALSE;
        }
      if (progress != NULL)
        progress (done, size, progress_data);
    }
  // What came is kept on disk for the next try, whatever happened.
  g_output_stream_close (G_OUTPUT_STREAM (out), NULL, NULL);
  if (n < 0)
    {
      if (g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        set_io_error (error, part, "written", local_error);
      else
        g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "The download of %s broke off (%s); try again to go on with it.", url,
                     local_error->message);
      return FALSE;
    }
  if (done < size)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_IO,
                   "The download of %s broke off after %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " bytes; try again to go on with it.",
                   url, done, size);
      return FALSE;
    }
  return TRUE;
}

static gboolean
download (const char *url, const char *part, guint64 size, GCancellable *cancellable, SqFetchProgress progress, gpointer progress_data,
          GError **error)
{
  g_autoptr (SoupSession) session = soup_session_new_with_options ("timeout", TIMEOUT_S, "user-agent", "Squint", NULL);
  g_autoptr (SoupMessage) message = soup_message_new (SOUP_METHOD_GET, url);
  g_autoptr (GInputStream) body = NULL;
  g_autoptr (GError) local_error = NULL;
  GStatBuf info;
  guint64 have = g_stat (part, &info) == 0 && (guint64) info.st_size < size ? (guint64) info.st_size : 0;
  gboolean append;

  if (message == NULL)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "%s is no address.", url);
      return FALSE;
    }
  if (have > 0)
    soup_message_headers_set_range (soup_message_get_request_headers (message), have, -1);
  body = soup_session_send (session, message, cancellable, &local_error);
  if (body == NULL)
    {
      if (g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        g_set_error_literal (error, SQ_ERROR, SQ_ERROR_CANCELLED, "Cancelled.");
      else
        g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "%s cannot be reached (%s); check the network and try again.", url,
                     local_error->message);
      return FALSE;
    }
  append = soup_message_get_status (message) == SOUP_STATUS_PARTIAL_CONTENT;
  if (!append && soup_message_get_status (message) != SOUP_STATUS_OK)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "%s answers “%u %s”; try again later.", url, soup_message_get_status (message),
                   soup_message_get_reason_phrase (message));
      return FALSE;
    }
  return receive (body, part, append, append ? have : 0, size, url, cancellable, progress, progress_data, error);
}

gboolean
sq_fetch (const char *url, const char *part, const char *target, const char *sha256, guint64 size, GCancellable *cancellable,
          SqFetchProgress progress, gpointer progress_data, GError **error)
{
  g_autofree char *sum = NULL;
  GStatBuf info;
  gboolean complete = g_stat (part, &info) == 0 && (guint64) info.st_size == size;

  if (!complete && !download (url, part, size, cancellable, progress, progress_data, error))
    return FALSE;
  sum = sq_file_sha256 (part, cancellable, error);
  if (sum == NULL)
    return FALSE;
  if (strcmp (sum, sha256) != 0)
    {
      g_unlink (part); // going on with it would never end
      g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT,
                   "%s is not the file the catalogue means (its checksum differs); try again or choose another model.", url);
      return FALSE;
    }
  if (g_rename (part, target) != 0)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” cannot be written (%s).", target, g_strerror (errno));
      return FALSE;
    }
  return TRUE;
}
