// SPDX-License-Identifier: GPL-3.0-or-later
// One picture file to one decoded frame. Private to media/.
//
// Thread: one at a time
// Blocks: yes
#pragma once

#include "demux.h"

G_BEGIN_DECLS

// `format` is borrowed and freshly opened. NULL on error (damaged, truncated, too large).
AVFrame *sq_still_decode (AVFormatContext *format, const char *path, SqInterrupt *interrupt, GError **error);

G_END_DECLS
