// SPDX-License-Identifier: GPL-3.0-or-later
#include "crop.h"

#include "engine/error.h"
#include "engine/media/encode.h"

#define MARGIN .25f // of the object on every side
#define LEAST 96    // px of the frame: smaller objects show more of what is around them

SqCropRect
sq_crop_rect (int width, int height, float x1, float y1, float x2, float y2, int max_width, int max_height)
{
  SqCropRect rect = { 0, 0, width, height };
  float w, h;

  x1 = CLAMP (x1, 0, (float) width); // boxes come from a file
  x2 = CLAMP (x2, 0, (float) width);
  y1 = CLAMP (y1, 0, (float) height);
  y2 = CLAMP (y2, 0, (float) height);
  w = x2 - x1;
  h = y2 - y1;
  if (!(w > 0 && h > 0))
    return rect;
  w = MAX (w * (1 + 2 * MARGIN), LEAST);
  h = MAX (h * (1 + 2 * MARGIN), LEAST);
  if (w * max_height < h * max_width)
    w = h * max_width / max_height;
  else
    h = w * max_height / max_width;
  rect.width = MIN ((int) w, width);
  rect.height = MIN ((int) h, height);
  rect.x = CLAMP ((int) ((x1 + x2 - rect.width) / 2), 0, width - rect.width);
  rect.y = CLAMP ((int) ((y1 + y2 - rect.height) / 2), 0, height - rect.height);
  return rect;
}

SqFrame *
sq_frame_crop (const SqFrame *frame, float x1, float y1, float x2, float y2, int max_width, int max_height, GError **error)
{
  SqCropRect rect = sq_crop_rect (frame->width, frame->height, x1, y1, x2, y2, max_width, max_height);
  const guint8 *pixels = sq_frame_load (frame);
  g_autoptr (SqFrame) part = NULL;

  if (pixels == NULL)
    {
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY, "The picture cannot be fetched from the graphics card.");
      return NULL;
    }
  part = sq_frame_new (rect.width, rect.height, frame->stride, pixels + (gsize) rect.y * frame->stride + 3 * (gsize) rect.x, frame->path,
                       frame->index, frame->pts_ns, NULL, NULL);
  return sq_frame_scale (part, max_width, max_height, error); // always pixels of its own
}
