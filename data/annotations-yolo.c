// SPDX-License-Identifier: GPL-3.0-or-later
#include "annotations-private.h"
#include "engine/error.h"
#include "engine/media/paths.h"
#include "engine/media/source.h"
#include <string.h>

#define MAX_CLASSES 100000

// classes.txt, *.names (one name per line) or the names of data.yaml; NULL when there is none.
static char **
read_names (const char *folder)
{
  static const char *const lists[] = { "classes.txt", "obj.names", "coco.names", "../classes.txt" };
  g_autofree char *yaml_path = g_build_filename (folder, "data.yaml", NULL),
                  *above_path = g_build_filename (folder, "..", "data.yaml", NULL);
  g_autofree char *yaml = NULL;
  g_autoptr (GPtrArray) names = NULL;
  const char *start;

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      g_autofree char *path = g_build_filename (folder, lists[i], NULL);
      g_autofree char *text = NULL;

      if (g_file_get_contents (path, &text, NULL, NULL))
        return g_strsplit (g_strchomp (text), "\n", -1);
    }
  if (!g_file_get_contents (yaml_path, &yaml, NULL, NULL) && !g_file_get_contents (above_path, &yaml, NULL, NULL))
    return NULL;
  start = g_str_has_prefix (yaml, "names:") ? yaml : strstr (yaml, "\nnames:");
  if (start == NULL)
    return NULL;
  // "names: [a, b]", "names:\n- a" or "names:\n  0: a"
  names = g_ptr_array_new_with_free_func (g_free);
  start = strchr (start, ':') + 1;
  {
    const char *bracket = start + strspn (start, " ");
    g_auto (GStrv) parts = NULL;

    if (*bracket == '[')
      {
        g_autofree char *inside = g_strndup (bracket + 1, strcspn (bracket + 1, "]"));

        parts = g_strsplit (inside, ",", -1);
      }
    else
      parts = g_strsplit (start + strcspn (start, "\n"), "\n", -1);
    for (guint i = 0; parts[i] != NULL; i++)
      {
        char *name = parts[i];

        if (*bracket != '[')
          {
            if (name[0] == 0)
              continue;
            if (name[0] != ' ' && name[0] != '-')
              break; // the next key
            name += strspn (name, " -0123456789");
            name += name[0] == ':';
          }
        name = g_strstrip (name);
        if (name[0] == '\'' || name[0] == '"')
          {
            name++;
            name[strcspn (name, "'\"")] = 0;
          }
        g_ptr_array_add (names, g_strdup (name));
      }
  }
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

static GHashTable *
picture_paths (const char *images_dir, GCancellable *cancellable)
{
  GHashTable *stems = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GPtrArray) files = images_dir != NULL ? sq_folder_list_pictures (images_dir, cancellable, NULL) : NULL;

  for (guint i = 0; files != NULL && i < files->len; i++)
    {
      char *stem = g_path_get_basename (g_ptr_array_index (files, i));

      *strrchr (stem, '.') = 0;
      g_hash_table_insert (stems, stem, g_strdup (g_ptr_array_index (files, i)));
    }
  return stems;
}

static gboolean
read_boxes (SqLabelledImage *image, const char *path, int *max_class, GError **error)
{
  g_autoptr (GArray) boxes = g_array_new (FALSE, FALSE, sizeof (SqLabelBox));
  g_autoptr (GError) local_error = NULL;
  g_autofree char *text = NULL, *shown = g_filename_display_name (path);
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (path, &text, NULL, &local_error))
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” cannot be read (%s).", shown, local_error->message);
      return FALSE;
    }
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      double numbers[5];
      char *at = g_strstrip (lines[i]);
      guint n = 0;
      double width = image->width, height = image->height;
      SqLabelBox box;

      if (at[0] == 0)
        continue;
      for (char *end; n < 5; n++, at = end)
        {
          numbers[n] = g_ascii_strtod (at, &end);
          if (end == at)
            break;
        }
      if (n < 5 || numbers[0] < 0 || numbers[0] >= MAX_CLASSES)
        {
          g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "“%s” is not a YOLO label file: line %u is not “class x y width height”.", shown,
                       i + 1);
          return FALSE;
        }
      box = (SqLabelBox){ .x1 = (numbers[1] - numbers[3] / 2) * width,
                          .y1 = (numbers[2] - numbers[4] / 2) * height,
                          .x2 = (numbers[1] + numbers[3] / 2) * width,
                          .y2 = (numbers[2] + numbers[4] / 2) * height,
                          .area = numbers[3] * width * numbers[4] * height,
                          .class_id = numbers[0] };
      *max_class = MAX (*max_class, box.class_id);
      g_array_append_val (boxes, box);
    }
  image->n_boxes = boxes->len;
  image->boxes = g_memdup2 (boxes->data, boxes->len * sizeof (SqLabelBox));
  return TRUE;
}

