// SPDX-License-Identifier: GPL-3.0-or-later
// What several devices are worth, measured: every device alone, all of them in every mode, by turns in one run.
//
// Owner:  the caller
// Thread: any but a window's main thread
// Blocks: seconds to minutes
#pragma once

#include "pipeline.h"
#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  SqParallel mode;              // SQ_PARALLEL_SINGLE: one device alone
  char *devices;                // "cpu:0", "cpu:0,cpu:1"
  int threads;                  // > 0: not a choice of modes but, for comparison, the device "cpu" with so many threads on each frame
  double fps;                   // median of the turns; 0 could not be measured
  double speedup;               // S: T1 of the fastest device over T of this
  double efficiency;            // S / number of devices
  double share[SQ_MAX_DEVICES]; // of the frames, by device
  char *error;                  // why it could not be measured; NULL
} SqSpeedupRow;

typedef struct
{
  guint n_devices;
  GPtrArray *rows; // SqSpeedupRow: the devices alone, data, pipeline, perhaps "cpu" with threads
} SqSpeedup;

typedef void (*SqSpeedupProgress) (double fraction, gpointer user_data);

// `seconds` is measured of each row. Errors: SQ_ERROR_CANCELLED, SQ_ERROR_NO_DEVICE.
SqSpeedup *sq_speedup_measure (SqModel *model, const char *devices, double seconds, GCancellable *cancellable, SqSpeedupProgress progress,
                               gpointer user_data, GError **error);
void sq_speedup_free (SqSpeedup *self);

const SqSpeedupRow *sq_speedup_find (const SqSpeedup *self, SqParallel mode); // single: the fastest device alone
const SqSpeedupRow *sq_speedup_best (const SqSpeedup *self);
char *sq_speedup_row_title (const SqSpeedupRow *row); // "Data parallel", "cpu:0 alone" (caller frees)

// One sentence for who has chosen `mode`: what it gives, and what would be faster (caller frees).
char *sq_speedup_advice (const SqSpeedup *self, SqParallel mode);

// Every GPU that is there, else every core: "cuda:0,cuda:1" (caller frees). Blocks: drivers are asked.
char *sq_speedup_default_devices (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqSpeedup, sq_speedup_free)

G_END_DECLS
