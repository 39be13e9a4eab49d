// SPDX-License-Identifier: GPL-3.0-or-later
// Opening files, addresses and cameras with FFmpeg, safely. Private to media/.
//
// Thread: one at a time, except the interrupt (any)
// Blocks: file and network I/O, until the interrupt
#pragma once

#include <gio/gio.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

G_BEGIN_DECLS

typedef struct
{
  gint stop;                 // atomic
  GCancellable *cancellable; // nullable, only while opening
} SqInterrupt;

gboolean sq_interrupt_asked (SqInterrupt *self);

// NULL on error. Local files may only pull in local files, addresses only addresses.
AVFormatContext *sq_demux_open (const char *path, SqInterrupt *interrupt, GError **error);

gboolean sq_demux_is_camera (const char *path);
gboolean sq_demux_is_still (AVFormatContext *format);

// The stream worth watching, NULL (with error) when there is none; cover art does not count.
AVStream *sq_demux_video_stream (AVFormatContext *format, const char *path, GError **error);

// Opened decoder with Squint's limits; `threads` 1 or more. `gpu`: the CUDA device to decode on where it can, -1 none.
AVCodecContext *sq_demux_open_codec (const AVCodecParameters *parameters, int threads, gboolean low_delay, int gpu, const char *path,
                                     GError **error);

// FALSE when a side or the area is over the limit.
gboolean sq_demux_check_size (int width, int height, const char *path, GError **error);

// Everything behind an address or file, padded for decoders (transfer full, av_free).
guint8 *sq_demux_read_all (const char *path, SqInterrupt *interrupt, gsize *size, GError **error);

G_END_DECLS
