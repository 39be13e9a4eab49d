// SPDX-License-Identifier: GPL-3.0-or-later
#include "frame.h"

SqFrame *
sq_frame_new (int width, int height, int stride, const guint8 *pixels, const char *path, gint64 index, gint64 pts_ns,
              GDestroyNotify free_pixels, gpointer free_data)
{
  SqFrame *self = g_atomic_rc_box_new0 (SqFrame);

  self->width = width;
  self->height = height;
  self->stride = stride;
  self->pixels = pixels;
  // No g_ref_string_new_intern(): before GLib 2.80 it races with the release of the same string on another thread.
  self->path = g_strdup (path != NULL ? path : "");
  self->index = index;
  self->pts_ns = pts_ns;
  self->free_pixels = free_pixels;
  self->free_data = free_data;
  return self;
}

SqFrame *
sq_frame_new_gpu (int width, int height, const SqFrameGpu *gpu, const char *path, gint64 index, gint64 pts_ns, SqFrameDownload download,
                  GDestroyNotify free_gpu, gpointer data)
{
  SqFrame *self = sq_frame_new (width, height, 0, NULL, path, index, pts_ns, NULL, NULL);

  self->gpu = g_memdup2 (gpu, sizeof *gpu);
  self->download = download;
  self->free_gpu = free_gpu;
  self->gpu_data = data;
  return self;
}

const guint8 *
sq_frame_load (const SqFrame *frame)
{
  SqFrame *self = (SqFrame *) frame; // what it shows does not change
  static GMutex lock;                // of all frames: they go through the same bus
  const guint8 *pixels = g_atomic_pointer_get (&self->pixels);
  const guint8 *fetched = NULL;
  GDestroyNotify free_pixels = NULL;
  gpointer free_data = NULL;
  int stride = 0;

  if (pixels != NULL || self->download == NULL)
    return pixels;
  g_mutex_lock (&lock);
  if (self->pixels == NULL && self->download (self->gpu_data, &fetched, &stride, &free_pixels, &free_data))
    {
      self->stride = stride;
      self->free_pixels = free_pixels;
      self->free_data = free_data;
      g_atomic_pointer_set (&self->pixels, fetched);
    }
  pixels = self->pixels;
  g_mutex_unlock (&lock);
  return pixels;
}

SqFrame *
sq_frame_ref (SqFrame *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
frame_clear (gpointer data)
{
  SqFrame *self = data;

  if (self->free_pixels != NULL)
    self->free_pixels (self->free_data);
  if (self->free_gpu != NULL)
    self->free_gpu (self->gpu_data);
  g_free ((gpointer) self->gpu);
  g_free ((char *) self->path);
}

void
sq_frame_unref (SqFrame *self)
{
  g_atomic_rc_box_release_full (self, frame_clear);
}
