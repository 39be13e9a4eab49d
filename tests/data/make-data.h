// SPDX-License-Identifier: GPL-3.0-or-later
// Runs made of numbers, for tests of the project file.
#pragma once

#include "data/data.h"

char *make_folder (void);
void remove_folder (char *folder);
guint count_files (const char *folder); // 0 where there is none

// A model of three classes: person, bicycle, dog.
const SqModel *make_model (void);
SqRunInfo make_info (const char *const *paths, SqSourceKind kind, const char *name);

// Frame `index` with `n` candidates that follow from `index` alone; `pixels` adds a picture.
SqResult *make_result (const char *path, gint64 index, guint n, gboolean pixels);

// A finished run of `n_frames`; its id.
gint64 make_run (SqProject *project, const char *name, guint n_frames, guint per_frame, gboolean pixels);

// A video of `n` grey frames, 60 + 2 * i, 40 ms apart (or at `pts_ns`); its path.
char *make_video (const char *folder, const char *name, int width, int height, guint n, const gint64 *pts_ns);

// A finished run over `n` frames of a video shown at `pts_ns`, numbered from `first`. On all but every fourth lies one box: (10, 20) to
// (50, 40), class 1, score .9, number 7.
gint64 make_video_run (SqProject *project, const char *const *paths, int width, int height, const gint64 *pts_ns, gint64 first, guint n);

// Turns the main loop until `*flag` or 10 s are over.
void wait_for (gboolean *flag);
void spin (guint ms);
void sqlite_exec (const char *path, const char *sql);
gint64 sqlite_int (const char *path, const char *sql);
