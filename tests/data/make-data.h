// SPDX-License-Identifier: GPL-3.0-or-later
// Runs made of numbers, for tests of the project file.
#pragma once

#include "data/data.h"

char *make_folder (void);
void remove_folder (char *folder);

// A model of three classes: person, bicycle, dog.
const SqModel *make_model (void);
SqRunInfo make_info (const char *const *paths, SqSourceKind kind, const char *name);

// Frame `index` with `n` candidates that follow from `index` alone; `pixels` adds a picture.
SqResult *make_result (const char *path, gint64 index, guint n, gboolean pixels);

// A finished run of `n_frames`; its id.
gint64 make_run (SqProject *project, const char *name, guint n_frames, guint per_frame, gboolean pixels);

// Turns the main loop until `*flag` or 10 s are over.
void wait_for (gboolean *flag);
void spin (guint ms);
void sqlite_exec (const char *path, const char *sql);
gint64 sqlite_int (const char *path, const char *sql);
