// SPDX-License-Identifier: GPL-3.0-or-later
#include "annotations-private.h"
#include "engine/error.h"
#include <json-glib/json-glib.h>
#include <string.h>

typedef struct
{
  gint64 id;
  const char *name;
} Category;

static int
compare_categories (gconstpointer a, gconstpointer b)
{
  gint64 x = ((const Category *) a)->id, y = ((const Category *) b)->id;

  return (x > y) - (x < y);
}

static JsonArray *
get_array (JsonObject *object, const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static JsonObject *
get_object (JsonArray *array, guint i)
{
  JsonNode *node = json_array_get_element (array, i);

  return JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static double
get_number (JsonObject *object, const char *name, double otherwise)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) != G_TYPE_STRING ? json_node_get_double (node)
                                                                                                          : otherwise;
}

static const char *
get_string (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node)
                                                                                                          : NULL;
}

static gboolean fail (GError **error, const char *path, const char *format, ...) G_GNUC_PRINTF (3, 4);

static gboolean
fail (GError **error, const char *path, const char *format, ...)
{
  g_autofree char *shown = g_filename_display_name (path);
  g_autofree char *detail = NULL;
  va_list args;

  va_start (args, format);
  detail = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "“%s” is not a COCO annotation file (%s); choose another file.", shown, detail);
  return FALSE;
}

static gboolean
read_categories (SqAnnotations *self, JsonObject *root, GHashTable *classes, const char *path, GError **error)
{
  JsonArray *array = get_array (root, "categories");
  g_autoptr (GArray) list = g_array_new (FALSE, FALSE, sizeof (Category));

  if (array == NULL || json_array_get_length (array) == 0)
    return fail (error, path, "it lists no categories");
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonObject *object = get_object (array, i);
      Category category;

      if (object == NULL || get_string (object, "name") == NULL || get_number (object, "id", -1) < 0)
        return fail (error, path, "category %u has no id or name", i);
      category.id = get_number (object, "id", -1);
      category.name = get_string (object, "name");
      g_array_append_val (list, category);
    }
  g_array_sort (list, compare_categories);
  self->n_classes = list->len;
  self->class_names = g_new0 (char *, list->len + 1);
  self->category_ids = g_new (int, list->len);
  for (guint i = 0; i < list->len; i++)
    {
      const Category *category = &g_array_index (list, Category, i);

      self->class_names[i] = g_strdup (category->name);
      self->category_ids[i] = category->id;
      g_hash_table_insert (classes, GINT_TO_POINTER ((int) category->id), GINT_TO_POINTER (i + 1));
    }
  return TRUE;
}

typedef struct
{
  SqLabelledImage *image;
  GArray *boxes;
} Image;

static void
image_free (gpointer data)
{
  Image *image = data;

  g_array_unref (image->boxes);
  g_free (image);
}

static gboolean
read_images (SqAnnotations *self, JsonObject *root, GHashTable *images, const char *path, GError **error)
{
  JsonArray *array = get_array (root, "images");

  if (array == NULL)
    return fail (error, path, "it lists no images");
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonObject *object = get_object (array, i);
      SqLabelledImage *image;
      Image *entry;

      if (object == NULL || get_string (object, "file_name") == NULL || get_number (object, "id", -1) < 0)
        return fail (error, path, "image %u has no id or file_name", i);
      image = g_new0 (SqLabelledImage, 1);
      image->id = get_number (object, "id", -1);
      image->file_name = g_strdup (get_string (object, "file_name"));
      image->width = get_number (object, "width", 0);
      image->height = get_number (object, "height", 0);
      g_ptr_array_add (self->images, image);
      entry = g_new (Image, 1);
      entry->image = image;
      entry->boxes = g_array_new (FALSE, FALSE, sizeof (SqLabelBox));
      g_hash_table_insert (images, &image->id, entry);
    }
  return TRUE;
}

static gboolean
read_boxes (JsonObject *root, GHashTable *images, GHashTable *classes, const char *path, GError **error)
{
  JsonArray *array = get_array (root, "annotations");

  if (array == NULL)
    return fail (error, path, "it lists no annotations");
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonObject *object = get_object (array, i);
      JsonArray *bbox = get_array (object, "bbox");
      gint64 image_id = object != NULL ? (gint64) get_number (object, "image_id", -1) : -1;
      int class_id = object != NULL
                         ? GPOINTER_TO_INT (g_hash_table_lookup (classes, GINT_TO_POINTER ((int) get_number (object, "category_id", -1))))
                         : 0;
      Image *image = g_hash_table_lookup (images, &image_id);
      SqLabelBox box;
      double x, y, width, height;

      if (bbox == NULL || json_array_get_length (bbox) != 4)
        return fail (error, path, "annotation %u has no bbox of four numbers", i);
      if (image == NULL)
        return fail (error, path, "annotation %u belongs to no listed image", i);
      if (class_id == 0)
        return fail (error, path, "annotation %u belongs to no listed category", i);
      x = json_array_get_double_element (bbox, 0);
      y = json_array_get_double_element (bbox, 1);
      width = json_array_get_double_element (bbox, 2);
      height = json_array_get_double_element (bbox, 3);
      box = (SqLabelBox){
        x, y, x + width, y + height, get_number (object, "area", width * height), class_id - 1, get_number (object, "iscrowd", 0) != 0
      };
      g_array_append_val (image->boxes, box);
    }
  return TRUE;
}

SqAnnotations *
_sq_annotations_load_coco (const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) local_error = NULL;
  g_autoptr (SqAnnotations) self = _sq_annotations_new ();
  g_autoptr (GHashTable) images = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, image_free);
  g_autoptr (GHashTable) classes = g_hash_table_new (NULL, NULL);
  GHashTableIter iter;
  gpointer value;
  JsonNode *node;
  JsonObject *root;

  if (!json_parser_load_from_mapped_file (parser, path, &local_error))
    {
      g_autofree char *shown = g_filename_display_name (path);

      if (local_error->domain == G_FILE_ERROR)
        g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” cannot be read (%s); check the name.", shown, local_error->message);
      else
        fail (error, path, "%s", local_error->message);
      return NULL;
    }
  node = json_parser_get_root (parser);
  root = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  if (root == NULL)
    {
      fail (error, path, "it holds no object");
      return NULL;
    }
  if (!read_categories (self, root, classes, path, error) || !read_images (self, root, images, path, error)
      || !read_boxes (root, images, classes, path, error))
    return NULL;
  g_hash_table_iter_init (&iter, images);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Image *image = value;

      image->image->n_boxes = image->boxes->len;
      image->image->boxes = g_memdup2 (image->boxes->data, image->boxes->len * sizeof (SqLabelBox));
    }
  _sq_annotations_index (self);
  return g_steal_pointer (&self);
}
