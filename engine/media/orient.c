// SPDX-License-Identifier: GPL-3.0-or-later
#include "convert.h"

#include <libavutil/dict.h>
#include <libavutil/display.h>
#include <stdlib.h>
#include <string.h>

SqOrient
sq_orient_from_matrix (const gint32 m[9])
{
  // Signs of the 2x2 part: where the x and y axes go.
  int a = (m[0] > 0) - (m[0] < 0), b = (m[1] > 0) - (m[1] < 0);
  int c = (m[3] > 0) - (m[3] < 0), d = (m[4] > 0) - (m[4] < 0);

  if (abs (m[0]) >= abs (m[1])) // axes keep their places
    {
      if (a >= 0)
        return d >= 0 ? SQ_ORIENT_NONE : SQ_ORIENT_FLIP_V;
      return d >= 0 ? SQ_ORIENT_FLIP_H : SQ_ORIENT_180;
    }
  if (b > 0)
    return c > 0 ? SQ_ORIENT_TRANSPOSE : SQ_ORIENT_90;
  return c > 0 ? SQ_ORIENT_270 : SQ_ORIENT_TRANSVERSE;
}

SqOrient
sq_orient_from_frame (const AVFrame *frame)
{
  const AVFrameSideData *side = av_frame_get_side_data (frame, AV_FRAME_DATA_DISPLAYMATRIX);
  const AVDictionaryEntry *entry;

  if (side != NULL && side->size >= 9 * sizeof (gint32))
    {
      gint32 matrix[9];

      memcpy (matrix, side->data, sizeof matrix);
      return sq_orient_from_matrix (matrix);
    }
  entry = av_dict_get (frame->metadata, "Orientation", NULL, 0);
  if (entry != NULL)
    {
      int value = atoi (entry->value);

      if (value >= SQ_ORIENT_NONE && value <= SQ_ORIENT_270)
        return value;
    }
  return SQ_ORIENT_NONE;
}

gboolean
sq_orient_swaps (SqOrient orient)
{
  return orient >= SQ_ORIENT_TRANSPOSE;
}

void
sq_orient_rgb (SqOrient orient, const guint8 *src, int src_stride, int width, int height, guint8 *dst, int dst_stride)
{
  // dst = origin + x * step_x + y * step_y for source pixel (x, y)
  gssize row = dst_stride, step_x, step_y, origin;

  switch (orient)
    {
    case SQ_ORIENT_FLIP_H:
      origin = 3 * (gssize) (width - 1), step_x = -3, step_y = row;
      break;
    case SQ_ORIENT_180:
      origin = (height - 1) * row + 3 * (gssize) (width - 1), step_x = -3, step_y = -row;
      break;
    case SQ_ORIENT_FLIP_V:
      origin = (height - 1) * row, step_x = 3, step_y = -row;
      break;
    case SQ_ORIENT_TRANSPOSE:
      origin = 0, step_x = row, step_y = 3;
      break;
    case SQ_ORIENT_90:
      origin = 3 * (gssize) (height - 1), step_x = row, step_y = -3;
      break;
    case SQ_ORIENT_TRANSVERSE:
      origin = (width - 1) * row + 3 * (gssize) (height - 1), step_x = -row, step_y = -3;
      break;
    case SQ_ORIENT_270:
      origin = (width - 1) * row, step_x = -row, step_y = 3;
      break;
    case SQ_ORIENT_NONE:
    default:
      origin = 0, step_x = 3, step_y = row;
      break;
    }

  for (int y = 0; y < height; y++)
    {
      const guint8 *from = src + (gssize) y * src_stride;
      guint8 *to = dst + origin + y * step_y;

      for (int x = 0; x < width; x++, from += 3, to += step_x)
        {
          to[0] = from[0];
          to[1] = from[1];
          to[2] = from[2];
        }
    }
}
