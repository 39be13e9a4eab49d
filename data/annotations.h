// SPDX-License-Identifier: GPL-3.0-or-later
// Labels made by people: COCO JSON or YOLO txt, for evaluation.
//
// Units:  boxes in px of the picture
// Owner:  refcounted, immutable
// Thread: any
// Blocks: reads files
// Errors: SQ_ERROR_IO, SQ_ERROR_FORMAT (names the file and the place)
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  float x1, y1, x2, y2; // px
  double area;          // px^2, as stated (COCO: of the mask)
  int class_id;         // 0-based index into class_names
  gboolean crowd;
} SqLabelBox;

typedef struct
{
  gint64 id;         // COCO image id; else 0-based position
  char *file_name;   // as stated, relative to the picture folder
  int width, height; // px, 0 unknown
  SqLabelBox *boxes;
  guint n_boxes;
} SqLabelledImage;

typedef struct
{
  GPtrArray *images;  // SqLabelledImage
  char **class_names; // NULL-terminated, in category order
  int *category_ids;  // COCO category id of each class
  guint n_classes;

  /*< private >*/
  GHashTable *by_name;
  gboolean by_stem; // names are compared without their suffix
} SqAnnotations;

// A COCO instances file, or a folder of YOLO txt files (with classes.txt, *.names or data.yaml beside them for names; box sizes then need
// `images_dir` to know each picture's size).
SqAnnotations *sq_annotations_load (const char *path, const char *images_dir, GCancellable *cancellable, GError **error);
SqAnnotations *sq_annotations_ref (SqAnnotations *self);
void sq_annotations_unref (SqAnnotations *self);

// By picture file name (last component compared); NULL when unlabelled.
const SqLabelledImage *sq_annotations_find (const SqAnnotations *self, const char *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqAnnotations, sq_annotations_unref)

G_END_DECLS