static gboolean
picture_size (SqLabelledImage *image, const char *path, GCancellable *cancellable, GError **error)
{
  const char *paths[] = { path, NULL };
  g_autoptr (SqSource) source = sq_source_open (paths, cancellable, error);

  if (source == NULL)
    return FALSE;
  image->width = sq_source_get_info (source)->width;
  image->height = sq_source_get_info (source)->height;
  return TRUE;
}

static gboolean
is_list (const char *name)
{
  return strcmp (name, "classes.txt") == 0 || strcmp (name, "train.txt") == 0 || strcmp (name, "val.txt") == 0
         || strcmp (name, "test.txt") == 0;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return sq_natural_compare (*(const char *const *) a, *(const char *const *) b);
}

SqAnnotations *
_sq_annotations_load_yolo (const char *folder, const char *images_dir, GCancellable *cancellable, GError **error)
{
  g_autoptr (SqAnnotations) self = _sq_annotations_new ();
  g_autoptr (GHashTable) pictures = picture_paths (images_dir, cancellable);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *shown = g_filename_display_name (folder);
  GDir *dir = g_dir_open (folder, 0, NULL);
  const char *name;
  int max_class = -1;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".txt") && !is_list (name))
      g_ptr_array_add (names, g_strdup (name));
  g_clear_pointer (&dir, g_dir_close);
  if (names->len == 0)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "“%s” holds no YOLO label files (.txt); choose the folder with the labels.", shown);
      return NULL;
    }
  g_ptr_array_sort (names, compare_names);
  self->by_stem = TRUE;
  for (guint i = 0; i < names->len; i++)
    {
      SqLabelledImage *image = g_new0 (SqLabelledImage, 1);
      g_autofree char *stem = g_strndup (g_ptr_array_index (names, i), strlen (g_ptr_array_index (names, i)) - 4);
      g_autofree char *path = g_build_filename (folder, g_ptr_array_index (names, i), NULL);
      const char *picture = g_hash_table_lookup (pictures, stem);

      g_ptr_array_add (self->images, image);
      image->id = i;
      image->file_name = picture != NULL ? g_path_get_basename (picture) : g_steal_pointer (&stem);
      if (g_cancellable_is_cancelled (cancellable))
        {
          g_set_error_literal (error, SQ_ERROR, SQ_ERROR_CANCELLED, "Cancelled.");
          return NULL;
        }
      // Labels without a picture stay without size: nobody will ask for them.
      if (picture != NULL && !picture_size (image, picture, cancellable, error))
        return NULL;
      if (!read_boxes (image, path, &max_class, error))
        return NULL;
    }
  self->class_names = read_names (folder);
  if (self->class_names == NULL || (int) g_strv_length (self->class_names) <= max_class)
    {
      g_auto (GStrv) known = g_steal_pointer (&self->class_names);
      int n_known = known != NULL ? (int) g_strv_length (known) : 0;

      self->class_names = g_new0 (char *, max_class + 2);
      for (int i = 0; i <= max_class; i++)
        self->class_names[i] = i < n_known ? g_strdup (known[i]) : g_strdup_printf ("class %d", i);
    }
  self->n_classes = g_strv_length (self->class_names);
  self->category_ids = g_new (int, self->n_classes + 1);
  for (guint i = 0; i < self->n_classes; i++)
    {
      g_strchomp (self->class_names[i]);
      self->category_ids[i] = i;
    }
  _sq_annotations_index (self);
  return g_steal_pointer (&self);
}
