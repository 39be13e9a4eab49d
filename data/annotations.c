// SPDX-License-Identifier: GPL-3.0-or-later
#include "annotations.h"

#include "annotations-private.h"
#include "engine/error.h"
#include <string.h>

static void
image_free (gpointer data)
{
  SqLabelledImage *image = data;

  g_free (image->file_name);
  g_free (image->boxes);
  g_free (image);
}

SqAnnotations *
_sq_annotations_new (void)
{
  SqAnnotations *self = g_atomic_rc_box_new0 (SqAnnotations);

  self->images = g_ptr_array_new_with_free_func (image_free);
  return self;
}

SqAnnotations *
sq_annotations_ref (SqAnnotations *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
annotations_clear (gpointer data)
{
  SqAnnotations *self = data;

  g_ptr_array_unref (self->images);
  g_strfreev (self->class_names);
  g_free (self->category_ids);
  g_clear_pointer (&self->by_name, g_hash_table_unref);
}

void
sq_annotations_unref (SqAnnotations *self)
{
  g_atomic_rc_box_release_full (self, annotations_clear);
}

// What is compared: the last component, without its suffix for YOLO labels.
static char *
base_name (const SqAnnotations *self, const char *path)
{
  char *base = g_path_get_basename (path);
  char *dot = self->by_stem ? strrchr (base, '.') : NULL;

  if (dot != NULL)
    *dot = 0;
  return base;
}

void
_sq_annotations_index (SqAnnotations *self)
{
  self->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < self->images->len; i++)
    {
      SqLabelledImage *image = g_ptr_array_index (self->images, i);

      g_hash_table_insert (self->by_name, base_name (self, image->file_name), image);
    }
}

const SqLabelledImage *
sq_annotations_find (const SqAnnotations *self, const char *path)
{
  g_autofree char *base = base_name (self, path);

  return g_hash_table_lookup (self->by_name, base);
}

SqAnnotations *
sq_annotations_load (const char *path, const char *images_dir, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);
  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    return _sq_annotations_load_yolo (path, images_dir, cancellable, error);
  return _sq_annotations_load_coco (path, cancellable, error);
}
