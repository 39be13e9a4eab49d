// SPDX-License-Identifier: GPL-3.0-or-later
// Stores a run while it happens. Suits SqPipelineSink: push from the output thread.
//
// Owner:  refcounted; the last unref of an unfinished writer stores the run as SQ_RUN_STOPPED
// Thread: any
// Blocks: push when SQ_RUN_WRITER_QUEUE frames wait for the disk; get_run until the run has its number (one short transaction)
// Errors: writing errors arrive at SqProject "failed" and sq_project_flush()
#pragma once

#include "engine/devices/device.h"
#include "engine/media/source.h"
#include "engine/model.h"
#include "engine/run/result.h"
#include "project.h"

G_BEGIN_DECLS

#define SQ_RUN_WRITER_QUEUE 512 // frames

typedef struct
{
  const char *name;           // NULL = the source's name
  const SqSourceInfo *source; // kind SQ_SOURCE_PICTURES and nothing known is fine: see sq_run_writer_set_source
  const char *const *paths;   // what was opened, NULL-terminated; stored absolute
  const SqModel *model;
  const char *level;      // recipe id, NULL = what the model says, else "original"
  const char *device;     // as asked for, e.g. "cpu" or "cpu:0,cpu:1"
  const char *settings;   // JSON object or NULL
  const SqFilter *filter; // what counts as an object in lists and counts; NULL = SQ_FILTER_DEFAULT
} SqRunInfo;

typedef struct _SqRunWriter SqRunWriter;

SqRunWriter *sq_run_writer_new (SqProject *project, const SqRunInfo *info);
SqRunWriter *sq_run_writer_ref (SqRunWriter *self);
void sq_run_writer_unref (SqRunWriter *self);

// When the source is opened after the writer was made: what it turned out to be. Paths and name stay.
void sq_run_writer_set_source (SqRunWriter *self, const SqSourceInfo *source);

// Takes what it needs (transfer none); pixels are held no longer than a thumbnail takes.
void sq_run_writer_push (SqRunWriter *self, SqResult *result);

// Same, with the signature of SqPipelineSink.
void sq_run_writer_sink (SqResult *result, gpointer writer);

// Before the first push: both are the two sides of one live comparison, `b` of the frames of `a`, and lists show `a` for both. Queued.
void sq_run_writer_link (SqRunWriter *a, SqRunWriter *b);

// How busy a device was.
void sq_run_writer_add_sample (SqRunWriter *self, const char *device, const SqDeviceSample *sample);

// `message` (nullable) is kept with failed runs. Later pushes are ignored.
void sq_run_writer_finish (SqRunWriter *self, SqRunState state, const char *message);

// The run's number in the project; 0 when it could not be stored.
gint64 sq_run_writer_get_run (SqRunWriter *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqRunWriter, sq_run_writer_unref)

G_END_DECLS
