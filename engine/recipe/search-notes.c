// SPDX-License-Identifier: GPL-3.0-or-later
#include "search-notes.h"

#include "config.h"

#include <math.h>

struct _SqSearchNotes
{
  char *path;
  GKeyFile *file;
};

SqSearchNotes *
sq_search_notes_open (const char *model_sha256, const char *pictures_hash, const char *device, const char *except)
{
  SqSearchNotes *self = g_new0 (SqSearchNotes, 1);
  g_autofree char *what = g_strjoin ("\n", SQ_VERSION, model_sha256, pictures_hash, device, except, NULL); // `except` may end it
  g_autofree char *name = g_compute_checksum_for_string (G_CHECKSUM_SHA256, what, -1);
  g_autofree char *folder = g_build_filename (g_get_user_cache_dir (), "squint", "search", NULL);

  self->path = g_build_filename (folder, name, NULL);
  self->file = g_key_file_new ();
  g_mkdir_with_parents (folder, 0700);
  g_key_file_load_from_file (self->file, self->path, G_KEY_FILE_NONE, NULL);
  return self;
}

void
sq_search_notes_close (SqSearchNotes *self)
{
  g_key_file_unref (self->file);
  g_free (self->path);
  g_free (self);
}

gboolean
sq_search_notes_get (const SqSearchNotes *self, const char *key, double *agreement, double *time)
{
  gsize n = 0;
  g_autofree double *numbers = g_key_file_get_double_list (self->file, "tried", key, &n, NULL);

  if (numbers == NULL || n != 2 || !isfinite (numbers[0]) || !isfinite (numbers[1]))
    return FALSE;
  *agreement = numbers[0];
  *time = numbers[1];
  return TRUE;
}

void
sq_search_notes_set (SqSearchNotes *self, const char *key, double agreement, double time)
{
  g_key_file_set_double_list (self->file, "tried", key, (double[]){ agreement, time }, 2);
  g_key_file_save_to_file (self->file, self->path, NULL); // a cache: without it the search is only slower
}
