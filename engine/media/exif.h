// SPDX-License-Identifier: GPL-3.0-or-later
// Which way up a picture is, as its camera noted it. Private to media/.
//
// Thread: any
#pragma once

#include <glib.h>

G_BEGIN_DECLS

// EXIF number 1..8 of a TIFF structure (an EXIF block without its "Exif" head, or a TIFF file), 0 where there is none. Reads no byte
// outside.
int sq_exif_orientation (const guint8 *tiff, gsize size);

// Same for a PNG file's eXIf chunk.
int sq_exif_orientation_of_png (const guint8 *png, gsize size);

G_END_DECLS
