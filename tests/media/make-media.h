// SPDX-License-Identifier: GPL-3.0-or-later
// Small media files made on the fly.
#pragma once

#include "engine/media/source.h"

// A fresh folder, removed with everything in it by fixture_remove.
char *make_folder (void);
void remove_folder (char *folder);
char *make_file (const char *folder, const char *name, const void *data, gsize size);

// What a test picture shows at (x, y) of width x height: four coloured quarters (red, green / blue, yellow), for telling orientation.
void quarter_colour (int x, int y, int width, int height, guint8 rgb[3]);
SqFrame *make_quarters (int width, int height);
char *make_ppm (const char *folder, const char *name, int width, int height);
char *make_jpeg (const char *folder, const char *name, int width, int height, int exif_orientation); // 0 = no EXIF
char *make_still (const char *folder, const char *name, const char *codec, const char *pixel_format, int width, int height);

// `n` frames of rising grey (value 8 * i), shown at pts_ms[i] (NULL: every 40 ms).
char *make_video (const char *folder, const char *name, const char *codec, const char *pixel_format, int width, int height, int n,
                  const int *pts_ms, int key_interval);

// File below SQUINT_TEST_DATA, or NULL after g_test_skip.
char *test_data (const char *relative);
