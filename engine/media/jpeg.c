// SPDX-License-Identifier: GPL-3.0-or-later
#include "jpeg.h"

#include "exif.h"
#include "frame.h"
#include <libavutil/frame.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#define MAX_SCANS 200 // a progressive file may ask for any number

typedef struct
{
  struct jpeg_error_mgr parent;
  jmp_buf leave;
} ErrorManager;

static void
on_error (j_common_ptr info)
{
  longjmp (((ErrorManager *) info->err)->leave, 1);
}

static void
on_message (j_common_ptr info, int level)
{
}

static void
on_progress (j_common_ptr info)
{
  if (info->is_decompressor && ((j_decompress_ptr) info)->input_scan_number > MAX_SCANS)
    on_error (info);
}

static void
decode (struct jpeg_decompress_struct *info, AVFrame *frame)
{
  for (jpeg_saved_marker_ptr m = info->marker_list; m != NULL; m = m->next)
    {
      gboolean exif = m->marker == JPEG_APP0 + 1 && m->data_length > 6 && memcmp (m->data, "Exif\0\0", 6) == 0;
      int orientation = exif ? sq_exif_orientation (m->data + 6, m->data_length - 6) : 0;

      if (orientation != 0)
        av_dict_set_int (&frame->metadata, "Orientation", orientation, 0);
    }
  info->out_color_space = JCS_RGB;
  jpeg_start_decompress (info);
  frame->width = (int) info->output_width;
  frame->height = (int) info->output_height;
  frame->format = AV_PIX_FMT_RGB24;
  frame->color_range = AVCOL_RANGE_JPEG;
  if (av_frame_get_buffer (frame, 0) < 0)
    on_error ((j_common_ptr) info);
  while (info->output_scanline < info->output_height)
    {
      JSAMPROW row = frame->data[0] + (gsize) info->output_scanline * frame->linesize[0];

      jpeg_read_scanlines (info, &row, 1);
    }
  jpeg_finish_decompress (info);
}

AVFrame *
sq_jpeg_decode (const guint8 *data, gsize size)
{
  struct jpeg_decompress_struct info = { 0 };
  struct jpeg_progress_mgr progress = { .progress_monitor = on_progress };
  ErrorManager errors;
  AVFrame *frame = av_frame_alloc (), *volatile result = NULL;

  info.err = jpeg_std_error (&errors.parent);
  errors.parent.error_exit = on_error;
  errors.parent.emit_message = on_message;
  if (setjmp (errors.leave) == 0)
    {
      jpeg_create_decompress (&info);
      info.progress = &progress;
      jpeg_mem_src (&info, data, size);
      jpeg_save_markers (&info, JPEG_APP0 + 1, 0xffff);
      jpeg_read_header (&info, TRUE);
      if ((info.jpeg_color_space == JCS_YCbCr || info.jpeg_color_space == JCS_GRAYSCALE || info.jpeg_color_space == JCS_RGB)
          && info.image_width <= SQ_FRAME_MAX_SIDE && info.image_height <= SQ_FRAME_MAX_SIDE
          && (gint64) info.image_width * info.image_height <= SQ_FRAME_MAX_PIXELS)
        {
          decode (&info, frame);
          result = frame;
        }
    }
  jpeg_destroy_decompress (&info);
  if (result == NULL)
    av_frame_free (&frame);
  return result;
}
