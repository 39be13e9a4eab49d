// SPDX-License-Identifier: GPL-3.0-or-later
#include "hardware.h"

#include <libavutil/hwcontext.h>
#include <libavutil/pixdesc.h>

#define USE_PRIMARY_CONTEXT 1 // AV_CUDA_USE_PRIMARY_CONTEXT, whose header wants CUDA's: the one the runtime uses
#define HELD 24               // frames that queues, the window and the writer may hold

typedef struct
{
  AVFrame *frame;
  SqPool *pool;
} Held;

static enum AVPixelFormat
pick_format (AVCodecContext *codec, const enum AVPixelFormat *formats)
{
  for (const enum AVPixelFormat *f = formats; *f != AV_PIX_FMT_NONE; f++)
    if (*f == AV_PIX_FMT_CUDA)
      return *f;
  for (const enum AVPixelFormat *f = formats; *f != AV_PIX_FMT_NONE; f++)
    if (!(av_pix_fmt_desc_get (*f)->flags & AV_PIX_FMT_FLAG_HWACCEL))
      return *f;
  return AV_PIX_FMT_NONE;
}

static gboolean
decodes_on_cuda (const AVCodec *decoder)
{
  const AVCodecHWConfig *config;

  for (int i = 0; (config = avcodec_get_hw_config (decoder, i)) != NULL; i++)
    if (config->device_type == AV_HWDEVICE_TYPE_CUDA && config->methods & AV_CODEC_HW_CONFIG_METHOD_HW_DEVICE_CTX)
      return TRUE;
  return FALSE;
}

void
sq_hardware_attach (AVCodecContext *codec, const AVCodec *decoder, int gpu)
{
  char name[16];
  AVBufferRef *device = NULL;

  g_snprintf (name, sizeof name, "%d", gpu);
  if (!decodes_on_cuda (decoder) || av_hwdevice_ctx_create (&device, AV_HWDEVICE_TYPE_CUDA, name, NULL, USE_PRIMARY_CONTEXT) < 0)
    return;
  codec->hw_device_ctx = device;
  codec->get_format = pick_format;
  codec->extra_hw_frames = HELD;
}

gboolean
sq_hardware_has (const AVFrame *frame)
{
  return frame->format == AV_PIX_FMT_CUDA && frame->hw_frames_ctx != NULL
         && ((AVHWFramesContext *) frame->hw_frames_ctx->data)->sw_format == AV_PIX_FMT_NV12 && sq_colour_matrix (frame) != 0;
}

int
sq_hardware_fetch (AVFrame *frame)
{
  AVFrame *here;
  int code;

  if (frame->hw_frames_ctx == NULL)
    return 0;
  here = av_frame_alloc ();
  code = av_hwframe_transfer_data (here, frame, 0);
  if (code >= 0)
    code = av_frame_copy_props (here, frame);
  if (code >= 0)
    {
      av_frame_unref (frame);
      av_frame_move_ref (frame, here);
    }
  av_frame_free (&here);
  return code;
}

static gboolean
download (gpointer data, const guint8 **pixels, int *stride, GDestroyNotify *free_pixels, gpointer *free_data)
{
  Held *held = data;
  g_autoptr (SqConverter) converter = sq_converter_new (FALSE);
  AVFrame *frame = av_frame_clone (held->frame);
  guint8 *made = NULL;
  int width, height, code = frame != NULL ? sq_hardware_fetch (frame) : AVERROR (ENOMEM);

  if (code >= 0)
    code = sq_converter_run (converter, held->pool, frame, SQ_ORIENT_NONE, &width, &height, stride, &made, free_data);
  av_frame_free (&frame);
  *pixels = made;
  *free_pixels = sq_pool_return;
  return code >= 0;
}

static void
let_go (gpointer data)
{
  Held *held = data;

  av_frame_free (&held->frame);
  sq_pool_unref (held->pool);
  g_free (held);
}

SqFrame *
sq_hardware_frame (AVFrame *frame, SqPool *pool, int gpu, const char *path, gint64 index, gint64 pts_ns)
{
  SqFrameGpu where = { .device = gpu,
                       .luma = frame->data[0],
                       .chroma = frame->data[1],
                       .luma_stride = frame->linesize[0],
                       .chroma_stride = frame->linesize[1],
                       .matrix = sq_colour_matrix (frame),
                       .full_range = frame->color_range == AVCOL_RANGE_JPEG };
  Held *held = g_new0 (Held, 1);
  int width = frame->width, height = frame->height;

  held->frame = av_frame_alloc ();
  av_frame_move_ref (held->frame, frame);
  held->pool = sq_pool_ref (pool);
  return sq_frame_new_gpu (width, height, &where, path, index, pts_ns, download, let_go, held);
}
