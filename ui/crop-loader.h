// SPDX-License-Identifier: GPL-3.0-or-later
// Objects cut out of stored frames, with some of what is around them: decoded again on a thread of its own, in the order asked for. The
// latest stay in memory.
//
// Owner:  sq_crop_loader_free
// Thread: main
// Blocks: never; free does not wait for a decode under way
#pragma once

#include "data/data.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_CROP_WIDTH 320 // px of a crop at most, 4:3 where the picture allows
#define SQ_CROP_HEIGHT 240

typedef struct
{
  gint64 run, seq;
  float x1, y1, x2, y2; // px of the frame; all 0: the whole frame
} SqCrop;

typedef struct _SqCropLoader SqCropLoader;

// `texture` or `problem` (one sentence) is NULL.
typedef void (*SqCropFunc) (GdkTexture *texture, const char *problem, gpointer user_data);

SqCropLoader *sq_crop_loader_new (SqProject *project);
void sq_crop_loader_free (SqCropLoader *self);

// Calls `func` once: before it returns (and returns 0) where the crop is in memory, else later unless cancelled.
guint sq_crop_loader_request (SqCropLoader *self, const SqCrop *crop, SqCropFunc func, gpointer user_data);
void sq_crop_loader_cancel (SqCropLoader *self, guint request);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqCropLoader, sq_crop_loader_free)

G_END_DECLS
