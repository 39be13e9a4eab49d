// SPDX-License-Identifier: GPL-3.0-or-later
// One video, camera or stream: decoded frames with times that only grow, exact seeking. Private to media/.
//
// Units:  ns from the start of the video
// Thread: one at a time
// Blocks: yes
#pragma once

#include "convert.h"
#include "demux.h"

G_BEGIN_DECLS

typedef struct
{
  gint64 pts_ns, duration_ns, index;
} SqVideoTime;

typedef struct _SqVideo SqVideo;

// Takes `format` over, also on error.
SqVideo *sq_video_new (AVFormatContext *format, const char *path, SqInterrupt *interrupt, gboolean live, int gpu, GError **error);
void sq_video_free (SqVideo *self);

int sq_video_get_width (SqVideo *self); // px, upright, 0 unknown
int sq_video_get_height (SqVideo *self);
double sq_video_get_fps (SqVideo *self);         // 0 unknown
gint64 sq_video_get_duration_ns (SqVideo *self); // -1 unknown
gint64 sq_video_get_n_frames (SqVideo *self);    // -1 unknown
gboolean sq_video_get_seekable (SqVideo *self);
SqOrient sq_video_get_orient (SqVideo *self);

// 0, AVERROR_EOF, or another negative AVERROR.
int sq_video_next (SqVideo *self, AVFrame *frame, SqVideoTime *time);
int sq_video_seek (SqVideo *self, gint64 pts_ns);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqVideo, sq_video_free)

G_END_DECLS
