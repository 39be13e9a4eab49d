// SPDX-License-Identifier: GPL-3.0-or-later
#include "catalogue.h"

#include "data-resources.h"
#include "engine/error.h"
#include <string.h>

#define RESOURCE_PATH "/io/github/squintapp/Squint/catalogue.ini"

struct _SqCatalogue
{
  GPtrArray *entries; // SqCatalogueEntry
};

static void
file_free (gpointer data)
{
  SqCatalogueFile *file = data;

  g_free (file->name);
  g_free (file->sha256);
  g_free (file->url);
  g_free (file);
}

static void
entry_free (gpointer data)
{
  SqCatalogueEntry *entry = data;
  char *const strings[] = { entry->id, entry->name, entry->family, entry->licence, entry->upstream, entry->note };

  for (guint i = 0; i < G_N_ELEMENTS (strings); i++)
    g_free (strings[i]);
  g_ptr_array_unref (entry->files);
  g_free (entry);
}

SqCatalogue *
sq_catalogue_ref (SqCatalogue *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
catalogue_clear (gpointer data)
{
  SqCatalogue *self = data;

  g_ptr_array_unref (self->entries);
}

void
sq_catalogue_unref (SqCatalogue *self)
{
  g_atomic_rc_box_release_full (self, catalogue_clear);
}

static char *
get_text (GKeyFile *keys, const char *group, const char *key)
{
  char *text = g_key_file_get_locale_string (keys, group, key, NULL, NULL);

  return text != NULL ? text : g_strdup ("");
}

static double
get_number (GKeyFile *keys, const char *group, const char *key)
{
  return g_key_file_has_key (keys, group, key, NULL) ? g_key_file_get_double (keys, group, key, NULL) : -1;
}

static gboolean
is_sha256 (const char *text)
{
  return strlen (text) == 64 && strspn (text, "0123456789abcdef") == 64;
}

// file1, file2 ...: "name sha256 bytes address"
static gboolean
parse_files (GKeyFile *keys, const char *group, SqCatalogueEntry *entry, GError **error)
{
  for (guint i = 1;; i++)
    {
      g_autofree char *key = g_strdup_printf ("file%u", i);
      g_autofree char *line = g_key_file_get_string (keys, group, key, NULL);
      g_auto (GStrv) parts = NULL;
      SqCatalogueFile *file;
      guint64 size = 0;

      if (line == NULL)
        break;
      parts = g_strsplit (line, " ", 4);
      if (g_strv_length (parts) != 4 || !is_sha256 (parts[1]) || !g_ascii_string_to_unsigned (parts[2], 10, 1, G_MAXINT64, &size, NULL)
          || !g_str_has_prefix (parts[3], "https://") || strchr (parts[0], '/') != NULL || parts[0][0] == '.')
        {
          g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "The model catalogue names a bad file for “%s”: %s.", group, line);
          return FALSE;
        }
      file = g_new0 (SqCatalogueFile, 1);
      file->name = g_strdup (parts[0]);
      file->sha256 = g_strdup (parts[1]);
      file->size = size;
      file->url = g_strdup (parts[3]);
      entry->size += size;
      g_ptr_array_add (entry->files, file);
    }
  if (entry->files->len == 0)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "The model catalogue names no files for “%s”.", group);
      return FALSE;
    }
  return TRUE;
}

SqCatalogue *
sq_catalogue_parse (const char *text, gssize length, GError **error)
{
  g_autoptr (GKeyFile) keys = g_key_file_new ();
  g_autoptr (SqCatalogue) self = NULL;
  g_autoptr (GError) local_error = NULL;
  g_auto (GStrv) groups = NULL;

  if (!g_key_file_load_from_data (keys, text, length < 0 ? strlen (text) : (gsize) length, G_KEY_FILE_NONE, &local_error))
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "The model catalogue is damaged (%s).", local_error->message);
      return NULL;
    }
  self = g_atomic_rc_box_new0 (SqCatalogue);
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  groups = g_key_file_get_groups (keys, NULL);
  for (guint i = 0; groups[i] != NULL; i++)
    {
      SqCatalogueEntry *entry = g_new0 (SqCatalogueEntry, 1);

      entry->files = g_ptr_array_new_with_free_func (file_free);
      g_ptr_array_add (self->entries, entry);
      entry->id = g_strdup (groups[i]);
      entry->name = get_text (keys, groups[i], "name");
      entry->family = get_text (keys, groups[i], "family");
      entry->licence = get_text (keys, groups[i], "licence");
      entry->upstream = get_text (keys, groups[i], "upstream");
      entry->note = get_text (keys, groups[i], "note");
      entry->width = g_key_file_get_integer (keys, groups[i], "width", NULL);
      entry->height = g_key_file_get_integer (keys, groups[i], "height", NULL);
      entry->n_classes = g_key_file_get_integer (keys, groups[i], "classes", NULL);
      entry->ap = get_number (keys, groups[i], "ap");
      entry->ap50 = get_number (keys, groups[i], "ap50");
      entry->is_default = g_key_file_get_boolean (keys, groups[i], "default", NULL);
      if (!parse_files (keys, groups[i], entry, error))
        return NULL;
    }
  return g_steal_pointer (&self);
}

SqCatalogue *
sq_catalogue_get_default (void)
{
  static gsize once = 0;
  static SqCatalogue *catalogue = NULL;

  if (g_once_init_enter (&once))
    {
      g_autoptr (GBytes) bytes = g_resource_lookup_data (sq_data_get_resource (), RESOURCE_PATH, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
      g_autoptr (GError) error = NULL;

      g_assert (bytes != NULL); // linked into this library
      catalogue = sq_catalogue_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);
      g_assert_no_error (error); // a test parses the same text
      g_once_init_leave (&once, 1);
    }
  return catalogue;
}

guint
sq_catalogue_get_n_entries (SqCatalogue *self)
{
  return self->entries->len;
}

const SqCatalogueEntry *
sq_catalogue_get_entry (SqCatalogue *self, guint i)
{
  g_return_val_if_fail (i < self->entries->len, NULL);
  return g_ptr_array_index (self->entries, i);
}

const SqCatalogueEntry *
sq_catalogue_find (SqCatalogue *self, const char *id)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const SqCatalogueEntry *entry = g_ptr_array_index (self->entries, i);

      if (strcmp (entry->id, id) == 0)
        return entry;
    }
  return NULL;
}

const SqCatalogueEntry *
sq_catalogue_get_default_entry (SqCatalogue *self)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const SqCatalogueEntry *entry = g_ptr_array_index (self->entries, i);

      if (entry->is_default)
        return entry;
    }
  return self->entries->len > 0 ? g_ptr_array_index (self->entries, 0) : NULL;
}
