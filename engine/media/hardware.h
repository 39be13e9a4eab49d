// SPDX-License-Identifier: GPL-3.0-or-later
// Video decoded by a GPU (NVDEC, through FFmpeg's CUDA hardware frames): frames stay in its memory until somebody asks for their pixels.
// Private to media/.
//
// Thread: any
#pragma once

#include "convert.h"
#include "frame.h"
#include <libavcodec/avcodec.h>

G_BEGIN_DECLS

// Before avcodec_open2: the decoder will use CUDA device `gpu` where driver, codec and stream allow, and the processor otherwise.
void sq_hardware_attach (AVCodecContext *codec, const AVCodec *decoder, int gpu);

// Whether a decoded frame is one that sq_hardware_frame takes.
gboolean sq_hardware_has (const AVFrame *frame);

// Takes the AVFrame's reference (leaves `frame` empty).
SqFrame *sq_hardware_frame (AVFrame *frame, SqPool *pool, int gpu, const char *path, gint64 index, gint64 pts_ns);

// The same picture in the processor's memory, in place; 0 or a negative AVERROR.
int sq_hardware_fetch (AVFrame *frame);

G_END_DECLS
