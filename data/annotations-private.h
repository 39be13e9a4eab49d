// SPDX-License-Identifier: GPL-3.0-or-later
// The readers of each format. Private to annotations*.c.
#pragma once

#include "annotations.h"

G_BEGIN_DECLS

SqAnnotations *_sq_annotations_new (void);
void _sq_annotations_index (SqAnnotations *self); // when all pictures are there

SqAnnotations *_sq_annotations_load_coco (const char *path, GCancellable *cancellable, GError **error);
SqAnnotations *_sq_annotations_load_yolo (const char *folder, const char *images_dir, GCancellable *cancellable, GError **error);

G_END_DECLS
