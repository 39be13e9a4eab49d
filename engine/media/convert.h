// SPDX-License-Identifier: GPL-3.0-or-later
// Decoded pictures to RGB24, upright. Private to media/.
//
// Stills are converted accurately, videos fast and by their own colour space and range.
// Alpha is dropped, as cv2.imread does.
//
// Thread: one at a time
#pragma once

#include "pool.h"
#include <libavutil/frame.h>

G_BEGIN_DECLS

typedef enum // EXIF numbers
{
  SQ_ORIENT_NONE = 1,
  SQ_ORIENT_FLIP_H,
  SQ_ORIENT_180,
  SQ_ORIENT_FLIP_V,
  SQ_ORIENT_TRANSPOSE,
  SQ_ORIENT_90, // turn clockwise to see it upright
  SQ_ORIENT_TRANSVERSE,
  SQ_ORIENT_270, // turn counter-clockwise
} SqOrient;

SqOrient sq_orient_from_matrix (const gint32 matrix[9]); // FFmpeg's display matrix
SqOrient sq_orient_from_frame (const AVFrame *frame);    // side data, else EXIF metadata, else none
gboolean sq_orient_swaps (SqOrient orient);              // width and height change places

// `swidth` x `sheight` RGB24 pixels into `dst`, turned; `dst` has the turned size.
void sq_orient_rgb (SqOrient orient, const guint8 *src, int src_stride, int src_width, int src_height, guint8 *dst, int dst_stride);

int sq_colour_matrix (const AVFrame *frame); // of a video's frame: 601, 709, 2020; 0 another

typedef struct _SqConverter SqConverter;

SqConverter *sq_converter_new (gboolean accurate); // TRUE for stills
void sq_converter_free (SqConverter *self);

// 0 or a negative AVERROR; the pixels stay valid until sq_pool_return (*loan).
int sq_converter_run (SqConverter *self, SqPool *pool, const AVFrame *frame, SqOrient orient, int *width, int *height, int *stride,
                      guint8 **pixels, gpointer *loan);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqConverter, sq_converter_free)

G_END_DECLS
