// SPDX-License-Identifier: GPL-3.0-or-later
// One picture on its way through the program.
//
// Shape:  height rows of width pixels, `stride` bytes apart, RGB24
// Owner:  refcounted; immutable once published
// Thread: any
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define SQ_FRAME_MAX_SIDE 32768         // px; larger pictures are refused
#define SQ_FRAME_MAX_PIXELS (256 << 20) // px; larger pictures are refused

typedef struct
{
  int width;            // px, after EXIF orientation
  int height;           // px
  int stride;           // bytes between rows, >= 3 * width
  const guint8 *pixels; // RGB24
  gint64 index;         // 0-based position in the source, -1 unknown (live)
  gint64 pts_ns;        // presentation time from the source's start; picture folders count 0, 1, 2 s
  gint64 duration_ns;   // how long it is shown, 0 for stills
  gint64 decode_ns;     // what decoding and converting it cost
  const char *path;     // file it came from (a folder's pictures each have their own); never NULL

  /*< private >*/
  GDestroyNotify free_pixels;
  gpointer free_data;
} SqFrame;

// Takes over `pixels`: `free_pixels (free_data)` runs with the last reference.
SqFrame *sq_frame_new (int width, int height, int stride, const guint8 *pixels, const char *path, gint64 index, gint64 pts_ns,
                       GDestroyNotify free_pixels, gpointer free_data);
SqFrame *sq_frame_ref (SqFrame *self);
void sq_frame_unref (SqFrame *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqFrame, sq_frame_unref)

G_END_DECLS
