// SPDX-License-Identifier: GPL-3.0-or-later
// Running numbers of a pipeline: per stage the last durations, for the whole the recent pace.
//
// Thread: the owner locks
#pragma once

#include "pipeline.h"

G_BEGIN_DECLS

#define SQ_STATS_WINDOW 512

typedef struct
{
  guint64 count;
  gint64 busy_ns;
  gint64 recent[SQ_STATS_WINDOW]; // ns, ring
} SqStageMeter;

typedef struct
{
  SqStageMeter stage[SQ_N_STAGES], other_stage[SQ_N_STAGES]; // the other: of a pair's second model
  gint64 delivered[SQ_STATS_WINDOW];                         // monotonic us, ring
  guint64 frames, dropped;
  gint64 running_us, since_us; // pauses left out; since_us 0 = not running
} SqMeter;

void sq_meter_add_stage (SqMeter *self, SqStage stage, gint64 ns);
void sq_meter_add_other_stage (SqMeter *self, SqStage stage, gint64 ns);
void sq_meter_add_frame (SqMeter *self, gint64 now_us);
void sq_meter_set_running (SqMeter *self, gboolean running, gint64 now_us);
void sq_meter_read (const SqMeter *self, int lanes, gint64 now_us, SqPipelineStats *stats); // all but the queue lengths

G_END_DECLS
