// SPDX-License-Identifier: GPL-3.0-or-later
// JPEG stills through libjpeg, so that their pixels equal those of every reference reader: FFmpeg's inverse transform differs by one level
// in two pixels of a hundred, which quantised networks amplify into other scores. Private to media/.
//
// Thread: any
#pragma once

#include "demux.h"

G_BEGIN_DECLS

// An RGB24 frame with EXIF orientation in its metadata; NULL where libjpeg cannot read the file (FFmpeg may: CMYK, lossless, damaged).
AVFrame *sq_jpeg_decode (const guint8 *data, gsize size);

G_END_DECLS
