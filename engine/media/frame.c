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
  g_free ((char *) self->path);
}

void
sq_frame_unref (SqFrame *self)
{
  g_atomic_rc_box_release_full (self, frame_clear);
}
