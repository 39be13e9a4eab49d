// SPDX-License-Identifier: GPL-3.0-or-later
// One picture on its way through the program.
//
// Shape:  height rows of width pixels, `stride` bytes apart, RGB24
// Owner:  refcounted; immutable once published
// Thread: any
// Blocks: sq_frame_load, where the picture is still in a GPU's memory
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define SQ_FRAME_MAX_SIDE 32768         // px; larger pictures are refused
#define SQ_FRAME_MAX_PIXELS (256 << 20) // px; larger pictures are refused

// A picture in the memory of a GPU, as its video decoder left it: NV12 (4:2:0, luma, then chroma interleaved).
typedef struct
{
  int device;                     // of CUDA
  const guint8 *luma, *chroma;    // the device's addresses
  int luma_stride, chroma_stride; // bytes
  int matrix;                     // 601, 709 or 2020
  gboolean full_range;            // luma 0..255
} SqFrameGpu;

typedef struct _SqFrame SqFrame;

// Fetches a frame's pixels from the GPU. The pixels stay valid until `free_pixels (free_data)`.
typedef gboolean (*SqFrameDownload) (gpointer data, const guint8 **pixels, int *stride, GDestroyNotify *free_pixels, gpointer *free_data);

struct _SqFrame
{
  int width;            // px, after EXIF orientation
  int height;           // px
  int stride;           // bytes between rows, >= 3 * width
  const guint8 *pixels; // RGB24; NULL where there are none (yet: see sq_frame_load)
  gint64 index;         // 0-based position in the source, -1 unknown (live)
  gint64 pts_ns;        // presentation time from the source's start; picture folders count 0, 1, 2 s
  gint64 duration_ns;   // how long it is shown, 0 for stills
  gint64 decode_ns;     // what decoding and converting it cost
  const char *path;     // file it came from (a folder's pictures each have their own); never NULL

  const SqFrameGpu *gpu; // where it also is, or NULL

  /*< private >*/
  GDestroyNotify free_pixels;
  gpointer free_data;
  SqFrameDownload download;
  GDestroyNotify free_gpu;
  gpointer gpu_data;
};

// Takes over `pixels`: `free_pixels (free_data)` runs with the last reference.
SqFrame *sq_frame_new (int width, int height, int stride, const guint8 *pixels, const char *path, gint64 index, gint64 pts_ns,
                       GDestroyNotify free_pixels, gpointer free_data);

// A frame that is only on a GPU so far; takes over `data`: `free_gpu (data)` runs with the last reference.
SqFrame *sq_frame_new_gpu (int width, int height, const SqFrameGpu *gpu, const char *path, gint64 index, gint64 pts_ns,
                           SqFrameDownload download, GDestroyNotify free_gpu, gpointer data);

// Its pixels, fetched once where they are only on a GPU; NULL where they cannot be had.
const guint8 *sq_frame_load (const SqFrame *self);

SqFrame *sq_frame_ref (SqFrame *self);
void sq_frame_unref (SqFrame *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqFrame, sq_frame_unref)

G_END_DECLS
